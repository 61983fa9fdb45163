//! Batches and records of a log, and of a snapshot of the metadata log.

use base::Map;

use bytes::Bytes;
use clients::KafkaError;
use log::batch::{
    AnyBatch, AnyBatches, BatchView, ControlRecordType, LOG_OVERHEAD, RECORD_OVERHEAD_V0, Record, TimestampType,
    control_record_type,
};
use protocol::embedded::kraft_version_record::KRaftVersionRecord;
use protocol::embedded::leader_change_message::LeaderChangeMessage;
use protocol::embedded::snapshot_footer_record::SnapshotFooterRecord;
use protocol::embedded::snapshot_header_record::SnapshotHeaderRecord;
use protocol::embedded::voters_record::VotersRecord;
use protocol::json::ToJson;
use protocol::{Message, codec};

use super::{Wanted, absolute, base_offset, open};
use crate::tools::straight::{Halt, Run};

const INDENT: &str = "|";
/// The file of a controller that was never part of a log.
const BOOTSTRAP: &str = "bootstrap.checkpoint";

pub fn dump(
    path: &str,
    wanted: &Wanted,
    gaps: &mut Map<String, Map<i64, i64>>,
    tool: &mut Run<'_, '_, '_>,
) -> Result<(), Halt> {
    let name = path.rsplit('/').next().unwrap_or(path);
    print_start(path, name, tool)?;
    let file = open(path, tool)?;
    let limit = usize::try_from(wanted.max_bytes).unwrap_or(0).min(file.len());
    let mut position = 0;
    let mut last_offset = -1;
    let mut batches = AnyBatches::new(file.slice(..limit));
    for batch in &mut batches {
        let Ok(batch) = batch else {
            let length = file.get(position + 8..position + LOG_OVERHEAD).and_then(|bytes| bytes.try_into().ok());
            let length = length.map_or(0, i32::from_be_bytes);
            // A size that cannot be: Kafka's reader throws where it looks for the next batch. One that does not fit ends
            // the file.
            if length < RECORD_OVERHEAD_V0 {
                let why = format!(
                    "Found record size {length} smaller than minimum record overhead ({RECORD_OVERHEAD_V0}) in file {path}."
                );
                return Err(KafkaError::new("org.apache.kafka.common.errors.CorruptRecordException", why).into());
            }
            break;
        };
        tool.println(batch_line(&batch, position));
        if wanted.deep {
            for (before, after) in dump_records(&batch, &mut last_offset, wanted, tool)? {
                gaps.entry(absolute(path)).or_default().insert(before, after);
            }
        }
        position += size(&batch);
    }
    let trailing = limit - position;
    if trailing > 0 && wanted.max_bytes == i32::MAX {
        tool.println(format!("Found {trailing} invalid bytes at the end of {name}"));
    }
    Ok(())
}

fn print_start(path: &str, name: &str, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    if name.ends_with(".log") {
        let start = base_offset(path)?;
        tool.println(format!("Log starting offset: {start}"));
    } else if name == BOOTSTRAP {
        tool.println("KRaft bootstrap snapshot");
    } else {
        // `00000000000000000123-0000000004.checkpoint`
        let id = name.trim_end_matches(".checkpoint").split_once('-');
        let parsed = id.and_then(|(offset, epoch)| Some((offset.parse::<i64>().ok()?, epoch.parse::<i32>().ok()?)));
        let Some((offset, epoch)) = parsed else {
            return Err(KafkaError::new("java.util.NoSuchElementException", "No value present").into());
        };
        tool.println(format!("Snapshot end offset: {offset}, epoch: {epoch}"));
    }
    Ok(())
}

fn size(batch: &AnyBatch) -> usize {
    match batch {
        AnyBatch::V2(batch) => batch.size(),
        AnyBatch::Legacy(batch) => batch.size(),
    }
}

fn batch_line(batch: &AnyBatch, position: usize) -> String {
    match batch {
        AnyBatch::V2(batch) => {
            let horizon = match batch.delete_horizon_ms() {
                Some(ms) => format!("OptionalLong[{ms}]"),
                None => "OptionalLong.empty".to_string(),
            };
            format!(
                "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} producerEpoch: \
                 {} partitionLeaderEpoch: {} isTransactional: {} isControl: {} deleteHorizonMs: {horizon} position: \
                 {position} {}: {} size: {} magic: {} compresscodec: {} crc: {} isvalid: {}",
                batch.base_offset(),
                batch.last_offset(),
                batch.count(),
                batch.base_sequence(),
                batch.last_sequence(),
                batch.producer_id(),
                batch.producer_epoch(),
                batch.leader_epoch(),
                batch.is_transactional(),
                batch.is_control(),
                kind(Some(batch.timestamp_type())),
                batch.max_timestamp(),
                batch.size(),
                batch.magic(),
                batch.codec().map_or("unknown", |codec| codec.name()),
                batch.crc(),
                batch.verify_crc()
            )
        }
        AnyBatch::Legacy(batch) => format!(
            "offset: {} position: {position} {}: {} size: {} magic: {} compresscodec: {} crc: {} isvalid: {}",
            batch.last_offset(),
            kind(batch.timestamp_type()),
            batch.timestamp(),
            batch.size(),
            batch.magic(),
            batch.codec().map_or("unknown", |codec| codec.name()),
            batch.crc(),
            batch.verify_crc()
        ),
    }
}

