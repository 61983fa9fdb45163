//! DeleteTopics, CreatePartitions, IncrementalAlterConfigs of what exists, and blocks of producer ids.

use base::{Map, Uuid};
use protocol::ErrorCode;
use protocol::java::hash_order;
use protocol::messages::create_partitions_request::CreatePartitionsTopic;
use protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use protocol::messages::delete_topics_response::DeletableTopicResult;
use protocol::messages::incremental_alter_configs_request::AlterConfigsResource;
use protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use protocol::messages::*;
use protocol::metadata::{ClearElrRecord, ConfigRecord, MetadataRecord, ProducerIdsRecord, RemoveTopicRecord};

use super::control::{ApiError, ControlState, outcome};
use super::write::Decision;
use crate::config::{
    alter_one, server_key, validate_client_metrics, validate_given, validate_group, validate_topic_configs,
};
use crate::metadata::{ConfigResource, ResourceType};
use crate::server_log::logger;

/// `ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`
const PRODUCER_ID_BLOCK_SIZE: i32 = 1_000;
const MIN_ISR: &str = "min.insync.replicas";

impl ControlState {
    pub(super) fn delete_topics(&self, request: &DeleteTopicsRequest, version: i16) -> Decision {
        let mut response = DeleteTopicsResponse::default();
        let by_name = request.topic_names.iter().map(|name| (Some(name.clone()), Uuid::ZERO));
        let by_either = request.topics.iter().map(|topic| (topic.name.clone(), topic.topic_id));
        let (mut doomed, mut results): (Vec<Uuid>, Vec<String>) = (Vec::new(), Vec::new());
        for (name, topic_id) in by_name.chain(by_either) {
            let found = self.find_topic_to_delete(name.as_deref(), topic_id, version, &doomed);
            doomed.extend(found.as_ref().ok().copied());
            let topic_id = *found.as_ref().unwrap_or(&topic_id);
            let name = name.or_else(|| self.image.topic(topic_id).map(|topic| topic.name.to_string()));
            if let Ok(id) = &found {
                let name = name.as_deref().unwrap_or("null");
                results.push(format!("{{id: {id}, name: {name}, result: SUCCESS}}"));
            }
            let (error_code, error_message) = outcome(&found.map(|_| ()));
            response.responses.push(DeletableTopicResult {
                name,
                topic_id,
                error_code,
                error_message,
                ..Default::default()
            });
        }
        let record = |topic_id: Uuid| RemoveTopicRecord { topic_id, ..Default::default() }.into();
        let decision = Decision::new(doomed.into_iter().map(record).collect(), response);
        decision.line(logger::REPLICATION, format!("DeleteTopics result(s): {}", results.join(", ")))
    }

    fn find_topic_to_delete(
        &self,
        name: Option<&str>,
        topic_id: Uuid,
        version: i16,
        doomed: &[Uuid],
    ) -> Result<Uuid, ApiError> {
        if !self.config.flag("delete.topic.enable") {
            // Clients before version 3 do not know the right error.
            let known = version >= 3;
            return Err(ApiError::of(if known { ErrorCode::TopicDeletionDisabled } else { ErrorCode::InvalidRequest }));
        }
        let id = match name {
            Some(_) if topic_id != Uuid::ZERO => {
                return Err(ApiError::new(
                    ErrorCode::InvalidRequest,
                    "You may not specify both topic name and topic id.",
                ));
            }
            Some(name) => self.image.topic_id(name).ok_or(ApiError::of(ErrorCode::UnknownTopicOrPartition))?,
            None if self.image.topic(topic_id).is_some() => topic_id,
            None => return Err(ApiError::of(ErrorCode::UnknownTopicId)),
        };
        match doomed.contains(&id) {
            true => Err(ApiError::new(
                ErrorCode::InvalidRequest,
                "The provided topic name maps to an ID that was already supplied.",
            )),
            false => Ok(id),
        }
    }

    pub(super) fn create_partitions(&mut self, request: &CreatePartitionsRequest) -> Decision {
        let mut response = CreatePartitionsResponse::default();
        let mut records = Vec::new();
        for topic in &request.topics {
            let repeated = request.topics.iter().filter(|other| other.name == topic.name).count() > 1;
            let grown = match repeated {
                true => Err(ApiError::new(ErrorCode::InvalidRequest, "Duplicate topic name.")),
                false => self.new_partitions(topic),
            };
            let (error_code, error_message) = outcome(&grown.map(|new| records.extend(new)));
            let name = topic.name.clone();
            response.results.push(CreatePartitionsTopicResult {
                name,
                error_code,
                error_message,
                ..Default::default()
            });
        }
        if request.validate_only {
            records.clear();
        }
        Decision::new(records, response)
    }

