//! `oz fuzz`: damaged input for every parser of the house, by number: input 17 of a target is the same bytes for ever.
//!
//! What is damaged are real things: recorded messages, batches of every codec and magic, files of a log folder, scripts,
//! lessons, links, command lines. A target must answer or refuse; a panic ends the program after the hook has said which
//! input it was. Nothing is learnt from run to run, so a number is all that has to be kept of a finding.
//!
//! ```text
//! TARGET=batch INPUT=4711: again with cargo oz fuzz --target batch --from 4711 --inputs 1
//! ```

mod bytes;
mod mutate;
mod texts;

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base::Rng;

use crate::place;

/// One parser, or a family of them.
pub struct Target {
    pub name: &'static str,
    /// Its part of all inputs: what is quick to try is tried more often.
    weight: u64,
    /// Sound input, which is damaged.
    seeds: Vec<Vec<u8>>,
    /// Words of the format, put where they do not belong.
    words: &'static [&'static str],
    /// True when the input was taken, false when it was refused.
    run: Box<dyn Fn(&[u8]) -> bool + Send + Sync>,
}

/// What became of the inputs of one target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub taken: u64,
    pub refused: u64,
    /// The longest that one input took, and which one it was.
    pub slowest: (Duration, u64),
}

/// An input that takes longer than this hangs, to a learner.
const PATIENCE: Duration = Duration::from_secs(2);
/// Inputs that a thread takes at once.
const CHUNK: u64 = 512;

thread_local! {
    /// What this thread is at, for the hook.
    static CURRENT: Cell<(&'static str, u64)> = const { Cell::new(("", 0)) };
}

impl Target {
    /// The input with this number.
    pub fn input(&self, number: u64) -> Vec<u8> {
        let mut rng = Rng::new(number, 0, self.name);
        let seed = &self.seeds[rng.below(self.seeds.len() as u64) as usize];
        mutate::damaged(seed, self.words, &mut rng)
    }

    /// Runs the inputs `from..to`.
    pub fn run(&self, from: u64, to: u64) -> Tally {
        let mut tally = Tally::default();
        for number in from..to {
            let input = self.input(number);
            CURRENT.set((self.name, number));
            let started = Instant::now();
            if (self.run)(&input) {
                tally.taken += 1
            } else {
                tally.refused += 1
            }
            tally.slowest = tally.slowest.max((started.elapsed(), number));
        }
        tally
    }

    /// How many of `inputs` for each target this one gets.
    pub fn share(&self, inputs: u64) -> u64 {
        inputs.min(4_000).max(inputs * self.weight / 8)
    }

    /// Runs `count` inputs from number `from` on, on some threads.
    pub fn run_on(&self, from: u64, count: u64, threads: usize, on_chunk: &(impl Fn(u64) + Sync)) -> Tally {
        let next = AtomicU64::new(from);
        let end = from + count;
        let work = || {
            let mut sum = Tally::default();
            loop {
                let begin = next.fetch_add(CHUNK, Ordering::Relaxed);
                if begin >= end {
                    return sum;
                }
                sum = sum.and(self.run(begin, end.min(begin + CHUNK)));
                on_chunk(begin - from);
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).fold(Tally::default(), Tally::and)
        })
    }
}

impl Tally {
    fn and(self, other: Tally) -> Tally {
        Tally {
            taken: self.taken + other.taken,
            refused: self.refused + other.refused,
            slowest: self.slowest.max(other.slowest),
        }
    }
}

/// All targets, with what the repository has to damage.
pub fn targets() -> Result<Vec<Target>, String> {
    let root = place::root()?;
    let mut all = bytes::targets(&root)?;
    all.extend(texts::targets(&root)?);
    Ok(all)
}

/// `oz fuzz`: `count` inputs over all targets, or over one. True when no input hung; a panic ends the program.
pub fn fuzz(only: Option<&str>, from: u64, count: u64, threads: usize) -> Result<bool, String> {
    let mut targets = targets()?;
    if let Some(name) = only {
        let names: Vec<&str> = targets.iter().map(|target| target.name).collect();
        let unknown = format!("there is no target {name}; there are {}", names.join(", "));
        targets.retain(|target| target.name == name);
        if targets.is_empty() {
            return Err(unknown);
        }
    }
    say_which_input_it_was();
    let is_terminal = std::io::stderr().is_terminal();
    let (mut done, mut held) = (0, true);
    let weights: u64 = targets.iter().map(|target| target.weight).sum();
    for target in &targets {
        let inputs = (count * target.weight).div_ceil(weights).min(count - done);
        let started = Instant::now();
        let tally = target.run_on(from, inputs, threads, &|at| {
            if is_terminal {
                eprint!("\r{} {at} of {inputs}", target.name);
                // A progress line that is not shown harms nobody.
                drop(std::io::stderr().flush());
            }
        });
        if is_terminal {
            eprint!("\r");
        }
        let Tally { taken, refused, slowest: (longest, number) } = tally;
        let is_quick = longest < PATIENCE;
        println!(
            "{}: {inputs} inputs, {taken} taken, {refused} refused, {} s; the slowest, {number}, took {} us{}",
            target.name,
            started.elapsed().as_secs(),
            longest.as_micros(),
            if is_quick { "" } else { "  HANGS" }
        );
        done += inputs;
        held &= is_quick;
    }
    println!("{done} inputs, no panic");
    Ok(held)
}

/// Release builds end at a panic: the number of the input has to be said before.
pub fn say_which_input_it_was() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let (target, number) = CURRENT.get();
        eprintln!(
            "\nTARGET={target} INPUT={number}: again with cargo oz fuzz --target {target} --from {number} --inputs 1"
        );
        usual(info);
    }));
}
