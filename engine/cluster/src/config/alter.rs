//! One change of one config: SET, DELETE, APPEND or SUBTRACT.

use base::Map;

use protocol::ErrorCode;
use protocol::messages::incremental_alter_configs_request::AlterableConfig;

use super::key::{ConfigKey, ConfigType, server_key, topic_key};
use crate::metadata::ResourceType;

/// Applies a change to the dynamic configs of a resource; the error is a code with Kafka's words.
pub fn alter_one(
    configs: &mut Map<String, String>,
    kind: ResourceType,
    asked: &AlterableConfig,
) -> Result<(), (ErrorCode, String)> {
    let name = asked.name.clone();
    if asked.config_operation == 1 {
        configs.remove(&name);
        return Ok(());
    }
    let Some(value) = asked.value.clone() else {
        return Err((ErrorCode::InvalidRequest, format!("Null value not supported for : {name}")));
    };
    if asked.config_operation == 0 {
        configs.insert(name, value);
        return Ok(());
    }
    let key: Option<&ConfigKey> = if kind == ResourceType::Topic { topic_key(&name) } else { server_key(&name) };
    let Some(key) = key.filter(|key| key.kind == ConfigType::List) else {
        let words = format!("Can't use this operation on config {name} because its type is not LIST.");
        return Err((ErrorCode::InvalidConfig, words));
    };
    let now = configs.get(&name).cloned().or_else(|| key.default_text().map(str::to_string)).unwrap_or_default();
    let split = |text: &str| text.split(',').filter(|part| !part.is_empty()).map(str::to_string).collect::<Vec<_>>();
    let (mut parts, given) = (split(&now), split(&value));
    match asked.config_operation {
        2 => parts.extend(given.into_iter().filter(|part| !split(&now).contains(part))),
        3 => parts.retain(|part| !given.contains(part)),
        other => return Err((ErrorCode::InvalidRequest, format!("Unknown config operation {other}"))),
    }
    configs.insert(name, parts.join(","));
    Ok(())
}
