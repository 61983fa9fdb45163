//! The broker's copy of the metadata log: fetched from the active controller, kept in `__cluster_metadata-0` on this
//! broker's disk, folded into an image as far as it is committed (Kafka: `KafkaRaftClient` as an observer,
//! `MetadataLoader`).

use base::{Micros, Uuid};
use log::UnifiedLog;
use log::batch::BatchView;
use protocol::messages::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
use protocol::messages::fetch_response::PartitionData;
use protocol::messages::{FetchRequest, FetchResponse};
use protocol::metadata::MetadataRecord;
use protocol::topic::CLUSTER_METADATA_TOPIC_NAME;
use protocol::{ErrorCode, TopicPartition};
use sim::Disk;

use super::client::Client;
use super::fetcher::truncation_offset;
use crate::metadata::{MetadataBatch, MetadataDelta, MetadataImage};
use crate::spec::Voter;

/// The version in which an observer of 4.3 fetches metadata.
pub const METADATA_FETCH_VERSION: i16 = 18;
/// `controller.quorum.fetch.timeout.ms` is longer than this wait, so that an idle quorum stays quiet.
const MAX_WAIT_MS: i32 = 500;
const MAX_BYTES: i32 = 8 * 1024 * 1024;

#[derive(Clone, Debug, Hash)]
pub struct MetadataLoader {
    pub client: Client,
    pub log: UnifiedLog,
    pub image: MetadataImage,
    voters: Vec<Voter>,
    /// The active controller and its epoch, once somebody told.
    leader: Option<i32>,
    leader_epoch: i32,
    /// Which voter to ask while no leader is known.
    next_voter: usize,
    /// Everything below is folded into the image, or stands in a transaction that is.
    loaded_end: i64,
}

/// What an answer to a metadata fetch means.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The answer was of use; fetch on at once. Otherwise after a while.
    pub ok: bool,
    /// The active controller became known, or another one.
    pub leader_changed: bool,
    /// What became committed by it.
    pub delta: Option<MetadataDelta>,
}

impl MetadataLoader {
    pub fn new(node_id: i32, log: UnifiedLog, voters: Vec<Voter>, first_voter: usize) -> MetadataLoader {
        MetadataLoader {
            client: Client::new(&format!("raft-client-{node_id}")),
            log,
            image: MetadataImage::default(),
            next_voter: first_voter,
            voters,
            leader: None,
            leader_epoch: 0,
            loaded_end: 0,
        }
    }

    /// The active controller, as far as this broker knows.
    pub fn controller(&self) -> Option<&Voter> {
        let id = self.leader?;
        self.voters.iter().find(|voter| voter.id == id)
    }

    /// The offset of the last record in the image; -1 before the first.
    pub fn offset(&self) -> i64 {
        self.loaded_end - 1
    }

    /// Whom to fetch from: the leader, else one voter after the other.
    pub fn target(&self) -> Option<&Voter> {
        self.controller().or_else(|| self.voters.get(self.next_voter % self.voters.len().max(1)))
    }

    /// The leader did not answer, or cannot be reached: ask another voter.
    pub fn on_unreachable(&mut self) {
        self.leader = None;
        self.next_voter = self.next_voter.wrapping_add(1) % self.voters.len().max(1);
    }

    pub fn request(&self, cluster_id: Uuid, node_id: i32, directory_id: Uuid) -> FetchRequest {
        let partition = FetchPartition {
            partition: 0,
            current_leader_epoch: self.leader_epoch,
            fetch_offset: self.log.log_end(),
            last_fetched_epoch: self.log.latest_epoch().unwrap_or(0),
            log_start_offset: self.log.log_start(),
            partition_max_bytes: 0,
            replica_directory_id: directory_id,
            // A leader that knows a higher one answers at once (KIP-1166).
            high_watermark: if self.loaded_end == 0 { -1 } else { self.log.high_watermark() },
            ..Default::default()
        };
        let topic = FetchTopic {
            topic: CLUSTER_METADATA_TOPIC_NAME.to_string(),
            topic_id: Uuid::METADATA_TOPIC,
            partitions: vec![partition],
            ..Default::default()
        };
        FetchRequest {
            cluster_id: Some(cluster_id.to_string()),
            replica_state: ReplicaState { replica_id: node_id, replica_epoch: -1, ..Default::default() },
            // Who leads is not worth a wait.
            max_wait_ms: if self.leader.is_none() { 0 } else { MAX_WAIT_MS },
            min_bytes: 0,
            max_bytes: MAX_BYTES,
            topics: vec![topic],
            ..Default::default()
        }
    }

