//! Who may come and how much they may take: SCRAM credentials, client quotas and access control entries, as the records
//! say (`ScramImage`, `ClientQuotasImage`, `AclsImage`).

use base::{Map, Uuid};
use protocol::Float64;
use protocol::metadata::{
    AccessControlEntryRecord, ClientQuotaRecord, MetadataRecord, RemoveAccessControlEntryRecord,
    UserScramCredentialRecord, client_quota_record,
};

use super::ReplayError;

/// User, client id or address by type, with a name or, for the default of its type, without.
pub type QuotaEntity = Vec<(String, Option<String>)>;

/// The number of a mechanism in records and requests, and Kafka's two names for it.
pub const MECHANISMS: [(i8, &str, &str); 2] =
    [(1, "SCRAM_SHA_256", "SCRAM-SHA-256"), (2, "SCRAM_SHA_512", "SCRAM-SHA-512")];

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Security {
    /// By mechanism and user. The records themselves: nothing else is known of a credential.
    pub scram: Map<(i8, String), UserScramCredentialRecord>,
    pub quotas: Map<QuotaEntity, Map<String, Float64>>,
    pub acls: Map<Uuid, AccessControlEntryRecord>,
}

impl Security {
    /// Takes a record in if it is one of this part's; `None` for another.
    pub fn replay(&mut self, record: &MetadataRecord) -> Option<Result<(), ReplayError>> {
        match record {
            MetadataRecord::UserScramCredential(r) => {
                self.scram.insert((r.mechanism, r.name.clone()), r.clone());
            }
            MetadataRecord::RemoveUserScramCredential(r) => {
                if self.scram.remove(&(r.mechanism, r.name.clone())).is_none() {
                    return Some(Err(ReplayError::NoSuchEntry("RemoveUserScramCredentialRecord")));
                }
            }
            MetadataRecord::ClientQuota(r) => self.set_quota(r),
            MetadataRecord::AccessControlEntry(r) => {
                self.acls.insert(r.id, r.clone());
            }
            MetadataRecord::RemoveAccessControlEntry(RemoveAccessControlEntryRecord { id, .. }) => {
                if self.acls.remove(id).is_none() {
                    return Some(Err(ReplayError::NoSuchEntry("RemoveAccessControlEntryRecord")));
                }
            }
            _ => return None,
        }
        Some(Ok(()))
    }

    fn set_quota(&mut self, record: &ClientQuotaRecord) {
        let entity = entity_of(record);
        let values = self.quotas.entry(entity.clone()).or_default();
        match record.remove {
            true => values.remove(&record.key),
            false => values.insert(record.key.clone(), record.value),
        };
        if values.is_empty() {
            self.quotas.remove(&entity);
        }
    }

    /// Records that rebuild this part: credentials and quotas stand before the producer ids, entries of access control
    /// after them (`MetadataImage.write`).
    pub fn scram_and_quotas(&self) -> Vec<MetadataRecord> {
        let scram = self.scram.values().map(|record| record.clone().into());
        let quotas = self.quotas.iter().flat_map(|(entity, values)| {
            values.iter().map(|(key, value)| quota_record(entity, key, Some(*value)).into())
        });
        scram.chain(quotas).collect()
    }

    pub fn acl_records(&self) -> Vec<MetadataRecord> {
        self.acls.values().map(|record| record.clone().into()).collect()
    }
}

/// The entity of a record, in the one order that makes equal entities equal.
pub fn entity_of(record: &ClientQuotaRecord) -> QuotaEntity {
    let mut entity: QuotaEntity =
        record.entity.iter().map(|part| (part.entity_type.clone(), part.entity_name.clone())).collect();
    base::ordered::sort(&mut entity);
    entity
}

/// A quota that is set or, without a value, removed.
pub fn quota_record(entity: &QuotaEntity, key: &str, value: Option<Float64>) -> ClientQuotaRecord {
    let part = |(kind, name): &(String, Option<String>)| client_quota_record::EntityData {
        entity_type: kind.clone(),
        entity_name: name.clone(),
        ..Default::default()
    };
    ClientQuotaRecord {
        entity: entity.iter().map(part).collect(),
        key: key.to_string(),
        value: value.unwrap_or_default(),
        remove: value.is_none(),
        ..Default::default()
    }
}

