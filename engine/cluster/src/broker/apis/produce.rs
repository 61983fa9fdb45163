//! Produce: append, then answer at once (acks 0 and 1) or when all in-sync replicas have it (acks all).

use base::{Map, Micros, Uuid};

use log::AppendOrigin;
use log::batch::batches_of;
use protocol::messages::produce_request::PartitionProduceData;
use protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use protocol::messages::{ProduceRequest, ProduceResponse};
use protocol::{ErrorCode, Name, Records, TopicPartition, topic};

use crate::Event;
use crate::broker::connections::ReplyTo;
use crate::broker::partition::Refusal;
use crate::broker::purgatory::Waiter;
use crate::broker::{Broker, Fx, around};
use crate::spec::Mutant;

const ADMIN_CLIENT_ID: &str = "__admin_client";

/// One partition of a produce request, and its answer so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProduceStatus {
    pub partition: TopicPartition,
    pub topic_id: Uuid,
    pub response: PartitionProduceResponse,
    /// What the high watermark must reach; `None` when the answer is final.
    pub required_offset: Option<i64>,
}

/// An acks=all produce that waits for replicas (Kafka: `DelayedProduce`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProduceWaiter {
    pub reply: ReplyTo,
    pub client_id: String,
    pub statuses: Vec<ProduceStatus>,
}

impl ProduceStatus {
    /// Ends the waiting. An error takes the offsets out of the answer, as Kafka does.
    fn finish(&mut self, error: ErrorCode) {
        self.required_offset = None;
        self.response.error_code = error.code();
    }
}

impl ProduceWaiter {
    pub fn partitions(&self) -> impl Iterator<Item = &TopicPartition> {
        self.statuses.iter().map(|status| &status.partition)
    }
}

impl Broker {
    pub(super) fn handle_produce(
        &mut self,
        now: Micros,
        reply: ReplyTo,
        client_id: &str,
        request: ProduceRequest,
        fx: &mut Fx<'_>,
    ) {
        let acks_valid = matches!(request.acks, -1..=1);
        let mut statuses = Vec::new();
        for topic in request.topic_data {
            let (name, topic_id) = self.produce_topic(&topic.name, topic.topic_id);
            for data in topic.partition_data {
                let mut status = ProduceStatus {
                    partition: TopicPartition::new(&name, data.index),
                    topic_id,
                    response: failed(data.index, ErrorCode::None),
                    required_offset: None,
                };
                if !acks_valid {
                    status.finish(ErrorCode::InvalidRequiredAcks);
                } else if name.is_empty() {
                    status.finish(ErrorCode::UnknownTopicId);
                } else {
                    self.produce_to(now, client_id, request.acks, data, &mut status, fx);
                }
                statuses.push(status);
            }
        }
        let waiter = ProduceWaiter { reply, client_id: client_id.to_string(), statuses };
        let timeout = Micros::from_ms(request.timeout_ms.max(0) as u64);
        self.answer_or_wait(request.acks, waiter, timeout, fx);
    }

    /// Name and id of a topic in a produce request: by id since version 13, by name before. An unknown id has no name.
    fn produce_topic(&self, name: &str, id: Uuid) -> (Name, Uuid) {
        let image = &self.metadata.image;
        let known = if id == Uuid::ZERO { image.topic_by_name(name) } else { image.topic(id) };
        match known {
            Some(topic) => (topic.name.clone(), topic.id),
            None => (name.into(), id),
        }
    }

    fn produce_to(
        &mut self,
        now: Micros,
        client_id: &str,
        acks: i16,
        data: PartitionProduceData,
        status: &mut ProduceStatus,
        fx: &mut Fx<'_>,
    ) {
        let id = &status.partition;
        let error = match self.check_produce(id, client_id, data) {
            Ok(records) => match self.append(now, id, status.topic_id, records, acks, AppendOrigin::Client, fx) {
                Ok(info) => {
                    status.response.base_offset = info.base_offset;
                    status.response.log_append_time_ms = info.log_append_time;
                    status.response.log_start_offset = info.log_start;
                    if acks == -1 {
                        status.required_offset = Some(info.last_offset + 1);
                    }
                    return;
                }
                Err(refusal) => self.explain(id, refusal, &mut status.response),
            },
            Err(error) => error,
        };
        status.finish(error);
        // What a client does wrong is not counted (`ReplicaManager.appendRecordsToLeader`).
        self.meters.failed_produce_requests += u64::from(error == ErrorCode::NotEnoughReplicas);
        fx.emit(Event::ProduceRefused {
            partition: status.partition.clone(),
            broker: self.spec.node_id,
            client_id: client_id.to_string(),
            error,
        });
    }

