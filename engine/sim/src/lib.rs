//! The kernel: nodes, an event queue ordered by (time, sequence), a network, disks, faults, snapshots. Knows no Kafka.
//!
//! A node is a value with [`Node::on_input`]; it sees time as an argument and acts only through [`Effects`]. The kernel
//! owns time, delivery, randomness and faults, so the same seed and the same commands give the same bytes everywhere.
//!
//! ```text
//! World::step: pop (time, sequence) -> deliver one Input to one node -> carry out its Effects -> events out
//! ```

pub mod disk;
pub mod effects;
pub mod network;
pub mod node;
pub mod world;

pub use disk::Disk;
pub use effects::Effects;
pub use network::{Flight, LinkRule};
pub use node::{Boot, CloseReason, Domain, Input, Node};
pub use world::{Stamped, World};
