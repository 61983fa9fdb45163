//! Snapshots of the metadata as files: a header, the quorum's own records, the metadata's, a footer
//! (`RecordsSnapshotWriter`, `BatchFileWriter`).
//!
//! `00000000000000000042-0000000003.checkpoint` stands for all records below offset 42, the last of them of epoch 3.

use std::cmp::Ordering;

use base::Micros;
use bytes::Bytes;
use log::batch::{BatchBuilder, BatchView};
use protocol::Records;
use protocol::metadata::MetadataRecord;

use super::control_records::{ControlBatch, QuorumRecord, quorum_records};
use super::voters::VoterSet;
use crate::metadata::{MetadataBatch, decode_metadata_batch, record_version};

const SUFFIX: &str = ".checkpoint";
/// Records of one batch of a snapshot; Kafka fills batches by bytes.
const RECORDS_PER_BATCH: usize = 1_000;

/// End offset and epoch of what a snapshot holds. The later epoch is the later snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SnapshotId {
    pub end_offset: i64,
    pub epoch: i32,
}

impl SnapshotId {
    /// What a disk is formatted with: the first voters and no record (`BOOTSTRAP_SNAPSHOT_ID`).
    pub const BOOTSTRAP: SnapshotId = SnapshotId { end_offset: 0, epoch: 0 };

    pub fn file_name(self) -> String {
        self.name() + SUFFIX
    }

    /// As lines of server.log name it.
    pub fn name(self) -> String {
        format!("{:020}-{:010}", self.end_offset, self.epoch)
    }

    pub fn parse(file_name: &str) -> Option<SnapshotId> {
        let (offset, epoch) = file_name.strip_suffix(SUFFIX)?.split_once('-')?;
        Some(SnapshotId { end_offset: offset.parse().ok()?, epoch: epoch.parse().ok()? })
    }
}

impl Ord for SnapshotId {
    fn cmp(&self, other: &SnapshotId) -> Ordering {
        (self.epoch, self.end_offset).cmp(&(other.epoch, other.end_offset))
    }
}

impl PartialOrd for SnapshotId {
    fn partial_cmp(&self, other: &SnapshotId) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a snapshot file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub last_contained_log_timestamp: i64,
    pub kraft_version: Option<i16>,
    pub voters: Option<VoterSet>,
    pub batches: Vec<MetadataBatch>,
}

impl Snapshot {
    /// Reads a file. What cannot be read as a batch ends it.
    pub fn read(bytes: Bytes) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for batch in Records::from_bytes(bytes).batches.into_iter().map_while(|bytes| BatchView::new(bytes).ok()) {
            for (_, record) in quorum_records(&batch) {
                match record {
                    QuorumRecord::KRaftVersion(version) => snapshot.kraft_version = Some(version),
                    QuorumRecord::Voters(voters) => snapshot.voters = Some(voters),
                }
            }
            if !batch.is_control() {
                snapshot.last_contained_log_timestamp =
                    snapshot.last_contained_log_timestamp.max(batch.max_timestamp());
                snapshot.batches.push(decode_metadata_batch(&batch));
            }
        }
        snapshot
    }
}

/// Writes a snapshot file.
pub struct SnapshotWriter {
    epoch: i32,
    now: Micros,
    next_offset: i64,
    bytes: Vec<u8>,
}

impl SnapshotWriter {
    /// A snapshot that ends in `epoch`, with the quorum's own records if there are any.
    pub fn new(epoch: i32, last_contained_log_timestamp: i64, quorum: Option<(i16, &VoterSet)>, now: Micros) -> Self {
        let mut writer = SnapshotWriter { epoch, now, next_offset: 0, bytes: Vec::new() };
        let mut head = ControlBatch::new(0, epoch, now).snapshot_header(last_contained_log_timestamp);
        if let Some((version, voters)) = quorum {
            head = head.kraft_version(version).voters(voters);
        }
        writer.put(head.build(), if quorum.is_some() { 3 } else { 1 });
        writer
    }

    /// Appends records. One that cannot be written was never replayed, so there is none.
    pub fn records(mut self, records: &[MetadataRecord]) -> SnapshotWriter {
        let now_ms = self.now.as_epoch_ms();
        for chunk in records.chunks(RECORDS_PER_BATCH) {
            let mut batch = BatchBuilder::new(self.next_offset).with_leader_epoch(self.epoch);
            for value in chunk.iter().filter_map(|record| record.encode(record_version(record)).ok()) {
                batch.append(now_ms, None, Some(&value), &[]);
            }
            let count = i64::from(batch.count());
            if count > 0 {
                self.put(batch.build(), count);
            }
        }
        self
    }

    /// The whole file.
    pub fn freeze(mut self) -> Bytes {
        let footer = ControlBatch::new(self.next_offset, self.epoch, self.now).snapshot_footer();
        self.put(footer.build(), 1);
        self.bytes.into()
    }

    fn put(&mut self, batch: Bytes, records: i64) {
        self.bytes.extend_from_slice(&batch);
        self.next_offset += records;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::metadata::FeatureLevelRecord;

    #[test]
    fn names_sort_by_epoch_first() {
        let id = SnapshotId { end_offset: 42, epoch: 3 };
        assert_eq!(id.file_name(), "00000000000000000042-0000000003.checkpoint");
        assert_eq!(SnapshotId::parse(&id.file_name()), Some(id));
        assert_eq!(SnapshotId::parse("bootstrap.checkpoint"), None);
        assert!(SnapshotId { end_offset: 1, epoch: 4 } > id);
    }

    #[test]
    fn what_is_written_is_read() {
        let level = FeatureLevelRecord { name: "metadata.version".into(), feature_level: 30, ..Default::default() };
        let voter = crate::spec::Voter { id: 1, host: "c1".into(), port: 9093, directory_id: base::Uuid(5_000) };
        let voters = VoterSet::of_spec(&[voter], "CONTROLLER");
        let file =
            SnapshotWriter::new(2, 7, Some((1, &voters)), Micros::ZERO).records(&[level.clone().into()]).freeze();
        let snapshot = Snapshot::read(file.clone());
        assert_eq!((snapshot.kraft_version, snapshot.voters), (Some(1), Some(voters)));
        let records: Vec<_> = snapshot.batches.into_iter().flat_map(|batch| batch.records).collect();
        assert_eq!(records, [level.into()]);
        // A file that was cut off gives what is whole.
        assert!(Snapshot::read(file.slice(..file.len() - 90)).kraft_version.is_some());
    }
}
