//! The world: nodes, the queue of what is to happen, and the one loop that makes it happen.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::hash::Hash;
use std::sync::Arc;

use base::{ConnId, Digest, Micros, NodeId, Rng};

use crate::effects::{Action, Surroundings};
use crate::network::{Connection, Counters, Flight, LinkRule, Network};
use crate::node::{Boot, CloseReason, Domain, Input, Node};
use crate::{Disk, Effects};

type Message<N> = <<N as Node>::Domain as Domain>::Message;
type Event<N> = <<N as Node>::Domain as Domain>::Event;
type Control<N> = <<N as Node>::Domain as Domain>::Control;
type Timer<N> = <<N as Node>::Domain as Domain>::Timer;

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
    seed: u64,
    now: Micros,
    index: u64,
    sequence: u64,
    next_conn: u64,
    slots: Vec<Slot<N>>,
    names: BTreeMap<String, NodeId>,
    network: Network,
    queue: BinaryHeap<Reverse<Entry>>,
    items: BTreeMap<u64, Item<N>>,
    timers: BTreeMap<(NodeId, Timer<N>), u64>,
    /// Packets that met a cut link, in order of arrival.
    cut: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Slot<N: Node> {
    host: String,
    spec: N::Spec,
    process: Process<N>,
    incarnation: u32,
    paused: bool,
    parked: Vec<u64>,
}

#[derive(Clone, Debug, Hash)]
enum Process<N: Node> {
    Up(Arc<N>),
    Down(Disk),
    /// Only while the kernel runs this very node.
    Running,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Entry {
    at: Micros,
    sequence: u64,
}

#[derive(Clone, Debug, Hash)]
struct Item<N: Node> {
    to: NodeId,
    incarnation: u32,
    sent_at: Micros,
    at: Micros,
    what: What<N>,
}

#[derive(Clone, Debug, Hash)]
enum What<N: Node> {
    Start,
    Accept { conn: ConnId },
    Connected { conn: ConnId },
    Closed { conn: ConnId, reason: CloseReason },
    Message { conn: ConnId, message: Message<N> },
    Timer { timer: Timer<N> },
    Control { control: Control<N> },
}

impl<N: Node> World<N> {
    pub fn new(seed: u64) -> World<N> {
        World {
            seed,
            now: Micros::ZERO,
            index: 0,
            sequence: 0,
            next_conn: 0,
            slots: Vec::new(),
            names: BTreeMap::new(),
            network: Network::new(seed),
            queue: BinaryHeap::new(),
            items: BTreeMap::new(),
            timers: BTreeMap::new(),
            cut: Vec::new(),
        }
    }

    /// Adds a node that is down, with an empty disk. [`World::start`] runs it.
    pub fn add(&mut self, host: &str, spec: N::Spec) -> NodeId {
        let node = NodeId(self.slots.len() as u32);
        self.names.insert(host.to_string(), node);
        self.slots.push(Slot {
            host: host.to_string(),
            spec,
            process: Process::Down(Disk::new()),
            incarnation: 0,
            paused: false,
            parked: Vec::new(),
        });
        node
    }

    /// Another name for a node (`localhost`).
    pub fn alias(&mut self, host: &str, node: NodeId) {
        self.names.insert(host.to_string(), node);
    }

    pub fn now(&self) -> Micros {
        self.now
    }

    /// Steps so far: the event index of DESIGN section 1.4.
    pub fn index(&self) -> u64 {
        self.index
    }

    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<N> {
        (0..self.slots.len() as u32).map(NodeId)
    }

    /// The node's state, unless its process is down.
    pub fn node(&self, node: NodeId) -> Option<&N> {
        match &self.slots.get(node.0 as usize)?.process {
            Process::Up(state) => Some(state),
            _ => None,
        }
    }

    pub fn spec(&self, node: NodeId) -> &N::Spec {
        &self.slots[node.0 as usize].spec
    }

    /// Changes the configuration that the next start reads.
    pub fn spec_mut(&mut self, node: NodeId) -> &mut N::Spec {
        &mut self.slots[node.0 as usize].spec
    }

    pub fn is_paused(&self, node: NodeId) -> bool {
        self.slots[node.0 as usize].paused
    }

    /// The disk of a node that is down, to edit a file on it.
    pub fn disk_mut(&mut self, node: NodeId) -> Option<&mut Disk> {
        match &mut self.slots.get_mut(node.0 as usize)?.process {
            Process::Down(disk) => Some(disk),
            _ => None,
        }
    }

    pub fn counters(&self) -> Counters {
        self.network.counters
    }

    /// Messages under way, in order of their arrival.
    pub fn flights(&self) -> Vec<Flight<'_, Message<N>>> {
        let mut flights: Vec<_> = self.items.iter().filter_map(|(id, item)| self.flight(*id, item)).collect();
        flights.sort_by_key(|flight| (flight.arrives_at, flight.id));
        flights
    }

