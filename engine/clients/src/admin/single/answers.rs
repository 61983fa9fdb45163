//! How each call reads its answer. An error is one of the answer as a whole; errors of items stay with the items.

use base::Map;

use protocol::messages::*;
use protocol::metadata::AccessControlEntryRecord;
use protocol::{ErrorCode, Response, TopicPartition};

use crate::admin::call::{
    AdminCall, AdminReply, ConfigResource, FeatureMetadata, LogDirDescription, OfferedApi, PerItem, QuorumInfo,
    QuorumReplica, QuotaEntry, ReplicaInfo, ResourceType,
};
use crate::admin::operation::{Operation, Target};
use crate::error::KafkaError;

/// `None` if the answer is none to this call.
pub(super) fn read(operation: &mut Operation, target: Target, response: &Response) -> Option<Result<(), KafkaError>> {
    let reply = match (response, &operation.call) {
        (Response::DescribeLogDirs(response), _) => return Some(log_dirs(operation, target, response)),
        (Response::AlterReplicaLogDirs(response), _) => {
            altered_log_dirs(operation, target, response);
            return Some(Ok(()));
        }
        (Response::AlterPartitionReassignments(response), _) => reassigned(response),
        (Response::ApiVersions(response), AdminCall::NodeVersions { .. }) => versions(response),
        (Response::ApiVersions(response), _) => features(response),
        (Response::UpdateFeatures(response), AdminCall::UpdateFeatures { updates, .. }) => {
            updated(response, updates.keys())
        }
        (Response::DescribeQuorum(response), _) => quorum(response),
        (Response::AddRaftVoter(r), _) => done(r.error_code, r.error_message.as_deref()),
        (Response::RemoveRaftVoter(r), _) => done(r.error_code, r.error_message.as_deref()),
        (Response::UnregisterBroker(r), _) => done(r.error_code, r.error_message.as_deref()),
        (Response::DescribeClientQuotas(response), _) => quotas(response),
        (Response::AlterClientQuotas(response), _) => {
            let failed = response.entries.iter().find(|entry| entry.error_code != 0);
            failed.map_or(Ok(AdminReply::Done), |entry| done(entry.error_code, entry.error_message.as_deref()))
        }
        (Response::DescribeUserScramCredentials(response), _) => scram_users(response),
        (Response::AlterUserScramCredentials(response), _) => {
            let item = |result: &alter_user_scram_credentials_response::AlterUserScramCredentialsResult| {
                (result.user.clone(), whole(result.error_code, result.error_message.as_deref()))
            };
            Ok(AdminReply::PerUser(response.results.iter().map(item).collect()))
        }
        (Response::DescribeAcls(response), _) => acls(response),
        (Response::CreateAcls(response), _) => {
            let failed = response.results.iter().find(|result| result.error_code != 0);
            failed.map_or(Ok(AdminReply::Done), |result| done(result.error_code, result.error_message.as_deref()))
        }
        (Response::DeleteAcls(response), _) => {
            let failed = response.filter_results.iter().find(|result| result.error_code != 0);
            failed.map_or(Ok(AdminReply::Done), |result| done(result.error_code, result.error_message.as_deref()))
        }
        (Response::ListConfigResources(response), _) => resources(response),
        (Response::ListGroups(response), _) => {
            if let (0, Some(AdminReply::Groups(names))) = (response.error_code, &mut operation.reply) {
                names.extend(response.groups.iter().map(|group| group.group_id.clone()));
            }
            return Some(whole(response.error_code, None));
        }
        _ => return None,
    };
    Some(reply.map(|reply| operation.reply = Some(reply)))
}

/// The error of a code, if it is one.
fn whole(code: i16, message: Option<&str>) -> Result<(), KafkaError> {
    match ErrorCode::from_code(code) {
        ErrorCode::None => Ok(()),
        code => Err(KafkaError::api(code, message)),
    }
}

