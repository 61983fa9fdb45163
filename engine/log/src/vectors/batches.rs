//! Cases that are batches: their bytes, what a reader sees, what a leader makes of them.

use bytes::Bytes;
use protocol::Records;
use serde_json::{Value, json};
use sim::Disk;

use super::logs::{exception, open};
use super::{at, config, digits, equal, hex, number, text};
use crate::batch::{
    AnyBatch, AnyBatches, BatchBuilder, BatchError, BatchView, Batches, Codec, LegacyBatch, Record, TimestampType,
};
use crate::segment::{LOG, file_name};
use crate::{AppendError, AppendInfo, AppendOrigin, LogConfig, UnifiedLog};

/// A batch is read as Kafka reads it, and written again byte for byte unless a compressor had its say.
pub(super) fn built(case: &Value) -> Result<(), String> {
    let bytes = hex(case, "hex")?;
    let batch = BatchView::new(bytes.clone()).map_err(words)?;
    batch.ensure_valid().map_err(words)?;
    same_batch(&batch, case, true)?;
    if batch.is_compressed() {
        rebuilds_to_same_records(&batch)
    } else {
        equal("bytes", digits(&rebuild(&batch)?), digits(&bytes))
    }
}

fn words(error: BatchError) -> String {
    error.to_string()
}

fn records_of(batch: &BatchView) -> Result<Vec<Record>, String> {
    batch.records().collect::<Result<_, _>>().map_err(words)
}

/// A recorded description against our view. Compressed sizes and checksums hang on the compressor: only bytes that were
/// given have to have them.
fn same_batch(batch: &BatchView, case: &Value, bytes_were_given: bool) -> Result<(), String> {
    let long = |key: &str, default: i64| case[key].as_i64().unwrap_or(default);
    let numbers = [
        ("magic", i64::from(batch.magic()), 2),
        ("base_offset", batch.base_offset(), 0),
        ("last_offset", batch.last_offset(), 0),
        ("leader_epoch", i64::from(batch.leader_epoch()), -1),
        ("base_timestamp", batch.base_timestamp(), -1),
        ("max_timestamp", batch.max_timestamp(), -1),
        ("count", i64::from(batch.count()), 0),
        ("producer_id", batch.producer_id(), -1),
        ("producer_epoch", i64::from(batch.producer_epoch()), -1),
        ("base_sequence", i64::from(batch.base_sequence()), -1),
        ("last_sequence", i64::from(batch.last_sequence()), -1),
        ("delete_horizon", batch.delete_horizon_ms().unwrap_or(-1), -1),
    ];
    for (key, ours, default) in numbers {
        // Kafka says nothing of the sequences of a batch without a producer.
        equal(key, ours, long(key, default))?;
    }
    if bytes_were_given || !batch.is_compressed() {
        equal("size", batch.size() as i64, long("size", 0))?;
        equal("crc", i64::from(batch.crc()), long("crc", 0))?;
    }
    equal("compression", batch.codec().map_err(words)?.name(), text(case, "compression")?)?;
    let kind = if batch.timestamp_type() == TimestampType::LogAppendTime { "LogAppendTime" } else { "CreateTime" };
    equal("timestamp type", kind, text(case, "timestamp_type")?)?;
    equal("transactional", batch.is_transactional(), case["transactional"] == Value::Bool(true))?;
    equal("control", batch.is_control(), case["control"] == Value::Bool(true))?;
    let ours: Vec<Value> = records_of(batch)?.iter().map(record_json).collect();
    equal("records", &Value::Array(ours), &case["records"])
}

fn record_json(record: &Record) -> Value {
    let part = |bytes: &Option<Bytes>| bytes.as_ref().map_or(Value::Null, |bytes| digits(bytes).into());
    let mut row = vec![json!(record.offset), json!(record.timestamp), part(&record.key), part(&record.value)];
    if !record.headers.is_empty() {
        row.push(record.headers.iter().map(|(key, value)| json!([key, part(value)])).collect());
    }
    Value::Array(row)
}

