//! DescribeConfigs: what is set, where, and what it means in effect (Kafka: `ConfigHelper`).

use base::Set;

use protocol::java::java_string_hash;
use protocol::messages::describe_configs_request::DescribeConfigsResource;
use protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use protocol::messages::list_config_resources_response::ConfigResource as ListedResource;
use protocol::messages::{
    DescribeConfigsRequest, DescribeConfigsResponse, ListConfigResourcesRequest, ListConfigResourcesResponse,
};
use protocol::scala::concurrent_order;
use protocol::{ErrorCode, topic};

use crate::broker::connections::ReplyTo;
use crate::broker::{Broker, Fx};
use crate::config::{
    ConfigKey, ConfigSource, ConfigType, ServerConfig, UpdateMode, broker_synonyms, distinct, group_default,
    group_synonym, listener_key, quota_key, resource_keys, server_key, server_keys, topic_keys, topic_synonyms,
};
use crate::loggers::Loggers;
use crate::metadata::{ConfigResource, MetadataImage, ResourceType};

/// `DescribeConfigsResponse.ConfigType.UNKNOWN`
const UNKNOWN_TYPE: i8 = 0;

/// A refused resource: the error and Kafka's words.
type Refusal = (ErrorCode, Option<String>);

impl Broker {
    pub(super) fn handle_describe_configs(
        &mut self,
        reply: &ReplyTo,
        request: &DescribeConfigsRequest,
        fx: &mut Fx<'_>,
    ) {
        let (image, server) = (&self.metadata.image, &self.settings.server);
        let helper = ConfigHelper { image, server, loggers: &self.loggers };
        let response = helper.describe(request);
        self.connections.respond(reply, response, fx);
    }

    /// Which groups and subscriptions have configs, and which brokers and topics there are.
    pub(super) fn handle_list_configs(
        &mut self,
        reply: &ReplyTo,
        request: &ListConfigResourcesRequest,
        fx: &mut Fx<'_>,
    ) {
        use ResourceType::*;
        let image = &self.metadata.image;
        let mut config_resources = Vec::new();
        for kind in [Group, ClientMetrics, BrokerLogger, Broker, Topic] {
            if !request.resource_types.is_empty() && !request.resource_types.contains(&kind.id()) {
                continue;
            }
            let names: Vec<String> = match kind {
                Topic => image.topics().map(|topic| topic.name.to_string()).collect(),
                Broker | BrokerLogger => {
                    image.brokers().filter(|broker| !broker.fenced).map(|broker| broker.id.to_string()).collect()
                }
                Group | ClientMetrics => {
                    let set = image.config_resources().filter(|resource| resource.kind == kind);
                    concurrent_order(set.map(|resource| resource.name.clone()).collect(), |name| java_string_hash(name))
                }
            };
            config_resources.extend(names.into_iter().map(|resource_name| ListedResource {
                resource_name,
                resource_type: kind.id(),
                ..Default::default()
            }));
        }
        let response = ListConfigResourcesResponse { config_resources, ..Default::default() };
        self.connections.respond(reply, response, fx);
    }
}

/// What a server knows of configs: the cluster's dynamic ones and its own property file.
pub(crate) struct ConfigHelper<'a> {
    pub image: &'a MetadataImage,
    pub server: &'a ServerConfig,
    pub loggers: &'a Loggers,
}

