//! One row of a table of configs (`ConfigDef.ConfigKey`), and the tables.

use super::server_keys::SERVER_KEYS_1;
use super::server_keys_more::SERVER_KEYS_2;
use super::topic_keys::TOPIC_KEYS;

/// `ConfigDef.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConfigType {
    Boolean,
    String,
    Int,
    Short,
    Long,
    Double,
    List,
    Class,
    Password,
}

impl ConfigType {
    /// As error messages and listings print it.
    pub const fn name(self) -> &'static str {
        match self {
            ConfigType::Boolean => "BOOLEAN",
            ConfigType::String => "STRING",
            ConfigType::Int => "INT",
            ConfigType::Short => "SHORT",
            ConfigType::Long => "LONG",
            ConfigType::Double => "DOUBLE",
            ConfigType::List => "LIST",
            ConfigType::Class => "CLASS",
            ConfigType::Password => "PASSWORD",
        }
    }

    /// `DescribeConfigsResponse.ConfigType`'s number.
    pub const fn id(self) -> i8 {
        match self {
            ConfigType::Boolean => 1,
            ConfigType::String => 2,
            ConfigType::Int => 3,
            ConfigType::Short => 4,
            ConfigType::Long => 5,
            ConfigType::Double => 6,
            ConfigType::List => 7,
            ConfigType::Class => 8,
            ConfigType::Password => 9,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DefaultValue {
    /// A server does not start without it.
    Required,
    Null,
    Is(&'static str),
}

/// Whether a running server takes a new value (`DynamicBrokerConfig`). For topics always [`UpdateMode::ClusterWide`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpdateMode {
    ReadOnly,
    PerBroker,
    /// For one broker or as the default of all.
    ClusterWide,
}

/// Which values are allowed (`ConfigDef.Validator`). Bounds are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Valid {
    Any,
    AtLeast(i64),
    Between(i64, i64),
    /// Between the first two, or the third.
    BetweenOr(i64, i64, i64),
    DecimalBetween(&'static str, &'static str),
    OneOf(&'static [&'static str]),
    OneOfIgnoringCase(&'static [&'static str]),
    NonEmptyString,
    NonNull,
    /// Distinct entries out of `of` (of anything when that is empty); whether the list may be empty, or null.
    ListOf {
        of: &'static [&'static str],
        empty: bool,
        null: bool,
    },
    /// `earliest`, `latest` or `by_duration:PT1H` (`ShareGroupAutoOffsetResetStrategy`).
    OffsetReset,
    /// `*` or `partition:broker,...` (`ThrottledReplicaListValidator`).
    Throttled,
    /// `id@host:port,...` (`controller.quorum.voters`).
    Voters,
    /// `host:port,...` (`controller.quorum.bootstrap.servers`).
    BootstrapServers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConfigKey {
    pub name: &'static str,
    pub kind: ConfigType,
    pub default: DefaultValue,
    pub valid: Valid,
    pub mode: UpdateMode,
    /// Not shown unless it was set.
    pub internal: bool,
}

impl ConfigKey {
    pub(super) const fn internal(mut self) -> ConfigKey {
        self.internal = true;
        self
    }

    /// The default as text; `None` when there is none.
    pub fn default_text(&self) -> Option<&'static str> {
        match self.default {
            DefaultValue::Is(text) => Some(text),
            DefaultValue::Required | DefaultValue::Null => None,
        }
    }

    /// Whether the value is shown to nobody.
    pub fn is_sensitive(&self) -> bool {
        self.kind == ConfigType::Password
    }
}

pub(super) const fn key(
    name: &'static str,
    kind: ConfigType,
    default: DefaultValue,
    valid: Valid,
    mode: UpdateMode,
) -> ConfigKey {
    ConfigKey { name, kind, default, valid, mode, internal: false }
}

/// All keys of a topic, in the order of `LogConfig`.
pub fn topic_keys() -> &'static [ConfigKey] {
    TOPIC_KEYS
}

/// Throttles of a broker, which are dynamic only (`QuotaConfig.brokerQuotaConfigs`).
pub fn quota_key(name: &str) -> Option<ConfigKey> {
    const NAMES: [&str; 3] = [
        "leader.replication.throttled.rate",
        "follower.replication.throttled.rate",
        "replica.alter.log.dirs.io.max.bytes.per.second",
    ];
    let name = NAMES.into_iter().find(|known| *known == name)?;
    Some(ConfigKey {
        name,
        kind: ConfigType::Long,
        default: DefaultValue::Is("9223372036854775807"),
        valid: Valid::AtLeast(0),
        mode: UpdateMode::ClusterWide,
        internal: false,
    })
}

pub fn topic_key(name: &str) -> Option<&'static ConfigKey> {
    TOPIC_KEYS.iter().find(|key| key.name == name)
}

/// All keys of a broker or controller, sorted by name.
pub fn server_keys() -> impl Iterator<Item = &'static ConfigKey> {
    SERVER_KEYS_1.iter().chain(SERVER_KEYS_2)
}

pub fn server_key(name: &str) -> Option<&'static ConfigKey> {
    let find = |keys: &'static [ConfigKey]| keys.binary_search_by(|key| key.name.cmp(name)).ok().map(|i| &keys[i]);
    find(SERVER_KEYS_1).or_else(|| find(SERVER_KEYS_2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::validate;

    #[test]
    fn server_keys_are_sorted_and_all_found() {
        let names: Vec<&str> = server_keys().map(|key| key.name).collect();
        assert!(names.is_sorted());
        assert_eq!(names.len(), 360);
        assert!(names.iter().all(|name| server_key(name).is_some_and(|key| key.name == *name)));
    }

    #[test]
    fn every_default_is_valid() {
        for key in topic_keys().iter().chain(server_keys()) {
            // Kafka's own empty defaults of the two quorum lists are never validated.
            if let Some(text) = key.default_text().filter(|text| !text.is_empty()) {
                assert_eq!(validate(key, Some(text)).map(drop), Ok(()), "{}", key.name);
            }
        }
    }
}
