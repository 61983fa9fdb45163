//! Moving along a branch: forward through what is recorded and beyond, and to any place in it.

use base::Micros;

use crate::node::Node;
use crate::timeline::snapshots::Snapshot;
use crate::timeline::{Apply, Position, Refused, Timeline};
use crate::world::{Event, Stamped, World};

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is where it was to go.
    Reached,
    /// The caller wanted it to stop; the same call again goes on.
    Budget,
    /// The recorded command with this number cannot be given where it was given: the log belongs to another world or
    /// another version. The position is the last that both agree on.
    Diverged { command: u32 },
}

/// Where a seek goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Right after this step, before any command that was given between it and the next. From the last recorded step on:
    /// the very end.
    Index(u64),
    /// All that happened up to this virtual time, commands included. Not beyond the end.
    Time(Micros),
    /// Right before the command with this number on the branch (from 0); from their count on: the very end.
    Command(u32),
    /// Exactly a place of this branch where the world stood before: its steps, its commands and its time.
    Position(Position),
    /// The end of what is recorded.
    End,
}

enum Moved {
    Command,
    Step,
    /// Nothing is due in time.
    Nothing,
    Diverged,
}

impl<N: Node, C: Apply<N>> Timeline<N, C> {
    /// Runs until all that is due at `at` or before has happened, and lets time pass until then. Recorded commands are
    /// given where they were given; behind the recorded end the world goes on by itself and history grows.
    pub fn run_until(&mut self, at: Micros) -> Stop {
        self.run_while(at, |_, _| true)
    }

    /// Like `run_until`, but looks after every step whether to go on: for a time budget, and for checks that must see
    /// every state. `go_on` gets the world after the step and the events of the step.
    pub fn run_while(&mut self, until: Micros, mut go_on: impl FnMut(&World<N>, &[Stamped<Event<N>>]) -> bool) -> Stop {
        self.run_asking(until, &mut go_on)
    }

    /// The loop of `run_while` is there once, whoever asks.
    fn run_asking(&mut self, until: Micros, go_on: &mut dyn FnMut(&World<N>, &[Stamped<Event<N>>]) -> bool) -> Stop {
        loop {
            let is_wanted = match self.advance(until) {
                Moved::Step => {
                    let is_wanted = go_on(&self.world, &self.fresh);
                    self.settle();
                    is_wanted
                }
                Moved::Command => go_on(&self.world, &[]),
                Moved::Nothing => {
                    self.world.advance_to(until);
                    self.extend_end();
                    return Stop::Reached;
                }
                Moved::Diverged => return Stop::Diverged { command: self.commands_done },
            };
            if !is_wanted {
                return Stop::Budget;
            }
        }
    }

    /// Does up to `steps` steps, whenever they are due. Returns how many; fewer means that nothing more is to happen.
    pub fn run_steps(&mut self, steps: u64) -> u64 {
        let mut done = 0;
        while done < steps {
            match self.advance(Micros::MAX) {
                Moved::Step => {
                    self.settle();
                    done += 1;
                }
                Moved::Command => {}
                Moved::Nothing | Moved::Diverged => break,
            }
        }
        done
    }

    /// Goes right after step `index`; see [`Goal::Index`].
    pub fn seek(&mut self, index: u64) -> Stop {
        self.seek_while(Goal::Index(index), |_| true)
    }

    pub fn seek_time(&mut self, at: Micros) -> Stop {
        self.seek_while(Goal::Time(at), |_| true)
    }

    /// Takes the last command back: goes right before it. Nothing is lost; `redo` gives it again, and another command
    /// instead starts a branch. `false` if there is none.
    pub fn undo(&mut self) -> bool {
        let Some(command) = self.commands_done.checked_sub(1) else { return false };
        self.seek_while(Goal::Command(command), |_| true) == Stop::Reached
    }

    /// Goes right after the next recorded command. `false` if there is none.
    pub fn redo(&mut self) -> bool {
        let target = self.commands_done + 1;
        if u64::from(target) > self.branch().commands.len() {
            return false;
        }
        loop {
            match self.advance(Micros::MAX) {
                Moved::Command if self.commands_done == target => return true,
                Moved::Command => {}
                Moved::Step => self.settle(),
                Moved::Nothing | Moved::Diverged => return false,
            }
        }
    }

