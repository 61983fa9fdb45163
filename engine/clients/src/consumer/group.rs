//! Membership in a consumer group, the classic protocol (`AbstractCoordinator`, `ConsumerCoordinator`): find the
//! coordinator, join, share out, heartbeat, commit, leave.
//!
//! ```text
//! Unjoined -> (revoke, commit) -> Joining -> Syncing -> Stable -> ... a rebalance: back to Unjoined
//! ```

use base::{Map, Micros, Set};

use cluster::Kafka;
use protocol::messages::join_group_request::JoinGroupRequestProtocol;
use protocol::messages::leave_group_request::MemberIdentity;
use protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use protocol::messages::{
    FindCoordinatorRequest, FindCoordinatorResponse, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse,
    LeaveGroupRequest, SyncGroupRequest, SyncGroupResponse,
};
use protocol::{ApiKey, ErrorCode, TopicPartition};
use sim::Effects;

use super::assignor::{self, Member};
use super::{Asked, Consumer, ConsumerOutput};
use crate::error::KafkaError;
use crate::node::Node;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Membership {
    Unjoined,
    /// Positions are committed before the partitions are given up.
    Committing,
    Joining,
    /// The leader waits for metadata of topics that only others subscribe to.
    Assigning,
    Syncing,
    Stable,
}

#[derive(Clone, Debug, Hash)]
pub(super) struct Group {
    pub id: String,
    /// The coordinator under an id of its own, so that waiting for it blocks no fetch: `i32::MAX - id`.
    pub coordinator: Option<Node>,
    pub membership: Membership,
    pub member_id: String,
    pub generation: i32,
    /// Since when it has been without partitions, on its way into a generation.
    pub pause_from: Option<Micros>,
    /// How long it was the last time.
    pub paused: Micros,
    protocol: String,
    rejoin: bool,
    /// Members of the generation that this consumer, its leader, shares out for.
    members: Vec<Member>,
    /// Partition counts that the last assignment was made from, as the leader remembers them.
    assigned_counts: Option<Map<String, i32>>,
    pub retry_at: Micros,
    tries: u32,
    next_heartbeat: Micros,
    session_end: Micros,
    pub next_commit: Micros,
    /// No broker of this cluster offers groups: the consumer takes every partition.
    alone: bool,
}

impl Group {
    pub fn new(id: String) -> Group {
        Group {
            id,
            coordinator: None,
            membership: Membership::Unjoined,
            member_id: String::new(),
            generation: -1,
            pause_from: None,
            paused: Micros::ZERO,
            protocol: String::new(),
            rejoin: true,
            members: Vec::new(),
            assigned_counts: None,
            retry_at: Micros::ZERO,
            tries: 0,
            next_heartbeat: Micros::ZERO,
            session_end: Micros::MAX,
            next_commit: Micros::ZERO,
            alone: false,
        }
    }

    /// What is known of the generation is worth nothing any more.
    fn forget(&mut self) {
        self.member_id.clear();
        self.generation = -1;
        self.membership = Membership::Unjoined;
        self.rejoin = true;
    }
}

impl Consumer {
    /// Does what membership asks for at this moment. Called only for a subscribed consumer that is not closing.
    pub(super) fn run_group(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let Some(group) = &self.group else { return };
        if group.alone {
            return self.assign_alone(now, fx);
        }
        if now < group.retry_at {
            let at = group.retry_at;
            return self.wake_at(at);
        }
        let Some(coordinator) = self.find_coordinator(now, fx) else { return };
        match self.group.as_ref().map(|group| (group.membership, group.rejoin)) {
            Some((Membership::Unjoined, _)) | Some((Membership::Stable, true)) => {
                self.prepare_join(&coordinator, now, fx);
            }
            Some((Membership::Assigning, _)) => self.share_out(&coordinator, now, fx),
            Some((Membership::Stable, false)) => self.keep_alive(&coordinator, now, fx),
            _ => {}
        }
    }

