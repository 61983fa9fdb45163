//! The façade between engine and page: a session as data, and events in words.
//!
//! A session is its cluster, its seed and the acts of a person ([`act::Act`]); [`link`] turns it into the few hundred
//! bytes of a link and back, and [`sentence`] says each event of the engine in one short sentence for the timeline.

pub mod act;
pub mod check;
pub mod host;
pub mod link;
pub mod player;
mod recorder;
pub mod sentence;
pub mod session;
pub mod setup;
pub mod stage;
pub mod view;

pub use host::{Host, HostSpec};
pub use player::Player;
pub use session::Session;
pub use stage::Stage;
