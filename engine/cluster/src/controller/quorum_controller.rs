//! A controller without the process around it (`QuorumController`): its connections, the state that it decides from, what
//! it has written and not yet seen committed.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;

use base::{ConnId, Micros, Rng, Uuid};
use protocol::messages::IncrementalAlterConfigsResponse;
use protocol::{ApiKey, ErrorCode, Packet, Request};
use sim::Disk;

use super::Fx;
use super::control::ControlState;
use super::heartbeat::HeartbeatManager;
use super::registration::Registration;
use super::replay_log::replayed;
use super::write::Pending;
use crate::broker::apis::alter_outcome;
use crate::broker::apis::configs::ConfigHelper;
use crate::broker::apis::security::describe_acls;
use crate::broker::connections::{Connections, Incoming};
use crate::broker::to_controller::{Lane, ToController};
use crate::config::ServerConfig;
use crate::loggers::Loggers;
use crate::metadata::{Loaded, MetadataDelta, MetadataImage, MetadataLoader, ResourceType, Shared};
use crate::placement::{JavaRandom, StripedReplicaPlacer};
use crate::raft::{Raft, RaftManager, SnapshotId};
use crate::server_log::logger;
use crate::{ControllerSpec, Event, ServerTimer};

/// What a controller shares with the other role of its process (`SharedServer`).
pub(crate) struct Process<'a> {
    pub now: Micros,
    pub disk: &'a mut Disk,
    pub raft: &'a mut RaftManager,
    pub loader: &'a mut MetadataLoader,
    pub loggers: &'a mut Loggers,
}

impl Process<'_> {
    /// Takes what has become committed into the process's image, and writes a snapshot when it is time for one.
    pub fn load(&mut self, fx: &mut Fx<'_>) -> Option<Arc<Loaded>> {
        let (offset, memo) = self.raft.memo();
        let shared = memo.0.as_deref().and_then(<dyn Any + Send + Sync>::downcast_ref::<Shared>);
        let fitting = shared.filter(|_| *offset == self.loader.loaded_end());
        let loaded = self.loader.load(self.raft.raft(), self.disk, self.now, fitting)?;
        if let Some(shared) = shared {
            self.loader.image.share(&shared.image);
        }
        self.raft.forget_memo();
        if let Some(reason) = self.loader.take_snapshot_reason(self.now) {
            let (end, records) = (self.loader.loaded_end(), self.loader.image.to_records());
            if self.raft.create_snapshot(self.now, end, &records, self.disk, fx) {
                let id = self.raft.raft().node_id();
                let name = self.raft.raft().latest_snapshot().map_or(String::new(), SnapshotId::name);
                let texts = [
                    (
                        logger::SNAPSHOTS,
                        format!(
                            "[SnapshotGenerator id={id}] Creating new KRaft snapshot file snapshot {name} because {reason}."
                        ),
                    ),
                    (logger::SNAPSHOT_EMITTER, format!("[SnapshotEmitter id={id}] Successfully wrote snapshot {name}")),
                ];
                for (logger, text) in texts {
                    fx.emit(Event::Logged { level: "INFO", logger, text });
                }
            }
        }
        Some(loaded)
    }
}

#[derive(Clone, Debug, Hash)]
pub struct QuorumController {
    pub(super) spec: ControllerSpec,
    pub(super) connections: Connections,
    pub(super) state: ControlState,
    /// The epoch in which this controller is the active one; 0 while it is not.
    pub(super) claim_epoch: i32,
    /// Leader and epoch that were told of last.
    pub(super) known_leader: (i32, Option<i32>),
    /// Written by this controller and not yet committed.
    pub(super) pending: VecDeque<Pending>,
    /// What lay in the log when the process started was told by somebody.
    pub(super) told_end: i64,
    pub(super) registration: Registration,
    pub(super) to_controller: ToController,
}