    pub(super) fn alter_configs(&mut self, request: &IncrementalAlterConfigsRequest) -> Decision {
        let mut response = IncrementalAlterConfigsResponse::default();
        let mut records = Vec::new();
        for resource in &request.resources {
            let altered = self.alter_resource(resource).map(|new| records.extend(new));
            let (error_code, error_message) = outcome(&altered);
            response.responses.push(AlterConfigsResourceResponse {
                error_code,
                error_message,
                resource_type: resource.resource_type,
                resource_name: resource.resource_name.clone(),
                ..Default::default()
            });
        }
        records.extend(self.clear_elr_records(&records));
        if request.validate_only {
            records.clear();
        }
        Decision::new(records, response)
    }

    pub(super) fn allocate_producer_ids(&self, request: &AllocateProducerIdsRequest) -> Decision {
        if let Err(error) = self.check_broker_epoch(request.broker_id, request.broker_epoch) {
            let error_code = error.code.code();
            return Decision::new(Vec::new(), AllocateProducerIdsResponse { error_code, ..Default::default() });
        }
        let producer_id_start = self.image.next_producer_id();
        let record = ProducerIdsRecord {
            broker_id: request.broker_id,
            broker_epoch: request.broker_epoch,
            next_producer_id: producer_id_start + i64::from(PRODUCER_ID_BLOCK_SIZE),
            ..Default::default()
        };
        let producer_id_len = PRODUCER_ID_BLOCK_SIZE;
        let response = AllocateProducerIdsResponse { producer_id_start, producer_id_len, ..Default::default() };
        Decision::new(vec![record.into()], response)
    }

    fn new_partitions(&mut self, topic: &CreatePartitionsTopic) -> Result<Vec<MetadataRecord>, ApiError> {
        let Some(existing) = self.image.topic_by_name(&topic.name).cloned() else {
            return Err(ApiError::of(ErrorCode::UnknownTopicOrPartition));
        };
        let invalid = |words: String| Err(ApiError::new(ErrorCode::InvalidPartitions, words));
        let (name, count, wanted) = (&topic.name, existing.partitions.len() as i32, topic.count);
        if wanted == count {
            return invalid(format!("Topic already has {count} partition(s)."));
        }
        if wanted < count {
            return invalid(format!(
                "The topic {name} currently has {count} partition(s); {wanted} would not be an increase."
            ));
        }
        let model = existing.partitions.get(&first_in_timeline(count));
        let (additional, factor) = (wanted - count, model.map_or(0, |partition| partition.replicas.len()));
        let Some(given) = &topic.assignments else {
            let placed = self.place(additional, factor as i32);
            let placed = placed.map_err(|words| ApiError::new(ErrorCode::InvalidReplicationFactor, words))?;
            // Here Kafka does not ask which of the placed replicas are alive.
            let record = |(partition, replicas): (i32, Vec<i32>)| {
                self.partition_record(existing.id, partition, &replicas, replicas.clone())
            };
            return Ok((count..).zip(placed).map(record).collect());
        };
        if given.len() as i32 != additional {
            let words = format!(
                "Attempted to add {additional} additional partition(s), but only {} assignment(s) were specified.",
                given.len()
            );
            return Err(ApiError::new(ErrorCode::InvalidReplicaAssignment, words));
        }
        let mut records = Vec::new();
        for (partition, assignment) in (count..).zip(given) {
            self.check_replicas(&assignment.broker_ids, Some(factor))?;
            records.push(self.new_partition(existing.id, partition, &assignment.broker_ids)?);
        }
        Ok(records)
    }

    /// Records for what really changes of one resource.
    fn alter_resource(&self, asked: &AlterConfigsResource) -> Result<Vec<MetadataRecord>, ApiError> {
        let resource = self.check_resource(asked)?;
        let before = self.image.configs(&resource);
        let mut after = before.clone();
        for config in &asked.configs {
            alter_one(&mut after, resource.kind, config).map_err(|(code, words)| ApiError::new(code, words))?;
        }
        let invalid = |words: String| ApiError::new(ErrorCode::InvalidConfig, words);
        self.check_minimum(&resource, asked, &after)?;
        match resource.kind {
            ResourceType::Topic => validate_topic_configs(before, &after).map_err(|error| invalid(error.0))?,
            ResourceType::Group => {
                validate_group(&after, &self.config).map_err(|(code, words)| ApiError::new(code, words))?;
            }
            ResourceType::ClientMetrics => {
                validate_client_metrics(&resource.name, &after).map_err(|(code, words)| ApiError::new(code, words))?
            }
            _ => {
                for (key, value) in after.iter().filter_map(|(name, value)| Some((server_key(name)?, value))) {
                    validate_given(key, value).map_err(invalid)?;
                }
            }
        }
        self.check_existence(&resource)?;
        let names: Vec<String> = asked.configs.iter().map(|config| config.name.clone()).collect();
        // Brokers are told again what is no news, because they read files anew for it (KAFKA-14136).
        let counts = |name: &String| before.get(name) != after.get(name) || resource.kind == ResourceType::Broker;
        Ok(config_records(&resource, names.into_iter().filter(counts).collect(), &after))
    }

