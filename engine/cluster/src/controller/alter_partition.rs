//! AlterPartition: a leader asks for another ISR (KIP-497). The order of the checks is Kafka's, because it decides which
//! error a leader sees and so what it does next.

use protocol::ErrorCode;
use protocol::messages::alter_partition_request::{BrokerState, PartitionData};
use protocol::messages::alter_partition_response::{PartitionData as PartitionResult, TopicData as TopicResult};
use protocol::messages::{AlterPartitionRequest, AlterPartitionResponse};
use protocol::metadata::MetadataRecord;

use super::control::{ApiError, ControlState, ControllerResult};
use crate::metadata::{LEADER_UNCHANGED, PartitionRegistration, RECOVERED, RECOVERING, TopicIdPartition};
use crate::spec::Mutant;

impl ControlState {
    pub fn alter_partition(
        &self,
        request: &AlterPartitionRequest,
        version: i16,
    ) -> Result<ControllerResult<AlterPartitionResponse>, ApiError> {
        self.check_broker_epoch(request.broker_id, request.broker_epoch)?;
        let mut records = Vec::new();
        let mut response = AlterPartitionResponse::default();
        for topic in &request.topics {
            let mut result = TopicResult { topic_id: topic.topic_id, ..Default::default() };
            for data in &topic.partitions {
                let id = TopicIdPartition { topic_id: topic.topic_id, partition: data.partition_index };
                let isr = proposed_isr(data, version);
                let partition = match self.alter_one(request.broker_id, id, data, &isr, &mut records) {
                    Ok(partition) => partition_result(data.partition_index, &partition),
                    Err(code) => PartitionResult {
                        partition_index: data.partition_index,
                        error_code: code.code(),
                        ..Default::default()
                    },
                };
                result.partitions.push(partition);
            }
            response.topics.push(result);
        }
        Ok(ControllerResult::of(records, response))
    }

    /// The partition as it becomes, or the error that the leader gets.
    fn alter_one(
        &self,
        broker: i32,
        id: TopicIdPartition,
        data: &PartitionData,
        isr: &[BrokerState],
        records: &mut Vec<MetadataRecord>,
    ) -> Result<PartitionRegistration, ErrorCode> {
        let topic = self.image.topic(id.topic_id).ok_or(ErrorCode::UnknownTopicId)?;
        let partition = topic.partitions.get(&id.partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        self.check_alter(broker, partition, data, isr)?;
        let accepts = |candidate: i32| self.accepts_leader(id, candidate);
        let target = isr.iter().map(|state| state.broker_id).collect();
        let record = self
            .change_partition(id, &accepts, |builder| {
                builder.target_isr(target).target_recovery_state(data.leader_recovery_state).build()
            })
            .flatten();
        let Some(record) = record else { return Ok((**partition).clone()) };
        let changed = partition.merge(&record);
        // A leader never changes the leader, but this ISR may complete a reassignment that does.
        let elects_another = record.leader != broker && record.leader != LEADER_UNCHANGED;
        records.push(record.into());
        if elects_another { Err(ErrorCode::NewLeaderElected) } else { Ok(changed) }
    }

    /// `validateAlterPartitionData`.
    fn check_alter(
        &self,
        broker: i32,
        partition: &PartitionRegistration,
        data: &PartitionData,
        isr: &[BrokerState],
    ) -> Result<(), ErrorCode> {
        // A leader that is ahead has heard of a newer controller than this one.
        if data.leader_epoch > partition.leader_epoch || data.partition_epoch > partition.partition_epoch {
            return Err(ErrorCode::NotController);
        }
        if !self.profile.breaks(Mutant::UnfencedAlterPartition) {
            if data.leader_epoch < partition.leader_epoch {
                return Err(ErrorCode::FencedLeaderEpoch);
            }
            if broker != partition.leader {
                return Err(ErrorCode::InvalidRequest);
            }
            if data.partition_epoch < partition.partition_epoch {
                return Err(ErrorCode::InvalidUpdateVersion);
            }
        }
        let ids: Vec<i32> = isr.iter().map(|state| state.broker_id).collect();
        let repeats = (1..ids.len()).any(|i| ids[..i].contains(&ids[i]));
        let valid = !ids.is_empty() && !repeats && ids.iter().all(|id| partition.replicas.contains(id));
        if !valid || !ids.contains(&partition.leader) {
            return Err(ErrorCode::InvalidRequest);
        }
        let becomes_recovering = data.leader_recovery_state == RECOVERING;
        if becomes_recovering && (ids.len() > 1 || partition.leader_recovery_state == RECOVERED) {
            return Err(ErrorCode::InvalidRequest);
        }
        if isr.iter().all(|state| self.is_eligible_for_isr(state)) { Ok(()) } else { Err(ErrorCode::IneligibleReplica) }
    }

    /// Registered, unfenced, not shutting down, and of the epoch that the leader heard it fetch with (-1: any).
    fn is_eligible_for_isr(&self, state: &BrokerState) -> bool {
        self.image.broker(state.broker_id).is_some_and(|broker| {
            broker.is_active() && (state.broker_epoch == -1 || state.broker_epoch == broker.epoch)
        })
    }
}

/// Version 3 names the brokers' epochs with the ISR.
fn proposed_isr(data: &PartitionData, version: i16) -> Vec<BrokerState> {
    if version >= 3 {
        return data.new_isr_with_epochs.clone();
    }
    let any_epoch = |id: &i32| BrokerState { broker_id: *id, broker_epoch: -1, ..Default::default() };
    data.new_isr.iter().map(any_epoch).collect()
}

fn partition_result(partition_index: i32, partition: &PartitionRegistration) -> PartitionResult {
    PartitionResult {
        partition_index,
        leader_id: partition.leader,
        leader_epoch: partition.leader_epoch,
        isr: partition.isr.clone(),
        leader_recovery_state: partition.leader_recovery_state,
        partition_epoch: partition.partition_epoch,
        ..Default::default()
    }
}
