//! What a leader checks before it takes a client's batch, and what it writes into it (`LogValidator`,
//! `UnifiedLog.analyzeAndValidateRecords`). Pure: nothing is appended here.

use bytes::Bytes;
use protocol::{ErrorCode, TopicPartition};

use crate::batch::{
    AnyBatch, BatchBuilder, BatchError, BatchView, CURRENT_MAGIC, Codec, LegacyBatch, NO_TIMESTAMP, RawRecord,
    RawRecords, Record, TimestampType, any_batches_in, stamp_with_time,
};
use crate::{AppendError, AppendOrigin, LogConfig};

/// Bytes of the smallest message of magic 0, with its offset and size.
const SMALLEST_BATCH: u32 = 26;

/// What is known before the offsets are assigned.
#[derive(Clone, Debug)]
pub struct Analyzed {
    pub batches: Vec<BatchView>,
    /// Messages of magic 0 or 1, which the leader converts. Only one of the two lists has entries.
    pub legacy: Vec<LegacyBatch>,
    pub max_timestamp: i64,
    pub source_codec: Codec,
}

impl Analyzed {
    /// The last codec counts; no batch with one comes together with another.
    fn take_codec(&mut self, codec: Codec) {
        if codec != Codec::None {
            self.source_codec = codec;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.legacy.is_empty()
    }
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
    pub fn analyze(&self, chunks: &mut dyn Iterator<Item = Bytes>, is_verified: bool) -> Result<Analyzed, AppendError> {
        let mut analyzed = Analyzed {
            batches: Vec::new(),
            legacy: Vec::new(),
            max_timestamp: NO_TIMESTAMP,
            source_codec: Codec::None,
        };
        for batch in any_batches_in(chunks) {
            let batch = match batch {
                Ok(AnyBatch::V2(batch)) => batch,
                Ok(AnyBatch::Legacy(batch)) => {
                    self.check_size_and_crc(batch.size(), batch.crc(), batch.verify_crc())?;
                    analyzed.take_codec(batch.codec()?);
                    analyzed.legacy.push(batch);
                    continue;
                }
                Err(BatchError::Short { size, stored_crc }) => {
                    // As long as the smallest message of the old formats, it is looked at and read past its end.
                    if size == SMALLEST_BATCH {
                        return Err(AppendError::new(ErrorCode::UnknownServerError, String::new()));
                    }
                    self.check_size_and_crc(size as usize, stored_crc, false)?;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            self.check_header(&batch)?;
            // A follower also skips what a later leader wrote than the one it follows (KAFKA-18723).
            let follows = self.origin == AppendOrigin::Replication;
            if follows && self.leader_epoch >= 0 && batch.leader_epoch() > self.leader_epoch {
                break;
            }
            self.check_size_and_crc(batch.size(), batch.crc(), is_verified || batch.verify_crc())?;
            analyzed.max_timestamp = analyzed.max_timestamp.max(batch.max_timestamp());
            analyzed.take_codec(batch.codec()?);
            analyzed.batches.push(batch);
        }
        Ok(analyzed)
    }

    fn check_header(&self, batch: &BatchView) -> Result<(), AppendError> {
        match self.origin {
            AppendOrigin::RaftLeader if batch.leader_epoch() != self.leader_epoch => Err(invalid(format!(
                "Append from Raft leader did not set the batch epoch correctly, expected {} but the batch has {}",
                self.leader_epoch,
                batch.leader_epoch()
            ))),
            AppendOrigin::Client if batch.base_offset() != 0 => Err(invalid(format!(
                "The baseOffset of the record batch in the append to {} should be 0, but it is {}",
                self.partition,
                batch.base_offset()
            ))),
            _ => Ok(()),
        }
    }

    fn check_size_and_crc(&self, size: usize, crc: u32, crc_is_right: bool) -> Result<(), AppendError> {
        let (partition, limit) = (self.partition, self.config.max_message_bytes);
        // What a leader once took, its followers take too, whatever the limit is by now.
        if self.origin != AppendOrigin::Replication && size as i64 > i64::from(limit) {
            return Err(AppendError::new(
                ErrorCode::MessageTooLarge,
                format!(
                    "The record batch size in the append to {partition} is {size} bytes which exceeds the maximum \
                     configured value of {limit})."
                ),
            ));
        }
        if crc_is_right {
            return Ok(());
        }
        Err(AppendError::new(
            ErrorCode::CorruptMessage,
            format!("Record is corrupt (stored crc = {crc}) in topic partition {partition}."),
        ))
    }

    /// Checks the records of the one batch of a client or coordinator and gives it offsets from `next_offset` on.
    pub fn assign_offsets(&self, analyzed: Analyzed, next_offset: i64) -> Result<Validated, AppendError> {
        let target = self.config.compression.target(analyzed.source_codec);
        if let Some(first) = analyzed.legacy.first() {
            let magic = first.magic();
            return self.convert(&analyzed, magic, target, next_offset);
        }
        let mut batches = analyzed.batches.into_iter();
        let Some(batch) = batches.next() else {
            return Err(invalid("Record batch has no batches at all".to_string()));
        };
        if batches.next().is_some() {
            return Err(invalid("Compressed outer record has more than one batch".to_string()));
        }
        self.check_batch(&batch)?;
        let scan = self.scan_records(&batch)?;
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
        let unpacked = if batch.is_compressed() { Some(batch.body()?) } else { None };
        let body = unpacked.as_deref().unwrap_or(batch.packed());
        let mut scan = Scan { count: 0, max_timestamp: NO_TIMESTAMP, offsets_in_order: true };
        let mut errors: Vec<(i32, String, ErrorCode)> = Vec::new();
        let log_append_time = batch.timestamp_type() == TimestampType::LogAppendTime;
        let (base, count) = (batch.base_timestamp(), batch.count());
        let in_place = !batch.is_compressed();
        let mut records = RawRecords::new(body, count);
        while let Some(record) = records.advance()? {
            let delta_time = base.wrapping_add(record.timestamp_delta);
            let timestamp = if log_append_time { batch.max_timestamp() } else { delta_time };
            if (log_append_time || !self.is_plain(record.key.is_some(), timestamp))
                && let Some((code, reason)) = self.check_record(batch, record, timestamp)
            {
                errors.push((scan.count, reason, code));
            }
            scan.max_timestamp = scan.max_timestamp.max(timestamp);
            // Only compressed batches are rewritten for wrong inner offsets; in others the leader just counts.
            scan.offsets_in_order &= in_place || record.offset_delta == scan.count;
            scan.count += 1;
        }
        if errors.is_empty() { Ok(scan) } else { Err(rejected(errors)) }
    }

    fn check_record(&self, batch: &BatchView, record: &RawRecord<'_>, timestamp: i64) -> Option<(ErrorCode, String)> {
        let offset = batch.base_offset().wrapping_add(i64::from(record.offset_delta));
        let problem = self.check_key_and_time(record.key.is_some(), offset, timestamp);
        if problem.is_some()
            || !self.is_append_time(timestamp)
            || batch.timestamp_type() != TimestampType::LogAppendTime
        {
            return problem;
        }
        // Records that stay packed as they came are read without keys and values: of these only the sizes are known.
        let is_partial =
            batch.is_compressed() && batch.codec().is_ok_and(|source| self.config.compression.target(source) == source);
        let (class, none) = if is_partial { ("PartialDefaultRecord", -1) } else { ("DefaultRecord", 0) };
        let len = |bytes: Option<&[u8]>| bytes.map_or(none, |bytes| bytes.len() as i64);
        Some(invalid_type(&format!(
            "{class}(offset={offset}, timestamp={timestamp}, key={} bytes, value={} bytes)",
            len(record.key),
            len(record.value)
        )))
    }

    /// The time of a record that is not checked, because the leader sets it or there is none.
    fn is_append_time(&self, timestamp: i64) -> bool {
        self.config.message_timestamp_type != TimestampType::CreateTime || timestamp == NO_TIMESTAMP
    }

    /// Key and time give no reason to look closer.
    #[inline]
    fn is_plain(&self, has_key: bool, timestamp: i64) -> bool {
        let age = self.now_ms.wrapping_sub(timestamp);
        let (before, after) = (self.config.message_timestamp_before_max_ms, self.config.message_timestamp_after_max_ms);
        (has_key || !self.config.compact) && age <= before && age.wrapping_neg() <= after
    }

    fn check_key_and_time(&self, has_key: bool, offset: i64, timestamp: i64) -> Option<(ErrorCode, String)> {
        if self.config.compact && !has_key {
            let partition = self.partition;
            let reason = format!("Compacted topic cannot accept message without key in topic partition {partition}");
            return Some((ErrorCode::InvalidRecord, reason));
        }
        if self.is_append_time(timestamp) {
            return None;
        }
        let (before, after) = (self.config.message_timestamp_before_max_ms, self.config.message_timestamp_after_max_ms);
        let age = self.now_ms.wrapping_sub(timestamp);
        if age <= before && age.wrapping_neg() <= after {
            return None;
        }
        let (from, to) = (self.now_ms.wrapping_sub(before), self.now_ms.wrapping_add(after));
        let reason = format!(
            "Timestamp {timestamp} of message with offset {offset} is out of range. The timestamp should be within \
             [{from}, {to}]"
        );
        Some((ErrorCode::InvalidTimestamp, reason))
    }

    /// Makes one batch of magic 2 out of messages of magic 0 or 1.
    fn convert(
        &self,
        analyzed: &Analyzed,
        magic: i8,
        target: Codec,
        next_offset: i64,
    ) -> Result<Validated, AppendError> {
        if analyzed.legacy.len() > 1 && analyzed.source_codec != Codec::None {
            return Err(invalid("Compressed outer record has more than one batch".to_string()));
        }
        let other = analyzed.legacy.iter().map(LegacyBatch::magic).find(|other| *other != magic);
        if let Some(other) = other.or(analyzed.batches.first().map(BatchView::magic)) {
            return Err(invalid(format!(
                "Batch magic {other} is not the same as the first batch's magic byte {magic} in topic partition {}",
                self.partition
            )));
        }
        let mut records = Vec::new();
        for batch in &analyzed.legacy {
            let mut errors: Vec<(i32, String, ErrorCode)> = Vec::new();
            for (index, record) in batch.records()?.into_iter().enumerate() {
                let mut problem = self.check_key_and_time(record.key.is_some(), record.offset, record.timestamp);
                let appended = self.is_append_time(record.timestamp);
                if problem.is_none() && appended && batch.timestamp_type() == Some(TimestampType::LogAppendTime) {
                    problem = Some(invalid_type(&batch.describe(index, &record)?));
                }
                errors.extend(problem.map(|(code, reason)| (index as i32, reason, code)));
                records.push(record);
            }
            if !errors.is_empty() {
                return Err(rejected(errors));
            }
        }
        let builder = BatchBuilder::new(next_offset).with_leader_epoch(self.leader_epoch).with_codec(target);
        self.build(builder, records, next_offset)
    }

    /// Writes the batch anew with the topic's codec.
    fn rebuild(&self, batch: &BatchView, target: Codec, next_offset: i64) -> Result<Validated, AppendError> {
        let mut builder = BatchBuilder::new(next_offset)
            .with_leader_epoch(self.leader_epoch)
            .with_producer(batch.producer_id(), batch.producer_epoch(), batch.base_sequence())
            .with_codec(target);
        builder.transactional = batch.is_transactional();
        let records: Vec<Record> = batch.records().collect::<Result<_, _>>()?;
        self.build(builder, records, next_offset)
    }

    fn build(
        &self,
        mut builder: BatchBuilder,
        records: Vec<Record>,
        next_offset: i64,
    ) -> Result<Validated, AppendError> {
        builder.timestamp_type = self.config.message_timestamp_type;
        builder.log_append_time = self.now_ms;
        builder.gzip_level = self.config.compression_gzip_level;
        for record in records {
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

fn invalid_type(record: &str) -> (ErrorCode, String) {
    let reason =
        format!("Invalid timestamp type in message {record}. Producer should not set timestamp type to LogAppendTime.");
    (ErrorCode::InvalidTimestamp, reason)
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
