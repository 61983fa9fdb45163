//! Kafka's own metrics that a lesson speaks of, under the names of their beans. Each process reports for itself; what is
//! shown beside a partition is their sum over the processes that run, so a dead broker reports nothing, as it would in a
//! real cluster.

use base::Map;

use cluster::config::{ConfigView, ServerConfig};
use protocol::TopicPartition;
use wire::{Entity, Key, View};

use super::Scene;
use crate::host::Host;

/// What one process says of itself.
pub struct Reading {
    pub bean: &'static str,
    /// The broker's id, or the terminal of a consumer; empty for the controller.
    pub who: String,
    pub value: u64,
}

/// What servers report that are summed up; the controllers speak with one voice.
const SUMMED: [&str; 6] = [
    "UnderReplicatedPartitions",
    "UnderMinIsrPartitionCount",
    "OfflinePartitionsCount",
    "FencedBrokerCount",
    "FailedProduceRequestsPerSec",
    "IsrShrinksPerSec",
];

pub fn add(scene: &Scene<'_>, view: &mut View) {
    if scene.image.is_none() {
        return;
    }
    let readings = servers(scene);
    for bean in SUMMED {
        let sum = readings.iter().filter(|reading| reading.bean == bean).map(|reading| reading.value).sum();
        view.insert(Key::Metric(bean.to_string()), Entity::Metric(sum));
    }
}

/// Of every server that runs.
pub fn servers(scene: &Scene<'_>) -> Vec<Reading> {
    let Some(image) = scene.image else { return Vec::new() };
    let first = scene.brokers.values().next();
    let properties = first.map(|seat| seat.spec.properties.clone()).unwrap_or_default();
    let server = ServerConfig::new(first.map_or(-1, |seat| seat.spec.node_id), properties);
    let min = |topic: &str| ConfigView { image, server: &server }.topic_number(topic, "min.insync.replicas");
    // Gauges of the leaders: only a leader that runs reports.
    let mut gauges: Map<i32, (u64, u64)> = Map::new();
    let mut offline = 0;
    for (topic, _, partition) in scene.partitions() {
        let (under, below) = gauges.entry(partition.leader).or_default();
        *under += u64::from(partition.isr.len() < partition.replicas.len());
        *below += u64::from((partition.isr.len() as i64) < min(topic));
        offline += u64::from(partition.leader < 0);
    }
    let fenced = scene.brokers.keys().filter(|id| image.broker(**id).is_some_and(|broker| broker.fenced)).count();
    let reading = |bean, who: &str, value| Reading { bean, who: who.to_string(), value };
    let mut all = vec![reading(SUMMED[2], "", offline), reading(SUMMED[3], "", fenced as u64)];
    for (id, seat) in &scene.brokers {
        let Some(meters) = seat.broker.map(cluster::broker::Broker::meters) else { continue };
        let (under, below) = gauges.get(id).copied().unwrap_or_default();
        let values = [
            (SUMMED[0], under),
            (SUMMED[1], below),
            (SUMMED[4], meters.failed_produce_requests),
            (SUMMED[5], meters.isr_shrinks),
            ("BytesInPerSec", meters.bytes_in),
        ];
        all.extend(values.map(|(bean, value)| reading(bean, &id.to_string(), value)));
    }
    all
}

/// `records-lag-max` of every consumer: how far it is behind the high watermark, in the partition where it is most.
pub fn consumers(scene: &Scene<'_>) -> Vec<Reading> {
    let mark = |topic: &str, number: i32| {
        let id = TopicPartition::new(topic, number);
        let leads = |seat: &super::BrokerSeat<'_>| {
            seat.broker?.partition(&id).filter(|held| held.is_leader()).map(|held| held.log.high_watermark())
        };
        scene.brokers.values().filter_map(leads).max()
    };
    let mut all = Vec::new();
    for node in scene.world.node_ids() {
        let Some(Host::Terminal(terminal)) = scene.world.node(node) else { continue };
        for (_, _, client) in terminal.clients() {
            let lag =
                |(topic, number, at, _): &(String, i32, i64, Option<i64>)| Some((mark(topic, *number)? - at).max(0));
            if let Some(value) = client.positions.iter().filter_map(lag).max() {
                let who = terminal.name().to_string();
                all.push(Reading { bean: "records-lag-max", who, value: value as u64 });
            }
        }
    }
    all
}
