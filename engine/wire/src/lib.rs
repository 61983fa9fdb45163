//! The contract between engine and app: `Command` in, `Reply` out, and the view model in between. Plain data only.
//!
//! The engine never formats HTML, colours or pixels; the app never computes a Kafka fact. A [`Reply`] carries entities
//! that changed since the last reply (found by comparing whole views, so no field can be forgotten), or one reset with
//! all of them after a boot, a seek or a restart.
//!
//! Encoding is postcard in both directions; [`WIRE_VERSION`] must be equal on both sides.

pub mod command;
pub mod event;
pub mod lesson;
pub mod log;
pub mod reply;
pub mod view;

/// The engine's ordered map, for what the page keeps.
pub use base::Map as Ordered;
pub use command::{Command, Fault, Request, Target};
pub use event::{EventView, Lane, Tone};
pub use reply::{Delta, Problem, Reply};
pub use view::{Entity, Key, View};

/// Raised with every change of these types. A page whose worker speaks another version asks to be reloaded.
pub const WIRE_VERSION: u32 = 6;
