//! What a node is in an epoch (`EpochState` and the classes that implement it). Roles are data of their own, so that a
//! role's timers and votes end with it.
//!
//! ```text
//! Unattached -(election time-out)-> Prospective -(pre-votes)-> Candidate -(votes)-> Leader -> Resigned
//!     ^                                 ^                                             (no quorum, shutdown)
//!     '--- a higher epoch               '-(fetch time-out)- Follower <- a leader makes itself known
//! ```

use base::{Micros, Set};

use bytes::Bytes;

use super::election::EpochElection;
use super::leader::LeaderState;
use super::snapshot::SnapshotId;
use super::voters::{Listener, ReplicaKey};

#[derive(Clone, Debug, Hash)]
pub enum Role {
    Unattached(Unattached),
    Prospective(Prospective),
    Candidate(Candidate),
    Follower(Follower),
    Leader(Box<LeaderState>),
    Resigned(Resigned),
}

/// Knows an epoch but no leader that it could reach.
#[derive(Clone, Debug, Hash)]
pub struct Unattached {
    pub leader: Option<i32>,
    pub voted: Option<ReplicaKey>,
    /// `Micros::MAX` for an observer, which never stands for election.
    pub election_deadline: Micros,
}

/// Asks whether it would be elected, before it disturbs anybody with a new epoch (pre-vote, KIP-996).
#[derive(Clone, Debug, Hash)]
pub struct Prospective {
    pub leader: Option<i32>,
    pub leader_endpoint: Option<Listener>,
    pub voted: Option<ReplicaKey>,
    pub election: EpochElection,
    pub election_deadline: Micros,
}

/// Voted for itself in a new epoch.
#[derive(Clone, Debug, Hash)]
pub struct Candidate {
    pub election: EpochElection,
    pub election_deadline: Micros,
}

#[derive(Clone, Debug, Hash)]
pub struct Follower {
    pub leader: i32,
    pub leader_endpoint: Listener,
    pub voted: Option<ReplicaKey>,
    /// A voter that got nothing from its leader until then doubts it.
    pub fetch_deadline: Micros,
    pub has_fetched: bool,
    /// Every so often a voter looks whether the voter set describes it right, and an observer whether it may join.
    pub update_voter_deadline: Micros,
    pub download: Option<Download>,
}

/// A snapshot that a follower is fetching.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Download {
    pub id: SnapshotId,
    pub chunks: Vec<Bytes>,
}

impl Download {
    pub fn len(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.len() as u64).sum()
    }
}

/// Led this epoch and does so no more; the others are told who should stand first.
#[derive(Clone, Debug, Hash)]
pub struct Resigned {
    pub unacknowledged: Set<i32>,
    pub successors: Vec<ReplicaKey>,
    pub election_deadline: Micros,
}

impl Role {
    /// The name that Kafka's metric `current-state` has for it.
    pub fn name(&self) -> &'static str {
        match self {
            Role::Unattached(_) => "unattached",
            Role::Prospective(_) => "prospective",
            Role::Candidate(_) => "candidate",
            Role::Follower(_) => "follower",
            Role::Leader(_) => "leader",
            Role::Resigned(_) => "resigned",
        }
    }

    pub fn voted(&self) -> Option<ReplicaKey> {
        match self {
            Role::Unattached(role) => role.voted,
            Role::Prospective(role) => role.voted,
            Role::Follower(role) => role.voted,
            Role::Candidate(_) | Role::Leader(_) | Role::Resigned(_) => None,
        }
    }

    /// Whether a candidate gets this node's vote. A pre-vote is an opinion and binds nobody: a follower gives it only
    /// while its leader has not answered it yet.
    pub fn can_grant_vote(&self, candidate: ReplicaKey, log_up_to_date: bool, pre_vote: bool) -> bool {
        match self {
            Role::Leader(_) => false,
            Role::Follower(follower) => pre_vote && log_up_to_date && !follower.has_fetched,
            Role::Candidate(_) | Role::Resigned(_) => pre_vote && log_up_to_date,
            Role::Unattached(Unattached { leader, voted, .. })
            | Role::Prospective(Prospective { leader, voted, .. }) => match voted {
                _ if pre_vote => log_up_to_date,
                Some(voted) => voted.matches(candidate),
                None => leader.is_none() && log_up_to_date,
            },
        }
    }
}
