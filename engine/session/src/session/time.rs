//! Moving in time: runs, steps, seeks, branches. All in slices of kernel steps.

use base::Micros;
use shell::Terminal;
use shell::process::ClientRole;
use sim::timeline::{Goal, Position, Stop};

use super::chronicle::{index_of, said as told};
use super::{Done, Outcome, Pending, Session, nothing_runs, problem};
use crate::act::find;
use crate::host::Host;
use crate::stage::Stage;
use crate::view::has_loud_departure;

/// Kernel steps that one reply may take: a few milliseconds in the tab.
const SLICE: u64 = 8_000;
/// A command line is not waited for any longer, a consumer for instance that never ends.
const IDLE_LIMIT: Micros = Micros::from_secs(120);
/// A command that stays is left alone when it has got no further for this long.
const QUIET: Micros = Micros::from_ms(1_000);
/// So is a producer whose records nobody acknowledges: what it waits for is the person's to bring about. Its warnings,
/// one with every try, bring it no further.
const UNANSWERED: Micros = Micros::from_ms(2_500);
/// A step forward into what is not yet recorded ends after this time without an event, or beat: an idle cluster has none.
const STEP_LIMIT: Micros = Micros::from_secs(5);
const BEAT_LIMIT: Micros = Micros::from_secs(60);

/// Waiting for a command line.
#[derive(Clone, Debug)]
pub struct Idle {
    terminal: String,
    until: Micros,
    /// How far the command had got when it last got further, and when that was.
    progress: Progress,
    since: Micros,
}

/// Grows while a command gets further: lines and characters on its screen, or records that were answered.
type Progress = (u64, usize);

/// Runs for a span of time, at most so many events; `unseen` only while there is nothing to watch, and what is due at the
/// end of the span happens all the same.
pub fn run(stage: &mut Stage, us: u64, events_max: u32, unseen: bool) -> Done {
    let until = Micros(stage.now().0.saturating_add(us));
    let wanted = u64::from(events_max);
    let mut left = wanted.min(SLICE);
    let stop = stage.run_while(until, &mut |world, events| {
        left = left.saturating_sub(1);
        let is_quiet = || events.iter().all(|stamped| told(&stamped.event).is_none()) && !has_loud_departure(world);
        left > 0 && (!unseen || world.now() == until || is_quiet())
    });
    Done::more(!unseen && stop == Stop::Budget && wanted > SLICE)
}

/// The place with this event index. Beyond the end: the end.
pub fn goal(stage: &Stage, index: u64) -> Goal {
    let place = |number: u32, at: u64| at + u64::from(number) + 1;
    let mut acts = stage.timeline().commands().zip(0..).peekable();
    let (mut done, mut last) = (0, None);
    while let Some((act, number)) = acts.next_if(|(act, number)| place(*number, act.index) <= index) {
        (done, last) = (number + 1, Some(act));
    }
    if let Some(act) = last.filter(|act| place(done - 1, act.index) == index) {
        return Goal::Position(Position { index: act.index, commands: done, at: act.at });
    }
    let step = index - u64::from(done);
    match acts.peek() {
        // An act was given right after this step: what is wanted stands before it, even if no step follows.
        Some((next, number)) if next.index == step => Goal::Command(*number),
        _ => Goal::Index(step),
    }
}

impl Session {
    pub(super) fn go_on(&mut self) -> Outcome {
        match self.pending.take() {
            None => Ok(Done::answer(wire::reply::Answer::Nothing)),
            Some(Pending::Seek(goals)) => self.seek(goals),
            Some(Pending::Idle(idle)) => self.wait_for(idle),
            Some(Pending::Step { beats_only, until }) => self.step_into_the_new(beats_only, until),
        }
    }

    /// Goes to one place after the other; the last is where it ends.
    pub(super) fn seek(&mut self, goals: Vec<Goal>) -> Outcome {
        let running = self.running.as_mut().ok_or_else(nothing_runs)?;
        for (at, goal) in goals.iter().enumerate() {
            match running.stage.seek(*goal, SLICE) {
                Ok(true) => {}
                Ok(false) => {
                    self.pending = Some(Pending::Seek(goals[at..].to_vec()));
                    return Ok(Done::more(true));
                }
                Err(words) => {
                    if let Some(replaced) = self.replaced.take() {
                        self.take_over(replaced);
                    }
                    return Err(cannot_go(words));
                }
            }
        }
        self.replaced = None;
        Ok(Done::changed())
    }

    pub(super) fn switch(&mut self, name: &str) -> Outcome {
        let running = self.running.as_mut().ok_or_else(nothing_runs)?;
        let at = Goal::Time(running.stage.now());
        running.stage.switch(name, SLICE).map_err(cannot_go)?;
        let timeline = running.stage.timeline();
        // Of a branch that came with a link nothing is known until it was played once.
        let is_known = timeline.known_index() >= timeline.end().index;
        self.seek(if is_known { vec![at] } else { vec![Goal::End, at] })
    }

    pub(super) fn undo(&mut self) -> Outcome {
        let running = self.running.as_mut().ok_or_else(nothing_runs)?;
        match running.stage.timeline().position().commands.checked_sub(1) {
            Some(last) => self.seek(vec![Goal::Command(last)]),
            None => Err(problem("There is nothing to take back", vec!["You have not done anything yet.".to_string()])),
        }
    }

