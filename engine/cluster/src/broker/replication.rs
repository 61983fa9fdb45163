//! Drives replication: this broker's fetches as a follower, and its ISR changes as a leader.

use base::{Micros, Uuid};

use protocol::messages::fetch_response::PartitionData;
use protocol::messages::{AlterPartitionResponse, FetchResponse, ListOffsetsResponse};
use protocol::{ErrorCode, Packet, Records, Response, TopicPartition};

use super::fetcher::{FetchSettings, Fetcher, InFlight, Step, truncation_offset};
use super::isr::{Outcome, SentChange};
use super::partition::{HighWatermarkMove, IsrAnswer, Partition};
use super::to_controller::{Lane, Purpose};
use super::{Broker, Fx, around, named_timer, timer};
use crate::spec::Mutant;
use crate::{Event, ServerTimer};

pub(super) const FETCH_TIMEOUT: &str = "replica-fetch-timeout";
/// An answer about ISR changes was held back.
pub(super) const ISR_ANSWER: &str = "isr-answer";
pub(super) const ISR_ANSWER_DELAY: Micros = Micros::from_ms(1);
const ALTER_PARTITION_VERSION: i16 = 3;
/// `AlterPartitionManager` tries again after a top-level error.
const ALTER_PARTITION_BACKOFF_MS: u64 = 50;

/// ISR changes.
impl Broker {
    /// Sends waiting ISR changes, if no request is under way.
    pub(super) fn propagate_isr_changes(&mut self) {
        let epoch = self.lifecycle.broker_epoch;
        if let Some((request, sent)) = self.isr_changes.next_request(self.spec.node_id, epoch) {
            let purpose = Purpose::AlterPartition(sent);
            self.to_controller.submit(Lane::AlterPartition, purpose, ALTER_PARTITION_VERSION, request);
        }
    }

    /// The controller's answer about ISR changes is looked at.
    pub(super) fn on_isr_answer(&mut self, now: Micros, fx: &mut Fx<'_>) {
        let Some((sent, response)) = self.isr_changes.take_parked() else { return };
        if let Response::AlterPartition(answer) = &*response {
            self.on_alter_partition_response(now, sent, answer, fx);
        }
    }

    fn on_alter_partition_response(
        &mut self,
        now: Micros,
        sent: Vec<SentChange>,
        response: &AlterPartitionResponse,
        fx: &mut Fx<'_>,
    ) {
        let answers = match self.isr_changes.on_response(sent, response) {
            Outcome::Answered(answers) => answers,
            Outcome::Retry => {
                let wait = Micros::from_ms(ALTER_PARTITION_BACKOFF_MS);
                return fx.set_timer_after(timer(ServerTimer::AlterPartition), wait);
            }
        };
        for (change, answer) in answers {
            let Some(id) = self.partition_name(change.partition.topic_id, change.partition.partition) else { continue };
            let around = around!(self, now);
            let Some(held) = self.replicas.partitions.get_mut(&id) else { continue };
            let members = |held: &Partition| held.leader_state().map_or(0, |leader| leader.isr.isr().len());
            let before = members(held);
            let (meaning, moved) = held.on_isr_answer(&change.proposal, answer, &around);
            self.meters.isr_shrinks += u64::from(members(held) < before);
            self.meters.isr_expands += u64::from(members(held) > before);
            if meaning == IsrAnswer::Updated {
                let isr: Vec<String> = held
                    .leader_state()
                    .map_or(Vec::new(), |leader| leader.isr.isr().iter().map(i32::to_string).collect());
                let (epoch, under) = (held.partition_epoch(), held.is_under_min_isr());
                let under = if under { "(under-min-isr)" } else { "" };
                let text = format!("ISR updated to {} {under} and version updated to {epoch}", isr.join(","));
                self.log_partition(&id, &text, fx);
            }
            if meaning == IsrAnswer::Retry {
                self.submit_isr_change(change.partition, change.proposal);
            }
            self.note_high_watermark(&id, moved, fx);
            self.purgatory.touch(&id);
        }
    }

    /// The name of a partition that this broker holds, by its topic's id.
    fn partition_name(&self, topic_id: Uuid, partition: i32) -> Option<TopicPartition> {
        let topic = self.metadata.image.topic(topic_id)?;
        Some(TopicPartition::new(topic.name.clone(), partition))
    }

    pub(super) fn on_isr_check(&mut self, now: Micros, fx: &mut Fx<'_>) {
        self.check_isrs(now, fx);
        self.schedule_isr_check(fx);
    }

    pub(super) fn schedule_isr_check(&self, fx: &mut Fx<'_>) {
        let interval = (self.settings.replica_lag_time_max_ms / 2).max(1) as u64;
        fx.set_timer_after(timer(ServerTimer::IsrCheck), Micros::from_ms(interval));
    }
}

