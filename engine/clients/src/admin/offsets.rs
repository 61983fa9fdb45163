//! Steps of ListOffsets: find the leaders by Metadata, then ask each leader for its partitions (`ListOffsetsHandler`,
//! `PartitionLeaderStrategy`). A partition whose leader has moved is looked up again.

use std::collections::BTreeMap;

use protocol::messages::{
    ListOffsetsRequest, ListOffsetsResponse, MetadataRequest, MetadataResponse, list_offsets_request,
};
use protocol::{ErrorCode, Request, TopicPartition};

use super::call::{AdminCall, AdminReply, ListedOffset, PerItem};
use super::operation::{Operation, Reaction, Step, by_topic, metadata_topics};
use crate::error::KafkaError;

const HANDLER: &str = "org.apache.kafka.clients.admin.internals.ListOffsetsHandler";
const STRATEGY: &str = "org.apache.kafka.clients.admin.internals.PartitionLeaderStrategy";

pub(crate) fn start(operation: &mut Operation) -> Vec<Step> {
    operation.reply = Some(AdminReply::Offsets(PerItem::new()));
    if open(operation).is_empty() { Vec::new() } else { vec![Step::LookupLeaders] }
}

/// Partitions without an outcome yet.
fn open(operation: &Operation) -> Vec<TopicPartition> {
    let (AdminCall::ListOffsets { timestamps, .. }, Some(AdminReply::Offsets(items))) =
        (&operation.call, &operation.reply)
    else {
        return Vec::new();
    };
    timestamps.keys().filter(|tp| !items.contains_key(tp)).cloned().collect()
}

pub(crate) fn request(operation: &Operation, step: &Step, timeout_ms: i32) -> Request {
    let AdminCall::ListOffsets { timestamps, read_committed } = &operation.call else {
        return MetadataRequest::default().into();
    };
    let Step::ListOffsets { partitions, .. } = step else {
        let groups = by_topic(&open(operation));
        let topics = metadata_topics(groups.iter().map(|(topic, _)| topic.as_str()));
        return MetadataRequest { topics: Some(topics), allow_auto_topic_creation: false, ..Default::default() }.into();
    };
    let topic = |(name, indexes): (String, Vec<i32>)| {
        let partition = |index: &i32| list_offsets_request::ListOffsetsPartition {
            partition_index: *index,
            timestamp: timestamps.get(&TopicPartition::new(name.clone(), *index)).copied().unwrap_or(-1),
            ..Default::default()
        };
        let partitions = indexes.iter().map(partition).collect();
        list_offsets_request::ListOffsetsTopic { name, partitions, ..Default::default() }
    };
    ListOffsetsRequest {
        replica_id: -1,
        isolation_level: i8::from(*read_committed),
        topics: by_topic(partitions).into_iter().map(topic).collect(),
        timeout_ms,
        ..Default::default()
    }
    .into()
}

pub(crate) fn on_leaders(operation: &mut Operation, response: &MetadataResponse) -> Reaction {
    let open = open(operation);
    let Some(AdminReply::Offsets(items)) = &mut operation.reply else { return Reaction::done() };
    let mut leaders: BTreeMap<i32, Vec<TopicPartition>> = BTreeMap::new();
    let mut reaction = Reaction::done();
    let mut waiting = None;
    for tp in &open {
        let topic = response.topics.iter().find(|topic| topic.name.as_ref() == Some(&tp.topic));
        let topic_error = topic.map_or(ErrorCode::LeaderNotAvailable, |t| ErrorCode::from_code(t.error_code));
        let partition = topic.and_then(|t| t.partitions.iter().find(|p| p.partition_index == tp.partition));
        match (topic_error, partition) {
            (ErrorCode::None, Some(partition)) if partition.leader_id >= 0 => {
                leaders.entry(partition.leader_id).or_default().push(tp.clone());
            }
            (ErrorCode::None, _) | (ErrorCode::LeaderNotAvailable | ErrorCode::BrokerNotAvailable, _) => {
                waiting = Some(KafkaError::api(ErrorCode::LeaderNotAvailable, None));
            }
            (error, _) => {
                let why = match error {
                    ErrorCode::UnknownTopicOrPartition => format!(
                        "Failed to fetch metadata for partition {tp} because metadata for topic `{}` could not be found",
                        tp.topic
                    ),
                    _ => format!(
                        "Failed to fetch metadata for partition {tp} due to unexpected error for topic `{}`",
                        tp.topic
                    ),
                };
                reaction.errors.push((STRATEGY, format!("Received unexpected error for topic {}", tp.topic)));
                items.insert(tp.clone(), Err(KafkaError::api(error, Some(&why))));
            }
        }
    }
    reaction.next = leaders.into_iter().map(|(broker, partitions)| Step::ListOffsets { broker, partitions }).collect();
    reaction.retry = waiting;
    reaction
}

pub(crate) fn on_offsets(operation: &mut Operation, step: &Step, response: &ListOffsetsResponse) -> Reaction {
    let Step::ListOffsets { broker, partitions } = step else { return Reaction::done() };
    let Some(AdminReply::Offsets(items)) = &mut operation.reply else { return Reaction::done() };
    let mut reaction = Reaction::done();
    let (mut moved, mut again) = (false, None);
    for tp in partitions {
        let topic = response.topics.iter().find(|topic| topic.name == tp.topic);
        let Some(partition) = topic.and_then(|t| t.partitions.iter().find(|p| p.partition_index == tp.partition))
        else {
            let why = format!("The response from broker {broker} did not contain a result for topic partition {tp}");
            items.insert(tp.clone(), Err(KafkaError::api(ErrorCode::UnknownServerError, Some(&why))));
            continue;
        };
        let code = ErrorCode::from_code(partition.error_code);
        match code {
            ErrorCode::None => {
                let listed = ListedOffset {
                    offset: partition.offset,
                    timestamp: partition.timestamp,
                    leader_epoch: partition.leader_epoch,
                };
                items.insert(tp.clone(), Ok(listed));
            }
            ErrorCode::NotLeaderOrFollower | ErrorCode::LeaderNotAvailable => moved = true,
            code if code.retriable() => again = Some(KafkaError::api(code, None)),
            code => {
                let name = code.name();
                reaction.errors.push((
                    HANDLER,
                    format!("ListOffsets request for topic partition {tp} failed due to an unexpected error {name}"),
                ));
                items.insert(tp.clone(), Err(KafkaError::api(code, None)));
            }
        }
    }
    if moved {
        reaction.next = vec![Step::LookupLeaders];
    } else {
        reaction.retry = again;
    }
    reaction
}

/// `None` stands for all that are open.
pub(crate) fn fail(operation: &mut Operation, partitions: Option<&[TopicPartition]>, error: &KafkaError) {
    let failed = partitions.map_or_else(|| open(operation), <[TopicPartition]>::to_vec);
    if let Some(AdminReply::Offsets(items)) = &mut operation.reply {
        for tp in failed {
            items.entry(tp).or_insert_with(|| Err(error.clone()));
        }
    }
}