    // ---- faults and commands

    /// Starts the process of a node that is down. Nothing happens to one that is up.
    pub fn start(&mut self, node: NodeId) {
        let seed = self.seed;
        let now = self.now;
        let slot = &mut self.slots[node.0 as usize];
        let Process::Down(disk) = &mut slot.process else { return };
        let disk = std::mem::take(disk);
        let incarnation = slot.incarnation;
        let own_seed =
            Rng::new(seed, u64::from(node.0), "boot").next_u64() ^ u64::from(incarnation).wrapping_mul(0x9E37_79B9);
        let boot = Boot { node, now, incarnation, seed: own_seed, disk };
        slot.process = Process::Up(Arc::new(N::boot(&slot.spec, boot)));
        slot.incarnation += 1;
        slot.paused = false;
        self.push(node, now, now, What::Start);
    }

    /// SIGKILL: the process is gone at once; its connections break; its disk keeps all that was written.
    pub fn kill(&mut self, node: NodeId) {
        self.stop_process(node);
    }

    /// The machine loses power: like a kill, but bytes that were never synced are gone.
    pub fn power_cut(&mut self, node: NodeId) {
        self.stop_process(node);
        if let Some(disk) = self.disk_mut(node) {
            disk.lose_unsynced();
        }
    }

    /// The disk of a node that is down is replaced by an empty one.
    pub fn wipe(&mut self, node: NodeId) {
        if let Some(disk) = self.disk_mut(node) {
            *disk = Disk::new();
        }
    }

    /// SIGSTOP: the process stands still; what arrives waits.
    pub fn pause(&mut self, node: NodeId) {
        let slot = &mut self.slots[node.0 as usize];
        slot.paused = matches!(slot.process, Process::Up(_));
    }

    /// SIGCONT: what has waited is delivered now, in its order.
    pub fn resume(&mut self, node: NodeId) {
        let slot = &mut self.slots[node.0 as usize];
        slot.paused = false;
        let parked = std::mem::take(&mut slot.parked);
        self.requeue(parked);
    }

    pub fn set_link(&mut self, from: NodeId, to: NodeId, rule: LinkRule) {
        self.network.set_rule(from, to, rule);
        self.release_cut();
    }

    pub fn link(&self, from: NodeId, to: NodeId) -> &LinkRule {
        self.network.rule(from, to)
    }

    pub fn set_all_links(&mut self, rule: LinkRule) {
        self.network.set_default_rule(rule);
    }

    /// All links are as new; what the cuts held back travels on.
    pub fn heal(&mut self) {
        self.network.heal();
        self.release_cut();
    }

    /// Hands a person's act to a node, in order with everything else that happens now.
    pub fn control(&mut self, node: NodeId, control: Control<N>) {
        let now = self.now;
        self.push(node, now, now, What::Control { control });
    }

    // ---- the loop

    /// When the next thing is due, if anything is.
    pub fn next_at(&self) -> Option<Micros> {
        self.queue.peek().map(|Reverse(entry)| entry.at)
    }

    /// Lets time pass up to `at` without an event (nothing may be due before).
    pub fn advance_to(&mut self, at: Micros) {
        debug_assert!(self.next_at().is_none_or(|next| next >= at));
        self.now = self.now.max(at);
    }

    /// Delivers the next input that is due at or before `until`. False if there is none: then time stands at `until`
    /// at the latest when the caller advances it.
    pub fn step(&mut self, until: Micros, events: &mut Vec<Stamped<Event<N>>>) -> bool {
        while let Some(Reverse(entry)) = self.queue.peek() {
            if entry.at > until {
                return false;
            }
            let Some(Reverse(entry)) = self.queue.pop() else { return false };
            self.now = self.now.max(entry.at);
            let Some(item) = self.items.remove(&entry.sequence) else { continue };
            if let Some((node, input)) = self.admit(entry.sequence, item) {
                self.index += 1;
                self.deliver(node, input, events);
                return true;
            }
        }
        false
    }

    /// A digest over everything that decides the future. Equal digests mean equal futures.
    pub fn digest(&self) -> u64 {
        let slots: Vec<_> = self.slots.iter().map(|s| (&s.process, s.incarnation, s.paused, &s.parked)).collect();
        let timers: Vec<_> = self.timers.iter().collect();
        Digest::of(&(self.now, self.index, self.next_conn, slots, &self.network, &self.items, timers, &self.cut))
    }

