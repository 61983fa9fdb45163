//! Cases that run a segment or a whole log.

use std::sync::Arc;

use base::Uuid;
use bytes::Bytes;
use protocol::{ErrorCode, Records, TopicPartition};
use serde_json::Value;
use sim::Disk;

use super::{at, config, digits, equal, hex, list, number, rows};
use crate::batch::{BatchBuilder, BatchView, EndTransactionMarker, NO_SEQUENCE, end_transaction_batch};
use crate::producer_state::{ProducerStateEntry, snapshot_bytes};
use crate::segment::{LogSegment, RollParams};
use crate::{AppendError, AppendInfo, AppendOrigin, LogConfig, Opening, UnifiedLog};

/// A batch as the recorder made them: key `k`, a value of zeros.
fn plain_batch(base: i64, count: i64, timestamp: i64, value: usize) -> Bytes {
    let mut builder = BatchBuilder::new(base).with_leader_epoch(0);
    for _ in 0..count {
        builder.append(timestamp, Some(b"k"), Some(&vec![0; value]), &[]);
    }
    builder.build()
}

/// The batch of that many bytes; the recorder drew the size of the values.
fn batch_of_size(base: i64, count: i64, timestamp: i64, size: i64) -> Result<Bytes, String> {
    let batches = (0..4_096).map(|value| plain_batch(base, count, timestamp, value));
    batches
        .take_while(|batch| batch.len() as i64 <= size)
        .last()
        .filter(|batch| batch.len() as i64 == size)
        .ok_or_else(|| format!("no batch of {count} records has {size} bytes"))
}

fn segment(case: &Value, disk: &mut Disk, created: i64) -> Result<LogSegment, String> {
    let dir: Arc<str> = "t-0".into();
    let base = number(case, "base")?;
    let mut segment = LogSegment::create(disk, &dir, base, &config(case)?, at(created));
    for row in rows(case, "batches")? {
        let batch = batch_of_size(row[0], row[1], row[2], row[3])?;
        if !segment.append(disk, &[BatchView::trusted(batch)], at(created)) {
            return Err("the disk is full".to_string());
        }
    }
    Ok(segment)
}

pub(super) fn segment_roll(case: &Value) -> Result<(), String> {
    let segment = segment(case, &mut Disk::new(), number(case, "created")?)?;
    equal("size", i64::from(segment.size()), number(case, "size")?)?;
    for ask in list(case, "asks")? {
        let number = |at: usize| ask[at].as_i64().ok_or("an ask is numbers");
        let params = RollParams {
            max_segment_ms: number(0)?,
            max_segment_bytes: number(1)? as i32,
            max_timestamp: number(2)?,
            last_offset: number(3)?,
            bytes: number(4)?,
            now_ms: number(5)?,
        };
        equal(&format!("roll {ask}"), Some(segment.should_roll(params)), ask[6].as_bool())?;
    }
    Ok(())
}

pub(super) fn indexes(case: &Value) -> Result<(), String> {
    let mut disk = Disk::new();
    let mut segment = segment(case, &mut disk, 0)?;
    if case["rolled"] == Value::Bool(true) {
        segment.become_inactive(&mut disk, at(0));
    }
    let offsets: Vec<Vec<i64>> = segment.offset_index().entries().map(|(o, p)| vec![o, i64::from(p)]).collect();
    equal("offset entries", offsets, rows(case, "offset_entries")?)?;
    let times: Vec<Vec<i64>> = segment.time_index().entries().map(|e| vec![e.timestamp, e.offset]).collect();
    equal("time entries", times, rows(case, "time_entries")?)?;
    for row in rows(case, "index_lookup")? {
        let (offset, position) = segment.offset_index().lookup(row[0]);
        equal("index lookup", vec![row[0], offset, i64::from(position)], row)?;
    }
    for row in rows(case, "time_lookup")? {
        let found = segment.time_index().lookup(row[0]);
        equal("time lookup", vec![row[0], found.timestamp, found.offset], row)?;
    }
    for row in rows(case, "find")? {
        let mut ours = vec![row[0]];
        if let Some(batch) = segment.batches().get(segment.batches().find(row[0])) {
            ours.extend([batch.base_offset(), i64::from(batch.position), batch.bytes.len() as i64]);
        }
        equal("find", ours, row)?;
    }
    for row in rows(case, "find_by_time")? {
        let mut ours = vec![row[0]];
        if let Some((record, _)) = segment.find_by_timestamp(row[0], segment.base_offset()) {
            ours.extend([record.timestamp, record.offset]);
        }
        equal("find by time", ours, row)?;
    }
    for (suffix, key) in [(".index", "index"), (".timeindex", "timeindex")] {
        let file = disk.file(&segment.path(suffix)).ok_or("no index file")?.contents();
        equal(key, digits(&file), digits(&hex(case, key)?))?;
    }
    Ok(())
}

