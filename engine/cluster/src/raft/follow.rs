//! The follower's side of Fetch and FetchSnapshot: what the leader sent is taken into the own log.

use std::sync::Arc;

use protocol::messages::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
use protocol::messages::fetch_response::PartitionData;
use protocol::messages::fetch_snapshot_request::{PartitionSnapshot, SnapshotId as WireSnapshotId, TopicSnapshot};
use protocol::messages::{FetchRequest, FetchResponse, FetchSnapshotRequest, FetchSnapshotResponse};
use protocol::topic::CLUSTER_METADATA_TOPIC_NAME;
use protocol::{ErrorCode, Request};

use super::role::{Download, Role};
use super::snapshot::SnapshotId;
use super::{Io, Raft};
use crate::server_log::logger;

pub(super) const FETCH_VERSION: i16 = 18;
pub(super) const FETCH_SNAPSHOT_VERSION: i16 = 1;
/// `KafkaRaftClient.MAX_FETCH_WAIT_MS`: shorter than any fetch time-out, so that an idle quorum stays calm.
const MAX_FETCH_WAIT_MS: i32 = 500;

impl Raft {
    pub(super) fn fetch_request(&mut self) -> Arc<Request> {
        let unshared = self.last_fetch.take().filter(|last| Arc::strong_count(last) == 1);
        let mut next = unshared.unwrap_or_else(|| Arc::new(self.first_fetch_request()));
        if let Some(Request::Fetch(request)) = Arc::get_mut(&mut next)
            && let Some(partition) = request.topics.first_mut().and_then(|topic| topic.partitions.first_mut())
        {
            partition.current_leader_epoch = self.epoch;
            partition.fetch_offset = self.log.end();
            partition.last_fetched_epoch = self.log.last_fetched_epoch();
            partition.high_watermark = self.high_watermark.unwrap_or(-1);
        }
        self.last_fetch = Some(next.clone());
        next
    }

    fn first_fetch_request(&self) -> Request {
        let partition =
            FetchPartition { partition: 0, replica_directory_id: self.config.directory_id, ..Default::default() };
        let topic = FetchTopic {
            topic: CLUSTER_METADATA_TOPIC_NAME.to_string(),
            topic_id: base::Uuid::METADATA_TOPIC,
            partitions: vec![partition],
            ..Default::default()
        };
        FetchRequest {
            cluster_id: Some(self.config.cluster_id.clone()),
            replica_state: ReplicaState { replica_id: self.config.node_id, ..Default::default() },
            max_wait_ms: MAX_FETCH_WAIT_MS,
            max_bytes: self.config.fetch_max_bytes,
            topics: vec![topic],
            ..Default::default()
        }
        .into()
    }

    pub(super) fn fetch_snapshot_request(&self, download: &Download) -> Request {
        let partition = PartitionSnapshot {
            partition: 0,
            current_leader_epoch: self.epoch,
            snapshot_id: WireSnapshotId {
                end_offset: download.id.end_offset,
                epoch: download.id.epoch,
                ..Default::default()
            },
            position: download.len() as i64,
            replica_directory_id: self.config.directory_id,
            ..Default::default()
        };
        let topic = TopicSnapshot {
            name: CLUSTER_METADATA_TOPIC_NAME.to_string(),
            partitions: vec![partition],
            ..Default::default()
        };
        FetchSnapshotRequest {
            cluster_id: Some(self.config.cluster_id.clone()),
            replica_id: self.config.node_id,
            max_bytes: self.config.fetch_snapshot_max_bytes,
            topics: vec![topic],
            ..Default::default()
        }
        .into()
    }

    pub(super) fn on_fetch_response(&mut self, response: &FetchResponse, io: &mut Io<'_>) -> bool {
        let partition = response.responses.first().and_then(|topic| topic.partitions.first());
        let Some(partition) = partition.filter(|_| response.error_code == 0) else { return false };
        let leader = &partition.current_leader;
        let endpoint = response.node_endpoints.iter().find(|node| node.node_id == leader.leader_id);
        let endpoint = endpoint.and_then(|node| Some((node.host.as_str(), u16::try_from(node.port).ok()?)));
        let error = ErrorCode::from_code(partition.error_code);
        if let Some(handled) = self.on_common_response(error, leader.leader_id, leader.leader_epoch, endpoint, io) {
            return handled;
        }
        if !matches!(self.role, Role::Follower(_)) || error != ErrorCode::None {
            return false;
        }
        self.take_fetched(partition, io);
        if let Role::Follower(follower) = &mut self.role {
            follower.fetch_deadline = io.now + self.config.fetch_timeout;
            follower.has_fetched = true;
        }
        true
    }

