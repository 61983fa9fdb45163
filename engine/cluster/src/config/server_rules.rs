//! What the properties of one server must fit together (`KafkaConfig.validateValues` and the constructors before it): the
//! words a server prints when it does not start, and those of a dynamic change that would make it so.

use base::Set;

use super::key::{DefaultValue, server_key, server_keys};
use super::listeners::{self, Endpoint};
use super::server::ServerConfig;
use super::value::validate_given;

/// An exception: its short class name and message, and those of its cause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refused {
    pub class: &'static str,
    pub message: String,
    pub cause: Option<(&'static str, String)>,
}

impl Refused {
    pub fn new(class: &'static str, message: impl Into<String>) -> Refused {
        Refused { class, message: message.into(), cause: None }
    }

    pub fn config(message: impl Into<String>) -> Refused {
        Refused::new("ConfigException", message)
    }
}

pub(super) fn illegal(message: impl Into<String>) -> Refused {
    Refused::new("IllegalArgumentException", message)
}

/// Scala's `require`.
fn require(holds: bool, message: impl Into<String>) -> Result<(), Refused> {
    if holds { Ok(()) } else { Err(illegal(format!("requirement failed: {}", message.into()))) }
}

/// A whole server configuration, as its constructor checks it.
pub fn check_server(config: &ServerConfig) -> Result<(), Refused> {
    let config = &with_synonyms(config);
    check_values(config)?;
    check_groups(config)?;
    let roles = roles(config);
    if config.number("node.id") != config.number("broker.id") {
        return Err(Refused::config("You must set `node.id` to the same value as `broker.id`."));
    }
    check_numbers(config)?;
    let protocols = listeners::protocol_map(config)?;
    let all = listeners::endpoints(&listeners::list(config, "listeners").unwrap_or_default(), &protocols, true)?;
    let advertised = match listeners::list(config, "advertised.listeners") {
        Some(entries) => listeners::endpoints(&entries, &protocols, false)?,
        None => all.clone(),
    };
    let controllers = listeners::controller_names(config);
    let is_controller = |endpoint: &&Endpoint| controllers.contains(&endpoint.name);
    let for_brokers: Vec<&Endpoint> = advertised.iter().filter(|e| !is_controller(e)).collect();
    let quorum = Quorum { config, all: &all, controllers: &controllers };
    quorum.check(&roles)?;
    if roles.contains("broker") {
        check_brokers(config, &all, &for_brokers, &protocols)?;
    }
    let meta = |endpoint: &&&Endpoint| endpoint.host.as_deref() == Some("0.0.0.0");
    require(
        !for_brokers.iter().any(|endpoint| meta(&endpoint)),
        "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.",
    )?;
    check_sockets(config)?;
    for name in listeners::list(config, "early.start.listeners").unwrap_or_default() {
        if !all.iter().any(|endpoint| endpoint.name == name) && !controllers.contains(&name) {
            return Err(Refused::config(format!(
                "early.start.listeners contains listener {name}, but this is not contained in listeners or \
                 controller.listener.names"
            )));
        }
    }
    Ok(())
}

/// `node.id` and `broker.id` stand for each other.
fn with_synonyms(config: &ServerConfig) -> ServerConfig {
    let mut properties = config.properties().clone();
    let (node, broker) = (properties.get("node.id").cloned(), properties.get("broker.id").cloned());
    match (node, broker) {
        (Some(id), None) => drop(properties.insert("broker.id".to_string(), id)),
        (None, Some(id)) => drop(properties.insert("node.id".to_string(), id)),
        _ => {}
    }
    ServerConfig::new(config.node_id(), properties)
}

