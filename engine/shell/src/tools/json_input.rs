//! JSON files that tools take (`org.apache.kafka.server.util.json`): typed fields, with Kafka's words for what is wrong.

use clients::KafkaError;

use crate::json::{self, Malformed, Value};

const MAPPING: &str = "com.fasterxml.jackson.databind.JsonMappingException";
const PARSE: &str = "com.fasterxml.jackson.core.JsonParseException";
pub const ADMIN_OPERATION: &str = "org.apache.kafka.tools.AdminOperationException";
pub const ADMIN_COMMAND_FAILED: &str = "org.apache.kafka.tools.AdminCommandFailedException";

/// `Json.parseFull`: `refused` makes the tool's exception of the parser's. A text of nothing but blanks is no mistake to the
/// parser, and then no object either.
pub fn parse(text: &str, refused: impl FnOnce(KafkaError) -> KafkaError) -> Result<Value, KafkaError> {
    if !text.is_empty() && text.trim().is_empty() {
        return Err(mapping("Expected JSON object, received ".to_string()));
    }
    try_parse(text).map_err(refused)
}

/// `Json.tryParseFull`.
pub fn try_parse(text: &str) -> Result<Value, KafkaError> {
    if text.is_empty() {
        return Err(KafkaError::new(PARSE, "The input string shouldn't be empty"));
    }
    json::parse(text).map_err(|Malformed { why, line, column }| {
        let place = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";
        KafkaError::new(PARSE, format!("{why}\n at [Source: {place}; line: {line}, column: {column}]"))
    })
}

fn mapping(why: String) -> KafkaError {
    KafkaError::new(MAPPING, why)
}

fn wrong(expected: &str, received: &Value) -> KafkaError {
    mapping(format!("Expected `{expected}` value, received {received}"))
}

/// `asJsonObject`, then a field that may be missing.
pub fn optional<'v>(value: &'v Value, name: &str) -> Result<Option<&'v Value>, KafkaError> {
    match value {
        Value::Object(_) => Ok(value.field(name)),
        other => Err(mapping(format!("Expected JSON object, received {other}"))),
    }
}

pub fn field<'v>(value: &'v Value, name: &str) -> Result<&'v Value, KafkaError> {
    optional(value, name)?.ok_or_else(|| mapping(format!("No such field exists: `{name}`")))
}

/// `asJsonArray`.
pub fn array(value: &Value) -> Result<&[Value], KafkaError> {
    value.as_list().ok_or_else(|| mapping(format!("Expected JSON array, received {value}")))
}

pub fn string(value: &Value) -> Result<String, KafkaError> {
    value.as_text().map(str::to_string).ok_or_else(|| wrong("String", value))
}

pub fn integer(value: &Value) -> Result<i32, KafkaError> {
    value.as_integer().and_then(|number| i32::try_from(number).ok()).ok_or_else(|| wrong("Integer", value))
}

pub fn long(value: &Value) -> Result<i64, KafkaError> {
    value.as_integer().ok_or_else(|| wrong("Long", value))
}

/// `decodeList`.
pub fn list<T>(value: &Value, item: fn(&Value) -> Result<T, KafkaError>) -> Result<Vec<T>, KafkaError> {
    value.as_list().ok_or_else(|| wrong("JSON array", value))?.iter().map(item).collect()
}

/// The field `version`, 1 unless given; others are not supported.
pub fn check_version(value: &Value) -> Result<(), KafkaError> {
    match optional(value, "version")?.map(integer).transpose()? {
        None | Some(1) => Ok(()),
        Some(version) => Err(KafkaError::new(ADMIN_OPERATION, format!("Not supported version field value {version}"))),
    }
}

/// `AdminOperationException(cause)`: takes the cause's message.
pub fn operation_caused_by(cause: KafkaError) -> KafkaError {
    KafkaError::new(ADMIN_OPERATION, cause.message()).caused_by(cause)
}
