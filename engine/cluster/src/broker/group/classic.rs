//! A classic group: members join, the leader assigns, all sync; heartbeats keep members in (Kafka: `ClassicGroup`,
//! and the classic half of `GroupMetadataManager`).
//!
//! ```text
//! Empty -(join)-> PreparingRebalance -(all joined)-> CompletingRebalance -(leader synced, stored)-> Stable
//! ```
//!
//! A group decides; what it wants done (answers, timers, a record to be written) goes into [`GroupEffects`].

use base::{Map, Set};

use bytes::Bytes;
use protocol::messages::join_group_response::JoinGroupResponseMember;
use protocol::messages::{JoinGroupResponse, SyncGroupResponse};
use protocol::{ErrorCode, Response};

use crate::broker::connections::ReplyTo;

/// The states of a classic group, with Kafka's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupState {
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
}

impl GroupState {
    pub fn name(self) -> &'static str {
        match self {
            GroupState::Empty => "Empty",
            GroupState::PreparingRebalance => "PreparingRebalance",
            GroupState::CompletingRebalance => "CompletingRebalance",
            GroupState::Stable => "Stable",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    pub id: String,
    /// `group.instance.id` of a static member (KIP-345).
    pub instance_id: Option<String>,
    pub client_id: String,
    pub client_host: String,
    pub rebalance_timeout_ms: i32,
    pub session_timeout_ms: i32,
    /// Assignors that the member offers, the preferred first, each with its subscription.
    pub protocols: Vec<(String, Bytes)>,
    pub assignment: Bytes,
    /// It has not yet seen the end of a rebalance, does not know its id, and sends no heartbeats.
    pub is_new: bool,
    pub awaiting_join: Option<ReplyTo>,
    pub awaiting_sync: Option<ReplyTo>,
}

impl Member {
    pub fn subscription(&self, protocol: &str) -> Bytes {
        self.protocols.iter().find(|(name, _)| name == protocol).map(|(_, bytes)| bytes.clone()).unwrap_or_default()
    }
}

/// Timers of a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupTimer {
    /// The wait for members to join ends.
    Join,
    /// The wait for members to sync ends.
    Sync,
    /// A member has not been heard of for its session time-out.
    Session(String),
}

/// What a group wants done.
#[derive(Debug, Default)]
pub struct GroupEffects {
    pub replies: Vec<(ReplyTo, Response)>,
    /// Set to go off after so many milliseconds, or cancelled.
    pub timers: Vec<(GroupTimer, Option<i64>)>,
    /// The group's metadata is to be written with these assignments.
    pub write: Option<Map<String, Bytes>>,
    /// Lines for the broker's log.
    pub lines: Vec<String>,
}

/// Settings of the coordinator. Times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupSettings {
    /// `group.initial.rebalance.delay.ms`: an empty group waits so long for more members than the first.
    pub initial_rebalance_delay_ms: i64,
    pub min_session_timeout_ms: i64,
    pub max_session_timeout_ms: i64,
    /// `group.max.size`
    pub max_size: i64,
}

/// A new member must come to the end of a rebalance within five minutes (`CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT_MS`).
const NEW_MEMBER_JOIN_TIMEOUT_MS: i64 = 300_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClassicGroup {
    pub id: String,
    pub state: GroupState,
    pub generation: i32,
    /// `consumer`, or `connect`.
    pub protocol_type: Option<String>,
    /// The assignor that the present generation agreed on.
    pub protocol: Option<String>,
    pub leader: Option<String>,
    pub members: Map<String, Member>,
    /// Ids given out whose owners have not come back with them.
    pub pending_members: Set<String>,
    /// Member id by `group.instance.id`.
    pub static_members: Map<String, String>,
    pub(super) pending_sync: Set<String>,
    /// The rebalance under way began in an empty group: how much of its time is left, and whether it may end early.
    initial_remaining_ms: Option<i64>,
    new_member_added: bool,
    pub state_since_ms: i64,
}

