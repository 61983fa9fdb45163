//! Control batches: records that Kafka writes for itself and never delivers. They occupy offsets like any other.

use bytes::Bytes;

use super::{BatchBuilder, BatchView, Record};

/// `ControlRecordType`: the second field of a control record's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ControlRecordType {
    Abort,
    Commit,
    LeaderChange,
    SnapshotHeader,
    SnapshotFooter,
    KraftVersion,
    KraftVoters,
    /// A type of a later Kafka.
    Unknown,
}

impl ControlRecordType {
    fn for_id(id: i16) -> ControlRecordType {
        match id {
            0 => ControlRecordType::Abort,
            1 => ControlRecordType::Commit,
            2 => ControlRecordType::LeaderChange,
            3 => ControlRecordType::SnapshotHeader,
            4 => ControlRecordType::SnapshotFooter,
            5 => ControlRecordType::KraftVersion,
            6 => ControlRecordType::KraftVoters,
            _ => ControlRecordType::Unknown,
        }
    }

    pub fn id(self) -> i16 {
        match self {
            ControlRecordType::Abort => 0,
            ControlRecordType::Commit => 1,
            ControlRecordType::LeaderChange => 2,
            ControlRecordType::SnapshotHeader => 3,
            ControlRecordType::SnapshotFooter => 4,
            ControlRecordType::KraftVersion => 5,
            ControlRecordType::KraftVoters => 6,
            ControlRecordType::Unknown => -1,
        }
    }

    /// The record key: version 0 and the type, each 16 bits.
    pub fn key(self) -> [u8; 4] {
        let id = self.id().to_be_bytes();
        [0, 0, id[0], id[1]]
    }
}

/// The type of a control record, `None` when its key is too short or of a version below 0.
pub fn control_record_type(record: &Record) -> Option<ControlRecordType> {
    let key = record.key.as_deref()?;
    let version = i16::from_be_bytes(key.get(..2)?.try_into().ok()?);
    let id = i16::from_be_bytes(key.get(2..4)?.try_into().ok()?);
    (version >= 0).then(|| ControlRecordType::for_id(id))
}

/// How a transaction ended, as the coordinator tells every partition of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EndTransactionMarker {
    pub committed: bool,
    pub coordinator_epoch: i32,
}

impl EndTransactionMarker {
    /// Reads a marker; `None` for any other control record.
    pub fn read(record: &Record) -> Option<EndTransactionMarker> {
        let committed = match control_record_type(record)? {
            ControlRecordType::Commit => true,
            ControlRecordType::Abort => false,
            _ => return None,
        };
        let value = record.value.as_deref()?;
        let coordinator_epoch = i32::from_be_bytes(value.get(2..6)?.try_into().ok()?);
        Some(EndTransactionMarker { committed, coordinator_epoch })
    }

    /// The marker that a control batch carries, if it is one of a transaction and was not emptied by the cleaner.
    pub fn of_batch(batch: &BatchView) -> Option<EndTransactionMarker> {
        let record = batch.records().next()?.ok()?;
        EndTransactionMarker::read(&record)
    }
}

/// The batch that ends a transaction on one partition (`MemoryRecords.withEndTransactionMarker`).
pub fn end_transaction_batch(
    producer_id: i64,
    producer_epoch: i16,
    marker: EndTransactionMarker,
    timestamp: i64,
) -> Bytes {
    let kind = if marker.committed { ControlRecordType::Commit } else { ControlRecordType::Abort };
    let epoch = marker.coordinator_epoch.to_be_bytes();
    let value = [0, 0, epoch[0], epoch[1], epoch[2], epoch[3]];
    let mut builder = BatchBuilder::new(0).with_producer(producer_id, producer_epoch, super::NO_SEQUENCE);
    builder.transactional = true;
    builder.control = true;
    builder.append(timestamp, Some(&kind.key()), Some(&value), &[]);
    builder.build()
}

/// The batch that opens an epoch of the metadata log. `message` is an encoded `LeaderChangeMessage`.
pub fn leader_change_batch(base_offset: i64, leader_epoch: i32, timestamp: i64, message: &[u8]) -> Bytes {
    let mut builder = BatchBuilder::new(base_offset).with_leader_epoch(leader_epoch).control();
    builder.append(timestamp, Some(&ControlRecordType::LeaderChange.key()), Some(message), &[]);
    builder.build()
}
