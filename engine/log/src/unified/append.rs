//! Appending, as leader and as follower.

use protocol::{ErrorCode, Records};
use sim::Disk;

use super::UnifiedLog;
use crate::Now;
use crate::batch::{
    BatchView, EndTransactionMarker, NO_PARTITION_LEADER_EPOCH, NO_TIMESTAMP, TimestampType, end_transaction_batch,
};
use crate::index::AbortedTxn;
use crate::producer_state::{
    AppendContext, BatchMetadata, CompletedTxn, ProducerAppendInfo, ProducerError, ProducerStateEntry,
};
use crate::segment::{LogSegment, RollParams};
use crate::validate::Validation;

/// Who appends, which says how much is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AppendOrigin {
    /// A produce request: everything is checked.
    Client,
    /// A group or transaction coordinator on this broker: it may write control batches and need not number sequences.
    Coordinator,
    /// A follower: offsets and epochs are the leader's, nothing is judged again but the checksum.
    Replication,
    /// The active controller: it gives offsets and epochs itself.
    RaftLeader,
}

/// What an append did (`LogAppendInfo`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppendInfo {
    /// -1 when nothing was appended.
    pub base_offset: i64,
    pub last_offset: i64,
    pub max_timestamp: i64,
    /// -1 unless the topic's timestamps are LogAppendTime, or the batch is a duplicate (then the batch's time).
    pub log_append_time: i64,
    pub log_start: i64,
    /// Bytes appended.
    pub bytes: u64,
    /// The producer sent again what is already in the log; the offsets are those of the first time.
    pub duplicate: bool,
    /// Leader epoch of the last batch.
    pub last_leader_epoch: i32,
    /// A new segment was started.
    pub rolled: bool,
    /// The batches as they were stored, for a caller that follows the log itself.
    pub stored: Records,
}

/// Why nothing was appended. `message` is the text of Kafka's exception; a produce response carries it only together
/// with `record_errors` (index in the batch, reason).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppendError {
    pub code: ErrorCode,
    pub message: String,
    pub record_errors: Vec<(i32, String)>,
}

impl AppendError {
    pub fn new(code: ErrorCode, message: String) -> AppendError {
        AppendError { code, message, record_errors: Vec::new() }
    }
}

impl From<ProducerError> for AppendError {
    fn from(error: ProducerError) -> AppendError {
        AppendError::new(error.code, error.message)
    }
}

/// Batches that passed all checks but those of their producers.
struct Ready {
    batches: Vec<BatchView>,
    last_offset: i64,
    max_timestamp: i64,
    log_append_time: i64,
}

/// What the producers of an append say to it.
#[derive(Default)]
struct ProducerVerdict {
    updated: Vec<(i64, ProducerAppendInfo)>,
    completed: Vec<CompletedTxn>,
    duplicate: Option<BatchMetadata>,
}

impl UnifiedLog {
    /// Checks a batch, gives it the next offsets and `leader_epoch`, and appends it. Empty records append nothing.
    pub fn append_as_leader(
        &mut self,
        disk: &mut Disk,
        records: &Records,
        leader_epoch: i32,
        now: impl Into<Now>,
        origin: AppendOrigin,
    ) -> Result<AppendInfo, AppendError> {
        self.take_as_leader(disk, records.clone(), leader_epoch, now, origin, 0)
    }

