//! BeginQuorumEpoch and EndQuorumEpoch: a leader tells the voters that it leads, and that it leads no more.

use base::Micros;
use protocol::messages::{
    BeginQuorumEpochRequest, BeginQuorumEpochResponse, EndQuorumEpochRequest, EndQuorumEpochResponse,
    begin_quorum_epoch_request as begin, begin_quorum_epoch_response as begun, end_quorum_epoch_request as end,
    end_quorum_epoch_response as ended,
};
use protocol::topic::CLUSTER_METADATA_TOPIC_NAME;
use protocol::{ErrorCode, Request};

use super::role::{Resigned, Role};
use super::voters::{Listener, ReplicaKey};
use super::{Io, Raft};

pub(super) const BEGIN_QUORUM_EPOCH_VERSION: i16 = 1;
pub(super) const END_QUORUM_EPOCH_VERSION: i16 = 1;

impl Raft {
    pub(super) fn begin_quorum_epoch_request(&self, voter: ReplicaKey) -> Request {
        let partition = begin::PartitionData {
            partition_index: 0,
            voter_directory_id: voter.directory_id,
            leader_id: self.config.node_id,
            leader_epoch: self.epoch,
            ..Default::default()
        };
        let at = self.own_listener();
        BeginQuorumEpochRequest {
            cluster_id: Some(self.config.cluster_id.clone()),
            voter_id: voter.id,
            topics: vec![begin::TopicData {
                topic_name: CLUSTER_METADATA_TOPIC_NAME.to_string(),
                partitions: vec![partition],
                ..Default::default()
            }],
            leader_endpoints: vec![begin::LeaderEndpoint {
                name: at.name,
                host: at.host.to_string(),
                port: at.port,
                ..Default::default()
            }],
            ..Default::default()
        }
        .into()
    }

    pub(super) fn on_begin_quorum_epoch(
        &mut self,
        request: &BeginQuorumEpochRequest,
        io: &mut Io<'_>,
    ) -> BeginQuorumEpochResponse {
        if let Err(code) = self.check_cluster(request.cluster_id.as_ref()) {
            return BeginQuorumEpochResponse { error_code: code.code(), ..Default::default() };
        }
        let Some(told) = request.topics.first().and_then(|topic| topic.partitions.first()) else {
            return BeginQuorumEpochResponse { error_code: ErrorCode::InvalidRequest.code(), ..Default::default() };
        };
        let heard = self.check_voter_only_request(told.leader_id, told.leader_epoch).and_then(|()| {
            let endpoint = request.leader_endpoints.first().map(|e| Listener::controller(&e.host, e.port));
            self.maybe_transition(Some(told.leader_id), told.leader_epoch, endpoint, io);
            self.check_addressee(request.voter_id, told.voter_directory_id)
        });
        let error_code = heard.err().unwrap_or(ErrorCode::None).code();
        let partition = begun::PartitionData {
            partition_index: 0,
            error_code,
            leader_id: self.leader().unwrap_or(-1),
            leader_epoch: self.epoch,
            ..Default::default()
        };
        BeginQuorumEpochResponse {
            topics: vec![begun::TopicData {
                topic_name: CLUSTER_METADATA_TOPIC_NAME.to_string(),
                partitions: vec![partition],
                ..Default::default()
            }],
            node_endpoints: leader_endpoints!(self, begun::NodeEndpoint),
            ..Default::default()
        }
    }

    pub(super) fn on_begin_quorum_epoch_response(
        &mut self,
        peer: i32,
        response: &BeginQuorumEpochResponse,
        io: &mut Io<'_>,
    ) -> bool {
        let partition = response.topics.first().and_then(|topic| topic.partitions.first());
        let Some(partition) = partition.filter(|_| response.error_code == 0) else { return false };
        let endpoint = response.node_endpoints.iter().find(|node| node.node_id == partition.leader_id);
        let endpoint = endpoint.map(|node| (node.host.as_str(), node.port));
        let error = ErrorCode::from_code(partition.error_code);
        if let Some(handled) = self.on_common_response(error, partition.leader_id, partition.leader_epoch, endpoint, io)
        {
            return handled;
        }
        if let Role::Leader(leader) = &mut self.role
            && error == ErrorCode::None
        {
            leader.acknowledge(peer);
        }
        error == ErrorCode::None
    }

