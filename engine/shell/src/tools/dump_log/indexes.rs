//! Offset index, time index, transaction index and producer snapshot.

use base::Map;

use clients::KafkaError;
use log::batch::{AnyBatch, AnyBatches};
use log::index::{AbortedTxn, OffsetIndex, TimeIndex};
use log::producer_state::read_snapshot;

use super::{SANITY_ONLY, VERIFY_ONLY, absolute, base_offset, beside, open};
use crate::tools::jopt::Options;
use crate::tools::straight::{Halt, Run};

pub fn dump_offsets(
    path: &str,
    options: &Options,
    mismatches: &mut Map<String, Map<i64, i64>>,
    tool: &mut Run<'_, '_, '_>,
) -> Result<(), Halt> {
    options.integer("max-message-size")?;
    let base = base_offset(path)?;
    let data = open(&beside(path, ".log"), tool)?;
    let file = open(path, tool)?;
    let index = OffsetIndex::read(base, i32::MAX, &file);
    let entries: Vec<(i64, i32)> = index.entries().collect();
    if entries.is_empty() {
        tool.println(format!("{path} is empty."));
        return Ok(());
    }
    if options.has(SANITY_ONLY) {
        tool.println(format!("{path} passed sanity check."));
        return Ok(());
    }
    for (at, (offset, position)) in entries.into_iter().enumerate() {
        // The file of a segment that is written to is longer than its entries.
        if offset == base && at > 0 {
            return Ok(());
        }
        let start = usize::try_from(position).unwrap_or(0);
        if start > data.len() {
            let log = beside(path, ".log");
            let why = format!(
                "Slice from position {position} exceeds end position of FileRecords(size={}, file={log}, start=0, \
                 end=2147483647)",
                data.len()
            );
            return Err(KafkaError::new("java.lang.IllegalArgumentException", why).into());
        }
        let Some(Ok(batch)) = AnyBatches::new(data.slice(start..)).next() else {
            return Err(Halt::Thrown(KafkaError {
                message: None,
                ..KafkaError::new("java.util.NoSuchElementException", "")
            }));
        };
        if last_offset(&batch) != offset {
            mismatches.entry(absolute(path)).or_default().insert(offset, last_offset(&batch));
        }
        if !options.has(VERIFY_ONLY) {
            tool.println(format!("offset: {offset} position: {position}"));
        }
    }
    Ok(())
}

fn last_offset(batch: &AnyBatch) -> i64 {
    match batch {
        AnyBatch::V2(batch) => batch.last_offset(),
        AnyBatch::Legacy(batch) => batch.last_offset(),
    }
}

/// What was wrong in time indexes, by file.
#[derive(Default)]
pub struct TimeErrors {
    mismatches: Map<String, Vec<(i64, i64)>>,
    out_of_order: Map<String, Vec<(i64, i64)>>,
    not_found: Map<String, Vec<(i64, i64)>>,
}

impl TimeErrors {
    pub fn print(&self, tool: &mut Run<'_, '_, '_>) {
        for (file, pairs) in &self.mismatches {
            tool.eprintln(format!("Found timestamp mismatch in :{file}"));
            for (index, log) in pairs {
                tool.eprintln(format!("  Index timestamp: {index}, log timestamp: {log}"));
            }
        }
        for (file, pairs) in &self.out_of_order {
            tool.eprintln(format!("Found out of order timestamp in :{file}"));
            for (index, before) in pairs {
                tool.eprintln(format!("  Index timestamp: {index}, Previously indexed timestamp: {before}"));
            }
        }
        for (file, pairs) in &self.not_found {
            tool.eprintln(format!("The following indexed offsets are not found in :{file}"));
            for (index, log) in pairs {
                tool.eprintln(format!("Indexed offset: {index}, found log offset: {log}"));
            }
        }
    }
}

