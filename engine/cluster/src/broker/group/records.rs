//! What groups write into `__consumer_offsets` (Kafka: `GroupCoordinatorRecordHelpers`), and how it is read back.

use base::{Map, Uuid};

use bytes::Bytes;
use log::batch::{BatchBuilder, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, Record};
use protocol::coordinator::group_metadata_value::MemberMetadata;
use protocol::coordinator::{
    GroupMetadataKey, GroupMetadataValue, GroupRecordKey, GroupRecordValue, OffsetCommitKey, OffsetCommitValue,
};
use protocol::{CodecError, Records, TopicPartition};

use super::Shard;
use super::classic::{ClassicGroup, GroupState, Member};

const GROUP_METADATA_VERSION: i16 = 3;
const OFFSET_COMMIT_VERSION: i16 = 4;

/// An offset that a group has committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommittedOffset {
    pub offset: i64,
    pub leader_epoch: i32,
    pub metadata: String,
    pub committed_at_ms: i64,
    pub topic_id: Uuid,
}

/// A record of `__consumer_offsets`: key and value, no value to delete it.
pub type GroupRecord = (Bytes, Option<Bytes>);

/// One batch of records, stamped with the coordinator's time.
pub fn batch(records: &[GroupRecord], now_ms: i64) -> Records {
    // No producer writes it, and yet Kafka counts its records from 0.
    let mut builder = BatchBuilder::new(0).with_producer(NO_PRODUCER_ID, NO_PRODUCER_EPOCH, 0);
    for (key, value) in records {
        builder.append(now_ms, Some(key), value.as_deref(), &[]);
    }
    Records::verified(vec![builder.build()])
}

pub fn group_metadata(group: &ClassicGroup, assignments: &Map<String, Bytes>) -> Result<GroupRecord, CodecError> {
    let protocol = group.protocol.clone().unwrap_or_default();
    let member = |member: &Member| MemberMetadata {
        member_id: member.id.clone(),
        group_instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        rebalance_timeout: member.rebalance_timeout_ms,
        session_timeout: member.session_timeout_ms,
        subscription: member.subscription(&protocol),
        assignment: assignments.get(&member.id).cloned().unwrap_or_default(),
        ..Default::default()
    };
    let value = GroupMetadataValue {
        protocol_type: group.protocol_type.clone().unwrap_or_default(),
        generation: group.generation,
        protocol: group.protocol.clone(),
        leader: group.leader.clone(),
        current_state_timestamp: group.state_since_ms,
        members: group.members.values().map(member).collect(),
        ..Default::default()
    };
    let value = GroupRecordValue::GroupMetadata(value).encode(GROUP_METADATA_VERSION)?;
    Ok((group_key(&group.id)?, Some(value.into())))
}

/// Deletes a group.
pub fn group_tombstone(group: &str) -> Result<GroupRecord, CodecError> {
    Ok((group_key(group)?, None))
}

pub fn offset_commit(group: &str, id: &TopicPartition, offset: &CommittedOffset) -> Result<GroupRecord, CodecError> {
    let value = OffsetCommitValue {
        offset: offset.offset,
        leader_epoch: offset.leader_epoch,
        metadata: offset.metadata.clone(),
        commit_timestamp: offset.committed_at_ms,
        topic_id: offset.topic_id,
        ..Default::default()
    };
    let value = GroupRecordValue::OffsetCommit(value).encode(OFFSET_COMMIT_VERSION)?;
    Ok((offset_key(group, id)?, Some(value.into())))
}

pub fn offset_tombstone(group: &str, id: &TopicPartition) -> Result<GroupRecord, CodecError> {
    Ok((offset_key(group, id)?, None))
}

fn group_key(group: &str) -> Result<Bytes, CodecError> {
    let key = GroupMetadataKey { group: group.to_string() };
    Ok(GroupRecordKey::GroupMetadata(key).encode()?.into())
}

fn offset_key(group: &str, id: &TopicPartition) -> Result<Bytes, CodecError> {
    let key = OffsetCommitKey { group: group.to_string(), topic: id.topic.to_string(), partition: id.partition };
    Ok(GroupRecordKey::OffsetCommit(key).encode()?.into())
}

/// Folds a record of the log in, as a new coordinator does with all of them. What is no record of a classic group is
/// passed over.
pub fn replay(shard: &mut Shard, record: &Record, now_ms: i64) {
    let Some(key) = record.key.as_ref().and_then(|key| GroupRecordKey::decode(key).ok()) else { return };
    let api_key = key.api_key();
    let value = record.value.as_ref().and_then(|value| GroupRecordValue::decode(api_key, value).ok());
    match (key, value) {
        (GroupRecordKey::OffsetCommit(key), Some((GroupRecordValue::OffsetCommit(value), _))) => {
            let id = TopicPartition::new(key.topic, key.partition);
            let offset = CommittedOffset {
                offset: value.offset,
                leader_epoch: value.leader_epoch,
                metadata: value.metadata,
                committed_at_ms: value.commit_timestamp,
                topic_id: value.topic_id,
            };
            shard.offsets.entry(key.group).or_default().insert(id, offset);
        }
        (GroupRecordKey::OffsetCommit(key), None) => {
            if let Some(offsets) = shard.offsets.get_mut(&key.group) {
                offsets.remove(&TopicPartition::new(key.topic, key.partition));
            }
        }
        (GroupRecordKey::GroupMetadata(key), Some((GroupRecordValue::GroupMetadata(value), _))) => {
            shard.groups.insert(key.group.clone(), group_of(&key.group, value, now_ms));
        }
        (GroupRecordKey::GroupMetadata(key), None) => {
            shard.groups.remove(&key.group);
        }
        _ => {}
    }
}

fn group_of(id: &str, value: GroupMetadataValue, now_ms: i64) -> ClassicGroup {
    let protocol = value.protocol.clone().unwrap_or_default();
    let mut group = ClassicGroup::new(id, now_ms);
    group.state = if value.members.is_empty() { GroupState::Empty } else { GroupState::Stable };
    group.generation = value.generation;
    group.protocol_type = Some(value.protocol_type).filter(|text| !text.is_empty());
    group.protocol = value.protocol;
    group.leader = value.leader;
    group.state_since_ms = value.current_state_timestamp;
    for member in value.members {
        if let Some(instance) = &member.group_instance_id {
            group.static_members.insert(instance.clone(), member.member_id.clone());
        }
        let rebalance = if member.rebalance_timeout < 0 { member.session_timeout } else { member.rebalance_timeout };
        group.members.insert(
            member.member_id.clone(),
            Member {
                id: member.member_id,
                instance_id: member.group_instance_id,
                client_id: member.client_id,
                client_host: member.client_host,
                rebalance_timeout_ms: rebalance,
                session_timeout_ms: member.session_timeout,
                protocols: vec![(protocol.clone(), member.subscription)],
                assignment: member.assignment,
                is_new: false,
                awaiting_join: None,
                awaiting_sync: None,
            },
        );
    }
    group
}