impl ClassicGroup {
    pub fn new(id: &str, now_ms: i64) -> ClassicGroup {
        ClassicGroup {
            id: id.to_string(),
            state: GroupState::Empty,
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: Map::new(),
            pending_members: Set::new(),
            static_members: Map::new(),
            pending_sync: Set::new(),
            initial_remaining_ms: None,
            new_member_added: false,
            state_since_ms: now_ms,
        }
    }

    pub fn is_leader(&self, member: &str) -> bool {
        self.leader.as_deref() == Some(member)
    }

    /// Whether a member that offers these would leave the group an assignor in common.
    pub fn supports(&self, protocol_type: &str, protocols: &[(String, Bytes)]) -> bool {
        if self.members.is_empty() {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        let common = self.common_protocols();
        self.protocol_type.as_deref() == Some(protocol_type) && protocols.iter().any(|(name, _)| common.contains(name))
    }

    /// The error for a request of a member that is not who it says (`ClassicGroup.validateMember`).
    pub fn validate_member(&self, member: &str, instance: Option<&str>) -> Result<(), ErrorCode> {
        if let Some(instance) = instance {
            return match self.static_members.get(instance) {
                None => Err(ErrorCode::UnknownMemberId),
                Some(known) if known != member => Err(ErrorCode::FencedInstanceId),
                Some(_) => Ok(()),
            };
        }
        if self.members.contains_key(member) { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    fn common_protocols(&self) -> Set<String> {
        let offered = |member: &Member| member.protocols.iter().map(|(name, _)| name.clone()).collect::<Set<_>>();
        let mut all = self.members.values().map(offered);
        let first = all.next().unwrap_or_default();
        all.fold(first, |common, offered| common.intersection(&offered).cloned().collect())
    }

    /// Each member votes for its first assignor that all have; most votes win, of equals the leader's preference.
    fn select_protocol(&self) -> Option<String> {
        let common = self.common_protocols();
        let mut votes: Map<&str, usize> = Map::new();
        for member in self.members.values() {
            if let Some((name, _)) = member.protocols.iter().find(|(name, _)| common.contains(name)) {
                *votes.entry(name).or_default() += 1;
            }
        }
        let most = votes.values().max().copied()?;
        let leader = self.leader.as_ref().and_then(|id| self.members.get(id));
        let preferred = leader.into_iter().flat_map(|m| m.protocols.iter().map(|(name, _)| name.as_str()));
        preferred.chain(votes.keys().copied()).find(|name| votes.get(name) == Some(&most)).map(str::to_string)
    }

    fn has_all_members_joined(&self) -> bool {
        self.pending_members.is_empty() && self.members.values().all(|member| member.awaiting_join.is_some())
    }

    fn rebalance_timeout_ms(&self) -> i64 {
        self.members.values().map(|member| i64::from(member.rebalance_timeout_ms)).max().unwrap_or(0)
    }

    pub(super) fn transition(&mut self, state: GroupState, now_ms: i64) {
        self.state = state;
        self.state_since_ms = now_ms;
    }

    // ---- members

    pub fn add_pending_member(&mut self, member: &str, session_timeout_ms: i32, out: &mut GroupEffects) {
        self.pending_members.insert(member.to_string());
        out.timers.push((GroupTimer::Session(member.to_string()), Some(i64::from(session_timeout_ms))));
    }

    /// Takes a new member in and begins a rebalance, or ends one that waited for it.
    pub fn add_member(
        &mut self,
        member: Member,
        protocol_type: &str,
        settings: &GroupSettings,
        now_ms: i64,
        out: &mut GroupEffects,
    ) {
        let id = member.id.clone();
        if self.state == GroupState::PreparingRebalance && self.initial_remaining_ms.is_some() {
            self.new_member_added = true;
        }
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type.to_string());
        }
        if self.leader.is_none() {
            self.leader = Some(id.clone());
        }
        if let Some(instance) = &member.instance_id {
            self.static_members.insert(instance.clone(), id.clone());
        }
        self.pending_members.remove(&id);
        out.timers.push((GroupTimer::Session(id.clone()), Some(NEW_MEMBER_JOIN_TIMEOUT_MS)));
        self.members.insert(id.clone(), member);
        self.rebalance_or_complete(&format!("Adding new member {id}"), settings, now_ms, out);
    }

    /// Forgets a member; who waited for an answer in its name is told that it is unknown.
    pub fn remove(&mut self, id: &str, out: &mut GroupEffects) {
        out.timers.push((GroupTimer::Session(id.to_string()), None));
        self.pending_members.remove(id);
        self.pending_sync.remove(id);
        let Some(member) = self.members.remove(id) else { return };
        if let Some(reply) = member.awaiting_join {
            out.replies.push((reply, join_error("", ErrorCode::UnknownMemberId)));
        }
        if let Some(instance) = &member.instance_id {
            self.static_members.remove(instance);
        }
        if self.is_leader(id) {
            self.leader = self.members.keys().next().cloned();
        }
    }

    /// After members went: rebalance among those who are left, or end the one under way.
    pub fn after_removal(&mut self, reason: &str, settings: &GroupSettings, now_ms: i64, out: &mut GroupEffects) {
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance => {
                self.rebalance_or_complete(reason, settings, now_ms, out);
            }
            GroupState::PreparingRebalance => self.maybe_complete_join(now_ms, out),
            GroupState::Empty => {}
        }
    }

