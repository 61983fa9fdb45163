//! The in-sync replicas as a leader sees them: committed by the controller, or with one change under way (KIP-497).

use base::{Map, Set};

use protocol::ErrorCode;

use super::FollowerState;

/// What a leader asks the controller to write with AlterPartition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IsrProposal {
    pub leader_epoch: i32,
    pub partition_epoch: i32,
    /// Members in ascending order of ids, each with the broker epoch it fetched with (-1: not known).
    pub isr: Vec<(i32, i64)>,
    pub recovering: bool,
}

/// The ISR, with what is known and what is hoped for kept apart (Kafka: `PartitionState` and its subclasses).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IsrState {
    Committed(Committed),
    /// The controller was asked to add one member. Until it answers, the new member already counts for the high
    /// watermark: being stricter than the truth is safe.
    PendingExpand {
        committed: Committed,
        added: i32,
        sent: IsrProposal,
    },
    /// The controller was asked to remove members. Until it answers they still count.
    PendingShrink {
        committed: Committed,
        removed: Vec<i32>,
        sent: IsrProposal,
    },
}

/// The ISR that the controller has written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Committed {
    pub isr: Set<i32>,
    /// An unclean leader has not yet told that it recovered (`LeaderRecoveryState.RECOVERING`).
    pub recovering: bool,
}

/// What follows from the controller's answer about one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IsrAnswer {
    /// The new ISR stands.
    Updated,
    /// The answer is about a state that this leader has left; nothing changes.
    Ignored,
    /// Refused for a reason that proves nothing was changed: back to the committed ISR.
    Reverted,
    /// Stay pending until metadata tells what happened.
    AwaitMetadata,
    /// Ask again.
    Retry,
}

impl IsrState {
    pub fn committed(&self) -> &Committed {
        match self {
            IsrState::Committed(committed) => committed,
            IsrState::PendingExpand { committed, .. } | IsrState::PendingShrink { committed, .. } => committed,
        }
    }

    /// Members of the committed ISR, ascending.
    pub fn isr(&self) -> &Set<i32> {
        &self.committed().isr
    }

    /// The largest ISR that may be in force: with a pending addition, without a pending removal.
    pub fn is_in_maximal_isr(&self, broker: i32) -> bool {
        let added = matches!(self, IsrState::PendingExpand { added, .. } if *added == broker);
        added || self.isr().contains(&broker)
    }

    pub fn maximal_isr(&self) -> Set<i32> {
        let mut isr = self.isr().clone();
        if let IsrState::PendingExpand { added, .. } = self {
            isr.insert(*added);
        }
        isr
    }

    /// How many there are in [`Self::maximal_isr`].
    pub fn maximal_isr_size(&self) -> usize {
        let added = match self {
            IsrState::PendingExpand { added, .. } => usize::from(!self.isr().contains(added)),
            _ => 0,
        };
        self.isr().len() + added
    }

    /// A change is under way; no other may begin.
    pub fn is_inflight(&self) -> bool {
        !matches!(self, IsrState::Committed(_))
    }

    pub fn proposal(&self) -> Option<&IsrProposal> {
        match self {
            IsrState::Committed(_) => None,
            IsrState::PendingExpand { sent, .. } | IsrState::PendingShrink { sent, .. } => Some(sent),
        }
    }

    /// Kafka's line about members that are to be removed; empty unless that is under way.
    pub fn describe_shrink(&self, high_watermark: i64, log_end: i64, followers: &Map<i32, FollowerState>) -> String {
        let IsrState::PendingShrink { committed, removed, .. } = self else { return String::new() };
        let list = |ids: &mut dyn Iterator<Item = &i32>| ids.map(i32::to_string).collect::<Vec<_>>().join(",");
        let from = list(&mut committed.isr.iter());
        let to = list(&mut committed.isr.iter().filter(|id| !removed.contains(id)));
        let lagging = |id: &i32| {
            let follower = followers.get(id);
            let end = follower.map_or(-1, FollowerState::log_end_or_unknown);
            let caught_up = follower.map_or(0, |follower| follower.last_caught_up_time_ms);
            format!("(brokerId: {id}, endOffset: {end}, lastCaughtUpTimeMs: {caught_up})")
        };
        format!(
            "Shrinking ISR from {from} to {to}. Leader: (highWatermark: {high_watermark}, endOffset: {log_end}). \
             Out of sync replicas: {}.",
            removed.iter().map(lagging).collect::<Vec<_>>().join(" ")
        )
    }

    pub fn revert(&mut self) {
        *self = IsrState::Committed(self.committed().clone());
    }
}

/// What an error about one partition means for the leader that asked (`Partition.handleAlterPartitionError`).
pub fn on_error(error: ErrorCode) -> IsrAnswer {
    match error {
        // The controller says that the epochs were right and that it did not apply the change.
        ErrorCode::OperationNotAttempted | ErrorCode::IneligibleReplica => IsrAnswer::Reverted,
        ErrorCode::UnknownTopicOrPartition
        | ErrorCode::UnknownTopicId
        | ErrorCode::FencedLeaderEpoch
        | ErrorCode::InvalidUpdateVersion
        | ErrorCode::InvalidRequest
        | ErrorCode::NewLeaderElected => IsrAnswer::AwaitMetadata,
        _ => IsrAnswer::Retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(isr: &[i32]) -> Committed {
        Committed { isr: isr.iter().copied().collect(), recovering: false }
    }

    fn proposal(isr: &[i32]) -> IsrProposal {
        let isr = isr.iter().map(|id| (*id, -1)).collect();
        IsrProposal { leader_epoch: 1, partition_epoch: 4, isr, recovering: false }
    }

    #[test]
    fn a_pending_addition_counts_and_a_pending_removal_still_does() {
        let expand = IsrState::PendingExpand { committed: committed(&[1, 2]), added: 3, sent: proposal(&[1, 2, 3]) };
        assert_eq!(expand.maximal_isr().into_iter().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(expand.maximal_isr_size(), 3);
        assert_eq!(expand.isr().len(), 2);
        let shrink = IsrState::PendingShrink { committed: committed(&[1, 2]), removed: vec![2], sent: proposal(&[1]) };
        assert!(shrink.is_in_maximal_isr(2));
        assert!(shrink.is_inflight());
    }

    #[test]
    fn only_a_proof_that_nothing_changed_reverts() {
        assert_eq!(on_error(ErrorCode::IneligibleReplica), IsrAnswer::Reverted);
        assert_eq!(on_error(ErrorCode::FencedLeaderEpoch), IsrAnswer::AwaitMetadata);
        assert_eq!(on_error(ErrorCode::NetworkException), IsrAnswer::Retry);
    }
}
