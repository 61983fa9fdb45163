//! The world: nodes, the queue of what is to happen, and the network between them; how to build one and look at it.
//!
//! What moves it is elsewhere: `step.rs` delivers inputs, `process.rs` starts and stops nodes, `fault.rs` is the same as
//! data, `audit.rs` proves that nothing was lost on the way.

use base::{ConnId, Digest, Map, Micros, NodeId};
use std::hash::Hash;
use std::sync::Arc;

use base::limits::{CONNECTIONS_MAX, NODES_MAX, QUEUE_MAX};

use crate::Disk;
use crate::audit::Violation;
use crate::connections::Connections;
use crate::effects::{Action, Surroundings};
use crate::network::{Counters, Flight, LinkRule, Network};
use crate::node::{CloseReason, Domain, Node};
use crate::process::{Process, Slot};
use crate::queue::{Handle, Queue};

pub(crate) type Message<N> = <<N as Node>::Domain as Domain>::Message;
pub(crate) type Event<N> = <<N as Node>::Domain as Domain>::Event;
pub(crate) type Control<N> = <<N as Node>::Domain as Domain>::Control;
pub(crate) type Timer<N> = <<N as Node>::Domain as Domain>::Timer;

/// An event with its place in history.
#[derive(Clone, Debug)]
pub struct Stamped<E> {
    /// The step of the kernel that caused it; several events may share one.
    pub index: u64,
    pub at: Micros,
    pub node: NodeId,
    pub event: E,
}

/// A whole simulated world. Cloning it is cheap: nodes are shared until one of the two copies changes them.
#[derive(Clone, Debug)]
pub struct World<N: Node> {
    pub(crate) seed: u64,
    pub(crate) now: Micros,
    pub(crate) index: u64,
    pub(crate) next_conn: u64,
    pub(crate) slots: Vec<Slot<N>>,
    pub(crate) names: Arc<Map<String, NodeId>>,
    pub(crate) network: Network,
    pub(crate) connections: Connections,
    pub(crate) queue: Queue<Item<N>>,
    /// Packets that met a cut link, in order of arrival.
    pub(crate) cut: Vec<Handle>,
    pub(crate) limits: Limits,
    pub(crate) violations: Vec<Violation>,
    pub(crate) touched: Option<NodeId>,
    /// Of every step since the world began.
    pub(crate) trace: Digest,
    /// Reused by every step; empty between steps.
    pub(crate) actions: Vec<Action<N::Domain>>,
}

/// What the kernel itself may hold (invariant S20). The defaults are those of `base::limits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub nodes_max: usize,
    /// Messages, timers and controls that wait.
    pub queue_max: usize,
    pub connections_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { nodes_max: NODES_MAX, queue_max: QUEUE_MAX, connections_max: CONNECTIONS_MAX }
    }
}

/// One thing that is to happen to a node.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Item<N: Node> {
    pub to: NodeId,
    /// Of the process it is meant for. Packets do not need it: they belong to a connection, which ends with its process.
    pub incarnation: u32,
    pub sent_at: Micros,
    pub what: What<N>,
}

#[derive(Clone, Debug, Hash)]
pub(crate) enum What<N: Node> {
    Start,
    /// The opening packet reaches the acceptor's host.
    Accept {
        conn: ConnId,
    },
    /// The host has accepted; the process, which was paused, is still to hear of it. Not a packet.
    Accepted {
        conn: ConnId,
    },
    Connected {
        conn: ConnId,
    },
    Closed {
        conn: ConnId,
        reason: CloseReason,
    },
    /// The connection never left the host. Not a packet.
    Failed {
        conn: ConnId,
        reason: CloseReason,
    },
    Message {
        conn: ConnId,
        message: Message<N>,
    },
    Timer {
        timer: Timer<N>,
    },
    Control {
        control: Control<N>,
    },
}

impl<N: Node> What<N> {
    /// What tells this from another thing that could be due at the same place.
    pub fn stamp(&self) -> u64 {
        match self {
            What::Start => 1,
            What::Accept { .. } => 2,
            What::Accepted { .. } => 3,
            What::Connected { .. } => 4,
            What::Closed { .. } => 5,
            What::Failed { .. } => 6,
            What::Timer { .. } => 7,
            What::Control { .. } => 8,
            What::Message { message, .. } => N::Domain::stamp(message),
        }
    }

