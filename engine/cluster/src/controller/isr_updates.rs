//! What happens to partitions when a broker comes or goes (`generateLeaderAndIsrUpdates` and its callers).

use base::Uuid;
use protocol::metadata::{BrokerRegistrationChangeRecord, MetadataRecord, UnregisterBrokerRecord};

use super::control::ControlState;
use crate::metadata::{NO_LEADER, PartitionRegistration, TopicIdPartition};

/// Which broker the updates are about, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The broker leaves every ISR and leads nothing.
    Remove(i32),
    /// The broker may lead although the image still shows it fenced.
    Add(i32),
    /// The broker came back after a kill: it leaves ISR and ELR.
    UncleanShutdown(i32),
}

impl ControlState {
    /// A broker is fenced: first it leaves the ISRs, then the registration changes.
    pub fn fence_broker(&self, broker: i32, records: &mut Vec<MetadataRecord>) {
        let Some(registration) = self.image.broker(broker) else { return };
        self.update_partitions(Cause::Remove(broker), self.partitions_with_isr_member(broker), records);
        records.push(change(broker, registration.epoch, |r| r.fenced = 1));
    }

    /// A broker is unfenced: then leaderless partitions may find a leader in it.
    pub fn unfence_broker(&self, broker: i32, epoch: i64, records: &mut Vec<MetadataRecord>) {
        records.push(change(broker, epoch, |r| r.fenced = -1));
        self.update_partitions(Cause::Add(broker), self.leaderless_partitions(), records);
    }

    /// A broker begins its controlled shutdown: its leaderships move and it leaves the ISRs.
    pub fn begin_controlled_shutdown(&self, broker: i32, epoch: i64, records: &mut Vec<MetadataRecord>) {
        if !self.image.broker(broker).is_some_and(|b| b.in_controlled_shutdown) {
            records.push(change(broker, epoch, |r| r.in_controlled_shutdown = 1));
        }
        self.update_partitions(Cause::Remove(broker), self.partitions_with_isr_member(broker), records);
    }

    /// A broker registers a new incarnation: what the old one held is gone from the ISRs, and after a kill also from the
    /// ELRs, because its last records may never have reached the disk.
    pub fn handle_shutdown(&self, broker: i32, clean: bool, records: &mut Vec<MetadataRecord>) {
        let in_isr = self.partitions_with_isr_member(broker);
        if self.elr_enabled() && !clean {
            self.update_partitions(Cause::UncleanShutdown(broker), in_isr, records);
            self.update_partitions(Cause::UncleanShutdown(broker), self.partitions_with_elr_member(broker), records);
        } else {
            self.update_partitions(Cause::Remove(broker), in_isr, records);
        }
    }

    pub fn unregister(&self, broker: i32, epoch: i64, records: &mut Vec<MetadataRecord>) {
        self.update_partitions(Cause::Remove(broker), self.partitions_with_isr_member(broker), records);
        self.update_partitions(Cause::Remove(broker), self.partitions_with_elr_member(broker), records);
        let record = UnregisterBrokerRecord { broker_id: broker, broker_epoch: epoch, ..Default::default() };
        records.push(record.into());
    }

    /// Directories of a broker failed: the replicas in them are gone for the time being.
    pub fn lose_directories(&self, broker: i32, directories: &[Uuid], records: &mut Vec<MetadataRecord>) {
        let is_lost =
            |p: &PartitionRegistration| p.replicas.contains(&broker) && directories.contains(&p.directory(broker));
        let partitions = self.image.partitions().filter(|(_, _, p)| is_lost(p)).map(|(id, _, _)| id).collect();
        self.update_partitions(Cause::Remove(broker), partitions, records);
    }

    pub fn leads_anything(&self, broker: i32) -> bool {
        self.image.partitions().any(|(_, _, partition)| partition.leader == broker)
    }

    pub fn leaderless_partitions(&self) -> Vec<TopicIdPartition> {
        self.image.partitions().filter(|(_, _, p)| p.leader == NO_LEADER).map(|(id, _, _)| id).collect()
    }

    fn partitions_with_isr_member(&self, broker: i32) -> Vec<TopicIdPartition> {
        self.image.partitions().filter(|(_, _, p)| p.isr.contains(&broker)).map(|(id, _, _)| id).collect()
    }

    fn partitions_with_elr_member(&self, broker: i32) -> Vec<TopicIdPartition> {
        self.image.partitions().filter(|(_, _, p)| p.elr.contains(&broker)).map(|(id, _, _)| id).collect()
    }

    fn update_partitions(&self, cause: Cause, partitions: Vec<TopicIdPartition>, records: &mut Vec<MetadataRecord>) {
        for id in partitions {
            // The broker in question counts as what it is about to be, not as what the image still shows.
            let is_acceptable = |broker: i32| match cause {
                Cause::Remove(gone) | Cause::UncleanShutdown(gone) if gone == broker => false,
                Cause::Add(new) if new == broker => self.is_directory_online(id, broker),
                _ => self.accepts_leader(id, broker),
            };
            let Some(partition) = self.image.partition(id) else { continue };
            let isr: Vec<i32> = match cause {
                Cause::Add(_) => partition.isr.clone(),
                Cause::Remove(gone) | Cause::UncleanShutdown(gone) => {
                    partition.isr.iter().copied().filter(|r| *r != gone).collect()
                }
            };
            let record = self.change_partition(id, &is_acceptable, |builder| {
                let builder = builder.target_isr(isr);
                match cause {
                    Cause::UncleanShutdown(broker) => builder.unclean_shutdown(broker).build(),
                    _ => builder.build(),
                }
            });
            records.extend(record.flatten().map(MetadataRecord::from));
        }
    }
}

fn change(broker: i32, epoch: i64, set: impl FnOnce(&mut BrokerRegistrationChangeRecord)) -> MetadataRecord {
    let mut record = BrokerRegistrationChangeRecord { broker_id: broker, broker_epoch: epoch, ..Default::default() };
    set(&mut record);
    record.into()
}
