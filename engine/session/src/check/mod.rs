//! The invariant checker: after every kernel event it looks at the true state of all nodes, which no single node knows.
//!
//! It must be cheap, because it also runs in the page: it looks at the node that the step touched, compares it with what
//! was seen of it last, and asks the rules only about what changed. What needs the past (the highest high watermark that
//! was ever shown, epochs before a restart) it remembers; [`Checker::rewind`] builds that anew from the state alone after
//! a jump, which is more lenient and never stricter.
//!
//! ```text
//! timeline.run_while(until, |world, events| { checker.after(world, events); checker.first_broken().is_none() })
//! ```
//!
//! Two excuses, as in the specification: an unclean election overrules what was committed before it, and a broker counts
//! as a member of an ISR only from its registration on, so that a disk that was lost is no broken promise.

mod acks;
mod brokers;
mod lamps;
mod metadata;
mod partitions;
mod rules;
#[cfg(test)]
mod tests;
mod written;

use base::{Map, Micros, NodeId};

use cluster::Event;
use sim::{Stamped, World};
use wire::view::{LampState, LampView};

use crate::host::{Host, HostSpec};
use brokers::BrokerSeen;
use lamps::{COUNT, INVARIANTS, Invariant};
use metadata::{MetadataSeen, Quorum};
use partitions::Registered;

/// Steps between two counts of all packets in flight, one by one; between them the books are added up only.
const RECOUNT_EVERY: u64 = 4_096;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// `S1` to `S20`.
    pub id: &'static str,
    /// The kernel event after which it was first seen.
    pub index: u64,
    pub at: Micros,
    pub detail: String,
}

/// What was last seen of one node, its metadata aside.
#[derive(Clone, Debug)]
enum Seen {
    Broker(BrokerSeen),
    Other,
}

/// The checker of one world.
#[derive(Clone, Debug)]
pub struct Checker {
    /// By node.
    seen: Vec<Seen>,
    /// What was last seen of its metadata, by node.
    metadata: Vec<MetadataSeen>,
    /// Broker id to node.
    broker_nodes: Map<i32, NodeId>,
    registered: Registered,
    quorum: Quorum,
    /// Which invariants had anything to be checked on.
    checked: [bool; COUNT],
    /// The first break of each invariant, in the order of their events.
    broken: Vec<Broken>,
}

impl Checker {
    /// Looks at a world for the first time; what is there is taken as it is.
    pub fn new(world: &World<Host>) -> Checker {
        let mut checker = Checker {
            seen: Vec::new(),
            metadata: Vec::new(),
            broker_nodes: Map::new(),
            registered: Registered::default(),
            quorum: Quorum::default(),
            checked: [false; COUNT],
            broken: Vec::new(),
        };
        checker.adopt(world);
        checker
    }

    /// After every step of the kernel, with the events of that step, and after every act (fault, command) with none.
    pub fn after(&mut self, world: &World<Host>, events: &[Stamped<Event>]) {
        self.meet_new_nodes(world);
        self.check_kernel(world);
        let Some(node) = world.last_touched() else { return };
        let Some(host) = world.node(node) else { return self.look_at_stopped(world, node) };
        self.look_at_metadata(world, node, host);
        match host {
            Host::Broker(broker) => self.look_at_broker(world, node, broker, events),
            Host::Terminal(terminal) => self.look_at_acks(world, terminal, events),
            Host::Controller(_) => {}
        }
    }

    /// The position jumped (seek, undo, another branch): what follows from the state is derived anew, and what broke
    /// after this position has not happened.
    pub fn rewind(&mut self, world: &World<Host>) {
        let mut broken = std::mem::take(&mut self.broken);
        broken.retain(|broken| broken.index <= world.index());
        *self = Checker { broken, checked: self.checked, ..Checker::new(world) };
    }

    /// The break that came first.
    pub fn first_broken(&self) -> Option<&Broken> {
        self.broken.first()
    }

    /// The first break of each invariant that broke, in the order of their events.
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// One lamp an invariant.
    pub fn lamps(&self) -> Vec<LampView> {
        let lamp = |(place, is_checked): (usize, &bool)| {
            let description = &INVARIANTS[place];
            let broken = self.broken.iter().find(|broken| broken.id == description.id);
            let state = match broken {
                Some(broken) => LampState::Broken(broken.index),
                None if *is_checked => LampState::Holds,
                None => LampState::NotChecked,
            };
            LampView {
                id: description.id.to_string(),
                name: description.name.to_string(),
                meaning: description.meaning.to_string(),
                safety: true,
                state,
                detail: broken.map(|broken| broken.detail.clone()).unwrap_or_default(),
            }
        };
        self.checked.iter().enumerate().map(lamp).collect()
    }

    /// Takes over the present state without judging it.
    fn adopt(&mut self, world: &World<Host>) {
        self.meet_new_nodes(world);
        for node in world.node_ids() {
            self.adopt_metadata(world, node);
        }
        for node in world.node_ids() {
            if let Some(Host::Broker(broker)) = world.node(node) {
                self.adopt_broker(world, node, broker);
            }
        }
    }

    fn meet_new_nodes(&mut self, world: &World<Host>) {
        for node in world.node_ids().skip(self.seen.len()) {
            self.metadata.push(MetadataSeen::default());
            self.seen.push(match world.spec(node) {
                HostSpec::Broker(spec) => {
                    self.broker_nodes.insert(spec.node_id, node);
                    Seen::Broker(BrokerSeen::default())
                }
                HostSpec::Controller(_) | HostSpec::Terminal(_) => Seen::Other,
            });
        }
    }

    /// S18 and S20: the kernel keeps its own books.
    fn check_kernel(&mut self, world: &World<Host>) {
        let books = match world.index().is_multiple_of(RECOUNT_EVERY) {
            true => world.recount(),
            false => world.conservation(),
        };
        self.judge(world, Invariant::Conservation, || rules::conservation(books));
        self.judge(world, Invariant::Bounded, || rules::bounded(world.violations()));
    }

    /// Notes that an invariant was checked, and the first time that it does not hold.
    fn judge(&mut self, world: &World<Host>, invariant: Invariant, rule: impl FnOnce() -> Result<(), String>) {
        self.checked[invariant as usize] = true;
        if let Err(detail) = rule() {
            self.report(world, invariant, detail);
        }
    }

    fn report(&mut self, world: &World<Host>, invariant: Invariant, detail: String) {
        let id = invariant.description().id;
        if self.broken.iter().all(|broken| broken.id != id) {
            self.broken.push(Broken { id, index: world.index(), at: world.now(), detail });
        }
    }
}
