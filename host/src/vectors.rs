//! `oz vectors`: what Kafka's own classes answered, against what the engine answers. Each crate of the engine knows the
//! files that ask about it; this is the list of those crates.

use std::fs;
use std::path::{Path, PathBuf};

/// How many cases of a file agree, and the first that does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Cases with Kafka's answer.
    pub agree: usize,
    /// Cases in the file.
    pub total: usize,
    /// The first other answer, with its case.
    pub first_difference: Option<String>,
}

/// Checks one file, given its name without `.json` and its text; an error when no crate answers for it or it cannot be read.
pub fn check(name: &str, text: &str) -> Result<Agreement, String> {
    if let Some(report) = protocol::vectors::check(name, text) {
        let report = report?;
        return Ok(Agreement { agree: report.agree, total: report.total, first_difference: report.first_difference });
    }
    if let Some(report) = log::vectors::check(name, text) {
        let report = report?;
        return Ok(Agreement { agree: report.agree, total: report.total, first_difference: report.first_difference });
    }
    for check in [cluster::vectors::check, clients::vectors::check] {
        if let Some(report) = check(name, text) {
            let report = report?;
            let (agree, total) = (report.agree, report.total);
            return Ok(Agreement { agree, total, first_difference: report.first_difference });
        }
    }
    Err(format!("no part of this engine answers for {name}; it knows {}", names().join(", ")))
}

/// The files that can be checked.
pub fn names() -> Vec<&'static str> {
    let of_messages = protocol::vectors::NAMES.into_iter().chain(log::vectors::NAMES);
    of_messages.chain(cluster::vectors::NAMES).chain(clients::vectors::NAMES).collect()
}

/// Checks the named files and prints a line for each. True when all agree.
pub fn vectors(files: &[PathBuf]) -> Result<bool, String> {
    let (mut agree, mut total, mut clean) = (0, 0, 0);
    for file in files {
        match check_file(file) {
            Ok(report) => {
                println!("{}: {} of {} agree", file.display(), report.agree, report.total);
                if let Some(difference) = &report.first_difference {
                    println!("  {}", difference.replace('\n', "\n  "));
                }
                agree += report.agree;
                total += report.total;
                clean += usize::from(report.total > 0 && report.agree == report.total);
            }
            Err(reason) => println!("{}: {reason}", file.display()),
        }
    }
    println!("{agree} of {total} cases agree; {clean} of {} files are clean", files.len());
    Ok(clean == files.len())
}

fn check_file(file: &Path) -> Result<Agreement, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let name = file.file_stem().and_then(|name| name.to_str()).ok_or("this is no name of a file of vectors")?;
    check(name, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_nobody_answers_for_is_no_agreement() {
        let reason = check("moon-phases", "{}").unwrap_err();
        assert!(reason.starts_with("no part of this engine answers for moon-phases"), "{reason}");
    }
}
