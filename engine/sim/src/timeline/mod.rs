//! Time travel: a world with its recorded commands, its events, its snapshots and its branches.
//!
//! History is data: commands with the event index and the virtual time at which they were given. Everything between is
//! the world's own doing and can be run again. So a seek is the nearest snapshot and a replay, and a command given in the
//! past starts a branch of its own; the branch it left keeps its future.
//!
//! ```text
//! main     ──kill b1────────────────────● end
//!                  └─branch 2 ──kill b2────● end
//! ```

mod list;
mod replay;
mod save;
mod snapshots;

use std::fmt;

use base::limits::{BRANCHES_MAX, HISTORY_MAX, SESSION_COMMANDS_MAX};
use base::{Micros, NodeId};

use crate::node::Node;
use crate::world::{Event, Stamped, World};
use list::List;
use snapshots::{Snapshot, Snapshots};

pub use replay::{Goal, Stop};
pub use save::{RestoreError, Saved, SavedBranch};

/// A command that makes history.
pub trait Apply<N: Node>: Clone + fmt::Debug {
    /// Does it now. Must depend on nothing but the command and the world: it will be done again at every replay. It must
    /// not run the world (`World::step`): time belongs to the timeline.
    fn apply(&self, world: &mut World<N>);
}

/// A place in the history of a branch. `index` alone does not tell it: several commands may be given between two events,
/// and time may pass without any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position {
    /// Kernel steps done.
    pub index: u64,
    /// Commands of the branch done.
    pub commands: u32,
    pub at: Micros,
}

impl Position {
    /// What orders positions: time that passes without an event is no difference worth a snapshot.
    fn order(self) -> (u64, u32) {
        (self.index, self.commands)
    }
}

/// A command with where it was given: after step `index`, at virtual time `at`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recorded<C> {
    pub index: u64,
    pub at: Micros,
    pub command: C,
}

/// How many snapshots are taken and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Steps between snapshots.
    pub every: u64,
    /// Snapshots that one branch keeps.
    pub max: usize,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { every: 1_000, max: 64 }
    }
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// It was given in the past, and the current branch is a new one.
    pub is_fork: bool,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    TooManyCommands,
    TooManyBranches,
    /// Another branch has this name.
    NameTaken(String),
    UnknownBranch(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::TooManyCommands => write!(f, "a session holds at most {SESSION_COMMANDS_MAX} commands"),
            Refused::TooManyBranches => write!(f, "a session holds at most {BRANCHES_MAX} branches"),
            Refused::NameTaken(name) => write!(f, "there is a branch `{name}` already"),
            Refused::UnknownBranch(name) => write!(f, "there is no branch `{name}`"),
        }
    }
}

/// What one looks up about a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchInfo<'a> {
    pub name: &'a str,
    pub parent: Option<&'a str>,
    /// Where it left its parent.
    pub fork: Position,
    pub end: Position,
    pub is_current: bool,
}

#[derive(Clone, Debug)]
struct Branch<N: Node, C> {
    name: String,
    parent: Option<usize>,
    fork: Position,
    commands: List<Recorded<C>>,
    events: List<Stamped<Event<N>>>,
    /// Steps whose events are in `events`.
    recorded_index: u64,
    snapshots: Snapshots<N>,
    end: Position,
}

/// A world that can be moved through its own history.
#[derive(Clone, Debug)]
pub struct Timeline<N: Node, C> {
    world: World<N>,
    /// Commands of the current branch that `world` has seen.
    commands_done: u32,
    branches: Vec<Branch<N, C>>,
    current: usize,
    policy: Policy,
    /// Snapshots close before the last place that was sought, so that the next step back is short too.
    warm: Vec<Snapshot<N>>,
    /// Events of one step, before they are recorded.
    fresh: Vec<Stamped<Event<N>>>,
}

impl<N: Node, C: Apply<N>> Timeline<N, C> {
    /// History begins with `world` as it is, on a branch called `main`.
    pub fn new(world: World<N>) -> Timeline<N, C> {
        Timeline::with_policy(world, Policy::default())
    }

    pub fn with_policy(world: World<N>, policy: Policy) -> Timeline<N, C> {
        let begin = Position { index: world.index(), commands: 0, at: world.now() };
        let first = Snapshot { position: begin, world: world.clone() };
        let main = Branch {
            name: "main".to_string(),
            parent: None,
            fork: begin,
            commands: List::new(),
            events: List::new(),
            recorded_index: begin.index,
            snapshots: Snapshots::new(first, policy.max),
            end: begin,
        };
        Timeline {
            world,
            commands_done: 0,
            branches: vec![main],
            current: 0,
            policy,
            warm: Vec::new(),
            fresh: Vec::new(),
        }
    }

    // ---- where we are

    /// The world at the current position.
    pub fn world(&self) -> &World<N> {
        &self.world
    }

    pub fn position(&self) -> Position {
        Position { index: self.world.index(), commands: self.commands_done, at: self.world.now() }
    }

    /// The end of what is recorded on the current branch.
    pub fn end(&self) -> Position {
        self.branch().end
    }

    /// Nothing is recorded after the current position: a command given now is appended.
    pub fn is_at_end(&self) -> bool {
        self.position().order() >= self.branch().end.order()
    }

    // ---- what happened

    /// The events of the steps `range` (by step index) on the current branch, whether or not the position is past them.
    pub fn events(&self, range: std::ops::Range<u64>) -> impl Iterator<Item = &Stamped<Event<N>>> {
        let from = self.events_before(range.start);
        let to = self.events_before(range.end);
        self.branch().events.range(from..to).map(|(_, event)| event)
    }

