//! A KRaft controller: the one place where the cluster's metadata is decided.
//!
//! Every controller of the quorum is a [`QuorumController`] over a replica of the metadata log ([`crate::raft`]). One of
//! them is active: it decides upon what it has written, committed or not, and answers when it is committed. The others
//! replay what is committed, so that each could take over at once.
//!
//! ```text
//! request -> decision (records, response) -> append -> replay -> ... a majority has it -> events, response
//! ```
//!
//! [`Controller`] is such a controller in a process of its own; in combined mode a broker holds one.

mod activation;
mod alter_partition;
mod brokers;
mod control;
mod create_topics;
mod decide;
mod directories;
mod elections;
mod events;
mod features;
mod heartbeat;
mod isr_updates;
mod partition_change;
mod quorum_controller;
mod reassignments;
mod registration;
mod replay_log;
mod security;
#[cfg(test)]
mod tests;
mod timers;
mod topics;
mod write;

use base::{Micros, Rng};
use log::UnifiedLog;
use sim::{Boot, Disk, Effects, Input};

use crate::broker::log_files::open_directory;
use crate::config::ServerConfig;
use crate::loggers::Loggers;
use crate::metadata::{MetadataImage, MetadataLoader};
use crate::raft::{Raft, RaftConfig, RaftManager};
use crate::server_log::{self, logger};
use crate::spec::write_properties;
use crate::{Control, ControllerSpec, Event, Kafka, ServerTimer, Timer};

pub(crate) use decide::refusal;
pub use heartbeat::{BrokerSession, HeartbeatManager};
pub(crate) use quorum_controller::Process;
pub use quorum_controller::QuorumController;

/// The way out of an input.
type Fx<'a> = Effects<'a, Kafka>;

fn timer(name: ServerTimer) -> Timer {
    Timer::Server(name)
}

/// A controller node: `process.roles=controller`.
#[derive(Clone, Debug, Hash)]
pub struct Controller {
    spec: ControllerSpec,
    disk: Disk,
    raft: RaftManager,
    loader: MetadataLoader,
    quorum_controller: QuorumController,
    loggers: Loggers,
}

/// What the roles of a process share, borrowed field by field.
macro_rules! process {
    ($server:expr, $now:expr) => {
        $crate::controller::Process {
            now: $now,
            disk: &mut $server.disk,
            raft: &mut $server.raft,
            loader: &mut $server.loader,
            loggers: &mut $server.loggers,
        }
    };
}

impl Controller {
    /// The controller as its process starts: its log was read, it does not lead.
    pub fn boot(spec: &ControllerSpec, boot: Boot) -> Controller {
        let Boot { node, now, seed, mut disk, .. } = boot;
        let mut rng = Rng::new(seed, u64::from(node.0), "controller");
        let server = ServerConfig::new(spec.node_id, spec.properties.clone());
        write_properties(&mut disk, &spec.file(), now);
        let directory_id = open_directory(&mut disk, spec.cluster_id, spec.node_id, &spec.voters, &mut rng, now);
        let listener = (spec.host.as_str(), spec.port);
        let config = RaftConfig::of(&server, spec.cluster_id, directory_id, listener, &spec.voters);
        let config = RaftConfig { profile: spec.profile, can_become_voter: true, ..config };
        let raft_rng = Rng::new(seed, u64::from(node.0), "raft");
        let raft = RaftManager::open(config, &mut disk, false, raft_rng, now);
        let ids = Rng::new(seed, u64::from(node.0), "topic ids");
        let quorum_controller = QuorumController::new(spec, raft.raft().log_end(), rng, ids, now);
        let loader = MetadataLoader::new(&server, now);
        let loggers = Loggers::new(false);
        Controller { spec: spec.clone(), disk, raft, loader, quorum_controller, loggers }
    }

