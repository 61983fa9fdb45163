//! Cases that are lines of Kafka's tables, and hashes.

use serde_json::Value;

use super::{equal, hex, number, short, text};
use crate::api::{ApiKey, Listener, offered as offered_apis};
use crate::error_code::ErrorCode;
use crate::murmur2;

pub(super) fn error(case: &Value) -> Result<(), String> {
    let error = ErrorCode::from_code(short(case, "code")?);
    equal("code", error.code(), short(case, "code")?)?;
    equal("name", error.name(), text(case, "name")?)?;
    equal("exception", error.exception_simple_name(), case["exception"].as_str().unwrap_or_default())?;
    equal("message", error.message(), text(case, "message")?)?;
    equal("retriable", Some(error.retriable()), case["retriable"].as_bool())?;
    equal("refreshes metadata", Some(error.invalid_metadata()), case["refreshes_metadata"].as_bool())
}

pub(super) fn api(case: &Value) -> Result<(), String> {
    let api = ApiKey::from_code(short(case, "key")?).ok_or("unknown key")?;
    equal("name", api.name(), text(case, "api")?)?;
    // Kafka gives the versions of a removed API as 0 to -1.
    equal("oldest version", api.min_version(), short(case, "min")?)?;
    equal("newest version", api.max_version(), short(case, "max")?)?;
    let stable = case["max_stable"].as_i64().unwrap_or(number(case, "max")?);
    equal("newest stable version", i64::from(api.max_stable_version()), stable)?;
    equal("cluster action", Some(api.is_cluster_action()), case["cluster_action"].as_bool())?;
    equal("forwardable", Some(api.is_forwardable()), case["forwardable"].as_bool())?;
    let listens = |name: &str| case["listeners"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
    equal("on a broker", api.is_answered_by(Listener::Broker), listens("BROKER"))?;
    equal("on a controller", api.is_answered_by(Listener::Controller), listens("CONTROLLER"))
}

/// What both kinds of server offer in an ApiVersions response.
pub(super) fn offered(file: &Value) -> Result<(), String> {
    for (listener, name) in [(Listener::Broker, "offered_by_broker"), (Listener::Controller, "offered_by_controller")] {
        let ours: Vec<[i16; 3]> = offered_apis(listener, true)
            .into_iter()
            .map(|(api, versions)| [api.code(), versions.min, versions.max])
            .collect();
        equal(name, serde_json::json!(ours), file[name].clone())?;
    }
    Ok(())
}

pub(super) fn murmur2(case: &Value) -> Result<(), String> {
    let key = hex(case, "hex")?;
    let hash = murmur2::murmur2(&key);
    equal("hash", i64::from(hash), number(case, "murmur2")?)?;
    equal("positive", i64::from(murmur2::to_positive(hash)), number(case, "positive")?)?;
    for (partitions, partition) in case["partition"].as_object().ok_or("no partitions")? {
        let count: i32 = partitions.parse().map_err(|_| "a number of partitions")?;
        equal("partition", Some(i64::from(murmur2::partition_for_key(&key, count))), partition.as_i64())?;
    }
    Ok(())
}
