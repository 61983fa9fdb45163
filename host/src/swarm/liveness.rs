//! What must be so when the cluster has recovered, each with the reason in words while it is not.

use cluster::broker::BrokerState;
use cluster::metadata::MetadataImage;
use session::Host;
use shell::Terminal;
use sim::World;

use super::plan::Scenario;
use super::workload::{ADMIN, CONSUMERS, LOOKER, PRODUCERS};

/// What is still open, most basic first.
pub fn open_matters(world: &World<Host>, scenario: &Scenario) -> Vec<(&'static str, String)> {
    let Some(image) = committed_image(world) else { return vec![("L7", "no controller is active".to_string())] };
    let mut open = Vec::new();
    for node in world.node_ids() {
        match world.node(node) {
            Some(Host::Broker(broker)) if broker.state() != BrokerState::Running => {
                open.push(("L1", format!("broker {} is still {:?}", broker.node_id(), broker.state())));
            }
            None => open.push(("L1", format!("{} is down", world.host_of(node).unwrap_or("a node")))),
            _ => {}
        }
    }
    for (id, topic, registration) in image.partitions() {
        let name = format!("{}-{}", topic.name, id.partition);
        if !registration.has_leader() {
            open.push(("L1", format!("{name} has no leader: {registration:?}")));
        }
        if registration.is_reassigning() {
            open.push(("L6", format!("{name} is still being reassigned: {registration:?}")));
        }
        let missing: Vec<&i32> = registration.replicas.iter().filter(|id| !registration.isr.contains(id)).collect();
        if !missing.is_empty() {
            open.push(("L2", format!("{name} has ISR {:?}; {missing:?} are live, but not in it", registration.isr)));
        }
    }
    for name in [ADMIN, LOOKER] {
        if let Some(line) = terminal(world, name).and_then(Terminal::running) {
            open.push(("L5", format!("{name} waits for `{line}`")));
        }
    }
    for name in PRODUCERS {
        open.extend(waiting_producer(world, name));
    }
    for name in CONSUMERS {
        open.extend(lagging_consumer(world, name, image, scenario));
    }
    open
}

/// The newest metadata that is committed, if somebody leads the quorum.
fn committed_image(world: &World<Host>) -> Option<&MetadataImage> {
    let servers = world.node_ids().filter_map(|node| match world.node(node)? {
        Host::Broker(broker) => Some((broker.raft().is_leader(), broker.image())),
        Host::Controller(controller) => Some((controller.raft().is_leader(), controller.committed_image())),
        Host::Terminal(_) => None,
    });
    let servers: Vec<(bool, &MetadataImage)> = servers.collect();
    let is_led = servers.iter().any(|(leads, _)| *leads);
    servers.into_iter().filter(|_| is_led).map(|(_, image)| image).max_by_key(|image| image.end_offset())
}

fn terminal<'w>(world: &'w World<Host>, name: &str) -> Option<&'w Terminal> {
    match world.node(world.resolve(name)?) {
        Some(Host::Terminal(terminal)) => Some(terminal),
        _ => None,
    }
}

fn waiting_producer(world: &World<Host>, name: &str) -> Option<(&'static str, String)> {
    let clients = terminal(world, name)?.clients();
    let (_, _, status) = clients.into_iter().find(|(_, _, status)| status.waiting > 0)?;
    let error = status.last_error.unwrap_or_default();
    Some(("L5", format!("the producer in {name} waits for {} records ({error})", status.waiting)))
}

/// A consumer is done when it has read all that is committed in the partitions of its topic.
fn lagging_consumer(
    world: &World<Host>,
    name: &str,
    image: &MetadataImage,
    scenario: &Scenario,
) -> Option<(&'static str, String)> {
    let (_, line, status) = terminal(world, name)?.clients().into_iter().next()?;
    let topic = scenario.topics.iter().find(|topic| line.contains(&format!("--topic {} ", topic.name)))?;
    let partitions = &image.topic_by_name(&topic.name)?.partitions;
    for (partition, registration) in partitions {
        let position = status.positions.iter().find(|(of, number, _, _)| (of, number) == (&topic.name, partition));
        let Some((_, _, position, _)) = position else {
            // The other members of its group may have it.
            if line.contains(" --group ") {
                continue;
            }
            return Some(("L3", format!("the consumer in {name} is not assigned {}-{partition}", topic.name)));
        };
        let id = protocol::TopicPartition::new(topic.name.clone(), *partition);
        let leader = world.node_ids().find_map(|node| match world.node(node) {
            Some(Host::Broker(broker)) if broker.node_id() == registration.leader => broker.log(&id),
            _ => None,
        });
        let end = leader.map_or(0, log::UnifiedLog::last_stable_offset);
        if *position < end {
            return Some(("L3", format!("the consumer in {name} has read {id} up to {position} of {end}")));
        }
    }
    None
}
