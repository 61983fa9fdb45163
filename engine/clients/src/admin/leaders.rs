//! Steps of the calls that go to the leaders of partitions, ListOffsets and DeleteRecords: find the leaders by Metadata,
//! then ask each leader for its partitions (`PartitionLeaderStrategy`, `ListOffsetsHandler`, `DeleteRecordsHandler`). A
//! partition whose leader has moved is looked up again.

use base::Map;

use protocol::messages::{
    DeleteRecordsRequest, ListOffsetsRequest, MetadataRequest, MetadataResponse, delete_records_request,
    list_offsets_request,
};
use protocol::{ErrorCode, Request, Response, TopicPartition};

use super::call::{AdminCall, AdminReply, ListedOffset, PerItem};
use super::operation::{Operation, Reaction, Step, by_topic, metadata_topics};
use crate::error::KafkaError;

const STRATEGY: &str = "org.apache.kafka.clients.admin.internals.PartitionLeaderStrategy";

/// Which of the calls it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LeaderApi {
    ListOffsets,
    DeleteRecords,
}

impl LeaderApi {
    /// Names of the two requests in time-out messages.
    pub fn lookup(self) -> &'static str {
        match self {
            LeaderApi::ListOffsets => "listOffsets(api=METADATA)",
            LeaderApi::DeleteRecords => "deleteRecords(api=METADATA)",
        }
    }

    pub fn fulfillment(self) -> &'static str {
        match self {
            LeaderApi::ListOffsets => "listOffsets(api=LIST_OFFSETS)",
            LeaderApi::DeleteRecords => "deleteRecords(api=DELETE_RECORDS)",
        }
    }

    /// The logger and the words of an error that cannot be helped.
    fn unexpected(self, tp: &TopicPartition, code: ErrorCode) -> (&'static str, String) {
        match self {
            LeaderApi::ListOffsets => (
                "org.apache.kafka.clients.admin.internals.ListOffsetsHandler",
                format!(
                    "ListOffsets request for topic partition {tp} failed due to an unexpected error {}",
                    code.name()
                ),
            ),
            LeaderApi::DeleteRecords => (
                "org.apache.kafka.clients.admin.internals.DeleteRecordsHandler",
                format!(
                    "DeleteRecords request for topic partition {tp} failed due to an unexpected error {}",
                    code.name()
                ),
            ),
        }
    }
}

fn api_of(call: &AdminCall) -> LeaderApi {
    match call {
        AdminCall::DeleteRecords { .. } => LeaderApi::DeleteRecords,
        _ => LeaderApi::ListOffsets,
    }
}

pub(crate) fn start(operation: &mut Operation) -> Vec<Step> {
    let api = api_of(&operation.call);
    operation.reply = Some(match api {
        LeaderApi::ListOffsets => AdminReply::Offsets(PerItem::new()),
        LeaderApi::DeleteRecords => AdminReply::LowWatermarks(PerItem::new()),
    });
    if open(operation).is_empty() { Vec::new() } else { vec![Step::LookupLeaders { api }] }
}

/// Partitions without an outcome yet.
fn open(operation: &Operation) -> Vec<TopicPartition> {
    match (&operation.call, &operation.reply) {
        (AdminCall::ListOffsets { timestamps, .. }, Some(AdminReply::Offsets(items))) => {
            timestamps.keys().filter(|tp| !items.contains_key(tp)).cloned().collect()
        }
        (AdminCall::DeleteRecords { before }, Some(AdminReply::LowWatermarks(items))) => {
            before.keys().filter(|tp| !items.contains_key(tp)).cloned().collect()
        }
        _ => Vec::new(),
    }
}

fn refuse(operation: &mut Operation, tp: &TopicPartition, error: KafkaError) {
    match &mut operation.reply {
        Some(AdminReply::Offsets(items)) => drop(items.entry(tp.clone()).or_insert(Err(error))),
        Some(AdminReply::LowWatermarks(items)) => drop(items.entry(tp.clone()).or_insert(Err(error))),
        _ => {}
    }
}

pub(crate) fn request(operation: &Operation, step: &Step, timeout_ms: i32) -> Request {
    let Step::AskLeader { partitions, .. } = step else {
        let groups = by_topic(&open(operation));
        let topics = metadata_topics(groups.iter().map(|(topic, _)| topic.as_str()));
        return MetadataRequest { topics: Some(topics), allow_auto_topic_creation: false, ..Default::default() }.into();
    };
    match &operation.call {
        AdminCall::DeleteRecords { before } => delete_request(partitions, before, timeout_ms),
        AdminCall::ListOffsets { timestamps, read_committed } => {
            list_request(partitions, timestamps, *read_committed, timeout_ms)
        }
        _ => MetadataRequest::default().into(),
    }
}

fn list_request(
    partitions: &[TopicPartition],
    timestamps: &Map<TopicPartition, i64>,
    read_committed: bool,
    timeout_ms: i32,
) -> Request {
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
        isolation_level: i8::from(read_committed),
        topics: by_topic(partitions).into_iter().map(topic).collect(),
        timeout_ms,
        ..Default::default()
    }
    .into()
}

