//! The configs of a group (`GroupConfig`) and of a client metrics subscription (`ClientMetricsConfigs`), in the order in
//! which Kafka defines them, and what must hold of a whole set of them.

use base::Map;

use protocol::ErrorCode;
use regex_lite::Regex;

use super::ServerConfig;
use super::key::ConfigType::{Boolean, Int, List, String as Text};
use super::key::DefaultValue::Is;
use super::key::UpdateMode::ClusterWide;
use super::key::Valid::*;
use super::key::{ConfigKey, key, server_key, topic_keys};
use super::value::validate_given;
use crate::metadata::ResourceType;

type Configs = Map<String, String>;
type Refusal = (ErrorCode, String);

#[rustfmt::skip]
static GROUP_KEYS: &[ConfigKey] = &[
    key("consumer.session.timeout.ms", Int, Is("45000"), AtLeast(1), ClusterWide),
    key("consumer.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), ClusterWide),
    key("consumer.assignment.interval.ms", Int, Is("1000"), AtLeast(0), ClusterWide),
    key("share.session.timeout.ms", Int, Is("45000"), AtLeast(1), ClusterWide),
    key("share.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), ClusterWide),
    key("share.record.lock.duration.ms", Int, Is("30000"), AtLeast(1000), ClusterWide),
    key("share.delivery.count.limit", Int, Is("5"), AtLeast(2), ClusterWide),
    key("share.partition.max.record.locks", Int, Is("2000"), AtLeast(100), ClusterWide),
    key("share.auto.offset.reset", Text, Is("latest"), OffsetReset, ClusterWide),
    key("share.isolation.level", Text, Is("read_uncommitted"), OneOf(&["read_committed", "read_uncommitted"]), ClusterWide),
    key("share.renew.acknowledge.enable", Boolean, Is("true"), Any, ClusterWide),
    key("share.assignment.interval.ms", Int, Is("1000"), AtLeast(0), ClusterWide),
    key("streams.session.timeout.ms", Int, Is("45000"), AtLeast(1), ClusterWide),
    key("streams.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), ClusterWide),
    key("streams.num.standby.replicas", Int, Is("0"), AtLeast(0), ClusterWide),
    key("streams.initial.rebalance.delay.ms", Int, Is("3000"), AtLeast(0), ClusterWide),
    key("streams.assignment.interval.ms", Int, Is("1000"), AtLeast(0), ClusterWide),
];

/// Numbers of a group that a server bounds, in the order in which Kafka looks at them.
const BOUNDED: [&str; 13] = [
    "consumer.heartbeat.interval.ms",
    "consumer.session.timeout.ms",
    "consumer.assignment.interval.ms",
    "share.heartbeat.interval.ms",
    "share.session.timeout.ms",
    "share.record.lock.duration.ms",
    "share.delivery.count.limit",
    "share.partition.max.record.locks",
    "share.assignment.interval.ms",
    "streams.heartbeat.interval.ms",
    "streams.session.timeout.ms",
    "streams.num.standby.replicas",
    "streams.assignment.interval.ms",
];

const ANY_LIST: super::key::Valid = ListOf { of: &[], empty: true, null: false };

static CLIENT_METRICS_KEYS: &[ConfigKey] = &[
    key("metrics", List, Is(""), ANY_LIST, ClusterWide),
    key("interval.ms", Int, Is("300000"), Any, ClusterWide),
    key("match", List, Is(""), ANY_LIST, ClusterWide),
];

/// What a client can be told from the others by.
const SELECTORS: [&str; 6] = [
    "client_instance_id",
    "client_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
];

/// All configs of a kind of resource that is no server.
pub fn resource_keys(kind: ResourceType) -> &'static [ConfigKey] {
    match kind {
        ResourceType::Topic => topic_keys(),
        ResourceType::ClientMetrics => CLIENT_METRICS_KEYS,
        ResourceType::Group => GROUP_KEYS,
        ResourceType::Broker | ResourceType::BrokerLogger => &[],
    }
}

/// The server's config that stands behind a group's (`GroupConfig.brokerSynonym`).
pub fn group_synonym(name: &str) -> Option<&'static str> {
    server_key(&format!("group.{name}")).map(|key| key.name)
}

/// What a group's config is where the group has none: the server's, but for those that its coordinator asks for anew.
pub fn group_default<'a>(server: &'a ServerConfig, key: &ConfigKey) -> Option<&'a str> {
    group_synonym(key.name)
        .filter(|name| !name.ends_with("assignment.interval.ms"))
        .map_or(key.default_text(), |name| server.text(name))
}