    /// With ELR the minimum of in-sync replicas is a config of the cluster, which cannot be without one.
    fn check_minimum(
        &self,
        resource: &ConfigResource,
        asked: &AlterConfigsResource,
        after: &Map<String, String>,
    ) -> Result<(), ApiError> {
        let is_asked = asked.configs.iter().any(|config| config.name == MIN_ISR);
        if !is_asked || !self.elr_enabled() || resource.kind != ResourceType::Broker {
            return Ok(());
        }
        let words = match (resource.name.is_empty(), after.get(MIN_ISR)) {
            (true, Some(_)) => return Ok(()),
            (true, None) => "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
            (false, _) => "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
        };
        Err(ApiError::new(ErrorCode::InvalidConfig, words))
    }

    /// Who was eligible under another minimum is so no more (KIP-966).
    pub(super) fn clear_elr_records(&self, records: &[MetadataRecord]) -> Vec<MetadataRecord> {
        let mut clears = Vec::new();
        for record in records {
            if let MetadataRecord::Config(config) = record
                && config.name == MIN_ISR
                && self.elr_enabled()
            {
                let of_topic = config.resource_type == ResourceType::Topic.id();
                let topic_name = if of_topic { config.resource_name.clone() } else { String::new() };
                clears.push(ClearElrRecord { topic_name, ..Default::default() }.into());
            }
        }
        clears
    }

    /// `ConfigResourceExistenceChecker`: Kafka asks for it after the values.
    fn check_existence(&self, resource: &ConfigResource) -> Result<(), ApiError> {
        let name = &resource.name;
        let node = || name.parse::<i32>().unwrap_or(-1);
        match resource.kind {
            ResourceType::Topic if self.image.topic_by_name(name).is_none() => {
                let words = format!("The topic '{name}' does not exist.");
                Err(ApiError::new(ErrorCode::UnknownTopicOrPartition, words))
            }
            ResourceType::Broker
                if !name.is_empty() && self.image.broker(node()).is_none() && !self.voter_ids.contains(&node()) =>
            {
                Err(ApiError::new(ErrorCode::BrokerIdNotRegistered, format!("No node with id {name} found.")))
            }
            _ => Ok(()),
        }
    }

    /// The resource's type and name by themselves (`ControllerConfigurationValidator`).
    fn check_resource(&self, asked: &AlterConfigsResource) -> Result<ConfigResource, ApiError> {
        let name = &asked.resource_name;
        let refused = |words: &str| Err(ApiError::new(ErrorCode::InvalidRequest, words));
        match ResourceType::from_id(asked.resource_type) {
            Some(ResourceType::Topic) if name.is_empty() => refused("Default topic resources are not allowed."),
            Some(ResourceType::Topic) => match protocol::topic::validate(name) {
                Ok(()) => Ok(ConfigResource::topic(name)),
                Err(words) => Err(ApiError::new(ErrorCode::InvalidTopicException, words)),
            },
            Some(ResourceType::Broker) if name.is_empty() => Ok(ConfigResource::cluster()),
            Some(ResourceType::Broker) => match name.parse::<i32>() {
                Ok(id) if id >= 0 => Ok(ConfigResource::broker(id)),
                Ok(_) => refused("Invalid negative broker ID."),
                Err(_) => refused("Unable to parse broker name as a base 10 number."),
            },
            Some(ResourceType::Group) if name.is_empty() => refused("Default group resources are not allowed."),
            Some(kind @ (ResourceType::Group | ResourceType::ClientMetrics)) => {
                Ok(ConfigResource { kind, name: name.clone() })
            }
            _ => {
                let words = format!("Unsupported resource type {}", asked.resource_type);
                Err(ApiError::new(ErrorCode::InvalidRequest, words))
            }
        }
    }
}

/// A record for each of these names, with its value after the change, in the order in which Kafka's hash map gives them.
pub(super) fn config_records(
    resource: &ConfigResource,
    names: Vec<String>,
    after: &Map<String, String>,
) -> Vec<MetadataRecord> {
    let record = |name: String| {
        ConfigRecord {
            resource_type: resource.kind.id(),
            resource_name: resource.name.clone(),
            value: after.get(&name).cloned(),
            name,
            ..Default::default()
        }
        .into()
    };
    hash_order(&names).into_iter().map(record).collect()
}

/// The key that an iteration over Kafka's `TimelineHashMap` of `0..count` begins with: slots are the highest bits of a Fibonacci
/// hash, and what came last into a slot comes first out of it. From this partition a topic's replication factor is taken.
fn first_in_timeline(count: i32) -> i32 {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let slots = (count as u64 * 3).div_ceil(4).next_power_of_two().max(2);
    let is_first_slot = |key: &i32| (*key as u64).wrapping_mul(GOLDEN) >> (64 - slots.ilog2()) == 0;
    (0..count).rev().find(is_first_slot).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::first_in_timeline;

    #[test]
    fn a_topics_factor_comes_from_the_partition_that_kafka_meets_first() {
        // What a Kafka 4.3.1 did whose partitions had unequal factors.
        let seen = [3, 4, 5, 6, 7, 10].map(first_in_timeline);
        assert_eq!(seen, [2, 2, 2, 5, 5, 5]);
    }
}
