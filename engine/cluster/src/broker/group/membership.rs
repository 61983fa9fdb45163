//! JoinGroup, SyncGroup, Heartbeat, LeaveGroup.

use base::{Map, Micros};

use bytes::Bytes;
use protocol::ErrorCode;
use protocol::messages::leave_group_request::MemberIdentity;
use protocol::messages::leave_group_response::MemberResponse;
use protocol::messages::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, LeaveGroupRequest, LeaveGroupResponse, SyncGroupRequest,
};

use super::AfterWrite;
use super::classic::{ClassicGroup, GroupEffects, GroupState, Member, join_error, sync_error};
use super::records;
use crate::broker::connections::{Incoming, ReplyTo};
use crate::broker::{Broker, Fx};

/// Everything runs on one machine, as where the recorded answers come from: who connects has the loopback address.
const CLIENT_HOST: &str = "/127.0.0.1";
/// Since version 4 a member must know its id before it is taken in (KIP-394).
const KNOWN_MEMBER_ID_VERSION: i16 = 4;

impl Broker {
    pub(super) fn handle_join_group(
        &mut self,
        now: Micros,
        incoming: &Incoming,
        request: &JoinGroupRequest,
        fx: &mut Fx<'_>,
    ) {
        let reply = incoming.reply;
        let settings = self.group_settings();
        let session = i64::from(request.session_timeout_ms);
        let refused = if request.group_id.is_empty() {
            Some(ErrorCode::InvalidGroupId)
        } else if session < settings.min_session_timeout_ms || session > settings.max_session_timeout_ms {
            Some(ErrorCode::InvalidSessionTimeout)
        } else {
            None
        };
        let partition = match refused.map_or_else(|| self.shard_of(&request.group_id), Err) {
            Ok(partition) => partition,
            Err(error) => return self.connections.respond(&reply, join_error(&request.member_id, error), fx),
        };
        let now_ms = now.as_epoch_ms();
        let is_unknown = request.member_id.is_empty();
        let shard = self.shard(partition);
        if !is_unknown && !shard.groups.contains_key(&request.group_id) {
            let answer = join_error(&request.member_id, ErrorCode::UnknownMemberId);
            return self.connections.respond(&reply, answer, fx);
        }
        let known = shard.groups.get(&request.group_id).cloned();
        let (is_new, mut group) =
            (known.is_none(), known.unwrap_or_else(|| ClassicGroup::new(&request.group_id, now_ms)));
        // A new group is in the log before it has members, whatever becomes of this one.
        let empty = records::group_metadata(&group, &Map::new()).ok().filter(|_| is_new);
        let mut out = GroupEffects::default();
        self.join(now_ms, incoming, request, &mut group, &mut out);
        self.shard(partition).groups.insert(request.group_id.clone(), group);
        if let Some(record) = empty {
            self.write_records(now, partition, vec![record], AfterWrite::Nothing, fx);
        }
        self.carry_out(now, partition, &request.group_id, out, fx);
    }

    fn join(
        &mut self,
        now_ms: i64,
        incoming: &Incoming,
        request: &JoinGroupRequest,
        group: &mut ClassicGroup,
        out: &mut GroupEffects,
    ) {
        let (reply, settings) = (incoming.reply, self.group_settings());
        let protocols = protocols_of(request);
        let is_member = group.members.contains_key(&request.member_id);
        if !is_member && group.members.len() as i64 >= settings.max_size {
            return out.replies.push((reply, join_error("", ErrorCode::GroupMaxSizeReached)));
        }
        if !group.supports(&request.protocol_type, &protocols) {
            let answer = join_error(&request.member_id, ErrorCode::InconsistentGroupProtocol);
            return out.replies.push((reply, answer));
        }
        let instance = request.group_instance_id.as_deref();
        if request.member_id.is_empty() {
            let id = self.generate_member_id(instance.unwrap_or(&incoming.client_id));
            if instance.is_none() && reply.api_version >= KNOWN_MEMBER_ID_VERSION {
                group.add_pending_member(&id, request.session_timeout_ms, out);
                out.lines.push(format!(
                    "Dynamic member with unknown member id joins group {} in {} state. Created a new member id {id} and \
                     requesting the member to rejoin with this id.",
                    group.id,
                    group.state.name()
                ));
                return out.replies.push((reply, join_error(&id, ErrorCode::MemberIdRequired)));
            }
            // A static member that comes back takes the place of the one it was.
            if let Some(old) = instance.and_then(|instance| group.static_members.get(instance).cloned()) {
                group.remove(&old, out);
            }
            let member = self.new_member(id, incoming, request, protocols);
            return group.add_member(member, &request.protocol_type, &settings, now_ms, out);
        }
        if group.pending_members.contains(&request.member_id) {
            let member = self.new_member(request.member_id.clone(), incoming, request, protocols);
            return group.add_member(member, &request.protocol_type, &settings, now_ms, out);
        }
        if let Err(error) = group.validate_member(&request.member_id, instance) {
            return out.replies.push((reply, join_error(&request.member_id, error)));
        }
        rejoin(group, request, protocols, reply, &settings, now_ms, out);
    }

