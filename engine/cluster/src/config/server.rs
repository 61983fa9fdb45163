//! A server's own properties, with the table's defaults behind them.

use super::key::{ConfigKey, server_key};
use super::value::{Value, validate};
use crate::spec::Properties;

/// The static configuration of a broker or controller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerConfig {
    node_id: i32,
    properties: Properties,
}

impl ServerConfig {
    pub fn new(node_id: i32, properties: Properties) -> ServerConfig {
        ServerConfig { node_id, properties }
    }

    pub fn node_id(&self) -> i32 {
        self.node_id
    }

    /// What `server.properties` says, if anything.
    pub fn own(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }

    /// All that `server.properties` says.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// The first property that its key refuses, in Kafka's words. A name that Kafka does not know is no error.
    pub fn check(&self) -> Result<(), String> {
        for (name, text) in &self.properties {
            if let Some(key) = server_key(name) {
                validate(key, Some(text))?;
            }
        }
        Ok(())
    }

    /// The value as text: the property, else the default.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.own(name).or_else(|| server_key(name)?.default_text())
    }

    /// A number. One that is refused counts as its default, as a server with it would not have started.
    pub fn number(&self, name: &str) -> i64 {
        let key = known(name);
        let default = || key.default_text().and_then(|text| text.parse().ok()).unwrap_or(0);
        match validate(key, self.text(name)) {
            Ok(Value::Number(number)) => number,
            _ => default(),
        }
    }

    /// Milliseconds or another amount that is never negative.
    pub fn amount(&self, name: &str) -> u64 {
        u64::try_from(self.number(name)).unwrap_or(0)
    }

    pub fn flag(&self, name: &str) -> bool {
        let key = known(name);
        match validate(key, self.text(name)) {
            Ok(Value::Boolean(flag)) => flag,
            _ => key.default_text() == Some("true"),
        }
    }
}

/// A name in the engine's own code that the table does not have is a programmer's error.
fn known(name: &str) -> &'static ConfigKey {
    server_key(name).unwrap_or_else(|| panic!("{name} is no config of a server"))
}
