//! `listeners`, `advertised.listeners` and the map from their names to security protocols, as one server reads them.

use base::Map;

use super::server::ServerConfig;
use super::server_rules::{Refused, illegal};

/// `NAME://host:port`; without a host it listens everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub name: String,
    pub host: Option<String>,
    pub port: u16,
}

pub(crate) const PROTOCOLS: [&str; 4] = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];

/// The entries of a list property, as configured or by default; `None` when there are none.
pub fn list(config: &ServerConfig, name: &str) -> Option<Vec<String>> {
    let text = config.text(name)?;
    Some(text.split(',').map(|part| part.trim().to_string()).filter(|part| !part.is_empty()).collect())
}

pub fn controller_names(config: &ServerConfig) -> Vec<String> {
    list(config, "controller.listener.names").unwrap_or_default()
}

/// Where a broker listens and what it tells others of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BrokerListeners {
    /// Name and port of each listener that clients can speak with as they are.
    pub bound: Vec<(String, u16)>,
    /// Name, host, port and number of the security protocol.
    pub advertised: Vec<(String, String, u16, i16)>,
    /// The name of the one that brokers use among themselves.
    pub inter_broker: String,
}

impl BrokerListeners {
    /// Those of a configuration that was checked; the listeners of controllers are not a broker's.
    pub fn of(config: &ServerConfig) -> BrokerListeners {
        let protocols = protocol_map(config).unwrap_or_default();
        let controllers = controller_names(config);
        let named = |key: &str| {
            let entries = list(config, key).unwrap_or_default();
            let mut found = endpoints(&entries, &protocols, false).unwrap_or_default();
            found.retain(|endpoint| !controllers.contains(&endpoint.name));
            found
        };
        let protocol = |name: &str| {
            let protocol = protocols.get(name);
            PROTOCOLS.iter().position(|known| protocol.is_some_and(|own| own == known)).unwrap_or(0) as i16
        };
        let all = named("listeners");
        let told = Some(named("advertised.listeners")).filter(|told| !told.is_empty());
        let advertised = told.unwrap_or_else(|| all.clone()).into_iter().map(|at| {
            let protocol = protocol(&at.name);
            (at.name, at.host.unwrap_or_default(), at.port, protocol)
        });
        BrokerListeners {
            advertised: advertised.collect(),
            bound: all.into_iter().filter(|at| protocol(&at.name) == 0).map(|at| (at.name, at.port)).collect(),
            inter_broker: inter_broker(config),
        }
    }
}

/// `inter.broker.listener.name`, or the one that is named after `security.inter.broker.protocol`.
pub fn inter_broker(config: &ServerConfig) -> String {
    match config.own("inter.broker.listener.name") {
        Some(name) => name.to_ascii_uppercase(),
        None => config.text("security.inter.broker.protocol").unwrap_or(PROTOCOLS[0]).to_string(),
    }
}

/// `effectiveListenerSecurityProtocolMap`.
pub fn protocol_map(config: &ServerConfig) -> Result<Map<String, String>, Refused> {
    const NAME: &str = "listener.security.protocol.map";
    let mut map = Map::new();
    for entry in list(config, NAME).unwrap_or_default() {
        let Some((name, protocol)) = entry.split_once(':') else {
            // Java's words for a part of a text that ends before it begins.
            let why = format!("Error parsing configuration property '{NAME}': begin 0, end -1, length {}", entry.len());
            return Err(illegal(why));
        };
        if !PROTOCOLS.contains(&protocol.trim()) {
            let why = format!("Invalid security protocol `{}` defined in {NAME}", protocol.trim());
            return Err(Refused::config(why));
        }
        map.insert(name.trim().to_ascii_uppercase(), protocol.trim().to_string());
    }
    if config.own(NAME).is_some() {
        return Ok(map);
    }
    let mut secure = false;
    for name in controller_names(config) {
        secure |= is_secure(&name);
    }
    for listener in list(config, "listeners").unwrap_or_default() {
        let Some((name, _)) = listener.split_once(':') else {
            let why = format!("Unable to parse a listener name from {listener}");
            return Err(Refused::new("KafkaException", why));
        };
        secure |= is_secure(&name.to_ascii_uppercase());
    }
    if !secure {
        for name in controller_names(config).into_iter().filter(|name| name != "PLAINTEXT") {
            map.insert(name, "PLAINTEXT".to_string());
        }
    }
    Ok(map)
}

fn is_secure(name: &str) -> bool {
    matches!(name, "SSL" | "SASL_SSL" | "SASL_PLAINTEXT")
}

/// `listenerListToEndPoints`: parsed, with known protocols, distinct names and, where it matters, distinct ports.
pub fn endpoints(
    entries: &[String],
    protocols: &Map<String, String>,
    distinct_ports: bool,
) -> Result<Vec<Endpoint>, Refused> {
    let shown = format!("[{}]", entries.join(", "));
    let wrap = |class, why: String| Refused {
        cause: Some((class, why.clone())),
        ..illegal(format!("Error creating broker listeners from '{shown}': {why}"))
    };
    let odd = |why: String| wrap("IllegalArgumentException", why);
    let mut found: Vec<Endpoint> = Vec::new();
    for entry in entries {
        let unreadable = || wrap("KafkaException", format!("Unable to parse {entry} to a broker endpoint"));
        let endpoint = parse(entry).ok_or_else(unreadable)?;
        if !protocols.contains_key(&endpoint.name) {
            return Err(odd(format!("No security protocol defined for listener {}", endpoint.name)));
        }
        found.push(endpoint);
    }
    let repeated = |of: &dyn Fn(&Endpoint, &Endpoint) -> bool| {
        found.iter().enumerate().any(|(at, one)| found[..at].iter().any(|other| of(one, other)))
    };
    if repeated(&|one, other| one.name == other.name) {
        return Err(odd(format!("Each listener must have a different name, listeners: {shown}")));
    }
    if distinct_ports && repeated(&|one, other| one.port == other.port && one.port != 0) {
        return Err(odd(format!("Each listener must have a different port, listeners: {shown}")));
    }
    Ok(found)
}

/// `^(.*)://\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)`
fn parse(entry: &str) -> Option<Endpoint> {
    let (name, rest) = entry.split_once("://")?;
    let (host, port) = rest.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let odd = |c: char| !(c.is_ascii_alphanumeric() || "-%._:".contains(c));
    if host.contains(odd) {
        return None;
    }
    let host = Some(host.to_string()).filter(|host| !host.is_empty());
    Some(Endpoint { name: name.to_ascii_uppercase(), host, port: port.parse().ok()? })
}
