//! Kafka's servers as explicit state machines: brokers and KRaft controllers.
//!
//! A [`Broker`](broker::Broker) and a [`Controller`](controller::Controller) take one input at a time and act only
//! through `sim::Effects`. What travels between them are Kafka's own requests and responses (`protocol::Packet`); what
//! they report is one typed stream of [`Event`].

pub mod broker;
pub mod config;
pub mod controller;
pub mod domain;
pub mod event;
pub mod features;
pub mod loggers;
pub mod metadata;
pub mod placement;
pub mod raft;
pub mod scram_hash;
pub mod server_log;
pub mod spec;
#[cfg(feature = "vectors")]
pub mod vectors;

pub use domain::{Control, Kafka, ServerTimer, Timer};
pub use event::Event;
pub use spec::{BrokerSpec, ControllerSpec, Profile, Properties};
