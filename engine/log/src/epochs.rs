//! Which leader epoch began at which offset (`LeaderEpochFileCache`, KIP-101): what truncation after a leader change
//! asks.

use base::Micros;
use sim::Disk;

use crate::checkpoint;

/// One line of `leader-epoch-checkpoint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EpochEntry {
    pub epoch: i32,
    pub start_offset: i64,
}

/// Both undefined: the epoch is not known, or newer than all that are.
pub const UNDEFINED: (i32, i64) = (-1, -1);

/// Entries in strictly growing order of epoch and of start offset, mirrored in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LeaderEpochCache {
    entries: Vec<EpochEntry>,
}

impl LeaderEpochCache {
    pub fn new(entries: Vec<EpochEntry>) -> LeaderEpochCache {
        let mut cache = LeaderEpochCache::default();
        for entry in entries {
            cache.assign(entry.epoch, entry.start_offset);
        }
        cache
    }

    pub fn entries(&self) -> &[EpochEntry] {
        &self.entries
    }

    pub fn latest(&self) -> Option<EpochEntry> {
        self.entries.last().copied()
    }

    /// Notes that `epoch` starts at `offset`; entries that contradict it go. True when something changed.
    pub fn assign(&mut self, epoch: i32, start_offset: i64) -> bool {
        if epoch < 0 || start_offset < 0 {
            return false;
        }
        if self.latest().is_some_and(|latest| latest.epoch == epoch && start_offset >= latest.start_offset) {
            return false;
        }
        while self.latest().is_some_and(|last| last.epoch >= epoch || last.start_offset >= start_offset) {
            self.entries.pop();
        }
        self.entries.push(EpochEntry { epoch, start_offset });
        true
    }

    /// Where an epoch ended, for a replica whose last record is of it. See [`UNDEFINED`].
    pub fn end_offset_for(&self, epoch: i32, log_end: i64) -> (i32, i64) {
        match self.latest() {
            _ if epoch < 0 => return UNDEFINED,
            Some(latest) if latest.epoch == epoch => return (epoch, log_end),
            _ => {}
        }
        let higher = self.entries.partition_point(|entry| entry.epoch <= epoch);
        let Some(next) = self.entries.get(higher) else { return UNDEFINED };
        match higher.checked_sub(1) {
            // The data of that epoch is gone; the oldest known start is the best answer.
            None => (epoch, next.start_offset),
            Some(floor) => (self.entries[floor].epoch, next.start_offset),
        }
    }

    /// The epoch that the record at `offset` was written in.
    pub fn epoch_for_offset(&self, offset: i64) -> Option<i32> {
        let after = self.entries.partition_point(|entry| entry.start_offset <= offset);
        after.checked_sub(1).map(|at| self.entries[at].epoch)
    }

    /// The log now ends at `end_offset`. True when something changed.
    pub fn truncate_from_end(&mut self, end_offset: i64) -> bool {
        let before = self.entries.len();
        if end_offset >= 0 {
            self.entries.retain(|entry| entry.start_offset < end_offset);
        }
        self.entries.len() != before
    }

    /// The log now starts at `start_offset`. The epoch that covers it stays, with the new start. True when something
    /// changed.
    pub fn truncate_from_start(&mut self, start_offset: i64) -> bool {
        let gone = self.entries.partition_point(|entry| entry.start_offset <= start_offset);
        let Some(last_gone) = gone.checked_sub(1) else { return false };
        self.entries[last_gone].start_offset = start_offset;
        self.entries.drain(..last_gone);
        true
    }

    pub fn clear(&mut self) -> bool {
        let had = !self.entries.is_empty();
        self.entries.clear();
        had
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        checkpoint::leader_epochs_text(&self.entries)
    }

    pub(crate) fn write(&self, disk: &mut Disk, dir: &str, now: Micros) {
        disk.write(&format!("{dir}/{}", checkpoint::LEADER_EPOCH_FILE), self.to_text().into(), now);
    }
}
