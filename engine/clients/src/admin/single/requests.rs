//! What each call asks.

use base::Map;

use cluster::metadata::security::AclFilter;
use protocol::messages::*;
use protocol::{Request, TopicPartition, topic};

use crate::admin::call::{AdminCall, FeatureUpdate, QuotaMatch, ResourceType};
use crate::admin::operation::{Target, by_topic};

pub(super) fn request(call: &AdminCall, target: Target, timeout_ms: i32) -> Request {
    match call {
        AdminCall::AlterPartitionReassignments { targets, allow_factor_change } => {
            reassignments(targets, *allow_factor_change, timeout_ms)
        }
        AdminCall::DescribeLogDirs { .. } => DescribeLogDirsRequest { topics: None, ..Default::default() }.into(),
        AdminCall::AlterReplicaLogDirs { directories } => log_dirs(directories, target),
        AdminCall::DescribeFeatures { .. } | AdminCall::NodeVersions { .. } => ApiVersionsRequest {
            client_software_name: "apache-kafka-java".to_string(),
            client_software_version: cluster::Profile::default().version().to_string(),
            ..Default::default()
        }
        .into(),
        AdminCall::UpdateFeatures { updates, validate_only } => features(updates, *validate_only, timeout_ms),
        AdminCall::DescribeMetadataQuorum => {
            let partition = describe_quorum_request::PartitionData { partition_index: 0, ..Default::default() };
            let topic_name = topic::CLUSTER_METADATA_TOPIC_NAME.to_string();
            let topic =
                describe_quorum_request::TopicData { topic_name, partitions: vec![partition], ..Default::default() };
            DescribeQuorumRequest { topics: vec![topic], ..Default::default() }.into()
        }
        AdminCall::AddRaftVoter { voter_id, directory_id, endpoints } => {
            let listener = |(name, host, port): &(String, String, u16)| add_raft_voter_request::Listener {
                name: name.clone(),
                host: host.clone(),
                port: *port,
                ..Default::default()
            };
            AddRaftVoterRequest {
                cluster_id: None,
                timeout_ms,
                voter_id: *voter_id,
                voter_directory_id: *directory_id,
                listeners: endpoints.iter().map(listener).collect(),
                ..Default::default()
            }
            .into()
        }
        AdminCall::RemoveRaftVoter { voter_id, directory_id } => RemoveRaftVoterRequest {
            cluster_id: None,
            voter_id: *voter_id,
            voter_directory_id: *directory_id,
            ..Default::default()
        }
        .into(),
        AdminCall::UnregisterBroker { broker } => {
            UnregisterBrokerRequest { broker_id: *broker, ..Default::default() }.into()
        }
        AdminCall::ListConfigResources { kinds } => {
            let resource_types = kinds.iter().copied().map(ResourceType::id).collect();
            ListConfigResourcesRequest { resource_types, ..Default::default() }.into()
        }
        AdminCall::ListGroups if target == Target::LeastLoaded => {
            MetadataRequest { topics: Some(Vec::new()), ..Default::default() }.into()
        }
        AdminCall::ListGroups => ListGroupsRequest::default().into(),
        call => of_users(call),
    }
}

fn features(updates: &Map<String, FeatureUpdate>, validate_only: bool, timeout_ms: i32) -> Request {
    let update = |(feature, update): (&String, &FeatureUpdate)| update_features_request::FeatureUpdateKey {
        feature: feature.clone(),
        max_version_level: update.level,
        upgrade_type: update.upgrade.id(),
        ..Default::default()
    };
    UpdateFeaturesRequest {
        timeout_ms,
        feature_updates: updates.iter().map(update).collect(),
        validate_only,
        ..Default::default()
    }
    .into()
}

/// Quotas, and SCRAM credentials below.
fn of_users(call: &AdminCall) -> Request {
    match call {
        AdminCall::DescribeClientQuotas { components, strict } => {
            let component = |component: &crate::admin::call::QuotaComponent| {
                let (match_type, text) = match &component.matches {
                    QuotaMatch::Exact(name) => (0, Some(name.clone())),
                    QuotaMatch::Default => (1, None),
                    QuotaMatch::Any => (2, None),
                };
                describe_client_quotas_request::ComponentData {
                    entity_type: component.entity_type.clone(),
                    match_type,
                    r#match: text,
                    ..Default::default()
                }
            };
            let components = components.iter().map(component).collect();
            DescribeClientQuotasRequest { components, strict: *strict, ..Default::default() }.into()
        }
        AdminCall::AlterClientQuotas { entity, values } => {
            let part = |(kind, name): &(String, Option<String>)| alter_client_quotas_request::EntityData {
                entity_type: kind.clone(),
                entity_name: name.clone(),
                ..Default::default()
            };
            let op = |(key, value): &(String, Option<protocol::Float64>)| alter_client_quotas_request::OpData {
                key: key.clone(),
                value: value.unwrap_or_default(),
                remove: value.is_none(),
                ..Default::default()
            };
            let entry = alter_client_quotas_request::EntryData {
                entity: entity.iter().map(part).collect(),
                ops: values.iter().map(op).collect(),
                ..Default::default()
            };
            AlterClientQuotasRequest { entries: vec![entry], ..Default::default() }.into()
        }
        call => of_credentials(call),
    }
}

