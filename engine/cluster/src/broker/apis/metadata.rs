//! Metadata and DescribeCluster: where everything is, and the creation of topics that somebody asked for.

use std::sync::Arc;

use base::Uuid;
use protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use protocol::messages::describe_cluster_response::DescribeClusterBroker;
use protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use protocol::messages::{
    CreateTopicsRequest, CreateTopicsResponse, DescribeClusterRequest, DescribeClusterResponse, MetadataRequest,
    MetadataResponse,
};
use protocol::{ErrorCode, topic};

use super::Seen;
use crate::broker::connections::ReplyTo;
use crate::broker::to_controller::{Lane, Purpose};
use crate::broker::{Broker, Fx};
use crate::metadata::{BrokerRegistration, PartitionRegistration, TopicImage};
use crate::server_log::logger;

pub(super) const CREATE_TOPICS_VERSION: i16 = 7;
const NO_LEADER_ID: i32 = -1;
/// `EndpointType.CONTROLLER`: a question that only a controller answers.
const CONTROLLER_ENDPOINT: i8 = 2;

impl Broker {
    pub(super) fn handle_metadata(&mut self, reply: &ReplyTo, request: &MetadataRequest, fx: &mut Fx<'_>) {
        let image = &self.metadata.image;
        let seen = self.seen_by(reply);
        let mut topics: Vec<MetadataResponseTopic> = Vec::new();
        let mut missing: Vec<String> = Vec::new();
        match &request.topics {
            // In version 0 an empty list asks for all topics, later a missing one does.
            Some(asked) if !(asked.is_empty() && reply.api_version == 0) => {
                for wanted in asked {
                    let found = match (&wanted.name, wanted.topic_id) {
                        (_, id) if id != Uuid::ZERO => image.topic(id),
                        (Some(name), _) => image.topic_by_name(name),
                        (None, _) => None,
                    };
                    match (found, &wanted.name) {
                        (Some(found), _) => topics.push(topic_metadata(found, seen, reply.api_version)),
                        (None, Some(name)) if wanted.topic_id == Uuid::ZERO => missing.push(name.clone()),
                        (None, _) => topics.push(unknown_id(wanted.topic_id)),
                    }
                }
            }
            _ => topics.extend(image.topics_by_name().map(|topic| topic_metadata(topic, seen, reply.api_version))),
        }
        let alive = image.brokers().filter(|broker| !broker.fenced);
        let brokers = alive.filter_map(|broker| metadata_broker(broker, seen.listener)).collect();
        let may_create = request.allow_auto_topic_creation && self.settings.auto_create_topics_enable;
        topics.extend(self.missing_topics(missing, may_create, fx));
        let response = MetadataResponse {
            brokers,
            cluster_id: Some(self.spec.cluster_id.to_string()),
            controller_id: self.random_alive_broker(),
            topics,
            ..Default::default()
        };
        self.connections.respond(reply, response, fx);
    }

    /// With KRaft clients do not talk to the controller; any broker is as good (`getRandomAliveBrokerId`).
    fn random_alive_broker(&mut self) -> i32 {
        let alive: Vec<i32> = self.metadata.image.brokers().filter(|b| !b.fenced).map(|b| b.id).collect();
        match alive.len() {
            0 => NO_LEADER_ID,
            count => alive[self.rng.below(count as u64) as usize],
        }
    }

    /// Topics that do not exist: created when that is allowed. The client asks again either way.
    fn missing_topics(&mut self, names: Vec<String>, may_create: bool, fx: &mut Fx<'_>) -> Vec<MetadataResponseTopic> {
        let answer = |name: &String| {
            let error = match topic::validate(name) {
                Err(_) => ErrorCode::InvalidTopicException,
                Ok(()) => ErrorCode::UnknownTopicOrPartition,
            };
            MetadataResponseTopic {
                error_code: error.code(),
                name: Some(name.clone()),
                is_internal: topic::is_internal(name),
                ..Default::default()
            }
        };
        let answers = names.iter().map(answer).collect();
        if may_create {
            let valid = names.into_iter().filter(|name| topic::validate(name).is_ok()).collect();
            self.create_topics(valid, fx);
        }
        answers
    }

    /// Asks the controller to create topics, unless that was asked already (`AutoTopicCreationManager`).
    pub(super) fn create_topics(&mut self, names: Vec<String>, fx: &mut Fx<'_>) {
        let new: Vec<String> = names.into_iter().filter(|name| self.creating_topics.insert(name.clone())).collect();
        if new.is_empty() {
            return;
        }
        let topics = new.iter().map(|name| self.creatable(name)).collect();
        let timeout_ms = self.settings.server.number("request.timeout.ms") as i32;
        let request = CreateTopicsRequest { topics, timeout_ms, ..Default::default() };
        let text = format!("Sent auto-creation request for Set({}) to the active controller.", new.join(", "));
        self.log_info(logger::AUTO_CREATION, text, fx);
        self.to_controller.submit(Lane::Forwarding, Purpose::AutoCreate(new), CREATE_TOPICS_VERSION, request);
    }

