//! Reassignments (KIP-455): started, changed, cancelled and listed. Adding replicas is the brokers' work; a reassignment
//! completes with the AlterPartition that brings the last of them into the ISR.

use base::Set;

use protocol::ErrorCode;
use protocol::messages::alter_partition_reassignments_request::ReassignablePartition;
use protocol::messages::alter_partition_reassignments_response::{
    ReassignablePartitionResponse, ReassignableTopicResponse,
};
use protocol::messages::list_partition_reassignments_response::{
    OngoingPartitionReassignment, OngoingTopicReassignment,
};
use protocol::messages::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
};
use protocol::metadata::MetadataRecord;

use super::control::{ApiError, ControlState, outcome};
use super::partition_change::Election;
use super::write::Decision;
use crate::metadata::{PartitionRegistration, TopicIdPartition, TopicImage};
use crate::server_log::logger;

impl ControlState {
    pub(super) fn alter_reassignments(&self, request: &AlterPartitionReassignmentsRequest) -> Decision {
        let allow_replication_factor_change = request.allow_replication_factor_change;
        let mut response = AlterPartitionReassignmentsResponse {
            allow_replication_factor_change,
            error_message: None,
            ..Default::default()
        };
        let (mut records, mut lines) = (Vec::new(), Vec::new());
        let (mut altered, mut total) = (0, 0);
        for topic in &request.topics {
            let mut answers = ReassignableTopicResponse { name: topic.name.clone(), ..Default::default() };
            for target in &topic.partitions {
                let result = self
                    .reassign(&topic.name, target, allow_replication_factor_change)
                    .map(|record| records.extend(record));
                total += 1;
                match &result {
                    Ok(()) => altered += 1,
                    Err(error) => lines.push(format!(
                        "Unable to alter partition reassignment for {}:{} because of an {} error: {}",
                        topic.name,
                        target.partition_index,
                        error.code.exception_simple_name(),
                        error.message.as_deref().unwrap_or_default()
                    )),
                }
                let (error_code, error_message) = outcome(&result);
                answers.partitions.push(ReassignablePartitionResponse {
                    partition_index: target.partition_index,
                    error_code,
                    error_message,
                    ..Default::default()
                });
            }
            response.responses.push(answers);
        }
        lines.push(format!("Successfully altered {altered} out of {total} partition reassignment(s)."));
        let decision = Decision::new(records, response);
        lines.into_iter().fold(decision, |decision, line| decision.line(logger::REPLICATION, line))
    }

    fn reassign(
        &self,
        topic: &str,
        target: &ReassignablePartition,
        allow_factor_change: bool,
    ) -> Result<Option<MetadataRecord>, ApiError> {
        let unknown = |words: String| ApiError::new(ErrorCode::UnknownTopicOrPartition, words);
        let image =
            self.image.topic_by_name(topic).ok_or_else(|| unknown(format!("Unable to find a topic named {topic}.")))?;
        let index = target.partition_index;
        let partition = image
            .partitions
            .get(&index)
            .ok_or_else(|| unknown(format!("Unable to find partition {topic}:{index}.")))?;
        match &target.replicas {
            None => self.cancel_reassignment(image, index, partition),
            Some(replicas) => self.change_reassignment(image, index, partition, replicas, allow_factor_change),
        }
    }

    /// Back to the replicas that there were before.
    fn cancel_reassignment(
        &self,
        topic: &TopicImage,
        index: i32,
        partition: &PartitionRegistration,
    ) -> Result<Option<MetadataRecord>, ApiError> {
        if !partition.is_reassigning() {
            return Err(ApiError::of(ErrorCode::NoReassignmentInProgress));
        }
        let without_added = |list: &[i32]| -> Vec<i32> {
            list.iter().copied().filter(|id| !partition.adding_replicas.contains(id)).collect()
        };
        let (replicas, mut isr) = (without_added(&partition.replicas), without_added(&partition.isr));
        let invalid = |words: String| ApiError::new(ErrorCode::InvalidReplicaAssignment, words);
        if isr.is_empty() {
            let first = replicas.first().ok_or_else(|| {
                invalid("Invalid replica assignment: addingReplicas contains all replicas.".to_string())
            })?;
            if !self.unclean_election_enabled(&topic.name) {
                return Err(invalid(format!(
                    "Unable to revert partition assignment for {}:{index} because it would require an unclean leader \
                     election.",
                    topic.name
                )));
            }
            isr.push(*first);
        }
        let id = TopicIdPartition { topic_id: topic.id, partition: index };
        let accepts = |broker: i32| self.accepts_leader(id, broker);
        let record = self.change_partition(id, &accepts, |builder| {
            builder
                .target_isr(isr)
                .target_replicas(replicas)
                .target_removing(Vec::new())
                .target_adding(Vec::new())
                .build()
        });
        Ok(record.flatten().map(MetadataRecord::from))
    }