fn builder_for(batch: &BatchView, codec: Codec) -> Result<BatchBuilder, String> {
    let mut builder = BatchBuilder::new(batch.base_offset())
        .with_leader_epoch(batch.leader_epoch())
        .with_producer(batch.producer_id(), batch.producer_epoch(), batch.base_sequence())
        .with_codec(codec);
    builder.transactional = batch.is_transactional();
    builder.control = batch.is_control();
    builder.delete_horizon_ms = batch.delete_horizon_ms();
    builder.timestamp_type = batch.timestamp_type();
    builder.log_append_time = batch.max_timestamp();
    let mut deltas = Vec::new();
    if batch.timestamp_type() == TimestampType::LogAppendTime {
        // Readers see one time for all; the producer's own stand in the deltas.
        let body = batch.body().map_err(words)?;
        for record in crate::batch::RawRecords::new(&body, batch.count()) {
            deltas.push(batch.base_timestamp() + record.map_err(words)?.timestamp_delta);
        }
    }
    for (at, record) in records_of(batch)?.iter().enumerate() {
        let timestamp = deltas.get(at).copied().unwrap_or(record.timestamp);
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        builder.append_with_offset(record.offset, timestamp, key, value, &record.headers);
    }
    if builder.is_empty() {
        builder.set_max_timestamp(batch.max_timestamp());
    }
    Ok(builder)
}

fn rebuild(batch: &BatchView) -> Result<Bytes, String> {
    Ok(builder_for(batch, Codec::None)?.build_ending_at(batch.last_offset()))
}

fn rebuilds_to_same_records(batch: &BatchView) -> Result<(), String> {
    let codec = batch.codec().map_err(words)?;
    let again = BatchView::new(builder_for(batch, codec)?.build_ending_at(batch.last_offset())).map_err(words)?;
    equal("codec after packing again", again.codec(), Ok(codec))?;
    equal("records after packing again", records_of(&again)?, records_of(batch)?)
}

pub(super) fn corrupt(case: &Value) -> Result<(), String> {
    let bytes = hex(case, "hex")?;
    consumer_reads(&bytes, &case["read"])?;
    let mut disk = Disk::new();
    let mut log = open(&mut disk, LogConfig::default(), 1_700_000_001_000);
    let result = append_bytes(&mut disk, &mut log, bytes, 1_700_000_001_000);
    leader_answers(&disk, &log, 0, result, &case["append"])
}

