//! What the log knows about idempotent and transactional producers (`ProducerStateManager`): the last five batches of
//! each, open transactions, and snapshots of that in `.snapshot` files.

mod append_info;
mod snapshot;

use base::{Map, Micros};
use std::sync::Arc;

use sim::Disk;

pub use append_info::{AppendContext, CompletedTxn, ProducerAppendInfo, ProducerError, TxnMarker};
pub use snapshot::{read_snapshot, snapshot_bytes};

use crate::batch::{BatchView, NO_PRODUCER_EPOCH, NO_SEQUENCE, NO_TIMESTAMP, decrement_sequence};
use crate::segment::{DELETED, file_name};

/// Batches that a duplicate is looked for in; the producer may have as many in flight.
pub const BATCHES_RETAINED: usize = 5;

/// What is kept of one appended batch (`BatchMetadata`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchMetadata {
    pub last_sequence: i32,
    pub last_offset: i64,
    pub offset_delta: i32,
    pub timestamp: i64,
}

impl BatchMetadata {
    pub fn first_sequence(&self) -> i32 {
        decrement_sequence(self.last_sequence, self.offset_delta)
    }

    pub fn first_offset(&self) -> i64 {
        self.last_offset - i64::from(self.offset_delta)
    }
}

/// One producer (`ProducerStateEntry`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerStateEntry {
    pub producer_epoch: i16,
    pub coordinator_epoch: i32,
    pub last_timestamp: i64,
    /// The offset at which its open transaction began here.
    pub current_txn_first_offset: Option<i64>,
    /// Oldest first, at most [`BATCHES_RETAINED`].
    pub batches: Vec<BatchMetadata>,
}

impl ProducerStateEntry {
    pub fn empty() -> ProducerStateEntry {
        ProducerStateEntry {
            producer_epoch: NO_PRODUCER_EPOCH,
            coordinator_epoch: -1,
            last_timestamp: NO_TIMESTAMP,
            current_txn_first_offset: None,
            batches: Vec::new(),
        }
    }

    pub fn last_sequence(&self) -> i32 {
        self.batches.last().map_or(NO_SEQUENCE, |batch| batch.last_sequence)
    }

    pub fn last_data_offset(&self) -> i64 {
        self.batches.last().map_or(-1, |batch| batch.last_offset)
    }

    /// The cached batch with exactly these sequence numbers.
    pub fn find_duplicate(&self, batch: &BatchView) -> Option<BatchMetadata> {
        if batch.producer_epoch() != self.producer_epoch {
            return None;
        }
        let (first, last) = (batch.base_sequence(), batch.last_sequence());
        self.batches.iter().find(|known| known.first_sequence() == first && known.last_sequence == last).copied()
    }

    fn add_batch(&mut self, epoch: i16, batch: BatchMetadata) {
        self.update_epoch(epoch);
        if self.batches.len() == BATCHES_RETAINED {
            self.batches.remove(0);
        }
        self.batches.push(batch);
        self.last_timestamp = batch.timestamp;
    }

    fn update_epoch(&mut self, epoch: i16) {
        if self.producer_epoch != epoch {
            self.batches.clear();
            self.producer_epoch = epoch;
        }
    }

    /// Takes over what an append changed; the new batches come after the known ones.
    fn update(&mut self, next: ProducerStateEntry) {
        self.update_epoch(next.producer_epoch);
        for batch in next.batches {
            self.add_batch(next.producer_epoch, batch);
        }
        self.coordinator_epoch = next.coordinator_epoch;
        self.current_txn_first_offset = next.current_txn_first_offset;
        self.last_timestamp = next.last_timestamp;
    }
}

/// A transaction that is open on this partition, or closed with a marker that is not yet below the high watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TxnMetadata {
    pub producer_id: i64,
    /// Of the marker.
    pub last_offset: Option<i64>,
}

/// All producers of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProducerStateManager {
    dir: Option<Arc<str>>,
    expiration_ms: i64,
    producers: Map<i64, ProducerStateEntry>,
    /// By first offset.
    ongoing: Map<i64, TxnMetadata>,
    unreplicated: Map<i64, TxnMetadata>,
    /// The offset up to which the log is reflected here.
    map_end: i64,
    last_snapshot: i64,
    /// Offsets of the `.snapshot` files, ascending.
    snapshots: Vec<i64>,
}

