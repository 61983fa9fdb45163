//! Enums over families of records.

use crate::names;
use crate::schema::Message;
use crate::text::Source;

/// `MetadataRecord`: every record that the metadata log can hold, as one enum.
pub fn metadata(messages: &[Message]) -> String {
    let mut source = Source::default();
    let mut messages: Vec<&Message> = messages.iter().collect();
    messages.sort_by_key(|message| message.key);
    let variant = |message: &Message| message.name.trim_end_matches("Record").to_string();
    source.line("/// A record of `__cluster_metadata`: one variant per schema, in the order of their keys.");
    source.line("#[allow(clippy::large_enum_variant)]");
    source.line("#[derive(Clone, Debug, PartialEq, Eq, Hash)]");
    source.open("pub enum MetadataRecord {");
    for message in &messages {
        source.line(&format!("{}({}),", variant(message), message.name));
    }
    source.close("}");
    source.open("impl MetadataRecord {");
    source.line("/// The record's type as the framed value carries it.");
    source.open("pub fn api_key(&self) -> i16 {");
    source.open("match self {");
    for message in &messages {
        source.line(&format!("Self::{}(_) => {}::API_KEY,", variant(message), message.name));
    }
    source.close("}");
    source.close("}");
    source.line("/// The record's schema name, such as `PartitionChangeRecord`.");
    source.open("pub fn name(&self) -> &'static str {");
    source.open("match self {");
    for message in &messages {
        source.line(&format!("Self::{}(_) => {:?},", variant(message), message.name));
    }
    source.close("}");
    source.close("}");
    source.line("/// The versions that the record's schema knows.");
    source.open("pub fn versions(&self) -> VersionRange {");
    source.open("match self {");
    for message in &messages {
        source.line(&format!("Self::{}(_) => {}::VALID_VERSIONS,", variant(message), message.name));
    }
    source.close("}");
    source.close("}");
    source.line("/// Appends the message alone, without frame.");
    source.open("pub fn encode_body(&self, version: i16, out: &mut Vec<u8>) -> Result<(), CodecError> {");
    source.open("match self {");
    for message in &messages {
        source.line(&format!("Self::{}(record) => record.encode(version, out),", variant(message)));
    }
    source.close("}");
    source.close("}");
    source.line("/// Reads the message alone, without frame.");
    source.open("pub fn decode_body(api_key: i16, version: i16, input: &mut Bytes) -> Result<Self, CodecError> {");
    source.open("match api_key {");
    for message in &messages {
        let (name, variant) = (&message.name, variant(message));
        source.line(&format!("{name}::API_KEY => {name}::decode(input, version).map(Self::{variant}),"));
    }
    source.line("_ => Err(CodecError::UnknownRecordType(api_key)),");
    source.close("}");
    source.close("}");
    source.close("}");
    for message in &messages {
        from(&mut source, "MetadataRecord", &variant(message), &message.name);
    }
    source.finish()
}

/// `impl From<Message> for Union`.
pub fn from(source: &mut Source, union: &str, variant: &str, message: &str) {
    let argument = names::field(variant.trim_end_matches("Record"));
    source.open(&format!("impl From<{message}> for {union} {{"));
    source.open(&format!("fn from({argument}: {message}) -> {union} {{"));
    source.line(&format!("{union}::{variant}({argument})"));
    source.close("}");
    source.close("}");
}
