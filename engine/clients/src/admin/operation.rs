//! One call of a user as steps: requests to send, and what their answers lead to. Knows no connections and no time.

use base::{Micros, Uuid};
use protocol::messages::metadata_request::MetadataRequestTopic;
use protocol::messages::{
    DescribeClusterRequest, ElectLeadersRequest, ListPartitionReassignmentsRequest, MetadataRequest, MetadataResponse,
    elect_leaders_request, list_partition_reassignments_request,
};
use protocol::{ErrorCode, Request, Response, TopicPartition};

use super::call::{
    AdminCall, AdminReply, ClusterDescription, ElectionType, Reassignment, TopicListing, TopicSelection,
};
use super::leaders::{self, LeaderApi};
use super::refresh::CONTROLLER_ENDPOINTS;
use super::{configs, single, topics};
use crate::error::{self, KafkaError};
use crate::metadata::nodes_of;
use crate::node::Node;

/// `EndpointType.BROKER`
const BROKER_ENDPOINTS: i8 = 1;

/// Which node a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    LeastLoaded,
    /// What metadata calls the controller: in KRaft some live broker, which forwards.
    Controller,
    Broker(i32),
}

/// One request of a call (Java's `Call`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The client's own refresh, not part of any user's call.
    FetchMetadata,
    CreateTopics,
    DeleteTopics,
    CreatePartitions,
    ListTopics,
    /// The nodes, as DescribeCluster tells them; before topics are described.
    ListNodes,
    DescribeTopicPartitions,
    DescribeTopicsByMetadata,
    /// Resources that one broker, or any, is asked about.
    DescribeConfigs {
        node: Option<i32>,
    },
    IncrementalAlterConfigs {
        node: Option<i32>,
    },
    LookupLeaders {
        api: LeaderApi,
    },
    AskLeader {
        api: LeaderApi,
        broker: i32,
        partitions: Vec<TopicPartition>,
    },
    ElectLeaders,
    ListReassignments,
    /// The request of a call that is one request (a node).
    Ask {
        name: &'static str,
        target: Target,
    },
}

impl Step {
    /// The call's name in time-out messages.
    pub fn name(&self) -> &'static str {
        match self {
            Step::FetchMetadata => "fetchMetadata",
            Step::CreateTopics => "createTopics",
            Step::DeleteTopics => "deleteTopics",
            Step::CreatePartitions => "createPartitions",
            Step::ListTopics => "listTopics",
            Step::ListNodes => "listNodes",
            Step::DescribeTopicPartitions => "describeTopicPartitions",
            Step::DescribeTopicsByMetadata => "describeTopics",
            Step::DescribeConfigs { .. } => "describeConfigs",
            Step::IncrementalAlterConfigs { .. } => "incrementalAlterConfigs",
            Step::LookupLeaders { api } => api.lookup(),
            Step::AskLeader { api, .. } => api.fulfillment(),
            Step::ElectLeaders => "electLeaders",
            Step::ListReassignments => "listPartitionReassignments",
            Step::Ask { name, .. } => name,
        }
    }

    pub fn target(&self) -> Target {
        match self {
            Step::CreateTopics | Step::DeleteTopics | Step::CreatePartitions => Target::Controller,
            Step::ElectLeaders | Step::ListReassignments => Target::Controller,
            Step::DescribeConfigs { node: Some(id) } | Step::IncrementalAlterConfigs { node: Some(id) } => {
                Target::Broker(*id)
            }
            Step::AskLeader { broker, .. } => Target::Broker(*broker),
            Step::Ask { target, .. } => *target,
            _ => Target::LeastLoaded,
        }
    }
}

/// What an answer leads to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reaction {
    /// Requests to send next.
    pub next: Vec<Step>,
    /// The same request again after a back-off, because of this.
    pub retry: Option<KafkaError>,
    /// The controller that metadata named is none (any more).
    pub controller_moved: bool,
    /// ERROR lines: logger, text.
    pub errors: Vec<(&'static str, String)>,
}

impl Reaction {
    pub fn done() -> Reaction {
        Reaction::default()
    }

    pub fn then(next: Vec<Step>) -> Reaction {
        Reaction { next, ..Reaction::default() }
    }

    pub fn again(error: KafkaError) -> Reaction {
        Reaction { retry: Some(error), ..Reaction::default() }
    }

    /// `handleNotControllerError`: metadata is refreshed, then the request is sent again.
    pub fn not_controller() -> Reaction {
        let error = KafkaError::api(ErrorCode::NotController, None);
        Reaction { retry: Some(error), controller_moved: true, ..Reaction::default() }
    }
}