    fn new_member(
        &self,
        id: String,
        incoming: &Incoming,
        request: &JoinGroupRequest,
        protocols: Vec<(String, Bytes)>,
    ) -> Member {
        Member {
            id,
            instance_id: request.group_instance_id.clone(),
            client_id: incoming.client_id.to_string(),
            client_host: CLIENT_HOST.to_string(),
            rebalance_timeout_ms: rebalance_timeout_ms(request),
            session_timeout_ms: request.session_timeout_ms,
            protocols,
            assignment: Bytes::new(),
            is_new: true,
            awaiting_join: Some(incoming.reply),
            awaiting_sync: None,
        }
    }

    /// Client or instance id, and a random id as Java's `UUID.randomUUID` prints it.
    fn generate_member_id(&mut self, prefix: &str) -> String {
        let id = base::Uuid::random(&mut self.rng).0;
        let part = |shift: u32, digits: u32| (id >> shift) & ((1u128 << (4 * digits)) - 1);
        format!(
            "{prefix}-{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 8),
            part(80, 4),
            part(64, 4),
            part(48, 4),
            part(0, 12)
        )
    }

    pub(super) fn handle_sync_group(
        &mut self,
        now: Micros,
        reply: &ReplyTo,
        request: &SyncGroupRequest,
        fx: &mut Fx<'_>,
    ) {
        let mut out = GroupEffects::default();
        let partition = match self.shard_of(&request.group_id) {
            Ok(partition) => partition,
            Err(error) => return self.connections.respond(reply, sync_error(error), fx),
        };
        let shard = self.shard(partition);
        match shard.groups.get_mut(&request.group_id).ok_or(ErrorCode::UnknownMemberId).and_then(|group| {
            validate_sync(group, request)?;
            Ok(group)
        }) {
            Err(error) => out.replies.push((*reply, sync_error(error))),
            Ok(group) => {
                let assignments: Map<String, Bytes> =
                    request.assignments.iter().map(|a| (a.member_id.clone(), a.assignment.clone())).collect();
                group.sync(&request.member_id, *reply, assignments, &mut out);
            }
        }
        self.carry_out(now, partition, &request.group_id, out, fx);
    }

    pub(super) fn handle_heartbeat(
        &mut self,
        now: Micros,
        reply: &ReplyTo,
        request: &HeartbeatRequest,
        fx: &mut Fx<'_>,
    ) {
        let mut out = GroupEffects::default();
        let found = self.shard_of(&request.group_id).and_then(|partition| {
            let group = self.shard(partition).groups.get_mut(&request.group_id).ok_or(ErrorCode::UnknownMemberId)?;
            group.validate_member(&request.member_id, request.group_instance_id.as_deref())?;
            if request.generation_id != group.generation {
                return Err(ErrorCode::IllegalGeneration);
            }
            match group.heartbeat(&request.member_id, &mut out) {
                ErrorCode::None => Ok(partition),
                error => Err(error),
            }
        });
        let error_code = found.err().unwrap_or(ErrorCode::None).code();
        out.replies.push((*reply, HeartbeatResponse { error_code, ..Default::default() }.into()));
        let partition = self.shard_of(&request.group_id).unwrap_or(-1);
        self.carry_out(now, partition, &request.group_id, out, fx);
    }

