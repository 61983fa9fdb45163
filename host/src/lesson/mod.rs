//! `oz lesson check`: lessons are programs, and this runs them.

pub mod proof;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::place;
use crate::steps::duration;

pub use proof::{Finding, Proof, prove};

/// A lesson must hold whatever chance brings: its own seed, and these.
pub const SEEDS: [u64; 2] = [7, 4_242];

/// Checks the named lessons, or all of the folder `lessons`. Mistakes are printed as `file:line: words`.
pub fn check(files: &[PathBuf]) -> Result<bool, String> {
    let all;
    let files = if files.is_empty() {
        all = lessons(&place::root()?.join("lessons"))?;
        &all[..]
    } else {
        files
    };
    let mut sound = 0;
    for (at, file) in files.iter().enumerate() {
        eprintln!("[{}/{}] {}", at + 1, files.len(), file.display());
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let started = Instant::now();
        let proof = prove(&text, &SEEDS, &mut |doing| eprintln!("      {doing}"));
        for finding in &proof.findings {
            println!("{}:{}: {}", file.display(), finding.line, finding.words);
        }
        if proof.findings.is_empty() {
            sound += 1;
        }
        eprintln!("      {}, {}", proof.words(), duration(started.elapsed()));
    }
    println!("{sound} of {} lessons are sound", files.len());
    Ok(sound == files.len())
}

/// Every lesson file below a folder, in order. What is written in capitals (AUTHORS.md) is about lessons and is none.
pub fn lessons(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            found.extend(lessons(&path)?);
        } else if name.ends_with(".md") && !name.starts_with(|c: char| c.is_ascii_uppercase()) {
            found.push(path);
        }
    }
    Ok(found)
}
