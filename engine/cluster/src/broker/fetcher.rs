//! A follower's fetches from one leader broker (Kafka: `AbstractFetcherThread`, `ReplicaFetcherThread`), as a state
//! machine: one request under way, each partition with its own place.
//!
//! Truncation happens by fetching (KIP-595): the follower says the epoch of its last record; a leader that knows
//! another end for that epoch answers with it instead of data, and the follower cuts there.

use base::{Map, Micros, Set, Uuid};

use protocol::messages::fetch_request::{FetchPartition, ReplicaState};
use protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use protocol::messages::{FetchRequest, ListOffsetsRequest};
use protocol::{Request, TopicPartition};

use super::client::Client;
use super::fetch_session::handler::{Asked, FetchSessionHandler};

/// The versions that brokers of 4.3 speak among themselves.
pub const FETCH_VERSION: i16 = 17;
pub const LIST_OFFSETS_VERSION: i16 = 10;
/// `ListOffsetsRequest.LATEST_TIMESTAMP` and `EARLIEST_TIMESTAMP`.
pub const LATEST_TIMESTAMP: i64 = -1;
pub const EARLIEST_TIMESTAMP: i64 = -2;

/// Where a partition's fetching stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FetchState {
    pub topic_id: Uuid,
    pub fetch_offset: i64,
    pub current_leader_epoch: i32,
    /// Epoch of the last record below `fetch_offset`; -1 for an empty log.
    pub last_fetched_epoch: i32,
    /// After an error the partition rests until then.
    pub delayed_until: Option<Micros>,
    pub step: Step,
    /// The last answer showed nothing above what this replica has (`PartitionFetchState.isReplicaInSync`).
    pub in_sync: bool,
}

/// Most of the time a partition just fetches; an offset out of range takes one or two questions more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Fetch,
    /// The leader is asked for its log end offset.
    AskLatest,
    /// The leader's log ends at or above ours; it is asked where it starts.
    AskEarliest,
}

/// The request under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum InFlight {
    /// What was asked for is what the session covers.
    Fetch,
    ListOffsets {
        partition: TopicPartition,
        leader_epoch: i32,
        step: Step,
    },
}

/// What a fetch request says about this broker, and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FetchSettings {
    pub broker_id: i32,
    pub max_wait_ms: i32,
    pub min_bytes: i32,
    pub max_bytes: i32,
    pub partition_max_bytes: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fetcher {
    pub leader: i32,
    pub client: Client,
    pub states: Map<TopicPartition, FetchState>,
    /// Partitions that the leader fenced with the very epoch they have; they rest until metadata brings a new one.
    pub failed: Set<TopicPartition>,
    in_flight: Option<InFlight>,
    pub session: FetchSessionHandler,
}

impl Fetcher {
    pub fn new(broker_id: i32, leader: i32) -> Fetcher {
        Fetcher {
            leader,
            client: Client::new(&format!("broker-{broker_id}-fetcher-0")),
            states: Map::new(),
            failed: Set::new(),
            in_flight: None,
            session: FetchSessionHandler::default(),
        }
    }

    pub fn add(&mut self, partition: TopicPartition, state: FetchState) {
        self.failed.remove(&partition);
        self.states.insert(partition, state);
    }

    /// Stops fetching a partition; an answer under way that still brings something for it is ignored.
    pub fn remove(&mut self, partition: &TopicPartition) {
        self.states.remove(partition);
        self.failed.remove(partition);
    }

    pub fn mark_failed(&mut self, partition: &TopicPartition) {
        self.states.remove(partition);
        self.failed.insert(partition.clone());
    }

    pub fn delay(&mut self, partition: &TopicPartition, until: Micros) {
        if let Some(state) = self.states.get_mut(partition) {
            state.delayed_until = Some(until);
        }
    }

    pub fn delay_all(&mut self, until: Micros) {
        for state in self.states.values_mut() {
            state.delayed_until = Some(until);
        }
    }

    /// When the first resting partition wakes; only of use while nothing else can be asked.
    pub fn next_wake_up(&self) -> Option<Micros> {
        self.states.values().filter_map(|state| state.delayed_until).min()
    }

    pub fn take_in_flight(&mut self) -> Option<InFlight> {
        self.in_flight.take()
    }

    /// The next request, if there is something to ask and nothing under way.
    pub fn next_request(
        &mut self,
        now: Micros,
        broker_epoch: i64,
        settings: &FetchSettings,
        log_start: impl Fn(&TopicPartition) -> i64,
        is_held_back: impl Fn(&TopicPartition) -> bool,
    ) -> Option<(i16, Request)> {
        if self.client.is_busy() {
            return None;
        }
        for state in self.states.values_mut() {
            if state.delayed_until.is_some_and(|until| until <= now) {
                state.delayed_until = None;
            }
        }
        self.list_offsets_request(settings)
            .or_else(|| self.fetch_request(broker_epoch, settings, log_start, is_held_back))
    }

