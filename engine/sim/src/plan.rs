//! Plans of faults for a swarm: drawn from a seed, as data, and cut down to what a failure needs.
//!
//! A swarm does not do a little of everything in every run: each seed switches whole classes of faults on or off and
//! draws wild rates for the rest, because many failures need one fault without the others that would mask it. Between
//! faults lie windows of calm, so that the cluster gets anywhere at all, and every plan ends in health, after which it
//! must converge.

use base::{Micros, NodeId, Rng};

use crate::fault::Fault;
use crate::network::LinkRule;

/// What is to go wrong, and when. In order of time.
pub type Plan = Vec<(Micros, Fault)>;

/// The ground a plan is made for.
#[derive(Clone, Debug)]
pub struct Arena {
    /// The nodes that faults may hit.
    pub nodes: Vec<NodeId>,
    /// Nodes down at the same time, at most.
    pub down_max: usize,
    /// Disks that may be lost in the whole plan: each lost disk is a copy less of everything on it.
    pub wipes_max: usize,
    /// When the faults begin; what is before is the cluster's start.
    pub start: Micros,
    /// When everything is healed. Exclusive end of the faults.
    pub end: Micros,
    /// The classes that a seed may switch on.
    pub allowed: Classes,
}

/// Kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes {
    pub kill: bool,
    pub power_cut: bool,
    pub wipe: bool,
    pub pause: bool,
    pub partition: bool,
    /// A link that becomes slow for a while.
    pub clog: bool,
    pub loss: bool,
    pub duplicate: bool,
    /// Links slower than a local network all the time.
    pub delay: bool,
}

impl Classes {
    pub const ALL: Classes = Classes {
        kill: true,
        power_cut: true,
        wipe: true,
        pause: true,
        partition: true,
        clog: true,
        loss: true,
        duplicate: true,
        delay: true,
    };
    pub const NONE: Classes = Classes {
        kill: false,
        power_cut: false,
        wipe: false,
        pause: false,
        partition: false,
        clog: false,
        loss: false,
        duplicate: false,
        delay: false,
    };
}

/// What one seed has drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub classes: Classes,
    /// The rule of every link from the start of the faults on.
    pub rule: LinkRule,
    /// Calm between one fault and the next: at least, and on top of that up to.
    pub calm_min: Micros,
    pub calm_spread: Micros,
    /// How long a node stays down, stands still, or is cut off, at most.
    pub down_max: Micros,
    pub pause_max: Micros,
    pub partition_max: Micros,
    pub clog_max: Micros,
    /// Of a hundred partitions, how many cut one direction only.
    pub one_way_percent: u32,
}

impl Options {
    /// Each allowed class is on with one half; the rates follow those of TigerBeetle's VOPR.
    pub fn draw(seed: u64, allowed: Classes) -> Options {
        let mut rng = Rng::new(seed, 0, "options");
        let mut on = |is_allowed: bool| rng.below(2) == 0 && is_allowed;
        let classes = Classes {
            kill: on(allowed.kill),
            power_cut: on(allowed.power_cut),
            wipe: on(allowed.wipe),
            pause: on(allowed.pause),
            partition: on(allowed.partition),
            clog: on(allowed.clog),
            loss: on(allowed.loss),
            duplicate: on(allowed.duplicate),
            delay: on(allowed.delay),
        };
        let mut rule = LinkRule::default();
        if classes.loss {
            rule.loss_per_million = rng.below(300_001) as u32;
        }
        if classes.duplicate {
            rule.duplicate_per_million = rng.below(500_001) as u32;
        }
        if classes.delay {
            rule.delay = Micros(rng.between(1_000, 50_000));
            rule.jitter = Micros(rng.between(0, 50_000));
        }
        Options {
            classes,
            rule,
            calm_min: Micros::from_ms(rng.between(0, 10_000)),
            calm_spread: Micros::from_ms(rng.between(100, 10_000)),
            down_max: Micros::from_ms(rng.between(100, 40_000)),
            pause_max: Micros::from_ms(rng.between(100, 40_000)),
            partition_max: Micros::from_ms(rng.between(100, 40_000)),
            clog_max: Micros::from_ms(rng.between(100, 5_000)),
            one_way_percent: rng.below(101) as u32,
        }
    }
}