    fn take_fetched(&mut self, partition: &PartitionData, io: &mut Io<'_>) {
        let (diverging, snapshot) = (&partition.diverging_epoch, &partition.snapshot_id);
        if diverging.epoch >= 0 {
            return self.truncate(diverging.epoch, diverging.end_offset, io);
        }
        if snapshot.epoch >= 0 && snapshot.end_offset >= 0 {
            let id = SnapshotId { end_offset: snapshot.end_offset, epoch: snapshot.epoch };
            // One that is there already is not fetched again.
            let known = self.log.snapshots().any(|own| own == id);
            if let Role::Follower(follower) = &mut self.role {
                follower.download = (!known).then(|| Download { id, chunks: Vec::new() });
            }
            return;
        }
        if let Some(records) = partition.records.as_ref().filter(|records| !records.is_empty()) {
            let flush = self.is_voter() || self.config.can_become_voter;
            // Broken records are not appended; they are asked for again.
            if let Err(error) = self.log.append_as_follower(io.disk, records, self.epoch, flush, io.now) {
                let text = format!("Failed to append the records to the log: {}", error.message);
                return io.out.lines.push(("INFO", logger::RAFT, text));
            }
        }
        if partition.high_watermark >= 0 {
            self.update_follower_high_watermark(partition.high_watermark.min(self.log.end()), io);
        }
    }

    /// Cuts the log where it leaves the leader's. What is committed never goes: a leader that asks for it is not one that
    /// a majority could have elected, and the process ends rather than forget.
    fn truncate(&mut self, epoch: i32, end_offset: i64, io: &mut Io<'_>) {
        if let Some(high_watermark) = self.high_watermark.filter(|known| end_offset < *known) {
            return io.fault(format!(
                "The leader requested truncation to offset {end_offset}, which is below the current high watermark \
                 {high_watermark}"
            ));
        }
        let to = self.log.truncation_offset(epoch, end_offset);
        if to < self.log.high_watermark() {
            let high_watermark = self.log.high_watermark();
            return io.fault(format!(
                "Attempt to truncate to offset {to}, which is below the current high watermark {high_watermark}"
            ));
        }
        self.log.truncate_to(io.disk, to, io.now);
        let leader = self.leader().unwrap_or(-1);
        io.info(format!("Truncated to offset {to} from Fetch response from leader {leader}"));
    }

    fn update_follower_high_watermark(&mut self, offset: i64, io: &mut Io<'_>) {
        match self.high_watermark {
            Some(known) if offset < known => {
                io.fault(format!("Non-monotonic update of high watermark from {known} to {offset}"))
            }
            known => {
                if known.is_none() {
                    let text = first_high_watermark(offset, self.epoch);
                    io.out.lines.push(("INFO", logger::FOLLOWER_STATE, text));
                }
                self.high_watermark = Some(offset);
                if offset > self.log.high_watermark() {
                    self.log.update_high_watermark(offset);
                }
            }
        }
    }

    pub(super) fn on_fetch_snapshot_response(&mut self, response: &FetchSnapshotResponse, io: &mut Io<'_>) -> bool {
        let partition = response.topics.first().and_then(|topic| topic.partitions.first());
        let Some(partition) = partition.filter(|_| response.error_code == 0) else { return false };
        let leader = &partition.current_leader;
        let endpoint = response.node_endpoints.iter().find(|node| node.node_id == leader.leader_id);
        let endpoint = endpoint.map(|node| (node.host.as_str(), node.port));
        let error = ErrorCode::from_code(partition.error_code);
        if let Some(handled) = self.on_common_response(error, leader.leader_id, leader.leader_epoch, endpoint, io) {
            return handled;
        }
        let Role::Follower(follower) = &mut self.role else { return false };
        follower.fetch_deadline = io.now + self.config.fetch_timeout;
        follower.has_fetched = true;
        let Some(download) = &mut follower.download else { return true };
        let id = SnapshotId { end_offset: partition.snapshot_id.end_offset, epoch: partition.snapshot_id.epoch };
        let fits = id == download.id && partition.position == download.len() as i64;
        if error != ErrorCode::None || !fits {
            // The leader has it no more: the next fetch will name another.
            follower.download = None;
            return true;
        }
        if let Some(records) = &partition.unaligned_records {
            download.chunks.push(records.to_bytes());
        }
        if download.len() as i64 >= partition.size
            && let Some(download) = follower.download.take()
        {
            self.load_download(download, io);
        }
        true
    }

    /// The snapshot is whole: it takes the place of the log.
    fn load_download(&mut self, download: Download, io: &mut Io<'_>) {
        let id = download.id;
        if !self.log.store_snapshot(io.disk, id, download.chunks.concat().into(), io.now) {
            return io.fault(format!("Error writing snapshot {}: No space left on device", id.file_name()));
        }
        if self.log.truncate_to_latest_snapshot(io.disk, io.now) {
            io.info(format!("Fully truncated the log after downloading snapshot {}", id.file_name()));
            // What a snapshot holds is committed.
            self.update_follower_high_watermark(self.log.end(), io);
        }
    }
}

/// What both roles log when an epoch's first high watermark is known.
pub(super) fn first_high_watermark(offset: i64, epoch: i32) -> String {
    let offset = format!("LogOffsetMetadata(offset={offset}, metadata=Optional.empty)");
    format!("High watermark set to Optional[{offset}] for the first time for epoch {epoch}")
}
