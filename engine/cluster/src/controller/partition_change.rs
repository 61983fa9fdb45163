//! The one place that works out a change of a partition (`PartitionChangeBuilder`): election, ISR, ELR, reassignment.
//!
//! Callers say what they want (a smaller ISR, a new preferred leader); the builder adds what follows from it and gives
//! one record, or none when nothing would change.

use base::Uuid;
use protocol::java::hash_map_order;
use protocol::metadata::PartitionChangeRecord;

use crate::Profile;
use crate::metadata::{LEADER_UNCHANGED, NO_LEADER, PartitionRegistration, RECOVERING};
use crate::spec::Mutant;

/// Who may be elected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Election {
    /// The leader stays if it can; else the first replica that holds everything.
    Online,
    /// The first replica of the assignment if it can lead; else as [`Election::Online`].
    Preferred,
    /// As [`Election::Online`]; if nobody holds everything, any live replica.
    Unclean,
}

/// Builds the change of one partition. `is_acceptable` says which brokers may lead now.
pub struct PartitionChangeBuilder<'a> {
    partition: &'a PartitionRegistration,
    topic_id: Uuid,
    partition_id: i32,
    is_acceptable: &'a dyn Fn(i32) -> bool,
    /// The directory that a broker's new replicas go to.
    default_directory: &'a dyn Fn(i32) -> Uuid,
    /// min(`min.insync.replicas`, replication factor).
    min_isr: usize,
    elr_enabled: bool,
    profile: Profile,
    election: Election,
    isr: Vec<i32>,
    replicas: Vec<i32>,
    removing: Vec<i32>,
    adding: Vec<i32>,
    elr: Vec<i32>,
    recovery_state: i8,
    /// A broker that came back after a kill: what it had may be lost, so it is eligible no more.
    unclean_shutdown: Option<i32>,
    /// A broker that says in which of its directories it has the replica.
    directory: Option<(i32, Uuid)>,
}

/// What the builder must know of the cluster.
pub struct ChangeContext<'a> {
    pub is_acceptable: &'a dyn Fn(i32) -> bool,
    pub default_directory: &'a dyn Fn(i32) -> Uuid,
    pub min_isr: usize,
    pub elr_enabled: bool,
    pub profile: Profile,
}