    /// Decides what becomes of an item whose time has come: delivered, parked, or dropped.
    fn admit(&mut self, sequence: u64, item: Item<N>) -> Option<(NodeId, Input<N::Domain>)> {
        let to = item.to;
        if let Some(from) = self.sender_of(&item)
            && self.network.rule(from, to).cut
        {
            self.cut.push(sequence);
            self.items.insert(sequence, item);
            return None;
        }
        let slot = &mut self.slots[to.0 as usize];
        let up = matches!(slot.process, Process::Up(_));
        if up && slot.paused && !matches!(item.what, What::Accept { .. }) {
            slot.parked.push(sequence);
            self.items.insert(sequence, item);
            return None;
        }
        let same_process = up && slot.incarnation == item.incarnation;
        match item.what {
            What::Start => same_process.then_some((to, Input::Start)),
            What::Control { control } => up.then_some((to, Input::Control { control })),
            What::Timer { timer } => {
                let key = (to, timer);
                if self.timers.get(&key) != Some(&sequence) {
                    return None;
                }
                self.timers.remove(&key);
                same_process.then(|| (to, Input::Timer { timer: key.1 }))
            }
            What::Accept { conn } => self.admit_connection(conn, up),
            What::Connected { conn } => {
                (same_process && self.is_open_for(conn, to)).then_some((to, Input::Connected { conn }))
            }
            What::Closed { conn, reason } => {
                self.network.connections.remove(&conn)?;
                same_process.then_some((to, Input::Closed { conn, reason }))
            }
            What::Message { conn, message } => {
                if same_process && self.is_open_for(conn, to) {
                    self.network.counters.delivered += 1;
                    return Some((to, Input::Message { conn, message }));
                }
                self.network.counters.closed += 1;
                None
            }
        }
    }

    fn admit_connection(&mut self, conn: ConnId, up: bool) -> Option<(NodeId, Input<N::Domain>)> {
        let connection = self.network.connections.get_mut(&conn)?;
        let (opener, acceptor, port) = (connection.opener, connection.acceptor, connection.port);
        if !up {
            self.notify_closed(conn, acceptor, opener, CloseReason::Refused);
            return None;
        }
        connection.accepted = true;
        let sent_at = self.now;
        let at = self.arrival(conn, acceptor, opener);
        self.push(opener, sent_at, at, What::Connected { conn });
        Some((acceptor, Input::Accepted { conn, from: opener, port }))
    }

    fn deliver(&mut self, node: NodeId, input: Input<N::Domain>, events: &mut Vec<Stamped<Event<N>>>) {
        let place = node.0 as usize;
        let Process::Up(mut state) = std::mem::replace(&mut self.slots[place].process, Process::Running) else {
            return;
        };
        let mut actions = Vec::new();
        let mut next_conn = self.next_conn;
        let view = View { slots: &self.slots, names: &self.names };
        let mut fx = Effects::new(node, self.now, &mut actions, &mut next_conn, &view);
        Arc::make_mut(&mut state).on_input(self.now, input, &mut fx);
        self.slots[place].process = Process::Up(state);
        self.next_conn = next_conn;
        for action in actions {
            self.carry_out(node, action, events);
        }
    }

    fn carry_out(&mut self, node: NodeId, action: Action<N::Domain>, events: &mut Vec<Stamped<Event<N>>>) {
        let now = self.now;
        match action {
            Action::Connect { conn, to, port } => {
                let order = [now; 2];
                let connection =
                    Connection { opener: node, acceptor: to, port, order, accepted: false, open: [true; 2] };
                self.network.connections.insert(conn, connection);
                let at = self.arrival(conn, node, to);
                self.push(to, now, at, What::Accept { conn });
            }
            Action::Send { conn, message } => match self.network.connections.get(&conn) {
                Some(connection) if connection.is_open(node) => {
                    let to = connection.peer_of(node);
                    let at = self.arrival(conn, node, to);
                    self.push(to, now, at, What::Message { conn, message });
                }
                _ => {
                    self.network.counters.sent += 1;
                    self.network.counters.closed += 1;
                }
            },
            Action::Close { conn } => self.close(conn, node),
            Action::SetTimer { timer, at } => {
                let sequence = self.push(node, now, at.max(now), What::Timer { timer: timer.clone() });
                if let Some(old) = self.timers.insert((node, timer), sequence) {
                    self.items.remove(&old);
                }
            }
            Action::CancelTimer { timer } => {
                if let Some(old) = self.timers.remove(&(node, timer)) {
                    self.items.remove(&old);
                }
            }
            Action::Emit { event } => events.push(Stamped { index: self.index, at: now, node, event }),
            Action::Exit => self.stop_process(node),
        }
    }

    // ---- helpers

