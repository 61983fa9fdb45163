//! Compaction (`Cleaner`): of each key the newest record stays. Whole segments are written anew without the rest, small
//! ones as one; offsets never change, and the active segment is not touched.
//!
//! ```text
//! |  clean: compacted before  |  dirty: read for newest keys  |  not yet: active, too young, above last stable  |
//! ```

mod choose;
mod filter;
mod offset_map;
mod transactions;

use std::sync::Arc;

use bytes::Bytes;
use sim::Disk;

pub use choose::LogToClean;
use filter::Filter;
use offset_map::OffsetMap;
use transactions::CleanedTransactions;

use super::UnifiedLog;
use crate::batch::RawRecords;
use crate::segment::{LOG, LogSegment};
use crate::{AbortedTxn, Now};

impl UnifiedLog {
    /// One pass over the log. `room` is how many keys fit the cleaner's memory. Returns the offset up to which the log
    /// is clean now, or nothing when the disk has no room for the new segments.
    pub fn clean(&mut self, disk: &mut Disk, pass: &LogToClean, room: usize, now: impl Into<Now>) -> Option<i64> {
        let now = now.into();
        let map = self.build_offset_map(pass, room);
        let end = map.latest + 1;
        let mut transactions = CleanedTransactions::default();
        for group in self.group_by_size(end, pass.first_uncleanable) {
            self.clean_group(disk, &group, &map, pass.first_uncleanable, &mut transactions, now)?;
        }
        Some(end)
    }

    fn build_offset_map(&self, pass: &LogToClean, room: usize) -> OffsetMap {
        let (start, end) = (pass.first_dirty, pass.first_uncleanable);
        let mut map = OffsetMap::new(room);
        let mut transactions = CleanedTransactions::default();
        transactions.add_aborted(self.aborted_from(start, end));
        let dirty = self.segments_between(start, end);
        for (at, segment) in dirty.iter().enumerate() {
            if map.read(segment, start, &mut transactions) {
                return map;
            }
            map.latest = dirty.get(at + 1).map_or(end, |next| next.base_offset()) - 1;
        }
        map
    }

    /// Neighbours that fit into one segment together are made one.
    fn group_by_size(&self, end: i64, first_uncleanable: i64) -> Vec<Vec<Arc<LogSegment>>> {
        let segments = self.segments_between(0, end);
        let (most, most_index) = (i64::from(self.config.segment_bytes), self.config.segment_index_bytes as usize);
        let mut groups: Vec<Vec<Arc<LogSegment>>> = Vec::new();
        let (mut bytes, mut index, mut times) = (0, 0, 0);
        for (at, segment) in segments.iter().enumerate() {
            bytes += i64::from(segment.size());
            index += segment.offset_index().file().len();
            times += segment.time_index().file().len();
            let last = segments.get(at + 1).map_or(first_uncleanable, |next| next.base_offset()) - 1;
            let joins = groups.last().is_some_and(|group| {
                let reach = last - group[0].base_offset();
                bytes <= most
                    && index <= most_index
                    && times <= most_index
                    && (segment.size() == 0 || reach <= i64::from(i32::MAX))
            });
            match groups.last_mut() {
                Some(group) if joins => group.push(segment.clone()),
                _ => {
                    groups.push(vec![segment.clone()]);
                    bytes = i64::from(segment.size());
                    index = segment.offset_index().file().len();
                    times = segment.time_index().file().len();
                }
            }
        }
        groups
    }

