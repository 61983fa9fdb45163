//! Structs with their defaults, and the face of a message: its constants, `encode` and `decode`.

use crate::names;
use crate::schema::{Message, Struct, Versions};
use crate::text::Source;
use crate::{decode, encode, json};

/// All structs of one message.
pub fn generate(source: &mut Source, message: &Message, with_json: bool) {
    for (index, item) in message.structs.iter().enumerate() {
        declare(source, message, item);
        default(source, message, item);
        encode::generate(source, message, item);
        decode::generate(source, message, item);
        if with_json {
            json::generate(source, item);
        }
        if index == 0 {
            face(source, message);
        }
    }
}

/// Whether any version of a struct can carry tagged fields that this Kafka does not know.
pub fn keeps_unknown_tags(message: &Message, item: &Struct) -> bool {
    !message.flexible.intersect(item.versions).is_empty()
}

fn declare(source: &mut Source, message: &Message, item: &Struct) {
    if item.about.is_empty() {
        source.line(&format!("/// Kafka's `{}`.", item.name));
    } else {
        source.doc(&item.about);
    }
    let derived = if derives_default(item) { "Default, " } else { "" };
    source.line(&format!("#[derive({derived}Clone, Debug, PartialEq, Eq, Hash)]"));
    source.open(&format!("pub struct {} {{", item.name));
    for field in &item.fields {
        source.doc(&field.about);
        source.line(&format!("pub {}: {},", names::field(&field.name), field.rust_type()));
    }
    if keeps_unknown_tags(message, item) {
        source.line("/// Tagged fields of a newer Kafka: tag and bytes, in ascending order of tags.");
        source.line("pub unknown_tagged_fields: UnknownTags,");
    }
    source.close("}");
}

fn derives_default(item: &Struct) -> bool {
    item.fields.iter().all(|field| field.default_is_derivable())
}

fn default(source: &mut Source, message: &Message, item: &Struct) {
    if derives_default(item) {
        return;
    }
    source.open(&format!("impl Default for {} {{", item.name));
    source.open("fn default() -> Self {");
    source.open("Self {");
    for field in &item.fields {
        source.line(&format!("{}: {},", names::field(&field.name), field.default_value()));
    }
    if keeps_unknown_tags(message, item) {
        source.line("unknown_tagged_fields: UnknownTags::NONE,");
    }
    source.close("}");
    source.close("}");
    source.close("}");
}

fn range(versions: Versions) -> String {
    format!("VersionRange {{ min: {}, max: {} }}", versions.min, versions.max)
}

/// Constants and the public codec of a message, as inherent items so that no trait must be imported to use them, and
/// the trait for code that is generic over messages.
fn face(source: &mut Source, message: &Message) {
    let name = &message.name;
    source.open(&format!("impl {name} {{"));
    if let Some(key) = message.key {
        source.line("/// The number of the API or record type.");
        source.line(&format!("pub const API_KEY: i16 = {key};"));
    }
    source.line("/// The versions that can be encoded and decoded.");
    source.line(&format!("pub const VALID_VERSIONS: VersionRange = {};", range(message.valid)));
    source.line("/// The versions with compact lengths and tagged fields (KIP-482); `max < min` when there are none.");
    source.line(&format!("pub const FLEXIBLE_VERSIONS: VersionRange = {};", range(message.flexible)));
    source.line("/// Whether a broker hides the newest version unless `unstable.api.versions.enable` is set.");
    source.line(&format!("pub const LATEST_VERSION_UNSTABLE: bool = {};", message.latest_version_unstable));
    source.line("/// Appends the bytes of this message in `version`.");
    source.open("pub fn encode(&self, version: i16, out: &mut Vec<u8>) -> Result<(), CodecError> {");
    source.line("crate::codec::encode(self, version, out)");
    source.close("}");
    source.line(
        "/// Reads a message of `version` and leaves what follows it in `input`. On an error `input` is used up.",
    );
    source.open("pub fn decode(input: &mut Bytes, version: i16) -> Result<Self, CodecError> {");
    source.line("crate::codec::decode(input, version)");
    source.close("}");
    source.close("}");
    source.open(&format!("impl Message for {name} {{"));
    source.line(&format!("const NAME: &'static str = {name:?};"));
    source.line(&format!("const KEY: Option<i16> = {:?};", message.key));
    source.line("const VERSIONS: VersionRange = Self::VALID_VERSIONS;");
    source.line("const FLEXIBLE: VersionRange = Self::FLEXIBLE_VERSIONS;");
    source.close("}");
}
