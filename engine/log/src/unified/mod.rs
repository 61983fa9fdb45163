//! One replica of one partition (`UnifiedLog`, `LocalLog`).

mod append;
mod clean;
mod load;
mod read;
mod truncate;

use std::sync::Arc;

use base::Uuid;
use protocol::{ErrorCode, TopicPartition};
use sim::Disk;

pub use append::{AppendError, AppendInfo, AppendOrigin};
pub use clean::LogToClean;
pub use load::Opening;
pub use read::SegmentInfo;
pub use truncate::{DeletedSegment, DeletionReason, Doomed, PendingDelete, SEGMENT_SUFFIXES};

use crate::epochs::LeaderEpochCache;
use crate::producer_state::ProducerStateManager;
use crate::segment::LogSegment;
use crate::{LogConfig, Now};

/// A partition's log on one broker. Cloning shares all segments but the active one's last few batches.
#[derive(Clone, Debug, Hash)]
pub struct UnifiedLog {
    dir: Arc<str>,
    partition: Arc<TopicPartition>,
    topic_id: Uuid,
    config: Arc<LogConfig>,
    /// In the order of their base offsets; never empty, the last one is active.
    segments: Vec<Arc<LogSegment>>,
    log_start: i64,
    high_watermark: i64,
    log_end: i64,
    /// Everything below it is known to be flushed.
    recovery_point: i64,
    first_unstable_offset: Option<i64>,
    epochs: LeaderEpochCache,
    producers: ProducerStateManager,
    pending_deletes: Vec<PendingDelete>,
    /// Every checksum was verified at its append; not so after a start over batches that lay on the disk.
    is_verified: bool,
}

impl UnifiedLog {
    pub fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    pub fn topic_id(&self) -> Uuid {
        self.topic_id
    }

    /// The segments as Kafka names them in its log.
    pub fn shown_segments(&self) -> String {
        truncate::shown(&self.segments)
    }

    /// The folder on the disk, such as `kafka-logs/orders-0`.
    pub fn dir(&self) -> &str {
        &self.dir
    }

    pub fn config(&self) -> &Arc<LogConfig> {
        &self.config
    }

    /// Takes changed topic settings; they bind the next append. Index capacity is that of the time a segment was made.
    pub fn set_config(&mut self, config: Arc<LogConfig>) {
        self.config = config;
    }

    /// The oldest offset that a consumer may read.
    pub fn log_start(&self) -> i64 {
        self.log_start
    }

    /// The base offset of the oldest segment: not above the log start.
    pub fn first_segment_base(&self) -> i64 {
        self.segments[0].base_offset()
    }

    /// The offset that the next record gets.
    pub fn log_end(&self) -> i64 {
        self.log_end
    }

    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// Up to here a `read_committed` consumer may read.
    pub fn last_stable_offset(&self) -> i64 {
        self.first_unstable_offset.map_or(self.high_watermark, |first| first.min(self.high_watermark))
    }

    /// What a crash of the machine could not take, and a start need not scan.
    pub fn recovery_point(&self) -> i64 {
        self.recovery_point
    }

    pub fn epochs(&self) -> &LeaderEpochCache {
        &self.epochs
    }

    pub fn producers(&self) -> &ProducerStateManager {
        &self.producers
    }

    pub fn latest_epoch(&self) -> Option<i32> {
        self.epochs.latest().map(|entry| entry.epoch)
    }

    /// Epoch and offset where `epoch` ended here; (-1, -1) is undefined.
    pub fn end_offset_for_epoch(&self, epoch: i32) -> (i32, i64) {
        self.epochs.end_offset_for(epoch, self.log_end)
    }

    /// A broker calls this when it becomes leader of `epoch`, with its log end, before any record of that epoch.
    pub fn assign_epoch_start(&mut self, disk: &mut Disk, epoch: i32, offset: i64, now: impl Into<Now>) {
        if self.epochs.assign(epoch, offset) {
            self.epochs.write(disk, &self.dir, now.into().at);
        }
    }

    /// Sets the high watermark, held between log start and log end. It may go down (a follower after a leader change).
    /// True when it changed.
    pub fn update_high_watermark(&mut self, offset: i64) -> bool {
        let before = self.high_watermark;
        self.high_watermark = offset.max(self.log_start).min(self.log_end);
        self.producers.on_high_watermark(self.high_watermark);
        self.update_first_unstable();
        self.high_watermark != before
    }

    /// Raises the log start, for DeleteRecords, retention, or because the leader's rose. True when it changed; it may
    /// not pass the high watermark (`OFFSET_OUT_OF_RANGE`). Segments below it go in the next retention pass.
    pub fn increment_log_start(
        &mut self,
        disk: &mut Disk,
        offset: i64,
        now: impl Into<Now>,
    ) -> Result<bool, ErrorCode> {
        if offset > self.high_watermark {
            return Err(ErrorCode::OffsetOutOfRange);
        }
        if offset <= self.log_start {
            return Ok(false);
        }
        self.log_start = offset;
        if self.epochs.truncate_from_start(offset) {
            self.epochs.write(disk, &self.dir, now.into().at);
        }
        self.producers.on_log_start(offset);
        self.update_first_unstable();
        Ok(true)
    }

    /// Forgets silent producers; Kafka does so every `producer.id.expiration.check.interval.ms` (10 minutes).
    pub fn remove_expired_producers(&mut self, now: impl Into<Now>) {
        self.producers.remove_expired(now.into().epoch_ms);
    }

    /// fsync of everything up to the log end.
    pub fn flush(&mut self, disk: &mut Disk) {
        self.flush_up_to(disk, self.log_end);
    }

    /// A clean stop: flush, final index entries, and a snapshot of the producers. The caller writes the checkpoints and
    /// the clean-shutdown marker of the log directory.
    pub fn close(&mut self, disk: &mut Disk, now: impl Into<Now>) {
        let now = now.into();
        self.flush(disk);
        self.producers.take_snapshot(disk, now.at);
        for segment in &mut self.segments {
            Arc::make_mut(segment).become_inactive(disk, now);
        }
    }

    fn flush_up_to(&mut self, disk: &mut Disk, end: i64) {
        for segment in self.segments.iter().rev() {
            if segment.base_offset() < end {
                segment.sync(disk);
            }
            if segment.base_offset() <= self.recovery_point {
                break;
            }
        }
        self.recovery_point = self.recovery_point.max(end);
    }

    fn active(&self) -> &LogSegment {
        self.segments.last().expect("a log has a segment")
    }

    fn active_mut(&mut self) -> &mut LogSegment {
        Arc::make_mut(self.segments.last_mut().expect("a log has a segment"))
    }

    fn update_first_unstable(&mut self) {
        self.first_unstable_offset = self.producers.first_unstable_offset().map(|first| first.max(self.log_start));
    }
}