/// The plan of a seed: options drawn, faults placed, health at the end.
pub fn plan(seed: u64, arena: &Arena) -> Plan {
    plan_with(seed, arena, &Options::draw(seed, arena.allowed))
}

/// A plan with given options.
pub fn plan_with(seed: u64, arena: &Arena, options: &Options) -> Plan {
    let mut planner = Planner {
        rng: Rng::new(seed, 0, "plan"),
        arena,
        options,
        plan: Vec::new(),
        busy_until: vec![Micros::ZERO; arena.nodes.len()],
        wipes: 0,
    };
    planner.run();
    planner.plan
}

/// A plan as lines of text, `2500000 kill 3`: microseconds and the fault.
pub fn to_text(plan: &[(Micros, Fault)]) -> String {
    plan.iter().map(|(at, fault)| format!("{} {fault}\n", at.0)).collect()
}

/// Reads back what `to_text` printed. The error is the first line that is none.
pub fn from_text(text: &str) -> Result<Plan, String> {
    let parse = |line: &str| {
        let (at, fault) = line.trim().split_once(' ')?;
        Some((Micros(at.parse().ok()?), fault.parse().ok()?))
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| parse(line).ok_or_else(|| line.to_string())).collect()
}

struct Planner<'a> {
    rng: Rng,
    arena: &'a Arena,
    options: &'a Options,
    plan: Plan,
    /// Until when each node of the arena is down or stands still.
    busy_until: Vec<Micros>,
    wipes: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Down,
    Pause,
    Partition,
    Clog,
}

