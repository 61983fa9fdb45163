//! Kafka's vocabulary: APIs, their versions, requests, responses, records of the metadata log and of the coordinators,
//! error codes, names and hashes. Nothing here has state or decides anything.
//!
//! Messages are generated from Kafka 4.3.1's own schemas (see `build/`). Every struct has all fields of all versions,
//! the schema's defaults as `Default`, and Kafka's names in Rust's spelling:
//!
//! ```
//! use protocol::messages::fetch_request::{FetchPartition, FetchTopic};
//! use protocol::messages::FetchRequest;
//!
//! let fetch = FetchRequest {
//!     max_wait_ms: 500,
//!     topics: vec![FetchTopic { partitions: vec![FetchPartition::default()], ..Default::default() }],
//!     ..Default::default()
//! };
//! let mut bytes = Vec::new();
//! fetch.encode(12, &mut bytes).expect("version 12 can say all of this");
//! assert_eq!(FetchRequest::decode(&mut bytes.into(), 12), Ok(fetch));
//! ```
//!
//! - [`messages`]: requests, responses and headers, one module each; [`Request`] and [`Response`] hold any of them, and
//!   `From` makes one of a body. [`Packet`] is what travels: header and shared body, with the exact bytes on demand.
//! - [`metadata`]: records of `__cluster_metadata` and [`metadata::MetadataRecord`] over them. [`coordinator`]: keys and
//!   values of the coordinators' topics. [`embedded`]: messages inside other bytes.
//! - [`ApiKey`], [`ErrorCode`] (`ErrorCode::from_code(response.error_code)`, `error.code()` or `.into()` the other way).
//! - [`Records`]: batches in produce and fetch as shared bytes.
//! - [`topic`], [`murmur2`], [`varint`], [`java`]: names, the key hash, batch numbers, Java's hash order.
//!
//! A field whose schema default is not null is `Some(default)` in `Default` (as in Kafka: an absent `topics` of a
//! metadata request must be set to `None` to ask for all topics). A value that a version cannot carry is an error unless
//! the schema calls it ignorable: [`CodecError::NonDefault`].

pub mod api;
pub mod codec;
mod error_code;
mod float64;
mod frames;
pub mod java;
pub mod json;
pub mod murmur2;
mod name;
mod packet;
mod prelude;
mod primitives;
pub mod reader;
mod records;
pub mod scala;
mod tags;
pub mod topic;
pub mod varint;
#[cfg(feature = "vectors")]
pub mod vectors;
pub mod writer;

// The generated modules are held to no style: they are read only when the generator is changed.

/// Requests, responses and headers.
#[allow(clippy::all)]
pub mod messages {
    use crate::prelude;
    include!(concat!(env!("OUT_DIR"), "/messages.rs"));
}

/// Records of `__cluster_metadata`.
#[allow(clippy::all)]
pub mod metadata {
    use crate::prelude::{self, *};
    include!(concat!(env!("OUT_DIR"), "/metadata.rs"));
}

/// Keys and values of `__consumer_offsets`, `__transaction_state` and `__share_group_state`.
#[allow(clippy::all)]
pub mod coordinator {
    use crate::prelude::{self, *};
    include!(concat!(env!("OUT_DIR"), "/coordinator.rs"));
}

/// Messages that stand inside other bytes: the consumer protocol's subscription and assignment, control records, the
/// quorum state, the producer snapshot.
#[allow(clippy::all)]
pub mod embedded {
    use crate::prelude;
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

pub use api::{ApiKey, Request, Response};
pub use codec::{CodecError, Message, VersionRange};
pub use error_code::ErrorCode;
pub use float64::Float64;
pub use name::Name;
pub use packet::Packet;
pub use records::{Memo, Records};
pub use tags::UnknownTags;
pub use topic::TopicPartition;
