//! One segment of a log (`LogSegment`): batches, the indexes over them, and their files.

use std::sync::Arc;

use base::{Digest, Micros};
use bytes::Bytes;
use sim::Disk;

use crate::batch::{BatchView, Record};
use crate::batch_list::{BatchList, StoredBatch};
use crate::index::{AbortedTxn, OffsetIndex, TimeIndex, TimestampOffset};
use crate::{LogConfig, Now};

/// What decides about a new segment before an append (`RollParams`).
#[derive(Clone, Copy, Debug)]
pub struct RollParams {
    pub max_segment_ms: i64,
    pub max_segment_bytes: i32,
    /// Of the batches that are about to be appended.
    pub max_timestamp: i64,
    pub last_offset: i64,
    pub bytes: i64,
    pub now_ms: i64,
}

/// What the name of a segment's batches ends with.
pub const LOG: &str = ".log";
/// What the names of its indexes end with.
pub const OFFSET_INDEX: &str = ".index";
pub const TIME_INDEX: &str = ".timeindex";
pub const TXN_INDEX: &str = ".txnindex";
/// What is added to the name of a file that is out of sight and goes later.
pub const DELETED: &str = ".deleted";

/// A file name of a segment: 20 digits of its base offset and a suffix such as `.log`.
pub fn file_name(base_offset: i64, suffix: &str) -> String {
    // A formatter would write the zeros one by one, and a broker makes some names for each partition it opens.
    const ZEROS: &str = "00000000000000000000";
    let digits = base_offset.to_string();
    [ZEROS.get(digits.len()..).unwrap_or_default(), &digits, suffix].concat()
}

fn log_path(dir: &str, base_offset: i64) -> Arc<str> {
    format!("{dir}/{}", file_name(base_offset, LOG)).into()
}

/// Batches from `base_offset` on. Only the last segment of a log is appended to.
#[derive(Clone, Debug, Hash)]
pub struct LogSegment {
    base_offset: i64,
    log_path: Arc<str>,
    pub(crate) batches: BatchList,
    pub(crate) offset_index: OffsetIndex,
    pub(crate) time_index: TimeIndex,
    pub(crate) aborted: Vec<AbortedTxn>,
    index_interval_bytes: i64,
    bytes_since_last_index_entry: i64,
    max_timestamp_so_far: TimestampOffset,
    /// The clock when the segment was created, or became empty again.
    created_ms: i64,
    /// The clock at the last change of the file; stands in for the time of records that have none.
    modified_ms: i64,
    /// Taken off `segment.ms` so that partitions do not all roll together.
    roll_jitter_ms: i64,
}

impl LogSegment {
    /// A new segment with an empty `.log`. Its indexes get their files when they are first used.
    pub fn create(disk: &mut Disk, dir: &Arc<str>, base_offset: i64, config: &LogConfig, now: Now) -> LogSegment {
        let segment = LogSegment::bare(dir, base_offset, config, now);
        disk.create(&segment.log_path, now.at);
        segment
    }

    /// A segment in memory only.
    pub(crate) fn bare(dir: &Arc<str>, base_offset: i64, config: &LogConfig, now: Now) -> LogSegment {
        let most = config.segment_jitter_ms.min(config.segment_ms);
        let jitter = if most > 0 { (Digest::of(&(dir, base_offset)) % most as u64) as i64 } else { 0 };
        LogSegment {
            base_offset,
            log_path: log_path(dir, base_offset),
            batches: BatchList::default(),
            offset_index: OffsetIndex::new(base_offset, config.segment_index_bytes),
            time_index: TimeIndex::new(base_offset, config.segment_index_bytes),
            aborted: Vec::new(),
            index_interval_bytes: i64::from(config.index_interval_bytes),
            bytes_since_last_index_entry: 0,
            max_timestamp_so_far: TimestampOffset { timestamp: -1, offset: base_offset },
            created_ms: now.epoch_ms,
            modified_ms: now.epoch_ms,
            roll_jitter_ms: jitter,
        }
    }

