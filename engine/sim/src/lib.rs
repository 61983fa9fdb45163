//! The kernel: nodes, an event queue ordered by (time, sequence), a network, disks, faults, snapshots. Knows no Kafka.
//!
//! A node is a value with [`Node::on_input`]; it sees time as an argument and acts only through [`Effects`]. The kernel
//! owns time, delivery, randomness and faults, so the same seed and the same commands give the same bytes everywhere.
//!
//! ```text
//! World::step: pop (time, sequence) -> deliver one Input to one node -> carry out its Effects -> events out
//! ```

pub mod audit;
pub mod bench;
mod connections;
pub mod disk;
pub mod effects;
pub mod fault;
mod file;
pub mod network;
pub mod node;
pub mod plan;
mod process;
mod queue;
mod step;
pub mod timeline;
pub mod world;

pub use audit::{Imbalance, Violation};
pub use disk::Disk;
pub use effects::Effects;
pub use fault::Fault;
pub use file::File;
pub use network::{Counters, Flight, LinkRule};
pub use node::{Boot, CloseReason, Domain, Input, Node};
pub use timeline::{Apply, Timeline};
pub use world::{Limits, Stamped, World};