fn done(code: i16, message: Option<&str>) -> Result<AdminReply, KafkaError> {
    whole(code, message).map(|()| AdminReply::Done)
}

fn reassigned(response: &AlterPartitionReassignmentsResponse) -> Result<AdminReply, KafkaError> {
    whole(response.error_code, response.error_message.as_deref())?;
    let mut items = PerItem::new();
    for topic in &response.responses {
        for partition in &topic.partitions {
            let tp = TopicPartition::new(topic.name.clone(), partition.partition_index);
            items.insert(tp, whole(partition.error_code, partition.error_message.as_deref()));
        }
    }
    Ok(AdminReply::PerPartition(items))
}

fn log_dirs(operation: &mut Operation, target: Target, response: &DescribeLogDirsResponse) -> Result<(), KafkaError> {
    let (Some(AdminReply::LogDirs(items)), Target::Broker(broker)) = (&mut operation.reply, target) else {
        return Ok(());
    };
    whole(response.error_code, None)?;
    let mut directories = Map::new();
    for result in &response.results {
        let mut replicas = Map::new();
        for topic in &result.topics {
            for partition in &topic.partitions {
                let info = ReplicaInfo {
                    size: partition.partition_size,
                    offset_lag: partition.offset_lag,
                    is_future: partition.is_future_key,
                };
                replicas.insert(TopicPartition::new(topic.name.clone(), partition.partition_index), info);
            }
        }
        let error = whole(result.error_code, None).err();
        directories.insert(result.log_dir.clone(), LogDirDescription { error, replicas });
    }
    items.insert(broker, Ok(directories));
    Ok(())
}

fn altered_log_dirs(operation: &mut Operation, target: Target, response: &AlterReplicaLogDirsResponse) {
    let (Some(AdminReply::PerReplica(items)), Target::Broker(broker)) = (&mut operation.reply, target) else {
        return;
    };
    for topic in &response.results {
        for partition in &topic.partitions {
            let tp = TopicPartition::new(topic.topic_name.clone(), partition.partition_index);
            items.insert((broker, tp), whole(partition.error_code, None));
        }
    }
}

fn versions(response: &ApiVersionsResponse) -> Result<AdminReply, KafkaError> {
    whole(response.error_code, None)?;
    let api = |api: &api_versions_response::ApiVersion| OfferedApi {
        code: api.api_key,
        min: api.min_version,
        max: api.max_version,
    };
    Ok(AdminReply::Versions(response.api_keys.iter().map(api).collect()))
}

fn features(response: &ApiVersionsResponse) -> Result<AdminReply, KafkaError> {
    whole(response.error_code, None)?;
    let finalized = response.finalized_features.iter();
    let supported = response.supported_features.iter();
    Ok(AdminReply::Features(FeatureMetadata {
        finalized: finalized.map(|f| (f.name.clone(), (f.min_version_level, f.max_version_level))).collect(),
        epoch: (response.finalized_features_epoch >= 0).then_some(response.finalized_features_epoch),
        supported: supported.map(|f| (f.name.clone(), (f.min_version, f.max_version))).collect(),
    }))
}

/// One error fails every feature (version 2 has no results of single ones).
fn updated<'f>(
    response: &UpdateFeaturesResponse,
    asked: impl Iterator<Item = &'f String>,
) -> Result<AdminReply, KafkaError> {
    let outcome = whole(response.error_code, response.error_message.as_deref());
    if let Err(error) = &outcome
        && error.code == ErrorCode::NotController
    {
        return Err(error.clone());
    }
    let mut items: PerItem<String, ()> = asked.map(|feature| (feature.clone(), outcome.clone())).collect();
    for result in &response.results {
        items.insert(result.feature.clone(), whole(result.error_code, result.error_message.as_deref()));
    }
    Ok(AdminReply::PerFeature(items))
}

