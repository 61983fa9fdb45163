//! The network: streams between nodes, with delay, jitter, loss, duplication and one-way cuts on each directed link.
//!
//! Connections are reliable and ordered, like TCP, because Kafka's clients and brokers rely on it: a lost packet is sent
//! again after a retransmission time-out and so costs time, a duplicated one is recognised and dropped. Both are counted,
//! so that packets sent = delivered + dropped + in flight (invariant S18). A cut holds packets back until it is mended,
//! as TCP would send them again and again; a message whose sender dies meanwhile is gone, as nobody sends it any more.

use base::{ConnId, Map, Micros, NodeId, Rng};
use std::sync::Arc;

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

impl LinkRule {
    /// The longest that one transmission is on the wire.
    pub(crate) fn slowest(&self) -> Micros {
        self.delay + self.jitter
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

/// Where packets ended (invariant S18). A packet is whatever crosses a link: a message, and also the opening, the
/// acceptance and the closing of a connection. `sent` = all the others together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counters {
    /// Transmissions, repeated and duplicated ones included.
    pub sent: u64,
    /// Handed to a process (or, for the opening of a connection, to a host).
    pub delivered: u64,
    /// Transmissions that the network lost; each was sent again.
    pub lost: u64,
    /// Second copies, recognised and dropped by the receiver.
    pub duplicates_dropped: u64,
    /// Sent on, or under way on, a connection that was closed, or to a node that went down.
    pub closed: u64,
    /// Under way: on the wire, held by a cut, or waiting for a paused process.
    pub in_flight: u64,
    /// Not packets: controls that met a node that was down or had been started anew.
    pub controls_dropped: u64,
}

/// From a node to itself no cable leads, so no fault can touch it.
const LOOPBACK: LinkRule =
    LinkRule { delay: Micros(40), jitter: Micros(20), loss_per_million: 0, duplicate_per_million: 0, cut: false };

/// The initial retransmission time-out (RFC 6298 minimum as Linux has it).
const RETRANSMISSION_TIMEOUT: Micros = Micros::from_ms(200);
/// A packet that is lost this often in a row gets through at last: after 51 s even total loss is only slow. A link that
/// shall pass nothing is cut.
const RETRANSMISSIONS_MAX: u32 = 8;

/// The directed links and their rules, and the draws of chance.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Network {
    /// Links that differ from the default. Shared between copies of the world; few worlds have any.
    rules: Arc<Map<(NodeId, NodeId), LinkRule>>,
    default_rule: LinkRule,
    pub counters: Counters,
    rng: Rng,
}

impl Network {
    pub fn new(seed: u64) -> Network {
        Network {
            rules: Arc::default(),
            default_rule: LinkRule::default(),
            counters: Counters::default(),
            rng: Rng::new(seed, 0, "network"),
        }
    }

    pub fn rule(&self, from: NodeId, to: NodeId) -> &LinkRule {
        rule_of(&self.rules, &self.default_rule, from, to)
    }

    pub fn set_rule(&mut self, from: NodeId, to: NodeId, rule: LinkRule) {
        Arc::make_mut(&mut self.rules).insert((from, to), rule);
    }

    pub fn set_default_rule(&mut self, rule: LinkRule) {
        self.default_rule = rule;
    }

    pub fn heal(&mut self) {
        self.rules = Arc::default();
        self.default_rule = LinkRule::default();
    }

    /// How long a packet that leaves now takes from `from` to `to`, retransmissions included. Counts each
    /// transmission; the one that gets through is in flight from here on.
    pub fn transit(&mut self, from: NodeId, to: NodeId) -> Micros {
        let rule = rule_of(&self.rules, &self.default_rule, from, to);
        let mut took = rule.delay;
        self.counters.sent += 1;
        self.counters.in_flight += 1;
        let mut timeout = RETRANSMISSION_TIMEOUT;
        for _ in 0..RETRANSMISSIONS_MAX {
            if !self.rng.per_million(rule.loss_per_million) {
                break;
            }
            self.counters.lost += 1;
            self.counters.sent += 1;
            took += timeout;
            timeout += timeout;
        }
        if self.rng.per_million(rule.duplicate_per_million) {
            self.counters.sent += 1;
            self.counters.duplicates_dropped += 1;
        }
        if rule.jitter.0 > 0 {
            took += Micros(self.rng.below(rule.jitter.0.saturating_add(1)));
        }
        took
    }
}

/// A free function, so that a caller may go on using the other fields of the network.
fn rule_of<'a>(
    rules: &'a Map<(NodeId, NodeId), LinkRule>,
    default_rule: &'a LinkRule,
    from: NodeId,
    to: NodeId,
) -> &'a LinkRule {
    if from == to { &LOOPBACK } else { rules.get(&(from, to)).unwrap_or(default_rule) }
}
