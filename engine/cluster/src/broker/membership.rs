//! Drives the broker's membership in the cluster: what [`Lifecycle`](super::lifecycle::Lifecycle) decides is sent, and
//! its answers acted on.

use std::sync::Arc;

use base::Micros;
use protocol::messages::broker_registration_request::{Feature, Listener};
use protocol::messages::{BrokerHeartbeatRequest, BrokerRegistrationRequest};
use protocol::{ErrorCode, Response};

use super::lifecycle::{BrokerState, Communication, Progress};
use super::replication::{ISR_ANSWER, ISR_ANSWER_DELAY};
use super::to_controller::{Lane, Purpose};
use super::{Broker, Fx, named_timer, timer};
use crate::controller::refusal;
use crate::metadata::MetadataDelta;
use crate::server_log::logger;
use crate::{Event, ServerTimer};

const REGISTRATION_VERSION: i16 = 4;
const HEARTBEAT_VERSION: i16 = 2;

impl Broker {
    pub(super) fn on_start(&mut self, now: Micros, fx: &mut Fx<'_>) {
        self.lifecycle.start();
        let id = self.spec.node_id;
        self.log_server("Transition from SHUTDOWN to STARTING", fx);
        self.log_info(logger::SHARED_SERVER, format!("[SharedServer id={id}] Starting SharedServer"), fx);
        self.raft.start(now, &mut self.disk, fx);
        self.log_server("Starting broker", fx);
        if self.lifecycle.previous_broker_epoch < 0 {
            let text = format!("Unable to read the broker epoch in {}.", self.log_dir());
            self.log_info(logger::LOG_MANAGER, text, fx);
        }
        let text = format!(
            "Incarnation {} of broker {id} in cluster {} is now STARTING.",
            self.lifecycle.incarnation_id, self.spec.cluster_id
        );
        self.log_lifecycle(&text, fx);
        let deadline = Micros::from_ms(self.settings.server.amount("initial.broker.registration.timeout.ms"));
        fx.set_timer_after(timer(ServerTimer::Registration), deadline);
        self.communicate(fx);
    }

    /// The controller became known; what waited for it goes out (in `settle`).
    pub(super) fn on_controller_known(&mut self, fx: &mut Fx<'_>) {
        if let Some(at) = self.raft.raft().leader_endpoint() {
            let id = self.known_controller.unwrap_or(-1);
            let node = format!("{}:{} (id: {id} rack: null isFenced: false)", at.host, at.port);
            let text = format!("Recorded new KRaft controller, from now on will use node {node}");
            // Each of the broker's channels to the controller says it.
            for _ in super::lanes(&self.settings) {
                self.log_info(logger::TO_CONTROLLER, text.clone(), fx);
            }
        }
    }

    /// Sends the next registration or heartbeat.
    pub(super) fn communicate(&mut self, _fx: &mut Fx<'_>) {
        match self.lifecycle.next_communication() {
            None => {}
            Some(Communication::Register) => {
                let request = self.registration();
                self.to_controller.submit(Lane::Heartbeat, Purpose::Registration, REGISTRATION_VERSION, request);
            }
            Some(Communication::Heartbeat { want_fence, want_shut_down }) => {
                let caught_up = self.lifecycle.state > BrokerState::Starting;
                let request = BrokerHeartbeatRequest {
                    broker_id: self.spec.node_id,
                    broker_epoch: self.lifecycle.broker_epoch,
                    current_metadata_offset: self.metadata.offset(),
                    want_fence,
                    want_shut_down,
                    cordoned_log_dirs: caught_up.then(Vec::new),
                    ..Default::default()
                };
                self.to_controller.submit(Lane::Heartbeat, Purpose::Heartbeat, HEARTBEAT_VERSION, request);
            }
        }
    }

