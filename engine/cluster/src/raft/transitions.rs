//! How a node changes from one role to another (`QuorumState`). A role that promises something to others is on the disk
//! before anybody hears of it; being prospective or resigned promises nothing.

use base::Micros;

use super::control_records::ControlBatch;
use super::election::EpochElection;
use super::leader::LeaderState;
use super::quorum_file::ElectionState;
use super::role::{Candidate, Follower, Prospective, Resigned, Role, Unattached};
use super::voters::{Listener, ReplicaKey, VoterNode};
use super::{Io, Raft};
use crate::server_log::logger;

impl Raft {
    /// What `quorum-state` says this node was, as far as it may be that again.
    pub(super) fn restore(&mut self, state: ElectionState, now: Micros) {
        let own = self.config.node_id;
        if state.epoch < self.log.last_fetched_epoch() {
            self.epoch = self.log.last_fetched_epoch();
            self.role = self.unattached(None, None, now);
            return;
        }
        self.epoch = state.epoch;
        let leader_endpoint = state.leader.and_then(|leader| self.log.voter_set().endpoint(leader).cloned());
        self.role = match (state.leader, leader_endpoint) {
            (Some(leader), _) if leader == own => self.resigned(Vec::new(), now),
            _ if self.is_voter() && state.voted == Some(self.key()) => self.candidate(now),
            (Some(leader), Some(endpoint)) => self.follower(leader, endpoint, state.voted, now),
            (leader, _) => self.unattached(leader, state.voted, now),
        };
    }

    pub(super) fn become_unattached(&mut self, epoch: i32, leader: Option<i32>, io: &mut Io<'_>) {
        let voted = if epoch == self.epoch { self.role.voted() } else { None };
        // Who waits for an election goes on waiting: a stream of candidates must not put it off for ever.
        let remaining = match &self.role {
            Role::Unattached(role) => Some(role.election_deadline),
            Role::Candidate(role) => Some(role.election_deadline),
            Role::Prospective(role) if !role.election.is_rejected() => Some(role.election_deadline),
            Role::Resigned(role) => Some(role.election_deadline),
            _ => None,
        };
        self.leave_leadership(io);
        let mut role = Unattached { leader, voted, election_deadline: Micros::MAX };
        if self.is_voter() {
            role.election_deadline =
                remaining.filter(|at| *at < Micros::MAX).unwrap_or_else(|| self.random_election_deadline(io.now));
        }
        self.enter(epoch, Role::Unattached(role), io);
        self.requests.reset_all();
    }

    pub(super) fn become_follower(&mut self, epoch: i32, leader: i32, endpoint: Listener, io: &mut Io<'_>) {
        let voted = if epoch == self.epoch { self.role.voted() } else { None };
        self.leave_leadership(io);
        let role = self.follower(leader, endpoint, voted, io.now);
        self.enter(epoch, role, io);
        self.requests.reset_all();
    }

    /// Asks the others whether they would vote for it. Nothing is written: nothing is promised.
    pub(super) fn become_prospective(&mut self, io: &mut Io<'_>) {
        let role = Prospective {
            leader: self.leader(),
            leader_endpoint: self.leader_endpoint(),
            voted: self.role.voted(),
            election: EpochElection::new(self.log.voter_set(), self.config.node_id),
            election_deadline: self.random_election_deadline(io.now),
        };
        let granted = role.election.is_granted();
        let from = self.describe_role();
        self.role = Role::Prospective(role);
        self.log_transition(&from, false, io);
        match granted {
            true => self.become_candidate(io),
            false => self.requests.reset_all(),
        }
    }

    /// The others would vote for it: a new epoch, and its own vote in it.
    pub(super) fn become_candidate(&mut self, io: &mut Io<'_>) {
        let role = self.candidate(io.now);
        self.enter(self.epoch + 1, role, io);
        self.on_candidacy(io);
    }

    /// The vote of a quorum of one is enough.
    pub(super) fn on_candidacy(&mut self, io: &mut Io<'_>) {
        match &self.role {
            Role::Candidate(role) if role.election.is_granted() => self.become_leader(io),
            _ => self.requests.reset_all(),
        }
    }

    pub(super) fn become_leader(&mut self, io: &mut Io<'_>) {
        let Role::Candidate(candidate) = &self.role else { return };
        let granting = candidate.election.granting();
        let voters = self.log.voter_set().clone();
        let fetch_timeout = self.config.fetch_timeout;
        let leader = LeaderState::new(self.key(), self.log.end(), &voters, granting.clone(), fetch_timeout, io.now);
        self.high_watermark = None;
        self.enter(self.epoch, Role::Leader(Box::new(leader)), io);
        self.log.initialize_leader_epoch(io.disk, self.epoch, io.now);
        self.requests.reset_all();
        let mut first = ControlBatch::new(self.log.end(), self.epoch, io.now).leader_change(
            self.config.node_id,
            &voters,
            &granting,
        );
        let version = self.log.kraft_version();
        // The voters that a disk was formatted with get into the log with its first leader.
        if version >= 1 && self.log.voter_set_offset() == Some(-1) {
            first = first.kraft_version(version).voters(&voters);
        }
        self.append(first.build(), io);
    }

