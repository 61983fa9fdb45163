//! `oz swarm`: whole clusters under random faults, with the invariants checked after every kernel event.
//!
//! A seed draws a cluster, topics, clients that type real command lines, and a plan of faults. The run has two phases:
//! until the healing nothing may break (safety); after it the cluster must come to rest within two virtual minutes, with
//! every record that was promised (liveness). A failure is one line, with the plan cut down to what it needs.
//!
//! ```text
//! SEED=17 EVENT=48211 CHECK=S2 topic-1-0: broker 2, leader in epoch 3, shows offset 7 as committed; ...
//! ```

pub mod cost;
mod history;
mod liveness;
mod plan;
mod run;
mod workload;

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use cluster::spec::Mutant;

pub use plan::{Plan, Reach, Scenario, Step, from_text, to_text};
pub use run::{Failure, link, run, shrink};

/// What many seeds showed.
#[derive(Debug, Default)]
pub struct Tally {
    pub runs: u64,
    pub reach: Reach,
    /// In the order of their seeds.
    pub failures: Vec<(u64, Failure)>,
}

/// Runs the seeds `from..from + count` on `threads` threads. `on_run` is told of each run; when it says no, no further
/// seed begins.
pub fn many(
    from: u64,
    count: u64,
    threads: usize,
    mutant: Option<Mutant>,
    on_run: impl Fn(u64, &Tally) -> bool + Sync,
) -> Tally {
    let next = AtomicU64::new(from);
    let goes_on = AtomicBool::new(true);
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while goes_on.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + count {
                        break;
                    }
                    let scenario = Scenario::draw(seed);
                    let outcome = run(&scenario, &scenario.plan, mutant);
                    let Ok(mut tally) = tally.lock() else { break };
                    tally.runs += 1;
                    tally.reach.add(&outcome.reach);
                    tally.failures.extend(outcome.failure.map(|failure| (seed, failure)));
                    if !on_run(seed, &tally) {
                        goes_on.store(false, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut tally = tally.into_inner().unwrap_or_default();
    tally.failures.sort_by_key(|(seed, _)| *seed);
    tally
}

/// A failure as it is reported: the line, the plan cut down, and how to run it again.
pub fn report(seed: u64, failure: &Failure, mutant: Option<Mutant>) -> String {
    let scenario = Scenario::draw(seed);
    let small = shrink(&scenario, failure, mutant);
    // The shorter plan fails at another moment.
    let again = run(&scenario, &small, mutant).failure.unwrap_or_else(|| failure.clone());
    // With a mutant the page's servers, which keep their rules, would show something else.
    let link = match (mutant, link(&scenario, &small, &again)) {
        (None, Ok(fragment)) => format!("  in the page: #{fragment}\n"),
        (None, Err(words)) => format!("  no link: {words}\n"),
        (Some(_), _) => String::new(),
    };
    let topics: Vec<String> = scenario.topics.iter().map(|topic| format!("{topic:?}")).collect();
    format!(
        "SEED={seed} {failure}\n  cluster: {:?}\n  {}\n  plan, cut down from {} steps to {}:\n{}  again: cargo oz swarm \
         --from {seed} --seeds 1; with a plan of its own: cargo oz swarm --from {seed} --plan FILE\n{link}",
        scenario.spec.config,
        topics.join("\n  "),
        scenario.plan.len(),
        small.len(),
        to_text(&small).lines().map(|line| format!("    {line}\n")).collect::<String>(),
    )
}

/// `oz swarm`: prints what fails, and the counts at the end. True when nothing failed.
pub fn swarm(from: u64, count: u64, threads: usize) -> Result<bool, String> {
    let started = Instant::now();
    let is_terminal = std::io::stderr().is_terminal();
    let tally = many(from, count, threads, None, |seed, tally| {
        let is_failure = tally.failures.last().is_some_and(|(failed, _)| *failed == seed);
        let line = format!(
            "{} of {count} seeds, {} failed, {} s",
            tally.runs,
            tally.failures.len(),
            started.elapsed().as_secs()
        );
        if is_failure && let Some((seed, failure)) = tally.failures.last() {
            eprintln!("SEED={seed} {failure}");
        }
        if is_terminal {
            eprint!("\r{line}");
            // A progress line that is not shown harms nobody.
            drop(std::io::stderr().flush());
        } else if tally.runs.is_multiple_of(64) {
            eprintln!("{line}");
        }
        true
    });
    if is_terminal {
        eprintln!();
    }
    for (seed, failure) in tally.failures.iter().take(5) {
        println!("{}", report(*seed, failure, None));
    }
    println!("{}", tally.reach);
    println!("{} of {} seeds hold", tally.runs - tally.failures.len() as u64, tally.runs);
    Ok(tally.failures.is_empty())
}

/// `oz swarm --plan`: a plan from a file, on the cluster of a seed. With a word, every event that has it is printed.
pub fn replay(seed: u64, file: &Path, word: Option<String>) -> Result<bool, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let plan = from_text(&text).map_err(|words| format!("{}: {words}", file.display()))?;
    let outcome = run::traced(&Scenario::draw(seed), &plan, None, word);
    println!("{}", outcome.reach);
    match &outcome.failure {
        Some(failure) => println!("SEED={seed} {failure}"),
        None => println!("SEED={seed} holds"),
    }
    Ok(outcome.failure.is_none())
}
