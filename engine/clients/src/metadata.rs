//! What a client knows of the cluster, and when it asks again (`Metadata`, `MetadataSnapshot`, `ProducerMetadata`).
//!
//! A refresh is due when one was requested or the age limit is reached, and not before the back-off of earlier failures
//! or of answers that brought nothing new has passed. The waits are drawn once, when an answer or a failure arrives, so
//! that looking at the clock twice does not change them.

use base::{Map, Micros, Rng, Set, Uuid};

use protocol::messages::metadata_request::MetadataRequestTopic;
use protocol::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use protocol::messages::{MetadataRequest, MetadataResponse};
use protocol::{ErrorCode, TopicPartition};

use crate::backoff::ExponentialBackoff;
use crate::node::Node;

/// One partition as the brokers described it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionMetadata {
    /// `None` while nobody leads, or the leader's node is not known.
    pub leader: Option<i32>,
    pub leader_epoch: i32,
    pub replicas: Vec<i32>,
    pub isr: Vec<i32>,
    pub offline: Vec<i32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TopicMetadata {
    pub id: Uuid,
    pub internal: bool,
    pub partitions: Map<i32, PartitionMetadata>,
}

impl TopicMetadata {
    /// Partitions that have a leader, in their order.
    pub fn available(&self) -> Vec<i32> {
        self.partitions.iter().filter(|(_, p)| p.leader.is_some()).map(|(index, _)| *index).collect()
    }
}

/// A snapshot of the cluster (`Cluster`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClusterView {
    pub nodes: Map<i32, Node>,
    /// Only the servers of `bootstrap.servers` are known yet.
    pub bootstrap: bool,
    pub controller: Option<i32>,
    pub cluster_id: Option<String>,
    pub topics: Map<String, TopicMetadata>,
    pub invalid_topics: Set<String>,
    pub unauthorized_topics: Set<String>,
}

impl ClusterView {
    pub fn bootstrap(servers: &[(String, u16)]) -> ClusterView {
        let nodes = servers.iter().zip(1..).map(|((host, port), at)| (-at, Node::new(-at, host, *port))).collect();
        ClusterView { nodes, bootstrap: true, ..ClusterView::default() }
    }

    pub fn node_list(&self) -> Vec<&Node> {
        self.nodes.values().collect()
    }

    pub fn partition(&self, tp: &TopicPartition) -> Option<&PartitionMetadata> {
        self.topics.get(&*tp.topic)?.partitions.get(&tp.partition)
    }

    /// The leader of a partition, if its node is known.
    pub fn leader(&self, tp: &TopicPartition) -> Option<&Node> {
        self.nodes.get(&self.partition(tp)?.leader?)
    }

    pub fn topic_name(&self, id: Uuid) -> Option<&str> {
        self.topics.iter().find(|(_, topic)| topic.id == id).map(|(name, _)| name.as_str())
    }
}

/// Brokers of a response as nodes.
pub fn nodes_of(response: &MetadataResponse) -> Map<i32, Node> {
    let node = |broker: &protocol::messages::metadata_response::MetadataResponseBroker| Node {
        id: broker.node_id,
        host: broker.host.clone(),
        port: u16::try_from(broker.port).unwrap_or(0),
        rack: broker.rack.clone(),
        fenced: false,
    };
    response.brokers.iter().map(|broker| (broker.node_id, node(broker))).collect()
}

/// When metadata is asked for again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RefreshConfig {
    pub backoff: ExponentialBackoff,
    /// `metadata.max.age.ms`.
    pub max_age: Micros,
    /// Whether a broker may create a topic that is asked for and does not exist.
    pub allow_auto_create: bool,
}

#[derive(Clone, Debug, Hash)]
pub struct Metadata {
    config: RefreshConfig,
    pub cluster: ClusterView,
    servers: Vec<(String, u16)>,
    wanted: Set<String>,
    /// Wanted topics that no response has told about yet; they are asked for at once and alone.
    new_topics: Set<String>,
    all_topics: bool,
    last_seen_epochs: Map<TopicPartition, i32>,
    last_success: Option<Micros>,
    /// No refresh before this.
    not_before: Micros,
    attempts: u32,
    equivalent_responses: u32,
    full_update_requested: bool,
    new_topics_requested: bool,
    /// Counts responses taken in, and rebootstraps; a waiter compares it.
    pub version: u64,
    /// Topics whose last answer was an error, for the message of a time-out.
    pub topic_errors: Map<String, ErrorCode>,
}