    fn registration(&self) -> BrokerRegistrationRequest {
        let listener = |(name, host, port, security_protocol): &(String, String, u16, i16)| Listener {
            name: name.clone(),
            host: host.clone(),
            port: *port,
            security_protocol: *security_protocol,
            ..Default::default()
        };
        let feature = |(name, min, max): &(&str, i16, i16)| Feature {
            name: name.to_string(),
            min_supported_version: *min,
            max_supported_version: *max,
            ..Default::default()
        };
        BrokerRegistrationRequest {
            broker_id: self.spec.node_id,
            cluster_id: self.spec.cluster_id.to_string(),
            incarnation_id: self.lifecycle.incarnation_id,
            listeners: self.settings.listeners.advertised.iter().map(listener).collect(),
            features: FEATURES.iter().map(feature).collect(),
            rack: self.settings.server.own("broker.rack").map(str::to_string),
            log_dirs: vec![self.files.directory_id],
            previous_broker_epoch: self.lifecycle.previous_broker_epoch,
            ..Default::default()
        }
    }

    pub(super) fn on_registration_deadline(&mut self, fx: &mut Fx<'_>) {
        if !self.lifecycle.is_registered() {
            let text = format!(
                "[BrokerLifecycleManager id={}] Shutting down because we were unable to register with the controller quorum.",
                self.spec.node_id
            );
            self.log_line("ERROR", logger::LIFECYCLE, text, fx);
            fx.exit();
        }
    }

    /// Sends what waits for the controller, and answers for it where there has been none for too long.
    pub(super) fn ask_controller(&mut self, now: Micros, fx: &mut Fx<'_>) {
        for (purpose, body) in self.to_controller.pump(now, self.raft.raft().leader_address(), fx) {
            if let Some(response) = refusal(&body, ErrorCode::RequestTimedOut, "The request timed out.") {
                self.on_controller_response(now, purpose, Arc::new(response), fx);
            }
        }
    }

    /// The controller answered one of this broker's requests.
    pub(super) fn on_controller_response(
        &mut self,
        now: Micros,
        purpose: Purpose,
        response: Arc<Response>,
        fx: &mut Fx<'_>,
    ) {
        match (purpose, &*response) {
            (Purpose::Registration, Response::BrokerRegistration(answer)) => {
                let (progress, wait) = self.lifecycle.on_registration(answer);
                self.on_progress(now, progress, wait, fx);
            }
            (Purpose::Heartbeat, Response::BrokerHeartbeat(answer)) => {
                let (progress, wait) = self.lifecycle.on_heartbeat(answer);
                self.on_progress(now, progress, wait, fx);
            }
            (Purpose::AlterPartition(sent), Response::AlterPartition(_)) => {
                match self.isr_changes.park(sent, response.clone()) {
                    true => fx.set_timer_after(named_timer(ISR_ANSWER, 0), ISR_ANSWER_DELAY),
                    false => self.on_isr_answer(now, fx),
                }
            }
            (Purpose::Forward(reply), _) => self.connections.respond_shared(&reply, response, fx),
            (Purpose::AlterConfigs(reply, outcomes), _) => self.on_configs_altered(&reply, outcomes, &response, fx),
            (Purpose::AutoCreate(topics), Response::CreateTopics(answer)) => {
                self.on_topics_created(topics, answer, fx);
            }
            (Purpose::ProducerIds, Response::AllocateProducerIds(answer)) => {
                self.on_producer_ids(now, answer, fx);
            }
            // The metadata that follows from it comes by itself; what is refused is of a process or a topic that is gone.
            (Purpose::Directories, Response::AssignReplicasToDirs(_)) => {}
            // An answer of another kind than its question: not from a Kafka server.
            (purpose, _) => {
                let text = format!("Received an invalid response type for {}.", purpose.name());
                self.log_line("ERROR", logger::TO_CONTROLLER, text, fx);
            }
        }
    }