impl ConfigHelper<'_> {
    pub fn describe(&self, request: &DescribeConfigsRequest) -> DescribeConfigsResponse {
        let mut results = Vec::new();
        for resource in &request.resources {
            let (error, error_message, configs) = match self.describe_resource(resource, request.include_synonyms) {
                Ok(configs) => (ErrorCode::None, None, configs),
                Err((error, message)) => (error, message, Vec::new()),
            };
            results.push(DescribeConfigsResult {
                error_code: error.code(),
                error_message,
                resource_type: resource.resource_type,
                resource_name: resource.resource_name.clone(),
                configs,
                ..Default::default()
            });
        }
        DescribeConfigsResponse { results, ..Default::default() }
    }

    fn describe_resource(
        &self,
        resource: &DescribeConfigsResource,
        synonyms: bool,
    ) -> Result<Vec<DescribeConfigsResourceResult>, Refusal> {
        let wanted = |name: &str| match &resource.configuration_keys {
            None => true,
            Some(keys) => keys.is_empty() || keys.iter().any(|key| key == name),
        };
        let invalid = |text: String| (ErrorCode::InvalidRequest, Some(text));
        let name = &resource.resource_name;
        match ResourceType::from_id(resource.resource_type) {
            Some(ResourceType::Topic) => {
                topic::validate(name).map_err(|text| (ErrorCode::InvalidTopicException, Some(text)))?;
                if self.image.topic_by_name(name).is_none() {
                    return Err((ErrorCode::UnknownTopicOrPartition, None));
                }
                let overrides = self.image.configs(&ConfigResource::topic(name));
                let shown = |key: &&ConfigKey| (!key.internal || overrides.contains_key(key.name)) && wanted(key.name);
                Ok(topic_keys().iter().filter(shown).map(|key| self.topic_config(name, key, synonyms)).collect())
            }
            Some(ResourceType::Broker) if name.is_empty() => {
                let defaults = self.image.configs(&ConfigResource::cluster());
                let names = || defaults.keys().filter(|name| wanted(name));
                let keys = names().filter_map(|name| server_key(name));
                let known = keys.map(|key| self.broker_config(key, synonyms, false));
                let others = names().filter(|name| server_key(name).is_none());
                Ok(known.chain(others.map(|name| self.unlisted_config(name, synonyms, false))).collect())
            }
            Some(ResourceType::Broker) => {
                let id: i32 =
                    name.parse().map_err(|_| invalid(format!("Broker id must be an integer, but it is: {name}")))?;
                if id != self.server.node_id() {
                    let own = self.server.node_id();
                    return Err(invalid(format!(
                        "Unexpected broker id, expected {own} or empty string, but received {name}"
                    )));
                }
                let shown = |key: &&ConfigKey| !key.internal && wanted(key.name);
                let known = server_keys().filter(shown).map(|key| self.broker_config(key, synonyms, true));
                let others = self.unlisted_names().into_iter().filter(|name| wanted(name));
                Ok(known.chain(others.map(|name| self.unlisted_config(name, synonyms, true))).collect())
            }
            Some(ResourceType::BrokerLogger) => {
                let own = self.server.node_id();
                match name.parse::<i32>() {
                    _ if name.is_empty() => Err(invalid("Broker id must not be empty".to_string())),
                    Err(_) => Err(invalid(format!("Broker id must be an integer, but it is: {name}"))),
                    Ok(id) if id != own => {
                        Err(invalid(format!("Unexpected broker id, expected {own} but received {name}")))
                    }
                    Ok(_) => Ok(self.loggers.all().filter(|(name, _)| wanted(name)).map(logger).collect()),
                }
            }
            Some(kind) => {
                if name.is_empty() {
                    let what = if kind == ResourceType::Group { "Group" } else { "Client metrics subscription" };
                    return Err(invalid(format!("{what} name must not be empty")));
                }
                let shown = resource_keys(kind).iter().filter(|key| wanted(key.name));
                Ok(shown.map(|key| self.resource_config(kind, name, key, synonyms)).collect())
            }
            None => Err(invalid(format!("Unsupported resource type: {}", resource.resource_type))),
        }
    }

    /// Names that were set and stand in no table: throttles, which are dynamic only, and what nobody knows.
    fn unlisted_names(&self) -> Set<&str> {
        let image = self.image;
        let dynamic = [ConfigResource::broker(self.server.node_id()), ConfigResource::cluster()];
        let set = dynamic.iter().flat_map(|resource| image.configs(resource).keys());
        let own = self.server.properties().keys();
        set.chain(own).map(String::as_str).filter(|name| server_key(name).is_none()).collect()
    }

    /// What nobody knows may be a secret.
    fn unlisted_config(&self, name: &str, with_synonyms: bool, per_broker: bool) -> DescribeConfigsResourceResult {
        let is_throttle = quota_key(name).is_some();
        let of_listener = listener_key(name);
        let is_open = is_throttle || of_listener.is_some_and(|key| !key.is_sensitive());
        let mut found = self.layers(&[name]);
        found.retain(|(_, _, source)| per_broker || *source == ConfigSource::DynamicDefaultBroker);
        let shown = |value: &Option<String>| value.clone().filter(|_| is_open);
        let synonym = |(name, value, source): &(&str, Option<String>, ConfigSource)| DescribeConfigsSynonym {
            name: name.to_string(),
            value: shown(value),
            source: source.id(),
            ..Default::default()
        };
        DescribeConfigsResourceResult {
            name: name.to_string(),
            value: found.first().and_then(|(_, value, _)| shown(value)),
            read_only: true,
            config_source: found.first().map_or(ConfigSource::Default, |(_, _, source)| *source).id(),
            is_sensitive: !is_open,
            synonyms: if with_synonyms { found.iter().map(synonym).collect() } else { Vec::new() },
            config_type: match of_listener {
                Some(key) => key.kind.id(),
                None if is_throttle => ConfigType::Long.id(),
                None => UNKNOWN_TYPE,
            },
            ..Default::default()
        }
    }

    fn topic_config(&self, name: &str, key: &ConfigKey, with_synonyms: bool) -> DescribeConfigsResourceResult {
        let mut found = Vec::new();
        if let Some(value) = self.image.config(&ConfigResource::topic(name), key.name) {
            found.push((key.name, Some(value.to_string()), ConfigSource::DynamicTopic));
        }
        if let Some(synonym) = topic_synonyms(key.name).first() {
            found.extend(self.synonyms(synonym.name));
        }
        // The value in effect, hours turned into milliseconds.
        let view = crate::config::ConfigView { image: self.image, server: self.server };
        let value = view.topic(name, key.name).and_then(|config| config.value);
        let source = found.first().map_or(ConfigSource::Default, |(_, _, source)| *source);
        entry(key, value, source, false, found, with_synonyms)
    }

    /// A config of a group or of a client metrics subscription.
    fn resource_config(
        &self,
        kind: ResourceType,
        name: &str,
        key: &ConfigKey,
        with_synonyms: bool,
    ) -> DescribeConfigsResourceResult {
        let own = self.image.config(&ConfigResource { kind, name: name.to_string() }, key.name);
        let (mut found, mut value) = (Vec::new(), key.default_text());
        let mut source = ConfigSource::ClientMetrics;
        if kind == ResourceType::Group {
            source = ConfigSource::Group;
            value = group_default(self.server, key);
            found = match group_synonym(key.name) {
                Some(synonym) => self.synonyms(synonym),
                None => vec![(key.name, value.map(str::to_string), ConfigSource::Default)],
            };
        }
        // The server's value of now, also where it was changed while the server runs.
        let set = found.first().and_then(|(_, value, _)| value.clone());
        let value = own.map(str::to_string).or(set).or(value.map(str::to_string));
        if let Some(text) = own {
            found.insert(0, (key.name, Some(text.to_string()), source));
        }
        let source = found.first().map_or(ConfigSource::Default, |(_, _, source)| *source);
        entry(key, value, source, false, found, with_synonyms)
    }

    fn broker_config(&self, key: &ConfigKey, with_synonyms: bool, per_broker: bool) -> DescribeConfigsResourceResult {
        let mut found = self.synonyms(key.name);
        if !per_broker {
            found.retain(|(_, _, source)| *source == ConfigSource::DynamicDefaultBroker);
        }
        // A dynamic setting of another name for the same thing puts the file's own out of force.
        let is_dynamic = |source: &ConfigSource| *source < ConfigSource::StaticBroker;
        let is_overridden = self.layers(&broker_synonyms(key.name)).iter().any(|(_, _, source)| is_dynamic(source));
        let value = match found.first() {
            Some((_, value, source)) if is_dynamic(source) || !is_overridden => value.clone(),
            _ => key.default_text().map(str::to_string),
        };
        let source = found.first().map_or(ConfigSource::Default, |(_, _, source)| *source);
        entry(key, value, source, key.mode == UpdateMode::ReadOnly, found, with_synonyms)
    }

    /// Where a server setting can come from, the strongest source first. Settings of other names that come before the
    /// first of this one belong to another entry; none of this one, and there is nothing to show.
    fn synonyms(&self, name: &'static str) -> Vec<(&'static str, Option<String>, ConfigSource)> {
        let mut found = self.layers(&broker_synonyms(name));
        let start = found.iter().position(|(of, _, _)| *of == name).unwrap_or(found.len());
        found.drain(..start);
        found
    }

    /// Values of some server settings, the strongest source first.
    fn layers<'n>(&self, names: &[&'n str]) -> Vec<(&'n str, Option<String>, ConfigSource)> {
        let image = self.image;
        let dynamic = [
            (ConfigResource::broker(self.server.node_id()), ConfigSource::DynamicBroker),
            (ConfigResource::cluster(), ConfigSource::DynamicDefaultBroker),
        ];
        let mut found = Vec::new();
        for (resource, source) in &dynamic {
            let set =
                |name: &&'n str| image.config(resource, name).map(|value| (*name, Some(value.to_string()), *source));
            found.extend(names.iter().filter_map(set));
        }
        let own = |name: &&'n str| {
            // A server has both names for its number, whichever its file uses.
            let file = if *name == "broker.id" {
                self.server.own(name).or(self.server.own("node.id"))
            } else {
                self.server.own(name)
            };
            file.map(|value| (*name, Some(value.to_string()), ConfigSource::StaticBroker))
        };
        found.extend(names.iter().filter_map(own));
        let default = |name: &&'n str| {
            let text = server_key(name)?.default_text()?;
            Some((*name, Some(text.to_string()), ConfigSource::Default))
        };
        found.extend(names.iter().filter_map(default));
        found
    }
}

