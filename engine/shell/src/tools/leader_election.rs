//! `kafka-leader-election.sh`: preferred and unclean elections by hand (`LeaderElectionCommand`).

use base::Map;

use clients::admin::call::{AdminCall, AdminReply, ElectionType, PerItem};
use clients::config::Properties;
use clients::{KafkaError, error};
use protocol::{ErrorCode, TopicPartition, java};

use super::jopt::{Opt, Options, exception, flag, integer, text};
use super::json_input::{self as input, ADMIN_COMMAND_FAILED, ADMIN_OPERATION};
use super::straight::{Halt, Run, ToolSpec, execution, unexpected};
use super::usage::{forbid, help_or_version};

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-leader-election.sh", table: TABLE, run, thrown };

const TABLE: &[Opt] = &[
    text("bootstrap-server", "host:port", "REQUIRED: the brokers to connect to first."),
    text("admin.config", "config file", "The old name of --command-config."),
    text("command-config", "Config file", "A file with properties for the admin client."),
    text(
        "path-to-json-file",
        "Path to JSON file",
        "A file with the partitions: {\"partitions\":[{\"topic\":\"t\",\"partition\":0}]}",
    ),
    text("topic", "topic name", "The topic; --partition is needed with it."),
    integer("partition", "partition id", "The partition of --topic."),
    flag("all-topic-partitions", "Every partition that can use the election."),
    text("election-type", "election type", "REQUIRED: preferred, or unclean for partitions that have no leader."),
];

const ABOUT: &str = "This tool attempts to elect a new leader for a set of topic partitions. The type of elections supported \
                     are preferred replicas and unclean replicas.";

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let arguments = tool.arguments();
    let options = Options::parse(TABLE, &arguments)?;
    help_or_version(&options, &arguments, ABOUT)?;
    validate(&options)?;
    let election = election_type(&options)?;
    let partitions = match options.value("path-to-json-file")? {
        Some(path) => Some(read_partitions(path, tool)?),
        None => match (options.value("topic")?, options.integer("partition")?) {
            (Some(topic), Some(partition)) => Some(vec![TopicPartition::new(topic, partition)]),
            _ => None,
        },
    };
    let config = if options.has("admin.config") {
        tool.println(
            "Option --admin.config has been deprecated and will be removed in a future version. Use --command-config \
             instead.",
        );
        options.value("admin.config")?
    } else {
        options.value("command-config")?
    };
    let mut properties = match config {
        Some(path) => tool.load_properties(path)?,
        None => Properties::new(),
    };
    let servers = options.value("bootstrap-server")?.unwrap_or_default();
    properties.insert("bootstrap.servers".to_string(), servers.to_string());
    properties.entry("default.api.timeout.ms".to_string()).or_insert_with(|| "30000".to_string());
    properties.entry("request.timeout.ms".to_string()).or_insert_with(|| "15000".to_string());
    tool.connect(&properties)?;
    elect(election, partitions, tool)
}

fn elect(
    election: ElectionType,
    partitions: Option<Vec<TopicPartition>>,
    tool: &mut Run<'_, '_, '_>,
) -> Result<(), Halt> {
    let reply = match tool.ask(AdminCall::ElectLeaders { election, partitions })? {
        Ok(reply) => reply,
        Err(cause) if cause.class == error::TIMEOUT => {
            let message = "Timeout waiting for election results";
            tool.println(message);
            return Err(KafkaError::new(ADMIN_COMMAND_FAILED, message).caused_by(cause).into());
        }
        Err(cause) => {
            let wrapped = execution(cause);
            let outer = KafkaError::new("java.lang.RuntimeException", wrapped.to_string());
            return Err(outer.caused_by(wrapped).into());
        }
    };
    let AdminReply::Elections(items) = reply else { return Err(unexpected()) };
    let (succeeded, noop, failed) = sort_out(items);
    let kind = match election {
        ElectionType::Preferred => "PREFERRED",
        ElectionType::Unclean => "UNCLEAN",
    };
    if !succeeded.is_empty() {
        let listed = list(succeeded);
        tool.println(format!("Successfully completed leader election ({kind}) for partitions {listed}"));
    }
    if !noop.is_empty() {
        tool.println(format!("Valid replica already elected for partitions {}", list(noop)));
    }
    if failed.is_empty() {
        return Ok(());
    }
    let why = format!("{} replica(s) could not be elected", failed.len());
    for (tp, error) in &failed {
        tool.println(format!("Error completing leader election ({kind}) for partition: {tp}: {error}"));
    }
    // The one exception of these tools that has suppressed ones.
    tool.eprintln(&why);
    let suppressed: String = failed.iter().map(|(_, error)| format!("\tSuppressed: {error}\n")).collect();
    tool.eprintln(format!("{ADMIN_COMMAND_FAILED}: {why}\n{suppressed}"));
    Err(Halt::Exit(1))
}

