//! The quorum under the metadata: who leads, and how far the log is committed (Kafka: `KafkaRaftClient`, KIP-595).
//!
//! [`Raft`] is one replica of `__cluster_metadata` as a state machine without network and clock: requests and responses
//! go in with the time, [`Output`] says what is to be sent. Controllers are voters or may become some; brokers only
//! observe. Followers pull: replication, acknowledgement and liveness are all one request, Fetch.
//!
//! ```text
//! Vote (pre-vote first) -> LeaderChange record, BeginQuorumEpoch -> Fetch, Fetch, ... -> a majority has it: committed
//! ```
//!
//! [`RaftManager`] carries a `Raft` over the simulated network.

/// Where the leader can be reached, as an answer carries it: each API has a type of its own for that.
macro_rules! leader_endpoints {
    ($raft:expr, $endpoint:path) => {{
        let endpoint = |(node_id, at): (i32, $crate::raft::Listener)| {
            use $endpoint as Endpoint;
            Endpoint { node_id, host: at.host.to_string(), port: at.port.into(), ..Default::default() }
        };
        $raft.leader().zip($raft.leader_endpoint()).map(endpoint).into_iter().collect()
    }};
}

mod channel;
mod config;
mod control_records;
mod describe;
mod describe_role;
mod election;
mod epochs;
mod fetch;
mod follow;
pub mod format;
mod leader;
mod log;
mod manager;
mod poll;
mod quorum_file;
mod reconfigure;
mod requests;
mod role;
mod snapshot;
mod snapshots;
#[cfg(test)]
mod tests;
mod transitions;
mod vote;
mod voters;

use std::sync::Arc;

use ::log::UnifiedLog;
use base::{Micros, Rng};
use bytes::Bytes;
use protocol::{ApiKey, ErrorCode, Request, Response};
use sim::Disk;

use fetch::Parked;
use log::RaftLog;
use quorum_file::ElectionState;
use requests::RequestManager;
use role::{Role, Unattached};

pub use config::RaftConfig;
pub use leader::{LeaderState, ReplicaState};
pub use manager::RaftManager;
pub use requests::Peer;
pub use snapshot::{Snapshot, SnapshotId, SnapshotWriter};
pub use voters::{CONTROLLER_LISTENER, Listener, ReplicaKey, VoterNode, VoterSet};

use crate::broker::connections::ReplyTo;
use crate::server_log::logger;

/// A request to another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub peer: Peer,
    pub correlation_id: i32,
    pub api_version: i16,
    pub body: Arc<Request>,
}

/// What an input led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub sends: Vec<Outgoing>,
    /// Peers that did not answer in time: the connection is given up.
    pub disconnects: Vec<i32>,
    /// Answers to requests that had to wait, each with all who get it.
    pub replies: Vec<(Vec<ReplyTo>, Response)>,
    /// Lines of the server's own log: level, class, text.
    pub lines: Vec<(&'static str, &'static str, String)>,
    /// The node cannot go on: its process must end.
    pub fault: Option<String>,
}

/// What every step needs beside the state.
pub struct Io<'a> {
    pub now: Micros,
    pub disk: &'a mut Disk,
    pub out: &'a mut Output,
}

impl Io<'_> {
    fn info(&mut self, text: String) {
        self.out.lines.push(("INFO", logger::RAFT, text));
    }

    fn fault(&mut self, text: String) {
        self.out.lines.push(("ERROR", logger::RAFT, text.clone()));
        self.out.fault.get_or_insert(text);
    }
}

/// One replica of the metadata log.
#[derive(Clone, Debug, Hash)]
pub struct Raft {
    config: RaftConfig,
    log: RaftLog,
    epoch: i32,
    role: Role,
    /// What this node knows to be committed in its present role; none until its leader said.
    high_watermark: Option<i64>,
    requests: RequestManager,
    parked: Parked,
    rng: Rng,
    next_correlation_id: i32,
    /// The last fetch that was sent. The next one is written into it when nobody else has it any more, as it asks for
    /// the same with other numbers; a thousand brokers fetch twice a second.
    last_fetch: Option<Arc<Request>>,
    /// A graceful shutdown is under way, and given up then.
    shutdown_deadline: Option<Micros>,
    next_cleaning: Micros,
}

impl Raft {
    /// Opens log and `quorum-state`. What the node was when it went down, it is not any more: a leader comes back as one
    /// that has resigned.
    pub fn open(config: RaftConfig, disk: &mut Disk, clean_shutdown: bool, rng: Rng, now: Micros) -> Raft {
        let log = RaftLog::open(disk, clean_shutdown, now);
        let requests = RequestManager::new(&config.bootstrap, config.retry_backoff, config.request_timeout);
        let mut raft = Raft {
            next_cleaning: now + snapshots::CLEANING_INTERVAL,
            config,
            log,
            epoch: 0,
            role: Role::Unattached(Unattached { leader: None, voted: None, election_deadline: Micros::MAX }),
            high_watermark: None,
            requests,
            parked: Parked::default(),
            rng,
            next_correlation_id: 0,
            last_fetch: None,
            shutdown_deadline: None,
        };
        let state = ElectionState::read(disk, &raft.quorum_state_path()).unwrap_or(ElectionState::UNKNOWN);
        raft.restore(state, now);
        raft
    }

