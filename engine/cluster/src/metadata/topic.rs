//! A topic with its partitions.

use base::{Map, Uuid};
use std::sync::Arc;

use protocol::Name;

use super::PartitionRegistration;

/// A partition by its topic's id, which unlike the name is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicIdPartition {
    pub topic_id: Uuid,
    pub partition: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicImage {
    pub id: Uuid,
    pub name: Name,
    /// By partition number. Shared, so that a topic can be changed without copying its other partitions.
    pub partitions: Map<i32, Arc<PartitionRegistration>>,
}

impl TopicImage {
    /// The replication factor of partition 0, which Kafka takes for the topic's.
    pub fn replication_factor(&self) -> i32 {
        self.partitions.values().next().map_or(0, |p| p.replicas.len() as i32)
    }
}
