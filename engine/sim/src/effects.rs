//! What a node may do: the only door from a state machine to the world.

use base::{ConnId, Micros, NodeId};

use crate::{Disk, Domain};

/// One thing that a node asked for. The kernel carries them out in order when `on_input` returns.
#[derive(Clone, Debug)]
pub enum Action<D: Domain> {
    Connect {
        conn: ConnId,
        to: NodeId,
        port: u16,
    },
    Send {
        conn: ConnId,
        message: D::Message,
    },
    Close {
        conn: ConnId,
    },
    SetTimer {
        timer: D::Timer,
        at: Micros,
    },
    CancelTimer {
        timer: D::Timer,
    },
    Emit {
        event: D::Event,
    },
    /// The process ends by itself; connections close, the disk stays.
    Exit,
}

/// What a node can see of the world around it: names, and the files of others (a terminal shows them).
pub trait Surroundings {
    /// The node that a host name stands for, as a resolver would answer.
    fn resolve(&self, host: &str) -> Option<NodeId>;
    fn host_of(&self, node: NodeId) -> Option<&str>;
    /// The disk of another node, up or down. `None` for an unknown node and for the caller itself.
    fn disk_of(&self, node: NodeId) -> Option<&Disk>;
    fn is_up(&self, node: NodeId) -> bool;
}

/// Collects the actions of one `on_input`.
pub struct Effects<'a, D: Domain> {
    pub node: NodeId,
    pub now: Micros,
    actions: &'a mut Vec<Action<D>>,
    next_conn: &'a mut u64,
    surroundings: &'a dyn Surroundings,
}

impl<'a, D: Domain> Effects<'a, D> {
    pub fn new(
        node: NodeId,
        now: Micros,
        actions: &'a mut Vec<Action<D>>,
        next_conn: &'a mut u64,
        surroundings: &'a dyn Surroundings,
    ) -> Self {
        Effects { node, now, actions, next_conn, surroundings }
    }

    /// Opens a connection. It may be used at once; if it fails, `Input::Closed` tells why. A node may connect to itself:
    /// the accepting end, in `Input::Accepted`, then has another id than the one returned here.
    pub fn connect(&mut self, to: NodeId, port: u16) -> ConnId {
        *self.next_conn += 1;
        let conn = ConnId(*self.next_conn);
        // The accepting end of a connection to oneself is called by the id after this one.
        *self.next_conn += u64::from(to == self.node);
        self.actions.push(Action::Connect { conn, to, port });
        conn
    }

    /// Sends on a connection; order within a connection is kept. On a closed one the message is dropped and counted.
    pub fn send(&mut self, conn: ConnId, message: D::Message) {
        self.actions.push(Action::Send { conn, message });
    }

    pub fn close(&mut self, conn: ConnId) {
        self.actions.push(Action::Close { conn });
    }

    /// Wakes this node at `at` (at once if that is past). Replaces an earlier timer of the same name.
    pub fn set_timer(&mut self, timer: D::Timer, at: Micros) {
        self.actions.push(Action::SetTimer { timer, at });
    }

    pub fn set_timer_after(&mut self, timer: D::Timer, after: Micros) {
        let at = self.now + after;
        self.set_timer(timer, at);
    }

    pub fn cancel_timer(&mut self, timer: D::Timer) {
        self.actions.push(Action::CancelTimer { timer });
    }

    pub fn emit(&mut self, event: D::Event) {
        self.actions.push(Action::Emit { event });
    }

    /// Takes back the events of this input for which `is_taken` says so; the node has another use for them.
    pub fn withdraw(&mut self, mut is_taken: impl FnMut(&D::Event) -> bool) {
        self.actions.retain(|action| !matches!(action, Action::Emit { event } if is_taken(event)));
    }

    /// Ends this node's process after this input; everything else it asked for is done first.
    pub fn exit(&mut self) {
        self.actions.push(Action::Exit);
    }

    /// Ends this node's process at once: what this input asked for is not done, but for what was emitted.
    pub fn crash(&mut self) {
        self.actions.retain(|action| matches!(action, Action::Emit { .. }));
        self.actions.push(Action::Exit);
    }

    pub fn resolve(&self, host: &str) -> Option<NodeId> {
        self.surroundings.resolve(host)
    }

    pub fn surroundings(&self) -> &'a dyn Surroundings {
        self.surroundings
    }
}