    /// The target first, then what is to go once the target is in sync.
    fn change_reassignment(
        &self,
        topic: &TopicImage,
        index: i32,
        partition: &PartitionRegistration,
        target: &[i32],
        allow_factor_change: bool,
    ) -> Result<Option<MetadataRecord>, ApiError> {
        self.check_replicas(target, None)?;
        if !allow_factor_change {
            check_factor_unchanged(partition, target)?;
        }
        let difference = |from: &[i32], of: &[i32]| -> Vec<i32> {
            let all: Set<i32> = from.iter().copied().filter(|id| !of.contains(id)).collect();
            all.into_iter().collect()
        };
        let removing = difference(&partition.replicas, target);
        let adding = difference(target, &partition.replicas);
        let replicas: Vec<i32> = target.iter().chain(&removing).copied().collect();
        let id = TopicIdPartition { topic_id: topic.id, partition: index };
        let accepts = |broker: i32| self.accepts_leader(id, broker);
        let record = self.change_partition(id, &accepts, |builder| {
            let mut builder = builder.election(Election::Online).target_replicas(replicas);
            // What is empty stays as it was, as Kafka does it.
            if !removing.is_empty() {
                builder = builder.target_removing(removing);
            }
            if !adding.is_empty() {
                builder = builder.target_adding(adding);
            }
            builder.build()
        });
        Ok(record.flatten().map(MetadataRecord::from))
    }

    /// The partitions that move, among those asked for or among all; a partition that does not move, or does not exist,
    /// is left out.
    pub(super) fn list_reassignments(
        &self,
        request: &ListPartitionReassignmentsRequest,
    ) -> ListPartitionReassignmentsResponse {
        let mut response = ListPartitionReassignmentsResponse { error_message: None, ..Default::default() };
        for topic in self.image.topics_by_name() {
            let asked = request.topics.as_ref().map(|topics| topics.iter().find(|asked| asked.name == topic.name));
            let is_asked = |partition: &i32| match asked {
                None => true,
                Some(asked) => asked.is_some_and(|asked| asked.partition_indexes.contains(partition)),
            };
            let ongoing = topic.partitions.iter().filter(|(index, p)| p.is_reassigning() && is_asked(index));
            let partitions: Vec<OngoingPartitionReassignment> = ongoing
                .map(|(index, partition)| OngoingPartitionReassignment {
                    partition_index: *index,
                    replicas: partition.replicas.clone(),
                    adding_replicas: partition.adding_replicas.clone(),
                    removing_replicas: partition.removing_replicas.clone(),
                    ..Default::default()
                })
                .collect();
            if !partitions.is_empty() {
                let name = topic.name.to_string();
                response.topics.push(OngoingTopicReassignment { name, partitions, ..Default::default() });
            }
        }
        response
    }
}

/// `validatePartitionReplicationFactorUnchanged`: counted is what a reassignment under way leads to.
fn check_factor_unchanged(partition: &PartitionRegistration, target: &[i32]) -> Result<(), ApiError> {
    let replicas = partition.replicas.iter().chain(&partition.adding_replicas);
    let stays: Set<&i32> = replicas.filter(|id| !partition.removing_replicas.contains(id)).collect();
    let current = if partition.is_reassigning() { stays.len() } else { partition.replicas.len() };
    if current == target.len() {
        return Ok(());
    }
    let words = format!("The replication factor is changed from {current} to {}", target.len());
    Err(ApiError::new(ErrorCode::InvalidReplicationFactor, words))
}