/// What a metadata response is about to be, remembered while it is under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestedTopics {
    pub request: MetadataRequest,
    pub partial: bool,
}

impl Metadata {
    pub fn new(config: RefreshConfig, servers: Vec<(String, u16)>) -> Metadata {
        Metadata {
            config,
            cluster: ClusterView::bootstrap(&servers),
            servers,
            wanted: Set::new(),
            new_topics: Set::new(),
            all_topics: false,
            last_seen_epochs: Map::new(),
            last_success: None,
            not_before: Micros::ZERO,
            attempts: 0,
            equivalent_responses: 0,
            full_update_requested: true,
            new_topics_requested: false,
            version: 0,
            topic_errors: Map::new(),
        }
    }

    /// Falls back to `bootstrap.servers` (KIP-899).
    pub fn rebootstrap(&mut self) {
        self.cluster = ClusterView::bootstrap(&self.servers);
        self.full_update_requested = true;
        self.version += 1;
    }

    /// Adds a topic; true if it is new, and then a request for it is due at once.
    pub fn add_topic(&mut self, topic: &str) -> bool {
        let added = self.wanted.insert(topic.to_string());
        if added {
            self.new_topics.insert(topic.to_string());
            self.request_new_topics();
        }
        added
    }

    /// Replaces the topics that are asked for, as a consumer's subscription does. True if there are new ones; then a
    /// request is due at once.
    pub fn watch_topics(&mut self, topics: Set<String>) -> bool {
        let added = topics.iter().any(|topic| !self.wanted.contains(topic));
        self.wanted = topics;
        if added {
            self.full_update_requested = true;
            self.equivalent_responses = 0;
            self.not_before = Micros::ZERO;
        }
        added
    }

    pub fn set_all_topics(&mut self) {
        self.all_topics = true;
        self.full_update_requested = true;
    }

    pub fn request_update(&mut self) {
        self.full_update_requested = true;
    }

    pub fn request_update_for_topic(&mut self, topic: &str) {
        if self.new_topics.contains(topic) {
            self.request_new_topics();
        } else {
            self.full_update_requested = true;
        }
    }

    pub fn update_requested(&self) -> bool {
        self.full_update_requested || self.new_topics_requested
    }

    /// The moment from which a refresh is due.
    pub fn due_at(&self) -> Micros {
        let expiry = match self.last_success {
            Some(last) if !self.update_requested() => last + self.config.max_age,
            _ => Micros::ZERO,
        };
        expiry.max(self.not_before)
    }

    /// The request that is due, and marks it as asked.
    pub fn next_request(&mut self) -> RequestedTopics {
        let partial = !self.full_update_requested && self.new_topics_requested;
        self.new_topics_requested = false;
        let topics = if partial { &self.new_topics } else { &self.wanted };
        let name = |topic: &String| MetadataRequestTopic { name: Some(topic.clone()), ..Default::default() };
        let request = MetadataRequest {
            topics: (!self.all_topics).then(|| topics.iter().map(name).collect()),
            allow_auto_topic_creation: self.config.allow_auto_create,
            ..Default::default()
        };
        RequestedTopics { request, partial }
    }

    pub fn on_failure(&mut self, now: Micros, rng: &mut Rng) {
        self.attempts += 1;
        self.not_before = now + self.config.backoff.wait(self.attempts - 1, rng);
        // What was asked for is still wanted.
        if !self.new_topics.is_empty() {
            self.new_topics_requested = true;
        }
    }

    /// Takes in a response that names brokers.
    pub fn on_response(&mut self, response: &MetadataResponse, partial: bool, now: Micros, rng: &mut Rng) {
        self.attempts = 0;
        self.version += 1;
        if !partial {
            self.full_update_requested = false;
            self.last_success = Some(now);
        }
        self.equivalent_responses += 1;
        self.cluster = self.merge(response, partial);
        for topic in &response.topics {
            if let Some(name) = &topic.name {
                self.new_topics.remove(name);
            }
        }
        let again = self.equivalent_responses.saturating_sub(1);
        self.not_before = now + self.config.backoff.wait(again, rng);
        if self.new_topics_requested {
            // A topic was added while this answer was under way; it does not wait.
            self.not_before = Micros::ZERO;
        }
    }

