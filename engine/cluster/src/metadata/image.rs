//! The image: all metadata as of an offset, cheap to clone, changed only by replaying records.

use base::{Map, Uuid};
use std::fmt;
use std::sync::Arc;

use protocol::metadata::{
    BrokerRegistrationChangeRecord, ConfigRecord, MetadataRecord, PartitionChangeRecord, PartitionRecord,
    RegisterBrokerRecord, RemoveTopicRecord, TopicRecord, UnregisterBrokerRecord,
};
use protocol::{Name, TopicPartition};

use super::security::Security;
use super::{
    BrokerRegistration, ConfigResource, ControllerRegistration, MetadataBatch, MetadataDelta, PartitionRegistration,
    ResourceType, TopicIdPartition, TopicImage,
};

/// A record that does not fit what came before it: the log is damaged or written by somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReplayError {
    DuplicateTopic {
        name: String,
    },
    UnknownTopic {
        record: &'static str,
        topic_id: Uuid,
    },
    UnknownPartition {
        topic_id: Uuid,
        partition: i32,
    },
    UnknownBroker {
        record: &'static str,
        broker: i32,
    },
    StaleBrokerEpoch {
        broker: i32,
        epoch: i64,
    },
    UnknownResourceType(i8),
    /// What the record removes is not there.
    NoSuchEntry(&'static str),
    /// The kind of record belongs to a part of Kafka that this engine does not have.
    Unsupported(&'static str),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::DuplicateTopic { name } => write!(f, "Found duplicate TopicRecord for {name}"),
            ReplayError::UnknownTopic { record, topic_id } => {
                write!(f, "Unable to replay {record}: no topic with ID {topic_id} was found.")
            }
            ReplayError::UnknownPartition { topic_id, partition } => {
                write!(f, "Tried to create partition {topic_id}:{partition}, but no partition with that id was found.")
            }
            ReplayError::UnknownBroker { record, broker } => {
                write!(f, "Unable to replay {record}: no broker registration found for id {broker}")
            }
            ReplayError::StaleBrokerEpoch { broker, epoch } => {
                write!(f, "Broker {broker} has no registration with epoch {epoch}")
            }
            ReplayError::UnknownResourceType(id) => write!(f, "Unknown resource type {id}."),
            ReplayError::NoSuchEntry(record) => write!(f, "Unable to replay {record}: there is nothing to remove."),
            ReplayError::Unsupported(record) => write!(f, "Unhandled record type {record}"),
        }
    }
}

/// Everything that the records below `end_offset` say. Clones share their maps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MetadataImage {
    /// The offset after the last record that is folded in.
    end_offset: i64,
    /// The controller epoch of that record.
    epoch: i32,
    topics: Arc<Map<Uuid, Arc<TopicImage>>>,
    topic_ids: Arc<Map<Name, Uuid>>,
    brokers: Arc<Map<i32, Arc<BrokerRegistration>>>,
    controllers: Arc<Map<i32, Arc<ControllerRegistration>>>,
    configs: Arc<Map<ConfigResource, Map<String, String>>>,
    /// Finalized levels of features, `metadata.version` among them.
    features: Arc<Map<String, i16>>,
    next_producer_id: i64,
    security: Arc<Security>,
    /// What to go back to when the open metadata transaction (KIP-868) is aborted.
    before_transaction: Option<Arc<MetadataImage>>,
}

/// Reading.
impl MetadataImage {
    pub fn end_offset(&self) -> i64 {
        self.end_offset
    }

    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// In order of ids.
    pub fn topics(&self) -> impl Iterator<Item = &Arc<TopicImage>> {
        self.topics.values()
    }

    /// In order of names.
    pub fn topics_by_name(&self) -> impl Iterator<Item = &Arc<TopicImage>> {
        self.topic_ids.values().filter_map(|id| self.topics.get(id))
    }

    pub fn topic(&self, id: Uuid) -> Option<&Arc<TopicImage>> {
        self.topics.get(&id)
    }

    pub fn topic_by_name(&self, name: &str) -> Option<&Arc<TopicImage>> {
        self.topics.get(self.topic_ids.get(name)?)
    }

    pub fn topic_id(&self, name: &str) -> Option<Uuid> {
        self.topic_ids.get(name).copied()
    }

    pub fn partition(&self, partition: TopicIdPartition) -> Option<&Arc<PartitionRegistration>> {
        self.topics.get(&partition.topic_id)?.partitions.get(&partition.partition)
    }

    pub fn partition_by_name(&self, partition: &TopicPartition) -> Option<&Arc<PartitionRegistration>> {
        self.topic_by_name(&partition.topic)?.partitions.get(&partition.partition)
    }