    pub(super) fn redo(&mut self) -> Outcome {
        let running = self.running.as_mut().ok_or_else(nothing_runs)?;
        let timeline = running.stage.timeline();
        let done = timeline.position().commands;
        let next = timeline.commands().nth(done as usize);
        let Some(act) = next else {
            let words = "Nothing that was taken back lies ahead on this branch.";
            return Err(problem("There is nothing to do again", vec![words.to_string()]));
        };
        let after = Position { index: act.index, commands: done + 1, at: act.at };
        self.seek(vec![Goal::Position(after)])
    }

    pub(super) fn step(&mut self, forward: bool, beats_only: bool) -> Outcome {
        let running = self.running.as_mut().ok_or_else(nothing_runs)?;
        let here = index_of(running.stage.timeline().position());
        if let Some(index) = self.chronicle.neighbour(here, forward, beats_only) {
            let goal = goal(&running.stage, index);
            return self.seek(vec![goal]);
        }
        if !forward {
            return self.seek(vec![Goal::Index(0)]);
        }
        let until = running.stage.now() + if beats_only { BEAT_LIMIT } else { STEP_LIMIT };
        // What is recorded ahead has no event with words: its end is where something new can happen.
        if !running.stage.timeline().is_at_end() && !running.stage.seek(Goal::End, SLICE).map_err(cannot_go)? {
            self.pending = Some(Pending::Step { beats_only, until });
            return Ok(Done::more(true));
        }
        self.step_into_the_new(beats_only, until)
    }

    fn step_into_the_new(&mut self, beats_only: bool, until: Micros) -> Outcome {
        let running = self.running.as_mut().ok_or_else(nothing_runs)?;
        let (mut left, mut found) = (SLICE, false);
        let stop = running.stage.run_while(until, &mut |_, events| {
            left -= 1;
            let mut said = events.iter().filter_map(|stamped| told(&stamped.event));
            found = said.any(|said| said.beat || !beats_only);
            !found && left > 0
        });
        let more = stop == Stop::Budget && !found;
        if more {
            self.pending = Some(Pending::Step { beats_only, until });
        }
        Ok(Done::more(more))
    }

    pub(super) fn run_until_idle(&mut self, terminal: &str) -> Outcome {
        let running = self.running.as_mut().ok_or_else(nothing_runs)?;
        let stage = &running.stage;
        let Some(state) = look(stage, terminal) else {
            return Err(problem("This cannot be done now", vec![format!("there is no terminal {terminal}")]));
        };
        let (progress, since) = (progress(state), stage.now());
        self.wait_for(Idle { terminal: terminal.to_string(), until: since + IDLE_LIMIT, progress, since })
    }

    fn wait_for(&mut self, mut idle: Idle) -> Outcome {
        /// How often the terminal is looked at.
        const LOOK: Micros = Micros::from_ms(20);
        let running = self.running.as_mut().ok_or_else(nothing_runs)?;
        let stage = &mut running.stage;
        let mut left = SLICE;
        while !idle.is_over(stage) {
            if left == 0 {
                self.pending = Some(Pending::Idle(idle));
                return Ok(Done::more(true));
            }
            let until = stage.now() + LOOK;
            stage.run_while(until, &mut |_, _| {
                left = left.saturating_sub(1);
                left > 0
            });
        }
        Ok(Done::changed())
    }
}

impl Idle {
    /// The command has ended, or it stays and has become quiet, or it takes too long.
    fn is_over(&mut self, stage: &Stage) -> bool {
        let now = stage.now();
        let Some(terminal) = look(stage, &self.terminal) else { return true };
        if terminal.running().is_none() || now >= self.until {
            return true;
        }
        let progress = progress(terminal);
        if progress != self.progress {
            (self.progress, self.since) = (progress, now);
        }
        let clients = terminal.clients();
        // Tools that administer end by themselves, and so does a producer whose input is a file or a pipe.
        let consumes = clients.iter().any(|(_, _, client)| client.role == ClientRole::Consumer);
        let waits = clients.iter().any(|(_, _, client)| client.waiting > 0);
        let quiet = if waits { UNANSWERED } else { QUIET };
        (consumes || waits || terminal.reads_input()) && now >= self.since + quiet
    }
}

fn look<'a>(stage: &'a Stage, terminal: &str) -> Option<&'a Terminal> {
    match stage.world().node(find(stage.world(), terminal)?) {
        Some(Host::Terminal(terminal)) => Some(terminal),
        _ => None,
    }
}

fn progress(terminal: &Terminal) -> Progress {
    let producer = terminal.clients().into_iter().find(|(_, _, client)| client.role == ClientRole::Producer);
    if let Some((_, _, client)) = producer {
        return (client.acked + client.failed, client.sent as usize);
    }
    let lines = terminal.screen().lines().last().map_or(0, |(number, _)| u64::from(number) + 1);
    (lines, terminal.screen().open_line().len())
}

fn cannot_go(words: String) -> wire::Problem {
    problem("The history cannot be followed there", vec![words])
}
