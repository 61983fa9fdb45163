//! Names of things in the kernel. A Kafka broker id is not one of them: it is an `i32` inside a node's configuration.

/// A node of the simulated world: a server, or the host of a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A stream connection between two nodes. Never reused within a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);
