//! What a stretch of records changed.

use base::{Map, Set, Uuid};
use std::sync::Arc;

use protocol::Name;

use super::{ConfigResource, MetadataImage, PartitionRegistration, ReplayError, TopicIdPartition, TopicImage};

/// The difference that some records made. It names what was touched; the values are in the images before and after.
#[derive(Clone, Debug)]
pub struct MetadataDelta {
    pub before: MetadataImage,
    /// The end offset of the image after.
    pub end_offset: i64,
    pub created_topics: Set<Uuid>,
    /// Topics that were there before and are gone, as they were when they went.
    pub deleted_topics: Map<Uuid, Arc<TopicImage>>,
    /// New and changed partitions of topics that still exist.
    pub partitions: Set<TopicIdPartition>,
    /// Brokers that registered, changed or left.
    pub brokers: Set<i32>,
    pub controllers: Set<i32>,
    /// Resources with a config set or removed; those of deleted topics too.
    pub configs: Set<ConfigResource>,
    pub features: Set<String>,
    pub producer_ids: bool,
    /// Credentials, quotas or access control entries changed.
    pub security: bool,
    /// Records that could not be replayed, by offset.
    pub faults: Vec<(i64, ReplayError)>,
}

/// One partition before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionChange {
    pub id: TopicIdPartition,
    pub topic: Name,
    /// `None` for a new partition.
    pub before: Option<Arc<PartitionRegistration>>,
    pub after: Arc<PartitionRegistration>,
}

impl MetadataDelta {
    pub fn new(before: MetadataImage) -> MetadataDelta {
        MetadataDelta {
            end_offset: before.end_offset(),
            before,
            created_topics: Set::new(),
            deleted_topics: Map::new(),
            partitions: Set::new(),
            brokers: Set::new(),
            controllers: Set::new(),
            configs: Set::new(),
            features: Set::new(),
            producer_ids: false,
            security: false,
            faults: Vec::new(),
        }
    }

    /// What differs between two images, where the records that led from one to the other are not known (a snapshot).
    pub fn between(before: &MetadataImage, after: &MetadataImage) -> MetadataDelta {
        let mut delta = MetadataDelta::new(before.clone());
        delta.end_offset = after.end_offset();
        for topic in before.topics().filter(|topic| after.topic(topic.id).is_none()) {
            delta.deleted_topics.insert(topic.id, topic.clone());
        }
        delta.created_topics = after.topics().map(|topic| topic.id).filter(|id| before.topic(*id).is_none()).collect();
        let changed = after.partitions().filter(|(id, _, now)| before.partition(*id) != Some(now));
        delta.partitions = changed.map(|(id, _, _)| id).collect();
        let ids = |image: &MetadataImage| image.brokers().map(|broker| broker.id).collect::<Set<i32>>();
        let brokers = ids(before).into_iter().chain(ids(after));
        delta.brokers = brokers.filter(|id| before.broker(*id) != after.broker(*id)).collect();
        let known = |image: &MetadataImage| image.controllers().cloned().collect::<Vec<_>>();
        let (old, new) = (known(before), known(after));
        let either = old.iter().chain(&new);
        delta.controllers =
            either.filter(|c| !(old.contains(c) && new.contains(c))).map(|controller| controller.id).collect();
        let resources = before.config_resources().chain(after.config_resources());
        delta.configs = resources.filter(|r| before.configs(r) != after.configs(r)).cloned().collect();
        let features = before.features().keys().chain(after.features().keys());
        delta.features = features.filter(|name| before.feature(name) != after.feature(name)).cloned().collect();
        delta.producer_ids = before.next_producer_id() != after.next_producer_id();
        delta.security = before.security() != after.security();
        delta
    }

    /// Whether anything but the offset changed.
    pub fn is_empty(&self) -> bool {
        self.created_topics.is_empty()
            && self.deleted_topics.is_empty()
            && self.partitions.is_empty()
            && self.brokers.is_empty()
            && self.controllers.is_empty()
            && self.configs.is_empty()
            && self.features.is_empty()
            && !self.producer_ids
            && !self.security
    }

    /// The changed partitions with their two states, in order of topic ids and numbers. `after` is the image that the
    /// delta led to.
    pub fn partition_changes(&self, after: &MetadataImage) -> Vec<PartitionChange> {
        let change = |id: &TopicIdPartition| {
            let topic = after.topic(id.topic_id)?;
            let registration = topic.partitions.get(&id.partition)?;
            let before = self.before.partition(*id).cloned();
            Some(PartitionChange { id: *id, topic: topic.name.clone(), before, after: registration.clone() })
        };
        self.partitions.iter().filter_map(change).collect()
    }

    /// A topic that came and went within the delta leaves no trace.
    pub(super) fn topic_deleted(&mut self, topic: Arc<TopicImage>) {
        self.partitions.retain(|p| p.topic_id != topic.id);
        if !self.created_topics.remove(&topic.id) {
            self.deleted_topics.insert(topic.id, topic);
        }
    }
}
