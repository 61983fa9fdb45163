//! Elections that somebody asked for or that the controller makes by itself from time to time.

use protocol::ErrorCode;
use protocol::messages::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use protocol::messages::{ElectLeadersRequest, ElectLeadersResponse};
use protocol::metadata::MetadataRecord;

use super::control::{ApiError, ControlState, ControllerResult, outcome};
use super::partition_change::Election;
use crate::metadata::TopicIdPartition;

/// Elections in one pass of a periodic check (`MAX_ELECTIONS_PER_IMBALANCE`).
const ELECTIONS_PER_PASS: usize = 1_000;

/// `ElectionType` of an ElectLeaders request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ElectionType {
    Preferred,
    Unclean,
}

impl ControlState {
    pub fn elect_leaders(
        &self,
        request: &ElectLeadersRequest,
    ) -> Result<ControllerResult<ElectLeadersResponse>, ApiError> {
        let kind = match request.election_type {
            0 => ElectionType::Preferred,
            1 => ElectionType::Unclean,
            other => {
                return Err(ApiError::new(ErrorCode::InvalidRequest, format!("Unknown election type {other}")));
            }
        };
        let mut records = Vec::new();
        let mut response = ElectLeadersResponse::default();
        match &request.topic_partitions {
            Some(topics) => {
                for topic in topics {
                    let partitions = topic.partitions.iter().copied();
                    response.replica_election_results.push(self.elect_of_topic(
                        &topic.topic,
                        partitions,
                        kind,
                        true,
                        &mut records,
                    ));
                }
            }
            // All partitions; those that have the leader they should have are not mentioned.
            None => {
                for topic in self.image.topics_by_name() {
                    let partitions = topic.partitions.keys().copied();
                    response.replica_election_results.push(self.elect_of_topic(
                        &topic.name,
                        partitions,
                        kind,
                        false,
                        &mut records,
                    ));
                }
            }
        }
        Ok(ControllerResult::of(records, response))
    }

    fn elect_of_topic(
        &self,
        topic: &str,
        partitions: impl Iterator<Item = i32>,
        kind: ElectionType,
        all_results: bool,
        records: &mut Vec<MetadataRecord>,
    ) -> ReplicaElectionResult {
        let mut result = ReplicaElectionResult { topic: topic.to_string(), ..Default::default() };
        for partition_id in partitions {
            let elected = self.elect_leader(topic, partition_id, kind, records);
            let not_needed = matches!(&elected, Err(error) if error.code == ErrorCode::ElectionNotNeeded);
            if not_needed && !all_results {
                continue;
            }
            let (error_code, error_message) = outcome(&elected);
            result.partition_result.push(PartitionResult {
                partition_id,
                error_code,
                error_message,
                ..Default::default()
            });
        }
        result
    }

    fn elect_leader(
        &self,
        topic: &str,
        partition: i32,
        kind: ElectionType,
        records: &mut Vec<MetadataRecord>,
    ) -> Result<(), ApiError> {
        let unknown = |words: String| ApiError::new(ErrorCode::UnknownTopicOrPartition, words);
        let image = self.image.topic_by_name(topic).ok_or_else(|| unknown(format!("No such topic as {topic}")))?;
        let registration = image
            .partitions
            .get(&partition)
            .ok_or_else(|| unknown(format!("No such partition as {topic}-{partition}")))?;
        let (needless, election, failure) = match kind {
            ElectionType::Preferred => {
                (registration.has_preferred_leader(), Election::Preferred, ErrorCode::PreferredLeaderNotAvailable)
            }
            ElectionType::Unclean => {
                (registration.has_leader(), Election::Unclean, ErrorCode::EligibleLeadersNotAvailable)
            }
        };
        if needless {
            return Err(ApiError::of(ErrorCode::ElectionNotNeeded));
        }
        let id = TopicIdPartition { topic_id: image.id, partition };
        match self.elect(id, election) {
            Some(record) => {
                records.push(record);
                Ok(())
            }
            None => Err(ApiError::of(failure)),
        }
    }

    fn elect(&self, id: TopicIdPartition, election: Election) -> Option<MetadataRecord> {
        let accepts = |candidate: i32| self.accepts_leader(id, candidate);
        let record = self.change_partition(id, &accepts, |builder| builder.election(election).build())?;
        record.map(MetadataRecord::from)
    }

    /// Gives partitions their preferred leaders back where that is possible; `true` when there may be more to do at
    /// once. KRaft ignores `leader.imbalance.per.broker.percentage`.
    pub fn balance_leaders(&self) -> (Vec<MetadataRecord>, bool) {
        let imbalanced = self.image.partitions().filter(|(_, _, p)| !p.has_preferred_leader());
        let elected = imbalanced.filter_map(|(id, _, _)| self.elect(id, Election::Preferred));
        let records: Vec<MetadataRecord> = elected.take(ELECTIONS_PER_PASS).collect();
        let more = records.len() >= ELECTIONS_PER_PASS;
        (records, more)
    }

    /// Elects uncleanly where there is no leader and the topic allows it.
    pub fn elect_unclean_leaders(&self) -> (Vec<MetadataRecord>, bool) {
        let mut records = Vec::new();
        for id in self.leaderless_partitions() {
            if records.len() >= ELECTIONS_PER_PASS {
                break;
            }
            let Some(topic) = self.image.topic(id.topic_id) else { continue };
            if self.unclean_election_enabled(&topic.name) {
                // Where nobody can be elected, the next pass tries again.
                drop(self.elect_leader(&topic.name, id.partition, ElectionType::Unclean, &mut records));
            }
        }
        let more = records.len() >= ELECTIONS_PER_PASS;
        (records, more)
    }
}
