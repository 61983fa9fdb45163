//! Cutting the log: at its end for a follower that diverged, at its start by retention.

use std::sync::Arc;

use base::Micros;
use sim::Disk;

use super::UnifiedLog;
use crate::segment::{DELETED, LOG, LogSegment, OFFSET_INDEX, TIME_INDEX, TXN_INDEX, file_name};
use crate::{Now, SegmentInfo};

/// What has been put out of sight and goes when its time has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PendingDelete {
    pub due: Micros,
    pub what: Doomed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Doomed {
    /// Segments whose files follow.
    Segments {
        /// As Kafka names them in its log.
        shown: String,
        /// The cleaner wrote others in their place.
        replaced: bool,
    },
    /// A file that has been renamed to `.deleted`.
    File(String),
}

/// The files of a segment, in the order in which Kafka deletes them.
pub const SEGMENT_SUFFIXES: [&str; 4] = [LOG, OFFSET_INDEX, TIME_INDEX, TXN_INDEX];

/// Why retention takes segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeletionReason {
    LogStartBreach,
    RetentionSizeBreach,
    RetentionMsBreach,
}

/// What one retention pass took, for the broker's log and the stage.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeletedSegment {
    pub reason: DeletionReason,
    pub segment: SegmentInfo,
    /// As Kafka names it in its log.
    pub shown: String,
}

impl UnifiedLog {
    /// Cuts the log so that `offset` is its end; batches that reach over `offset` go as a whole. False when the log
    /// ends there or earlier: then only epochs that start at the log end are dropped.
    pub fn truncate_to(&mut self, disk: &mut Disk, offset: i64, now: impl Into<Now>) -> bool {
        let now = now.into();
        assert!(offset >= 0, "Cannot truncate partition {} to a negative offset ({offset}).", self.partition);
        if offset >= self.log_end {
            if self.epochs.truncate_from_end(self.log_end) {
                self.epochs.write(disk, &self.dir, now.at);
            }
            return false;
        }
        if self.segments[0].base_offset() > offset {
            self.truncate_fully_and_start_at(disk, offset, now);
            return true;
        }
        let kept = self.segments.partition_point(|segment| segment.base_offset() <= offset);
        let cut = self.segments.split_off(kept);
        self.schedule_delete(disk, &cut, false, true, now);
        self.active_mut().truncate_to(disk, offset, now);
        self.log_end = offset;
        self.recovery_point = self.recovery_point.min(offset);
        self.log_start = self.log_start.min(offset);
        if self.epochs.truncate_from_end(offset) {
            self.epochs.write(disk, &self.dir, now.at);
        }
        self.rebuild_producers(disk, self.log_start, offset, false, now);
        self.update_high_watermark(self.high_watermark);
        true
    }

    /// Empties the log; it goes on at `offset`.
    pub fn truncate_fully_and_start_at(&mut self, disk: &mut Disk, offset: i64, now: impl Into<Now>) {
        let now = now.into();
        let all = std::mem::take(&mut self.segments);
        self.schedule_delete(disk, &all, false, false, now);
        self.segments.push(Arc::new(LogSegment::create(disk, &self.dir, offset, &self.config, now)));
        (self.log_start, self.log_end, self.recovery_point) = (offset, offset, offset);
        if self.epochs.clear() {
            self.epochs.write(disk, &self.dir, now.at);
        }
        self.producers.truncate_fully_and_start_at(disk, offset);
        self.rebuild_producers(disk, offset, offset, false, now);
        self.update_high_watermark(offset);
    }

    /// One retention pass (`deleteOldSegments`): segments below the log start, then by size, then by time. Never takes
    /// what is not below the high watermark; if all would go, an empty segment is rolled first.
    pub fn delete_old_segments(&mut self, disk: &mut Disk, now: impl Into<Now>) -> Vec<DeletedSegment> {
        let now = now.into();
        let mut deleted = self.delete_while(disk, DeletionReason::LogStartBreach, now);
        if self.config.delete {
            deleted.extend(self.delete_while(disk, DeletionReason::RetentionSizeBreach, now));
            deleted.extend(self.delete_while(disk, DeletionReason::RetentionMsBreach, now));
            // It looks at the largest timestamp of an empty segment too, and that opens its time index.
            if self.config.retention_ms >= 0 && self.segments.len() == 1 && self.active().size() == 0 {
                self.active().touch_time_index(disk, now);
            }
        }
        deleted
    }

