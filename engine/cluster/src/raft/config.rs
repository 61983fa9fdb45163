//! What a replica of the metadata log is started with (`QuorumConfig`).

use base::{Micros, Uuid};

use crate::config::ServerConfig;
use crate::spec::{Profile, Voter};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RaftConfig {
    pub node_id: i32,
    pub directory_id: Uuid,
    pub cluster_id: String,
    /// Where the controller listener of this node is; nothing listens there on a mere broker.
    pub host: String,
    pub port: u16,
    /// Has the role of a controller (`process.roles`); a mere broker can only observe.
    pub can_become_voter: bool,
    /// Whom to ask who leads (`controller.quorum.bootstrap.servers`).
    pub bootstrap: Vec<(String, u16)>,
    pub election_timeout: Micros,
    pub fetch_timeout: Micros,
    pub election_backoff_max: Micros,
    pub request_timeout: Micros,
    pub retry_backoff: Micros,
    pub fetch_max_bytes: i32,
    pub fetch_snapshot_max_bytes: i32,
    /// `metadata.max.retention.bytes`; negative is no limit.
    pub retention_bytes: i64,
    /// `metadata.max.retention.ms`; negative is no limit.
    pub retention_ms: i64,
    pub profile: Profile,
}

impl RaftConfig {
    /// From a server's properties; `voters` stand in for bootstrap servers where none are set.
    pub fn of(
        server: &ServerConfig,
        cluster_id: Uuid,
        directory_id: Uuid,
        listener: (&str, u16),
        voters: &[Voter],
    ) -> RaftConfig {
        let millis = |name: &str| Micros::from_ms(server.amount(name));
        let int = |name: &str| i32::try_from(server.number(name)).unwrap_or(i32::MAX);
        let node_id = server.node_id();
        let configured = bootstrap_servers(server.own("controller.quorum.bootstrap.servers").unwrap_or_default());
        let known = voters.iter().map(|voter| (voter.host.clone(), voter.port)).collect();
        RaftConfig {
            node_id,
            directory_id,
            cluster_id: cluster_id.to_string(),
            host: listener.0.to_string(),
            port: listener.1,
            can_become_voter: voters.iter().any(|voter| voter.id == node_id),
            bootstrap: if configured.is_empty() { known } else { configured },
            election_timeout: millis("controller.quorum.election.timeout.ms"),
            fetch_timeout: millis("controller.quorum.fetch.timeout.ms"),
            election_backoff_max: millis("controller.quorum.election.backoff.max.ms"),
            request_timeout: millis("controller.quorum.request.timeout.ms"),
            retry_backoff: millis("controller.quorum.retry.backoff.ms").max(Micros::from_ms(1)),
            fetch_max_bytes: int("controller.quorum.fetch.max.bytes"),
            fetch_snapshot_max_bytes: int("controller.quorum.fetch.snapshot.max.bytes"),
            retention_bytes: server.number("metadata.max.retention.bytes"),
            retention_ms: server.number("metadata.max.retention.ms"),
            profile: Profile::default(),
        }
    }
}

/// `host:port,host:port`; what has no port is left out.
fn bootstrap_servers(text: &str) -> Vec<(String, u16)> {
    let server = |entry: &str| {
        let (host, port) = entry.trim().rsplit_once(':')?;
        Some((host.to_string(), port.parse().ok()?))
    };
    text.split(',').filter_map(server).collect()
}
