//! SCRAM credentials, client quotas and access control entries: altered, created and deleted (`ScramControlManager`,
//! `ClientQuotaControlManager`, `AclControlManager`).

use base::{Map, Uuid};
use protocol::messages::alter_client_quotas_request::EntryData;
use protocol::messages::alter_user_scram_credentials_request::ScramCredentialUpsertion;
use protocol::messages::create_acls_request::AclCreation;
use protocol::messages::*;
use protocol::metadata::{
    AccessControlEntryRecord, MetadataRecord, RemoveAccessControlEntryRecord, RemoveUserScramCredentialRecord,
    UserScramCredentialRecord,
};
use protocol::{ErrorCode, Float64, java};

use super::control::{ApiError, ControlState, outcome};
use super::write::Decision;
use crate::metadata::security::{
    ACL_OPERATIONS, ACL_PATTERNS, ACL_PERMISSIONS, ACL_RESOURCES, ANY, AclFilter, MECHANISMS, QuotaEntity, acl_name,
    quota_record,
};
use crate::scram_hash::Sha;

const MAX_ITERATIONS: i32 = 16_384;
const MIN_ITERATIONS: i32 = 4_096;
/// Quotas of users and clients, and whether each is a whole number (`QuotaConfig`).
const USER_QUOTAS: [(&str, bool); 4] = [
    ("producer_byte_rate", true),
    ("consumer_byte_rate", true),
    ("request_percentage", false),
    ("controller_mutation_rate", false),
];
const IP_QUOTAS: [(&str, bool); 1] = [("connection_creation_rate", true)];

/// Credentials.
impl ControlState {
    pub(super) fn alter_scram(&self, request: &AlterUserScramCredentialsRequest) -> Decision {
        let mut users: Map<&str, Result<MetadataRecord, ApiError>> = Map::new();
        let deletions = request
            .deletions
            .iter()
            .map(|deletion| (deletion.name.as_str(), self.delete_credential(&deletion.name, deletion.mechanism)));
        let upsertions = request.upsertions.iter().map(|upsertion| (upsertion.name.as_str(), upsert(upsertion)));
        for (user, altered) in deletions.chain(upsertions) {
            let twice = "A user credential cannot be altered twice in the same request";
            let altered = match users.contains_key(user) {
                true => Err(ApiError::new(ErrorCode::DuplicateResource, twice)),
                false => altered,
            };
            users.insert(user, altered);
        }
        let (mut records, mut response) = (Vec::new(), AlterUserScramCredentialsResponse::default());
        for (user, altered) in users {
            let (error_code, error_message) = outcome(&altered.map(|record| records.push(record)));
            response.results.push(alter_user_scram_credentials_response::AlterUserScramCredentialsResult {
                user: user.to_string(),
                error_code,
                error_message,
                ..Default::default()
            });
        }
        Decision::new(records, response)
    }

    fn delete_credential(&self, user: &str, mechanism: i8) -> Result<MetadataRecord, ApiError> {
        check_user(user, mechanism)?;
        if !self.image.security().scram.contains_key(&(mechanism, user.to_string())) {
            let words = "Attempt to delete a user credential that does not exist";
            return Err(ApiError::new(ErrorCode::ResourceNotFound, words));
        }
        Ok(RemoveUserScramCredentialRecord { name: user.to_string(), mechanism, ..Default::default() }.into())
    }
}

fn check_user(user: &str, mechanism: i8) -> Result<(), ApiError> {
    if user.is_empty() {
        return Err(ApiError::new(ErrorCode::UnacceptableCredential, "Username must not be empty"));
    }
    if !MECHANISMS.iter().any(|(id, ..)| *id == mechanism) {
        return Err(ApiError::new(ErrorCode::UnsupportedSaslMechanism, "Unknown SCRAM mechanism"));
    }
    Ok(())
}

/// What is kept is made of the salted password, and cannot be turned back into it.
fn upsert(asked: &ScramCredentialUpsertion) -> Result<MetadataRecord, ApiError> {
    check_user(&asked.name, asked.mechanism)?;
    let refused = |words: &str| Err(ApiError::new(ErrorCode::UnacceptableCredential, words));
    if asked.iterations < MIN_ITERATIONS {
        return refused("Too few iterations");
    }
    if asked.iterations > MAX_ITERATIONS {
        return refused("Too many iterations");
    }
    let sha = if asked.mechanism == 1 { Sha::Sha256 } else { Sha::Sha512 };
    let record = UserScramCredentialRecord {
        name: asked.name.clone(),
        mechanism: asked.mechanism,
        salt: asked.salt.clone(),
        stored_key: sha.stored_key(&asked.salted_password).into(),
        server_key: sha.server_key(&asked.salted_password).into(),
        iterations: asked.iterations,
        ..Default::default()
    };
    Ok(record.into())
}

