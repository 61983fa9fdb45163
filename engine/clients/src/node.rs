//! Brokers as a client knows them, and the words of `bootstrap.servers`.

use std::fmt;

use protocol::java::java_string_hash;

use crate::error::{self, KafkaError};

/// `org.apache.kafka.common.Node`. Bootstrap servers have the ids -1, -2, ... in their order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    pub id: i32,
    pub host: String,
    pub port: u16,
    pub rack: Option<String>,
    pub fenced: bool,
}

impl Node {
    pub fn new(id: i32, host: &str, port: u16) -> Node {
        Node { id, host: host.to_string(), port, rack: None, fenced: false }
    }

    /// The socket address as Java prints it: `b1/127.0.1.1:9092`.
    pub fn address(&self) -> String {
        format!("{}/{}:{}", self.host, ip(&self.host), self.port)
    }

    /// `Node.hashCode`.
    pub fn java_hash(&self) -> i32 {
        let rack = self.rack.as_deref().map_or(0, java_string_hash);
        let parts = [
            java_string_hash(&self.host),
            self.id,
            i32::from(self.port),
            rack,
            if self.fenced { 1_231 } else { 1_237 },
        ];
        parts.into_iter().fold(1, |hash: i32, part| hash.wrapping_mul(31).wrapping_add(part))
    }
}

/// `Node.toString()`: `b1:9092 (id: -1 rack: null isFenced: false)`.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rack = self.rack.as_deref().unwrap_or("null");
        write!(f, "{}:{} (id: {} rack: {rack} isFenced: {})", self.host, self.port, self.id, self.fenced)
    }
}

/// The address that a host name stands for in the simulated network: brokers are 127.0.1.N, controllers 127.0.2.N,
/// ZooKeeper servers 127.0.3.N, Connect workers 127.0.4.N, anything else the loopback address.
pub fn ip(host: &str) -> String {
    for (prefix, network) in [("b", 1), ("c", 2), ("zk", 3), ("w", 4)] {
        if let Some(number) = host.strip_prefix(prefix).and_then(|rest| rest.parse::<u8>().ok()) {
            return format!("127.0.{network}.{number}");
        }
    }
    "127.0.0.1".to_string()
}

/// Splits a `bootstrap.servers` list into hosts and ports (`ClientUtils.parseAndValidateAddresses`, before resolving).
pub fn parse_servers(urls: &[String], key: &str) -> Result<Vec<(String, u16)>, KafkaError> {
    let mut servers = Vec::new();
    for url in urls.iter().filter(|url| !url.is_empty()) {
        let invalid = || KafkaError::new(error::CONFIG, format!("Invalid url in {key}: {url}"));
        let (host, port) = split_address(url).ok_or_else(invalid)?;
        let port =
            u16::try_from(port).map_err(|_| KafkaError::new(error::CONFIG, format!("Invalid port in {key}: {url}")))?;
        servers.push((host.to_string(), port));
    }
    Ok(servers)
}

/// Host and port of `host:port`, `[host]:port` or `scheme://host:port` (`Utils.HOST_PORT_PATTERN`).
pub fn split_address(url: &str) -> Option<(&str, u64)> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, port) = rest.rsplit_once(':')?;
    let host = host.strip_prefix('[').unwrap_or(host);
    let host = host.strip_suffix(']').unwrap_or(host);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-%._:".contains(&byte);
    if host.is_empty() || !host.bytes().all(plain) || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((host, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_print_as_java_prints_them() {
        assert_eq!(Node::new(-1, "b7", 9092).address(), "b7/127.0.1.7:9092");
        assert_eq!(Node::new(-1, "zk2", 2181).address(), "zk2/127.0.3.2:2181");
        assert_eq!(Node::new(-1, "localhost", 9092).address(), "localhost/127.0.0.1:9092");
        assert_eq!(Node::new(-1, "b1", 9092).to_string(), "b1:9092 (id: -1 rack: null isFenced: false)");
    }

    #[test]
    fn a_server_without_a_port_is_refused() {
        let parse = |text: &str| parse_servers(&[text.to_string()], "bootstrap.servers");
        assert_eq!(parse("b1").unwrap_err().message(), "Invalid url in bootstrap.servers: b1");
        assert_eq!(parse("b1:x").unwrap_err().message(), "Invalid url in bootstrap.servers: b1:x");
        assert_eq!(parse("b1:9092").unwrap(), [("b1".to_string(), 9092)]);
    }
}
