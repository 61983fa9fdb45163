//! Fetch: for followers and for consumers, at once or when there is enough.

use base::{Map, Micros, Uuid};

use protocol::messages::fetch_response::{
    AbortedTransaction, EpochEndOffset, FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData,
};
use protocol::messages::{FetchRequest, FetchResponse};
use protocol::{ErrorCode, Name, Records, TopicPartition};

use crate::Event;
use crate::broker::connections::{Incoming, ReplyTo};
use crate::broker::fetch_session::cache::{AskedPartition, FetchContext};
use crate::broker::partition::{FetchRead, ReadBound, ReadRequest};
use crate::broker::purgatory::Waiter;
use crate::broker::{Broker, Fx, around};
use crate::metadata::TopicIdPartition;
use crate::spec::Mutant;

/// Who reads and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FetchParams {
    /// The follower's id and broker epoch; `None` for a consumer.
    pub follower: Option<(i32, i64)>,
    pub max_wait_ms: i32,
    pub min_bytes: i32,
    pub max_bytes: i32,
    pub bound: ReadBound,
    /// A consumer may also read from a follower (KIP-392); a follower only from the leader.
    pub leader_only: bool,
}

/// One partition that is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchTarget {
    pub partition: TopicPartition,
    pub topic_id: Uuid,
    pub request: ReadRequest,
}

/// A fetch that waits for data (Kafka: `DelayedFetch`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchWaiter {
    pub reply: ReplyTo,
    pub params: FetchParams,
    context: FetchContext,
    /// What a session would cover that the answer may open.
    asked: Vec<AskedPartition>,
    pub targets: Vec<FetchTarget>,
    /// What this broker's metadata does not know.
    refused: Vec<Refused>,
}

type Refused = (FetchTarget, ErrorCode);

impl FetchWaiter {
    pub fn partitions(&self) -> impl Iterator<Item = &TopicPartition> {
        self.targets.iter().map(|target| &target.partition)
    }
}

/// Since version 11 a consumer says its rack, and may read from a follower.
const RACK_VERSION: i16 = 11;

type ReadResult = Result<FetchRead, ErrorCode>;

impl Broker {
    pub(super) fn handle_fetch(&mut self, now: Micros, incoming: &Incoming, request: &FetchRequest, fx: &mut Fx<'_>) {
        let reply = incoming.reply;
        let (context, asked) = match self.fetch_sessions.open(request, reply.api_version, now) {
            Ok(opened) => opened,
            Err(error) => return self.refuse_fetch(&reply, error, fx),
        };
        let params = self.fetch_params(request, reply.api_version);
        let (targets, refused) = match &context {
            FetchContext::Incremental(session) => self.fetch_targets(&mut self.fetch_sessions.asked_by(session)),
            _ => self.fetch_targets(&mut asked.iter()),
        };
        let mut results = self.read_from_log(now, &params, &targets, false, fx);
        let redirected = params.follower.is_none() && self.redirect(&request.rack_id, &targets, &mut results);
        let bytes: usize = results.iter().flatten().map(|read| read.records.len()).sum();
        let at_once = params.max_wait_ms <= 0
            || targets.is_empty()
            || redirected
            || bytes >= params.min_bytes.max(0) as usize
            || results.iter().any(|result| result.as_ref().map_or(true, |read| read.diverging_epoch.is_some()));
        let asked = if matches!(context, FetchContext::Full { .. }) { asked } else { Vec::new() };
        let waiter = FetchWaiter { reply, params, context, asked, targets, refused };
        if at_once {
            return self.answer_fetch(now, waiter, results, fx);
        }
        let timeout = Micros::from_ms(params.max_wait_ms as u64);
        self.purgatory.watch(Waiter::Fetch(waiter), timeout, fx);
    }

    fn refuse_fetch(&mut self, reply: &ReplyTo, error: ErrorCode, fx: &mut Fx<'_>) {
        self.connections.respond(reply, FetchResponse { error_code: error.code(), ..Default::default() }, fx);
    }

