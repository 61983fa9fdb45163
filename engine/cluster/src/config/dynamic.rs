//! Changes of a running server's configs: which are taken and which are refused (`DynamicBrokerConfig.validate`).

use base::Map;

use protocol::java;

use super::key::{ConfigKey, UpdateMode, quota_key, server_key};
use super::server::ServerConfig;
use super::server_rules::check_numbers;
use super::synonyms::broker_synonyms;
use super::value::validate_given;
use crate::metadata::{ConfigResource, MetadataImage};

type Configs = Map<String, String>;

/// `SslConfigs.RECONFIGURABLE_CONFIGS`: for listeners only.
const SECURITY: [&str; 10] = [
    "ssl.keystore.type",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.key.password",
    "ssl.truststore.type",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.truststore.certificates",
];

/// `DynamicThreadPool.RECONFIGURABLE_CONFIGS`
const THREADS: [&str; 5] = [
    "num.io.threads",
    "num.replica.fetchers",
    "num.recovery.threads.per.data.dir",
    "background.threads",
    "num.network.threads",
];

/// Checks the dynamic configs that a broker (or the default of all) would have; the error is the words of an
/// InvalidRequestException.
pub fn validate_dynamic(
    server: &ServerConfig,
    image: &MetadataImage,
    configs: &Configs,
    per_broker: bool,
) -> Result<(), String> {
    let mode = |name: &str| server_key(name).map(|key| key.mode);
    refuse(configs, "Cannot update these configs dynamically", |name| mode(name) == Some(UpdateMode::ReadOnly))?;
    refuse(
        configs,
        "These security configs can be dynamically updated only per-listener using the listener prefix",
        |name| SECURITY.contains(&name),
    )?;
    for (name, value) in configs {
        if let Some(key) = server_key(name).or_else(|| listener_key(name)) {
            validate_given(key, value)?;
        } else if let Some(key) = quota_key(name) {
            validate_given(&key, value)?;
        }
    }
    if !per_broker {
        refuse(configs, "Cannot update these configs at default cluster level, broker id must be specified", |name| {
            mode(name) == Some(UpdateMode::PerBroker) || is_of_listener(name)
        })?;
    }
    let before = in_effect(server, image, None);
    let after = in_effect(server, image, Some((configs, per_broker)));
    check_numbers(&after).map_err(|refused| refused.message)?;
    for kind in ["consumer", "share", "streams"] {
        let name = |bound: &str| format!("group.{kind}.{bound}assignment.interval.ms");
        let (own, min, max) = (name(""), name("min."), name("max."));
        let value = after.number(&own);
        if value < after.number(&min) {
            return Err(format!("{own} must be greater than or equal to {min}"));
        }
        if value > after.number(&max) {
            return Err(format!("{own} must be less than or equal to {max}"));
        }
    }
    check_threads(&before, &after).map_err(|why| {
        // Kafka's constructor takes a name and a value, and is given the words and their cause.
        format!(
            "Invalid value org.apache.kafka.common.config.ConfigException: {why} for configuration Invalid dynamic \
             configuration"
        )
    })
}

/// What a key of one listener is called without its prefix (`DynamicBrokerConfig.LISTENER_CONFIG_REGEX`).
fn of_listener(name: &str) -> Option<&str> {
    name.strip_prefix("listener.name.").and_then(|rest| Some(rest.split_once('.')?.1))
}

fn is_of_listener(name: &str) -> bool {
    of_listener(name).is_some()
}

/// The key that is set for one listener.
pub fn listener_key(name: &str) -> Option<&'static ConfigKey> {
    of_listener(name).and_then(server_key)
}

fn refuse(configs: &Configs, words: &str, is_bad: impl Fn(&str) -> bool) -> Result<(), String> {
    let bad: Vec<String> = configs.keys().filter(|name| is_bad(name)).cloned().collect();
    match bad.is_empty() {
        true => Ok(()),
        false => Err(format!("{words}: [{}]", java::hash_order(&bad).join(", "))),
    }
}

/// The server's properties with the dynamic ones over them; `change` stands for those of the broker or of the cluster.
fn in_effect(server: &ServerConfig, image: &MetadataImage, change: Option<(&Configs, bool)>) -> ServerConfig {
    let mut properties = server.properties().clone();
    let own = ConfigResource::broker(server.node_id());
    let (mut of_cluster, mut of_broker) = (image.configs(&ConfigResource::cluster()), image.configs(&own));
    match change {
        Some((configs, true)) => of_broker = configs,
        Some((configs, false)) => of_cluster = configs,
        None => {}
    }
    for (name, value) in of_cluster.iter().chain(of_broker) {
        for synonym in broker_synonyms(name) {
            properties.remove(synonym);
        }
        properties.insert(name.clone(), value.clone());
    }
    ServerConfig::new(server.node_id(), properties)
}

fn check_threads(before: &ServerConfig, after: &ServerConfig) -> Result<(), String> {
    let connections = after.number("max.connections");
    if connections <= 0 {
        return Err(format!("Invalid max.connections {connections}"));
    }
    let (old, new) = (before.number("log.cleaner.threads"), after.number("log.cleaner.threads"));
    if new < 1 {
        return Err("Log cleaner threads should be at least 1".to_string());
    }
    if new < old / 2 {
        return Err(format!("Log cleaner threads cannot be reduced to less than half the current value {old}"));
    }
    if new > old * 2 {
        return Err(format!("Log cleaner threads cannot be increased to more than double the current value {old}"));
    }
    for name in THREADS {
        let (old, new) = (before.number(name), after.number(name));
        let words = format!("Dynamic thread count update validation failed for {name}={new}, value should");
        if new != old && new <= 0 {
            return Err(format!("{words} be at least 1"));
        }
        if new < old / 2 {
            return Err(format!("{words} be at least half the current value {old}"));
        }
        if new > old * 2 {
            return Err(format!("{words} not be greater than double the current value {old}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(configs: &[(&str, &str)], per_broker: bool) -> Result<(), String> {
        let server = ServerConfig::new(1, Default::default());
        let configs = configs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        validate_dynamic(&server, &MetadataImage::default(), &configs, per_broker)
    }

    #[test]
    fn what_a_running_broker_takes() {
        assert_eq!(words(&[("log.retention.ms", "1000"), ("my.own", "5")], true), Ok(()));
        assert_eq!(
            words(&[("num.partitions", "3")], true),
            Err("Cannot update these configs dynamically: [num.partitions]".to_string())
        );
        assert_eq!(
            words(&[("group.share.assignment.interval.ms", "20000")], false),
            Err("group.share.assignment.interval.ms must be less than or equal to \
                 group.share.max.assignment.interval.ms"
                .to_string())
        );
        assert_eq!(words(&[("log.cleaner.threads", "0")], true), Err("/ by zero".to_string()));
        assert!(words(&[("listeners", "PLAINTEXT://b1:9")], false).is_err_and(|why| why.ends_with("[listeners]")));
        assert!(words(&[("max.connections", "0")], true).is_err_and(|why| why.contains("Invalid max.connections 0")));
        assert!(words(&[("num.io.threads", "100")], true).is_err_and(|why| why.contains("double the current value 8")));
    }
}
