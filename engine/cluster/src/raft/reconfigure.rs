//! Adding, removing and updating voters while the quorum runs (KIP-853): one change at a time, each a `KRaftVoters` record
//! that counts from the moment it is written.

use std::sync::Arc;

use base::Micros;
use bytes::Bytes;
use protocol::messages::{
    AddRaftVoterRequest, AddRaftVoterResponse, ApiVersionsRequest, ApiVersionsResponse, RemoveRaftVoterRequest,
    RemoveRaftVoterResponse, UpdateRaftVoterRequest, UpdateRaftVoterResponse, add_raft_voter_request,
    update_raft_voter_request, update_raft_voter_response,
};
use protocol::{ApiKey, ErrorCode};

use super::control_records::ControlBatch;
use super::leader::{AddVoter, LeaderState, RemoveVoter};
use super::requests::Peer;
use super::role::Role;
use super::voters::{CONTROLLER_LISTENER, Listener, ReplicaKey, VoterNode, VoterSet};
use super::{Io, Raft};
use crate::broker::connections::ReplyTo;
use crate::raft::voters::SUPPORTED_KRAFT_VERSION;

const UPDATE_RAFT_VOTER_VERSION: i16 = 0;
const KRAFT_VERSION: &str = "kraft.version";

/// Why a change of the voters is refused.
type Refusal = (ErrorCode, Option<String>);

fn refuse<T>(code: ErrorCode, words: impl Into<String>) -> Result<T, Refusal> {
    Err((code, Some(words.into())))
}

impl Raft {
    pub(super) fn on_add_voter(
        &mut self,
        reply: ReplyTo,
        request: &AddRaftVoterRequest,
        io: &mut Io<'_>,
    ) -> Option<AddRaftVoterResponse> {
        match self.start_adding(reply, request, io) {
            Ok(()) => None,
            Err((code, words)) => Some(added(code, words)),
        }
    }

    /// The newcomer is first asked whether it speaks the quorum's protocol.
    fn start_adding(&mut self, reply: ReplyTo, request: &AddRaftVoterRequest, io: &mut Io<'_>) -> Result<(), Refusal> {
        self.check_change(request.cluster_id.as_ref())?;
        let key = ReplicaKey::new(request.voter_id, request.voter_directory_id);
        if key.directory_id == base::Uuid::ZERO {
            return refuse(ErrorCode::InvalidRequest, "Add voter request didn't include a valid voter");
        }
        let listener = |l: &add_raft_voter_request::Listener| Listener {
            name: l.name.clone(),
            host: l.host.as_str().into(),
            port: l.port,
        };
        let listeners: Vec<Listener> = request.listeners.iter().map(listener).collect();
        let Some(at) = listeners.iter().find(|listener| listener.name == CONTROLLER_LISTENER).cloned() else {
            return refuse(
                ErrorCode::InvalidRequest,
                format!("Add voter request didn't include the endpoint for the default listener {CONTROLLER_LISTENER}"),
            );
        };
        let voters = self.changeable_voters("adding")?;
        if voters.node(key.id).is_some() {
            let keys = voters.keys_text();
            return refuse(
                ErrorCode::DuplicateVoter,
                format!("The voter id for {key} is already part of the set of voters {keys}."),
            );
        }
        let peer = Peer { id: key.id, host: at.host, port: at.port };
        if !self.requests.is_ready(peer.id, io.now) {
            let words = format!("New voter {key} is not ready to receive requests");
            return refuse(ErrorCode::RequestTimedOut, words);
        }
        let version = ApiKey::ApiVersions.max_stable_version();
        self.send(peer, version, Arc::new(ApiVersionsRequest::default().into()), io);
        let deadline = io.now + self.config.request_timeout;
        if let Role::Leader(leader) = &mut self.role {
            leader.add_voter = Some(AddVoter {
                key,
                listeners,
                ack_when_committed: request.ack_when_committed,
                deadline,
                offset: None,
                reply: Some(reply),
            });
        }
        Ok(())
    }

