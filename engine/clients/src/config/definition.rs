//! Checking property text against a table of keys, with the words of `ConfigDef`.

use base::Map;

use crate::error::{self, KafkaError};

/// The type that a value's text must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    Class,
    Double,
    Int,
    List,
    Long,
    Password,
    Short,
    String,
}

/// What a value must satisfy beyond its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Any,
    AtLeast(i64),
    Between(i64, i64),
    /// Within the bounds, or the one value outside them that has a meaning of its own.
    BetweenOr(i64, i64, i64),
    OneOf(&'static [&'static str]),
    OneOfIgnoringCase(&'static [&'static str]),
    NonEmpty,
    DistinctList,
    NonEmptyList,
    /// `latest`, `earliest`, `none` or `by_duration:` and an ISO-8601 duration.
    OffsetReset,
    /// `batch_optimized` or `record_limit`, in any case.
    AcquireMode,
}

/// One configuration key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
    /// `None`: the key has no value unless it is set.
    pub default: Option<&'static str>,
    pub rule: Rule,
}

pub const fn key(name: &'static str, kind: Kind, default: Option<&'static str>, rule: Rule) -> Key {
    Key { name, kind, default, rule }
}

/// The values of a client's keys: what was set, and defaults for the rest. Checked, so reading cannot fail.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Values {
    values: Map<&'static str, String>,
    /// Keys that were set explicitly.
    set: Vec<&'static str>,
}

impl Values {
    /// Reads `properties` by the tables. The first refused key, in order of names, ends it. Unknown keys are kept out
    /// silently: Kafka only mentions them at INFO.
    pub fn parse(tables: &[&[Key]], properties: &Map<String, String>) -> Result<Values, KafkaError> {
        let mut keys: Vec<&Key> = tables.iter().flat_map(|table| table.iter()).collect();
        base::ordered::sort_by_key(&mut keys, |key| key.name);
        let mut values = Map::new();
        let mut set = Vec::new();
        for key in keys {
            match properties.get(key.name) {
                Some(text) => {
                    let text = text.trim();
                    check(key, text)?;
                    values.insert(key.name, text.to_string());
                    set.push(key.name);
                }
                None => {
                    if let Some(default) = key.default {
                        values.insert(key.name, default.to_string());
                    }
                }
            }
        }
        Ok(Values { values, set })
    }

    pub fn is_set(&self, name: &str) -> bool {
        self.set.contains(&name)
    }

    /// Replaces a value after the check, as Kafka's `postProcessParsedConfig` does.
    pub fn override_with(&mut self, name: &'static str, value: &str) {
        self.values.insert(name, value.to_string());
    }

    pub fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    pub fn optional(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// A number; 0 for a key that is no number, which only a wrong table could ask for.
    pub fn number(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// A number of milliseconds, bytes or the like that the rules keep at 0 or above.
    pub fn count(&self, name: &str) -> u64 {
        u64::try_from(self.number(name)).unwrap_or(0)
    }

    pub fn flag(&self, name: &str) -> bool {
        self.text(name).eq_ignore_ascii_case("true")
    }

    pub fn list(&self, name: &str) -> Vec<String> {
        split_list(self.text(name)).into_iter().map(str::to_string).collect()
    }
}

/// `ConfigDef.parseType` for lists: comma separated, blanks around items do not count.
fn split_list(text: &str) -> Vec<&str> {
    if text.trim().is_empty() { Vec::new() } else { text.split(',').map(str::trim).collect() }
}

fn check(key: &Key, text: &str) -> Result<(), KafkaError> {
    let invalid = |why: &str| Err(invalid_value(key.name, text, why));
    match key.kind {
        Kind::Int if text.parse::<i32>().is_err() => return invalid("Not a number of type INT"),
        Kind::Long if text.parse::<i64>().is_err() => return invalid("Not a number of type LONG"),
        Kind::Short if text.parse::<i16>().is_err() => return invalid("Not a number of type SHORT"),
        Kind::Double if !is_decimal(text) => return invalid("Not a number of type DOUBLE"),
        Kind::Boolean if !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false") => {
            return invalid("Expected value to be either true or false");
        }
        // The engine has Kafka's own classes only.
        Kind::Class if !text.starts_with("org.apache.kafka.") => {
            return invalid(&format!("Class {text} could not be found."));
        }
        _ => {}
    }
    check_rule(key, text)
}

fn check_rule(key: &Key, text: &str) -> Result<(), KafkaError> {
    let invalid = |why: &str| Err(invalid_value(key.name, text, why));
    let number = text.parse::<i64>().unwrap_or(0);
    match key.rule {
        Rule::AtLeast(low) | Rule::Between(low, _) if number < low => invalid(&format!("Value must be at least {low}")),
        Rule::Between(_, high) if number > high => invalid(&format!("Value must be no more than {high}")),
        Rule::BetweenOr(low, high, other) if number != other && !(low..=high).contains(&number) => {
            invalid(&format!("Value must be between {low} and {high} or equal to {other}"))
        }
        Rule::OneOf(words) if !words.contains(&text) => {
            invalid(&format!("String must be one of: {}", words.join(", ")))
        }
        Rule::OneOfIgnoringCase(words) if !words.iter().any(|word| word.eq_ignore_ascii_case(text)) => {
            invalid(&format!("String must be one of (case insensitive): {}", words.join(", ")))
        }
        Rule::NonEmpty if text.is_empty() => invalid("String must be non-empty"),
        Rule::DistinctList | Rule::NonEmptyList => check_list(key, text),
        Rule::OffsetReset if !is_offset_reset(text) => invalid(&format!(
            "Invalid value `{text}` for configuration {}. The value must be either 'earliest', 'latest', 'none' or of \
             the format 'by_duration:<PnDTnHnMn.nS.>'.",
            key.name
        )),
        Rule::AcquireMode if !["batch_optimized", "record_limit"].iter().any(|m| m.eq_ignore_ascii_case(text)) => {
            invalid(&format!(
                "Invalid value `{text}` for configuration {}. The value must either be 'batch_optimized' or \
                 'record_limit'.",
                key.name
            ))
        }
        _ => Ok(()),
    }
}

fn check_list(key: &Key, text: &str) -> Result<(), KafkaError> {
    let items = split_list(text);
    let name = key.name;
    if items.is_empty() && key.rule == Rule::NonEmptyList {
        let why = format!("Configuration '{name}' must not be empty. Valid values include: any non-empty value");
        return Err(KafkaError::new(error::CONFIG, why));
    }
    let repeated = items.iter().enumerate().any(|(at, item)| items[..at].contains(item));
    if repeated {
        return Err(KafkaError::new(error::CONFIG, format!("Configuration '{name}' values must not be duplicated.")));
    }
    Ok(())
}

/// `ConfigException(name, value, message)`.
pub fn invalid_value(name: &str, value: &str, why: &str) -> KafkaError {
    KafkaError::new(error::CONFIG, format!("Invalid value {value} for configuration {name}: {why}"))
}

fn is_offset_reset(text: &str) -> bool {
    matches!(text, "latest" | "earliest" | "none")
        || text.strip_prefix("by_duration:").is_some_and(|duration| duration.starts_with('P') && duration.len() > 2)
}

/// A plain decimal number; the engine reads no floats, it only has to know one when it sees one.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    !(whole.is_empty() && fraction.is_empty())
        && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
}
