//! What a topic's config is in effect, and where that comes from (`KafkaConfigSchema`, `DescribeConfigs`).

use base::Map;

use super::key::{ConfigKey, topic_key};
use super::synonyms::topic_synonyms;
use super::value::{Value, parse};
use super::{ServerConfig, topic_keys};
use crate::metadata::{ConfigResource, MetadataImage};

/// `DescribeConfigsResponse.ConfigSource`, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfigSource {
    DynamicTopic,
    DynamicBroker,
    DynamicDefaultBroker,
    StaticBroker,
    Default,
    BrokerLogger,
    ClientMetrics,
    Group,
}

impl ConfigSource {
    /// The number in responses.
    pub const fn id(self) -> i8 {
        match self {
            ConfigSource::DynamicTopic => 1,
            ConfigSource::DynamicBroker => 2,
            ConfigSource::DynamicDefaultBroker => 3,
            ConfigSource::StaticBroker => 4,
            ConfigSource::Default => 5,
            ConfigSource::BrokerLogger => 6,
            ConfigSource::ClientMetrics => 7,
            ConfigSource::Group => 8,
        }
    }

    /// As tools print it.
    pub const fn name(self) -> &'static str {
        match self {
            ConfigSource::DynamicTopic => "DYNAMIC_TOPIC_CONFIG",
            ConfigSource::DynamicBroker => "DYNAMIC_BROKER_CONFIG",
            ConfigSource::DynamicDefaultBroker => "DYNAMIC_DEFAULT_BROKER_CONFIG",
            ConfigSource::StaticBroker => "STATIC_BROKER_CONFIG",
            ConfigSource::Default => "DEFAULT_CONFIG",
            ConfigSource::BrokerLogger => "DYNAMIC_BROKER_LOGGER_CONFIG",
            ConfigSource::ClientMetrics => "DYNAMIC_CLIENT_METRICS_CONFIG",
            ConfigSource::Group => "DYNAMIC_GROUP_CONFIG",
        }
    }
}

/// A value in effect. `value` is `None` where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EffectiveConfig {
    pub key: &'static ConfigKey,
    pub value: Option<String>,
    pub source: ConfigSource,
}

/// A server's view of configs: the cluster's dynamic ones in the image, its own properties below them.
#[derive(Clone, Copy, Debug)]
pub struct ConfigView<'a> {
    pub image: &'a MetadataImage,
    pub server: &'a ServerConfig,
}

impl ConfigView<'_> {
    /// The value of one config of a topic; `None` for a name that is no topic config.
    pub fn topic(&self, topic: &str, name: &str) -> Option<EffectiveConfig> {
        let overrides = self.image.configs(&ConfigResource::topic(topic));
        topic_key(name).map(|key| self.resolve(key, overrides))
    }

    /// Every config of a topic that has these overrides, in the table's order; internal ones only where set.
    pub fn all_of_topic(&self, overrides: &Map<String, String>) -> Vec<EffectiveConfig> {
        let shown = |key: &&ConfigKey| !key.internal || overrides.contains_key(key.name);
        topic_keys().iter().filter(shown).map(|key| self.resolve(key, overrides)).collect()
    }

    /// A numeric config of a topic. Values were validated when they were set; a damaged one counts as its default.
    pub fn topic_number(&self, topic: &str, name: &str) -> i64 {
        let config = self.topic(topic, name).expect("a topic config of the table");
        match parse(config.key, config.value.as_deref()) {
            Ok(Value::Number(number)) => number,
            _ => config.key.default_text().and_then(|text| text.parse().ok()).unwrap_or(0),
        }
    }

    pub fn topic_flag(&self, topic: &str, name: &str) -> bool {
        let config = self.topic(topic, name).expect("a topic config of the table");
        matches!(parse(config.key, config.value.as_deref()), Ok(Value::Boolean(true)))
    }

    fn resolve(&self, key: &'static ConfigKey, overrides: &Map<String, String>) -> EffectiveConfig {
        let found = |value: String, source| EffectiveConfig { key, value: Some(value), source };
        if let Some(value) = overrides.get(key.name) {
            return found(value.clone(), ConfigSource::DynamicTopic);
        }
        let own = ConfigResource::broker(self.server.node_id());
        let dynamic =
            [(own, ConfigSource::DynamicBroker), (ConfigResource::cluster(), ConfigSource::DynamicDefaultBroker)];
        let synonyms = topic_synonyms(key.name);
        for (resource, source) in &dynamic {
            let configs = self.image.configs(resource);
            if let Some((value, synonym)) = synonyms.iter().find_map(|s| Some((configs.get(s.name)?, s))) {
                return found(synonym.converter.apply(value), *source);
            }
        }
        if let Some((value, synonym)) = synonyms.iter().find_map(|s| Some((self.server.own(s.name)?, s))) {
            return found(synonym.converter.apply(value), ConfigSource::StaticBroker);
        }
        EffectiveConfig { key, value: key.default_text().map(str::to_string), source: ConfigSource::Default }
    }
}

#[cfg(test)]
mod tests {
    use protocol::metadata::{ConfigRecord, MetadataRecord};

    use super::*;
    use crate::metadata::MetadataDelta;

    fn image(configs: &[(ConfigResource, &str, &str)]) -> MetadataImage {
        let mut image = MetadataImage::default();
        let mut delta = MetadataDelta::new(image.clone());
        for (offset, (resource, name, value)) in configs.iter().enumerate() {
            let record = ConfigRecord {
                resource_type: resource.kind.id(),
                resource_name: resource.name.clone(),
                name: name.to_string(),
                value: Some(value.to_string()),
                ..Default::default()
            };
            image.replay(&MetadataRecord::Config(record), offset as i64, &mut delta).expect("a config record");
        }
        image
    }

    #[test]
    fn the_nearest_setting_wins() {
        let properties = [("log.retention.hours".to_string(), "1".to_string())].into();
        let server = ServerConfig::new(1, properties);
        let mut configs = Vec::new();
        let look = |configs: &[(ConfigResource, &str, &str)]| {
            let image = image(configs);
            let config = ConfigView { image: &image, server: &server }.topic("orders", "retention.ms").unwrap();
            (config.value.unwrap(), config.source)
        };
        assert_eq!(look(&configs), ("3600000".to_string(), ConfigSource::StaticBroker));
        configs.push((ConfigResource::cluster(), "log.retention.minutes", "2"));
        assert_eq!(look(&configs), ("120000".to_string(), ConfigSource::DynamicDefaultBroker));
        configs.push((ConfigResource::broker(1), "log.retention.ms", "7"));
        assert_eq!(look(&configs), ("7".to_string(), ConfigSource::DynamicBroker));
        configs.push((ConfigResource::topic("orders"), "retention.ms", "5"));
        assert_eq!(look(&configs), ("5".to_string(), ConfigSource::DynamicTopic));
    }

    #[test]
    fn defaults_and_names_that_are_none() {
        let server = ServerConfig::new(1, Default::default());
        let image = MetadataImage::default();
        let view = ConfigView { image: &image, server: &server };
        assert_eq!(view.topic_number("orders", "segment.bytes"), 1_073_741_824);
        assert!(!view.topic_flag("orders", "unclean.leader.election.enable"));
        assert_eq!(view.topic("orders", "nope"), None);
        assert!(view.all_of_topic(&Map::new()).iter().all(|config| !config.key.internal));
    }
}
