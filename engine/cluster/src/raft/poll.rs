//! What a node does by itself in each of its roles (`KafkaRaftClient.poll`): stand for election, ask for records, tell
//! that it leads, give up.

use std::sync::Arc;

use base::Micros;
use protocol::Request;

use super::epochs::{BEGIN_QUORUM_EPOCH_VERSION, END_QUORUM_EPOCH_VERSION};
use super::follow::{FETCH_SNAPSHOT_VERSION, FETCH_VERSION};
use super::requests::Peer;
use super::role::Role;
use super::vote::VOTE_VERSION;
use super::voters::ReplicaKey;
use super::{Io, Outgoing, Raft};
use crate::server_log::logger;

/// Steps that may follow one another at one instant; the state machine settles in fewer.
const STEPS_MAX: usize = 32;

impl Raft {
    /// Does everything that is due, and says when to be asked next.
    pub fn poll(&mut self, io: &mut Io<'_>) -> Micros {
        self.expire_parked(io);
        self.maybe_clean(io);
        let mut next = io.now;
        for _ in 0..STEPS_MAX {
            next = self.poll_role(io);
            if next > io.now || io.out.fault.is_some() {
                break;
            }
        }
        // Whoever is still restless gets a rest.
        next.max(io.now + Micros::from_ms(1)).min(self.next_parked_deadline()).min(self.next_cleaning)
    }

    fn poll_role(&mut self, io: &mut Io<'_>) -> Micros {
        match &self.role {
            Role::Leader(_) => self.poll_leader(io),
            Role::Candidate(_) => self.poll_candidate(io),
            Role::Prospective(_) => self.poll_prospective(io),
            Role::Follower(_) if self.is_voter() => self.poll_follower(io),
            Role::Follower(_) => self.poll_observer(io),
            Role::Unattached(_) => self.poll_unattached(io),
            Role::Resigned(_) => self.poll_resigned(io),
        }
    }

    fn poll_leader(&mut self, io: &mut Io<'_>) -> Micros {
        let Role::Leader(leader) = &mut self.role else { return io.now };
        let gives_up = io.now >= leader.check_quorum_deadline();
        let shuts_down = self.shutdown_deadline.is_some() && !self.log.voter_set().is_only_voter(leader.local);
        if gives_up {
            io.out.lines.push(("INFO", logger::LEADER_STATE, leader.describe_lost_quorum()));
        }
        if gives_up || shuts_down || leader.resign_requested {
            self.resign(io);
            return io.now;
        }
        self.expire_voter_changes(io);
        let Role::Leader(leader) = &mut self.role else { return io.now };
        if io.now >= leader.begin_quorum_deadline {
            let silent = leader.needs_begin_quorum(io.now);
            leader.reset_begin_quorum(io.now);
            for voter in silent {
                let request = self.begin_quorum_epoch_request(voter);
                self.send_to_voter(voter, BEGIN_QUORUM_EPOCH_VERSION, request, io);
            }
        }
        let Role::Leader(leader) = &self.role else { return io.now };
        leader.check_quorum_deadline().min(leader.begin_quorum_deadline).min(leader.voter_change_deadline())
    }

    fn poll_candidate(&mut self, io: &mut Io<'_>) -> Micros {
        let Role::Candidate(role) = &self.role else { return io.now };
        let (deadline, unrecorded) = (role.election_deadline, role.election.unrecorded());
        let decided = role.election.is_rejected();
        if self.shutdown_deadline.is_none() && io.now >= deadline {
            self.become_prospective(io);
            return io.now;
        }
        self.send_vote_requests(&unrecorded, decided, io).min(deadline)
    }

    fn poll_prospective(&mut self, io: &mut Io<'_>) -> Micros {
        let Role::Prospective(role) = &self.role else { return io.now };
        let (deadline, unrecorded) = (role.election_deadline, role.election.unrecorded());
        let decided = role.election.is_rejected();
        if self.shutdown_deadline.is_none() && io.now >= deadline {
            self.lose_pre_vote(io);
            return io.now;
        }
        self.send_vote_requests(&unrecorded, decided, io).min(deadline)
    }

    fn send_vote_requests(&mut self, unrecorded: &[ReplicaKey], decided: bool, io: &mut Io<'_>) -> Micros {
        let mut next = Micros::MAX;
        if !decided {
            for voter in unrecorded {
                let request = self.vote_request(*voter);
                next = next.min(self.send_to_voter(*voter, VOTE_VERSION, request, io));
            }
        }
        next
    }