    pub fn base_offset(&self) -> i64 {
        self.base_offset
    }

    /// Bytes of the segment file.
    pub fn size(&self) -> u32 {
        self.batches.size()
    }

    pub fn batches(&self) -> &BatchList {
        &self.batches
    }

    pub fn offset_index(&self) -> &OffsetIndex {
        &self.offset_index
    }

    pub fn time_index(&self) -> &TimeIndex {
        &self.time_index
    }

    /// Aborted transactions whose markers are in this segment.
    pub fn aborted(&self) -> &[AbortedTxn] {
        &self.aborted
    }

    /// The offset after the last batch.
    pub fn next_offset(&self) -> i64 {
        self.batches.last().map_or(self.base_offset, |batch| batch.last_offset() + 1)
    }

    pub fn max_timestamp_so_far(&self) -> TimestampOffset {
        self.max_timestamp_so_far
    }

    /// What time retention goes by: the largest record timestamp, or when the file was changed last.
    pub fn largest_timestamp(&self) -> i64 {
        if self.max_timestamp_so_far.timestamp >= 0 { self.max_timestamp_so_far.timestamp } else { self.modified_ms }
    }

    /// As Kafka names it in its log.
    pub fn shown(&self) -> String {
        format!(
            "LogSegment(baseOffset={}, size={}, lastModifiedTime={}, largestRecordTimestamp={})",
            self.base_offset,
            self.size(),
            self.modified_ms,
            self.max_timestamp_so_far.timestamp
        )
    }

    /// The largest timestamp of the first batch, if there is one.
    pub fn first_batch_timestamp(&self) -> Option<i64> {
        self.batches.first_timestamp()
    }

    /// One of the segment's files.
    pub(crate) fn path(&self, suffix: &str) -> String {
        // Every few batches has an index entry: to write the number anew would be half of the work of an append.
        [&self.log_path[..self.log_path.len() - LOG.len()], suffix].concat()
    }

    pub fn should_roll(&self, roll: RollParams) -> bool {
        let size = i64::from(self.size());
        size > i64::from(roll.max_segment_bytes) - roll.bytes
            || (size > 0 && self.waited_for_roll(roll) > roll.max_segment_ms.saturating_sub(self.roll_jitter_ms))
            || self.offset_index.is_full()
            || self.time_index.is_full()
            || !self.offset_index.can_append_offset(roll.last_offset)
    }

    /// Time rolling goes by record time: from the segment's first batch to the incoming ones.
    fn waited_for_roll(&self, roll: RollParams) -> i64 {
        match self.first_batch_timestamp() {
            Some(first) if first >= 0 => roll.max_timestamp.saturating_sub(first),
            _ => roll.now_ms.saturating_sub(self.created_ms),
        }
    }

    /// Appends whole batches, and index entries where they are due. False when the disk is full; then nothing was
    /// appended.
    #[must_use]
    pub fn append(&mut self, disk: &mut Disk, batches: &[BatchView], now: Now) -> bool {
        self.touch_indexes(disk, now);
        let size_before = u64::from(self.size());
        if !batches.iter().all(|batch| disk.append(&self.log_path, batch.bytes().clone(), now.at)) {
            disk.truncate(&self.log_path, size_before, now.at);
            return false;
        }
        for batch in batches {
            let position = self.size();
            self.batches.push(batch.bytes().clone());
            self.index_batch(batch, position, &mut Some((disk, now)));
        }
        self.modified_ms = now.epoch_ms;
        true
    }

