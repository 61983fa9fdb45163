//! `oz test`: every proof there is, in the order from cheap to dear, with one line at the end that counts them.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::chromium;
use crate::place;
use crate::process::{self, Outcome};
use crate::steps::{Steps, duration};
use crate::tools;

/// The crates that only make sense as wasm or beside a browser; everything else is tested natively.
const NOT_NATIVE: [&str; 4] = ["--exclude", "worker", "--exclude", "oz-browser"];
/// Formatting, lints, native tests.
const NATIVE_STEPS: usize = 3;
/// The lints of what is compiled for a browser, the page, Chromium, axe-core, the tests in it.
const BROWSER_STEPS: usize = 5;
/// What clippy is told after its packages. Lints are those of the workspace; no warning is let through.
const LINTS: [&str; 4] = ["--keep-going", "--", "-D", "warnings"];

/// What has been counted so far. Formatting, each run of clippy and the build of the page count as one test each.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    /// A line for each thing that failed, for the summary.
    failures: Vec<String>,
}

/// Runs all tests. True when none failed.
pub fn test(skip_browser: bool) -> Result<bool, String> {
    let root = place::root()?;
    let total = NATIVE_STEPS + if skip_browser { 0 } else { tools::STEPS + BROWSER_STEPS };
    let mut steps = Steps::new(total);
    let mut tally = Tally::default();

    steps.next("formatting: rustfmt");
    let command = process::command(&root, "cargo", &["fmt", "--all", "--check"]);
    check(&root, &steps, &mut tally, "formatting", command)?;

    steps.next("lints: clippy");
    // As tests are built, so that what only tests use is looked at too.
    let mut arguments = vec!["clippy", "--workspace", "--all-targets", "--exclude", "app", "--exclude", "worker"];
    arguments.extend(LINTS);
    check(&root, &steps, &mut tally, "lints", process::command(&root, "cargo", &arguments))?;

    steps.next("engine, scripts, lessons, swarm: cargo test");
    let mut arguments = vec!["test", "--workspace", "--no-fail-fast"];
    arguments.extend(NOT_NATIVE);
    cargo_test(&root, &steps, &mut tally, "native tests", process::command(&root, "cargo", &arguments))?;

    if !skip_browser {
        // The natives' results are worth having even where no browser can be: what stands in the way is a failure, not the end.
        if let Err(reason) = in_browser(&root, &mut steps, &mut tally) {
            tally.failed += 1;
            steps.say(&reason);
            tally.failures.push(format!("browser: {}", reason.lines().next().unwrap_or_default()));
        }
    }
    Ok(close(&steps, &tally))
}

/// The part that needs the built page and Chromium.
fn in_browser(root: &Path, steps: &mut Steps, tally: &mut Tally) -> Result<(), String> {
    let tools = tools::install(root, steps)?;
    steps.next("lints of what runs in the browser: clippy");
    let mut arguments = vec!["clippy", "--package", "app", "--package", "worker", "--target", tools::WASM_TARGET];
    arguments.extend(LINTS);
    check(root, steps, tally, "lints in wasm", process::command(root, "cargo", &arguments))?;
    steps.next("the page: trunk build --release");
    let mut arguments = vec!["build"];
    arguments.extend(tools::index_arguments(root, &tools)?);
    // Last, because `--release` takes an optional value and would swallow the name of the page.
    arguments.push("--release");
    check(root, steps, tally, "the page", process::command(root, "trunk", &arguments))?;
    steps.next("Chromium");
    let chromium = chromium::find_or_install(root, steps)?;
    tools::axe(root, steps)?;
    steps.next("the page in Chromium, taking its lessons");
    if tally.failures.iter().any(|failure| failure.starts_with("the page")) {
        return Err("not run, because the page could not be built".to_owned());
    }
    // One test after the other: on two cores two browsers side by side measure each other. The profile dev, because
    // optimising the three thousand types of the browser's protocol takes minutes and gains nothing.
    let mut command = process::command(
        root,
        "cargo",
        &["test", "--profile", "dev", "--package", "oz-browser", "--no-fail-fast", "--", "--test-threads=1"],
    );
    command.env("OZ_CHROMIUM", chromium).env("OZ_DIST", root.join("dist"));
    cargo_test(root, steps, tally, "browser tests", command)
}

