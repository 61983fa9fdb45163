//! Offsets that a group remembers: asking for them after an assignment, and committing positions.

use base::Micros;
use cluster::{Event, Kafka};
use protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use protocol::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use protocol::messages::{OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse};
use protocol::{ApiKey, ErrorCode, TopicPartition};
use sim::Effects;

use super::fetcher::{EARLIEST, LATEST};
use super::group::Membership;
use super::subscription::FetchState;
use super::{Asked, Consumer};
use crate::config::OffsetReset;
use crate::error::{self, KafkaError};

/// The first version of both APIs that names topics by id.
const TOPIC_ID_VERSION: i16 = 10;

/// A position to commit: partition, next offset, leader epoch of the last record (-1 if none).
pub(super) type Position = (TopicPartition, i64, i32);

impl Consumer {
    /// Asks for committed offsets of partitions that have just been assigned.
    pub(super) fn fetch_committed(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let open = self.subscription.in_state(|partition| partition.state == FetchState::Initializing);
        let asking = self.asked.iter().any(|request| matches!(request.asked, Asked::Committed(_)));
        if open.is_empty() || asking {
            return;
        }
        if self.group.is_none() {
            return self.reset_uncommitted();
        }
        let backing_off = open.iter().filter_map(|tp| self.subscription.partitions.get(tp)).map(|p| p.not_before).max();
        if let Some(until) = backing_off.filter(|until| now < *until) {
            return self.wake_at(until);
        }
        let Some(coordinator) = self.find_coordinator(now, fx) else { return };
        let by_id = self.core.net.usable_version(coordinator.id, ApiKey::OffsetFetch);
        let by_id = by_id.is_ok_and(|version| version >= TOPIC_ID_VERSION);
        let mut topics: Vec<OffsetFetchRequestTopics> = Vec::new();
        for tp in &open {
            let (name, topic_id) = self.topic_key(&tp.topic, by_id);
            match topics.iter_mut().find(|topic| topic.name == name && topic.topic_id == topic_id) {
                Some(topic) => topic.partition_indexes.push(tp.partition),
                None => topics.push(OffsetFetchRequestTopics {
                    name,
                    topic_id,
                    partition_indexes: vec![tp.partition],
                    ..Default::default()
                }),
            }
        }
        let Some(group) = &self.group else { return };
        let asked = OffsetFetchRequestGroup {
            group_id: group.id.clone(),
            member_id: None,
            member_epoch: -1,
            topics: Some(topics),
            ..Default::default()
        };
        let request = OffsetFetchRequest { groups: vec![asked], require_stable: true, ..Default::default() };
        let timeout = self.config.common.request_timeout;
        self.send(coordinator.id, request.into(), timeout, Asked::Committed(open), now, fx);
    }

    pub(super) fn on_committed(&mut self, asked: &[TopicPartition], response: &OffsetFetchResponse, now: Micros) {
        let Some(group) = response.groups.first() else { return };
        let code = ErrorCode::from_code(group.error_code);
        if !code.is_none() {
            asked.iter().for_each(|tp| self.back_off(tp, now));
            return match code {
                code if code.retriable() => {
                    if matches!(code, ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable) {
                        self.lose_coordinator(now);
                    }
                }
                code => self.throw(KafkaError::api(code, None)),
            };
        }
        for tp in asked {
            let (_, id) = self.topic_key(&tp.topic, true);
            let topic = group
                .topics
                .iter()
                .find(|topic| if topic.name.is_empty() { topic.topic_id == id } else { topic.name == tp.topic });
            let found = topic.and_then(|t| t.partitions.iter().find(|p| p.partition_index == tp.partition));
            let (code, offset, epoch) =
                found.map_or((0, -1, -1), |p| (p.error_code, p.committed_offset, p.committed_leader_epoch));
            let code = ErrorCode::from_code(code);
            let Some(partition) = self.subscription.get(tp) else { continue };
            if partition.state != FetchState::Initializing {
                continue;
            }
            match code {
                ErrorCode::None if offset >= 0 => {
                    partition.seek(offset);
                    partition.position_epoch = epoch;
                    partition.committed = Some(offset);
                }
                ErrorCode::None => self.reset_by_policy(tp),
                code if code.retriable() => self.back_off(tp, now),
                code => self.throw(KafkaError::api(code, None)),
            }
        }
    }

    /// Partitions without a committed offset start where `auto.offset.reset` says.
    pub(super) fn reset_uncommitted(&mut self) {
        let open = self.subscription.in_state(|partition| partition.state == FetchState::Initializing);
        open.iter().for_each(|tp| self.reset_by_policy(tp));
    }

