//! `--describe`: configs of one entity or of all, quotas, SCRAM credentials.

use clients::KafkaError;
use clients::admin::call::{
    AdminCall, AdminReply, ConfigEntry, ConfigResource, QuotaComponent, QuotaEntry, QuotaMatch, ResourceType,
    config_source,
};
use protocol::{ErrorCode, java, topic};

use super::alter::quota_type;
use super::options::{BROKERS, CLIENT_METRICS, CLIENTS, Entities, GROUPS, IPS, LOGGERS, TOPICS, USERS};
use super::{scram, singular};
use crate::tools::jopt::Options;
use crate::tools::straight::{Halt, Run, all_of, unexpected};

pub fn run(options: &Options, entities: &Entities, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    match entities.types[0].as_str() {
        USERS | CLIENTS => {
            quotas(entities, tool)?;
            let scram = !entities.has_type(CLIENTS) && !entities.names.iter().any(String::is_empty);
            if scram { scram::describe(&entities.names, tool) } else { Ok(()) }
        }
        IPS => quotas(entities, tool),
        kind => resources(kind, entities.names.first().map(String::as_str), options.has("all"), tool),
    }
}

pub fn resource_type(kind: &str) -> ResourceType {
    match kind {
        BROKERS => ResourceType::Broker,
        LOGGERS => ResourceType::BrokerLogger,
        CLIENT_METRICS => ResourceType::ClientMetrics,
        GROUPS => ResourceType::Group,
        _ => ResourceType::Topic,
    }
}

fn resources(kind: &str, name: Option<&str>, all: bool, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    if let Some(name) = name.filter(|_| !all)
        && !exists(kind, name, tool)?
    {
        let words = format!("The {} '{name}' doesn't exist and doesn't have dynamic config.", singular(kind));
        tool.println(words);
        return Ok(());
    }
    let names = match name {
        Some(name) => vec![name.to_string()],
        None => every(kind, tool)?,
    };
    for name in names {
        let header = match name.as_str() {
            "" => format!("Default configs for {kind} in the cluster are:"),
            name if all => format!("All configs for {} {name} are:", singular(kind)),
            name => format!("Dynamic configs for {} {name} are:", singular(kind)),
        };
        tool.println(header);
        if kind == TOPICS && !name.is_empty() {
            check_topic(&name)?;
        }
        let mut shown = entries(resource_type(kind), &name, tool)?;
        let source = dynamic_source(kind, &name);
        shown.retain(|entry| all || source.is_none_or(|source| entry.source == source));
        base::ordered::sort_by(&mut shown, |a, b| a.name.cmp(&b.name));
        for entry in &shown {
            tool.println(line(entry));
        }
    }
    Ok(())
}

fn check_topic(name: &str) -> Result<(), Halt> {
    topic::validate(name).map_err(|why| KafkaError::api(ErrorCode::InvalidTopicException, Some(&why)).into())
}

/// Where a value must come from to be shown without `--all`.
fn dynamic_source(kind: &str, name: &str) -> Option<i8> {
    match kind {
        TOPICS => Some(config_source::DYNAMIC_TOPIC),
        BROKERS if name.is_empty() => Some(config_source::DYNAMIC_DEFAULT_BROKER),
        BROKERS => Some(config_source::DYNAMIC_BROKER),
        CLIENT_METRICS => Some(config_source::CLIENT_METRICS),
        GROUPS => Some(config_source::GROUP),
        _ => None,
    }
}

/// The configs of one resource, with synonyms.
pub fn entries(kind: ResourceType, name: &str, tool: &mut Run<'_, '_, '_>) -> Result<Vec<ConfigEntry>, Halt> {
    let resources = vec![ConfigResource { kind, name: name.to_string() }];
    let AdminReply::Configs(items) = tool.get_soon(AdminCall::DescribeConfigs { resources, synonyms: true })? else {
        return Err(unexpected());
    };
    Ok(all_of(items)?.into_values().flatten().collect())
}

fn line(entry: &ConfigEntry) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_string());
    let synonyms: Vec<String> = entry
        .synonyms
        .iter()
        .map(|synonym| format!("{}:{}={}", source_name(synonym.source), synonym.name, value(&synonym.value)))
        .collect();
    let (name, sensitive) = (&entry.name, entry.sensitive);
    format!("  {name}={} sensitive={sensitive} synonyms={{{}}}", value(&entry.value), synonyms.join(", "))
}