    fn poll_follower(&mut self, io: &mut Io<'_>) -> Micros {
        let Role::Follower(role) = &self.role else { return io.now };
        let (deadline, update_deadline) = (role.fetch_deadline, role.update_voter_deadline);
        if self.shutdown_deadline.is_some() {
            return Micros::MAX;
        }
        if io.now >= deadline {
            io.info("Transitioning to Prospective state due to fetch timeout".to_string());
            self.become_prospective(io);
            return io.now;
        }
        if io.now >= update_deadline {
            return self.maybe_update_voter(io);
        }
        self.fetch_from_best_node(io).min(deadline).min(update_deadline)
    }

    /// An observer never stands for election; it asks and asks.
    fn poll_observer(&mut self, io: &mut Io<'_>) -> Micros {
        if self.shutdown_deadline.is_some() { Micros::MAX } else { self.fetch_from_best_node(io) }
    }

    fn poll_unattached(&mut self, io: &mut Io<'_>) -> Micros {
        let Role::Unattached(role) = &self.role else { return io.now };
        let deadline = if self.is_voter() { role.election_deadline } else { Micros::MAX };
        if self.shutdown_deadline.is_some() {
            return Micros::MAX;
        }
        if io.now >= deadline {
            self.become_prospective(io);
            return io.now;
        }
        self.fetch_from_any_bootstrap(io).min(deadline)
    }

    fn poll_resigned(&mut self, io: &mut Io<'_>) -> Micros {
        let Role::Resigned(role) = &self.role else { return io.now };
        let deadline = role.election_deadline;
        let voters = self.log.voter_set();
        let telling = |id: &i32| Some((voters.node(*id)?.key, self.end_quorum_epoch_request(role)));
        let to_tell: Vec<(ReplicaKey, Request)> = role.unacknowledged.iter().filter_map(telling).collect();
        let mut next = Micros::MAX;
        for (voter, request) in to_tell {
            next = next.min(self.send_to_voter(voter, END_QUORUM_EPOCH_VERSION, request, io));
        }
        if self.shutdown_deadline.is_some() {
            return next;
        }
        if io.now >= deadline {
            self.become_unattached(self.epoch + 1, None, io);
            return io.now;
        }
        next.min(deadline)
    }

    /// From the leader; from anybody who may know better while the leader does not answer.
    pub(super) fn fetch_from_best_node(&mut self, io: &mut Io<'_>) -> Micros {
        let Role::Follower(role) = &self.role else { return io.now };
        let leader = role.leader;
        if self.requests.has_timed_out(leader, io.now) {
            self.requests.reset(leader);
            io.out.disconnects.push(leader);
            return self.fetch_from_any_bootstrap(io);
        }
        if self.requests.is_backing_off(leader, io.now) {
            return self.fetch_from_any_bootstrap(io);
        }
        if self.requests.has_any_in_flight(io.now) {
            return self.requests.next_bootstrap(io.now);
        }
        let at = &role.leader_endpoint;
        let leader = Peer { id: leader, host: at.host.clone(), port: at.port };
        match &role.download {
            Some(download) => {
                let request = self.fetch_snapshot_request(download);
                self.send(leader, FETCH_SNAPSHOT_VERSION, request.into(), io)
            }
            None => {
                let request = self.fetch_request();
                self.send(leader, FETCH_VERSION, request, io)
            }
        }
    }

    fn fetch_from_any_bootstrap(&mut self, io: &mut Io<'_>) -> Micros {
        match self.requests.ready_bootstrap_server(io.now, &mut self.rng) {
            Some(peer) => {
                let request = self.fetch_request();
                self.send(peer, FETCH_VERSION, request, io)
            }
            None => self.requests.next_bootstrap(io.now),
        }
    }

    pub(super) fn send_to_voter(
        &mut self,
        voter: ReplicaKey,
        api_version: i16,
        body: Request,
        io: &mut Io<'_>,
    ) -> Micros {
        let Some(at) = self.log.voter_set().endpoint(voter.id).cloned() else { return Micros::MAX };
        self.send(Peer { id: voter.id, host: at.host, port: at.port }, api_version, body.into(), io)
    }

    /// Sends unless a request to this peer is under way or it is left alone; says when that may change.
    pub(super) fn send(&mut self, peer: Peer, api_version: i16, body: Arc<Request>, io: &mut Io<'_>) -> Micros {
        let id = peer.id;
        if self.requests.has_timed_out(id, io.now) {
            io.out.disconnects.push(id);
            self.requests.reset(id);
        }
        if self.requests.is_ready(id, io.now) {
            let correlation_id = self.next_correlation_id;
            self.next_correlation_id = self.next_correlation_id.wrapping_add(1) & i32::MAX;
            self.requests.on_sent(id, correlation_id, io.now);
            io.out.sends.push(Outgoing { peer, correlation_id, api_version, body });
        }
        self.requests.next_change(id)
    }
}
