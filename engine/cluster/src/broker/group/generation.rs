//! A generation of a classic group, once its members have joined: they sync, send heartbeats, and fall silent.

use base::Map;

use bytes::Bytes;
use protocol::ErrorCode;
use protocol::messages::SyncGroupResponse;

use super::classic::{ClassicGroup, GroupEffects, GroupSettings, GroupState, GroupTimer, sync_error};
use crate::broker::connections::ReplyTo;

impl ClassicGroup {
    /// A member asks for its assignment; the leader brings everybody's, to be written before anybody hears of it.
    pub fn sync(&mut self, id: &str, reply: ReplyTo, assignments: Map<String, Bytes>, out: &mut GroupEffects) {
        match self.state {
            GroupState::Empty => out.replies.push((reply, sync_error(ErrorCode::UnknownMemberId))),
            GroupState::PreparingRebalance => out.replies.push((reply, sync_error(ErrorCode::RebalanceInProgress))),
            GroupState::Stable => {
                self.pending_sync.remove(id);
                out.replies.push((reply, self.sync_response(id).into()));
            }
            GroupState::CompletingRebalance => {
                self.pending_sync.remove(id);
                if let Some(member) = self.members.get_mut(id) {
                    member.awaiting_sync = Some(reply);
                }
                if self.is_leader(id) {
                    out.lines.push(format!(
                        "Assignment received from leader {id} for group {} for generation {}. The group has {} members, \
                         {} of which are static.",
                        self.id,
                        self.generation,
                        self.members.len(),
                        self.static_members.len()
                    ));
                    let of = |member: &String| assignments.get(member).cloned().unwrap_or_default();
                    out.write = Some(self.members.keys().map(|member| (member.clone(), of(member))).collect());
                }
            }
        }
    }

    /// The assignment of `generation` is safely written, or was not.
    pub fn on_assignment_written(
        &mut self,
        generation: i32,
        result: Result<Map<String, Bytes>, ErrorCode>,
        settings: &GroupSettings,
        now_ms: i64,
        out: &mut GroupEffects,
    ) {
        // Somebody may have joined meanwhile; then this assignment is of the past.
        if self.state != GroupState::CompletingRebalance || self.generation != generation {
            return;
        }
        match result {
            Ok(assignments) => {
                for (id, assignment) in assignments {
                    if let Some(member) = self.members.get_mut(&id) {
                        member.assignment = assignment;
                    }
                }
                self.transition(GroupState::Stable, now_ms);
                self.answer_syncs(ErrorCode::None, out);
                if self.pending_sync.is_empty() {
                    out.timers.push((GroupTimer::Sync, None));
                }
            }
            Err(error) => {
                self.answer_syncs(error, out);
                self.rebalance_or_complete("Error when storing group assignment", settings, now_ms, out);
            }
        }
    }

    pub(super) fn answer_syncs(&mut self, error: ErrorCode, out: &mut GroupEffects) {
        for id in self.members.keys().cloned().collect::<Vec<_>>() {
            let Some(member) = self.members.get_mut(&id) else { continue };
            if error != ErrorCode::None {
                member.assignment = Bytes::new();
            }
            let Some(reply) = member.awaiting_sync.take() else { continue };
            let session = i64::from(member.session_timeout_ms);
            out.timers.push((GroupTimer::Session(id.clone()), Some(session)));
            let response = match error {
                ErrorCode::None => self.sync_response(&id).into(),
                error => sync_error(error),
            };
            out.replies.push((reply, response));
        }
    }

    fn sync_response(&self, id: &str) -> SyncGroupResponse {
        SyncGroupResponse {
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            assignment: self.members.get(id).map(|member| member.assignment.clone()).unwrap_or_default(),
            ..Default::default()
        }
    }

    /// Members that did not sync in time are out (`expirePendingSync`).
    pub fn on_sync_timer(&mut self, settings: &GroupSettings, now_ms: i64, out: &mut GroupEffects) {
        if !matches!(self.state, GroupState::CompletingRebalance | GroupState::Stable) || self.pending_sync.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.pending_sync) {
            self.remove(&id, out);
        }
        self.rebalance_or_complete("Removing members on pending sync request expiration", settings, now_ms, out);
    }

    pub fn heartbeat(&mut self, id: &str, out: &mut GroupEffects) -> ErrorCode {
        if self.state == GroupState::Empty {
            return ErrorCode::UnknownMemberId;
        }
        if let Some(member) = self.members.get(id) {
            out.timers.push((GroupTimer::Session(id.to_string()), Some(i64::from(member.session_timeout_ms))));
        }
        match self.state {
            GroupState::PreparingRebalance => ErrorCode::RebalanceInProgress,
            _ => ErrorCode::None,
        }
    }

    pub fn on_session_timer(&mut self, id: &str, settings: &GroupSettings, now_ms: i64, out: &mut GroupEffects) {
        if self.pending_members.remove(id) {
            out.lines.push(format!(
                "Pending member {id} in group {} has been removed after session timeout expiration.",
                self.id
            ));
            return self.after_removal("pending member expired", settings, now_ms, out);
        }
        let Some(member) = self.members.get(id) else { return };
        // A member whose request is parked here cannot send heartbeats; a new one cannot at all, and had its time.
        if !member.is_new && (member.awaiting_join.is_some() || member.awaiting_sync.is_some()) {
            return;
        }
        out.lines.push(format!("Member {id} in group {} has failed, removing it from the group.", self.id));
        self.remove(id, out);
        self.after_removal(&format!("removing member {id} on heartbeat expiration."), settings, now_ms, out);
    }
}
