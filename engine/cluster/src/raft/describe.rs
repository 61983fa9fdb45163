//! DescribeQuorum and FetchSnapshot: the leader's answers about its quorum.

use base::Micros;
use protocol::messages::describe_quorum_response::{
    Listener as WireListener, Node, PartitionData, ReplicaState as WireReplica, TopicData,
};
use protocol::messages::fetch_snapshot_response::{
    LeaderIdAndEpoch, NodeEndpoint, PartitionSnapshot, SnapshotId as WireSnapshotId, TopicSnapshot,
};
use protocol::messages::{DescribeQuorumRequest, DescribeQuorumResponse, FetchSnapshotRequest, FetchSnapshotResponse};
use protocol::topic::CLUSTER_METADATA_TOPIC_NAME;
use protocol::{ErrorCode, Records};

use super::leader::ReplicaState;
use super::role::Role;
use super::snapshot::SnapshotId;
use super::voters::{Listener, ReplicaKey};
use super::{Io, Raft};

impl Raft {
    pub(super) fn on_describe_quorum(
        &mut self,
        request: &DescribeQuorumRequest,
        now: Micros,
    ) -> DescribeQuorumResponse {
        let is_metadata = |topic: &protocol::messages::describe_quorum_request::TopicData| {
            topic.topic_name == CLUSTER_METADATA_TOPIC_NAME
                && matches!(topic.partitions.as_slice(), [partition] if partition.partition_index == 0)
        };
        if !matches!(request.topics.as_slice(), [topic] if is_metadata(topic)) {
            return refused_description(request, ErrorCode::UnknownTopicOrPartition);
        }
        let (epoch, high_watermark, own) = (self.epoch, self.high_watermark.unwrap_or(-1), self.config.node_id);
        let Role::Leader(leader) = &mut self.role else {
            return refused_description(request, ErrorCode::NotLeaderOrFollower);
        };
        // The leader is always caught up with itself.
        let describe = |state: &ReplicaState| {
            let millis = |at: Option<Micros>| at.map_or(-1, Micros::as_epoch_ms);
            let is_own = state.key.id == own;
            WireReplica {
                replica_id: state.key.id,
                replica_directory_id: state.key.directory_id,
                log_end_offset: state.end_offset.unwrap_or(-1),
                last_fetch_timestamp: if is_own { now.as_epoch_ms() } else { millis(state.last_fetch) },
                last_caught_up_timestamp: if is_own { now.as_epoch_ms() } else { millis(state.last_caught_up) },
                ..Default::default()
            }
        };
        let listener = |at: &Listener| WireListener {
            name: at.name.clone(),
            host: at.host.to_string(),
            port: at.port,
            ..Default::default()
        };
        let node = |state: &ReplicaState| Node {
            node_id: state.key.id,
            listeners: state.listeners.iter().map(listener).collect(),
            ..Default::default()
        };
        let partition = PartitionData {
            partition_index: 0,
            leader_id: own,
            leader_epoch: epoch,
            high_watermark,
            current_voters: leader.voters().map(describe).collect(),
            observers: leader.observers(now).map(describe).collect(),
            ..Default::default()
        };
        let topic = TopicData {
            topic_name: CLUSTER_METADATA_TOPIC_NAME.to_string(),
            partitions: vec![partition],
            ..Default::default()
        };
        let nodes = leader.voters().map(node).collect();
        DescribeQuorumResponse { topics: vec![topic], nodes, ..Default::default() }
    }

    pub(super) fn on_fetch_snapshot(
        &mut self,
        request: &FetchSnapshotRequest,
        io: &mut Io<'_>,
    ) -> FetchSnapshotResponse {
        if let Err(code) = self.check_cluster(request.cluster_id.as_ref()) {
            return FetchSnapshotResponse { error_code: code.code(), ..Default::default() };
        }
        let Some(asked) = request.topics.first().and_then(|topic| topic.partitions.first()) else {
            return FetchSnapshotResponse { error_code: ErrorCode::InvalidRequest.code(), ..Default::default() };
        };
        let id = SnapshotId { end_offset: asked.snapshot_id.end_offset, epoch: asked.snapshot_id.epoch };
        let mut answer = PartitionSnapshot {
            index: 0,
            current_leader: LeaderIdAndEpoch {
                leader_id: self.leader().unwrap_or(-1),
                leader_epoch: self.epoch,
                ..Default::default()
            },
            unaligned_records: Some(Records::default()),
            ..Default::default()
        };
        match self.snapshot_part(asked.current_leader_epoch, id, asked.position, request.max_bytes, io) {
            Ok((size, part)) => {
                answer.snapshot_id =
                    WireSnapshotId { end_offset: id.end_offset, epoch: id.epoch, ..Default::default() };
                (answer.size, answer.position) = (size, asked.position);
                answer.unaligned_records = Some(Records::of(vec![part]));
                let replica = ReplicaKey::new(request.replica_id, asked.replica_directory_id);
                if let Role::Leader(leader) = &mut self.role
                    && replica.id != self.config.node_id
                {
                    leader.note_fetch_for_quorum(replica, io.now);
                }
            }
            Err(code) => answer.error_code = code.code(),
        }
        let topic = TopicSnapshot {
            name: CLUSTER_METADATA_TOPIC_NAME.to_string(),
            partitions: vec![answer],
            ..Default::default()
        };
        FetchSnapshotResponse {
            topics: vec![topic],
            node_endpoints: leader_endpoints!(self, NodeEndpoint),
            ..Default::default()
        }
    }

    fn snapshot_part(
        &self,
        epoch: i32,
        id: SnapshotId,
        position: i64,
        max_bytes: i32,
        io: &Io<'_>,
    ) -> Result<(i64, bytes::Bytes), ErrorCode> {
        self.check_leader_only_request(epoch)?;
        let file = self.log.read_snapshot(io.disk, id).filter(|_| id != SnapshotId::BOOTSTRAP);
        let file = file.ok_or(ErrorCode::SnapshotNotFound)?;
        let start = usize::try_from(position).ok().filter(|start| *start < file.len());
        let start = start.ok_or(ErrorCode::PositionOutOfRange)?;
        let length = usize::try_from(max_bytes).unwrap_or(0).min(file.len() - start);
        Ok((file.len() as i64, file.slice(start..start + length)))
    }
}

/// The same error for each partition that was asked about.
fn refused_description(request: &DescribeQuorumRequest, code: ErrorCode) -> DescribeQuorumResponse {
    let partition = |asked: &protocol::messages::describe_quorum_request::PartitionData| PartitionData {
        partition_index: asked.partition_index,
        error_code: code.code(),
        error_message: Some(code.message().to_string()),
        ..Default::default()
    };
    let topic = |asked: &protocol::messages::describe_quorum_request::TopicData| TopicData {
        topic_name: asked.topic_name.clone(),
        partitions: asked.partitions.iter().map(partition).collect(),
        ..Default::default()
    };
    DescribeQuorumResponse { topics: request.topics.iter().map(topic).collect(), ..Default::default() }
}