fn logger((name, level): (&str, &str)) -> DescribeConfigsResourceResult {
    DescribeConfigsResourceResult {
        name: name.to_string(),
        value: Some(level.to_string()),
        config_source: ConfigSource::BrokerLogger.id(),
        ..Default::default()
    }
}

fn entry(
    key: &ConfigKey,
    value: Option<String>,
    source: ConfigSource,
    read_only: bool,
    found: Vec<(&str, Option<String>, ConfigSource)>,
    with_synonyms: bool,
) -> DescribeConfigsResourceResult {
    // Passwords are never shown.
    let is_sensitive = key.kind == ConfigType::Password;
    let shown = |value: Option<String>| value.filter(|_| !is_sensitive).map(|text| distinct(key, &text));
    let synonym = |(name, value, source): (&str, Option<String>, ConfigSource)| DescribeConfigsSynonym {
        name: name.to_string(),
        value: shown(value),
        source: source.id(),
        ..Default::default()
    };
    DescribeConfigsResourceResult {
        name: key.name.to_string(),
        value: shown(value),
        read_only,
        config_source: source.id(),
        is_sensitive,
        synonyms: if with_synonyms { found.into_iter().map(synonym).collect() } else { Vec::new() },
        config_type: key.kind.id(),
        ..Default::default()
    }
}
