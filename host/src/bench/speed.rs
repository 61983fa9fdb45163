//! The log and its replication, natively: each work beside a plain copy of the same bytes in the same run, and what a
//! record costs in memory beyond its batch.

use std::fs;
use std::time::{Duration, Instant};

use base::Micros;
use oz_parity::{BATCH_RECORDS, Bench, Cluster, Work};

use super::ratio;

/// Batches of each work: 54 MB, more than any cache holds.
pub const BATCHES: u64 = 5_000;
/// Of the copy, in per cent.
const LIMIT_APPEND: u64 = 25;
const LIMIT_READ: u64 = 50;
/// Records a second on one core.
const LIMIT_REPLICATE: u64 = 1_000_000;
/// Bytes beyond the batch's own.
const LIMIT_MEMORY: u64 = 8;

/// Prints the section. True when every figure keeps its limit.
pub fn native() -> bool {
    println!("Log, native: {BATCHES} batches of {BATCH_RECORDS} records of 100 bytes");
    let kept = memory();
    let copy = best(Work::Copy, BATCHES);
    let bytes = Bench::prepare(Work::Copy, BATCHES).bytes();
    let rate = |took: Duration| bytes * 1_000 / (took.as_nanos() as u64).max(1);
    println!("  {:>10} MB a second, {}", rate(copy), Work::Copy.name());
    let mut all = kept;
    for (work, limit) in [(Work::Append, LIMIT_APPEND), (Work::Read, LIMIT_READ), (Work::Compact, 0)] {
        let took = best(work, BATCHES);
        let share = ratio(copy.as_nanos() as u64, took.as_nanos() as u64);
        let missed = if share < limit { "  MISSED" } else { "" };
        let words = if limit > 0 { format!(" (limit {limit} %)") } else { String::new() };
        println!("  {:>10} MB a second, {}: {share} % of the copy{words}{missed}", rate(took), work.name());
        all &= share >= limit;
    }
    let took = best(Work::Replicate, BATCHES);
    let records = BATCHES * BATCH_RECORDS * 1_000_000 / (took.as_micros() as u64).max(1);
    let share = ratio(copy.as_nanos() as u64, took.as_nanos() as u64);
    let missed = if records < LIMIT_REPLICATE { "  MISSED" } else { "" };
    println!(
        "  {records:>10} records a second, {}, 3 replicas, acks=all: {share} % of the copy (limit {LIMIT_REPLICATE} \
         records){missed}",
        Work::Replicate.name()
    );
    all && records >= LIMIT_REPLICATE
}

/// The shortest of three runs, each on a work made ready anew.
pub fn best(work: Work, batches: u64) -> Duration {
    let once = |_| {
        let mut bench = Bench::prepare(work, batches);
        let started = Instant::now();
        std::hint::black_box(bench.run());
        started.elapsed()
    };
    (0..3).map(once).min().unwrap_or_default()
}

/// What the process grows by when a log takes many batches, without the bytes of the batches.
fn memory() -> bool {
    let mut bench = Bench::prepare(Work::Append, BATCHES);
    let Some(before) = resident_bytes() else {
        println!("  not measured: memory for each record; this system has no /proc/self/statm");
        return true;
    };
    // A leader that cannot write into its client's batch keeps a batch of its own.
    let records = bench.run().events;
    let grown = resident_bytes().unwrap_or(before).saturating_sub(before);
    let beyond = grown.saturating_sub(bench.bytes());
    let tenths = beyond * 10 / records.max(1);
    let missed = if tenths > LIMIT_MEMORY * 10 { "  MISSED" } else { "" };
    println!(
        "  {:>8}.{} bytes of memory a record beyond its batch (limit {LIMIT_MEMORY}){missed}",
        tenths / 10,
        tenths % 10
    );
    missed.is_empty()
}

/// Many brokers at rest for ten virtual minutes: time, memory, and what an event costs beside a cluster of three. True
/// when that is within the limit.
pub fn many_brokers(brokers: i32, partitions: u32) -> bool {
    /// Of the cost with three brokers, in per cent.
    const LIMIT: u64 = 200;
    const TOPIC: u32 = 1_000;
    /// Three brokers are done in ten milliseconds, in which chance counts: the middle one of so many runs is taken, and in
    /// each run the middle one of its minutes, because other programs come and go.
    const RUNS: usize = 25;
    println!("Ten virtual minutes at rest, native");
    let mut three: Vec<Rest> = (0..RUNS).map(|_| Rest::of(3, 1, 300)).collect();
    three.sort_by_key(|rest| rest.cost);
    let three = &three[RUNS / 2];
    three.print();
    let topics = partitions.div_ceil(TOPIC).max(1);
    let many = Rest::of(brokers, topics, (TOPIC * topics).min(partitions) / topics);
    many.print();
    let share = ratio(many.cost, three.cost);
    println!(
        "  an event costs {share} % of one with three brokers (limit {LIMIT} %){}",
        if share > LIMIT { "  MISSED" } else { "" }
    );
    share <= LIMIT
}

/// A cluster at rest for ten virtual minutes.
struct Rest {
    brokers: i32,
    partitions: usize,
    made: Duration,
    took: Duration,
    events: u64,
    /// Nanoseconds an event in the middle one of the minutes.
    cost: u64,
    /// Megabytes that the process grew by.
    memory: u64,
}

impl Rest {
    fn of(brokers: i32, topics: u32, each: u32) -> Rest {
        let before = resident_bytes().unwrap_or(0);
        let started = Instant::now();
        let mut cluster = Cluster::at_rest(brokers, topics, each);
        let made = started.elapsed();
        const MINUTES: usize = 10;
        let mut minutes: Vec<(Duration, u64)> = (0..MINUTES)
            .map(|_| {
                let started = Instant::now();
                let events = cluster.idle(Micros::from_secs(60));
                (started.elapsed(), events)
            })
            .collect();
        let (took, events) = (minutes.iter().map(|minute| minute.0).sum(), minutes.iter().map(|minute| minute.1).sum());
        let cost = |(took, events): &(Duration, u64)| took.as_nanos() as u64 / (*events).max(1);
        minutes.sort_by_key(cost);
        let cost = cost(&minutes[MINUTES / 2]);
        let memory = resident_bytes().unwrap_or(0).saturating_sub(before) >> 20;
        Rest { brokers, partitions: cluster.partitions(), made, took, events, cost, memory }
    }

    fn print(&self) {
        let Rest { brokers, partitions, made, took, events, cost, memory } = self;
        println!(
            "  {brokers} brokers, {partitions} partitions: {} ms, {events} events, {cost} ns an event, {memory} MB ({} s to come up)",
            took.as_millis(),
            made.as_secs()
        );
    }
}

/// What the process has of the machine's memory.
pub fn resident_bytes() -> Option<u64> {
    const PAGE: u64 = 4_096;
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    Some(text.split_whitespace().nth(1)?.parse::<u64>().ok()? * PAGE)
}
