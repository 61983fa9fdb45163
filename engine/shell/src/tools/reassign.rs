//! `kafka-reassign-partitions.sh`: moves replicas to other brokers and directories (`ReassignPartitionsCommand`).

mod execute;
mod generate;
mod plan;
mod throttle;
mod verify;

use base::Map;
use clients::KafkaError;
use clients::admin::call::{AdminCall, AdminReply, Reassignment};
use protocol::TopicPartition;

use super::jopt::{Argument, Opt, Options, flag, long, or, text};
use super::straight::{Halt, Run, ToolSpec, unexpected};
use super::usage::{help_or_version, require};

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-reassign-partitions.sh", table: TABLE, run, thrown };

const TABLE: &[Opt] = &[
    flag(
        "verify",
        "See how far the reassignment of --reassignment-json-file is; takes throttles away when it is done.",
    ),
    flag("generate", "Propose a plan. Nothing is moved."),
    flag("execute", "Start the reassignment of --reassignment-json-file."),
    flag("cancel", "Cancel the reassignment of --reassignment-json-file."),
    flag("list", "Show every reassignment under way."),
    Opt {
        name: "bootstrap-server",
        argument: Argument::Optional("String", "Server(s) to use for bootstrapping"),
        default: None,
        help: "The brokers to connect to first.",
    },
    Opt {
        name: "bootstrap-controller",
        argument: Argument::Optional("String", "bootstrap controller to connect to"),
        default: None,
        help: "The controllers to connect to first, for --cancel and --list.",
    },
    text("command-config", "Admin client property file", "A file with properties for the admin client."),
    text(
        "reassignment-json-file",
        "manual assignment json file path",
        "The plan: {\"version\":1,\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"replicas\":[1,2]}]}",
    ),
    text(
        "topics-to-move-json-file",
        "topics to reassign json file path",
        "Topics to make a plan for: {\"version\":1,\"topics\":[{\"topic\":\"t\"}]}",
    ),
    text("broker-list", "brokerlist", "The brokers that the plan may use, separated by commas."),
    flag("disable-rack-aware", "Do not look at racks."),
    or(long("throttle", "throttle", "Bytes a second between brokers; at least 1000."), "-1"),
    or(
        long("replica-alter-log-dirs-throttle", "replicaAlterLogDirsThrottle", "Bytes a second between directories."),
        "-1",
    ),
    or(long("timeout", "timeout", "Milliseconds to wait for a move between directories to begin."), "10000"),
    flag("additional", "Start beside others under way, or change the throttle of one."),
    flag("preserve-throttles", "Leave throttles as they are."),
    flag("disallow-replication-factor-change", "Refuse a plan that changes a replication factor."),
];

/// What each action needs, and what else it takes.
const ACTIONS: [(&str, &[&str], &[&str]); 5] = [
    (
        "generate",
        &["topics-to-move-json-file", "broker-list"],
        &["bootstrap-server", "broker-list", "command-config", "disable-rack-aware"],
    ),
    (
        "execute",
        &["reassignment-json-file"],
        &[
            "additional",
            "bootstrap-server",
            "command-config",
            "throttle",
            "replica-alter-log-dirs-throttle",
            "timeout",
            "disallow-replication-factor-change",
        ],
    ),
    ("verify", &["reassignment-json-file"], &["bootstrap-server", "command-config", "preserve-throttles"]),
    (
        "cancel",
        &["reassignment-json-file"],
        &["bootstrap-server", "bootstrap-controller", "command-config", "preserve-throttles", "timeout"],
    ),
    ("list", &[], &["bootstrap-server", "bootstrap-controller", "command-config"]),
];

const EXCEPTION_IN_MAIN: &str = "Exception in thread \"main\" ";

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let arguments = tool.arguments();
    let options = match Options::parse(TABLE, &arguments) {
        Ok(options) => options,
        // Options are parsed before the `try` of `main`.
        Err(error) => {
            tool.eprint(format!("{EXCEPTION_IN_MAIN}{}", error.stack_trace()));
            return Err(Halt::Exit(1));
        }
    };
    help_or_version(&options, &arguments, "This tool helps to move topic partitions between replicas.")?;
    let action = check(&options)?;
    let mut properties = tool.client_properties(&options)?;
    properties.entry("client.id".to_string()).or_insert_with(|| "reassign-partitions-tool".to_string());
    tool.connect(&properties)?;
    match action {
        "verify" => verify::run(&options, tool),
        "generate" => generate::run(&options, tool),
        "execute" => execute::run(&options, tool),
        "cancel" => execute::cancel(&options, tool),
        _ => list(tool),
    }
}

/// `validateAndParseArgs`: the one action, with what it needs and nothing that it does not take.
fn check(options: &Options) -> Result<&'static str, Halt> {
    let usage = |words: String| Err(Halt::Usage(words));
    let given: Vec<_> = ACTIONS.iter().filter(|(name, ..)| options.has(name)).collect();
    let [(action, needed, allowed)] = given.as_slice() else {
        let names: Vec<String> = ACTIONS.iter().map(|(name, ..)| format!("--{name}")).collect();
        return usage(format!("Command must include exactly one action: {}", names.join(", ")));
    };
    let (server, controller) = (options.has("bootstrap-server"), options.has("bootstrap-controller"));
    if server && controller {
        return usage("Please don't specify both --bootstrap-server and --bootstrap-controller".to_string());
    }
    if !server && !controller {
        return usage("Please specify either --bootstrap-server or --bootstrap-controller".to_string());
    }
    require(options, needed)?;
    let stray = options.names().into_iter().find(|name| {
        let wrong_end = *name == if server { "bootstrap-controller" } else { "bootstrap-server" };
        name != action && !needed.contains(name) && (!allowed.contains(name) || wrong_end)
    });
    match stray {
        Some(name) => usage(format!("Option \"[{name}]\" can't be used with action \"[{action}]\"")),
        None => Ok(action),
    }
}

/// Every reassignment under way, or those of some partitions.
fn ongoing(
    partitions: Option<Vec<TopicPartition>>,
    tool: &mut Run<'_, '_, '_>,
) -> Result<Map<TopicPartition, Reassignment>, Halt> {
    let AdminReply::Reassignments(found) = tool.get(AdminCall::ListPartitionReassignments { partitions })? else {
        return Err(unexpected());
    };
    Ok(found)
}

fn list(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let found = ongoing(None, tool)?;
    if found.is_empty() {
        tool.println("No partition reassignments found.");
        return Ok(());
    }
    tool.println("Current partition reassignments:");
    for (tp, reassignment) in &found {
        let part = |words: &str, ids: &[i32]| match ids.is_empty() {
            true => String::new(),
            false => format!(" {words}: {}.", commas(ids)),
        };
        tool.println(format!(
            "{tp}: replicas: {}.{}{}",
            commas(&reassignment.replicas),
            part("adding", &reassignment.adding),
            part("removing", &reassignment.removing)
        ));
    }
    Ok(())
}

fn commas(ids: &[i32]) -> String {
    ids.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}

/// `TerseException`: its words on stdout, nothing else.
fn terse(words: String, tool: &mut Run<'_, '_, '_>) -> Halt {
    tool.println(words);
    Halt::Exit(1)
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.println(format!("Error: {}", error.message()));
    tool.println(error.stack_trace());
}
