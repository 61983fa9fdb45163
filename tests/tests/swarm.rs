//! Whole clusters under random faults: nothing that Kafka promises breaks, and every rule that is broken on purpose is
//! noticed. Longer runs, and single seeds again: `cargo oz swarm --help`.

use base::Micros;
use cluster::spec::Mutant;
use oz::swarm::{Failure, Reach, Scenario, Tally, link, many, report};
use session::{Host, Session, setup};
use sim::World;
use wire::{Command, Request};

/// Two at a time: each run is one thread's work, and the machines of the build have two cores.
const THREADS: usize = 2;
const SEEDS: u64 = 256;
/// A rule that is broken is noticed within this many seeds. When this was written the last of them was
/// `UnfencedAlterPartition` at seed 66; `UnfencedFetch` at 38, `ForgottenEpochStart` at 0.
const MUTANT_SEEDS: u64 = 200;
/// Seeds of long runs that found a fault, of the engine (1207: metadata that is known already ended a pending change of the
/// ISR) or of what judges it (all others).
const ONCE_BROKEN: [u64; 9] = [420, 532, 1207, 1239, 4759, 7481, 7954, 12738, 13278];

#[test]
fn no_seed_breaks_an_invariant_and_every_cluster_recovers() {
    let tally = many(0, SEEDS, THREADS, None, |_, tally| tally.failures.len() < 3);
    println!("{}", tally.reach);
    for (seed, failure) in &tally.failures {
        println!("{}", report(*seed, failure, None));
    }
    let lines: Vec<String> = tally.failures.iter().map(|(seed, failure)| format!("SEED={seed} {failure}")).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    assert_eq!(tally.runs, SEEDS);
    assert_worth_it(&tally.reach);
}

#[test]
fn what_was_broken_once_holds() {
    for seed in ONCE_BROKEN {
        let tally = many(seed, 1, 1, None, |_, _| true);
        assert!(
            tally.failures.is_empty(),
            "{}",
            tally.failures.iter().map(|(seed, f)| report(*seed, f, None)).collect::<String>()
        );
    }
}

/// A swarm that reaches nothing proves nothing.
fn assert_worth_it(reach: &Reach) {
    let Reach { steps, acked, consumed, elections, unclean_elections, isr_shrinks, isr_expansions, .. } = *reach;
    let counts = [steps, acked, consumed, elections, unclean_elections, isr_shrinks, isr_expansions];
    assert!(counts.iter().all(|count| *count > 0) && reach.truncations > 0 && reach.refused > 0, "{reach}");
}

#[test]
fn the_link_of_a_failure_opens_the_moment_of_the_failure() {
    let (seed, failure) = first_failure(Mutant::AckBeforeReplication).expect("it is noticed");
    let scenario = Scenario::draw(seed);
    // The page's servers keep their rules; what is compared is the way to the moment, up to the last thing that was done.
    let until = scenario.healed_at.min(failure.at);
    let begin = Failure { at: until, ..failure };
    let fragment = link(&scenario, &scenario.plan, &begin).expect("it is short enough");
    let mut session = Session::new();
    let mut reply = session.handle(Request { seq: 1, command: Command::Import { fragment, preview: false } });
    assert_eq!(reply.problem, None);
    while reply.more {
        reply = session.handle(Request { seq: 2, command: Command::Continue });
    }
    assert_eq!(reply.problem, None);
    assert_eq!(reply.now_us, until.0);
    // The same world as that of a run with the same plan, to the bit.
    let mut world = setup::build(&scenario.spec, seed).expect("a sound spec");
    for (at, step) in scenario.plan.iter().filter(|(at, _)| *at <= until) {
        go(&mut world, *at);
        step.apply(&mut world);
    }
    go(&mut world, until);
    let told = session.handle(Request { seq: 3, command: Command::Digest });
    assert_eq!((session.world_digest(), told.digest), (world.digest(), world.fingerprint()));
}

fn go(world: &mut World<Host>, until: Micros) {
    let mut events = Vec::new();
    while world.step(until, &mut events) {
        events.clear();
    }
    world.advance_to(until);
}

#[test]
fn every_broken_rule_is_noticed() {
    let mut unnoticed = Vec::new();
    for mutant in Mutant::ALL {
        match first_failure(mutant) {
            Some((seed, failure)) => println!("{mutant:?}: SEED={seed} {failure}"),
            None => unnoticed.push(mutant),
        }
    }
    assert_eq!(unnoticed, [], "not noticed within {MUTANT_SEEDS} seeds");
}

fn first_failure(mutant: Mutant) -> Option<(u64, Failure)> {
    let found = |_: u64, tally: &Tally| tally.failures.is_empty();
    many(0, MUTANT_SEEDS, THREADS, Some(mutant), found).failures.into_iter().next()
}