    /// As [`Self::append_as_leader`], of records that are given away: a batch that nobody else holds is not copied to get
    /// its offsets. For markers of a coordinator with `transaction.version` 2 or later too.
    pub fn take_as_leader(
        &mut self,
        disk: &mut Disk,
        records: Records,
        leader_epoch: i32,
        now: impl Into<Now>,
        origin: AppendOrigin,
        transaction_version: i16,
    ) -> Result<AppendInfo, AppendError> {
        assert!(origin != AppendOrigin::Replication, "followers append with append_as_follower");
        let now = now.into();
        if origin == AppendOrigin::RaftLeader {
            return self.append_given(disk, &records, leader_epoch, now, origin);
        }
        let (partition, config) = (&*self.partition, &*self.config);
        let validation = Validation { partition, config, origin, leader_epoch, now_ms: now.epoch_ms };
        let is_verified = records.is_verified();
        let analyzed = validation.analyze(&mut records.batches.into_iter(), is_verified)?;
        if analyzed.is_empty() {
            return Ok(self.nothing_appended());
        }
        let validated = validation.assign_offsets(analyzed, self.log_end)?;
        let log_append_time = match config.message_timestamp_type {
            TimestampType::LogAppendTime => now.epoch_ms,
            TimestampType::CreateTime => NO_TIMESTAMP,
        };
        let ready = Ready {
            batches: validated.batches.into_iter().map(BatchView::trusted).collect(),
            last_offset: validated.next_offset - 1,
            max_timestamp: validated.max_timestamp,
            log_append_time,
        };
        self.append_ready(disk, ready, (origin, transaction_version), now)
    }

    /// Writes the marker that ends a producer's transaction on this partition.
    pub fn append_end_txn_marker(
        &mut self,
        disk: &mut Disk,
        producer: (i64, i16),
        marker: EndTransactionMarker,
        transaction_version: i16,
        leader_epoch: i32,
        now: impl Into<Now>,
    ) -> Result<AppendInfo, AppendError> {
        let now = now.into();
        let records = Records::verified(vec![end_transaction_batch(producer.0, producer.1, marker, now.epoch_ms)]);
        self.take_as_leader(disk, records, leader_epoch, now, AppendOrigin::Coordinator, transaction_version)
    }

    /// Appends what a leader sent, with the offsets and epochs it has.
    pub fn append_as_follower(
        &mut self,
        disk: &mut Disk,
        records: &Records,
        now: impl Into<Now>,
    ) -> Result<AppendInfo, AppendError> {
        self.append_given(disk, records, NO_PARTITION_LEADER_EPOCH, now.into(), AppendOrigin::Replication)
    }

    /// As [`Self::append_as_follower`], and leaves out batches of a later epoch than the one that is followed
    /// (KAFKA-18723).
    pub fn append_as_follower_of(
        &mut self,
        disk: &mut Disk,
        records: &Records,
        leader_epoch: i32,
        now: impl Into<Now>,
    ) -> Result<AppendInfo, AppendError> {
        self.append_given(disk, records, leader_epoch, now.into(), AppendOrigin::Replication)
    }

    fn append_given(
        &mut self,
        disk: &mut Disk,
        records: &Records,
        leader_epoch: i32,
        now: Now,
        origin: AppendOrigin,
    ) -> Result<AppendInfo, AppendError> {
        let (partition, config) = (&*self.partition, &*self.config);
        let validation = Validation { partition, config, origin, leader_epoch, now_ms: now.epoch_ms };
        let analyzed = validation.analyze(&mut records.batches.iter().cloned(), records.is_verified())?;
        if let Some(batch) = analyzed.legacy.first() {
            let message = format!("Batch magic {} in append to {partition} is not the current one", batch.magic());
            return Err(AppendError::new(ErrorCode::InvalidRecord, message));
        }
        let Some((first, last)) = analyzed.batches.first().zip(analyzed.batches.last()) else {
            return Ok(self.nothing_appended());
        };
        let (first_offset, last_offset) = (first.base_offset(), last.last_offset());
        let sound = |batch: &BatchView| batch.last_offset_delta() >= 0 && batch.last_offset() < i64::MAX;
        if !analyzed.batches.iter().all(sound) {
            let message = format!("Batch has an invalid offset range in append to {partition}");
            return Err(AppendError::new(ErrorCode::InvalidRecord, message));
        }
        if first_offset < self.log_end {
            return Err(AppendError::new(
                ErrorCode::UnknownServerError,
                format!(
                    "Unexpected offset in append to {partition}. First offset {first_offset} is less than the next \
                     offset {}. First 10 offsets in append: {}, last offset in append: {last_offset}. Log start offset \
                     = {}",
                    self.log_end,
                    first_offsets(&analyzed.batches),
                    self.log_start
                ),
            ));
        }
        if !analyzed.batches.is_sorted_by(|a, b| a.last_offset() < b.last_offset()) {
            let offsets = first_offsets(&analyzed.batches);
            let message = format!("Out of order offsets found in append to {partition}: {offsets}");
            return Err(AppendError::new(ErrorCode::UnknownServerError, message));
        }
        let ready = Ready {
            max_timestamp: analyzed.max_timestamp,
            batches: analyzed.batches,
            last_offset,
            log_append_time: NO_TIMESTAMP,
        };
        self.append_ready(disk, ready, (origin, 0), now)
    }

