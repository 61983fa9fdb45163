//! Brokers and controllers: their processes, and what the controller makes of them.

use base::NodeId;
use cluster::broker::BrokerState;
use cluster::controller::Controller;
use wire::view::{BrokerView, ControllerView, ServerState};
use wire::{Entity, Key, View};

use super::{BrokerSeat, ControllerSeat, Scene};

pub fn add(scene: &Scene<'_>, view: &mut View) {
    for (id, seat) in &scene.brokers {
        view.insert(Key::Broker(*id), Entity::Broker(broker(scene, *id, seat)));
    }
    for (id, seat) in &scene.controllers {
        view.insert(Key::Controller(*id), Entity::Controller(controller(scene, *id, seat)));
    }
}

fn broker(scene: &Scene<'_>, id: i32, seat: &BrokerSeat<'_>) -> BrokerView {
    let registration = scene.image.and_then(|image| image.broker(id));
    let leads = scene.partitions().filter(|(_, _, registered)| registered.leader == id);
    let running = seat.broker.map(|broker| match broker.state() {
        BrokerState::NotRunning | BrokerState::Starting | BrokerState::Recovery => ServerState::Starting,
        BrokerState::Running => ServerState::Running,
        BrokerState::PendingControlledShutdown | BrokerState::ShuttingDown => ServerState::ShuttingDown,
    });
    BrokerView {
        id,
        endpoint: format!("{}:{}", seat.spec.host, seat.spec.port),
        state: state(scene, seat.node, running),
        fenced: registration.is_none_or(|registration| registration.fenced),
        epoch: registration.map_or(-1, |registration| registration.epoch),
        leads: leads.map(|(topic, partition, _)| format!("{topic}-{partition}")).collect(),
        metadata_offset: seat.broker.map_or(-1, |broker| broker.metadata_offset()),
        since_us: scene.world.since(seat.node).0,
    }
}

fn controller(scene: &Scene<'_>, id: i32, seat: &ControllerSeat<'_>) -> ControllerView {
    let active = seat.controller.is_some_and(|controller| controller.is_active());
    // A controller that knows who leads does its part, also one that only stands by.
    let knows_leader = |controller: &Controller| active || controller.raft().leader().is_some();
    let running = seat
        .controller
        .map(|controller| if knows_leader(controller) { ServerState::Running } else { ServerState::Starting });
    ControllerView {
        id,
        endpoint: format!("{}:{}", seat.spec.host, seat.spec.port),
        state: state(scene, seat.node, running),
        active,
        epoch: seat.controller.map_or(0, |controller| controller.raft().epoch()),
        metadata_offset: seat.controller.map_or(-1, |controller| controller.committed_image().end_offset()),
        voters: seat.spec.voters.iter().map(|voter| voter.id).collect(),
    }
}

/// A process that was stopped by a signal stands still whatever it was doing.
fn state(scene: &Scene<'_>, node: NodeId, running: Option<ServerState>) -> ServerState {
    match running {
        None => ServerState::Down,
        Some(_) if scene.world.is_paused(node) => ServerState::Paused,
        Some(state) => state,
    }
}
