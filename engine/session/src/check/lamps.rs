//! What must hold, as a table: the names are those of Kafka's specification and of its simulation tests.

/// An invariant, by its place in [`INVARIANTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    LeaderInIsr,
    StrongIsr,
    ValidHighWatermark,
    LogMatching,
    MonotonicEpoch,
    SingleLeader,
    MonotonicHighWatermark,
    MajorityReachedHighWatermark,
    NoTruncateBelowHighWatermark,
    SnapshotAtLogStart,
    ProducerSequence,
    FencedProducer,
    AtMostOneController,
    CompactionKeeps,
    Conservation,
    ImageMonotonic,
    Bounded,
}

/// What a lamp says of its invariant.
pub struct Description {
    pub id: &'static str,
    pub name: &'static str,
    pub meaning: &'static str,
}

pub const COUNT: usize = 17;

/// In the order of [`Invariant`].
pub const INVARIANTS: [Description; COUNT] = [
    Description {
        id: "S1",
        name: "LeaderInIsr",
        meaning: "The leader that the controller has registered is a member of the registered ISR.",
    },
    Description {
        id: "S2",
        name: "StrongIsr",
        meaning: "Below the high watermark of whoever believes to lead, every ISR member holds the same records.",
    },
    Description {
        id: "S3",
        name: "ValidHighWatermark",
        meaning: "No ISR member's log ends below what was ever shown as committed: to a reader, or to an acks=all \
                  producer.",
    },
    Description {
        id: "S4",
        name: "LogMatching",
        meaning: "Two replicas with the same leader epoch at an offset are equal up to that offset.",
    },
    Description {
        id: "S5",
        name: "MonotonicEpoch",
        meaning: "Leader epochs, partition epochs and controller epochs never go back, not by a restart either.",
    },
    Description { id: "S6", name: "SingleLeader", meaning: "One leader epoch, or controller epoch, has one leader." },
    Description {
        id: "S7",
        name: "MonotonicHighWatermark",
        meaning: "At a leader, log start <= last stable offset <= high watermark <= log end, and the high watermark \
                  never falls within an epoch.",
    },
    Description {
        id: "S8",
        name: "MajorityReachedHighWatermark",
        meaning: "A majority of the controllers holds every committed metadata record.",
    },
    Description {
        id: "S9",
        name: "NoTruncateBelowHighWatermark",
        meaning: "No ISR member cuts its log below the committed end.",
    },
    Description {
        id: "S10",
        name: "SnapshotAtLogStart",
        meaning: "A metadata log that does not begin at 0 begins at a snapshot, and an active controller loads none.",
    },
    Description {
        id: "S11",
        name: "ProducerSequence",
        meaning: "The batches of an idempotent producer follow one another without a gap, and each is there once.",
    },
    Description {
        id: "S12",
        name: "FencedProducer",
        meaning: "Nothing is appended with an older producer epoch than one that was seen.",
    },
    Description {
        id: "S16",
        name: "AtMostOneController",
        meaning: "One controller epoch has one active controller, the leader of the metadata quorum.",
    },
    Description {
        id: "S17",
        name: "CompactionKeeps",
        meaning: "The cleaner leaves the newest record of each key where it was, and a tombstone for its time.",
    },
    Description {
        id: "S18",
        name: "Conservation",
        meaning: "Every packet that was sent has arrived, was lost for a reason, or is under way.",
    },
    Description {
        id: "S19",
        name: "ImageMonotonic",
        meaning: "A broker's metadata never goes back, and at an offset it says what the controller's said there.",
    },
    Description {
        id: "S20",
        name: "Bounded",
        meaning: "No queue, disk or table of the simulation has passed its cap.",
    },
];

impl Invariant {
    pub fn description(self) -> &'static Description {
        &INVARIANTS[self as usize]
    }
}