    pub(super) fn on_api_versions_response(
        &mut self,
        peer: i32,
        response: &ApiVersionsResponse,
        io: &mut Io<'_>,
    ) -> bool {
        let Some(adding) = self.adding(peer) else { return true };
        let key = adding.key;
        let error = ErrorCode::from_code(response.error_code);
        if error != ErrorCode::None {
            let words =
                format!("Aborted add voter operation for since API_VERSIONS returned an error {}", error.name());
            self.finish_adding(ErrorCode::RequestTimedOut, Some(words), io);
            return false;
        }
        let range = response.supported_features.iter().find(|feature| feature.name == KRAFT_VERSION);
        let range = range.map(|feature| (feature.min_version, feature.max_version));
        let finalized = self.log.kraft_version();
        let Some(kraft_versions) = range.filter(|(min, max)| (*min..=*max).contains(&finalized)) else {
            let range = range.map_or("(min: 0, max: 0)".to_string(), |(min, max)| format!("(min: {min}, max: {max}"));
            let words = format!(
                "Aborted add voter operation for {key} since the {KRAFT_VERSION} range {range} doesn't support the \
                 finalized version {finalized}"
            );
            self.finish_adding(ErrorCode::InvalidRequest, Some(words), io);
            return true;
        };
        if !self.leader_state().is_some_and(|leader| leader.is_caught_up(key, io.now)) {
            let words = format!("Aborted add voter operation for {key} since it is lagging behind");
            self.finish_adding(ErrorCode::RequestTimedOut, Some(words), io);
            return true;
        }
        let Some(adding) = self.adding(peer) else { return true };
        let node = VoterNode { key, listeners: adding.listeners.clone(), kraft_versions };
        if let Some(voters) = self.log.voter_set().with(node) {
            self.write_addition(&voters, io);
        }
        true
    }

    fn write_addition(&mut self, voters: &VoterSet, io: &mut Io<'_>) {
        let (offset, batch) = self.voters_batch(voters, io.now);
        if let Role::Leader(leader) = &mut self.role
            && let Some(adding) = &mut leader.add_voter
        {
            adding.offset = Some(offset);
            if !adding.ack_when_committed
                && let Some(reply) = adding.reply.take()
            {
                io.out.replies.push((vec![reply], added(ErrorCode::None, None).into()));
            }
        }
        self.append(batch, io);
    }

    pub(super) fn on_remove_voter(
        &mut self,
        reply: ReplyTo,
        request: &RemoveRaftVoterRequest,
        io: &mut Io<'_>,
    ) -> Option<RemoveRaftVoterResponse> {
        match self.start_removing(reply, request, io) {
            Ok(()) => None,
            Err((code, words)) => Some(removed(code, words)),
        }
    }

    fn start_removing(
        &mut self,
        reply: ReplyTo,
        request: &RemoveRaftVoterRequest,
        io: &mut Io<'_>,
    ) -> Result<(), Refusal> {
        self.check_change(request.cluster_id.as_ref())?;
        let key = ReplicaKey::new(request.voter_id, request.voter_directory_id);
        if key.directory_id == base::Uuid::ZERO {
            return refuse(ErrorCode::InvalidRequest, "Remove voter request didn't include a valid voter");
        }
        let voters = self.changeable_voters("removing")?;
        let Some(without) = voters.without(key) else {
            let keys = voters.keys_text();
            return refuse(
                ErrorCode::VoterNotFound,
                format!("Cannot remove voter {key} from the set of voters {keys}"),
            );
        };
        let deadline = io.now + self.config.request_timeout;
        let (offset, batch) = self.voters_batch(&without, io.now);
        if let Role::Leader(leader) = &mut self.role {
            leader.remove_voter = Some(RemoveVoter { offset, deadline, reply });
        }
        self.append(batch, io);
        Ok(())
    }

    /// A voter's address or version range is not what the voter set says of it.
    pub(super) fn on_update_voter(
        &mut self,
        request: &UpdateRaftVoterRequest,
        io: &mut Io<'_>,
    ) -> UpdateRaftVoterResponse {
        let outcome = self.update_voter(request, io);
        let at = self.leader_endpoint();
        UpdateRaftVoterResponse {
            error_code: outcome.err().unwrap_or(ErrorCode::None).code(),
            current_leader: update_raft_voter_response::CurrentLeader {
                leader_id: self.leader().unwrap_or(-1),
                leader_epoch: self.epoch,
                host: at.as_ref().map(|at| at.host.to_string()).unwrap_or_default(),
                port: at.map_or(0, |at| i32::from(at.port)),
                ..Default::default()
            },
            ..Default::default()
        }
    }