    /// Makes another branch the current one, at the same virtual time, so that two paths can be compared; at its end, if
    /// that is earlier.
    pub fn switch(&mut self, name: &str) -> Result<Stop, Refused> {
        self.switch_while(name, |_| true)
    }

    /// Like `switch`, under a budget: after `Budget`, go on with `seek_while` to the time of before.
    pub fn switch_while(&mut self, name: &str, go_on: impl FnMut(&World<N>) -> bool) -> Result<Stop, Refused> {
        let branch = self.find(name).ok_or_else(|| Refused::UnknownBranch(name.to_string()))?;
        if branch == self.current {
            return Ok(Stop::Reached);
        }
        let at = self.world.now();
        self.current = branch;
        self.warm.clear();
        let first = self.branch().snapshots.latest(|_| false);
        (self.world, self.commands_done) = (first.world.clone(), first.position.commands);
        Ok(self.seek_while(Goal::Time(at), go_on))
    }

    /// Goes to a place on the current branch: from the nearest snapshot, or from here if that is nearer, by replay.
    /// `go_on` is asked after every step of the replay; after `Budget` the same call again goes on.
    pub fn seek_while(&mut self, goal: Goal, mut go_on: impl FnMut(&World<N>) -> bool) -> Stop {
        self.seek_asking(goal, &mut go_on)
    }

    fn seek_asking(&mut self, goal: Goal, go_on: &mut dyn FnMut(&World<N>) -> bool) -> Stop {
        let goal = self.clamp(goal);
        self.jump(goal);
        let target = self.expected_index(goal);
        loop {
            if self.is_reached(goal) {
                self.arrive(goal);
                return Stop::Reached;
            }
            let until = if let Goal::Time(at) = goal { at } else { Micros::MAX };
            match self.advance(until) {
                Moved::Step => {
                    self.settle();
                    self.keep_warm(target);
                }
                Moved::Command => {}
                Moved::Nothing => {
                    self.arrive(goal);
                    return Stop::Reached;
                }
                Moved::Diverged => return Stop::Diverged { command: self.commands_done },
            }
            if !go_on(&self.world) {
                return Stop::Budget;
            }
        }
    }

    /// Does the next thing that is due at or before `until`: a recorded command, or a step, whose events are then in
    /// `fresh` until `settle` takes them over.
    fn advance(&mut self, until: Micros) -> Moved {
        let branch = &self.branches[self.current];
        if let Some(next) = branch.commands.get(u64::from(self.commands_done)) {
            let due = self.world.next_at();
            if next.index == self.world.index() {
                // All that came due earlier had happened when the command was given.
                if next.at < self.world.now() || due.is_some_and(|due| due < next.at) {
                    return Moved::Diverged;
                }
                if next.at > until {
                    return Moved::Nothing;
                }
                let command = next.command.clone();
                self.world.advance_to(next.at);
                self.take_snapshot();
                command.apply(&mut self.world);
                self.commands_done += 1;
                self.extend_end();
                return Moved::Command;
            }
            if next.index < self.world.index() || due.is_none_or(|due| due > next.at) {
                return Moved::Diverged;
            }
        }
        if self.world.step(until, &mut self.fresh) { Moved::Step } else { Moved::Nothing }
    }

    /// What follows every step: its events are recorded if they are new, the end moves, a snapshot may be due.
    fn settle(&mut self) {
        self.record_fresh();
        self.extend_end();
        if self.world.index().is_multiple_of(self.policy.every.max(1)) {
            self.take_snapshot();
        }
    }

    fn clamp(&self, goal: Goal) -> Goal {
        let end = self.branch().end;
        match goal {
            Goal::Index(index) if index >= end.index => Goal::End,
            Goal::Time(at) if at >= end.at => Goal::End,
            Goal::Command(command) if u64::from(command) >= self.branch().commands.len() => Goal::End,
            Goal::Position(place) if place.order() > end.order() => Goal::End,
            goal => goal,
        }
    }