    fn reset_by_policy(&mut self, tp: &TopicPartition) {
        let timestamp = match self.config.offset_reset {
            OffsetReset::Earliest => EARLIEST,
            OffsetReset::Latest => LATEST,
            OffsetReset::None => {
                let why = format!("Undefined offset with no reset policy for partitions: [{tp}]");
                return self.throw(KafkaError::new(error::NO_OFFSET, why));
            }
        };
        if let Some(partition) = self.subscription.get(tp) {
            partition.reset(timestamp);
        }
    }

    /// Positions worth committing.
    pub(super) fn positions(&self) -> Vec<Position> {
        let of = self.subscription.partitions.iter();
        of.filter(|(_, partition)| partition.state == FetchState::Fetching && partition.position >= 0)
            .map(|(tp, partition)| (tp.clone(), partition.position, partition.position_epoch))
            .collect()
    }

    pub(super) fn commit(
        &mut self,
        coordinator: i32,
        offsets: Vec<Position>,
        now: Micros,
        fx: &mut Effects<'_, Kafka>,
    ) {
        let by_id = self.core.net.usable_version(coordinator, ApiKey::OffsetCommit);
        let by_id = by_id.is_ok_and(|version| version >= TOPIC_ID_VERSION);
        let mut topics: Vec<OffsetCommitRequestTopic> = Vec::new();
        for (tp, offset, epoch) in &offsets {
            let (name, topic_id) = self.topic_key(&tp.topic, by_id);
            let partition = OffsetCommitRequestPartition {
                partition_index: tp.partition,
                committed_offset: *offset,
                committed_leader_epoch: *epoch,
                committed_metadata: Some(String::new()),
                ..Default::default()
            };
            match topics.iter_mut().find(|topic| topic.name == name && topic.topic_id == topic_id) {
                Some(topic) => topic.partitions.push(partition),
                None => topics.push(OffsetCommitRequestTopic {
                    name,
                    topic_id,
                    partitions: vec![partition],
                    ..Default::default()
                }),
            }
        }
        let Some(group) = &self.group else { return };
        let request = OffsetCommitRequest {
            group_id: group.id.clone(),
            generation_id_or_member_epoch: group.generation,
            member_id: group.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            topics,
            ..Default::default()
        };
        let timeout = self.config.common.request_timeout;
        self.send(coordinator, request.into(), timeout, Asked::Commit(offsets), now, fx);
    }

    pub(super) fn on_commit(
        &mut self,
        asked: &[Position],
        response: &OffsetCommitResponse,
        now: Micros,
        fx: &mut Effects<'_, Kafka>,
    ) {
        let mut failure = ErrorCode::None;
        for (tp, offset, _) in asked {
            let (_, id) = self.topic_key(&tp.topic, true);
            let topic = response
                .topics
                .iter()
                .find(|topic| if topic.name.is_empty() { topic.topic_id == id } else { topic.name == tp.topic });
            let found = topic.and_then(|t| t.partitions.iter().find(|p| p.partition_index == tp.partition));
            let code = ErrorCode::from_code(found.map_or(0, |partition| partition.error_code));
            if !code.is_none() {
                failure = code;
                continue;
            }
            if let Some(partition) = self.subscription.get(tp) {
                partition.committed = Some(*offset);
            }
            fx.emit(Event::OffsetCommitted { client: self.client.clone(), partition: tp.clone(), offset: *offset });
        }
        self.after_commit(failure, now);
    }

    /// Goes on after a commit, done or not: a rebalance waits for it, and so may the end.
    pub(super) fn after_commit(&mut self, failure: ErrorCode, now: Micros) {
        let committing = self.group.as_ref().is_some_and(|group| group.membership == Membership::Committing);
        if committing && let Some(group) = &mut self.group {
            group.membership = Membership::Unjoined;
        }
        match failure {
            ErrorCode::None => {}
            _ if self.closing => {}
            ErrorCode::RebalanceInProgress => self.request_rejoin(),
            code if code.retriable() && !committing => {
                let at = now + self.config.common.retry_backoff.initial;
                if let Some(group) = &mut self.group {
                    group.next_commit = at;
                }
                if matches!(code, ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable) {
                    self.lose_coordinator(now);
                }
            }
            code => self.on_group_error(code, now),
        }
    }

    /// A topic as requests name it: by id, or by name.
    fn topic_key(&self, topic: &str, by_id: bool) -> (String, base::Uuid) {
        if !by_id {
            return (topic.to_string(), base::Uuid::ZERO);
        }
        let id = self.core.metadata.cluster.topics.get(topic).map_or(base::Uuid::ZERO, |topic| topic.id);
        (String::new(), id)
    }
}