pub(super) fn open(disk: &mut Disk, config: LogConfig, now: i64) -> UnifiedLog {
    let opening = Opening {
        topic_id: Uuid::ZERO,
        config: config.into(),
        clean_shutdown: true,
        recovery_point: 0,
        log_start: 0,
        high_watermark: 0,
    };
    UnifiedLog::open_with(disk, "t-0", TopicPartition::new("t", 0), opening, at(now))
}

pub(super) fn retention(case: &Value) -> Result<(), String> {
    let mut disk = Disk::new();
    // The recorder's clock when it opened the log.
    let mut log = open(&mut disk, config(case)?, 1_700_000_000_000);
    for step in list(case, "steps")? {
        let now = at(number(step, "now")?);
        if let Some(count) = step["append"].as_i64() {
            let batch = plain_batch(0, count, number(step, "timestamp")?, number(step, "value_size")? as usize);
            equal("bytes", batch.len() as i64, number(step, "bytes")?)?;
            let records = Records::of(vec![batch]);
            let result = log.append_as_leader(&mut disk, &records, 0, now, AppendOrigin::Client);
            equal("message", result.err().map(|e| e.message).as_deref(), step["message"].as_str())?;
        } else if let Some(deleted) = step["retention"].as_i64() {
            log.update_high_watermark(number(step, "high_watermark")?);
            equal("segments deleted", log.delete_old_segments(&mut disk, now).len() as i64, deleted)?;
        } else if let Some(offset) = step["delete_records"].as_i64() {
            log.update_high_watermark(log.log_end());
            log.increment_log_start(&mut disk, offset, now).map_err(|code| format!("{code:?}"))?;
        } else {
            log.truncate_to(&mut disk, number(step, "truncate")?, now);
        }
        let segments: Vec<Vec<i64>> =
            log.segments().iter().map(|segment| vec![segment.base_offset, i64::from(segment.bytes)]).collect();
        equal(&format!("segments after {step}"), segments, rows(step, "segments")?)?;
        let ours = (log.log_start(), log.log_end());
        equal("log start and end", ours, (number(step, "log_start")?, number(step, "log_end")?))?;
    }
    for row in rows(case, "offset_for_time")? {
        let found = log.offset_for_timestamp(row[0]).map(|(timestamp, offset, _)| [timestamp, offset]);
        let ours: Vec<i64> = [row[0]].into_iter().chain(found.into_iter().flatten()).collect();
        equal("offset for time", ours, row)?;
    }
    let max = log.max_timestamp_offset().map(|(timestamp, offset, _)| vec![timestamp, offset]);
    equal("max timestamp", max, case.get("max_timestamp").map(super::numbers).transpose()?)
}

pub(super) fn producer_state(case: &Value) -> Result<(), String> {
    let mut disk = Disk::new();
    let mut log = open(&mut disk, LogConfig::default(), 1_700_000_000_000);
    for (step, append) in list(case, "appends")?.iter().enumerate() {
        let before = log.log_end();
        let result = append_of_producer(&mut disk, &mut log, append);
        let what = format!("append {}", step + 1);
        match &result {
            Ok(info) => {
                let kafkas = (append["first_offset"].as_i64(), append["last_offset"].as_i64());
                equal(&what, (Some(info.base_offset), Some(info.last_offset)), kafkas)?;
                equal(&what, info.duplicate, append["duplicate"] == Value::Bool(true))?;
                equal(&what, info.duplicate, log.log_end() == before)?;
            }
            Err(error) => {
                equal(&what, Some(error.message.as_str()), append["message"].as_str())?;
                equal(&what, Some(exception(error.code)), append["error"].as_str())?;
            }
        }
        log.update_high_watermark(number(append, "hw")?.max(log.high_watermark()));
        let ours = [log.log_end(), log.high_watermark(), log.last_stable_offset()];
        equal(&what, ours, [number(append, "leo")?, number(append, "hw")?, number(append, "lso")?])?;
    }
    log.update_high_watermark(log.log_end());
    producers_at_the_end(case, &log)?;
    let aborted: Vec<Vec<i64>> = log
        .aborted_transactions(0, log.log_end())
        .iter()
        .map(|txn| vec![txn.producer_id, txn.first_offset, txn.last_offset, txn.last_stable_offset])
        .collect();
    equal("aborted", aborted, rows(case, "aborted")?)?;
    equal("last stable offset", log.last_stable_offset(), number(case, "lso")?)?;
    let txn_index = disk.file("t-0/00000000000000000000.txnindex").map(|file| digits(&file.contents()));
    equal("txnindex", txn_index.as_deref(), case["txnindex"].as_str())
}

