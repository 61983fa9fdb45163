//! What a leader checks before it takes a client's batch, and what it writes into it (`LogValidator`,
//! `UnifiedLog.analyzeAndValidateRecords`). Pure: nothing is appended here.

use bytes::Bytes;
use protocol::{ErrorCode, Records, TopicPartition};

use crate::batch::{
    BatchBuilder, BatchError, BatchView, CURRENT_MAGIC, Codec, NO_TIMESTAMP, RawRecord, RawRecords, TimestampType,
    batches_of, stamp_with_time,
};
use crate::{AppendError, AppendOrigin, LogConfig};

/// What is known before the offsets are assigned.
#[derive(Clone, Debug)]
pub struct Analyzed {
    pub batches: Vec<BatchView>,
    pub max_timestamp: i64,
    pub source_codec: Codec,
}

/// Batches as the leader stores them.
#[derive(Clone, Debug)]
pub struct Validated {
    pub batches: Vec<Bytes>,
    /// The offset after the last record.
    pub next_offset: i64,
    pub max_timestamp: i64,
}

/// The place and the circumstances of one append.
#[derive(Clone, Copy, Debug)]
pub struct Validation<'a> {
    pub partition: &'a TopicPartition,
    pub config: &'a LogConfig,
    pub origin: AppendOrigin,
    pub leader_epoch: i32,
    pub now_ms: i64,
}