/// Fetching.
impl Broker {
    /// Sends a request of every fetcher that has none under way and something to ask.
    pub(super) fn send_fetches(&mut self, now: Micros, fx: &mut Fx<'_>) {
        if self.fetchers.is_empty() || !self.published || self.lifecycle.state == super::BrokerState::ShuttingDown {
            return;
        }
        let settings = FetchSettings {
            broker_id: self.spec.node_id,
            max_wait_ms: self.settings.replica_fetch_wait_max_ms,
            min_bytes: self.settings.replica_fetch_min_bytes,
            max_bytes: self.settings.replica_fetch_response_max_bytes,
            partition_max_bytes: self.settings.replica_fetch_max_bytes,
        };
        let (image, replicas, quota) = (&self.metadata.image, &self.replicas, &self.follower_quota);
        let epoch = self.lifecycle.broker_epoch;
        let timeout = Micros::from_ms(self.settings.replica_socket_timeout_ms);
        let backoff = Micros::from_ms(self.settings.replica_fetch_backoff_ms);
        let inter_broker = &self.settings.listeners.inter_broker;
        for (leader, fetcher) in &mut self.fetchers {
            if fetcher.client.is_busy() {
                continue;
            }
            let Some(endpoint) = image.broker(*leader).and_then(|broker| broker.endpoint(inter_broker)) else {
                continue;
            };
            let log_start = |id: &TopicPartition| replicas.get(id).map_or(0, |held| held.log.log_start());
            let is_held_back = |id: &TopicPartition| quota.is_throttled(id) && quota.is_exceeded(now);
            let Some((version, body)) = fetcher.next_request(now, epoch, &settings, log_start, is_held_back) else {
                // Throttled partitions are looked at again after a while, as those are that rest.
                let throttled = fetcher.states.keys().any(is_held_back).then_some(now + backoff);
                if let Some(at) = fetcher.next_wake_up().into_iter().chain(throttled).min() {
                    fx.set_timer(timer(ServerTimer::ReplicaFetch(*leader)), at);
                }
                continue;
            };
            match fetcher.client.send(&endpoint.host, endpoint.port, version, body.into(), fx) {
                Ok(()) => fx.set_timer_after(named_timer(FETCH_TIMEOUT, *leader as u64), timeout),
                Err(_) => rest(*leader, fetcher, now + backoff, fx),
            }
        }
    }

    pub(super) fn on_fetch_connection_closed(&mut self, now: Micros, leader: i32, fx: &mut Fx<'_>) {
        let until = now + Micros::from_ms(self.settings.replica_fetch_backoff_ms);
        fx.cancel_timer(named_timer(FETCH_TIMEOUT, leader as u64));
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        if fetcher.client.on_closed() {
            rest(leader, fetcher, until, fx);
        }
    }

    pub(super) fn on_fetch_timeout(&mut self, now: Micros, leader: i32, fx: &mut Fx<'_>) {
        let until = now + Micros::from_ms(self.settings.replica_fetch_backoff_ms);
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        fetcher.client.disconnect(fx);
        rest(leader, fetcher, until, fx);
    }

    pub(super) fn on_fetcher_response(&mut self, now: Micros, leader: i32, packet: &Packet, fx: &mut Fx<'_>) {
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        let Some(response) = fetcher.client.take_response(packet) else { return };
        fx.cancel_timer(named_timer(FETCH_TIMEOUT, leader as u64));
        match (fetcher.take_in_flight(), &*response) {
            (Some(InFlight::Fetch), Response::Fetch(fetched)) => self.on_fetched(now, leader, fetched, fx),
            (Some(InFlight::ListOffsets { partition, leader_epoch, step }), Response::ListOffsets(answer)) => {
                self.on_leader_offset(now, leader, &partition, leader_epoch, step, answer, fx);
            }
            _ => self.on_fetch_timeout(now, leader, fx),
        }
    }

    fn on_fetched(&mut self, now: Micros, leader: i32, fetched: &FetchResponse, fx: &mut Fx<'_>) {
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        if !fetcher.session.on_response(fetched) {
            // Most often the leader does not know the session any more; the next request begins another.
            return;
        }
        for topic in &fetched.responses {
            for data in &topic.partitions {
                let name = self.partition_name(topic.topic_id, data.partition_index);
                let Some(id) = name else { continue };
                let Some(fetcher) = self.fetchers.get(&leader) else { return };
                let Some(asked) = fetcher.session.asked(&id) else { continue };
                let (offset, epoch) = (asked.fetch.fetch_offset, asked.fetch.current_leader_epoch);
                // The partition may have been truncated, or given to another leader, since the question.
                let is_current = fetcher.states.get(&id).is_some_and(|s| {
                    s.fetch_offset == offset && s.current_leader_epoch == epoch && s.step == Step::Fetch
                });
                if is_current || self.spec.profile.breaks(Mutant::TakeStaleFetchAnswer) {
                    self.on_partition_fetched(now, leader, &id, data, epoch, fx);
                }
            }
        }
    }

