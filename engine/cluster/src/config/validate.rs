//! Whole sets of topic configs (`LogConfig.validate`).

use base::Map;

use protocol::ErrorCode;

use super::key::{topic_key, topic_keys};
use super::value::{Value, validate, validate_given};

/// Why a set of configs is refused: both of Kafka's exceptions end as INVALID_CONFIG with the message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConfigError(pub String);

impl ConfigError {
    pub fn code(&self) -> ErrorCode {
        ErrorCode::InvalidConfig
    }
}

/// Checks all configs that a topic would have, as a controller does. `before` are those it has now.
pub fn validate_topic_configs(before: &Map<String, String>, configs: &Map<String, String>) -> Result<(), ConfigError> {
    validate_topic_values(configs)?;
    check_remote_storage(before, configs)
}

/// The configs by themselves (`LogConfig.validate` of one argument): unknown names first, then each value in the table's
/// order, then what must fit together.
pub fn validate_topic_values(configs: &Map<String, String>) -> Result<(), ConfigError> {
    if let Some(name) = configs.keys().find(|name| topic_key(name).is_none()) {
        return Err(ConfigError(format!("Unknown topic config name: {name}")));
    }
    let mut numbers: Map<&str, i64> = Map::new();
    for key in topic_keys() {
        let value = match configs.get(key.name) {
            Some(text) => validate_given(key, text),
            None => validate(key, key.default_text()),
        };
        if let Value::Number(number) = value.map_err(ConfigError)? {
            numbers.insert(key.name, number);
        }
    }
    let (min, max) = (numbers["min.compaction.lag.ms"], numbers["max.compaction.lag.ms"]);
    if min > max {
        return Err(ConfigError(format!(
            "conflict topic config setting min.compaction.lag.ms ({min}) > max.compaction.lag.ms ({max})"
        )));
    }
    Ok(())
}

/// No server here has a remote storage (KIP-405), so a topic can only leave it alone.
fn check_remote_storage(before: &Map<String, String>, configs: &Map<String, String>) -> Result<(), ConfigError> {
    let is_set = |of: &Map<String, String>, name| of.get(name).is_some_and(|v| v.trim().eq_ignore_ascii_case("true"));
    if is_set(configs, "remote.storage.enable") {
        return Err(ConfigError(
            "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log \
             storage."
                .to_string(),
        ));
    }
    if is_set(before, "remote.storage.enable") && !is_set(configs, "remote.log.delete.on.disable") {
        return Err(ConfigError(
            "It is invalid to disable remote storage without deleting remote data. If you want to keep the remote data \
             and turn to read only, please set `remote.storage.enable=true,remote.log.copy.disable=true`. If you want \
             to disable remote storage and delete all remote data, please set \
             `remote.storage.enable=false,remote.log.delete.on.disable=true`."
                .to_string(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(configs: &[(&str, &str)]) -> Result<(), String> {
        let configs = configs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        validate_topic_configs(&Map::new(), &configs).map_err(|error| error.0)
    }

    #[test]
    fn kafkas_words() {
        let cases = [
            (&[("nope", "1")][..], "Unknown topic config name: nope"),
            (
                &[("retention.ms", "soon")],
                "Invalid value soon for configuration retention.ms: Not a number of type LONG",
            ),
            (&[("retention.ms", "-2")], "Invalid value -2 for configuration retention.ms: Value must be at least -1"),
            (
                &[("cleanup.policy", "delete,foo")],
                "Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete",
            ),
            (
                &[("cleanup.policy", "a,a")],
                "Invalid value a for configuration cleanup.policy: String must be one of: compact, delete",
            ),
            (
                &[("min.cleanable.dirty.ratio", "2")],
                "Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1",
            ),
            (
                &[("preallocate", "maybe")],
                "Invalid value maybe for configuration preallocate: Expected value to be either true or false",
            ),
            (
                &[("min.compaction.lag.ms", "10"), ("max.compaction.lag.ms", "5")],
                "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)",
            ),
        ];
        for (configs, expected) in cases {
            assert_eq!(words(configs), Err(expected.to_string()));
        }
        assert_eq!(words(&[("cleanup.policy", "compact,compact")]), Ok(()));
        assert_eq!(words(&[("cleanup.policy", "compact,delete"), ("retention.ms", "-1")]), Ok(()));
        assert_eq!(words(&[("leader.replication.throttled.replicas", "0:1,1:2")]), Ok(()));
    }
}