/// `TimestampType.toString`
fn kind(timestamp_type: Option<TimestampType>) -> &'static str {
    match timestamp_type {
        Some(TimestampType::CreateTime) => "CreateTime",
        Some(TimestampType::LogAppendTime) => "LogAppendTime",
        None => "NoTimestampType",
    }
}

/// The records of one batch, and where offsets jump.
fn dump_records(
    batch: &AnyBatch,
    last_offset: &mut i64,
    wanted: &Wanted,
    tool: &mut Run<'_, '_, '_>,
) -> Result<Vec<(i64, i64)>, Halt> {
    let records: Vec<Record> = match batch {
        AnyBatch::V2(batch) => batch.records().collect::<Result<_, _>>().map_err(unreadable)?,
        AnyBatch::Legacy(batch) => batch.records().map_err(unreadable)?,
    };
    let current = if let AnyBatch::V2(batch) = batch { Some(batch) } else { None };
    let is_control = current.is_some_and(BatchView::is_control);
    let mut gaps = Vec::new();
    for (at, record) in (0..).zip(&records) {
        if record.offset != *last_offset + 1 {
            gaps.push((*last_offset, record.offset));
        }
        *last_offset = record.offset;
        let mut line = String::new();
        if !wanted.skip_metadata {
            line.push_str(&metadata(batch, record, at));
            if is_control {
                line.push_str(&control(record));
            }
        }
        if wanted.contents && !is_control {
            let prefix = if wanted.skip_metadata { "| " } else { " " };
            match wanted.decoder.show(record, prefix) {
                Ok(shown) => line.push_str(&shown),
                Err(halt) => {
                    tool.print(line);
                    return Err(halt);
                }
            }
        }
        tool.println(line);
    }
    Ok(gaps)
}

fn unreadable(error: log::batch::BatchError) -> Halt {
    KafkaError::new(&error.code().exception(), error.to_string()).into()
}

fn metadata(batch: &AnyBatch, record: &Record, at: i32) -> String {
    let len = |part: &Option<Bytes>| part.as_ref().map_or(-1, |part| part.len() as i64);
    let timestamp_type = match batch {
        AnyBatch::V2(batch) => Some(batch.timestamp_type()),
        AnyBatch::Legacy(batch) => batch.timestamp_type(),
    };
    let mut text = format!(
        "{INDENT} offset: {} {}: {} keySize: {} valueSize: {}",
        record.offset,
        kind(timestamp_type),
        record.timestamp,
        len(&record.key),
        len(&record.value)
    );
    match batch {
        AnyBatch::V2(batch) => {
            let sequence = match batch.base_sequence() {
                log::batch::NO_SEQUENCE => log::batch::NO_SEQUENCE,
                base => {
                    let delta = record.offset.wrapping_sub(batch.base_offset());
                    log::batch::increment_sequence(base, i32::try_from(delta).unwrap_or(at))
                }
            };
            let keys: Vec<&str> = record.headers.iter().map(|(key, _)| key.as_str()).collect();
            text.push_str(&format!(" sequence: {sequence} headerKeys: [{}]", keys.join(",")));
        }
        AnyBatch::Legacy(batch) => {
            text.push_str(&format!(" isValid: {} crc: {}", batch.verify_crc(), batch.crc()));
        }
    }
    text
}

/// What a control record says.
fn control(record: &Record) -> String {
    let value = record.value.clone().unwrap_or_default();
    match control_record_type(record) {
        Some(kind @ (ControlRecordType::Abort | ControlRecordType::Commit)) => {
            let name = if kind == ControlRecordType::Abort { "ABORT" } else { "COMMIT" };
            let epoch = log::batch::EndTransactionMarker::read(record).map_or(-1, |marker| marker.coordinator_epoch);
            format!(" endTxnMarker: {name} coordinatorEpoch: {epoch}")
        }
        Some(ControlRecordType::LeaderChange) => format!(" LeaderChange: {}", shown::<LeaderChangeMessage>(&value)),
        Some(ControlRecordType::SnapshotHeader) => format!(" SnapshotHeader {}", shown::<SnapshotHeaderRecord>(&value)),
        Some(ControlRecordType::SnapshotFooter) => format!(" SnapshotFooter {}", shown::<SnapshotFooterRecord>(&value)),
        Some(ControlRecordType::KraftVersion) => format!(" KRaftVersion {}", shown::<KRaftVersionRecord>(&value)),
        Some(ControlRecordType::KraftVoters) => format!(" KRaftVoters {}", shown::<VotersRecord>(&value)),
        other => {
            let id =
                record.key.as_deref().and_then(|key| key.get(2..4)).map_or(-1, |id| i16::from_be_bytes([id[0], id[1]]));
            let name = if other.is_some() { "UNKNOWN" } else { "null" };
            format!(" controlType: {name}({id})")
        }
    }
}

/// These messages say their own version: a field of the message, which is also its first two bytes.
fn shown<M: Message + ToJson>(value: &Bytes) -> String {
    let version = value.get(..2).map_or(0, |head| i16::from_be_bytes([head[0], head[1]]));
    match codec::decode::<M>(&mut value.clone(), version) {
        Ok(message) => message.to_json(version).to_string(),
        Err(error) => error.to_string(),
    }
}
