//! Copies of partitions with their newest records: from the broker's log, or from the disk of a broker that is down.

use cluster::metadata::PartitionRegistration;
use log::UnifiedLog;
use protocol::TopicPartition;
use wire::view::{CELLS_MAX, CellView, ReplicaView, Role};
use wire::{Entity, Key, View};

use super::offline::Disks;
use super::{BrokerSeat, Scene};

/// Characters of a key or value that a cell carries.
const TEXT_MAX: usize = 32;

pub fn add(scene: &Scene<'_>, disks: &mut Disks, view: &mut View) {
    for (topic, number, registered) in scene.partitions() {
        for id in &registered.replicas {
            let Some(seat) = scene.brokers.get(id) else { continue };
            let replica = replica(scene, disks, seat, &TopicPartition::new(topic, number), registered);
            view.insert(Key::Replica(topic.to_string(), number, *id), Entity::Replica(replica));
        }
    }
}

/// One record as a cell: the first characters of what it holds.
pub fn cell(record: &log::batch::Record, leader_epoch: i32, control: bool) -> CellView {
    CellView {
        offset: record.offset,
        leader_epoch,
        key: record.key.as_deref().map(text),
        value: record.value.as_deref().map(text),
        control,
    }
}

fn replica(
    scene: &Scene<'_>,
    disks: &mut Disks,
    seat: &BrokerSeat<'_>,
    id: &TopicPartition,
    registered: &PartitionRegistration,
) -> ReplicaView {
    let broker = seat.spec.node_id;
    let mut replica = ReplicaView {
        topic: id.topic.to_string(),
        partition: id.partition,
        broker,
        role: Role::Idle,
        leader_epoch: -1,
        in_sync: registered.isr.contains(&broker),
        log_start: 0,
        high_watermark: 0,
        log_end: 0,
        cells: Vec::new(),
    };
    let Some(process) = seat.broker else {
        let found = disks.replica(scene.world, seat.node, id);
        replica.role = Role::Offline;
        replica.leader_epoch = found.leader_epoch;
        (replica.log_start, replica.high_watermark, replica.log_end) =
            (found.log_start, found.high_watermark, found.log_end);
        replica.cells = found.cells.clone();
        return replica;
    };
    if let Some(partition) = process.partition(id) {
        replica.leader_epoch = partition.leader_epoch();
        if partition.is_leader() {
            replica.role = Role::Leader;
        } else if partition.followed_leader().is_some() {
            replica.role = Role::Follower;
        }
    }
    if let Some(log) = process.log(id) {
        (replica.log_start, replica.high_watermark, replica.log_end) =
            (log.log_start(), log.high_watermark(), log.log_end());
        replica.cells = newest(log);
    }
    replica
}

fn newest(log: &UnifiedLog) -> Vec<CellView> {
    let from = log.log_start().max(log.log_end() - CELLS_MAX as i64);
    let records = log.records_between(from, log.log_end());
    records.iter().map(|(record, epoch, control)| cell(record, *epoch, *control)).collect()
}

/// The first characters of a key or value.
pub fn text(bytes: &[u8]) -> String {
    // A character may take four bytes; more need not be looked at.
    let whole = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * TEXT_MAX)]);
    whole.chars().take(TEXT_MAX).collect()
}
