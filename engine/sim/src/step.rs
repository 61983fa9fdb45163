//! The loop: take what is due, decide what becomes of it, let one node act, carry out what it asked for.

use std::hash::Hasher;
use std::sync::Arc;

use base::{ConnId, Micros, NodeId};

use crate::Effects;
use crate::audit::Violation;
use crate::connections::{Connection, End, Place};
use crate::effects::Action;
use crate::node::{CloseReason, Input, Node};
use crate::process::Process;
use crate::queue::{Due, Handle};
use crate::world::{Event, Item, Message, Stamped, Timer, View, What, World};

impl<N: Node> World<N> {
    /// When the next thing is due, if anything is.
    pub fn next_at(&self) -> Option<Micros> {
        // What was held back keeps its old time in the queue, and is due now.
        self.queue.next_at().map(|at| at.max(self.now))
    }

    /// Lets time pass up to `at` without an event (nothing may be due before).
    pub fn advance_to(&mut self, at: Micros) {
        debug_assert!(self.next_at().is_none_or(|next| next >= at));
        self.now = self.now.max(at);
    }

    /// Does the next thing that is due at or before `until`, and appends to `events` what a node emits. False if there
    /// is none: then time stands at `until` at the latest when the caller advances it.
    ///
    /// Whatever comes due is a step of its own, also what is then only set aside (its process is paused, its link cut) or
    /// dropped (nobody is there any more): so the number of steps tells the state exactly, and a command given between
    /// two of them can be given there again.
    pub fn step(&mut self, until: Micros, events: &mut Vec<Stamped<Event<N>>>) -> bool {
        let Some(due) = self.queue.pop(until) else { return false };
        for word in [due.at.0, due.sequence, u64::from(due.item.to.0), due.item.what.stamp()] {
            self.trace.write_u64(word);
        }
        self.now = self.now.max(due.at);
        self.index += 1;
        self.touched = None;
        if let Some((node, input)) = self.admit(due) {
            self.touched = Some(node);
            self.deliver(node, input, events);
        }
        true
    }

    /// Decides what becomes of an entry whose time has come: delivered, set aside, or dropped and counted.
    fn admit(&mut self, due: Due<Item<N>>) -> Option<(NodeId, Input<N::Domain>)> {
        let to = due.item.to;
        let place = due.item.what.packet().map(|conn| self.connections.find(conn, to));
        if let Some(Some(place)) = place
            && self.network.rule(self.node_at(place.peer()), to).cut
        {
            let handle = self.queue.hold(due);
            self.cut.push(handle);
            return None;
        }
        // The packet has reached the host; whether a process reads it is another question.
        let place = place.flatten();
        if let What::Accept { .. } = due.item.what {
            return self.on_accept(due, place);
        }
        let slot = &mut self.slots[to.0 as usize];
        if slot.paused {
            slot.parked.push(self.queue.hold(due));
            return None;
        }
        let is_open = place.is_some_and(|place| self.connections.end(place) == End::Open);
        let is_same_process = matches!(slot.process, Process::Up(_)) && slot.incarnation == due.item.incarnation;
        let input = match due.item.what {
            What::Message { conn, message } if is_open => Input::Message { conn, message },
            What::Connected { conn } if is_open => Input::Connected { conn },
            What::Closed { conn, reason } if is_open => {
                place.inspect(|place| self.connections.close(*place));
                Input::Closed { conn, reason }
            }
            What::Timer { timer } => {
                Arc::make_mut(&mut slot.timers).remove(&timer);
                return is_same_process.then_some((to, Input::Timer { timer }));
            }
            What::Start if is_same_process => return Some((to, Input::Start)),
            What::Control { control } if is_same_process => return Some((to, Input::Control { control })),
            What::Failed { conn, reason } if is_same_process => return Some((to, Input::Closed { conn, reason })),
            What::Accepted { conn } => return self.accepted(conn, to),
            _ => {
                self.conclude_unread(&due.item);
                return None;
            }
        };
        self.network.counters.in_flight -= 1;
        self.network.counters.delivered += 1;
        Some((to, input))
    }

    /// The opening packet of a connection: the host answers, and the process is told at once or when it resumes.
    fn on_accept(&mut self, mut due: Due<Item<N>>, place: Option<Place>) -> Option<(NodeId, Input<N::Domain>)> {
        let Some(place) = place else {
            self.conclude_unread(&due.item);
            return None;
        };
        self.network.counters.in_flight -= 1;
        self.network.counters.delivered += 1;
        let acceptor = due.item.to;
        let slot = &self.slots[acceptor.0 as usize];
        let is_opener_gone = self.connections.end(place.peer()) == End::Closed;
        if matches!(slot.process, Process::Down(_)) {
            self.connections.close(place);
            if !is_opener_gone {
                self.send_packet(place, |conn| What::Closed { conn, reason: CloseReason::Refused });
            }
            return None;
        }
        self.connections.open(place);
        if !is_opener_gone {
            self.send_packet(place, |conn| What::Connected { conn });
        }
        let conn = self.connections.get(place.at).name(place.end);
        if self.slots[acceptor.0 as usize].paused {
            due.item.what = What::Accepted { conn };
            let handle = self.queue.hold(due);
            self.slots[acceptor.0 as usize].parked.push(handle);
            return None;
        }
        self.accepted(conn, acceptor)
    }

    fn accepted(&mut self, conn: ConnId, acceptor: NodeId) -> Option<(NodeId, Input<N::Domain>)> {
        let place = self.connections.find(conn, acceptor)?;
        if self.connections.end(place) != End::Open {
            return None;
        }
        let from = self.node_at(place.peer());
        let port = self.connections.get(place.at).port;
        Some((acceptor, Input::Accepted { conn, from, port }))
    }

