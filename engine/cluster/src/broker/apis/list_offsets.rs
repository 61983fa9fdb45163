//! ListOffsets and OffsetForLeaderEpoch: questions about offsets.

use base::Uuid;
use protocol::messages::list_offsets_request::ListOffsetsPartition;
use protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use protocol::messages::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
use protocol::messages::{
    ListOffsetsRequest, ListOffsetsResponse, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
};
use protocol::{ErrorCode, TopicPartition};

use crate::broker::connections::ReplyTo;
use crate::broker::fetcher::{EARLIEST_TIMESTAMP, LATEST_TIMESTAMP};
use crate::broker::partition::ReadBound;
use crate::broker::{Broker, Fx};

/// The record with the largest timestamp (KIP-734).
const MAX_TIMESTAMP: i64 = -3;
/// The earliest offset on local disks; without remote storage the same as the earliest.
const EARLIEST_LOCAL_TIMESTAMP: i64 = -4;
/// The last offset in remote storage, and the first that is yet to be uploaded: there is no remote storage.
const LATEST_TIERED_TIMESTAMP: i64 = -5;
const EARLIEST_PENDING_UPLOAD_TIMESTAMP: i64 = -6;
/// A consumer's `replica_id`.
const CONSUMER_REPLICA_ID: i32 = -1;
/// A debugging tool's, which asks any replica.
const DEBUGGING_REPLICA_ID: i32 = -2;

/// Timestamp, offset and leader epoch.
type Found = (i64, i64, i32);

impl Broker {
    pub(super) fn handle_list_offsets(&mut self, reply: &ReplyTo, request: &ListOffsetsRequest, fx: &mut Fx<'_>) {
        let mut topics = Vec::new();
        for topic in &request.topics {
            let mut partitions = Vec::new();
            for asked in &topic.partitions {
                let id = TopicPartition::new(topic.name.clone(), asked.partition_index);
                let mut answer =
                    ListOffsetsPartitionResponse { partition_index: asked.partition_index, ..Default::default() };
                match self.offset_for_timestamp(&id, asked, request) {
                    Ok(Some((timestamp, offset, leader_epoch))) => {
                        (answer.timestamp, answer.offset) = (timestamp, offset);
                        if reply.api_version >= 4 {
                            answer.leader_epoch = leader_epoch;
                        }
                    }
                    Ok(None) => {}
                    Err(error) => answer.error_code = error.code(),
                }
                partitions.push(answer);
            }
            topics.push(ListOffsetsTopicResponse { name: topic.name.clone(), partitions, ..Default::default() });
        }
        self.connections.respond(reply, ListOffsetsResponse { topics, ..Default::default() }, fx);
    }

    /// `Partition.fetchOffsetForTimestamp`: a consumer sees no offset at or above what it may read.
    fn offset_for_timestamp(
        &self,
        id: &TopicPartition,
        asked: &ListOffsetsPartition,
        request: &ListOffsetsRequest,
    ) -> Result<Option<Found>, ErrorCode> {
        // Negative timestamps are names; of these there are six.
        if asked.timestamp < EARLIEST_PENDING_UPLOAD_TIMESTAMP {
            return Err(ErrorCode::UnsupportedVersion);
        }
        let held = self.replicas.get_or_error(id, Uuid::ZERO, &self.metadata.image)?;
        held.check_leader(asked.current_leader_epoch, request.replica_id != DEBUGGING_REPLICA_ID)?;
        let is_consumer = request.replica_id == CONSUMER_REPLICA_ID;
        let bound = match (is_consumer, request.isolation_level) {
            (false, _) => ReadBound::LogEnd,
            (true, 1) => ReadBound::LastStableOffset,
            (true, _) => ReadBound::HighWatermark,
        };
        let end = held.end_of(bound);
        // A new leader does not yet know whether what it has was committed.
        let lags = held
            .leader_state()
            .is_some_and(|leader| is_consumer && leader.epoch_start_offset > held.log.high_watermark());
        let epoch_at = |offset| held.log.epochs().epoch_for_offset(offset).unwrap_or(-1);
        let found = match asked.timestamp {
            LATEST_TIMESTAMP if lags => return Err(ErrorCode::OffsetNotAvailable),
            LATEST_TIMESTAMP => return Ok(Some((-1, end, held.leader_epoch()))),
            EARLIEST_TIMESTAMP | EARLIEST_LOCAL_TIMESTAMP => {
                let start = held.log.log_start();
                return Ok(Some((-1, start, epoch_at(start))));
            }
            LATEST_TIERED_TIMESTAMP | EARLIEST_PENDING_UPLOAD_TIMESTAMP => return Ok(Some((-1, -1, -1))),
            MAX_TIMESTAMP => held.log.max_timestamp_offset(),
            timestamp => held.log.offset_for_timestamp(timestamp),
        };
        match found {
            Some((_, offset, _)) if offset < end => Ok(found),
            _ if lags => Err(ErrorCode::OffsetNotAvailable),
            _ => Ok(None),
        }
    }

    pub(super) fn handle_leader_epochs(
        &mut self,
        reply: &ReplyTo,
        request: &OffsetForLeaderEpochRequest,
        fx: &mut Fx<'_>,
    ) {
        let mut topics = Vec::new();
        for topic in &request.topics {
            let mut partitions = Vec::new();
            for asked in &topic.partitions {
                let id = TopicPartition::new(topic.topic.clone(), asked.partition);
                let mut answer = EpochEndOffset { partition: asked.partition, ..Default::default() };
                match self.epoch_end(&id, asked.current_leader_epoch, asked.leader_epoch) {
                    Ok((leader_epoch, end_offset)) => {
                        (answer.leader_epoch, answer.end_offset) = (leader_epoch, end_offset)
                    }
                    Err(error) => answer.error_code = error.code(),
                }
                partitions.push(answer);
            }
            topics.push(OffsetForLeaderTopicResult { topic: topic.topic.clone(), partitions, ..Default::default() });
        }
        self.connections.respond(reply, OffsetForLeaderEpochResponse { topics, ..Default::default() }, fx);
    }

    fn epoch_end(&self, id: &TopicPartition, current: i32, epoch: i32) -> Result<(i32, i64), ErrorCode> {
        let held = self.replicas.get_or_error(id, Uuid::ZERO, &self.metadata.image)?;
        held.check_leader(current, true)?;
        Ok(held.log.end_offset_for_epoch(epoch))
    }
}
