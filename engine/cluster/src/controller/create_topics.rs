//! CreateTopics, and what it shares with CreatePartitions: replicas placed or named, and the records of new partitions.

use base::{Map, Uuid};

use protocol::ErrorCode;
use protocol::messages::create_topics_request::CreatableTopic;
use protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use protocol::messages::{CreateTopicsRequest, CreateTopicsResponse};
use protocol::metadata::{MetadataRecord, PartitionRecord, TopicRecord};
use protocol::topic::CLUSTER_METADATA_TOPIC_NAME;

use super::control::{ApiError, ControlState};
use super::topics::config_records;
use super::write::Decision;
use crate::config::validate_topic_configs;
use crate::metadata::{ConfigResource, NO_LEADER, RECOVERED};
use crate::placement::check_manual_assignment;
use crate::server_log::logger;

/// What a topic of a request becomes.
struct NewTopic {
    records: Vec<MetadataRecord>,
    result: CreatableTopicResult,
}

impl ControlState {
    pub(super) fn create_topics(&mut self, request: &CreateTopicsRequest) -> Decision {
        let mut response = CreateTopicsResponse::default();
        let (mut records, mut results) = (Vec::new(), Vec::new());
        for topic in &request.topics {
            let repeated = request.topics.iter().filter(|other| other.name == topic.name).count() > 1;
            let created = match repeated {
                _ if topic.name == CLUSTER_METADATA_TOPIC_NAME => {
                    let words = format!("Creation of internal topic {CLUSTER_METADATA_TOPIC_NAME} is prohibited.");
                    Err(ApiError::new(ErrorCode::InvalidRequest, words))
                }
                true => Err(ApiError::new(ErrorCode::InvalidRequest, "Duplicate topic name.")),
                false => self.create_topic(topic),
            };
            let outcome = created.as_ref().map(|_| ()).map_err(ApiError::to_string);
            results.push(format!("{}: {}", describe(topic), outcome.err().unwrap_or_else(|| "SUCCESS".to_string())));
            response.topics.push(match created {
                Ok(new) => {
                    records.extend(new.records);
                    new.result
                }
                Err(error) => CreatableTopicResult {
                    name: topic.name.clone(),
                    error_code: error.code.code(),
                    error_message: error.message,
                    ..Default::default()
                },
            });
        }
        let results = results.join(", ");
        let text = match request.validate_only {
            true => format!("Validate-only CreateTopics result(s): {results}"),
            false => format!("CreateTopics result(s): {results}"),
        };
        if request.validate_only {
            records.clear();
        }
        Decision::new(records, response).line(logger::REPLICATION, text)
    }

    fn create_topic(&mut self, topic: &CreatableTopic) -> Result<NewTopic, ApiError> {
        self.check_name(&topic.name)?;
        let configs: Map<String, String> =
            topic.configs.iter().filter_map(|c| Some((c.name.clone(), c.value.clone()?))).collect();
        if let Some(null) = topic.configs.iter().find(|config| config.value.is_none()) {
            let words = format!("Null value not supported for topic configs: {}", null.name);
            return Err(ApiError::new(ErrorCode::InvalidConfig, words));
        }
        validate_topic_configs(&Map::new(), &configs).map_err(|error| ApiError::new(error.code(), error.0))?;
        let assignments = match topic.assignments.is_empty() {
            true => self.place_new_topic(topic)?,
            false => self.assignments_by_hand(topic)?,
        };
        let topic_id = Uuid::random(&mut self.ids);
        let mut records: Vec<MetadataRecord> =
            vec![TopicRecord { name: topic.name.clone(), topic_id, ..Default::default() }.into()];
        let resource = ConfigResource::topic(&topic.name);
        let set = config_records(&resource, topic.configs.iter().map(|config| config.name.clone()).collect(), &configs);
        let cleared = self.clear_elr_records(&set);
        records.extend(set.into_iter().chain(cleared));
        for (partition, replicas) in (0..).zip(&assignments) {
            records.push(self.new_partition(topic_id, partition, replicas)?);
        }
        let shown = self.configs().all_of_topic(&configs).into_iter().map(|config| CreatableTopicConfigs {
            name: config.key.name.to_string(),
            value: config.value,
            config_source: config.source.id(),
            ..Default::default()
        });
        let result = CreatableTopicResult {
            name: topic.name.clone(),
            topic_id,
            num_partitions: assignments.len() as i32,
            replication_factor: assignments.first().map_or(0, Vec::len) as i16,
            configs: Some(shown.collect()),
            ..Default::default()
        };
        Ok(NewTopic { records, result })
    }

    fn check_name(&self, name: &str) -> Result<(), ApiError> {
        protocol::topic::validate(name).map_err(|words| ApiError::new(ErrorCode::InvalidTopicException, words))?;
        if self.image.topic_by_name(name).is_some() {
            return Err(ApiError::new(ErrorCode::TopicAlreadyExists, format!("Topic '{name}' already exists.")));
        }
        let colliding = self.image.topics_by_name().find(|other| protocol::topic::has_collision(&other.name, name));
        match colliding {
            Some(other) => {
                let words = format!("Topic '{name}' collides with existing topic: {}", other.name);
                Err(ApiError::new(ErrorCode::InvalidTopicException, words))
            }
            None => Ok(()),
        }
    }

