//! The network: streams between nodes, with delay, jitter, loss, duplication and one-way cuts on each directed link.
//!
//! Connections are reliable and ordered, like TCP, because Kafka's clients and brokers rely on it: a lost packet is sent
//! again after a retransmission time-out and so costs time, a duplicated one is recognised and dropped. Both are counted,
//! so that packets sent = delivered + dropped + in flight (invariant S18).

use std::collections::BTreeMap;

use base::{ConnId, Micros, NodeId, Rng};

/// How one direction of a link behaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkRule {
    pub delay: Micros,
    /// Added to the delay, uniform in `0..=jitter`.
    pub jitter: Micros,
    pub loss_per_million: u32,
    pub duplicate_per_million: u32,
    /// Nothing passes in this direction until healed.
    pub cut: bool,
}

impl Default for LinkRule {
    /// A local network: 400 to 600 microseconds.
    fn default() -> LinkRule {
        LinkRule { delay: Micros(400), jitter: Micros(200), loss_per_million: 0, duplicate_per_million: 0, cut: false }
    }
}

/// A message under way, for the stage.
#[derive(Clone, Debug)]
pub struct Flight<'a, M> {
    /// Stays the same while the message is under way.
    pub id: u64,
    pub conn: ConnId,
    pub from: NodeId,
    pub to: NodeId,
    pub sent_at: Micros,
    pub arrives_at: Micros,
    pub message: &'a M,
}

/// Where packets ended (invariant S18).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counters {
    pub sent: u64,
    pub delivered: u64,
    pub lost: u64,
    pub duplicates_dropped: u64,
    /// Sent on, or under way on, a connection that was closed, or to a node that went down.
    pub closed: u64,
}

/// The initial retransmission time-out (RFC 6298 minimum as Linux has it).
const RETRANSMISSION_TIMEOUT: Micros = Micros::from_ms(200);
/// A packet that is lost this often in a row gets through at last; the loss rates in use make that a certainty anyway.
const RETRANSMISSIONS_MAX: u32 = 8;

#[derive(Clone, Debug, Hash)]
pub(crate) struct Connection {
    pub opener: NodeId,
    pub acceptor: NodeId,
    pub port: u16,
    /// No later message may arrive before this, in each direction (opener to acceptor, acceptor to opener).
    pub order: [Micros; 2],
    pub accepted: bool,
    /// Which ends still hold it open: opener, acceptor.
    pub open: [bool; 2],
}

impl Connection {
    pub fn is_open(&self, node: NodeId) -> bool {
        (node == self.opener && self.open[0]) || (node == self.acceptor && self.open[1])
    }

    pub fn close_for(&mut self, node: NodeId) {
        let end = usize::from(node != self.opener);
        self.open[end] = false;
    }

    pub fn peer_of(&self, node: NodeId) -> NodeId {
        if node == self.opener { self.acceptor } else { self.opener }
    }
}

#[derive(Clone, Debug, Hash)]
pub(crate) struct Network {
    pub connections: BTreeMap<ConnId, Connection>,
    rules: BTreeMap<(NodeId, NodeId), LinkRule>,
    default_rule: LinkRule,
    pub counters: Counters,
    rng: Rng,
}

impl Network {
    pub fn new(seed: u64) -> Network {
        Network {
            connections: BTreeMap::new(),
            rules: BTreeMap::new(),
            default_rule: LinkRule::default(),
            counters: Counters::default(),
            rng: Rng::new(seed, 0, "network"),
        }
    }

    pub fn rule(&self, from: NodeId, to: NodeId) -> &LinkRule {
        self.rules.get(&(from, to)).unwrap_or(&self.default_rule)
    }

    pub fn set_rule(&mut self, from: NodeId, to: NodeId, rule: LinkRule) {
        self.rules.insert((from, to), rule);
    }

    pub fn set_default_rule(&mut self, rule: LinkRule) {
        self.default_rule = rule;
    }

    pub fn heal(&mut self) {
        self.rules.clear();
        self.default_rule = LinkRule::default();
    }

    /// How long a packet takes from `from` to `to`, retransmissions included. Counts each transmission.
    pub fn transit(&mut self, from: NodeId, to: NodeId) -> Micros {
        let rule = self.rule(from, to).clone();
        let mut wait = Micros::ZERO;
        self.counters.sent += 1;
        let mut timeout = RETRANSMISSION_TIMEOUT;
        for _ in 0..RETRANSMISSIONS_MAX {
            if !self.rng.per_million(rule.loss_per_million) {
                break;
            }
            self.counters.lost += 1;
            self.counters.sent += 1;
            wait += timeout;
            timeout = timeout + timeout;
        }
        if self.rng.per_million(rule.duplicate_per_million) {
            self.counters.sent += 1;
            self.counters.duplicates_dropped += 1;
        }
        let jitter = if rule.jitter.0 == 0 { 0 } else { self.rng.below(rule.jitter.0 + 1) };
        wait + rule.delay + Micros(jitter)
    }
}
