//! The partition log: record batches as bytes, segments with their indexes and files, leader epochs, producer state.
//!
//! One [`UnifiedLog`] is one replica of one partition. All that it does goes to a [`sim::Disk`] in Kafka's names and
//! layouts, so that a crash, a torn tail or a lost disk is met as Kafka meets it. Batches are kept once: the same
//! [`bytes::Bytes`] stand in the produce request, in the leader's and the followers' logs and in their segment files.
//!
//! ```text
//! log start <= last stable offset <= high watermark <= log end
//! ```

pub mod batch;
pub mod batch_list;
pub mod checkpoint;
pub mod config;
pub mod epochs;
pub mod index;
mod now;
pub mod producer_state;
pub mod segment;
mod unified;
mod validate;
#[cfg(feature = "vectors")]
pub mod vectors;

pub use config::{BrokerCompression, LogConfig};
pub use epochs::{EpochEntry, LeaderEpochCache};
pub use index::AbortedTxn;
pub use now::Now;
pub use segment::LogSegment;
pub use unified::{
    AppendError, AppendInfo, AppendOrigin, DeletedSegment, DeletionReason, Doomed, LogToClean, Opening, PendingDelete,
    SEGMENT_SUFFIXES, SegmentInfo, UnifiedLog,
};