    fn on_partition_fetched(
        &mut self,
        now: Micros,
        leader: i32,
        id: &TopicPartition,
        data: &PartitionData,
        request_epoch: i32,
        fx: &mut Fx<'_>,
    ) {
        match ErrorCode::from_code(data.error_code) {
            ErrorCode::None => {
                let diverging = &data.diverging_epoch;
                if diverging.epoch >= 0 || diverging.end_offset >= 0 {
                    self.truncate_diverged(now, leader, id, diverging.epoch, diverging.end_offset, fx);
                } else {
                    self.append_fetched(now, leader, id, data, fx);
                }
            }
            ErrorCode::OffsetOutOfRange => self.set_step(leader, id, Step::AskLatest),
            ErrorCode::FencedLeaderEpoch => self.on_fenced(now, leader, id, request_epoch),
            _ => self.rest_partition(now, leader, id),
        }
    }

    fn append_fetched(&mut self, now: Micros, leader: i32, id: &TopicPartition, data: &PartitionData, fx: &mut Fx<'_>) {
        let empty = Records::default();
        let records = data.records.as_ref().unwrap_or(&empty);
        let broker = self.spec.node_id;
        let Some(held) = self.replicas.partitions.get_mut(id) else { return };
        let mut rolled = None;
        if !records.is_empty() {
            match held.log.append_as_follower_of(&mut self.disk, records, held.leader_epoch(), now) {
                Ok(info) if info.base_offset >= 0 => {
                    rolled = info.rolled.then_some(info.base_offset);
                    fx.emit(Event::RecordsAppended {
                        partition: id.clone(),
                        broker,
                        leader: false,
                        base_offset: info.base_offset,
                        last_offset: info.last_offset,
                        leader_epoch: held.log.latest_epoch().unwrap_or(-1),
                        bytes: info.bytes,
                    });
                }
                Ok(_) => {}
                Err(_) => return self.rest_partition(now, leader, id),
            }
        }
        if !records.is_empty() && self.follower_quota.is_throttled(id) {
            self.follower_quota.record(records.len() as u64, now);
        }
        let from = held.log.high_watermark();
        held.log.update_high_watermark(data.high_watermark.min(held.log.log_end()));
        let to = held.log.high_watermark();
        let log_start = held.log.log_start();
        if data.log_start_offset > log_start {
            // A log start above the high watermark that is known here follows with the next answer.
            let _ = held.log.increment_log_start(&mut self.disk, data.log_start_offset, now);
        }
        let raised = held.log.log_start();
        if raised > log_start {
            fx.emit(Event::LogStartAdvanced { partition: id.clone(), broker, from: log_start, to: raised });
        }
        let (end, epoch) = (held.log.log_end(), held.log.latest_epoch().unwrap_or(-1));
        if let Some(state) = self.fetchers.get_mut(&leader).and_then(|fetcher| fetcher.states.get_mut(id)) {
            state.fetch_offset = end;
            state.last_fetched_epoch = epoch;
            state.in_sync = data.high_watermark <= end;
        }
        if raised > log_start {
            self.log_start_raised(id, raised, "leader offset increment", fx);
        }
        if let Some(offset) = rolled {
            self.log_rolled(id, offset, fx);
        }
        // After a leader change a follower's high watermark may also go down; that is no advance.
        let moved = (to > from).then_some(HighWatermarkMove { from, to });
        self.note_high_watermark(id, moved, fx);
    }

    /// The leader knows another end for the epoch of this log's last record: cut, and fetch on from there.
    fn truncate_diverged(
        &mut self,
        now: Micros,
        leader: i32,
        id: &TopicPartition,
        epoch: i32,
        end_offset: i64,
        fx: &mut Fx<'_>,
    ) {
        let Some(held) = self.replicas.partitions.get(id) else { return };
        let Some(fetch_offset) =
            self.fetchers.get(&leader).and_then(|fetcher| fetcher.states.get(id)).map(|state| state.fetch_offset)
        else {
            return;
        };
        let local = held.log.end_offset_for_epoch(epoch);
        let offset = truncation_offset(epoch, end_offset, local, held.log.log_end(), fetch_offset);
        let why = format!(
            "leader epoch and offset EpochEndOffset(errorCode=0, partition={}, leaderEpoch={epoch}, \
             endOffset={end_offset})",
            id.partition
        );
        self.log_truncating(leader, id, offset, &why, fx);
        self.truncate_replica(now, id, offset, fx);
        self.refetch_from_end(leader, id, offset);
    }

