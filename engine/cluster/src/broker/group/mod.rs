//! Consumer groups with the classic protocol: who belongs to a group, who reads what, and what was read (Kafka:
//! `GroupCoordinatorService`).
//!
//! Every partition of `__consumer_offsets` is a shard with the groups that hash to it; its leader coordinates them.
//! Whatever must outlive the coordinator is a record in that partition, written before anybody is told, so that a new
//! leader only has to read its log.

mod classic;
mod commits;
mod describe;
mod generation;
mod membership;
mod records;

use std::sync::Arc;

use base::{Map, Micros, Uuid};
use std::collections::VecDeque;

use bytes::Bytes;
use log::AppendOrigin;
use protocol::topic::GROUP_METADATA_TOPIC_NAME;
use protocol::{ErrorCode, Request, Response, TopicPartition};

use super::apis::partition_for;
use super::connections::{Incoming, ReplyTo};
use super::partition::Refusal;
use super::{Broker, Fx, named_timer};
use crate::server_log::logger;
use classic::{GroupEffects, GroupSettings, GroupTimer};
use records::{CommittedOffset, GroupRecord};

pub use classic::{ClassicGroup, GroupState, Member};

const GROUP_TIMER: &str = "group";

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct GroupCoordinator {
    /// By partition of `__consumer_offsets`; those that this broker leads.
    shards: Map<i32, Shard>,
    timers: Map<TimerKey, u64>,
    timer_keys: Map<u64, TimerKey>,
    next_timer: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct TimerKey {
    partition: i32,
    group: String,
    timer: GroupTimer,
}

/// The groups of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shard {
    pub groups: Map<String, ClassicGroup>,
    /// By group, then partition. A group may have offsets and no members.
    pub offsets: Map<String, Map<TopicPartition, CommittedOffset>>,
    /// What is written and not yet committed, in order.
    writes: VecDeque<PendingWrite>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct PendingWrite {
    /// Committed when the high watermark reaches it.
    required_offset: i64,
    then: AfterWrite,
}

/// What follows a committed write, or its failure.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum AfterWrite {
    Nothing,
    Reply {
        reply: ReplyTo,
        response: Arc<Response>,
    },
    /// The assignment of a generation is safe; members may hear of it.
    Stabilize {
        group: String,
        generation: i32,
        assignments: Map<String, Bytes>,
    },
}

impl GroupCoordinator {
    pub fn new() -> GroupCoordinator {
        GroupCoordinator::default()
    }

    /// The groups that this broker coordinates.
    pub fn groups(&self) -> impl Iterator<Item = &ClassicGroup> {
        self.shards.values().flat_map(|shard| shard.groups.values())
    }
}

impl Broker {
    /// Requests about groups; others are none of a broker's, and their connection is closed.
    pub(super) fn handle_group(&mut self, now: Micros, incoming: &Incoming, fx: &mut Fx<'_>) {
        let reply = incoming.reply;
        let body = incoming.body.clone();
        match &*body {
            Request::JoinGroup(request) => self.handle_join_group(now, incoming, request, fx),
            Request::SyncGroup(request) => self.handle_sync_group(now, &reply, request, fx),
            Request::Heartbeat(request) => self.handle_heartbeat(now, &reply, request, fx),
            Request::LeaveGroup(request) => self.handle_leave_group(now, &reply, request, fx),
            Request::OffsetCommit(request) => self.handle_offset_commit(now, &reply, request, fx),
            Request::OffsetFetch(request) => self.handle_offset_fetch(&reply, request, fx),
            Request::OffsetDelete(request) => self.handle_offset_delete(now, &reply, request, fx),
            Request::ListGroups(request) => self.handle_list_groups(&reply, request, fx),
            Request::DescribeGroups(request) => self.handle_describe_groups(&reply, request, fx),
            Request::DeleteGroups(request) => self.handle_delete_groups(now, &reply, request, fx),
            _ => self.connections.close(&reply, fx),
        }
    }

    fn group_settings(&self) -> GroupSettings {
        let number = |key: &str| self.settings.server.number(key);
        GroupSettings {
            initial_rebalance_delay_ms: number("group.initial.rebalance.delay.ms"),
            min_session_timeout_ms: number("group.min.session.timeout.ms"),
            max_session_timeout_ms: number("group.max.session.timeout.ms"),
            max_size: number("group.max.size"),
        }
    }

    /// The partition that a group belongs to, if this broker coordinates it.
    fn shard_of(&self, group: &str) -> Result<i32, ErrorCode> {
        let topic = self.metadata.image.topic_by_name(GROUP_METADATA_TOPIC_NAME);
        let count = topic.map(|topic| topic.partitions.len()).ok_or(ErrorCode::CoordinatorNotAvailable)?;
        let partition = partition_for(group, count);
        if self.groups.shards.contains_key(&partition) { Ok(partition) } else { Err(ErrorCode::NotCoordinator) }
    }

    fn shard(&mut self, partition: i32) -> &mut Shard {
        self.groups.shards.entry(partition).or_default()
    }

