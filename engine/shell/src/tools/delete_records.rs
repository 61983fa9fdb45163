//! `kafka-delete-records.sh`: moves the log start offset of partitions up (`DeleteRecordsCommand`).

use base::Map;
use base::ordered::Entry;

use clients::KafkaError;
use clients::admin::call::{AdminCall, AdminReply};
use protocol::{TopicPartition, java};

use super::jopt::{Opt, Options, text};
use super::json_input::{self as input, ADMIN_COMMAND_FAILED, ADMIN_OPERATION};
use super::straight::{Halt, Run, ToolSpec, execution, unexpected};
use super::usage::{help_or_version, require};

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-delete-records.sh", table: TABLE, run, thrown };

const TABLE: &[Opt] = &[
    text("bootstrap-server", "server(s) to use for bootstrapping", "REQUIRED: the brokers to connect to first."),
    text(
        "offset-json-file",
        "Offset json file path",
        "REQUIRED: a file with the offset to delete up to for each partition: \
         {\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":1}],\"version\":1}",
    ),
    text("command-config", "command config property file path", "A file with properties for the admin client."),
];

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let arguments = tool.arguments();
    let options = Options::parse(TABLE, &arguments)?;
    help_or_version(
        &options,
        &arguments,
        "This tool helps to delete records of the given partitions down to the specified offset.",
    )?;
    require(&options, &["bootstrap-server", "offset-json-file"])?;
    let properties = tool.client_properties(&options)?;
    tool.connect(&properties)?;
    let text = tool.read_text(options.value("offset-json-file")?.unwrap_or_default())?;
    let before = parse(&text)?;
    tool.println("Executing records delete operation");
    // Kafka's tool says so before it waits for the answers.
    tool.println("Records delete operation completed:");
    let reply = tool.get(AdminCall::DeleteRecords { before })?;
    let AdminReply::LowWatermarks(items) = reply else { return Err(unexpected()) };
    let hash = |(tp, _): &(TopicPartition, _)| java::topic_partition_hash(&tp.topic, tp.partition);
    for (tp, item) in java::hash_map_order(items.into_iter().collect(), hash) {
        match item {
            Ok(low_watermark) => tool.println(format!("partition: {tp}\tlow_watermark: {low_watermark}")),
            Err(error) => tool.println(format!("partition: {tp}\terror: {}", execution(error).message())),
        }
    }
    Ok(())
}

/// Offsets by partition; a partition may be there once.
fn parse(text: &str) -> Result<Map<TopicPartition, i64>, KafkaError> {
    let invalid = |_| KafkaError::new(ADMIN_OPERATION, "The input string is not a valid JSON");
    let value = input::parse(text, invalid)?;
    input::check_version(&value)?;
    let missing = || KafkaError::new(ADMIN_OPERATION, "Missing partitions field");
    let partitions = input::optional(&value, "partitions")?.ok_or_else(missing)?;
    let mut before = Map::new();
    let mut repeated = Vec::new();
    for item in input::array(partitions)? {
        let topic = input::string(input::field(item, "topic")?)?;
        let partition = input::integer(input::field(item, "partition")?)?;
        let offset = input::long(input::field(item, "offset")?)?;
        let tp = TopicPartition::new(topic, partition);
        match before.entry(tp) {
            Entry::Occupied(there) => repeated.push(there.key().clone()),
            Entry::Vacant(place) => {
                place.insert(offset);
            }
        }
    }
    if repeated.is_empty() {
        return Ok(before);
    }
    let names: Vec<String> = repeated.iter().map(TopicPartition::to_string).collect();
    let why = format!("Offset json file contains duplicate topic partitions: {}", names.join(","));
    Err(KafkaError::new(ADMIN_COMMAND_FAILED, why))
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.eprintln(error.message());
    tool.eprintln(error.stack_trace());
}