/// Every value by itself, in the order of the definitions as far as what must be given, which comes first.
fn check_values(config: &ServerConfig) -> Result<(), Refused> {
    for name in ["broker.id", "process.roles", "node.id", "controller.listener.names"] {
        match config.own(name) {
            Some(text) => {
                server_key(name).map(|key| validate_given(key, text)).transpose().map_err(Refused::config)?;
            }
            None if name == "broker.id" => {}
            None => {
                let why = format!("Missing required configuration \"{name}\" which has no default value.");
                return Err(Refused::config(why));
            }
        }
    }
    for key in server_keys() {
        if let Some(text) = config.own(key.name) {
            validate_given(key, text).map_err(Refused::config)?;
        }
    }
    let unset = |key: &&super::ConfigKey| key.default == DefaultValue::Required && config.own(key.name).is_none();
    match server_keys().find(unset) {
        Some(key) => {
            let why = format!("Missing required configuration \"{}\" which has no default value.", key.name);
            Err(Refused::config(why))
        }
        None => Ok(()),
    }
}

fn roles(config: &ServerConfig) -> Set<String> {
    listeners::list(config, "process.roles").unwrap_or_default().into_iter().collect()
}

/// `GroupCoordinatorConfig`: limits and what must lie between them.
fn check_groups(config: &ServerConfig) -> Result<(), Refused> {
    let protocols = listeners::list(config, "group.coordinator.rebalance.protocols").unwrap_or_default();
    let known = |name: &str| matches!(name, "uniform" | "range") || name.starts_with("org.apache.kafka.");
    let assignors = listeners::list(config, "group.consumer.assignors").unwrap_or_default();
    if let Some(name) = assignors.iter().find(|name| !known(name)) {
        return Err(Refused::new("KafkaException", format!("Class {name} cannot be found")));
    }
    for kind in ["consumer", "share", "streams"] {
        let name = |suffix: &str| format!("group.{kind}.{suffix}");
        let (heartbeat, session) = (name("heartbeat.interval.ms"), name("session.timeout.ms"));
        for value in ["heartbeat.interval.ms", "session.timeout.ms"] {
            let (value, min, max) = (name(value), name(&format!("min.{value}")), name(&format!("max.{value}")));
            compare(config, &max, Order::AtLeast, &min)?;
            compare(config, &value, Order::AtLeast, &min)?;
            compare(config, &value, Order::AtMost, &max)?;
        }
        compare(config, &heartbeat, Order::Below, &session)?;
        let (value, min, max) =
            (name("assignment.interval.ms"), name("min.assignment.interval.ms"), name("max.assignment.interval.ms"));
        compare(config, &max, Order::AtLeast, &min)?;
        compare(config, &value, Order::AtLeast, &min)?;
        compare(config, &value, Order::AtMost, &max)?;
    }
    compare(config, "group.streams.num.standby.replicas", Order::AtMost, "group.streams.max.standby.replicas")?;
    if protocols.iter().any(|protocol| protocol.eq_ignore_ascii_case("classic")) {
        return Ok(());
    }
    Err(Refused::config("Disabling the 'Classic' protocol is not supported."))
}

#[derive(Clone, Copy)]
enum Order {
    AtLeast,
    AtMost,
    Below,
}

/// Java's `Utils.require`, which puts nothing in front of the words.
fn compare(config: &ServerConfig, one: &str, order: Order, other: &str) -> Result<(), Refused> {
    if server_key(one).is_none() || server_key(other).is_none() {
        return Ok(());
    }
    let (a, b) = (config.number(one), config.number(other));
    let (holds, words) = match order {
        Order::AtLeast => (a >= b, "greater than or equal to"),
        Order::AtMost => (a <= b, "less than or equal to"),
        Order::Below => (a < b, "less than"),
    };
    if holds { Ok(()) } else { Err(illegal(format!("{one} must be {words} {other}"))) }
}

