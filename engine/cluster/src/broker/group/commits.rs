//! OffsetCommit, OffsetFetch, OffsetDelete.

use std::sync::Arc;

use base::{Map, Micros, Uuid};

use protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use protocol::messages::offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic};
use protocol::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use protocol::messages::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest, OffsetDeleteResponse, OffsetFetchRequest,
    OffsetFetchResponse,
};
use protocol::{ErrorCode, Response, TopicPartition};

use super::classic::{ClassicGroup, GroupState};
use super::records::{self, CommittedOffset, GroupRecord};
use super::{AfterWrite, Shard};
use crate::broker::connections::ReplyTo;
use crate::broker::{Broker, Fx};

/// Since version 10 topics go by their ids (KIP-848).
const TOPIC_ID_VERSION: i16 = 10;
/// Since version 8 a request may ask about several groups.
const GROUPS_VERSION: i16 = 8;

impl Broker {
    pub(super) fn handle_offset_commit(
        &mut self,
        now: Micros,
        reply: &ReplyTo,
        request: &OffsetCommitRequest,
        fx: &mut Fx<'_>,
    ) {
        let checked = self.check_commit(now, request);
        if let Ok(partition) = checked {
            // A commit counts as a sign of life.
            self.renew_session(partition, &request.group_id, &request.member_id, fx);
        }
        let mut accepted: Vec<(TopicPartition, CommittedOffset)> = Vec::new();
        let mut topics = Vec::new();
        for topic in &request.topics {
            let by_id = reply.api_version >= TOPIC_ID_VERSION;
            let name = self.topic_name(&topic.name, topic.topic_id, by_id);
            let mut partitions = Vec::new();
            for asked in &topic.partitions {
                let id = TopicPartition::new(name.clone().unwrap_or_default(), asked.partition_index);
                let error = match (&checked, &name) {
                    (Err(error), _) => *error,
                    (Ok(_), None) => ErrorCode::UnknownTopicId,
                    (Ok(_), Some(_)) => self.check_commit_partition(&id, asked.committed_metadata.as_deref()),
                };
                if error == ErrorCode::None {
                    let offset = CommittedOffset {
                        offset: asked.committed_offset,
                        leader_epoch: asked.committed_leader_epoch,
                        metadata: asked.committed_metadata.clone().unwrap_or_default(),
                        committed_at_ms: now.as_epoch_ms(),
                        topic_id: self.metadata.image.topic_id(&id.topic).unwrap_or_default(),
                    };
                    accepted.push((id, offset));
                }
                partitions.push(OffsetCommitResponsePartition {
                    partition_index: asked.partition_index,
                    error_code: error.code(),
                    ..Default::default()
                });
            }
            topics.push(OffsetCommitResponseTopic {
                name: topic.name.clone(),
                topic_id: topic.topic_id,
                partitions,
                ..Default::default()
            });
        }
        let response = OffsetCommitResponse { topics, ..Default::default() };
        let Some(partition) = checked.ok().filter(|_| !accepted.is_empty()) else {
            return self.connections.respond(reply, response, fx);
        };
        let encode = |(id, offset): &(TopicPartition, CommittedOffset)| {
            records::offset_commit(&request.group_id, id, offset).ok()
        };
        let written: Vec<GroupRecord> = accepted.iter().filter_map(encode).collect();
        self.shard(partition).offsets.entry(request.group_id.clone()).or_default().extend(accepted);
        let then = AfterWrite::Reply { reply: *reply, response: Arc::new(response.into()) };
        self.write_records(now, partition, written, then, fx);
    }

    /// The shard of a group whose member may commit (`ClassicGroup.validateOffsetCommit`). A commit without a member
    /// makes a group that has only offsets.
    fn check_commit(&mut self, now: Micros, request: &OffsetCommitRequest) -> Result<i32, ErrorCode> {
        let partition = self.shard_of(&request.group_id)?;
        let generation = request.generation_id_or_member_epoch;
        let groups = &mut self.shard(partition).groups;
        let Some(group) = groups.get_mut(&request.group_id) else {
            if generation >= 0 {
                return Err(ErrorCode::IllegalGeneration);
            }
            let group = ClassicGroup::new(&request.group_id, now.as_epoch_ms());
            groups.insert(request.group_id.clone(), group);
            return Ok(partition);
        };
        let instance = request.group_instance_id.as_deref();
        if generation < 0 && group.state == GroupState::Empty {
            return Ok(partition);
        }
        if generation < 0 && request.member_id.is_empty() && instance.is_none() {
            return Err(ErrorCode::UnknownMemberId);
        }
        group.validate_member(&request.member_id, instance)?;
        if generation != group.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        if group.state == GroupState::CompletingRebalance {
            return Err(ErrorCode::RebalanceInProgress);
        }
        Ok(partition)
    }

