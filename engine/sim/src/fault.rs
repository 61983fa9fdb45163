//! Faults as data: what a lesson, a person or a swarm does to the world, in a form that can be stored, shrunk and shown.

use std::fmt;

use base::{Micros, NodeId};

use crate::disk::Ailment;
use crate::network::LinkRule;
use crate::node::Node;
use crate::timeline::Apply;
use crate::world::World;

/// One thing that goes wrong, or is put right.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// SIGKILL.
    Kill(NodeId),
    /// A kill, and bytes that were never synced are gone.
    PowerCut(NodeId),
    Start(NodeId),
    /// SIGSTOP.
    Pause(NodeId),
    /// SIGCONT.
    Resume(NodeId),
    /// The disk of a node that is down is replaced by an empty one.
    Wipe(NodeId),
    /// The disk of a node is as bad as this, or well again.
    Disk {
        node: NodeId,
        ailment: Ailment,
    },
    /// Nothing passes in this direction.
    Cut {
        from: NodeId,
        to: NodeId,
    },
    /// Undoes a cut; whatever else the link's rule says stays.
    Mend {
        from: NodeId,
        to: NodeId,
    },
    /// The rule of one direction of one link.
    Link {
        from: NodeId,
        to: NodeId,
        rule: LinkRule,
    },
    /// The rule of every link that has none of its own.
    AllLinks {
        rule: LinkRule,
    },
    /// All links are as new.
    Heal,
    /// All links and disks as new, paused processes resumed, stopped ones started.
    HealAll,
}

impl<N: Node> World<N> {
    /// Does it. `false`: there was nothing to do (the node is down already, or does not exist).
    pub fn apply(&mut self, fault: &Fault) -> bool {
        match fault {
            Fault::Kill(node) => self.kill(*node),
            Fault::PowerCut(node) => self.power_cut(*node),
            Fault::Start(node) => self.start(*node),
            Fault::Pause(node) => self.pause(*node),
            Fault::Resume(node) => self.resume(*node),
            Fault::Wipe(node) => self.wipe(*node),
            Fault::Disk { node, ailment } => self.ail(*node, *ailment),
            Fault::Cut { from, to } => {
                let is_new = !self.link(*from, *to).cut;
                self.cut_link(*from, *to);
                is_new
            }
            Fault::Mend { from, to } => {
                let is_cut = self.link(*from, *to).cut;
                self.mend_link(*from, *to);
                is_cut
            }
            Fault::Link { from, to, rule } => {
                self.set_link(*from, *to, rule.clone());
                true
            }
            Fault::AllLinks { rule } => {
                self.set_all_links(rule.clone());
                true
            }
            Fault::Heal => {
                self.heal();
                true
            }
            Fault::HealAll => {
                self.heal_all();
                true
            }
        }
    }
}

impl<N: Node> Apply<N> for Fault {
    fn apply(&self, world: &mut World<N>) {
        world.apply(self);
    }
}

/// One line, as a failing plan is printed: `kill 2`, `cut 1 3`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Kill(node) => write!(f, "kill {}", node.0),
            Fault::PowerCut(node) => write!(f, "power-cut {}", node.0),
            Fault::Start(node) => write!(f, "start {}", node.0),
            Fault::Pause(node) => write!(f, "pause {}", node.0),
            Fault::Resume(node) => write!(f, "resume {}", node.0),
            Fault::Wipe(node) => write!(f, "wipe {}", node.0),
            Fault::Disk { node, ailment: Ailment { size, delay } } => {
                write!(f, "disk {} size={size} delay={}", node.0, delay.0)
            }
            Fault::Cut { from, to } => write!(f, "cut {} {}", from.0, to.0),
            Fault::Mend { from, to } => write!(f, "mend {} {}", from.0, to.0),
            Fault::Link { from, to, rule } => write!(f, "link {} {} {}", from.0, to.0, words(rule)),
            Fault::AllLinks { rule } => write!(f, "all-links {}", words(rule)),
            Fault::Heal => write!(f, "heal"),
            Fault::HealAll => write!(f, "heal-all"),
        }
    }
}

