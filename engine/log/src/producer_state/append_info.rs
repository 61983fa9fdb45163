//! Checking one append against what is known of its producer, before anything changes (`ProducerAppendInfo`).

use protocol::{ErrorCode, TopicPartition};

use super::{BatchMetadata, ProducerStateEntry};
use crate::AppendOrigin;
use crate::batch::{BatchView, EndTransactionMarker, NO_PRODUCER_EPOCH, NO_SEQUENCE};

/// Why a batch of a producer with an id is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerError {
    pub code: ErrorCode,
    pub message: String,
}

/// A transaction that a marker ended on this partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompletedTxn {
    pub producer_id: i64,
    pub first_offset: i64,
    /// Of the marker.
    pub last_offset: i64,
    pub aborted: bool,
}

/// A marker and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct TxnMarker {
    pub marker: EndTransactionMarker,
    pub producer_epoch: i16,
    pub offset: i64,
    pub timestamp: i64,
}

/// Where an append goes, for the error texts, and who makes it.
#[derive(Clone, Copy, Debug)]
pub struct AppendContext<'a> {
    pub partition: &'a TopicPartition,
    pub origin: AppendOrigin,
    /// `transaction.version` of the coordinator that writes a marker: from 2 on, every transaction has its own epoch.
    pub transaction_version: i16,
}

/// What one append makes of one producer's state.
#[derive(Clone, Debug)]
pub struct ProducerAppendInfo {
    producer_id: i64,
    current: ProducerStateEntry,
    pub(super) updated: ProducerStateEntry,
    /// First offsets of the transactions that began.
    pub(super) started: Vec<i64>,
}

impl ProducerAppendInfo {
    pub fn new(producer_id: i64, current: Option<&ProducerStateEntry>) -> ProducerAppendInfo {
        let current = current.cloned().unwrap_or_else(ProducerStateEntry::empty);
        let updated = ProducerStateEntry { batches: Vec::new(), ..current.clone() };
        ProducerAppendInfo { producer_id, current, updated, started: Vec::new() }
    }

    /// Takes one batch in. A marker that ends a transaction with data here comes back as completed.
    pub fn append(
        &mut self,
        batch: &BatchView,
        context: AppendContext<'_>,
    ) -> Result<Option<CompletedTxn>, ProducerError> {
        if !batch.is_control() {
            self.append_data(batch, context)?;
            return Ok(None);
        }
        let Some(record) = batch.records().next().and_then(Result::ok) else {
            // The cleaner emptied it: the whole transaction is gone from the log.
            return Ok(None);
        };
        let Some(marker) = EndTransactionMarker::read(&record) else { return Ok(None) };
        let (producer_epoch, offset) = (batch.producer_epoch(), batch.base_offset());
        self.append_marker(TxnMarker { marker, producer_epoch, offset, timestamp: record.timestamp }, context)
    }

