//! A network client that keeps its metadata fresh by itself (`NetworkClient.DefaultMetadataUpdater`): what producer and
//! consumer have in common.

use base::Micros;
use cluster::Kafka;
use protocol::messages::MetadataResponse;
use protocol::{ErrorCode, Response, java};
use sim::Effects;

use crate::error::KafkaError;
use crate::logline::LogLine;
use crate::metadata::Metadata;
use crate::network::{NetEvent, NetworkClient};
use crate::node::Node;

const METADATA_LOGGER: &str = "org.apache.kafka.clients.Metadata";

#[derive(Clone, Debug, Hash)]
struct InProgress {
    node: i32,
    correlation_id: i32,
    partial: bool,
}

#[derive(Clone, Debug, Hash)]
pub struct ClientCore {
    pub net: NetworkClient,
    pub metadata: Metadata,
    in_progress: Option<InProgress>,
    /// `metadata.recovery.strategy=rebootstrap`.
    rebootstrap: bool,
    /// The wait after no node could be asked.
    idle_wait: Micros,
}

impl ClientCore {
    pub fn new(net: NetworkClient, metadata: Metadata, rebootstrap: bool) -> ClientCore {
        let idle_wait = net.config.reconnect_backoff.initial.max(Micros::from_ms(1));
        ClientCore { net, metadata, in_progress: None, rebootstrap, idle_wait }
    }

    /// Asks for metadata if that is due and somebody can be asked. Returns when to look again without other news.
    pub fn maybe_update(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) -> Option<Micros> {
        if self.in_progress.is_some() {
            return None;
        }
        let due = self.metadata.due_at();
        if due > now {
            return Some(due);
        }
        let mut target = self.net.least_loaded(&self.metadata.cluster.node_list(), now).cloned();
        if target.is_none() && self.rebootstrap && !self.net.has_ready_nodes() {
            // All known nodes are in their back-off; the first ones may have come back under other ids (KIP-1102).
            if !self.metadata.cluster.bootstrap {
                self.metadata.rebootstrap();
                target = self.net.least_loaded(&self.metadata.cluster.node_list(), now).cloned();
            }
        }
        let Some(node) = target else { return Some(self.next_attempt(now)) };
        if self.net.can_send(node.id) {
            let requested = self.metadata.next_request();
            let timeout = self.net.config.request_timeout;
            match self.net.send(node.id, requested.request.into(), timeout, now, fx) {
                Ok(correlation_id) => {
                    self.in_progress = Some(InProgress { node: node.id, correlation_id, partial: requested.partial });
                    return None;
                }
                Err(_) => {
                    self.metadata.on_failure(now, self.net.rng());
                    return Some(self.metadata.due_at());
                }
            }
        }
        let connecting = self.metadata.cluster.nodes.keys().any(|id| self.net.is_connecting(*id));
        if !connecting {
            self.net.ready(&node, now, fx);
            if !self.net.is_connecting(node.id) {
                return Some(self.next_attempt(now));
            }
        }
        None
    }

    /// A refresh is due and a node could be asked at once.
    pub fn can_ask(&self, now: Micros) -> bool {
        self.in_progress.is_none()
            && self.metadata.due_at() <= now
            && self.metadata.cluster.nodes.keys().any(|id| self.net.can_send(*id))
    }

    /// Whether a request can go to the node now. Metadata that is due goes first: until it is asked for, no node is ready.
    pub fn ready(&mut self, node: &Node, now: Micros, fx: &mut Effects<'_, Kafka>) -> bool {
        let due = self.in_progress.is_none() && self.metadata.due_at() <= now;
        if due && self.net.can_send(node.id) {
            return false;
        }
        self.net.ready(node, now, fx)
    }

    /// Takes out what concerns metadata; the rest is for the owner.
    pub fn absorb(&mut self, events: Vec<NetEvent>, now: Micros) -> Vec<NetEvent> {
        let mut rest = Vec::new();
        for event in events {
            match &event {
                NetEvent::Disconnected { node, .. } => {
                    self.on_disconnected(*node, now);
                    rest.push(event);
                }
                NetEvent::Failed { correlation_id, .. } if self.is_metadata(*correlation_id) => {
                    self.in_progress = None;
                    self.metadata.on_failure(now, self.net.rng());
                }
                NetEvent::Response { correlation_id, body, .. } if self.is_metadata(*correlation_id) => {
                    if let Response::Metadata(response) = &**body {
                        self.on_metadata(*correlation_id, response, now);
                    }
                }
                _ => rest.push(event),
            }
        }
        rest
    }

