//! What a leader knows of one follower, told by that follower's fetches (Kafka: `Replica`, `ReplicaState`).

/// The state of a follower in one leader epoch. It begins empty with every new epoch: a log end offset remembered from
/// an older epoch may lie above what the follower has after it truncated, and counting it loses committed records
/// (found by exhaustive search; Kafka keeps it when the same broker is elected again).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FollowerState {
    /// First offset the follower has; `None` before its first fetch.
    pub log_start: Option<i64>,
    /// The follower has everything below; `None` before its first fetch in this epoch.
    pub log_end: Option<i64>,
    /// The leader's log end offset at the previous fetch, -1 before it.
    pub last_fetch_leader_log_end: i64,
    pub last_fetch_time_ms: i64,
    /// When the follower last had everything that the leader had then.
    pub last_caught_up_time_ms: i64,
    /// The broker epoch that the follower fetched with.
    pub broker_epoch: Option<i64>,
}

impl FollowerState {
    /// A member of the ISR gets the benefit of the doubt from now on; another one is caught up only once it has shown
    /// it, so that it does not hold the high watermark back (`Replica.resetReplicaState`).
    pub fn at_epoch_start(now_ms: i64, in_isr: bool) -> FollowerState {
        FollowerState {
            log_start: None,
            log_end: None,
            last_fetch_leader_log_end: -1,
            last_fetch_time_ms: 0,
            last_caught_up_time_ms: if in_isr { now_ms } else { 0 },
            broker_epoch: None,
        }
    }

    /// Records a fetch at `offset`. A follower that never reaches the leader's end because records arrive all the time
    /// still counts as caught up at the time of its previous fetch, if it now has what the leader had then.
    pub fn record_fetch(&mut self, offset: i64, log_start: i64, leader_log_end: i64, broker_epoch: i64, now_ms: i64) {
        if offset >= leader_log_end {
            self.last_caught_up_time_ms = self.last_caught_up_time_ms.max(now_ms);
        } else if self.last_fetch_leader_log_end >= 0 && offset >= self.last_fetch_leader_log_end {
            self.last_caught_up_time_ms = self.last_caught_up_time_ms.max(self.last_fetch_time_ms);
        }
        self.log_start = Some(log_start);
        self.log_end = Some(offset);
        self.last_fetch_leader_log_end = self.last_fetch_leader_log_end.max(leader_log_end);
        self.last_fetch_time_ms = now_ms;
        self.broker_epoch = Some(broker_epoch);
    }

    /// Has all that the leader has, or had it less than `lag_max_ms` ago (`ReplicaState.isCaughtUp`).
    pub fn is_caught_up(&self, leader_log_end: i64, now_ms: i64, lag_max_ms: i64) -> bool {
        self.log_end == Some(leader_log_end) || now_ms - self.last_caught_up_time_ms <= lag_max_ms
    }

    /// The log end offset as Kafka counts an unknown one: below every offset.
    pub fn log_end_or_unknown(&self) -> i64 {
        self.log_end.unwrap_or(-1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follower_at_the_end_is_caught_up_now() {
        let mut state = FollowerState::at_epoch_start(1_000, false);
        assert!(!state.is_caught_up(5, 100_000, 30_000));
        state.record_fetch(5, 0, 5, 7, 2_000);
        assert_eq!(state.last_caught_up_time_ms, 2_000);
        assert!(state.is_caught_up(5, 100_000, 30_000), "an idle follower at the end never lags");
        assert!(!state.is_caught_up(6, 100_000, 30_000));
    }

    #[test]
    fn a_follower_one_fetch_behind_is_caught_up_at_its_previous_fetch() {
        let mut state = FollowerState::at_epoch_start(0, false);
        state.record_fetch(0, 0, 10, 7, 1_000);
        assert_eq!(state.last_caught_up_time_ms, 0);
        state.record_fetch(10, 0, 20, 7, 2_000);
        assert_eq!(state.last_caught_up_time_ms, 1_000);
    }
}