    /// Makes one new segment of a group and puts it in the group's place (`cleanSegments`).
    fn clean_group(
        &mut self,
        disk: &mut Disk,
        group: &[Arc<LogSegment>],
        map: &OffsetMap,
        end_of_pass: i64,
        transactions: &mut CleanedTransactions,
        now: Now,
    ) -> Option<()> {
        let base = group[0].base_offset();
        let mut cleaned = LogSegment::bare(&self.dir, base, &self.config, now);
        for (at, segment) in group.iter().enumerate() {
            let end = group.get(at + 1).map_or(segment.next_offset(), |next| next.base_offset());
            transactions.add_aborted(self.aborted_from(segment.base_offset(), end));
            let mut filter = Filter {
                newest: map,
                producers: self.producers.producers(),
                transactions,
                end_of_pass,
                now_ms: now.epoch_ms,
                delete_retention_ms: self.config.delete_retention_ms,
            };
            for stored in segment.batches().iter() {
                if let Some(bytes) = filter.apply(&stored.view()) {
                    cleaned.take_cleaned(bytes);
                }
            }
        }
        cleaned.set_aborted(transactions.take_retained());
        self.replace_segments(disk, group, cleaned, now)
    }

    /// The new segment is written beside the old ones, which become invisible, and takes their name.
    fn replace_segments(
        &mut self,
        disk: &mut Disk,
        group: &[Arc<LogSegment>],
        mut cleaned: LogSegment,
        now: Now,
    ) -> Option<()> {
        let modified = group[group.len() - 1].copy_times_to(&mut cleaned, disk, now);
        let path = cleaned.path(".log.cleaned");
        disk.write(&path, Bytes::new(), modified);
        for stored in cleaned.batches().iter() {
            if !disk.append(&path, stored.bytes.clone(), modified) {
                disk.remove(&path);
                return None;
            }
        }
        for segment in group {
            let moves = segment.base_offset() != cleaned.base_offset();
            self.schedule_delete(disk, std::slice::from_ref(segment), true, moves, now);
        }
        disk.rename(&path, &cleaned.path(LOG));
        cleaned.finish_recovery(disk, false, Now { at: modified, ..now });
        cleaned.sync(disk);
        let from = self.segments.partition_point(|segment| segment.base_offset() < cleaned.base_offset());
        self.segments.splice(from..from + group.len(), [Arc::new(cleaned)]);
        Some(())
    }

    /// From the segment that holds `from` up to those that start below `to` (`LogSegments.values`).
    fn segments_between(&self, from: i64, to: i64) -> Vec<Arc<LogSegment>> {
        if from == to {
            return Vec::new();
        }
        let first = self.segments.partition_point(|segment| segment.base_offset() <= from).saturating_sub(1);
        self.segments[first..].iter().take_while(|segment| segment.base_offset() < to).cloned().collect()
    }

    /// Aborted transactions that have to do with the offsets up to `end`, from the segment of `base` on.
    fn aborted_from(&self, base: i64, end: i64) -> Vec<AbortedTxn> {
        let first = self.segments.partition_point(|segment| segment.base_offset() <= base).saturating_sub(1);
        let mut found = Vec::new();
        for txn in self.segments[first..].iter().flat_map(|segment| segment.aborted()) {
            if txn.last_offset >= self.log_start && txn.first_offset < end {
                found.push(*txn);
            }
            if txn.last_stable_offset >= end {
                break;
            }
        }
        found
    }
}

impl OffsetMap {
    /// Notes the keys of a segment. True when there was no room for one more.
    fn read(&mut self, segment: &LogSegment, start: i64, transactions: &mut CleanedTransactions) -> bool {
        let from = segment.offset_index().lookup(start).1 as u32;
        for stored in segment.batches().iter().filter(|stored| stored.position >= from) {
            let batch = stored.view();
            let is_data = if batch.is_control() {
                transactions.on_control_batch(&batch);
                false
            } else {
                !transactions.on_batch(&batch)
            };
            let body = if is_data { batch.body().unwrap_or_default() } else { Bytes::new() };
            let count = if body.is_empty() { 0 } else { batch.count() };
            let mut records = RawRecords::new(&body, count);
            while let Ok(Some(record)) = records.advance() {
                let offset = record.offset_in(&batch);
                let Some(key) = record.key.filter(|_| offset >= start) else { continue };
                if self.is_full() {
                    return true;
                }
                self.insert(key, offset);
                self.latest = offset;
            }
            if batch.last_offset() >= start {
                self.latest = batch.last_offset();
            }
        }
        false
    }
}
