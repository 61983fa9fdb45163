//! The `.kafka` script: one file that is both what to do and what was answered.
//!
//! ```text
//! cluster: kraft
//! brokers: 3
//! ---
//! $ kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders
//! | Created topic orders.
//! ! kill b1
//! ```
//!
//! [`format`] reads it, [`player`] plays it in a [`world::ScriptWorld`] and writes the transcript, [`normalise`] takes out what
//! no two runs share, [`compare`] finds where two transcripts part, [`known`] is the list of scripts that are not passed.

pub mod compare;
pub mod format;
pub mod known;
pub mod normalise;
pub mod player;
pub mod stage;
pub mod world;

pub use format::{Header, Script};
pub use player::play;
pub use world::ScriptWorld;
