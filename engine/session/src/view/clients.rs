//! Kafka clients that run in terminals.

use shell::process::ClientRole;
use wire::view::{ClientKind, ClientView, GroupView, PositionView};
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
                error_note: status.last_error.as_deref().map_or("", fate).to_string(),
                last_error: status.last_error,
                retry_at_us: status.retry_at.map(|at| at.0),
                group: status.group.map(|(id, generation, from, paused)| GroupView {
                    id,
                    generation,
                    pause_from_us: from.map(|at| at.0),
                    paused_us: paused.0,
                }),
                connections: status.connections,
            };
            view.insert(Key::Client(client.terminal.clone(), pid), Entity::Client(client));
        }
    }
}

/// What became of a record whose send ended with this error, as far as the client can know.
fn fate(error: &str) -> &'static str {
    match error {
        "NOT_ENOUGH_REPLICAS" | "NotEnoughReplicasException" | "NOT_LEADER_OR_FOLLOWER" => "Not appended.",
        "NOT_ENOUGH_REPLICAS_AFTER_APPEND" | "NotEnoughReplicasAfterAppendException" => "Appended, not copied.",
        "REQUEST_TIMED_OUT" | "TimeoutException" | "NetworkException" => "Its fate is not known.",
        _ => "",
    }
}