    /// The connection whose link this crosses, if it is a packet.
    pub fn packet(&self) -> Option<ConnId> {
        match self {
            What::Accept { conn } | What::Connected { conn } => Some(*conn),
            What::Closed { conn, .. } | What::Message { conn, .. } => Some(*conn),
            What::Accepted { .. } | What::Failed { .. } => None,
            What::Start | What::Timer { .. } | What::Control { .. } => None,
        }
    }
}

impl<N: Node> World<N> {
    pub fn new(seed: u64) -> World<N> {
        World {
            seed,
            now: Micros::ZERO,
            index: 0,
            next_conn: 0,
            slots: Vec::new(),
            names: Arc::default(),
            network: Network::new(seed),
            connections: Connections::default(),
            queue: Queue::new(),
            cut: Vec::new(),
            limits: Limits::default(),
            violations: Vec::new(),
            touched: None,
            trace: Digest::new(),
            actions: Vec::new(),
        }
    }

    /// Tighter caps, for a test or a small machine.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Adds a node that is down, with an empty disk. [`World::start`] runs it.
    pub fn add(&mut self, host: &str, spec: N::Spec) -> NodeId {
        if self.slots.len() >= self.limits.nodes_max {
            self.violate(Violation::TooManyNodes);
        }
        let node = NodeId(self.slots.len() as u32);
        self.alias(host, node);
        self.slots.push(Slot::new(host, spec));
        self.touched = Some(node);
        node
    }

    /// Another name for a node (`localhost`).
    pub fn alias(&mut self, host: &str, node: NodeId) {
        Arc::make_mut(&mut self.names).insert(host.to_string(), node);
    }

    pub fn now(&self) -> Micros {
        self.now
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Steps so far: the event index by which commands and events are placed.
    pub fn index(&self) -> u64 {
        self.index
    }

    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<N> {
        (0..self.slots.len() as u32).map(NodeId)
    }

    /// The node's state, unless its process is down.
    pub fn node(&self, node: NodeId) -> Option<&N> {
        self.node_arc(node).map(|state| &**state)
    }

    /// The node's state as the worlds share it: two worlds with the same pointer have the same state, which makes a
    /// comparison of a world with an earlier copy of itself cheap.
    pub fn node_arc(&self, node: NodeId) -> Option<&Arc<N>> {
        match &self.slot(node)?.process {
            Process::Up(state) => Some(state),
            Process::Down(_) | Process::Running => None,
        }
    }

    /// Whether the node's process runs (a paused one does).
    pub fn is_up(&self, node: NodeId) -> bool {
        self.slot(node).is_some_and(|slot| !matches!(slot.process, Process::Down(_)))
    }

    /// When the node's process last started, stopped, was paused or resumed.
    pub fn since(&self, node: NodeId) -> Micros {
        self.slot(node).map_or(Micros::ZERO, |slot| slot.since)
    }

    /// How often the node was started.
    pub fn starts(&self, node: NodeId) -> u32 {
        self.slot(node).map_or(0, |slot| slot.incarnation)
    }

    /// The node that a host name stands for.
    pub fn resolve(&self, host: &str) -> Option<NodeId> {
        self.names.get(host).copied()
    }

    /// The name the node was added under.
    pub fn host_of(&self, node: NodeId) -> Option<&str> {
        self.slot(node).map(|slot| &*slot.host)
    }

    /// Panics on a node that was never added, like `spec_mut`.
    pub fn spec(&self, node: NodeId) -> &N::Spec {
        &self.slots[node.0 as usize].spec
    }

    /// Changes the configuration that the next start reads.
    pub fn spec_mut(&mut self, node: NodeId) -> &mut N::Spec {
        self.touched = Some(node);
        Arc::make_mut(&mut self.slots[node.0 as usize].spec)
    }

    pub fn is_paused(&self, node: NodeId) -> bool {
        self.slot(node).is_some_and(|slot| slot.paused)
    }

    /// The node's disk, up or down.
    pub fn disk(&self, node: NodeId) -> Option<&Disk> {
        self.slot(node)?.disk()
    }

    /// The disk of a node that is down, to edit a file on it.
    pub fn disk_mut(&mut self, node: NodeId) -> Option<&mut Disk> {
        match &mut self.slots.get_mut(node.0 as usize)?.process {
            Process::Down(disk) => {
                self.touched = Some(node);
                Some(disk)
            }
            _ => None,
        }
    }

    pub fn counters(&self) -> Counters {
        self.network.counters
    }

    /// The node that the last step or fault changed, `None` if it changed none. An invariant checker that looks after every step needs to look at
    /// this node only, and at what it shares with others.
    pub fn last_touched(&self) -> Option<NodeId> {
        self.touched
    }

    /// Connections that at least one end holds open.
    pub fn connections_open(&self) -> usize {
        self.connections.len()
    }

    /// Messages, timers and controls that wait.
    pub fn queue_len(&self) -> usize {
        self.queue.len()
    }

    /// Messages under way, in order of their arrival. One that a cut or a paused process holds back is late: its arrival
    /// lies before now.
    pub fn flights(&self) -> Vec<Flight<'_, Message<N>>> {
        let mut flights: Vec<_> = self
            .queue
            .iter()
            .filter_map(|due| {
                let What::Message { conn, message } = &due.item.what else { return None };
                let (from, to, sent_at) = (self.sender_of(&due.item)?, due.item.to, due.item.sent_at);
                Some(Flight { id: due.sequence, conn: *conn, from, to, sent_at, arrives_at: due.at, message })
            })
            .collect();
        base::ordered::sort_by_key(&mut flights, |flight| (flight.arrives_at, flight.id));
        flights
    }