    /// Notes a batch in the indexes. Without a disk only memory is changed (recovery writes whole files afterwards).
    pub(crate) fn index_batch(&mut self, batch: &BatchView, position: u32, sink: &mut Option<(&mut Disk, Now)>) {
        let (timestamp, offset) = (batch.max_timestamp(), batch.last_offset());
        if timestamp > self.max_timestamp_so_far.timestamp {
            self.max_timestamp_so_far = TimestampOffset { timestamp, offset };
        }
        if self.bytes_since_last_index_entry > self.index_interval_bytes {
            let entry = self.offset_index.append(offset, position as i32);
            let time_entry = self.time_index.maybe_append(self.max_timestamp_so_far);
            if let Some((disk, now)) = sink {
                disk.append(&self.path(OFFSET_INDEX), entry, now.at);
                if let Some(entry) = time_entry {
                    disk.append(&self.path(TIME_INDEX), entry, now.at);
                }
            }
            self.bytes_since_last_index_entry = 0;
        }
        self.bytes_since_last_index_entry += batch.size() as i64;
    }

    /// Kafka opens index files at first use; an untouched segment has none.
    pub(crate) fn touch_indexes(&self, disk: &mut Disk, now: Now) {
        if !self.batches.is_empty() {
            return;
        }
        for suffix in [OFFSET_INDEX, TIME_INDEX] {
            let path = self.path(suffix);
            if !disk.exists(&path) {
                disk.write(&path, Bytes::new(), now.at);
            }
        }
        self.reserve_indexes(disk);
    }

    /// The indexes of the segment that is appended to are as large as they may become: Kafka maps them into memory.
    pub(crate) fn reserve_indexes(&self, disk: &mut Disk) {
        disk.reserve(&self.path(OFFSET_INDEX), self.offset_index.reserved_bytes());
        disk.reserve(&self.path(TIME_INDEX), self.time_index.reserved_bytes());
    }

    /// `trimToValidSize`, when a segment is closed or appended to no more.
    fn trim_indexes(&self, disk: &mut Disk) {
        disk.reserve(&self.path(OFFSET_INDEX), 0);
        disk.reserve(&self.path(TIME_INDEX), 0);
    }

    pub(crate) fn touch_time_index(&self, disk: &mut Disk, now: Now) {
        let path = self.path(TIME_INDEX);
        if !disk.exists(&path) {
            disk.write(&path, Bytes::new(), now.at);
            disk.reserve(&path, self.time_index.reserved_bytes());
        }
    }

    pub(crate) fn append_aborted(&mut self, disk: &mut Disk, aborted: AbortedTxn, now: Now) {
        disk.append(&self.path(TXN_INDEX), aborted.to_bytes().to_vec().into(), now.at);
        self.aborted.push(aborted);
    }

    /// The final time entry is forced when a segment is appended to no more.
    pub fn become_inactive(&mut self, disk: &mut Disk, now: Now) {
        if let Some(entry) = self.time_index.maybe_append(self.max_timestamp_so_far) {
            disk.append(&self.path(TIME_INDEX), entry, now.at);
        }
        self.trim_indexes(disk);
    }

    pub(crate) fn sync(&self, disk: &mut Disk) {
        disk.sync(&self.log_path);
        for suffix in [OFFSET_INDEX, TIME_INDEX, TXN_INDEX] {
            disk.sync(&self.path(suffix));
        }
    }

    /// Cuts the segment at the first batch whose last offset is not below `offset`.
    pub fn truncate_to(&mut self, disk: &mut Disk, offset: i64, now: Now) {
        self.offset_index.truncate_to(offset);
        self.time_index.truncate_to(offset);
        self.batches.truncate(self.batches.find(offset));
        disk.truncate(&self.log_path, u64::from(self.size()), now.at);
        let aborted = self.aborted.len();
        self.aborted.retain(|txn| txn.last_offset < offset);
        if self.aborted.len() != aborted {
            let file: Vec<u8> = self.aborted.iter().flat_map(|txn| txn.to_bytes()).collect();
            disk.write(&self.path(TXN_INDEX), file.into(), now.at);
        }
        self.write_indexes(disk, now);
        self.reserve_indexes(disk);
        if self.batches.is_empty() {
            self.created_ms = now.epoch_ms;
        }
        self.bytes_since_last_index_entry = 0;
        self.max_timestamp_so_far = self.read_largest_timestamp();
        self.modified_ms = now.epoch_ms;
    }