    /// The process runs. A quorum of one elects itself at once.
    pub fn start(&mut self, io: &mut Io<'_>) {
        self.tell_start(io);
        self.write_election_state(io);
        self.log_transition("null", !matches!(self.role, Role::Prospective(_)), io);
        if self.log.voter_set().is_only_voter(self.key()) {
            self.become_prospective(io);
        }
    }

    /// A request of the quorum's own kind. None for one that waits, and whose answer comes in [`Output::replies`].
    pub fn on_request(&mut self, reply: ReplyTo, request: &Request, io: &mut Io<'_>) -> Option<Response> {
        Some(match request {
            Request::Vote(request) => self.on_vote(request, io).into(),
            Request::BeginQuorumEpoch(request) => self.on_begin_quorum_epoch(request, io).into(),
            Request::EndQuorumEpoch(request) => self.on_end_quorum_epoch(request, io).into(),
            Request::Fetch(request) => return self.on_fetch(reply, request, io).map(Response::from),
            Request::FetchSnapshot(request) => self.on_fetch_snapshot(request, io).into(),
            Request::DescribeQuorum(request) => self.on_describe_quorum(request, io.now).into(),
            Request::AddRaftVoter(request) => return self.on_add_voter(reply, request, io).map(Response::from),
            Request::RemoveRaftVoter(request) => return self.on_remove_voter(reply, request, io).map(Response::from),
            Request::UpdateRaftVoter(request) => self.on_update_voter(request, io).into(),
            _ => return None,
        })
    }

    /// Whether a request is the quorum's and not the controller's.
    pub fn serves(api: ApiKey) -> bool {
        matches!(
            api,
            ApiKey::Vote
                | ApiKey::BeginQuorumEpoch
                | ApiKey::EndQuorumEpoch
                | ApiKey::Fetch
                | ApiKey::FetchSnapshot
                | ApiKey::DescribeQuorum
                | ApiKey::AddRaftVoter
                | ApiKey::RemoveRaftVoter
                | ApiKey::UpdateRaftVoter
        )
    }

    /// A peer answered, or cannot be reached (`None`).
    pub fn on_response(&mut self, peer: i32, correlation_id: i32, response: Option<&Response>, io: &mut Io<'_>) {
        if !self.requests.is_expected(peer, correlation_id) {
            return;
        }
        let success = match response {
            Some(Response::Fetch(response)) => self.on_fetch_response(response, io),
            Some(Response::Vote(response)) => self.on_vote_response(peer, response, io),
            Some(Response::BeginQuorumEpoch(response)) => self.on_begin_quorum_epoch_response(peer, response, io),
            Some(Response::EndQuorumEpoch(response)) => self.on_end_quorum_epoch_response(peer, response, io),
            Some(Response::FetchSnapshot(response)) => self.on_fetch_snapshot_response(response, io),
            Some(Response::ApiVersions(response)) => self.on_api_versions_response(peer, response, io),
            Some(Response::UpdateRaftVoter(response)) => self.on_update_voter_response(response, io),
            Some(Response::AddRaftVoter(response)) => self.on_voter_change_response(response.error_code, io),
            Some(Response::RemoveRaftVoter(response)) => self.on_voter_change_response(response.error_code, io),
            Some(_) | None => self.on_no_response(peer, io),
        };
        self.requests.on_result(peer, correlation_id, success, io.now);
    }

    /// The leader appends a batch that begins at [`Raft::log_end`]. False when it could not be written, which ends the
    /// process.
    pub fn append(&mut self, batch: Bytes, io: &mut Io<'_>) -> bool {
        match self.log.append_as_leader(io.disk, batch, self.epoch, io.now) {
            Ok(()) => {
                self.on_leader_log_grew(io);
                true
            }
            Err(error) => {
                io.fault(error.message);
                false
            }
        }
    }

    /// The controller gives the leadership of `epoch` up.
    pub fn request_resign(&mut self, epoch: i32) {
        if let Role::Leader(leader) = &mut self.role
            && self.epoch == epoch
        {
            leader.resign_requested = true;
        }
    }

    /// SIGTERM: a leader hands over before it goes. See [`Raft::is_shut_down`].
    pub fn begin_shutdown(&mut self, deadline: Micros) {
        self.shutdown_deadline.get_or_insert(deadline);
    }

