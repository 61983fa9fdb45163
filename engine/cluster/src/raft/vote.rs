//! Vote, also as a pre-vote (KIP-996): asked by one that would lead, answered by the other voters.

use protocol::messages::vote_request::{PartitionData as PartitionVote, TopicData as TopicVote};
use protocol::messages::vote_response::{NodeEndpoint, PartitionData, TopicData};
use protocol::messages::{VoteRequest, VoteResponse};
use protocol::topic::CLUSTER_METADATA_TOPIC_NAME;
use protocol::{ErrorCode, Request};

use super::role::Role;
use super::voters::{Listener, ReplicaKey};
use super::{Io, Raft};

pub(super) const VOTE_VERSION: i16 = 2;

impl Raft {
    pub(super) fn vote_request(&self, voter: ReplicaKey) -> Request {
        let partition = PartitionVote {
            partition_index: 0,
            replica_epoch: self.epoch,
            replica_id: self.config.node_id,
            replica_directory_id: self.config.directory_id,
            voter_directory_id: voter.directory_id,
            last_offset_epoch: self.log.last_fetched_epoch(),
            last_offset: self.log.end(),
            pre_vote: matches!(self.role, Role::Prospective(_)),
            ..Default::default()
        };
        let topic = TopicVote {
            topic_name: CLUSTER_METADATA_TOPIC_NAME.to_string(),
            partitions: vec![partition],
            ..Default::default()
        };
        VoteRequest {
            cluster_id: Some(self.config.cluster_id.clone()),
            voter_id: voter.id,
            topics: vec![topic],
            ..Default::default()
        }
        .into()
    }

    pub(super) fn on_vote(&mut self, request: &VoteRequest, io: &mut Io<'_>) -> VoteResponse {
        if let Err(code) = self.check_cluster(request.cluster_id.as_ref()) {
            return VoteResponse { error_code: code.code(), ..Default::default() };
        }
        let Some(asked) = request.topics.first().and_then(|topic| topic.partitions.first()) else {
            return VoteResponse { error_code: ErrorCode::InvalidRequest.code(), ..Default::default() };
        };
        match self.decide_vote(request.voter_id, asked, io) {
            Ok(granted) => self.vote_response(ErrorCode::None, granted),
            Err(code) => self.vote_response(code, false),
        }
    }

    fn decide_vote(&mut self, voter: i32, asked: &PartitionVote, io: &mut Io<'_>) -> Result<bool, ErrorCode> {
        // Who stands in an epoch has no record of it yet; who only asks may have.
        let illegal = match asked.pre_vote {
            true => asked.last_offset_epoch > asked.replica_epoch,
            false => asked.last_offset_epoch >= asked.replica_epoch,
        };
        if asked.last_offset < 0 || asked.last_offset_epoch < 0 || illegal {
            return Err(ErrorCode::InvalidRequest);
        }
        self.check_voter_only_request(asked.replica_id, asked.replica_epoch)?;
        if asked.replica_epoch > self.epoch {
            self.become_unattached(asked.replica_epoch, None, io);
        }
        self.check_addressee(voter, asked.voter_directory_id)?;
        let candidate = ReplicaKey::new(asked.replica_id, asked.replica_directory_id);
        let own_end = (self.log.last_fetched_epoch(), self.log.end());
        let up_to_date = (asked.last_offset_epoch, asked.last_offset) >= own_end;
        let granted = self.role.can_grant_vote(candidate, up_to_date, asked.pre_vote);
        if granted && !asked.pre_vote {
            self.add_vote(candidate, io);
        }
        let epoch = asked.replica_epoch;
        let text = format!(
            "Vote request VoteRequestData(clusterId='{}', voterId={voter}, topics=[TopicData(topicName='{}', \
             partitions=[PartitionData(partitionIndex=0, replicaEpoch={epoch}, replicaId={}, replicaDirectoryId={}, \
             voterDirectoryId={}, lastOffsetEpoch={}, lastOffset={}, preVote={})])]) with epoch {epoch} is {}",
            self.config.cluster_id,
            CLUSTER_METADATA_TOPIC_NAME,
            candidate.id,
            candidate.directory_id,
            asked.voter_directory_id,
            asked.last_offset_epoch,
            asked.last_offset,
            asked.pre_vote,
            if granted { "granted" } else { "rejected" }
        );
        io.info(text);
        Ok(granted)
    }

