//! ListGroups, DescribeGroups, DeleteGroups.

use base::Micros;
use protocol::ErrorCode;
use protocol::messages::delete_groups_response::DeletableGroupResult;
use protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use protocol::messages::list_groups_response::ListedGroup;
use protocol::messages::{
    DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse, ListGroupsRequest,
    ListGroupsResponse,
};

use super::classic::{ClassicGroup, GroupState, Member};
use super::{AfterWrite, records};
use crate::broker::connections::ReplyTo;
use crate::broker::{Broker, Fx};

const CLASSIC: &str = "Classic";
/// Since version 6 an unknown group is an error and not a dead group.
const NOT_FOUND_VERSION: i16 = 6;

impl Broker {
    pub(super) fn handle_list_groups(&mut self, reply: &ReplyTo, request: &ListGroupsRequest, fx: &mut Fx<'_>) {
        let matches =
            |filter: &[String], word: &str| filter.is_empty() || filter.iter().any(|f| f.eq_ignore_ascii_case(word));
        let shown = |group: &&ClassicGroup| {
            matches(&request.states_filter, group.state.name()) && matches(&request.types_filter, CLASSIC)
        };
        let list = |group: &ClassicGroup| ListedGroup {
            group_id: group.id.clone(),
            protocol_type: group.protocol_type.clone().unwrap_or_default(),
            group_state: group.state.name().to_string(),
            group_type: CLASSIC.to_string(),
            ..Default::default()
        };
        let groups = self.groups.groups().filter(shown).map(list).collect();
        self.connections.respond(reply, ListGroupsResponse { groups, ..Default::default() }, fx);
    }

    pub(super) fn handle_describe_groups(&mut self, reply: &ReplyTo, request: &DescribeGroupsRequest, fx: &mut Fx<'_>) {
        let describe = |id: &String| match self.shard_of(id) {
            Err(error) => DescribedGroup { group_id: id.clone(), error_code: error.code(), ..Default::default() },
            Ok(partition) => {
                let shard = self.groups.shards.get(&partition);
                match shard.and_then(|shard| shard.groups.get(id)) {
                    Some(group) => describe_group(group),
                    None => unknown_group(id, reply.api_version),
                }
            }
        };
        let groups = request.groups.iter().map(describe).collect();
        self.connections.respond(reply, DescribeGroupsResponse { groups, ..Default::default() }, fx);
    }

    pub(super) fn handle_delete_groups(
        &mut self,
        now: Micros,
        reply: &ReplyTo,
        request: &DeleteGroupsRequest,
        fx: &mut Fx<'_>,
    ) {
        let mut results = Vec::new();
        for id in &request.groups_names {
            let error_code = self.delete_group(now, id, fx).err().unwrap_or(ErrorCode::None).code();
            results.push(DeletableGroupResult { group_id: id.clone(), error_code, ..Default::default() });
        }
        self.connections.respond(reply, DeleteGroupsResponse { results, ..Default::default() }, fx);
    }

    fn delete_group(&mut self, now: Micros, id: &str, fx: &mut Fx<'_>) -> Result<(), ErrorCode> {
        let partition = self.shard_of(id)?;
        let shard = self.shard(partition);
        let group = shard.groups.get(id).ok_or(ErrorCode::GroupIdNotFound)?;
        if group.state != GroupState::Empty {
            return Err(ErrorCode::NonEmptyGroup);
        }
        shard.groups.remove(id);
        let offsets = shard.offsets.remove(id).unwrap_or_default();
        let mut written: Vec<_> = offsets.keys().flat_map(|offset| records::offset_tombstone(id, offset)).collect();
        written.extend(records::group_tombstone(id));
        self.write_records(now, partition, written, AfterWrite::Nothing, fx);
        Ok(())
    }
}

fn describe_group(group: &ClassicGroup) -> DescribedGroup {
    let stable = group.state == GroupState::Stable;
    let protocol = group.protocol.clone().filter(|_| stable).unwrap_or_default();
    let member = |member: &Member| DescribedGroupMember {
        member_id: member.id.clone(),
        group_instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        // Only a stable group has assignments to tell of.
        member_metadata: if stable { member.subscription(&protocol) } else { Default::default() },
        member_assignment: if stable { member.assignment.clone() } else { Default::default() },
        ..Default::default()
    };
    DescribedGroup {
        group_id: group.id.clone(),
        group_state: group.state.name().to_string(),
        protocol_type: group.protocol_type.clone().unwrap_or_default(),
        protocol_data: protocol.clone(),
        members: group.members.values().map(member).collect(),
        ..Default::default()
    }
}

fn unknown_group(id: &str, api_version: i16) -> DescribedGroup {
    let mut group = DescribedGroup { group_id: id.to_string(), group_state: "Dead".to_string(), ..Default::default() };
    if api_version >= NOT_FOUND_VERSION {
        group.error_code = ErrorCode::GroupIdNotFound.code();
        group.error_message = Some(format!("Group {id} not found."));
    }
    group
}