fn delete_request(partitions: &[TopicPartition], before: &Map<TopicPartition, i64>, timeout_ms: i32) -> Request {
    let topic = |(name, indexes): (String, Vec<i32>)| {
        let partition = |index: &i32| delete_records_request::DeleteRecordsPartition {
            partition_index: *index,
            offset: before.get(&TopicPartition::new(name.clone(), *index)).copied().unwrap_or(-1),
            ..Default::default()
        };
        let partitions = indexes.iter().map(partition).collect();
        delete_records_request::DeleteRecordsTopic { name, partitions, ..Default::default() }
    };
    let topics = by_topic(partitions).into_iter().map(topic).collect();
    DeleteRecordsRequest { topics, timeout_ms, ..Default::default() }.into()
}

pub(crate) fn on_leaders(operation: &mut Operation, response: &MetadataResponse) -> Reaction {
    let api = api_of(&operation.call);
    let mut leaders: Map<i32, Vec<TopicPartition>> = Map::new();
    let mut reaction = Reaction::done();
    let mut waiting = None;
    for tp in &open(operation) {
        let topic = response.topics.iter().find(|topic| topic.name.as_deref() == Some(&*tp.topic));
        let topic_error = topic.map_or(ErrorCode::LeaderNotAvailable, |t| ErrorCode::from_code(t.error_code));
        let partition = topic.and_then(|t| t.partitions.iter().find(|p| p.partition_index == tp.partition));
        match (topic_error, partition) {
            (ErrorCode::None, Some(partition)) if partition.leader_id >= 0 => {
                leaders.entry(partition.leader_id).or_default().push(tp.clone());
            }
            (ErrorCode::None | ErrorCode::LeaderNotAvailable | ErrorCode::BrokerNotAvailable, _) => {
                waiting = Some(KafkaError::api(ErrorCode::LeaderNotAvailable, None));
            }
            // Whoever deletes records waits for the topic.
            (ErrorCode::UnknownTopicOrPartition, _) if api == LeaderApi::DeleteRecords => {
                waiting = Some(KafkaError::api(ErrorCode::UnknownTopicOrPartition, None));
            }
            (error, _) => {
                let (kind, place, why) = match error {
                    ErrorCode::UnknownTopicOrPartition => {
                        ("unknown topic", "", format!("because metadata for topic `{}` could not be found", tp.topic))
                    }
                    ErrorCode::InvalidTopicException => {
                        ("invalid topic", " in `Metadata` response", format!("due to invalid topic `{}`", tp.topic))
                    }
                    _ => (
                        "unexpected",
                        " in `Metadata` response",
                        format!("due to unexpected error for topic `{}`", tp.topic),
                    ),
                };
                reaction.errors.push((STRATEGY, format!("Received {kind} error for topic {}{place}", tp.topic)));
                let why = format!("Failed to fetch metadata for partition {tp} {why}");
                refuse(operation, tp, KafkaError::api(error, Some(&why)));
            }
        }
    }
    let ask = |(broker, partitions)| Step::AskLeader { api, broker, partitions };
    reaction.next = leaders.into_iter().map(ask).collect();
    reaction.retry = waiting;
    reaction
}

/// What a leader said of one partition.
fn outcome(response: &Response, tp: &TopicPartition) -> Option<(ErrorCode, ListedOffset)> {
    match response {
        Response::ListOffsets(response) => {
            let topic = response.topics.iter().find(|topic| topic.name == tp.topic)?;
            let found = topic.partitions.iter().find(|p| p.partition_index == tp.partition)?;
            let listed =
                ListedOffset { offset: found.offset, timestamp: found.timestamp, leader_epoch: found.leader_epoch };
            Some((ErrorCode::from_code(found.error_code), listed))
        }
        Response::DeleteRecords(response) => {
            let topic = response.topics.iter().find(|topic| topic.name == tp.topic)?;
            let found = topic.partitions.iter().find(|p| p.partition_index == tp.partition)?;
            let listed = ListedOffset { offset: found.low_watermark, timestamp: -1, leader_epoch: -1 };
            Some((ErrorCode::from_code(found.error_code), listed))
        }
        _ => None,
    }
}

pub(crate) fn on_answer(operation: &mut Operation, step: &Step, response: &Response) -> Reaction {
    let Step::AskLeader { api, broker, partitions } = step else { return Reaction::done() };
    let mut reaction = Reaction::done();
    let (mut moved, mut again) = (false, None);
    for tp in partitions {
        let Some((code, listed)) = outcome(response, tp) else {
            let why = format!("The response from broker {broker} did not contain a result for topic partition {tp}");
            refuse(operation, tp, KafkaError::api(ErrorCode::UnknownServerError, Some(&why)));
            continue;
        };
        match code {
            ErrorCode::None => match &mut operation.reply {
                Some(AdminReply::Offsets(items)) => drop(items.insert(tp.clone(), Ok(listed))),
                Some(AdminReply::LowWatermarks(items)) => drop(items.insert(tp.clone(), Ok(listed.offset))),
                _ => {}
            },
            ErrorCode::NotLeaderOrFollower | ErrorCode::LeaderNotAvailable => moved = true,
            code if code.retriable() => again = Some(KafkaError::api(code, None)),
            code => {
                reaction.errors.push(api.unexpected(tp, code));
                refuse(operation, tp, KafkaError::api(code, None));
            }
        }
    }
    if moved {
        reaction.next = vec![Step::LookupLeaders { api: *api }];
    } else {
        reaction.retry = again;
    }
    reaction
}

/// `None` stands for all that are open.
pub(crate) fn fail(operation: &mut Operation, partitions: Option<&[TopicPartition]>, error: &KafkaError) {
    let failed = partitions.map_or_else(|| open(operation), <[TopicPartition]>::to_vec);
    for tp in failed {
        refuse(operation, &tp, error.clone());
    }
}
