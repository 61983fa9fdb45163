//! Places in a history of branches: where a step of the lesson began, whether what was done there is still so.

use sim::timeline::{BranchInfo, Position, Timeline};

use crate::act::Act;
use crate::host::Host;

type History = Timeline<Host, Act>;

/// A position on one branch. Branches are numbered in the order of their making, and none is ever deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub branch: u32,
    pub position: Position,
}

impl Place {
    pub fn here(timeline: &History) -> Place {
        Place { branch: current(timeline), position: timeline.position() }
    }

    /// The current branch goes through this place, before or after where it stands.
    pub fn is_on_path(&self, timeline: &History) -> bool {
        match shared(timeline, current(timeline), self.branch) {
            Shared::All => true,
            Shared::Until(fork) => order(self.position) <= order(fork),
            Shared::Nothing => false,
        }
    }

    /// The world as it stands has this place behind it.
    pub fn is_behind(&self, timeline: &History) -> bool {
        order(self.position) <= order(timeline.position()) && self.is_on_path(timeline)
    }

    /// The last place that the current branch has in common with the history up to this one.
    pub fn meet(&self, timeline: &History) -> Position {
        match shared(timeline, current(timeline), self.branch) {
            Shared::Until(fork) if order(fork) < order(self.position) => fork,
            Shared::All | Shared::Until(_) => self.position,
            Shared::Nothing => Position::default(),
        }
    }
}

impl Place {
    /// Up to where two branches have one history.
    pub fn parting(timeline: &History, a: u32, b: u32) -> Position {
        const END: Position = Position { index: u64::MAX, commands: u32::MAX, at: base::Micros::MAX };
        match shared(timeline, a, b) {
            Shared::Until(fork) => fork,
            Shared::All => END,
            Shared::Nothing => Position::default(),
        }
    }
}

/// The number of the current branch.
pub fn current(timeline: &History) -> u32 {
    timeline.branches().position(|branch| branch.is_current).unwrap_or(0) as u32
}

fn order(position: Position) -> (u64, u32) {
    (position.index, position.commands)
}

/// How much two branches have in common.
#[derive(Clone, Copy)]
enum Shared {
    All,
    Until(Position),
    /// A branch of that number does not exist: the data came from outside.
    Nothing,
}

fn shared(timeline: &History, a: u32, b: u32) -> Shared {
    let branches: Vec<BranchInfo<'_>> = timeline.branches().collect();
    let (line_a, line_b) = (forebears(&branches, a), forebears(&branches, b));
    for (branch, until_a) in &line_a {
        if let Some((_, until_b)) = line_b.iter().find(|(other, _)| other == branch) {
            return match (until_a, until_b) {
                (None, None) => Shared::All,
                (Some(one), None) | (None, Some(one)) => Shared::Until(*one),
                (Some(one), Some(other)) => Shared::Until(if order(*one) < order(*other) { *one } else { *other }),
            };
        }
    }
    Shared::Nothing
}

/// A branch and those it came from, each with the position up to which the branch has its history.
fn forebears(branches: &[BranchInfo<'_>], branch: u32) -> Vec<(u32, Option<Position>)> {
    let mut line = Vec::new();
    let (mut at, mut until) = (Some(branch as usize), None::<Position>);
    while let Some(info) = at.and_then(|at| branches.get(at)) {
        line.push((at.unwrap_or_default() as u32, until));
        until = Some(match until {
            Some(earlier) if order(earlier) < order(info.fork) => earlier,
            _ => info.fork,
        });
        // A parent is older than its child, so this ends.
        let parent = info.parent.and_then(|name| branches.iter().position(|other| other.name == name));
        at = parent.filter(|parent| Some(*parent) < at);
    }
    line
}
