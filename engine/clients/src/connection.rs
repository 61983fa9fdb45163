//! One node's connection as a client keeps track of it (`ClusterConnectionStates`, `InFlightRequests`, `NodeApiVersions`).

use base::{ConnId, Map, Micros};
use std::collections::VecDeque;

use protocol::ApiKey;
use protocol::messages::ApiVersionsResponse;

use crate::node::Node;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// The network has not answered yet; given up at `deadline` (`socket.connection.setup.timeout.ms`).
    Connecting {
        deadline: Micros,
    },
    CheckingApiVersions,
    Ready,
    /// Not tried again before `retry_at`.
    Disconnected {
        retry_at: Micros,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct InFlight {
    pub correlation_id: i32,
    pub api: ApiKey,
    pub deadline: Micros,
}

#[derive(Clone, Debug, Hash)]
pub(crate) struct Connection {
    pub node: Node,
    pub conn: Option<ConnId>,
    pub state: State,
    pub in_flight: VecDeque<InFlight>,
    pub versions: Option<Versions>,
    pub last_attempt: Micros,
    /// Disconnections since the connection was last ready; they lengthen the back-off.
    pub failures: u32,
    /// Connections in a row that never stood; they lengthen the time allowed to set one up.
    pub setup_failures: u32,
}

impl Connection {
    pub fn new(node: Node) -> Connection {
        Connection {
            node,
            conn: None,
            state: State::Disconnected { retry_at: Micros::ZERO },
            in_flight: VecDeque::new(),
            versions: None,
            last_attempt: Micros::ZERO,
            failures: 0,
            setup_failures: 0,
        }
    }

    pub fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    pub fn is_preparing(&self) -> bool {
        matches!(self.state, State::Connecting { .. } | State::CheckingApiVersions)
    }

    pub fn can_connect(&self, now: Micros) -> bool {
        matches!(self.state, State::Disconnected { retry_at } if now >= retry_at)
    }

    pub fn become_ready(&mut self, versions: Versions) {
        self.state = State::Ready;
        self.versions = Some(versions);
        self.failures = 0;
        self.setup_failures = 0;
    }

    pub fn become_disconnected(&mut self, retry_at: Micros) {
        self.conn = None;
        self.state = State::Disconnected { retry_at };
        self.versions = None;
        self.failures += 1;
    }

    /// When this connection is given up unless something arrives.
    pub fn deadline(&self) -> Option<Micros> {
        match self.state {
            State::Connecting { deadline } => Some(deadline),
            _ => self.in_flight.iter().map(|request| request.deadline).min(),
        }
    }

    pub fn is_late(&self, now: Micros) -> bool {
        self.conn.is_some() && self.deadline().is_some_and(|deadline| now >= deadline)
    }
}

/// The versions that a node answers, by API.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Versions {
    ranges: Map<i16, (i16, i16)>,
    features: Map<String, i16>,
}

impl Versions {
    pub fn new(response: &ApiVersionsResponse) -> Versions {
        Versions {
            ranges: response.api_keys.iter().map(|api| (api.api_key, (api.min_version, api.max_version))).collect(),
            features: response.finalized_features.iter().map(|f| (f.name.clone(), f.max_version_level)).collect(),
        }
    }

    pub fn supports(&self, api: ApiKey) -> bool {
        self.usable(api).is_some()
    }

    /// The newest version that both sides know.
    pub fn usable(&self, api: ApiKey) -> Option<i16> {
        let (min, max) = self.ranges.get(&api.code())?;
        let version = api.max_stable_version().min(*max);
        (version >= api.min_version().max(*min)).then_some(version)
    }

    /// The finalized level of a feature such as `transaction.version`; 0 if the cluster does not have it.
    pub fn feature(&self, name: &str) -> i16 {
        self.features.get(name).copied().unwrap_or(0)
    }
}
