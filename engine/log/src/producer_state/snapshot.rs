//! The `.snapshot` file: version, CRC-32C of what follows it, and one entry a producer (`ProducerSnapshot.json`).

use base::Map;

use bytes::Bytes;

use super::{BatchMetadata, ProducerStateEntry};

const VERSION: i16 = 1;
const CRC_AT: usize = 2;
const ENTRIES_AT: usize = 6;
const ENTRY_LEN: usize = 46;

/// The file's bytes. Kafka writes a `HashMap`, so the order of the entries is that of Java's hashes of the ids.
pub fn snapshot_bytes(producers: &Map<i64, ProducerStateEntry>) -> Bytes {
    let mut out = Vec::with_capacity(ENTRIES_AT + 4 + ENTRY_LEN * producers.len());
    out.extend_from_slice(&VERSION.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(producers.len() as i32).to_be_bytes());
    // `Long.hashCode` folds the halves.
    let order = protocol::java::hash_map_order(producers.keys().copied().collect(), |id| (id ^ (id >> 32)) as i32);
    for id in order {
        let entry = &producers[&id];
        let last = entry.batches.last();
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&entry.producer_epoch.to_be_bytes());
        out.extend_from_slice(&entry.last_sequence().to_be_bytes());
        out.extend_from_slice(&entry.last_data_offset().to_be_bytes());
        out.extend_from_slice(&last.map_or(0, |batch| batch.offset_delta).to_be_bytes());
        out.extend_from_slice(&entry.last_timestamp.to_be_bytes());
        out.extend_from_slice(&entry.coordinator_epoch.to_be_bytes());
        out.extend_from_slice(&entry.current_txn_first_offset.unwrap_or(-1).to_be_bytes());
    }
    let crc = base::crc::crc32c(&out[ENTRIES_AT..]);
    out[CRC_AT..ENTRIES_AT].copy_from_slice(&crc.to_be_bytes());
    out.into()
}

/// Reads a snapshot; the error says why it is not one.
pub fn read_snapshot(file: &[u8]) -> Result<Vec<(i64, ProducerStateEntry)>, String> {
    // Java's buffers have no word for their end but `null`.
    let refused = |why: String| format!("Snapshot failed schema validation: {why}");
    let version = file.first_chunk().map(|bytes| i16::from_be_bytes(*bytes));
    match version {
        Some(VERSION) => {}
        Some(other) => return Err(refused(format!("Snapshot contained an unknown file version {other}"))),
        None => return Err(refused("null".to_string())),
    }
    let (head, entries) = file.split_at_checked(ENTRIES_AT + 4).ok_or_else(|| refused("null".to_string()))?;
    let stored = u32::from_be_bytes([head[2], head[3], head[4], head[5]]);
    let computed = base::crc::crc32c(&file[ENTRIES_AT..]);
    if stored != computed {
        return Err(format!(
            "Snapshot is corrupt (CRC is no longer valid). Stored crc: {stored}. Computed crc: {computed}"
        ));
    }
    let count = i32::from_be_bytes([head[6], head[7], head[8], head[9]]);
    let entries = entries.as_chunks::<ENTRY_LEN>();
    if !entries.1.is_empty() || usize::try_from(count) != Ok(entries.0.len()) {
        return Err(refused(format!("{count} entries are announced")));
    }
    Ok(entries.0.iter().map(read_entry).collect())
}

fn read_entry(bytes: &[u8; ENTRY_LEN]) -> (i64, ProducerStateEntry) {
    let i16_at = |at: usize| i16::from_be_bytes(bytes[at..at + 2].try_into().expect("two bytes"));
    let i32_at = |at: usize| i32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let i64_at = |at: usize| i64::from_be_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let last = BatchMetadata {
        last_sequence: i32_at(10),
        last_offset: i64_at(14),
        offset_delta: i32_at(22),
        timestamp: i64_at(26),
    };
    let entry = ProducerStateEntry {
        producer_epoch: i16_at(8),
        coordinator_epoch: i32_at(34),
        last_timestamp: last.timestamp,
        current_txn_first_offset: Some(i64_at(38)).filter(|first| *first >= 0),
        batches: if last.last_offset >= 0 { vec![last] } else { Vec::new() },
    };
    (i64_at(0), entry)
}
