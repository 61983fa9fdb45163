//! A whole world for tests: brokers, a controller and terminals as the nodes of one simulated network.

use base::{NodeId, Uuid};
use cluster::spec::Voter;
use cluster::{BrokerSpec, Control, ControllerSpec, Profile, Properties};
pub use session::Host;
use session::HostSpec;
use shell::TerminalSpec;
use sim::World;
use sim::fault::Fault;
use sim::timeline::Apply;

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
    let voters = vec![Voter { id: 101, host: "c1".to_string(), port: 9093, directory_id: Uuid(0xD1_0000) }];
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
