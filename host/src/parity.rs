//! `oz parity`: the work of the crate `oz-parity`, done natively and in time.

use std::time::Instant;

use oz_parity::{Bench, LESSONS, Outcome, Work};

use crate::bench::speed;

/// Virtual seconds of each storm.
const STORM_SECONDS: u32 = 60;
/// Messages of each run of the kernel alone.
const MESSAGES: u64 = 1_000_000;

/// Prints a line for each piece of work, in the form that `tests/browser/src/parity.rs` reads.
pub fn parity(seeds: u64) -> Result<bool, String> {
    for nodes in [2, 10, 100] {
        line("kernel", MESSAGES, nodes, || oz_parity::kernel(nodes, MESSAGES));
    }
    for (number, work) in Work::ALL.into_iter().enumerate() {
        let outcome = Bench::prepare(work, speed::BATCHES).run();
        let us = speed::best(work, speed::BATCHES).as_micros();
        println!("speed {number} {} {:016x} {} {us}", speed::BATCHES, outcome.digest, outcome.events);
    }
    for number in 0..LESSONS.len() {
        line("lesson", number as u64, 0, || oz_parity::lesson(number as u32));
    }
    for seed in 1..=seeds {
        line("storm", seed, STORM_SECONDS, || oz_parity::storm(seed, STORM_SECONDS));
    }
    Ok(true)
}

fn line(kind: &str, first: u64, second: u32, work: impl Fn() -> Outcome) {
    let timed = |_| {
        let started = Instant::now();
        let outcome = work();
        (started.elapsed().as_micros(), outcome)
    };
    // Of three, as the first one finds cold caches.
    let runs = [timed(0), timed(1), timed(2)];
    let us = runs.iter().map(|(us, _)| *us).min().unwrap_or_default();
    let outcome = runs[0].1;
    println!("{kind} {first} {second} {:016x} {} {us}", outcome.digest, outcome.events);
}