    // ---- coming and going of shards

    /// This broker leads a partition of `__consumer_offsets`: read it from its beginning.
    pub(super) fn on_coordinator_elected(&mut self, now: Micros, id: &TopicPartition, fx: &mut Fx<'_>) {
        if id.topic != GROUP_METADATA_TOPIC_NAME || self.groups.shards.contains_key(&id.partition) {
            return;
        }
        let Some(held) = self.replicas.get(id) else { return };
        let epoch = held.leader_epoch();
        self.log_coordinator(&format!("Scheduling loading of metadata from {id} with epoch {epoch}"), fx);
        let mut shard = Shard::default();
        let (mut loaded, bytes) = (0, held.log.bytes_between(held.log.log_start(), held.log.log_end()));
        for (record, _, control) in held.log.records_between(held.log.log_start(), held.log.log_end()) {
            loaded += 1;
            if !control {
                records::replay(&mut shard, &record, now.as_epoch_ms());
            }
        }
        let sessions: Vec<(String, String, i64)> = shard
            .groups
            .values()
            .flat_map(|group| {
                group.members.values().map(|m| (group.id.clone(), m.id.clone(), i64::from(m.session_timeout_ms)))
            })
            .collect();
        self.groups.shards.insert(id.partition, shard);
        let text = format!(
            "Finished loading of metadata from {id} with epoch {epoch} in 0ms where 0ms was spent in the scheduler. Loaded \
             {loaded} records which total to {bytes} bytes."
        );
        self.log_coordinator(&text, fx);
        for (group, member, timeout) in sessions {
            self.set_group_timer(id.partition, &group, GroupTimer::Session(member), Some(timeout), fx);
        }
    }

    /// The partition is led elsewhere now, or gone.
    pub(super) fn on_coordinator_resigned(&mut self, now: Micros, id: &TopicPartition, fx: &mut Fx<'_>) {
        if id.topic != GROUP_METADATA_TOPIC_NAME {
            return;
        }
        let Some(mut shard) = self.groups.shards.remove(&id.partition) else { return };
        let epoch = self
            .replicas
            .get(id)
            .map_or("OptionalInt.empty".to_string(), |held| format!("OptionalInt[{}]", held.leader_epoch()));
        for text in ["Scheduling unloading of metadata for", "Started unloading metadata for"] {
            self.log_coordinator(&format!("{text} {id} with epoch {epoch}"), fx);
        }
        self.log_coordinator(&format!("Finished unloading metadata for {id} with epoch {epoch}."), fx);
        for group in shard.groups.values_mut() {
            let mut out = GroupEffects::default();
            group.unload(&mut out);
            let name = group.id.clone();
            self.carry_out(now, id.partition, &name, out, fx);
        }
        for write in shard.writes {
            self.after_write(now, id.partition, write.then, Err(ErrorCode::NotCoordinator), fx);
        }
        // `carry_out` of a resigned shard must not bring it back.
        self.groups.shards.remove(&id.partition);
    }

    fn log_coordinator(&self, text: &str, fx: &mut Fx<'_>) {
        self.log_info(logger::COORDINATORS, format!("[GroupCoordinator id={}] {text}", self.spec.node_id), fx);
    }

    // ---- effects

    /// Does what a group wants done.
    fn carry_out(&mut self, now: Micros, partition: i32, group: &str, out: GroupEffects, fx: &mut Fx<'_>) {
        for line in out.lines {
            let text = format!(
                "[GroupCoordinator id={} topic={GROUP_METADATA_TOPIC_NAME} partition={partition}] {line}",
                self.spec.node_id
            );
            self.log_info(logger::GROUPS, text, fx);
        }
        for (timer, after_ms) in out.timers {
            self.set_group_timer(partition, group, timer, after_ms, fx);
        }
        for (reply, response) in out.replies {
            self.connections.respond(&reply, response, fx);
        }
        let Some(assignments) = out.write else { return };
        let Some(state) = self.groups.shards.get(&partition).and_then(|shard| shard.groups.get(group)) else { return };
        let generation = state.generation;
        let then = match state.state {
            GroupState::CompletingRebalance => {
                AfterWrite::Stabilize { group: group.to_string(), generation, assignments: assignments.clone() }
            }
            _ => AfterWrite::Nothing,
        };
        let record = records::group_metadata(state, &assignments);
        self.write_records(now, partition, record.into_iter().collect(), then, fx);
    }

    /// Appends records to a shard's partition; `then` follows when they are committed.
    fn write_records(
        &mut self,
        now: Micros,
        partition: i32,
        written: Vec<GroupRecord>,
        then: AfterWrite,
        fx: &mut Fx<'_>,
    ) {
        let id = TopicPartition::new(GROUP_METADATA_TOPIC_NAME, partition);
        let batch = records::batch(&written, now.as_epoch_ms());
        match self.append(now, &id, Uuid::ZERO, batch, -1, AppendOrigin::Coordinator, fx) {
            Ok(info) => {
                let required_offset = info.last_offset + 1;
                self.shard(partition).writes.push_back(PendingWrite { required_offset, then });
                self.complete_group_writes(now, &id, fx);
            }
            Err(refusal) => self.after_write(now, partition, then, Err(write_error(&refusal)), fx),
        }
    }

