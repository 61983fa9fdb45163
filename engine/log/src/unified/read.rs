//! Reading, and finding offsets by time.

use protocol::{ErrorCode, Records};

use super::UnifiedLog;
use crate::batch::{BatchView, Record, TimestampType};
use crate::index::AbortedTxn;

/// A segment as a reader of the folder sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SegmentInfo {
    pub base_offset: i64,
    /// The offset after the last batch.
    pub next_offset: i64,
    pub bytes: u32,
    pub batches: u32,
    pub offset_index_entries: u32,
    pub time_index_entries: u32,
    pub largest_timestamp: i64,
    pub active: bool,
}

impl UnifiedLog {
    /// Whole batches from the one that holds `from`, within one segment, as many as fit `max_bytes` and lie below
    /// `end`. The first one comes even if it does not fit when `min_one_batch`. The bytes are the log's own, not
    /// copies.
    ///
    /// `OFFSET_OUT_OF_RANGE` when `from` is below the log start or above the log end.
    pub fn read(&self, from: i64, max_bytes: usize, min_one_batch: bool, end: i64) -> Result<Records, ErrorCode> {
        if from < self.log_start || from > self.log_end {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        let mut records = if self.is_verified { Records::verified(Vec::new()) } else { Records::default() };
        let end = end.min(self.log_end);
        if from >= end {
            return Ok(records);
        }
        let after = self.segments.partition_point(|segment| segment.base_offset() <= from);
        // A compacted segment may hold nothing at or above `from`; then the next one is read.
        for segment in &self.segments[after.saturating_sub(1)..] {
            let first = segment.batches().find(from);
            let mut bytes = 0;
            for batch in segment.batches().iter_from(first) {
                bytes += batch.bytes.len();
                let fits = bytes <= max_bytes || (records.batches.is_empty() && min_one_batch);
                if !fits || batch.last_offset() >= end {
                    return Ok(records);
                }
                records.batches.push(batch.bytes.clone());
            }
            if !records.batches.is_empty() {
                break;
            }
        }
        Ok(records)
    }

    /// The bytes between two offsets, counted from whole batches: what a fetch would find there.
    pub fn bytes_between(&self, from: i64, end: i64) -> u64 {
        let after = self.segments.partition_point(|segment| segment.base_offset() <= from);
        let mut bytes = 0;
        for segment in &self.segments[after.saturating_sub(1)..] {
            let first = segment.batches().find(from);
            let last = segment.batches().find(end);
            let position = |at: usize| segment.batches().get(at).map_or(segment.size(), |batch| batch.position);
            bytes += u64::from(position(last).saturating_sub(position(first)));
            if segment.next_offset() >= end {
                break;
            }
        }
        bytes
    }

    /// The batches that hold offsets of `from..end`, across segments, for a view of the log. No bounds are checked.
    pub fn batches_between(&self, from: i64, end: i64) -> impl Iterator<Item = BatchView> + '_ {
        let after = self.segments.partition_point(|segment| segment.base_offset() <= from);
        self.segments[after.saturating_sub(1)..]
            .iter()
            .flat_map(move |segment| segment.batches().iter_from(segment.batches().find(from)))
            .take_while(move |batch| batch.base_offset() < end)
            .map(|batch| batch.view())
    }

    /// The records of `from..end` with their leader epochs and whether they are control records.
    pub fn records_between(&self, from: i64, end: i64) -> Vec<(Record, i32, bool)> {
        let mut found = Vec::new();
        for batch in self.batches_between(from, end) {
            let (epoch, control) = (batch.leader_epoch(), batch.is_control());
            let records = batch.records().map_while(Result::ok);
            found.extend(records.filter(|r| r.offset >= from && r.offset < end).map(|r| (r, epoch, control)));
        }
        found
    }

    /// The leader epoch and checksum of the batch that holds `offset`: what two replicas must have in common.
    pub fn fingerprint_at(&self, offset: i64) -> Option<(i32, u32)> {
        let batch = self.batches_between(offset, i64::MAX).next()?;
        (batch.base_offset() <= offset).then(|| (batch.leader_epoch(), batch.crc()))
    }

    /// The first record whose timestamp is at least `timestamp`, at or above the log start: its timestamp, offset and
    /// leader epoch.
    pub fn offset_for_timestamp(&self, timestamp: i64) -> Option<(i64, i64, i32)> {
        let segment = self.segments.iter().find(|segment| segment.largest_timestamp() >= timestamp)?;
        let (record, leader_epoch) = segment.find_by_timestamp(timestamp, self.log_start)?;
        Some((record.timestamp, record.offset, leader_epoch))
    }

    /// The first record with the largest timestamp of the log (ListOffsets -3): timestamp, offset and leader epoch.
    pub fn max_timestamp_offset(&self) -> Option<(i64, i64, i32)> {
        let mut newest = self.segments.first()?;
        for segment in &self.segments {
            if segment.max_timestamp_so_far().timestamp > newest.max_timestamp_so_far().timestamp {
                newest = segment;
            }
        }
        let largest = newest.max_timestamp_so_far();
        let from = newest.batches().find(newest.offset_index().lookup(largest.offset).0);
        let stored = newest.batches().iter_from(from).find(|batch| batch.max_timestamp() == largest.timestamp)?;
        let batch = stored.view();
        let found = |offset| (largest.timestamp, offset, batch.leader_epoch());
        // With LogAppendTime all records of the batch have the same time; Kafka names the first.
        if batch.timestamp_type() == TimestampType::LogAppendTime {
            return Some(found(batch.base_offset()));
        }
        batch.records().map_while(Result::ok).find(|r| r.timestamp == largest.timestamp).map(|r| found(r.offset))
    }

    /// Aborted transactions that a `read_committed` reader of `from..end` must know.
    pub fn aborted_transactions(&self, from: i64, end: i64) -> Vec<AbortedTxn> {
        let mut aborted = Vec::new();
        for segment in &self.segments {
            let overlaps = |txn: &&AbortedTxn| txn.last_offset >= from && txn.first_offset < end;
            aborted.extend(segment.aborted().iter().filter(overlaps).copied());
            // Nothing later can reach back below a last stable offset.
            if segment.aborted().iter().any(|txn| txn.last_stable_offset >= end) {
                break;
            }
        }
        aborted
    }

    /// Bytes of all segment files.
    pub fn size(&self) -> u64 {
        self.segments.iter().map(|segment| u64::from(segment.size())).sum()
    }

    /// Where the oldest segment begins.
    pub fn first_base_offset(&self) -> i64 {
        self.segments.first().map_or(self.log_start, |segment| segment.base_offset())
    }

    pub fn segments(&self) -> Vec<SegmentInfo> {
        let active = self.active().base_offset();
        let info = |segment: &crate::LogSegment| SegmentInfo {
            base_offset: segment.base_offset(),
            next_offset: segment.next_offset(),
            bytes: segment.size(),
            batches: segment.batches().len() as u32,
            offset_index_entries: segment.offset_index().entries().count() as u32,
            time_index_entries: segment.time_index().entries().count() as u32,
            largest_timestamp: segment.largest_timestamp(),
            active: segment.base_offset() == active,
        };
        self.segments.iter().map(|segment| info(segment)).collect()
    }
}