    fn update_voter(&mut self, request: &UpdateRaftVoterRequest, io: &mut Io<'_>) -> Result<(), ErrorCode> {
        self.check_cluster(request.cluster_id.as_ref())?;
        self.check_leader_only_request(request.current_leader_epoch)?;
        let key = ReplicaKey::new(request.voter_id, request.voter_directory_id);
        let listener = |l: &update_raft_voter_request::Listener| Listener {
            name: l.name.clone(),
            host: l.host.as_str().into(),
            port: l.port,
        };
        let range = &request.kraft_version_feature;
        let node = VoterNode {
            key,
            listeners: request.listeners.iter().map(listener).collect(),
            kraft_versions: (range.min_supported_version, range.max_supported_version),
        };
        let finalized = self.log.kraft_version();
        let speaks = (node.kraft_versions.0..=node.kraft_versions.1).contains(&finalized);
        if key.directory_id == base::Uuid::ZERO || node.endpoint().is_none() || !speaks {
            return Err(ErrorCode::InvalidRequest);
        }
        let voters = self.changeable_voters("updating").map_err(|(code, _)| code)?;
        let updated = voters.updated(node).ok_or(ErrorCode::VoterNotFound)?;
        let (_, batch) = self.voters_batch(&updated, io.now);
        self.append(batch, io);
        if let Role::Leader(leader) = &mut self.role {
            leader.note_fetch_for_quorum(key, io.now);
        }
        Ok(())
    }

    /// A voter looks from time to time whether the set describes it as it is.
    pub(super) fn maybe_update_voter(&mut self, io: &mut Io<'_>) -> Micros {
        let own = self.own_voter_node();
        let is_right = self.log.voter_set().node(own.key.id).is_none_or(|node| *node == own);
        let period = self.config.fetch_timeout.max(Micros::from_ms(1));
        let Role::Follower(follower) = &mut self.role else { return io.now };
        if is_right || self.log.kraft_version() < 1 {
            follower.update_voter_deadline = io.now + period;
            return io.now;
        }
        let at = follower.leader_endpoint.clone();
        let leader = Peer { id: follower.leader, host: at.host, port: at.port };
        if self.requests.has_any_in_flight(io.now) {
            return self.requests.next_bootstrap(io.now);
        }
        follower.update_voter_deadline = io.now + period;
        let listener = |l: &Listener| update_raft_voter_request::Listener {
            name: l.name.clone(),
            host: l.host.to_string(),
            port: l.port,
            ..Default::default()
        };
        let request = UpdateRaftVoterRequest {
            cluster_id: Some(self.config.cluster_id.clone()),
            current_leader_epoch: self.epoch,
            voter_id: own.key.id,
            voter_directory_id: own.key.directory_id,
            listeners: own.listeners.iter().map(listener).collect(),
            kraft_version_feature: update_raft_voter_request::KRaftVersionFeature {
                min_supported_version: SUPPORTED_KRAFT_VERSION.0,
                max_supported_version: SUPPORTED_KRAFT_VERSION.1,
                ..Default::default()
            },
            ..Default::default()
        };
        self.send(leader, UPDATE_RAFT_VOTER_VERSION, Arc::new(request.into()), io)
    }

    pub(super) fn on_update_voter_response(&mut self, response: &UpdateRaftVoterResponse, io: &mut Io<'_>) -> bool {
        let leader = &response.current_leader;
        let endpoint = u16::try_from(leader.port).ok().filter(|_| !leader.host.is_empty());
        let endpoint = endpoint.map(|port| (leader.host.as_str(), port));
        let error = ErrorCode::from_code(response.error_code);
        if let Some(handled) = self.on_common_response(error, leader.leader_id, leader.leader_epoch, endpoint, io) {
            return handled;
        }
        let success = matches!(error, ErrorCode::None | ErrorCode::UnsupportedVersion);
        if let Role::Follower(follower) = &mut self.role
            && success
        {
            follower.fetch_deadline = io.now + self.config.fetch_timeout;
        }
        success
    }

    /// The answer to a change that this node asked for itself.
    pub(super) fn on_voter_change_response(&mut self, code: i16, io: &mut Io<'_>) -> bool {
        let settled =
            [ErrorCode::None, ErrorCode::RequestTimedOut, ErrorCode::DuplicateVoter, ErrorCode::VoterNotFound];
        if let Role::Follower(follower) = &mut self.role {
            follower.update_voter_deadline = io.now + self.config.fetch_timeout;
        }
        settled.contains(&ErrorCode::from_code(code))
    }

    /// A peer cannot be reached. If it was to become a voter, it does not.
    pub(super) fn on_no_response(&mut self, peer: i32, io: &mut Io<'_>) -> bool {
        if self.adding(peer).is_some() {
            let words = "Aborted add voter operation for since API_VERSIONS returned an error BROKER_NOT_AVAILABLE";
            self.finish_adding(ErrorCode::RequestTimedOut, Some(words.to_string()), io);
        }
        false
    }

    /// The high watermark moved: a change under way may be done. A leader that took itself out goes.
    pub(super) fn on_voter_change_committed(&mut self, io: &mut Io<'_>) {
        let high_watermark = self.high_watermark.unwrap_or(-1);
        let own = self.key();
        let is_voter = self.log.voter_set().is_voter(own);
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.add_voter.as_ref().and_then(|add| add.offset).is_some_and(|offset| high_watermark > offset) {
            self.finish_adding(ErrorCode::None, None, io);
        }
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.remove_voter.as_ref().is_some_and(|remove| high_watermark > remove.offset) {
            finish_removing(leader, ErrorCode::None, io);
            leader.resign_requested |= !is_voter;
        }
    }

