//! Producer id, epoch and sequences of an idempotent producer (the half of `TransactionManager` that needs no
//! transactions): every batch gets the next numbers of its partition and keeps them over retries, so that the leader
//! knows a duplicate and a gap.

use base::{Map, Set};

use log::batch::increment_sequence;
use protocol::{ErrorCode, TopicPartition};

use super::batch::{Identity, ProducerBatch};

#[derive(Clone, Debug, Default, Hash)]
struct Partition {
    producer_id: i64,
    epoch: i16,
    next_sequence: i32,
    /// -1 before the first.
    last_acked_sequence: i32,
    last_acked_offset: i64,
    /// Base sequences of batches that were drained and are not done, in order.
    open: Set<i32>,
    /// A batch expired after it was sent: nobody knows whether it was written. The sequence after it.
    unresolved: Option<i32>,
}

#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Idempotence {
    /// -1 before InitProducerId was answered.
    pub producer_id: i64,
    pub epoch: i16,
    partitions: Map<TopicPartition, Partition>,
    bump_required: bool,
    rewrite: Set<TopicPartition>,
}

impl Idempotence {
    pub fn new() -> Idempotence {
        Idempotence { producer_id: -1, epoch: -1, ..Idempotence::default() }
    }

    pub fn has_id(&self) -> bool {
        self.producer_id >= 0
    }

    pub fn on_id(&mut self, producer_id: i64, epoch: i16) {
        self.producer_id = producer_id;
        self.epoch = epoch;
    }

    /// Whether a batch may not be sent yet (`shouldStopDrainBatchesForPartition`).
    pub fn must_wait(&self, batch: &ProducerBatch) -> bool {
        if !self.has_id() {
            return true;
        }
        let Some(partition) = self.partitions.get(&batch.tp) else { return false };
        match batch.identity {
            None => {
                let stale = partition.producer_id != self.producer_id || partition.epoch != self.epoch;
                (stale && !partition.open.is_empty()) || partition.unresolved.is_some()
            }
            // A batch that is retried goes only when it is the next in line: one at a time.
            Some(identity) => partition.open.first().is_some_and(|first| identity.sequence != *first),
        }
    }

    /// Deals the next numbers to a batch that has none.
    pub fn on_drained(&mut self, batch: &mut ProducerBatch) {
        let (producer_id, epoch) = (self.producer_id, self.epoch);
        let partition = self.partition(&batch.tp);
        if batch.identity.is_none() {
            if (partition.producer_id, partition.epoch) != (producer_id, epoch) {
                *partition = Partition { producer_id, epoch, ..Partition::fresh() };
            }
            batch.identity = Some(Identity { producer_id, epoch, sequence: partition.next_sequence });
            partition.next_sequence = increment_sequence(partition.next_sequence, batch.count());
        }
        if let Some(identity) = batch.identity {
            partition.open.insert(identity.sequence);
        }
    }

    /// Follows a split: the parts stand for the whole.
    pub fn on_split(&mut self, tp: &TopicPartition, whole: Option<Identity>, parts: &[ProducerBatch]) {
        let partition = self.partition(tp);
        if let Some(whole) = whole {
            partition.open.remove(&whole.sequence);
        }
        partition.open.extend(parts.iter().filter_map(|part| part.identity.map(|identity| identity.sequence)));
    }

    pub fn on_completed(&mut self, batch: &ProducerBatch, base_offset: i64) {
        let Some(identity) = batch.identity else { return };
        let partition = self.partition(&batch.tp);
        partition.open.remove(&identity.sequence);
        if (identity.producer_id, identity.epoch) == (partition.producer_id, partition.epoch) {
            let last = increment_sequence(identity.sequence, batch.count() - 1);
            partition.last_acked_sequence = partition.last_acked_sequence.max(last);
        }
        if base_offset >= 0 {
            partition.last_acked_offset = partition.last_acked_offset.max(base_offset + i64::from(batch.count()) - 1);
        }
    }

    /// A batch failed for good. A definite refusal leaves a gap in the sequences, which a new epoch closes.
    pub fn on_failed(&mut self, batch: &ProducerBatch, code: ErrorCode, refused: bool) {
        let Some(identity) = batch.identity else { return };
        self.partition(&batch.tp).open.remove(&identity.sequence);
        if refused || code == ErrorCode::OutOfOrderSequenceNumber {
            self.request_bump(&batch.tp);
        }
    }

