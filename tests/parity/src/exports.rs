//! What JavaScript calls. Numbers only, so that nothing has to be passed in memory; wasm has 64-bit integers.

#![allow(
    unsafe_code,
    reason = "the lint counts an exported name as unsafe, as two of one name would clash; these are the only ones"
)]

/// That of the worker.
#[path = "../../../app/worker/src/memory.rs"]
mod memory;

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Bench, LESSONS, Outcome, Work, kernel, lesson, storm};

/// Of the last work done.
static EVENTS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// What the next `oz_speed` does.
    static READY: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

fn done(outcome: Outcome) -> u64 {
    EVENTS.store(outcome.events, Ordering::Relaxed);
    outcome.digest
}

/// How many events the last call took.
#[unsafe(no_mangle)]
pub extern "C" fn oz_events() -> u64 {
    EVENTS.load(Ordering::Relaxed)
}

#[unsafe(no_mangle)]
pub extern "C" fn oz_storm(seed: u64, seconds: u32) -> u64 {
    done(storm(seed, seconds))
}

#[unsafe(no_mangle)]
pub extern "C" fn oz_lesson(number: u64, _: u32) -> u64 {
    done(lesson(number as u32))
}

#[unsafe(no_mangle)]
pub extern "C" fn oz_kernel(messages: u64, nodes: u32) -> u64 {
    done(kernel(nodes, messages))
}

#[unsafe(no_mangle)]
pub extern "C" fn oz_lessons() -> u32 {
    LESSONS.len() as u32
}

/// Makes some work ready, so that it can be timed alone.
#[unsafe(no_mangle)]
pub extern "C" fn oz_prepare(work: u64, batches: u32) {
    let bench = Work::ALL.get(work as usize).map(|work| Bench::prepare(*work, u64::from(batches)));
    READY.set(bench);
}

/// Does what was made ready. The arguments are those of `oz_prepare`.
#[unsafe(no_mangle)]
pub extern "C" fn oz_speed(_: u64, _: u32) -> u64 {
    let outcome = READY.with_borrow_mut(|ready| ready.as_mut().map(Bench::run));
    outcome.map_or(0, done)
}
