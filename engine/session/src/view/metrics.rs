//! Kafka's own metrics that a lesson speaks of, under the names of their beans. Each process reports for itself; what is
//! shown is their sum over the processes that run, so a dead broker reports nothing, as it would in a real cluster.

use cluster::metadata::PartitionRegistration;
use wire::{Entity, Key, View};

use super::Scene;
use cluster::config::{ConfigView, ServerConfig};

pub fn add(scene: &Scene<'_>, view: &mut View) {
    let Some(image) = scene.image else { return };
    let first = scene.brokers.values().next();
    let properties = first.map(|seat| seat.spec.properties.clone()).unwrap_or_default();
    let server = ServerConfig::new(first.map_or(-1, |seat| seat.spec.node_id), properties);
    let min = |topic: &str| ConfigView { image, server: &server }.topic_number(topic, "min.insync.replicas");
    let up = |broker: i32| scene.brokers.get(&broker).is_some_and(|seat| seat.broker.is_some());
    let count = |wanted: &dyn Fn(&str, &PartitionRegistration) -> bool| {
        scene.partitions().filter(|(topic, _, partition)| wanted(topic, partition)).count() as u64
    };
    // The first two are gauges of the leaders, so only a leader that runs reports.
    let under = count(&|_, p| up(p.leader) && p.isr.len() < p.replicas.len());
    let below_min = count(&|topic, p| up(p.leader) && (p.isr.len() as i64) < min(topic));
    let offline = count(&|_, p| p.leader < 0);
    let fenced = scene.brokers.keys().filter(|id| image.broker(**id).is_some_and(|broker| broker.fenced)).count();
    let meters = scene.brokers.values().filter_map(|seat| seat.broker).map(cluster::broker::Broker::meters);
    let (mut failed, mut shrinks) = (0, 0);
    for meter in meters {
        failed += meter.failed_produce_requests;
        shrinks += meter.isr_shrinks;
    }
    for (name, value) in [
        ("UnderReplicatedPartitions", under),
        ("UnderMinIsrPartitionCount", below_min),
        ("OfflinePartitionsCount", offline),
        ("FencedBrokerCount", fenced as u64),
        ("FailedProduceRequestsPerSec", failed),
        ("IsrShrinksPerSec", shrinks),
    ] {
        view.insert(Key::Metric(name.to_string()), Entity::Metric(value));
    }
}