/// A call under way: what was asked and what is known so far.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Operation {
    pub call: AdminCall,
    pub reply: Option<AdminReply>,
    /// Set when the call failed as a whole and its reply has no items to carry that.
    pub failure: Option<KafkaError>,
    pub nodes: Vec<Node>,
    pub topics: topics::Progress,
    /// The client talks to controllers.
    pub controllers: bool,
}

impl Operation {
    pub fn new(call: AdminCall, controllers: bool) -> Operation {
        let topics = topics::Progress::default();
        Operation { call, reply: None, failure: None, nodes: Vec::new(), topics, controllers }
    }

    /// The first requests, and an immediate end for items that no request can carry.
    pub fn start(&mut self) -> Vec<Step> {
        if self.controllers && needs_broker(&self.call) {
            let class = "org.apache.kafka.common.errors.UnsupportedEndpointTypeException";
            let why = "This Admin API is not yet supported when communicating directly with the controller quorum.";
            single::fail(self, Target::LeastLoaded, &KafkaError::new(class, why));
            return Vec::new();
        }
        if let Some(steps) = single::start(self) {
            return steps;
        }
        match &self.call {
            AdminCall::CreateTopics { .. } | AdminCall::DeleteTopics { .. } | AdminCall::CreatePartitions { .. } => {
                topics::start(self)
            }
            AdminCall::ListTopics { .. } => vec![Step::ListTopics],
            AdminCall::DescribeTopics { topics: TopicSelection::Names(_), .. } => topics::start_describe(self),
            AdminCall::DescribeTopics { .. } => vec![Step::DescribeTopicsByMetadata],
            AdminCall::DescribeCluster { .. } => vec![Step::ListNodes],
            AdminCall::DescribeConfigs { .. } | AdminCall::IncrementalAlterConfigs { .. } => configs::start(self),
            AdminCall::ListOffsets { .. } | AdminCall::DeleteRecords { .. } => leaders::start(self),
            AdminCall::ElectLeaders { .. } => vec![Step::ElectLeaders],
            AdminCall::ListPartitionReassignments { .. } => vec![Step::ListReassignments],
            _ => Vec::new(),
        }
    }

    pub fn request(&self, step: &Step, timeout: Micros) -> Request {
        let timeout_ms = i32::try_from(timeout.as_ms()).unwrap_or(i32::MAX);
        match step {
            // The client's own request; see `Refresh::request_body`.
            Step::FetchMetadata => MetadataRequest::default().into(),
            Step::ListTopics => MetadataRequest { topics: None, ..Default::default() }.into(),
            Step::CreateTopics | Step::DeleteTopics | Step::CreatePartitions => topics::request(self, step, timeout_ms),
            Step::DescribeTopicPartitions | Step::DescribeTopicsByMetadata => topics::describe_request(self, step),
            Step::ListNodes => {
                let include_fenced = matches!(self.call, AdminCall::DescribeCluster { include_fenced: true });
                let endpoint_type = if self.controllers { CONTROLLER_ENDPOINTS } else { BROKER_ENDPOINTS };
                let include_fenced_brokers = include_fenced;
                DescribeClusterRequest { include_fenced_brokers, endpoint_type, ..Default::default() }.into()
            }
            Step::DescribeConfigs { node } | Step::IncrementalAlterConfigs { node } => configs::request(self, *node),
            Step::LookupLeaders { .. } | Step::AskLeader { .. } => leaders::request(self, step, timeout_ms),
            Step::ElectLeaders => elect_request(&self.call, timeout_ms),
            Step::ListReassignments => reassignments_request(&self.call, timeout_ms),
            Step::Ask { target, .. } => single::request(self, *target, timeout_ms),
        }
    }

    pub fn on_response(&mut self, step: &Step, response: &Response) -> Reaction {
        if let Some(reaction) = single::on_response(self, step, response) {
            return reaction;
        }
        match response {
            Response::Metadata(response) => match step {
                Step::ListTopics => self.on_topics(response),
                Step::LookupLeaders { .. } => leaders::on_leaders(self, response),
                _ => topics::on_metadata(self, response),
            },
            Response::CreateTopics(_) | Response::DeleteTopics(_) | Response::CreatePartitions(_) => {
                topics::on_response(self, response)
            }
            Response::DescribeTopicPartitions(response) => topics::on_described(self, response),
            Response::DescribeCluster(response) => self.on_nodes(response),
            Response::DescribeConfigs(response) => configs::on_described(self, response),
            Response::IncrementalAlterConfigs(response) => configs::on_altered(self, response),
            Response::ListOffsets(_) | Response::DeleteRecords(_) => leaders::on_answer(self, step, response),
            Response::ElectLeaders(response) => self.on_elected(response),
            Response::ListPartitionReassignments(response) => self.on_reassignments(response),
            _ => {
                let why = format!("Unexpected answer to {}", step.name());
                self.on_failure(step, &KafkaError::new(error::KAFKA, why));
                Reaction::done()
            }
        }
    }

