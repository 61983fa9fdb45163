//! Kafka's clients without I/O: producer, consumer and admin client as values that their host drives.
//!
//! A client takes connections, packets and the time as arguments, acts through `sim::Effects`, and hands out what it has
//! to say as values:
//!
//! ```text
//! host: on_news  ->  client  ->  fx (connect, send, emit)
//!                            ->  take_outputs, next_deadline
//! ```
//!
//! What Kafka's clients do in threads of their own, these do in every one of those calls as far as it goes, and say by
//! `next_deadline` when they want to be woken at the latest.

pub mod admin;
pub mod backoff;
pub mod config;
mod connection;
pub mod consumer;
pub mod core;
pub mod error;
pub mod logline;
pub mod metadata;
pub mod network;
mod news;
pub mod node;
pub mod producer;
#[cfg(feature = "vectors")]
pub mod vectors;

pub use error::KafkaError;
pub use logline::{Level, LogLine};
pub use news::News;
pub use node::Node;
