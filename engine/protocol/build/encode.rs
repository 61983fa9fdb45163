//! `Wire::put`: how a struct is written.

use crate::names;
use crate::schema::{Field, Message, Struct, Type, Versions};
use crate::structs::keeps_unknown_tags;
use crate::text::Source;

/// Opens `if condition {` unless it is certain; returns whether it did.
fn open_if(source: &mut Source, condition: &str) -> bool {
    if condition != "true" {
        source.open(&format!("if {condition} {{"));
    }
    condition != "true"
}

pub fn generate(source: &mut Source, message: &Message, item: &Struct) {
    let known = item.versions;
    source.open(&format!("impl Wire for {} {{", item.name));
    source.line("#[allow(unused_variables)]");
    source.open("fn put(&self, w: &mut Writer, _: bool, v: i16) {");
    for field in &item.fields {
        if field.tagged.is_empty() {
            plain(source, field, known);
        } else if field.tagged.condition(known) != "true" && !field.ignorable {
            source.open(&format!("if !({}) {{", field.tagged.condition(known)));
            refuse_value(source, field);
            source.close("}");
        }
    }
    if keeps_unknown_tags(message, item) {
        tags(source, message, item);
    }
    source.close("}");
    // The other half of the impl, `get`, is opened by `decode`.
}

/// A field in the fixed part of the struct.
fn plain(source: &mut Source, field: &Field, known: Versions) {
    let condition = field.versions.condition(known);
    if condition == "false" {
        return refuse_if_needed(source, field);
    }
    let opened = open_if(source, &condition);
    source.line(&put(field, known.intersect(field.versions)));
    if opened && !field.ignorable {
        source.turn("} else {");
        refuse_value(source, field);
    }
    if opened {
        source.close("}");
    }
}

fn refuse_if_needed(source: &mut Source, field: &Field) {
    if !field.ignorable {
        refuse_value(source, field);
    }
}

/// A value that the version cannot carry and that is not marked ignorable must not be lost in silence.
fn refuse_value(source: &mut Source, field: &Field) {
    let place = format!("self.{}", names::field(&field.name));
    source.open(&format!("if {} {{", field.is_not_default(&place)));
    source.line(&format!("w.refuse_non_default({:?}, v);", names::camel(&field.name)));
    source.close("}");
}

/// The statement that writes the value of a field in one of the versions `known`.
fn put(field: &Field, known: Versions) -> String {
    let place = format!("self.{}", names::field(&field.name));
    let flexible = field.flexible.condition(known);
    let nullable = field.nullable.condition(known);
    let name = names::camel(&field.name);
    if !field.is_option() {
        return match &field.kind {
            Type::Plain("String") => format!("w.string({flexible}, &{place}, {name:?});"),
            Type::Plain("Bytes") => format!("w.bytes({flexible}, &{place}, {name:?});"),
            Type::Plain(_) => format!("{place}.put(w, false, v);"),
            Type::Array(_) => format!("w.array({flexible}, v, &{place}, {name:?});"),
            Type::Struct(_) => format!("{place}.put(w, false, v);"),
            Type::Records => unreachable!("records are always optional"),
        };
    }
    match &field.kind {
        Type::Plain("String") => format!("w.nullable_string({flexible}, {nullable}, {place}.as_deref(), {name:?});"),
        Type::Plain("Bytes") => format!("w.nullable_bytes({flexible}, {nullable}, {place}.as_ref(), {name:?});"),
        Type::Records => format!("w.records({flexible}, {nullable}, {place}.as_ref(), {name:?});"),
        Type::Array(_) => format!("w.nullable_array({flexible}, {nullable}, v, {place}.as_deref(), {name:?});"),
        Type::Struct(_) if field.tagged.is_empty() => {
            format!("w.nullable_struct({nullable}, v, {place}.as_ref(), {name:?});")
        }
        Type::Struct(_) => format!("w.tagged_nullable_struct(v, {place}.as_ref());"),
        Type::Plain(_) => unreachable!("{} cannot be null", field.name),
    }
}

/// The tagged fields that differ from their defaults, in ascending order of tags, mixed with the unknown ones.
fn tags(source: &mut Source, message: &Message, item: &Struct) {
    let flexible = message.flexible.condition(item.versions);
    let mut tagged: Vec<&Field> = item.fields.iter().filter(|field| !field.tagged.is_empty()).collect();
    tagged.sort_by_key(|field| field.tag);
    let opened = open_if(source, &flexible);
    let known = item.versions.intersect(message.flexible);
    if tagged.is_empty() {
        source.line("w.tags(TagWriter::default(), &self.unknown_tagged_fields);");
    } else {
        source.line("let mut tags = TagWriter::default();");
        for field in tagged {
            tag(source, field, known);
        }
        source.line("w.tags(tags, &self.unknown_tagged_fields);");
    }
    if opened {
        source.turn("} else if !self.unknown_tagged_fields.is_empty() {");
        source.line("w.fail(CodecError::TagsNotSupported { version: v });");
        source.close("}");
    }
}

fn tag(source: &mut Source, field: &Field, known: Versions) {
    let place = format!("self.{}", names::field(&field.name));
    let mut condition = field.is_not_default(&place);
    let versions = field.tagged.condition(known);
    if versions == "false" {
        return;
    }
    if versions != "true" {
        condition = format!("{versions} && {condition}");
    }
    source.open(&format!("if {condition} {{"));
    source.open(&format!("tags.add({}, w, |w| {{", field.tag));
    source.line(&put(field, known.intersect(field.tagged)));
    source.close("});");
    source.close("}");
}