    /// A request failed for good. Returns what to do instead, if there is a way.
    pub fn on_failure(&mut self, step: &Step, error: &KafkaError) -> Vec<Step> {
        match step {
            Step::DescribeTopicPartitions if error.class == error::UNSUPPORTED_VERSION => {
                return vec![Step::DescribeTopicsByMetadata];
            }
            Step::CreateTopics | Step::DeleteTopics | Step::CreatePartitions => topics::fail(self, error),
            Step::DescribeTopicPartitions | Step::DescribeTopicsByMetadata => topics::fail_described(self, error),
            Step::DescribeConfigs { node } | Step::IncrementalAlterConfigs { node } => {
                configs::fail(self, *node, error)
            }
            Step::LookupLeaders { .. } => leaders::fail(self, None, error),
            Step::Ask { target, .. } => single::fail(self, *target, error),
            Step::AskLeader { partitions, .. } => leaders::fail(self, Some(partitions.as_slice()), error),
            Step::ListNodes if matches!(self.call, AdminCall::DescribeTopics { .. }) => {
                topics::fail_described(self, error)
            }
            _ => self.failure = Some(error.clone()),
        }
        Vec::new()
    }

    /// The call's outcome once no request is open any more.
    pub fn into_result(self) -> Result<AdminReply, KafkaError> {
        match (self.failure, self.reply) {
            (Some(error), _) => Err(error),
            (None, Some(reply)) => Ok(reply),
            (None, None) => Err(KafkaError::new(error::KAFKA, "The call ended without an answer")),
        }
    }

    fn on_topics(&mut self, response: &MetadataResponse) -> Reaction {
        let AdminCall::ListTopics { internal } = self.call else { return Reaction::done() };
        let mut listings: Vec<TopicListing> = response
            .topics
            .iter()
            .filter(|topic| internal || !topic.is_internal)
            .filter_map(|topic| {
                Some(TopicListing { name: topic.name.clone()?, id: topic.topic_id, internal: topic.is_internal })
            })
            .collect();
        base::ordered::sort_by(&mut listings, |a, b| a.name.cmp(&b.name));
        self.reply = Some(AdminReply::Topics(listings));
        Reaction::done()
    }

    fn on_nodes(&mut self, response: &protocol::messages::DescribeClusterResponse) -> Reaction {
        let code = ErrorCode::from_code(response.error_code);
        if !code.is_none() {
            let error = KafkaError::api(code, response.error_message.as_deref());
            if error.retriable {
                return Reaction::again(error);
            }
            self.on_failure(&Step::ListNodes, &error);
            return Reaction::done();
        }
        let node = |broker: &protocol::messages::describe_cluster_response::DescribeClusterBroker| Node {
            id: broker.broker_id,
            host: broker.host.clone(),
            port: u16::try_from(broker.port).unwrap_or(0),
            rack: broker.rack.clone(),
            fenced: broker.is_fenced,
        };
        self.nodes = response.brokers.iter().map(node).collect();
        if matches!(self.call, AdminCall::DescribeTopics { .. }) {
            return Reaction::then(vec![Step::DescribeTopicPartitions]);
        }
        self.reply = Some(AdminReply::Cluster(ClusterDescription {
            cluster_id: response.cluster_id.clone(),
            controller: (response.controller_id >= 0).then_some(response.controller_id),
            nodes: self.nodes.clone(),
        }));
        Reaction::done()
    }

    fn on_elected(&mut self, response: &protocol::messages::ElectLeadersResponse) -> Reaction {
        let code = ErrorCode::from_code(response.error_code);
        if code == ErrorCode::NotController {
            return Reaction::not_controller();
        }
        if !code.is_none() {
            self.failure = Some(KafkaError::api(code, None));
            return Reaction::done();
        }
        let results = response.replica_election_results.iter().flat_map(|topic| {
            topic.partition_result.iter().map(|partition| {
                let code = ErrorCode::from_code(partition.error_code);
                let error = KafkaError::api(code, partition.error_message.as_deref());
                let tp = TopicPartition::new(topic.topic.clone(), partition.partition_id);
                (tp, if code.is_none() { Ok(()) } else { Err(error) })
            })
        });
        self.reply = Some(AdminReply::Elections(results.collect()));
        Reaction::done()
    }

