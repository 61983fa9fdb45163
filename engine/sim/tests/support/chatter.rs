//! Nodes that talk to one another at random, write to their disks, close and reconnect: a world that never rests.

use base::{ConnId, Map, Micros, NodeId, Rng};

use bytes::Bytes;
use sim::{Apply, Boot, Disk, Domain, Effects, Fault, Input, Node, World};

#[derive(Clone, Debug)]
pub struct Chat;

impl Domain for Chat {
    type Message = u64;
    type Event = (&'static str, u64);
    type Control = u64;
    type Timer = &'static str;

    fn stamp(message: &u64) -> u64 {
        *message
    }
}

#[derive(Clone, Debug, Hash)]
pub struct Chatter {
    me: NodeId,
    peers: u32,
    rng: Rng,
    /// The far end of every connection that stands.
    connections: Map<ConnId, NodeId>,
    /// Of everything heard, in order: any difference in history shows.
    pub heard: u64,
    disk: Disk,
}

impl Node for Chatter {
    type Domain = Chat;
    /// Nodes in the world.
    type Spec = u32;

    fn boot(peers: &u32, boot: Boot) -> Chatter {
        let rng = Rng::new(boot.seed, 0, "chat");
        Chatter { me: boot.node, peers: *peers, rng, connections: Map::new(), heard: 0, disk: boot.disk }
    }

    fn on_input(&mut self, now: Micros, input: Input<Chat>, fx: &mut Effects<'_, Chat>) {
        match input {
            Input::Start => {
                self.reconnect(fx);
                self.reconnect(fx);
                fx.set_timer_after("tick", Micros(self.rng.between(500, 1_500)));
            }
            Input::Accepted { conn, from, .. } => drop(self.connections.insert(conn, from)),
            Input::Connected { .. } => {}
            Input::Closed { conn, .. } => {
                self.connections.remove(&conn);
                fx.set_timer_after("reconnect", Micros(self.rng.between(1_000, 9_000)));
            }
            Input::Message { conn, message } => {
                self.hear(message, fx);
                if message.is_multiple_of(3) {
                    fx.send(conn, message / 3 + 1);
                }
            }
            Input::Control { control } => self.hear(control, fx),
            Input::Timer { timer: "reconnect" } => self.reconnect(fx),
            Input::Timer { .. } => self.tick(now, fx),
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

impl Chatter {
    fn hear(&mut self, number: u64, fx: &mut Effects<'_, Chat>) {
        self.heard = self.heard.rotate_left(7) ^ number;
        fx.emit(("heard", number));
    }

    fn reconnect(&mut self, fx: &mut Effects<'_, Chat>) {
        let to = NodeId(self.rng.below(u64::from(self.peers)) as u32);
        let conn = fx.connect(to, 1);
        self.connections.insert(conn, to);
    }

    fn tick(&mut self, now: Micros, fx: &mut Effects<'_, Chat>) {
        fx.set_timer_after("tick", Micros(self.rng.between(500, 1_500)));
        let number = self.rng.below(1_000);
        self.disk.append("log", Bytes::from(number.to_le_bytes().to_vec()), now);
        if number.is_multiple_of(5) {
            self.disk.sync("log");
        }
        let nth = self.rng.below(self.connections.len().max(1) as u64) as usize;
        let Some((conn, _)) = self.connections.iter().nth(nth).map(|(conn, to)| (*conn, *to)) else {
            return self.reconnect(fx);
        };
        fx.send(conn, number + u64::from(self.me.0));
        if number < 20 {
            fx.close(conn);
            self.connections.remove(&conn);
            self.reconnect(fx);
        }
        if number.is_multiple_of(4) {
            fx.emit(("ticked", number));
        }
    }
}

/// What a person does to such a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Boot { nodes: u32 },
    Say(NodeId, u64),
    Fault(Fault),
}

impl Apply<Chatter> for Act {
    fn apply(&self, world: &mut World<Chatter>) {
        match self {
            Act::Boot { nodes } => {
                for i in 0..*nodes {
                    let node = world.add(&format!("n{i}"), *nodes);
                    world.start(node);
                }
            }
            Act::Say(node, number) => drop(world.control(*node, *number)),
            Act::Fault(fault) => drop(world.apply(fault)),
        }
    }
}
