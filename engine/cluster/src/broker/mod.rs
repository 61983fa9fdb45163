//! A broker: keeps partitions, leads or follows each of them, and serves clients.
//!
//! It is a value that takes one input at a time. What a real broker does with threads and futures is here a place in
//! the state: a request that waits sits in the [`purgatory`], a fetch under way in its [`fetcher`], an ISR change in
//! [`isr`]. After every input the broker *settles*: requests are handled, whoever waits for a changed partition is
//! looked at again, and what can be sent is sent.
//!
//! ```text
//! start -> fetch metadata -> register -> heartbeat until caught up -> load logs, apply metadata -> unfenced: serve
//! ```

pub(crate) mod apis;
mod cleaner;
mod client;
pub(crate) mod connections;
mod fetch_session;
mod fetcher;
mod group;
mod isr;
mod lifecycle;
mod log_deletion;
pub(crate) mod log_files;
pub(crate) mod membership;
mod partition;
mod producer_ids;
mod publisher;
mod purgatory;
mod replica_manager;
mod replication;
mod server_log;
mod settings;
mod shutdown;
mod throttle;
pub(crate) mod to_controller;

use base::{ConnId, Map, Micros, Rng, Set, Uuid};

use log::UnifiedLog;
use protocol::{Packet, TopicPartition};
use sim::{Boot, Disk, Effects, Input};

use connections::Connections;
use fetch_session::cache::FetchSessions;
use fetcher::Fetcher;
use group::GroupCoordinator;
use isr::AlterPartitionManager;
use lifecycle::Lifecycle;
use log_files::LogFiles;
use producer_ids::ProducerIdManager;
use purgatory::Purgatory;
use replica_manager::ReplicaManager;
use settings::Settings;
use throttle::ReplicationQuota;
use to_controller::{Lane, ToController};

pub use group::{ClassicGroup, GroupState, Member};
pub use lifecycle::BrokerState;
pub use partition::{Committed, FollowerState, IsrState, LeaderState, Partition, Role};

use crate::controller::QuorumController;
use crate::loggers::Loggers;
use crate::metadata::{MetadataImage, MetadataLoader, metadata_partition};
use crate::raft::{Raft, RaftConfig, RaftManager};
use crate::spec::{CONTROLLER_PORT, write_properties};
use crate::{BrokerSpec, Control, Kafka, ServerTimer, Timer};

/// The way out of an input.
type Fx<'a> = Effects<'a, Kafka>;

/// What partitions need to know of the broker around them. A macro, so that it borrows single fields and the partitions
/// can be changed beside it.
macro_rules! around {
    ($broker:expr, $now:expr) => {
        $crate::broker::partition::Surroundings {
            local_broker: $broker.settings.node_id(),
            local_broker_epoch: $broker.lifecycle.broker_epoch,
            now_ms: $now.as_epoch_ms(),
            lag_max_ms: $broker.settings.replica_lag_time_max_ms,
            profile: $broker.spec.profile,
            image: &$broker.metadata.image,
        }
    };
}
use around;

/// What the broker shares with a controller in its process, borrowed field by field.
macro_rules! process {
    ($broker:expr, $now:expr) => {
        $crate::controller::Process {
            now: $now,
            disk: &mut $broker.disk,
            raft: &mut $broker.raft,
            loader: &mut $broker.metadata,
            loggers: &mut $broker.loggers,
        }
    };
}
use process;

/// A server's own timer.
fn timer(name: ServerTimer) -> Timer {
    Timer::Server(name)
}

/// A timer of one of the broker's rooms, by name and number.
fn named_timer(name: &'static str, number: u64) -> Timer {
    Timer::Server(ServerTimer::Named(name, number))
}