/// Quotas.
impl ControlState {
    pub(super) fn alter_quotas(&self, request: &AlterClientQuotasRequest) -> Decision {
        let (mut records, mut response) = (Vec::new(), AlterClientQuotasResponse::default());
        for entry in &request.entries {
            let altered = self.alter_quota(entry);
            let (error_code, error_message) = outcome(&altered.map(|new| records.extend(new)));
            let part = |part: &alter_client_quotas_request::EntityData| alter_client_quotas_response::EntityData {
                entity_type: part.entity_type.clone(),
                entity_name: part.entity_name.clone(),
                ..Default::default()
            };
            response.entries.push(alter_client_quotas_response::EntryData {
                error_code,
                error_message,
                entity: entry.entity.iter().map(part).collect(),
                ..Default::default()
            });
        }
        if request.validate_only {
            records.clear();
        }
        Decision::new(records, response)
    }

    fn alter_quota(&self, entry: &EntryData) -> Result<Vec<MetadataRecord>, ApiError> {
        let entity = quota_entity(entry)?;
        let known = known_quotas(&entity)?;
        let current = self.image.security().quotas.get(&entity);
        let invalid = |words: String| ApiError::new(ErrorCode::InvalidRequest, words);
        let mut records = Vec::new();
        for op in java::hash_map_order(entry.ops.iter().collect(), |op| java::java_string_hash(&op.key)) {
            if entry.ops.iter().filter(|other| other.key == op.key).count() > 1 {
                return Err(invalid(format!("Duplicate quota key {}", op.key)));
            }
            let before = current.and_then(|values| values.get(&op.key));
            if op.remove {
                records.extend(before.map(|_| quota_record(&entity, &op.key, None).into()));
                continue;
            }
            check_quota(known, &op.key, op.value).map_err(invalid)?;
            if before != Some(&op.value) {
                records.push(quota_record(&entity, &op.key, Some(op.value)).into());
            }
        }
        Ok(records)
    }
}

fn quota_entity(entry: &EntryData) -> Result<QuotaEntity, ApiError> {
    let invalid = |words: String| Err(ApiError::new(ErrorCode::InvalidRequest, words));
    if entry.entity.is_empty() {
        return invalid("Invalid empty client quota entity".to_string());
    }
    let mut entity = QuotaEntity::new();
    for part in &entry.entity {
        let kind = &part.entity_type;
        if entity.iter().any(|(known, _)| known == kind) {
            return invalid(format!("Invalid client quota entity, duplicate entity entry {kind}"));
        }
        if !["user", "client-id", "ip"].contains(&kind.as_str()) {
            return invalid(format!("Unhandled client quota entity type: {kind}"));
        }
        if part.entity_name.as_deref() == Some("") {
            return invalid(format!("Empty {kind} not supported"));
        }
        entity.push((kind.clone(), part.entity_name.clone()));
    }
    base::ordered::sort(&mut entity);
    Ok(entity)
}

/// `configKeysForEntityType`
fn known_quotas(entity: &QuotaEntity) -> Result<&'static [(&'static str, bool)], ApiError> {
    match entity.iter().any(|(kind, _)| kind == "ip") {
        true if entity.len() > 1 => Err(ApiError::new(
            ErrorCode::InvalidRequest,
            "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId",
        )),
        true => Ok(&IP_QUOTAS),
        false => Ok(&USER_QUOTAS),
    }
}

/// `validateQuotaKeyValue`. Looked at as a number of thousandths, because the engine counts without fractions.
fn check_quota(known: &[(&str, bool)], key: &str, value: Float64) -> Result<(), String> {
    let Some((_, is_whole)) = known.iter().find(|(name, _)| *name == key) else {
        return Err(format!("Invalid configuration key {key}"));
    };
    if !value.is_positive() {
        return Err(format!("Quota {key} must be greater than 0"));
    }
    if *is_whole && !value.is_whole() {
        return Err(format!("{key} cannot be a fractional value."));
    }
    Ok(())
}

