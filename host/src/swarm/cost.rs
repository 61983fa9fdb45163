//! What the invariant checker costs: the same runs without it and with it.

use std::time::{Duration, Instant};

use session::check::Checker;
use session::setup;
use wire::command::ClusterSpec;

use super::plan::Scenario;

/// Events, and the time that they took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub events: u64,
    pub plain: Duration,
    pub checked: Duration,
}

impl Cost {
    /// Nanoseconds an event, without and with the checker.
    pub fn ns_per_event(&self) -> (u64, u64) {
        let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX) / self.events.max(1);
        (ns(self.plain), ns(self.checked))
    }
}

/// Plays the first `seeds` scenarios twice each, up to their healing. `config` is added to each cluster's own.
pub fn measure(seeds: u64, config: &[(&str, &str)]) -> Result<Cost, String> {
    let mut cost = Cost::default();
    for seed in 0..seeds {
        let mut scenario = Scenario::draw(seed);
        let add = |(key, value): &(&str, &str)| (None, (*key).to_string(), (*value).to_string());
        scenario.spec.config.extend(config.iter().map(add));
        let (events, plain) = play(&scenario, &scenario.spec, false)?;
        let (_, checked) = play(&scenario, &scenario.spec, true)?;
        cost.events += events;
        cost.plain += plain;
        cost.checked += checked;
    }
    Ok(cost)
}

fn play(scenario: &Scenario, spec: &ClusterSpec, is_checked: bool) -> Result<(u64, Duration), String> {
    let started = Instant::now();
    let mut world = setup::build(spec, scenario.seed)?;
    let mut checker = Checker::new(&world);
    let mut events = Vec::new();
    for (at, step) in &scenario.plan {
        while world.step(*at, &mut events) {
            if is_checked {
                checker.after(&world, &events);
            }
            events.clear();
        }
        world.advance_to(*at);
        step.apply(&mut world);
    }
    Ok((world.index(), started.elapsed()))
}
