//! `Wire::get`: how a struct is read.

use crate::names;
use crate::schema::{Field, Message, Struct, Type, Versions};
use crate::structs::keeps_unknown_tags;
use crate::text::Source;

/// Writes the second half of the `Wire` impl that `encode` opened.
pub fn generate(source: &mut Source, message: &Message, item: &Struct) {
    let known = item.versions;
    source.line("#[allow(unused_variables, clippy::field_reassign_with_default)]");
    source.open("fn get(r: &mut Reader, _: bool, v: i16) -> Result<Self, CodecError> {");
    source.line("#[allow(unused_mut)]");
    source.line("let mut value = Self::default();");
    for field in item.fields.iter().filter(|field| field.tagged.is_empty()) {
        let condition = field.versions.condition(known);
        let statement = assign(field, known.intersect(field.versions));
        match condition.as_str() {
            "false" => {}
            "true" => source.line(&statement),
            _ => {
                source.open(&format!("if {condition} {{"));
                source.line(&statement);
                source.close("}");
            }
        }
    }
    if keeps_unknown_tags(message, item) {
        let flexible = message.flexible.condition(known);
        if flexible != "true" {
            source.open(&format!("if {flexible} {{"));
        }
        tags(source, item, known.intersect(message.flexible));
        if flexible != "true" {
            source.close("}");
        }
    }
    source.line("Ok(value)");
    source.close("}");
    source.close("}");
}

fn assign(field: &Field, known: Versions) -> String {
    format!("value.{} = {};", names::field(&field.name), get(field, known))
}

/// The expression that reads the value of a field in one of the versions `known`.
fn get(field: &Field, known: Versions) -> String {
    let flexible = field.flexible.condition(known);
    let nullable = field.nullable.condition(known);
    let name = names::camel(&field.name);
    if !field.is_option() {
        return match &field.kind {
            Type::Plain("String") => format!("r.string({flexible}, {name:?})?"),
            Type::Plain("Bytes") => format!("r.bytes({flexible}, {name:?})?"),
            Type::Array(_) => format!("r.array({flexible}, v, {name:?})?"),
            _ => "Wire::get(r, false, v)?".to_string(),
        };
    }
    match &field.kind {
        Type::Plain("String") => format!("r.nullable_string({flexible}, {nullable}, {name:?})?"),
        Type::Plain("Bytes") => format!("r.nullable_bytes({flexible}, {nullable}, {name:?})?"),
        Type::Records => format!("r.records({flexible}, {nullable}, {name:?})?"),
        Type::Array(_) => format!("r.nullable_array({flexible}, {nullable}, v, {name:?})?"),
        Type::Struct(_) if field.tagged.is_empty() => format!("r.nullable_struct({nullable}, v, {name:?})?"),
        Type::Struct(_) => "r.tagged_nullable_struct(v)?".to_string(),
        Type::Plain(_) => unreachable!("{} cannot be null", field.name),
    }
}

/// Known tags are read, whatever size they claim, as Kafka does; unknown ones are kept.
fn tags(source: &mut Source, item: &Struct, known: Versions) {
    let tagged: Vec<&Field> = item.fields.iter().filter(|field| !field.tagged.is_empty()).collect();
    if tagged.is_empty() {
        return source.line("value.unknown_tagged_fields = r.unknown_tags()?;");
    }
    source.open("for _ in 0..r.tag_count()? {");
    source.line("let (tag, size) = r.tag()?;");
    source.open("match tag {");
    for field in tagged {
        let condition = field.tagged.condition(known);
        match condition.as_str() {
            "true" => source.line(&format!("{} => {}", field.tag, assign(field, known).replace(';', ","))),
            "false" => source.line(&format!("{} => return Err(CodecError::BadTag {{ tag, version: v }}),", field.tag)),
            _ => {
                let statement = assign(field, known.intersect(field.tagged)).replace(';', ",");
                source.line(&format!("{} if {condition} => {statement}", field.tag));
                source.line(&format!("{} => return Err(CodecError::BadTag {{ tag, version: v }}),", field.tag));
            }
        }
    }
    source.line("_ => value.unknown_tagged_fields.push((tag, r.take(size)?)),");
    source.close("}");
    source.close("}");
}
