//! The metadata log as the quorum sees it: records, snapshots, and the voters and the protocol version that its control
//! records set (`KafkaRaftLog`, `KRaftControlRecordStateMachine`).

use base::{Micros, Set, Uuid};

use bytes::Bytes;
use log::{AppendError, AppendOrigin, LogConfig, Opening, UnifiedLog};
use protocol::Records;
use sim::Disk;

use super::control_records::{QuorumRecord, quorum_records};
use super::snapshot::{Snapshot, SnapshotId};
use super::voters::VoterSet;
use crate::broker::log_files::partition_dir;
use crate::metadata::metadata_partition;

/// Where a fetcher's log stands to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    Valid,
    /// They agree up to here at most.
    Diverging {
        epoch: i32,
        end_offset: i64,
    },
    /// What it wants is in a snapshot.
    Snapshot(SnapshotId),
}

/// A value that a record at an offset set; -1 is the snapshot that a disk was formatted with.
type History<T> = Vec<(i64, T)>;

#[derive(Clone, Debug, Hash)]
pub struct RaftLog {
    log: UnifiedLog,
    snapshots: Set<SnapshotId>,
    voters: History<VoterSet>,
    kraft_versions: History<i16>,
    /// Control records below it are in the histories.
    scanned_end: i64,
}

impl RaftLog {
    /// Opens the log in the folder of its partition. How much of it is committed must be learnt from a leader.
    pub fn open(disk: &mut Disk, clean_shutdown: bool, now: Micros) -> RaftLog {
        let partition = metadata_partition();
        let dir = partition_dir(&partition);
        let opening = Opening {
            topic_id: Uuid::METADATA_TOPIC,
            config: LogConfig { retention_ms: -1, ..LogConfig::default() }.into(),
            clean_shutdown,
            recovery_point: 0,
            log_start: 0,
            high_watermark: 0,
        };
        let log = UnifiedLog::open_with(disk, &dir, partition, opening, now);
        let names = disk.list(&dir);
        let known = names.iter().filter_map(|name| SnapshotId::parse(name));
        let mut this = RaftLog {
            snapshots: known.filter(|id| id.end_offset >= log.log_start()).collect(),
            log,
            voters: Vec::new(),
            kraft_versions: Vec::new(),
            scanned_end: 0,
        };
        this.truncate_to_latest_snapshot(disk, now);
        this.load_latest_snapshot(disk);
        this.scan();
        this
    }

    pub fn unified(&self) -> &UnifiedLog {
        &self.log
    }

    pub fn start(&self) -> i64 {
        self.log.log_start()
    }

    pub fn end(&self) -> i64 {
        self.log.log_end()
    }

    /// The committed part, as far as this node ever knew.
    pub fn high_watermark(&self) -> i64 {
        self.log.high_watermark()
    }

    pub fn last_fetched_epoch(&self) -> i32 {
        self.log.latest_epoch().or_else(|| Some(self.latest_snapshot()?.epoch)).unwrap_or(0)
    }

    /// The voters as the log has them, committed or not: a change counts from the moment it is written.
    pub fn voter_set(&self) -> &VoterSet {
        static NONE: VoterSet = VoterSet::EMPTY;
        self.voters.last().map_or(&NONE, |(_, voters)| voters)
    }

    /// The offset of the record that set the voters.
    pub fn voter_set_offset(&self) -> Option<i64> {
        self.voters.last().map(|(offset, _)| *offset)
    }

    pub fn kraft_version(&self) -> i16 {
        self.kraft_versions.last().map_or(0, |(_, version)| *version)
    }

    /// Version and voters as of an offset, for a snapshot that ends there.
    pub fn quorum_at(&self, end_offset: i64) -> (i16, Option<VoterSet>) {
        let version = at(&self.kraft_versions, end_offset).copied().unwrap_or(0);
        (version, at(&self.voters, end_offset).cloned())
    }

    pub fn latest_snapshot(&self) -> Option<SnapshotId> {
        self.snapshots.last().copied()
    }

    pub fn earliest_snapshot(&self) -> Option<SnapshotId> {
        self.snapshots.first().copied()
    }

