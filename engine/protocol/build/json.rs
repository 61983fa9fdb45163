//! `ToJson`: how Kafka's `*JsonConverter` classes show a message.

use crate::names;
use crate::schema::{Field, Struct, Type, Versions};
use crate::text::Source;

pub fn generate(source: &mut Source, item: &Struct) {
    source.open(&format!("impl ToJson for {} {{", item.name));
    source.line("#[allow(unused_variables, unused_mut, clippy::vec_init_then_push)]");
    source.open("fn to_json(&self, v: i16) -> Json {");
    source.line("let mut fields = Vec::new();");
    for field in &item.fields {
        show(source, field, item.versions);
    }
    source.line("Json::Object(fields)");
    source.close("}");
    source.close("}");
}

/// A field is shown in the versions that have it; a tagged one only when it differs from its default.
fn show(source: &mut Source, field: &Field, known: Versions) {
    let place = format!("self.{}", names::field(&field.name));
    let mut conditions = vec![field.versions.condition(known)];
    if !field.tagged.is_empty() {
        conditions.push(field.is_not_default(&place));
    }
    conditions.retain(|condition| condition != "true");
    if conditions.iter().any(|condition| condition == "false") {
        return;
    }
    if !conditions.is_empty() {
        source.open(&format!("if {} {{", conditions.join(" && ")));
    }
    let name = names::camel(&field.name);
    if field.kind == Type::Records {
        source.line(&format!("fields.push(crate::json::records({name:?}, \"{name}SizeInBytes\", {place}.as_ref()));"));
    } else {
        source.line(&format!("crate::json::show(&mut fields, {name:?}, &{place}, v);"));
    }
    if !conditions.is_empty() {
        source.close("}");
    }
}
