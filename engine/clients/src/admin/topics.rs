//! Steps of the calls about topics: create, delete, more partitions, describe.

use base::{Map, Uuid};

use protocol::java::{hash_map_order, java_string_hash};
use protocol::messages::{
    CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest, DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse, MetadataRequest, MetadataResponse, create_partitions_request,
    create_topics_request, delete_topics_request, describe_topic_partitions_request, metadata_response,
};
use protocol::{ErrorCode, Request, Response};

use super::call::{
    AdminCall, AdminReply, NewPartitions, NewTopic, PartitionDescription, TopicDescription, TopicSelection,
};
use super::operation::{Operation, Reaction, Step, metadata_ids, metadata_nodes, metadata_topics};
use crate::error::KafkaError;

/// How far describing has come: DescribeTopicPartitions answers in pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Progress {
    /// Topics not yet described, in the order they are asked for.
    open: Vec<String>,
    /// A topic of which more partitions are to come.
    partial: Option<TopicDescription>,
}

/// A name that the protocol cannot carry fails without a request.
fn unrepresentable(name: &str) -> Option<KafkaError> {
    let why = format!("The given topic name '{name}' cannot be represented in a request.");
    name.is_empty().then(|| KafkaError::api(ErrorCode::InvalidTopicException, Some(&why)))
}

pub(crate) fn start(operation: &mut Operation) -> Vec<Step> {
    let (names, step): (Vec<String>, Step) = match &operation.call {
        AdminCall::CreateTopics { topics, .. } => {
            (topics.iter().map(|topic| topic.name.clone()).collect(), Step::CreateTopics)
        }
        AdminCall::DeleteTopics { topics } => (topics.clone(), Step::DeleteTopics),
        AdminCall::CreatePartitions { topics } => (topics.keys().cloned().collect(), Step::CreatePartitions),
        _ => return Vec::new(),
    };
    let refused: Map<_, _> =
        names.iter().filter_map(|name| Some((name.clone(), Err(unrepresentable(name)?)))).collect();
    let all_refused = refused.len() == names.len();
    operation.reply = Some(AdminReply::PerTopic(refused));
    if all_refused { Vec::new() } else { vec![step] }
}

pub(crate) fn start_describe(operation: &mut Operation) -> Vec<Step> {
    let AdminCall::DescribeTopics { topics: TopicSelection::Names(names), .. } = &operation.call else {
        return Vec::new();
    };
    let mut open = Vec::new();
    let mut refused = Map::new();
    for name in names {
        match unrepresentable(name) {
            Some(error) => drop(refused.insert(name.clone(), Err(error))),
            None => open.push(name.clone()),
        }
    }
    base::ordered::sort(&mut open);
    open.dedup();
    let nothing_to_ask = open.is_empty();
    operation.topics.open = open;
    operation.reply = Some(AdminReply::Descriptions(refused));
    if nothing_to_ask { Vec::new() } else { vec![Step::ListNodes] }
}

pub(crate) fn request(operation: &Operation, step: &Step, timeout_ms: i32) -> Request {
    match (&operation.call, step) {
        (AdminCall::CreateTopics { topics, validate_only }, Step::CreateTopics) => CreateTopicsRequest {
            topics: topics.iter().filter(|topic| !topic.name.is_empty()).map(creatable).collect(),
            timeout_ms,
            validate_only: *validate_only,
            ..Default::default()
        }
        .into(),
        (AdminCall::DeleteTopics { topics }, Step::DeleteTopics) => {
            let state = |name: &String| delete_topics_request::DeleteTopicState {
                name: Some(name.clone()),
                ..Default::default()
            };
            let topics = topics.iter().filter(|name| !name.is_empty()).map(state).collect();
            DeleteTopicsRequest { topics, timeout_ms, ..Default::default() }.into()
        }
        (AdminCall::CreatePartitions { topics }, _) => {
            let topics = topics.iter().filter(|(name, _)| !name.is_empty()).map(grown).collect();
            CreatePartitionsRequest { topics, timeout_ms, ..Default::default() }.into()
        }
        _ => MetadataRequest::default().into(),
    }
}

fn creatable(topic: &NewTopic) -> create_topics_request::CreatableTopic {
    let assignment = |(partition, brokers): (&i32, &Vec<i32>)| create_topics_request::CreatableReplicaAssignment {
        partition_index: *partition,
        broker_ids: brokers.clone(),
        ..Default::default()
    };
    let config = |(name, value): (&String, &String)| create_topics_request::CreatableTopicConfig {
        name: name.clone(),
        value: Some(value.clone()),
        ..Default::default()
    };
    // From a `HashMap`.
    let configs = hash_map_order(topic.configs.iter().collect(), |(name, _)| java_string_hash(name));
    create_topics_request::CreatableTopic {
        name: topic.name.clone(),
        num_partitions: topic.partitions,
        replication_factor: topic.replication_factor,
        assignments: topic.assignments.iter().map(assignment).collect(),
        configs: configs.into_iter().map(config).collect(),
        ..Default::default()
    }
}