    pub fn set_link(&mut self, from: NodeId, to: NodeId, rule: LinkRule) {
        self.network.set_rule(from, to, rule);
        self.release_cut();
    }

    pub fn link(&self, from: NodeId, to: NodeId) -> &LinkRule {
        self.network.rule(from, to)
    }

    /// The rule of every link that has none of its own.
    pub fn set_all_links(&mut self, rule: LinkRule) {
        self.network.set_default_rule(rule);
        self.release_cut();
    }

    /// Nothing passes from `from` to `to` any more; the other direction is another link.
    pub fn cut_link(&mut self, from: NodeId, to: NodeId) {
        self.set_link(from, to, LinkRule { cut: true, ..self.link(from, to).clone() });
    }

    /// Undoes [`World::cut_link`]: what the cut held back travels on.
    pub fn mend_link(&mut self, from: NodeId, to: NodeId) {
        self.set_link(from, to, LinkRule { cut: false, ..self.link(from, to).clone() });
    }

    /// All links are as new; what the cuts held back travels on.
    pub fn heal(&mut self) {
        self.network.heal();
        self.release_cut();
    }

    pub(crate) fn slot(&self, node: NodeId) -> Option<&Slot<N>> {
        self.slots.get(node.0 as usize)
    }

    /// Who sent a packet. `None` for what is no packet, and once the connection is forgotten: then nobody waits for it.
    pub(crate) fn sender_of(&self, item: &Item<N>) -> Option<NodeId> {
        let place = self.connections.find(item.what.packet()?, item.to)?;
        Some(self.connections.get(place.at).nodes[place.peer().end])
    }

    /// What waited at a link that is no longer cut is due now, each in its old place in the order.
    fn release_cut(&mut self) {
        for handle in std::mem::take(&mut self.cut) {
            let Some(due) = self.queue.get(handle) else { continue };
            let still = self.sender_of(&due.item).is_some_and(|from| self.network.rule(from, due.item.to).cut);
            if still {
                self.cut.push(handle);
            } else {
                self.queue.release(handle);
            }
        }
    }
}

/// What a running node may see of the others.
pub(crate) struct View<'a, N: Node> {
    pub slots: &'a [Slot<N>],
    pub names: &'a Map<String, NodeId>,
}

impl<N: Node> Surroundings for View<'_, N> {
    fn resolve(&self, host: &str) -> Option<NodeId> {
        self.names.get(host).copied()
    }

    fn host_of(&self, node: NodeId) -> Option<&str> {
        self.slots.get(node.0 as usize).map(|slot| &*slot.host)
    }

    fn disk_of(&self, node: NodeId) -> Option<&Disk> {
        self.slots.get(node.0 as usize)?.disk()
    }

    fn is_up(&self, node: NodeId) -> bool {
        self.slots.get(node.0 as usize).is_some_and(|slot| !matches!(slot.process, Process::Down(_)))
    }
}