    fn list_offsets_request(&mut self, settings: &FetchSettings) -> Option<(i16, Request)> {
        let asks = |state: &FetchState| state.delayed_until.is_none() && state.step != Step::Fetch;
        let (partition, state) = self.states.iter().find(|(_, state)| asks(state))?;
        let timestamp = if state.step == Step::AskLatest { LATEST_TIMESTAMP } else { EARLIEST_TIMESTAMP };
        let (leader_epoch, step) = (state.current_leader_epoch, state.step);
        let question = ListOffsetsPartition {
            partition_index: partition.partition,
            current_leader_epoch: leader_epoch,
            timestamp,
            ..Default::default()
        };
        let topic =
            ListOffsetsTopic { name: partition.topic.to_string(), partitions: vec![question], ..Default::default() };
        let request = ListOffsetsRequest { replica_id: settings.broker_id, topics: vec![topic], ..Default::default() };
        self.in_flight = Some(InFlight::ListOffsets { partition: partition.clone(), leader_epoch, step });
        Some((LIST_OFFSETS_VERSION, request.into()))
    }

    fn fetch_request(
        &mut self,
        broker_epoch: i64,
        settings: &FetchSettings,
        log_start: impl Fn(&TopicPartition) -> i64,
        is_held_back: impl Fn(&TopicPartition) -> bool,
    ) -> Option<(i16, Request)> {
        let mut wanted = Map::with_capacity(self.states.len());
        for (partition, state) in self.states.iter().filter(|(_, state)| state.delayed_until.is_none()) {
            // A replica that is in sync is never held back, or it would fall out.
            if !state.in_sync && is_held_back(partition) {
                continue;
            }
            let fetch = FetchPartition {
                partition: partition.partition,
                current_leader_epoch: state.current_leader_epoch,
                fetch_offset: state.fetch_offset,
                last_fetched_epoch: state.last_fetched_epoch,
                log_start_offset: log_start(partition),
                partition_max_bytes: settings.partition_max_bytes,
                ..Default::default()
            };
            wanted.insert(partition.clone(), Asked { topic_id: state.topic_id, fetch });
        }
        let data = self.session.build(wanted)?;
        self.in_flight = Some(InFlight::Fetch);
        let replica_state =
            ReplicaState { replica_id: settings.broker_id, replica_epoch: broker_epoch, ..Default::default() };
        let request = FetchRequest {
            replica_state,
            max_wait_ms: settings.max_wait_ms,
            min_bytes: settings.min_bytes,
            max_bytes: settings.max_bytes,
            session_id: data.metadata.session_id,
            session_epoch: data.metadata.epoch,
            topics: data.topics,
            forgotten_topics_data: data.forgotten,
            ..Default::default()
        };
        Some((FETCH_VERSION, request.into()))
    }
}

/// Where a follower cuts its log when the leader says that `leader_epoch` ends at `leader_end` there
/// (`AbstractFetcherThread.getOffsetTruncationState`). `local_end_for` is the follower's own answer for that epoch.
pub fn truncation_offset(
    leader_epoch: i32,
    leader_end: i64,
    local_end_for: (i32, i64),
    log_end: i64,
    fetch_offset: i64,
) -> i64 {
    if leader_end < 0 {
        return fetch_offset;
    }
    match local_end_for {
        // Nothing is known here of epochs that old.
        (-1, _) => leader_end.min(log_end),
        // The follower has that epoch too: both ends hold.
        (epoch, end) if epoch == leader_epoch => end.min(leader_end).min(log_end),
        // It has not: go back to the end of the next older epoch it has, and ask again from there.
        (_, end) if leader_epoch >= 0 => end.min(log_end),
        _ => leader_end.min(log_end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follower_cuts_where_both_logs_agree() {
        // KIP-101: the same epoch ends at 1 at the leader, at 2 here.
        assert_eq!(truncation_offset(0, 1, (0, 2), 2, 2), 1);
        // KIP-279: the leader's epoch 0 is not known here, the next older is none at all.
        assert_eq!(truncation_offset(0, 1, (-1, -1), 1, 1), 1);
        // The leader answers with epoch 2 that is unknown here; epoch 1 ended at 5 here.
        assert_eq!(truncation_offset(2, 9, (1, 5), 7, 7), 5);
        assert_eq!(truncation_offset(-1, -1, (1, 5), 7, 3), 3);
    }
}
