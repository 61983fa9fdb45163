//! `NetworkClient`: one connection a node, requests in flight on it, back-off between attempts, time-outs, and the
//! ApiVersions exchange that opens every connection.
//!
//! ```text
//! ready(node) -> connect -> on_connected: ApiVersions -> on_message: Ready -> send(request) -> Response | Failed
//! ```

use base::{ConnId, Map, Micros, Rng};
use std::collections::VecDeque;
use std::sync::Arc;

use cluster::Kafka;
use protocol::messages::ApiVersionsRequest;
use protocol::{ApiKey, ErrorCode, Packet, Request, Response};
use sim::{CloseReason, Effects};

use crate::backoff::ExponentialBackoff;
use crate::connection::{Connection, InFlight, State, Versions};
use crate::error::{self, KafkaError};
use crate::logline::LogLine;
use crate::news::News;
use crate::node::Node;

const LOGGER: &str = "org.apache.kafka.clients.NetworkClient";
/// The newest version of an API that 4.3's clients speak when its newest is not yet stable.
const MAX_IN_FLIGHT_NO_LIMIT: usize = 100;

/// What a client's configuration says about its connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NetworkConfig {
    pub client_id: Arc<str>,
    /// In front of every line of the log: `[AdminClient clientId=adminclient-1] `.
    pub log_prefix: String,
    pub reconnect_backoff: ExponentialBackoff,
    pub request_timeout: Micros,
    pub connection_setup: ExponentialBackoff,
    /// Requests in flight on one connection; `None` for no limit.
    pub max_in_flight: Option<usize>,
    /// An admin client's: nothing is measured, and the poll of its thread waits for no request to time out.
    pub is_admin: bool,
}

/// What became of a connection or a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NetEvent {
    /// The node answers requests now.
    Ready {
        node: i32,
    },
    /// The connection is gone; its requests follow as `Failed`.
    Disconnected {
        node: i32,
        established: bool,
    },
    Response {
        node: i32,
        correlation_id: i32,
        api_version: i16,
        body: Arc<Response>,
    },
    /// A request got no answer because its connection broke or timed out.
    Failed {
        node: i32,
        correlation_id: i32,
        api: ApiKey,
        timed_out: bool,
    },
}

#[derive(Clone, Debug, Hash)]
pub struct NetworkClient {
    pub config: NetworkConfig,
    connections: Map<i32, Connection>,
    next_correlation: i32,
    /// The correlation id of a look-up of a coordinator that waits for its connection.
    reserved: Option<i32>,
    /// Whether the client has asked what to measure (KIP-714), which it does once.
    asked_for_telemetry: bool,
    rng: Rng,
    log: Vec<LogLine>,
}

impl NetworkClient {
    pub fn new(config: NetworkConfig, rng: Rng) -> NetworkClient {
        NetworkClient {
            config,
            connections: Map::new(),
            next_correlation: 0,
            reserved: None,
            asked_for_telemetry: false,
            rng,
            log: Vec::new(),
        }
    }