/// Access control.
impl ControlState {
    /// Without an authorizer nobody would ask the entries.
    fn check_authorizer(&self) -> Result<(), ApiError> {
        match self.config.text("authorizer.class.name") {
            None | Some("") => Err(ApiError::new(ErrorCode::SecurityDisabled, "No Authorizer is configured.")),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn create_acls(&mut self, request: &CreateAclsRequest) -> Decision {
        let (mut records, mut response) = (Vec::<MetadataRecord>::new(), CreateAclsResponse::default());
        let mut new: Vec<AccessControlEntryRecord> = Vec::new();
        for asked in &request.creations {
            let created = self.check_authorizer().and_then(|()| check_acl(asked));
            if created.is_ok() {
                let acl = acl_record(asked);
                let is_same = |known: &AccessControlEntryRecord| {
                    AccessControlEntryRecord { id: Uuid::ZERO, ..known.clone() } == acl
                };
                if !new.iter().chain(self.image.security().acls.values()).any(is_same) {
                    new.push(AccessControlEntryRecord { id: Uuid::random(&mut self.ids), ..acl });
                }
            }
            let (error_code, error_message) = outcome(&created);
            response.results.push(create_acls_response::AclCreationResult {
                error_code,
                error_message,
                ..Default::default()
            });
        }
        records.extend(new.into_iter().map(MetadataRecord::from));
        Decision::new(records, response)
    }

    pub(super) fn delete_acls(&self, request: &DeleteAclsRequest) -> Decision {
        let (mut records, mut response) = (Vec::<MetadataRecord>::new(), DeleteAclsResponse::default());
        let mut gone: Vec<Uuid> = Vec::new();
        for asked in &request.filters {
            let filter = AclFilter {
                resource_type: asked.resource_type_filter,
                resource_name: asked.resource_name_filter.clone(),
                pattern_type: asked.pattern_type_filter,
                principal: asked.principal_filter.clone(),
                host: asked.host_filter.clone(),
                operation: asked.operation,
                permission: asked.permission_type,
            };
            let checked = self.check_authorizer();
            let acls = self.image.security().acls.values();
            let matching: Vec<_> = acls.filter(|acl| checked.is_ok() && filter.matches(acl)).collect();
            gone.extend(matching.iter().map(|acl| acl.id));
            let (error_code, error_message) = outcome(&checked);
            response.filter_results.push(delete_acls_response::DeleteAclsFilterResult {
                error_code,
                error_message,
                matching_acls: matching.into_iter().map(deleted).collect(),
                ..Default::default()
            });
        }
        base::ordered::sort(&mut gone);
        gone.dedup();
        records.extend(gone.into_iter().map(|id| RemoveAccessControlEntryRecord { id, ..Default::default() }.into()));
        Decision::new(records, response)
    }
}

/// `validateNewAcl`
fn check_acl(asked: &AclCreation) -> Result<(), ApiError> {
    let invalid = |words: String| Err(ApiError::new(ErrorCode::InvalidRequest, words));
    if asked.resource_type <= ANY {
        return invalid(format!("Invalid resourceType {}", acl_name(&ACL_RESOURCES, asked.resource_type)));
    }
    if asked.resource_pattern_type <= 2 {
        return invalid(format!("Invalid patternType {}", acl_name(&ACL_PATTERNS, asked.resource_pattern_type)));
    }
    if asked.operation <= ANY {
        return invalid(format!("Invalid operation {}", acl_name(&ACL_OPERATIONS, asked.operation)));
    }
    if asked.permission_type <= ANY {
        return invalid(format!("Invalid permissionType {}", acl_name(&ACL_PERMISSIONS, asked.permission_type)));
    }
    if asked.resource_name.is_empty() {
        return invalid("Resource name should not be empty".to_string());
    }
    if !asked.principal.contains(':') {
        return invalid(format!(
            "Could not parse principal from `{}` (no colon is present separating the principal type from the principal name)",
            asked.principal
        ));
    }
    Ok(())
}

fn acl_record(asked: &AclCreation) -> AccessControlEntryRecord {
    AccessControlEntryRecord {
        resource_type: asked.resource_type,
        resource_name: asked.resource_name.clone(),
        pattern_type: asked.resource_pattern_type,
        principal: asked.principal.clone(),
        host: asked.host.clone(),
        operation: asked.operation,
        permission_type: asked.permission_type,
        ..Default::default()
    }
}

fn deleted(acl: &AccessControlEntryRecord) -> delete_acls_response::DeleteAclsMatchingAcl {
    delete_acls_response::DeleteAclsMatchingAcl {
        resource_type: acl.resource_type,
        resource_name: acl.resource_name.clone(),
        pattern_type: acl.pattern_type,
        principal: acl.principal.clone(),
        host: acl.host.clone(),
        operation: acl.operation,
        permission_type: acl.permission_type,
        ..Default::default()
    }
}
