//! What `kafka-topics.sh --describe` prints.

use base::{Map, Set};

use clients::admin::call::{ConfigEntry, PartitionDescription, Reassignment, TopicDescription};
use protocol::{TopicPartition, java};

use crate::tools::jopt::Options;

/// All that was asked for before the first line is printed.
#[derive(Clone, Debug, Default, Hash)]
pub struct Described {
    /// In the order in which they are listed.
    pub topics: Vec<TopicDescription>,
    pub configs: Map<String, Vec<ConfigEntry>>,
    pub live_brokers: Set<i32>,
    pub reassignments: Map<TopicPartition, Reassignment>,
}

/// The lines, each ended by a newline.
pub fn print(described: &Described, options: &Options) -> String {
    const REPORTS: [&str; 4] =
        ["under-replicated-partitions", "unavailable-partitions", "under-min-isr-partitions", "at-min-isr-partitions"];
    let reports = REPORTS.iter().any(|report| options.has(report));
    let overrides = options.has("topics-with-overrides");
    let mut text = String::new();
    for topic in &described.topics {
        let none = Vec::new();
        let configs = described.configs.get(&topic.name).unwrap_or(&none);
        let mut partitions: Vec<&PartitionDescription> = topic.partitions.iter().collect();
        base::ordered::sort_by_key(&mut partitions, |partition| partition.partition);
        let has_own = configs.iter().any(|entry| !entry.is_default());
        if !reports && (!overrides || has_own) {
            text.push_str(&header(topic, &partitions, configs, described));
        }
        if overrides {
            continue;
        }
        for partition in partitions {
            let reassignment = described.reassignments.get(&TopicPartition::new(&*topic.name, partition.partition));
            let shown = Shown { partition, reassignment, min_isr: min_isr(configs), live: &described.live_brokers };
            if !reports || shown.is_reported(options) {
                text.push_str(&line(&topic.name, &shown));
            }
        }
    }
    text
}

fn header(
    topic: &TopicDescription,
    partitions: &[&PartitionDescription],
    configs: &[ConfigEntry],
    described: &Described,
) -> String {
    let factor = partitions.first().map_or(0, |first| {
        let reassignment = described.reassignments.get(&TopicPartition::new(&*topic.name, first.partition));
        replication_factor(first, reassignment)
    });
    // Java keeps the entries in a hash map and prints them in its order.
    let ordered = java::hash_map_order(configs.iter().collect(), |entry| java::java_string_hash(&entry.name));
    let own: Vec<String> = ordered
        .iter()
        .filter(|entry| !entry.is_default())
        .map(|entry| format!("{}={}", entry.name, entry.value.as_deref().unwrap_or("null")))
        .collect();
    format!(
        "Topic: {}\tTopicId: {}\tPartitionCount: {}\tReplicationFactor: {factor}\tConfigs: {}\n",
        topic.name,
        topic.id,
        topic.partitions.len(),
        own.join(",")
    )
}

fn line(topic: &str, shown: &Shown<'_>) -> String {
    let partition = shown.partition;
    let leader = partition.leader.map_or("none".to_string(), |leader| leader.to_string());
    let mut text = format!(
        "\tTopic: {topic}\tPartition: {}\tLeader: {leader}\tReplicas: {}\tIsr: {}",
        partition.partition,
        ids(&partition.replicas),
        ids(&partition.isr)
    );
    if let Some(reassignment) = shown.reassignment {
        text.push_str(&format!(
            "\tAdding Replicas: {}\tRemoving Replicas: {}",
            ids(&reassignment.adding),
            ids(&reassignment.removing)
        ));
    }
    let known = |list: &Option<Vec<i32>>| list.as_deref().map_or("N/A".to_string(), ids);
    text.push_str(&format!("\tElr: {}\tLastKnownElr: {}\n", known(&partition.elr), known(&partition.last_known_elr)));
    text
}

/// A partition beside what decides whether a report lists it.
struct Shown<'a> {
    partition: &'a PartitionDescription,
    reassignment: Option<&'a Reassignment>,
    min_isr: usize,
    live: &'a Set<i32>,
}

impl Shown<'_> {
    fn is_reported(&self, options: &Options) -> bool {
        let in_sync = self.partition.isr.len();
        let led = self.partition.leader.is_some();
        let live = self.partition.leader.is_some_and(|leader| self.live.contains(&leader));
        let under_replicated = replication_factor(self.partition, self.reassignment) > in_sync;
        (options.has("under-replicated-partitions") && under_replicated)
            || (options.has("unavailable-partitions") && !live)
            || (options.has("under-min-isr-partitions") && (!led || in_sync < self.min_isr))
            || (options.has("at-min-isr-partitions") && in_sync == self.min_isr)
    }
}

/// Replicas that a reassignment only adds do not count while it goes on.
fn replication_factor(partition: &PartitionDescription, reassignment: Option<&Reassignment>) -> usize {
    match reassignment {
        Some(moving)
            if partition.replicas.iter().any(|id| moving.adding.contains(id) || moving.removing.contains(id)) =>
        {
            moving.replicas.len() - moving.adding.len()
        }
        _ => partition.replicas.len(),
    }
}

fn min_isr(configs: &[ConfigEntry]) -> usize {
    let value = configs.iter().find(|entry| entry.name == "min.insync.replicas").and_then(|entry| entry.value.as_ref());
    value.and_then(|value| value.parse().ok()).unwrap_or(1)
}

fn ids(list: &[i32]) -> String {
    let words: Vec<String> = list.iter().map(i32::to_string).collect();
    words.join(",")
}
