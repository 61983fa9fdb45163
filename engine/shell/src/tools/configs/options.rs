//! The options of `kafka-configs.sh`, which entities they name, and what may stand beside what (`ConfigCommandOptions`).

use crate::tools::jopt::{Opt, Options, flag, text};
use crate::tools::straight::Halt;
use crate::tools::usage::forbid;

use super::illegal;

pub const TABLE: &[Opt] = &[
    text("bootstrap-server", "server to connect to", "The brokers to connect to first."),
    text("bootstrap-controller", "controller to connect to", "The controllers to connect to first."),
    text("command-config", "command config property file", "A file with properties for the admin client."),
    flag("alter", "Change the configuration."),
    flag("describe", "Show the configuration."),
    flag("all", "Show every config, static ones and defaults too."),
    text("entity-type", "", "topics, clients, users, brokers, broker-loggers, ips, client-metrics or groups."),
    text(
        "entity-name",
        "",
        "The name of the entity: of a topic, client, user, broker, address, metrics resource or group.",
    ),
    flag("entity-default", "The default entity of clients, users, brokers or ips."),
    text("add-config", "", "Configs to set: k1=v1,k2=[v1,v2]. Brackets hold a list together."),
    text("add-config-file", "", "A property file of configs to set."),
    text("delete-config", "", "Configs to remove: k1,k2."),
    text("topic", "", "The topic."),
    text("client", "", "The client id."),
    flag("client-defaults", "The defaults of all clients."),
    text("user", "", "The user's principal name."),
    flag("user-defaults", "The defaults of all users."),
    text("broker", "", "The broker's id."),
    flag("broker-defaults", "The defaults of all brokers."),
    text("broker-logger", "", "The id of the broker whose loggers are meant."),
    flag("ip-defaults", "The defaults of all addresses."),
    text("ip", "", "The address."),
    text("group", "", "The group's id."),
    text("client-metrics", "", "The name of the client metrics resource."),
];

pub const TOPICS: &str = "topics";
pub const CLIENTS: &str = "clients";
pub const USERS: &str = "users";
pub const BROKERS: &str = "brokers";
pub const LOGGERS: &str = "broker-loggers";
pub const IPS: &str = "ips";
pub const CLIENT_METRICS: &str = "client-metrics";
pub const GROUPS: &str = "groups";

const ALL_TYPES: [&str; 8] = [TOPICS, CLIENTS, USERS, BROKERS, IPS, CLIENT_METRICS, GROUPS, LOGGERS];

/// Options that name an entity and its type at once, and those that mean the default of a type.
const FLAGS: [(&str, &str); 8] = [
    ("topic", TOPICS),
    ("client", CLIENTS),
    ("user", USERS),
    ("broker", BROKERS),
    ("broker-logger", LOGGERS),
    ("ip", IPS),
    ("client-metrics", CLIENT_METRICS),
    ("group", GROUPS),
];
const DEFAULT_FLAGS: [(&str, &str); 4] =
    [("client-defaults", CLIENTS), ("user-defaults", USERS), ("broker-defaults", BROKERS), ("ip-defaults", IPS)];

/// What the command line names: types, and names of which the empty one is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entities {
    pub types: Vec<String>,
    pub names: Vec<String>,
}

impl Entities {
    pub fn has_type(&self, entity_type: &str) -> bool {
        self.types.iter().any(|t| t == entity_type)
    }
}

fn entities(options: &Options) -> Result<Entities, Halt> {
    let mut types: Vec<String> = options.values("entity-type").iter().map(|t| t.to_string()).collect();
    // Names and defaults in the order in which they were typed: each belongs to the type at its place.
    let mut names: Vec<String> = options.in_order(&["entity-name", "entity-default"]);
    for (flag, entity_type) in FLAGS {
        if options.has(flag) {
            types.push(entity_type.to_string());
            names.push(options.value(flag)?.unwrap_or_default().to_string());
        }
    }
    for (flag, entity_type) in DEFAULT_FLAGS {
        if options.has(flag) {
            types.push(entity_type.to_string());
            names.push(String::new());
        }
    }
    Ok(Entities { types, names })
}

/// `checkArgs`.
pub fn check(options: &Options) -> Result<Entities, Halt> {
    if ["alter", "describe"].iter().filter(|action| options.has(action)).count() != 1 {
        return Err(Halt::Usage("Command must include exactly one action: --describe, --alter".to_string()));
    }
    forbid(options, "describe", &["alter", "add-config", "delete-config"])?;
    let entities = entities(options)?;
    check_types(options, &entities)?;
    let specific = FLAGS.iter().chain(&DEFAULT_FLAGS).any(|(flag, _)| options.has(flag));
    let general = ["entity-name", "entity-type", "entity-default"].iter().any(|name| options.has(name));
    if general && specific {
        let why = "--entity-{type,name,default} should not be used in conjunction with specific entity flags";
        return Err(illegal(why.to_string()));
    }
    if options.has("bootstrap-server") && options.has("bootstrap-controller") {
        let why = "Only one of --bootstrap-server or --bootstrap-controller can be specified";
        return Err(illegal(why.to_string()));
    }
    check_names(options, &entities)?;
    if options.has("describe") {
        check_describe(options, &entities)?
    } else {
        check_alter(options, &entities)?
    }
    Ok(entities)
}