    /// A batch that was sent before has expired; until it is clear what became of it nothing new is sent.
    pub fn on_expired_in_retry(&mut self, batch: &ProducerBatch) {
        if let Some(identity) = batch.identity {
            let after = increment_sequence(identity.sequence, batch.count());
            let partition = self.partition(&batch.tp);
            partition.unresolved = Some(partition.unresolved.map_or(after, |known| known.max(after)));
        }
    }

    /// Whether an error is worth another attempt, beyond the errors that always are (`TransactionManager.canRetry`).
    pub fn can_retry(&mut self, batch: &ProducerBatch, code: ErrorCode, log_start_offset: i64) -> bool {
        let sequence = batch.identity.map_or(-1, |identity| identity.sequence);
        let partition = self.partition(&batch.tp);
        let is_next = sequence.wrapping_sub(partition.last_acked_sequence) == 1;
        let unresolved = partition.unresolved;
        match code {
            ErrorCode::UnknownProducerId => {
                let knows_start = log_start_offset >= 0;
                if knows_start && !batch.sequence_was_reset {
                    self.request_bump(&batch.tp);
                }
                true
            }
            ErrorCode::OutOfOrderSequenceNumber => {
                let just_late = unresolved.is_none() && (batch.sequence_was_reset || !is_next);
                if !just_late && unresolved.is_none_or(|next| next == sequence) {
                    self.request_bump(&batch.tp);
                }
                true
            }
            code => code.retriable(),
        }
    }

    /// Settles partitions whose last word is known by now (`maybeResolveSequences`).
    pub fn resolve(&mut self) {
        let mut gaps = Vec::new();
        for (tp, partition) in &mut self.partitions {
            if partition.unresolved.is_some() && partition.open.is_empty() {
                partition.unresolved = None;
                if partition.next_sequence.wrapping_sub(partition.last_acked_sequence) != 1 {
                    gaps.push(tp.clone());
                }
            }
        }
        gaps.iter().for_each(|tp| self.request_bump(tp));
    }

    /// Raises the epoch if a gap asks for it. Returns the partitions whose open batches must be numbered anew from 0;
    /// the id is given up (and a new one needed) when its epochs are used up.
    pub fn take_bump(&mut self) -> Vec<TopicPartition> {
        if !std::mem::take(&mut self.bump_required) || !self.has_id() {
            return Vec::new();
        }
        match self.epoch.checked_add(1) {
            Some(epoch) => self.epoch = epoch,
            None => self.producer_id = -1,
        }
        std::mem::take(&mut self.rewrite).into_iter().collect()
    }

    /// Numbers the open batches of a partition from 0 under the present epoch, in the order of their old sequences.
    pub fn renumber(&mut self, tp: &TopicPartition, batches: &mut [&mut ProducerBatch]) {
        let (producer_id, epoch) = (self.producer_id, self.epoch);
        let partition = self.partition(tp);
        *partition = Partition {
            producer_id,
            epoch,
            last_acked_offset: partition.last_acked_offset,
            unresolved: None,
            ..Partition::fresh()
        };
        base::ordered::sort_by_key(batches, |batch| batch.identity.map(|identity| identity.sequence));
        for batch in batches {
            batch.identity = Some(Identity { producer_id, epoch, sequence: partition.next_sequence });
            batch.sequence_was_reset = true;
            partition.open.insert(partition.next_sequence);
            partition.next_sequence = increment_sequence(partition.next_sequence, batch.count());
        }
    }

    fn request_bump(&mut self, tp: &TopicPartition) {
        self.bump_required = true;
        self.rewrite.insert(tp.clone());
    }

    fn partition(&mut self, tp: &TopicPartition) -> &mut Partition {
        let (producer_id, epoch) = (self.producer_id, self.epoch);
        self.partitions.entry(tp.clone()).or_insert_with(|| Partition { producer_id, epoch, ..Partition::fresh() })
    }
}

impl Partition {
    fn fresh() -> Partition {
        Partition { last_acked_sequence: -1, last_acked_offset: -1, ..Partition::default() }
    }
}