fn append_of_producer(disk: &mut Disk, log: &mut UnifiedLog, append: &Value) -> Result<AppendInfo, AppendError> {
    let long = |key: &str| append[key].as_i64().unwrap_or(-1);
    let (id, epoch) = (long("producer_id"), long("epoch") as i16);
    let now = at(1_700_000_000_000);
    if let Some(marker) = append["marker"].as_str() {
        let marker =
            EndTransactionMarker { committed: marker == "COMMIT", coordinator_epoch: long("coordinator_epoch") as i32 };
        let records = Records::of(vec![end_transaction_batch(id, epoch, marker, now.epoch_ms)]);
        let version = long("transaction_version") as i16;
        return log.take_as_leader(disk, records, 0, now, AppendOrigin::Coordinator, version);
    }
    let replicated = append["replicated"] == Value::Bool(true);
    let mut builder = BatchBuilder::new(if replicated { log.log_end() } else { 0 }).with_leader_epoch(0).with_producer(
        id,
        epoch,
        append["sequence"].as_i64().map_or(NO_SEQUENCE, |sequence| sequence as i32),
    );
    builder.transactional = append["transactional"] == Value::Bool(true);
    for at in 0..long("count") {
        builder.append(now.epoch_ms, Some(b"k"), Some(format!("v{at}").as_bytes()), &[]);
    }
    let records = Records::of(vec![builder.build()]);
    if replicated {
        return log.append_as_follower(disk, &records, now);
    }
    log.take_as_leader(disk, records, 0, now, AppendOrigin::Client, -1)
}

fn producers_at_the_end(case: &Value, log: &UnifiedLog) -> Result<(), String> {
    let kafkas = list(case, "producers")?;
    equal("producers", log.producers().producers().len(), kafkas.len())?;
    let mut dated = log.producers().producers().clone();
    for kafka in kafkas {
        let id = number(kafka, "producer_id")?;
        let ours: &mut ProducerStateEntry = dated.get_mut(&id).ok_or_else(|| format!("no producer {id}"))?;
        let numbers = [i64::from(ours.producer_epoch), i64::from(ours.last_sequence()), ours.last_data_offset()];
        let keys = ["epoch", "last_sequence", "last_offset"].map(|key| kafka[key].as_i64());
        equal(&format!("producer {id}"), numbers.map(Some), keys)?;
        equal("coordinator epoch", i64::from(ours.coordinator_epoch), number(kafka, "coordinator_epoch")?)?;
        equal("open transaction", ours.current_txn_first_offset, kafka["txn_first_offset"].as_i64())?;
        let batches: Vec<Vec<i64>> = ours
            .batches
            .iter()
            .map(|b| vec![i64::from(b.first_sequence()), i64::from(b.last_sequence), b.first_offset(), b.last_offset])
            .collect();
        equal(&format!("batches of {id}"), batches, rows(kafka, "batches")?)?;
        // The clock of each append was not recorded.
        ours.last_timestamp = number(kafka, "last_timestamp")?;
    }
    match case["snapshot"].as_str() {
        Some(snapshot) => equal("snapshot", digits(&snapshot_bytes(&dated)).as_str(), snapshot),
        None => Ok(()),
    }
}

/// The class of Kafka's exception for a code.
pub(super) fn exception(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::OutOfOrderSequenceNumber => "OutOfOrderSequenceException",
        ErrorCode::InvalidProducerEpoch => "InvalidProducerEpochException",
        ErrorCode::InvalidTxnState => "InvalidTxnStateException",
        ErrorCode::TransactionCoordinatorFenced => "TransactionCoordinatorFencedException",
        ErrorCode::CorruptMessage => "CorruptRecordException",
        ErrorCode::InvalidRecord => "InvalidRecordException",
        ErrorCode::InvalidTimestamp => "InvalidTimestampException",
        ErrorCode::MessageTooLarge => "RecordTooLargeException",
        ErrorCode::RecordListTooLarge => "RecordBatchTooLargeException",
        _ => "KafkaException",
    }
}