    /// Nothing keeps this node any more: another leads, or nobody can, or it took too long.
    pub fn is_shut_down(&self, now: Micros) -> bool {
        let Some(deadline) = self.shutdown_deadline else { return false };
        let has_remote_leader = self.leader().is_some_and(|leader| leader != self.config.node_id);
        now >= deadline || !self.is_voter() || self.log.voter_set().is_only_voter(self.key()) || has_remote_leader
    }

    pub(super) fn shutdown_deadline(&self) -> Option<Micros> {
        self.shutdown_deadline
    }

    /// Closes the log in order.
    pub fn close(&mut self, disk: &mut Disk, now: Micros) {
        self.log.close(disk, now);
    }

    fn key(&self) -> ReplicaKey {
        ReplicaKey::new(self.config.node_id, self.config.directory_id)
    }

    fn own_listener(&self) -> Listener {
        Listener::controller(&self.config.host, self.config.port)
    }

    fn check_cluster(&self, cluster_id: Option<&String>) -> Result<(), ErrorCode> {
        match cluster_id {
            Some(id) if *id != self.config.cluster_id => Err(ErrorCode::InconsistentClusterId),
            _ => Ok(()),
        }
    }
}

/// What views, metrics and the invariant checker may see.
impl Raft {
    pub fn config(&self) -> &RaftConfig {
        &self.config
    }

    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// Kafka's name of what this node is in its epoch: `leader`, `follower`, `observer`, ...
    pub fn state_name(&self) -> &'static str {
        match &self.role {
            Role::Follower(_) | Role::Unattached(_) if !self.is_voter() => "observer",
            role => role.name(),
        }
    }

    /// The leader of the epoch, as far as this node knows.
    pub fn leader(&self) -> Option<i32> {
        match &self.role {
            Role::Unattached(role) => role.leader,
            Role::Prospective(role) => role.leader,
            Role::Candidate(_) => None,
            Role::Follower(role) => Some(role.leader),
            Role::Leader(_) | Role::Resigned(_) => Some(self.config.node_id),
        }
    }

    /// Where the leader is reached.
    pub fn leader_endpoint(&self) -> Option<Listener> {
        match &self.role {
            Role::Unattached(_) | Role::Candidate(_) => None,
            Role::Prospective(role) => role.leader_endpoint.clone(),
            Role::Follower(role) => Some(role.leader_endpoint.clone()),
            Role::Leader(_) | Role::Resigned(_) => Some(self.own_listener()),
        }
    }

    /// Host and port of the leader, for whoever only wants to reach it.
    pub fn leader_address(&self) -> Option<(&str, u16)> {
        let at = match &self.role {
            Role::Unattached(_) | Role::Candidate(_) => return None,
            Role::Prospective(role) => role.leader_endpoint.as_ref()?,
            Role::Follower(role) => &role.leader_endpoint,
            Role::Leader(_) | Role::Resigned(_) => return Some((&self.config.host, self.config.port)),
        };
        Some((&at.host, at.port))
    }

    pub fn node_id(&self) -> i32 {
        self.config.node_id
    }

    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    pub fn leader_state(&self) -> Option<&LeaderState> {
        match &self.role {
            Role::Leader(leader) => Some(leader),
            _ => None,
        }
    }

    /// Whom this node gave its vote in this epoch.
    pub fn voted(&self) -> Option<ReplicaKey> {
        match &self.role {
            Role::Candidate(_) => Some(self.key()),
            role => role.voted(),
        }
    }

    pub fn voters(&self) -> &VoterSet {
        self.log.voter_set()
    }

    pub fn is_voter(&self) -> bool {
        self.config.can_become_voter && self.log.voter_set().is_voter(self.key())
    }

    /// Everything below is committed, as this node knows. It never falls while the process runs.
    pub fn high_watermark(&self) -> i64 {
        self.log.high_watermark()
    }

    /// The high watermark of the present role; none when it is not known yet.
    pub fn known_high_watermark(&self) -> Option<i64> {
        self.high_watermark
    }

    pub fn log_start(&self) -> i64 {
        self.log.start()
    }

    pub fn log_end(&self) -> i64 {
        self.log.end()
    }

    /// The host that this node runs on.
    pub fn host(&self) -> &str {
        &self.config.host
    }

    pub fn log(&self) -> &UnifiedLog {
        self.log.unified()
    }

    pub fn kraft_version(&self) -> i16 {
        self.log.kraft_version()
    }

    pub fn latest_snapshot(&self) -> Option<SnapshotId> {
        self.log.latest_snapshot()
    }

    /// The file of one of its snapshots.
    pub fn snapshot_file(&self, disk: &Disk, id: SnapshotId) -> Option<Bytes> {
        self.log.read_snapshot(disk, id)
    }

    pub fn snapshots(&self) -> impl Iterator<Item = SnapshotId> + '_ {
        self.log.snapshots()
    }
}