    /// One thing happened.
    pub fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        let mut process = process!(self, now);
        match input {
            Input::Start => {
                log_server(&self.spec, "Starting controller", fx);
                let text = format!("[SharedServer id={}] Starting SharedServer", self.spec.node_id);
                fx.emit(Event::Logged { level: "INFO", logger: logger::SHARED_SERVER, text });
                process.raft.start(now, process.disk, fx);
            }
            Input::Accepted { conn, .. } => self.quorum_controller.on_accepted(conn),
            Input::Connected { .. } => {}
            Input::Closed { conn, .. } => self.quorum_controller.on_closed(conn, &mut process, fx),
            Input::Message { conn, message } => self.quorum_controller.on_message(conn, message, &mut process, fx),
            Input::Timer { timer: Timer::Server(ServerTimer::Quorum) } => process.raft.on_timer(now, process.disk, fx),
            Input::Timer { timer: Timer::Server(timer) } => {
                self.quorum_controller.on_timer(&timer, &mut process, fx);
            }
            // The alarms of a terminal's processes belong to another kind of node.
            Input::Timer { timer: Timer::Process(_) } => {}
            Input::Control { control: Control::Terminate } => {
                log_terminated(fx);
                log_server(&self.spec, "shutting down", fx);
                process.raft.begin_shutdown(now, process.disk, fx);
            }
            // Keys and signals of a terminal mean nothing to a server without one.
            Input::Control { .. } => {}
        }
        self.settle(now, fx);
        if self.disk.take_full() {
            fx.crash();
            let text = "Encountered fatal fault: Unexpected error in raft IO thread".to_string();
            fx.emit(Event::Logged { level: "ERROR", logger: logger::FAULTS, text });
        }
        server_log::write(&mut self.disk, &mut self.loggers, &self.loader.image, now, fx);
    }

    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    pub fn disk_mut(&mut self) -> &mut Disk {
        &mut self.disk
    }

    pub fn into_disk(self) -> Disk {
        self.disk
    }

    /// Does what the input made possible, until nothing more follows.
    fn settle(&mut self, now: Micros, fx: &mut Fx<'_>) {
        loop {
            let mut process = process!(self, now);
            let mut busy = self.quorum_controller.settle(&mut process, fx);
            let is_first = process.loader.loaded_end() == 0;
            if let Some(loaded) = process.load(fx) {
                if is_first {
                    log_awaiting(&self.spec.host, self.spec.port, fx);
                    log_started(self.spec.node_id, now, fx);
                }
                self.quorum_controller.on_published(&loaded, &mut process, fx);
                busy = true;
            }
            if !busy {
                break;
            }
        }
        if self.raft.is_shut_down(now) {
            self.raft.end(&mut self.disk, now, fx);
            fx.exit();
        }
    }
}

/// A line of the controller as a server (`ControllerServer`).
fn log_server(spec: &ControllerSpec, text: &str, fx: &mut Fx<'_>) {
    let text = format!("[ControllerServer id={}] {text}", spec.node_id);
    fx.emit(Event::Logged { level: "INFO", logger: logger::CONTROLLER_SERVER, text });
}

/// An acceptor that is open now.
pub(crate) fn log_awaiting(host: &str, port: u16, fx: &mut Fx<'_>) {
    let text = format!("Awaiting socket connections on {host}:{port}.");
    fx.emit(Event::Logged { level: "INFO", logger: logger::ACCEPTOR, text });
}

/// What a server's process says when all of it runs.
pub(crate) fn log_started(id: i32, now: Micros, fx: &mut Fx<'_>) {
    let version = crate::Profile::default().version();
    let lines = [
        format!("Kafka version: {version}"),
        "Kafka commitId: 26b251a451ce941d".to_string(),
        format!("Kafka startTimeMs: {}", now.as_epoch_ms()),
    ];
    for text in lines {
        fx.emit(Event::Logged { level: "INFO", logger: logger::APP_INFO, text });
    }
    let text = format!("[KafkaRaftServer nodeId={id}] Kafka Server started");
    fx.emit(Event::Logged { level: "INFO", logger: logger::RAFT_SERVER, text });
}

/// What a server's process says of SIGTERM.
pub(crate) fn log_terminated(fx: &mut Fx<'_>) {
    let text = "Terminating process due to signal SIGTERM".to_string();
    fx.emit(Event::Logged { level: "INFO", logger: logger::SIGNALS, text });
}

/// What views and the invariant checker may see.
impl Controller {
    pub fn spec(&self) -> &ControllerSpec {
        &self.spec
    }

    pub fn node_id(&self) -> i32 {
        self.spec.node_id
    }

    pub fn quorum_controller(&self) -> &QuorumController {
        &self.quorum_controller
    }

    /// The replica of the metadata log: epoch, leader, voters, high watermark, log end.
    pub fn raft(&self) -> &Raft {
        self.raft.raft()
    }

    /// The metadata as this controller decides upon it: the active one's holds what is not committed yet.
    pub fn image(&self) -> &MetadataImage {
        self.quorum_controller.image()
    }

    /// The metadata as far as this controller knows it to be committed.
    pub fn committed_image(&self) -> &MetadataImage {
        &self.loader.image
    }

    /// The controller epoch; 0 while this controller is not the active one.
    pub fn epoch(&self) -> i32 {
        self.quorum_controller.epoch()
    }

    pub fn is_active(&self) -> bool {
        self.quorum_controller.is_active()
    }

    /// The offset after the last record of the metadata log.
    pub fn metadata_end(&self) -> i64 {
        self.raft.raft().log_end()
    }

    pub fn metadata_log(&self) -> &UnifiedLog {
        self.raft.raft().log()
    }

    /// Sessions of brokers.
    pub fn heartbeats(&self) -> &HeartbeatManager {
        self.quorum_controller.heartbeats()
    }
}