    fn vote_response(&self, error: ErrorCode, vote_granted: bool) -> VoteResponse {
        let partition = PartitionData {
            partition_index: 0,
            error_code: error.code(),
            leader_id: self.leader().unwrap_or(-1),
            leader_epoch: self.epoch,
            vote_granted,
            ..Default::default()
        };
        let topic = TopicData {
            topic_name: CLUSTER_METADATA_TOPIC_NAME.to_string(),
            partitions: vec![partition],
            ..Default::default()
        };
        VoteResponse {
            topics: vec![topic],
            node_endpoints: leader_endpoints!(self, NodeEndpoint),
            ..Default::default()
        }
    }

    pub(super) fn on_vote_response(&mut self, peer: i32, response: &VoteResponse, io: &mut Io<'_>) -> bool {
        let partition = response.topics.first().and_then(|topic| topic.partitions.first());
        let Some(partition) = partition.filter(|_| response.error_code == 0) else { return false };
        let endpoint = response.node_endpoints.iter().find(|node| node.node_id == partition.leader_id);
        let endpoint = endpoint.map(|node| (node.host.as_str(), node.port));
        let error = ErrorCode::from_code(partition.error_code);
        if let Some(handled) = self.on_common_response(error, partition.leader_id, partition.leader_epoch, endpoint, io)
        {
            return handled;
        }
        if error != ErrorCode::None {
            return false;
        }
        let (granted, rejected) = match &mut self.role {
            Role::Prospective(role) => {
                role.election.record(peer, partition.vote_granted);
                (role.election.is_granted(), role.election.is_rejected())
            }
            Role::Candidate(role) => {
                role.election.record(peer, partition.vote_granted);
                (role.election.is_granted(), false)
            }
            // The election is over.
            _ => return true,
        };
        match &self.role {
            Role::Prospective(_) if granted => self.become_candidate(io),
            Role::Prospective(_) if rejected => self.lose_pre_vote(io),
            Role::Candidate(_) if granted => self.become_leader(io),
            // A candidate that lost waits out its time, so that two losers do not chase each other.
            _ => {}
        }
        true
    }

    /// Back to the leader it doubted, if there was one.
    pub(super) fn lose_pre_vote(&mut self, io: &mut Io<'_>) {
        let Role::Prospective(role) = &self.role else { return };
        match (role.leader, role.leader_endpoint.clone()) {
            (Some(leader), Some(endpoint)) if leader != self.config.node_id => {
                self.become_follower(self.epoch, leader, endpoint, io);
            }
            (leader, _) => self.become_unattached(self.epoch, leader, io),
        }
    }

    /// `validateVoterOnlyRequest`. Whether the sender is a voter is not asked: its set may be newer than this node's.
    pub(super) fn check_voter_only_request(&self, sender: i32, epoch: i32) -> Result<(), ErrorCode> {
        if epoch < self.epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        if sender < 0 { Err(ErrorCode::InvalidRequest) } else { Ok(()) }
    }

    /// The request was meant for this node with this disk.
    pub(super) fn check_addressee(&self, voter: i32, directory: base::Uuid) -> Result<(), ErrorCode> {
        // Old versions name nobody.
        let named = voter < 0 || ReplicaKey::new(voter, directory).matches(self.key());
        if named { Ok(()) } else { Err(ErrorCode::InvalidVoterKey) }
    }

    /// What every answer may tell: a newer epoch, a leader (`maybeHandleCommonResponse`). None when the answer itself is
    /// still to be looked at; else whether it was of use.
    pub(super) fn on_common_response(
        &mut self,
        error: ErrorCode,
        leader: i32,
        epoch: i32,
        endpoint: Option<(&str, u16)>,
        io: &mut Io<'_>,
    ) -> Option<bool> {
        let leader = (leader >= 0).then_some(leader);
        let listener = |at: Option<(&str, u16)>| at.map(|(host, port)| Listener::controller(host, port));
        if epoch < self.epoch || error == ErrorCode::UnknownLeaderEpoch {
            return Some(true);
        }
        let corrects = matches!(error, ErrorCode::FencedLeaderEpoch | ErrorCode::NotLeaderOrFollower);
        if epoch > self.epoch || corrects {
            self.maybe_transition(leader, epoch, listener(endpoint), io);
            return Some(true);
        }
        if leader.is_some() && self.leader_address().is_none() {
            self.maybe_transition(leader, epoch, listener(endpoint), io);
            return (error != ErrorCode::None).then_some(true);
        }
        match error {
            ErrorCode::BrokerNotAvailable => Some(false),
            ErrorCode::InvalidVoterKey => Some(true),
            _ => None,
        }
    }
}
