//! What one swarm run does, as data: drawn from a seed, printed, read back, and cut down to what a failure needs.

use std::fmt;

use base::{Micros, NodeId, Rng};
use cluster::{Control, Event};
use session::Host;
use session::act::Act;
use sim::disk::Ailment;
use sim::plan::{Arena, Classes};
use sim::{Fault, Stamped, World};
use wire::command::ClusterSpec;

use super::workload;

const BROKERS: u32 = 3;

/// One thing that is done to the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A line typed into a terminal, with Enter.
    Type {
        terminal: String,
        line: String,
    },
    /// Ctrl-D.
    EndOfInput {
        terminal: String,
    },
    /// Ctrl-C.
    Interrupt {
        terminal: String,
    },
    /// SIGTERM to a server: a controlled shutdown.
    Stop(NodeId),
    Fault(Fault),
}

/// What is done, and when. In order of time.
pub type Plan = Vec<(Micros, Step)>;

/// Everything that a seed decides. The plan may be cut down; the rest belongs to the seed.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub seed: u64,
    pub spec: ClusterSpec,
    pub topics: Vec<Topic>,
    pub plan: Plan,
    /// When everything is healed and the cluster has to recover.
    pub healed_at: Micros,
}

/// A topic of the workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    pub partitions: u64,
    pub replication_factor: u64,
    pub min_insync_replicas: u64,
    /// Its cleaner goes over it every few seconds.
    pub is_compacted: bool,
}

impl Scenario {
    pub fn draw(seed: u64) -> Scenario {
        let mut rng = Rng::new(seed, 0, "scenario");
        let spec = spec(&mut rng);
        let topics = workload::topics(&mut rng);
        let healed_at = Micros::from_secs(rng.between(30, 120));
        let mut plan = workload::lines(&mut rng, &topics, healed_at);
        plan.extend(faults(seed, &mut rng, spec.controllers, healed_at));
        plan.extend(disks(seed, spec.controllers, healed_at));
        plan.sort_by_key(|(at, _)| *at);
        Scenario { seed, spec, topics, plan, healed_at }
    }
}

impl Step {
    /// The act of a session that does the same.
    pub fn act(&self, world: &World<Host>) -> Act {
        let host = |node: NodeId| world.host_of(node).unwrap_or_default().to_string();
        match self.clone() {
            Step::Type { terminal, line } => Act::Type { terminal, line },
            Step::EndOfInput { terminal } => Act::EndOfInput { terminal },
            Step::Interrupt { terminal } => Act::Interrupt { terminal },
            Step::Stop(node) => Act::Fault(wire::Fault::Stop(host(node))),
            Step::Fault(Fault::Kill(node)) => Act::Fault(wire::Fault::Kill(host(node))),
            Step::Fault(Fault::Start(node)) => Act::Fault(wire::Fault::Start(host(node))),
            Step::Fault(Fault::Pause(node)) => Act::Fault(wire::Fault::Pause(host(node))),
            Step::Fault(Fault::Resume(node)) => Act::Fault(wire::Fault::Resume(host(node))),
            Step::Fault(fault) => Act::Kernel(fault.to_string()),
        }
    }

    pub fn apply(&self, world: &mut World<Host>) {
        let tell = |world: &mut World<Host>, terminal: &str, control| {
            if let Some(node) = world.resolve(terminal) {
                world.control(node, control);
            }
        };
        match self {
            Step::Type { terminal, line } => tell(world, terminal, Control::Type(line.clone())),
            Step::EndOfInput { terminal } => tell(world, terminal, Control::EndOfInput),
            Step::Interrupt { terminal } => tell(world, terminal, Control::Interrupt),
            Step::Stop(node) => {
                world.control(*node, Control::Terminate);
            }
            Step::Fault(fault) => {
                world.apply(fault);
            }
        }
    }
}

