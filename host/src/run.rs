//! `oz run`: plays scripts in virtual time, and prints or compares what the terminals showed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::script::player::Broken;
use crate::script::stage::SessionWorld;
use crate::script::{ScriptWorld, compare, format, player};

/// The seed of a script that is played from the command line. A recorded script's answers do not hang on it.
pub const SEED: u64 = 1;

/// How a script did against its recorded answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every answer is the recorded one.
    Same,
    /// The first difference, or why the script could not be played, in words to print.
    Differs(String),
}

/// `oz run`: see [`run_in`].
pub fn run(check_only: bool, files: &[PathBuf]) -> Result<bool, String> {
    run_in::<SessionWorld>(check_only, files)
}

/// Plays a script in a fresh world; the transcript has the form of the file.
pub fn transcript<W: ScriptWorld>(text: &str, seed: u64) -> Result<String, Broken> {
    let script = format::parse(text).map_err(|reason| Broken { reason, so_far: String::new() })?;
    player::play::<W>(&script, seed)
}

/// Plays a script and holds the transcript beside the file.
pub fn check<W: ScriptWorld>(text: &str, seed: u64) -> Verdict {
    match transcript::<W>(text, seed) {
        Ok(now) => compare::first_difference(text, &now).map_or(Verdict::Same, Verdict::Differs),
        Err(broken) => Verdict::Differs(explain(text, &broken)),
    }
}

/// Plays the scripts; with `check` compares instead of printing. True when all could be played and none differs.
pub fn run_in<W: ScriptWorld>(check_only: bool, files: &[PathBuf]) -> Result<bool, String> {
    let mut passed = 0;
    for file in files {
        let text = read(file)?;
        if check_only {
            match check::<W>(&text, SEED) {
                Verdict::Same => passed += 1,
                Verdict::Differs(difference) => println!("{}: differs\n{difference}", file.display()),
            }
        } else {
            match transcript::<W>(&text, SEED) {
                Ok(transcript) => {
                    passed += 1;
                    print!("{transcript}");
                }
                Err(broken) => {
                    println!("{}", broken.so_far);
                    eprintln!("{}: {}", file.display(), broken.reason);
                }
            }
        }
    }
    if check_only {
        println!("{passed} of {} scripts give the recorded answers", files.len());
    }
    Ok(passed == files.len())
}

/// Why a script could not be played; when an answer before that point differs already, that is the better place to look.
fn explain(text: &str, broken: &Broken) -> String {
    let body = text.split_once("\n---\n").map_or("", |(_, body)| body);
    let played = broken.so_far.lines().count();
    let recorded: Vec<&str> = body.lines().take(played).collect();
    match compare::first_difference(&recorded.join("\n"), &broken.so_far) {
        Some(difference) => format!("{difference}\n(and it ended early: {})", broken.reason),
        None => broken.reason.clone(),
    }
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}