    /// What can be refused before the log is asked.
    fn check_produce(
        &self,
        id: &TopicPartition,
        client_id: &str,
        data: PartitionProduceData,
    ) -> Result<Records, ErrorCode> {
        if self.metadata.image.partition_by_name(id).is_none() {
            return Err(ErrorCode::UnknownTopicOrPartition);
        }
        validate_records(data.records.as_ref())?;
        if topic::is_internal(&id.topic) && client_id != ADMIN_CLIENT_ID {
            return Err(ErrorCode::InvalidTopicException);
        }
        Ok(data.records.unwrap_or_default())
    }

    /// Appends as leader and tells what came of it.
    #[allow(clippy::too_many_arguments)]
    pub(in crate::broker) fn append(
        &mut self,
        now: Micros,
        id: &TopicPartition,
        topic_id: Uuid,
        records: Records,
        acks: i16,
        origin: AppendOrigin,
        fx: &mut Fx<'_>,
    ) -> Result<log::AppendInfo, Refusal> {
        let around = around!(self, now);
        let held = self
            .replicas
            .get_mut_or_error(id, topic_id, &self.metadata.image)
            .map_err(|error| Refusal::Log(log::AppendError::new(error, error.message().to_string())))?;
        let bytes = records.len() as u64;
        let appended = held.append_to_leader(&mut self.disk, now, records, origin, acks, &around)?;
        self.meters.bytes_in += bytes;
        let leader_epoch = held.leader_epoch();
        let info = appended.info;
        if info.base_offset >= 0 && !info.duplicate {
            fx.emit(Event::RecordsAppended {
                partition: id.clone(),
                broker: self.spec.node_id,
                leader: true,
                base_offset: info.base_offset,
                last_offset: info.last_offset,
                leader_epoch,
                bytes: info.bytes,
            });
            if info.rolled {
                self.log_rolled(id, info.base_offset, fx);
            }
        }
        self.note_high_watermark(id, appended.moved, fx);
        self.purgatory.touch(id);
        Ok(info)
    }

    /// The error of a refused append, and what the answer says of it.
    fn explain(&self, id: &TopicPartition, refusal: Refusal, response: &mut PartitionProduceResponse) -> ErrorCode {
        let log_start = self.replicas.get(id).map_or(-1, |held| held.log.log_start());
        match refusal {
            Refusal::NotLeader => ErrorCode::NotLeaderOrFollower,
            Refusal::NotEnoughReplicas { .. } => {
                response.log_start_offset = log_start;
                ErrorCode::NotEnoughReplicas
            }
            Refusal::Log(error) => {
                if !error.record_errors.is_empty() {
                    response.log_start_offset = log_start;
                    response.error_message = Some(error.message);
                }
                let record_error = |(index, message): (i32, String)| BatchIndexAndErrorMessage {
                    batch_index: index,
                    batch_index_error_message: Some(message),
                    ..Default::default()
                };
                response.record_errors = error.record_errors.into_iter().map(record_error).collect();
                error.code
            }
        }
    }

    fn answer_or_wait(&mut self, acks: i16, mut waiter: ProduceWaiter, timeout: Micros, fx: &mut Fx<'_>) {
        if acks == 0 {
            let failed = waiter.statuses.iter().any(|status| status.response.error_code != 0);
            // A producer that asked for no answer learns of an error only by losing its connection.
            return match failed {
                true => self.connections.close(&waiter.reply, fx),
                false => self.connections.unmute(&waiter.reply),
            };
        }
        if self.check_produce_statuses(&mut waiter.statuses) {
            return self.answer_produce(waiter, fx);
        }
        for status in &waiter.statuses {
            if let Some(required_offset) = status.required_offset {
                let partition = status.partition.clone();
                fx.emit(Event::ProduceDelayed { partition, broker: self.spec.node_id, required_offset });
            }
        }
        self.purgatory.watch(Waiter::Produce(waiter), timeout, fx);
    }

    /// Looks again at the partitions that a produce waits for. True when none is left.
    fn check_produce_statuses(&self, statuses: &mut [ProduceStatus]) -> bool {
        for status in &mut *statuses {
            let Some(required) = status.required_offset else { continue };
            let id = &status.partition;
            let verdict = match self.replicas.get_or_error(id, status.topic_id, &self.metadata.image) {
                Ok(_) if self.spec.profile.breaks(Mutant::AckBeforeReplication) => Some(ErrorCode::None),
                Ok(held) => held.check_enough_replicas_reach(required),
                Err(error) => Some(error),
            };
            if let Some(error) = verdict {
                status.finish(error);
            }
        }
        statuses.iter().all(|status| status.required_offset.is_none())
    }