fn check_types(options: &Options, entities: &Entities) -> Result<(), Halt> {
    let types = &entities.types;
    let repeated: Vec<&str> = types
        .iter()
        .enumerate()
        .filter(|(at, entity_type)| types[..*at].contains(entity_type))
        .map(|(_, entity_type)| entity_type.as_str())
        .collect();
    if !repeated.is_empty() {
        return Err(illegal(format!("Duplicate entity type(s) specified: {}", repeated.join(","))));
    }
    if !options.has("bootstrap-server") && !options.has("bootstrap-controller") {
        let why = "Either --bootstrap-server or --bootstrap-controller must be specified.";
        return Err(illegal(why.to_string()));
    }
    if let Some(unknown) = types.iter().find(|t| !ALL_TYPES.contains(&t.as_str())) {
        return Err(illegal(format!(
            "Invalid entity type {unknown}, the entity type must be one of {} with a --bootstrap-server or \
             --bootstrap-controller argument",
            ALL_TYPES.join(", ")
        )));
    }
    if types.is_empty() {
        return Err(illegal("At least one entity type must be specified".to_string()));
    }
    let users_and_clients = types.len() == 2 && entities.has_type(USERS) && entities.has_type(CLIENTS);
    if types.len() > 1 && !users_and_clients {
        let why = "Only 'users' and 'clients' entity types may be specified together";
        return Err(illegal(why.to_string()));
    }
    Ok(())
}

fn check_names(options: &Options, entities: &Entities) -> Result<(), Halt> {
    if !entities.names.iter().any(|name| !name.is_empty()) {
        return Ok(());
    }
    let head = &entities.types[0];
    if entities.has_type(BROKERS) || entities.has_type(LOGGERS) {
        for option in ["entity-name", "broker", "broker-logger"] {
            let Some(id) = options.value(option)? else { continue };
            if id.parse::<i32>().is_err() {
                let why = format!("The entity name for {head} must be a valid integer broker id, but it is: {id}");
                return Err(illegal(why));
            }
        }
    }
    if entities.has_type(IPS) {
        for option in ["entity-name", "ip"] {
            let Some(ip) = options.value(option)? else { continue };
            if !is_address(ip) {
                let why = format!("The entity name for {head} must be a valid IP or resolvable host, but it is: {ip}");
                return Err(illegal(why));
            }
        }
    }
    Ok(())
}

/// An address as `InetAddress.getByName` takes it without asking anybody.
fn is_address(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let version_4 = parts.len() == 4 && parts.iter().all(|part| part.parse::<u8>().is_ok());
    let version_6 = text.contains(':') && text.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
    version_4 || version_6 || text == "localhost"
}

fn has_default(entities: &Entities) -> bool {
    [USERS, CLIENTS, BROKERS, IPS].iter().any(|kind| entities.has_type(kind))
}

fn check_describe(options: &Options, entities: &Entities) -> Result<(), Halt> {
    let types = entities.types.join(",");
    if !has_default(entities) && options.has("entity-default") {
        return Err(illegal(format!("--entity-default must not be specified with --describe of {types}")));
    }
    if entities.has_type(LOGGERS) && !entities.names.iter().any(|name| !name.is_empty()) {
        return Err(illegal(format!("An entity name must be specified with --describe of {types}")));
    }
    Ok(())
}

fn check_alter(options: &Options, entities: &Entities) -> Result<(), Halt> {
    let named = entities.names.iter().any(|name| !name.is_empty());
    if has_default(entities) {
        if entities.names.is_empty() {
            let why =
                "An entity-name or default entity must be specified with --alter of users, clients, brokers or ips";
            return Err(illegal(why.to_string()));
        }
    } else if !named {
        let types = entities.types.join(",");
        return Err(illegal(format!("An entity name must be specified with --alter of {types}")));
    }
    let (add, file, delete) = (options.has("add-config"), options.has("add-config-file"), options.has("delete-config"));
    if add && file {
        return Err(illegal("Only one of --add-config or --add-config-file must be specified".to_string()));
    }
    if !add && !file && !delete {
        let why = "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter";
        return Err(illegal(why.to_string()));
    }
    Ok(())
}
