//! The acts that make history: what a person does to the world. A session is its cluster, its seed and these.

use base::{Micros, NodeId, Rng};
use cluster::Control;
use cluster::domain::Signal;
use serde::{Deserialize, Serialize};
use sim::World;
use sim::disk::Ailment;
use sim::network::LinkRule;
use sim::timeline::Apply;
use wire::Fault;

use crate::host::{Host, HostSpec};

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Act {
    Type {
        terminal: String,
        line: String,
    },
    Interrupt {
        terminal: String,
    },
    EndOfInput {
        terminal: String,
    },
    Fault(Fault),
    /// A fault of the kernel that the page has no button for, as a plan of the swarm writes it: `power-cut 2`.
    Kernel(String),
}

impl Act {
    /// The command line that this act stands for: every click prints its command.
    pub fn words(&self) -> String {
        match self {
            Act::Type { line, .. } => line.clone(),
            Act::Kernel(fault) => fault.clone(),
            Act::Interrupt { .. } => "^C".to_string(),
            Act::EndOfInput { .. } => "^D".to_string(),
            Act::Fault(fault) => match fault {
                Fault::Kill(target) => format!("kill {target}"),
                Fault::Stop(target) => format!("stop {target}"),
                Fault::Start(target) => format!("start {target}"),
                Fault::Pause(target) => format!("pause {target}"),
                Fault::Resume(target) => format!("resume {target}"),
                Fault::Wipe(target) => format!("wipe {target}"),
                Fault::Config { target, key, value } => format!("config {target} {key}={value}"),
                Fault::Cut { from, to } => format!("cut {from} {to}"),
                Fault::Heal => "heal".to_string(),
                Fault::Disk { target, size, delay_ms } => {
                    let part = |word: &str, amount: u64, unit| match amount {
                        0 => String::new(),
                        amount => format!(" {word}={amount}{unit}"),
                    };
                    format!("disk {target}{}{}", part("size", *size, "B"), part("delay", *delay_ms, "ms"))
                }
            },
        }
    }

    /// Why this act cannot be done now, in words; `Ok` if it can.
    pub fn check(&self, world: &World<Host>) -> Result<(), String> {
        match self {
            Act::Type { terminal, .. } | Act::Interrupt { terminal } | Act::EndOfInput { terminal } => {
                match find(world, terminal).map(|node| world.spec(node).is_server()) {
                    Some(false) => Ok(()),
                    _ => Err(format!("there is no terminal {terminal}")),
                }
            }
            Act::Kernel(fault) => match fault.parse::<sim::Fault>() {
                Ok(_) => Ok(()),
                Err(_) => Err(format!("there is no fault `{fault}`")),
            },
            Act::Fault(Fault::Heal) => Ok(()),
            Act::Fault(Fault::Cut { from, to }) => {
                for host in [from, to] {
                    find(world, host).ok_or_else(|| format!("there is no host {host}"))?;
                }
                Ok(())
            }
            Act::Fault(fault) => check_fault(fault, world),
        }
    }
}

impl Apply<Host> for Act {
    fn apply(&self, world: &mut World<Host>) {
        match self {
            Act::Type { terminal, line } => control(world, terminal, Control::Type(line.clone())),
            Act::Interrupt { terminal } => control(world, terminal, Control::Interrupt),
            Act::EndOfInput { terminal } => control(world, terminal, Control::EndOfInput),
            Act::Fault(fault) => apply_fault(fault, world),
            Act::Kernel(fault) => {
                if let Ok(fault) = fault.parse::<sim::Fault>() {
                    world.apply(&fault);
                }
            }
        }
    }
}

/// The node of a host name.
pub fn find(world: &World<Host>, host: &str) -> Option<NodeId> {
    world.node_ids().find(|node| world.host_of(*node) == Some(host))
}

fn target(fault: &Fault) -> Option<&str> {
    match fault {
        Fault::Kill(target) | Fault::Stop(target) | Fault::Start(target) => Some(target),
        Fault::Pause(target) | Fault::Resume(target) | Fault::Wipe(target) => Some(target),
        Fault::Config { target, .. } | Fault::Disk { target, .. } => Some(target),
        Fault::Cut { .. } | Fault::Heal => None,
    }
}

