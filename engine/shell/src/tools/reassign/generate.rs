//! `--generate`: a plan that spreads topics over some brokers, as the controller would place new ones.

use base::{Map, Set};

use clients::KafkaError;
use clients::admin::call::{AdminCall, AdminReply, TopicDescription, TopicSelection};
use cluster::placement::{JavaRandom, StripedReplicaPlacer, UsableBroker};
use protocol::{ErrorCode, TopicPartition};

use super::plan::{self, Replica, duplicates};
use crate::tools::jopt::Options;
use crate::tools::json_input::{ADMIN_COMMAND_FAILED, ADMIN_OPERATION};
use crate::tools::log_dirs::parse_int;
use crate::tools::straight::{Halt, Run, all_of, execution, unexpected};

type Replicas = Map<TopicPartition, Vec<i32>>;

pub fn run(options: &Options, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let text = tool.read_text(options.value("topics-to-move-json-file")?.unwrap_or_default())?;
    let list = options.value("broker-list")?.unwrap_or_default();
    let brokers = list.split(',').map(parse_int).collect::<Result<Vec<i32>, KafkaError>>()?;
    let twice = duplicates(&brokers);
    if !twice.is_empty() {
        let why = format!("Broker list contains duplicate entries: {twice:?}");
        return Err(KafkaError::new(ADMIN_COMMAND_FAILED, why).into());
    }
    let topics = plan::parse_topics(&text)?;
    let twice = duplicates(&topics);
    if !twice.is_empty() {
        let why = format!("List of topics to reassign contains duplicate entries: [{}]", twice.join(", "));
        return Err(KafkaError::new(ADMIN_COMMAND_FAILED, why).into());
    }
    let current = replicas(&describe(topics.into_iter().collect(), tool)?);
    let directories = directories(&current, tool)?;
    let usable = usable(&brokers, !options.has("disable-rack-aware"), tool)?;
    let seed = tool.random() as i64;
    let proposed = place(&current, &usable, seed)?;
    tool.println(format!("Current partition replica assignment\n{}\n", plan::format(&current, &directories)));
    let proposed = plan::format(&proposed, &Map::new());
    tool.println(format!("Proposed partition reassignment configuration\n{proposed}"));
    Ok(())
}

/// Topics by name; one that is not there ends the tool.
pub fn describe(names: Set<String>, tool: &mut Run<'_, '_, '_>) -> Result<Map<String, TopicDescription>, Halt> {
    let names: Vec<String> = names.into_iter().collect();
    let call = AdminCall::DescribeTopics { topics: TopicSelection::Names(names), partition_limit: 2_000 };
    let AdminReply::Descriptions(items) = tool.get(call)? else { return Err(unexpected()) };
    let mut found = Map::new();
    for (name, item) in items {
        match item {
            Ok(topic) => drop(found.insert(name, topic)),
            Err(error) if error.code == ErrorCode::UnknownTopicOrPartition => {
                let words = format!("Topic {name} not found.");
                let cause = KafkaError::api(ErrorCode::UnknownTopicOrPartition, Some(&words));
                return Err(Halt::Thrown(execution(cause)));
            }
            Err(error) => return Err(Halt::Thrown(execution(error))),
        }
    }
    Ok(found)
}

pub fn replicas(topics: &Map<String, TopicDescription>) -> Replicas {
    let of = |(name, topic): (&String, &TopicDescription)| {
        let name = name.clone();
        let partitions = topic.partitions.clone();
        partitions.into_iter().map(move |p| (TopicPartition::new(name.clone(), p.partition), p.replicas))
    };
    topics.iter().flat_map(of).collect()
}

/// `getReplicaToLogDir`: where each replica lies now.
pub fn directories(current: &Replicas, tool: &mut Run<'_, '_, '_>) -> Result<Map<Replica, String>, Halt> {
    let AdminReply::Cluster(cluster) = tool.get(AdminCall::DescribeCluster { include_fenced: false })? else {
        return Err(unexpected());
    };
    let used: Set<i32> = current.values().flatten().copied().collect();
    let brokers: Vec<i32> = cluster.nodes.iter().map(|node| node.id).filter(|id| used.contains(id)).collect();
    if brokers.is_empty() {
        return Ok(Map::new());
    }
    let AdminReply::LogDirs(items) = tool.get(AdminCall::DescribeLogDirs { brokers })? else {
        return Err(unexpected());
    };
    let mut found = Map::new();
    for (broker, dirs) in all_of(items)? {
        for (path, dir) in dirs {
            for (tp, info) in dir.replicas {
                if !info.is_future && current.get(&tp).is_some_and(|replicas| replicas.contains(&broker)) {
                    found.insert((broker, tp), path.clone());
                }
            }
        }
    }
    Ok(found)
}

/// `getBrokerMetadata`: brokers that are not there are left out.
fn usable(brokers: &[i32], racks: bool, tool: &mut Run<'_, '_, '_>) -> Result<Vec<UsableBroker>, Halt> {
    let AdminReply::Cluster(cluster) = tool.get(AdminCall::DescribeCluster { include_fenced: false })? else {
        return Err(unexpected());
    };
    let listed = cluster.nodes.into_iter().filter(|node| brokers.contains(&node.id));
    let usable: Vec<UsableBroker> =
        listed.map(|node| UsableBroker { id: node.id, rack: node.rack.filter(|_| racks), fenced: false }).collect();
    let without = usable.iter().filter(|broker| broker.rack.is_none()).count();
    if racks && without != 0 && without != usable.len() {
        let why = "Not all brokers have rack information. Add --disable-rack-aware in command line to make replica \
                   assignment without rack information.";
        return Err(KafkaError::new(ADMIN_OPERATION, why).into());
    }
    Ok(usable)
}

fn place(current: &Replicas, brokers: &[UsableBroker], seed: i64) -> Result<Replicas, Halt> {
    let mut placer = StripedReplicaPlacer::new(JavaRandom::new(seed));
    let mut topics: Map<&str, (i32, i32)> = Map::new();
    for (tp, replicas) in current {
        let entry = topics.entry(&tp.topic).or_insert((0, replicas.len() as i32));
        entry.0 += 1;
    }
    let mut proposed = Replicas::new();
    for (topic, (partitions, factor)) in topics {
        let placed = placer
            .place(brokers, partitions, factor)
            .map_err(|error| KafkaError::api(ErrorCode::InvalidReplicationFactor, Some(&error.to_string())))?;
        proposed.extend((0..).zip(placed).map(|(p, replicas)| (TopicPartition::new(topic, p), replicas)));
    }
    Ok(proposed)
}