    fn creatable(&self, name: &str) -> CreatableTopic {
        let server = &self.settings.server;
        let own = |key: &str| server.own(key).map(|_| server.number(key) as i32);
        let number = |key: &str| server.number(key) as i32;
        let set = |key: &str, value: &str| CreatableTopicConfig {
            name: key.to_string(),
            value: Some(value.to_string()),
            ..Default::default()
        };
        let (partitions, factor, configs) = match name {
            topic::GROUP_METADATA_TOPIC_NAME => (
                number("offsets.topic.num.partitions"),
                number("offsets.topic.replication.factor"),
                vec![
                    set("compression.type", "producer"),
                    set("cleanup.policy", "compact"),
                    set("segment.bytes", &number("offsets.topic.segment.bytes").to_string()),
                ],
            ),
            topic::TRANSACTION_STATE_TOPIC_NAME => (
                number("transaction.state.log.num.partitions"),
                number("transaction.state.log.replication.factor"),
                vec![
                    set("unclean.leader.election.enable", "false"),
                    set("compression.type", "uncompressed"),
                    set("cleanup.policy", "compact"),
                    set("min.insync.replicas", &number("transaction.state.log.min.isr").to_string()),
                    set("segment.bytes", &number("transaction.state.log.segment.bytes").to_string()),
                ],
            ),
            // What the broker does not set itself is left to the controller (-1).
            _ => (own("num.partitions").unwrap_or(-1), own("default.replication.factor").unwrap_or(-1), Vec::new()),
        };
        CreatableTopic {
            name: name.to_string(),
            num_partitions: partitions,
            replication_factor: i16::try_from(factor).unwrap_or(i16::MAX),
            configs,
            ..Default::default()
        }
    }

    pub(in crate::broker) fn on_topics_created(
        &mut self,
        topics: Vec<String>,
        response: &CreateTopicsResponse,
        fx: &mut Fx<'_>,
    ) {
        for name in topics {
            self.creating_topics.remove(&name);
        }
        for result in response.topics.iter().filter(|result| result.error_code != ErrorCode::None.code()) {
            let error = ErrorCode::from_code(result.error_code).name();
            let message = result.error_message.as_deref().unwrap_or("null");
            let text = format!("Auto topic creation failed for {} with error '{error}': {message}", result.name);
            self.log_line("WARN", logger::AUTO_CREATION, text, fx);
        }
    }

    pub(super) fn handle_describe_cluster(
        &mut self,
        reply: &ReplyTo,
        request: &DescribeClusterRequest,
        fx: &mut Fx<'_>,
    ) {
        if request.endpoint_type == CONTROLLER_ENDPOINT {
            let response = DescribeClusterResponse {
                error_code: ErrorCode::MismatchedEndpointType.code(),
                error_message: Some(
                    "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
                        .to_string(),
                ),
                ..Default::default()
            };
            return self.connections.respond(reply, response, fx);
        }
        let seen = self.seen_by(reply);
        let describe = |broker: &Arc<BrokerRegistration>| {
            let endpoint = broker.endpoint(seen.listener)?;
            Some(DescribeClusterBroker {
                broker_id: broker.id,
                host: endpoint.host.clone(),
                port: i32::from(endpoint.port),
                rack: broker.rack.clone(),
                is_fenced: broker.fenced && reply.api_version >= 2,
                ..Default::default()
            })
        };
        let shown = |broker: &&Arc<BrokerRegistration>| !broker.fenced || request.include_fenced_brokers;
        let brokers = seen.image.brokers().filter(shown).filter_map(describe).collect();
        let response = DescribeClusterResponse {
            endpoint_type: request.endpoint_type,
            cluster_id: self.spec.cluster_id.to_string(),
            brokers,
            controller_id: self.random_alive_broker(),
            ..Default::default()
        };
        self.connections.respond(reply, response, fx);
    }
}

fn metadata_broker(broker: &BrokerRegistration, listener: &str) -> Option<MetadataResponseBroker> {
    let endpoint = broker.endpoint(listener)?;
    Some(MetadataResponseBroker {
        node_id: broker.id,
        host: endpoint.host.clone(),
        port: i32::from(endpoint.port),
        rack: broker.rack.clone(),
        ..Default::default()
    })
}

fn unknown_id(topic_id: Uuid) -> MetadataResponseTopic {
    MetadataResponseTopic { error_code: ErrorCode::UnknownTopicId.code(), name: None, topic_id, ..Default::default() }
}

fn topic_metadata(topic: &TopicImage, seen: Seen<'_>, api_version: i16) -> MetadataResponseTopic {
    let partition = |(index, registration): (&i32, &Arc<PartitionRegistration>)| {
        partition_metadata(*index, registration, seen, api_version)
    };
    MetadataResponseTopic {
        name: Some(topic.name.to_string()),
        topic_id: topic.id,
        is_internal: topic::is_internal(&topic.name),
        partitions: topic.partitions.iter().map(partition).collect(),
        ..Default::default()
    }
}

fn partition_metadata(
    index: i32,
    registration: &PartitionRegistration,
    seen: Seen<'_>,
    api_version: i16,
) -> MetadataResponsePartition {
    let leader = seen.endpoint(registration.leader).map(|_| registration.leader);
    let error = match leader {
        Some(_) => ErrorCode::None,
        None if seen.image.broker(registration.leader).is_none() || api_version < 6 => ErrorCode::LeaderNotAvailable,
        None => ErrorCode::ListenerNotFound,
    };
    MetadataResponsePartition {
        error_code: error.code(),
        partition_index: index,
        leader_id: leader.unwrap_or(NO_LEADER_ID),
        leader_epoch: registration.leader_epoch,
        replica_nodes: registration.replicas.clone(),
        isr_nodes: registration.isr.clone(),
        offline_replicas: offline_replicas(registration, seen),
        ..Default::default()
    }
}

/// Replicas on brokers that are fenced or gone.
pub(super) fn offline_replicas(registration: &PartitionRegistration, seen: Seen<'_>) -> Vec<i32> {
    let is_offline = |id: &i32| seen.alive_endpoint(*id).is_none();
    registration.replicas.iter().copied().filter(is_offline).collect()
}
