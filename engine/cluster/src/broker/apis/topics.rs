//! DescribeTopicPartitions (what `kafka-topics.sh --describe` asks), DescribeLogDirs and AlterReplicaLogDirs.

use base::{Map, Set};

use protocol::messages::alter_replica_log_dirs_response::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult,
};
use protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use protocol::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use protocol::messages::{
    AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, DescribeLogDirsRequest, DescribeLogDirsResponse,
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
};
use protocol::{ErrorCode, TopicPartition, topic};

use super::Seen;
use super::metadata::offline_replicas;
use crate::broker::connections::ReplyTo;
use crate::broker::{Broker, Fx};
use crate::metadata::PartitionRegistration;
use crate::spec::LOG_DIR;

impl Broker {
    pub(super) fn handle_describe_topic_partitions(
        &mut self,
        reply: &ReplyTo,
        request: &DescribeTopicPartitionsRequest,
        fx: &mut Fx<'_>,
    ) {
        let image = &self.metadata.image;
        let seen = self.seen_by(reply);
        let all = request.topics.is_empty();
        let cursor = request.cursor.as_ref();
        let after_cursor = |name: &&str| cursor.is_none_or(|cursor| *name >= cursor.topic_name.as_str());
        let names: Set<&str> = match all {
            true => image.topics_by_name().map(|topic| &*topic.name).filter(after_cursor).collect(),
            false => request.topics.iter().map(|topic| &*topic.name).filter(after_cursor).collect(),
        };
        let limit = self.settings.server.number("max.request.partition.size.limit");
        let mut room = i64::from(request.response_partition_limit).min(limit).max(1) as usize;
        let mut response = DescribeTopicPartitionsResponse::default();
        for name in names {
            let first = cursor.filter(|cursor| cursor.topic_name == name).map_or(0, |cursor| cursor.partition_index);
            if room == 0 {
                response.next_cursor = Some(Cursor { topic_name: name.to_string(), ..Default::default() });
                break;
            }
            let Some(found) = image.topic_by_name(name) else {
                response.topics.push(unknown_topic(name));
                continue;
            };
            let partitions: Vec<_> = found.partitions.range(first..).take(room).collect();
            room -= partitions.len();
            let next = partitions.last().map_or(first, |(index, _)| **index + 1);
            response.topics.push(DescribeTopicPartitionsResponseTopic {
                name: Some(name.to_string()),
                topic_id: found.id,
                is_internal: topic::is_internal(name),
                partitions: partitions.into_iter().map(|(index, p)| describe_partition(*index, p, seen)).collect(),
                ..Default::default()
            });
            if found.partitions.range(next..).next().is_some() {
                response.next_cursor =
                    Some(Cursor { topic_name: name.to_string(), partition_index: next, ..Default::default() });
                break;
            }
        }
        self.connections.respond(reply, response, fx);
    }

    pub(super) fn handle_describe_log_dirs(
        &mut self,
        reply: &ReplyTo,
        request: &DescribeLogDirsRequest,
        fx: &mut Fx<'_>,
    ) {
        let is_asked = |id: &TopicPartition| match &request.topics {
            None => true,
            Some(topics) => topics.iter().any(|t| t.topic == id.topic && t.partitions.contains(&id.partition)),
        };
        let mut topics: Map<&str, Vec<DescribeLogDirsPartition>> = Map::new();
        for held in self.replicas.partitions.values().filter(|held| is_asked(&held.topic_partition)) {
            topics.entry(&held.topic_partition.topic).or_default().push(DescribeLogDirsPartition {
                partition_index: held.topic_partition.partition,
                partition_size: held.log.size() as i64,
                offset_lag: (held.log.high_watermark() - held.log.log_end()).max(0),
                ..Default::default()
            });
        }
        let topic = |(name, partitions): (&str, Vec<_>)| DescribeLogDirsTopic {
            name: name.to_string(),
            partitions,
            ..Default::default()
        };
        let result = DescribeLogDirsResult {
            log_dir: self.log_folder(),
            topics: topics.into_iter().map(topic).collect(),
            ..Default::default()
        };
        let response = DescribeLogDirsResponse { results: vec![result], ..Default::default() };
        self.connections.respond(reply, response, fx);
    }

    /// Each server's disk has a folder of its own, named after the host.
    fn log_folder(&self) -> String {
        format!("/{}/{LOG_DIR}", self.spec.host)
    }

    /// A server has one log directory: a replica is there already, or it is asked to go nowhere.
    pub(super) fn handle_alter_log_dirs(
        &mut self,
        reply: &ReplyTo,
        request: &AlterReplicaLogDirsRequest,
        fx: &mut Fx<'_>,
    ) {
        let mut results = Vec::new();
        for dir in &request.dirs {
            for topic in &dir.topics {
                let partition = |index: &i32| {
                    let id = TopicPartition::new(topic.name.clone(), *index);
                    let error = match dir.path == self.log_folder() {
                        false => ErrorCode::LogDirNotFound,
                        true if self.replicas.partitions.contains_key(&id) => ErrorCode::None,
                        true => ErrorCode::ReplicaNotAvailable,
                    };
                    AlterReplicaLogDirPartitionResult {
                        partition_index: *index,
                        error_code: error.code(),
                        ..Default::default()
                    }
                };
                results.push(AlterReplicaLogDirTopicResult {
                    topic_name: topic.name.clone(),
                    partitions: topic.partitions.iter().map(partition).collect(),
                    ..Default::default()
                });
            }
        }
        self.connections.respond(reply, AlterReplicaLogDirsResponse { results, ..Default::default() }, fx);
    }
}

fn unknown_topic(name: &str) -> DescribeTopicPartitionsResponseTopic {
    let error = match topic::validate(name) {
        Ok(()) => ErrorCode::UnknownTopicOrPartition,
        Err(_) => ErrorCode::InvalidTopicException,
    };
    DescribeTopicPartitionsResponseTopic {
        error_code: error.code(),
        name: Some(name.to_string()),
        is_internal: topic::is_internal(name),
        ..Default::default()
    }
}

fn describe_partition(
    index: i32,
    registration: &PartitionRegistration,
    seen: Seen<'_>,
) -> DescribeTopicPartitionsResponsePartition {
    let leader = seen.endpoint(registration.leader).map(|_| registration.leader);
    DescribeTopicPartitionsResponsePartition {
        partition_index: index,
        leader_id: leader.unwrap_or(-1),
        leader_epoch: registration.leader_epoch,
        replica_nodes: registration.replicas.clone(),
        isr_nodes: registration.isr.clone(),
        eligible_leader_replicas: Some(registration.elr.clone()),
        last_known_elr: Some(registration.last_known_elr.clone()),
        offline_replicas: offline_replicas(registration, seen),
        ..Default::default()
    }
}
