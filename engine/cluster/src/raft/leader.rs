//! What the leader of an epoch knows of its replicas, and what follows from it: the high watermark, and whether it still
//! has a quorum (`LeaderState`).

use base::{Map, Micros, Set};

use super::voters::{Listener, ReplicaKey, VoterSet};
use crate::broker::connections::ReplyTo;
use crate::server_log::joined;

/// `CHECK_QUORUM_TIMEOUT_FACTOR` is 1.5.
const fn check_quorum_timeout(fetch_timeout: Micros) -> Micros {
    Micros(fetch_timeout.0 + fetch_timeout.0 / 2)
}
/// An observer that is silent for longer is forgotten (`OBSERVER_SESSION_TIMEOUT_MS`).
const OBSERVER_SESSION_TIMEOUT: Micros = Micros::from_secs(300);
/// A replica that may become a voter has fetched within the hour.
const CAUGHT_UP_WITHIN: Micros = Micros::from_secs(3_600);

/// One replica as its leader sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplicaState {
    pub key: ReplicaKey,
    pub listeners: Vec<Listener>,
    /// The offset that it fetched last: it has everything below. None before its first fetch.
    pub end_offset: Option<i64>,
    pub last_fetch: Option<Micros>,
    pub last_caught_up: Option<Micros>,
    leader_end_at_last_fetch: Option<i64>,
    pub has_acknowledged_leader: bool,
}

impl ReplicaState {
    fn new(key: ReplicaKey, listeners: Vec<Listener>, has_acknowledged_leader: bool) -> ReplicaState {
        ReplicaState {
            key,
            listeners,
            end_offset: None,
            last_fetch: None,
            last_caught_up: None,
            leader_end_at_last_fetch: None,
            has_acknowledged_leader,
        }
    }

    fn on_fetch(&mut self, offset: i64, leader_end: i64, now: Micros) {
        if offset >= leader_end {
            self.last_caught_up = Some(now);
        } else if self.leader_end_at_last_fetch.is_some_and(|end| end > 0 && offset >= end) {
            self.last_caught_up = self.last_caught_up.max(self.last_fetch);
        }
        self.leader_end_at_last_fetch = Some(leader_end);
        self.last_fetch = Some(now);
        self.end_offset = Some(offset);
        self.has_acknowledged_leader = true;
    }
}

/// A controller is becoming a voter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddVoter {
    pub key: ReplicaKey,
    pub listeners: Vec<Listener>,
    pub ack_when_committed: bool,
    pub deadline: Micros,
    /// The record that adds it, once written.
    pub offset: Option<i64>,
    /// Whom to tell; nobody any more once it was told.
    pub reply: Option<ReplyTo>,
}

/// A voter is being taken out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RemoveVoter {
    pub offset: i64,
    pub deadline: Micros,
    pub reply: ReplyTo,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaderState {
    pub local: ReplicaKey,
    /// Where the epoch began. Nothing is committed before a record of the own epoch is.
    pub epoch_start: i64,
    pub granting: Vec<i32>,
    voters: Map<i32, ReplicaState>,
    observers: Map<ReplicaKey, ReplicaState>,
    fetched_voters: Set<i32>,
    fetch_timeout: Micros,
    check_quorum_deadline: Micros,
    pub begin_quorum_deadline: Micros,
    pub resign_requested: bool,
    pub add_voter: Option<AddVoter>,
    pub remove_voter: Option<RemoveVoter>,
}

impl LeaderState {
    pub fn new(
        local: ReplicaKey,
        epoch_start: i64,
        voters: &VoterSet,
        granting: Vec<i32>,
        fetch_timeout: Micros,
        now: Micros,
    ) -> LeaderState {
        let state = |node: &super::voters::VoterNode| {
            ReplicaState::new(node.key, node.listeners.clone(), node.key.matches(local))
        };
        LeaderState {
            local,
            epoch_start,
            granting,
            voters: voters.nodes().map(|node| (node.key.id, state(node))).collect(),
            observers: Map::new(),
            fetched_voters: Set::new(),
            fetch_timeout,
            check_quorum_deadline: now + check_quorum_timeout(fetch_timeout),
            begin_quorum_deadline: now,
            resign_requested: false,
            add_voter: None,
            remove_voter: None,
        }
    }

    pub fn voters(&self) -> impl Iterator<Item = &ReplicaState> {
        self.voters.values()
    }

    /// Observers that were heard of lately.
    pub fn observers(&mut self, now: Micros) -> impl Iterator<Item = &ReplicaState> {
        let local = self.local;
        let is_live = |state: &ReplicaState| {
            state.key == local || state.last_fetch.is_some_and(|at| now < at + OBSERVER_SESSION_TIMEOUT)
        };
        self.observers.retain(|_, state| is_live(state));
        self.observers.values()
    }