    fn is_metadata(&self, correlation_id: i32) -> bool {
        self.in_progress.as_ref().is_some_and(|progress| progress.correlation_id == correlation_id)
    }

    /// `handleServerDisconnect`. The request that was under way on this connection has failed first.
    fn on_disconnected(&mut self, node: i32, now: Micros) {
        if self.in_progress.as_ref().is_some_and(|progress| progress.node == node) {
            self.in_progress = None;
            self.metadata.on_failure(now, self.net.rng());
        }
        if self.metadata.cluster.bootstrap
            && let Some(node) = self.metadata.cluster.nodes.get(&node)
        {
            let text = format!("Bootstrap broker {node} disconnected");
            self.net.warn(now, text);
        }
        if self.in_progress.is_none() && self.metadata.due_at() <= now {
            self.metadata.on_failure(now, self.net.rng());
        }
        self.metadata.request_update();
    }

    fn on_metadata(&mut self, correlation_id: i32, response: &MetadataResponse, now: Micros) {
        let partial = self.in_progress.take().is_some_and(|progress| progress.partial);
        let errors: Vec<(String, ErrorCode)> = response
            .topics
            .iter()
            .map(|topic| (topic.name.clone().unwrap_or_default(), ErrorCode::from_code(topic.error_code)))
            .filter(|(_, error)| !error.is_none())
            .collect();
        if !errors.is_empty() {
            let ordered = java::hash_map_order(errors, |(name, _)| java::java_string_hash(name));
            let shown: Vec<String> = ordered.iter().map(|(name, error)| format!("{name}={}", error.name())).collect();
            let text = format!(
                "The metadata response from the cluster reported a recoverable issue with correlation id \
                 {correlation_id} : {{{}}}",
                shown.join(", ")
            );
            self.net.warn(now, text);
        }
        if response.brokers.is_empty() {
            // A broker that is still starting knows nobody yet.
            self.metadata.on_failure(now, self.net.rng());
            return;
        }
        self.metadata.on_response(response, partial, now, self.net.rng());
        self.log_refused(now);
    }

    fn log_refused(&mut self, now: Micros) {
        let prefix = self.net.config.log_prefix.clone();
        let cluster = &self.metadata.cluster;
        let lists = [
            (&cluster.invalid_topics, "Metadata response reported invalid topics"),
            (&cluster.unauthorized_topics, "Topic authorization failed for topics"),
        ];
        let mut lines = Vec::new();
        for (topics, words) in lists {
            if !topics.is_empty() {
                let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
                lines.push(LogLine::error(now, METADATA_LOGGER, format!("{prefix}{words} [{}]", topics.join(", "))));
            }
        }
        lines.into_iter().for_each(|line| self.net.log_line(line));
    }

    /// When the first back-off of a known node ends, at least a moment from now.
    fn next_attempt(&self, now: Micros) -> Micros {
        let first = self.metadata.cluster.nodes.keys().filter_map(|id| self.net.retry_at(*id)).min();
        first.filter(|at| *at > now).unwrap_or(now + self.idle_wait)
    }
}

/// `InvalidTopicException(Set)` or `TopicAuthorizationException` for a topic that metadata refuses.
pub fn topic_exception(core: &ClientCore, topic: &str) -> Option<KafkaError> {
    let cluster = &core.metadata.cluster;
    if cluster.invalid_topics.contains(topic) {
        return Some(KafkaError::api(ErrorCode::InvalidTopicException, Some(&format!("Invalid topics: [{topic}]"))));
    }
    cluster.unauthorized_topics.contains(topic).then(|| {
        KafkaError::api(
            ErrorCode::TopicAuthorizationFailed,
            Some(&format!("Not authorized to access topics: [{topic}]")),
        )
    })
}
