//! One partition as the controller sees it (`PartitionRegistration`).

use base::Uuid;
use protocol::metadata::{PartitionChangeRecord, PartitionRecord};

/// In a leader field: nobody leads.
pub const NO_LEADER: i32 = -1;
/// In the leader field of a change: the leader, and with it the leader epoch, stays.
pub const LEADER_UNCHANGED: i32 = -2;
/// `LeaderRecoveryState`: the leader was elected from the ISR, or has got over an unclean election.
pub const RECOVERED: i8 = 0;
/// `LeaderRecoveryState`: the leader was elected uncleanly and has not yet said that it recovered.
pub const RECOVERING: i8 = 1;
/// `DirectoryId.MIGRATING`: no directory is known, as records of before KIP-858 have none.
const DIRECTORY_MIGRATING: Uuid = Uuid(0);

/// The committed state of a partition: assignment, in-sync and eligible replicas, leader and epochs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PartitionRegistration {
    /// The assignment; the first is the preferred leader.
    pub replicas: Vec<i32>,
    /// The log directory of each replica, in the same order.
    pub directories: Vec<Uuid>,
    pub isr: Vec<i32>,
    /// Replicas that a reassignment takes away (KIP-455).
    pub removing_replicas: Vec<i32>,
    /// Replicas that a reassignment brings in.
    pub adding_replicas: Vec<i32>,
    /// Eligible leader replicas (KIP-966): out of the ISR, but known to hold everything committed.
    pub elr: Vec<i32>,
    /// The last leader of a partition that has neither ISR nor ELR; the last resort of an election.
    pub last_known_elr: Vec<i32>,
    /// [`NO_LEADER`] when nobody can lead.
    pub leader: i32,
    /// [`RECOVERED`] or [`RECOVERING`].
    pub leader_recovery_state: i8,
    /// Grows with every change of the leader, also to none.
    pub leader_epoch: i32,
    /// Grows with every change of anything.
    pub partition_epoch: i32,
}

impl PartitionRegistration {
    pub fn from_record(record: &PartitionRecord) -> PartitionRegistration {
        PartitionRegistration {
            replicas: record.replicas.clone(),
            directories: known_directories(&record.directories, record.replicas.len()),
            isr: record.isr.clone(),
            removing_replicas: record.removing_replicas.clone(),
            adding_replicas: record.adding_replicas.clone(),
            elr: record.eligible_leader_replicas.clone().unwrap_or_default(),
            last_known_elr: record.last_known_elr.clone().unwrap_or_default(),
            leader: record.leader,
            leader_recovery_state: record.leader_recovery_state,
            leader_epoch: record.leader_epoch,
            partition_epoch: record.partition_epoch,
        }
    }

    pub fn to_record(&self, topic_id: Uuid, partition: i32) -> PartitionRecord {
        // Kafka leaves empty ELR fields out, to save space.
        let present = |list: &Vec<i32>| (!list.is_empty()).then(|| list.clone());
        PartitionRecord {
            partition_id: partition,
            topic_id,
            replicas: self.replicas.clone(),
            isr: self.isr.clone(),
            removing_replicas: self.removing_replicas.clone(),
            adding_replicas: self.adding_replicas.clone(),
            leader: self.leader,
            leader_recovery_state: self.leader_recovery_state,
            leader_epoch: self.leader_epoch,
            partition_epoch: self.partition_epoch,
            directories: self.directories.clone(),
            eligible_leader_replicas: present(&self.elr),
            last_known_elr: present(&self.last_known_elr),
            ..Default::default()
        }
    }

    /// The partition after a change. The partition epoch grows always; the leader epoch grows when the record has a
    /// leader, even the same one.
    pub fn merge(&self, change: &PartitionChangeRecord) -> PartitionRegistration {
        let or = |new: &Option<Vec<i32>>, old: &Vec<i32>| new.as_ref().unwrap_or(old).clone();
        let replicas = or(&change.replicas, &self.replicas);
        let directories = known_directories(change.directories.as_ref().unwrap_or(&self.directories), replicas.len());
        let keeps_leader = change.leader == LEADER_UNCHANGED;
        PartitionRegistration {
            replicas,
            directories,
            isr: or(&change.isr, &self.isr),
            removing_replicas: or(&change.removing_replicas, &self.removing_replicas),
            adding_replicas: or(&change.adding_replicas, &self.adding_replicas),
            elr: or(&change.eligible_leader_replicas, &self.elr),
            last_known_elr: or(&change.last_known_elr, &self.last_known_elr),
            leader: if keeps_leader { self.leader } else { change.leader },
            leader_recovery_state: match change.leader_recovery_state {
                -1 => self.leader_recovery_state,
                state => state,
            },
            leader_epoch: self.leader_epoch + i32::from(!keeps_leader),
            partition_epoch: self.partition_epoch + 1,
        }
    }

    pub fn has_leader(&self) -> bool {
        self.leader != NO_LEADER
    }

    pub fn preferred_replica(&self) -> i32 {
        self.replicas.first().copied().unwrap_or(NO_LEADER)
    }

    pub fn has_preferred_leader(&self) -> bool {
        self.leader == self.preferred_replica()
    }

    pub fn is_reassigning(&self) -> bool {
        !self.removing_replicas.is_empty() || !self.adding_replicas.is_empty()
    }

    /// The log directory of a replica; `Uuid::ZERO` when none is known or the broker holds no replica.
    pub fn directory(&self, replica: i32) -> Uuid {
        let place = self.replicas.iter().position(|r| *r == replica);
        place.and_then(|i| self.directories.get(i)).copied().unwrap_or_default()
    }
}

/// One directory a replica, as Kafka does for records that name none.
fn known_directories(directories: &[Uuid], replicas: usize) -> Vec<Uuid> {
    if directories.iter().all(|d| *d == DIRECTORY_MIGRATING) {
        return vec![DIRECTORY_MIGRATING; replicas];
    }
    directories.to_vec()
}
