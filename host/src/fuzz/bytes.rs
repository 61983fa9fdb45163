//! Targets that read bytes: record batches, a partition's folder, Kafka's messages and the records inside them.

use std::fs;
use std::path::Path;

use base::{Micros, Uuid};
use bytes::Bytes;
use log::batch::{
    AnyBatch, AnyBatches, BatchBuilder, BatchView, Codec, EndTransactionMarker, RawRecords, control_record_type,
};
use log::{AppendOrigin, LogConfig, UnifiedLog};
use protocol::coordinator::{
    GroupRecordKey, GroupRecordValue, ShareGroupRecordKey, ShareGroupRecordValue, TransactionRecordKey,
    TransactionRecordValue,
};
use protocol::metadata::MetadataRecord;
use protocol::{ApiKey, ErrorCode, Packet, Records, Request, Response, TopicPartition};
use serde_json::Value;
use sim::Disk;

use super::Target;

const NOW: Micros = Micros(1_000_000);
/// Before the damaged body: API, version, and whether it is a request (bit 0) in a frame of its own (bit 1).
const PREFIX: usize = 5;

pub fn targets(root: &Path) -> Result<Vec<Target>, String> {
    let mut batches = batches();
    for file in ["batches", "batches-old", "batches-corrupt"] {
        batches.extend(cases(root, file)?.iter().filter_map(|case| hex(case, "hex")));
    }
    let target =
        |name, weight, seeds, run: fn(&[u8]) -> bool| Target { name, weight, seeds, words: &[], run: Box::new(run) };
    Ok(vec![
        target("batch", 24, batches.clone(), read_batches),
        target("append", 8, batches, append),
        target("folder", 1, folders(), open_folder),
        target("protocol", 24, messages(root)?, read_message),
        target("record", 16, records(root)?, read_record),
    ])
}

/// A case file of the vectors.
fn cases(root: &Path, name: &str) -> Result<Vec<Value>, String> {
    let path = root.join(format!("tests/vectors/{name}.json"));
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    file["cases"].as_array().cloned().ok_or_else(|| format!("{} has no cases", path.display()))
}

fn hex(case: &Value, field: &str) -> Option<Vec<u8>> {
    let digits = case.get(field)?.as_str()?;
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

/// One of each codec, some of a transaction, one that only marks.
fn batches() -> Vec<Vec<u8>> {
    let headers = vec![("trace".to_string(), Some(Bytes::from_static(b"1"))), ("none".to_string(), None)];
    let mut batches = Vec::new();
    for codec in Codec::ALL {
        for transactional in [false, true] {
            let mut builder = BatchBuilder::new(0).with_producer(7, 0, 0).with_codec(codec);
            builder.transactional = transactional;
            for at in 0..6 {
                builder.append(NOW.as_epoch_ms() + at, Some(b"key"), Some(b"some value, some value"), &headers);
            }
            batches.push(builder.build().to_vec());
        }
    }
    let marker = EndTransactionMarker { committed: true, coordinator_epoch: 3 };
    batches.push(log::batch::end_transaction_batch(7, 0, marker, NOW.as_epoch_ms()).to_vec());
    batches
}

/// Half of the damaged batches get the checksum that belongs to them: only those come far.
fn with_right_checksum(input: &[u8]) -> Bytes {
    let mut bytes = input.to_vec();
    if bytes.len() > 61 && bytes[16] == 2 && bytes.len().is_multiple_of(2) {
        let end = i32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]).saturating_add(12);
        let end = usize::try_from(end).unwrap_or(0).clamp(61, bytes.len());
        let crc = crc32c::crc32c(&bytes[21..end]).to_be_bytes();
        bytes[17..21].copy_from_slice(&crc);
    }
    bytes.into()
}

/// Everything that a reader does with a batch.
fn read_batches(input: &[u8]) -> bool {
    let mut is_read = false;
    for batch in AnyBatches::new(with_right_checksum(input)).flatten() {
        match batch {
            AnyBatch::V2(batch) => is_read |= read_batch(&batch),
            AnyBatch::Legacy(batch) => is_read |= batch.ensure_valid().is_ok() && batch.records().is_ok(),
        }
    }
    is_read
}

fn read_batch(batch: &BatchView) -> bool {
    let _marker = EndTransactionMarker::of_batch(batch);
    let (_last, _sequence) = (batch.next_offset(), batch.last_sequence());
    let Ok(body) = batch.body() else { return false };
    let raw = RawRecords::new(&body, batch.count()).map_while(Result::ok);
    let headers: usize = raw.map(|record| record.headers().count()).sum();
    let records: Vec<_> = batch.records().map_while(Result::ok).collect();
    let counted: usize = records.iter().map(|record| record.headers.len()).sum();
    assert_eq!(headers, counted, "in place and handed out, records have the same headers");
    let _types: Vec<_> = records.iter().map(control_record_type).collect();
    batch.ensure_valid().is_ok()
}