    fn on_progress(&mut self, now: Micros, progress: Progress, wait: Micros, fx: &mut Fx<'_>) {
        let id = self.spec.node_id;
        fx.set_timer_after(timer(ServerTimer::Heartbeat), wait);
        match progress {
            Progress::None => self.log_waiting(fx),
            Progress::Registered => {
                fx.cancel_timer(timer(ServerTimer::Registration));
                let epoch = self.lifecycle.broker_epoch;
                self.log_lifecycle(&format!("Successfully registered broker {id} with broker epoch {epoch}"), fx);
            }
            Progress::CaughtUp => {
                self.log_lifecycle("The broker has caught up. Transitioning from STARTING to RECOVERY.", fx);
                self.publish_first(now, fx);
            }
            Progress::Unfenced => {
                self.log_lifecycle("The broker has been unfenced. Transitioning from RECOVERY to RUNNING.", fx);
                for (at, text) in UNFENCED.iter().enumerate() {
                    self.log_server(text, fx);
                    if at == 0 {
                        for (_, port) in &self.settings.listeners.bound {
                            crate::controller::log_awaiting(&self.spec.host, *port, fx);
                        }
                    }
                }
                crate::controller::log_started(id, now, fx);
                fx.emit(Event::BrokerStarted { broker: id, recovered: !self.files.was_clean });
            }
            Progress::ShutDown => {
                self.log_lifecycle("The controller has asked us to exit controlled shutdown.", fx);
                self.log_lifecycle("Transitioning from PENDING_CONTROLLED_SHUTDOWN to SHUTTING_DOWN.", fx);
                self.begin_closing(fx);
            }
            Progress::Refused(error) => {
                let what = if self.lifecycle.is_registered() { "send a heartbeat" } else { "register broker" };
                let words = match self.lifecycle.is_registered() {
                    true => format!("Broker {id} sent a heartbeat request but received error {}.", error.name()),
                    false => format!("Unable to {what} {id} because the controller returned error {}", error.name()),
                };
                self.log_lifecycle(&words, fx);
            }
        }
    }

    /// A heartbeat brought nothing new: what the broker still waits for.
    fn log_waiting(&mut self, fx: &mut Fx<'_>) {
        match self.lifecycle.state {
            BrokerState::Recovery => self.log_lifecycle("The broker is in RECOVERY.", fx),
            BrokerState::PendingControlledShutdown => {
                let text =
                    "The broker is in PENDING_CONTROLLED_SHUTDOWN state, still waiting for the active controller.";
                self.log_lifecycle(text, fx);
            }
            _ => {}
        }
    }

    /// A leader that was away has registered again, or a broker has another address.
    pub(super) fn on_brokers_changed(&mut self, now: Micros, delta: &MetadataDelta, fx: &mut Fx<'_>) {
        let waiting: Vec<_> = self
            .replicas
            .partitions
            .values()
            .filter(|held| held.followed_leader().is_some_and(|leader| delta.brokers.contains(&leader)))
            .map(|held| held.topic_partition.clone())
            .collect();
        for partition in waiting {
            let fetched = self.fetchers.values().any(|fetcher| fetcher.states.contains_key(&partition));
            let failed = self.fetchers.values().any(|fetcher| fetcher.failed.contains(&partition));
            if !fetched && !failed {
                self.start_fetching(now, &partition, fx);
            }
        }
    }
}

/// The last steps of `BrokerServer.startup`.
const UNFENCED: [&str; 4] = [
    "Finished waiting for the broker to be unfenced",
    "Waiting for all of the SocketServer Acceptors to be started",
    "Finished waiting for all of the SocketServer Acceptors to be started",
    "Transition from STARTING to STARTED",
];

/// What a 4.3 broker supports, by feature (`BrokerFeatures`).
pub(crate) const FEATURES: &[(&str, i16, i16)] = &[
    ("eligible.leader.replicas.version", 0, 1),
    ("group.version", 0, 1),
    ("kraft.version", 0, 1),
    ("metadata.version", 7, 30),
    ("share.version", 0, 1),
    ("streams.version", 0, 1),
    ("transaction.version", 0, 2),
];