fn check_fault(fault: &Fault, world: &World<Host>) -> Result<(), String> {
    let name = target(fault).unwrap_or_default();
    let Some(node) = find(world, name) else { return Err(format!("there is no server {name}")) };
    let is_server = world.spec(node).is_server();
    if !is_server && matches!(fault, Fault::Start(_) | Fault::Wipe(_) | Fault::Config { .. } | Fault::Disk { .. }) {
        return Err(format!("{name} is a terminal, not a server"));
    }
    let is_up = world.node(node).is_some();
    match fault {
        Fault::Kill(_) | Fault::Stop(_) | Fault::Pause(_) if !is_up => Err(format!("{name} is down already")),
        Fault::Pause(_) if world.is_paused(node) => Err(format!("{name} is paused already")),
        Fault::Resume(_) if !world.is_paused(node) => Err(format!("{name} is not paused")),
        Fault::Start(_) if is_up => Err(format!("{name} is up already")),
        // What kafka-server-start.sh says of such a file, before there is a process.
        Fault::Start(_) => match world.spec(node).refusal() {
            Some(why) => Err(format!("{name} does not start: {}: {}", why.class, why.message)),
            None => Ok(()),
        },
        Fault::Wipe(_) | Fault::Config { .. } if is_up => Err(format!("{name} is up; stop it first")),
        _ => Ok(()),
    }
}

fn control(world: &mut World<Host>, host: &str, control: Control) {
    if let Some(node) = find(world, host) {
        world.control(node, control);
    }
}

fn apply_fault(fault: &Fault, world: &mut World<Host>) {
    match fault {
        Fault::Heal => return world.heal(),
        Fault::Cut { from, to } => {
            if let (Some(from), Some(to)) = (find(world, from), find(world, to)) {
                let rule = LinkRule { cut: true, ..world.link(from, to).clone() };
                world.set_link(from, to, rule);
            }
            return;
        }
        _ => {}
    }
    let Some(node) = target(fault).and_then(|host| find(world, host)) else { return };
    let is_server = world.spec(node).is_server();
    // What a server in this state does not do was refused by `check`; a replay of a recorded act finds the same state.
    let _done = match fault {
        Fault::Kill(_) if is_server => world.kill(node),
        Fault::Start(_) => world.start(node),
        Fault::Pause(_) => world.pause(node),
        Fault::Resume(_) => world.resume(node),
        Fault::Wipe(_) => world.wipe(node) && prepare(world, node),
        Fault::Kill(_) => {
            world.control(node, Control::Signal(Signal::Kill));
            true
        }
        Fault::Stop(_) => {
            world.control(node, Control::Terminate);
            true
        }
        Fault::Config { key, value, .. } => set_property(world.spec_mut(node), key, value) && prepare(world, node),
        Fault::Disk { size, delay_ms, .. } => {
            let ailment = Ailment { size: *size, delay: Micros::from_ms(*delay_ms) };
            world.apply(&sim::Fault::Disk { node, ailment })
        }
        Fault::Cut { .. } | Fault::Heal => false,
    };
}

/// The property file is written anew; a disk that was lost is replaced by one that is formatted.
fn prepare(world: &mut World<Host>, node: NodeId) -> bool {
    let (spec, now) = (world.spec(node).clone(), world.now());
    let mut rng = Rng::new(now.0, u64::from(node.0), "format");
    let Some(disk) = world.disk_mut(node) else { return false };
    match spec {
        HostSpec::Broker(spec) => spec.prepare(disk, &mut rng, now),
        HostSpec::Controller(spec) => spec.prepare(disk, &mut rng, now),
        HostSpec::Terminal(_) => return false,
    }
    true
}

fn set_property(spec: &mut HostSpec, key: &str, value: &str) -> bool {
    let properties = match spec {
        HostSpec::Broker(spec) => &mut spec.properties,
        HostSpec::Controller(spec) => &mut spec.properties,
        HostSpec::Terminal(_) => return false,
    };
    properties.insert(key.to_string(), value.to_string());
    true
}