/// The part of `validateValues` that a dynamic change can break too.
pub fn check_numbers(config: &ServerConfig) -> Result<(), Refused> {
    let in_ms = |ms: &str, larger: &[(&str, i64)]| {
        let given = [(ms, 1)].iter().chain(larger).find_map(|(name, factor)| {
            config.text(name).and_then(|text| text.trim().parse::<i64>().ok()).map(|number| number * factor)
        });
        given.unwrap_or(0)
    };
    const HOUR: i64 = 3_600_000;
    let roll = in_ms("log.roll.ms", &[("log.roll.hours", HOUR)]);
    require(roll >= 1, "log.roll.ms must be greater than or equal to 1")?;
    let jitter = in_ms("log.roll.jitter.ms", &[("log.roll.jitter.hours", HOUR)]);
    require(jitter >= 0, "log.roll.jitter.ms must be greater than or equal to 0")?;
    let retention = in_ms("log.retention.ms", &[("log.retention.minutes", 60_000), ("log.retention.hours", HOUR)]);
    require(retention != 0, "log.retention.ms must be unlimited (-1) or, greater than or equal to 1")?;
    let threads = config.number("log.cleaner.threads");
    if threads == 0 {
        return Err(Refused::new("ArithmeticException", "/ by zero"));
    }
    require(
        config.number("log.cleaner.dedupe.buffer.size") / threads > 1024 * 1024,
        "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.",
    )?;
    let wait = config.number("replica.fetch.wait.max.ms");
    require(
        wait <= config.number("replica.socket.timeout.ms"),
        "replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms to prevent unnecessary socket \
         timeouts",
    )?;
    require(
        wait <= config.number("replica.lag.time.max.ms"),
        "replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent frequent \
         changes in ISR",
    )
}

/// What the roles demand of the quorum and of its listeners.
struct Quorum<'a> {
    config: &'a ServerConfig,
    all: &'a [Endpoint],
    controllers: &'a [String],
}

impl Quorum<'_> {
    fn voters(&self) -> Vec<i64> {
        let entries = listeners::list(self.config, "controller.quorum.voters").unwrap_or_default();
        entries.iter().filter_map(|entry| entry.split_once('@')?.0.parse().ok()).collect()
    }

    fn check(&self, roles: &Set<String>) -> Result<(), Refused> {
        let voters = self.voters();
        let bootstrap = listeners::list(self.config, "controller.quorum.bootstrap.servers").unwrap_or_default();
        if voters.is_empty() && bootstrap.is_empty() {
            return Err(Refused::config(
                "If using process.roles, either controller.quorum.bootstrap.servers must contain the set of bootstrap \
                 controllers or controller.quorum.voters must contain a parseable set of controllers.",
            ));
        }
        let (broker, controller) = (roles.contains("broker"), roles.contains("controller"));
        match (broker, controller) {
            (true, false) => self.check_broker(&voters),
            (_, true) => self.check_controller(&voters, !broker),
            (false, false) => Ok(()),
        }
    }

    fn check_broker(&self, voters: &[i64]) -> Result<(), Refused> {
        let id = self.config.number("node.id");
        require(
            !voters.contains(&id),
            format!(
                "If process.roles contains just the 'broker' role, the node id {id} must not be included in the set of \
                 voters controller.quorum.voters={}",
                scala_set(voters)
            ),
        )?;
        require(
            !self.all.iter().any(|endpoint| self.controllers.contains(&endpoint.name)),
            "controller.listener.names must not contain a value appearing in the 'listeners' configuration when running \
             KRaft with just the broker role",
        )?;
        let protocols = listeners::protocol_map(self.config)?;
        if let Some(name) = self.controllers.iter().find(|name| !protocols.contains_key(*name)) {
            return Err(Refused::config(format!(
                "Controller listener with name {name} defined in controller.listener.names not found in \
                 listener.security.protocol.map  (an explicit security mapping for each controller listener is required if \
                 listener.security.protocol.map is non-empty, or if there are security protocols other than PLAINTEXT in \
                 use)"
            )));
        }
        require(
            !self.config.flag("controller.quorum.auto.join.enable"),
            "controller.quorum.auto.join.enable is only supported when process.roles contains the 'controller' role.",
        )
    }

    fn check_controller(&self, voters: &[i64], alone: bool) -> Result<(), Refused> {
        let id = self.config.number("node.id");
        let own = self.all.iter().filter(|endpoint| self.controllers.contains(&endpoint.name)).count();
        if alone {
            require(
                own == self.all.len(),
                "The listeners config must only contain KRaft controller listeners from controller.listener.names when \
                 process.roles=controller",
            )?;
        }
        require(
            voters.is_empty() || voters.contains(&id),
            format!(
                "If process.roles contains the 'controller' role, the node id {id} must be included in the set of voters \
                 controller.quorum.voters={}",
                scala_set(voters)
            ),
        )?;
        require(
            own > 0,
            "controller.listener.names must contain at least one value appearing in the 'listeners' configuration when \
             running the KRaft controller role",
        )?;
        require(
            self.controllers.iter().all(|name| self.all.iter().any(|endpoint| endpoint.name == *name)),
            "controller.listener.names must only contain values appearing in the 'listeners' configuration when running \
             the KRaft controller role",
        )
    }
}

