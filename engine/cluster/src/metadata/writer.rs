//! An image as the records that it is the sum of, for a snapshot (`MetadataImage.write`): features, servers, topics,
//! configs, credentials and quotas, producer ids, access control entries.

use protocol::metadata::{
    ConfigRecord, FeatureLevelRecord, MetadataRecord, ProducerIdsRecord, RegisterBrokerRecord,
    RegisterControllerRecord, TopicRecord, register_broker_record, register_controller_record,
};

use super::{BrokerRegistration, ControllerRegistration, Endpoint, MetadataImage};

impl MetadataImage {
    /// Records that rebuild this image on an empty one.
    pub fn to_records(&self) -> Vec<MetadataRecord> {
        let mut records: Vec<MetadataRecord> = Vec::new();
        // The metadata version comes first: it says how to read the rest.
        let (version, others): (Vec<_>, Vec<_>) =
            self.features().iter().partition(|(name, _)| name.as_str() == "metadata.version");
        records.extend(version.into_iter().chain(others).map(|(name, level)| {
            FeatureLevelRecord { name: name.clone(), feature_level: *level, ..Default::default() }.into()
        }));
        records.extend(self.brokers().map(|broker| broker.to_record().into()));
        records.extend(self.controllers().map(|controller| controller.to_record().into()));
        for topic in self.topics() {
            records.push(TopicRecord { name: topic.name.to_string(), topic_id: topic.id, ..Default::default() }.into());
            records.extend(topic.partitions.iter().map(|(id, p)| p.to_record(topic.id, *id).into()));
        }
        for resource in self.config_resources() {
            records.extend(self.configs(resource).iter().map(|(name, value)| {
                ConfigRecord {
                    resource_type: resource.kind.id(),
                    resource_name: resource.name.clone(),
                    name: name.clone(),
                    value: Some(value.clone()),
                    ..Default::default()
                }
                .into()
            }));
        }
        records.extend(self.security().scram_and_quotas());
        if self.next_producer_id() > 0 {
            let next_producer_id = self.next_producer_id();
            records.push(
                ProducerIdsRecord { broker_id: -1, broker_epoch: -1, next_producer_id, ..Default::default() }.into(),
            );
        }
        records.extend(self.security().acl_records());
        records
    }
}

impl BrokerRegistration {
    pub fn to_record(&self) -> RegisterBrokerRecord {
        let endpoint = |e: &Endpoint| register_broker_record::BrokerEndpoint {
            name: e.name.clone(),
            host: e.host.clone(),
            port: e.port,
            security_protocol: e.security_protocol,
            ..Default::default()
        };
        let feature = |(name, (min, max)): (&String, &(i16, i16))| register_broker_record::BrokerFeature {
            name: name.clone(),
            min_supported_version: *min,
            max_supported_version: *max,
            ..Default::default()
        };
        RegisterBrokerRecord {
            broker_id: self.id,
            broker_epoch: self.epoch,
            incarnation_id: self.incarnation_id,
            end_points: self.endpoints.iter().map(endpoint).collect(),
            features: self.features.iter().map(feature).collect(),
            rack: self.rack.clone(),
            fenced: self.fenced,
            in_controlled_shutdown: self.in_controlled_shutdown,
            log_dirs: self.directories.clone(),
            cordoned_log_dirs: self.cordoned_directories.clone(),
            ..Default::default()
        }
    }
}

impl ControllerRegistration {
    pub fn to_record(&self) -> RegisterControllerRecord {
        let endpoint = |e: &Endpoint| register_controller_record::ControllerEndpoint {
            name: e.name.clone(),
            host: e.host.clone(),
            port: e.port,
            security_protocol: e.security_protocol,
            ..Default::default()
        };
        let feature = |(name, (min, max)): (&String, &(i16, i16))| register_controller_record::ControllerFeature {
            name: name.clone(),
            min_supported_version: *min,
            max_supported_version: *max,
            ..Default::default()
        };
        RegisterControllerRecord {
            controller_id: self.id,
            incarnation_id: self.incarnation_id,
            zk_migration_ready: false,
            end_points: self.endpoints.iter().map(endpoint).collect(),
            features: self.features.iter().map(feature).collect(),
            ..Default::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use base::Uuid;
    use protocol::metadata::PartitionRecord;

    use super::*;
    use crate::metadata::{MetadataBatch, MetadataDelta};

    fn image(records: Vec<MetadataRecord>) -> MetadataImage {
        let last_offset = records.len() as i64 - 1;
        let batch = MetadataBatch { base_offset: 0, last_offset, epoch: 1, timestamp_ms: 0, records };
        MetadataImage::of_snapshot(&[batch], 100, 1)
    }

    #[test]
    fn an_image_is_the_sum_of_its_records() {
        let topic_id = Uuid(9_000);
        let partition =
            PartitionRecord { topic_id, replicas: vec![1, 2], isr: vec![1], leader: 1, ..Default::default() };
        let first = image(vec![
            FeatureLevelRecord { name: "group.version".into(), feature_level: 1, ..Default::default() }.into(),
            FeatureLevelRecord { name: "metadata.version".into(), feature_level: 30, ..Default::default() }.into(),
            RegisterBrokerRecord { broker_id: 1, broker_epoch: 5, ..Default::default() }.into(),
            TopicRecord { name: "orders".into(), topic_id, ..Default::default() }.into(),
            partition.into(),
            ProducerIdsRecord { next_producer_id: 2_000, ..Default::default() }.into(),
        ]);
        let again = image(first.to_records());
        assert_eq!(again, first);
        assert!(MetadataDelta::between(&first, &again).is_empty());
        let delta = MetadataDelta::between(&MetadataImage::default(), &first);
        assert_eq!((delta.created_topics.len(), delta.partitions.len(), delta.brokers.len()), (1, 1, 1));
        let gone = MetadataDelta::between(&first, &MetadataImage::default());
        assert!(gone.deleted_topics.contains_key(&topic_id) && gone.partitions.is_empty());
    }
}