    fn append_ready(
        &mut self,
        disk: &mut Disk,
        ready: Ready,
        (origin, transaction_version): (AppendOrigin, i16),
        now: Now,
    ) -> Result<AppendInfo, AppendError> {
        let (mut first_offset, mut last_leader_epoch) = (self.log_end, NO_PARTITION_LEADER_EPOCH);
        let mut epochs_changed = false;
        for (at, batch) in ready.batches.iter().enumerate() {
            if at == 0 {
                first_offset = batch.base_offset();
            }
            last_leader_epoch = batch.leader_epoch();
            epochs_changed |= self.epochs.assign(last_leader_epoch, batch.base_offset());
        }
        if epochs_changed {
            self.epochs.write(disk, &self.dir, now.at);
        }
        let bytes: usize = ready.batches.iter().map(BatchView::size).sum();
        if bytes as i64 > i64::from(self.config.segment_bytes) {
            return Err(AppendError::new(
                ErrorCode::RecordListTooLarge,
                format!(
                    "Message batch size is {bytes} bytes in append to partition {}, which exceeds the maximum \
                     configured segment size of {}.",
                    self.partition, self.config.segment_bytes
                ),
            ));
        }
        let rolled = self.maybe_roll(disk, &ready, first_offset, bytes as i64, now);
        let context = AppendContext { partition: &self.partition, origin, transaction_version };
        let verdict = self.judge_producers(&ready.batches, context)?;
        let mut info = AppendInfo {
            base_offset: first_offset,
            last_offset: ready.last_offset,
            max_timestamp: ready.max_timestamp,
            log_append_time: ready.log_append_time,
            log_start: self.log_start,
            bytes: bytes as u64,
            duplicate: false,
            last_leader_epoch,
            rolled,
            stored: Records::default(),
        };
        if let Some(known) = verdict.duplicate {
            info.base_offset = known.first_offset();
            info.last_offset = known.last_offset;
            info.log_append_time = known.timestamp;
            (info.bytes, info.duplicate) = (0, true);
            return Ok(info);
        }
        if !self.active_mut().append(disk, &ready.batches, now) {
            return Err(AppendError::new(
                ErrorCode::KafkaStorageError,
                format!(
                    "Error while appending records to {} in dir {}: No space left on device",
                    self.partition, self.dir
                ),
            ));
        }
        info.stored = Records::verified(ready.batches.into_iter().map(BatchView::into_bytes).collect());
        self.after_append(disk, ready.last_offset, verdict, now);
        Ok(info)
    }

    fn after_append(&mut self, disk: &mut Disk, last_offset: i64, verdict: ProducerVerdict, now: Now) {
        self.log_end = last_offset + 1;
        for (id, info) in verdict.updated {
            self.producers.update(id, info);
        }
        for completed in &verdict.completed {
            if completed.aborted {
                let aborted = AbortedTxn {
                    producer_id: completed.producer_id,
                    first_offset: completed.first_offset,
                    last_offset: completed.last_offset,
                    last_stable_offset: self.producers.last_stable_offset(completed),
                };
                self.active_mut().append_aborted(disk, aborted, now);
            }
            self.producers.complete(completed);
        }
        self.producers.set_map_end(self.log_end);
        self.update_first_unstable();
        if self.config.flush_messages != i64::MAX && self.log_end - self.recovery_point >= self.config.flush_messages {
            self.flush(disk);
        }
    }