    /// Sends a consumer to a follower in its own rack, where there is one. True if it did.
    fn redirect(&self, rack: &str, targets: &[FetchTarget], results: &mut [ReadResult]) -> bool {
        if rack.is_empty() || !self.settings.rack_aware_reads {
            return false;
        }
        let mut redirected = false;
        for (target, result) in targets.iter().zip(results) {
            let Some(held) = self.replicas.get(&target.partition).filter(|_| result.is_ok()) else { continue };
            let offset = target.request.fetch_offset;
            let near = held.rack_aware_replica(self.spec.node_id, offset, rack, &self.metadata.image);
            if let Some(replica) = near {
                *result = Ok(held.redirect(replica));
                redirected = true;
            }
        }
        redirected
    }

    fn fetch_params(&self, request: &FetchRequest, api_version: i16) -> FetchParams {
        let id = if request.replica_id >= 0 { request.replica_id } else { request.replica_state.replica_id };
        let follower = (id >= 0).then_some((id, request.replica_state.replica_epoch));
        let bound = match (follower, request.isolation_level) {
            (Some(_), _) => ReadBound::LogEnd,
            (None, 1) => ReadBound::LastStableOffset,
            (None, _) => ReadBound::HighWatermark,
        };
        let max_bytes = match follower {
            Some(_) => request.max_bytes,
            None => request.max_bytes.min(self.settings.fetch_max_bytes),
        };
        FetchParams {
            follower,
            max_wait_ms: request.max_wait_ms,
            min_bytes: request.min_bytes.min(max_bytes),
            max_bytes,
            bound,
            leader_only: follower.is_some() || api_version < RACK_VERSION,
        }
    }

    /// What is asked for; partitions that this broker's metadata does not know are refused.
    fn fetch_targets(&self, asked: &mut dyn Iterator<Item = &AskedPartition>) -> (Vec<FetchTarget>, Vec<Refused>) {
        let image = &self.metadata.image;
        let is_unchecked = self.spec.profile.breaks(Mutant::NoDivergenceCheck);
        let last_fetched_epoch = |epoch: i32| if is_unchecked { -1 } else { epoch };
        let is_unfenced = self.spec.profile.breaks(Mutant::UnfencedFetch);
        let current_leader_epoch = |epoch: i32| if is_unfenced { -1 } else { epoch };
        let (mut targets, mut refused) = (Vec::with_capacity(asked.size_hint().0), Vec::new());
        for AskedPartition { topic, topic_id, fetch } in asked {
            let known = match *topic_id {
                Uuid::ZERO => image.topic_by_name(topic),
                id => image.topic(id),
            };
            let name = known.map_or_else(|| topic.clone(), |known| known.name.clone());
            let target = FetchTarget {
                partition: TopicPartition::new(name, fetch.partition),
                topic_id: *topic_id,
                request: ReadRequest {
                    fetch_offset: fetch.fetch_offset,
                    current_leader_epoch: current_leader_epoch(fetch.current_leader_epoch),
                    last_fetched_epoch: last_fetched_epoch(fetch.last_fetched_epoch),
                    log_start_offset: fetch.log_start_offset,
                    max_bytes: fetch.partition_max_bytes,
                },
            };
            match known {
                None if *topic_id != Uuid::ZERO => refused.push((target, ErrorCode::UnknownTopicId)),
                Some(known) if known.partitions.contains_key(&fetch.partition) => targets.push(target),
                _ => refused.push((target, ErrorCode::UnknownTopicOrPartition)),
            }
        }
        (targets, refused)
    }

    /// Reads every target within the limits of the whole request. A follower's fetch also says how far it has come,
    /// unless it was read again after a wait.
    fn read_from_log(
        &mut self,
        now: Micros,
        params: &FetchParams,
        targets: &[FetchTarget],
        from_purgatory: bool,
        fx: &mut Fx<'_>,
    ) -> Vec<ReadResult> {
        let mut results = Vec::with_capacity(targets.len());
        let mut limit = params.max_bytes;
        // The first batch of the whole answer is given whole, so that a large one cannot wedge a reader.
        let mut min_one_batch = true;
        for target in targets {
            let mut result = self.read_target(params, target, limit, min_one_batch);
            let throttled = params.follower.is_some_and(|(id, _)| self.holds_back(&target.partition, id, now));
            if let (true, Ok(read)) = (throttled, &mut result) {
                read.records = Records::default();
            }
            if let (Ok(read), Some((follower, epoch)), false) = (&result, params.follower, from_purgatory)
                && read.diverging_epoch.is_none()
                && let Err(error) = self.note_follower_fetch(now, target, follower, epoch, read.log_end, fx)
            {
                result = Err(error);
            }
            let bytes = result.as_ref().map_or(0, |read| read.records.len());
            min_one_batch &= bytes == 0;
            limit = limit.saturating_sub(i32::try_from(bytes).unwrap_or(i32::MAX)).max(0);
            results.push(result);
        }
        results
    }

