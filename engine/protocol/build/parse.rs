//! Reads a schema file: JSON with comments.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::schema::{Field, Message, Struct, Type, Versions};

/// Reads one schema. Panics, naming the file, at anything it does not understand: a schema is ours to get right.
pub fn message(path: &Path) -> Message {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let json: Value =
        serde_json::from_str(&without_comments(&text)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let name = string(&json, "name");
    let valid = versions(&json, "validVersions").unwrap_or(Versions::NONE);
    let flexible = versions(&json, "flexibleVersions").unwrap_or(Versions::NONE);
    let mut structs = vec![Struct { name: name.clone(), about: String::new(), versions: valid, fields: Vec::new() }];
    let fields = fields(&json, valid, flexible, &mut structs);
    structs[0].fields = fields;
    for common in list(&json, "commonStructs") {
        let versions = versions(common, "versions").expect("a common struct has versions").intersect(valid);
        let index = structs.len();
        structs.push(Struct { name: string(common, "name"), about: String::new(), versions, fields: Vec::new() });
        structs[index].fields = self::fields(common, versions, flexible, &mut structs);
    }
    Message {
        name,
        kind: string(&json, "type"),
        key: json.get("apiKey").and_then(Value::as_i64).map(|key| key as i16),
        listeners: list(&json, "listeners").iter().filter_map(|v| v.as_str()).map(String::from).collect(),
        valid,
        flexible,
        latest_version_unstable: is_true(&json, "latestVersionUnstable"),
        structs,
    }
}

/// The fields of a message or struct; structs that are declared inside a field are added to `structs`.
fn fields(json: &Value, parent: Versions, flexible: Versions, structs: &mut Vec<Struct>) -> Vec<Field> {
    let mut fields = Vec::new();
    for json in list(json, "fields") {
        let tagged = versions(json, "taggedVersions").unwrap_or(Versions::NONE);
        // A tagged field may leave its versions out: they are those in which it is tagged.
        let versions_given = versions(json, "versions").unwrap_or(tagged);
        assert!(tagged.is_empty() || tagged == versions_given, "a field that is tagged only in some of its versions");
        let kind = Type::parse(&string(json, "type"));
        if json.get("fields").is_some() {
            let index = structs.len();
            let name = struct_name(&kind).to_string();
            let versions = versions_given.intersect(parent);
            structs.push(Struct { name, about: string(json, "about"), versions, fields: Vec::new() });
            structs[index].fields = self::fields(json, versions, flexible, structs);
        }
        fields.push(Field {
            name: string(json, "name"),
            kind,
            about: string(json, "about"),
            versions: versions_given,
            nullable: versions(json, "nullableVersions").unwrap_or(Versions::NONE),
            tagged,
            tag: json.get("tag").and_then(Value::as_u64).unwrap_or_default() as u32,
            ignorable: is_true(json, "ignorable"),
            default: default(json),
            flexible: versions(json, "flexibleVersions").unwrap_or(flexible),
        });
    }
    fields
}

fn struct_name(kind: &Type) -> &str {
    match kind {
        Type::Struct(name) => name,
        Type::Array(element) => struct_name(element),
        _ => panic!("only a struct or an array of structs has fields"),
    }
}

/// The default as text. A JSON null is no default at all (Kafka's generator reads it so); the word `"null"` is null.
fn default(json: &Value) -> String {
    match json.get("default") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => "true".to_string(),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => "false".to_string(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn string(json: &Value, key: &str) -> String {
    json.get(key).and_then(Value::as_str).unwrap_or_default().to_string()
}

fn list<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn is_true(json: &Value, key: &str) -> bool {
    matches!(json.get(key), Some(Value::Bool(true))) || string(json, key) == "true"
}

fn versions(json: &Value, key: &str) -> Option<Versions> {
    json.get(key).and_then(Value::as_str).map(Versions::parse)
}

/// Removes `//` and `/* */` comments that stand outside of strings.
fn without_comments(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '/']) {
        clean.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if rest.starts_with("/*") {
            rest = &rest[rest.find("*/").map_or(rest.len(), |end| end + 2)..];
        } else {
            let end = if rest.starts_with('"') { string_end(rest) } else { 1 };
            clean.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    clean + rest
}

/// Where the string that `text` starts with ends.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