/// A broker node.
#[derive(Clone, Debug, Hash)]
pub struct Broker {
    spec: BrokerSpec,
    settings: Settings,
    disk: Disk,
    rng: Rng,
    files: LogFiles,
    connections: Connections,
    to_controller: ToController,
    lifecycle: Lifecycle,
    /// This node's replica of the metadata log.
    raft: RaftManager,
    metadata: MetadataLoader,
    /// The controller of the same process, in combined mode.
    controller: Option<Box<QuorumController>>,
    /// Whom `NodeToControllerChannelManager` was told of last.
    known_controller: Option<i32>,
    /// The first metadata was applied; from then on every change is applied as it comes.
    published: bool,
    replicas: ReplicaManager,
    /// By leader broker.
    fetchers: Map<i32, Fetcher>,
    /// Those of followers and consumers with this broker.
    fetch_sessions: FetchSessions,
    isr_changes: AlterPartitionManager,
    /// What throttled replicas get from this broker, and what its own take from others.
    leader_quota: ReplicationQuota,
    follower_quota: ReplicationQuota,
    purgatory: Purgatory,
    producer_ids: ProducerIdManager,
    /// Topics that the controller was asked to create because a client asked for them.
    creating_topics: Set<String>,
    groups: GroupCoordinator,
    /// A high watermark moved since the last checkpoint, and its timer runs.
    checkpoint_scheduled: bool,
    meters: Meters,
    loggers: Loggers,
    started_at: Micros,
}

/// Counts of this process that Kafka's meters of the same name report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Meters {
    /// `kafka.server:type=BrokerTopicMetrics,name=FailedProduceRequestsPerSec`.
    pub failed_produce_requests: u64,
    /// `kafka.server:type=ReplicaManager,name=IsrShrinksPerSec`: those that this broker proposed as a leader.
    pub isr_shrinks: u64,
    /// `kafka.server:type=ReplicaManager,name=IsrExpandsPerSec`.
    pub isr_expands: u64,
    /// `kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec`: of batches appended as a leader
    /// (`ReplicaManager.appendRecordsToLeader`).
    pub bytes_in: u64,
}

impl Broker {
    /// What the meters of this process stand at.
    pub fn meters(&self) -> Meters {
        self.meters
    }

    /// The broker as its process starts: the disk was looked at, nothing was sent.
    pub fn boot(spec: &BrokerSpec, boot: Boot) -> Broker {
        let Boot { node, now, seed, mut disk, .. } = boot;
        let mut rng = Rng::new(seed, u64::from(node.0), "broker");
        let settings = Settings::of(spec);
        write_properties(&mut disk, &spec.file(), now);
        let files = LogFiles::open(&mut disk, spec.cluster_id, spec.node_id, &spec.voters, &mut rng, now);
        let lifecycle =
            Lifecycle::new(Uuid::random(&mut rng), files.previous_broker_epoch, settings.heartbeat_interval_ms);
        let listener = (spec.host.as_str(), CONTROLLER_PORT);
        let voters = &spec.voters;
        let config = RaftConfig::of(&settings.server, spec.cluster_id, files.directory_id, listener, voters);
        let config = RaftConfig { profile: spec.profile, ..config };
        let raft_rng = Rng::new(seed, u64::from(node.0), "raft");
        let raft = RaftManager::open(config, &mut disk, files.was_clean, raft_rng, now);
        let controller = spec.controller().map(|controller| {
            let (rng, ids) =
                (Rng::new(seed, u64::from(node.0), "controller"), Rng::new(seed, u64::from(node.0), "topic ids"));
            Box::new(QuorumController::new(&controller, raft.raft().log_end(), rng, ids, now))
        });
        let session_rng = Rng::new(seed, u64::from(node.0), "fetch sessions");
        let fetch_sessions = FetchSessions::new(settings.fetch_session_slots, session_rng);
        Broker {
            to_controller: ToController::new(spec.node_id, &lanes(&settings)),
            metadata: MetadataLoader::new(&settings.server, now),
            raft,
            controller,
            known_controller: None,
            groups: GroupCoordinator::new(),
            spec: spec.clone(),
            settings,
            disk,
            rng,
            files,
            connections: Connections::default(),
            lifecycle,
            published: false,
            replicas: ReplicaManager::default(),
            fetchers: Map::new(),
            fetch_sessions,
            isr_changes: AlterPartitionManager::default(),
            leader_quota: ReplicationQuota::default(),
            follower_quota: ReplicationQuota::default(),
            purgatory: Purgatory::default(),
            producer_ids: ProducerIdManager::default(),
            creating_topics: Set::new(),
            checkpoint_scheduled: false,
            meters: Meters::default(),
            loggers: Loggers::new(true),
            started_at: now,
        }
    }