/// One program whose exit code is the result.
fn check(root: &Path, steps: &Steps, tally: &mut Tally, name: &str, command: Command) -> Result<(), String> {
    let outcome = steps.run(root, command, &format!("test-{}", name.replace(' ', "-")), "running")?;
    if outcome.ok {
        tally.passed += 1;
        steps.say(&format!("passed in {}", duration(outcome.took)));
    } else {
        tally.failed += 1;
        report(steps, tally, name, &outcome);
    }
    Ok(())
}

/// A run of cargo test, of which each test counts.
fn cargo_test(root: &Path, steps: &Steps, tally: &mut Tally, name: &str, command: Command) -> Result<(), String> {
    let outcome = steps.run(root, command, &format!("test-{}", name.replace(' ', "-")), "running")?;
    let (passed, failed) = count(&outcome.output);
    tally.passed += passed;
    // A crate that does not compile, or a test that takes its process down, fails without a line that counts it.
    tally.failed += if outcome.ok { failed } else { failed.max(1) };
    steps.say(&format!("{passed} passed, {failed} failed in {}", duration(outcome.took)));
    if !outcome.ok {
        report(steps, tally, name, &outcome);
    }
    Ok(())
}

/// Shows what failed, as far as it can be told from the output.
fn report(steps: &Steps, tally: &mut Tally, name: &str, outcome: &Outcome) {
    let names: Vec<&str> = outcome.output.lines().filter_map(failed_test).collect();
    steps.say(&if names.is_empty() { outcome.tail(40) } else { details(&outcome.output) });
    steps.say(&format!("FAILED: {name} (all of it: {})", outcome.log.display()));
    if names.is_empty() {
        tally.failures.push(name.to_owned());
    } else {
        tally.failures.extend(names.iter().map(|test| format!("{name}: {test}")));
    }
}

/// The number of tests passed and failed in the output of cargo test, summed over its binaries.
fn count(output: &str) -> (usize, usize) {
    let mut sum = (0, 0);
    for line in output.lines().filter_map(|line| line.trim_start().strip_prefix("test result: ")) {
        let number = |word: &str| {
            line.split(['.', ';'])
                .find_map(|part| part.trim().strip_suffix(word)?.trim().parse::<usize>().ok())
                .unwrap_or(0)
        };
        sum.0 += number("passed");
        sum.1 += number("failed");
    }
    sum
}

fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// What the failed tests printed: the sections between `---- NAME stdout ----` and the list of failures.
fn details(output: &str) -> String {
    let mut kept = Vec::new();
    let mut inside = false;
    for line in output.lines() {
        inside = line.starts_with("---- ") || (inside && line != "failures:");
        if inside && kept.len() < 200 {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// The summary and the closing line.
fn close(steps: &Steps, tally: &Tally) -> bool {
    eprintln!();
    eprintln!("{} in {}", if tally.failed == 0 { "All is well" } else { "Not all is well" }, duration(steps.elapsed()));
    for failure in &tally.failures {
        eprintln!("  failed: {failure}");
    }
    if env::var_os("CI").is_some() {
        eprintln!("  logs: target/oz, screenshots: target/screenshots");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    tally.failed == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "running 2 tests\ntest a ... ok\ntest b::c ... FAILED\n\nfailures:\n\n---- b::c stdout ----\nwhy\n\nfailures:\n    b::c\n\n\
        test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
        test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";

    #[test]
    fn results_are_summed_over_the_binaries() {
        assert_eq!(count(OUTPUT), (13, 1));
        assert_eq!(count("error: could not compile"), (0, 0));
    }

    #[test]
    fn failures_are_named_with_what_they_said() {
        assert_eq!(OUTPUT.lines().filter_map(failed_test).collect::<Vec<_>>(), ["b::c"]);
        assert_eq!(details(OUTPUT), "---- b::c stdout ----\nwhy\n");
    }
}
