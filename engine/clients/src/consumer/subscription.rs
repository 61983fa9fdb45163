//! Which partitions a consumer reads and how far it is in each (`SubscriptionState`).

use base::{Map, Micros};
use std::collections::VecDeque;

use protocol::TopicPartition;

use super::ConsumerRecord;

/// Where a position is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seek {
    Offset(i64),
    Beginning,
    End,
}

/// How far a partition is from being fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FetchState {
    /// The group's committed offset is to be asked for.
    Initializing,
    /// ListOffsets with this timestamp decides.
    AwaitReset {
        timestamp: i64,
    },
    Fetching,
}

#[derive(Clone, Debug, Hash)]
pub(crate) struct PartitionState {
    pub state: FetchState,
    /// Next offset to hand out.
    pub position: i64,
    /// Leader epoch of the last record handed out, -1 if none.
    pub position_epoch: i32,
    pub committed: Option<i64>,
    pub high_watermark: i64,
    /// Fetched and not handed out; the first one's offset is the position or above.
    pub buffered: VecDeque<ConsumerRecord>,
    /// Where the next fetch begins.
    pub fetch_from: i64,
    /// Not asked for before this, after an error.
    pub not_before: Micros,
    pub tries: u32,
}

impl PartitionState {
    pub fn new(state: FetchState) -> PartitionState {
        PartitionState {
            state,
            position: -1,
            position_epoch: -1,
            committed: None,
            high_watermark: -1,
            buffered: VecDeque::new(),
            fetch_from: -1,
            not_before: Micros::ZERO,
            tries: 0,
        }
    }

    pub fn seek(&mut self, offset: i64) {
        self.state = FetchState::Fetching;
        self.position = offset;
        self.fetch_from = offset;
        self.position_epoch = -1;
        self.buffered.clear();
        self.tries = 0;
        self.not_before = Micros::ZERO;
    }

    pub fn reset(&mut self, timestamp: i64) {
        self.state = FetchState::AwaitReset { timestamp };
        self.buffered.clear();
    }

    /// Has a position and nothing buffered, so that a fetch is worth it.
    pub fn is_fetchable(&self, now: Micros) -> bool {
        self.state == FetchState::Fetching && self.buffered.is_empty() && now >= self.not_before
    }
}

/// Topics by name, or all that match.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topics {
    Names(Vec<String>),
    /// A regular expression that a whole name must match; matching is the host's, who has the engine for it.
    Pattern(String),
}

#[derive(Clone, Debug, Hash)]
pub(crate) enum Mode {
    None,
    Assigned,
    Subscribed(Topics),
}

#[derive(Clone, Debug, Hash)]
pub(crate) struct Subscription {
    pub mode: Mode,
    /// In the order in which they are read.
    pub partitions: Map<TopicPartition, PartitionState>,
    /// Rotates, so that no partition starves.
    pub order: VecDeque<TopicPartition>,
}

impl Subscription {
    pub fn new() -> Subscription {
        Subscription { mode: Mode::None, partitions: Map::new(), order: VecDeque::new() }
    }

    /// Replaces the assignment; what stays keeps its position.
    pub fn assign(&mut self, partitions: &[TopicPartition]) {
        self.partitions.retain(|tp, _| partitions.contains(tp));
        for tp in partitions {
            self.partitions.entry(tp.clone()).or_insert_with(|| PartitionState::new(FetchState::Initializing));
        }
        self.order = partitions.iter().cloned().collect();
    }

    pub fn get(&mut self, tp: &TopicPartition) -> Option<&mut PartitionState> {
        self.partitions.get_mut(tp)
    }

    /// Partitions in this state, in order of their names.
    pub fn in_state(&self, fits: impl Fn(&PartitionState) -> bool) -> Vec<TopicPartition> {
        self.partitions.iter().filter(|(_, partition)| fits(partition)).map(|(tp, _)| tp.clone()).collect()
    }

    /// Hands out up to `most` buffered records, partition by partition; an emptied partition goes to the end.
    pub fn drain(&mut self, most: usize) -> Vec<ConsumerRecord> {
        let mut records = Vec::new();
        for _ in 0..self.order.len() {
            let Some(tp) = self.order.front().cloned() else { break };
            let Some(partition) = self.partitions.get_mut(&tp) else {
                self.order.pop_front();
                continue;
            };
            while records.len() < most
                && let Some(record) = partition.buffered.pop_front()
            {
                partition.position = record.offset + 1;
                partition.position_epoch = record.leader_epoch;
                records.push(record);
            }
            if !partition.buffered.is_empty() {
                break;
            }
            // Control records and compacted holes move the position without a record.
            if partition.state == FetchState::Fetching {
                partition.position = partition.position.max(partition.fetch_from);
            }
            self.order.rotate_left(1);
        }
        records
    }
}
