//! A node that does what it is told and emits each input as a line, and a lab to run a few of them in.

use base::{ConnId, Micros, NodeId};
use bytes::Bytes;
use sim::{Boot, CloseReason, Disk, Domain, Effects, Input, LinkRule, Node, Stamped, World};

#[derive(Clone, Debug)]
pub struct Toy;

impl Domain for Toy {
    type Message = u32;
    type Event = String;
    type Control = Vec<Act>;
    type Timer = &'static str;

    fn stamp(message: &u32) -> u64 {
        u64::from(*message)
    }
}

/// One thing that a probe can be told to do.
#[derive(Clone, Debug, Hash)]
pub enum Act {
    Connect(u32),
    Send(u64, u32),
    Close(u64),
    SetTimer(&'static str, u64),
    CancelTimer(&'static str),
    Append(&'static str, &'static str),
    Sync(&'static str),
    Fill(u64),
    Exit,
}

/// What a probe does by itself.
#[derive(Clone, Debug, Default, Hash)]
pub struct Habits {
    pub on_start: Vec<Act>,
    /// Sends back every message below one thousand, plus one thousand.
    pub is_echo: bool,
}

#[derive(Clone, Debug, Hash)]
pub struct Probe {
    habits: Habits,
    pub boot_line: String,
    pub inputs: u32,
    disk: Disk,
}

impl Node for Probe {
    type Domain = Toy;
    type Spec = Habits;

    fn boot(habits: &Habits, boot: Boot) -> Probe {
        let boot_line = format!("start {} at {}us seed {:x}", boot.incarnation, boot.now.0, boot.seed);
        Probe { habits: habits.clone(), boot_line, inputs: 0, disk: boot.disk }
    }

    fn on_input(&mut self, now: Micros, input: Input<Toy>, fx: &mut Effects<'_, Toy>) {
        self.inputs += 1;
        assert_eq!(now, fx.now);
        fx.emit(match &input {
            Input::Start => "start".to_string(),
            Input::Accepted { conn, from, port } => format!("accepted {} from {}:{port}", conn.0, from.0),
            Input::Connected { conn } => format!("connected {}", conn.0),
            Input::Closed { conn, reason: CloseReason::Closed } => format!("closed {}", conn.0),
            Input::Closed { conn, reason } => format!("closed {} {reason:?}", conn.0),
            Input::Message { conn, message } => format!("got {message} on {}", conn.0),
            Input::Timer { timer } => format!("timer {timer}"),
            Input::Control { .. } => "told".to_string(),
        });
        match input {
            Input::Start => self.act(self.habits.on_start.clone(), fx),
            Input::Control { control } => self.act(control, fx),
            Input::Message { conn, message } if self.habits.is_echo && message < 1_000 => {
                fx.send(conn, message + 1_000)
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

impl Probe {
    fn act(&mut self, acts: Vec<Act>, fx: &mut Effects<'_, Toy>) {
        for act in acts {
            match act {
                Act::Connect(to) => drop(fx.connect(NodeId(to), 9092)),
                Act::Send(conn, message) => fx.send(ConnId(conn), message),
                Act::Close(conn) => fx.close(ConnId(conn)),
                Act::SetTimer(timer, at) => fx.set_timer(timer, Micros(at)),
                Act::CancelTimer(timer) => fx.cancel_timer(timer),
                Act::Append(path, text) => drop(self.disk.append(path, Bytes::from_static(text.as_bytes()), fx.now)),
                Act::Sync(path) => self.disk.sync(path),
                Act::Fill(bytes) => drop(self.disk.append("fill", Bytes::from(vec![0; bytes as usize]), fx.now)),
                Act::Exit => fx.exit(),
            }
        }
    }
}

/// A world of probes, on links of exactly 100 microseconds unless a test says otherwise.
#[derive(Clone)]
pub struct Lab {
    pub world: World<Probe>,
    pub events: Vec<Stamped<String>>,
}

pub const STEADY: LinkRule =
    LinkRule { delay: Micros(100), jitter: Micros(0), loss_per_million: 0, duplicate_per_million: 0, cut: false };

impl Lab {
    /// `count` echoing probes, started and past their first input; nothing is recorded of that.
    pub fn new(count: u32) -> Lab {
        let mut lab = Lab { world: World::new(7), events: Vec::new() };
        lab.world.set_all_links(STEADY);
        for i in 0..count {
            let node = lab.world.add(&format!("n{i}"), Habits { is_echo: true, ..Habits::default() });
            lab.world.start(node);
        }
        lab.run(0);
        lab.events.clear();
        lab
    }

    /// Node 0 and node 1 with connection 1 between them, standing.
    pub fn connected() -> Lab {
        let mut lab = Lab::new(2);
        lab.tell(0, vec![Act::Connect(1)]);
        lab.run(1_000);
        lab.events.clear();
        lab
    }

    pub fn tell(&mut self, node: u32, acts: Vec<Act>) {
        assert!(self.world.control(NodeId(node), acts));
    }

    /// Runs until all that is due at `until` microseconds has happened, checking the books after every step.
    pub fn run(&mut self, until: u64) {
        while self.world.step(Micros(until), &mut self.events) {
            self.world.recount().unwrap_or_else(|imbalance| panic!("{imbalance}"));
        }
        self.world.advance_to(Micros(until));
        self.world.recount().unwrap_or_else(|imbalance| panic!("{imbalance}"));
    }

    /// What was seen since the last call: `time node line`, without the lines that only repeat an order.
    pub fn seen(&mut self) -> Vec<String> {
        let lines = self.events.drain(..).filter(|e| e.event != "told");
        lines.map(|e| format!("{} n{} {}", e.at.0, e.node.0, e.event)).collect()
    }
}