    fn read_target(&self, params: &FetchParams, target: &FetchTarget, limit: i32, min_one_batch: bool) -> ReadResult {
        let held = self.replicas.get_or_error(&target.partition, target.topic_id, &self.metadata.image)?;
        if let Some((follower, _)) = params.follower {
            held.check_leader(target.request.current_leader_epoch, true)?;
            // The assignment that makes it a follower has not arrived here yet.
            let known = held.leader_state().is_some_and(|leader| leader.followers.contains_key(&follower));
            if !known {
                return Err(ErrorCode::UnknownLeaderEpoch);
            }
        }
        held.read(&target.request, params.bound, params.leader_only, limit, min_one_batch)
    }

    fn note_follower_fetch(
        &mut self,
        now: Micros,
        target: &FetchTarget,
        follower: i32,
        broker_epoch: i64,
        leader_log_end: i64,
        fx: &mut Fx<'_>,
    ) -> Result<(), ErrorCode> {
        let around = around!(self, now);
        let Some(held) = self.replicas.partitions.get_mut(&target.partition) else { return Ok(()) };
        let (offset, log_start) = (target.request.fetch_offset, target.request.log_start_offset);
        let noted = held.record_follower_fetch(follower, offset, log_start, broker_epoch, leader_log_end, &around)?;
        let topic_id = held.topic_id;
        let id = &target.partition;
        if noted.grew {
            fx.emit(Event::FollowerFetched { partition: id.clone(), leader: self.spec.node_id, follower, offset });
        }
        if noted.log_start_moved {
            self.purgatory.touch(id);
        }
        self.note_high_watermark(id, noted.moved, fx);
        if let Some(proposal) = noted.proposal {
            self.submit_isr_change(TopicIdPartition { topic_id, partition: id.partition }, proposal);
        }
        Ok(())
    }

    /// Whether a waiting fetch can be answered now (`DelayedFetch.tryComplete`).
    pub(super) fn try_complete_fetch(&mut self, now: Micros, id: u64, fx: &mut Fx<'_>) {
        let Some(Waiter::Fetch(waiter)) = self.purgatory.get(id) else { return };
        if !self.is_fetch_complete(now, waiter) {
            return;
        }
        if let Some(Waiter::Fetch(waiter)) = self.purgatory.take(id, fx) {
            self.complete_fetch(now, waiter, fx);
        }
    }

    fn is_fetch_complete(&self, now: Micros, waiter: &FetchWaiter) -> bool {
        let params = &waiter.params;
        let mut bytes = 0u64;
        for target in &waiter.targets {
            let held = match self.replicas.get_or_error(&target.partition, target.topic_id, &self.metadata.image) {
                Ok(held) => held,
                Err(_) => return true,
            };
            if held.check_leader(target.request.current_leader_epoch, params.leader_only).is_err() {
                return true;
            }
            let end = held.end_of(params.bound);
            let offset = target.request.fetch_offset;
            if offset > end && params.bound == ReadBound::LogEnd {
                return true;
            }
            let throttled = params.follower.is_some_and(|(id, _)| self.holds_back(&target.partition, id, now));
            if offset < end && !throttled {
                let available = held.log.bytes_between(offset, end);
                bytes += available.min(target.request.max_bytes.max(0) as u64);
            }
            if held.diverging_epoch(&target.request) != Ok(None) {
                return true;
            }
        }
        bytes >= params.min_bytes.max(0) as u64
    }

    /// Answers a fetch that has waited, with whatever is there.
    pub(super) fn complete_fetch(&mut self, now: Micros, waiter: FetchWaiter, fx: &mut Fx<'_>) {
        let results = self.read_from_log(now, &waiter.params, &waiter.targets, true, fx);
        self.answer_fetch(now, waiter, results, fx);
    }