    /// One thing happened.
    pub fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        match input {
            Input::Start => self.on_start(now, fx),
            Input::Accepted { conn, port, .. } => self.on_accepted(conn, port, fx),
            Input::Connected { .. } => {}
            Input::Closed { conn, .. } => self.on_closed(now, conn, fx),
            Input::Message { conn, message } => self.on_message(now, conn, message, fx),
            Input::Timer { timer: Timer::Server(timer) } => self.on_timer(now, timer, fx),
            // The alarms of a terminal's processes belong to another kind of node.
            Input::Timer { timer: Timer::Process(_) } => {}
            Input::Control { control: Control::Terminate } => self.on_terminate(now, fx),
            // Keys and signals of a terminal mean nothing to a server without one.
            Input::Control { .. } => {}
        }
        self.settle(now, fx);
        if self.disk.take_full() {
            self.fail_log_dir(fx);
        }
        crate::server_log::write(&mut self.disk, &mut self.loggers, &self.metadata.image, now, fx);
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
            let mut busy = self.follow_metadata(now, fx);
            if let Some(controller) = &mut self.controller {
                busy |= controller.settle(&mut process!(self, now), fx);
            }
            if self.lifecycle.is_serving() {
                while let Some(incoming) = self.connections.next_request() {
                    self.handle(now, incoming, fx);
                    busy = true;
                }
            }
            let touched = self.purgatory.take_touched();
            busy |= !touched.is_empty();
            for id in touched {
                self.try_complete(now, id, fx);
            }
            if !busy {
                break;
            }
        }
        self.propagate_isr_changes();
        self.send_fetches(now, fx);
        self.ask_controller(now, fx);
        if self.raft.is_shut_down(now) {
            self.end_process(now, fx);
        }
    }

    /// Until it is about to be unfenced a broker has no open port.
    fn on_accepted(&mut self, conn: ConnId, port: u16, fx: &mut Fx<'_>) {
        if let Some(controller) = self.controller.as_mut().filter(|_| port == CONTROLLER_PORT) {
            return controller.on_accepted(conn);
        }
        let is_open = self.published && self.lifecycle.state != BrokerState::ShuttingDown;
        match self.settings.listeners.bound.iter().position(|(_, bound)| is_open && *bound == port) {
            Some(listener) => self.connections.accept(conn, listener as u8),
            None => fx.close(conn),
        }
    }

    fn on_closed(&mut self, now: Micros, conn: ConnId, fx: &mut Fx<'_>) {
        if let Some(lane) = self.to_controller.owner_of(conn) {
            self.to_controller.on_closed(lane, fx);
        } else if self.raft.owns(conn) {
            self.raft.on_closed(now, conn, &mut self.disk, fx);
        } else if let Some(controller) = self.controller.as_mut().filter(|controller| controller.owns(conn)) {
            controller.on_closed(conn, &mut process!(self, now), fx);
        } else if let Some(leader) = self.fetcher_of(conn) {
            self.on_fetch_connection_closed(now, leader, fx);
        } else {
            self.connections.on_closed(conn);
            self.purgatory.forget_connection(conn, fx);
            // A parked join or sync of a client that is gone stays; its session ends in time.
        }
    }

    fn on_message(&mut self, now: Micros, conn: ConnId, packet: Packet, fx: &mut Fx<'_>) {
        // A broker at rest hears of the quorum alone.
        if self.raft.owns(conn) {
            self.raft.on_message(now, conn, &packet, &mut self.disk, fx);
        } else if let Some(lane) = self.to_controller.owner_of(conn) {
            if let Some((purpose, response)) = self.to_controller.on_response(lane, &packet, fx) {
                self.on_controller_response(now, purpose, response, fx);
            }
        } else if let Some(controller) = self.controller.as_mut().filter(|controller| controller.owns(conn)) {
            controller.on_message(conn, packet, &mut process!(self, now), fx);
        } else if let Some(leader) = self.fetcher_of(conn) {
            self.on_fetcher_response(now, leader, &packet, fx);
        } else {
            self.connections.receive(conn, packet);
        }
    }

    fn on_timer(&mut self, now: Micros, timer: ServerTimer, fx: &mut Fx<'_>) {
        if let Some(controller) = &mut self.controller
            && controller.on_timer(&timer, &mut process!(self, now), fx)
        {
            return;
        }
        match timer {
            ServerTimer::Quorum => self.raft.on_timer(now, &mut self.disk, fx),
            ServerTimer::Heartbeat => self.communicate(fx),
            ServerTimer::Registration => self.on_registration_deadline(fx),
            // A fetcher's rest is over; `settle` sends.
            ServerTimer::ReplicaFetch(_) => {}
            ServerTimer::IsrCheck => self.on_isr_check(now, fx),
            ServerTimer::AlterPartition => self.isr_changes.on_back_off_over(),
            ServerTimer::Delayed(id) => self.on_delayed_expired(now, id, fx),
            ServerTimer::Checkpoint => self.on_checkpoint(now, fx),
            ServerTimer::RecoveryCheckpoint => self.on_recovery_checkpoint(now, fx),
            ServerTimer::LogStartCheckpoint => self.on_log_start_checkpoint(now, fx),
            ServerTimer::Retention => self.on_retention(now, fx),
            ServerTimer::FileDelete => self.on_file_delete(now, fx),
            ServerTimer::ShutdownDeadline => self.shut_down(now, fx),
            ServerTimer::Named(name, number) => self.on_named_timer(now, name, number, fx),
            // Timers of controllers.
            ServerTimer::SessionCheck | ServerTimer::NoOp | ServerTimer::Balance | ServerTimer::UncleanElection => {}
        }
    }

    fn on_named_timer(&mut self, now: Micros, name: &'static str, number: u64, fx: &mut Fx<'_>) {
        if self.to_controller.on_timer(name, number, fx) {
            return;
        }
        match name {
            cleaner::CLEANER => self.on_cleaner(now, fx),
            publisher::READY => self.on_ready(fx),
            replication::ISR_ANSWER => self.on_isr_answer(now, fx),
            replication::FETCH_TIMEOUT => self.on_fetch_timeout(now, number as i32, fx),
            _ => self.on_group_timer(now, name, number, fx),
        }
    }

    fn fetcher_of(&self, conn: ConnId) -> Option<i32> {
        self.fetchers.iter().find(|(_, fetcher)| fetcher.client.owns(conn)).map(|(leader, _)| *leader)
    }
}

