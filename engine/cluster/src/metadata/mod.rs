//! The cluster's metadata: what the records of `__cluster_metadata` add up to.
//!
//! An image is a pure fold of records up to an offset (invariant S19), so a controller and a broker that have read the
//! same records hold equal images, and what a failover does is what a start does.
//!
//! ```text
//! image.apply(&records) -> MetadataDelta    which topics, partitions, brokers and configs changed, and what was before
//! ```

mod codec;
mod delta;
mod image;
mod loader;
mod partition;
mod registration;
mod resource;
pub mod security;
mod topic;
mod writer;

pub use codec::{MetadataBatch, decode_record, encode_record, record_version};
pub use delta::{MetadataDelta, PartitionChange};
pub use image::{MetadataImage, ReplayError};
pub use loader::{Loaded, MetadataLoader, Shared, decode_metadata_batch, metadata_partition};
pub use partition::{LEADER_UNCHANGED, NO_LEADER, PartitionRegistration, RECOVERED, RECOVERING};
pub use registration::{BrokerRegistration, ControllerRegistration, Endpoint};
pub use resource::{ConfigResource, ResourceType};
pub use topic::{TopicIdPartition, TopicImage};
