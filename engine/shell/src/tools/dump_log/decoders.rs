//! Keys and values as text, or as the records of an internal topic.

use bytes::Bytes;
use clients::KafkaError;
use log::batch::Record;
use protocol::coordinator::{
    GroupRecordKey, GroupRecordValue, ShareGroupRecordKey, ShareGroupRecordValue, TransactionRecordKey,
    TransactionRecordValue,
};
use protocol::embedded::consumer_protocol_assignment::ConsumerProtocolAssignment;
use protocol::embedded::consumer_protocol_subscription::ConsumerProtocolSubscription;
use protocol::json::{Json, ToJson};
use protocol::metadata::MetadataRecord;
use protocol::{CodecError, Float64};
use protocol::{Message, codec};

use crate::tools::straight::Halt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoder {
    /// By the classes of key and value.
    Plain(Plain, Plain),
    Offsets,
    Transactions,
    Metadata,
    RemoteLog,
    ShareGroups,
}

/// Kafka's own decoder classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    Text,
    Bytes,
    Integer,
    Long,
    Double,
}

impl Plain {
    fn of_class(class: Option<&str>) -> Result<Plain, Halt> {
        match class {
            None | Some("org.apache.kafka.tools.api.StringDecoder") => Ok(Plain::Text),
            Some("org.apache.kafka.tools.api.DefaultDecoder") => Ok(Plain::Bytes),
            Some("org.apache.kafka.tools.api.IntegerDecoder") => Ok(Plain::Integer),
            Some("org.apache.kafka.tools.api.LongDecoder") => Ok(Plain::Long),
            Some("org.apache.kafka.tools.api.DoubleDecoder") => Ok(Plain::Double),
            Some(other) => {
                let cause = KafkaError::new("java.lang.ClassNotFoundException", other);
                let outer = KafkaError::new("java.lang.RuntimeException", "Failed to load decoder class");
                Err(outer.caused_by(cause).into())
            }
        }
    }

    /// A number that is not all there is a `BufferUnderflowException`.
    fn show(self, bytes: &Bytes) -> Result<String, Halt> {
        let number = |size: usize| {
            let head = bytes.get(..size).ok_or_else(|| KafkaError {
                message: None,
                ..KafkaError::new("java.nio.BufferUnderflowException", "")
            })?;
            Ok::<_, Halt>(head.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
        };
        Ok(match self {
            Plain::Integer => (number(4)? as i32).to_string(),
            Plain::Long => (number(8)? as i64).to_string(),
            Plain::Double => Float64(number(8)?).to_string(),
            // Java prints an array by its address.
            Plain::Bytes => format!("[B@{:x}", base::crc::crc32c(bytes)),
            Plain::Text => String::from_utf8_lossy(bytes).into_owned(),
        })
    }
}

impl Decoder {
    pub fn of_classes(key: Option<&str>, value: Option<&str>) -> Result<Decoder, Halt> {
        let value = Plain::of_class(value)?;
        Ok(Decoder::Plain(Plain::of_class(key)?, value))
    }

    /// ` key: ... payload: ...` with `prefix` in front of the first of them.
    pub fn show(self, record: &Record, prefix: &str) -> Result<String, Halt> {
        let (key, value) = match self {
            Decoder::Plain(key, value) => {
                let shown =
                    |plain: Plain, bytes: &Option<Bytes>| bytes.as_ref().map(|bytes| plain.show(bytes)).transpose();
                (shown(key, &record.key)?, shown(value, &record.value)?)
            }
            Decoder::Metadata | Decoder::RemoteLog => (None, Some(self.metadata(record))),
            Decoder::Offsets | Decoder::Transactions | Decoder::ShareGroups => {
                let Some(key) = &record.key else {
                    let why = format!(
                        "Failed to decode message at offset {} using the specified decoder (message had a missing key)",
                        record.offset
                    );
                    return Err(KafkaError::new("java.lang.RuntimeException", why).into());
                };
                self.coordinator(key, record)
            }
        };
        let mut text = String::new();
        let mut prefix = prefix;
        if let Some(key) = key {
            text.push_str(&format!("{prefix}key: {key}"));
            prefix = " ";
        }
        if let Some(value) = value {
            text.push_str(&format!("{prefix}payload: {value}"));
        }
        Ok(text)
    }

    fn metadata(self, record: &Record) -> String {
        match MetadataRecord::decode(&record.value.clone().unwrap_or_default()) {
            Ok((message, version)) => Json::Object(vec![
                ("type", Json::Text(constant(message.name()))),
                ("version", Json::Int(i64::from(version))),
                ("data", message.to_json(version)),
            ])
            .to_string(),
            Err(error) => {
                let at = if matches!(self, Decoder::RemoteLog) { "offset " } else { "" };
                format!("Error at {at}{}, skipping. {error}", record.offset)
            }
        }
    }