    pub(super) fn expire_voter_changes(&mut self, io: &mut Io<'_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.remove_voter.as_ref().is_some_and(|remove| io.now >= remove.deadline) {
            finish_removing(leader, ErrorCode::RequestTimedOut, io);
        }
        if leader.add_voter.as_ref().is_some_and(|add| io.now >= add.deadline) {
            self.finish_adding(ErrorCode::RequestTimedOut, None, io);
        }
    }

    pub(super) fn fail_voter_changes(&mut self, io: &mut Io<'_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        finish_removing(leader, ErrorCode::NotLeaderOrFollower, io);
        self.finish_adding(ErrorCode::NotLeaderOrFollower, None, io);
    }

    /// What a change needs: the leader, with a high watermark in its epoch and no other change on its way.
    fn changeable_voters(&self, doing: &str) -> Result<VoterSet, Refusal> {
        let Role::Leader(leader) = &self.role else { return Err((ErrorCode::NotLeaderOrFollower, None)) };
        if leader.add_voter.is_some() || leader.remove_voter.is_some() {
            let words = "Request timed out waiting for leader to handle previous voter change request";
            return refuse(ErrorCode::RequestTimedOut, words);
        }
        let Some(high_watermark) = self.high_watermark else {
            let words = "Request timed out waiting for leader to establish HWM and fence previous voter changes";
            return refuse(ErrorCode::RequestTimedOut, words);
        };
        let version = self.log.kraft_version();
        if version < 1 {
            let words =
                format!("Cluster doesn't support {doing} voter because the {KRAFT_VERSION} feature is {version}");
            return refuse(ErrorCode::UnsupportedVersion, words);
        }
        match self.log.voter_set_offset() {
            Some(offset) if offset < high_watermark => Ok(self.log.voter_set().clone()),
            offset => {
                let at = offset.map_or("Optional.empty".to_string(), |offset| format!("Optional[{offset}]"));
                refuse(
                    ErrorCode::RequestTimedOut,
                    format!(
                        "Request timed out waiting for voters to commit the latest voter change at {at} with HWM \
                         {high_watermark}"
                    ),
                )
            }
        }
    }

    fn check_change(&self, cluster_id: Option<&String>) -> Result<(), Refusal> {
        if let Err(code) = self.check_cluster(cluster_id) {
            let (given, own) = (cluster_id.map_or("", String::as_str), &self.config.cluster_id);
            return refuse(code, format!("The given id \"{given}\" doesn't match the cluster id \"{own}\""));
        }
        self.check_leader_only_request(self.epoch).map_err(|code| (code, None))
    }

    /// The addition under way, if it waits for this peer.
    fn adding(&self, peer: i32) -> Option<&AddVoter> {
        let adding = self.leader_state()?.add_voter.as_ref()?;
        (adding.key.id == peer && adding.offset.is_none()).then_some(adding)
    }

    fn finish_adding(&mut self, code: ErrorCode, words: Option<String>, io: &mut Io<'_>) {
        let Role::Leader(leader) = &mut self.role else { return };
        if let Some(reply) = leader.add_voter.take().and_then(|adding| adding.reply) {
            io.out.replies.push((vec![reply], added(code, words).into()));
        }
    }

    /// The record of new voters, and the offset that it gets.
    fn voters_batch(&self, voters: &VoterSet, now: Micros) -> (i64, Bytes) {
        let offset = self.log.end();
        (offset, ControlBatch::new(offset, self.epoch, now).voters(voters).build())
    }
}

fn finish_removing(leader: &mut LeaderState, code: ErrorCode, io: &mut Io<'_>) {
    if let Some(removal) = leader.remove_voter.take() {
        io.out.replies.push((vec![removal.reply], removed(code, None).into()));
    }
}

/// Without words of its own an error has those of its code.
fn words_of(code: ErrorCode, words: Option<String>) -> Option<String> {
    words.or_else(|| (code != ErrorCode::None).then(|| code.message().to_string()))
}

fn added(code: ErrorCode, words: Option<String>) -> AddRaftVoterResponse {
    AddRaftVoterResponse { error_code: code.code(), error_message: words_of(code, words), ..Default::default() }
}

fn removed(code: ErrorCode, words: Option<String>) -> RemoveRaftVoterResponse {
    RemoveRaftVoterResponse { error_code: code.code(), error_message: words_of(code, words), ..Default::default() }
}
