//! Holds this crate to what Kafka's own classes answered, as recorded in vector files (JSON: `about`, `kafka`,
//! `cases`).
//!
//! `check` is handed the name of a file, without its ending, and its text.

mod batches;
mod compaction;
mod files;
mod logs;

use bytes::Bytes;
use serde_json::Value;

use crate::{LogConfig, Now};

/// How many cases of a file agree, and what the first difference is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub agree: usize,
    pub total: usize,
    pub first_difference: Option<String>,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        self.total > 0 && self.agree == self.total
    }

    fn count(&mut self, case: &Value, result: Result<(), String>) {
        self.total += 1;
        match result {
            Ok(()) => self.agree += 1,
            Err(difference) => {
                let start: String = case.to_string().chars().take(600).collect();
                self.first_difference.get_or_insert(format!("{difference}\n  in case {}: {start}", self.total));
            }
        }
    }
}

/// The files that this crate answers for.
pub const NAMES: [&str; 11] = [
    "batches",
    "batches-corrupt",
    "batches-old",
    "append",
    "leader-epochs",
    "small-files",
    "indexes",
    "segment-roll",
    "producer-state",
    "log-retention",
    "compaction",
];

/// Checks one file; `None` when it is none of ours.
pub fn check(name: &str, text: &str) -> Option<Result<Report, String>> {
    let case: fn(&Value) -> Result<(), String> = match name {
        "batches" => batches::built,
        "batches-corrupt" => batches::corrupt,
        "batches-old" => batches::old,
        "append" => batches::append,
        "leader-epochs" => files::leader_epochs,
        "small-files" => files::small_file,
        "indexes" => logs::indexes,
        "segment-roll" => logs::segment_roll,
        "producer-state" => logs::producer_state,
        "log-retention" => logs::retention,
        "compaction" => compaction::compaction,
        _ => return None,
    };
    Some(run(name, text, case))
}

fn run(name: &str, text: &str, case: fn(&Value) -> Result<(), String>) -> Result<Report, String> {
    let file: Value = serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))?;
    let mut report = Report::default();
    for value in file["cases"].as_array().ok_or_else(|| format!("{name}: no cases"))? {
        report.count(value, case(value));
    }
    Ok(report)
}

fn text<'a>(case: &'a Value, key: &str) -> Result<&'a str, String> {
    case[key].as_str().ok_or_else(|| format!("the case has no text {key}"))
}

fn number(case: &Value, key: &str) -> Result<i64, String> {
    case[key].as_i64().ok_or_else(|| format!("the case has no number {key}"))
}

fn list<'a>(case: &'a Value, key: &str) -> Result<&'a Vec<Value>, String> {
    case[key].as_array().ok_or_else(|| format!("the case has no list {key}"))
}

/// A list of numbers.
fn numbers(value: &Value) -> Result<Vec<i64>, String> {
    let items = value.as_array().ok_or_else(|| format!("{value} is no list"))?;
    items.iter().map(|item| item.as_i64().ok_or_else(|| format!("{item} is no number"))).collect()
}

/// A list of lists of numbers.
fn rows(case: &Value, key: &str) -> Result<Vec<Vec<i64>>, String> {
    list(case, key)?.iter().map(numbers).collect()
}

fn hex(case: &Value, key: &str) -> Result<Bytes, String> {
    let digits = text(case, key)?;
    let byte = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes.map(Bytes::from).ok_or_else(|| format!("{key} is not hexadecimal"))
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, kafkas: T) -> Result<(), String> {
    if ours == kafkas { Ok(()) } else { Err(format!("{what}: {ours:?} but Kafka has {kafkas:?}")) }
}

/// The topic settings of a case.
fn config(case: &Value) -> Result<LogConfig, String> {
    let mut config = LogConfig::default();
    let Some(settings) = case["config"].as_object() else { return Ok(config) };
    for (key, value) in settings {
        let value = value.as_str().ok_or_else(|| format!("{key} is no text"))?;
        if !config.set(key, value) {
            return Err(format!("unknown setting {key}={value}"));
        }
    }
    Ok(config)
}

/// A server's clock; the cases were recorded before the instant at which sessions begin.
fn at(epoch_ms: i64) -> Now {
    Now { at: base::Micros::ZERO, epoch_ms }
}