    fn stop_process(&mut self, node: NodeId) {
        let slot = &mut self.slots[node.0 as usize];
        let Process::Up(state) = std::mem::replace(&mut slot.process, Process::Running) else { return };
        slot.process = Process::Down(Arc::unwrap_or_clone(state).into_disk());
        slot.paused = false;
        let parked = std::mem::take(&mut slot.parked);
        self.requeue(parked);
        let gone: Vec<_> = self.timers.keys().filter(|(owner, _)| *owner == node).cloned().collect();
        for key in gone {
            if let Some(sequence) = self.timers.remove(&key) {
                self.items.remove(&sequence);
            }
        }
        let open: Vec<ConnId> =
            self.network.connections.iter().filter(|(_, c)| c.is_open(node)).map(|(id, _)| *id).collect();
        for conn in open {
            self.close(conn, node);
        }
    }

    /// `node` is done with the connection; the other side hears of it after what was sent before.
    fn close(&mut self, conn: ConnId, node: NodeId) {
        let Some(connection) = self.network.connections.get_mut(&conn) else { return };
        if !connection.is_open(node) {
            return;
        }
        let peer = connection.peer_of(node);
        connection.close_for(node);
        if connection.is_open(peer) {
            self.notify_closed(conn, node, peer, CloseReason::Closed);
        } else {
            self.network.connections.remove(&conn);
        }
    }

    fn notify_closed(&mut self, conn: ConnId, from: NodeId, to: NodeId, reason: CloseReason) {
        if let Some(connection) = self.network.connections.get_mut(&conn) {
            connection.close_for(from);
        }
        let sent_at = self.now;
        let at = self.arrival(conn, from, to);
        self.push(to, sent_at, at, What::Closed { conn, reason });
    }

    /// When a packet that leaves now arrives; never before one that left earlier on the same connection.
    fn arrival(&mut self, conn: ConnId, from: NodeId, to: NodeId) -> Micros {
        let at = self.now + self.network.transit(from, to);
        let Some(connection) = self.network.connections.get_mut(&conn) else { return at };
        let direction = usize::from(from != connection.opener);
        let at = at.max(connection.order[direction]);
        connection.order[direction] = at;
        at
    }

    fn push(&mut self, to: NodeId, sent_at: Micros, at: Micros, what: What<N>) -> u64 {
        self.sequence += 1;
        let incarnation = self.slots.get(to.0 as usize).map_or(0, |slot| slot.incarnation);
        self.items.insert(self.sequence, Item { to, incarnation, sent_at, at, what });
        self.queue.push(Reverse(Entry { at, sequence: self.sequence }));
        self.sequence
    }

    /// Puts waiting items back, due now, in their order.
    fn requeue(&mut self, waiting: Vec<u64>) {
        for old in waiting {
            let Some(mut item) = self.items.remove(&old) else { continue };
            item.at = self.now;
            self.sequence += 1;
            if let What::Timer { timer } = &item.what {
                self.timers.insert((item.to, timer.clone()), self.sequence);
            }
            self.queue.push(Reverse(Entry { at: self.now, sequence: self.sequence }));
            self.items.insert(self.sequence, item);
        }
    }

    fn release_cut(&mut self) {
        let waiting = std::mem::take(&mut self.cut);
        self.requeue(waiting);
    }

    fn is_open_for(&self, conn: ConnId, node: NodeId) -> bool {
        self.network.connections.get(&conn).is_some_and(|connection| connection.is_open(node))
    }

    fn sender_of(&self, item: &Item<N>) -> Option<NodeId> {
        let conn = match &item.what {
            What::Accept { conn } | What::Connected { conn } => conn,
            What::Closed { conn, .. } | What::Message { conn, .. } => conn,
            What::Start | What::Timer { .. } | What::Control { .. } => return None,
        };
        Some(self.network.connections.get(conn)?.peer_of(item.to))
    }

    fn flight<'a>(&self, id: u64, item: &'a Item<N>) -> Option<Flight<'a, Message<N>>> {
        let What::Message { conn, message } = &item.what else { return None };
        let from = self.network.connections.get(conn)?.peer_of(item.to);
        Some(Flight { id, conn: *conn, from, to: item.to, sent_at: item.sent_at, arrives_at: item.at, message })
    }
}

/// What a running node may see of the others.
struct View<'a, N: Node> {
    slots: &'a [Slot<N>],
    names: &'a BTreeMap<String, NodeId>,
}

impl<N: Node> Surroundings for View<'_, N> {
    fn resolve(&self, host: &str) -> Option<NodeId> {
        self.names.get(host).copied()
    }

    fn host_of(&self, node: NodeId) -> Option<&str> {
        self.slots.get(node.0 as usize).map(|slot| slot.host.as_str())
    }

    fn disk_of(&self, node: NodeId) -> Option<&Disk> {
        match &self.slots.get(node.0 as usize)?.process {
            Process::Up(state) => Some(state.disk()),
            Process::Down(disk) => Some(disk),
            Process::Running => None,
        }
    }

    fn is_up(&self, node: NodeId) -> bool {
        self.slots.get(node.0 as usize).is_some_and(|slot| !matches!(slot.process, Process::Down(_)))
    }
}