    pub(super) fn handle_leave_group(
        &mut self,
        now: Micros,
        reply: &ReplyTo,
        request: &LeaveGroupRequest,
        fx: &mut Fx<'_>,
    ) {
        let settings = self.group_settings();
        let mut out = GroupEffects::default();
        // Before version 3 one member could leave with a request.
        let leaving = match reply.api_version {
            0..=2 => vec![MemberIdentity { member_id: request.member_id.clone(), ..Default::default() }],
            _ => request.members.clone(),
        };
        let mut response = LeaveGroupResponse::default();
        let partition = match self.shard_of(&request.group_id) {
            Ok(partition) => partition,
            Err(error) => {
                response.error_code = error.code();
                return self.connections.respond(reply, response, fx);
            }
        };
        let group = self.shard(partition).groups.get_mut(&request.group_id);
        let mut left = Vec::new();
        let mut members = Vec::new();
        let mut group = group;
        for member in leaving {
            let error = match &mut group {
                Some(group) => leave(group, &member, &mut left, &mut out),
                None => ErrorCode::UnknownMemberId,
            };
            members.push(MemberResponse {
                member_id: member.member_id,
                group_instance_id: member.group_instance_id,
                error_code: error.code(),
                ..Default::default()
            });
        }
        if let Some(group) = group
            && !left.is_empty()
        {
            let reason = format!("explicit `LeaveGroup` request for ({}) members.", left.join(", "));
            group.after_removal(&reason, &settings, now.as_epoch_ms(), &mut out);
        }
        match reply.api_version {
            0..=2 => response.error_code = members.first().map_or(0, |member| member.error_code),
            _ => response.members = members,
        }
        out.replies.push((*reply, response.into()));
        self.carry_out(now, partition, &request.group_id, out, fx);
    }
}

fn protocols_of(request: &JoinGroupRequest) -> Vec<(String, Bytes)> {
    request.protocols.iter().map(|protocol| (protocol.name.clone(), protocol.metadata.clone())).collect()
}

/// A member that the group knows joins again (`classicGroupJoinExistingMember`).
fn rejoin(
    group: &mut ClassicGroup,
    request: &JoinGroupRequest,
    protocols: Vec<(String, Bytes)>,
    reply: ReplyTo,
    settings: &super::GroupSettings,
    now_ms: i64,
    out: &mut GroupEffects,
) {
    let id = request.member_id.as_str();
    let same = group.members.get(id).is_some_and(|member| member.protocols == protocols);
    let rebalance = match group.state {
        GroupState::Empty => return out.replies.push((reply, join_error(id, ErrorCode::UnknownMemberId))),
        GroupState::PreparingRebalance => true,
        // It has probably not received the answer to its first request.
        GroupState::CompletingRebalance => !same,
        // A leader that joins wants a new assignment, perhaps because topics have changed.
        GroupState::Stable => group.is_leader(id) || !same,
    };
    if !rebalance {
        let mut response = group.join_response(id);
        if group.state == GroupState::Stable {
            response.members.clear();
        }
        return out.replies.push((reply, response.into()));
    }
    if let Some(member) = group.members.get_mut(id) {
        member.protocols = protocols;
        member.session_timeout_ms = request.session_timeout_ms;
        member.rebalance_timeout_ms = rebalance_timeout_ms(request);
        member.awaiting_join = Some(reply);
    }
    group.rebalance_or_complete(&format!("Member {id} re-joins"), settings, now_ms, out);
}

/// Before version 1 a member had its session time-out for both.
fn rebalance_timeout_ms(request: &JoinGroupRequest) -> i32 {
    if request.rebalance_timeout_ms < 0 { request.session_timeout_ms } else { request.rebalance_timeout_ms }
}

fn validate_sync(group: &ClassicGroup, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
    group.validate_member(&request.member_id, request.group_instance_id.as_deref())?;
    if request.generation_id != group.generation {
        return Err(ErrorCode::IllegalGeneration);
    }
    // Since version 5 the member says which protocol it means.
    let differs = |asked: &Option<String>, known: &Option<String>| asked.is_some() && asked != known;
    if differs(&request.protocol_type, &group.protocol_type) || differs(&request.protocol_name, &group.protocol) {
        return Err(ErrorCode::InconsistentGroupProtocol);
    }
    Ok(())
}

/// One member leaves; by its instance id if an administrator removes it.
fn leave(
    group: &mut ClassicGroup,
    member: &MemberIdentity,
    left: &mut Vec<String>,
    out: &mut GroupEffects,
) -> ErrorCode {
    let id = match (&member.member_id, &member.group_instance_id) {
        (id, Some(instance)) if id.is_empty() => match group.static_members.get(instance) {
            Some(id) => id.clone(),
            None => return ErrorCode::UnknownMemberId,
        },
        (id, _) if group.pending_members.contains(id) => id.clone(),
        (id, instance) => match group.validate_member(id, instance.as_deref()) {
            Ok(()) => id.clone(),
            Err(error) => return error,
        },
    };
    let reason = member.reason.as_deref().unwrap_or("not provided");
    out.lines.push(format!(
        "[Group {}] Member {id} has left group through explicit `LeaveGroup` request; client reason: {reason}",
        group.id
    ));
    group.remove(&id, out);
    left.push(id);
    ErrorCode::None
}
