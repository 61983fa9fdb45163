//! The admin client (`KafkaAdminClient`): each call is a small state machine of requests; this file finds nodes for
//! them, sends, retries and times out.
//!
//! A request waits for a node (pending), then for the node's connection (assigned), then for its answer (in flight).
//! One request at a time is in flight on a node. A call that is not answered within `default.api.timeout.ms` fails with
//! `TimeoutException`.

pub mod call;
mod configs;
mod leaders;
mod operation;
mod refresh;
mod single;
mod topics;

use base::{ConnId, Map, Micros, Rng, Set};

use cluster::Kafka;
use protocol::{ErrorCode, Response};
use sim::Effects;

use crate::config::AdminConfig;
use crate::error::{self, KafkaError};
use crate::logline::LogLine;
use crate::network::{NetEvent, NetworkClient, NetworkConfig};
use crate::news::News;
use crate::node;
use call::{AdminCall, AdminReply};
use operation::{Operation, Reaction, Step, Target};
use refresh::Refresh;

/// A call that was started; names its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// The id of the client's own requests for metadata.
const INTERNAL: CallId = CallId(0);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AdminOutput {
    Log(LogLine),
    Done { call: CallId, result: Result<AdminReply, KafkaError> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// Not before this moment.
    Pending(Micros),
    Assigned(i32),
    InFlight {
        node: i32,
        correlation_id: i32,
    },
}

/// One request of a call.
#[derive(Clone, Debug, Hash)]
struct Open {
    call: CallId,
    step: Step,
    stage: Stage,
    tries: u32,
    deadline: Micros,
}

#[derive(Clone, Debug, Hash)]
pub struct Admin {
    config: AdminConfig,
    net: NetworkClient,
    refresh: Refresh,
    operations: Map<CallId, Operation>,
    requests: Vec<Open>,
    next_call: u32,
    rng: Rng,
    outputs: Vec<AdminOutput>,
    deadline: Option<Micros>,
}

impl Admin {
    /// An admin client. `seed` is that of the process; the servers are resolved through `fx`, as Java does when it
    /// constructs the client.
    pub fn new(config: AdminConfig, seed: u64, now: Micros, fx: &Effects<'_, Kafka>) -> Result<Admin, NewClientError> {
        let resolved = resolve(&config.common.bootstrap_servers, now, fx);
        let (servers, log) = resolved.map_err(|failed| {
            let cause = failed.error.at(&[
                "org.apache.kafka.clients.ClientUtils.parseAndValidateAddresses(ClientUtils.java:104)",
                "org.apache.kafka.clients.ClientUtils.parseAndValidateAddresses(ClientUtils.java:63)",
                "org.apache.kafka.clients.admin.internals.AdminBootstrapAddresses.fromConfig(AdminBootstrapAddresses.java:72)",
                "org.apache.kafka.clients.admin.KafkaAdminClient.createInternal(KafkaAdminClient.java:537)",
            ]);
            NewClientError { error: crate::config::not_created(cause), log: failed.log }
        })?;
        let prefix = format!("[AdminClient clientId={}] ", config.common.client_id);
        let network = NetworkConfig { is_admin: true, ..config.common.network(prefix, None) };
        let net = NetworkClient::new(network, Rng::new(seed, 0, "admin network"));
        Ok(Admin {
            refresh: Refresh::new(&servers, &config.common, config.uses_controllers),
            config,
            net,
            operations: Map::new(),
            requests: Vec::new(),
            next_call: 1,
            rng: Rng::new(seed, 0, "admin backoff"),
            outputs: log.into_iter().map(AdminOutput::Log).collect(),
            deadline: None,
        })
    }

    /// Starts a call. Its outcome comes as [`AdminOutput::Done`], perhaps at once.
    pub fn call(&mut self, call: AdminCall, now: Micros, fx: &mut Effects<'_, Kafka>) -> CallId {
        let id = CallId(self.next_call);
        self.next_call += 1;
        let mut operation = Operation::new(call, self.refresh.controllers);
        let steps = operation.start();
        self.operations.insert(id, operation);
        let deadline = now + self.config.default_api_timeout;
        self.open(id, steps, now, deadline);
        self.finish(id);
        self.pump(now, fx);
        id
    }

    pub fn owns(&self, conn: ConnId) -> bool {
        self.net.owns(conn)
    }

    pub fn on_news(&mut self, news: News, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let events = self.net.on_news(news, now, fx);
        self.absorb(events, now);
        self.pump(now, fx);
    }

    /// When [`News::Wakeup`] is wanted at the latest.
    pub fn next_deadline(&self) -> Option<Micros> {
        self.deadline
    }

    pub fn take_outputs(&mut self) -> Vec<AdminOutput> {
        let mut outputs: Vec<AdminOutput> = self.net.take_log().into_iter().map(AdminOutput::Log).collect();
        outputs.append(&mut self.outputs);
        outputs
    }

    /// Calls that have no outcome yet.
    pub fn is_busy(&self) -> bool {
        !self.operations.is_empty()
    }

    /// Ids of the brokers it is connected to (bootstrap servers have negative ones).
    pub fn connections(&self) -> Vec<i32> {
        self.net.ready_nodes()
    }

    pub fn close(&mut self, fx: &mut Effects<'_, Kafka>) {
        self.net.close(fx);
        self.requests.clear();
        self.operations.clear();
        self.deadline = None;
    }

    fn open(&mut self, call: CallId, steps: Vec<Step>, now: Micros, deadline: Micros) {
        let open = |step| Open { call, step, stage: Stage::Pending(now), tries: 0, deadline };
        self.requests.extend(steps.into_iter().map(open));
    }

    /// Does all that can be done now (`AdminClientRunnable.processRequests`).
    fn pump(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        self.time_out(now);
        self.assign(now);
        if self.refresh.is_due(now) && !self.requests.iter().any(|request| request.call == INTERNAL) {
            self.refresh.on_requested(now);
            let deadline = now + self.config.common.request_timeout;
            self.open(INTERNAL, vec![Step::FetchMetadata], now, deadline);
            self.assign(now);
        }
        self.send(now, fx);
        self.set_deadline(now);
    }

    fn time_out(&mut self, now: Micros) {
        let mut at = 0;
        while at < self.requests.len() {
            let request = &self.requests[at];
            let words = match request.stage {
                Stage::Assigned(node) if !self.net.connection_failed(node) => "Timed out waiting to send the call.",
                // What is assigned to a node that cannot be connected to is pending again at once.
                Stage::Pending(_) | Stage::Assigned(_) => "Timed out waiting for a node assignment.",
                Stage::InFlight { .. } => "",
            };
            if now <= request.deadline || words.is_empty() {
                at += 1;
                continue;
            }
            let request = self.requests.remove(at);
            let why = format!("{words} Call: {}", request.step.name());
            self.give_up(request, KafkaError::new(error::TIMEOUT, why), now);
            at = 0;
        }
    }

    /// Finds nodes for pending requests.
    fn assign(&mut self, now: Micros) {
        for at in 0..self.requests.len() {
            if !matches!(self.requests[at].stage, Stage::Pending(from) if from <= now) {
                continue;
            }
            let internal = self.requests[at].call == INTERNAL;
            let target = self.requests[at].step.target();
            let node = if internal { self.refresh_node(now) } else { self.node_for(target, now) };
            if let Some(node) = node {
                self.requests[at].stage = Stage::Assigned(node);
            }
        }
    }

    /// The node to ask for metadata; falls back to the bootstrap servers when no known node can be tried.
    fn refresh_node(&mut self, now: Micros) -> Option<i32> {
        let found = self.net.least_loaded(&self.refresh.cluster.node_list(), now).map(|node| node.id);
        if found.is_some() || !self.config.common.rebootstrap || self.net.has_ready_nodes() {
            return found;
        }
        self.refresh.rebootstrap();
        self.net.least_loaded(&self.refresh.cluster.node_list(), now).map(|node| node.id)
    }

    fn node_for(&mut self, target: Target, now: Micros) -> Option<i32> {
        let node = match target {
            _ if self.refresh.cluster.bootstrap => None,
            // Among controllers only the active one will do (`LeastLoadedBrokerOrActiveKController`).
            Target::LeastLoaded if self.refresh.controllers => self.refresh.cluster.controller,
            Target::LeastLoaded => {
                return self.net.least_loaded(&self.refresh.cluster.node_list(), now).map(|node| node.id);
            }
            Target::Controller => self.refresh.cluster.controller,
            Target::Broker(id) => Some(id),
        };
        let node = node.filter(|id| self.refresh.cluster.nodes.contains_key(id));
        if node.is_none() {
            self.refresh.request();
        }
        node
    }

    fn send(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let mut busy: Set<i32> = Set::new();
        for request in &self.requests {
            if let Stage::InFlight { node, .. } = request.stage {
                busy.insert(node);
            }
        }
        let mut failures = Vec::new();
        for request in &mut self.requests {
            let Stage::Assigned(id) = request.stage else { continue };
            let Some(node) = self.refresh.cluster.nodes.get(&id) else {
                request.stage = Stage::Pending(now);
                continue;
            };
            if busy.contains(&id) || !self.net.ready(node, now, fx) {
                continue;
            }
            let timeout = self.config.common.request_timeout.min(request.deadline.saturating_sub(now));
            let body = match self.operations.get(&request.call) {
                Some(operation) => operation.request(&request.step, timeout),
                None => self.refresh.request_body(),
            };
            match self.net.send(id, body, timeout.max(Micros(1)), now, fx) {
                Ok(correlation_id) => {
                    request.stage = Stage::InFlight { node: id, correlation_id };
                    busy.insert(id);
                }
                Err(error) => failures.push((request.call, request.step.clone(), error)),
            }
        }
        for (call, step, error) in failures {
            if let Some(at) = self.requests.iter().position(|open| open.call == call && open.step == step) {
                let request = self.requests.remove(at);
                self.give_up(request, error, now);
            }
        }
    }

    fn absorb(&mut self, events: Vec<NetEvent>, now: Micros) {
        for event in events {
            match event {
                NetEvent::Ready { .. } => {}
                NetEvent::Disconnected { node, .. } => {
                    self.refresh.request();
                    for request in &mut self.requests {
                        if request.stage == Stage::Assigned(node) {
                            request.stage = Stage::Pending(now);
                        }
                    }
                }
                NetEvent::Response { node, correlation_id, body, .. } => {
                    self.on_response(node, correlation_id, &body, now);
                }
                NetEvent::Failed { node, correlation_id, .. } => {
                    let Some(request) = self.take(node, correlation_id) else { continue };
                    let why = format!(
                        "Cancelled {} request with correlation id {correlation_id} due to node {node} being disconnected",
                        request.step.name()
                    );
                    self.fail(request, KafkaError::new(error::DISCONNECT, why), now);
                }
            }
        }
    }

    fn take(&mut self, node: i32, correlation_id: i32) -> Option<Open> {
        let stage = Stage::InFlight { node, correlation_id };
        let at = self.requests.iter().position(|request| request.stage == stage)?;
        Some(self.requests.remove(at))
    }

    fn on_response(&mut self, node: i32, correlation_id: i32, body: &Response, now: Micros) {
        let Some(request) = self.take(node, correlation_id) else { return };
        if request.call == INTERNAL {
            match body {
                Response::Metadata(response) => self.refresh.on_response(response, now),
                Response::DescribeCluster(response) if response.error_code != 0 => {
                    let code = ErrorCode::from_code(response.error_code);
                    let error = KafkaError::api(code, response.error_message.as_deref());
                    return self.give_up(request, error, now);
                }
                Response::DescribeCluster(response) => self.refresh.on_controllers(response, now),
                _ => {}
            }
            // A fresh view may name better nodes for what was not sent yet.
            for open in self.requests.iter_mut().filter(|open| matches!(open.stage, Stage::Assigned(_))) {
                open.stage = Stage::Pending(now);
            }
            return;
        }
        let Some(operation) = self.operations.get_mut(&request.call) else { return };
        let reaction = operation.on_response(&request.step, body);
        self.react(request, reaction, now);
    }

    fn react(&mut self, request: Open, reaction: Reaction, now: Micros) {
        if reaction.controller_moved {
            self.refresh.cluster.controller = None;
            self.refresh.request();
        }
        let prefix = self.net.config.log_prefix.clone();
        for (logger, text) in reaction.errors {
            self.net.log_line(LogLine::error(now, logger, format!("{prefix}{text}")));
        }
        let (call, deadline) = (request.call, request.deadline);
        self.open(call, reaction.next, now, deadline);
        match reaction.retry {
            Some(error) => self.fail(request, error, now),
            None => self.finish(call),
        }
    }

    /// `Call.fail`: again after a back-off if that can help and there is time, else for good.
    fn fail(&mut self, mut request: Open, error: KafkaError, now: Micros) {
        let wait = self.config.common.retry_backoff.wait(request.tries, &mut self.rng);
        request.tries += 1;
        let timed_out = now >= request.deadline || (error.retriable && request.tries > self.config.retries);
        if timed_out && error.class != error::TIMEOUT {
            let why = format!(
                "Call(callName={}, deadlineMs={}, tries={}, nextAllowedTryMs={}) timed out at {} after {} attempt(s)",
                request.step.name(),
                request.deadline.as_epoch_ms(),
                request.tries,
                (now + wait).as_epoch_ms(),
                now.as_epoch_ms(),
                request.tries
            );
            let error = KafkaError::new(error::TIMEOUT, why).caused_by(error);
            return self.give_up(request, error, now);
        }
        if timed_out || !error.retriable {
            return self.give_up(request, error, now);
        }
        if error.class == error::DISCONNECT
            && let Step::AskLeader { api, .. } = request.step
        {
            // The leader may be another one by now.
            request.step = Step::LookupLeaders { api };
        }
        if matches!(request.step.target(), Target::Controller) && error.code == ErrorCode::NotController {
            self.refresh.request();
        }
        request.stage = Stage::Pending(now + wait);
        self.requests.push(request);
    }

    fn give_up(&mut self, request: Open, error: KafkaError, now: Micros) {
        if request.call == INTERNAL {
            self.refresh.on_failed();
            // A broker that was asked as a controller, or the other way round: nobody here will ever name the nodes
            // (`AdminMetadataManager.fatalException`).
            // Where a node does not know the API at all, Kafka repeats its warnings until the process ends, which is too
            // soon to be told.
            let is_mismatch = error.code == ErrorCode::MismatchedEndpointType;
            if is_mismatch {
                self.warn_of_metadata(&error, now);
            }
            if is_mismatch || error.class == error::UNSUPPORTED_VERSION {
                for open in std::mem::take(&mut self.requests) {
                    self.give_up(open, error.clone(), now);
                }
            }
            return;
        }
        let Some(operation) = self.operations.get_mut(&request.call) else { return };
        let instead = operation.on_failure(&request.step, &error);
        self.open(request.call, instead, now, request.deadline);
        self.finish(request.call);
    }

    /// `AdminMetadataManager.updateFailed`.
    fn warn_of_metadata(&mut self, error: &KafkaError, now: Micros) {
        const LOGGER: &str = "org.apache.kafka.clients.admin.internals.AdminMetadataManager";
        let text = format!("{}Fatal error during metadata update", self.net.config.log_prefix);
        self.net.log_line(LogLine::warn(now, LOGGER, text).with(error.clone()));
    }

    /// Hands out the outcome of a call that has no open request left.
    fn finish(&mut self, call: CallId) {
        if self.requests.iter().any(|request| request.call == call) {
            return;
        }
        if let Some(operation) = self.operations.remove(&call) {
            let log = self.net.take_log();
            self.outputs.extend(log.into_iter().map(AdminOutput::Log));
            self.outputs.push(AdminOutput::Done { call, result: operation.into_result() });
        }
    }

    fn set_deadline(&mut self, now: Micros) {
        let mut next = self.net.next_deadline();
        let mut at = |moment: Micros| next = Some(next.map_or(moment, |earlier| earlier.min(moment)));
        let poll = now + self.config.common.retry_backoff.initial.max(Micros::from_ms(1));
        for request in &self.requests {
            match request.stage {
                Stage::Pending(from) => {
                    // Waiting for a node means asking for metadata now and then.
                    at(if from > now { from } else { poll });
                    at(request.deadline + Micros::from_ms(1));
                }
                Stage::Assigned(node) => {
                    if let Some(retry_at) = self.net.retry_at(node) {
                        at(retry_at.max(now + Micros::from_ms(1)));
                    }
                    at(request.deadline + Micros::from_ms(1));
                }
                // What times out earlier is noticed when the client wakes up for something else, or now: its poll waits
                // for the deadlines of calls, not for those of requests.
                Stage::InFlight { .. } => at(request.deadline),
            }
        }
        self.deadline = if self.operations.is_empty() { None } else { next };
    }
}

/// Why a client could not be constructed, and what it logged before that.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewClientError {
    pub log: Vec<LogLine>,
    pub error: KafkaError,
}

