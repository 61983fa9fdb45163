//! Kafka clients that run in terminals.

use shell::process::ClientRole;
use wire::view::{ClientKind, ClientView, PositionView};
use wire::{Entity, Key, View};

use super::Scene;
use crate::host::Host;

pub fn add(scene: &Scene<'_>, view: &mut View) {
    for node in scene.world.node_ids() {
        let Some(Host::Terminal(terminal)) = scene.world.node(node) else { continue };
        for (pid, command, status) in terminal.clients() {
            let position =
                |(topic, partition, position, committed)| PositionView { topic, partition, position, committed };
            let client = ClientView {
                terminal: terminal.name().to_string(),
                pid,
                kind: match status.role {
                    ClientRole::Producer => ClientKind::Producer,
                    ClientRole::Consumer => ClientKind::Consumer,
                    ClientRole::Admin => ClientKind::Admin,
                },
                client_id: status.client_id,
                command,
                topic: status.topic,
                acks: status.acks,
                sent: status.sent,
                acked: status.acked,
                waiting: status.waiting,
                failed: status.failed,
                positions: status.positions.into_iter().map(position).collect(),
                last_error: status.last_error,
                connections: status.connections,
            };
            view.insert(Key::Client(client.terminal.clone(), pid), Entity::Client(client));
        }
    }
}