    fn coordinator(self, key: &Bytes, record: &Record) -> (Option<String>, Option<String>) {
        let value = record.value.as_ref();
        let decoded = match self {
            Decoder::Offsets => groups(key, value),
            Decoder::Transactions => transactions(key, value),
            _ => share_groups(key, value),
        };
        match decoded {
            Ok((api_key, key, value)) => {
                let key = Json::Object(vec![("type", Json::Text(api_key.to_string())), ("data", key)]).to_string();
                let value = match value {
                    Some((version, data)) => {
                        let fields = vec![("version", Json::Text(version.to_string())), ("data", data)];
                        Json::Object(fields).to_string()
                    }
                    None => "<DELETE>".to_string(),
                };
                (Some(key), Some(value))
            }
            Err((_, CodecError::UnknownRecordType(kind))) => {
                (Some(format!("Unknown record type {kind} at offset {}, skipping.", record.offset)), None)
            }
            Err((part, error)) => {
                let bytes = if part == KEY { Some(key) } else { value };
                let version = bytes.and_then(version_of);
                let why = match (version, &error) {
                    (None, _) => format!("Could not read version from {part}'s buffer."),
                    (Some(found), CodecError::UnsupportedVersion { .. }) if part == VALUE => {
                        let kind = version_of(key).unwrap_or_default();
                        format!("Found an unknown record version {found} for {kind} type")
                    }
                    (Some(found), error) => {
                        format!("Could not read record with version {found} from {part}'s buffer due to: {error}.")
                    }
                };
                (Some(format!("Error at offset {}, skipping. {why}", record.offset)), None)
            }
        }
    }
}

const KEY: &str = "key";
const VALUE: &str = "value";

/// Type of the record, key, and version with value unless it is a tombstone; or what could not be read, and why.
type Decoded = Result<(i16, Json, Option<(i16, Json)>), (&'static str, CodecError)>;

/// `CoordinatorRecordSerde`: type of the record or version of its value, in front of either.
fn version_of(bytes: &Bytes) -> Option<i16> {
    Some(i16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]))
}

fn of_key(error: CodecError) -> (&'static str, CodecError) {
    (KEY, error)
}

fn of_value(error: CodecError) -> (&'static str, CodecError) {
    (VALUE, error)
}

fn groups(key: &Bytes, value: Option<&Bytes>) -> Decoded {
    let key = GroupRecordKey::decode(key).map_err(of_key)?;
    let value = value.map(|value| GroupRecordValue::decode(key.api_key(), value)).transpose().map_err(of_value)?;
    let value = value.map(|(value, version)| {
        let is_classic = matches!(value, GroupRecordValue::GroupMetadata(_));
        let json = value.to_json(version);
        (version, if is_classic { with_members_decoded(json) } else { json })
    });
    Ok((key.api_key(), key.to_json(0), value))
}

fn transactions(key: &Bytes, value: Option<&Bytes>) -> Decoded {
    let key = TransactionRecordKey::decode(key).map_err(of_key)?;
    let value =
        value.map(|value| TransactionRecordValue::decode(key.api_key(), value)).transpose().map_err(of_value)?;
    Ok((key.api_key(), key.to_json(0), value.map(|(value, version)| (version, value.to_json(version)))))
}

fn share_groups(key: &Bytes, value: Option<&Bytes>) -> Decoded {
    let key = ShareGroupRecordKey::decode(key).map_err(of_key)?;
    let value = value.map(|value| ShareGroupRecordValue::decode(key.api_key(), value)).transpose().map_err(of_value)?;
    Ok((key.api_key(), key.to_json(0), value.map(|(value, version)| (version, value.to_json(version)))))
}

/// Members of a consumer group carry their subscription and assignment as bytes; these are shown as what they say.
fn with_members_decoded(json: Json) -> Json {
    let is_consumer = json.field("protocolType") == Some(&Json::Text("consumer".to_string()));
    let Json::Object(fields) = json else { return json };
    let decode = |(name, value): (&'static str, Json)| match value {
        Json::List(members) if name == "members" && is_consumer => {
            (name, Json::List(members.into_iter().map(member_decoded).collect()))
        }
        value => (name, value),
    };
    Json::Object(fields.into_iter().map(decode).collect())
}

fn member_decoded(member: Json) -> Json {
    let Json::Object(fields) = member else { return member };
    let decode = |(name, value): (&'static str, Json)| {
        let decoded = match name {
            "subscription" => versioned::<ConsumerProtocolSubscription>(&value),
            "assignment" => versioned::<ConsumerProtocolAssignment>(&value),
            _ => None,
        };
        (name, decoded.unwrap_or(value))
    };
    Json::Object(fields.into_iter().map(decode).collect())
}

/// A message behind its version, in Base64.
fn versioned<M: Message + ToJson>(value: &Json) -> Option<Json> {
    let Json::Text(text) = value else { return None };
    let bytes = protocol::json::from_base64(text)?;
    let version = version_of(&bytes)?;
    let mut body = bytes.slice(2..);
    Some(codec::decode::<M>(&mut body, version).ok()?.to_json(version))
}

/// `FeatureLevelRecord` -> `FEATURE_LEVEL_RECORD`.
fn constant(name: &str) -> String {
    let mut text = String::new();
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}