    /// The high watermark of a shard's partition may have reached what waits for it.
    pub(super) fn complete_group_writes(&mut self, now: Micros, id: &TopicPartition, fx: &mut Fx<'_>) {
        if id.topic != GROUP_METADATA_TOPIC_NAME {
            return;
        }
        let Some(high_watermark) = self.replicas.get(id).map(|held| held.log.high_watermark()) else { return };
        while let Some(shard) = self.groups.shards.get_mut(&id.partition) {
            let Some(write) = shard.writes.pop_front_if(|write| write.required_offset <= high_watermark) else { break };
            self.after_write(now, id.partition, write.then, Ok(()), fx);
        }
    }

    fn after_write(
        &mut self,
        now: Micros,
        partition: i32,
        then: AfterWrite,
        result: Result<(), ErrorCode>,
        fx: &mut Fx<'_>,
    ) {
        match then {
            AfterWrite::Nothing => {}
            AfterWrite::Reply { reply, response } => {
                let response = match result {
                    Ok(()) => response,
                    Err(error) => commits::failed(response, error),
                };
                self.connections.respond_shared(&reply, response, fx);
            }
            AfterWrite::Stabilize { group, generation, assignments } => {
                let settings = self.group_settings();
                let mut out = GroupEffects::default();
                let shard = self.groups.shards.get_mut(&partition);
                let Some(state) = shard.and_then(|shard| shard.groups.get_mut(&group)) else { return };
                let result = result.map(|()| assignments);
                state.on_assignment_written(generation, result, &settings, now.as_epoch_ms(), &mut out);
                self.carry_out(now, partition, &group, out, fx);
            }
        }
    }

    // ---- timers

    fn set_group_timer(
        &mut self,
        partition: i32,
        group: &str,
        timer: GroupTimer,
        after_ms: Option<i64>,
        fx: &mut Fx<'_>,
    ) {
        let key = TimerKey { partition, group: group.to_string(), timer };
        let groups = &mut self.groups;
        match after_ms {
            Some(after_ms) => {
                let next = groups.next_timer;
                let number = *groups.timers.entry(key.clone()).or_insert(next);
                if number == next {
                    groups.next_timer += 1;
                    groups.timer_keys.insert(number, key);
                }
                fx.set_timer_after(named_timer(GROUP_TIMER, number), Micros::from_ms(after_ms.max(0) as u64));
            }
            None => {
                if let Some(number) = groups.timers.remove(&key) {
                    groups.timer_keys.remove(&number);
                    fx.cancel_timer(named_timer(GROUP_TIMER, number));
                }
            }
        }
    }

    fn renew_session(&mut self, partition: i32, group: &str, member: &str, fx: &mut Fx<'_>) {
        let found = self.shard(partition).groups.get(group).and_then(|group| group.members.get(member));
        if let Some(timeout) = found.map(|member| i64::from(member.session_timeout_ms)) {
            let timer = GroupTimer::Session(member.to_string());
            self.set_group_timer(partition, group, timer, Some(timeout), fx);
        }
    }

    pub(super) fn on_group_timer(&mut self, now: Micros, name: &'static str, number: u64, fx: &mut Fx<'_>) {
        if name != GROUP_TIMER {
            return;
        }
        let Some(key) = self.groups.timer_keys.remove(&number) else { return };
        self.groups.timers.remove(&key);
        let settings = self.group_settings();
        let mut out = GroupEffects::default();
        let now_ms = now.as_epoch_ms();
        let shard = self.groups.shards.get_mut(&key.partition);
        let Some(group) = shard.and_then(|shard| shard.groups.get_mut(&key.group)) else { return };
        match &key.timer {
            GroupTimer::Join => group.on_join_timer(&settings, now_ms, &mut out),
            GroupTimer::Sync => group.on_sync_timer(&settings, now_ms, &mut out),
            GroupTimer::Session(member) => group.on_session_timer(member, &settings, now_ms, &mut out),
        }
        self.carry_out(now, key.partition, &key.group, out, fx);
    }
}

/// What a client is told when a coordinator cannot write (`appendGroupMetadataErrorToResponseError`).
fn write_error(refusal: &Refusal) -> ErrorCode {
    match refusal {
        Refusal::NotLeader => ErrorCode::NotCoordinator,
        Refusal::NotEnoughReplicas { .. } => ErrorCode::CoordinatorNotAvailable,
        Refusal::Log(error) => match error.code {
            ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError => ErrorCode::NotCoordinator,
            ErrorCode::UnknownTopicOrPartition | ErrorCode::RequestTimedOut => ErrorCode::CoordinatorNotAvailable,
            ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge => ErrorCode::UnknownServerError,
            other => other,
        },
    }
}