    pub(crate) fn write_indexes(&self, disk: &mut Disk, now: Now) {
        disk.write(&self.path(OFFSET_INDEX), self.offset_index.file(), now.at);
        disk.write(&self.path(TIME_INDEX), self.time_index.file(), now.at);
    }

    /// The largest timestamp as a start finds it: the last time entry, or a larger one of the batches after it.
    pub(crate) fn read_largest_timestamp(&self) -> TimestampOffset {
        let mut largest = self.time_index.last();
        let from = self.offset_index.lookup(largest.offset).1;
        for batch in self.batches.iter().filter(|batch| batch.position >= from as u32) {
            if batch.max_timestamp() > largest.timestamp {
                largest = TimestampOffset { timestamp: batch.max_timestamp(), offset: batch.last_offset() };
            }
        }
        largest
    }

    /// After all batches were taken in again: the final time entry, and the files of the indexes.
    pub(crate) fn finish_recovery(&mut self, disk: &mut Disk, had_txn_index: bool, now: Now) {
        self.time_index.maybe_append(self.max_timestamp_so_far);
        self.bytes_since_last_index_entry = 0;
        self.write_indexes(disk, now);
        if had_txn_index || !self.aborted.is_empty() {
            let file: Vec<u8> = self.aborted.iter().flat_map(|txn| txn.to_bytes()).collect();
            disk.write(&self.path(TXN_INDEX), file.into(), now.at);
        }
    }

    /// Takes a batch that the cleaner left; files are written when all are in.
    pub(crate) fn take_cleaned(&mut self, bytes: Bytes) {
        let position = self.size();
        self.batches.push(bytes.clone());
        self.index_batch(&BatchView::trusted(bytes), position, &mut None);
    }

    pub(crate) fn set_aborted(&mut self, aborted: Vec<AbortedTxn>) {
        self.aborted = aborted;
    }

    /// A cleaned segment is as old as what it was made of. Returns the time of the file.
    pub(crate) fn copy_times_to(&self, other: &mut LogSegment, disk: &Disk, now: Now) -> Micros {
        other.set_times(now.epoch_ms, self.modified_ms);
        disk.file(&self.log_path).map_or(now.at, |file| file.modified)
    }

    pub(crate) fn set_dir(&mut self, dir: &Arc<str>) {
        self.log_path = log_path(dir, self.base_offset);
    }

    pub(crate) fn set_max_timestamp_so_far(&mut self, largest: TimestampOffset) {
        self.max_timestamp_so_far = largest;
    }

    pub(crate) fn set_times(&mut self, created_ms: i64, modified_ms: i64) {
        self.created_ms = created_ms;
        self.modified_ms = modified_ms;
    }

    /// The first record at or after `start_offset` whose timestamp is at least `timestamp` (`findOffsetByTimestamp`),
    /// with its batch's leader epoch.
    pub fn find_by_timestamp(&self, timestamp: i64, start_offset: i64) -> Option<(Record, i32)> {
        let entry = self.time_index.lookup(timestamp);
        // An offset entry holds the last offset of its batch, so it finds that batch.
        let from = self.batches.find(self.offset_index.lookup(entry.offset.max(start_offset)).0);
        let may_hold = |batch: &&StoredBatch| batch.max_timestamp() >= timestamp && batch.last_offset() >= start_offset;
        for stored in self.batches.iter_from(from).filter(may_hold) {
            let batch = stored.view();
            for record in batch.records().map_while(Result::ok) {
                if record.timestamp >= timestamp && record.offset >= start_offset {
                    return Some((record, batch.leader_epoch()));
                }
            }
        }
        None
    }
}
