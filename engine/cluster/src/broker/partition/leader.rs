//! What a leader does: append, note followers' fetches, move the high watermark, propose ISR changes.

use log::AppendOrigin;
use protocol::{ErrorCode, Records};

use super::isr::{Committed, IsrAnswer, IsrProposal, IsrState, on_error};
use super::{LeaderState, Partition, Surroundings};
use crate::Profile;
use crate::metadata::MetadataImage;
use crate::spec::Mutant;

/// The high watermark moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HighWatermarkMove {
    pub from: i64,
    pub to: i64,
}

/// What an append as leader did.
#[derive(Clone, Debug)]
pub struct LeaderAppend {
    pub info: log::AppendInfo,
    pub moved: Option<HighWatermarkMove>,
}

/// What a follower's fetch changed at the leader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowerFetch {
    /// The follower is known to have more than before.
    pub grew: bool,
    /// Its log starts elsewhere than before.
    pub log_start_moved: bool,
    pub moved: Option<HighWatermarkMove>,
    /// The follower joins the ISR if the controller agrees: the change to submit.
    pub proposal: Option<IsrProposal>,
}

/// Why nothing was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotLeader,
    /// acks=all with an ISR below its minimum.
    NotEnoughReplicas {
        isr: Vec<i32>,
        min_isr: usize,
    },
    Log(log::AppendError),
}

impl Partition {
    /// Appends a producer's batch. `required_acks` -1 is refused while the committed ISR is below its minimum.
    pub fn append_to_leader(
        &mut self,
        disk: &mut sim::Disk,
        now: base::Micros,
        records: Records,
        origin: AppendOrigin,
        required_acks: i16,
        around: &Surroundings<'_>,
    ) -> Result<LeaderAppend, Refusal> {
        let min_isr = self.effective_min_isr();
        let leader = self.leader_state().ok_or(Refusal::NotLeader)?;
        if required_acks == -1 && leader.isr.isr().len() < min_isr {
            let isr = leader.isr.isr().iter().copied().collect();
            return Err(Refusal::NotEnoughReplicas { isr, min_isr });
        }
        // Of a coordinator neither sequence numbers nor repeats are looked at.
        let is_unnumbered = around.profile.breaks(Mutant::DropDedupWindow);
        let origin = if is_unnumbered { AppendOrigin::Coordinator } else { origin };
        let info = self.log.take_as_leader(disk, records, self.leader_epoch, now, origin, 0).map_err(Refusal::Log)?;
        // The ISR may be this broker alone.
        let moved = self.maybe_increment_high_watermark(around);
        Ok(LeaderAppend { info, moved })
    }