impl<'a> PartitionChangeBuilder<'a> {
    pub fn new(
        partition: &'a PartitionRegistration,
        topic_id: Uuid,
        partition_id: i32,
        context: &ChangeContext<'a>,
    ) -> PartitionChangeBuilder<'a> {
        PartitionChangeBuilder {
            partition,
            topic_id,
            partition_id,
            is_acceptable: context.is_acceptable,
            default_directory: context.default_directory,
            min_isr: context.min_isr,
            elr_enabled: context.elr_enabled,
            profile: context.profile,
            election: Election::Online,
            isr: partition.isr.clone(),
            replicas: partition.replicas.clone(),
            removing: partition.removing_replicas.clone(),
            adding: partition.adding_replicas.clone(),
            elr: partition.elr.clone(),
            recovery_state: partition.leader_recovery_state,
            unclean_shutdown: None,
            directory: None,
        }
    }

    pub fn election(mut self, election: Election) -> Self {
        self.election = election;
        self
    }

    pub fn target_isr(mut self, isr: Vec<i32>) -> Self {
        self.isr = isr;
        self
    }

    pub fn target_replicas(mut self, replicas: Vec<i32>) -> Self {
        self.replicas = replicas;
        self
    }

    pub fn target_removing(mut self, removing: Vec<i32>) -> Self {
        self.removing = removing;
        self
    }

    pub fn target_adding(mut self, adding: Vec<i32>) -> Self {
        self.adding = adding;
        self
    }

    pub fn target_recovery_state(mut self, state: i8) -> Self {
        self.recovery_state = state;
        self
    }

    pub fn unclean_shutdown(mut self, broker: i32) -> Self {
        self.unclean_shutdown = Some(broker);
        self
    }

    pub fn directory(mut self, broker: i32, directory: Uuid) -> Self {
        self.directory = Some((broker, directory));
        self
    }

    pub fn build(mut self) -> Option<PartitionChangeRecord> {
        let mut record =
            PartitionChangeRecord { topic_id: self.topic_id, partition_id: self.partition_id, ..Default::default() };
        let empty = record.clone();
        self.complete_reassignment();
        self.populate_elr();
        self.elect(&mut record);
        self.bump_epoch_for_reassignment(&mut record);
        self.record_elr(&mut record);
        // With ELR the ISR may become empty.
        if record.isr.is_none() && (!self.isr.is_empty() || self.elr_enabled) && self.isr != self.partition.isr {
            record.isr = Some(self.isr.clone());
        }
        self.record_last_known_leader(&mut record);
        self.record_assignment(&mut record);
        if self.recovery_state != self.partition.leader_recovery_state {
            record.leader_recovery_state = self.recovery_state;
        }
        (record != empty).then_some(record)
    }

    /// A reassignment is done when all of the target is in sync: then the old replicas go.
    fn complete_reassignment(&mut self) {
        if self.removing.is_empty() && self.adding.is_empty() {
            return;
        }
        let without_removed =
            |list: &[i32]| list.iter().copied().filter(|r| !self.removing.contains(r)).collect::<Vec<i32>>();
        let (isr, replicas) = (without_removed(&self.isr), without_removed(&self.replicas));
        if isr.is_empty() || replicas.is_empty() || !self.adding.iter().all(|r| isr.contains(r)) {
            return;
        }
        // A smaller replication factor must not leave a smaller ISR than there is now.
        if self.adding.len() < self.removing.len() && !replicas.iter().all(|r| isr.contains(r)) {
            return;
        }
        self.isr = isr;
        self.replicas = replicas;
        self.removing.clear();
        self.adding.clear();
    }

    /// KIP-966: below the minimum, who leaves the ISR stays eligible.
    fn populate_elr(&mut self) {
        if !self.elr_enabled {
            return;
        }
        if self.isr.len() >= self.min_isr {
            self.elr.clear();
            return;
        }
        let mut candidates = self.elr.clone();
        candidates.extend(self.partition.isr.iter().filter(|r| !self.elr.contains(r)));
        // Kafka gathers them in a hash set of integers and writes them in its order.
        self.elr = hash_map_order(candidates, |id| *id)
            .into_iter()
            .filter(|r| !self.isr.contains(r) && self.unclean_shutdown != Some(*r))
            .collect();
    }

    fn elect(&mut self, record: &mut PartitionChangeRecord) {
        let (leader, unclean) = self.choose_leader();
        if leader == self.partition.leader {
            return;
        }
        if self.elr.contains(&leader) {
            self.isr = vec![leader];
            self.elr.retain(|r| *r != leader);
        }
        record.leader = leader;
        if unclean {
            // The ISR is forced to the new leader alone: records may be lost.
            record.isr = Some(vec![leader]);
            if self.partition.leader_recovery_state != RECOVERING {
                record.leader_recovery_state = RECOVERING;
            }
        }
    }

    /// The leader, and whether it was chosen uncleanly.
    fn choose_leader(&self) -> (i32, bool) {
        let preferred = self.replicas.first().copied().unwrap_or(NO_LEADER);
        if self.election == Election::Preferred && self.is_valid_leader(preferred) {
            return (preferred, false);
        }
        if self.is_valid_leader(self.partition.leader) {
            return (self.partition.leader, false);
        }
        if let Some(online) = self.replicas.iter().find(|r| self.is_valid_leader(**r)) {
            return (*online, false);
        }
        let any = || self.replicas.iter().find(|r| (self.is_acceptable)(**r)).copied();
        if self.profile.breaks(Mutant::ElectOutsideIsr)
            && let Some(any) = any()
        {
            return (any, false);
        }
        if let Some(last) = self.last_known_leader() {
            return (last, true);
        }
        if self.election == Election::Unclean
            && let Some(any) = any()
        {
            return (any, true);
        }
        (NO_LEADER, false)
    }

    /// In the ISR, or in the ELR when the ISR is empty.
    fn is_valid_leader(&self, replica: i32) -> bool {
        let holds_all = self.isr.contains(&replica) || (self.isr.is_empty() && self.elr.contains(&replica));
        holds_all && (self.is_acceptable)(replica)
    }

    /// The last resort of KIP-966: whoever led last, once ISR and ELR are empty.
    fn last_known_leader(&self) -> Option<i32> {
        match self.partition.last_known_elr.as_slice() {
            [last] if self.elr_enabled && self.elr.is_empty() && self.isr.is_empty() => {
                (self.is_acceptable)(*last).then_some(*last)
            }
            _ => None,
        }
    }

    /// A replica that is taken away must be told by a new leader epoch.
    fn bump_epoch_for_reassignment(&self, record: &mut PartitionChangeRecord) {
        let all_stay = self.partition.replicas.iter().all(|r| self.replicas.contains(r));
        if record.leader == LEADER_UNCHANGED && !all_stay {
            record.leader = self.partition.leader;
        }
    }

    fn record_elr(&mut self, record: &mut PartitionChangeRecord) {
        let was_unclean = record.isr.is_some();
        if was_unclean || !self.elr_enabled {
            self.elr.clear();
        }
        if self.elr != self.partition.elr {
            record.eligible_leader_replicas = Some(self.elr.clone());
        }
    }

    fn record_last_known_leader(&self, record: &mut PartitionChangeRecord) {
        if !self.elr_enabled {
            return;
        }
        let known = &self.partition.last_known_elr;
        if record.leader == NO_LEADER && known.is_empty() {
            record.last_known_elr = Some(vec![self.partition.leader]);
        } else if record.leader >= 0 && !known.is_empty() {
            record.last_known_elr = Some(Vec::new());
        }
    }

    fn record_assignment(&self, record: &mut PartitionChangeRecord) {
        if !self.replicas.is_empty() {
            let directory = |replica: &i32| match self.directory {
                Some((broker, directory)) if broker == *replica => directory,
                _ if self.partition.replicas.contains(replica) => self.partition.directory(*replica),
                _ => (self.default_directory)(*replica),
            };
            let directories: Vec<Uuid> = self.replicas.iter().map(directory).collect();
            if directories != self.partition.directories {
                record.directories = Some(directories);
            }
            if self.replicas != self.partition.replicas {
                record.replicas = Some(self.replicas.clone());
            }
        }
        if self.removing != self.partition.removing_replicas {
            record.removing_replicas = Some(self.removing.clone());
        }
        if self.adding != self.partition.adding_replicas {
            record.adding_replicas = Some(self.adding.clone());
        }
    }
}