impl NewClientError {
    /// `KafkaException("Failed to construct ...", cause)`.
    pub(crate) fn wrap(self, words: &str) -> NewClientError {
        NewClientError { error: KafkaError::new(error::KAFKA, words).caused_by(self.error), log: self.log }
    }
}

/// `ClientUtils.parseAndValidateAddresses`: the servers whose names are known; a warning for each other one.
pub(crate) fn resolve(
    urls: &[String],
    now: Micros,
    fx: &Effects<'_, Kafka>,
) -> Result<(Vec<(String, u16)>, Vec<LogLine>), NewClientError> {
    const LOGGER: &str = "org.apache.kafka.clients.ClientUtils";
    let servers =
        node::parse_servers(urls, "bootstrap.servers").map_err(|error| NewClientError { log: Vec::new(), error })?;
    let mut log = Vec::new();
    let mut known = Vec::new();
    for (host, port) in servers {
        if fx.resolve(&host).is_some() {
            known.push((host, port));
            continue;
        }
        let text =
            format!("Couldn't resolve server {host}:{port} from bootstrap.servers as DNS resolution failed for {host}");
        log.push(LogLine::warn(now, LOGGER, text));
    }
    if known.is_empty() {
        let error = KafkaError::new(error::CONFIG, "No resolvable bootstrap urls given in bootstrap.servers");
        return Err(NewClientError { log, error });
    }
    Ok((known, log))
}
