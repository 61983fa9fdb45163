//! `kafka-configs.sh`: dynamic configs of topics, brokers, loggers, client metrics and groups; quotas and SCRAM credentials
//! of users, clients and addresses (`ConfigCommand`).

mod alter;
mod describe;
mod options;
pub mod scram;

use clients::{KafkaError, error};

use super::jopt::Options;
use super::straight::{Halt, Run, ToolSpec};
use super::usage::help_or_version;

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-configs.sh", table: options::TABLE, run, thrown };

const INVALID_CONFIGURATION: &str = "org.apache.kafka.common.errors.InvalidConfigurationException";
/// A kind of the above.
const INVALID_TOPIC: &str = "org.apache.kafka.common.errors.InvalidTopicException";

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let arguments = tool.arguments();
    let options = Options::parse(options::TABLE, &arguments)?;
    help_or_version(
        &options,
        &arguments,
        "This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip, client-metrics \
         or group",
    )?;
    let entities = options::check(&options)?;
    let properties = tool.client_properties(&options)?;
    tool.connect(&properties)?;
    if options.has("alter") {
        if entities.types.len() != entities.names.len() {
            return Err(illegal("An entity name must be specified for every entity type".to_string()));
        }
        alter::run(&options, &entities, tool)
    } else {
        describe::run(&options, &entities, tool)
    }
}

fn illegal(why: String) -> Halt {
    Halt::Thrown(KafkaError::new(error::ILLEGAL_ARGUMENT, why))
}

/// `topics` -> `topic`.
fn singular(entity_type: &str) -> &str {
    entity_type.strip_suffix('s').unwrap_or(entity_type)
}

/// Mistakes of the user are shown by their words alone.
fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    let terse = [error::UNSUPPORTED_VERSION, error::ILLEGAL_ARGUMENT, INVALID_CONFIGURATION, INVALID_TOPIC];
    if terse.contains(&error.class.as_str()) || error.class.starts_with("joptsimple.") {
        return tool.eprintln(error.message());
    }
    let arguments = tool.arguments().join(" ");
    tool.eprintln(format!("Error while executing config command with args '{arguments}'"));
    tool.eprint(error.stack_trace());
}