/// Kafka's channels to the controller. A heartbeat waits half a session for its answer, the others as long as a socket may.
fn lanes(settings: &Settings) -> [(Lane, i64); 4] {
    let socket_timeout_ms = settings.server.number("controller.socket.timeout.ms");
    let heartbeat_timeout_ms = settings.server.number("broker.session.timeout.ms") / 2;
    [
        (Lane::Heartbeat, heartbeat_timeout_ms.min(socket_timeout_ms)),
        (Lane::AlterPartition, socket_timeout_ms),
        (Lane::Forwarding, socket_timeout_ms),
        (Lane::Directories, socket_timeout_ms),
    ]
}

/// What views and the invariant checker may see.
impl Broker {
    pub fn spec(&self) -> &BrokerSpec {
        &self.spec
    }

    pub fn node_id(&self) -> i32 {
        self.spec.node_id
    }

    pub fn state(&self) -> BrokerState {
        self.lifecycle.state
    }

    /// -1 before the registration.
    pub fn broker_epoch(&self) -> i64 {
        self.lifecycle.broker_epoch
    }

    /// The cluster as this broker knows it.
    pub fn image(&self) -> &MetadataImage {
        &self.metadata.image
    }

    /// The offset of the last metadata record in the image; -1 before the first.
    pub fn metadata_offset(&self) -> i64 {
        self.metadata.offset()
    }

    /// This broker's replica of the metadata log: epoch, leader, voters, high watermark, log end.
    pub fn raft(&self) -> &Raft {
        self.raft.raft()
    }

    /// The controller in the same process, in combined mode.
    pub fn controller(&self) -> Option<&QuorumController> {
        self.controller.as_deref()
    }

    /// The partitions that this broker leads or follows, in order of their names.
    pub fn partitions(&self) -> impl Iterator<Item = &Partition> {
        self.replicas.partitions.values()
    }

    pub fn partition(&self, partition: &TopicPartition) -> Option<&Partition> {
        self.replicas.get(partition)
    }

    /// The log of a partition of a topic, or of `__cluster_metadata`.
    pub fn log(&self, partition: &TopicPartition) -> Option<&UnifiedLog> {
        if *partition == metadata_partition() {
            return Some(self.raft.raft().log());
        }
        self.replicas.get(partition).map(|held| &held.log)
    }

    /// The consumer groups that this broker coordinates.
    pub fn groups(&self) -> impl Iterator<Item = &ClassicGroup> {
        self.groups.groups()
    }

    /// Requests that wait in the purgatory.
    pub fn delayed_operations(&self) -> usize {
        self.purgatory.len()
    }
}