/// Three brokers, under one controller, under three, or with the controllers in the brokers. Few partitions of the offsets topic: each costs every broker time and teaches nothing.
fn spec(rng: &mut Rng) -> ClusterSpec {
    let mut config = vec![(None, "offsets.topic.num.partitions".to_string(), "2".to_string())];
    let mut maybe = |one_in: u64, hosts: &[&str], key: &str, value: &str| {
        if rng.below(one_in) == 0 {
            config.extend(hosts.iter().map(|host| (Some((*host).to_string()), key.to_string(), value.to_string())));
        }
    };
    let all = ["c1", "c2", "c3", "b1", "b2", "b3"];
    maybe(8, &all, "unclean.leader.election.enable", "true");
    maybe(4, &all[3..], "replica.lag.time.max.ms", "5000");
    maybe(8, &all[3..], "replica.fetch.max.bytes", "200");
    maybe(8, &all[3..], "log.segment.bytes", "1048576");
    maybe(1, &all[3..], "log.cleaner.backoff.ms", "2000");
    let controllers = [1, 1, 3, 0][rng.below(4) as usize];
    ClusterSpec { version: "4.3".to_string(), brokers: BROKERS, controllers, config }
}

/// The kernel's plan of faults; a kill becomes a SIGTERM half of the time where the seed says so.
fn faults(seed: u64, rng: &mut Rng, controllers: u32, healed_at: Micros) -> Plan {
    // Controllers come first, then brokers.
    let servers = controllers + BROKERS;
    let arena = Arena {
        nodes: (0..servers).map(NodeId).collect(),
        down_max: rng.between(1, 3) as usize,
        wipes_max: 0,
        start: Micros::from_secs(12),
        end: healed_at,
        // The lost disk of a voter is the end of a small quorum, not a fault that it could survive; see below.
        allowed: Classes { wipe: false, ..Classes::ALL },
    };
    let (stops, wipes) = (rng.below(2) == 0, rng.below(2) == 0);
    let is_plain_broker = |node: NodeId| controllers > 0 && node.0 >= controllers;
    let mut plan = Plan::new();
    for (at, fault) in sim::plan::plan(seed, &arena) {
        let is_last = at == healed_at;
        match fault {
            Fault::Kill(node) if stops && rng.below(2) == 0 => plan.push((at, Step::Stop(node))),
            // Who is still busy with its shutdown when it is to start, starts when it is down; the healing does that.
            Fault::PowerCut(node) if is_plain_broker(node) && wipes && rng.below(4) == 0 => {
                plan.push((at, Step::Fault(Fault::PowerCut(node))));
                plan.push((at, Step::Fault(Fault::Wipe(node))));
            }
            // The healing at the end is not part of what may be left out.
            Fault::HealAll if is_last => {}
            fault => plan.push((at, Step::Fault(fault))),
        }
    }
    plan
}

/// Disks that are slow or small for a while, one or two in a quarter of the seeds. They have numbers of their own, so that
/// the rest of a seed's plan is what it was before there were any.
fn disks(seed: u64, controllers: u32, healed_at: Micros) -> Plan {
    let mut rng = Rng::new(seed, 0, "disks");
    let mut plan = Plan::new();
    if rng.below(4) > 0 {
        return plan;
    }
    for _ in 0..rng.between(1, 2) {
        let node = NodeId(rng.below(u64::from(controllers + BROKERS)) as u32);
        let at = Micros(rng.between(12_000_000, healed_at.0 - 2_000_000));
        let until = Micros(rng.between(at.0 + 1_000_000, healed_at.0 - 1));
        let delay = Micros::from_ms([0, 2, 20, 200][rng.below(4) as usize]);
        // From less than there is to more than will be written.
        let size = [0, 10_000, 100_000, 1_000_000][rng.below(4) as usize] * rng.between(1, 9);
        plan.push((at, Step::Fault(Fault::Disk { node, ailment: Ailment { size, delay } })));
        plan.push((until, Step::Fault(Fault::Disk { node, ailment: Ailment::default() })));
        // A full disk halts its server.
        plan.push((until, Step::Fault(Fault::Start(node))));
    }
    plan
}

