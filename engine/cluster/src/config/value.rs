//! A config's text as a value, or Kafka's words for why it is none (`ConfigDef.parseType` and the validators).

use std::cmp::Ordering;
use std::fmt;

use super::decimal::Decimal;
use super::key::{ConfigKey, ConfigType, Valid};

/// A parsed value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    Null,
    Boolean(bool),
    /// SHORT, INT or LONG.
    Number(i64),
    Decimal(Decimal),
    /// STRING, CLASS or PASSWORD.
    Text(String),
    List(Vec<String>),
}

/// As Kafka prints a parsed value in a message.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => write!(f, "null"),
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Number(value) => write!(f, "{value}"),
            Value::Decimal(value) => write!(f, "{value}"),
            Value::Text(value) => write!(f, "{value}"),
            Value::List(values) => write!(f, "[{}]", values.join(", ")),
        }
    }
}

/// Parses and validates; the error is the whole message of the `ConfigException`.
pub fn validate(key: &ConfigKey, text: Option<&str>) -> Result<Value, String> {
    let value = parse(key, text)?;
    check(key, &value)?;
    Ok(value)
}

/// The same for a value that somebody gave: Kafka takes a list without its repetitions, and says so in its log.
pub fn validate_given(key: &ConfigKey, text: &str) -> Result<Value, String> {
    let mut value = parse(key, Some(text))?;
    if let Value::List(entries) = &mut value {
        let all = std::mem::take(entries);
        for entry in all {
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
    }
    check(key, &value)?;
    Ok(value)
}

/// A list without its repetitions; other values as they are.
pub fn distinct(key: &ConfigKey, text: &str) -> String {
    if key.kind != ConfigType::List {
        return text.to_string();
    }
    let mut entries: Vec<&str> = Vec::new();
    for entry in text.split(',') {
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries.join(",")
}

/// Only parses.
pub fn parse(key: &ConfigKey, text: Option<&str>) -> Result<Value, String> {
    let Some(text) = text else { return Ok(Value::Null) };
    let trimmed = text.trim();
    let not_a_number = || invalid(key, text, &format!("Not a number of type {}", key.kind.name()));
    let number = |min: i64, max: i64| {
        // Java takes a leading plus, and no underscore or blank.
        let parsed = trimmed.parse::<i64>().ok().filter(|n| (min..=max).contains(n));
        parsed.map(Value::Number).ok_or_else(not_a_number)
    };
    match key.kind {
        ConfigType::Boolean => match trimmed.to_ascii_lowercase().as_str() {
            "true" => Ok(Value::Boolean(true)),
            "false" => Ok(Value::Boolean(false)),
            _ => Err(invalid(key, text, "Expected value to be either true or false")),
        },
        ConfigType::Short => number(i16::MIN.into(), i16::MAX.into()),
        ConfigType::Int => number(i32::MIN.into(), i32::MAX.into()),
        ConfigType::Long => number(i64::MIN, i64::MAX),
        ConfigType::Double => Decimal::parse(trimmed).map(Value::Decimal).ok_or_else(not_a_number),
        ConfigType::String | ConfigType::Password => Ok(Value::Text(trimmed.to_string())),
        ConfigType::Class if is_known_class(key, trimmed) => Ok(Value::Text(trimmed.to_string())),
        ConfigType::Class => Err(invalid(key, text, &format!("Class {trimmed} could not be found."))),
        ConfigType::List if trimmed.is_empty() => Ok(Value::List(Vec::new())),
        ConfigType::List => Ok(Value::List(trimmed.split(',').map(|part| part.trim().to_string()).collect())),
    }
}

/// The allowed values as Kafka's documentation prints them (`Validator.toString`); `None` when any is.
pub fn valid_text(key: &ConfigKey) -> Option<String> {
    let listed = |of: &[&str]| format!("[{}]", of.join(", "));
    Some(match key.valid {
        Valid::Any => return None,
        Valid::AtLeast(min) => format!("[{min},...]"),
        Valid::Between(min, max) => format!("[{min},...,{max}]"),
        Valid::BetweenOr(min, max, or) => format!("[{min},...,{max}] or {or}"),
        Valid::DecimalBetween(min, max) => format!("[{min},...,{max}]"),
        Valid::OneOf(of) => listed(of),
        Valid::OneOfIgnoringCase(of) => format!("(case insensitive) {}", listed(of)),
        Valid::NonEmptyString => "non-empty string".to_string(),
        Valid::NonNull => "non-null string".to_string(),
        Valid::OffsetReset => "[earliest, latest, by_duration:PnDTnHnMn.nS]".to_string(),
        Valid::ListOf { of: [], .. } => String::new(),
        Valid::ListOf { of, .. } => listed(of),
        Valid::Throttled => "[partitionId]:[brokerId],[partitionId]:[brokerId],...".to_string(),
        Valid::Voters | Valid::BootstrapServers => "non-empty list".to_string(),
    })
}

/// Plugins cannot be loaded into this Kafka, so only its own classes exist.
fn is_known_class(key: &ConfigKey, class: &str) -> bool {
    key.default_text() == Some(class) || class.starts_with("org.apache.kafka.")
}

fn invalid(key: &ConfigKey, value: impl fmt::Display, why: &str) -> String {
    format!("Invalid value {value} for configuration {}: {why}", key.name)
}

fn check(key: &ConfigKey, value: &Value) -> Result<(), String> {
    let error = |why: &str| Err(invalid(key, value, why));
    match (key.valid, value) {
        (Valid::Any, _) => Ok(()),
        (Valid::AtLeast(_) | Valid::Between(..) | Valid::BetweenOr(..) | Valid::DecimalBetween(..), Value::Null) => {
            error("Value must be non-null")
        }
        (Valid::AtLeast(min), Value::Number(n)) if *n < min => error(&format!("Value must be at least {min}")),
        (Valid::Between(min, _), Value::Number(n)) if *n < min => error(&format!("Value must be at least {min}")),
        (Valid::Between(_, max), Value::Number(n)) if *n > max => error(&format!("Value must be no more than {max}")),
        (Valid::BetweenOr(min, max, or), Value::Number(n)) if !(min..=max).contains(n) && *n != or => {
            error(&format!("Value must be between {min} and {max} or equal to {or}"))
        }
        (Valid::DecimalBetween(min, max), Value::Decimal(d)) => check_decimal(*d, min, max).or_else(|why| error(&why)),
        (Valid::OneOf(of), Value::Text(text)) if of.contains(&text.as_str()) => Ok(()),
        (Valid::OneOf(of), _) => error(&format!("String must be one of: {}", of.join(", "))),
        (Valid::OneOfIgnoringCase(of), Value::Text(text)) if of.iter().any(|o| o.eq_ignore_ascii_case(text)) => Ok(()),
        (Valid::OneOfIgnoringCase(of), _) => {
            error(&format!("String must be one of (case insensitive): {}", of.join(", ")))
        }
        (Valid::OffsetReset, Value::Text(text)) if !is_offset_reset(text) => error(&format!(
            "Invalid value `{text}` for configuration {}. The value must be either 'earliest', 'latest' or of the format \
             'by_duration:<PnDTnHnMn.nS>'.",
            key.name
        )),
        (Valid::NonEmptyString, Value::Text(text)) if text.is_empty() => error("String must be non-empty"),
        (Valid::NonNull, Value::Null) => error("entry must be non null"),
        (Valid::ListOf { of, empty, null }, _) => check_list(key, value, of, empty, null),
        (Valid::Throttled, _) => check_throttled(key, value),
        (Valid::Voters | Valid::BootstrapServers, Value::Null) => {
            Err(format!("Invalid value null for configuration {}", key.name))
        }
        (Valid::Voters, Value::List(entries)) => check_voters(key, entries),
        (Valid::BootstrapServers, Value::List(entries)) => check_bootstrap_servers(key, entries),
        _ => Ok(()),
    }
}

fn is_offset_reset(text: &str) -> bool {
    let is_duration = |duration: &str| duration.starts_with('P') && duration.ends_with(['D', 'H', 'M', 'S']);
    matches!(text, "earliest" | "latest") || text.strip_prefix("by_duration:").is_some_and(is_duration)
}

fn check_decimal(value: Decimal, min: &str, max: &str) -> Result<(), String> {
    let bound = |text| Decimal::parse(text).expect("a bound of the table");
    if value.compare(bound(min)) == Ordering::Less {
        return Err(format!("Value must be at least {min}"));
    }
    if value.compare(bound(max)) == Ordering::Greater {
        return Err(format!("Value must be no more than {max}"));
    }
    Ok(())
}

/// `ConfigDef.ValidList`.
fn check_list(key: &ConfigKey, value: &Value, of: &[&str], empty: bool, null: bool) -> Result<(), String> {
    let name = key.name;
    let Value::List(entries) = value else {
        return if null { Ok(()) } else { Err(format!("Configuration '{name}' values must not be null.")) };
    };
    if entries.is_empty() && !empty {
        let values = if of.is_empty() { "any non-empty value".to_string() } else { format!("[{}]", of.join(", ")) };
        return Err(format!("Configuration '{name}' must not be empty. Valid values include: {values}"));
    }
    if (1..entries.len()).any(|i| entries[..i].contains(&entries[i])) {
        return Err(format!("Configuration '{name}' values must not be duplicated."));
    }
    for entry in entries {
        if entry.is_empty() {
            return Err(format!("Configuration '{name}' values must not be empty."));
        }
        if !of.is_empty() && !of.contains(&entry.as_str()) {
            return Err(invalid(key, entry, &format!("String must be one of: {}", of.join(", "))));
        }
    }
    Ok(())
}

fn check_throttled(key: &ConfigKey, value: &Value) -> Result<(), String> {
    let Value::List(entries) = value else {
        // A null meets `value.getClass()` in Kafka's validator.
        return Err("Cannot invoke \"Object.getClass()\" because \"value\" is null".to_string());
    };
    let is_pair = |entry: &String| {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        entry.split_once(':').is_some_and(|(partition, broker)| number(partition) && number(broker))
    };
    if entries.iter().all(is_pair) || entries.as_slice() == ["*"] {
        return Ok(());
    }
    let format = "[partitionId]:[brokerId],[partitionId]:[brokerId],...";
    let name = key.name;
    Err(invalid(
        key,
        value,
        &format!("{name} must be the literal '*' or a list of replicas in the following format: {format}"),
    ))
}

/// `QuorumConfig.parseVoterConnections`.
fn check_voters(key: &ConfigKey, entries: &[String]) -> Result<(), String> {
    let name = key.name;
    let form = "Each entry should be in the form `{id}@{host}:{port}`.";
    for entry in entries {
        let Some((id, address)) = entry.split_once('@').filter(|(_, address)| !address.is_empty()) else {
            return Err(format!("Invalid configuration value for {name}. {form}"));
        };
        if id.parse::<i32>().is_err() {
            return Err(format!("Failed to parse voter ID as an integer from {id}"));
        }
        let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        if !address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && is_port(port)) {
            return Err(format!("Failed to parse host name from entry {entry} for the configuration {name}. {form}"));
        }
    }
    Ok(())
}

fn check_bootstrap_servers(key: &ConfigKey, entries: &[String]) -> Result<(), String> {
    for entry in entries {
        if !entry.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) {
            let name = key.name;
            return Err(format!(
                "Failed to parse host name from {entry} for the configuration {name}. Each entry should be in the form \
                 \"{{host}}:{{port}}\""
            ));
        }
    }
    Ok(())
}
