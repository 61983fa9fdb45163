//! Turns Kafka's own message schemas (`schemas/*/*.json`) into Rust: one struct per message, with its defaults and its
//! codec.
//!
//! Generated and not written by hand, because the schemas are Kafka's single source of truth for the wire and differ in
//! a hundred small ways between versions. One file per schema folder goes to `OUT_DIR`; `src/lib.rs` includes them.

#![allow(
    clippy::disallowed_methods,
    reason = "a build script runs on the developer's machine: it reads schemas and writes code"
)]

mod api;
mod decode;
mod encode;
mod json;
mod names;
mod parse;
mod schema;
mod spoken;
mod structs;
mod text;
mod unions;

use std::path::{Path, PathBuf};
use std::{env, fs};

use schema::Message;
use text::Source;

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo names the crate's folder"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo names the output folder"));
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=schemas");

    // Of requests and responses only tests and inspectors want JSON, and it is a third of the generated code.
    let with_json = env::var_os("CARGO_FEATURE_JSON").is_some();
    let every_api = env::var_os("CARGO_FEATURE_EVERY_API").is_some();
    let requests = read_folder(&root.join("schemas/message"));
    write(&out, "messages.rs", &modules(&requests, with_json));
    write(&out, "api.rs", &api::generate(&requests, with_json, every_api));
    let embedded = read_folder(&root.join("schemas/embedded"));
    write(&out, "embedded.rs", &modules(&embedded, true));
    let metadata = read_folder(&root.join("schemas/metadata"));
    let about = "A record of `__cluster_metadata`.";
    let union = unions::family("MetadataRecord", about, "Record", &metadata.iter().collect::<Vec<_>>());
    write(&out, "metadata.rs", &(modules(&metadata, true) + &union));
    write(&out, "coordinator.rs", &coordinators(&root.join("schemas/coordinator")));
}

/// The records of the three coordinators; each has an enum of keys and one of values, paired by their type.
fn coordinators(folder: &Path) -> String {
    let mut text = String::new();
    for (family, prefix, topic) in [
        ("group", "Group", "__consumer_offsets"),
        ("transaction", "Transaction", "__transaction_state"),
        ("share", "ShareGroup", "__share_group_state"),
    ] {
        let messages = read_folder(&folder.join(family));
        text += &modules(&messages, true);
        for (kind, suffix) in [("coordinator-key", "Key"), ("coordinator-value", "Value")] {
            let members: Vec<&Message> = messages.iter().filter(|message| message.kind == kind).collect();
            let about = format!("The {} of a record of `{topic}`.", suffix.to_lowercase());
            text += &unions::family(&format!("{prefix}Record{suffix}"), &about, suffix, &members);
        }
    }
    text
}

fn write(out: &Path, name: &str, text: &str) {
    fs::write(out.join(name), text).expect("the output folder can be written");
}

/// Every schema of a folder, in the order of the file names so that the output never depends on the disk.
fn read_folder(folder: &Path) -> Vec<Message> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    paths.iter().map(|path| parse::message(path)).collect()
}

/// One module per message; the message itself is re-exported beside the modules. Messages that have no version left
/// (APIs that Kafka 4.0 removed) have a key but no struct.
fn modules(messages: &[Message], with_json: bool) -> String {
    let mut source = Source::default();
    for message in messages.iter().filter(|message| !message.valid.is_empty()) {
        let module = names::snake(&message.name);
        source.open(&format!("pub mod {module} {{"));
        source.line("#[allow(unused_imports)]");
        source.line("use super::prelude::*;");
        structs::generate(&mut source, message, with_json);
        source.close("}");
        source.line(&format!("pub use {module}::{};", message.name));
    }
    source.finish()
}
