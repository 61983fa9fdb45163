//! How a record is printed (`DefaultMessageFormatter` and its kin).

use clients::config::Properties;
use clients::consumer::ConsumerRecord;
use clients::{KafkaError, error};

const PACKAGE: &str = "org.apache.kafka.tools.consumer.";
const DESERIALIZERS: &str = "org.apache.kafka.common.serialization.";
const SERIALIZATION: &str = "org.apache.kafka.common.errors.SerializationException";

/// How bytes become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Deserializer {
    /// The bytes as they are.
    Bytes,
    Short,
    Integer,
    Long,
}

impl Deserializer {
    /// `None` for a class that is none of Kafka's: a log line, then the bytes as they are.
    fn find(properties: &Properties, name: &str) -> Option<Deserializer> {
        let Some(class) = properties.get(name) else { return Some(Deserializer::Bytes) };
        match class.strip_prefix(DESERIALIZERS)? {
            "StringDeserializer" => Some(Deserializer::Bytes),
            "ShortDeserializer" => Some(Deserializer::Short),
            "IntegerDeserializer" => Some(Deserializer::Integer),
            "LongDeserializer" => Some(Deserializer::Long),
            _ => None,
        }
    }

    fn text(self, bytes: &[u8]) -> Result<String, KafkaError> {
        let refuse = |name: &str, size: u8| {
            Err(KafkaError::new(SERIALIZATION, format!("Size of data received by {name} is not {size}")))
        };
        match self {
            Deserializer::Bytes => Ok(String::from_utf8_lossy(bytes).into_owned()),
            Deserializer::Short => match bytes.try_into() {
                Ok(bytes) => Ok(i16::from_be_bytes(bytes).to_string()),
                Err(_) => refuse("ShortDeserializer", 2),
            },
            Deserializer::Integer => match bytes.try_into() {
                Ok(bytes) => Ok(i32::from_be_bytes(bytes).to_string()),
                Err(_) => refuse("IntegerDeserializer", 4),
            },
            Deserializer::Long => match bytes.try_into() {
                Ok(bytes) => Ok(i64::from_be_bytes(bytes).to_string()),
                Err(_) => refuse("LongDeserializer", 8),
            },
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Formatter {
    /// `DefaultMessageFormatter` and `LoggingMessageFormatter`, whose log line INFO nobody sees.
    Columns(Box<Columns>),
    /// `NoOpMessageFormatter`.
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Columns {
    timestamp: bool,
    partition: bool,
    offset: bool,
    delivery: bool,
    epoch: bool,
    headers: bool,
    key: bool,
    value: bool,
    key_separator: String,
    line_separator: String,
    headers_separator: String,
    null_literal: String,
    key_deserializer: Deserializer,
    value_deserializer: Deserializer,
    headers_deserializer: Deserializer,
}

impl Formatter {
    /// The formatter of this class; `None` if there is no such class.
    pub fn find(class: &str, properties: &Properties) -> Option<Formatter> {
        match class.strip_prefix(PACKAGE)? {
            "DefaultMessageFormatter" | "LoggingMessageFormatter" => {
                Some(Formatter::Columns(Box::new(Columns::new(properties))))
            }
            "NoOpMessageFormatter" => Some(Formatter::Nothing),
            _ => None,
        }
    }

    /// Classes among the properties that cannot be had, each with the line that tells so.
    pub fn missing_deserializers(properties: &Properties) -> Vec<String> {
        ["key.deserializer", "value.deserializer", "headers.deserializer"]
            .into_iter()
            .filter(|name| Deserializer::find(properties, name).is_none())
            .filter_map(|name| properties.get(name).cloned())
            .collect()
    }

    pub fn format(&self, record: &ConsumerRecord) -> Result<String, KafkaError> {
        match self {
            Formatter::Columns(columns) => columns.format(record),
            Formatter::Nothing => Ok(String::new()),
        }
    }
}

impl Columns {
    fn new(properties: &Properties) -> Columns {
        let text = |name: &str, default: &str| properties.get(name).map_or(default, String::as_str).to_string();
        let flag = |name: &str| properties.get(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        let deserializer = |name: &str| Deserializer::find(properties, name).unwrap_or(Deserializer::Bytes);
        Columns {
            timestamp: flag("print.timestamp"),
            partition: flag("print.partition"),
            offset: flag("print.offset"),
            delivery: flag("print.delivery"),
            epoch: flag("print.epoch"),
            headers: flag("print.headers"),
            key: flag("print.key"),
            value: !properties.contains_key("print.value") || flag("print.value"),
            key_separator: text("key.separator", "\t"),
            line_separator: text("line.separator", "\n"),
            headers_separator: text("headers.separator", ","),
            null_literal: text("null.literal", "null"),
            key_deserializer: deserializer("key.deserializer"),
            value_deserializer: deserializer("value.deserializer"),
            headers_deserializer: deserializer("headers.deserializer"),
        }
    }

    /// Columns in Kafka's order, the key separator between them, the line separator after the last.
    fn format(&self, record: &ConsumerRecord) -> Result<String, KafkaError> {
        let mut columns: Vec<String> = Vec::new();
        if self.timestamp {
            columns.push(match (record.timestamp, record.log_append_time) {
                (-1, _) => "NO_TIMESTAMP".to_string(),
                (at, true) => format!("LogAppendTime:{at}"),
                (at, false) => format!("CreateTime:{at}"),
            });
        }
        if self.partition {
            columns.push(format!("Partition:{}", record.partition));
        }
        if self.offset {
            columns.push(format!("Offset:{}", record.offset));
        }
        if self.delivery {
            columns.push("Delivery:NOT_PRESENT".to_string());
        }
        if self.epoch {
            // The tool hands the formatter a record without its epoch.
            columns.push("Epoch:NOT_PRESENT".to_string());
        }
        if self.headers {
            columns.push(self.header_text(record)?);
        }
        if self.key {
            columns.push(self.deserialize(self.key_deserializer, record.key.as_deref())?);
        }
        if self.value {
            columns.push(self.deserialize(self.value_deserializer, record.value.as_deref())?);
        }
        if columns.is_empty() {
            return Ok(String::new());
        }
        Ok(columns.join(&self.key_separator) + &self.line_separator)
    }

    fn header_text(&self, record: &ConsumerRecord) -> Result<String, KafkaError> {
        if record.headers.is_empty() {
            return Ok("NO_HEADERS".to_string());
        }
        let mut shown = Vec::new();
        for (key, value) in &record.headers {
            let value = self.deserialize(self.headers_deserializer, value.as_deref())?;
            shown.push(format!("{key}:{value}"));
        }
        Ok(shown.join(&self.headers_separator))
    }

    fn deserialize(&self, deserializer: Deserializer, bytes: Option<&[u8]>) -> Result<String, KafkaError> {
        deserializer.text(bytes.unwrap_or(self.null_literal.as_bytes()))
    }
}

/// What `LOG.error` says of a class that cannot be had.
pub fn missing(class: &str) -> (String, KafkaError) {
    let words = format!("Unable to instantiate a deserializer from {class}");
    (words, KafkaError::new("java.lang.ClassNotFoundException", class))
}

/// The wrapper of `main` around anything unforeseen.
pub fn unknown(error: KafkaError) -> (String, KafkaError) {
    ("Unknown error when running consumer: ".to_string(), error)
}

/// `new TimeoutException()`: an exception without a message.
pub fn timeout() -> KafkaError {
    KafkaError { message: None, ..KafkaError::new(error::TIMEOUT, "") }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn record() -> ConsumerRecord {
        ConsumerRecord {
            topic: "orders".into(),
            partition: 0,
            offset: 5,
            timestamp: 1_700_000_000_000,
            log_append_time: false,
            key: Some(Bytes::from_static(b"k")),
            value: Some(Bytes::from_static(b"v")),
            headers: vec![("h1".to_string(), Some(Bytes::from_static(b"v1"))), ("h2".to_string(), None)],
            leader_epoch: 3,
        }
    }

    fn shown(pairs: &[(&str, &str)]) -> Result<String, KafkaError> {
        let properties = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        Formatter::find("org.apache.kafka.tools.consumer.DefaultMessageFormatter", &properties)
            .unwrap()
            .format(&record())
    }

    #[test]
    fn columns_stand_in_kafkas_order() {
        let all = ["timestamp", "partition", "offset", "delivery", "epoch", "headers", "key"];
        let names: Vec<String> = all.iter().map(|name| format!("print.{name}")).collect();
        let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "true")).collect();
        assert_eq!(
            shown(&pairs).unwrap(),
            "CreateTime:1700000000000\tPartition:0\tOffset:5\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\th1:v1,h2:null\tk\tv\n"
        );
        assert_eq!(shown(&[("print.key", "true"), ("print.value", "false")]).unwrap(), "k\n");
        assert_eq!(shown(&[("line.separator", ";"), ("print.key", "true"), ("key.separator", "=")]).unwrap(), "k=v;");
    }

    #[test]
    fn a_number_must_have_its_size() {
        let class = "org.apache.kafka.common.serialization.LongDeserializer";
        let why = shown(&[("value.deserializer", class)]).unwrap_err();
        assert_eq!(why.message(), "Size of data received by LongDeserializer is not 8");
    }
}
