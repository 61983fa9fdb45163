//! What the engine answers: exactly one reply per request.

use serde::{Deserialize, Serialize};

use crate::event::EventView;
use crate::lesson::LessonView;
use crate::log::LogView;
use crate::view::{Entity, Key};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// Of the request.
    pub seq: u32,
    /// Event index of the position shown: kernel steps and acts done. It grows by one with each of them, so it tells a
    /// place between two acts that no step lies between.
    pub index: u64,
    pub now_us: u64,
    /// End of the recorded history of this branch; equal to `index` when nothing lies ahead.
    pub end_index: u64,
    pub end_us: u64,
    /// Of the history up to here and of every disk: equal after a replay, on another machine, and from a link.
    pub digest: u64,
    /// True when a budget was used up before the end: a run is sent again, everything else goes on with `Continue`.
    pub more: bool,
    /// True: forget every entity, then apply the deltas.
    pub reset: bool,
    pub deltas: Vec<Delta>,
    /// Events of this branch with this ordinal and later ones are replaced by `events`; those before it stand. Events lie
    /// ahead of the position shown, too, if they are recorded.
    pub events_from: u32,
    pub events: Vec<EventView>,
    pub branches: Vec<BranchView>,
    pub lesson: Option<LessonView>,
    pub answer: Answer,
    /// The request could not be done; the world is as before.
    pub problem: Option<Problem>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every delta is a Put, so a box would only add an allocation to each; large only where a pointer has 64 bits"
)]
pub enum Delta {
    Put(Key, Entity),
    Remove(Key),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchView {
    pub name: String,
    pub parent: Option<String>,
    pub fork_index: u64,
    pub fork_us: u64,
    pub end_us: u64,
    pub current: bool,
}

/// What a looking command found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Nothing,
    Why {
        question: String,
        causes: Vec<Cause>,
    },
    Completions {
        from: u32,
        items: Vec<Completion>,
    },
    /// A session link's fragment, without `#`.
    Link {
        fragment: String,
        commands: u32,
    },
    /// What a link holds, part by part, with what could not be read.
    Preview {
        summary: Vec<String>,
        problems: Vec<String>,
    },
    File {
        path: String,
        bytes: Vec<u8>,
        truncated: bool,
    },
    Log(Box<LogView>),
    Message(MessageView),
    Metrics(Vec<SeriesView>),
}

/// A message under way, read field by field under the names of Kafka's schemas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageView {
    /// "Produce request"; empty if it is not under way now.
    pub name: String,
    pub version: i16,
    /// Name and value.
    pub fields: Vec<(String, String)>,
    /// Partitions and records that are not among the fields: the message is long.
    pub left_out: u32,
}

/// A metric of one process over virtual time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesView {
    /// The bean's name: `BytesInPerSec`.
    pub bean: String,
    /// The host that reports it, or a consumer's client id.
    pub who: String,
    /// Times in microseconds at which the value became another one; `None` while the process did not run. Meters by their
    /// Count.
    pub points: Vec<(u64, Option<u64>)>,
}

/// One link of a why-chain, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    pub text: String,
    /// Where to jump.
    pub index: Option<u64>,
    pub at_us: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    pub text: String,
    pub reason: String,
}

/// A refused request, in words for the person: what, why, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub title: String,
    pub details: Vec<String>,
}