    fn place_new_topic(&mut self, topic: &CreatableTopic) -> Result<Vec<Vec<i32>>, ApiError> {
        if topic.replication_factor < -1 || topic.replication_factor == 0 {
            let words = "Replication factor must be larger than 0, or -1 to use the default value.";
            return Err(ApiError::new(ErrorCode::InvalidReplicationFactor, words));
        }
        if topic.num_partitions < -1 || topic.num_partitions == 0 {
            let words = "Number of partitions was set to an invalid non-positive value.";
            return Err(ApiError::new(ErrorCode::InvalidPartitions, words));
        }
        let or_default = |asked: i32, name: &str| match asked {
            -1 => i32::try_from(self.config.number(name)).unwrap_or(i32::MAX),
            asked => asked,
        };
        let partitions = or_default(topic.num_partitions, "num.partitions");
        let factor = or_default(i32::from(topic.replication_factor), "default.replication.factor");
        self.place(partitions, factor).map_err(|error| {
            let words = format!("Unable to replicate the partition {factor} time(s): {error}");
            ApiError::new(ErrorCode::InvalidReplicationFactor, words)
        })
    }

    /// Replicas of new partitions; the error is the placer's.
    pub(super) fn place(&mut self, partitions: i32, factor: i32) -> Result<Vec<Vec<i32>>, String> {
        let brokers = self.usable_brokers();
        self.placer.place(&brokers, partitions, factor).map_err(|error| error.to_string())
    }

    fn assignments_by_hand(&self, topic: &CreatableTopic) -> Result<Vec<Vec<i32>>, ApiError> {
        let refuse = |words: String| Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, words));
        if topic.replication_factor != -1 {
            let words = "A manual partition assignment was specified, but replication factor was not set to -1.";
            return Err(ApiError::new(ErrorCode::InvalidRequest, words));
        }
        if topic.num_partitions != -1 {
            let words = "A manual partition assignment was specified, but numPartitions was not set to -1.";
            return Err(ApiError::new(ErrorCode::InvalidRequest, words));
        }
        let mut by_partition: Map<i32, &Vec<i32>> = Map::new();
        let mut factor = None;
        for assignment in &topic.assignments {
            let partition = assignment.partition_index;
            if by_partition.insert(partition, &assignment.broker_ids).is_some() {
                return refuse(format!("Found multiple manual partition assignments for partition {partition}"));
            }
            self.check_replicas(&assignment.broker_ids, factor)?;
            factor = Some(assignment.broker_ids.len());
        }
        if !by_partition.keys().copied().eq(0..topic.assignments.len() as i32) {
            return refuse("partitions should be a consecutive 0-based integer sequence".to_string());
        }
        Ok(by_partition.into_values().cloned().collect())
    }

    pub(super) fn check_replicas(&self, replicas: &[i32], factor: Option<usize>) -> Result<(), ApiError> {
        check_manual_assignment(replicas, factor, |id| self.image.broker(id).is_some())
            .map_err(|error| ApiError::new(ErrorCode::InvalidReplicaAssignment, error.to_string()))
    }

    /// The record of a new partition: who is active is in sync, and the first of them leads.
    pub(super) fn new_partition(
        &self,
        topic_id: Uuid,
        partition_id: i32,
        replicas: &[i32],
    ) -> Result<MetadataRecord, ApiError> {
        let isr: Vec<i32> = replicas.iter().copied().filter(|id| self.image.is_active(*id)).collect();
        if isr.is_empty() {
            let words = format!(
                "All brokers specified in the manual partition assignment for partition {partition_id} are fenced or in \
                 controlled shutdown."
            );
            return Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, words));
        }
        Ok(self.partition_record(topic_id, partition_id, replicas, isr))
    }

    /// The first record of a partition; the first in sync leads.
    pub(super) fn partition_record(
        &self,
        topic_id: Uuid,
        partition_id: i32,
        replicas: &[i32],
        isr: Vec<i32>,
    ) -> MetadataRecord {
        PartitionRecord {
            partition_id,
            topic_id,
            replicas: replicas.to_vec(),
            leader: isr.first().copied().unwrap_or(NO_LEADER),
            isr,
            leader_recovery_state: RECOVERED,
            leader_epoch: 0,
            partition_epoch: 0,
            directories: replicas.iter().map(|id| self.default_directory(*id)).collect(),
            ..Default::default()
        }
        .into()
    }
}

/// `CreatableTopic.toString`, as the controller's log prints a request.
fn describe(topic: &CreatableTopic) -> String {
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    let assignments = topic.assignments.iter().map(|assignment| {
        let brokers = list(assignment.broker_ids.iter().map(i32::to_string).collect());
        let partition = assignment.partition_index;
        format!("CreatableReplicaAssignment(partitionIndex={partition}, brokerIds={brokers})")
    });
    let configs = topic.configs.iter().map(|config| {
        let value = config.value.as_ref().map_or("null".to_string(), |value| format!("'{value}'"));
        format!("CreatableTopicConfig(name='{}', value={value})", config.name)
    });
    format!(
        "CreatableTopic(name='{}', numPartitions={}, replicationFactor={}, assignments={}, configs={})",
        topic.name,
        topic.num_partitions,
        topic.replication_factor,
        list(assignments.collect()),
        list(configs.collect())
    )
}
