//! A partition as this broker holds it: its log, and its role of leader or follower (Kafka: `Partition`).
//!
//! The high watermark of a leader is the smallest log end offset over its *maximal* ISR (the committed one, plus a
//! member that is being added), and over followers that are caught up and about to join; it waits while the committed
//! ISR is below its minimum. A follower learns it, a little later, from the leader's answers.
//!
//! ```text
//! leader 1, ISR {1,2}: LEO 5, follower 2 fetches at 4  -> HW 4
//! ```

mod follower_state;
mod isr;
mod leader;
mod read;

use base::{Map, Uuid};

use log::UnifiedLog;
use protocol::{ErrorCode, TopicPartition};

pub use follower_state::FollowerState;
pub use isr::{Committed, IsrAnswer, IsrProposal, IsrState};
pub use leader::{HighWatermarkMove, Refusal};
pub use read::{FetchRead, ReadBound, ReadRequest};

use crate::Profile;
use crate::metadata::{MetadataImage, NO_LEADER, PartitionRegistration};
use crate::spec::Mutant;

/// What decisions about a partition need from outside of it.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    pub local_broker: i32,
    /// The broker epoch of this broker, for AlterPartition.
    pub local_broker_epoch: i64,
    /// The broker's wall clock.
    pub now_ms: i64,
    /// `replica.lag.time.max.ms`.
    pub lag_max_ms: i64,
    pub profile: Profile,
    pub image: &'a MetadataImage,
}

#[derive(Clone, Debug, Hash)]
pub struct Partition {
    pub topic_partition: TopicPartition,
    pub topic_id: Uuid,
    pub log: UnifiedLog,
    /// `min.insync.replicas` of the topic.
    pub min_insync_replicas: i32,
    role: Role,
    /// The assignment, the preferred leader first.
    replicas: Vec<i32>,
    adding_replicas: Vec<i32>,
    leader_epoch: i32,
    partition_epoch: i32,
}