    /// The coordinator, once it is known and its connection stands.
    pub(super) fn find_coordinator(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) -> Option<Node> {
        if let Some(coordinator) = self.group.as_ref()?.coordinator.clone() {
            if self.core.net.connection_failed(coordinator.id) && !self.core.net.can_connect(coordinator.id, now) {
                // It cannot be reached: another broker may coordinate by now.
                self.lose_coordinator(now);
            } else if self.core.ready(&coordinator, now, fx) {
                return Some(coordinator);
            } else {
                self.note_retry(coordinator.id);
                return None;
            }
        }
        let group = self.group.as_ref()?;
        if self.asked.iter().any(|request| request.asked == Asked::Coordinator) {
            return None;
        }
        if now < group.retry_at {
            let at = group.retry_at;
            self.wake_at(at);
            return None;
        }
        let key = group.id.clone();
        let nodes = self.core.metadata.cluster.node_list();
        let node = self.core.net.least_loaded(&nodes, now).cloned()?;
        // Who has partitions assigned by hand waits for metadata first.
        if matches!(self.subscription.mode, super::subscription::Mode::Subscribed(_)) {
            self.core.net.reserve();
        } else if self.core.metadata.cluster.bootstrap {
            self.note_retry(node.id);
            return None;
        }
        if !self.core.ready(&node, now, fx) {
            self.note_retry(node.id);
            return None;
        }
        let offers_groups = self.core.net.versions(node.id).is_some_and(|v| v.supports(ApiKey::JoinGroup));
        if !offers_groups {
            if let Some(group) = &mut self.group {
                group.alone = true;
            }
            return None;
        }
        let old = self.core.net.usable_version(node.id, ApiKey::FindCoordinator).is_ok_and(|version| version < 4);
        let request = if old {
            FindCoordinatorRequest { key, key_type: 0, ..Default::default() }
        } else {
            FindCoordinatorRequest { coordinator_keys: vec![key], key_type: 0, ..Default::default() }
        };
        let timeout = self.config.common.request_timeout;
        self.send(node.id, request.into(), timeout, Asked::Coordinator, now, fx);
        None
    }

    pub(super) fn on_coordinator(&mut self, response: &FindCoordinatorResponse, now: Micros) {
        let (code, message, id, host, port) = match response.coordinators.first() {
            Some(found) => {
                (found.error_code, found.error_message.clone(), found.node_id, found.host.clone(), found.port)
            }
            None => {
                let message = response.error_message.clone();
                (response.error_code, message, response.node_id, response.host.clone(), response.port)
            }
        };
        let code = ErrorCode::from_code(code);
        if code.is_none() {
            let port = u16::try_from(port).unwrap_or(0);
            if let Some(group) = &mut self.group {
                group.coordinator = Some(Node::new(i32::MAX - id, &host, port));
                group.tries = 0;
                group.session_end = Micros::MAX;
            }
        } else if code.retriable() {
            self.retry_group(now);
        } else {
            self.throw(KafkaError::api(code, message.as_deref()));
        }
    }

    /// The coordinator is another one, or cannot be reached: it is looked for again after a back-off.
    pub(super) fn lose_coordinator(&mut self, now: Micros) {
        if let Some(group) = &mut self.group {
            group.coordinator = None;
            if matches!(group.membership, Membership::Joining | Membership::Syncing) {
                group.membership = Membership::Unjoined;
            }
        }
        self.retry_group(now);
    }

    pub(super) fn retry_group(&mut self, now: Micros) {
        let Some(group) = &mut self.group else { return };
        group.retry_at = now + self.config.common.retry_backoff.wait(group.tries, &mut self.rng);
        group.tries += 1;
    }

    /// `onJoinPrepare` of an eager group: commit, then give up everything.
    fn prepare_join(&mut self, coordinator: &Node, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let Some(group) = &self.group else { return };
        let owns = !self.subscription.partitions.is_empty();
        if self.config.auto_commit && owns && group.generation >= 0 && group.membership == Membership::Stable {
            let offsets = self.positions();
            if !offsets.is_empty() {
                self.commit(coordinator.id, offsets, now, fx);
                if let Some(group) = &mut self.group {
                    group.membership = Membership::Committing;
                }
                return;
            }
        }
        self.join(coordinator.id, now, fx);
    }

    pub(super) fn join(&mut self, coordinator: i32, now: Micros, fx: &mut Effects<'_, Kafka>) {
        if !self.subscription.partitions.is_empty() {
            self.set_assignment(&[]);
        }
        let topics = self.subscribed_topics();
        let Some(group) = &mut self.group else { return };
        group.rejoin = false;
        group.membership = Membership::Joining;
        group.pause_from.get_or_insert(now);
        let rebalance = self.config.max_poll_interval;
        let ms = |span: Micros| i32::try_from(span.as_ms()).unwrap_or(i32::MAX);
        let generation = group.generation;
        let protocols = [
            // The cooperative assignor writes the generation it knows into its user data.
            ("range", None),
            ("cooperative-sticky", Some(bytes::Bytes::copy_from_slice(&generation.to_be_bytes()))),
        ];
        let protocol = |(name, data): (&str, Option<bytes::Bytes>)| JoinGroupRequestProtocol {
            name: name.to_string(),
            metadata: assignor::subscription(&topics, generation, data),
            ..Default::default()
        };
        let request = JoinGroupRequest {
            group_id: group.id.clone(),
            session_timeout_ms: ms(self.config.session_timeout),
            rebalance_timeout_ms: ms(rebalance),
            member_id: group.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            protocol_type: "consumer".to_string(),
            protocols: protocols.into_iter().map(protocol).collect(),
            reason: Some(String::new()),
            ..Default::default()
        };
        // A join waits for the other members, so it may take longer than other requests.
        let timeout = self.config.common.request_timeout.max(rebalance + Micros::from_secs(5));
        self.send(coordinator, request.into(), timeout, Asked::Join, now, fx);
    }

