//! A running cluster with its history: acts are done and recorded, time passes, terminals speak.

use base::{Map, Micros};

use cluster::Event;
use cluster::broker::BrokerState;
use sim::timeline::{Goal, Position, Refused, Saved, Stop, Timeline};
use sim::{Stamped, World};
use wire::command::ClusterSpec;
use wire::reply::SeriesView;

use crate::act::{Act, find};
use crate::check::Checker;
use crate::host::Host;
use crate::player::Place;
use crate::recorder::Recorder;
use crate::setup;

/// Virtual time after which a cluster that is not ready is told to be so in words.
const BOOT_MAX: Micros = Micros::from_secs(60);
/// Between two looks at whether the cluster is ready.
const BOOT_STEP: Micros = Micros::from_ms(100);

/// What a terminal said since it was last asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    /// How the last command ended, if one did.
    pub exit: Option<i32>,
}

/// Where a server stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    Down,
    Starting,
    Ready,
}

#[derive(Clone, Debug)]
pub struct Stage {
    timeline: Timeline<Host, Act>,
    checker: Checker,
    recorder: Recorder,
    said: Map<String, Said>,
    /// Ordinal of the first event that was not looked at yet.
    next_event: u64,
}

impl Stage {
    /// A cluster with every broker serving.
    pub fn boot(spec: &ClusterSpec, seed: u64) -> Result<Stage, String> {
        let mut stage = Stage::of(Timeline::new(setup::build(spec, seed)?));
        let brokers: Vec<String> = (1..=spec.brokers).map(|id| format!("b{id}")).collect();
        while brokers.iter().any(|host| stage.readiness(host) != Readiness::Ready) {
            if stage.now() >= BOOT_MAX {
                return Err(format!("the cluster was not ready after {} s", BOOT_MAX.as_ms() / 1_000));
            }
            stage.run_for(BOOT_STEP);
        }
        Ok(stage)
    }

    /// A cluster with a recorded history, at its beginning; `seek` goes to where it was left. The error says which part
    /// of the history cannot be.
    pub fn restore(spec: &ClusterSpec, seed: u64, saved: &Saved<Act>) -> Result<Stage, String> {
        let world = setup::build(spec, seed)?;
        Timeline::restore(world, saved).map(Stage::of).map_err(|error| error.to_string())
    }

    fn of(timeline: Timeline<Host, Act>) -> Stage {
        let checker = Checker::new(timeline.world());
        Stage { timeline, checker, recorder: Recorder::default(), said: Map::new(), next_event: 0 }
    }

    pub fn world(&self) -> &World<Host> {
        self.timeline.world()
    }

    /// What the invariant checker says of the world up to here.
    pub fn checker(&self) -> &Checker {
        &self.checker
    }

    /// Kafka's metrics over the time of the current branch, as far as it was ever played.
    pub fn series(&self) -> Vec<SeriesView> {
        self.recorder.series()
    }

    /// The history that the world is a moment of.
    pub fn timeline(&self) -> &Timeline<Host, Act> {
        &self.timeline
    }

    /// Goes to a place where the world stood before, on the branch with that number.
    pub fn go_to(&mut self, branch: u32, position: Position) -> Result<(), String> {
        let name = self.timeline.branches().nth(branch as usize).map(|branch| branch.name.to_string());
        let Some(name) = name else { return Err(format!("there is no branch number {branch}")) };
        if name != self.timeline.current_branch() {
            self.timeline.switch(&name).map_err(|refused| refused.to_string())?;
        }
        self.seek(Goal::Position(position), u64::MAX).map(|_| ())
    }

    /// Goes to a place of the current branch, by replay of at most `steps_max` steps. `false`: the same call goes on.
    pub fn seek(&mut self, goal: Goal, steps_max: u64) -> Result<bool, String> {
        let mut left = steps_max;
        let recorder = &mut self.recorder;
        recorder.follow(&self.timeline, Place::here(&self.timeline).branch);
        let stop = self.timeline.seek_while(goal, |world| {
            recorder.look(world);
            left -= 1;
            left > 0
        });
        self.arrive(stop)
    }