    fn check_commit_partition(&self, id: &TopicPartition, metadata: Option<&str>) -> ErrorCode {
        let limit = self.settings.server.number("offset.metadata.max.bytes");
        if self.metadata.image.topic_by_name(&id.topic).is_none() {
            ErrorCode::UnknownTopicOrPartition
        } else if metadata.is_some_and(|text| text.len() as i64 > limit) {
            ErrorCode::OffsetMetadataTooLarge
        } else {
            ErrorCode::None
        }
    }

    /// The name of a topic in a request; `None` for an unknown id.
    fn topic_name(&self, name: &str, id: Uuid, by_id: bool) -> Option<String> {
        if !by_id {
            return Some(name.to_string());
        }
        self.metadata.image.topic(id).map(|topic| topic.name.to_string())
    }

    pub(super) fn handle_offset_fetch(&mut self, reply: &ReplyTo, request: &OffsetFetchRequest, fx: &mut Fx<'_>) {
        if reply.api_version >= GROUPS_VERSION {
            let groups = request.groups.iter().map(|group| self.fetch_offsets(group, reply.api_version)).collect();
            return self.connections.respond(reply, OffsetFetchResponse { groups, ..Default::default() }, fx);
        }
        let topics = request.topics.as_ref().map(|topics| {
            let topic =
                |topic: &protocol::messages::offset_fetch_request::OffsetFetchRequestTopic| OffsetFetchRequestTopics {
                    name: topic.name.clone(),
                    partition_indexes: topic.partition_indexes.clone(),
                    ..Default::default()
                };
            topics.iter().map(topic).collect()
        });
        let group = OffsetFetchRequestGroup { group_id: request.group_id.clone(), topics, ..Default::default() };
        let found = self.fetch_offsets(&group, reply.api_version);
        let partition = |p: OffsetFetchResponsePartitions| OffsetFetchResponsePartition {
            partition_index: p.partition_index,
            committed_offset: p.committed_offset,
            committed_leader_epoch: p.committed_leader_epoch,
            metadata: p.metadata,
            error_code: p.error_code,
            ..Default::default()
        };
        let topic = |topic: OffsetFetchResponseTopics| OffsetFetchResponseTopic {
            name: topic.name,
            partitions: topic.partitions.into_iter().map(partition).collect(),
            ..Default::default()
        };
        let response = OffsetFetchResponse {
            topics: found.topics.into_iter().map(topic).collect(),
            error_code: found.error_code,
            ..Default::default()
        };
        self.connections.respond(reply, response, fx);
    }

    /// The offsets of one group, of the topics asked for or of all it has.
    fn fetch_offsets(&self, asked: &OffsetFetchRequestGroup, api_version: i16) -> OffsetFetchResponseGroup {
        let mut answer = OffsetFetchResponseGroup { group_id: asked.group_id.clone(), ..Default::default() };
        let shard = match self.shard_of(&asked.group_id) {
            Ok(partition) => self.groups.shards.get(&partition),
            Err(error) => {
                answer.error_code = error.code();
                return answer;
            }
        };
        let none = Map::new();
        let offsets = shard.and_then(|shard| shard.offsets.get(&asked.group_id)).unwrap_or(&none);
        let by_id = api_version >= TOPIC_ID_VERSION;
        let Some(topics) = &asked.topics else {
            answer.topics = all_offsets(offsets);
            return answer;
        };
        for topic in topics {
            let name = self.topic_name(&topic.name, topic.topic_id, by_id);
            let partition = |index: &i32| match &name {
                Some(name) => partition_offset(*index, offsets.get(&TopicPartition::new(name.clone(), *index))),
                None => OffsetFetchResponsePartitions {
                    error_code: ErrorCode::UnknownTopicId.code(),
                    ..partition_offset(*index, None)
                },
            };
            answer.topics.push(OffsetFetchResponseTopics {
                name: topic.name.clone(),
                topic_id: topic.topic_id,
                partitions: topic.partition_indexes.iter().map(partition).collect(),
                ..Default::default()
            });
        }
        answer
    }

