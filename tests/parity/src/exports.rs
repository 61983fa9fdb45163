//! What JavaScript calls. Numbers only, so that nothing has to be passed in memory; wasm has 64-bit integers.

#![allow(
    unsafe_code,
    reason = "the lint counts an exported name as unsafe, as two of one name would clash; these are the only ones"
)]

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{LESSONS, Outcome, kernel, lesson, storm};

/// Of the last work done.
static EVENTS: AtomicU64 = AtomicU64::new(0);

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
