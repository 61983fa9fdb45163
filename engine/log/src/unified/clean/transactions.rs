//! Which transactions the cleaner is in (`CleanedTransactionMetadata`): records of aborted ones go, and a marker goes
//! when nothing is left of what it ended.

use base::{Map, Set};

use crate::AbortedTxn;
use crate::batch::{BatchView, ControlRecordType, control_record_type};

#[derive(Debug, Default)]
pub(super) struct CleanedTransactions {
    committed: Set<i64>,
    /// By producer; true when a batch of it was met.
    aborted: Map<i64, (AbortedTxn, bool)>,
    /// Not reached yet.
    ahead: Vec<AbortedTxn>,
    /// What the new segment's transaction index holds.
    retained: Vec<AbortedTxn>,
}

impl CleanedTransactions {
    pub fn add_aborted(&mut self, transactions: Vec<AbortedTxn>) {
        self.ahead.extend(transactions);
    }

    /// The aborted transactions whose markers stay, since the last call.
    pub fn take_retained(&mut self) -> Vec<AbortedTxn> {
        std::mem::take(&mut self.retained)
    }

    /// True when the marker may go.
    pub fn on_control_batch(&mut self, batch: &BatchView) -> bool {
        self.reach(batch.last_offset());
        // An empty control batch was cleaned before.
        let Some(Ok(record)) = batch.records().next() else { return true };
        match control_record_type(&record) {
            Some(ControlRecordType::Abort) => match self.aborted.remove(&batch.producer_id()) {
                Some((transaction, true)) => {
                    self.retained.push(transaction);
                    false
                }
                _ => true,
            },
            Some(ControlRecordType::Commit) => !self.committed.remove(&batch.producer_id()),
            _ => false,
        }
    }

    /// True when the batch belongs to an aborted transaction.
    pub fn on_batch(&mut self, batch: &BatchView) -> bool {
        self.reach(batch.last_offset());
        if !batch.is_transactional() {
            return false;
        }
        match self.aborted.get_mut(&batch.producer_id()) {
            Some((_, met)) => {
                *met = true;
                true
            }
            None => {
                self.committed.insert(batch.producer_id());
                false
            }
        }
    }

    fn reach(&mut self, offset: i64) {
        base::ordered::sort_by_key(&mut self.ahead, |transaction| transaction.first_offset);
        let reached = self.ahead.partition_point(|transaction| transaction.first_offset <= offset);
        for transaction in self.ahead.drain(..reached) {
            self.aborted.entry(transaction.producer_id).or_insert((transaction, false));
        }
    }
}