impl Validation<'_> {
    /// Checks sizes, checksums and base offsets. A batch that is cut short at the end is left out.
    pub fn analyze(&self, records: &Records) -> Result<Analyzed, AppendError> {
        let leads = self.origin != AppendOrigin::Replication;
        let mut analyzed = Analyzed { batches: Vec::new(), max_timestamp: NO_TIMESTAMP, source_codec: Codec::None };
        for batch in batches_of(records) {
            let batch = batch?;
            if self.origin == AppendOrigin::RaftLeader && batch.leader_epoch() != self.leader_epoch {
                return Err(invalid(format!(
                    "Append from Raft leader did not set the batch epoch correctly, expected {} but the batch has {}",
                    self.leader_epoch,
                    batch.leader_epoch()
                )));
            }
            if self.origin == AppendOrigin::Client && batch.base_offset() != 0 {
                return Err(invalid(format!(
                    "The baseOffset of the record batch in the append to {} should be 0, but it is {}",
                    self.partition,
                    batch.base_offset()
                )));
            }
            // A follower also skips what a later leader wrote than the one it follows (KAFKA-18723).
            if !leads && self.leader_epoch >= 0 && batch.leader_epoch() > self.leader_epoch {
                break;
            }
            if leads && batch.size() as i64 > i64::from(self.config.max_message_bytes) {
                return Err(AppendError::new(
                    ErrorCode::MessageTooLarge,
                    format!(
                        "The record batch size in the append to {} is {} bytes which exceeds the maximum configured \
                         value of {}).",
                        self.partition,
                        batch.size(),
                        self.config.max_message_bytes
                    ),
                ));
            }
            if !batch.verify_crc() {
                return Err(AppendError::new(
                    ErrorCode::CorruptMessage,
                    format!("Record is corrupt (stored crc = {}) in topic partition {}.", batch.crc(), self.partition),
                ));
            }
            analyzed.max_timestamp = analyzed.max_timestamp.max(batch.max_timestamp());
            match batch.codec()? {
                Codec::None => {}
                codec => analyzed.source_codec = codec,
            }
            analyzed.batches.push(batch);
        }
        Ok(analyzed)
    }

    /// Checks the records of the one batch of a client or coordinator and gives it offsets from `next_offset` on.
    pub fn assign_offsets(&self, analyzed: Analyzed, next_offset: i64) -> Result<Validated, AppendError> {
        let mut batches = analyzed.batches.into_iter();
        let Some(batch) = batches.next() else {
            return Err(invalid("Record batch has no batches at all".to_string()));
        };
        if batches.next().is_some() {
            return Err(invalid("Compressed outer record has more than one batch".to_string()));
        }
        self.check_batch(&batch)?;
        let scan = self.scan_records(&batch)?;
        let target = self.config.compression.target(analyzed.source_codec);
        // A control batch is never compressed afterwards.
        let keeps_codec =
            target == analyzed.source_codec || (analyzed.source_codec == Codec::None && batch.is_control());
        if !keeps_codec || !scan.offsets_in_order {
            return self.rebuild(&batch, target, next_offset);
        }
        let timestamp_type = self.config.message_timestamp_type;
        let max_timestamp = match timestamp_type {
            TimestampType::LogAppendTime => self.now_ms,
            TimestampType::CreateTime => scan.max_timestamp,
        };
        let end = next_offset + i64::from(scan.count);
        // The base offset comes from the last one, as `setLastOffset` does it.
        let base_offset = end - 1 - i64::from(batch.last_offset_delta());
        let bytes = stamp_with_time(batch, base_offset, self.leader_epoch, timestamp_type, max_timestamp);
        Ok(Validated { batches: vec![bytes], next_offset: end, max_timestamp })
    }

    fn check_batch(&self, batch: &BatchView) -> Result<(), AppendError> {
        if self.origin != AppendOrigin::Client {
            return Ok(());
        }
        let (base, last, count, partition) = (batch.base_offset(), batch.last_offset(), batch.count(), self.partition);
        let count_from_offsets = last.wrapping_sub(base).wrapping_add(1);
        let reason = if count_from_offsets <= 0 {
            format!("Batch has an invalid offset range: [{base}, {last}]")
        } else if count <= 0 {
            format!("Invalid reported count for record batch: {count}")
        } else if count_from_offsets != i64::from(count) {
            format!("Inconsistent batch offset range [{base}, {last}] and count of records {count}")
        } else if batch.is_control() {
            "Clients are not allowed to write control records".to_string()
        } else if batch.has_producer_id() && batch.base_sequence() < 0 {
            format!(
                "Invalid sequence number {} in record batch with producerId {}",
                batch.base_sequence(),
                batch.producer_id()
            )
        } else {
            return Ok(());
        };
        Err(invalid(format!("{reason} in topic partition {partition}")))
    }

    /// One pass over the records; nothing of them is kept.
    fn scan_records(&self, batch: &BatchView) -> Result<Scan, AppendError> {
        let body = batch.body()?;
        let mut scan = Scan { count: 0, max_timestamp: NO_TIMESTAMP, offsets_in_order: true };
        let mut errors: Vec<(i32, String, ErrorCode)> = Vec::new();
        let log_append_time = batch.timestamp_type() == TimestampType::LogAppendTime;
        for record in RawRecords::new(&body, batch.count()) {
            let record = record?;
            let delta_time = batch.delta_base().wrapping_add(record.timestamp_delta);
            let timestamp = if log_append_time { batch.max_timestamp() } else { delta_time };
            if let Some((code, reason)) = self.check_record(batch, &record, timestamp) {
                errors.push((scan.count, reason, code));
            }
            scan.max_timestamp = scan.max_timestamp.max(timestamp);
            // Only compressed batches are rewritten for wrong inner offsets; in others the leader just counts.
            scan.offsets_in_order &= !batch.is_compressed() || record.offset_delta == scan.count;
            scan.count += 1;
        }
        if errors.is_empty() { Ok(scan) } else { Err(rejected(errors)) }
    }

    fn check_record(&self, batch: &BatchView, record: &RawRecord<'_>, timestamp: i64) -> Option<(ErrorCode, String)> {
        if self.config.compact && record.key.is_none() {
            let partition = self.partition;
            let reason = format!("Compacted topic cannot accept message without key in topic partition {partition}");
            return Some((ErrorCode::InvalidRecord, reason));
        }
        let offset = batch.base_offset().wrapping_add(i64::from(record.offset_delta));
        if self.config.message_timestamp_type == TimestampType::CreateTime && timestamp != NO_TIMESTAMP {
            let (before, after) =
                (self.config.message_timestamp_before_max_ms, self.config.message_timestamp_after_max_ms);
            let age = self.now_ms.wrapping_sub(timestamp);
            if age <= before && age.wrapping_neg() <= after {
                return None;
            }
            let (from, to) = (self.now_ms.wrapping_sub(before), self.now_ms.wrapping_add(after));
            return Some((
                ErrorCode::InvalidTimestamp,
                format!(
                    "Timestamp {timestamp} of message with offset {offset} is out of range. The timestamp should be \
                     within [{from}, {to}]"
                ),
            ));
        }
        if batch.timestamp_type() != TimestampType::LogAppendTime {
            return None;
        }
        let len = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        Some((
            ErrorCode::InvalidTimestamp,
            format!(
                "Invalid timestamp type in message DefaultRecord(offset={offset}, timestamp={timestamp}, key={} bytes, \
                 value={} bytes). Producer should not set timestamp type to LogAppendTime.",
                len(record.key),
                len(record.value)
            ),
        ))
    }

    /// Writes the batch anew with the topic's codec.
    fn rebuild(&self, batch: &BatchView, target: Codec, next_offset: i64) -> Result<Validated, AppendError> {
        let mut builder = BatchBuilder::new(next_offset)
            .with_leader_epoch(self.leader_epoch)
            .with_producer(batch.producer_id(), batch.producer_epoch(), batch.base_sequence())
            .with_codec(target);
        builder.transactional = batch.is_transactional();
        builder.timestamp_type = self.config.message_timestamp_type;
        builder.log_append_time = self.now_ms;
        for record in batch.records() {
            let record = record?;
            builder.append(record.timestamp, record.key.as_deref(), record.value.as_deref(), &record.headers);
        }
        let end = next_offset + i64::from(builder.count());
        let max_timestamp = match builder.timestamp_type {
            TimestampType::LogAppendTime => self.now_ms,
            TimestampType::CreateTime => builder.max_timestamp(),
        };
        let bytes = builder.build();
        if bytes.len() as i64 > i64::from(self.config.max_message_bytes) {
            return Err(AppendError::new(
                ErrorCode::MessageTooLarge,
                format!(
                    "Message batch size is {} bytes in append topartition {} which exceeds the maximum configured size \
                     of {}.",
                    bytes.len(),
                    self.partition,
                    self.config.max_message_bytes
                ),
            ));
        }
        Ok(Validated { batches: vec![bytes], next_offset: end, max_timestamp })
    }
}