    /// Every partition, in order of topic ids and numbers.
    pub fn partitions(
        &self,
    ) -> impl Iterator<Item = (TopicIdPartition, &Arc<TopicImage>, &Arc<PartitionRegistration>)> {
        self.topics.values().flat_map(|topic| {
            topic.partitions.iter().map(move |(partition, registration)| {
                (TopicIdPartition { topic_id: topic.id, partition: *partition }, topic, registration)
            })
        })
    }

    pub fn brokers(&self) -> impl Iterator<Item = &Arc<BrokerRegistration>> {
        self.brokers.values()
    }

    pub fn broker(&self, id: i32) -> Option<&Arc<BrokerRegistration>> {
        self.brokers.get(&id)
    }

    /// Registered, unfenced and not shutting down.
    pub fn is_active(&self, broker: i32) -> bool {
        self.broker(broker).is_some_and(|b| b.is_active())
    }

    pub fn controllers(&self) -> impl Iterator<Item = &Arc<ControllerRegistration>> {
        self.controllers.values()
    }

    /// The dynamic configs of a resource, sorted by key; empty when it has none.
    pub fn configs(&self, resource: &ConfigResource) -> &Map<String, String> {
        static NONE: Map<String, String> = Map::new();
        self.configs.get(resource).unwrap_or(&NONE)
    }

    /// Resources that have dynamic configs.
    pub fn config_resources(&self) -> impl Iterator<Item = &ConfigResource> {
        self.configs.keys()
    }

    pub fn config(&self, resource: &ConfigResource, key: &str) -> Option<&str> {
        self.configs.get(resource)?.get(key).map(String::as_str)
    }

    pub fn features(&self) -> &Map<String, i16> {
        &self.features
    }

    /// The finalized level of a feature; 0 when it is off.
    pub fn feature(&self, name: &str) -> i16 {
        self.features.get(name).copied().unwrap_or(0)
    }

    /// The first producer id that no broker was given yet.
    pub fn next_producer_id(&self) -> i64 {
        self.next_producer_id
    }

    /// Credentials, quotas and access control entries.
    pub fn security(&self) -> &Security {
        &self.security
    }

    pub fn in_transaction(&self) -> bool {
        self.before_transaction.is_some()
    }

    /// Whether both images hold the same metadata, wherever in the log each has got to.
    pub fn says_the_same(&self, other: &MetadataImage) -> bool {
        self.topics == other.topics
            && self.topic_ids == other.topic_ids
            && self.brokers == other.brokers
            && self.controllers == other.controllers
            && self.configs == other.configs
            && self.features == other.features
            && self.next_producer_id == other.next_producer_id
            && self.security == other.security
    }

    /// Keeps the memory of `other` instead of its own wherever both say the same.
    pub fn share(&mut self, other: &MetadataImage) {
        fn one<T: Eq>(own: &mut Arc<T>, other: &Arc<T>) {
            if own == other {
                *own = other.clone();
            }
        }
        one(&mut self.topics, &other.topics);
        one(&mut self.topic_ids, &other.topic_ids);
        one(&mut self.brokers, &other.brokers);
        one(&mut self.controllers, &other.controllers);
        one(&mut self.configs, &other.configs);
        one(&mut self.features, &other.features);
        one(&mut self.security, &other.security);
    }
}