    fn answer_fetch(&mut self, now: Micros, fetch: FetchWaiter, results: Vec<ReadResult>, fx: &mut Fx<'_>) {
        let FetchWaiter { reply, params, context, asked, targets, refused } = fetch;
        if params.follower.is_some() {
            let throttled = targets.iter().zip(&results).filter(|(t, _)| self.leader_quota.is_throttled(&t.partition));
            let bytes: usize = throttled.filter_map(|(_, result)| result.as_ref().ok()).map(|r| r.records.len()).sum();
            if bytes > 0 {
                self.leader_quota.record(bytes as u64, now);
            }
        }
        let mut endpoints: Map<i32, NodeEndpoint> = Map::new();
        let mut responses: Vec<FetchableTopicResponse> = Vec::new();
        let refused = refused.into_iter().map(|(target, error)| (target, Err(error)));
        for (target, result) in targets.into_iter().zip(results).chain(refused) {
            let data = self.partition_data(&target, result, &reply, &mut endpoints);
            // A topic that was asked for by its id is answered by it: the name is not on the wire then.
            let name = if target.topic_id == Uuid::ZERO { target.partition.topic } else { Name::default() };
            let same = |topic: &&mut FetchableTopicResponse| topic.topic_id == target.topic_id && topic.topic == name;
            match responses.iter_mut().find(same) {
                Some(topic) => topic.partitions.push(data),
                None => responses.push(FetchableTopicResponse {
                    topic: name.into(),
                    topic_id: target.topic_id,
                    partitions: vec![data],
                    ..Default::default()
                }),
            }
        }
        let is_follower = params.follower.is_some();
        match self.fetch_sessions.close(context, &mut responses, &asked, is_follower, now) {
            Ok(session_id) => {
                let node_endpoints = endpoints.into_values().collect();
                let answer = FetchResponse { session_id, responses, node_endpoints, ..Default::default() };
                self.connections.respond(&reply, answer, fx);
            }
            Err(error) => self.refuse_fetch(&reply, error, fx),
        }
    }

    fn partition_data(
        &self,
        target: &FetchTarget,
        result: ReadResult,
        reply: &ReplyTo,
        endpoints: &mut Map<i32, NodeEndpoint>,
    ) -> PartitionData {
        let partition_index = target.partition.partition;
        let error = match result {
            Ok(read) => return self.data_of(target, read),
            Err(error) => error,
        };
        let mut data = PartitionData {
            partition_index,
            error_code: error.code(),
            high_watermark: -1,
            records: Some(Records::default()),
            ..Default::default()
        };
        if reply.api_version >= 16 && matches!(error, ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch) {
            let (leader_id, leader_epoch) = self.current_leader(&target.partition);
            data.current_leader = LeaderIdAndEpoch { leader_id, leader_epoch, ..Default::default() };
            if let Some(endpoint) = self.seen_by(reply).endpoint(leader_id) {
                endpoints.insert(
                    leader_id,
                    NodeEndpoint {
                        node_id: leader_id,
                        host: endpoint.host.clone(),
                        port: i32::from(endpoint.port),
                        rack: self.metadata.image.broker(leader_id).and_then(|broker| broker.rack.clone()),
                        ..Default::default()
                    },
                );
            }
        }
        data
    }

    fn data_of(&self, target: &FetchTarget, read: FetchRead) -> PartitionData {
        let diverging_epoch = read.diverging_epoch.map_or_else(EpochEndOffset::default, |(epoch, end_offset)| {
            EpochEndOffset { epoch, end_offset, ..Default::default() }
        });
        PartitionData {
            partition_index: target.partition.partition,
            high_watermark: read.high_watermark,
            last_stable_offset: read.last_stable_offset,
            log_start_offset: read.log_start,
            diverging_epoch,
            aborted_transactions: read.aborted.map(|aborted| {
                let transaction = |(producer_id, first_offset)| AbortedTransaction {
                    producer_id,
                    first_offset,
                    ..Default::default()
                };
                aborted.into_iter().map(transaction).collect()
            }),
            preferred_read_replica: read.preferred_read_replica.unwrap_or(-1),
            records: Some(read.records),
            ..Default::default()
        }
    }
}