    fn on_reassignments(&mut self, response: &protocol::messages::ListPartitionReassignmentsResponse) -> Reaction {
        let code = ErrorCode::from_code(response.error_code);
        if code == ErrorCode::NotController {
            return Reaction::not_controller();
        }
        if !code.is_none() {
            self.failure = Some(KafkaError::api(code, response.error_message.as_deref()));
            return Reaction::done();
        }
        let ongoing = response.topics.iter().flat_map(|topic| {
            topic.partitions.iter().map(|partition| {
                let reassignment = Reassignment {
                    replicas: partition.replicas.clone(),
                    adding: partition.adding_replicas.clone(),
                    removing: partition.removing_replicas.clone(),
                };
                (TopicPartition::new(topic.name.clone(), partition.partition_index), reassignment)
            })
        });
        self.reply = Some(AdminReply::Reassignments(ongoing.collect()));
        Reaction::done()
    }
}

/// Topics of a Metadata request by name.
pub(crate) fn metadata_topics<'a>(names: impl Iterator<Item = &'a str>) -> Vec<MetadataRequestTopic> {
    names.map(|name| MetadataRequestTopic { name: Some(name.to_string()), ..Default::default() }).collect()
}

/// Topics of a Metadata request by id.
pub(crate) fn metadata_ids(ids: &[Uuid]) -> Vec<MetadataRequestTopic> {
    ids.iter().map(|id| MetadataRequestTopic { topic_id: *id, name: None, ..Default::default() }).collect()
}

/// Nodes of a Metadata response, for describing topics without DescribeCluster.
pub(crate) fn metadata_nodes(response: &MetadataResponse) -> Vec<Node> {
    nodes_of(response).into_values().collect()
}

/// Partitions grouped by topic, both in order.
pub(crate) fn by_topic(partitions: &[TopicPartition]) -> Vec<(String, Vec<i32>)> {
    let mut groups: Vec<(String, Vec<i32>)> = Vec::new();
    let mut sorted: Vec<&TopicPartition> = partitions.iter().collect();
    base::ordered::sort(&mut sorted);
    for tp in sorted {
        match groups.last_mut() {
            Some((topic, list)) if *topic == tp.topic => list.push(tp.partition),
            _ => groups.push((tp.topic.to_string(), vec![tp.partition])),
        }
    }
    groups
}

fn elect_request(call: &AdminCall, timeout_ms: i32) -> Request {
    let AdminCall::ElectLeaders { election, partitions } = call else {
        return ElectLeadersRequest::default().into();
    };
    let topic = |(topic, partitions): (String, Vec<i32>)| elect_leaders_request::TopicPartitions {
        topic,
        partitions,
        ..Default::default()
    };
    ElectLeadersRequest {
        election_type: i8::from(*election == ElectionType::Unclean),
        topic_partitions: partitions.as_ref().map(|list| by_topic(list).into_iter().map(topic).collect()),
        timeout_ms,
        ..Default::default()
    }
    .into()
}

fn reassignments_request(call: &AdminCall, timeout_ms: i32) -> Request {
    let AdminCall::ListPartitionReassignments { partitions } = call else {
        return ListPartitionReassignmentsRequest::default().into();
    };
    let topic = |(name, partition_indexes): (String, Vec<i32>)| {
        list_partition_reassignments_request::ListPartitionReassignmentsTopics {
            name,
            partition_indexes,
            ..Default::default()
        }
    };
    ListPartitionReassignmentsRequest {
        timeout_ms,
        topics: partitions.as_ref().map(|list| by_topic(list).into_iter().map(topic).collect()),
        ..Default::default()
    }
    .into()
}

/// Calls that no controller is asked (`NodeProvider.supportsUseControllers`).
fn needs_broker(call: &AdminCall) -> bool {
    matches!(
        call,
        AdminCall::CreateTopics { .. }
            | AdminCall::DeleteTopics { .. }
            | AdminCall::CreatePartitions { .. }
            | AdminCall::ListTopics { .. }
            | AdminCall::DescribeTopics { .. }
            | AdminCall::ListOffsets { .. }
            | AdminCall::DeleteRecords { .. }
            | AdminCall::DescribeLogDirs { .. }
            | AdminCall::AlterReplicaLogDirs { .. }
            | AdminCall::ListConfigResources { .. }
            | AdminCall::DescribeClientQuotas { .. }
            | AdminCall::AlterClientQuotas { .. }
            | AdminCall::DescribeUserScramCredentials { .. }
            | AdminCall::AlterUserScramCredentials { .. }
            | AdminCall::ElectLeaders { .. }
            | AdminCall::ListGroups
    )
}