    pub fn on_response(&mut self, response: &FetchResponse, disk: &mut Disk, now: Micros) -> Loaded {
        let top_level = ErrorCode::from_code(response.error_code);
        let partition = response.responses.first().and_then(|topic| topic.partitions.first());
        let Some(partition) = partition.filter(|_| top_level == ErrorCode::None) else {
            self.on_unreachable();
            return Loaded::default();
        };
        let leader_changed = self.learn_leader(partition);
        if leader_changed {
            self.write_quorum_state(disk, now);
        }
        match ErrorCode::from_code(partition.error_code) {
            ErrorCode::None => {}
            ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch | ErrorCode::UnknownLeaderEpoch => {
                // The answer names the leader, or nobody knows one yet.
                if self.leader.is_none() {
                    self.on_unreachable();
                }
                return Loaded { ok: self.leader.is_some(), leader_changed, delta: None };
            }
            _ => {
                self.on_unreachable();
                return Loaded { ok: false, leader_changed, delta: None };
            }
        }
        let diverging = &partition.diverging_epoch;
        if diverging.epoch >= 0 || diverging.end_offset >= 0 {
            self.truncate(diverging.epoch, diverging.end_offset, disk, now);
            return Loaded { ok: true, leader_changed, delta: None };
        }
        if let Some(records) = partition.records.as_ref().filter(|records| !records.is_empty()) {
            // Broken records are not appended; they are asked for again.
            let appended = self.log.append_as_follower(disk, records, now);
            if appended.is_err() {
                return Loaded { ok: false, leader_changed, delta: None };
            }
        }
        self.log.update_high_watermark(partition.high_watermark.min(self.log.log_end()));
        Loaded { ok: true, leader_changed, delta: self.load_committed() }
    }

    fn learn_leader(&mut self, partition: &PartitionData) -> bool {
        let leader = &partition.current_leader;
        let before = self.leader;
        if leader.leader_epoch >= self.leader_epoch && leader.leader_id >= 0 {
            self.leader_epoch = leader.leader_epoch;
            self.leader = Some(leader.leader_id);
        } else if leader.leader_epoch > self.leader_epoch {
            self.leader_epoch = leader.leader_epoch;
            self.leader = None;
        }
        before != self.leader
    }

    /// `quorum-state`, as an observer has it: it never votes.
    fn write_quorum_state(&self, disk: &mut Disk, now: Micros) {
        let text = format!(
            "{{\"leaderId\":{},\"leaderEpoch\":{},\"votedId\":-1,\"votedDirectoryId\":\"{}\",\"data_version\":1}}",
            self.leader.unwrap_or(-1),
            self.leader_epoch,
            Uuid::ZERO
        );
        disk.write(&format!("{}/quorum-state", self.log.dir()), text.into(), now);
    }

    fn truncate(&mut self, epoch: i32, end_offset: i64, disk: &mut Disk, now: Micros) {
        let local = self.log.end_offset_for_epoch(epoch);
        let to = truncation_offset(epoch, end_offset, local, self.log.log_end(), self.log.log_end());
        // What is committed never goes; a leader that asks for it is wrong.
        self.log.truncate_to(disk, to.max(self.log.high_watermark()), now);
    }

    /// Folds the committed records that are not yet in the image into it. An open metadata transaction is published
    /// only when it ends.
    fn load_committed(&mut self) -> Option<MetadataDelta> {
        let end = self.log.high_watermark();
        if self.loaded_end >= end {
            return None;
        }
        let batches: Vec<MetadataBatch> =
            self.log.batches_between(self.loaded_end, end).map(|batch| decode_batch(&batch)).collect();
        let mut image = self.image.clone();
        let delta = image.apply(&batches);
        if image.in_transaction() {
            return None;
        }
        (self.image, self.loaded_end) = (image, end);
        Some(delta)
    }
}

/// The records of one batch. A control batch has none that concern the image, and a record that cannot be read was not
/// written by a controller of this Kafka.
pub fn decode_batch(batch: &BatchView) -> MetadataBatch {
    let values = batch.records().filter_map(Result::ok).filter_map(|record| record.value);
    let records = match batch.is_control() {
        true => Vec::new(),
        false => values.filter_map(|value| MetadataRecord::decode(&value).ok()).map(|(record, _)| record).collect(),
    };
    MetadataBatch {
        base_offset: batch.base_offset(),
        last_offset: batch.last_offset(),
        epoch: batch.leader_epoch(),
        timestamp_ms: batch.max_timestamp(),
        records,
    }
}

/// The partition that the metadata log is.
pub fn metadata_partition() -> TopicPartition {
    TopicPartition::new(CLUSTER_METADATA_TOPIC_NAME, 0)
}