    /// The world is set to the last snapshot at or before the goal, unless it stands nearer already.
    fn jump(&mut self, goal: Goal) {
        let is_before = |position: &Position| self.is_at_or_before(*position, goal);
        let cold = self.branch().snapshots.latest(is_before);
        let best = self.warm.iter().filter(|snapshot| is_before(&snapshot.position));
        let best = best.chain([&**cold]).max_by_key(|snapshot| snapshot.position.order());
        let here = self.position();
        let Some(best) = best else { return };
        if !is_before(&here) || here.order() < best.position.order() {
            (self.world, self.commands_done) = (best.world.clone(), best.position.commands);
        }
    }

    fn is_at_or_before(&self, position: Position, goal: Goal) -> bool {
        match goal {
            Goal::Index(index) => position.order() <= (index, self.commands_before(index)),
            Goal::Time(at) => position.at <= at,
            Goal::Command(command) => position.commands < command || self.is_before_command(position, command),
            Goal::Position(place) => position.order() <= place.order() && position.at <= place.at,
            Goal::End => {
                let end = self.branch().end;
                position.order() <= end.order() && position.at <= end.at
            }
        }
    }

    /// With all earlier commands done, but not past the place where this one is given.
    fn is_before_command(&self, position: Position, command: u32) -> bool {
        let next = self.branch().commands.get(u64::from(command));
        position.commands == command && next.is_none_or(|next| position.index <= next.index && position.at <= next.at)
    }

    /// Commands that were given before step `index` was done.
    fn commands_before(&self, index: u64) -> u32 {
        self.branch().commands.partition_point(|recorded| recorded.index < index) as u32
    }

    fn is_reached(&self, goal: Goal) -> bool {
        let here = self.position();
        match goal {
            Goal::Index(index) => here.index >= index,
            // Whether anything more is due in time, `advance` knows best.
            Goal::Time(_) => here.order() >= self.branch().end.order(),
            Goal::Command(command) => {
                let next = self.branch().commands.get(u64::from(command));
                here.commands == command && next.is_some_and(|next| here.index == next.index)
            }
            Goal::Position(place) => here.order() >= place.order(),
            Goal::End => here.order() >= self.branch().end.order(),
        }
    }

    /// Time that passes at the goal without an event.
    fn arrive(&mut self, goal: Goal) {
        let at = match goal {
            Goal::Index(_) => return,
            Goal::Time(at) => at,
            Goal::Position(place) => place.at,
            Goal::Command(command) => match self.branch().commands.get(u64::from(command)) {
                Some(next) => next.at,
                None => return,
            },
            Goal::End => self.branch().end.at,
        };
        if at > self.world.now() && self.world.next_at().is_none_or(|due| due >= at) {
            self.world.advance_to(at);
        }
    }

    /// The step index at the goal, as far as it can be told before the replay.
    fn expected_index(&self, goal: Goal) -> u64 {
        let end = self.branch().end.index;
        match goal {
            Goal::Index(index) => index,
            Goal::Time(at) => {
                // The last recorded event in time; most steps emit something.
                let events = &self.branch().events;
                let after = events.partition_point(|event| event.at <= at);
                after.checked_sub(1).and_then(|last| events.get(last)).map_or(end, |event| event.index)
            }
            Goal::Command(command) => {
                self.branch().commands.get(u64::from(command)).map_or(end, |recorded| recorded.index)
            }
            Goal::Position(place) => place.index,
            Goal::End => end,
        }
    }

    /// Snapshots at 512, 256, ... 16 steps before the target of a seek: who steps back once does so again.
    fn keep_warm(&mut self, target: u64) {
        const WARM_MAX: usize = 8;
        let Some(before) = target.checked_sub(self.world.index()) else { return };
        if !(before.is_power_of_two() && (16..=512).contains(&before)) {
            return;
        }
        let position = self.position();
        if self.warm.iter().any(|snapshot| snapshot.position == position) {
            return;
        }
        if self.warm.len() == WARM_MAX {
            self.warm.remove(0);
        }
        self.warm.push(Snapshot { position, world: self.world.clone() });
    }
}