    fn deliver(&mut self, node: NodeId, input: Input<N::Domain>, events: &mut Vec<Stamped<Event<N>>>) {
        let at = node.0 as usize;
        let Process::Up(mut state) = std::mem::replace(&mut self.slots[at].process, Process::Running) else {
            unreachable!("an input is admitted only to a process that is up");
        };
        let offered = if let Input::Accepted { conn, .. } = &input { Some(*conn) } else { None };
        let mut actions = std::mem::take(&mut self.actions);
        let mut next_conn = self.next_conn;
        let view = View { slots: &self.slots, names: &self.names };
        let mut fx = Effects::new(node, self.now, &mut actions, &mut next_conn, &view);
        Arc::make_mut(&mut state).on_input(self.now, input, &mut fx);
        let is_disk_full = state.disk().refused() > 0;
        self.slots[at].process = Process::Up(state);
        self.next_conn = next_conn;
        let mut is_exiting = false;
        for action in actions.drain(..) {
            is_exiting |= matches!(action, Action::Exit);
            match action {
                // Nobody listens on this port: the other side has no connection at all.
                Action::Close { conn } if Some(conn) == offered => self.close(conn, node, CloseReason::Refused),
                action => self.carry_out(node, action, events),
            }
        }
        self.actions = actions;
        if is_disk_full {
            self.violate(Violation::DiskFull { node });
        }
        // Whatever the process asked for beside its end, before or after, was done while it lived.
        if is_exiting {
            self.stop_process(node);
        }
    }

    fn carry_out(&mut self, node: NodeId, action: Action<N::Domain>, events: &mut Vec<Stamped<Event<N>>>) {
        match action {
            Action::Connect { conn, to, port } => self.connect(conn, node, to, port),
            Action::Send { conn, message } => self.send(conn, node, message),
            Action::Close { conn } => self.close(conn, node, CloseReason::Closed),
            Action::SetTimer { timer, at } => self.set_timer(node, timer, at),
            Action::CancelTimer { timer } => self.cancel_timer(node, &timer),
            Action::Emit { event } => events.push(Stamped { index: self.index, at: self.now, node, event }),
            Action::Exit => {}
        }
    }

    fn connect(&mut self, id: ConnId, opener: NodeId, acceptor: NodeId, port: u16) {
        self.connections.sweep();
        if acceptor.0 as usize >= self.slots.len() {
            self.push(opener, self.now, What::Failed { conn: id, reason: CloseReason::Unreachable });
            return;
        }
        if self.connections.len() >= self.limits.connections_max {
            self.violate(Violation::TooManyConnections);
            self.push(opener, self.now, What::Failed { conn: id, reason: CloseReason::Refused });
            return;
        }
        self.connections.insert(Connection {
            id,
            nodes: [opener, acceptor],
            port,
            ends: [End::Open, End::Pending],
            order: [self.now; 2],
        });
        if let Some(place) = self.connections.find(id, opener) {
            self.send_packet(place, |conn| What::Accept { conn });
        }
    }

    fn send(&mut self, conn: ConnId, node: NodeId, message: Message<N>) {
        match self.connections.find(conn, node) {
            Some(place) if self.connections.end(place) == End::Open => {
                self.send_packet(place, |conn| What::Message { conn, message });
            }
            _ => {
                self.network.counters.sent += 1;
                self.network.counters.closed += 1;
            }
        }
    }

    fn set_timer(&mut self, node: NodeId, timer: Timer<N>, at: Micros) {
        let Some(handle) = self.push(node, at.max(self.now), What::Timer { timer: timer.clone() }) else { return };
        let timers = &mut self.slots[node.0 as usize].timers;
        if let Some(old) = Arc::make_mut(timers).insert(timer, handle) {
            self.queue.take(old);
        }
    }

    fn cancel_timer(&mut self, node: NodeId, timer: &Timer<N>) {
        let timers = &mut self.slots[node.0 as usize].timers;
        if timers.contains_key(timer)
            && let Some(old) = Arc::make_mut(timers).remove(timer)
        {
            self.queue.take(old);
        }
    }

    /// Sends a packet from the end at `from` to its peer; never before one that left earlier on the same connection.
    pub(crate) fn send_packet(&mut self, from: Place, what: impl FnOnce(ConnId) -> What<N>) {
        let connection = self.connections.get(from.at);
        let (sender, receiver) = (connection.nodes[from.end], connection.nodes[from.peer().end]);
        let conn = connection.name(from.peer().end);
        // What was written is on the disk before anybody hears of it.
        let said = self.slots[sender.0 as usize].disk().map_or(self.now, |disk| disk.busy_until().max(self.now));
        let at = said + self.network.transit(sender, receiver);
        let at = self.connections.in_order(from, at);
        if self.push(receiver, at, what(conn)).is_none() {
            self.network.counters.in_flight -= 1;
            self.network.counters.closed += 1;
        }
    }

    /// Puts something into the queue. `None`: the queue is full, which is a violation, and it is dropped.
    pub(crate) fn push(&mut self, to: NodeId, at: Micros, what: What<N>) -> Option<Handle> {
        if self.queue.len() >= self.limits.queue_max {
            self.violate(Violation::QueueFull);
            return None;
        }
        let incarnation = self.slots[to.0 as usize].incarnation;
        Some(self.queue.push(at, Item { to, incarnation, sent_at: self.now, what }))
    }

    fn node_at(&self, place: Place) -> NodeId {
        self.connections.get(place.at).nodes[place.end]
    }
}