    /// How many of the oldest segments a reason takes now.
    fn deletable(&self, reason: DeletionReason, now: Now) -> usize {
        let limit = self.config.retention_bytes;
        let mut excess = i64::try_from(self.size()).unwrap_or(i64::MAX).saturating_sub(limit);
        let takes = |(at, segment): &(usize, &Arc<LogSegment>), excess: &mut i64| {
            let next_base = self.segments.get(at + 1).map(|next| next.base_offset());
            let end = next_base.unwrap_or(self.log_end);
            if self.high_watermark < end || (next_base.is_none() && segment.size() == 0) {
                return false;
            }
            match reason {
                DeletionReason::LogStartBreach => next_base.is_some_and(|base| base <= self.log_start),
                DeletionReason::RetentionSizeBreach => {
                    *excess -= i64::from(segment.size());
                    limit >= 0 && *excess >= 0
                }
                DeletionReason::RetentionMsBreach => {
                    let age = now.epoch_ms.saturating_sub(segment.largest_timestamp());
                    self.config.retention_ms >= 0 && age > self.config.retention_ms
                }
            }
        };
        self.segments.iter().enumerate().take_while(|item| takes(item, &mut excess)).count()
    }

    fn delete_while(&mut self, disk: &mut Disk, reason: DeletionReason, now: Now) -> Vec<DeletedSegment> {
        let count = self.deletable(reason, now);
        if count == 0 {
            return Vec::new();
        }
        let mut deleted = Vec::new();
        for (at, segment) in self.segments().into_iter().enumerate().take(count) {
            deleted.push(DeletedSegment { reason, segment, shown: self.segments[at].shown() });
        }
        if count == self.segments.len() {
            self.roll(disk, self.log_end, now);
        }
        let new_start = self.segments[count].base_offset();
        // Every segment taken ends below the high watermark, so this cannot be refused.
        let raised = self.increment_log_start(disk, new_start, now);
        debug_assert!(raised.is_ok(), "segments above the high watermark are not deletable");
        let taken: Vec<Arc<LogSegment>> = self.segments.drain(..count).collect();
        self.schedule_delete(disk, &taken, false, true, now);
        deleted
    }

    /// The files become invisible to a start at once; their bytes are freed after `file.delete.delay.ms`. The snapshot of
    /// the producers may go with the segment at whose start it was taken.
    pub(super) fn schedule_delete(
        &mut self,
        disk: &mut Disk,
        segments: &[Arc<LogSegment>],
        replaced: bool,
        snapshots: bool,
        now: Now,
    ) {
        let due = self.file_delete_due(now);
        self.pending_deletes.push(PendingDelete { due, what: Doomed::Segments { shown: shown(segments), replaced } });
        for segment in segments.iter().filter(|_| snapshots) {
            if let Some(path) = self.producers.hide_snapshot(disk, segment.base_offset()) {
                self.pending_deletes.push(PendingDelete { due, what: Doomed::File(path) });
            }
        }
        for segment in segments {
            for suffix in SEGMENT_SUFFIXES {
                let path = format!("{}/{}", self.dir, file_name(segment.base_offset(), suffix));
                if disk.exists(&path) {
                    let deleted = path.clone() + DELETED;
                    disk.rename(&path, &deleted);
                    self.pending_deletes.push(PendingDelete { due, what: Doomed::File(deleted) });
                }
            }
        }
    }

    fn file_delete_due(&self, now: Now) -> Micros {
        now.at + Micros::from_ms(self.config.file_delete_delay_ms.max(0) as u64)
    }

    /// When [`Self::delete_due`] has something to do next.
    pub fn next_file_delete(&self) -> Option<Micros> {
        self.pending_deletes.iter().map(|pending| pending.due).min()
    }

    /// Removes the first `.deleted` file whose delay is over, and tells what went; none when nothing is due.
    pub fn delete_due(&mut self, disk: &mut Disk, now: Micros) -> Option<Doomed> {
        let at = self.pending_deletes.iter().position(|pending| pending.due <= now)?;
        let what = self.pending_deletes.remove(at).what;
        if let Doomed::File(path) = &what {
            disk.remove(path);
        }
        Some(what)
    }

    /// Moves the folder, as the deletion of a partition does (`orders-0.<uuid>-delete`). The log serves nothing any
    /// more.
    pub fn rename_dir(&mut self, disk: &mut Disk, dir: &str) {
        disk.rename(&self.dir, dir);
        let old = std::mem::replace(&mut self.dir, dir.into());
        for pending in &mut self.pending_deletes {
            if let Doomed::File(path) = &mut pending.what
                && let Some(rest) = path.strip_prefix(&*old)
            {
                *path = format!("{dir}{rest}");
            }
        }
        for segment in &mut self.segments {
            Arc::make_mut(segment).set_dir(&self.dir);
        }
        self.producers.set_dir(&self.dir);
    }
}

/// Segments as Kafka names them in its log.
pub(super) fn shown(segments: &[Arc<LogSegment>]) -> String {
    let mut text = String::new();
    for segment in segments {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&segment.shown());
    }
    text
}
