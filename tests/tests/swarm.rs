//! Whole clusters under random faults: nothing that Kafka promises breaks, and every rule that is broken on purpose is
//! noticed. Longer runs, and single seeds again: `cargo oz swarm --help`.

use cluster::spec::Mutant;
use oz::swarm::{Failure, Reach, Tally, many, report};

/// Two at a time: each run is one thread's work, and the machines of the build have two cores.
const THREADS: usize = 2;
const SEEDS: u64 = 256;
/// A rule that is broken is noticed within this many seeds.
const MUTANT_SEEDS: u64 = 200;

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

/// A swarm that reaches nothing proves nothing.
fn assert_worth_it(reach: &Reach) {
    let Reach { steps, acked, consumed, elections, unclean_elections, isr_shrinks, isr_expansions, .. } = *reach;
    let counts = [steps, acked, consumed, elections, unclean_elections, isr_shrinks, isr_expansions];
    assert!(counts.iter().all(|count| *count > 0) && reach.truncations > 0 && reach.refused > 0, "{reach}");
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
