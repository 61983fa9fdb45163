//! `kafka-log-dirs.sh`: what each log directory of each broker holds (`LogDirsCommand`).

use base::Set;

use clients::KafkaError;
use clients::admin::call::{AdminCall, AdminReply, LogDirDescription};
use protocol::java;

use super::jopt::{Opt, Options, flag, or, text};
use super::straight::{Halt, Run, ToolSpec, all_of, unexpected};
use super::usage::{help_or_version, require};
use crate::json::Value;

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-log-dirs.sh", table: TABLE, run, thrown };

const TABLE: &[Opt] = &[
    text("bootstrap-server", "The server(s) to use for bootstrapping", "REQUIRED: the brokers to connect to first."),
    text("command-config", "Admin client property file", "A file with properties for the admin client."),
    flag("describe", "REQUIRED: describe the log directories."),
    or(text("topic-list", "Topic list", "Only these topics, separated by commas; all if not given."), ""),
    or(text("broker-list", "Broker list", "Only these brokers, separated by commas; all if not given."), ""),
];

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let arguments = tool.arguments();
    let options = Options::parse(TABLE, &arguments)?;
    help_or_version(&options, &arguments, "This tool helps to query log directory usage on the specified brokers.")?;
    require(&options, &["bootstrap-server", "describe"])?;
    let mut properties = tool.client_properties(&options)?;
    properties.entry("client.id".to_string()).or_insert_with(|| "log-dirs-tool".to_string());
    tool.connect(&properties)?;

    let topics: Set<String> = words(options.value("topic-list")?).map(str::to_string).collect();
    let AdminReply::Cluster(cluster) = tool.get(AdminCall::DescribeCluster { include_fenced: false })? else {
        return Err(unexpected());
    };
    let known: Set<i32> = cluster.nodes.iter().map(|node| node.id).collect();
    let asked = words(options.value("broker-list")?).map(parse_int).collect::<Result<Set<i32>, _>>()?;
    let missing: Set<i32> = asked.difference(&known).copied().collect();
    if !missing.is_empty() {
        return Err(Halt::Refused(format!(
            "ERROR: The given brokers do not exist from --broker-list: {}. Current existent brokers: {}",
            commas(&missing),
            commas(&known)
        )));
    }
    let brokers = if asked.is_empty() { known } else { asked };
    tool.println("Querying brokers for log directories information");
    let call = AdminCall::DescribeLogDirs { brokers: brokers.iter().copied().collect() };
    let AdminReply::LogDirs(items) = tool.get(call)? else { return Err(unexpected()) };
    let described = all_of(items)?;
    tool.println(format!("Received log directory information from brokers {}", commas(&brokers)));
    // The answers come in a hash map that was made for as many as there are.
    let count = described.len();
    let described = java::with_capacity(described.into_iter().collect(), count, |(id, _)| *id);
    let broker = |(id, dirs): &(i32, base::Map<String, LogDirDescription>)| {
        let dirs = dirs.iter().map(|(path, dir)| directory(path, dir, &topics)).collect();
        hash_map([("broker", Value::number(*id)), ("logDirs", Value::List(dirs))])
    };
    let brokers = described.iter().map(broker).collect();
    tool.println(hash_map([("version", Value::number(1)), ("brokers", Value::List(brokers))]).to_string());
    Ok(())
}

fn directory(path: &str, dir: &LogDirDescription, topics: &Set<String>) -> Value {
    // The broker grouped its logs by topic in a hash map of Scala's, the client put them into one of Java's.
    let names: Set<String> = dir.replicas.keys().map(|tp| tp.topic.to_string()).collect();
    let names = protocol::scala::scala_hash_order(names.into_iter().collect());
    let mut all: Vec<_> = dir.replicas.iter().collect();
    base::ordered::sort_by_key(&mut all, |(tp, _)| names.iter().position(|name| *name == *tp.topic));
    let hash = |(tp, _): &(&protocol::TopicPartition, _)| java::topic_partition_hash(&tp.topic, tp.partition);
    // Those that are asked for go into a map of their own.
    let mut ordered = java::hash_map_order(all, hash);
    ordered.retain(|(tp, _)| topics.is_empty() || topics.contains(&*tp.topic));
    let ordered = java::hash_map_order(ordered, hash);
    let replica = |(tp, info): &(&protocol::TopicPartition, &clients::admin::call::ReplicaInfo)| {
        hash_map([
            ("partition", Value::text(tp.to_string())),
            ("size", Value::number(info.size)),
            ("offsetLag", Value::number(info.offset_lag)),
            ("isFuture", Value::Bool(info.is_future)),
        ])
    };
    hash_map([
        ("logDir", Value::text(path)),
        ("error", dir.error.as_ref().map_or(Value::Null, |error| Value::text(&error.class))),
        ("partitions", Value::List(ordered.iter().map(replica).collect())),
    ])
}

/// The tool puts its fields into Java hash maps, and they come out in that order.
fn hash_map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let Value::Object(fields) = Value::object(fields) else { return Value::Null };
    Value::Object(java::hash_map_order(fields, |(name, _)| java::java_string_hash(name)))
}

fn words(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.unwrap_or_default().split(',').filter(|word| !word.is_empty())
}

/// `Integer.valueOf`.
pub fn parse_int(text: &str) -> Result<i32, KafkaError> {
    let refused = |_| KafkaError::new("java.lang.NumberFormatException", format!("For input string: \"{text}\""));
    text.parse().map_err(refused)
}

fn commas(ids: &Set<i32>) -> String {
    ids.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.eprintln(error.message());
    tool.eprintln(error.stack_trace());
}
