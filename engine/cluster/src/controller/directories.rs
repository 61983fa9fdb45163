//! AssignReplicasToDirs: a broker says in which of its log directories it has a replica (KIP-858). It does so when the
//! metadata names another one: after its disk was replaced, the directory that the metadata knows is gone for good.

use base::Uuid;
use protocol::ErrorCode;
use protocol::messages::assign_replicas_to_dirs_response::{DirectoryData, PartitionData, TopicData};
use protocol::messages::{AssignReplicasToDirsRequest, AssignReplicasToDirsResponse};
use protocol::metadata::MetadataRecord;

use super::control::{ApiError, ControlState, ControllerResult};
use crate::metadata::TopicIdPartition;

impl ControlState {
    pub fn assign_replicas_to_dirs(
        &self,
        request: &AssignReplicasToDirsRequest,
    ) -> Result<ControllerResult<AssignReplicasToDirsResponse>, ApiError> {
        self.check_broker_epoch(request.broker_id, request.broker_epoch)?;
        let mut records = Vec::new();
        let mut response = AssignReplicasToDirsResponse::default();
        for directory in &request.directories {
            let mut answer = DirectoryData { id: directory.id, ..Default::default() };
            for topic in &directory.topics {
                let mut of_topic = TopicData { topic_id: topic.topic_id, ..Default::default() };
                for asked in &topic.partitions {
                    let id = TopicIdPartition { topic_id: topic.topic_id, partition: asked.partition_index };
                    let assigned = self.assign_directory(request.broker_id, id, directory.id);
                    let error_code = assigned.as_ref().err().copied().unwrap_or_default().code();
                    let partition_index = asked.partition_index;
                    of_topic.partitions.push(PartitionData { partition_index, error_code, ..Default::default() });
                    records.extend(assigned.ok().flatten());
                }
                answer.topics.push(of_topic);
            }
            response.directories.push(answer);
        }
        Ok(ControllerResult::of(records, response))
    }

    fn assign_directory(
        &self,
        broker: i32,
        id: TopicIdPartition,
        directory: Uuid,
    ) -> Result<Option<MetadataRecord>, ErrorCode> {
        let topic = self.image.topic(id.topic_id).ok_or(ErrorCode::UnknownTopicId)?;
        let partition = topic.partitions.get(&id.partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if !partition.replicas.contains(&broker) {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        // Kafka still judges the broker by the directory of before and leaves a partition without a leader to the next
        // occasion; here the new directory counts at once.
        let accepts = |candidate: i32| match candidate == broker {
            true => self.image.is_active(broker) && self.has_online_directory(broker, directory),
            false => self.accepts_leader(id, candidate),
        };
        let record = self.change_partition(id, &accepts, |builder| builder.directory(broker, directory).build());
        Ok(record.flatten().map(MetadataRecord::from))
    }
}
