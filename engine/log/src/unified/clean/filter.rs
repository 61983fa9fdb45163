//! What stays of a batch (`Cleaner.cleanInto`, `MemoryRecords.filterTo`).

use base::Map;

use bytes::Bytes;

use super::CleanedTransactions;
use crate::batch::{BatchBuilder, BatchView, Codec, Record, TimestampType};
use crate::producer_state::ProducerStateEntry;

pub(super) struct Filter<'a> {
    pub newest: &'a Map<Bytes, i64>,
    /// Keys were read up to here.
    pub latest: i64,
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
        let records: Vec<Record> = batch.records().map_while(Result::ok).collect();
        let all = records.len();
        let kept: Vec<Record> =
            records.into_iter().filter(|record| !verdict.discard_records && self.retains(batch, record)).collect();
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

    fn retains(&self, batch: &BatchView, record: &Record) -> bool {
        if batch.is_control() || record.offset > self.latest {
            return true;
        }
        let Some(key) = &record.key else { return false };
        let is_newest = self.newest.get(key).is_none_or(|newest| record.offset >= *newest);
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
fn rebuilt(batch: &BatchView, kept: &[Record], delete_horizon_ms: Option<i64>) -> Bytes {
    let mut builder = like(batch);
    builder.codec = batch.codec().unwrap_or(Codec::None);
    builder.delete_horizon_ms = delete_horizon_ms;
    for record in kept {
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        builder.append_with_offset(record.offset, record.timestamp, key, value, &record.headers);
    }
    builder.build_ending_at(batch.last_offset())
}

fn like(batch: &BatchView) -> BatchBuilder {
    let mut builder = BatchBuilder::new(batch.base_offset()).with_leader_epoch(batch.leader_epoch()).with_producer(
        batch.producer_id(),
        batch.producer_epoch(),
        batch.base_sequence(),
    );
    builder.timestamp_type = batch.timestamp_type();
    if builder.timestamp_type == TimestampType::LogAppendTime {
        builder.log_append_time = batch.max_timestamp();
    }
    builder.transactional = batch.is_transactional();
    builder.control = batch.is_control();
    builder
}
