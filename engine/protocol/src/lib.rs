//! Kafka's vocabulary: APIs, their versions, requests, responses, records of the metadata log and of the coordinators,
//! error codes.

pub mod api;
pub mod codec;
mod float64;
mod packet;
mod prelude;
pub mod reader;
mod records;
pub mod writer;

/// Requests, responses and headers.
pub mod messages {
    use crate::prelude;
    include!(concat!(env!("OUT_DIR"), "/messages.rs"));
}

/// Records of `__cluster_metadata`.
pub mod metadata {
    use crate::prelude::{self, *};
    include!(concat!(env!("OUT_DIR"), "/metadata.rs"));
}

/// Keys and values of `__consumer_offsets`, `__transaction_state` and `__share_group_state`.
pub mod coordinator {
    use crate::prelude;
    include!(concat!(env!("OUT_DIR"), "/coordinator.rs"));
}

/// Messages that stand inside other bytes: the consumer protocol's subscription and assignment, control records, the
/// quorum state, the producer snapshot.
pub mod embedded {
    use crate::prelude;
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

pub use api::{ApiKey, Request, Response};
pub use codec::{CodecError, Message, VersionRange};
pub use float64::Float64;
pub use packet::Packet;
pub use records::Records;