fn grown((name, partitions): (&String, &NewPartitions)) -> create_partitions_request::CreatePartitionsTopic {
    let assignment = |brokers: &Vec<i32>| create_partitions_request::CreatePartitionsAssignment {
        broker_ids: brokers.clone(),
        ..Default::default()
    };
    create_partitions_request::CreatePartitionsTopic {
        name: name.clone(),
        count: partitions.total,
        assignments: partitions.assignments.as_ref().map(|list| list.iter().map(assignment).collect()),
        ..Default::default()
    }
}

/// CreateTopics, DeleteTopics and CreatePartitions answer alike: a code and perhaps words for each topic.
pub(crate) fn on_response(operation: &mut Operation, response: &Response) -> Reaction {
    let results: Vec<(String, i16, Option<&str>)> = match response {
        Response::CreateTopics(response) => {
            response.topics.iter().map(|t| (t.name.clone(), t.error_code, t.error_message.as_deref())).collect()
        }
        Response::DeleteTopics(response) => response
            .responses
            .iter()
            .map(|t| (t.name.clone().unwrap_or_default(), t.error_code, t.error_message.as_deref()))
            .collect(),
        Response::CreatePartitions(response) => {
            response.results.iter().map(|t| (t.name.clone(), t.error_code, t.error_message.as_deref())).collect()
        }
        _ => Vec::new(),
    };
    if results.iter().any(|(_, code, _)| *code == ErrorCode::NotController.code()) {
        return Reaction::not_controller();
    }
    let asked = asked_topics(&operation.call);
    let Some(AdminReply::PerTopic(items)) = &mut operation.reply else { return Reaction::done() };
    for (name, code, message) in results {
        let code = ErrorCode::from_code(code);
        items.insert(name, if code.is_none() { Ok(()) } else { Err(KafkaError::api(code, message)) });
    }
    for name in asked {
        let why = format!("The controller response did not contain a result for topic {name}");
        items.entry(name).or_insert_with(|| Err(KafkaError::api(ErrorCode::UnknownServerError, Some(&why))));
    }
    Reaction::done()
}

pub(crate) fn fail(operation: &mut Operation, error: &KafkaError) {
    let asked = asked_topics(&operation.call);
    let Some(AdminReply::PerTopic(items)) = &mut operation.reply else { return };
    for name in asked {
        items.entry(name).or_insert_with(|| Err(error.clone()));
    }
}

