//! What stays of a batch (`Cleaner.cleanInto`, `MemoryRecords.filterTo`).

use base::Map;

use bytes::Bytes;

use super::{CleanedTransactions, OffsetMap};
use crate::batch::{BatchBuilder, BatchView, Codec, RawRecord, RawRecords, RecordHeader, TimestampType};
use crate::producer_state::ProducerStateEntry;

pub(super) struct Filter<'a> {
    pub newest: &'a OffsetMap,
    pub producers: &'a Map<i64, ProducerStateEntry>,
    pub transactions: &'a mut CleanedTransactions,
    pub end_of_pass: i64,
    pub now_ms: i64,
    pub delete_retention_ms: i64,
}

/// What is decided about a batch before its records are looked at.
struct Verdict {
    /// No record of it stays.
    discard_records: bool,
    /// The header stays even without records.
    retain_empty: bool,
    /// A marker of which nothing else is left.
    ends_nothing: bool,
}

impl Filter<'_> {
    /// The batch as the cleaned segment holds it; nothing if it goes.
    pub fn apply(&mut self, batch: &BatchView) -> Option<Bytes> {
        let verdict = self.judge(batch);
        // An emptied batch is not even unpacked.
        let body = if batch.count() == 0 { Bytes::new() } else { batch.body().unwrap_or_default() };
        let (mut all, mut kept) = (0, Vec::new());
        let mut records = RawRecords::new(&body, if body.is_empty() { 0 } else { batch.count() });
        while let Ok(Some(record)) = records.advance() {
            all += 1;
            if !verdict.discard_records && self.retains(batch, record) {
                kept.push(*record);
            }
        }
        if kept.is_empty() {
            return verdict.retain_empty.then(|| empty_header(batch));
        }
        let has_tombstones = kept.iter().any(|record| record.value.is_none());
        let needs_horizon = (has_tombstones || verdict.ends_nothing) && batch.delete_horizon_ms().is_none();
        if kept.len() == all && !needs_horizon {
            return Some(batch.bytes().clone());
        }
        let horizon =
            if needs_horizon { Some(self.now_ms + self.delete_retention_ms) } else { batch.delete_horizon_ms() };
        Some(rebuilt(batch, &kept, horizon))
    }

    fn judge(&mut self, batch: &BatchView) -> Verdict {
        let may_go = if batch.is_control() {
            self.transactions.on_control_batch(batch)
        } else {
            self.transactions.on_batch(batch)
        };
        let is_over = || batch.delete_horizon_ms().is_some_and(|horizon| horizon <= self.now_ms);
        Verdict {
            discard_records: may_go && (!batch.is_control() || is_over()),
            // The last batch of a live producer tells its last sequence number, that of the pass its last offset.
            retain_empty: self.is_last_of_producer(batch) || batch.next_offset() == self.end_of_pass,
            ends_nothing: may_go && batch.is_control(),
        }
    }

    fn is_last_of_producer(&self, batch: &BatchView) -> bool {
        let Some(producer) = self.producers.get(&batch.producer_id()) else { return false };
        match producer.last_data_offset() {
            offset if offset >= 0 => batch.last_offset() == offset,
            _ => batch.is_control() && batch.producer_epoch() == producer.producer_epoch,
        }
    }

    fn retains(&self, batch: &BatchView, record: &RawRecord<'_>) -> bool {
        let offset = record.offset_in(batch);
        if batch.is_control() || offset > self.newest.latest {
            return true;
        }
        let Some(key) = record.key else { return false };
        let is_newest = self.newest.get(key).is_none_or(|newest| offset >= newest);
        let waits = || batch.delete_horizon_ms().is_none_or(|horizon| self.now_ms < horizon);
        is_newest && (record.value.is_some() || waits())
    }
}

/// A batch without records: offsets and sequence numbers are all it tells.
fn empty_header(batch: &BatchView) -> Bytes {
    let mut builder = like(batch);
    builder.codec = Codec::None;
    builder.set_max_timestamp(batch.max_timestamp());
    builder.build_ending_at(batch.last_offset())
}

/// The kept records under the header of the batch that they came in.
fn rebuilt(batch: &BatchView, kept: &[RawRecord<'_>], delete_horizon_ms: Option<i64>) -> Bytes {
    let mut builder = like(batch);
    builder.codec = batch.codec().unwrap_or(Codec::None);
    builder.delete_horizon_ms = delete_horizon_ms;
    for record in kept {
        let own = |(key, value): (&[u8], Option<&[u8]>)| {
            (String::from_utf8_lossy(key).into_owned(), value.map(Bytes::copy_from_slice))
        };
        let headers: Vec<RecordHeader> = record.headers().map(own).collect();
        let (offset, timestamp) = (record.offset_in(batch), record.timestamp_in(batch));
        builder.append_with_offset(offset, timestamp, record.key, record.value, &headers);
    }
    builder.build_ending_at(batch.last_offset())
}

fn like(batch: &BatchView) -> BatchBuilder {
    let mut builder = BatchBuilder::new(batch.base_offset())
        .with_room(batch.size())
        .with_leader_epoch(batch.leader_epoch())
        .with_producer(batch.producer_id(), batch.producer_epoch(), batch.base_sequence());
    builder.timestamp_type = batch.timestamp_type();
    if builder.timestamp_type == TimestampType::LogAppendTime {
        builder.log_append_time = batch.max_timestamp();
    }
    builder.transactional = batch.is_transactional();
    builder.control = batch.is_control();
    builder
}
