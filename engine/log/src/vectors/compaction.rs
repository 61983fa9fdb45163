//! Cases that run the cleaner, pass after pass.

use base::Map;

use bytes::Bytes;
use protocol::Records;
use serde_json::{Value, json};
use sim::Disk;

use super::logs::open;
use super::{at, config, equal, list, number};
use crate::batch::{
    BatchBuilder, BatchView, ControlRecordType, EndTransactionMarker, Record, control_record_type,
    end_transaction_batch,
};
use crate::{AppendOrigin, LogToClean, UnifiedLog};

/// Keys that fit the map of a case that says nothing of it, and the tenths of them that are used.
const MAP_SLOTS: i64 = 1_000;
const LOAD_TENTHS: i64 = 9;

/// Next sequence number of each producer.
type Sequences = Map<i64, i32>;

pub(super) fn compaction(case: &Value) -> Result<(), String> {
    let mut disk = Disk::new();
    let mut log = open(&mut disk, config(case)?, 1_700_000_000_000);
    let room = (case["map_slots"].as_i64().unwrap_or(MAP_SLOTS) * LOAD_TENTHS / 10) as usize;
    let (mut checkpoint, mut sequences) = (None, Sequences::new());
    for (number_of_pass, pass) in list(case, "passes")?.iter().enumerate() {
        for step in list(pass, "steps")? {
            take(&mut disk, &mut log, step, &mut sequences)?;
        }
        let what = |text: &str| format!("pass {}: {text}", number_of_pass + 1);
        let now = at(number(pass, "now")?);
        log.update_high_watermark(number(pass, "high_watermark")?);
        equal(&what("last stable offset"), log.last_stable_offset(), number(pass, "last_stable_offset")?)?;
        equal(&what("log end"), log.log_end(), number(pass, "log_end")?)?;
        let work = log.to_clean(checkpoint, now);
        equal(&what("work"), told(&work, log.config().min_cleanable_dirty_ratio_ppm), expected(pass))?;
        if pass["skipped"] != Value::Bool(true) {
            checkpoint = log.clean(&mut disk, &work, room, now);
            equal(&what("cleaned to"), checkpoint, pass["cleaned_to"].as_i64())?;
        }
        let segments = list(pass, "segments")?;
        equal(&what("segments"), log.segments().len(), segments.len())?;
        for (ours, kafkas) in segments_of(&log).into_iter().zip(segments) {
            equal(&what("segment"), ours.to_string(), kafkas.to_string())?;
        }
    }
    Ok(())
}

const FIELDS: [&str; 7] = [
    "first_dirty",
    "first_uncleanable",
    "uncleanable_segment",
    "clean_bytes",
    "cleanable_bytes",
    "must_compact_now",
    "eligible",
];

fn expected(pass: &Value) -> Vec<Value> {
    FIELDS.iter().map(|field| pass[field].clone()).collect()
}

fn told(work: &LogToClean, min_ratio_ppm: u32) -> Vec<Value> {
    vec![
        json!(work.first_dirty),
        json!(work.first_uncleanable_offset),
        json!(work.first_uncleanable),
        json!(work.clean_bytes),
        json!(work.cleanable_bytes),
        json!(work.must_compact_now),
        json!(work.is_eligible(min_ratio_ppm)),
    ]
}

fn take(disk: &mut Disk, log: &mut UnifiedLog, step: &Value, sequences: &mut Sequences) -> Result<(), String> {
    if let Some(offset) = step["roll"].as_i64() {
        log.roll(disk, log.log_end(), at(1_700_000_000_000));
        return equal("roll", log.log_end(), offset);
    }
    let now = at(number(step, "time")?);
    let (batch, origin) = match step["marker"].as_str() {
        Some(marker) => {
            let marker = EndTransactionMarker { committed: marker == "COMMIT", coordinator_epoch: 0 };
            let batch = end_transaction_batch(number(step, "producer_id")?, 0, marker, now.epoch_ms);
            (batch, AppendOrigin::Coordinator)
        }
        None => (batch(step, now.epoch_ms, sequences)?, AppendOrigin::Client),
    };
    let records = Records::of(vec![batch]);
    let info = log.append_as_leader(disk, &records, 0, now, origin).map_err(|error| error.message)?;
    equal("offset", info.base_offset, number(step, "offset")?)
}

fn batch(step: &Value, time: i64, sequences: &mut Sequences) -> Result<Bytes, String> {
    let records = list(step, "batch")?;
    let mut builder = BatchBuilder::new(0);
    if let Some(id) = step["producer_id"].as_i64() {
        let sequence = sequences.entry(id).or_insert(0);
        builder = builder.with_producer(id, 0, *sequence);
        *sequence += records.len() as i32;
    }
    builder.transactional = step["transactional"] == Value::Bool(true);
    for record in records {
        let bytes = |at: usize| record[at].as_str().map(str::as_bytes);
        builder.append(time, bytes(0), bytes(1), &[]);
    }
    Ok(builder.build())
}

fn segments_of(log: &UnifiedLog) -> Vec<Value> {
    let segments = log.segments();
    let ends = segments.iter().skip(1).map(|segment| segment.base_offset).chain([i64::MAX]);
    let mut told = Vec::new();
    for (segment, end) in segments.iter().zip(ends) {
        let batches: Vec<Value> = log.batches_between(segment.base_offset, end).map(|batch| batch_of(&batch)).collect();
        told.push(json!({"base": segment.base_offset, "size": segment.bytes, "batches": batches}));
    }
    told
}

fn batch_of(batch: &BatchView) -> Value {
    let records: Vec<Value> =
        batch.records().map_while(Result::ok).map(|record| record_of(&record, batch.is_control())).collect();
    json!([
        batch.base_offset(),
        batch.last_offset(),
        batch.delete_horizon_ms(),
        batch.producer_id(),
        batch.is_control(),
        records
    ])
}

fn record_of(record: &Record, control: bool) -> Value {
    let text = |bytes: &Option<Bytes>| bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if control {
        let name = match control_record_type(record) {
            Some(ControlRecordType::Commit) => "COMMIT",
            _ => "ABORT",
        };
        return json!([record.offset, name, null, record.timestamp]);
    }
    json!([record.offset, text(&record.key), text(&record.value), record.timestamp])
}