    pub(super) fn on_joined(&mut self, response: &JoinGroupResponse, now: Micros) {
        let Some(group) = &mut self.group else { return };
        if group.membership != Membership::Joining {
            return;
        }
        let code = ErrorCode::from_code(response.error_code);
        match code {
            ErrorCode::None => {
                group.tries = 0;
                group.member_id = response.member_id.clone();
                group.generation = response.generation_id;
                group.protocol = response.protocol_name.clone().unwrap_or_default();
                group.members = response
                    .members
                    .iter()
                    .map(|member| Member {
                        id: member.member_id.clone(),
                        instance: member.group_instance_id.clone(),
                        topics: assignor::topics_of(&member.metadata),
                    })
                    .collect();
                let leads = response.leader == response.member_id && !response.skip_assignment;
                if !leads {
                    group.members.clear();
                    group.assigned_counts = None;
                }
                group.membership = Membership::Assigning;
            }
            ErrorCode::MemberIdRequired => {
                group.member_id = response.member_id.clone();
                group.membership = Membership::Unjoined;
            }
            code => self.on_group_error(code, now),
        }
    }

    /// The leader shares out (the others send nothing), and everybody asks for their part.
    fn share_out(&mut self, coordinator: &Node, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let members = self.group.as_ref().map(|group| group.members.clone()).unwrap_or_default();
        let topics: Set<String> = members.iter().flat_map(|member| member.topics.clone()).collect();
        let own: Set<String> = self.subscribed_topics().into_iter().collect();
        if !topics.is_subset(&own) && self.core.metadata.watch_topics(topics.iter().chain(&own).cloned().collect()) {
            // Metadata of the others' topics comes first.
            return;
        }
        if self.core.metadata.update_requested() && !topics.is_subset(&own) {
            return;
        }
        let counts = self.partition_counts(&topics);
        let shares = assignor::range(&members, &counts);
        let assignments = shares.iter().map(|(member, partitions)| SyncGroupRequestAssignment {
            member_id: member.clone(),
            assignment: assignor::assignment(partitions),
            ..Default::default()
        });
        let Some(group) = &mut self.group else { return };
        let request = SyncGroupRequest {
            group_id: group.id.clone(),
            generation_id: group.generation,
            member_id: group.member_id.clone(),
            group_instance_id: self.config.group_instance_id.clone(),
            protocol_type: Some("consumer".to_string()),
            protocol_name: Some(group.protocol.clone()),
            assignments: assignments.collect(),
            ..Default::default()
        };
        group.assigned_counts = (!members.is_empty()).then_some(counts);
        group.membership = Membership::Syncing;
        let timeout = self.config.common.request_timeout;
        self.send(coordinator.id, request.into(), timeout, Asked::Sync, now, fx);
    }

    pub(super) fn on_synced(&mut self, response: &SyncGroupResponse, now: Micros) {
        let Some(group) = &mut self.group else { return };
        if group.membership != Membership::Syncing {
            return;
        }
        let code = ErrorCode::from_code(response.error_code);
        if !code.is_none() {
            return self.on_group_error(code, now);
        }
        group.membership = Membership::Stable;
        group.paused = group.pause_from.take().map_or(Micros::ZERO, |from| now - from);
        group.next_heartbeat = now + self.config.heartbeat_interval;
        group.session_end = now + self.config.session_timeout;
        group.next_commit = now + self.config.auto_commit_interval;
        let mut partitions = assignor::partitions_of(&response.assignment);
        base::ordered::sort(&mut partitions);
        self.set_assignment(&partitions);
    }

    fn keep_alive(&mut self, coordinator: &Node, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let Some(group) = &self.group else { return };
        if now >= group.session_end {
            return self.lose_coordinator(now);
        }
        if now >= group.next_heartbeat && !self.asked.iter().any(|request| request.asked == Asked::Heartbeat) {
            let request = HeartbeatRequest {
                group_id: group.id.clone(),
                generation_id: group.generation,
                member_id: group.member_id.clone(),
                group_instance_id: self.config.group_instance_id.clone(),
                ..Default::default()
            };
            let next = now + self.config.heartbeat_interval;
            if let Some(group) = &mut self.group {
                group.next_heartbeat = next;
            }
            let timeout = self.config.common.request_timeout;
            self.send(coordinator.id, request.into(), timeout, Asked::Heartbeat, now, fx);
        }
        if self.config.auto_commit && self.group.as_ref().is_some_and(|group| now >= group.next_commit) {
            let offsets = self.positions();
            let next = now + self.config.auto_commit_interval;
            if let Some(group) = &mut self.group {
                group.next_commit = next;
            }
            if !offsets.is_empty() {
                self.commit(coordinator.id, offsets, now, fx);
            }
        }
        if let Some(group) = &self.group {
            let (heartbeat, commit) = (group.next_heartbeat, group.next_commit);
            self.wake_at(heartbeat);
            if self.config.auto_commit {
                self.wake_at(commit);
            }
        }
    }

