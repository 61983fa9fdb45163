//! Starting other programs: their output goes into a log file, and whoever waits is shown that time passes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::place;

/// What a program did.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whether it ended with exit code 0.
    pub ok: bool,
    /// Everything it printed, both streams in order.
    pub output: String,
    /// How long it ran.
    pub took: Duration,
    /// The file that keeps the output.
    pub log: PathBuf,
}

impl Outcome {
    /// The last lines, for a message about a failure.
    pub fn tail(&self, lines: usize) -> String {
        let all: Vec<&str> = self.output.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

/// A command with our search path, in the root of the repository, without anything to read.
pub fn command(root: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root).env("PATH", place::search_path(root)).stdin(Stdio::null());
    // Colour codes would stand in the way of reading results out of the output.
    command.env("CARGO_TERM_COLOR", "never").env("NO_COLOR", "true");
    // The last lines of a log are shown: they must be the reason and not the frames of a tool's own stack.
    command.env("RUST_BACKTRACE", "0").env("RUST_LIB_BACKTRACE", "0");
    command
}

/// Runs a command to its end; `tick` is called about five times a second with the time it has taken so far.
pub fn run(
    root: &Path,
    mut command: Command,
    log_name: &str,
    mut tick: impl FnMut(Duration),
) -> Result<Outcome, String> {
    let log = place::logs(root).join(format!("{log_name}.log"));
    let file = create(&log)?;
    let other = file.try_clone().map_err(|error| format!("{}: {error}", log.display()))?;
    let program = command.get_program().to_string_lossy().into_owned();
    let started = Instant::now();
    let mut child = command
        .stdout(file)
        .stderr(other)
        .spawn()
        .map_err(|error| format!("`{program}` cannot be started: {error}"))?;
    let status = loop {
        match child.try_wait().map_err(|error| format!("`{program}` cannot be waited for: {error}"))? {
            Some(status) => break status,
            None => {
                tick(started.elapsed());
                thread::sleep(Duration::from_millis(200));
            }
        }
    };
    let output = fs::read(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let output = String::from_utf8_lossy(&output).into_owned();
    Ok(Outcome { ok: status.success(), output, took: started.elapsed(), log })
}

/// What a program that answers at once prints, if it is there and ends well.
pub fn ask(root: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = command(root, program, arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Creates a file and the folders above it.
pub fn create(path: &Path) -> Result<File, String> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    File::create(path).map_err(|error| format!("{}: {error}", path.display()))
}