impl ProducerStateManager {
    /// Finds the snapshot files of a partition's folder.
    pub fn open(disk: &Disk, dir: &Arc<str>, expiration_ms: i64) -> ProducerStateManager {
        let snapshots = disk
            .list(dir)
            .iter()
            .filter_map(|name| name.strip_suffix(".snapshot"))
            // Snapshots of the metadata log are called otherwise: offset, dash, epoch, `.checkpoint`.
            .filter_map(|offset| offset.parse().ok())
            .collect();
        ProducerStateManager { dir: Some(dir.clone()), expiration_ms, snapshots, ..ProducerStateManager::default() }
    }

    pub(crate) fn set_dir(&mut self, dir: &Arc<str>) {
        self.dir = Some(dir.clone());
    }

    pub fn producers(&self) -> &Map<i64, ProducerStateEntry> {
        &self.producers
    }

    pub fn last_entry(&self, producer_id: i64) -> Option<&ProducerStateEntry> {
        self.producers.get(&producer_id)
    }

    pub fn is_empty(&self) -> bool {
        self.producers.is_empty() && self.unreplicated.is_empty()
    }

    pub fn map_end(&self) -> i64 {
        self.map_end
    }

    pub fn set_map_end(&mut self, offset: i64) {
        self.map_end = offset;
    }

    /// Open transactions by the offset at which they began.
    pub fn ongoing(&self) -> &Map<i64, TxnMetadata> {
        &self.ongoing
    }

    /// The first offset of a transaction that is open, or whose marker is not yet below the high watermark.
    pub fn first_unstable_offset(&self) -> Option<i64> {
        let first = |txns: &Map<i64, TxnMetadata>| txns.keys().next().copied();
        [first(&self.ongoing), first(&self.unreplicated)].into_iter().flatten().min()
    }

    pub fn update(&mut self, producer_id: i64, info: ProducerAppendInfo) {
        for first_offset in info.started {
            self.ongoing.insert(first_offset, TxnMetadata { producer_id, last_offset: None });
        }
        self.producers.entry(producer_id).or_insert_with(ProducerStateEntry::empty).update(info.updated);
    }

    /// The last stable offset right after `completed` ends: what its entry in the transaction index says.
    pub fn last_stable_offset(&self, completed: &CompletedTxn) -> i64 {
        let other = self.ongoing.iter().find(|(_, txn)| txn.producer_id != completed.producer_id);
        other.map_or(completed.last_offset + 1, |(first, _)| *first)
    }

    pub fn complete(&mut self, completed: &CompletedTxn) {
        if let Some(mut txn) = self.ongoing.remove(&completed.first_offset) {
            txn.last_offset = Some(completed.last_offset);
            self.unreplicated.insert(completed.first_offset, txn);
        }
    }

    pub fn on_high_watermark(&mut self, high_watermark: i64) {
        self.unreplicated.retain(|_, txn| txn.last_offset.is_none_or(|last| last >= high_watermark));
    }

    pub fn on_log_start(&mut self, log_start: i64) {
        self.on_high_watermark(log_start);
        self.map_end = self.map_end.max(log_start);
        self.last_snapshot = self.snapshots.last().copied().unwrap_or(log_start);
    }

    /// `producer.id.expiration.ms`: forgets producers that have been silent for so long and have no open transaction.
    pub fn remove_expired(&mut self, now_ms: i64) {
        let expiration_ms = self.expiration_ms;
        self.producers.retain(|_, entry| !is_expired(entry, now_ms, expiration_ms));
    }

    /// Writes a snapshot at the end of the map, unless there is nothing new since the last. False when the disk is
    /// full.
    pub fn take_snapshot(&mut self, disk: &mut Disk, now: Micros) -> bool {
        if self.map_end <= self.last_snapshot {
            return true;
        }
        let written = disk.write(&self.snapshot_path(self.map_end), snapshot_bytes(&self.producers), now);
        if written {
            if let Err(at) = self.snapshots.binary_search(&self.map_end) {
                self.snapshots.insert(at, self.map_end);
            }
            self.last_snapshot = self.map_end;
        }
        written
    }