    pub(super) fn try_complete_produce(&mut self, id: u64, fx: &mut Fx<'_>) {
        let Some(Waiter::Produce(waiter)) = self.purgatory.get_mut(id) else { return };
        let mut statuses = std::mem::take(&mut waiter.statuses);
        let is_complete = self.check_produce_statuses(&mut statuses);
        if let Some(Waiter::Produce(waiter)) = self.purgatory.get_mut(id) {
            waiter.statuses = statuses;
        }
        if is_complete && let Some(Waiter::Produce(waiter)) = self.purgatory.take(id, fx) {
            self.answer_produce(waiter, fx);
        }
    }

    /// The replicas took too long: the records are in the log all the same.
    pub(super) fn expire_produce(&mut self, mut waiter: ProduceWaiter, fx: &mut Fx<'_>) {
        for status in &mut waiter.statuses {
            if status.required_offset.is_some() {
                status.finish(ErrorCode::RequestTimedOut);
            }
        }
        self.answer_produce(waiter, fx);
    }

    fn answer_produce(&mut self, waiter: ProduceWaiter, fx: &mut Fx<'_>) {
        let mut endpoints: Map<i32, NodeEndpoint> = Map::new();
        let mut responses: Vec<TopicProduceResponse> = Vec::new();
        for status in waiter.statuses {
            let (partition, mut response) = (status.partition, status.response);
            let error = ErrorCode::from_code(response.error_code);
            if error == ErrorCode::NotEnoughReplicasAfterAppend {
                let (broker, client_id) = (self.spec.node_id, waiter.client_id.clone());
                fx.emit(Event::ProduceRefused { partition: partition.clone(), broker, client_id, error });
            }
            // The client need not ask for metadata to find the leader (KIP-951).
            if error == ErrorCode::NotLeaderOrFollower && waiter.reply.api_version >= 10 {
                response.current_leader = self.leader_hint(&waiter.reply, &partition, &mut endpoints);
            }
            let same =
                |topic: &&mut TopicProduceResponse| topic.name == partition.topic && topic.topic_id == status.topic_id;
            match responses.iter_mut().find(same) {
                Some(topic) => topic.partition_responses.push(response),
                None => responses.push(TopicProduceResponse {
                    name: partition.topic.into(),
                    topic_id: status.topic_id,
                    partition_responses: vec![response],
                    ..Default::default()
                }),
            }
        }
        let node_endpoints = endpoints.into_values().collect();
        let response = ProduceResponse { responses, node_endpoints, ..Default::default() };
        self.connections.respond(&waiter.reply, response, fx);
    }

    fn leader_hint(
        &self,
        reply: &ReplyTo,
        id: &TopicPartition,
        endpoints: &mut Map<i32, NodeEndpoint>,
    ) -> LeaderIdAndEpoch {
        let (leader_id, leader_epoch) = self.current_leader(id);
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
        LeaderIdAndEpoch { leader_id, leader_epoch, ..Default::default() }
    }

    /// Leader and leader epoch of a partition, as this broker knows them (`KafkaApis.getCurrentLeader`).
    pub(super) fn current_leader(&self, id: &TopicPartition) -> (i32, i32) {
        let held = self.replicas.get(id).map(|held| {
            let leader = if held.is_leader() { Some(self.spec.node_id) } else { held.followed_leader() };
            (leader.unwrap_or(-1), held.leader_epoch())
        });
        let registered = || self.metadata.image.partition_by_name(id).map(|p| (p.leader, p.leader_epoch));
        held.or_else(registered).unwrap_or((-1, -1))
    }
}

fn failed(index: i32, error: ErrorCode) -> PartitionProduceResponse {
    PartitionProduceResponse { index, error_code: error.code(), base_offset: -1, ..Default::default() }
}

/// A produce request has exactly one batch of the present format for each partition (`ProduceRequest.validateRecords`).
fn validate_records(records: Option<&Records>) -> Result<(), ErrorCode> {
    let mut batches = batches_of(records.ok_or(ErrorCode::InvalidRecord)?);
    let first = batches.next().ok_or(ErrorCode::InvalidRecord)?;
    first.map_err(|error| error.code())?;
    // A second batch, readable or not, is one too many.
    if batches.next().is_some() { Err(ErrorCode::InvalidRecord) } else { Ok(()) }
}
