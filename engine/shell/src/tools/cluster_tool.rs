//! `kafka-cluster.sh`: the cluster's id, its endpoints, and brokers that will not come back (`ClusterTool`).

use clients::admin::call::{AdminCall, AdminReply};
use clients::config::Properties;
use clients::node::Node;
use clients::{KafkaError, error};

use super::argparse::{Arg, Command, Kind, Parser, Stop, arg, grouped, required};
use super::straight::{Halt, Run, ToolSpec, execution, unexpected};

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-cluster.sh", table: &[], run, thrown };

const SERVER: Arg =
    required(grouped(arg(&["--bootstrap-server", "-b"], Kind::Text, "The brokers to connect to first.")));
const CONTROLLER: Arg =
    required(grouped(arg(&["--bootstrap-controller", "-C"], Kind::Text, "The controllers to connect to first.")));
const OLD_CONFIG: Arg = arg(&["--config"], Kind::Text, "The old name of --command-config.");
const CONFIG: Arg = arg(&["--command-config", "-c"], Kind::Text, "A file with properties for the admin client.");

const PARSER: Parser = Parser {
    program: "kafka-cluster",
    about: "Tells about a cluster as a whole.",
    args: &[],
    commands: &[
        Command { name: "cluster-id", help: "Show the cluster's id.", args: &[SERVER, CONTROLLER, OLD_CONFIG, CONFIG] },
        Command {
            name: "unregister",
            help: "Forget a broker.",
            args: &[
                SERVER,
                CONTROLLER,
                OLD_CONFIG,
                CONFIG,
                required(arg(&["--id", "-i"], Kind::Integer, "The broker's id.")),
            ],
        },
        Command {
            name: "list-endpoints",
            help: "Show where brokers or controllers listen.",
            args: &[
                SERVER,
                CONTROLLER,
                OLD_CONFIG,
                CONFIG,
                arg(&["--include-fenced-brokers"], Kind::Flag, "Fenced brokers too."),
            ],
        },
    ],
};

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let parsed = match PARSER.parse(&tool.arguments()) {
        Ok(parsed) => parsed,
        Err(Stop::Help(text)) => {
            tool.print(text);
            return Err(Halt::Exit(1));
        }
        Err(Stop::Error(words)) => return Err(PARSER.refused(&words, tool)),
    };
    let mut config = parsed.text("--command-config");
    if let Some(old) = parsed.text("--config") {
        if config.is_some() {
            return Err(PARSER.refused("--config and --command-config cannot be specified together.", tool));
        }
        tool.println(
            "Option --config has been deprecated and will be removed in a future version. Use --command-config instead.",
        );
        config = Some(old);
    }
    let mut properties = match config {
        Some(path) => tool.load_properties(path)?,
        None => Properties::new(),
    };
    let controllers = parsed.text("--bootstrap-controller");
    bootstrap(&mut properties, parsed.text("--bootstrap-server"), controllers);
    tool.connect(&properties)?;
    match parsed.command {
        "cluster-id" => {
            let AdminReply::Cluster(cluster) = tool.get(AdminCall::DescribeCluster { include_fenced: false })? else {
                return Err(unexpected());
            };
            tool.println(format!("Cluster ID: {}", cluster.cluster_id));
            Ok(())
        }
        "unregister" => unregister(parsed.integer("--id").unwrap_or(-1), tool),
        _ => {
            let fenced = parsed.has("--include-fenced-brokers");
            if fenced && controllers.is_some() {
                let why = "The option --include-fenced-brokers is only supported with --bootstrap-server option";
                return Err(KafkaError::new(error::ILLEGAL_ARGUMENT, why).into());
            }
            list_endpoints(fenced, controllers.is_some(), tool)
        }
    }
}

/// Where the admin client begins.
pub fn bootstrap(properties: &mut Properties, server: Option<&str>, controller: Option<&str>) {
    let (key, value) = match (server, controller) {
        (Some(server), _) => ("bootstrap.servers", server),
        (None, controller) => ("bootstrap.controllers", controller.unwrap_or_default()),
    };
    properties.insert(key.to_string(), value.to_string());
}

fn unregister(broker: i32, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    match tool.ask(AdminCall::UnregisterBroker { broker })? {
        Ok(_) => tool.println(format!("Broker {broker} is no longer registered.")),
        Err(cause) if cause.class == error::UNSUPPORTED_VERSION => {
            tool.println("The target cluster does not support the broker unregistration API.");
        }
        Err(cause) => return Err(Halt::Thrown(execution(cause))),
    }
    Ok(())
}

fn list_endpoints(include_fenced: bool, of_controllers: bool, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let nodes = match tool.ask(AdminCall::DescribeCluster { include_fenced })? {
        Ok(AdminReply::Cluster(cluster)) => cluster.nodes,
        Ok(_) => return Err(unexpected()),
        Err(cause) if cause.class == error::UNSUPPORTED_VERSION => {
            tool.println(cause.message());
            return Ok(());
        }
        Err(cause) => return Err(Halt::Thrown(execution(cause))),
    };
    let widest = |of: fn(&Node) -> Option<usize>, other: usize| nodes.iter().filter_map(of).max().unwrap_or(other);
    let host = widest(|node| Some(node.host.chars().count()), 100);
    let rack = widest(|node| node.rack.as_ref().map(|rack| rack.chars().count()), 10);
    let row = |id: &str, name: &str, port: &str, on: &str, state: &str, kind: &str| match of_controllers {
        true => format!("{id:<10} {name:<host$} {port:<10} {on:<rack$} {kind:<15}"),
        false => format!("{id:<10} {name:<host$} {port:<10} {on:<rack$} {state:<10} {kind:<15}"),
    };
    tool.println(row("ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE"));
    for node in &nodes {
        let state = if node.fenced { "fenced" } else { "unfenced" };
        let kind = if of_controllers { "controller" } else { "broker" };
        let on = node.rack.as_deref().unwrap_or("null");
        tool.println(row(&node.id.to_string(), &node.host, &node.port.to_string(), on, state, kind));
    }
    Ok(())
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.eprintln(error.message());
    tool.eprintln(error.stack_trace());
}
