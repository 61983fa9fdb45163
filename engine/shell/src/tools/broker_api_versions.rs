//! `kafka-broker-api-versions.sh`: which versions of which APIs each broker speaks (`BrokerApiVersionsCommand`).

use clients::admin::call::{AdminCall, AdminReply, OfferedApi};
use clients::config::Properties;
use clients::{KafkaError, Node};
use protocol::api::{Listener, offered};
use protocol::{ApiKey, java};

use super::jopt::{Opt, Options, text};
use super::straight::{Halt, Run, ToolSpec, execution, unexpected};
use super::usage::{help_or_version, require};

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-broker-api-versions.sh", table: TABLE, run, thrown };

const TABLE: &[Opt] = &[
    text("command-config", "command config property file", "A file with properties for the admin client."),
    text("bootstrap-server", "server(s) to use for bootstrapping", "REQUIRED: the brokers to connect to first."),
];

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let arguments = tool.arguments();
    let options = Options::parse(TABLE, &arguments)?;
    help_or_version(&options, &arguments, "This tool helps to retrieve broker version information.")?;
    require(&options, &["bootstrap-server"])?;
    let mut properties = match options.value("command-config")? {
        Some(path) => tool.load_properties(path)?,
        None => Properties::new(),
    };
    let servers = options.value("bootstrap-server")?.unwrap_or_default().to_string();
    properties.insert("bootstrap.servers".to_string(), servers.clone());
    properties.insert("client.id".to_string(), "admin-1".to_string());
    // Kafka's tool has a client of its own here, which asks each server once.
    properties.insert("request.timeout.ms".to_string(), "5000".to_string());
    properties.insert("default.api.timeout.ms".to_string(), "5000".to_string());
    // It makes its client from parts, so that what is wrong with the addresses is not wrapped.
    let bare = |halt| match halt {
        Halt::Thrown(KafkaError { cause: Some(cause), .. }) => Halt::Thrown(*cause),
        halt => halt,
    };
    tool.connect(&properties).map_err(bare)?;
    let reply = tool.ask(AdminCall::DescribeCluster { include_fenced: false })?;
    let nodes = match reply {
        Ok(AdminReply::Cluster(cluster)) => cluster.nodes,
        Ok(_) => return Err(unexpected()),
        Err(_) => {
            let node = |(at, address): (i32, &str)| format!("{address} (id: -{at} rack: null isFenced: false)");
            let nodes: Vec<String> = (1..).zip(servers.split(',')).map(node).collect();
            let why = format!("Request METADATA failed on brokers [{}]", nodes.join(", "));
            return Err(KafkaError::new("java.lang.RuntimeException", why).into());
        }
    };
    // The tool collects the nodes in a hash map.
    for node in java::hash_map_order(nodes, Node::java_hash) {
        match tool.ask(AdminCall::NodeVersions { node: node.id })? {
            Ok(AdminReply::Versions(apis)) => tool.println(format!("{node} -> {}", table(&apis))),
            Ok(_) => return Err(unexpected()),
            Err(error) => tool.println(format!("{node} -> ERROR: {}", execution(error).message())),
        }
    }
    Ok(())
}

/// `NodeApiVersions.toString(true)`: in order of the keys; what this client knows and the node does not offer, too.
fn table(apis: &[OfferedApi]) -> String {
    let mut rows: Vec<(i16, String)> = apis.iter().map(|api| (api.code, row(api))).collect();
    for (api, _) in offered(Listener::Broker, true) {
        if !apis.iter().any(|offered| offered.code == api.code()) {
            rows.push((api.code(), format!("{}({}): UNSUPPORTED", api.name(), api.code())));
        }
    }
    base::ordered::sort(&mut rows);
    let texts: Vec<String> = rows.into_iter().map(|(_, text)| text).collect();
    format!("(\n\t{}\n)", texts.join(",\n\t"))
}

fn row(api: &OfferedApi) -> String {
    let OfferedApi { code, min, max } = *api;
    let range = if min == max { min.to_string() } else { format!("{min} to {max}") };
    let Some(known) = ApiKey::from_code(code) else { return format!("UNKNOWN({code}): {range}") };
    let usable = known.max_stable_version().min(max);
    let judged = if usable >= known.min_version().max(min) {
        format!("[usable: {usable}]")
    } else if max < known.min_version() {
        "[unusable: node too old]".to_string()
    } else {
        "[unusable: node too new]".to_string()
    };
    format!("{}({code}): {range} {judged}", known.name())
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.eprintln(error.message());
    tool.eprintln(error.stack_trace());
}