fn scala_set(ids: &[i64]) -> String {
    let texts: Vec<String> = ids.iter().map(i64::to_string).collect();
    format!("Set({})", texts.join(", "))
}

fn check_brokers(
    config: &ServerConfig,
    all: &[Endpoint],
    advertised: &[&Endpoint],
    protocols: &base::Map<String, String>,
) -> Result<(), Refused> {
    require(
        !advertised.is_empty(),
        "There must be at least one broker advertised listener. Perhaps all listeners appear in \
         controller.listener.names?",
    )?;
    let names = |endpoints: &mut dyn Iterator<Item = &Endpoint>| -> String {
        endpoints.map(|endpoint| endpoint.name.as_str()).collect::<Vec<_>>().join(",")
    };
    let inter_broker = listeners::inter_broker(config);
    if config.own("inter.broker.listener.name").is_some() {
        if config.own("security.inter.broker.protocol").is_some() {
            return Err(Refused::config(
                "Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.",
            ));
        }
        if !protocols.contains_key(&inter_broker) {
            return Err(Refused::config(format!(
                "Listener with name {inter_broker} defined in inter.broker.listener.name not found in \
                 listener.security.protocol.map."
            )));
        }
    }
    require(
        advertised.iter().any(|endpoint| endpoint.name == inter_broker),
        format!(
            "inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options based \
             on currently configured listeners are {}",
            names(&mut advertised.iter().copied())
        ),
    )?;
    require(
        advertised.iter().all(|endpoint| all.iter().any(|other| other.name == endpoint.name)),
        format!(
            "advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found {}. \
             The valid options based on the current configuration are {}",
            names(&mut advertised.iter().copied()),
            names(&mut all.iter())
        ),
    )
}

fn check_sockets(config: &ServerConfig) -> Result<(), Refused> {
    let (queued, request) = (config.number("queued.max.request.bytes"), config.number("socket.request.max.bytes"));
    require(
        queued <= 0 || queued >= request,
        "queued.max.request.bytes must be larger or equal to socket.request.max.bytes",
    )?;
    let overrides = listeners::list(config, "max.connections.per.ip.overrides").unwrap_or_default();
    for entry in &overrides {
        let (_, count) = entry.rsplit_once(':').unwrap_or((entry, ""));
        if count.trim().parse::<i32>().is_err() {
            let message = format!("For input string: \"{count}\"");
            return Err(Refused::new("NumberFormatException", message));
        }
    }
    require(
        config.number("max.connections.per.ip") != 0 || !overrides.is_empty(),
        "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.",
    )?;
    let (delay, idle) =
        (config.number("connection.failed.authentication.delay.ms"), config.number("connections.max.idle.ms"));
    require(
        idle < 0 || delay < idle,
        format!(
            "connection.failed.authentication.delay.ms={delay} should always be less than connections.max.idle.ms={idle} \
             to prevent failed authentication responses from timing out"
        ),
    )
}
