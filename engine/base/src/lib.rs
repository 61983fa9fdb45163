//! What every floor of the engine stands on: virtual time, node ids, seeded randomness, digests, limits.
//!
//! Nothing here knows Kafka, and nothing here reads a clock, a thread, the environment or a float.

pub mod calendar;
pub mod crc;
pub mod digest;
pub mod ids;
pub mod limits;
pub mod mark;
pub mod ordered;
pub mod rng;
pub mod time;
pub mod uuid;

pub use digest::Digest;
pub use ids::{ConnId, NodeId};
pub use ordered::{Map, Set};
pub use rng::Rng;
pub use time::Micros;
pub use uuid::Uuid;