    pub(super) fn end_quorum_epoch_request(&self, resigned: &Resigned) -> Request {
        let candidate = |key: &ReplicaKey| end::ReplicaInfo {
            candidate_id: key.id,
            candidate_directory_id: key.directory_id,
            ..Default::default()
        };
        let partition = end::PartitionData {
            partition_index: 0,
            leader_id: self.config.node_id,
            leader_epoch: self.epoch,
            preferred_candidates: resigned.successors.iter().map(candidate).collect(),
            ..Default::default()
        };
        let at = self.own_listener();
        EndQuorumEpochRequest {
            cluster_id: Some(self.config.cluster_id.clone()),
            topics: vec![end::TopicData {
                topic_name: CLUSTER_METADATA_TOPIC_NAME.to_string(),
                partitions: vec![partition],
                ..Default::default()
            }],
            leader_endpoints: vec![end::LeaderEndpoint {
                name: at.name,
                host: at.host.to_string(),
                port: at.port,
                ..Default::default()
            }],
            ..Default::default()
        }
        .into()
    }

    pub(super) fn on_end_quorum_epoch(
        &mut self,
        request: &EndQuorumEpochRequest,
        io: &mut Io<'_>,
    ) -> EndQuorumEpochResponse {
        if let Err(code) = self.check_cluster(request.cluster_id.as_ref()) {
            return EndQuorumEpochResponse { error_code: code.code(), ..Default::default() };
        }
        let Some(told) = request.topics.first().and_then(|topic| topic.partitions.first()) else {
            return EndQuorumEpochResponse { error_code: ErrorCode::InvalidRequest.code(), ..Default::default() };
        };
        let heard = self.check_voter_only_request(told.leader_id, told.leader_epoch).map(|()| {
            let endpoint = request.leader_endpoints.first().map(|e| Listener::controller(&e.host, e.port));
            self.maybe_transition(Some(told.leader_id), told.leader_epoch, endpoint, io);
            let backoff = self.end_epoch_backoff(&told.preferred_candidates);
            if let Role::Follower(follower) = &mut self.role
                && follower.leader == told.leader_id
            {
                follower.fetch_deadline = io.now + backoff;
            }
        });
        let error_code = heard.err().unwrap_or(ErrorCode::None).code();
        let partition = ended::PartitionData {
            partition_index: 0,
            error_code,
            leader_id: self.leader().unwrap_or(-1),
            leader_epoch: self.epoch,
            ..Default::default()
        };
        EndQuorumEpochResponse {
            topics: vec![ended::TopicData {
                topic_name: CLUSTER_METADATA_TOPIC_NAME.to_string(),
                partitions: vec![partition],
                ..Default::default()
            }],
            node_endpoints: leader_endpoints!(self, ended::NodeEndpoint),
            ..Default::default()
        }
    }

    /// The first successor stands at once, each later one twice as late as the one before.
    fn end_epoch_backoff(&self, candidates: &[end::ReplicaInfo]) -> Micros {
        let is_own =
            |c: &end::ReplicaInfo| ReplicaKey::new(c.candidate_id, c.candidate_directory_id).matches(self.key());
        let max = self.config.election_backoff_max.as_ms();
        match candidates.iter().position(is_own) {
            Some(0) => Micros::ZERO,
            Some(position) => {
                let base = max >> (candidates.len() - 1).min(63);
                Micros::from_ms(max.min(base << (position - 1).min(20)))
            }
            None if candidates.is_empty() => Micros::ZERO,
            None => Micros::from_ms(max),
        }
    }

    pub(super) fn on_end_quorum_epoch_response(
        &mut self,
        peer: i32,
        response: &EndQuorumEpochResponse,
        io: &mut Io<'_>,
    ) -> bool {
        let partition = response.topics.first().and_then(|topic| topic.partitions.first());
        let Some(partition) = partition.filter(|_| response.error_code == 0) else { return false };
        let endpoint = response.node_endpoints.iter().find(|node| node.node_id == partition.leader_id);
        let endpoint = endpoint.map(|node| (node.host.as_str(), node.port));
        let error = ErrorCode::from_code(partition.error_code);
        if let Some(handled) = self.on_common_response(error, partition.leader_id, partition.leader_epoch, endpoint, io)
        {
            return handled;
        }
        if let Role::Resigned(resigned) = &mut self.role
            && error == ErrorCode::None
        {
            resigned.unacknowledged.remove(&peer);
        }
        error == ErrorCode::None
    }
}