fn asked_topics(call: &AdminCall) -> Vec<String> {
    match call {
        AdminCall::CreateTopics { topics, .. } => topics.iter().map(|topic| topic.name.clone()).collect(),
        AdminCall::DeleteTopics { topics } => topics.clone(),
        AdminCall::CreatePartitions { topics } => topics.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

pub(crate) fn describe_request(operation: &Operation, step: &Step) -> Request {
    let AdminCall::DescribeTopics { topics, partition_limit } = &operation.call else {
        return MetadataRequest::default().into();
    };
    if *step == Step::DescribeTopicPartitions {
        let progress = &operation.topics;
        let topic = |name: &String| describe_topic_partitions_request::TopicRequest {
            name: name.clone(),
            ..Default::default()
        };
        let cursor = progress.partial.as_ref().map(|partial| describe_topic_partitions_request::Cursor {
            topic_name: partial.name.clone(),
            partition_index: i32::try_from(partial.partitions.len()).unwrap_or(i32::MAX),
            ..Default::default()
        });
        return DescribeTopicPartitionsRequest {
            topics: progress.open.iter().map(topic).collect(),
            response_partition_limit: *partition_limit,
            cursor,
            ..Default::default()
        }
        .into();
    }
    let topics = match topics {
        TopicSelection::Names(_) => metadata_topics(operation.topics.open.iter().map(String::as_str)),
        TopicSelection::Ids(ids) => metadata_ids(ids),
    };
    MetadataRequest { topics: Some(topics), allow_auto_topic_creation: false, ..Default::default() }.into()
}

/// A page of descriptions; the next one is asked for while topics are open.
pub(crate) fn on_described(operation: &mut Operation, response: &DescribeTopicPartitionsResponse) -> Reaction {
    let known: Vec<i32> = operation.nodes.iter().map(|node| node.id).collect();
    let progress = &mut operation.topics;
    let Some(AdminReply::Descriptions(items)) = &mut operation.reply else { return Reaction::done() };
    let mut cursor = response.next_cursor.as_ref().map(|cursor| cursor.topic_name.clone());
    let mut next_partial = None;
    let before = progress.open.len();
    for topic in &response.topics {
        let name = topic.name.clone().unwrap_or_default();
        let code = ErrorCode::from_code(topic.error_code);
        if !code.is_none() {
            items.insert(name.clone(), Err(KafkaError::api(code, None)));
            progress.open.retain(|open| *open != name);
            cursor = cursor.filter(|at| *at != name);
            continue;
        }
        let partition =
            |p: &protocol::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponsePartition| {
                PartitionDescription {
                    partition: p.partition_index,
                    leader: Some(p.leader_id).filter(|leader| known.contains(leader)),
                    replicas: p.replica_nodes.clone(),
                    isr: p.isr_nodes.clone(),
                    elr: Some(p.eligible_leader_replicas.clone().unwrap_or_default()),
                    last_known_elr: Some(p.last_known_elr.clone().unwrap_or_default()),
                }
            };
        let partitions: Vec<PartitionDescription> = topic.partitions.iter().map(partition).collect();
        if let Some(partial) = progress.partial.as_mut().filter(|partial| partial.name == name) {
            partial.partitions.extend(partitions);
            continue;
        }
        let description =
            TopicDescription { name: name.clone(), id: topic.topic_id, internal: topic.is_internal, partitions };
        if cursor.as_ref() == Some(&name) {
            next_partial = Some(description);
            continue;
        }
        progress.open.retain(|open| *open != name);
        items.insert(name, Ok(description));
    }
    if let Some(finished) = progress.partial.take_if(|partial| cursor.as_ref() != Some(&partial.name)) {
        progress.open.retain(|open| *open != finished.name);
        items.insert(finished.name.clone(), Ok(finished));
    }
    let more_to_come = next_partial.is_some() || progress.partial.is_some() || progress.open.len() < before;
    progress.partial = next_partial.or(progress.partial.take());
    if progress.open.is_empty() {
        return Reaction::done();
    }
    if !more_to_come {
        // A page that brings nothing would be asked for for ever.
        let why = "The node response did not contain a result for all topics";
        fail_described(operation, &KafkaError::api(ErrorCode::UnknownServerError, Some(why)));
        return Reaction::done();
    }
    Reaction::then(vec![Step::DescribeTopicPartitions])
}

/// Descriptions through the Metadata API: without eligible leader replicas.
pub(crate) fn on_metadata(operation: &mut Operation, response: &MetadataResponse) -> Reaction {
    let AdminCall::DescribeTopics { topics, .. } = &operation.call else { return Reaction::done() };
    let known: Vec<i32> = metadata_nodes(response).iter().map(|node| node.id).collect();
    let describe = |topic: &metadata_response::MetadataResponseTopic| {
        let code = ErrorCode::from_code(topic.error_code);
        if code.is_none() { Ok(described(topic, &known)) } else { Err(KafkaError::api(code, None)) }
    };
    match topics {
        TopicSelection::Ids(ids) => {
            let mut items = Map::new();
            for id in ids {
                let found = response.topics.iter().find(|topic| topic.topic_id == *id);
                items.insert(*id, found.map_or_else(|| Err(unknown_id(*id)), describe));
            }
            operation.reply = Some(AdminReply::DescriptionsById(items));
        }
        TopicSelection::Names(_) => {
            let open = std::mem::take(&mut operation.topics.open);
            let Some(AdminReply::Descriptions(items)) = &mut operation.reply else { return Reaction::done() };
            for name in open {
                let found = response.topics.iter().find(|topic| topic.name.as_ref() == Some(&name));
                let why = format!("Topic {name} not found.");
                let missing = || Err(KafkaError::api(ErrorCode::UnknownTopicOrPartition, Some(&why)));
                items.insert(name.clone(), found.map_or_else(missing, describe));
            }
        }
    }
    Reaction::done()
}

pub(crate) fn fail_described(operation: &mut Operation, error: &KafkaError) {
    let open = std::mem::take(&mut operation.topics.open);
    match &mut operation.reply {
        Some(AdminReply::Descriptions(items)) => {
            items.extend(open.into_iter().map(|name| (name, Err(error.clone()))));
        }
        _ => operation.failure = Some(error.clone()),
    }
}

fn unknown_id(id: Uuid) -> KafkaError {
    let why = format!("TopicId {id} not found.");
    KafkaError::api(ErrorCode::UnknownTopicId, Some(&why))
}

fn described(topic: &metadata_response::MetadataResponseTopic, known: &[i32]) -> TopicDescription {
    let partition = |p: &metadata_response::MetadataResponsePartition| PartitionDescription {
        partition: p.partition_index,
        leader: Some(p.leader_id).filter(|leader| known.contains(leader)),
        replicas: p.replica_nodes.clone(),
        isr: p.isr_nodes.clone(),
        elr: None,
        last_known_elr: None,
    };
    TopicDescription {
        name: topic.name.clone().unwrap_or_default(),
        id: topic.topic_id,
        internal: topic.is_internal,
        partitions: topic.partitions.iter().map(partition).collect(),
    }
}
