//! `--alter`: what is added and what is deleted, by kind of entity.

use base::Map;

use clients::KafkaError;
use clients::admin::call::{
    AdminCall, AdminReply, AlterOp, ConfigChange, ConfigResource, QuotaComponent, QuotaMatch, ResourceType,
};
use protocol::Float64;

use super::options::{self, CLIENTS, Entities, IPS, USERS};
use super::{INVALID_CONFIGURATION, describe, illegal, scram, singular};
use crate::tools::jopt::Options;
use crate::tools::straight::{Halt, Run, all_of, execution, unexpected};

/// Configs to set, in the order given, and names to delete.
pub struct Changes {
    pub add: Vec<(String, String)>,
    pub delete: Vec<String>,
}

const QUOTAS: [&str; 4] =
    ["producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate"];
const IP_QUOTA: &str = "connection_creation_rate";

pub fn run(options: &Options, entities: &Entities, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let changes = changes(options, tool)?;
    let (kind, name) = (entities.types[0].as_str(), entities.names[0].as_str());
    match kind {
        USERS | CLIENTS => alter_users(entities, &changes, tool)?,
        IPS => {
            let names = changes.add.iter().map(|(key, _)| key).chain(&changes.delete);
            let unknown: Vec<&str> = names.filter(|key| *key != IP_QUOTA).map(String::as_str).collect();
            if !unknown.is_empty() {
                return Err(illegal(format!(
                    "Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config \
                     names: {}",
                    unknown.join(",")
                )));
            }
            alter_quotas(entities, &changes, tool)?;
        }
        _ => {
            if kind == options::LOGGERS {
                check_loggers(name, &changes, tool)?;
            }
            alter_resource(kind, name, &changes, tool)?;
        }
    }
    tool.println(match name {
        "" => format!("Completed updating default config for {kind} in the cluster."),
        name => format!("Completed updating config for {} {name}.", singular(kind)),
    });
    Ok(())
}

fn changes(options: &Options, tool: &mut Run<'_, '_, '_>) -> Result<Changes, Halt> {
    let mut add: Vec<(String, String)> = Vec::new();
    if let Some(path) = options.value("add-config-file")? {
        add.extend(tool.load_properties(path)?);
    }
    if let Some(text) = options.value("add-config")? {
        for (key, value) in parse_added(text)? {
            add.retain(|(known, _)| *known != key);
            add.push((key, value));
        }
    }
    let odd = |name: &str| name.chars().any(|c| !(c.is_ascii_alphanumeric() || "$._-".contains(c)));
    if let Some((key, _)) = add.iter().find(|(key, _)| odd(key)) {
        return Err(illegal(format!("Invalid character found for config key: {key}")));
    }
    let names = options.values("delete-config").into_iter().flat_map(|list| list.split(','));
    Ok(Changes { add, delete: names.map(|name| name.trim().to_string()).collect() })
}

/// `k1=v1,k2=[v1,v2]`: commas and equals signs inside brackets do not separate. As in Kafka's expression, a separator
/// counts if no bracket closes after it before the next one opens.
fn parse_added(text: &str) -> Result<Vec<(String, String)>, Halt> {
    let mut pieces = split_outside(text, ',');
    // `String.split` drops empty pieces at the end.
    while pieces.len() > 1 && pieces.last().is_some_and(|last| last.is_empty()) {
        pieces.pop();
    }
    let mut pairs = Vec::new();
    for piece in pieces {
        let parts = split_outside(piece, '=');
        let [key, value] = parts.as_slice() else {
            let why = "requirement failed: Invalid entity config: all configs to be added must be in the format \"key=val\" \
                       or  \"key=[val1,val2]\" to group values which contain commas.";
            return Err(illegal(why.to_string()));
        };
        let value: String = value.chars().filter(|c| !matches!(c, '[' | ']')).collect();
        pairs.push((key.trim().to_string(), value.trim().to_string()));
    }
    Ok(pairs)
}

fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let counts = |after: &str| match (after.find(']'), after.find('[')) {
        (Some(close), Some(open)) => open < close,
        (Some(_), None) => false,
        (None, _) => true,
    };
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(separator) {
        let after = at + separator.len_utf8();
        if counts(&text[after..]) {
            pieces.push(&text[start..at]);
            start = after;
        }
    }
    pieces.push(&text[start..]);
    pieces
}

fn alter_resource(kind: &str, name: &str, changes: &Changes, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let resource = ConfigResource { kind: describe::resource_type(kind), name: name.to_string() };
    let delete = |name: &String| ConfigChange { name: name.clone(), value: Some(String::new()), op: AlterOp::Delete };
    let set = |(name, value): &(String, String)| ConfigChange {
        name: name.clone(),
        value: Some(value.clone()),
        op: AlterOp::Set,
    };
    let list = changes.delete.iter().map(delete).chain(changes.add.iter().map(set)).collect();
    let call = AdminCall::IncrementalAlterConfigs { changes: Map::from([(resource, list)]) };
    let AdminReply::PerResource(items) = tool.get(call)? else { return Err(unexpected()) };
    all_of(items).map(drop)
}

