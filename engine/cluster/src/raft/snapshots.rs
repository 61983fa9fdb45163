//! Keeping the metadata log short: snapshots take the place of old records (`RaftMetadataLogCleanerManager`).

use base::Micros;
use protocol::metadata::MetadataRecord;

use super::snapshot::{SnapshotId, SnapshotWriter};
use super::{Io, Raft};

/// How often old snapshots and segments are looked at.
pub(super) const CLEANING_INTERVAL: Micros = Micros::from_secs(60);

impl Raft {
    /// Writes a snapshot of the committed records below `end_offset`, which `records` say in short. False when there is
    /// one already, or nothing new, or no room for it.
    pub fn create_snapshot(&mut self, end_offset: i64, records: &[MetadataRecord], io: &mut Io<'_>) -> bool {
        let last = end_offset - 1;
        let batch = self.log.unified().batches_between(last, end_offset).last();
        let Some(batch) = batch.filter(|batch| batch.last_offset() == last && end_offset <= self.high_watermark())
        else {
            return false;
        };
        let id = SnapshotId { end_offset, epoch: batch.leader_epoch() };
        if self.log.snapshots().any(|known| known == id) || end_offset <= self.log.start() {
            return false;
        }
        let (version, voters) = self.log.quorum_at(end_offset);
        let quorum = voters.as_ref().filter(|_| version >= 1).map(|voters| (version, voters));
        let file = SnapshotWriter::new(id.epoch, batch.max_timestamp(), quorum, io.now).records(records).freeze();
        self.log.store_snapshot(io.disk, id, file, io.now)
    }

    /// Deletes what retention no longer keeps, oldest first. The newest snapshot always stays.
    pub(super) fn maybe_clean(&mut self, io: &mut Io<'_>) {
        self.log.delete_due_files(io.disk, io.now);
        if io.now < self.next_cleaning {
            return;
        }
        self.next_cleaning = io.now + CLEANING_INTERVAL;
        loop {
            let snapshots: Vec<SnapshotId> = self.log.snapshots().collect();
            let [oldest, next, ..] = snapshots.as_slice() else { return };
            if !self.is_too_old(*oldest, io) && !self.is_too_large(&snapshots, io) {
                return;
            }
            let start = self.log.start();
            self.log.delete_before_snapshot(io.disk, *next, io.now);
            if self.log.start() == start {
                return;
            }
        }
    }

    fn is_too_old(&self, id: SnapshotId, io: &Io<'_>) -> bool {
        let Some(file) = self.log.read_snapshot(io.disk, id) else { return false };
        let timestamp = super::Snapshot::read(file).last_contained_log_timestamp;
        self.config.retention_ms >= 0 && io.now.as_epoch_ms() - timestamp > self.config.retention_ms
    }

    fn is_too_large(&self, snapshots: &[SnapshotId], io: &Io<'_>) -> bool {
        let size = |id: &SnapshotId| io.disk.file(&self.log.snapshot_path(*id)).map_or(0, |file| file.len());
        let total = self.log.unified().size() + snapshots.iter().map(size).sum::<u64>();
        self.config.retention_bytes >= 0 && total > self.config.retention_bytes.unsigned_abs()
    }
}