    pub fn snapshots(&self) -> impl Iterator<Item = SnapshotId> + '_ {
        self.snapshots.iter().copied()
    }

    pub fn snapshot_path(&self, id: SnapshotId) -> String {
        format!("{}/{}", self.log.dir(), id.file_name())
    }

    /// The file of a snapshot that this log has.
    pub fn read_snapshot(&self, disk: &Disk, id: SnapshotId) -> Option<Bytes> {
        if !self.snapshots.contains(&id) {
            return None;
        }
        Some(disk.file(&self.snapshot_path(id))?.contents())
    }

    /// Keeps a snapshot. False when the disk is full.
    pub fn store_snapshot(&mut self, disk: &mut Disk, id: SnapshotId, file: Bytes, now: Micros) -> bool {
        let stored = disk.write(&self.snapshot_path(id), file, now);
        if stored {
            self.snapshots.insert(id);
        }
        stored
    }

    /// Records from `offset` on, committed or not.
    pub fn read(&self, offset: i64, max_bytes: usize) -> Records {
        self.log.read(offset, max_bytes, true, self.log.log_end()).unwrap_or_default()
    }

    /// Whether a log that ends at `offset` with a record of `epoch` is a beginning of this one.
    pub fn validate(&self, offset: i64, epoch: i32) -> Validity {
        if self.start() == 0 && offset == 0 {
            return Validity::Valid;
        }
        if let (Some(earliest), Some(latest)) = (self.earliest_snapshot(), self.latest_snapshot()) {
            let below = offset < self.start();
            let other_start = offset == self.start() && epoch != earliest.epoch;
            if below || other_start || epoch < earliest.epoch {
                return Validity::Snapshot(latest);
            }
        }
        let (known_epoch, end_offset) = self.end_offset_for_epoch(epoch);
        if known_epoch != epoch || end_offset < offset {
            return Validity::Diverging { epoch: known_epoch, end_offset };
        }
        Validity::Valid
    }

    fn end_offset_for_epoch(&self, epoch: i32) -> (i32, i64) {
        match self.log.end_offset_for_epoch(epoch) {
            (-1, _) => (self.last_fetched_epoch(), self.end()),
            (known, end) => match self.earliest_snapshot() {
                Some(earliest) if earliest.end_offset == end && known == epoch => (earliest.epoch, end),
                _ => (known, end),
            },
        }
    }

    /// Where this log must be cut when its leader says that they agree up to `end_offset` of `epoch` at most.
    pub fn truncation_offset(&self, epoch: i32, end_offset: i64) -> i64 {
        if epoch == 0 {
            return end_offset.min(self.end());
        }
        match self.end_offset_for_epoch(epoch) {
            (known, end) if known == epoch => end.min(end_offset),
            (_, end) => end,
        }
    }

    pub fn truncate_to(&mut self, disk: &mut Disk, offset: i64, now: Micros) {
        self.log.truncate_to(disk, offset, now);
        self.voters.retain(|(set_at, _)| *set_at < offset);
        self.kraft_versions.retain(|(set_at, _)| *set_at < offset);
        self.scanned_end = self.scanned_end.min(offset);
    }

    /// A snapshot that reaches beyond the log takes its place. True when it did.
    pub fn truncate_to_latest_snapshot(&mut self, disk: &mut Disk, now: Micros) -> bool {
        let Some(latest) = self.latest_snapshot() else { return false };
        let epoch = self.log.latest_epoch().unwrap_or(0);
        let is_beyond = latest.epoch > epoch || (latest.epoch == epoch && latest.end_offset > self.end());
        if is_beyond {
            self.log.truncate_fully_and_start_at(disk, latest.end_offset, now);
            self.forget_snapshots_before(disk, latest);
            self.load_latest_snapshot(disk);
        }
        is_beyond
    }

    /// Forgets what a snapshot holds. The bytes go with whole segments.
    pub fn delete_before_snapshot(&mut self, disk: &mut Disk, id: SnapshotId, now: Micros) {
        let may = self.snapshots.contains(&id) && self.start() < id.end_offset;
        if may && self.log.increment_log_start(disk, id.end_offset, now).unwrap_or(false) {
            self.log.delete_old_segments(disk, now);
            self.forget_snapshots_before(disk, id);
        }
    }

    fn forget_snapshots_before(&mut self, disk: &mut Disk, id: SnapshotId) {
        let kept = self.snapshots.split_off(&id);
        for old in std::mem::replace(&mut self.snapshots, kept) {
            disk.remove(&self.snapshot_path(old));
        }
    }

    /// The epoch begins here, before its first record.
    pub fn initialize_leader_epoch(&mut self, disk: &mut Disk, epoch: i32, now: Micros) {
        self.log.assign_epoch_start(disk, epoch, self.log.log_end(), now);
    }

    /// Appends one batch of the leader and flushes it.
    pub fn append_as_leader(
        &mut self,
        disk: &mut Disk,
        batch: Bytes,
        epoch: i32,
        now: Micros,
    ) -> Result<(), AppendError> {
        let records = Records::verified(vec![batch]);
        self.log.append_as_leader(disk, &records, epoch, now, AppendOrigin::RaftLeader)?;
        self.log.flush(disk);
        self.scan();
        Ok(())
    }

    /// Appends what the leader of `epoch` sent. A voter flushes before it fetches on, because the next fetch says that
    /// it has the records.
    pub fn append_as_follower(
        &mut self,
        disk: &mut Disk,
        records: &Records,
        epoch: i32,
        flush: bool,
        now: Micros,
    ) -> Result<(), AppendError> {
        self.log.append_as_follower_of(disk, records, epoch, now)?;
        if flush {
            self.log.flush(disk);
        }
        self.scan();
        Ok(())
    }

    pub fn update_high_watermark(&mut self, offset: i64) {
        self.log.update_high_watermark(offset);
    }

    pub fn delete_due_files(&mut self, disk: &mut Disk, now: Micros) {
        while self.log.delete_due(disk, now).is_some() {}
    }

    pub fn close(&mut self, disk: &mut Disk, now: Micros) {
        self.log.close(disk, now);
    }

    fn load_latest_snapshot(&mut self, disk: &Disk) {
        let Some(latest) = self.latest_snapshot() else { return };
        let Some(file) = self.read_snapshot(disk, latest) else { return };
        let snapshot = Snapshot::read(file);
        let set_at = latest.end_offset - 1;
        self.voters = snapshot.voters.map(|voters| (set_at, voters)).into_iter().collect();
        self.kraft_versions = snapshot.kraft_version.map(|version| (set_at, version)).into_iter().collect();
        self.scanned_end = latest.end_offset;
    }

    /// Takes the control records that are new into the histories.
    fn scan(&mut self) {
        let found: Vec<_> = self
            .log
            .batches_between(self.scanned_end, self.log.log_end())
            .flat_map(|batch| quorum_records(&batch))
            .collect();
        for (offset, record) in found {
            match record {
                QuorumRecord::KRaftVersion(version) => self.kraft_versions.push((offset, version)),
                QuorumRecord::Voters(voters) => self.voters.push((offset, voters)),
            }
        }
        self.scanned_end = self.log.log_end();
    }
}

fn at<T>(history: &History<T>, end_offset: i64) -> Option<&T> {
    history.iter().rev().find(|(set_at, _)| *set_at < end_offset).map(|(_, value)| value)
}