    // ---- the rebalance

    pub fn rebalance_or_complete(
        &mut self,
        reason: &str,
        settings: &GroupSettings,
        now_ms: i64,
        out: &mut GroupEffects,
    ) {
        if self.state == GroupState::PreparingRebalance {
            return self.maybe_complete_join(now_ms, out);
        }
        if self.state == GroupState::CompletingRebalance {
            self.answer_syncs(ErrorCode::RebalanceInProgress, out);
        }
        self.pending_sync.clear();
        out.timers.push((GroupTimer::Sync, None));
        let initial = self.state == GroupState::Empty;
        out.lines.push(format!(
            "Preparing to rebalance group {} in state {} with old generation {} (reason: {reason}).",
            self.id,
            GroupState::PreparingRebalance.name(),
            self.generation
        ));
        self.transition(GroupState::PreparingRebalance, now_ms);
        if initial {
            let delay = settings.initial_rebalance_delay_ms;
            self.initial_remaining_ms = Some((self.rebalance_timeout_ms() - delay).max(0));
            self.new_member_added = false;
            return out.timers.push((GroupTimer::Join, Some(delay)));
        }
        self.initial_remaining_ms = None;
        if self.has_all_members_joined() {
            self.complete_join(now_ms, out);
        } else {
            out.timers.push((GroupTimer::Join, Some(self.rebalance_timeout_ms())));
        }
    }

    /// The first rebalance of a group waits out its delay, the others only for the members.
    fn maybe_complete_join(&mut self, now_ms: i64, out: &mut GroupEffects) {
        if self.initial_remaining_ms.is_none() && self.has_all_members_joined() {
            self.complete_join(now_ms, out);
        }
    }

    /// The wait for members is over.
    pub fn on_join_timer(&mut self, settings: &GroupSettings, now_ms: i64, out: &mut GroupEffects) {
        if self.state != GroupState::PreparingRebalance {
            return;
        }
        if let Some(remaining) = self.initial_remaining_ms
            && self.new_member_added
            && remaining > 0
        {
            // Somebody came during the delay; perhaps more will.
            let delay = settings.initial_rebalance_delay_ms;
            self.new_member_added = false;
            self.initial_remaining_ms = Some((remaining - delay).max(0));
            return out.timers.push((GroupTimer::Join, Some(delay.min(remaining))));
        }
        self.complete_join(now_ms, out);
    }