    fn append_data(&mut self, batch: &BatchView, context: AppendContext<'_>) -> Result<(), ProducerError> {
        let (epoch, first_offset) = (batch.producer_epoch(), batch.base_offset());
        self.check_epoch(epoch, first_offset, AppendContext { transaction_version: -1, ..context })?;
        if context.origin == AppendOrigin::Client {
            self.check_sequence(epoch, batch.base_sequence(), first_offset, context.partition)?;
        }
        let metadata = BatchMetadata {
            last_sequence: batch.last_sequence(),
            last_offset: batch.last_offset(),
            offset_delta: batch.last_offset_delta(),
            timestamp: batch.max_timestamp(),
        };
        self.updated.add_batch(epoch, metadata);
        match self.updated.current_txn_first_offset {
            Some(_) if !batch.is_transactional() => error(
                ErrorCode::InvalidTxnState,
                format!(
                    "Expected transactional write from producer {} at offset (offset={first_offset}, segment=[-1:-1]) \
                     in partition {}",
                    self.producer_id, context.partition
                ),
            ),
            None if batch.is_transactional() => {
                self.updated.current_txn_first_offset = Some(first_offset);
                self.started.push(first_offset);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn append_marker(
        &mut self,
        marker: TxnMarker,
        context: AppendContext<'_>,
    ) -> Result<Option<CompletedTxn>, ProducerError> {
        self.check_epoch(marker.producer_epoch, marker.offset, context)?;
        let coordinator_epoch = marker.marker.coordinator_epoch;
        if self.updated.coordinator_epoch > coordinator_epoch && context.origin != AppendOrigin::Replication {
            return error(
                ErrorCode::TransactionCoordinatorFenced,
                format!(
                    "Invalid coordinator epoch for producerId {} at offset {} in partition {}: {coordinator_epoch} \
                     (zombie), {} (current)",
                    self.producer_id, marker.offset, context.partition, self.updated.coordinator_epoch
                ),
            );
        }
        let completed = self.updated.current_txn_first_offset.map(|first_offset| CompletedTxn {
            producer_id: self.producer_id,
            first_offset,
            last_offset: marker.offset,
            aborted: !marker.marker.committed,
        });
        self.updated.update_epoch(marker.producer_epoch);
        self.updated.coordinator_epoch = coordinator_epoch;
        self.updated.current_txn_first_offset = None;
        self.updated.last_timestamp = marker.timestamp;
        Ok(completed)
    }

    fn check_epoch(&self, epoch: i16, offset: i64, context: AppendContext<'_>) -> Result<(), ProducerError> {
        let current = self.updated.producer_epoch;
        let version = context.transaction_version;
        let strict = version >= 2;
        if epoch > current || (!strict && epoch == current) || context.origin == AppendOrigin::Replication {
            return Ok(());
        }
        // KAFKA-19999: a coordinator may write the same marker again after a crash or a lost answer.
        let open = self.updated.current_txn_first_offset.is_some();
        if strict && epoch == current && (!open || epoch == i16::MAX) {
            return Ok(());
        }
        let comparison = if strict { "<=" } else { "<" };
        error(
            ErrorCode::InvalidProducerEpoch,
            format!(
                "Epoch of producer {} at offset {offset} in {} is {epoch}, which is {comparison} the last seen epoch \
                 {current} (TV{version})",
                self.producer_id, context.partition
            ),
        )
    }

    fn check_sequence(
        &self,
        epoch: i16,
        first_sequence: i32,
        offset: i64,
        partition: &TopicPartition,
    ) -> Result<(), ProducerError> {
        let (id, updated) = (self.producer_id, &self.updated);
        if epoch != updated.producer_epoch {
            // A new epoch starts at 0; a producer that nothing is known of may start anywhere (its records expired).
            if first_sequence == 0 || updated.producer_epoch == NO_PRODUCER_EPOCH {
                return Ok(());
            }
            return error(
                ErrorCode::OutOfOrderSequenceNumber,
                format!(
                    "Invalid sequence number for new epoch of producer {id}at offset {offset} in partition \
                     {partition}: {epoch} (request epoch), {first_sequence} (seq. number), {} (current producer epoch)",
                    updated.producer_epoch
                ),
            );
        }
        let last = if !updated.batches.is_empty() {
            updated.last_sequence()
        } else if epoch == self.current.producer_epoch {
            self.current.last_sequence()
        } else {
            NO_SEQUENCE
        };
        let in_sequence = i64::from(first_sequence) == i64::from(last) + 1 || (first_sequence == 0 && last == i32::MAX);
        if self.current.producer_epoch == NO_PRODUCER_EPOCH || in_sequence {
            return Ok(());
        }
        error(
            ErrorCode::OutOfOrderSequenceNumber,
            format!(
                "Out of order sequence number for producer {id} at offset {offset} in partition {partition}: \
                 {first_sequence} (incoming seq. number), {last} (current end sequence number)"
            ),
        )
    }
}

fn error<T>(code: ErrorCode, message: String) -> Result<T, ProducerError> {
    Err(ProducerError { code, message })
}
