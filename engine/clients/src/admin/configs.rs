//! Steps of the calls about configuration: describe and change. Resources of one broker go to that broker, others to any.

use base::Set;

use protocol::messages::{
    DescribeConfigsRequest, DescribeConfigsResponse, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
    describe_configs_request, describe_configs_response, incremental_alter_configs_request,
};
use protocol::{ErrorCode, Request};

use super::call::{
    AdminCall, AdminReply, ConfigChange, ConfigEntry, ConfigResource, ConfigSynonym, PerItem, ResourceType,
};
use super::operation::{Operation, Reaction, Step};
use crate::error::KafkaError;

pub(crate) fn start(operation: &mut Operation) -> Vec<Step> {
    let nodes: Set<Option<i32>> = resources(&operation.call).iter().map(ConfigResource::node).collect();
    let describes = matches!(operation.call, AdminCall::DescribeConfigs { .. });
    operation.reply = Some(match describes {
        true => AdminReply::Configs(PerItem::new()),
        false => AdminReply::PerResource(PerItem::new()),
    });
    let step = |node| if describes { Step::DescribeConfigs { node } } else { Step::IncrementalAlterConfigs { node } };
    nodes.into_iter().map(step).collect()
}

fn resources(call: &AdminCall) -> Vec<ConfigResource> {
    match call {
        AdminCall::DescribeConfigs { resources, .. } => resources.clone(),
        AdminCall::IncrementalAlterConfigs { changes } => changes.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

pub(crate) fn request(operation: &Operation, node: Option<i32>) -> Request {
    match &operation.call {
        AdminCall::IncrementalAlterConfigs { changes } => {
            let resources = changes.iter().filter(|(resource, _)| resource.node() == node).map(altered).collect();
            IncrementalAlterConfigsRequest { resources, ..Default::default() }.into()
        }
        call => {
            let synonyms = matches!(call, AdminCall::DescribeConfigs { synonyms: true, .. });
            let resource = |resource: &ConfigResource| describe_configs_request::DescribeConfigsResource {
                resource_type: resource.kind.id(),
                resource_name: resource.name.clone(),
                configuration_keys: None,
                ..Default::default()
            };
            let asked = resources(call);
            DescribeConfigsRequest {
                resources: asked.iter().filter(|resource| resource.node() == node).map(resource).collect(),
                include_synonyms: synonyms,
                ..Default::default()
            }
            .into()
        }
    }
}

fn altered(
    (resource, changes): (&ConfigResource, &Vec<ConfigChange>),
) -> incremental_alter_configs_request::AlterConfigsResource {
    let config = |change: &ConfigChange| incremental_alter_configs_request::AlterableConfig {
        name: change.name.clone(),
        config_operation: change.op.id(),
        value: change.value.clone(),
        ..Default::default()
    };
    incremental_alter_configs_request::AlterConfigsResource {
        resource_type: resource.kind.id(),
        resource_name: resource.name.clone(),
        configs: changes.iter().map(config).collect(),
        ..Default::default()
    }
}

pub(crate) fn on_described(operation: &mut Operation, response: &DescribeConfigsResponse) -> Reaction {
    let Some(AdminReply::Configs(items)) = &mut operation.reply else { return Reaction::done() };
    for result in &response.results {
        let Some(kind) = ResourceType::from_id(result.resource_type) else { continue };
        let resource = ConfigResource { kind, name: result.resource_name.clone() };
        let code = ErrorCode::from_code(result.error_code);
        let outcome = if code.is_none() {
            Ok(result.configs.iter().map(entry).collect())
        } else {
            Err(KafkaError::api(code, result.error_message.as_deref()))
        };
        items.insert(resource, outcome);
    }
    Reaction::done()
}

fn entry(result: &describe_configs_response::DescribeConfigsResourceResult) -> ConfigEntry {
    let synonym = |synonym: &describe_configs_response::DescribeConfigsSynonym| ConfigSynonym {
        name: synonym.name.clone(),
        value: synonym.value.clone(),
        source: synonym.source,
    };
    ConfigEntry {
        name: result.name.clone(),
        value: result.value.clone(),
        source: result.config_source,
        sensitive: result.is_sensitive,
        read_only: result.read_only,
        synonyms: result.synonyms.iter().map(synonym).collect(),
    }
}

pub(crate) fn on_altered(operation: &mut Operation, response: &IncrementalAlterConfigsResponse) -> Reaction {
    let moved = response.responses.iter().any(|result| result.error_code == ErrorCode::NotController.code());
    if moved {
        return Reaction::not_controller();
    }
    let Some(AdminReply::PerResource(items)) = &mut operation.reply else { return Reaction::done() };
    for result in &response.responses {
        let Some(kind) = ResourceType::from_id(result.resource_type) else { continue };
        let code = ErrorCode::from_code(result.error_code);
        let outcome = if code.is_none() { Ok(()) } else { Err(KafkaError::api(code, result.error_message.as_deref())) };
        items.insert(ConfigResource { kind, name: result.resource_name.clone() }, outcome);
    }
    Reaction::done()
}

pub(crate) fn fail(operation: &mut Operation, node: Option<i32>, error: &KafkaError) {
    let asked = resources(&operation.call).into_iter().filter(|resource| resource.node() == node);
    match &mut operation.reply {
        Some(AdminReply::Configs(items)) => items.extend(asked.map(|resource| (resource, Err(error.clone())))),
        Some(AdminReply::PerResource(items)) => items.extend(asked.map(|resource| (resource, Err(error.clone())))),
        _ => {}
    }
}
