//! Holds placement and configs to what Kafka's own classes answered, as recorded in vector files.

use base::Map;

use protocol::vectors::Report;
use serde_json::Value;

use crate::config::{
    self, ConfigKey, ServerConfig, check_server, server_key, topic_key, validate, validate_topic_values,
};
use crate::placement::{JavaRandom, StripedReplicaPlacer, UsableBroker};

/// The files that this crate answers for. Of configs it knows the scopes `topic` and `broker`.
pub const NAMES: [&str; 3] = ["placement-kraft", "configs-4.3", "config-sets-4.3"];

/// Checks one file; `None` when it is none of ours.
pub fn check(name: &str, text: &str) -> Option<Result<Report, String>> {
    let case: fn(&Value) -> Result<(), String> = match name {
        "placement-kraft" => placement,
        "configs-4.3" => config_key,
        "config-sets-4.3" => config_set,
        _ => return None,
    };
    Some(run(name, text, case))
}

fn run(name: &str, text: &str, case: fn(&Value) -> Result<(), String>) -> Result<Report, String> {
    let file: Value = serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))?;
    let mut report = Report::default();
    let ours = |value: &&Value| value["scope"].as_str().is_none_or(|scope| scope == "topic" || scope == "broker");
    for value in file["cases"].as_array().ok_or_else(|| format!("{name}: no cases"))?.iter().filter(ours) {
        report.count(value, case(value));
    }
    Ok(report)
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, kafkas: T) -> Result<(), String> {
    if ours == kafkas { Ok(()) } else { Err(format!("{what}: {ours:?} but Kafka has {kafkas:?}")) }
}

fn placement(case: &Value) -> Result<(), String> {
    let broker = |row: &Value| UsableBroker {
        id: row[0].as_i64().unwrap_or(0) as i32,
        rack: row[1].as_str().map(str::to_string),
        fenced: row[2].as_bool().unwrap_or(false),
    };
    let brokers: Vec<UsableBroker> = case["brokers"].as_array().into_iter().flatten().map(broker).collect();
    let mut placer = StripedReplicaPlacer::new(JavaRandom::new(case["random_seed"].as_i64().unwrap_or(0)));
    for topic in case["topics"].as_array().into_iter().flatten() {
        let number = |key: &str| topic[key].as_i64().unwrap_or(0) as i32;
        let placed = placer.place(&brokers, number("partitions"), number("replication"));
        match topic["error"].as_str().or(topic["message"].as_str()) {
            Some(words) => {
                let words = topic["message"].as_str().unwrap_or(words).to_string();
                equal("error", placed.map_err(|error| error.to_string()).err(), Some(words))?;
            }
            None => {
                let row = |row: &Value| {
                    row.as_array().into_iter().flatten().filter_map(Value::as_i64).map(|id| id as i32).collect()
                };
                let kafkas: Vec<Vec<i32>> = topic["replicas"].as_array().into_iter().flatten().map(row).collect();
                equal("replicas", placed.map_err(|error| error.to_string()), Ok(kafkas))?;
            }
        }
    }
    Ok(())
}

fn key_of(case: &Value) -> Result<&'static ConfigKey, String> {
    let name = case["name"].as_str().unwrap_or_default();
    let found = if case["scope"] == "topic" { topic_key(name) } else { server_key(name) };
    found.ok_or_else(|| format!("{name} is not known"))
}

fn config_key(case: &Value) -> Result<(), String> {
    let key = key_of(case)?;
    equal("type", key.kind.name(), case["type"].as_str().unwrap_or_default())?;
    equal("internal", key.internal, case["internal"].as_bool().unwrap_or(false))?;
    equal("default", default_of(key), case["default"].clone())?;
    equal("valid", config::valid_text(key), case["valid"].as_str().map(str::to_string))?;
    for bad in case["bad"].as_array().into_iter().flatten() {
        let ours = validate(key, bad[0].as_str()).map(|value| value.to_string());
        equal("message", ours, Err(bad[1].as_str().unwrap_or_default().to_string()))?;
    }
    Ok(())
}

/// A default as the file shows it.
fn default_of(key: &ConfigKey) -> Value {
    match (key.default, config::parse(key, key.default_text())) {
        (config::DefaultValue::Required, _) => Value::from("<required>"),
        (_, Ok(config::Value::Null)) => Value::Null,
        (_, Ok(config::Value::Boolean(flag))) => Value::from(flag),
        (_, Ok(config::Value::Number(number))) => Value::from(number),
        (_, Ok(config::Value::List(entries))) => Value::from(entries),
        (_, Ok(config::Value::Decimal(_))) => {
            // A number with a fraction is a number in the file; its text is the table's.
            serde_json::from_str(key.default_text().unwrap_or("null")).unwrap_or(Value::Null)
        }
        (_, Ok(config::Value::Text(text))) => Value::from(text),
        (_, Err(words)) => Value::from(words),
    }
}

fn config_set(case: &Value) -> Result<(), String> {
    let set = case["set"].as_object().ok_or("the case has no set")?;
    let configs: Map<String, String> =
        set.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_string()))).collect();
    let message = match case["scope"].as_str() {
        Some("topic") => validate_topic_values(&configs).err().map(|error| error.0),
        _ => {
            let refused = check_server(&ServerConfig::new(0, configs)).err();
            if let Some(refused) = &refused {
                equal("class", Some(refused.class), case["error"].as_str())?;
            }
            refused.map(|refused| refused.message)
        }
    };
    equal("message", message.as_deref(), case["message"].as_str())
}