    /// Notes what a follower has (its fetch offset), which may move the high watermark or bring it back into the ISR.
    /// `leader_log_end` is the log end offset that the fetch was answered with.
    pub fn record_follower_fetch(
        &mut self,
        follower: i32,
        offset: i64,
        log_start: i64,
        broker_epoch: i64,
        leader_log_end: i64,
        around: &Surroundings<'_>,
    ) -> Result<FollowerFetch, ErrorCode> {
        // A fetch of an earlier incarnation, late on the wire, must not count for the present one.
        let alive_epoch = alive_broker_epoch(around.image, follower);
        if broker_epoch != -1 && alive_epoch.is_some_and(|epoch| epoch > broker_epoch) {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        let Some(state) = self.leader_state_mut().and_then(|leader| leader.followers.get_mut(&follower)) else {
            return Err(ErrorCode::UnknownLeaderEpoch);
        };
        let (before, log_start_before) = (state.log_end, state.log_start);
        state.record_fetch(offset, log_start, leader_log_end, broker_epoch, around.now_ms);
        let proposal = self.maybe_expand_isr(follower, around);
        let moved = if before == Some(offset) { None } else { self.maybe_increment_high_watermark(around) };
        Ok(FollowerFetch {
            grew: before.is_none_or(|before| before < offset),
            log_start_moved: log_start_before != Some(log_start),
            moved,
            proposal,
        })
    }

    /// Moves the high watermark up if all who must have the records have them (`Partition.maybeIncrementLeaderHW`).
    pub fn maybe_increment_high_watermark(&mut self, around: &Surroundings<'_>) -> Option<HighWatermarkMove> {
        let waits = around.profile.high_watermark_waits_for_min_isr();
        if waits && self.is_under_min_isr() && !around.profile.breaks(Mutant::AdvanceBelowMinIsr) {
            return None;
        }
        let log_end = self.log.log_end();
        let leader = self.leader_state()?;
        let mut target = log_end;
        for (id, follower) in &leader.followers {
            let end = follower.log_end_or_unknown();
            // A caught-up follower outside the ISR is waited for, or it could never catch up with a moving target.
            let joins = || {
                follower.is_caught_up(log_end, around.now_ms, around.lag_max_ms)
                    && is_isr_eligible(leader, *id, around.image)
                    && !around.profile.breaks(Mutant::IgnorePendingExpansion)
            };
            let counts = is_waited_for(leader, *id, around.profile) || joins();
            if end < target && counts {
                target = end;
            }
        }
        let from = self.log.high_watermark();
        if target <= from {
            return None;
        }
        self.log.update_high_watermark(target);
        let to = self.log.high_watermark();
        (to > from).then_some(HighWatermarkMove { from, to })
    }

    /// Proposes to add a follower that has all below the high watermark and has reached this epoch's first offset.
    /// Without the second condition records committed by the epoch before could be lost (KIP-497's rule d).
    fn maybe_expand_isr(&mut self, follower: i32, around: &Surroundings<'_>) -> Option<IsrProposal> {
        let high_watermark = self.log.high_watermark();
        let leader = self.leader_state()?;
        if leader.isr.is_inflight()
            || leader.isr.isr().contains(&follower)
            || !is_isr_eligible(leader, follower, around.image)
        {
            return None;
        }
        let end = leader.followers.get(&follower)?.log_end_or_unknown();
        let is_behind = end < high_watermark || end < leader.epoch_start_offset;
        if is_behind && !around.profile.breaks(Mutant::ExpandWithoutCatchingUp) {
            return None;
        }
        let committed = leader.isr.committed().clone();
        let mut isr = committed.isr.clone();
        isr.insert(follower);
        let sent = self.proposal(isr.into_iter().collect(), &committed, around)?;
        let leader = self.leader_state_mut()?;
        leader.isr = IsrState::PendingExpand { committed, added: follower, sent: sent.clone() };
        Some(sent)
    }

    /// Proposes to remove the followers that have lagged for longer than `replica.lag.time.max.ms`.
    pub fn maybe_shrink_isr(&mut self, around: &Surroundings<'_>) -> Option<IsrProposal> {
        let leader = self.leader_state()?;
        if leader.isr.is_inflight() {
            return None;
        }
        // The leader never leaves by itself; most partitions of a large cluster are looked at for nothing.
        if leader.isr.committed().isr.len() == 1 {
            return None;
        }
        let log_end = self.log.log_end();
        let lags = |id: &i32| {
            let follower = leader.followers.get(id);
            follower.is_none_or(|f| !f.is_caught_up(log_end, around.now_ms, around.lag_max_ms))
        };
        let members = leader.isr.committed().isr.iter().copied();
        let removed: Vec<i32> = members.filter(|id| *id != around.local_broker && lags(id)).collect();
        if removed.is_empty() {
            return None;
        }
        let committed = leader.isr.committed().clone();
        let isr = committed.isr.iter().copied().filter(|id| !removed.contains(id)).collect();
        let sent = self.proposal(isr, &committed, around)?;
        let leader = self.leader_state_mut()?;
        leader.isr = IsrState::PendingShrink { committed, removed, sent: sent.clone() };
        Some(sent)
    }

    /// Kafka's line about an ISR that is about to shrink.
    pub fn describe_shrink(&self) -> String {
        let (high_watermark, log_end) = (self.log.high_watermark(), self.log.log_end());
        self.leader_state()
            .map_or(String::new(), |leader| leader.isr.describe_shrink(high_watermark, log_end, &leader.followers))
    }

    fn proposal(&self, isr: Vec<i32>, committed: &Committed, around: &Surroundings<'_>) -> Option<IsrProposal> {
        let leader = self.leader_state()?;
        let epoch_of = |id: i32| match id == around.local_broker {
            true => around.local_broker_epoch,
            false => leader.followers.get(&id).and_then(|f| f.broker_epoch).unwrap_or(-1),
        };
        Some(IsrProposal {
            leader_epoch: self.leader_epoch,
            partition_epoch: self.partition_epoch,
            isr: isr.into_iter().map(|id| (id, epoch_of(id))).collect(),
            recovering: committed.recovering,
        })
    }

    /// The controller answered the proposal `sent`. A success brings the new ISR, its recovery state and partition
    /// epoch.
    pub fn on_isr_answer(
        &mut self,
        sent: &IsrProposal,
        answer: Result<(i32, Committed, i32), ErrorCode>,
        around: &Surroundings<'_>,
    ) -> (IsrAnswer, Option<HighWatermarkMove>) {
        let (leader_epoch, partition_epoch) = (self.leader_epoch, self.partition_epoch);
        let Some(leader) = self.leader_state_mut() else { return (IsrAnswer::Ignored, None) };
        if leader.isr.proposal() != Some(sent) {
            // An election or other metadata overtook the answer.
            return (IsrAnswer::Ignored, None);
        }
        match answer {
            Ok((epoch, _, version)) if epoch != leader_epoch || version < partition_epoch => (IsrAnswer::Ignored, None),
            Ok((_, committed, version)) => {
                leader.isr = IsrState::Committed(committed);
                self.partition_epoch = version;
                // The ISR may be down to this broker.
                (IsrAnswer::Updated, self.maybe_increment_high_watermark(around))
            }
            Err(error) => {
                let meaning = on_error(error);
                if meaning == IsrAnswer::Reverted {
                    leader.isr.revert();
                }
                (meaning, None)
            }
        }
    }

    /// Whether an acks=all produce that needs everything below `required_offset` is through: `None` while it must wait.
    pub fn check_enough_replicas_reach(&self, required_offset: i64) -> Option<ErrorCode> {
        let Some(leader) = self.leader_state() else { return Some(ErrorCode::NotLeaderOrFollower) };
        if self.log.high_watermark() < required_offset {
            return None;
        }
        // The records are in the log and below the high watermark, but the ISR fell below its minimum meanwhile.
        let enough = self.effective_min_isr() <= leader.isr.maximal_isr_size();
        Some(if enough { ErrorCode::None } else { ErrorCode::NotEnoughReplicasAfterAppend })
    }
}

/// Whether the high watermark must not pass this follower's end: it is in the largest ISR that may be in force.
fn is_waited_for(leader: &LeaderState, follower: i32, profile: Profile) -> bool {
    let is_committed = leader.isr.isr().contains(&follower);
    match &leader.isr {
        IsrState::PendingExpand { .. } if profile.breaks(Mutant::IgnorePendingExpansion) => is_committed,
        IsrState::PendingShrink { removed, .. } if profile.breaks(Mutant::TrustPendingShrink) => {
            is_committed && !removed.contains(&follower)
        }
        isr => isr.is_in_maximal_isr(follower),
    }
}

/// The epoch of a registered, unfenced broker.
fn alive_broker_epoch(image: &MetadataImage, broker: i32) -> Option<i64> {
    image.broker(broker).filter(|b| !b.fenced).map(|b| b.epoch)
}

/// Unfenced, not shutting down, and of the incarnation that fetched (KIP-841).
fn is_isr_eligible(leader: &LeaderState, follower: i32, image: &MetadataImage) -> bool {
    let Some(stored) = leader.followers.get(&follower).and_then(|state| state.broker_epoch) else { return false };
    let registered = image.broker(follower).filter(|broker| broker.is_active());
    registered.is_some_and(|broker| stored == -1 || stored == broker.epoch)
}
