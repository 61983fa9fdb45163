//! IncrementalAlterConfigs: a broker looks at the changes of its own configs before the controller does (Kafka:
//! `ConfigAdminManager`). What it refuses does not travel; the rest is forwarded, and the answers are put together.

use base::Map;
use std::sync::Arc;

use protocol::messages::incremental_alter_configs_request::AlterConfigsResource;
use protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use protocol::messages::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};
use protocol::{ErrorCode, Request, Response};

use crate::broker::connections::ReplyTo;
use crate::broker::to_controller::{Lane, Purpose};
use crate::broker::{Broker, Fx};
use crate::config::{alter_one, validate_dynamic};
use crate::metadata::{ConfigResource, ResourceType};

/// Outcomes in the order of the request; `None` for those that the controller tells.
pub type Outcomes = Vec<Option<AlterConfigsResourceResponse>>;

impl Broker {
    pub(super) fn handle_alter_configs(
        &mut self,
        reply: &ReplyTo,
        request: &IncrementalAlterConfigsRequest,
        fx: &mut Fx<'_>,
    ) {
        let mut outcomes: Outcomes = Vec::new();
        for resource in &request.resources {
            let same = |other: &&AlterConfigsResource| {
                other.resource_type == resource.resource_type && other.resource_name == resource.resource_name
            };
            let refused = match request.resources.iter().filter(same).count() {
                1 if resource.resource_type == ResourceType::BrokerLogger.id() => {
                    let (node, only_validate) = (self.spec.node_id, request.validate_only);
                    self.loggers.alter(resource, node, only_validate, fx).map(|()| Forwarded::No)
                }
                1 => self.preprocess(resource),
                _ => Err((ErrorCode::InvalidRequest, "Each resource must appear at most once.".to_string())),
            };
            outcomes.push(match refused {
                Ok(Forwarded::Yes) => None,
                Ok(Forwarded::No) => Some(alter_outcome(resource, ErrorCode::None, None)),
                Err((code, words)) => Some(alter_outcome(resource, code, Some(words))),
            });
        }
        let mut forwarded = request.clone();
        let mut at = outcomes.iter();
        forwarded.resources.retain(|_| at.next().is_some_and(Option::is_none));
        if forwarded.resources.is_empty() {
            let responses = outcomes.into_iter().flatten().collect();
            let response = IncrementalAlterConfigsResponse { responses, ..Default::default() };
            return self.connections.respond(reply, response, fx);
        }
        let body: Request = forwarded.into();
        let purpose = Purpose::AlterConfigs(*reply, outcomes);
        self.to_controller.submit(Lane::Forwarding, purpose, reply.api_version, body);
    }

    /// The controller's answer: its outcomes fill the gaps, in order.
    pub(in crate::broker) fn on_configs_altered(
        &mut self,
        reply: &ReplyTo,
        outcomes: Outcomes,
        response: &Arc<Response>,
        fx: &mut Fx<'_>,
    ) {
        let Response::IncrementalAlterConfigs(answer) = &**response else { return };
        let mut told = answer.responses.iter();
        let fill = |outcome: Option<AlterConfigsResourceResponse>| outcome.or_else(|| told.next().cloned());
        let responses = outcomes.into_iter().filter_map(fill).collect();
        let response = IncrementalAlterConfigsResponse { responses, ..Default::default() };
        self.connections.respond(reply, response, fx);
    }

    fn preprocess(&self, resource: &AlterConfigsResource) -> Result<Forwarded, (ErrorCode, String)> {
        let invalid = |words: String| Err((ErrorCode::InvalidRequest, words));
        let names: Vec<&String> = resource.configs.iter().map(|config| &config.name).collect();
        if names.iter().enumerate().any(|(at, name)| names[..at].contains(name)) {
            return invalid("Error due to duplicate config keys".to_string());
        }
        let null = |config: &&protocol::messages::incremental_alter_configs_request::AlterableConfig| {
            config.config_operation != 1 && config.value.is_none()
        };
        let nulls: Vec<&str> = resource.configs.iter().filter(null).map(|config| config.name.as_str()).collect();
        if !nulls.is_empty() {
            return invalid(format!("Null value not supported for : {}", nulls.join(", ")));
        }
        match ResourceType::from_id(resource.resource_type) {
            Some(ResourceType::Broker) => self.preprocess_broker(resource).map(|()| Forwarded::Yes),
            Some(_) => Ok(Forwarded::Yes),
            None => invalid(format!("Unknown resource type {}", resource.resource_type)),
        }
    }

    fn preprocess_broker(&self, resource: &AlterConfigsResource) -> Result<(), (ErrorCode, String)> {
        let invalid = |words: String| (ErrorCode::InvalidRequest, words);
        let (name, own) = (&resource.resource_name, self.spec.node_id);
        let key = if name.is_empty() {
            ConfigResource::cluster()
        } else {
            let id: i32 =
                name.parse().map_err(|_| invalid(format!("Node id must be an integer, but it is: {name}")))?;
            if id != own {
                return Err(invalid(format!("Unexpected broker id, expected {own}, but received {name}")));
            }
            ConfigResource::broker(id)
        };
        let mut configs: Map<String, String> = self.metadata.image.configs(&key).clone();
        for config in &resource.configs {
            alter_one(&mut configs, ResourceType::Broker, config)?;
        }
        validate_dynamic(&self.settings.server, &self.metadata.image, &configs, !name.is_empty()).map_err(invalid)
    }
}

/// Whether the controller has a say.
enum Forwarded {
    Yes,
    /// Levels of loggers are the broker's own business.
    No,
}

/// What became of the changes of one resource.
pub(crate) fn alter_outcome(
    resource: &AlterConfigsResource,
    code: ErrorCode,
    words: Option<String>,
) -> AlterConfigsResourceResponse {
    AlterConfigsResourceResponse {
        error_code: code.code(),
        error_message: words,
        resource_type: resource.resource_type,
        resource_name: resource.resource_name.clone(),
        ..Default::default()
    }
}