    /// Makes another branch the current one, at the same virtual time. `false`: `seek` to that time goes on.
    pub fn switch(&mut self, name: &str, steps_max: u64) -> Result<bool, String> {
        let mut left = steps_max;
        let recorder = &mut self.recorder;
        if let Some(branch) = self.timeline.branches().position(|branch| branch.name == name) {
            recorder.follow(&self.timeline, branch as u32);
        }
        let stop = self.timeline.switch_while(name, |world| {
            recorder.look(world);
            left -= 1;
            left > 0
        });
        let stop = stop.map_err(|refused| refused.to_string())?;
        self.arrive(stop)
    }

    /// Makes the position the start of a branch; an empty name is filled in.
    pub fn fork(&mut self, name: &str) -> Result<(), String> {
        self.timeline.fork(name).map_err(|refused| refused.to_string())
    }

    pub fn now(&self) -> Micros {
        self.world().now()
    }

    /// What the page shows and compares: [`World::fingerprint`].
    pub fn digest(&self) -> u64 {
        self.world().fingerprint()
    }

    /// Does an act now and records it. Refused acts change nothing.
    pub fn act(&mut self, act: Act) -> Result<(), String> {
        act.check(self.world())?;
        let done = self.timeline.do_now(act).map_err(|refused: Refused| refused.to_string())?;
        if done.is_fork {
            self.next_event = self.timeline.event_count();
        }
        self.checker.after(self.timeline.world(), &[]);
        self.recorder.follow(&self.timeline, Place::here(&self.timeline).branch);
        self.recorder.look(self.timeline.world());
        self.run_for(Micros::ZERO);
        Ok(())
    }

    /// Lets virtual time pass.
    pub fn run_for(&mut self, span: Micros) {
        let until = self.now() + span;
        self.run_while(until, &mut |_, _| true);
    }

    /// Lets time pass until `until`, looking after every step whether to go on. Every step is checked.
    pub fn run_while(&mut self, until: Micros, go_on: &mut dyn FnMut(&World<Host>, &[Stamped<Event>]) -> bool) -> Stop {
        let (checker, recorder) = (&mut self.checker, &mut self.recorder);
        recorder.follow(&self.timeline, Place::here(&self.timeline).branch);
        let stop = self.timeline.run_while(until, |world, events| {
            checker.after(world, events);
            recorder.look(world);
            go_on(world, events)
        });
        self.listen();
        stop
    }

    /// Takes what a terminal said since the last call.
    pub fn take_said(&mut self, terminal: &str) -> Said {
        self.said.remove(terminal).unwrap_or_default()
    }

    /// Bytes that a terminal said and nobody took yet.
    pub fn said_bytes(&self, terminal: &str) -> usize {
        self.said.get(terminal).map_or(0, |said| said.text.len())
    }

    pub fn is_busy(&self, terminal: &str) -> bool {
        let node = find(self.world(), terminal).and_then(|node| self.world().node(node));
        matches!(node, Some(Host::Terminal(terminal)) if terminal.running().is_some())
    }

    pub fn readiness(&self, host: &str) -> Readiness {
        let Some(node) = find(self.world(), host) else { return Readiness::Down };
        match self.world().node(node) {
            None => Readiness::Down,
            Some(Host::Broker(broker)) if broker.state() != BrokerState::Running => Readiness::Starting,
            Some(_) => Readiness::Ready,
        }
    }

    /// After a jump: what is remembered belongs to another place.
    fn arrive(&mut self, stop: Stop) -> Result<bool, String> {
        self.next_event = self.timeline.event_count();
        self.checker.rewind(self.timeline.world());
        match stop {
            Stop::Reached => Ok(true),
            Stop::Budget => Ok(false),
            Stop::Diverged { command } => {
                Err(format!("the history cannot be played again: command {command} does not fit this engine"))
            }
        }
    }

    fn listen(&mut self) {
        let end = self.timeline.event_count();
        for (_, stamped) in self.timeline.events_by_ordinal(self.next_event..end) {
            match &stamped.event {
                Event::Output { terminal, text } => {
                    self.said.entry(terminal.clone()).or_default().text.push_str(text);
                }
                Event::CommandEnded { terminal, exit, .. } => {
                    self.said.entry(terminal.clone()).or_default().exit = Some(*exit);
                }
                _ => {}
            }
        }
        self.next_event = end;
    }
}