    pub fn acknowledge(&mut self, voter: i32) {
        if let Some(state) = self.voters.get_mut(&voter) {
            state.has_acknowledged_leader = true;
        }
    }

    /// When the leader gives up for want of a quorum. A quorum of one never does.
    pub fn check_quorum_deadline(&self) -> Micros {
        if self.voters.len() == 1 { Micros::MAX } else { self.check_quorum_deadline }
    }

    /// What it says when it gives up.
    pub fn describe_lost_quorum(&self) -> String {
        format!(
            "Did not receive fetch request from the majority of the voters within {}ms. Current fetched voters are [{}], and \
             voters are [{}]",
            check_quorum_timeout(self.fetch_timeout).as_ms(),
            joined(self.fetched_voters.iter(), ", "),
            joined(self.voters.values().map(|state| state.key), ", ")
        )
    }

    /// Voters that have not fetched lately and so may not know who leads.
    pub fn needs_begin_quorum(&self, now: Micros) -> Vec<ReplicaKey> {
        let since = Micros(self.fetch_timeout.0 / 2);
        let is_silent = |state: &&ReplicaState| state.last_fetch.is_none_or(|at| now >= at + since);
        let others = self.voters.values().filter(|state| state.key.id != self.local.id);
        others.filter(is_silent).map(|state| state.key).collect()
    }

    pub fn reset_begin_quorum(&mut self, now: Micros) {
        self.begin_quorum_deadline = now + Micros(self.fetch_timeout.0 / 2);
    }

    /// A replica fetched; a majority of the voters within the time-out keeps the leader in office.
    pub fn note_fetch_for_quorum(&mut self, key: ReplicaKey, now: Micros) {
        if self.voters.get(&key.id).is_some_and(|state| state.key.matches(key)) {
            self.fetched_voters.insert(key.id);
        }
        // The leader counts itself, as long as it is a voter.
        let majority = self.voters.len() / 2 + 1 - usize::from(self.voters.contains_key(&self.local.id));
        if self.fetched_voters.len() >= majority {
            self.fetched_voters.clear();
            self.check_quorum_deadline = now + check_quorum_timeout(self.fetch_timeout);
        }
    }

    /// The own log grew, and the voters may have changed with it.
    pub fn update_local(&mut self, end_offset: i64, voters: &VoterSet) {
        let local = self.local;
        self.replica_mut(local).end_offset = Some(end_offset);
        self.update_voters(voters);
    }

    /// A replica asked for records from `offset` on. True if it is a voter's.
    pub fn update_replica(&mut self, key: ReplicaKey, offset: i64, now: Micros) -> bool {
        let leader_end = self.replica_mut(self.local).end_offset.unwrap_or(0);
        self.replica_mut(key).on_fetch(offset, leader_end, now);
        self.note_fetch_for_quorum(key, now);
        self.voters.get(&key.id).is_some_and(|state| state.key.matches(key))
    }

    /// The offset that a majority of the voters has reached, if it commits something of this epoch.
    pub fn majority_offset(&self) -> Option<i64> {
        self.reached_by_most(self.voters.values().map(|state| state.end_offset).collect())
    }

    /// What a leader would find who counts observers too; for a mutant.
    pub fn majority_offset_of_all(&self) -> Option<i64> {
        let all = self.voters.values().chain(self.observers.values());
        self.reached_by_most(all.map(|state| state.end_offset).collect())
    }

    fn reached_by_most(&self, mut offsets: Vec<Option<i64>>) -> Option<i64> {
        base::ordered::sort_by(&mut offsets, |a, b| b.cmp(a));
        let reached = offsets.get(offsets.len() / 2).copied().flatten()?;
        (reached > self.epoch_start).then_some(reached)
    }

    /// The other voters, those with the longest logs first: who should stand for election when this leader resigns.
    pub fn successors(&self) -> Vec<ReplicaKey> {
        let mut others: Vec<&ReplicaState> =
            self.voters.values().filter(|state| !state.key.matches(self.local)).collect();
        base::ordered::sort_by_key(&mut others, |state| (std::cmp::Reverse(state.end_offset), state.key));
        others.into_iter().map(|state| state.key).collect()
    }

    /// Whether an observer keeps up well enough to become a voter.
    pub fn is_caught_up(&self, key: ReplicaKey, now: Micros) -> bool {
        self.observers.get(&key).is_some_and(|state| {
            state.last_caught_up.is_some() && state.last_fetch.is_some_and(|at| now < at + CAUGHT_UP_WITHIN)
        })
    }