/// What an event adds to the counts of a run: was there anything to check at all?
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    pub steps: u64,
    pub acked: u64,
    pub consumed: u64,
    pub elections: u64,
    pub unclean_elections: u64,
    pub isr_shrinks: u64,
    pub isr_expansions: u64,
    pub truncations: u64,
    pub refused: u64,
}

impl Reach {
    pub fn note(&mut self, stamped: &Stamped<Event>) {
        match &stamped.event {
            Event::RecordAcked { .. } => self.acked += 1,
            Event::RecordsConsumed { .. } => self.consumed += 1,
            Event::LeaderElected { kind, .. } => {
                self.elections += 1;
                self.unclean_elections += u64::from(*kind == cluster::event::ElectionKind::Unclean);
            }
            Event::IsrShrunk { .. } => self.isr_shrinks += 1,
            Event::IsrExpanded { .. } => self.isr_expansions += 1,
            Event::LogTruncated { .. } => self.truncations += 1,
            Event::ProduceRefused { .. } => self.refused += 1,
            _ => {}
        }
    }

    pub fn add(&mut self, other: &Reach) {
        self.steps += other.steps;
        self.acked += other.acked;
        self.consumed += other.consumed;
        self.elections += other.elections;
        self.unclean_elections += other.unclean_elections;
        self.isr_shrinks += other.isr_shrinks;
        self.isr_expansions += other.isr_expansions;
        self.truncations += other.truncations;
        self.refused += other.refused;
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kernel events, {} batches acked, {} reads, {} elections ({} unclean), ISR shrunk {} and expanded {} times, \
             {} truncations, {} produces refused",
            self.steps,
            self.acked,
            self.consumed,
            self.elections,
            self.unclean_elections,
            self.isr_shrinks,
            self.isr_expansions,
            self.truncations,
            self.refused
        )
    }
}

/// One line, as a failing plan is printed: `type t1 ls`, `stop 2`, or a fault of the kernel.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Type { terminal, line } => write!(f, "type {terminal} {line}"),
            Step::EndOfInput { terminal } => write!(f, "eof {terminal}"),
            Step::Interrupt { terminal } => write!(f, "interrupt {terminal}"),
            Step::Stop(node) => write!(f, "stop {}", node.0),
            Step::Fault(fault) => write!(f, "{fault}"),
        }
    }
}

impl std::str::FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Step, String> {
        let bad = || format!("`{text}` is no step of a plan");
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        Ok(match verb {
            "type" => {
                let (terminal, line) = rest.split_once(' ').ok_or_else(bad)?;
                Step::Type { terminal: terminal.to_string(), line: line.to_string() }
            }
            "eof" => Step::EndOfInput { terminal: rest.to_string() },
            "interrupt" => Step::Interrupt { terminal: rest.to_string() },
            "stop" => Step::Stop(NodeId(rest.parse().map_err(|_| bad())?)),
            _ => Step::Fault(text.parse().map_err(|_| bad())?),
        })
    }
}

/// A plan as lines of text: microseconds and the step.
pub fn to_text(plan: &[(Micros, Step)]) -> String {
    plan.iter().map(|(at, step)| format!("{} {step}\n", at.0)).collect()
}

/// Reads back what `to_text` printed.
pub fn from_text(text: &str) -> Result<Plan, String> {
    let parse = |line: &str| {
        let (at, step) = line.split_once(' ').ok_or_else(|| format!("`{line}` has no time"))?;
        let at = at.parse().map_err(|_| format!("`{at}` is no time in microseconds"))?;
        Ok((Micros(at), step.parse()?))
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| parse(line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_back_as_it_was_printed() {
        for seed in 0..50 {
            let plan = Scenario::draw(seed).plan;
            assert_eq!(from_text(&to_text(&plan)), Ok(plan.clone()), "seed {seed}");
            assert!(plan.is_sorted_by_key(|(at, _)| *at));
        }
        assert!(from_text("x kill 1").is_err() && from_text("5 fly 1").is_err() && from_text("5").is_err());
    }
}