fn of_credentials(call: &AdminCall) -> Request {
    match call {
        AdminCall::DescribeUserScramCredentials { users } => {
            let user = |name: &String| describe_user_scram_credentials_request::UserName {
                name: name.clone(),
                ..Default::default()
            };
            let users = Some(users.iter().map(user).collect()).filter(|list: &Vec<_>| !list.is_empty());
            DescribeUserScramCredentialsRequest { users, ..Default::default() }.into()
        }
        AdminCall::AlterUserScramCredentials { deletions, upsertions } => {
            let deletion =
                |(name, mechanism): &(String, i8)| alter_user_scram_credentials_request::ScramCredentialDeletion {
                    name: name.clone(),
                    mechanism: *mechanism,
                    ..Default::default()
                };
            let upsertion = |upsertion: &crate::admin::call::ScramUpsertion| {
                alter_user_scram_credentials_request::ScramCredentialUpsertion {
                    name: upsertion.user.clone(),
                    mechanism: upsertion.mechanism,
                    iterations: upsertion.iterations,
                    salt: upsertion.salt.clone(),
                    salted_password: upsertion.salted_password.clone(),
                    ..Default::default()
                }
            };
            AlterUserScramCredentialsRequest {
                deletions: deletions.iter().map(deletion).collect(),
                upsertions: upsertions.iter().map(upsertion).collect(),
                ..Default::default()
            }
            .into()
        }
        call => of_acls(call),
    }
}

fn of_acls(call: &AdminCall) -> Request {
    match call {
        AdminCall::DescribeAcls { filter } => DescribeAclsRequest {
            resource_type_filter: filter.resource_type,
            resource_name_filter: filter.resource_name.clone(),
            pattern_type_filter: filter.pattern_type,
            principal_filter: filter.principal.clone(),
            host_filter: filter.host.clone(),
            operation: filter.operation,
            permission_type: filter.permission,
            ..Default::default()
        }
        .into(),
        AdminCall::CreateAcls { acls } => {
            let creation = |acl: &protocol::metadata::AccessControlEntryRecord| create_acls_request::AclCreation {
                resource_type: acl.resource_type,
                resource_name: acl.resource_name.clone(),
                resource_pattern_type: acl.pattern_type,
                principal: acl.principal.clone(),
                host: acl.host.clone(),
                operation: acl.operation,
                permission_type: acl.permission_type,
                ..Default::default()
            };
            CreateAclsRequest { creations: acls.iter().map(creation).collect(), ..Default::default() }.into()
        }
        AdminCall::DeleteAcls { filters } => {
            let filter = |filter: &AclFilter| delete_acls_request::DeleteAclsFilter {
                resource_type_filter: filter.resource_type,
                resource_name_filter: filter.resource_name.clone(),
                pattern_type_filter: filter.pattern_type,
                principal_filter: filter.principal.clone(),
                host_filter: filter.host.clone(),
                operation: filter.operation,
                permission_type: filter.permission,
                ..Default::default()
            };
            DeleteAclsRequest { filters: filters.iter().map(filter).collect(), ..Default::default() }.into()
        }
        _ => ApiVersionsRequest::default().into(),
    }
}

fn reassignments(
    targets: &base::Map<TopicPartition, Option<Vec<i32>>>,
    allow_factor_change: bool,
    timeout_ms: i32,
) -> Request {
    let partitions: Vec<TopicPartition> = targets.keys().cloned().collect();
    let topic = |(name, indexes): (String, Vec<i32>)| {
        let partition = |index: i32| alter_partition_reassignments_request::ReassignablePartition {
            partition_index: index,
            replicas: targets.get(&TopicPartition::new(name.clone(), index)).cloned().flatten(),
            ..Default::default()
        };
        let partitions = indexes.into_iter().map(partition).collect();
        alter_partition_reassignments_request::ReassignableTopic { name, partitions, ..Default::default() }
    };
    AlterPartitionReassignmentsRequest {
        timeout_ms,
        allow_replication_factor_change: allow_factor_change,
        topics: by_topic(&partitions).into_iter().map(topic).collect(),
        ..Default::default()
    }
    .into()
}

/// The replicas of the broker that is asked, by directory.
fn log_dirs(directories: &base::Map<(i32, TopicPartition), String>, target: Target) -> Request {
    let mut dirs: Vec<alter_replica_log_dirs_request::AlterReplicaLogDir> = Vec::new();
    let on_broker = directories.iter().filter(|((broker, _), _)| target == Target::Broker(*broker));
    for ((_, tp), path) in on_broker {
        let at = dirs.iter().position(|dir| dir.path == *path).unwrap_or_else(|| {
            let dir = alter_replica_log_dirs_request::AlterReplicaLogDir { path: path.clone(), ..Default::default() };
            dirs.push(dir);
            dirs.len() - 1
        });
        let topics = &mut dirs[at].topics;
        match topics.iter_mut().find(|topic| topic.name == tp.topic) {
            Some(topic) => topic.partitions.push(tp.partition),
            None => topics.push(alter_replica_log_dirs_request::AlterReplicaLogDirTopic {
                name: tp.topic.to_string(),
                partitions: vec![tp.partition],
                ..Default::default()
            }),
        }
    }
    AlterReplicaLogDirsRequest { dirs, ..Default::default() }.into()
}