fn quorum(response: &DescribeQuorumResponse) -> Result<AdminReply, KafkaError> {
    whole(response.error_code, response.error_message.as_deref())?;
    let Some(partition) = response.topics.first().and_then(|topic| topic.partitions.first()) else {
        let why = "DescribeMetadataQuorum returned 0 topics";
        return Err(KafkaError::api(ErrorCode::UnknownServerError, Some(why)));
    };
    whole(partition.error_code, partition.error_message.as_deref())?;
    let replica = |replica: &describe_quorum_response::ReplicaState| QuorumReplica {
        replica_id: replica.replica_id,
        directory_id: replica.replica_directory_id,
        log_end_offset: replica.log_end_offset,
        last_fetch: replica.last_fetch_timestamp,
        last_caught_up: replica.last_caught_up_timestamp,
    };
    let node = |node: &describe_quorum_response::Node| {
        let listener = |l: &describe_quorum_response::Listener| (l.name.clone(), l.host.clone(), l.port);
        (node.node_id, node.listeners.iter().map(listener).collect())
    };
    Ok(AdminReply::Quorum(QuorumInfo {
        leader_id: partition.leader_id,
        leader_epoch: i64::from(partition.leader_epoch),
        high_watermark: partition.high_watermark,
        voters: partition.current_voters.iter().map(replica).collect(),
        observers: partition.observers.iter().map(replica).collect(),
        nodes: response.nodes.iter().map(node).collect(),
    }))
}

fn quotas(response: &DescribeClientQuotasResponse) -> Result<AdminReply, KafkaError> {
    whole(response.error_code, response.error_message.as_deref())?;
    let entry = |entry: &describe_client_quotas_response::EntryData| QuotaEntry {
        entity: entry.entity.iter().map(|e| (e.entity_type.clone(), e.entity_name.clone())).collect(),
        values: entry.values.iter().map(|value| (value.key.clone(), value.value)).collect(),
    };
    Ok(AdminReply::Quotas(response.entries.iter().flatten().map(entry).collect()))
}

fn acls(response: &DescribeAclsResponse) -> Result<AdminReply, KafkaError> {
    whole(response.error_code, response.error_message.as_deref())?;
    let of_resource = |resource: &describe_acls_response::DescribeAclsResource| {
        let (resource_type, pattern_type) = (resource.resource_type, resource.pattern_type);
        let resource_name = resource.resource_name.clone();
        let entry = move |acl: &describe_acls_response::AclDescription| AccessControlEntryRecord {
            resource_type,
            resource_name: resource_name.clone(),
            pattern_type,
            principal: acl.principal.clone(),
            host: acl.host.clone(),
            operation: acl.operation,
            permission_type: acl.permission_type,
            ..Default::default()
        };
        resource.acls.iter().map(entry).collect::<Vec<_>>()
    };
    Ok(AdminReply::Acls(response.resources.iter().flat_map(of_resource).collect()))
}

fn scram_users(response: &DescribeUserScramCredentialsResponse) -> Result<AdminReply, KafkaError> {
    whole(response.error_code, response.error_message.as_deref())?;
    let item = |result: &describe_user_scram_credentials_response::DescribeUserScramCredentialsResult| {
        let infos = result.credential_infos.iter().map(|info| (info.mechanism, info.iterations)).collect();
        (result.user.clone(), whole(result.error_code, result.error_message.as_deref()).map(|()| infos))
    };
    Ok(AdminReply::ScramUsers(response.results.iter().map(item).collect()))
}

fn resources(response: &ListConfigResourcesResponse) -> Result<AdminReply, KafkaError> {
    whole(response.error_code, None)?;
    let resource = |resource: &list_config_resources_response::ConfigResource| {
        let kind = ResourceType::from_id(resource.resource_type)?;
        Some(ConfigResource { kind, name: resource.resource_name.clone() })
    };
    Ok(AdminReply::ConfigResources(response.config_resources.iter().filter_map(resource).collect()))
}