    pub fn take_log(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.log)
    }

    pub fn owns(&self, conn: ConnId) -> bool {
        self.node_of(conn).is_some()
    }

    /// Whether a request can be sent to the node now; if not, begins to connect as soon as the back-off allows.
    pub fn ready(&mut self, node: &Node, now: Micros, fx: &mut Effects<'_, Kafka>) -> bool {
        if self.can_send(node.id) {
            return true;
        }
        if self.can_connect(node.id, now) {
            self.connect(node, now, fx);
        }
        false
    }

    /// Ready and below the limit of requests in flight.
    pub fn can_send(&self, node: i32) -> bool {
        self.connections.get(&node).is_some_and(|connection| {
            connection.is_ready()
                && connection.in_flight.len() < self.config.max_in_flight.unwrap_or(MAX_IN_FLIGHT_NO_LIMIT)
        })
    }

    pub fn can_connect(&self, node: i32, now: Micros) -> bool {
        self.connections.get(&node).is_none_or(|connection| connection.can_connect(now))
    }

    /// The last attempt failed and nothing has been tried since (`connectionFailed`).
    pub fn connection_failed(&self, node: i32) -> bool {
        self.connections.get(&node).is_some_and(|connection| matches!(connection.state, State::Disconnected { .. }))
    }

    pub fn is_connecting(&self, node: i32) -> bool {
        self.connections.get(&node).is_some_and(Connection::is_preparing)
    }

    pub fn has_ready_nodes(&self) -> bool {
        self.connections.values().any(Connection::is_ready)
    }

    /// Ids of the nodes whose connection is ready; bootstrap servers have negative ones.
    pub fn ready_nodes(&self) -> Vec<i32> {
        self.connections.iter().filter(|(_, connection)| connection.is_ready()).map(|(id, _)| *id).collect()
    }

    pub fn in_flight(&self, node: i32) -> usize {
        self.connections.get(&node).map_or(0, |connection| connection.in_flight.len())
    }

    pub fn in_flight_total(&self) -> usize {
        self.connections.values().map(|connection| connection.in_flight.len()).sum()
    }

    /// When the back-off of a disconnected node ends; `None` when waiting for it means waiting for the network.
    pub fn retry_at(&self, node: i32) -> Option<Micros> {
        match self.connections.get(&node)?.state {
            State::Disconnected { retry_at } => Some(retry_at),
            _ => None,
        }
    }

    /// What a connected node said it can do.
    pub fn versions(&self, node: i32) -> Option<&Versions> {
        self.connections.get(&node)?.versions.as_ref()
    }

    /// The version that a request of this API would have on this connection.
    pub fn usable_version(&self, node: i32, api: ApiKey) -> Result<i16, KafkaError> {
        let versions = self.versions(node);
        versions.and_then(|versions| versions.usable(api)).ok_or_else(|| {
            KafkaError::new(error::UNSUPPORTED_VERSION, format!("The node does not support {}", api_name(api)))
        })
    }

    /// Sends a request to a ready node and returns its correlation id. With `timeout` of zero it waits for no answer.
    pub fn send(
        &mut self,
        node: i32,
        request: Request,
        timeout: Micros,
        now: Micros,
        fx: &mut Effects<'_, Kafka>,
    ) -> Result<i32, KafkaError> {
        let version = self.usable_version(node, request.api_key())?;
        Ok(self.send_version(node, request, version, timeout, now, fx))
    }

    /// The eligible node with the fewest requests in flight (`leastLoadedNode`); the scan starts at a random place.
    pub fn least_loaded<'a>(&mut self, nodes: &[&'a Node], now: Micros) -> Option<&'a Node> {
        let (mut connecting, mut connectable, mut ready) = (None, None::<(Micros, &Node)>, None::<(usize, &Node)>);
        let start = if nodes.is_empty() { 0 } else { self.rng.below(nodes.len() as u64) as usize };
        for node in nodes[start..].iter().chain(&nodes[..start]).copied() {
            if self.can_send(node.id) {
                let load = self.in_flight(node.id);
                if load == 0 {
                    return Some(node);
                }
                if ready.is_none_or(|(least, _)| load < least) {
                    ready = Some((load, node));
                }
            } else if self.is_connecting(node.id) {
                connecting = Some(node);
            } else if self.can_connect(node.id, now) {
                let last = self.connections.get(&node.id).map_or(Micros::ZERO, |c| c.last_attempt);
                if connectable.is_none_or(|(earliest, _)| earliest > last) {
                    connectable = Some((last, node));
                }
            }
        }
        ready.map(|(_, node)| node).or(connecting).or(connectable.map(|(_, node)| node))
    }

    /// What came of it, for the client whose connections these are.
    pub fn on_news(&mut self, news: News, now: Micros, fx: &mut Effects<'_, Kafka>) -> Vec<NetEvent> {
        match news {
            News::Connected { conn } => {
                self.on_connected(conn, now, fx);
                Vec::new()
            }
            News::Closed { conn, reason } => self.on_closed(conn, reason, now),
            News::Message { conn, packet } => self.on_message(conn, packet, now, fx),
            News::Wakeup => self.on_wakeup(now, fx),
        }
    }

    fn on_connected(&mut self, conn: ConnId, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let Some(node) = self.node_of(conn) else { return };
        if let Some(connection) = self.connections.get_mut(&node) {
            connection.state = State::CheckingApiVersions;
        }
        let request = ApiVersionsRequest {
            client_software_name: "apache-kafka-java".to_string(),
            client_software_version: cluster::Profile::default().version().to_string(),
            ..Default::default()
        };
        let version = ApiKey::ApiVersions.max_stable_version();
        self.send_version(node, request.into(), version, self.config.request_timeout, now, fx);
    }

    fn on_closed(&mut self, conn: ConnId, reason: CloseReason, now: Micros) -> Vec<NetEvent> {
        let Some(node) = self.node_of(conn) else { return Vec::new() };
        // A host answers before it is known whether anybody listens.
        if let Some(connection) = self.connections.get_mut(&node).filter(|_| reason == CloseReason::Refused) {
            connection.state = State::Connecting { deadline: now };
        }
        self.process_disconnection(node, now, false, true)
    }

    fn on_message(&mut self, conn: ConnId, packet: Packet, now: Micros, fx: &mut Effects<'_, Kafka>) -> Vec<NetEvent> {
        let Some(node) = self.node_of(conn) else { return Vec::new() };
        let Packet::Response { correlation_id, api_version, body } = packet else { return Vec::new() };
        let Some(connection) = self.connections.get_mut(&node) else { return Vec::new() };
        let expected = connection.in_flight.front().is_some_and(|first| first.correlation_id == correlation_id);
        if !expected {
            // Answers come in the order of the requests; anything else is a broken peer.
            return self.disconnect(node, now, fx);
        }
        connection.in_flight.pop_front();
        match &*body {
            Response::ApiVersions(response) if connection.state == State::CheckingApiVersions => {
                if response.error_code != ErrorCode::None.code() {
                    let error = ErrorCode::from_code(response.error_code).name();
                    self.warn(now, format!(
                        "Received error {error} from node {node} when making an ApiVersionsRequest with correlation id \
                         {correlation_id}. Disconnecting."
                    ));
                    return self.disconnect(node, now, fx);
                }
                connection.become_ready(Versions::new(response));
                vec![NetEvent::Ready { node }]
            }
            _ => vec![NetEvent::Response { node, correlation_id, api_version, body }],
        }
    }

    /// Closes what has waited too long: connections being set up, and requests without an answer.
    fn on_wakeup(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) -> Vec<NetEvent> {
        let late: Vec<i32> = self.connections.iter().filter(|(_, c)| c.is_late(now)).map(|(id, _)| *id).collect();
        let mut events = Vec::new();
        for node in late {
            self.close_connection(node, fx);
            events.extend(self.process_disconnection(node, now, true, false));
        }
        events
    }

    /// When [`News::Wakeup`] is wanted at the latest.
    pub fn next_deadline(&self) -> Option<Micros> {
        let asleep = |connection: &&Connection| self.config.is_admin && connection.is_ready();
        self.connections.values().filter(|connection| !asleep(connection)).filter_map(Connection::deadline).min()
    }

    /// Closes the connection to a node; its requests fail.
    pub fn disconnect(&mut self, node: i32, now: Micros, fx: &mut Effects<'_, Kafka>) -> Vec<NetEvent> {
        if self.connections.get(&node).is_none_or(|connection| connection.conn.is_none()) {
            return Vec::new();
        }
        self.close_connection(node, fx);
        self.process_disconnection(node, now, false, false)
    }

    pub fn close(&mut self, fx: &mut Effects<'_, Kafka>) {
        for connection in self.connections.values_mut() {
            if let Some(conn) = connection.conn.take() {
                fx.close(conn);
            }
            connection.in_flight.clear();
        }
    }

    pub fn warn(&mut self, now: Micros, text: String) {
        self.log.push(LogLine::warn(now, LOGGER, format!("{}{text}", self.config.log_prefix)));
    }

    /// Adds a line that another part of the client logs, after what was logged before.
    pub fn log_line(&mut self, line: LogLine) {
        self.log.push(line);
    }

    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    fn connect(&mut self, node: &Node, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let attempts = self.connections.get(&node.id).map_or(0, |connection| connection.setup_failures);
        let setup = self.config.connection_setup.wait(attempts, &mut self.rng);
        let target = fx.resolve(&node.host);
        let connection = self.connections.entry(node.id).or_insert_with(|| Connection::new(node.clone()));
        connection.node = node.clone();
        connection.last_attempt = now;
        let Some(target) = target else {
            let wait = self.config.reconnect_backoff.wait(connection.failures, &mut self.rng);
            connection.become_disconnected(now + wait);
            let cause = KafkaError::new("java.net.UnknownHostException", node.host.clone());
            let line = LogLine::warn(now, LOGGER, format!("{}Error connecting to node {node}", self.config.log_prefix));
            self.log.push(line.with(cause));
            return;
        };
        connection.conn = Some(fx.connect(target, node.port));
        connection.state = State::Connecting { deadline: now + setup };
    }

    fn send_version(
        &mut self,
        node: i32,
        request: Request,
        api_version: i16,
        timeout: Micros,
        now: Micros,
        fx: &mut Effects<'_, Kafka>,
    ) -> i32 {
        let reserved = if request.api_key() == ApiKey::FindCoordinator { self.reserved.take() } else { None };
        let correlation_id = reserved.unwrap_or_else(|| self.next_correlation_id());
        let Some(connection) = self.connections.get_mut(&node) else { return correlation_id };
        let Some(conn) = connection.conn else { return correlation_id };
        if timeout > Micros::ZERO {
            let in_flight = InFlight { correlation_id, api: request.api_key(), deadline: now + timeout };
            connection.in_flight.push_back(in_flight);
        }
        let client_id = self.config.client_id.clone();
        let asks = request.api_key() == ApiKey::Metadata && !self.config.is_admin;
        fx.send(conn, Packet::Request { correlation_id, client_id, api_version, body: Arc::new(request) });
        // Producers and consumers ask once what to measure (KIP-714). That takes a correlation id and is not sent, as a
        // broker without a receiver of metrics does not offer it (`NetworkClient.TelemetrySender`).
        if asks && !std::mem::replace(&mut self.asked_for_telemetry, true) {
            self.next_correlation_id();
        }
        correlation_id
    }

    fn next_correlation_id(&mut self) -> i32 {
        let id = self.next_correlation;
        self.next_correlation = id.wrapping_add(1);
        id
    }

    /// A look-up of a coordinator gets its correlation id when it is made, and is sent when its node is ready
    /// (`ConsumerNetworkClient.send`).
    pub fn reserve(&mut self) {
        if self.reserved.is_none() {
            self.reserved = Some(self.next_correlation_id());
        }
    }

    fn close_connection(&mut self, node: i32, fx: &mut Effects<'_, Kafka>) {
        if let Some(conn) = self.connections.get(&node).and_then(|connection| connection.conn) {
            fx.close(conn);
        }
    }

    /// `processDisconnection`: state, log, then the requests that were in flight.
    fn process_disconnection(&mut self, node: i32, now: Micros, timed_out: bool, by_peer: bool) -> Vec<NetEvent> {
        let Some(connection) = self.connections.get_mut(&node) else { return Vec::new() };
        let established = !matches!(connection.state, State::Connecting { .. });
        self.reserved = None;
        if !established {
            connection.setup_failures += 1;
        } else {
            connection.setup_failures = 0;
        }
        let address = connection.node.address();
        let wait = self.config.reconnect_backoff.wait(connection.failures, &mut self.rng);
        connection.last_attempt = now;
        let in_flight = std::mem::take(&mut connection.in_flight);
        connection.become_disconnected(now + wait);
        if by_peer && !established {
            self.warn(
                now,
                format!("Connection to node {node} ({address}) could not be established. Node may not be available."),
            );
        }
        let mut events = vec![NetEvent::Disconnected { node, established }];
        let asked = |request: &InFlight| request.api != ApiKey::ApiVersions;
        events.extend(failed(in_flight, node, timed_out).filter(|(request, _)| asked(request)).map(|(_, event)| event));
        events
    }

    fn node_of(&self, conn: ConnId) -> Option<i32> {
        self.connections.iter().find(|(_, connection)| connection.conn == Some(conn)).map(|(id, _)| *id)
    }
}

fn failed(requests: VecDeque<InFlight>, node: i32, timed_out: bool) -> impl Iterator<Item = (InFlight, NetEvent)> {
    requests.into_iter().map(move |request| {
        let (correlation_id, api) = (request.correlation_id, request.api);
        (request, NetEvent::Failed { node, correlation_id, api, timed_out })
    })
}

/// `ApiKeys` names as Java writes enum constants: `LIST_PARTITION_REASSIGNMENTS`.
pub fn api_name(api: ApiKey) -> String {
    let mut name = String::new();
    for (at, letter) in api.name().char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
