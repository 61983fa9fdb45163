//! A whole world for tests: brokers, a controller and terminals as the nodes of one simulated network.

use base::{Micros, NodeId, Uuid};
use cluster::broker::Broker;
use cluster::controller::Controller;
use cluster::spec::Voter;
use cluster::{BrokerSpec, Control, ControllerSpec, Kafka, Profile, Properties};
use shell::{Terminal, TerminalSpec};
use sim::fault::Fault;
use sim::timeline::Apply;
use sim::{Boot, Disk, Effects, Input, Node, World};

/// Any machine of the world.
#[derive(Clone, Debug, Hash)]
#[allow(clippy::large_enum_variant)]
pub enum Host {
    Broker(Broker),
    Controller(Controller),
    Terminal(Terminal),
}

/// What a machine is started with.
#[derive(Clone, Debug, Hash)]
pub enum HostSpec {
    Broker(BrokerSpec),
    Controller(ControllerSpec),
    Terminal(TerminalSpec),
}

impl Node for Host {
    type Domain = Kafka;
    type Spec = HostSpec;

    fn boot(spec: &HostSpec, boot: Boot) -> Host {
        match spec {
            HostSpec::Broker(spec) => Host::Broker(Broker::boot(spec, boot)),
            HostSpec::Controller(spec) => Host::Controller(Controller::boot(spec, boot)),
            HostSpec::Terminal(spec) => Host::Terminal(Terminal::boot(spec, boot)),
        }
    }

    fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        match self {
            Host::Broker(broker) => broker.on_input(now, input, fx),
            Host::Controller(controller) => controller.on_input(now, input, fx),
            Host::Terminal(terminal) => terminal.on_input(now, input, fx),
        }
    }

    fn disk(&self) -> &Disk {
        match self {
            Host::Broker(broker) => broker.disk(),
            Host::Controller(controller) => controller.disk(),
            Host::Terminal(terminal) => terminal.disk(),
        }
    }

    fn into_disk(self) -> Disk {
        match self {
            Host::Broker(broker) => broker.into_disk(),
            Host::Controller(controller) => controller.into_disk(),
            Host::Terminal(terminal) => terminal.into_disk(),
        }
    }
}

/// What is done to such a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A controller c1, brokers b1 to bn, terminals t1 and t2; all are started.
    Boot {
        brokers: i32,
    },
    /// A line typed into a terminal, with Enter.
    Type {
        terminal: &'static str,
        line: String,
    },
    /// Ctrl-D in a terminal.
    EndOfInput {
        terminal: &'static str,
    },
    /// Ctrl-C in a terminal.
    Interrupt {
        terminal: &'static str,
    },
    Fault(Fault),
}

impl Act {
    pub fn typed(terminal: &'static str, line: &str) -> Act {
        Act::Type { terminal, line: line.to_string() }
    }
}

impl Apply<Host> for Act {
    fn apply(&self, world: &mut World<Host>) {
        let mut tell = |terminal: &str, control| {
            if let Some(node) = world.resolve(terminal) {
                world.control(node, control);
            }
        };
        match self {
            Act::Boot { brokers } => boot(world, *brokers),
            Act::Type { terminal, line } => tell(terminal, Control::Type(line.clone())),
            Act::EndOfInput { terminal } => tell(terminal, Control::EndOfInput),
            Act::Interrupt { terminal } => tell(terminal, Control::Interrupt),
            Act::Fault(fault) => {
                world.apply(fault);
            }
        }
    }
}

fn boot(world: &mut World<Host>, brokers: i32) {
    let (profile, cluster_id) = (Profile::V4_3, Uuid(77));
    let voters = vec![Voter { id: 101, host: "c1".to_string(), port: 9093 }];
    let controller = ControllerSpec {
        profile,
        cluster_id,
        node_id: 101,
        host: "c1".to_string(),
        port: 9093,
        voters: voters.clone(),
        properties: Properties::new(),
    };
    world.add("c1", HostSpec::Controller(controller));
    for node_id in 1..=brokers {
        let (host, voters, properties) = (format!("b{node_id}"), voters.clone(), Properties::new());
        let spec = BrokerSpec { profile, cluster_id, node_id, host, port: 9092, voters, properties };
        let node = world.add(&format!("b{node_id}"), HostSpec::Broker(spec));
        if node_id == 1 {
            world.alias("localhost", node);
        }
    }
    let first = brokers as u32 + 1;
    let terminals = vec![NodeId(first), NodeId(first + 1)];
    for name in ["t1", "t2"] {
        world.add(name, HostSpec::Terminal(TerminalSpec { name: name.to_string(), terminals: terminals.clone() }));
    }
    for node in world.node_ids() {
        world.start(node);
    }
}