fn words(rule: &LinkRule) -> String {
    let LinkRule { delay: Micros(delay), jitter: Micros(jitter), loss_per_million, duplicate_per_million, cut } = rule;
    format!(
        "delay={delay} jitter={jitter} loss={loss_per_million} duplicate={duplicate_per_million} cut={}",
        u8::from(*cut)
    )
}

/// The text is not a fault as it is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseFaultError;

impl std::str::FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Fault, ParseFaultError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let node = |word: &str| word.parse().map(NodeId).map_err(|_| ParseFaultError);
        Ok(match words.as_slice() {
            ["kill", n] => Fault::Kill(node(n)?),
            ["power-cut", n] => Fault::PowerCut(node(n)?),
            ["start", n] => Fault::Start(node(n)?),
            ["pause", n] => Fault::Pause(node(n)?),
            ["resume", n] => Fault::Resume(node(n)?),
            ["wipe", n] => Fault::Wipe(node(n)?),
            ["disk", n, size, delay] => {
                let number = |word: &str, key: &str| {
                    let value = word.strip_prefix(key).and_then(|value| value.strip_prefix('='));
                    value.and_then(|value| value.parse::<u64>().ok()).ok_or(ParseFaultError)
                };
                let (size, delay) = (number(size, "size")?, Micros(number(delay, "delay")?));
                Fault::Disk { node: node(n)?, ailment: Ailment { size, delay } }
            }
            ["cut", from, to] => Fault::Cut { from: node(from)?, to: node(to)? },
            ["mend", from, to] => Fault::Mend { from: node(from)?, to: node(to)? },
            ["link", from, to, rule @ ..] => Fault::Link { from: node(from)?, to: node(to)?, rule: parse_rule(rule)? },
            ["all-links", rule @ ..] => Fault::AllLinks { rule: parse_rule(rule)? },
            ["heal"] => Fault::Heal,
            ["heal-all"] => Fault::HealAll,
            _ => return Err(ParseFaultError),
        })
    }
}

fn parse_rule(words: &[&str]) -> Result<LinkRule, ParseFaultError> {
    let mut rule = LinkRule::default();
    for word in words {
        let (key, value) = word.split_once('=').ok_or(ParseFaultError)?;
        let value: u64 = value.parse().map_err(|_| ParseFaultError)?;
        let small = u32::try_from(value).map_err(|_| ParseFaultError);
        match key {
            "delay" => rule.delay = Micros(value),
            "jitter" => rule.jitter = Micros(value),
            "loss" => rule.loss_per_million = small?,
            "duplicate" => rule.duplicate_per_million = small?,
            "cut" => rule.cut = value != 0,
            _ => return Err(ParseFaultError),
        }
    }
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_back_as_it_was_printed() {
        let (from, to) = (NodeId(1), NodeId(2));
        let rule = LinkRule { loss_per_million: 5, cut: true, jitter: Micros(9), ..LinkRule::default() };
        let faults = [
            Fault::Kill(to),
            Fault::PowerCut(to),
            Fault::Start(to),
            Fault::Pause(to),
            Fault::Resume(to),
            Fault::Wipe(to),
            Fault::Disk { node: to, ailment: Ailment { size: 5, delay: Micros(7) } },
            Fault::Cut { from, to },
            Fault::Mend { from, to },
            Fault::Link { from, to, rule: rule.clone() },
            Fault::AllLinks { rule },
            Fault::Heal,
            Fault::HealAll,
        ];
        for fault in faults {
            assert_eq!(fault.to_string().parse(), Ok(fault.clone()), "{fault}");
        }
        for bad in [
            "",
            "kill",
            "kill x",
            "kill 1 2",
            "cut 1",
            "disk 1 size=5",
            "link 1 2 delay",
            "link 1 2 loss=99999999999",
            "boom 1",
        ] {
            assert_eq!(bad.parse::<Fault>(), Err(ParseFaultError), "{bad}");
        }
    }
}