/// The configs that a group would have (`GroupConfig.validate`).
pub fn validate_group(configs: &Configs, server: &ServerConfig) -> Result<(), Refusal> {
    let invalid = |words: String| (ErrorCode::InvalidConfig, words);
    if let Some(name) = configs.keys().find(|name| GROUP_KEYS.iter().all(|key| key.name != **name)) {
        return Err(invalid(format!("Unknown group config name: {name}")));
    }
    let mut numbers: Map<&str, i64> = Map::new();
    for key in GROUP_KEYS {
        let text = configs.get(key.name).map(String::as_str).or_else(|| group_default(server, key)).unwrap_or_default();
        validate_given(key, text).map_err(invalid)?;
        numbers.insert(key.name, text.trim().parse().unwrap_or(0));
    }
    for name in BOUNDED {
        let Some((kind, rest)) = name.split_once('.') else { continue };
        if rest.starts_with("assignment") && !configs.contains_key(name) {
            continue;
        }
        for (bound, words) in [("min", "greater"), ("max", "less")] {
            let bound_name = format!("group.{kind}.{bound}.{}", rest.strip_prefix("num.").unwrap_or(rest));
            if server_key(&bound_name).is_none() {
                continue;
            }
            let (value, limit) = (numbers[name], server.number(&bound_name));
            if (bound == "min" && value < limit) || (bound == "max" && value > limit) {
                return Err(invalid(format!("{name} must be {words} than or equal to {bound_name}")));
            }
        }
    }
    for kind in ["consumer", "share", "streams"] {
        let (session, heartbeat) = (format!("{kind}.session.timeout.ms"), format!("{kind}.heartbeat.interval.ms"));
        if numbers[session.as_str()] <= numbers[heartbeat.as_str()] {
            return Err(invalid(format!("{session} must be greater than {heartbeat}")));
        }
    }
    Ok(())
}

/// The configs that a subscription would have (`ClientMetricsConfigs.validate`).
pub fn validate_client_metrics(name: &str, configs: &Configs) -> Result<(), Refusal> {
    let refused = |words: String| Err((ErrorCode::InvalidRequest, words));
    let invalid = |words: String| (ErrorCode::InvalidConfig, words);
    if name.is_empty() {
        return refused("Subscription name can't be empty".to_string());
    }
    if let Some(name) = configs.keys().find(|name| CLIENT_METRICS_KEYS.iter().all(|key| key.name != **name)) {
        return refused(format!("Unknown client metrics configuration: {name}"));
    }
    for key in CLIENT_METRICS_KEYS {
        if let Some(text) = configs.get(key.name) {
            validate_given(key, text).map_err(invalid)?;
        }
    }
    if let Some(interval) = configs.get("interval.ms").and_then(|text| text.trim().parse::<i64>().ok())
        && !(100..=3_600_000).contains(&interval)
    {
        return refused(format!(
            "Invalid value {interval} for interval.ms, interval must be between 100 and 3600000 (1 hour)"
        ));
    }
    let patterns = configs.get("match").map(|text| text.trim()).unwrap_or_default();
    for pattern in patterns.split(',').map(str::trim).filter(|_| !patterns.is_empty()) {
        let is_legal = pattern.split_once('=').is_some_and(|(selector, value)| {
            // Java's `split` forgets empty parts at the end.
            let value = value.trim_end_matches('=');
            let one = !value.is_empty() && !value.contains('=');
            one && SELECTORS.contains(&selector.trim()) && Regex::new(value.trim()).is_ok()
        });
        if !is_legal {
            return Err(invalid(format!("Illegal client matching pattern: {pattern}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configs(configs: &[(&str, &str)]) -> Configs {
        configs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn a_groups_numbers_keep_within_the_servers_bounds() {
        let words = |own: &[(&str, &str)], asked: &[(&str, &str)]| {
            let server = ServerConfig::new(1, configs(own));
            validate_group(&configs(asked), &server).map_err(|(_, words)| words)
        };
        assert_eq!(words(&[], &[("consumer.session.timeout.ms", "50000")]), Ok(()));
        let low = words(&[], &[("consumer.session.timeout.ms", "1000")]).unwrap_err();
        assert!(low.ends_with("must be greater than or equal to group.consumer.min.session.timeout.ms"));
        assert_eq!(
            words(&[("group.consumer.min.session.timeout.ms", "500")], &[("consumer.session.timeout.ms", "1000")]),
            Err("consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms".to_string())
        );
        let many = words(&[], &[("streams.num.standby.replicas", "3")]).unwrap_err();
        assert!(many.ends_with("must be less than or equal to group.streams.max.standby.replicas"));
    }

    #[test]
    fn a_subscription_names_clients_by_what_is_known_of_them() {
        let check = |asked: &[(&str, &str)]| validate_client_metrics("m", &configs(asked)).map_err(|(_, words)| words);
        assert_eq!(check(&[("match", "client_id=app.*,client_software_name=java"), ("metrics", "")]), Ok(()));
        for bad in ["nothing", "colour=red", "client_id=(", "client_id=a=b", "client_id="] {
            assert_eq!(check(&[("match", bad)]), Err(format!("Illegal client matching pattern: {bad}")));
        }
        assert!(check(&[("interval.ms", "99")]).is_err_and(|words| words.contains("between 100 and 3600000")));
    }
}
