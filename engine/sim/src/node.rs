//! What a node is, and the closed set of things that can happen to it.

use std::fmt::Debug;
use std::hash::Hash;

use base::{ConnId, Micros, NodeId};

use crate::{Disk, Effects};

/// The vocabulary that one simulated world speaks. The kernel carries these values and never looks inside.
pub trait Domain: Clone + Debug + 'static {
    /// What travels on a connection.
    type Message: Clone + Hash + Debug;
    /// What a node tells the outside about what it did (for the stage, the timeline, the checker).
    type Event: Clone + Debug;
    /// What a person or a lesson does to a node directly: a typed line, SIGTERM.
    type Control: Clone + Hash + Debug;
    /// Names of a node's timers. Setting a timer of the same name again replaces it.
    type Timer: Clone + Ord + Hash + Debug;

    /// A number that tells a message from others, for [`World::fingerprint`](crate::World::fingerprint): cheap, and not
    /// of its whole contents.
    fn stamp(message: &Self::Message) -> u64;
}

/// A server or a terminal: an explicit state machine that can be cloned, shown and stepped back.
pub trait Node: Clone + Hash + Debug {
    type Domain: Domain;
    /// What is needed to start this node again after it went down: its configuration.
    type Spec: Clone + Hash + Debug;

    /// The node as it is right after its process started; it gets [`Input::Start`] next.
    fn boot(spec: &Self::Spec, boot: Boot) -> Self;

    /// One thing happened. All consequences go into `fx`.
    fn on_input(&mut self, now: Micros, input: Input<Self::Domain>, fx: &mut Effects<'_, Self::Domain>);

    fn disk(&self) -> &Disk;
    /// The same, for what happens to a disk while a process uses it.
    fn disk_mut(&mut self) -> &mut Disk;

    /// What is left when the process is gone.
    fn into_disk(self) -> Disk;
}

/// What a process finds when it starts.
#[derive(Clone, Debug)]
pub struct Boot {
    pub node: NodeId,
    pub now: Micros,
    /// How often this node was started before; 0 at first.
    pub incarnation: u32,
    /// Differs for every (session seed, node, incarnation): the seed of the node's own random streams.
    pub seed: u64,
    pub disk: Disk,
}

/// Why a connection is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// Nothing listens there: the server is down.
    Refused,
    /// The other side closed it, or its process ended.
    Closed,
    /// The network gave up: the peer cannot be reached.
    Unreachable,
}

/// Everything that can happen to a node.
#[derive(Clone, Debug, Hash)]
pub enum Input<D: Domain> {
    /// The process runs. Always the first input of an incarnation.
    Start,
    /// Another node opened a connection to `port` of this one. Close it to refuse.
    Accepted {
        conn: ConnId,
        from: NodeId,
        port: u16,
    },
    /// A connection that this node opened now stands. Sending before this is allowed and keeps its order.
    Connected {
        conn: ConnId,
    },
    /// A connection ended that this node did not close itself. Messages under way on it are lost.
    Closed {
        conn: ConnId,
        reason: CloseReason,
    },
    Message {
        conn: ConnId,
        message: D::Message,
    },
    Timer {
        timer: D::Timer,
    },
    Control {
        control: D::Control,
    },
}
