//! What of a log can be compacted, and whether it is worth it (`LogCleanerManager`, `LogToClean`).

use std::sync::Arc;

use crate::segment::LogSegment;
use crate::{Now, UnifiedLog};

/// One log as the cleaner sees it before a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogToClean {
    /// Below it, an earlier pass left one record of each key.
    pub first_dirty: i64,
    /// The base of the first segment that this pass leaves alone.
    pub first_uncleanable: i64,
    /// As far as the log could be cleaned if passes did not end with a segment.
    pub first_uncleanable_offset: i64,
    pub clean_bytes: u64,
    pub cleanable_bytes: u64,
    /// `max.compaction.lag.ms` is over for a dirty record.
    pub must_compact_now: bool,
}

impl LogToClean {
    /// The dirty share of the log in millionths, rounded down; 0 for an empty log.
    pub fn cleanable_ppm(&self) -> u64 {
        (self.cleanable_bytes * 1_000_000).checked_div(self.clean_bytes + self.cleanable_bytes).unwrap_or(0)
    }

    /// Whether there is enough to do.
    pub fn is_eligible(&self, min_dirty_ratio_ppm: u32) -> bool {
        let total = self.clean_bytes + self.cleanable_bytes;
        (self.must_compact_now && self.cleanable_bytes > 0)
            || self.cleanable_bytes * 1_000_000 > u64::from(min_dirty_ratio_ppm) * total
    }
}

impl UnifiedLog {
    /// `checkpoint` is how far the last pass came.
    pub fn to_clean(&self, checkpoint: Option<i64>, now: impl Into<Now>) -> LogToClean {
        let now = now.into();
        let active = self.active().base_offset();
        // A truncation of the log takes the checkpoint down with it.
        let first_dirty = match checkpoint.map(|offset| offset.min(active)) {
            Some(offset) if (self.log_start..=self.log_end).contains(&offset) => offset,
            _ => self.log_start,
        };
        let unclean = self.last_stable_offset().min(active);
        let too_young = self.first_too_young(first_dirty, now).unwrap_or(unclean);
        let first_uncleanable_offset = unclean.min(too_young).max(first_dirty);
        let kept = self.inactive_from(first_uncleanable_offset);
        let first_uncleanable = kept.first().map_or(active, |segment| segment.base_offset());
        let bytes = |segments: Vec<Arc<LogSegment>>| segments.iter().map(|segment| u64::from(segment.size())).sum();
        LogToClean {
            first_dirty,
            first_uncleanable,
            first_uncleanable_offset,
            clean_bytes: bytes(self.segments_between(-1, first_dirty)),
            cleanable_bytes: bytes(self.segments_between(first_dirty.min(first_uncleanable), first_uncleanable)),
            must_compact_now: self.is_compaction_overdue(first_dirty, now),
        }
    }

    /// The first segment with a record younger than `min.compaction.lag.ms`.
    fn first_too_young(&self, first_dirty: i64, now: Now) -> Option<i64> {
        let lag = self.config.min_compaction_lag_ms.max(0);
        let youngest = now.epoch_ms.saturating_sub(lag);
        let segments = self.inactive_from(first_dirty);
        let young = segments.iter().find(|segment| lag > 0 && segment.largest_timestamp() > youngest);
        young.map(|segment| segment.base_offset())
    }

    fn is_compaction_overdue(&self, first_dirty: i64, now: Now) -> bool {
        let until = now.epoch_ms.saturating_sub(self.config.max_compaction_lag_ms.max(0));
        let segments = self.inactive_from(first_dirty);
        let times = segments.iter().filter_map(|segment| segment.first_batch_timestamp());
        times.filter(|time| *time > 0).any(|time| time < until)
    }

    /// `nonActiveLogSegmentsFrom`.
    fn inactive_from(&self, from: i64) -> Vec<Arc<LogSegment>> {
        let active = self.active().base_offset();
        if from > active { Vec::new() } else { self.segments_between(from, active) }
    }
}
