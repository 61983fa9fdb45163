//! Work to measure the kernel by. Nothing here looks at a clock: the caller does, natively and in the tab.

use base::{Micros, NodeId};
use bytes::Bytes;

use crate::node::{Boot, Domain, Input, Node};
use crate::world::World;
use crate::{Disk, Effects};

/// Pairs of nodes that return one another's ball until `messages` have been sent in all, each also setting a timer anew
/// at every stroke, as servers do. Returns the steps that the kernel took.
pub fn ping_pong(nodes: u32, messages: u64) -> u64 {
    let pairs = u64::from(nodes / 2).max(1);
    let mut world = rally(nodes, messages / pairs);
    let mut events = Vec::new();
    while world.step(Micros::MAX, &mut events) {
        events.clear();
    }
    world.index()
}

/// Takes `copies` snapshots of a world of `nodes` nodes, each with a file of `chunks` chunks, and lets the world take
/// `steps_between` steps after each of them. Returns the steps taken: the same work as without snapshots, so that the
/// difference in time is their price.
pub fn snapshots(nodes: u32, chunks: u32, copies: u32, steps_between: u64) -> u64 {
    let mut world = rally(nodes, u64::MAX >> 1);
    for node in world.node_ids() {
        world.kill(node);
        if let Some(disk) = world.disk_mut(node) {
            for _ in 0..chunks {
                disk.append("log", Bytes::from_static(b"chunk"), Micros::ZERO);
            }
        }
        world.start(node);
    }
    let mut events = Vec::new();
    let mut kept = Vec::new();
    for _ in 0..copies {
        kept.push(world.clone());
        for _ in 0..steps_between {
            world.step(Micros::MAX, &mut events);
            events.clear();
        }
    }
    world.index()
}

fn rally(nodes: u32, strokes: u64) -> World<Player> {
    let mut world = World::new(1);
    for i in 0..nodes.max(2) / 2 * 2 {
        world.add(&format!("n{i}"), Spec { partner: NodeId(i ^ 1), strokes: if i % 2 == 0 { strokes } else { 0 } });
    }
    for node in world.node_ids() {
        world.start(node);
    }
    world
}

#[derive(Clone, Debug)]
struct Rally;

impl Domain for Rally {
    /// Strokes that are left.
    type Message = u64;
    type Event = ();
    type Control = ();
    type Timer = ();

    fn stamp(strokes: &u64) -> u64 {
        *strokes
    }
}

#[derive(Clone, Debug, Hash)]
struct Spec {
    partner: NodeId,
    /// Of the node that serves; the other has none.
    strokes: u64,
}

#[derive(Clone, Debug, Hash)]
struct Player {
    spec: Spec,
    strokes: u64,
    disk: Disk,
}

/// Longer than any ball is under way, so that only the last timer of a rally comes.
const PATIENCE: Micros = Micros::from_secs(60);

impl Node for Player {
    type Domain = Rally;
    type Spec = Spec;

    fn boot(spec: &Spec, boot: Boot) -> Player {
        Player { spec: spec.clone(), strokes: 0, disk: boot.disk }
    }

    fn on_input(&mut self, now: Micros, input: Input<Rally>, fx: &mut Effects<'_, Rally>) {
        match input {
            Input::Start if self.spec.strokes > 0 => {
                let conn = fx.connect(self.spec.partner, 1);
                fx.send(conn, self.spec.strokes);
            }
            Input::Message { conn, message } => {
                self.strokes += 1;
                fx.set_timer((), now + PATIENCE);
                if self.strokes.is_multiple_of(64) {
                    self.disk.append("log", Bytes::from_static(b"sixty-four strokes"), now);
                }
                if message > 1 {
                    fx.send(conn, message - 1);
                }
            }
            _ => {}
        }
    }

    fn disk(&self) -> &Disk {
        &self.disk
    }

    fn disk_mut(&mut self) -> &mut Disk {
        &mut self.disk
    }

    fn into_disk(self) -> Disk {
        self.disk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_is_what_was_asked_for() {
        // Per pair: two starts, the opening and its answer, the strokes, and the timer of each player.
        assert_eq!(ping_pong(2, 1_000), 2 + 2 + 1_000 + 2);
        assert_eq!(ping_pong(10, 1_000), 5 * (2 + 2 + 200 + 2));
        assert_eq!(snapshots(4, 10, 3, 100), 300);
    }
}