/// Iterates as a consumer with `check.crcs` does.
fn consumer_reads(bytes: &Bytes, read: &Value) -> Result<(), String> {
    let (mut batches, mut records, mut failed) = (0, 0, None);
    for item in AnyBatches::new(bytes.clone()) {
        // An error in a length or magic is met before the batch is counted; one in the rest after that.
        batches += i64::from(matches!(item, Ok(_) | Err(BatchError::Short { .. })));
        let seen = item.and_then(|batch| match batch {
            AnyBatch::V2(batch) => {
                batch.ensure_valid()?;
                batch.records().collect::<Result<Vec<_>, _>>()
            }
            AnyBatch::Legacy(batch) => {
                batch.ensure_valid()?;
                batch.records()
            }
        });
        match seen {
            Ok(seen) => records += seen.len() as i64,
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    equal("read: batches", batches, read["batches"].as_i64().unwrap_or(0))?;
    match failed {
        Some(error) => equal("read: message", Some(words(error).as_str()), read["message"].as_str()),
        None => equal("read: records", Some(records), read["records"].as_i64()),
    }
}

/// Messages of magic 0 and 1: what a reader sees, and what a leader makes of them.
pub(super) fn old(case: &Value) -> Result<(), String> {
    let bytes = hex(case, "hex")?;
    let mut messages = AnyBatches::new(bytes.clone());
    for kafka in super::list(case, "batches")? {
        match messages.next() {
            Some(Ok(AnyBatch::Legacy(message))) => same_message(&message, kafka)?,
            other => return Err(format!("{other:?} is no message of magic 0 or 1")),
        }
    }
    equal("messages left over", messages.next(), None)?;
    let Some(append) = case.get("append") else { return Ok(()) };
    let now = 1_700_000_005_000;
    let mut disk = Disk::new();
    let mut log = open(&mut disk, LogConfig::default(), now);
    let result = append_bytes(&mut disk, &mut log, bytes, now);
    leader_answers(&disk, &log, 0, result, append)
}

fn same_message(message: &LegacyBatch, kafka: &Value) -> Result<(), String> {
    message.ensure_valid().map_err(words)?;
    let records = message.records().map_err(words)?;
    let numbers = [
        i64::from(message.magic()),
        records.first().map_or(-1, |record| record.offset),
        message.last_offset(),
        message.size() as i64,
        message.timestamp(),
    ];
    let keys = ["magic", "base_offset", "last_offset", "size", "max_timestamp"];
    equal("message", numbers.map(Some), keys.map(|key| kafka[key].as_i64()))?;
    equal("compression", message.codec().map_err(words)?.name(), text(kafka, "compression")?)?;
    let kind = match message.timestamp_type() {
        None => "NoTimestampType",
        Some(TimestampType::CreateTime) => "CreateTime",
        Some(TimestampType::LogAppendTime) => "LogAppendTime",
    };
    equal("timestamp type", kind, text(kafka, "timestamp_type")?)?;
    equal("records", &Value::Array(records.iter().map(record_json).collect()), &kafka["records"])
}

pub(super) fn append(case: &Value) -> Result<(), String> {
    let now = number(case, "now")?;
    let mut disk = Disk::new();
    let mut log = open(&mut disk, config(case)?, now);
    // The recorded log end is the one after a success.
    let before = case["first_offset"].as_i64().unwrap_or(number(case, "leo")?);
    for _ in 0..before {
        let mut builder = BatchBuilder::new(0);
        builder.append(now, Some(b"k"), Some(b"v"), &[]);
        let records = Records::of(vec![builder.build()]);
        // Where the topic's limits refuse even these, that is what was recorded.
        if let Err(error) = log.append_as_leader(&mut disk, &records, 0, at(now), AppendOrigin::Client) {
            return leader_answers(&disk, &log, 0, Err(error), case);
        }
    }
    let position = log.segments().last().map_or(0, |segment| segment.bytes);
    let result = append_bytes(&mut disk, &mut log, hex(case, "hex")?, now);
    leader_answers(&disk, &log, position, result, case)
}

fn append_bytes(disk: &mut Disk, log: &mut UnifiedLog, bytes: Bytes, now: i64) -> Result<AppendInfo, AppendError> {
    log.append_as_leader(disk, &Records::from_bytes(bytes), 7, at(now), AppendOrigin::Client)
}

/// `position`: the size of the active segment before the append.
fn leader_answers(
    disk: &Disk,
    log: &UnifiedLog,
    position: u32,
    result: Result<AppendInfo, AppendError>,
    kafka: &Value,
) -> Result<(), String> {
    let info = match result {
        Err(error) => {
            let message = Some(error.message.as_str()).filter(|message| !message.is_empty());
            equal("append: message", message, kafka["message"].as_str())?;
            equal("append: class", Some(exception(error.code)), kafka["error"].as_str()).or_else(|words| {
                // Unexpected exceptions of any class are UNKNOWN_SERVER_ERROR to a client.
                let unexpected = ["IllegalArgumentException", "IndexOutOfBoundsException"];
                let unexpected = unexpected.iter().any(|class| kafka["error"] == *class) && error.code.code() == -1;
                if unexpected { Ok(()) } else { Err(words) }
            })?;
            let ours: Vec<Value> = error.record_errors.iter().map(|(index, why)| json!([index, why])).collect();
            return equal("record errors", &Value::Array(ours), kafka.get("record_errors").unwrap_or(&json!([])));
        }
        Ok(info) => info,
    };
    let ours = [info.base_offset, info.last_offset, info.max_timestamp, info.log_append_time, log.log_end()];
    let keys = ["first_offset", "last_offset", "max_timestamp", "log_append_time", "leo"];
    equal("append: offsets and times", ours.map(Some), keys.map(|key| kafka[key].as_i64()))?;
    read_back(disk, log, position, kafka)
}

/// The recorder read what had been appended from where the active segment had ended before, even if that was rolled:
/// then it found nothing, or the middle of a batch.
fn read_back(disk: &Disk, log: &UnifiedLog, position: u32, kafka: &Value) -> Result<(), String> {
    let active = log.segments().last().map_or(0, |segment| segment.base_offset);
    let file = disk.file(&format!("t-0/{}", file_name(active, LOG))).ok_or("no segment file")?.contents();
    let Some(len) = file.len().checked_sub(position as usize) else {
        let short = file.len() as i64 - i64::from(position);
        return equal("read back", Some(format!("capacity < 0: ({short} < 0)").as_str()), kafka["message"].as_str());
    };
    let stored = file.slice(position as usize..position as usize + len);
    let mut ours = Batches::new(stored.clone());
    let none = Vec::new();
    for kafka in kafka["batches"].as_array().unwrap_or(&none) {
        let batch = ours.next().ok_or("a stored batch is missing")?.map_err(words)?;
        same_batch(&batch, kafka, false)?;
    }
    let failed = ours.find_map(Result::err).map(words);
    // What stands at that place hangs on the compressor where the batch is compressed.
    equal("read back", failed.is_some(), kafka["message"].is_string())?;
    match kafka["stored"].as_str() {
        Some(bytes) => equal("stored", digits(&stored).as_str(), bytes),
        None => Ok(()),
    }
}