    /// A leader without a quorum, or one that wants to go, stops leading but stays the leader of its epoch on record.
    pub(super) fn resign(&mut self, io: &mut Io<'_>) {
        let Role::Leader(leader) = &self.role else { return };
        let successors = leader.successors();
        self.leave_leadership(io);
        self.high_watermark = None;
        let from = self.describe_role();
        self.role = self.resigned(successors, io.now);
        self.log_transition(&from, false, io);
        self.requests.reset_all();
    }

    pub(super) fn add_vote(&mut self, candidate: ReplicaKey, io: &mut Io<'_>) {
        let election_deadline = self.random_election_deadline(io.now);
        let from = self.describe_role();
        match &mut self.role {
            Role::Unattached(role) if role.voted.is_none() => {
                (role.voted, role.election_deadline) = (Some(candidate), election_deadline);
            }
            Role::Prospective(role) if role.voted.is_none() => {
                (role.voted, role.election_deadline) = (Some(candidate), election_deadline);
                role.election = EpochElection::new(self.log.voter_set(), self.config.node_id);
            }
            _ => return,
        }
        self.write_election_state(io);
        self.log_transition(&from, true, io);
    }

    /// Follows what a message says of the leader of an epoch that is not older than the own.
    pub(super) fn maybe_transition(
        &mut self,
        leader: Option<i32>,
        epoch: i32,
        endpoint: Option<Listener>,
        io: &mut Io<'_>,
    ) {
        let endpoint = endpoint.or_else(|| self.log.voter_set().endpoint(leader?).cloned());
        let consistent = match leader {
            Some(leader) if leader == self.config.node_id => self.is_leader(),
            Some(leader) => epoch != self.epoch || self.leader().is_none_or(|known| known == leader),
            None => true,
        };
        if !consistent {
            let text = format!(
                "Received request or response with leader {leader:?} and epoch {epoch} which is inconsistent with current \
                 leader {:?} and epoch {}",
                self.leader(),
                self.epoch
            );
            return io.out.lines.push(("ERROR", logger::RAFT, text));
        }
        let is_newer = epoch > self.epoch;
        let learns = epoch == self.epoch && self.leader_address().is_none();
        match (leader, endpoint) {
            (Some(leader), Some(endpoint)) if is_newer || learns => self.become_follower(epoch, leader, endpoint, io),
            (leader, _) if is_newer => self.become_unattached(epoch, leader, io),
            _ => {}
        }
    }

    pub(super) fn write_election_state(&mut self, io: &mut Io<'_>) {
        let state = ElectionState { epoch: self.epoch, leader: self.leader(), voted: self.voted() };
        let path = self.quorum_state_path();
        if !state.write(io.disk, &path, io.now) {
            io.fault(format!("Error while writing the Quorum status from the file /{path}"));
        }
    }

    pub(super) fn quorum_state_path(&self) -> String {
        format!("{}/quorum-state", self.log.unified().dir())
    }

    /// `VoterNode` of this node as the voter set should have it.
    pub(super) fn own_voter_node(&self) -> VoterNode {
        VoterNode {
            key: self.key(),
            listeners: vec![self.own_listener()],
            kraft_versions: super::voters::SUPPORTED_KRAFT_VERSION,
        }
    }

    fn enter(&mut self, epoch: i32, role: Role, io: &mut Io<'_>) {
        let from = self.describe_role();
        self.epoch = epoch;
        self.role = role;
        self.write_election_state(io);
        self.log_transition(&from, true, io);
    }

    /// Who waited for this node as a leader waits in vain.
    fn leave_leadership(&mut self, io: &mut Io<'_>) {
        if self.is_leader() {
            self.fail_voter_changes(io);
            self.fail_parked(io);
        }
    }

    fn unattached(&mut self, leader: Option<i32>, voted: Option<ReplicaKey>, now: Micros) -> Role {
        let election_deadline = if self.is_voter() { self.random_election_deadline(now) } else { Micros::MAX };
        Role::Unattached(Unattached { leader, voted, election_deadline })
    }

    fn follower(&self, leader: i32, leader_endpoint: Listener, voted: Option<ReplicaKey>, now: Micros) -> Role {
        Role::Follower(Follower {
            leader,
            leader_endpoint,
            voted,
            fetch_deadline: now + self.config.fetch_timeout,
            has_fetched: false,
            update_voter_deadline: now + self.config.fetch_timeout,
            download: None,
        })
    }

    fn candidate(&mut self, now: Micros) -> Role {
        let election = EpochElection::new(self.log.voter_set(), self.config.node_id);
        Role::Candidate(Candidate { election, election_deadline: self.random_election_deadline(now) })
    }

    fn resigned(&mut self, successors: Vec<ReplicaKey>, now: Micros) -> Role {
        let mut unacknowledged = self.log.voter_set().ids();
        unacknowledged.remove(&self.config.node_id);
        Role::Resigned(Resigned { unacknowledged, successors, election_deadline: self.random_election_deadline(now) })
    }

    /// Between one and two election time-outs, so that not all stand at once.
    fn random_election_deadline(&mut self, now: Micros) -> Micros {
        let timeout_ms = self.config.election_timeout.as_ms();
        let random = if timeout_ms == 0 { 0 } else { self.rng.below(timeout_ms) };
        now + Micros::from_ms(timeout_ms + random)
    }
}