    pub fn has_snapshots(&self) -> bool {
        !self.snapshots.is_empty()
    }

    /// Takes the state back to the newest snapshot that is not above `log_end`.
    pub fn truncate_and_reload(&mut self, disk: &mut Disk, log_start: i64, log_end: i64, now_ms: i64) {
        self.delete_snapshots(disk, |offset| offset > log_end || offset <= log_start);
        if log_end == self.map_end {
            self.on_log_start(log_start);
            return;
        }
        self.producers.clear();
        self.ongoing.clear();
        self.unreplicated.clear();
        self.load_newest_snapshot(disk, log_start, now_ms);
    }

    pub fn truncate_fully_and_start_at(&mut self, disk: &mut Disk, offset: i64) {
        self.producers.clear();
        self.ongoing.clear();
        self.unreplicated.clear();
        self.delete_snapshots(disk, |_| true);
        self.last_snapshot = 0;
        self.map_end = offset;
    }

    /// The snapshot of a segment goes with the segment.
    pub fn delete_snapshot(&mut self, disk: &mut Disk, offset: i64) {
        self.delete_snapshots(disk, |snapshot| snapshot == offset);
    }

    /// Puts the snapshot at `offset` out of sight; returns the file that has to be removed later.
    pub fn hide_snapshot(&mut self, disk: &mut Disk, offset: i64) -> Option<String> {
        let at = self.snapshots.iter().position(|snapshot| *snapshot == offset)?;
        self.snapshots.remove(at);
        let path = self.snapshot_path(offset);
        let hidden = path.clone() + DELETED;
        disk.rename(&path, &hidden);
        Some(hidden)
    }

    /// A start keeps the snapshots of segments and the newest one beyond them (`removeStraySnapshots`).
    pub fn remove_stray_snapshots(&mut self, disk: &mut Disk, segment_bases: &[i64]) {
        let newest = self.snapshots.last().copied();
        let stray_newest = newest.filter(|newest| segment_bases.iter().all(|base| base < newest));
        self.delete_snapshots(disk, |offset| !segment_bases.contains(&offset) && Some(offset) != stray_newest);
    }

    fn load_newest_snapshot(&mut self, disk: &mut Disk, log_start: i64, now_ms: i64) {
        while let Some(offset) = self.snapshots.last().copied() {
            let file = disk.file(&self.snapshot_path(offset)).map(|file| file.contents()).unwrap_or_default();
            let Ok(entries) = read_snapshot(&file) else {
                // A snapshot that a crash left half written is no snapshot.
                self.delete_snapshot(disk, offset);
                continue;
            };
            let expiration_ms = self.expiration_ms;
            for (id, entry) in entries.into_iter().filter(|(_, entry)| !is_expired(entry, now_ms, expiration_ms)) {
                if let Some(first) = entry.current_txn_first_offset {
                    self.ongoing.insert(first, TxnMetadata { producer_id: id, last_offset: None });
                }
                self.producers.insert(id, entry);
            }
            (self.last_snapshot, self.map_end) = (offset, offset);
            return;
        }
        (self.last_snapshot, self.map_end) = (log_start, log_start);
    }

    fn delete_snapshots(&mut self, disk: &mut Disk, goes: impl Fn(i64) -> bool) {
        for offset in self.snapshots.iter().copied().filter(|offset| goes(*offset)) {
            disk.remove(&self.snapshot_path(offset));
        }
        self.snapshots.retain(|offset| !goes(*offset));
    }

    fn snapshot_path(&self, offset: i64) -> String {
        format!("{}/{}", self.dir.as_deref().unwrap_or_default(), file_name(offset, ".snapshot"))
    }
}

fn is_expired(entry: &ProducerStateEntry, now_ms: i64, expiration_ms: i64) -> bool {
    entry.current_txn_first_offset.is_none() && now_ms.saturating_sub(entry.last_timestamp) >= expiration_ms
}