    fn refetch_from_end(&mut self, leader: i32, id: &TopicPartition, offset: i64) {
        let epoch = self.replicas.get(id).and_then(|held| held.log.latest_epoch()).unwrap_or(-1);
        if let Some(state) = self.fetchers.get_mut(&leader).and_then(|fetcher| fetcher.states.get_mut(id)) {
            state.fetch_offset = offset;
            state.last_fetched_epoch = epoch;
            state.step = Step::Fetch;
        }
    }

    /// The fetch offset was out of range and the leader told its end, or its start
    /// (`AbstractFetcherThread.fetchOffsetAndTruncate`).
    #[allow(clippy::too_many_arguments)]
    fn on_leader_offset(
        &mut self,
        now: Micros,
        leader: i32,
        id: &TopicPartition,
        leader_epoch: i32,
        step: Step,
        answer: &ListOffsetsResponse,
        fx: &mut Fx<'_>,
    ) {
        let state = self.fetchers.get(&leader).and_then(|fetcher| fetcher.states.get(id));
        let state = state.filter(|state| state.current_leader_epoch == leader_epoch && state.step == step);
        let Some(fetched) = state.map(|state| state.fetch_offset) else { return };
        let Some(told) = answer.topics.first().and_then(|topic| topic.partitions.first()) else {
            return self.rest_partition(now, leader, id);
        };
        match ErrorCode::from_code(told.error_code) {
            ErrorCode::None => {}
            ErrorCode::FencedLeaderEpoch => return self.on_fenced(now, leader, id, leader_epoch),
            _ => return self.rest_partition(now, leader, id),
        }
        let Some(log_end) = self.replicas.get(id).map(|held| held.log.log_end()) else { return };
        let told = told.offset;
        let what = format!("fetch offset for partition {id} from {log_end} to");
        let offset = match step {
            Step::AskLatest if told >= log_end => return self.set_step(leader, id, Step::AskEarliest),
            Step::AskLatest => {
                let text = format!("Reset {what} current leader's latest offset {told}");
                self.log_fetcher("WARN", leader, &text, fx);
                self.truncate_replica(now, id, told, fx);
                told
            }
            _ if told > log_end => {
                // Everything here is older than what the leader still has.
                let text = format!(
                    "Truncate fully and reset {what} the current leader's start offset {told} because the local replica's end offset is \
                     smaller than the current leader's start offsets."
                );
                self.log_fetcher("WARN", leader, &text, fx);
                if let Some(held) = self.replicas.partitions.get_mut(id) {
                    held.log.truncate_fully_and_start_at(&mut self.disk, told, now);
                }
                let broker = self.spec.node_id;
                fx.emit(Event::LogTruncated { partition: id.clone(), broker, from_end: log_end, to_end: told });
                told
            }
            _ => {
                let text = format!("Reset {what} the current local replica's end offset {log_end}");
                self.log_fetcher("INFO", leader, &text, fx);
                log_end
            }
        };
        self.refetch_from_end(leader, id, offset);
        let text = format!(
            "Current offset {fetched} for partition {id} is out of range, which typically implies a leader change. Reset \
             fetch offset to {offset}"
        );
        self.log_fetcher("INFO", leader, &text, fx);
    }

    /// The leader has a newer epoch. If this broker still has the one it asked with, it waits for metadata.
    fn on_fenced(&mut self, now: Micros, leader: i32, id: &TopicPartition, request_epoch: i32) {
        let Some(fetcher) = self.fetchers.get_mut(&leader) else { return };
        let present = fetcher.states.get(id).map(|state| state.current_leader_epoch);
        if present == Some(request_epoch) {
            fetcher.mark_failed(id);
        } else {
            self.rest_partition(now, leader, id);
        }
    }

    fn set_step(&mut self, leader: i32, id: &TopicPartition, step: Step) {
        if let Some(state) = self.fetchers.get_mut(&leader).and_then(|fetcher| fetcher.states.get_mut(id)) {
            state.step = step;
        }
    }

    fn rest_partition(&mut self, now: Micros, leader: i32, id: &TopicPartition) {
        let until = now + Micros::from_ms(self.settings.replica_fetch_backoff_ms);
        if let Some(fetcher) = self.fetchers.get_mut(&leader) {
            fetcher.delay(id, until);
        }
    }
}

/// All partitions of a fetcher rest, because its leader cannot be reached.
fn rest(leader: i32, fetcher: &mut Fetcher, until: Micros, fx: &mut Fx<'_>) {
    if let Some(InFlight::Fetch) = fetcher.take_in_flight() {
        fetcher.session.on_error();
    }
    fetcher.delay_all(until);
    fx.set_timer(timer(ServerTimer::ReplicaFetch(leader)), until);
}