impl Planner<'_> {
    fn run(&mut self) {
        let (start, end) = (self.arena.start, self.arena.end);
        if self.options.rule != LinkRule::default() {
            self.plan.push((start, Fault::AllLinks { rule: self.options.rule.clone() }));
        }
        let classes = self.options.classes;
        let is_down_on = classes.kill || classes.power_cut;
        let kinds = [
            (is_down_on, Kind::Down),
            (classes.pause, Kind::Pause),
            (classes.partition, Kind::Partition),
            (classes.clog, Kind::Clog),
        ];
        let kinds: Vec<Kind> = kinds.iter().filter(|(is_on, _)| *is_on).map(|(_, kind)| *kind).collect();
        let mut at = start;
        while !kinds.is_empty() && !self.arena.nodes.is_empty() {
            at += self.options.calm_min + Micros(self.rng.between(1, self.options.calm_spread.0.max(1)));
            if at >= end {
                break;
            }
            match kinds[self.rng.below(kinds.len() as u64) as usize] {
                Kind::Down => self.take_down(at),
                Kind::Pause => self.pause(at),
                Kind::Partition => self.partition(at),
                Kind::Clog => self.clog(at),
            }
        }
        self.plan.retain(|(at, _)| *at < end);
        base::ordered::sort_by_key(&mut self.plan, |(at, _)| *at);
        self.plan.push((end, Fault::HealAll));
    }

    fn take_down(&mut self, at: Micros) {
        let Some(place) = self.free_node(at) else { return };
        let node = self.arena.nodes[place];
        let until = at + self.span(self.options.down_max);
        let classes = self.options.classes;
        let is_power_cut = classes.power_cut && (!classes.kill || self.rng.below(2) == 0);
        self.plan.push((at, if is_power_cut { Fault::PowerCut(node) } else { Fault::Kill(node) }));
        if classes.wipe && self.wipes < self.arena.wipes_max && self.rng.below(3) == 0 {
            self.wipes += 1;
            self.plan.push((at, Fault::Wipe(node)));
        }
        self.plan.push((until, Fault::Start(node)));
        self.busy_until[place] = until;
    }

    fn pause(&mut self, at: Micros) {
        let Some(place) = self.free_node(at) else { return };
        let until = at + self.span(self.options.pause_max);
        self.plan.push((at, Fault::Pause(self.arena.nodes[place])));
        self.plan.push((until, Fault::Resume(self.arena.nodes[place])));
        self.busy_until[place] = until;
    }

    /// Some set of nodes against the others: one alone, a minority, a ring of neighbours, two sides with a bridge, or
    /// half the nodes one by one and back in another order (FoundationDB's swizzle).
    fn partition(&mut self, at: Micros) {
        let mut nodes = self.arena.nodes.clone();
        self.rng.shuffle(&mut nodes);
        let until = at + self.span(self.options.partition_max);
        let is_one_way = self.rng.below(100) < u64::from(self.options.one_way_percent);
        let half = nodes.len() / 2;
        match self.rng.below(5) {
            0 => self.part(&nodes[..1], &nodes[1..], is_one_way, at, until),
            1 => self.part(&nodes[..half], &nodes[half..], is_one_way, at, until),
            2 => {
                // Each sees its two neighbours only.
                let count = nodes.len();
                for i in 0..count {
                    for j in i + 2..count {
                        if (j + 1) % count != i {
                            self.part(&nodes[i..=i], &nodes[j..=j], is_one_way, at, until);
                        }
                    }
                }
            }
            // The node in the middle of the shuffle sees both sides.
            3 => self.part(&nodes[..half], &nodes[(half + 1).min(nodes.len())..], is_one_way, at, until),
            _ => {
                let chosen = &nodes[..half.max(1)];
                let mut order: Vec<NodeId> = chosen.to_vec();
                self.rng.shuffle(&mut order);
                let pace = (until.0 - at.0) / (2 * chosen.len() as u64 + 1);
                for (i, node) in chosen.iter().enumerate() {
                    let back = order.iter().position(|other| other == node).unwrap_or(i) as u64;
                    let (from, to) = (Micros(at.0 + pace * i as u64), Micros(until.0 - pace * back));
                    let others: Vec<NodeId> = nodes.iter().filter(|other| *other != node).copied().collect();
                    self.part(&[*node], &others, is_one_way, from, to);
                }
            }
        }
    }

    fn part(&mut self, left: &[NodeId], right: &[NodeId], is_one_way: bool, at: Micros, until: Micros) {
        for from in left {
            for to in right {
                let directions = [(*from, *to), (*to, *from)];
                for (from, to) in &directions[..if is_one_way { 1 } else { 2 }] {
                    self.plan.push((at, Fault::Cut { from: *from, to: *to }));
                    self.plan.push((until, Fault::Mend { from: *from, to: *to }));
                }
            }
        }
    }

    fn clog(&mut self, at: Micros) {
        let count = self.arena.nodes.len() as u64;
        let from = self.arena.nodes[self.rng.below(count) as usize];
        let to = self.arena.nodes[self.rng.below(count) as usize];
        if from == to {
            return;
        }
        let until = at + self.span(self.options.clog_max);
        let slow = LinkRule { delay: self.span(self.options.clog_max), ..self.options.rule.clone() };
        self.plan.push((at, Fault::Link { from, to, rule: slow }));
        self.plan.push((until, Fault::Link { from, to, rule: self.options.rule.clone() }));
    }

    /// The place of a node that is well, unless enough are not.
    fn free_node(&mut self, at: Micros) -> Option<usize> {
        let free: Vec<usize> = (0..self.busy_until.len()).filter(|i| self.busy_until[*i] < at).collect();
        let is_full = self.busy_until.len() - free.len() >= self.arena.down_max;
        if is_full || free.is_empty() {
            return None;
        }
        Some(free[self.rng.below(free.len() as u64) as usize])
    }

    fn span(&mut self, max: Micros) -> Micros {
        Micros(self.rng.between(1, max.0.max(1)))
    }
}