impl QuorumController {
    pub(crate) fn new(spec: &ControllerSpec, log_end: i64, mut rng: Rng, ids: Rng, now: Micros) -> QuorumController {
        let config = ServerConfig::new(spec.node_id, spec.file());
        let session_timeout = Micros::from_ms(config.amount("broker.session.timeout.ms"));
        let socket_timeout = config.number("controller.socket.timeout.ms");
        let state = ControlState {
            profile: spec.profile,
            cluster_id: spec.cluster_id,
            node_id: spec.node_id,
            heartbeats: HeartbeatManager::new(session_timeout),
            placer: StripedReplicaPlacer::new(JavaRandom::new(rng.next_u64() as i64)),
            ids,
            voter_ids: spec.voters.iter().map(|voter| voter.id).collect(),
            config,
            image: MetadataImage::default(),
            kraft_version: 0,
            now,
        };
        QuorumController {
            spec: spec.clone(),
            connections: Connections::default(),
            state,
            claim_epoch: 0,
            known_leader: (0, None),
            pending: VecDeque::new(),
            told_end: log_end,
            registration: Registration::new(Uuid::random(&mut rng)),
            to_controller: ToController::new(spec.node_id, &[(Lane::ControllerRegistration, socket_timeout)]),
        }
    }

    pub(crate) fn on_accepted(&mut self, conn: ConnId) {
        self.connections.accept(conn, 0);
    }

    /// Whether a connection is one of this role: accepted on its port, or opened by it.
    pub(crate) fn owns(&self, conn: ConnId) -> bool {
        self.connections.is_open(conn) || self.to_controller.owner_of(conn).is_some()
    }

    pub(crate) fn on_closed(&mut self, conn: ConnId, process: &mut Process<'_>, fx: &mut Fx<'_>) {
        if process.raft.owns(conn) {
            process.raft.on_closed(process.now, conn, process.disk, fx);
        } else if let Some(lane) = self.to_controller.owner_of(conn) {
            self.to_controller.on_closed(lane, fx);
        } else {
            self.connections.on_closed(conn);
            process.raft.raft_mut().forget_connection(conn);
        }
    }

    pub(crate) fn on_message(&mut self, conn: ConnId, message: Packet, process: &mut Process<'_>, fx: &mut Fx<'_>) {
        if process.raft.owns(conn) {
            process.raft.on_message(process.now, conn, &message, process.disk, fx);
        } else if let Some(lane) = self.to_controller.owner_of(conn) {
            if let Some((_, response)) = self.to_controller.on_response(lane, &message, fx) {
                self.on_registered(&response, fx);
            }
        } else {
            self.connections.receive(conn, message);
        }
    }

    /// Whether the timer was one of this role's.
    pub(crate) fn on_timer(&mut self, name: &ServerTimer, process: &mut Process<'_>, fx: &mut Fx<'_>) -> bool {
        self.state.now = process.now;
        match name {
            ServerTimer::Named(name, number) => {
                self.to_controller.on_timer(name, *number, fx) || self.on_registration_timer(name)
            }
            name => self.on_periodic(name, process, fx),
        }
    }

    /// Does what can be done now. True if anything was.
    pub(crate) fn settle(&mut self, process: &mut Process<'_>, fx: &mut Fx<'_>) -> bool {
        self.state.now = process.now;
        let mut busy = false;
        loop {
            let mut again = self.follow_leadership(process, fx);
            // Followers of the log are told before those who asked for the change (as Kafka's threads usually have it).
            process.raft.send_replies(&self.state.image, &mut self.connections, fx);
            again |= self.complete_committed(process.raft.raft(), fx);
            if let Some(incoming) = self.connections.next_request() {
                self.handle(incoming, process, fx);
                again = true;
            }
            if !again || process.raft.has_failed() {
                break;
            }
            busy = true;
        }
        self.register_if_due(process.loader);
        self.to_controller.pump(process.now, process.raft.raft().leader_address(), fx);
        busy
    }

    /// Records became committed, and are in the process's image.
    pub(crate) fn on_published(&mut self, loaded: &Loaded, process: &mut Process<'_>, fx: &mut Fx<'_>) {
        self.note_registration(loaded, process.loader);
        if self.is_active() {
            process.loader.image.share(&self.state.image);
            return;
        }
        self.log_replay(loaded, fx);
        self.state.image = process.loader.image.clone();
        // Records that an earlier leader could not tell of, because it went before they were committed, are told by the
        // leader that committed them.
        if process.raft.raft().is_leader() && loaded.from >= self.told_end {
            self.tell(&loaded.delta, &process.loader.image, super::events::Cause::Controller, fx);
        }
        self.told_end = self.told_end.max(process.loader.loaded_end());
    }

