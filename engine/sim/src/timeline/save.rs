//! A timeline as data: the commands of every branch, for the link, the crash log and the test case.

use std::fmt;

use base::limits::{BRANCHES_MAX, SESSION_COMMANDS_MAX};

use crate::node::Node;
use crate::timeline::list::List;
use crate::timeline::snapshots::{Snapshot, Snapshots};
use crate::timeline::{Apply, Branch, Position, Recorded, Timeline};
use crate::world::World;

/// Everything that must be kept of a timeline whose first world is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved<C> {
    /// The first has no parent; every other comes after its parent.
    pub branches: Vec<SavedBranch<C>>,
    /// Which of them was the current one.
    pub current: u32,
    pub position: Position,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedBranch<C> {
    pub name: String,
    pub parent: Option<u32>,
    /// Where it left its parent; the beginning of the world for the first.
    pub fork: Position,
    /// Its own commands; those before the fork are its parent's.
    pub commands: Vec<Recorded<C>>,
    pub end: Position,
}

/// What is wrong with saved data. Nothing of it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreError {
    NoBranch,
    TooManyBranches,
    TooManyCommands,
    /// The current branch is not among the branches.
    NoSuchBranch {
        branch: u32,
    },
    /// The first branch has a parent, or another one has none before it.
    Parent {
        name: String,
    },
    /// A name is empty or there twice.
    Name {
        name: String,
    },
    /// A command, the fork or the end lies before what it must follow.
    Order {
        name: String,
        command: Option<u32>,
    },
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreError::NoBranch => write!(f, "there is no branch"),
            RestoreError::TooManyBranches => write!(f, "there are more than {BRANCHES_MAX} branches"),
            RestoreError::TooManyCommands => write!(f, "there are more than {SESSION_COMMANDS_MAX} commands"),
            RestoreError::NoSuchBranch { branch } => write!(f, "branch number {branch} does not exist"),
            RestoreError::Parent { name } => write!(f, "branch `{name}` does not say where it comes from"),
            RestoreError::Name { name } => write!(f, "the branch name `{name}` is empty or there twice"),
            RestoreError::Order { name, command: Some(n) } => {
                write!(f, "command {n} of branch `{name}` is earlier than what it follows")
            }
            RestoreError::Order { name, command: None } => {
                write!(f, "branch `{name}` begins or ends earlier than what it follows")
            }
        }
    }
}

impl<C> Saved<C> {
    /// One branch, all commands of its own: what a link holds.
    pub fn single(name: &str, begin: Position, commands: Vec<Recorded<C>>, end: Position) -> Saved<C> {
        let branch = SavedBranch { name: name.to_string(), parent: None, fork: begin, commands, end };
        Saved { branches: vec![branch], current: 0, position: end }
    }
}

impl<N: Node, C: Apply<N>> Timeline<N, C> {
    /// All branches.
    pub fn save(&self) -> Saved<C> {
        let branches = self.branches.iter().map(|branch| {
            let inherited = if branch.parent.is_some() { u64::from(branch.fork.commands) } else { 0 };
            let own = branch.commands.range(inherited..u64::MAX).map(|(_, recorded)| recorded.clone());
            SavedBranch {
                name: branch.name.clone(),
                parent: branch.parent.map(|parent| parent as u32),
                fork: branch.fork,
                commands: own.collect(),
                end: branch.end,
            }
        });
        Saved { branches: branches.collect(), current: self.current as u32, position: self.position() }
    }

    /// The current branch alone, from the beginning.
    pub fn save_current(&self) -> Saved<C> {
        let (begin, branch) = (self.branches[0].fork, self.branch());
        let mut saved = Saved::single(&branch.name, begin, self.commands().cloned().collect(), branch.end);
        saved.position = self.position();
        saved
    }

    /// A timeline from saved data. Nothing is run: it stands at the beginning of the current branch, with all that was
    /// recorded ahead of it, so that the caller can go to `saved.position` at its own pace (`seek_while`).
    pub fn restore(world: World<N>, saved: &Saved<C>) -> Result<Timeline<N, C>, RestoreError> {
        check(&world, saved)?;
        let mut timeline = Timeline::new(world);
        let begin = timeline.position();
        let first = Snapshot { position: begin, world: timeline.world.clone() };
        let mut branches: Vec<Branch<N, C>> = Vec::new();
        for branch in &saved.branches {
            let mut commands = match branch.parent {
                Some(parent) => branches[parent as usize].commands.prefix(u64::from(branch.fork.commands)),
                None => List::new(),
            };
            branch.commands.iter().for_each(|recorded| commands.push(recorded.clone()));
            branches.push(Branch {
                name: branch.name.clone(),
                parent: branch.parent.map(|parent| parent as usize),
                fork: branch.fork,
                commands,
                events: List::new(),
                recorded_index: begin.index,
                snapshots: Snapshots::new(first.clone(), timeline.policy.max),
                end: branch.end,
            });
        }
        timeline.branches = branches;
        timeline.current = saved.current as usize;
        Ok(timeline)
    }
}

fn check<N: Node, C>(world: &World<N>, saved: &Saved<C>) -> Result<(), RestoreError> {
    let branches = &saved.branches;
    if branches.is_empty() {
        return Err(RestoreError::NoBranch);
    }
    if branches.len() > BRANCHES_MAX {
        return Err(RestoreError::TooManyBranches);
    }
    if saved.current as usize >= branches.len() {
        return Err(RestoreError::NoSuchBranch { branch: saved.current });
    }
    let mut counts: Vec<u64> = Vec::new();
    for (i, branch) in branches.iter().enumerate() {
        let name = branch.name.clone();
        if name.is_empty() || branches[..i].iter().any(|other| other.name == name) {
            return Err(RestoreError::Name { name });
        }
        let parent = match branch.parent {
            Some(parent) if (parent as usize) < i => Some(parent as usize),
            None if i == 0 => None,
            _ => return Err(RestoreError::Parent { name }),
        };
        let inherited = match parent {
            Some(parent) => {
                let is_on_parent = branch.fork.order() <= branches[parent].end.order();
                if !is_on_parent || u64::from(branch.fork.commands) > counts[parent] {
                    return Err(RestoreError::Order { name, command: None });
                }
                u64::from(branch.fork.commands)
            }
            None => 0,
        };
        let count = inherited + branch.commands.len() as u64;
        if count > SESSION_COMMANDS_MAX as u64 {
            return Err(RestoreError::TooManyCommands);
        }
        check_order(world, branch, count)?;
        counts.push(count);
    }
    Ok(())
}

/// Commands follow the fork and one another, and the end follows them all.
fn check_order<N: Node, C>(world: &World<N>, branch: &SavedBranch<C>, count: u64) -> Result<(), RestoreError> {
    let error = |command| Err(RestoreError::Order { name: branch.name.clone(), command });
    let (mut index, mut at) = (branch.fork.index, branch.fork.at);
    if index < world.index() || at < world.now() {
        return error(None);
    }
    for (n, recorded) in branch.commands.iter().enumerate() {
        if recorded.index < index || recorded.at < at {
            return error(Some(n as u32));
        }
        (index, at) = (recorded.index, recorded.at);
    }
    if branch.end.index < index || branch.end.at < at || u64::from(branch.end.commands) != count {
        return error(None);
    }
    Ok(())
}