    /// When a change of the voters under way is given up.
    pub fn voter_change_deadline(&self) -> Micros {
        let add = self.add_voter.as_ref().map(|add| add.deadline);
        let remove = self.remove_voter.as_ref().map(|remove| remove.deadline);
        add.into_iter().chain(remove).min().unwrap_or(Micros::MAX)
    }

    fn replica_mut(&mut self, key: ReplicaKey) -> &mut ReplicaState {
        let is_voter = self.voters.get(&key.id).is_some_and(|state| state.key.matches(key));
        match is_voter {
            true => self.voters.get_mut(&key.id).expect("a voter"),
            false => self.observers.entry(key).or_insert_with(|| ReplicaState::new(key, Vec::new(), false)),
        }
    }

    /// A new voter brings what is known of it as an observer, and the other way round.
    fn update_voters(&mut self, voters: &VoterSet) {
        let unchanged = self.voters.len() == voters.len()
            && voters.nodes().all(|node| {
                self.voters.get(&node.key.id).is_some_and(|s| s.key == node.key && s.listeners == node.listeners)
            });
        if unchanged {
            return;
        }
        let mut old = std::mem::take(&mut self.voters);
        for node in voters.nodes() {
            let known = old.get(&node.key.id).is_some_and(|state| state.key.matches(node.key));
            let state = if known { old.remove(&node.key.id) } else { self.observers.remove(&node.key) };
            let mut state = state.unwrap_or_else(|| ReplicaState::new(node.key, Vec::new(), false));
            state.key = node.key;
            state.listeners = node.listeners.clone();
            self.voters.insert(node.key.id, state);
        }
        for (_, mut state) in old {
            state.listeners.clear();
            self.observers.entry(state.key).or_insert(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Voter;
    use base::Uuid;

    fn key(id: i32) -> ReplicaKey {
        ReplicaKey::new(id, Uuid(id as u128 + 1_000))
    }

    fn voters(ids: &[i32]) -> VoterSet {
        let voter =
            |id: &i32| Voter { id: *id, host: format!("c{id}"), port: 9093, directory_id: key(*id).directory_id };
        VoterSet::of_spec(&ids.iter().map(voter).collect::<Vec<_>>(), "CONTROLLER")
    }

    fn leader(ids: &[i32]) -> LeaderState {
        let mut leader = LeaderState::new(key(1), 10, &voters(ids), vec![1], Micros::from_ms(2_000), Micros::ZERO);
        leader.update_local(11, &voters(ids));
        leader
    }

    #[test]
    fn a_majority_of_five_commits_and_only_in_the_own_epoch() {
        let mut leader = leader(&[1, 2, 3, 4, 5]);
        let at = Micros::from_ms(5);
        leader.update_replica(key(2), 11, at);
        assert_eq!(leader.majority_offset(), None);
        // Two more have everything of the epochs before, which is no proof for this one.
        leader.update_replica(key(3), 10, at);
        assert_eq!(leader.majority_offset(), None);
        leader.update_replica(key(3), 11, at);
        assert_eq!(leader.majority_offset(), Some(11));
    }

    #[test]
    fn observers_do_not_count() {
        let mut leader = leader(&[1, 2, 3]);
        let same_id_other_disk = ReplicaKey::new(2, Uuid(9));
        assert!(!leader.update_replica(key(7), 11, Micros::ZERO));
        assert!(!leader.update_replica(same_id_other_disk, 11, Micros::ZERO));
        assert_eq!(leader.majority_offset(), None);
        assert!(leader.update_replica(key(2), 11, Micros::ZERO));
        assert_eq!(leader.majority_offset(), Some(11));
    }

    #[test]
    fn a_leader_without_fetches_of_a_majority_must_go() {
        let mut leader = leader(&[1, 2, 3]);
        assert_eq!(leader.check_quorum_deadline(), Micros::from_ms(3_000));
        leader.update_replica(key(2), 11, Micros::from_ms(1_000));
        assert_eq!(leader.check_quorum_deadline(), Micros::from_ms(4_000));
        let alone = LeaderState::new(key(1), 10, &voters(&[1]), vec![1], Micros::from_ms(2_000), Micros::ZERO);
        assert_eq!(alone.check_quorum_deadline(), Micros::MAX);
    }

    #[test]
    fn a_removed_voter_goes_on_as_an_observer_and_counts_no_more() {
        let mut leader = leader(&[1, 2, 3]);
        leader.update_replica(key(3), 11, Micros::ZERO);
        leader.update_local(12, &voters(&[1, 2]));
        assert_eq!(leader.observers(Micros::ZERO).map(|state| state.key).collect::<Vec<_>>(), [key(3)]);
        assert_eq!(leader.majority_offset(), None);
        leader.update_replica(key(2), 12, Micros::ZERO);
        assert_eq!(leader.majority_offset(), Some(12));
        assert_eq!(leader.successors(), [key(2)]);
    }
}