type Sorted = (Vec<TopicPartition>, Vec<TopicPartition>, Vec<(TopicPartition, KafkaError)>);

/// Elected, led by the right one already, and refused.
fn sort_out(items: PerItem<TopicPartition, ()>) -> Sorted {
    let (mut succeeded, mut noop, mut failed) = (Vec::new(), Vec::new(), Map::new());
    for (tp, item) in items {
        match item {
            Ok(()) => succeeded.push(tp),
            Err(error) if error.code == ErrorCode::ElectionNotNeeded => noop.push(tp),
            Err(error) => drop(failed.insert(tp, error)),
        }
    }
    let failed = java::hash_map_order(failed.into_iter().collect(), |(tp, _): &(TopicPartition, _)| hash(tp));
    (succeeded, noop, failed)
}

fn hash(tp: &TopicPartition) -> i32 {
    java::topic_partition_hash(&tp.topic, tp.partition)
}

fn list(partitions: Vec<TopicPartition>) -> String {
    let names: Vec<String> = java::hash_map_order(partitions, hash).iter().map(TopicPartition::to_string).collect();
    names.join(", ")
}

fn validate(options: &Options) -> Result<(), Halt> {
    // The option is converted when it is asked for, which `validate` does not do; jopt converts all of them at parsing.
    let failed = |why: String| Err(Halt::Thrown(KafkaError::new(ADMIN_COMMAND_FAILED, why)));
    let missing: Vec<&str> =
        ["bootstrap-server", "election-type"].into_iter().filter(|name| !options.has(name)).collect();
    if !missing.is_empty() {
        return failed(format!("Missing required option(s): {}", missing.join(", ")));
    }
    forbid(options, "admin.config", &["command-config"])?;
    let choices = ["topic", "all-topic-partitions", "path-to-json-file"];
    if choices.iter().filter(|name| options.has(name)).count() != 1 {
        return failed(format!("One and only one of the following options is required: {}", choices.join(", ")));
    }
    match (options.has("topic"), options.has("partition")) {
        (true, false) => failed("Missing required option(s): partition".to_string()),
        (false, true) => failed("Option partition is only allowed if topic is used".to_string()),
        _ => Ok(()),
    }
}

fn election_type(options: &Options) -> Result<ElectionType, Halt> {
    let text = options.value("election-type")?.unwrap_or_default();
    match text.to_ascii_uppercase().as_str() {
        "PREFERRED" => Ok(ElectionType::Preferred),
        "UNCLEAN" => Ok(ElectionType::Unclean),
        _ => {
            let why = format!("Value [{text}] is not one of [[PREFERRED,UNCLEAN]]");
            let cause = exception("ValueConversionException", why);
            let outer = format!("Cannot parse argument '{text}' of option election-type");
            Err(exception("OptionArgumentConversionException", outer).caused_by(cause).into())
        }
    }
}

/// The partitions of a JSON file, each once.
fn read_partitions(path: &str, tool: &mut Run<'_, '_, '_>) -> Result<Vec<TopicPartition>, Halt> {
    let wrap = |cause: KafkaError| KafkaError::new("java.lang.RuntimeException", cause.to_string()).caused_by(cause);
    let text = match tool.read_text(path) {
        Err(Halt::Thrown(cause)) => return Err(Halt::Thrown(wrap(cause))),
        other => other?,
    };
    let empty = |_| KafkaError::new(ADMIN_OPERATION, "Replica election data is empty");
    let value = match input::parse(&text, empty) {
        Err(error) if error.class != ADMIN_OPERATION => return Err(Halt::Thrown(wrap(error))),
        other => other?,
    };
    let missing = || KafkaError::new(ADMIN_OPERATION, "Replica election data is missing \"partitions\" field");
    let list = input::optional(&value, "partitions").map_err(wrap)?.ok_or_else(missing)?;
    let item = |item: &crate::json::Value| -> Result<TopicPartition, KafkaError> {
        let topic = input::string(input::field(item, "topic")?)?;
        Ok(TopicPartition::new(topic, input::integer(input::field(item, "partition")?)?))
    };
    let parsed: Result<Vec<TopicPartition>, KafkaError> =
        input::array(list).and_then(|items| items.iter().map(item).collect());
    let partitions = parsed.map_err(wrap)?;
    let mut repeated: Vec<&TopicPartition> =
        partitions.iter().filter(|tp| partitions.iter().filter(|other| other == tp).count() > 1).collect();
    base::ordered::sort(&mut repeated);
    repeated.dedup();
    if !repeated.is_empty() {
        let names: Vec<String> = repeated.iter().map(|tp| tp.to_string()).collect();
        let why = format!("Replica election data contains duplicate partitions: [{}]", names.join(", "));
        return Err(KafkaError::new(ADMIN_OPERATION, why).into());
    }
    Ok(partitions)
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.eprintln(error.message());
    tool.eprintln(error.stack_trace());
}
