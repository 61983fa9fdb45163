//! Cases that are contents of small files.

use base::{Map, Micros, Uuid};

use protocol::TopicPartition;
use serde_json::Value;
use sim::Disk;

use super::{digits, equal, hex, list, number, numbers, rows, text};
use crate::checkpoint;
use crate::epochs::LeaderEpochCache;
use crate::producer_state::{BatchMetadata, ProducerStateEntry, read_snapshot, snapshot_bytes};

pub(super) fn leader_epochs(case: &Value) -> Result<(), String> {
    let mut cache = LeaderEpochCache::default();
    let entries =
        |cache: &LeaderEpochCache| cache.entries().iter().map(|e| vec![i64::from(e.epoch), e.start_offset]).collect();
    for step in list(case, "steps")? {
        let step = step.as_array().ok_or("a step is a list")?;
        let number = |at: usize| step.get(at).and_then(Value::as_i64).ok_or_else(|| format!("step {step:?}"));
        match step[0].as_str() {
            Some("assign") => cache.assign(number(1)? as i32, number(2)?),
            Some("truncate_end") => cache.truncate_from_end(number(1)?),
            Some("truncate_start") => cache.truncate_from_start(number(1)?),
            other => return Err(format!("unknown step {other:?}")),
        };
        let after = step.last().and_then(Value::as_array).ok_or("a step ends with the entries")?;
        let kafkas: Vec<Vec<i64>> = after.iter().map(numbers).collect::<Result<_, _>>()?;
        equal(&format!("entries after {step:?}"), entries(&cache), kafkas)?;
    }
    let log_end = number(case, "log_end")?;
    // The file is made empty, and written with the first change.
    let changed = list(case, "steps")?.iter().any(|step| step[0] == "assign");
    for row in rows(case, "end_offset_for")? {
        let (epoch, offset) = cache.end_offset_for(row[0] as i32, log_end);
        equal("end_offset_for", vec![row[0], i64::from(epoch), offset], row)?;
    }
    let file = if changed { cache.to_text() } else { String::new() };
    equal("file", file.as_str(), text(case, "file")?)?;
    let mut disk = Disk::new();
    cache.write(&mut disk, "t-0", Micros::ZERO);
    let read = checkpoint::read_leader_epochs(&disk, "t-0").map_err(|error| error.to_string())?;
    equal("entries read back", read.as_slice(), cache.entries())
}

pub(super) fn small_file(case: &Value) -> Result<(), String> {
    match text(case, "kind")? {
        "producer-snapshot" => producer_snapshot(case),
        "partition.metadata" => {
            let id: Uuid = text(case, "topic_id")?.parse().map_err(|_| "not an id")?;
            equal("text", checkpoint::partition_metadata_text(id).as_str(), text(case, "text")?)
        }
        _ => offset_checkpoint(case),
    }
}

fn producer_snapshot(case: &Value) -> Result<(), String> {
    let mut producers = Map::new();
    for entry in list(case, "entries")? {
        let last = BatchMetadata {
            last_sequence: number(entry, "last_sequence")? as i32,
            last_offset: number(entry, "last_offset")?,
            offset_delta: number(entry, "offset_delta")? as i32,
            timestamp: number(entry, "timestamp")?,
        };
        let state = ProducerStateEntry {
            producer_epoch: number(entry, "epoch")? as i16,
            coordinator_epoch: number(entry, "coordinator_epoch")? as i32,
            last_timestamp: last.timestamp,
            current_txn_first_offset: Some(number(entry, "txn_first_offset")?).filter(|first| *first >= 0),
            batches: if last.last_offset >= 0 { vec![last] } else { Vec::new() },
        };
        producers.insert(number(entry, "producer_id")?, state);
    }
    let file = hex(case, "hex")?;
    let read: Map<_, _> = read_snapshot(&file)?.into_iter().collect();
    equal("entries read", &read, &producers)?;
    // The recorded maps are in the order of their making, a running broker's in that of Java's hashes.
    let order = |bytes: &[u8]| -> Vec<String> {
        let mut entries: Vec<String> = bytes[10..].chunks(46).map(digits).collect();
        entries.sort();
        entries
    };
    let ours = snapshot_bytes(&producers);
    equal("entries", order(&ours), order(&file))?;
    equal("head", &ours[..2], &file[..2])?;
    if producers.len() < 2 { equal("bytes", digits(&ours), digits(&file)) } else { Ok(()) }
}

fn offset_checkpoint(case: &Value) -> Result<(), String> {
    let mut offsets = Map::new();
    for entry in list(case, "entries")? {
        let topic = entry[0].as_str().ok_or("an entry starts with a topic")?;
        let partition = entry[1].as_i64().ok_or("then a partition")?;
        offsets.insert(TopicPartition::new(topic, partition as i32), entry[2].as_i64().ok_or("then an offset")?);
    }
    let kafkas = text(case, "text")?;
    let mut disk = Disk::new();
    disk.write("checkpoint", kafkas.to_string().into(), Micros::ZERO);
    let read = checkpoint::read_offsets(&disk, "checkpoint").map_err(|error| error.to_string())?;
    equal("entries read", &read, &offsets)?;
    // The order of the lines is that of a hash map.
    let sorted = |text: &str| -> Vec<String> {
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        lines[2.min(text.lines().count())..].sort();
        lines
    };
    equal(
        "lines",
        sorted(&checkpoint::offsets_text(&offsets.iter().map(|(id, offset)| (id, *offset)).collect::<Vec<_>>())),
        sorted(kafkas),
    )
}
