//! `oz bench`: the figures that the project promises, measured on this machine, each beside its limit.

pub mod speed;

use std::env;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::chromium;
use crate::place;
use crate::process;
use crate::swarm;

/// Prints each section, or only that of 1,000 brokers with `many` partitions. True when every figure that has a limit keeps it.
pub fn bench(skip_browser: bool, many: Option<u32>) -> Result<bool, String> {
    if let Some(partitions) = many {
        return in_large_pages(|| speed::many_brokers(1_000, partitions));
    }
    let root = place::root()?;
    let mut kept = kernel();
    kept &= speed::native();
    checker()?;
    kept &= downloads(&root)?;
    if !skip_browser {
        kept &= in_chromium(&root)?;
    }
    Ok(kept)
}

/// Does work with its memory in large pages, in a process of its own: of a thousand servers' memory a processor does not
/// find one small page after the other without a walk through its tables, and that is not what is measured. Nor is glibc's
/// habit of gathering small blocks and then joining them one after the other, wherever in that memory they lie.
fn in_large_pages(work: impl Fn() -> bool) -> Result<bool, String> {
    const KEY: &str = "GLIBC_TUNABLES";
    const LARGE: &str = "glibc.malloc.hugetlb=1:glibc.malloc.mxfast=0";
    if env::var(KEY).is_ok_and(|value| value == LARGE) {
        return Ok(work());
    }
    let again = env::current_exe()
        .and_then(|program| Command::new(program).args(env::args_os().skip(1)).env(KEY, LARGE).status());
    Ok(again.map_err(|error| format!("the measurement cannot be started: {error}"))?.success())
}

/// Events a second of the kernel alone, and what snapshots cost.
fn kernel() -> bool {
    const LIMIT: u64 = 1_000_000;
    println!("Kernel, native (limit {LIMIT} events a second)");
    let mut best = 0;
    for (nodes, messages) in [(2, 1_000_000), (10, 1_000_000), (100, 1_000_000)] {
        let (events, rate) = rate(|| sim::bench::ping_pong(nodes, messages));
        println!("  {rate:>10} events a second, {nodes} nodes, {events} events");
        best = best.max(rate);
    }
    let (_, without) = rate(|| sim::bench::snapshots(10, 1_000, 1, 1_000_000));
    let (events, with) = rate(|| sim::bench::snapshots(10, 1_000, 1_000, 1_000));
    println!(
        "  {with:>10} events a second with a snapshot every 1,000 events, {events} events; {} % of the rate without",
        ratio(with, without)
    );
    println!("  best {best}: {} % of the limit", ratio(best, LIMIT));
    best >= LIMIT
}

/// What it costs to check every invariant after every event of a cluster under faults.
fn checker() -> Result<(), String> {
    println!("Invariant checker, native");
    for (what, partitions) in [("few partitions", "2"), ("50 partitions of __consumer_offsets", "50")] {
        let cost = swarm::cost::measure(32, &[("offsets.topic.num.partitions", partitions)])?;
        let (plain, checked) = cost.ns_per_event();
        let more = checked.saturating_sub(plain);
        println!("  {more:>6} ns an event on top of {plain}: {} %, {what}", ratio(more, plain));
    }
    Ok(())
}

/// The number of events that some work does, and how many that is a second: the best of three.
fn rate(work: impl Fn() -> u64) -> (u64, u64) {
    let run = || {
        let started = Instant::now();
        let events = black_box(work());
        let us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        (events, events.saturating_mul(1_000_000) / us)
    };
    [run(), run(), run()].into_iter().max_by_key(|(_, rate)| *rate).unwrap_or_default()
}

/// A part of a whole in per cent.
fn ratio(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100) / whole.max(1)
}

/// What a first visit downloads, and what is fetched when it is wanted, compressed as a good host would.
fn downloads(root: &Path) -> Result<bool, String> {
    const LIMIT_BYTES: u64 = 1024 * 1024;
    println!("Downloads (bytes: plain, brotli 11; limit of a first visit {LIMIT_BYTES})");
    let dist = root.join("dist");
    if !dist.join("index.html").is_file() {
        println!("  not measured: there is no dist/. Build the page first: cargo oz play, or trunk build --release");
        return Ok(true);
    }
    let (mut first, mut wanted) = (0, 0);
    for file in files_below(&dist) {
        let name = file.strip_prefix(&dist).unwrap_or(&file).to_string_lossy().into_owned();
        let raw = fs::metadata(&file).map_err(|error| format!("{name}: {error}"))?.len();
        let path = file.to_string_lossy().into_owned();
        let output = process::command(root, "brotli", &["-q", "11", "-c", &path])
            .output()
            .map_err(|error| format!("brotli cannot be started ({error}); apt-get install brotli"))?;
        let compressed = output.stdout.len() as u64;
        *(if WANTED_LATER.iter().any(|start| name.starts_with(start)) { &mut wanted } else { &mut first }) +=
            compressed;
        println!("  {raw:>10} {compressed:>10}  {name}");
    }
    println!("  {:>10} {first:>10}  a first visit: {} % of the limit", "", ratio(first, LIMIT_BYTES));
    println!("  {:>10} {wanted:>10}  when it is wanted, or put by for when there is no network", "");
    Ok(first <= LIMIT_BYTES)
}

/// What the page asks for when somebody opens it. The service worker fetches it, too, once the page has started.
const WANTED_LATER: [&str; 2] = ["lessons/", "not-real.json"];

/// What lies beside the page for people, and no browser ever asks for.
const NOT_ASKED_FOR: [&str; 3] = ["LICENSE.txt", "AUTHORS.md", "COVERAGE.md"];

/// The files in a folder and in those within it that a browser may ask for.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| !NOT_ASKED_FOR.iter().any(|end| path.to_string_lossy().ends_with(end)));
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// The page in Chromium. It is measured by a program of its own, so that nothing else has to compile a browser's protocol.
fn in_chromium(root: &Path) -> Result<bool, String> {
    println!("The page in Chromium");
    let Some(chromium) = chromium::find(root) else {
        println!("  not measured: no Chromium is there");
        return Ok(true);
    };
    let mut command = process::command(root, "cargo", &["run", "--quiet", "--package", "oz-browser", "--bin", "bench"]);
    command.env("OZ_CHROMIUM", chromium).env("OZ_DIST", root.join("dist"));
    let status = command.status().map_err(|error| format!("cargo cannot be started: {error}"))?;
    Ok(status.success())
}
