//! From a cluster's description to a world with every server started.

use base::{NodeId, Rng, Uuid};
use cluster::spec::{CONTROLLER_PORT, Voter};
use cluster::{BrokerSpec, ControllerSpec, Profile, Properties};
use shell::TerminalSpec;
use sim::World;
use wire::command::ClusterSpec;

use crate::host::{Host, HostSpec};

/// Terminals that every session has.
pub const TERMINALS: u32 = 8;
/// Brokers and controllers that a session may have at most.
pub const BROKERS_MAX: u32 = 100;
pub const CONTROLLERS_MAX: u32 = 5;

const BROKER_PORT: u16 = 9092;
/// Without controllers of their own, so many of the first brokers are controllers too.
const COMBINED_MAX: u32 = 3;
/// Controllers' node ids follow this one: 101, 102, ...
const CONTROLLER_ID_BASE: i32 = 100;

/// Builds the world; nothing has run yet. The error says what of the description cannot be, and why.
pub fn build(spec: &ClusterSpec, seed: u64) -> Result<World<Host>, String> {
    let profile = validate(spec)?;
    let mut world = World::new(seed);
    let cluster_id = cluster_id(seed);
    let voters = voters(spec, seed);
    for voter in voters.iter().filter(|voter| voter.id > CONTROLLER_ID_BASE) {
        let controller = ControllerSpec {
            profile,
            cluster_id,
            node_id: voter.id,
            host: voter.host.clone(),
            port: voter.port,
            voters: voters.clone(),
            properties: properties(spec, &voter.host, false),
        };
        world.add(&voter.host, HostSpec::Controller(controller));
    }
    for id in 1..=spec.brokers as i32 {
        let host = format!("b{id}");
        let broker = BrokerSpec {
            profile,
            cluster_id,
            node_id: id,
            host: host.clone(),
            port: BROKER_PORT,
            voters: voters.clone(),
            properties: properties(spec, &host, true),
        };
        let node = world.add(&host, HostSpec::Broker(broker));
        if id == 1 {
            world.alias("localhost", node);
        }
    }
    let first = world.node_ids().count() as u32;
    let terminals: Vec<NodeId> = (0..TERMINALS).map(|n| NodeId(first + n)).collect();
    for n in 1..=TERMINALS {
        let name = format!("t{n}");
        world.add(&name, HostSpec::Terminal(TerminalSpec { name: name.clone(), terminals: terminals.clone() }));
    }
    name_idle_machines(&mut world);
    for node in world.node_ids() {
        world.start(node);
    }
    Ok(world)
}

/// The id of the cluster that is built from a seed.
pub fn cluster_id(seed: u64) -> Uuid {
    Uuid::random(&mut Rng::new(seed, 0, "cluster id"))
}

/// Who votes, and the disks that they are formatted with.
fn voters(spec: &ClusterSpec, seed: u64) -> Vec<Voter> {
    let mut rng = Rng::new(seed, 0, "directory ids");
    let mut voter = |id: i32, host: String| {
        let directory_id = Uuid::random(&mut rng);
        Voter { id, host, port: CONTROLLER_PORT, directory_id }
    };
    match spec.controllers {
        0 => (1..=spec.brokers.min(COMBINED_MAX) as i32).map(|n| voter(n, format!("b{n}"))).collect(),
        controllers => (1..=controllers as i32).map(|n| voter(CONTROLLER_ID_BASE + n, format!("c{n}"))).collect(),
    }
}

/// Names that the recorded clusters' machines have always resolve; where no server is, connections are refused.
fn name_idle_machines(world: &mut World<Host>) {
    let Some(idle) = world.node_ids().last() else { return };
    for (letter, count) in [("b", 9), ("c", 5), ("zk", 5), ("w", 5)] {
        for name in (1..=count).map(|n| format!("{letter}{n}")) {
            if world.resolve(&name).is_none() {
                world.alias(&name, idle);
            }
        }
    }
}

fn validate(spec: &ClusterSpec) -> Result<Profile, String> {
    let Some(profile) = Profile::parse(&spec.version) else {
        return Err(format!("Kafka {} cannot be simulated yet; 4.3 can", spec.version));
    };
    if spec.brokers > BROKERS_MAX {
        return Err(format!("a cluster has up to {BROKERS_MAX} brokers, not {}", spec.brokers));
    }
    if spec.controllers > CONTROLLERS_MAX {
        let words = "controllers of its own, or none where the first brokers are controllers too";
        return Err(format!("a cluster has up to {CONTROLLERS_MAX} {words}, not {}", spec.controllers));
    }
    Ok(profile)
}

/// What a server's property file holds beyond Kafka's defaults.
fn properties(spec: &ClusterSpec, host: &str, is_broker: bool) -> Properties {
    let mut properties = Properties::new();
    if is_broker {
        // A cluster of fewer than three brokers could not place the internal topics with Kafka's default of 3 replicas.
        let replicas = spec.brokers.min(3).to_string();
        for key in ["offsets.topic", "transaction.state.log", "share.coordinator.state.topic"] {
            properties.insert(format!("{key}.replication.factor"), replicas.clone());
        }
        properties.insert("transaction.state.log.min.isr".to_string(), spec.brokers.min(2).to_string());
        properties.insert("share.coordinator.state.topic.min.isr".to_string(), spec.brokers.min(2).to_string());
        properties.insert("group.initial.rebalance.delay.ms".to_string(), "0".to_string());
        properties.insert("num.partitions".to_string(), "1".to_string());
    }
    for (target, key, value) in &spec.config {
        let applies = match target {
            Some(name) => name == host,
            None => is_broker,
        };
        if applies {
            properties.insert(key.clone(), value.clone());
        }
    }
    properties
}