fn new_log(disk: &mut Disk, config: LogConfig) -> UnifiedLog {
    UnifiedLog::open(disk, "t-0", TopicPartition::new("t", 0), Uuid(1), config, NOW, true, 0, 0)
}

/// A leader takes it or not; what it takes a follower takes too, and both can be read and cleaned.
fn append(input: &[u8]) -> bool {
    let bytes = with_right_checksum(input);
    let settings: &[(&str, &str)] = match bytes.len() % 3 {
        0 => &[("compression.type", "lz4")],
        1 => &[("cleanup.policy", "compact"), ("min.cleanable.dirty.ratio", "0")],
        _ => &[("message.timestamp.type", "LogAppendTime")],
    };
    let config = LogConfig::of(settings.iter().copied());
    let records = Records::from_bytes(bytes);
    let (mut disk, mut other) = (Disk::new(), Disk::new());
    let (mut leader, mut follower) = (new_log(&mut disk, config.clone()), new_log(&mut other, config));
    let taken = leader.append_as_leader(&mut disk, &records, 3, NOW, AppendOrigin::Client);
    // Whatever a leader sends, a follower must not fall over it.
    let _direct = follower.append_as_follower(&mut other, &records, NOW);
    let Ok(taken) = taken.filter_bytes() else { return false };
    let end = leader.log_end();
    assert_eq!(end, taken.last_offset + 1);
    let read = leader.read(0, 1 << 20, true, end).expect("what was taken can be read");
    let (mut disk, config) = (Disk::new(), LogConfig::clone(leader.config()));
    let mut copy = new_log(&mut disk, config);
    copy.append_as_follower(&mut disk, &read, NOW).expect("a follower takes what its leader took");
    assert_eq!(copy.log_end(), end);
    copy.update_high_watermark(end);
    let pass = copy.to_clean(None, NOW);
    let _cleaned = copy.clean(&mut disk, &pass, 1 << 16, NOW);
    let _found = copy.offset_for_timestamp(NOW.as_epoch_ms());
    true
}

/// Only what has bytes was taken.
trait FilterBytes {
    fn filter_bytes(self) -> Result<log::AppendInfo, ()>;
}

impl FilterBytes for Result<log::AppendInfo, log::AppendError> {
    fn filter_bytes(self) -> Result<log::AppendInfo, ()> {
        match self {
            Ok(info) if info.bytes > 0 => Ok(info),
            Ok(_) => Err(()),
            Err(error) => {
                // As Java's own exception where Kafka reads past the end of what it was given.
                let is_unexpected = error.code == ErrorCode::UnknownServerError;
                assert!(is_unexpected || !error.message.is_empty(), "a refusal has words");
                Err(())
            }
        }
    }
}

/// The files of a small log, each as one seed: length of the path, path, contents.
fn folders() -> Vec<Vec<u8>> {
    small_log()
        .files()
        .filter(|(_, file)| !file.contents().is_empty())
        .map(|(path, file)| [&[path.len() as u8], path.as_bytes(), &file.contents()].concat())
        .collect()
}

fn small_log() -> Disk {
    let mut disk = Disk::new();
    let mut log = new_log(&mut disk, LogConfig::of([("segment.bytes", "500"), ("index.interval.bytes", "100")]));
    for sequence in 0..8 {
        let mut builder = BatchBuilder::new(0).with_producer(7, 0, sequence);
        builder.transactional = true;
        builder.append(NOW.as_epoch_ms(), Some(b"k"), Some(&[b'v'; 80]), &[]);
        let records = Records::of(vec![builder.build()]);
        log.append_as_leader(&mut disk, &records, sequence / 3, NOW, AppendOrigin::Client).expect("a sound batch");
    }
    let marker = EndTransactionMarker { committed: false, coordinator_epoch: 1 };
    log.append_end_txn_marker(&mut disk, (7, 0), marker, 0, 3, NOW).expect("a sound marker");
    log.close(&mut disk, NOW);
    disk
}

/// A start over a folder with one damaged file, and what a broker does next.
fn open_folder(input: &[u8]) -> bool {
    let Some((len, rest)) = input.split_first() else { return false };
    let (path, contents) = rest.split_at((*len as usize).min(rest.len()));
    let Ok(path) = std::str::from_utf8(path) else { return false };
    let mut disk = small_log();
    disk.write(path, Bytes::copy_from_slice(contents), NOW);
    for is_clean in [true, false] {
        let mut disk = disk.clone();
        let config = LogConfig::of([("segment.bytes", "500"), ("index.interval.bytes", "100")]);
        let partition = TopicPartition::new("t", 0);
        let mut log = UnifiedLog::open(&mut disk, "t-0", partition, Uuid(1), config, NOW, is_clean, 0, 4);
        assert!(log.log_start() <= log.log_end());
        assert!(log.read(log.log_start(), 1 << 20, true, log.log_end()).is_ok());
        let _found = log.offset_for_timestamp(NOW.as_epoch_ms());
        log.truncate_to(&mut disk, log.log_start().max(3), NOW);
        log.close(&mut disk, NOW);
    }
    true
}

