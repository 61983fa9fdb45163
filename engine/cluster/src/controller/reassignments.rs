//! Reassignments under way, as `kafka-topics.sh --describe` and `kafka-reassign-partitions.sh --list` ask for them.

use protocol::ErrorCode;
use protocol::messages::list_partition_reassignments_response::{
    OngoingPartitionReassignment, OngoingTopicReassignment,
};
use protocol::messages::{ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse};

use super::Controller;

impl Controller {
    /// The partitions that move, among those asked for or among all; a partition that does not move, or does not exist,
    /// is left out.
    pub(super) fn on_list_reassignments(
        &self,
        request: &ListPartitionReassignmentsRequest,
    ) -> ListPartitionReassignmentsResponse {
        if !self.is_active() {
            let error_code = ErrorCode::NotController.code();
            return ListPartitionReassignmentsResponse { error_code, ..Default::default() };
        }
        let mut response = ListPartitionReassignmentsResponse::default();
        for topic in self.state.image.topics_by_name() {
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
                let name = topic.name.clone();
                response.topics.push(OngoingTopicReassignment { name, partitions, ..Default::default() });
            }
        }
        response
    }
}