pub fn dump_times(
    path: &str,
    options: &Options,
    errors: &mut TimeErrors,
    tool: &mut Run<'_, '_, '_>,
) -> Result<(), Halt> {
    let base = base_offset(path)?;
    let data = open(&beside(path, ".log"), tool)?;
    let offsets = OffsetIndex::read(base, i32::MAX, &trimmed(&open(&beside(path, ".index"), tool)?, 8));
    let index = TimeIndex::read(base, i32::MAX, &open(path, tool)?);
    if options.has(SANITY_ONLY) {
        check_times(path, base, &index)?;
        tool.println(format!("{path} passed sanity check."));
        return Ok(());
    }
    let mut previous = -1;
    for (at, entry) in index.entries().collect::<Vec<_>>().into_iter().enumerate() {
        if entry.offset == base && at > 0 {
            return Ok(());
        }
        let (_, position) = offsets.lookup(entry.offset);
        let start = usize::try_from(position).unwrap_or(0).min(data.len());
        let found = AnyBatches::new(data.slice(start..)).map_while(Result::ok).find(|b| last_offset(b) >= entry.offset);
        match found {
            None => errors.not_found.entry(absolute(path)).or_default().push((entry.offset, -1)),
            Some(batch) if last_offset(&batch) != entry.offset => {
                errors.not_found.entry(absolute(path)).or_default().push((entry.offset, last_offset(&batch)));
            }
            Some(batch) => {
                let latest = latest_timestamp(&batch);
                if latest != entry.timestamp {
                    errors.mismatches.entry(absolute(path)).or_default().push((entry.timestamp, latest));
                }
                if previous >= entry.timestamp {
                    errors.out_of_order.entry(absolute(path)).or_default().push((entry.timestamp, previous));
                }
            }
        }
        if !options.has(VERIFY_ONLY) {
            tool.println(format!("timestamp: {} offset: {}", entry.timestamp, entry.offset));
        }
        previous = entry.timestamp;
    }
    Ok(())
}

/// `TimeIndex.sanityCheck`. The file of a segment that is written to is longer than its entries and fails.
fn check_times(path: &str, base: i64, index: &TimeIndex) -> Result<(), Halt> {
    let (last, first) = (index.last(), index.entries().next());
    let Some(first) = first else { return Ok(()) };
    let what = if last.timestamp < first.timestamp {
        format!("timestamp is {} which is less than the first timestamp {}", last.timestamp, first.timestamp)
    } else if last.offset < base {
        format!("offset is {} which is less than the first offset {base}", last.offset)
    } else {
        return Ok(());
    };
    let file = absolute(path);
    let why = format!("Corrupt time index found, time index file ({file}) has non-zero size but the last {what}");
    Err(KafkaError::new("org.apache.kafka.storage.internals.log.CorruptIndexException", why).into())
}

/// An index without the zeros behind its last entry, which a look-up would take for entries.
fn trimmed(file: &[u8], entry: usize) -> Vec<u8> {
    let used = file.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    file[..used.next_multiple_of(entry).min(file.len())].to_vec()
}

fn latest_timestamp(batch: &AnyBatch) -> i64 {
    match batch {
        AnyBatch::V2(batch) => batch.records().map_while(Result::ok).map(|record| record.timestamp).max().unwrap_or(-1),
        AnyBatch::Legacy(batch) => {
            batch.records().unwrap_or_default().iter().map(|record| record.timestamp).max().unwrap_or(-1)
        }
    }
}

pub fn dump_producers(path: &str, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let file = open(path, tool)?;
    let entries = match read_snapshot(&file) {
        Ok(entries) => entries,
        Err(why) => {
            tool.eprintln(why);
            return Ok(());
        }
    };
    for (producer_id, entry) in entries {
        let first = match entry.current_txn_first_offset {
            Some(offset) => format!("OptionalLong[{offset}]"),
            None => "OptionalLong.empty".to_string(),
        };
        let mut line = format!(
            "producerId: {producer_id} producerEpoch: {} coordinatorEpoch: {} currentTxnFirstOffset: {first} \
             lastTimestamp: {}",
            entry.producer_epoch, entry.coordinator_epoch, entry.last_timestamp
        );
        if let Some(batch) = entry.batches.first() {
            line.push_str(&format!(
                " firstSequence: {} lastSequence: {} lastOffset: {} offsetDelta: {} timestamp: {}",
                batch.first_sequence(),
                batch.last_sequence,
                batch.last_offset,
                batch.offset_delta,
                batch.timestamp
            ));
        }
        tool.println(line);
    }
    Ok(())
}

pub fn dump_aborted(path: &str, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    base_offset(path)?;
    let file = open(path, tool)?;
    for aborted in AbortedTxn::read_all(&file) {
        tool.println(format!(
            "version: 0 producerId: {} firstOffset: {} lastOffset: {} lastStableOffset: {}",
            aborted.producer_id, aborted.first_offset, aborted.last_offset, aborted.last_stable_offset
        ));
    }
    Ok(())
}
