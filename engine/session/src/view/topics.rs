//! Topics and partitions, as the controller committed them, and what a partition's leader knows beyond that.

use base::Map;

use cluster::config::{ConfigView, ServerConfig};
use cluster::metadata::{ConfigResource, MetadataImage, PartitionRegistration, TopicImage};
use protocol::TopicPartition;
use wire::view::{ConfigView as ConfigEntry, PartitionView, TopicView};
use wire::{Entity, Key, View};

use super::Scene;

/// Settings that change what the stage shows; others appear once they are set.
const SHOWN: [&str; 6] = [
    "cleanup.policy",
    "compression.type",
    "min.insync.replicas",
    "retention.ms",
    "segment.bytes",
    "unclean.leader.election.enable",
];

pub fn add(scene: &Scene<'_>, view: &mut View) {
    let Some(image) = scene.image else { return };
    let server = server_config(scene);
    for topic in image.topics_by_name() {
        let config = config(image, &server, &topic.name);
        view.insert(Key::Topic(topic.name.to_string()), Entity::Topic(topic_view(topic, config)));
    }
    for (topic, number, registered) in scene.partitions() {
        let min_isr = ConfigView { image, server: &server }.topic_number(topic, "min.insync.replicas");
        let partition = partition(scene, topic, number, registered, min_isr as i32);
        view.insert(Key::Partition(topic.to_string(), number), Entity::Partition(partition));
    }
}

/// The property file that speaks for the cluster: the first broker's.
fn server_config(scene: &Scene<'_>) -> ServerConfig {
    let first = scene.brokers.values().next();
    let properties = first.map(|seat| seat.spec.properties.clone()).unwrap_or_default();
    ServerConfig::new(first.map_or(-1, |seat| seat.spec.node_id), properties)
}

fn topic_view(topic: &TopicImage, config: Vec<ConfigEntry>) -> TopicView {
    TopicView {
        name: topic.name.to_string(),
        topic_id: topic.id.to_string(),
        partitions: topic.partitions.len() as i32,
        replication_factor: topic.replication_factor(),
        internal: protocol::topic::is_internal(&topic.name),
        config,
    }
}

fn config(image: &MetadataImage, server: &ServerConfig, topic: &str) -> Vec<ConfigEntry> {
    let overrides: &Map<String, String> = image.configs(&ConfigResource::topic(topic));
    let view = ConfigView { image, server };
    let names = SHOWN.iter().copied().chain(overrides.keys().map(String::as_str).filter(|key| !SHOWN.contains(key)));
    names
        .filter_map(|name| {
            let effective = view.topic(topic, name)?;
            let value = effective.value.unwrap_or_default();
            Some(ConfigEntry { key: name.to_string(), value, source: effective.source.name().to_string() })
        })
        .collect()
}

fn partition(
    scene: &Scene<'_>,
    topic: &str,
    number: i32,
    registered: &PartitionRegistration,
    min_insync_replicas: i32,
) -> PartitionView {
    let leader = (registered.leader >= 0).then_some(registered.leader);
    let broker = leader.and_then(|leader| scene.brokers.get(&leader)).and_then(|seat| seat.broker);
    let leading = broker
        .and_then(|broker| broker.partition(&TopicPartition::new(topic, number)))
        .filter(|partition| partition.is_leader());
    PartitionView {
        topic: topic.to_string(),
        partition: number,
        leader,
        leader_epoch: registered.leader_epoch,
        partition_epoch: registered.partition_epoch,
        replicas: registered.replicas.clone(),
        isr: registered.isr.clone(),
        elr: registered.elr.clone(),
        min_insync_replicas,
        high_watermark: leading.map(|partition| partition.log.high_watermark()),
        high_watermark_held: leading.is_some_and(|partition| partition.is_under_min_isr()),
    }
}
