//! What a broker tells of SCRAM credentials, client quotas and access control entries, from its image.

use base::Map;

use protocol::messages::describe_client_quotas_request::ComponentData;
use protocol::messages::*;
use protocol::{ErrorCode, java};

use crate::broker::connections::ReplyTo;
use crate::broker::{Broker, Fx};
use crate::config::ServerConfig;
use crate::metadata::MetadataImage;
use crate::metadata::security::{AclFilter, QuotaEntity};

impl Broker {
    pub(super) fn handle_describe_scram(
        &mut self,
        reply: &ReplyTo,
        request: &DescribeUserScramCredentialsRequest,
        fx: &mut Fx<'_>,
    ) {
        use describe_user_scram_credentials_response::{CredentialInfo, DescribeUserScramCredentialsResult};
        let known = &self.metadata.image.security().scram;
        // How often each user was asked for; without any, all that there are.
        let mut users: Map<&str, usize> = Map::new();
        for user in request.users.iter().flatten() {
            *users.entry(&user.name).or_default() += 1;
        }
        if users.is_empty() {
            users.extend(known.keys().map(|(_, user)| (user.as_str(), 1)));
        }
        let mut response = DescribeUserScramCredentialsResponse::default();
        for (user, times) in users {
            let mut result = DescribeUserScramCredentialsResult { user: user.to_string(), ..Default::default() };
            // In the order of Kafka's own map (seen on 4.3.1).
            let of_user = known.iter().rev().filter(|((_, name), _)| name == user);
            result.credential_infos = of_user
                .map(|((mechanism, _), record)| CredentialInfo {
                    mechanism: *mechanism,
                    iterations: record.iterations,
                    ..Default::default()
                })
                .collect();
            let refusal = if times > 1 {
                let words = "Cannot describe SCRAM credentials for the same user twice in a single request";
                Some((ErrorCode::DuplicateResource, words))
            } else if result.credential_infos.is_empty() {
                Some((ErrorCode::ResourceNotFound, "Attempt to describe a user credential that does not exist"))
            } else {
                None
            };
            if let Some((code, words)) = refusal {
                result.credential_infos.clear();
                (result.error_code, result.error_message) = (code.code(), Some(format!("{words}: {user}")));
            }
            response.results.push(result);
        }
        self.connections.respond(reply, response, fx);
    }

    pub(super) fn handle_describe_quotas(
        &mut self,
        reply: &ReplyTo,
        request: &DescribeClientQuotasRequest,
        fx: &mut Fx<'_>,
    ) {
        use describe_client_quotas_response::{EntityData, EntryData, ValueData};
        let mut response = DescribeClientQuotasResponse::default();
        match check_components(&request.components) {
            Err((code, words)) => (response.error_code, response.error_message) = (code.code(), Some(words)),
            Ok(()) => {
                let quotas = self.metadata.image.security().quotas.iter();
                let matching = quotas.filter(|(entity, _)| is_meant(entity, &request.components, request.strict));
                let entry = |(entity, values): (&QuotaEntity, &Map<String, protocol::Float64>)| EntryData {
                    entity: entity
                        .iter()
                        .map(|(kind, name)| EntityData {
                            entity_type: kind.clone(),
                            entity_name: name.clone(),
                            ..Default::default()
                        })
                        .collect(),
                    values: java::hash_map_order(values.iter().collect(), |(key, _)| java::java_string_hash(key))
                        .into_iter()
                        .map(|(key, value)| ValueData { key: key.clone(), value: *value, ..Default::default() })
                        .collect(),
                    ..Default::default()
                };
                response.entries = Some(matching.map(entry).collect());
            }
        }
        self.connections.respond(reply, response, fx);
    }

    pub(super) fn handle_describe_acls(&mut self, reply: &ReplyTo, request: &DescribeAclsRequest, fx: &mut Fx<'_>) {
        let response = describe_acls(&self.settings.server, &self.metadata.image, request);
        self.connections.respond(reply, response, fx);
    }
}

/// What brokers and controllers alike tell of the entries (`AclApis.handleDescribeAcls`).
pub(crate) fn describe_acls(
    server: &ServerConfig,
    image: &MetadataImage,
    request: &DescribeAclsRequest,
) -> DescribeAclsResponse {
    use describe_acls_response::{AclDescription, DescribeAclsResource};
    let mut response = DescribeAclsResponse::default();
    if server.text("authorizer.class.name").is_none_or(str::is_empty) {
        response.error_code = ErrorCode::SecurityDisabled.code();
        response.error_message = Some("No Authorizer is configured on the broker".to_string());
        return response;
    }
    let filter = AclFilter {
        resource_type: request.resource_type_filter,
        resource_name: request.resource_name_filter.clone(),
        pattern_type: request.pattern_type_filter,
        principal: request.principal_filter.clone(),
        host: request.host_filter.clone(),
        operation: request.operation,
        permission: request.permission_type,
    };
    let mut resources: Map<(i8, &str, i8), Vec<AclDescription>> = Map::new();
    for acl in image.security().acls.values().filter(|acl| filter.matches(acl)) {
        let entry = AclDescription {
            principal: acl.principal.clone(),
            host: acl.host.clone(),
            operation: acl.operation,
            permission_type: acl.permission_type,
            ..Default::default()
        };
        resources.entry((acl.resource_type, &acl.resource_name, acl.pattern_type)).or_default().push(entry);
    }
    let resource = |((kind, name, pattern_type), acls): ((i8, &str, i8), Vec<AclDescription>)| {
        let resource_name = name.to_string();
        DescribeAclsResource { resource_type: kind, resource_name, pattern_type, acls, ..Default::default() }
    };
    response.resources = resources.into_iter().map(resource).collect();
    response
}

const EXACT: i8 = 0;
const DEFAULT: i8 = 1;

/// `ClientQuotasImage.describe`
fn check_components(components: &[ComponentData]) -> Result<(), (ErrorCode, String)> {
    let invalid = |words: String| Err((ErrorCode::InvalidRequest, words));
    for (at, component) in components.iter().enumerate() {
        let kind = &component.entity_type;
        if kind.is_empty() {
            return invalid("Invalid empty entity type.".to_string());
        }
        if components[..at].iter().any(|other| other.entity_type == *kind) {
            return invalid(format!("Entity type {kind} cannot appear more than once in the filter."));
        }
        if !["user", "client-id", "ip"].contains(&kind.as_str()) {
            return Err((ErrorCode::UnsupportedVersion, format!("Unsupported entity type {kind}")));
        }
    }
    if components.len() > 1 && components.iter().any(|component| component.entity_type == "ip") {
        return invalid(
            "Invalid entity filter component combination. IP filter component should not be used with user or clientId \
             filter component."
                .to_string(),
        );
    }
    Ok(())
}

fn is_meant(entity: &QuotaEntity, components: &[ComponentData], strict: bool) -> bool {
    let fits = |component: &ComponentData| {
        let part = entity.iter().find(|(kind, _)| *kind == component.entity_type);
        part.is_some_and(|(_, name)| match component.match_type {
            EXACT => *name == component.r#match,
            DEFAULT => name.is_none(),
            _ => true,
        })
    };
    (!strict || entity.len() == components.len()) && components.iter().all(fits)
}
