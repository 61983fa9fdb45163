//! `Wire::get`: how a struct is read.

use crate::names;
use crate::schema::{Field, Message, Struct, Type, Versions};
use crate::structs::keeps_unknown_tags;
use crate::text::Source;

/// Writes the second half of the `Wire` impl that `encode` opened. Every field is a `let` in the order of the wire;
/// the struct is put together at the end, so that no default is made only to be dropped.
pub fn generate(source: &mut Source, message: &Message, item: &Struct) {
    let known = item.versions;
    source.line("#[allow(unused_variables)]");
    source.open("fn get(r: &mut Reader, _: bool, v: i16) -> Self {");
    for field in item.fields.iter().filter(|field| field.tagged.is_empty()) {
        let name = names::field(&field.name);
        let (condition, default) = (field.versions.condition(known), field.default_value());
        let read = get(field, known.intersect(field.versions));
        let value = match condition.as_str() {
            "true" => read,
            "false" => default,
            _ => format!("if {condition} {{ {read} }} else {{ {default} }}"),
        };
        source.line(&format!("let {name}: {} = {value};", field.rust_type()));
    }
    for field in item.fields.iter().filter(|field| !field.tagged.is_empty()) {
        let name = names::field(&field.name);
        source.line("#[allow(unused_mut)]");
        source.line(&format!("let mut {name}: {} = {};", field.rust_type(), field.default_value()));
    }
    let keeps_unknown = keeps_unknown_tags(message, item);
    if keeps_unknown {
        tags(source, item, known.intersect(message.flexible), &message.flexible.condition(known));
    }
    let mut names: Vec<String> = item.fields.iter().map(|field| names::field(&field.name)).collect();
    if keeps_unknown {
        names.push("unknown_tagged_fields".to_string());
    }
    source.line(&format!("Self {{ {} }}", names.join(", ")));
    source.close("}");
    source.close("}");
}

fn assign(field: &Field, known: Versions) -> String {
    format!("{} = {}", names::field(&field.name), get(field, known))
}

/// The expression that reads the value of a field in one of the versions `known`.
fn get(field: &Field, known: Versions) -> String {
    let flexible = field.flexible.condition(known);
    let nullable = field.nullable.condition(known);
    let name = names::camel(&field.name);
    if !field.is_option() {
        return match &field.kind {
            Type::Plain("String") => format!("r.string({flexible}, {name:?})"),
            Type::Plain("Bytes") => format!("r.bytes({flexible}, {name:?})"),
            Type::Array(_) => format!("r.array({flexible}, v, {name:?})"),
            _ => "Wire::get(r, false, v)".to_string(),
        };
    }
    match &field.kind {
        Type::Plain("String") => format!("r.nullable_string({flexible}, {nullable}, {name:?})"),
        Type::Plain("Bytes") => format!("r.nullable_bytes({flexible}, {nullable}, {name:?})"),
        Type::Records => format!("r.records({flexible}, {nullable}, {name:?})"),
        Type::Array(_) => format!("r.nullable_array({flexible}, {nullable}, v, {name:?})"),
        Type::Struct(_) if field.tagged.is_empty() => format!("r.nullable_struct({nullable}, v, {name:?})"),
        Type::Struct(_) => "r.tagged_nullable_struct(v)".to_string(),
        Type::Plain(_) => unreachable!("{} cannot be null", field.name),
    }
}

/// Known tags are read, whatever size they claim, as Kafka does; unknown ones are kept.
fn tags(source: &mut Source, item: &Struct, known: Versions, flexible: &str) {
    let tagged: Vec<&Field> = item.fields.iter().filter(|field| !field.tagged.is_empty()).collect();
    if tagged.is_empty() {
        let read = format!("if {flexible} {{ r.unknown_tags() }} else {{ UnknownTags::NONE }}");
        return source.line(&format!("let unknown_tagged_fields = {read};"));
    }
    source.line("let mut unknown_tagged_fields = UnknownTags::NONE;");
    source.line(&format!("let count = if {flexible} {{ r.tag_count() }} else {{ 0 }};"));
    source.open("for _ in 0..count {");
    source.open("match r.tag() {");
    for field in tagged {
        let condition = field.tagged.condition(known);
        let guard = if condition == "true" { String::new() } else { format!(" if {condition}") };
        if condition != "false" {
            source.line(&format!("({}, _){guard} => {},", field.tag, assign(field, known.intersect(field.tagged))));
        }
        if condition != "true" {
            source.line(&format!(
                "({}, _) => r.fail(CodecError::BadTag {{ tag: {}, version: v }}),",
                field.tag, field.tag
            ));
        }
    }
    source.line("(tag, size) => r.unknown_tag(tag, size, &mut unknown_tagged_fields),");
    source.close("}");
    source.open("if r.has_failed() {");
    source.line("break;");
    source.close("}");
    source.close("}");
}
