//! Which of this node's requests are under way, and whom it rather leaves alone for a while (`RequestManager`).

use std::sync::Arc;

use base::{Map, Micros, Rng};

/// A place to send to: a voter by its id, or a bootstrap server by a negative one, as Kafka numbers them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    pub id: i32,
    pub host: Arc<str>,
    pub port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    AwaitingResponse { correlation_id: i32, since: Micros },
    BackingOff { until: Micros },
}

/// Requests by peer: one at a time to each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestManager {
    /// A handful at most, and one at a broker.
    states: Vec<(i32, State)>,
    /// Failures of a peer in a row, for the back-off.
    failures: Map<i32, u32>,
    bootstrap: Vec<Peer>,
    retry_backoff: Micros,
    request_timeout: Micros,
}

/// A network client waits longer and longer before it connects again, up to this (`reconnect.backoff.max.ms` of the
/// Raft channel). It keeps a lonely node quiet.
const RECONNECT_BACKOFF_MAX: Micros = Micros::from_ms(500);
/// Kafka's first bootstrap server has the id -2, the next -3.
const FIRST_BOOTSTRAP_ID: i32 = -2;

impl RequestManager {
    pub fn new(servers: &[(String, u16)], retry_backoff: Micros, request_timeout: Micros) -> RequestManager {
        let peer = |(i, (host, port)): (i32, &(String, u16))| Peer {
            id: FIRST_BOOTSTRAP_ID - i,
            host: host.as_str().into(),
            port: *port,
        };
        RequestManager {
            states: Vec::new(),
            failures: Map::new(),
            bootstrap: (0..).zip(servers).map(peer).collect(),
            retry_backoff,
            request_timeout,
        }
    }

    pub fn is_backing_off(&self, peer: i32, now: Micros) -> bool {
        matches!(self.state(peer), Some(State::BackingOff { until }) if now < *until)
    }

    /// A request waits for its answer, and may wait longer.
    pub fn is_awaiting(&self, peer: i32, now: Micros) -> bool {
        matches!(self.state(peer), Some(State::AwaitingResponse { since, .. }) if now < *since + self.request_timeout)
    }

    pub fn has_timed_out(&self, peer: i32, now: Micros) -> bool {
        matches!(self.state(peer), Some(State::AwaitingResponse { since, .. }) if now >= *since + self.request_timeout)
    }

    pub fn is_ready(&self, peer: i32, now: Micros) -> bool {
        !self.is_backing_off(peer, now) && !self.is_awaiting(peer, now)
    }

    pub fn has_any_in_flight(&self, now: Micros) -> bool {
        self.states.iter().any(|(peer, _)| self.is_awaiting(*peer, now))
    }

    /// A bootstrap server that can be asked, from a random one on; none while any request is under way.
    pub fn ready_bootstrap_server(&self, now: Micros, rng: &mut Rng) -> Option<Peer> {
        if self.bootstrap.is_empty() || self.has_any_in_flight(now) {
            return None;
        }
        let start = rng.below(self.bootstrap.len() as u64) as usize;
        let (before, after) = self.bootstrap.split_at(start);
        after.iter().chain(before).find(|peer| self.is_ready(peer.id, now)).cloned()
    }

    /// When a bootstrap server can be asked again.
    pub fn next_bootstrap(&self, now: Micros) -> Micros {
        let in_flight = self.states.iter().filter_map(|(_, state)| match state {
            State::AwaitingResponse { since, .. } => Some(*since + self.request_timeout).filter(|due| *due > now),
            State::BackingOff { .. } => None,
        });
        if let Some(due) = in_flight.min() {
            return due;
        }
        if self.bootstrap.iter().any(|peer| self.is_ready(peer.id, now)) {
            return now;
        }
        let backing_off = self.states.iter().filter_map(|(_, state)| match state {
            State::BackingOff { until } => Some(*until).filter(|until| *until > now),
            State::AwaitingResponse { .. } => None,
        });
        backing_off.min().unwrap_or(now + self.retry_backoff)
    }

    /// When something changes for this peer: its answer is overdue, or its back-off over.
    pub fn next_change(&self, peer: i32) -> Micros {
        match self.state(peer) {
            Some(State::AwaitingResponse { since, .. }) => *since + self.request_timeout,
            Some(State::BackingOff { until }) => *until,
            None => Micros::ZERO,
        }
    }

    pub fn on_sent(&mut self, peer: i32, correlation_id: i32, now: Micros) {
        self.set(peer, State::AwaitingResponse { correlation_id, since: now });
    }

    pub fn is_expected(&self, peer: i32, correlation_id: i32) -> bool {
        matches!(self.state(peer), Some(State::AwaitingResponse { correlation_id: awaited, .. }) if *awaited == correlation_id)
    }

    /// The awaited answer came and was of use, or was none.
    pub fn on_result(&mut self, peer: i32, correlation_id: i32, success: bool, now: Micros) {
        if !self.is_expected(peer, correlation_id) {
            return;
        }
        if success {
            self.failures.remove(&peer);
            self.reset(peer);
        } else {
            let failures = self.failures.entry(peer).or_default();
            let backoff = Micros(self.retry_backoff.0 << (*failures).min(16)).min(RECONNECT_BACKOFF_MAX);
            *failures = failures.saturating_add(1);
            self.set(peer, State::BackingOff { until: now + backoff.max(self.retry_backoff) });
        }
    }

    pub fn reset(&mut self, peer: i32) {
        self.states.retain(|(known, _)| *known != peer);
    }

    pub fn reset_all(&mut self) {
        self.states.clear();
    }

    fn state(&self, peer: i32) -> Option<&State> {
        self.states.iter().find(|(known, _)| *known == peer).map(|(_, state)| state)
    }

    fn set(&mut self, peer: i32, state: State) {
        match self.states.iter_mut().find(|(known, _)| *known == peer) {
            Some((_, known)) => *known = state,
            None => self.states.push((peer, state)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_a_peer_and_a_rest_after_a_failure() {
        let mut requests = RequestManager::new(&[("c1".into(), 9093)], Micros::from_ms(20), Micros::from_ms(2_000));
        let mut rng = Rng::new(1, 1, "test");
        let now = Micros::from_ms(10);
        let peer = requests.ready_bootstrap_server(now, &mut rng).expect("nothing is under way");
        assert_eq!(peer.id, -2);
        requests.on_sent(peer.id, 7, now);
        assert_eq!(requests.ready_bootstrap_server(now, &mut rng), None);
        requests.on_result(peer.id, 6, false, now);
        assert!(requests.is_awaiting(peer.id, now), "another request's answer is not this one's");
        requests.on_result(peer.id, 7, false, now);
        assert_eq!(requests.next_bootstrap(now), Micros::from_ms(30));
        assert!(requests.is_ready(peer.id, Micros::from_ms(30)));
        requests.on_sent(peer.id, 8, Micros::from_ms(30));
        assert!(requests.has_timed_out(peer.id, Micros::from_ms(2_030)));
    }
}