fn check_loggers(name: &str, changes: &Changes, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let known = describe::entries(ResourceType::BrokerLogger, name, tool)?;
    let is_known = |name: &String| known.iter().any(|entry| entry.name == *name);
    let asked = changes.delete.iter().chain(changes.add.iter().map(|(name, _)| name));
    let invalid: Vec<&str> = asked.filter(|name| !is_known(name)).map(String::as_str).collect();
    if invalid.is_empty() {
        return Ok(());
    }
    let why = format!("Invalid broker logger(s): {}", invalid.join(","));
    Err(KafkaError::new(INVALID_CONFIGURATION, why).into())
}

/// Quotas of users and clients, or SCRAM credentials of one user.
fn alter_users(entities: &Entities, changes: &Changes, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let is_quota = |name: &str| QUOTAS.contains(&name);
    let listed = |names: Vec<&str>, words: &str| {
        let shown = format!("{words}({})", names.join(", "));
        Err(illegal(shown))
    };
    let add: Vec<&str> = changes.add.iter().map(|(name, _)| name.as_str()).collect();
    let delete: Vec<&str> = changes.delete.iter().map(String::as_str).collect();
    let scram = |names: &[&str]| names.iter().any(|name| scram::mechanism(name).is_some());
    let quota = |names: &[&str]| names.iter().any(|name| is_quota(name));
    let of_users = entities.has_type(USERS) && !entities.has_type(CLIENTS);
    let unknown = |names: &[&str]| -> Vec<String> {
        let known = |name: &str| is_quota(name) || (of_users && scram::mechanism(name).is_some());
        names.iter().filter(|name| !known(name)).map(|name| name.to_string()).collect()
    };
    let kind = if of_users { "quota and SCRAM credential" } else { "quota" };
    let target = if of_users { "users" } else { "clients" };
    for (names, verb, collection) in [(&add, "added", "Set"), (&delete, "deleted", "List")] {
        let unknown = unknown(names);
        if !unknown.is_empty() {
            let words = format!(
                "Only {kind} configs can be {verb} for '{target}' using --bootstrap-server. Unexpected config names: \
                 {collection}"
            );
            return listed(unknown.iter().map(String::as_str).collect(), &words);
        }
    }
    if scram(&add) || scram(&delete) {
        if entities.names.iter().any(String::is_empty) {
            let why = "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using \
                       --bootstrap-server.";
            return Err(illegal(why.to_string()));
        }
        if quota(&add) || quota(&delete) {
            let why = "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using \
                       --bootstrap-server.";
            return Err(illegal(why.to_string()));
        }
        return scram::alter(&entities.names[0], changes, tool);
    }
    alter_quotas(entities, changes, tool)
}

/// Entity types as quotas name them.
pub fn quota_type(entity_type: &str) -> &'static str {
    match entity_type {
        USERS => "user",
        CLIENTS => "client-id",
        _ => "ip",
    }
}

fn alter_quotas(entities: &Entities, changes: &Changes, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let component = |(kind, name): (&String, &String)| QuotaComponent {
        entity_type: quota_type(kind).to_string(),
        matches: if name.is_empty() { QuotaMatch::Default } else { QuotaMatch::Exact(name.clone()) },
    };
    let components = entities.types.iter().zip(&entities.names).map(component).collect();
    let reply = tool.get_soon(AdminCall::DescribeClientQuotas { components, strict: true })?;
    let AdminReply::Quotas(entries) = reply else { return Err(unexpected()) };
    let old: Vec<&String> = entries.first().map(|e| e.values.iter().map(|(key, _)| key).collect()).unwrap_or_default();
    let invalid: Vec<&str> = changes.delete.iter().filter(|name| !old.contains(name)).map(String::as_str).collect();
    if !invalid.is_empty() {
        let why = format!("Invalid config(s): {}", invalid.join(","));
        return Err(KafkaError::new(INVALID_CONFIGURATION, why).into());
    }
    let mut values = Vec::new();
    for (key, value) in &changes.add {
        let number = Float64::parse(value)
            .ok_or_else(|| illegal(format!("Cannot parse quota configuration value for {key}: {value}")))?;
        values.push((key.clone(), Some(number)));
    }
    values.extend(changes.delete.iter().map(|key| (key.clone(), None)));
    let entity = |(kind, name): (&String, &String)| {
        (quota_type(kind).to_string(), Some(name.clone()).filter(|name| !name.is_empty()))
    };
    let entity = entities.types.iter().zip(&entities.names).map(entity).collect();
    tool.ask(AdminCall::AlterClientQuotas { entity, values })?.map_err(|error| Halt::Thrown(execution(error)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(String, String)> {
        parse_added(text).unwrap()
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_string(), value.to_string())
    }

    #[test]
    fn brackets_hold_lists_together() {
        assert_eq!(
            parsed("cleanup.policy=[compact,delete],max.message.bytes=2000"),
            [pair("cleanup.policy", "compact,delete"), pair("max.message.bytes", "2000")]
        );
        assert_eq!(parsed("retention.ms=1,"), [pair("retention.ms", "1")]);
        assert_eq!(parsed("a = [x=y, z]"), [pair("a", "x=y, z")]);
        assert_eq!(
            parsed("ssl.endpoint.identification.algorithm="),
            [pair("ssl.endpoint.identification.algorithm", "")]
        );
        assert!(parse_added("retention.ms").is_err());
    }
}