    /// Starts a new segment when the active one is full, too old, or cannot index the new offsets.
    fn maybe_roll(&mut self, disk: &mut Disk, ready: &Ready, first_offset: i64, bytes: i64, now: Now) -> bool {
        let params = RollParams {
            max_segment_ms: self.config.max_segment_ms(),
            max_segment_bytes: self.config.segment_bytes,
            max_timestamp: ready.max_timestamp,
            last_offset: ready.last_offset,
            bytes,
            now_ms: now.epoch_ms,
        };
        let rolls = self.active().should_roll(params);
        if rolls {
            self.roll(disk, first_offset, now);
        }
        rolls
    }

    /// Ends the active segment and starts one at `offset`, or at the log end if that is higher.
    pub fn roll(&mut self, disk: &mut Disk, offset: i64, now: impl Into<Now>) {
        let now = now.into();
        let base = offset.max(self.log_end);
        if self.active().base_offset() == base {
            // An empty active segment whose index has no room for a single entry: it starts over in its place.
            let segment = LogSegment::create(disk, &self.dir, base, &self.config, now);
            *self.active_mut() = segment;
            return;
        }
        self.active_mut().become_inactive(disk, now);
        let segment = LogSegment::create(disk, &self.dir, base, &self.config, now);
        self.segments.push(std::sync::Arc::new(segment));
        self.producers.set_map_end(base);
        self.producers.take_snapshot(disk, now.at);
        // Kafka flushes the old segment in the background at once.
        self.flush_up_to(disk, base);
    }

    fn judge_producers(
        &self,
        batches: &[BatchView],
        context: AppendContext<'_>,
    ) -> Result<ProducerVerdict, AppendError> {
        let mut verdict = ProducerVerdict::default();
        for batch in batches.iter().filter(|batch| batch.has_producer_id()) {
            let id = batch.producer_id();
            let entry = self.producers.last_entry(id);
            if context.origin == AppendOrigin::Client
                && let Some(known) = entry.and_then(|entry| entry.find_duplicate(batch))
            {
                verdict.duplicate = Some(known);
                return Ok(verdict);
            }
            check_transaction_epoch(batch, entry, context)?;
            let at = verdict.updated.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
                verdict.updated.push((id, ProducerAppendInfo::new(id, entry)));
                verdict.updated.len() - 1
            });
            verdict.completed.extend(verdict.updated[at].1.append(batch, context)?);
        }
        Ok(verdict)
    }

    fn nothing_appended(&self) -> AppendInfo {
        AppendInfo {
            base_offset: -1,
            last_offset: -1,
            max_timestamp: NO_TIMESTAMP,
            log_append_time: NO_TIMESTAMP,
            log_start: self.log_start,
            bytes: 0,
            duplicate: false,
            last_leader_epoch: NO_PARTITION_LEADER_EPOCH,
            rolled: false,
            stored: Records::default(),
        }
    }
}

/// A transactional batch outside of its producer's open transaction is first held against the epoch, with a text of its
/// own.
fn check_transaction_epoch(
    batch: &BatchView,
    entry: Option<&ProducerStateEntry>,
    context: AppendContext<'_>,
) -> Result<(), ProducerError> {
    let judged = matches!(context.origin, AppendOrigin::Client | AppendOrigin::Coordinator);
    let (Some(entry), true, true) = (entry, judged, batch.is_transactional()) else { return Ok(()) };
    let (epoch, last_epoch) = (batch.producer_epoch(), entry.producer_epoch);
    if epoch >= last_epoch {
        return Ok(());
    }
    Err(ProducerError {
        code: ErrorCode::InvalidProducerEpoch,
        message: format!(
            "Epoch of producer {} is {epoch}, which is smaller than the last seen epoch {last_epoch}",
            batch.producer_id()
        ),
    })
}

fn first_offsets(batches: &[BatchView]) -> String {
    let records = batches.iter().flat_map(|batch| batch.records().map_while(Result::ok));
    records.take(10).map(|record| record.offset.to_string()).collect::<Vec<_>>().join(", ")
}
