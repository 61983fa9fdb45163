//! Showing how far a long command is: which step of how many, what it does, how long it takes so far, how it ended.
//!
//! On a terminal one line is rewritten each second; into a file or a pipe (a build server) a line is printed every half
//! minute, so that silence always means that something is stuck.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{self, Outcome};

/// The steps of one command.
pub struct Steps {
    total: usize,
    number: usize,
    started: Instant,
    on_terminal: bool,
}

impl Steps {
    /// Steps 1 to `total`, none of them begun.
    pub fn new(total: usize) -> Steps {
        Steps { total, number: 0, started: Instant::now(), on_terminal: std::io::stderr().is_terminal() }
    }

    /// Begins the next step: its heading.
    pub fn next(&mut self, title: &str) {
        self.number += 1;
        eprintln!("[{}/{}] {title}", self.number, self.total);
    }

    /// How the step ended, or a remark inside it.
    pub fn say(&self, text: &str) {
        for line in text.lines() {
            eprintln!("      {line}");
        }
    }

    /// Runs a program as (a part of) this step; what it is doing is shown until it ends.
    pub fn run(&self, root: &Path, command: Command, log_name: &str, doing: &str) -> Result<Outcome, String> {
        let mut shown = Duration::ZERO;
        let pause = Duration::from_secs(if self.on_terminal { 1 } else { 30 });
        let outcome = process::run(root, command, log_name, |took| {
            if took >= shown + pause {
                shown = took;
                self.show(&format!("{doing}, {} so far", duration(took)));
            }
        })?;
        if self.on_terminal && !shown.is_zero() {
            eprint!("\r\x1b[K");
        }
        Ok(outcome)
    }

    /// The time since the first step was planned.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// A line that the next one replaces, where that can be.
    pub fn show(&self, text: &str) {
        if self.on_terminal {
            eprint!("\r\x1b[K      {text}");
            // A progress line that does not appear is no reason to stop the work.
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("      {text}");
        }
    }
}

/// `3.2 s`, `47 s`, `2 min 05 s`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, time.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let said: Vec<String> = [340, 9_999, 47_900, 125_000].map(|ms| duration(Duration::from_millis(ms))).into();
        assert_eq!(said, ["0.3 s", "9.9 s", "47 s", "2 min 05 s"]);
    }
}