/// What one pass over the records found.
struct Scan {
    count: i32,
    max_timestamp: i64,
    /// Each record's offset delta is its place in the batch.
    offsets_in_order: bool,
}

/// One bad record rejects the whole batch; the response names each of them.
fn rejected(errors: Vec<(i32, String, ErrorCode)>) -> AppendError {
    let record_errors: Vec<(i32, String)> = errors.iter().map(|(index, reason, _)| (*index, reason.clone())).collect();
    if errors.iter().any(|(_, _, code)| *code == ErrorCode::InvalidTimestamp) {
        let message = "One or more records have been rejected due to invalid timestamp".to_string();
        return AppendError { code: ErrorCode::InvalidTimestamp, message, record_errors };
    }
    let shown: Vec<String> = record_errors
        .iter()
        .take(3)
        .map(|(index, reason)| format!("RecordError(batchIndex={index}, message='{reason}')"))
        .collect();
    let message = format!(
        "One or more records have been rejected due to {} record errors in total, and only showing the first three \
         errors at most: [{}]",
        record_errors.len(),
        shown.join(", ")
    );
    AppendError { code: ErrorCode::InvalidRecord, message, record_errors }
}

fn invalid(message: String) -> AppendError {
    AppendError::new(ErrorCode::InvalidRecord, message)
}

impl From<BatchError> for AppendError {
    fn from(error: BatchError) -> AppendError {
        AppendError::new(error.code(), error.to_string())
    }
}

const _: () = assert!(CURRENT_MAGIC == 2, "the rules above are those of magic 2");