/// Replaying.
impl MetadataImage {
    /// Folds whole batches in, in order, and says what changed. A record that does not fit is left out and listed in
    /// `MetadataDelta::faults`, as Kafka's loader does; the others count.
    pub fn apply<'b>(&mut self, batches: impl IntoIterator<Item = &'b MetadataBatch>) -> MetadataDelta {
        let mut delta = MetadataDelta::new(self.clone());
        for batch in batches {
            for (index, record) in batch.records.iter().enumerate() {
                let offset = batch.base_offset + index as i64;
                if let Err(error) = self.replay(record, offset, &mut delta) {
                    delta.faults.push((offset, error));
                }
            }
            self.end_offset = batch.last_offset + 1;
            self.epoch = batch.epoch;
        }
        delta.end_offset = self.end_offset;
        delta
    }

    /// The image that a snapshot stands for: all records below `end_offset`, the last of them of `epoch`.
    pub fn of_snapshot(batches: &[MetadataBatch], end_offset: i64, epoch: i32) -> MetadataImage {
        let mut image = MetadataImage::default();
        image.apply(batches);
        (image.end_offset, image.epoch) = (end_offset, epoch);
        image
    }

    /// Folds one record in and notes in `delta` what it touched. `end_offset` moves along.
    pub fn replay(
        &mut self,
        record: &MetadataRecord,
        offset: i64,
        delta: &mut MetadataDelta,
    ) -> Result<(), ReplayError> {
        self.end_offset = offset + 1;
        match record {
            MetadataRecord::RegisterBroker(r) => self.register_broker(r, offset, delta),
            MetadataRecord::UnregisterBroker(r) => self.unregister_broker(r, delta)?,
            MetadataRecord::BrokerRegistrationChange(r) => self.change_broker(r, delta)?,
            MetadataRecord::FenceBroker(r) => self.change_broker(&fencing(r.id, r.epoch, 1), delta)?,
            MetadataRecord::UnfenceBroker(r) => self.change_broker(&fencing(r.id, r.epoch, -1), delta)?,
            MetadataRecord::Topic(r) => self.create_topic(r, delta)?,
            MetadataRecord::RemoveTopic(r) => self.remove_topic(r, delta)?,
            MetadataRecord::Partition(r) => self.put_partition(r, delta)?,
            MetadataRecord::PartitionChange(r) => self.change_partition(r, delta)?,
            MetadataRecord::ClearElr(r) => self.clear_elr(&r.topic_name, delta)?,
            MetadataRecord::Config(r) => self.set_config(r, delta)?,
            MetadataRecord::FeatureLevel(r) => {
                self.set_feature(&r.name, r.feature_level);
                delta.features.insert(r.name.clone());
            }
            MetadataRecord::ProducerIds(r) => {
                self.next_producer_id = r.next_producer_id;
                delta.producer_ids = true;
            }
            MetadataRecord::RegisterController(r) => {
                let registration = ControllerRegistration::from_record(r);
                Arc::make_mut(&mut self.controllers).insert(r.controller_id, Arc::new(registration));
                delta.controllers.insert(r.controller_id);
            }
            MetadataRecord::BeginTransaction(_) => self.before_transaction = Some(Arc::new(self.clone())),
            MetadataRecord::EndTransaction(_) => self.before_transaction = None,
            MetadataRecord::AbortTransaction(_) => self.roll_back(),
            MetadataRecord::NoOp(_) => {}
            other => {
                let kept = Arc::make_mut(&mut self.security).replay(other);
                kept.unwrap_or(Err(ReplayError::Unsupported(other.name())))?;
                delta.security = true;
            }
        }
        Ok(())
    }

    fn roll_back(&mut self) {
        let end_offset = self.end_offset;
        if let Some(before) = self.before_transaction.take() {
            *self = (*before).clone();
        }
        self.before_transaction = None;
        self.end_offset = end_offset;
    }

    fn register_broker(&mut self, record: &RegisterBrokerRecord, offset: i64, delta: &mut MetadataDelta) {
        let registration = BrokerRegistration::from_record(record, offset);
        Arc::make_mut(&mut self.brokers).insert(record.broker_id, Arc::new(registration));
        delta.brokers.insert(record.broker_id);
    }

    fn unregister_broker(
        &mut self,
        record: &UnregisterBrokerRecord,
        delta: &mut MetadataDelta,
    ) -> Result<(), ReplayError> {
        self.broker_of_epoch("UnregisterBrokerRecord", record.broker_id, record.broker_epoch)?;
        Arc::make_mut(&mut self.brokers).remove(&record.broker_id);
        delta.brokers.insert(record.broker_id);
        Ok(())
    }

    fn change_broker(
        &mut self,
        record: &BrokerRegistrationChangeRecord,
        delta: &mut MetadataDelta,
    ) -> Result<(), ReplayError> {
        let mut registration =
            self.broker_of_epoch("BrokerRegistrationChangeRecord", record.broker_id, record.broker_epoch)?;
        registration.change(record);
        Arc::make_mut(&mut self.brokers).insert(record.broker_id, Arc::new(registration));
        delta.brokers.insert(record.broker_id);
        Ok(())
    }

    fn broker_of_epoch(
        &self,
        record: &'static str,
        broker: i32,
        epoch: i64,
    ) -> Result<BrokerRegistration, ReplayError> {
        let registration = self.broker(broker).ok_or(ReplayError::UnknownBroker { record, broker })?;
        if registration.epoch != epoch {
            return Err(ReplayError::StaleBrokerEpoch { broker, epoch });
        }
        Ok((**registration).clone())
    }

    fn create_topic(&mut self, record: &TopicRecord, delta: &mut MetadataDelta) -> Result<(), ReplayError> {
        if self.topic_ids.contains_key(record.name.as_str()) {
            return Err(ReplayError::DuplicateTopic { name: record.name.clone() });
        }
        let name = Name::from(&record.name);
        let topic = TopicImage { id: record.topic_id, name: name.clone(), partitions: Map::new() };
        Arc::make_mut(&mut self.topic_ids).insert(name, record.topic_id);
        Arc::make_mut(&mut self.topics).insert(record.topic_id, Arc::new(topic));
        delta.created_topics.insert(record.topic_id);
        Ok(())
    }

    fn remove_topic(&mut self, record: &RemoveTopicRecord, delta: &mut MetadataDelta) -> Result<(), ReplayError> {
        let topic_id = record.topic_id;
        let topic = Arc::make_mut(&mut self.topics)
            .remove(&topic_id)
            .ok_or(ReplayError::UnknownTopic { record: "RemoveTopicRecord", topic_id })?;
        Arc::make_mut(&mut self.topic_ids).remove(&topic.name);
        // The records of a topic's configs die with it.
        if Arc::make_mut(&mut self.configs).remove(&ConfigResource::topic(&topic.name)).is_some() {
            delta.configs.insert(ConfigResource::topic(&topic.name));
        }
        delta.topic_deleted(topic);
        Ok(())
    }

    fn put_partition(&mut self, record: &PartitionRecord, delta: &mut MetadataDelta) -> Result<(), ReplayError> {
        let topic = self.topic_mut("PartitionRecord", record.topic_id)?;
        let registration = PartitionRegistration::from_record(record);
        topic.partitions.insert(record.partition_id, Arc::new(registration));
        delta.partitions.insert(TopicIdPartition { topic_id: record.topic_id, partition: record.partition_id });
        Ok(())
    }

    fn change_partition(
        &mut self,
        record: &PartitionChangeRecord,
        delta: &mut MetadataDelta,
    ) -> Result<(), ReplayError> {
        let (topic_id, partition) = (record.topic_id, record.partition_id);
        let topic = self.topic_mut("PartitionChangeRecord", topic_id)?;
        let registration =
            topic.partitions.get_mut(&partition).ok_or(ReplayError::UnknownPartition { topic_id, partition })?;
        *registration = Arc::new(registration.merge(record));
        delta.partitions.insert(TopicIdPartition { topic_id, partition });
        Ok(())
    }

    /// Empties ELR and last known ELR, because `min.insync.replicas` changed: of one topic, or of all when `name` is
    /// empty. The partition epoch of those that had some grows.
    fn clear_elr(&mut self, name: &str, delta: &mut MetadataDelta) -> Result<(), ReplayError> {
        let ids: Vec<Uuid> = match name {
            "" => self.topics.keys().copied().collect(),
            name => vec![
                self.topic_id(name)
                    .ok_or(ReplayError::UnknownTopic { record: "ClearElrRecord", topic_id: Uuid::ZERO })?,
            ],
        };
        for topic_id in ids {
            let topic = self.topic_mut("ClearElrRecord", topic_id)?;
            for (partition, registration) in &mut topic.partitions {
                if registration.elr.is_empty() && registration.last_known_elr.is_empty() {
                    continue;
                }
                let cleared = PartitionChangeRecord {
                    eligible_leader_replicas: Some(Vec::new()),
                    last_known_elr: Some(Vec::new()),
                    ..Default::default()
                };
                *registration = Arc::new(registration.merge(&cleared));
                delta.partitions.insert(TopicIdPartition { topic_id, partition: *partition });
            }
        }
        Ok(())
    }

    fn topic_mut(&mut self, record: &'static str, topic_id: Uuid) -> Result<&mut TopicImage, ReplayError> {
        let topics = Arc::make_mut(&mut self.topics);
        topics.get_mut(&topic_id).map(Arc::make_mut).ok_or(ReplayError::UnknownTopic { record, topic_id })
    }

    fn set_config(&mut self, record: &ConfigRecord, delta: &mut MetadataDelta) -> Result<(), ReplayError> {
        let kind = ResourceType::from_id(record.resource_type)
            .ok_or(ReplayError::UnknownResourceType(record.resource_type))?;
        let resource = ConfigResource { kind, name: record.resource_name.clone() };
        let configs = Arc::make_mut(&mut self.configs);
        let entries = configs.entry(resource.clone()).or_default();
        match &record.value {
            Some(value) => {
                entries.insert(record.name.clone(), value.clone());
            }
            None => {
                entries.remove(&record.name);
            }
        }
        if entries.is_empty() {
            configs.remove(&resource);
        }
        delta.configs.insert(resource);
        Ok(())
    }

    fn set_feature(&mut self, name: &str, level: i16) {
        let features = Arc::make_mut(&mut self.features);
        match level {
            0 => features.remove(name),
            level => features.insert(name.to_string(), level),
        };
    }
}

/// The records of old metadata versions that only fenced or unfenced, as the change they stand for.
fn fencing(broker_id: i32, broker_epoch: i64, fenced: i8) -> BrokerRegistrationChangeRecord {
    BrokerRegistrationChangeRecord { broker_id, broker_epoch, fenced, ..Default::default() }
}