    /// The events with these ordinals (from 0 on every branch), with their ordinals.
    pub fn events_by_ordinal(&self, range: std::ops::Range<u64>) -> impl Iterator<Item = (u64, &Stamped<Event<N>>)> {
        self.branch().events.range(range)
    }

    /// How many events of this branch belong to steps before `index`: the ordinal of the first one that does not.
    pub fn events_before(&self, index: u64) -> u64 {
        self.branch().events.partition_point(|event| event.index < index)
    }

    /// The last step whose events are known. Behind the end only on a branch that was restored and not yet played.
    pub fn known_index(&self) -> u64 {
        self.branch().recorded_index
    }

    /// Events recorded on the current branch; the ordinal of the next one.
    pub fn event_count(&self) -> u64 {
        self.branch().events.len()
    }

    /// The ordinal of the oldest event that is still known (`base::limits::HISTORY_MAX` are kept).
    pub fn events_start(&self) -> u64 {
        self.branch().events.start()
    }

    /// The commands of the current branch, those of its forebears first.
    pub fn commands(&self) -> impl Iterator<Item = &Recorded<C>> {
        self.branch().commands.range(0..u64::MAX).map(|(_, recorded)| recorded)
    }

    /// The node that the last step touched, see [`World::last_touched`].
    pub fn last_touched(&self) -> Option<NodeId> {
        self.world.last_touched()
    }

    /// Snapshots that the current branch keeps.
    pub fn snapshot_count(&self) -> usize {
        self.branch().snapshots.len()
    }

    // ---- branches

    pub fn branches(&self) -> impl Iterator<Item = BranchInfo<'_>> {
        self.branches.iter().enumerate().map(|(i, branch)| BranchInfo {
            name: &branch.name,
            parent: branch.parent.map(|parent| self.branches[parent].name.as_str()),
            fork: branch.fork,
            end: branch.end,
            is_current: i == self.current,
        })
    }

    pub fn current_branch(&self) -> &str {
        &self.branch().name
    }

    /// Starts a branch at the current position and makes it the current one. An empty name is filled in.
    pub fn fork(&mut self, name: &str) -> Result<(), Refused> {
        if self.branches.len() >= BRANCHES_MAX {
            return Err(Refused::TooManyBranches);
        }
        let name = if name.is_empty() { self.free_name() } else { name.to_string() };
        if self.find(&name).is_some() {
            return Err(Refused::NameTaken(name));
        }
        let position = self.position();
        let parent = self.branch();
        let events = parent.events.partition_point(|event| event.index <= position.index);
        let branch = Branch {
            name,
            parent: Some(self.current),
            fork: position,
            commands: parent.commands.prefix(u64::from(position.commands)),
            events: parent.events.prefix(events),
            recorded_index: parent.recorded_index.min(position.index),
            snapshots: parent.snapshots.prefix(position),
            end: position,
        };
        self.branches.push(branch);
        self.current = self.branches.len() - 1;
        self.warm.clear();
        Ok(())
    }

    pub fn rename(&mut self, name: &str, new_name: &str) -> Result<(), Refused> {
        let branch = self.find(name).ok_or_else(|| Refused::UnknownBranch(name.to_string()))?;
        if new_name.is_empty() || self.find(new_name).is_some_and(|other| other != branch) {
            return Err(Refused::NameTaken(new_name.to_string()));
        }
        self.branches[branch].name = new_name.to_string();
        Ok(())
    }

    // ---- making history

    /// Gives a command at the current position. With nothing recorded after it, it is appended; in the past it starts a
    /// branch. Nothing recorded is ever lost.
    pub fn do_now(&mut self, command: C) -> Result<Done, Refused> {
        if self.commands_done as usize >= SESSION_COMMANDS_MAX {
            return Err(Refused::TooManyCommands);
        }
        let is_fork = !self.is_at_end();
        if is_fork {
            self.fork("")?;
        }
        self.take_snapshot();
        let recorded = Recorded { index: self.world.index(), at: self.world.now(), command };
        recorded.command.apply(&mut self.world);
        self.commands_done += 1;
        self.branch_mut().commands.push(recorded);
        self.extend_end();
        self.take_snapshot();
        Ok(Done { is_fork })
    }

    // ---- helpers

    fn branch(&self) -> &Branch<N, C> {
        &self.branches[self.current]
    }

    fn branch_mut(&mut self) -> &mut Branch<N, C> {
        &mut self.branches[self.current]
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.branches.iter().position(|branch| branch.name == name)
    }

    fn free_name(&self) -> String {
        let taken = |name: &String| self.find(name).is_some();
        let mut names = (self.branches.len() + 1..).map(|n| format!("branch {n}"));
        names.find(|name| !taken(name)).unwrap_or_default()
    }

    fn take_snapshot(&mut self) {
        let position = self.position();
        let branch = &mut self.branches[self.current];
        branch.snapshots.push(position, &self.world);
    }

    /// The recorded history reaches at least to where we are.
    fn extend_end(&mut self) {
        let position = self.position();
        let end = &mut self.branches[self.current].end;
        if position.order() > end.order() || (position.order() == end.order() && position.at > end.at) {
            *end = position;
        }
    }

    /// Takes over the events of a step that was done for the first time on this branch.
    fn record_fresh(&mut self) {
        let index = self.world.index();
        let branch = &mut self.branches[self.current];
        if index > branch.recorded_index {
            branch.recorded_index = index;
            for event in self.fresh.drain(..) {
                branch.events.push(event);
            }
            branch.events.keep_at_most(HISTORY_MAX as u64);
        }
        self.fresh.clear();
    }
}
