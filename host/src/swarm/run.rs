//! One run: the plan is played, every state is checked, then all is healed and the cluster has to recover.

use std::fmt;

use base::Micros;
use cluster::Event;
use cluster::spec::{Mutant, Profile};
use session::act::Act;
use session::check::Checker;
use session::{Host, HostSpec, setup};
use sim::{Fault, Stamped, World};

use super::history::History;
use super::liveness;
use super::plan::{Plan, Reach, Scenario, Step};

/// After the healing the cluster has this long to come to rest.
const RECOVERY_MAX: Micros = Micros::from_secs(120);
/// A server that was still busy with its shutdown when all was healed is down only later: it is looked for this often.
const HEAL_EVERY: Micros = Micros::from_secs(10);
const LOOK_EVERY: Micros = Micros::from_secs(1);
/// A run that is longer than this goes round in circles.
const STEPS_MAX: u64 = 5_000_000;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `S1` to `S20`; `L` and a number for what did not recover; `lost-write` for a promise that was broken.
    pub check: &'static str,
    pub index: u64,
    pub at: Micros,
    pub detail: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EVENT={} CHECK={} at {} ms: {}", self.index, self.check, self.at.as_ms(), self.detail)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub failure: Option<Failure>,
    pub reach: Reach,
}

/// A run in progress.
struct Run {
    world: World<Host>,
    checker: Checker,
    history: History,
    reach: Reach,
    events: Vec<Stamped<Event>>,
    /// Events that have this word in them are printed.
    word: Option<String>,
}

/// Plays a plan on the cluster of a scenario. With a mutant all its servers have that one rule broken.
pub fn run(scenario: &Scenario, plan: &[(Micros, Step)], mutant: Option<Mutant>) -> Outcome {
    traced(scenario, plan, mutant, None)
}

/// The same, printing every event that has a word in it.
pub fn traced(scenario: &Scenario, plan: &[(Micros, Step)], mutant: Option<Mutant>, word: Option<String>) -> Outcome {
    let mut world = match setup::build(&scenario.spec, scenario.seed) {
        Ok(world) => world,
        Err(words) => return Outcome { failure: Some(failure_at_start(words)), reach: Reach::default() },
    };
    if let Some(mutant) = mutant {
        mutate(&mut world, mutant);
    }
    let mut run = Run {
        checker: Checker::new(&world),
        world,
        history: History::default(),
        reach: Reach::default(),
        events: Vec::new(),
        word,
    };
    let failure = run.play(scenario, plan).err();
    Outcome { failure, reach: Reach { steps: run.world.index(), ..run.reach } }
}

/// Cuts a failing plan down to what the same check needs to fail.
pub fn shrink(scenario: &Scenario, failure: &Failure, mutant: Option<Mutant>) -> Plan {
    // What comes after the failure cannot have caused it.
    let before: Plan = scenario.plan.iter().filter(|(at, _)| *at <= failure.at).cloned().collect();
    let fails =
        |plan: &[(Micros, Step)]| run(scenario, plan, mutant).failure.is_some_and(|other| other.check == failure.check);
    let whole = if fails(&before) { before } else { scenario.plan.clone() };
    sim::plan::shrink(&whole, fails)
}

/// The link with which the page opens the cluster at the moment of a failure, its plan behind it.
pub fn link(scenario: &Scenario, plan: &[(Micros, Step)], failure: &Failure) -> Result<String, String> {
    let world = setup::build(&scenario.spec, scenario.seed)?;
    let mut steps: Vec<(Micros, Step)> = plan.iter().filter(|(at, _)| *at <= failure.at).cloned().collect();
    let mut healing = scenario.healed_at;
    while healing <= failure.at {
        steps.push((healing, Step::Fault(Fault::HealAll)));
        healing += HEAL_EVERY;
    }
    // In the order of a run: at the moment of the healing the healing comes first.
    steps.sort_by_key(|(at, step)| (*at, !matches!(step, Step::Fault(Fault::HealAll))));
    let acts: Vec<(Micros, Act)> = steps.iter().map(|(at, step)| (*at, step.act(&world))).collect();
    session::session::link_to(&scenario.spec, scenario.seed, &acts, failure.at)
}