    pub(super) fn handle_offset_delete(
        &mut self,
        now: Micros,
        reply: &ReplyTo,
        request: &OffsetDeleteRequest,
        fx: &mut Fx<'_>,
    ) {
        let checked = self.shard_of(&request.group_id).and_then(|partition| {
            let group = self.shard(partition).groups.get(&request.group_id).ok_or(ErrorCode::GroupIdNotFound)?;
            if group.state == GroupState::Empty { Ok(partition) } else { Err(ErrorCode::NonEmptyGroup) }
        });
        let partition = match checked {
            Ok(partition) => partition,
            Err(error) => {
                let response = OffsetDeleteResponse { error_code: error.code(), ..Default::default() };
                return self.connections.respond(reply, response, fx);
            }
        };
        let mut written = Vec::new();
        let mut topics = Vec::new();
        for topic in &request.topics {
            let mut partitions = Vec::new();
            for asked in &topic.partitions {
                let id = TopicPartition::new(topic.name.clone(), asked.partition_index);
                let offsets = self.shard(partition).offsets.get_mut(&request.group_id);
                if offsets.is_some_and(|offsets| offsets.remove(&id).is_some()) {
                    written.extend(records::offset_tombstone(&request.group_id, &id));
                }
                let partition_index = asked.partition_index;
                partitions.push(OffsetDeleteResponsePartition { partition_index, ..Default::default() });
            }
            topics.push(OffsetDeleteResponseTopic { name: topic.name.clone(), partitions });
        }
        let response = OffsetDeleteResponse { topics, ..Default::default() };
        if written.is_empty() {
            return self.connections.respond(reply, response, fx);
        }
        let then = AfterWrite::Reply { reply: *reply, response: Arc::new(response.into()) };
        self.write_records(now, partition, written, then, fx);
    }

    /// Offsets of deleted topics are forgotten, so that a new topic of the same name is read from its beginning.
    pub(in crate::broker) fn forget_offsets_of(&mut self, now: Micros, topic: &str, fx: &mut Fx<'_>) {
        for partition in self.groups.shards.keys().copied().collect::<Vec<_>>() {
            let written = forget_in(self.shard(partition), topic);
            if !written.is_empty() {
                self.write_records(now, partition, written, AfterWrite::Nothing, fx);
            }
        }
    }
}

fn forget_in(shard: &mut Shard, topic: &str) -> Vec<GroupRecord> {
    let mut written = Vec::new();
    for (group, offsets) in &mut shard.offsets {
        offsets.retain(|id, _| {
            let keep = id.topic != topic;
            if !keep {
                written.extend(records::offset_tombstone(group, id));
            }
            keep
        });
    }
    written
}

fn partition_offset(index: i32, offset: Option<&CommittedOffset>) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions {
        partition_index: index,
        committed_offset: offset.map_or(-1, |offset| offset.offset),
        committed_leader_epoch: offset.map_or(-1, |offset| offset.leader_epoch),
        metadata: Some(offset.map(|offset| offset.metadata.clone()).unwrap_or_default()),
        ..Default::default()
    }
}

fn all_offsets(offsets: &Map<TopicPartition, CommittedOffset>) -> Vec<OffsetFetchResponseTopics> {
    let mut topics: Vec<OffsetFetchResponseTopics> = Vec::new();
    for (id, offset) in offsets {
        if topics.last().is_none_or(|topic| topic.name != id.topic) {
            topics.push(OffsetFetchResponseTopics {
                name: id.topic.to_string(),
                topic_id: offset.topic_id,
                ..Default::default()
            });
        }
        let topic = topics.last_mut().expect("pushed above");
        topic.partitions.push(partition_offset(id.partition, Some(offset)));
    }
    topics
}

/// The answer to a request whose records could not be written.
pub(super) fn failed(response: Arc<Response>, error: ErrorCode) -> Arc<Response> {
    let told: Response = match &*response {
        Response::OffsetCommit(answer) => {
            let mut answer = answer.clone();
            for partition in answer.topics.iter_mut().flat_map(|topic| topic.partitions.iter_mut()) {
                partition.error_code = error.code();
            }
            answer.into()
        }
        Response::OffsetDelete(answer) => OffsetDeleteResponse { error_code: error.code(), ..answer.clone() }.into(),
        Response::DeleteGroups(answer) => {
            let mut answer = answer.clone();
            for result in &mut answer.results {
                result.error_code = error.code();
            }
            answer.into()
        }
        _ => return response,
    };
    told.into()
}