/// `org.apache.kafka.common.resource.ResourceType`, by number.
pub const ACL_RESOURCES: [&str; 8] =
    ["UNKNOWN", "ANY", "TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "DELEGATION_TOKEN", "USER"];
/// `PatternType`, by number.
pub const ACL_PATTERNS: [&str; 5] = ["UNKNOWN", "ANY", "MATCH", "LITERAL", "PREFIXED"];
/// `AclOperation`, by number.
pub const ACL_OPERATIONS: [&str; 16] = [
    "UNKNOWN",
    "ANY",
    "ALL",
    "READ",
    "WRITE",
    "CREATE",
    "DELETE",
    "ALTER",
    "DESCRIBE",
    "CLUSTER_ACTION",
    "DESCRIBE_CONFIGS",
    "ALTER_CONFIGS",
    "IDEMPOTENT_WRITE",
    "CREATE_TOKENS",
    "DESCRIBE_TOKENS",
    "TWO_PHASE_COMMIT",
];
/// `AclPermissionType`, by number.
pub const ACL_PERMISSIONS: [&str; 4] = ["UNKNOWN", "ANY", "DENY", "ALLOW"];

/// What stands for everything in each of the four.
pub const ANY: i8 = 1;
const MATCH: i8 = 2;
const LITERAL: i8 = 3;

/// The name of a number in one of the tables above.
pub fn acl_name(table: &[&'static str], number: i8) -> &'static str {
    usize::try_from(number).ok().and_then(|at| table.get(at).copied()).unwrap_or("UNKNOWN")
}

/// `StandardAcl.toString`
pub fn describe(acl: &AccessControlEntryRecord) -> String {
    format!(
        "StandardAcl[resourceType={}, resourceName={}, patternType={}, principal={}, host={}, operation={}, permissionType={}]",
        acl_name(&ACL_RESOURCES, acl.resource_type),
        acl.resource_name,
        acl_name(&ACL_PATTERNS, acl.pattern_type),
        acl.principal,
        acl.host,
        acl_name(&ACL_OPERATIONS, acl.operation),
        acl_name(&ACL_PERMISSIONS, acl.permission_type)
    )
}

/// Which entries are meant (`AclBindingFilter`); what is not given is any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AclFilter {
    pub resource_type: i8,
    pub resource_name: Option<String>,
    pub pattern_type: i8,
    pub principal: Option<String>,
    pub host: Option<String>,
    pub operation: i8,
    pub permission: i8,
}

impl AclFilter {
    pub fn matches(&self, acl: &AccessControlEntryRecord) -> bool {
        let same = |wanted: i8, found: i8| wanted == ANY || wanted == found;
        let named = |wanted: &Option<String>, found: &String| wanted.as_ref().is_none_or(|wanted| wanted == found);
        same(self.resource_type, acl.resource_type)
            && self.matches_pattern(acl)
            && named(&self.principal, &acl.principal)
            && named(&self.host, &acl.host)
            && same(self.operation, acl.operation)
            && same(self.permission, acl.permission_type)
    }

    /// `ResourcePatternFilter.matches`
    fn matches_pattern(&self, acl: &AccessControlEntryRecord) -> bool {
        let wanted = self.pattern_type;
        if ![ANY, MATCH, acl.pattern_type].contains(&wanted) {
            return false;
        }
        let (Some(name), pattern) = (&self.resource_name, &acl.resource_name) else { return true };
        match wanted {
            MATCH if acl.pattern_type == LITERAL => name == pattern || pattern == "*",
            MATCH => name.starts_with(pattern.as_str()),
            _ => name == pattern,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_takes_literal_and_prefixed_names() {
        let acl = |name: &str, pattern_type: i8| AccessControlEntryRecord {
            resource_type: 2,
            resource_name: name.into(),
            pattern_type,
            principal: "User:bob".into(),
            host: "*".into(),
            operation: 3,
            permission_type: 3,
            ..Default::default()
        };
        let filter = |name: &str, pattern_type: i8| AclFilter {
            resource_type: ANY,
            resource_name: Some(name.into()),
            pattern_type,
            principal: None,
            host: None,
            operation: ANY,
            permission: ANY,
        };
        assert!(filter("orders", LITERAL).matches(&acl("orders", LITERAL)));
        assert!(!filter("orders", LITERAL).matches(&acl("orders", 4)));
        assert!(filter("orders", MATCH).matches(&acl("*", LITERAL)) && filter("orders", MATCH).matches(&acl("ord", 4)));
        assert!(!filter("orders", ANY).matches(&acl("ord", 4)));
        let of_alice = AclFilter { principal: Some("User:alice".into()), ..filter("orders", ANY) };
        assert!(!of_alice.matches(&acl("orders", LITERAL)));
    }

    #[test]
    fn a_quota_without_values_is_gone() {
        let mut security = Security::default();
        let entity = vec![("user".to_string(), None)];
        let set: MetadataRecord = quota_record(&entity, "producer_byte_rate", Some(Float64::new(10.0))).into();
        assert_eq!(security.replay(&set), Some(Ok(())));
        assert_eq!(security.scram_and_quotas(), [set]);
        security.replay(&quota_record(&entity, "producer_byte_rate", None).into());
        assert_eq!(security, Security::default());
    }
}