    /// A controller that waits replays what was committed as the active one does what it writes, and says so.
    fn log_replay(&self, loaded: &Loaded, fx: &mut Fx<'_>) {
        let is_next = loaded.batches.first().is_none_or(|first| first.base_offset >= loaded.from);
        let mut image = if is_next { self.state.image.clone() } else { MetadataImage::default() };
        let mut delta = MetadataDelta::new(image.clone());
        for batch in &loaded.batches {
            for (offset, record) in (batch.base_offset..).zip(&batch.records) {
                if let Some((logger, text)) = replayed(record, offset, &image) {
                    self.log_line("INFO", logger, &text, fx);
                }
                // What cannot be replayed was reported when it was loaded.
                let _ = image.replay(record, offset, &mut delta);
            }
        }
    }

    fn handle(&mut self, incoming: Incoming, process: &mut Process<'_>, fx: &mut Fx<'_>) {
        let Incoming { reply, body, .. } = incoming;
        let api = body.api_key();
        let offered = api.versions().contains(reply.api_version) || api == ApiKey::ApiVersions;
        if !offered {
            return self.connections.close(&reply, fx);
        }
        if Raft::serves(api) {
            return process.raft.on_request(process.now, reply, &body, process.disk, fx);
        }
        match &*body {
            Request::ApiVersions(_) => {
                let response = self.api_versions(reply.api_version, process);
                return self.connections.respond(&reply, response, fx);
            }
            Request::DescribeCluster(request) => {
                let response = self.describe_cluster(request, process);
                return self.connections.respond(&reply, response, fx);
            }
            // Reading is not the active controller's alone.
            Request::ListPartitionReassignments(request) => {
                let response = self.state.list_reassignments(request);
                return self.connections.respond(&reply, response, fx);
            }
            Request::DescribeConfigs(request) => {
                let helper =
                    ConfigHelper { image: &process.loader.image, server: &self.state.config, loggers: process.loggers };
                let response = helper.describe(request);
                return self.connections.respond(&reply, response, fx);
            }
            Request::DescribeAcls(request) => {
                let response = describe_acls(&self.state.config, &process.loader.image, request);
                return self.connections.respond(&reply, response, fx);
            }
            // Levels of loggers are this process's own business.
            Request::IncrementalAlterConfigs(request)
                if request
                    .resources
                    .iter()
                    .all(|resource| resource.resource_type == ResourceType::BrokerLogger.id()) =>
            {
                let alter = |resource| {
                    let altered = process.loggers.alter(resource, self.spec.node_id, request.validate_only, fx);
                    let (code, words) =
                        altered.err().map_or((ErrorCode::None, None), |(code, words)| (code, Some(words)));
                    alter_outcome(resource, code, words)
                };
                let responses = request.resources.iter().map(alter).collect();
                let response = IncrementalAlterConfigsResponse { responses, ..Default::default() };
                return self.connections.respond(&reply, response, fx);
            }
            _ => {}
        }
        if !self.is_active() {
            let words = match process.raft.raft().leader() {
                Some(leader) => format!("The active controller appears to be node {leader}."),
                None => "No controller appears to be active.".to_string(),
            };
            return match super::decide::refusal(&body, ErrorCode::NotController, &words) {
                Some(response) => self.connections.respond(&reply, response, fx),
                None => self.connections.close(&reply, fx),
            };
        }
        self.state.kraft_version = process.raft.raft().kraft_version();
        match self.state.decide(&body, reply.api_version, process.raft.raft().log_end()) {
            Some(decision) => self.write(decision, Some((reply, body)), process, fx),
            // Kafka's server closes a connection that asks what it does not serve.
            None => self.connections.close(&reply, fx),
        }
    }

    /// Reports a line of the controller's own log file.
    pub(super) fn log_line(&self, level: &'static str, logger: &'static str, text: &str, fx: &mut Fx<'_>) {
        let text = format!("[QuorumController id={}] {text}", self.spec.node_id);
        fx.emit(Event::Logged { level, logger, text });
    }
}

/// What views and the invariant checker may see.
impl QuorumController {
    /// The controller epoch; 0 while this controller is not the active one.
    pub fn epoch(&self) -> i32 {
        self.claim_epoch
    }

    pub fn is_active(&self) -> bool {
        self.claim_epoch > 0
    }

    /// The metadata that decisions are made upon.
    pub fn image(&self) -> &MetadataImage {
        &self.state.image
    }

    /// Sessions of brokers.
    pub fn heartbeats(&self) -> &HeartbeatManager {
        &self.state.heartbeats
    }

    /// Batches that were written and are not committed yet.
    pub fn uncommitted(&self) -> usize {
        self.pending.len()
    }
}
