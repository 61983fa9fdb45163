//! Limits on the bandwidth of a reassignment: rates of brokers, and lists of the replicas that they are for.

use base::{Map, Set};

use clients::admin::call::{AdminCall, AdminReply, AlterOp, ConfigChange, ConfigResource, Reassignment, ResourceType};
use protocol::{TopicPartition, java};

use super::plan::Plan;
use crate::tools::straight::{Halt, Run, all_of, unexpected};

const RATES: [&str; 3] = [
    "leader.replication.throttled.rate",
    "follower.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
];
const REPLICAS: [&str; 2] = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

type Changes = Map<ConfigResource, Vec<ConfigChange>>;

fn broker(id: i32) -> ConfigResource {
    ConfigResource { kind: ResourceType::Broker, name: id.to_string() }
}

fn set(name: &str, value: String) -> ConfigChange {
    ConfigChange { name: name.to_string(), value: Some(value), op: AlterOp::Set }
}

fn delete(name: &&str) -> ConfigChange {
    ConfigChange { name: name.to_string(), value: None, op: AlterOp::Delete }
}

fn alter(changes: Changes, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let AdminReply::PerResource(items) = tool.get(AdminCall::IncrementalAlterConfigs { changes })? else {
        return Err(unexpected());
    };
    all_of(items).map(drop)
}

/// `clearAllThrottles`: of every broker, as nobody knows which were involved, and of the plan's topics.
pub fn clear(plan: &Plan, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let AdminReply::Cluster(cluster) = tool.get(AdminCall::DescribeCluster { include_fenced: false })? else {
        return Err(unexpected());
    };
    let mut brokers: Set<i32> = cluster.nodes.iter().map(|node| node.id).collect();
    brokers.extend(plan.partitions.iter().flat_map(|(_, replicas)| replicas));
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let ids: Vec<String> = brokers.iter().map(i32::to_string).collect();
    tool.println(format!("Clearing broker-level throttles on broker{} {}", plural(ids.len()), ids.join(",")));
    alter(brokers.iter().map(|id| (broker(*id), RATES.iter().map(delete).collect())).collect(), tool)?;
    // Those that share a bucket stand in the order of the file.
    let mut topics: Vec<String> = Vec::new();
    for (tp, _) in &plan.partitions {
        if !topics.iter().any(|known| *known == *tp.topic) {
            topics.push(tp.topic.to_string());
        }
    }
    let names = java::hash_order(&topics);
    tool.println(format!("Clearing topic-level throttles on topic{} {}", plural(names.len()), names.join(",")));
    let changes = names.iter().map(|name| (ConfigResource::topic(name), REPLICAS.iter().map(delete).collect()));
    alter(changes.collect(), tool)
}

/// Where a partition's replicas come from and go to.
struct PartitionMove {
    sources: Set<i32>,
    destinations: Set<i32>,
}

/// Limits the moves of a plan, and of what is under way beside it.
pub fn limit(
    plan: &Plan,
    current: &Map<TopicPartition, Vec<i32>>,
    ongoing: &Map<TopicPartition, Reassignment>,
    rate: i64,
    tool: &mut Run<'_, '_, '_>,
) -> Result<(), Halt> {
    let mut moves: Map<TopicPartition, PartitionMove> = Map::new();
    for (tp, reassignment) in ongoing {
        let destinations: Set<i32> = reassignment.adding.iter().copied().collect();
        let sources = reassignment.replicas.iter().copied().filter(|id| !destinations.contains(id)).collect();
        moves.insert(tp.clone(), PartitionMove { sources, destinations });
    }
    for (tp, target) in &plan.partitions {
        let sources: Set<i32> = match moves.get(tp) {
            Some(known) => known.sources.clone(),
            None => current.get(tp).into_iter().flatten().copied().collect(),
        };
        let destinations = target.iter().copied().filter(|id| !sources.contains(id)).collect();
        moves.insert(tp.clone(), PartitionMove { sources, destinations });
    }
    let list = |topic: &str, of: fn(&PartitionMove) -> &Set<i32>| {
        // Sorted as text, as Kafka's set of strings is.
        let entries = moves.iter().filter(|(tp, _)| *tp.topic == *topic);
        let texts: Set<String> =
            entries.flat_map(|(tp, m)| of(m).iter().map(|id| format!("{}:{id}", tp.partition))).collect();
        texts.into_iter().collect::<Vec<_>>().join(",")
    };
    let topics: Set<&str> = moves.keys().map(|tp| &*tp.topic).collect();
    let change = |topic: &&str| {
        let lists =
            vec![set(REPLICAS[0], list(topic, |m| &m.sources)), set(REPLICAS[1], list(topic, |m| &m.destinations))];
        (ConfigResource::topic(topic), lists)
    };
    alter(topics.iter().map(change).collect(), tool)?;
    let brokers: Set<i32> = moves.values().flat_map(|m| m.sources.iter().chain(&m.destinations)).copied().collect();
    let rates = |id: i32| (broker(id), RATES[..2].iter().map(|name| set(name, rate.to_string())).collect());
    alter(brokers.into_iter().map(rates).collect(), tool)?;
    tool.println(format!("The inter-broker throttle limit was set to {rate} B/s"));
    Ok(())
}

/// Limits the moves between directories of some brokers.
pub fn limit_directories(brokers: Set<i32>, rate: i64, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    alter(brokers.into_iter().map(|id| (broker(id), vec![set(RATES[2], rate.to_string())])).collect(), tool)?;
    tool.println(format!("The replica-alter-dir throttle limit was set to {rate} B/s"));
    Ok(())
}
