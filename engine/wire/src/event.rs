//! The event stream as the page shows it.

use serde::{Deserialize, Serialize};

/// The timeline's lanes, one per actor class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lane {
    You,
    Clients,
    Brokers,
    Controller,
    Group,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    Plain,
    Warn,
    Error,
}

/// One event, in words. The list of these is the canonical text of what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    /// Event index right after it, see `Reply::index`.
    pub index: u64,
    /// Position among the events of this branch, from 0.
    pub ordinal: u32,
    pub at_us: u64,
    pub lane: Lane,
    pub tone: Tone,
    /// The kind's name, such as `LeaderElected`: what the stage animates.
    pub kind: String,
    /// At most 12 words: "Broker 3 leads orders-1, epoch 5."
    pub sentence: String,
    /// `orders-1`, if it concerns one partition.
    pub partition: Option<String>,
    /// Host or client that acted: `b1`, `c1`, `t2`.
    pub actor: String,
    /// Worth a flag on the timeline: a typed line, an election, a fault, a lesson beat.
    pub beat: bool,
}