fn failure_at_start(detail: String) -> Failure {
    Failure { check: "start", index: 0, at: Micros::ZERO, detail }
}

/// The servers start once more, with another profile.
fn mutate(world: &mut World<Host>, mutant: Mutant) {
    for node in world.node_ids() {
        world.kill(node);
        match world.spec_mut(node) {
            HostSpec::Broker(spec) => spec.profile = Profile::Mutant(mutant),
            HostSpec::Controller(spec) => spec.profile = Profile::Mutant(mutant),
            HostSpec::Terminal(_) => {}
        }
        world.start(node);
    }
}

fn print_if(world: &World<Host>, stamped: &Stamped<Event>, word: &str) {
    let event = format!("{:?}", stamped.event);
    if event.contains(word) {
        println!("{:>9} ms {}: {event}", stamped.at.as_ms(), world.host_of(stamped.node).unwrap_or_default());
    }
}

impl Run {
    fn play(&mut self, scenario: &Scenario, plan: &[(Micros, Step)]) -> Result<(), Failure> {
        for (at, step) in plan.iter().filter(|(at, _)| *at < scenario.healed_at) {
            self.run_until(*at)?;
            step.apply(&mut self.world);
            self.look(&[])?;
        }
        self.run_until(scenario.healed_at)?;
        let mut rest = plan.iter().filter(|(at, _)| *at >= scenario.healed_at).peekable();
        let mut next_heal = scenario.healed_at;
        let mut open = Vec::new();
        while self.world.now() < scenario.healed_at + RECOVERY_MAX {
            if self.world.now() >= next_heal {
                self.world.apply(&Fault::HealAll);
                self.look(&[])?;
                next_heal += HEAL_EVERY;
            }
            let until = self.world.now() + LOOK_EVERY;
            while let Some((at, step)) = rest.next_if(|(at, _)| *at <= until) {
                self.run_until(*at)?;
                step.apply(&mut self.world);
                self.look(&[])?;
            }
            self.run_until(until)?;
            open = liveness::open_matters(&self.world, scenario);
            if open.is_empty() && rest.peek().is_none() {
                return self.history.judge(&self.world).map_err(|detail| self.failure("lost-write", detail));
            }
        }
        let (check, detail) = open.into_iter().next().unwrap_or(("L5", "a line waits to be typed".to_string()));
        Err(self.failure(check, format!("after {} s of health {detail}", RECOVERY_MAX.as_ms() / 1_000)))
    }

    fn run_until(&mut self, until: Micros) -> Result<(), Failure> {
        let mut events = std::mem::take(&mut self.events);
        while self.world.step(until, &mut events) {
            self.look(&events)?;
            events.clear();
            if self.world.index() > STEPS_MAX {
                return Err(self.failure("livelock", format!("more than {STEPS_MAX} events")));
            }
        }
        self.events = events;
        self.world.advance_to(until);
        Ok(())
    }

    /// Checks the state as it is now.
    fn look(&mut self, events: &[Stamped<Event>]) -> Result<(), Failure> {
        self.checker.after(&self.world, events);
        for stamped in events {
            self.reach.note(stamped);
            if let Event::BecameLeader { partition, .. } = &stamped.event
                && self.checker.has_taken_back(partition)
            {
                self.history.take_back(partition);
            }
            self.history.note(&self.world, stamped);
            if let Some(word) = &self.word {
                print_if(&self.world, stamped, word);
            }
        }
        match self.checker.first_broken() {
            None => match self.history.skipped() {
                None => Ok(()),
                Some(words) => Err(self.failure("poll-skip", words.clone())),
            },
            Some(broken) => {
                let (check, index, at, detail) = (broken.id, broken.index, broken.at, broken.detail.clone());
                Err(Failure { check, index, at, detail })
            }
        }
    }

    fn failure(&self, check: &'static str, detail: String) -> Failure {
        Failure { check, index: self.world.index(), at: self.world.now(), detail }
    }
}
