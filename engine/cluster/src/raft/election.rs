//! One election as a candidate counts it (`EpochElection`).

use base::Map;

use super::voters::{ReplicaKey, VoterSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Vote {
    Unrecorded,
    Granted,
    Rejected,
}

/// The votes of one epoch, by voter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EpochElection(Map<i32, (ReplicaKey, Vote)>);

impl EpochElection {
    /// An election among `voters` in which `own` has voted for itself.
    pub fn new(voters: &VoterSet, own: i32) -> EpochElection {
        let mut election =
            EpochElection(voters.nodes().map(|node| (node.key.id, (node.key, Vote::Unrecorded))).collect());
        election.record(own, true);
        election
    }

    /// Notes an answer. Whoever is no voter has no vote.
    pub fn record(&mut self, voter: i32, granted: bool) {
        if let Some((_, vote)) = self.0.get_mut(&voter) {
            *vote = if granted { Vote::Granted } else { Vote::Rejected };
        }
    }

    pub fn is_granted(&self) -> bool {
        self.count(Vote::Granted) >= self.majority()
    }

    /// It cannot be won any more.
    pub fn is_rejected(&self) -> bool {
        self.count(Vote::Granted) + self.count(Vote::Unrecorded) < self.majority()
    }

    /// Who has not answered.
    pub fn unrecorded(&self) -> Vec<ReplicaKey> {
        self.0.values().filter(|(_, vote)| *vote == Vote::Unrecorded).map(|(key, _)| *key).collect()
    }

    pub fn granting(&self) -> Vec<i32> {
        self.0.iter().filter(|(_, (_, vote))| *vote == Vote::Granted).map(|(id, _)| *id).collect()
    }

    /// Every voter with its vote, as Kafka's log names it.
    pub fn votes(&self) -> impl Iterator<Item = (&ReplicaKey, &'static str)> {
        self.0.values().map(|(key, vote)| {
            let name = match vote {
                Vote::Unrecorded => "UNRECORDED",
                Vote::Granted => "GRANTED",
                Vote::Rejected => "REJECTED",
            };
            (key, name)
        })
    }

    fn majority(&self) -> usize {
        self.0.len() / 2 + 1
    }

    fn count(&self, wanted: Vote) -> usize {
        self.0.values().filter(|(_, vote)| *vote == wanted).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Voter;

    fn five() -> EpochElection {
        let voter =
            |id: i32| Voter { id, host: format!("c{id}"), port: 9093, directory_id: base::Uuid(id as u128 + 1_000) };
        EpochElection::new(&VoterSet::of_spec(&[1, 2, 3, 4, 5].map(voter), "CONTROLLER"), 1)
    }

    #[test]
    fn three_of_five_win() {
        let mut election = five();
        election.record(2, true);
        assert!(!election.is_granted() && !election.is_rejected());
        election.record(9, true);
        assert!(!election.is_granted(), "a stranger's vote counts nothing");
        election.record(5, true);
        assert!(election.is_granted());
        assert_eq!(election.granting(), [1, 2, 5]);
    }

    #[test]
    fn three_refusals_of_five_end_it() {
        let mut election = five();
        election.record(2, false);
        election.record(3, false);
        assert!(!election.is_rejected());
        election.record(4, false);
        assert!(election.is_rejected());
        assert_eq!(election.unrecorded().len(), 1);
    }
}
