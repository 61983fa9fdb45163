//! `kafka-client-metrics.sh`: subscriptions to the metrics of clients (`ClientMetricsCommand`).

use base::{Map, Uuid};

use clients::admin::call::{AdminCall, AdminReply, AlterOp, ConfigChange, ConfigEntry, ConfigResource, ResourceType};
use clients::{KafkaError, error};

use super::jopt::{Opt, Options, flag, text};
use super::straight::{Halt, Run, ToolSpec, all_of, unexpected};
use super::usage::{forbid, help_or_version};

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-client-metrics.sh", table: TABLE, run, thrown };

const TABLE: &[Opt] = &[
    text("bootstrap-server", "server to connect to", "REQUIRED: the brokers to connect to first."),
    text("command-config", "command config property file", "A file with properties for the admin client."),
    flag("alter", "Make or change a subscription."),
    flag("delete", "Delete a subscription."),
    flag("describe", "Show a subscription, or all."),
    flag("list", "List the subscriptions."),
    text("name", "name", "The subscription."),
    flag("generate-name", "Take a new id as its name."),
    text("interval", "push interval", "How often clients send, in milliseconds. Empty for the default."),
    text("match", "k1=v1,k2=v2", "Which clients, by client_id, client_software_name and the like."),
    text("metrics", "m1,m2", "Prefixes of names of metrics."),
];

const ABOUT: &str = "This tool helps to manipulate and describe client metrics configurations.";

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let arguments = tool.arguments();
    let options = Options::parse(TABLE, &arguments).map_err(|error| Halt::Usage(error.message().to_string()))?;
    help_or_version(&options, &arguments, ABOUT)?;
    check(&options)?;
    let properties = tool.client_properties(&options)?;
    tool.connect(&properties)?;
    match act(&options, tool) {
        Err(Halt::Thrown(error)) => {
            // The future's own exception is the cause that is shown.
            let error = error.cause.as_deref().unwrap_or(&error);
            tool.println(format!("Error while executing client metrics command : {}", error.message()));
            let line = format!(
                "[{}] ERROR {}\n (org.apache.kafka.tools.ClientMetricsCommand)",
                tool.log_time(),
                error.stack_trace().trim_end()
            );
            tool.eprintln(line);
            Err(Halt::Exit(1))
        }
        other => other,
    }
}

fn check(options: &Options) -> Result<(), Halt> {
    let actions = ["alter", "delete", "describe", "list"];
    if actions.iter().filter(|action| options.has(action)).count() != 1 {
        let words = "Command must include exactly one action: --alter, --delete, --describe or --list.";
        return Err(Halt::Usage(words.to_string()));
    }
    let illegal = |words: &str| Err(KafkaError::new(error::ILLEGAL_ARGUMENT, words).into());
    if !options.has("bootstrap-server") {
        return illegal("--bootstrap-server must be specified.");
    }
    let settings = ["generate-name", "interval", "match", "metrics"];
    forbid(options, "delete", &settings)?;
    forbid(options, "describe", &settings)?;
    forbid(options, "list", &["name", "generate-name", "interval", "match", "metrics"])?;
    let is_named = options.has("name");
    if options.has("alter") {
        if is_named == options.has("generate-name") {
            return illegal("One of --name or --generate-name must be specified with --alter.");
        }
        let interval = options.value("interval")?.unwrap_or_default();
        if !interval.is_empty() && interval.parse::<i32>().is_err() {
            return illegal("Invalid interval value. Enter an integer, or leave empty to reset.");
        }
    }
    if options.has("delete") && !is_named {
        return illegal("A client metrics resource name must be specified with --delete.");
    }
    Ok(())
}

fn act(options: &Options, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let name = options.value("name")?.map(str::to_string);
    if options.has("alter") {
        let name = match name {
            Some(name) => name,
            None => Uuid(u128::from(tool.random()) << 64 | u128::from(tool.random())).to_string(),
        };
        let set = |(option, key): (&str, &str)| {
            options.has(option).then(|| change(key.to_string(), options.values(option).join(",")))
        };
        let keys = [("interval", "interval.ms"), ("metrics", "metrics"), ("match", "match")];
        alter(&name, keys.into_iter().filter_map(set).collect(), tool)?;
        tool.println(format!("Altered client metrics config for {name}."));
        return Ok(());
    }
    if options.has("delete") {
        let name = name.unwrap_or_default();
        let changes = entries(&name, tool)?.into_iter().map(|entry| change(entry.name, String::new())).collect();
        alter(&name, changes, tool)?;
        tool.println(format!("Deleted client metrics config for {name}."));
        return Ok(());
    }
    let kinds = vec![ResourceType::ClientMetrics];
    let AdminReply::ConfigResources(found) = tool.get(AdminCall::ListConfigResources { kinds })? else {
        return Err(unexpected());
    };
    let mut names: Vec<String> = found.into_iter().map(|resource| resource.name).collect();
    if options.has("list") {
        tool.println(names.join("\n"));
        return Ok(());
    }
    if let Some(name) = name {
        names.retain(|known| *known == name);
        if names.is_empty() {
            tool.println(format!("The client metric resource {name} doesn't exist and doesn't have dynamic config."));
        }
    }
    for name in names {
        tool.println(format!("Client metrics configs for {name} are:"));
        for entry in entries(&name, tool)? {
            tool.println(format!("  {}={}", entry.name, entry.value.unwrap_or_default()));
        }
    }
    Ok(())
}

/// An empty value takes the config away.
fn change(name: String, value: String) -> ConfigChange {
    let op = if value.is_empty() { AlterOp::Delete } else { AlterOp::Set };
    ConfigChange { name, value: Some(value), op }
}

fn resource(name: &str) -> ConfigResource {
    ConfigResource { kind: ResourceType::ClientMetrics, name: name.to_string() }
}

fn alter(name: &str, changes: Vec<ConfigChange>, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let changes = Map::from([(resource(name), changes)]);
    let AdminReply::PerResource(items) = tool.get(AdminCall::IncrementalAlterConfigs { changes })? else {
        return Err(unexpected());
    };
    all_of(items).map(drop)
}

/// By name.
fn entries(name: &str, tool: &mut Run<'_, '_, '_>) -> Result<Vec<ConfigEntry>, Halt> {
    let call = AdminCall::DescribeConfigs { resources: vec![resource(name)], synonyms: false };
    let AdminReply::Configs(items) = tool.get(call)? else { return Err(unexpected()) };
    let mut entries: Vec<ConfigEntry> = all_of(items)?.into_values().flatten().collect();
    base::ordered::sort_by(&mut entries, |a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.eprintln(error.message());
    tool.eprintln(error.stack_trace());
}
