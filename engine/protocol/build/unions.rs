//! Enums over families of records.

use crate::names;
use crate::schema::Message;
use crate::text::Source;

/// An enum over the messages of one family, one variant per schema without `suffix`, in the order of their keys.
pub fn family(union: &str, about: &str, suffix: &str, messages: &[&Message]) -> String {
    let mut source = Source::default();
    let mut members: Vec<(&Message, &str)> =
        messages.iter().map(|message| (*message, message.name.strip_suffix(suffix).unwrap_or(&message.name))).collect();
    members.sort_by_key(|(message, _)| message.key);
    source.doc(about);
    source.line("#[allow(clippy::large_enum_variant)]");
    source.line("#[derive(Clone, Debug, PartialEq, Eq, Hash)]");
    source.open(&format!("pub enum {union} {{"));
    for (message, variant) in &members {
        source.line(&format!("{variant}({}),", message.name));
    }
    source.close("}");
    source.open(&format!("impl {union} {{"));
    method(&mut source, "The type of record.", "api_key(&self) -> i16", &members, |m| format!("{}::API_KEY", m.name));
    method(&mut source, "The schema's name.", "name(&self) -> &'static str", &members, |m| format!("{:?}", m.name));
    let about = "The versions that the schema knows.";
    method(&mut source, about, "versions(&self) -> VersionRange", &members, |m| format!("{}::VALID_VERSIONS", m.name));
    let about = "Appends the message alone, without what stands in front of it in a record.";
    let head = "encode_body(&self, version: i16, out: &mut Vec<u8>) -> Result<(), CodecError>";
    method(&mut source, about, head, &members, |_| "body.encode(version, out)".to_string());
    let head = "to_json(&self, version: i16) -> Json";
    method(&mut source, "As Kafka's JSON converters show it.", head, &members, |_| "body.to_json(version)".to_string());
    decode(&mut source, &members);
    source.close("}");
    for (message, variant) in &members {
        from(&mut source, union, variant, &message.name);
    }
    source.finish()
}

/// A method that is a match over all variants; the arm may use `body`.
fn method(
    source: &mut Source,
    about: &str,
    head: &str,
    members: &[(&Message, &str)],
    arm: impl Fn(&Message) -> String,
) {
    source.doc(about);
    source.open(&format!("pub fn {head} {{"));
    source.open("match self {");
    for (message, variant) in members {
        let arm = arm(message);
        let binding = if arm.starts_with("body.") { "body" } else { "_" };
        source.line(&format!("Self::{variant}({binding}) => {arm},"));
    }
    source.close("}");
    source.close("}");
}

fn decode(source: &mut Source, members: &[(&Message, &str)]) {
    source.line("/// Reads the message alone, without what stands in front of it in a record.");
    source.open("pub fn decode_body(api_key: i16, version: i16, input: &mut Bytes) -> Result<Self, CodecError> {");
    source.open("match api_key {");
    for (message, variant) in members {
        let name = &message.name;
        source.line(&format!("{name}::API_KEY => {name}::decode(input, version).map(Self::{variant}),"));
    }
    source.line("_ => Err(CodecError::UnknownRecordType(api_key)),");
    source.close("}");
    source.close("}");
}

/// `impl From<Message> for Union`.
pub fn from(source: &mut Source, union: &str, variant: &str, message: &str) {
    let argument = names::field(variant);
    source.open(&format!("impl From<{message}> for {union} {{"));
    source.open(&format!("fn from({argument}: {message}) -> {union} {{"));
    source.line(&format!("{union}::{variant}({argument})"));
    source.close("}");
    source.close("}");
}