    fn complete_join(&mut self, now_ms: i64, out: &mut GroupEffects) {
        out.timers.push((GroupTimer::Join, None));
        let absent = |member: &&Member| member.awaiting_join.is_none() && member.instance_id.is_none();
        let gone: Vec<String> = self.members.values().filter(absent).map(|member| member.id.clone()).collect();
        for id in gone {
            self.remove(&id, out);
        }
        let leader_joined =
            self.leader.as_ref().and_then(|id| self.members.get(id)).is_some_and(|m| m.awaiting_join.is_some());
        if !leader_joined && !self.members.is_empty() {
            match self.members.values().find(|member| member.awaiting_join.is_some()) {
                Some(member) => self.leader = Some(member.id.clone()),
                // Nobody came back; sessions will end, or somebody will come.
                None => return out.timers.push((GroupTimer::Join, Some(self.rebalance_timeout_ms()))),
            }
        }
        self.initial_remaining_ms = None;
        self.generation += 1;
        if self.members.is_empty() {
            (self.leader, self.protocol) = (None, None);
            self.transition(GroupState::Empty, now_ms);
            out.lines.push(format!("Group {} with generation {} is now empty.", self.id, self.generation));
            out.write = Some(Map::new());
            return;
        }
        self.protocol = self.select_protocol();
        self.transition(GroupState::CompletingRebalance, now_ms);
        out.lines.push(format!(
            "Stabilized group {} generation {} with {} members.",
            self.id,
            self.generation,
            self.members.len()
        ));
        self.answer_joins(out);
        out.timers.push((GroupTimer::Sync, Some(self.rebalance_timeout_ms())));
    }

    fn answer_joins(&mut self, out: &mut GroupEffects) {
        for id in self.members.keys().cloned().collect::<Vec<_>>() {
            let response = self.join_response(&id);
            let Some(member) = self.members.get_mut(&id) else { continue };
            if let Some(reply) = member.awaiting_join.take() {
                out.replies.push((reply, response.into()));
            }
            member.is_new = false;
            out.timers.push((GroupTimer::Session(id.clone()), Some(i64::from(member.session_timeout_ms))));
            self.pending_sync.insert(id);
        }
    }

    /// What a member is told of the present generation; the leader hears of all members.
    pub fn join_response(&self, id: &str) -> JoinGroupResponse {
        let protocol = self.protocol.clone().unwrap_or_default();
        let describe = |member: &Member| JoinGroupResponseMember {
            member_id: member.id.clone(),
            group_instance_id: member.instance_id.clone(),
            metadata: member.subscription(&protocol),
            ..Default::default()
        };
        JoinGroupResponse {
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            member_id: id.to_string(),
            members: if self.is_leader(id) { self.members.values().map(describe).collect() } else { Vec::new() },
            ..Default::default()
        }
    }

    /// This broker coordinates the group no more: everybody who waits has to look for the new coordinator.
    pub fn unload(&mut self, out: &mut GroupEffects) {
        for member in self.members.values_mut() {
            if let Some(reply) = member.awaiting_join.take() {
                out.replies.push((reply, join_error(&member.id, ErrorCode::NotCoordinator)));
            }
            if let Some(reply) = member.awaiting_sync.take() {
                out.replies.push((reply, sync_error(ErrorCode::NotCoordinator)));
            }
            out.timers.push((GroupTimer::Session(member.id.clone()), None));
        }
        for member in &self.pending_members {
            out.timers.push((GroupTimer::Session(member.clone()), None));
        }
        out.timers.push((GroupTimer::Join, None));
        out.timers.push((GroupTimer::Sync, None));
    }
}

pub fn join_error(member_id: &str, error: ErrorCode) -> Response {
    JoinGroupResponse {
        error_code: error.code(),
        member_id: member_id.to_string(),
        protocol_name: Some(String::new()),
        ..Default::default()
    }
    .into()
}

pub fn sync_error(error: ErrorCode) -> Response {
    SyncGroupResponse { error_code: error.code(), ..Default::default() }.into()
}