    /// Takes in leaders that a produce or fetch response told of (KIP-951); true if any was news.
    pub fn update_leader(&mut self, tp: &TopicPartition, leader: i32, epoch: i32, nodes: &[Node]) -> bool {
        let seen = self.last_seen_epochs.get(tp).copied().unwrap_or(-1);
        if leader < 0 || epoch <= seen {
            return false;
        }
        for node in nodes {
            self.cluster.nodes.insert(node.id, node.clone());
        }
        let known = self.cluster.nodes.contains_key(&leader);
        let topic = self.cluster.topics.get_mut(&*tp.topic);
        let Some(partition) = topic.and_then(|topic| topic.partitions.get_mut(&tp.partition)) else { return false };
        if !known {
            return false;
        }
        partition.leader = Some(leader);
        partition.leader_epoch = epoch;
        self.last_seen_epochs.insert(tp.clone(), epoch);
        true
    }

    /// Notes a leader epoch seen elsewhere; a newer one makes a refresh due.
    pub fn note_epoch(&mut self, tp: &TopicPartition, epoch: i32) {
        if let Some(seen) = self.last_seen_epochs.get_mut(tp)
            && epoch > *seen
        {
            *seen = epoch;
            self.full_update_requested = true;
        }
    }

    fn request_new_topics(&mut self) {
        self.not_before = Micros::ZERO;
        self.new_topics_requested = true;
        self.equivalent_responses = 0;
    }

    fn merge(&mut self, response: &MetadataResponse, partial: bool) -> ClusterView {
        let mut cluster = ClusterView {
            nodes: nodes_of(response),
            bootstrap: false,
            controller: (response.controller_id >= 0).then_some(response.controller_id),
            cluster_id: response.cluster_id.clone(),
            ..ClusterView::default()
        };
        if partial {
            cluster.topics = self.cluster.topics.clone();
            cluster.invalid_topics = self.cluster.invalid_topics.clone();
            cluster.unauthorized_topics = self.cluster.unauthorized_topics.clone();
        } else {
            self.topic_errors.clear();
        }
        for topic in &response.topics {
            self.merge_topic(topic, &mut cluster);
        }
        if !partial {
            let kept = &cluster.topics;
            self.last_seen_epochs.retain(|tp, _| kept.contains_key(&*tp.topic));
        }
        cluster
    }

    fn merge_topic(&mut self, topic: &MetadataResponseTopic, cluster: &mut ClusterView) {
        let Some(name) = topic.name.clone() else { return };
        let error = ErrorCode::from_code(topic.error_code);
        cluster.topics.remove(&name);
        cluster.invalid_topics.remove(&name);
        self.topic_errors.remove(&name);
        if !error.is_none() {
            self.topic_errors.insert(name.clone(), error);
            if error.invalid_metadata() {
                self.full_update_requested = true;
            }
            match error {
                ErrorCode::InvalidTopicException => drop(cluster.invalid_topics.insert(name)),
                ErrorCode::TopicAuthorizationFailed => drop(cluster.unauthorized_topics.insert(name)),
                _ => {}
            }
            return;
        }
        let old_id = self.cluster.topics.get(&name).map(|old| old.id);
        let same_topic = old_id == Some(topic.topic_id);
        let mut merged = TopicMetadata { id: topic.topic_id, internal: topic.is_internal, partitions: Map::new() };
        for partition in &topic.partitions {
            let tp = TopicPartition::new(name.clone(), partition.partition_index);
            if let Some(latest) = self.latest(&tp, partition, same_topic, &cluster.nodes) {
                merged.partitions.insert(partition.partition_index, latest);
            }
            if ErrorCode::from_code(partition.error_code).invalid_metadata() {
                self.full_update_requested = true;
            }
        }
        cluster.topics.insert(name, merged);
    }

    /// `updateLatestMetadata`: an older leader epoch than the last seen one does not count, unless the topic is another.
    fn latest(
        &mut self,
        tp: &TopicPartition,
        partition: &MetadataResponsePartition,
        same_topic: bool,
        nodes: &Map<i32, Node>,
    ) -> Option<PartitionMetadata> {
        let epoch = partition.leader_epoch;
        let seen = self.last_seen_epochs.get(tp).copied().filter(|_| same_topic);
        if seen.is_some_and(|seen| epoch < seen) {
            return self.cluster.partition(tp).cloned();
        }
        if seen != Some(epoch) {
            self.equivalent_responses = 0;
        }
        self.last_seen_epochs.insert(tp.clone(), epoch);
        Some(PartitionMetadata {
            leader: Some(partition.leader_id).filter(|leader| nodes.contains_key(leader)),
            leader_epoch: epoch,
            replicas: partition.replica_nodes.clone(),
            isr: partition.isr_nodes.clone(),
            offline: partition.offline_replicas.clone(),
        })
    }
}