/// What this broker is to the partition. Follower states exist only while leading, and end with the leader epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Leader(LeaderState),
    /// The leader, if there is one.
    Follower {
        leader: Option<i32>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaderState {
    /// The log end offset when this epoch began; a follower must have reached it to join the ISR.
    pub epoch_start_offset: i64,
    pub isr: IsrState,
    /// The other replicas of the assignment.
    pub followers: Map<i32, FollowerState>,
}

impl Partition {
    /// A partition of which no metadata was applied yet: it follows nobody.
    pub fn new(
        topic_partition: TopicPartition,
        topic_id: Uuid,
        log: UnifiedLog,
        min_insync_replicas: i32,
    ) -> Partition {
        Partition {
            topic_partition,
            topic_id,
            log,
            min_insync_replicas,
            role: Role::Follower { leader: None },
            replicas: Vec::new(),
            adding_replicas: Vec::new(),
            leader_epoch: -1,
            partition_epoch: -1,
        }
    }

    pub fn role(&self) -> &Role {
        &self.role
    }

    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    pub fn leader_state(&self) -> Option<&LeaderState> {
        match &self.role {
            Role::Leader(state) => Some(state),
            Role::Follower { .. } => None,
        }
    }

    fn leader_state_mut(&mut self) -> Option<&mut LeaderState> {
        match &mut self.role {
            Role::Leader(state) => Some(state),
            Role::Follower { .. } => None,
        }
    }

    /// The leader this broker follows; `None` when it leads itself, or nobody does.
    pub fn followed_leader(&self) -> Option<i32> {
        match self.role {
            Role::Leader(_) => None,
            Role::Follower { leader } => leader,
        }
    }

    pub fn leader_epoch(&self) -> i32 {
        self.leader_epoch
    }

    pub fn partition_epoch(&self) -> i32 {
        self.partition_epoch
    }

    pub fn replicas(&self) -> &[i32] {
        &self.replicas
    }

    pub fn is_adding_replica(&self, broker: i32) -> bool {
        self.adding_replicas.contains(&broker)
    }

    /// The minimum ISR that can be asked of this assignment: a setting above the replica count means all replicas.
    pub fn effective_min_isr(&self) -> usize {
        let wanted = usize::try_from(self.min_insync_replicas).unwrap_or(0);
        self.leader_state().map_or(wanted, |leader| wanted.min(leader.followers.len() + 1))
    }

    pub fn is_under_min_isr(&self) -> bool {
        self.leader_state().is_some_and(|leader| leader.isr.isr().len() < self.effective_min_isr())
    }

    /// Applies metadata that makes this broker the leader. True when a new leader epoch began here. Metadata older than
    /// what is known is ignored.
    pub fn make_leader(
        &mut self,
        disk: &mut sim::Disk,
        now: base::Micros,
        registration: &PartitionRegistration,
        around: &Surroundings<'_>,
    ) -> bool {
        if registration.partition_epoch < self.partition_epoch {
            return false;
        }
        let is_new_epoch = registration.leader_epoch > self.leader_epoch || !self.is_leader();
        // The answer to AlterPartition can be faster than the metadata that says the same.
        let is_known = registration.partition_epoch == self.partition_epoch;
        // A leader has nothing to recover before it leads; its next ISR change says so (KIP-704).
        let committed = Committed { isr: registration.isr.iter().copied().collect(), recovering: false };
        self.replicas = registration.replicas.clone();
        self.adding_replicas = registration.adding_replicas.clone();
        self.partition_epoch = registration.partition_epoch;
        if is_new_epoch {
            self.begin_epoch(disk, now, registration.leader_epoch, committed, around);
        } else {
            self.update_followers(around);
            // What is known already must not end a change that was asked for since: the controller may yet make it, and
            // then a member would be in sync that the high watermark did not wait for (found by the swarm; Kafka's
            // `Partition.makeLeader` forgets the pending change here).
            if let (false, Some(leader)) = (is_known, self.leader_state_mut()) {
                leader.isr = IsrState::Committed(committed);
            }
        }
        is_new_epoch
    }

    /// The epoch is cached before any record of it: a follower may ask where it began (KIP-279).
    fn begin_epoch(
        &mut self,
        disk: &mut sim::Disk,
        now: base::Micros,
        leader_epoch: i32,
        committed: Committed,
        around: &Surroundings<'_>,
    ) {
        let epoch_start_offset = self.log.log_end();
        if !around.profile.breaks(Mutant::ForgottenEpochStart) {
            self.log.assign_epoch_start(disk, leader_epoch, epoch_start_offset, now);
        }
        let others = self.replicas.iter().filter(|id| **id != around.local_broker);
        let followers =
            others.map(|id| (*id, FollowerState::at_epoch_start(around.now_ms, committed.isr.contains(id)))).collect();
        if around.profile.breaks(Mutant::LeaderTrustsOwnLogEnd) {
            self.log.update_high_watermark(epoch_start_offset);
        }
        self.leader_epoch = leader_epoch;
        self.role = Role::Leader(LeaderState { epoch_start_offset, isr: IsrState::Committed(committed), followers });
    }

    /// The same leader epoch goes on, perhaps with another assignment.
    fn update_followers(&mut self, around: &Surroundings<'_>) {
        let replicas = self.replicas.clone();
        let Some(leader) = self.leader_state_mut() else { return };
        leader.followers.retain(|id, _| replicas.contains(id));
        for id in replicas.into_iter().filter(|id| *id != around.local_broker) {
            leader.followers.entry(id).or_insert_with(|| FollowerState::at_epoch_start(around.now_ms, false));
        }
    }

    /// Applies metadata that makes this broker a follower (also of nobody). True when the leader epoch grew: then the
    /// fetcher must begin anew, even if the leader is the same.
    pub fn make_follower(&mut self, registration: &PartitionRegistration) -> bool {
        if registration.partition_epoch < self.partition_epoch {
            return false;
        }
        let is_new_epoch = registration.leader_epoch > self.leader_epoch;
        let leader = (registration.leader != NO_LEADER).then_some(registration.leader);
        self.role = Role::Follower { leader };
        self.replicas = registration.replicas.clone();
        self.adding_replicas = registration.adding_replicas.clone();
        self.leader_epoch = registration.leader_epoch;
        self.partition_epoch = registration.partition_epoch;
        is_new_epoch
    }

    /// Fences a request by the leader epoch it carries (-1 for none).
    pub fn check_leader_epoch(&self, request_epoch: i32) -> Result<(), ErrorCode> {
        match request_epoch {
            -1 => Ok(()),
            older if older < self.leader_epoch => Err(ErrorCode::FencedLeaderEpoch),
            newer if newer > self.leader_epoch => Err(ErrorCode::UnknownLeaderEpoch),
            _ => Ok(()),
        }
    }

    /// As [`Partition::check_leader_epoch`], and refuses when only the leader may answer and this is not it.
    pub fn check_leader(&self, request_epoch: i32, leader_only: bool) -> Result<(), ErrorCode> {
        self.check_leader_epoch(request_epoch)?;
        if leader_only && !self.is_leader() {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        Ok(())
    }
}