/// Removes from a failing list what its failure does not need (delta debugging, Zeller and Hildebrandt 2002). `fails`
/// must be true of `items`; of the result it is true, and of the result without any one item it is not.
pub fn shrink<T: Clone>(items: &[T], mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = items.to_vec();
    let mut parts = 2;
    while !kept.is_empty() {
        let size = kept.len().div_ceil(parts);
        let smaller = (0..kept.len()).step_by(size).find_map(|from| {
            let without = [&kept[..from], &kept[(from + size).min(kept.len())..]].concat();
            fails(&without).then_some(without)
        });
        match smaller {
            Some(without) => {
                kept = without;
                parts = parts.saturating_sub(1).max(2);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(kept.len()),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Map, Set};

    fn arena() -> Arena {
        Arena {
            nodes: (1..=5).map(NodeId).collect(),
            down_max: 2,
            wipes_max: 1,
            start: Micros::from_secs(5),
            end: Micros::from_secs(120),
            allowed: Classes::ALL,
        }
    }

    #[test]
    fn a_seed_gives_one_plan_and_another_seed_another() {
        assert_eq!(plan(3, &arena()), plan(3, &arena()));
        assert_ne!(plan(3, &arena()), plan(4, &arena()));
    }

    #[test]
    fn plans_are_in_order_stay_in_their_time_and_end_in_health() {
        for seed in 0..500 {
            let plan = plan(seed, &arena());
            assert!(plan.is_sorted_by_key(|(at, _)| *at));
            assert_eq!(plan.last(), Some(&(arena().end, Fault::HealAll)));
            assert!(plan.iter().all(|(at, _)| *at >= arena().start));
            assert!(plan[..plan.len() - 1].iter().all(|(at, _)| *at < arena().end));
        }
    }

    #[test]
    fn never_more_nodes_are_down_or_disks_lost_than_allowed() {
        for seed in 0..500 {
            let mut gone = Set::new();
            let mut wipes = 0;
            for (_, fault) in plan(seed, &arena()) {
                match fault {
                    Fault::Kill(node) | Fault::PowerCut(node) | Fault::Pause(node) => {
                        assert!(gone.insert(node), "seed {seed}: node {} is gone already", node.0);
                    }
                    Fault::Start(node) | Fault::Resume(node) => drop(gone.remove(&node)),
                    Fault::Wipe(node) => {
                        assert!(gone.contains(&node));
                        wipes += 1;
                    }
                    _ => {}
                }
                assert!(gone.len() <= 2 && wipes <= 1, "seed {seed}");
            }
        }
    }

    #[test]
    fn every_class_is_on_in_a_fair_share_of_seeds_and_what_is_not_allowed_never() {
        let mut counts: Map<&str, u32> = Map::new();
        for seed in 0..1_000 {
            let plan = plan(seed, &arena());
            let names: Set<&str> = plan.iter().map(|(_, fault)| name(fault)).collect();
            names.into_iter().for_each(|name| *counts.entry(name).or_insert(0) += 1);
        }
        for name in ["kill", "power-cut", "wipe", "pause", "cut", "link", "all-links"] {
            assert!(counts[name] >= 50, "{name} in {} of 1000 seeds: {counts:?}", counts[name]);
            assert!(counts[name] <= 950);
        }
        let quiet = Arena { allowed: Classes::NONE, ..arena() };
        assert!((0..100).all(|seed| plan(seed, &quiet).len() == 1));
    }

    fn name(fault: &Fault) -> &'static str {
        match fault {
            Fault::Kill(_) => "kill",
            Fault::PowerCut(_) => "power-cut",
            Fault::Wipe(_) => "wipe",
            Fault::Pause(_) => "pause",
            Fault::Cut { .. } => "cut",
            Fault::Link { .. } => "link",
            Fault::AllLinks { .. } => "all-links",
            _ => "repair",
        }
    }

    #[test]
    fn small_arenas_are_no_trouble() {
        for count in 0..4 {
            for seed in 0..200 {
                let nodes = (0..count).map(NodeId).collect();
                plan(seed, &Arena { nodes, ..arena() });
            }
        }
    }

    #[test]
    fn a_plan_is_read_back_as_it_was_printed() {
        let plan = plan(7, &arena());
        assert_eq!(from_text(&to_text(&plan)), Ok(plan));
        assert_eq!(from_text("1 kill 2\n\n2 boom\n"), Err("2 boom".to_string()));
    }

    #[test]
    fn shrinking_keeps_what_the_failure_needs_and_nothing_else() {
        let items: Vec<u32> = (0..500).collect();
        let mut runs = 0;
        let small = shrink(&items, |some| {
            runs += 1;
            [13, 14, 377].iter().all(|needed| some.contains(needed))
        });
        assert_eq!(small, [13, 14, 377]);
        assert!(runs < 200, "{runs} runs");
        assert_eq!(shrink(&items, |some| !some.is_empty()).len(), 1);
        assert!(shrink(&items, |_| true).is_empty(), "it fails without any of them");
    }
}