fn source_name(source: i8) -> &'static str {
    match source {
        config_source::DYNAMIC_TOPIC => "DYNAMIC_TOPIC_CONFIG",
        config_source::DYNAMIC_BROKER => "DYNAMIC_BROKER_CONFIG",
        config_source::DYNAMIC_DEFAULT_BROKER => "DYNAMIC_DEFAULT_BROKER_CONFIG",
        config_source::STATIC_BROKER => "STATIC_BROKER_CONFIG",
        config_source::DEFAULT => "DEFAULT_CONFIG",
        config_source::DYNAMIC_BROKER_LOGGER => "DYNAMIC_BROKER_LOGGER_CONFIG",
        config_source::CLIENT_METRICS => "DYNAMIC_CLIENT_METRICS_CONFIG",
        config_source::GROUP => "DYNAMIC_GROUP_CONFIG",
        _ => "UNKNOWN",
    }
}

fn exists(kind: &str, name: &str, tool: &mut Run<'_, '_, '_>) -> Result<bool, Halt> {
    match kind {
        TOPICS => {
            check_topic(name)?;
            Ok(every(kind, tool)?.iter().any(|known| known == name))
        }
        BROKERS | LOGGERS => Ok(every(kind, tool)?.iter().any(|known| known == name)),
        _ => Ok(every(kind, tool)?.iter().any(|known| known == name)),
    }
}

/// The names of all entities of a kind; the empty name stands for the defaults of brokers.
fn every(kind: &str, tool: &mut Run<'_, '_, '_>) -> Result<Vec<String>, Halt> {
    match kind {
        TOPICS => {
            let AdminReply::Topics(topics) = tool.get(AdminCall::ListTopics { internal: true })? else {
                return Err(unexpected());
            };
            let mut names: Vec<String> = topics.into_iter().map(|topic| topic.name).collect();
            // A broker names topics in the order of their hashes, and so those stand that share a bucket here.
            base::ordered::sort_by_key(&mut names, |name| java::java_string_hash(name));
            Ok(java::hash_order(&names))
        }
        BROKERS | LOGGERS => {
            let AdminReply::Cluster(cluster) = tool.get(AdminCall::DescribeCluster { include_fenced: false })? else {
                return Err(unexpected());
            };
            let ids = cluster.nodes.iter().map(|node| node.id.to_string());
            Ok(ids.chain([String::new()]).collect())
        }
        GROUPS => {
            let AdminReply::Groups(mut names) = tool.get(AdminCall::ListGroups)? else { return Err(unexpected()) };
            names.extend(configured(ResourceType::Group, tool)?);
            base::ordered::sort(&mut names);
            names.dedup();
            Ok(names)
        }
        _ => configured(resource_type(kind), tool),
    }
}

fn configured(kind: ResourceType, tool: &mut Run<'_, '_, '_>) -> Result<Vec<String>, Halt> {
    let AdminReply::ConfigResources(found) = tool.get(AdminCall::ListConfigResources { kinds: vec![kind] })? else {
        return Err(unexpected());
    };
    Ok(found.into_iter().map(|resource| resource.name).collect())
}

fn quotas(entities: &Entities, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let mut components = Vec::new();
    for (at, kind) in entities.types.iter().enumerate() {
        let matches = match entities.names.get(at).map(String::as_str) {
            None => QuotaMatch::Any,
            Some("") => QuotaMatch::Default,
            Some(name) => QuotaMatch::Exact(name.to_string()),
        };
        components.push(QuotaComponent { entity_type: quota_type(kind).to_string(), matches });
    }
    if entities.names.len() > entities.types.len() {
        return Err(super::illegal("More entity names specified than entity types".to_string()));
    }
    let reply = tool.get_soon(AdminCall::DescribeClientQuotas { components, strict: true })?;
    let AdminReply::Quotas(entries) = reply else { return Err(unexpected()) };
    // In the order of a hash map of entities that was made for as many as there are.
    let count = entries.len();
    for entry in java::with_capacity(entries, count, entity_hash) {
        tool.println(quota_line(&entry));
    }
    Ok(())
}

/// `ClientQuotaEntity.hashCode`: that of a list of one map.
fn entity_hash(entry: &QuotaEntry) -> i32 {
    entry.entity.iter().fold(31, |hash: i32, (kind, name)| {
        let name = name.as_deref().map_or(0, java::java_string_hash);
        hash.wrapping_add(java::java_string_hash(kind) ^ name)
    })
}

fn quota_line(entry: &QuotaEntry) -> String {
    let part = |kind: &str, words: &str| {
        let (_, name) = entry.entity.iter().find(|(of, _)| of == kind)?;
        Some(match name {
            Some(name) => format!("{words} '{name}'"),
            None => format!("the default {words}"),
        })
    };
    let parts: Vec<String> = [part("user", "user-principal"), part("client-id", "client-id"), part("ip", "ip")]
        .into_iter()
        .flatten()
        .collect();
    let values: Vec<String> =
        java::with_capacity(entry.values.clone(), entry.values.len(), |(key, _)| java::java_string_hash(key))
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
    format!("Quota configs for {} are {}", parts.join(", "), values.join(", "))
}