fn messages(root: &Path) -> Result<Vec<Vec<u8>>, String> {
    let mut seeds = Vec::new();
    for file in ["protocol-requests", "protocol-responses", "protocol-rest"] {
        for case in cases(root, file)? {
            let (Some(api), Some(version)) = (case["key"].as_i64(), case["version"].as_i64()) else { continue };
            let is_request = u8::from(case["type"] == "request");
            let Some(body) = hex(&case, "hex") else { continue };
            let prefix = [&(api as i16).to_be_bytes()[..], &(version as i16).to_be_bytes()].concat();
            seeds.push([&prefix[..], &[is_request], &body].concat());
            let Some(api) = ApiKey::from_code(api as i16) else { continue };
            if is_request == 1 {
                let version = version as i16;
                let Ok(body) = Request::decode(api, version, &mut Bytes::from(body)) else { continue };
                let packet = Packet::Request {
                    correlation_id: 7,
                    client_id: "größe".into(),
                    api_version: version,
                    body: body.into(),
                };
                let frame = packet.encode().map_err(|error| format!("{file}: {error}"))?;
                seeds.push([&prefix[..], &[3], &frame].concat());
            }
        }
    }
    Ok(seeds)
}

/// What was read must also be writable in that version, or say why not; and read again it is the same.
fn read_message(input: &[u8]) -> bool {
    let Some((prefix, body)) = input.split_first_chunk::<PREFIX>() else { return false };
    let (code, version) = (i16::from_be_bytes([prefix[0], prefix[1]]), i16::from_be_bytes([prefix[2], prefix[3]]));
    let Some(api) = ApiKey::from_code(code) else { return false };
    let mut body = Bytes::copy_from_slice(body);
    let mut out = Vec::new();
    match prefix[4] % 4 {
        0 => {
            let Ok(read) = Response::decode(api, version, &mut body) else { return false };
            if read.encode(version, &mut out).is_ok() {
                let again = Response::decode(api, version, &mut out.into());
                assert!(again.is_ok_and(|again| again == read), "a response that was written reads as itself");
            }
            true
        }
        1 => {
            let Ok(read) = Request::decode(api, version, &mut body) else { return false };
            if read.encode(version, &mut out).is_ok() {
                let again = Request::decode(api, version, &mut out.into());
                assert!(again.is_ok_and(|again| again == read), "a request that was written reads as itself");
            }
            true
        }
        2 => Packet::decode_response(api, version, &body).is_ok(),
        _ => {
            let _length = Packet::frame_len(&body);
            Packet::decode_request(&body).is_ok()
        }
    }
}

/// A byte says of which kind: metadata, or key or value of a coordinator's record.
fn records(root: &Path) -> Result<Vec<Vec<u8>>, String> {
    let framed = |case: &Value| Some([&[0][..], &hex(case, "framed")?].concat());
    let mut seeds: Vec<Vec<u8>> = cases(root, "metadata-records")?.iter().filter_map(framed).collect();
    for case in cases(root, "coordinator-records")? {
        let kind = match case["topic"].as_str() {
            Some("__consumer_offsets") => 1,
            Some("__transaction_state") => 2,
            _ => 3,
        };
        seeds.extend(hex(&case, "key_hex").map(|key| [&[kind][..], &key].concat()));
        let id = case["id"].as_i64().unwrap_or_default() as u8;
        seeds.extend(hex(&case, "value_hex").map(|value| [&[kind + 3, id][..], &value].concat()));
    }
    Ok(seeds)
}

fn read_record(input: &[u8]) -> bool {
    let Some((kind, bytes)) = input.split_first() else { return false };
    let bytes = Bytes::copy_from_slice(bytes);
    let (id, value) = match bytes.split_first() {
        Some((id, _)) => (i16::from(*id), bytes.slice(1..)),
        None => (0, bytes.clone()),
    };
    match kind % 7 {
        0 => match MetadataRecord::decode(&bytes) {
            Ok((record, version)) => record.encode(version).is_ok(),
            Err(_) => false,
        },
        1 => GroupRecordKey::decode(&bytes).is_ok_and(|key| key.encode().is_ok()),
        2 => TransactionRecordKey::decode(&bytes).is_ok_and(|key| key.encode().is_ok()),
        3 => ShareGroupRecordKey::decode(&bytes).is_ok_and(|key| key.encode().is_ok()),
        4 => GroupRecordValue::decode(id, &value).is_ok_and(|(value, version)| value.encode(version).is_ok()),
        5 => TransactionRecordValue::decode(id, &value).is_ok_and(|(value, version)| value.encode(version).is_ok()),
        _ => ShareGroupRecordValue::decode(id, &value).is_ok_and(|(value, version)| value.encode(version).is_ok()),
    }
}