    pub(super) fn on_heartbeat(&mut self, code: ErrorCode, now: Micros) {
        let Some(group) = &mut self.group else { return };
        match code {
            ErrorCode::None => group.session_end = now + self.config.session_timeout,
            _ if group.membership != Membership::Stable => {}
            ErrorCode::RebalanceInProgress => {
                group.session_end = now + self.config.session_timeout;
                group.rejoin = true;
            }
            code => self.on_group_error(code, now),
        }
    }

    /// What every answer of a coordinator may say.
    pub(super) fn on_group_error(&mut self, code: ErrorCode, now: Micros) {
        let Some(group) = &mut self.group else { return };
        match code {
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => self.lose_coordinator(now),
            ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration => group.forget(),
            ErrorCode::RebalanceInProgress => {
                group.membership = Membership::Unjoined;
                group.rejoin = true;
            }
            code if code.retriable() => {
                if group.membership != Membership::Stable {
                    group.membership = Membership::Unjoined;
                }
                self.retry_group(now);
            }
            code => {
                if group.membership != Membership::Stable {
                    group.membership = Membership::Unjoined;
                }
                self.throw(KafkaError::api(code, None));
            }
        }
    }

    /// Metadata changed: a leader whose topics have other partitions now has the group share out again.
    pub(super) fn check_counts(&mut self) {
        let Some(before) = self.group.as_ref().and_then(|group| group.assigned_counts.clone()) else { return };
        let members = self.group.as_ref().map(|group| group.members.clone()).unwrap_or_default();
        let mut topics: Set<String> = members.into_iter().flat_map(|member| member.topics).collect();
        topics.extend(self.subscribed_topics());
        if self.partition_counts(&topics) != before
            && let Some(group) = &mut self.group
        {
            group.rejoin = true;
        }
    }

    pub(super) fn request_rejoin(&mut self) {
        if let Some(group) = &mut self.group {
            group.rejoin = true;
        }
    }

    /// Tells the coordinator that this member goes. False if there is nobody to tell.
    pub(super) fn leave(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) -> bool {
        let Some(group) = &self.group else { return false };
        let is_member = group.membership != Membership::Unjoined && !group.member_id.is_empty();
        let (Some(coordinator), true, None) = (&group.coordinator, is_member, &self.config.group_instance_id) else {
            return false;
        };
        if !self.core.net.can_send(coordinator.id) {
            return false;
        }
        let member = MemberIdentity {
            member_id: group.member_id.clone(),
            group_instance_id: None,
            reason: Some("the consumer is being closed".to_string()),
            ..Default::default()
        };
        let request = LeaveGroupRequest { group_id: group.id.clone(), members: vec![member], ..Default::default() };
        let (id, timeout) = (coordinator.id, self.config.common.request_timeout);
        self.send(id, request.into(), timeout, Asked::Leave, now, fx)
    }

    pub(super) fn set_assignment(&mut self, partitions: &[TopicPartition]) {
        self.subscription.partitions.clear();
        self.subscription.assign(partitions);
        self.outputs.push(ConsumerOutput::Assigned(partitions.to_vec()));
    }

    /// Without groups every partition of the subscribed topics is this consumer's, from where its policy says.
    fn assign_alone(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let topics = self.subscribed_topics();
        let counts = self.partition_counts(&topics.into_iter().collect());
        let all: Vec<TopicPartition> = counts
            .iter()
            .flat_map(|(topic, count)| (0..*count).map(|partition| TopicPartition::new(topic.clone(), partition)))
            .collect();
        if all.len() != self.subscription.partitions.len() {
            self.subscription.assign(&all);
            self.outputs.push(ConsumerOutput::Assigned(all));
            self.reset_uncommitted();
            self.reset_positions(now, fx);
        }
    }

    fn partition_counts(&self, topics: &Set<String>) -> Map<String, i32> {
        let cluster = &self.core.metadata.cluster;
        let count = |topic: &String| {
            let known = cluster.topics.get(topic)?;
            Some((topic.clone(), i32::try_from(known.partitions.len()).unwrap_or(i32::MAX)))
        };
        topics.iter().filter_map(count).collect()
    }
}
