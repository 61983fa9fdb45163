//! Holds this crate to what Kafka's own classes answered, as recorded in vector files (JSON: `about`, `kafka`, `cases`).
//!
//! `check` is handed the name of a file, without its ending, and its text. Bytes must decode, encode to the same bytes,
//! be counted right without encoding, and show the JSON that Kafka's converters gave.

mod messages;
mod tables;

use bytes::Bytes;
use serde_json::Value;

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

    /// Takes in what became of one case.
    pub fn count(&mut self, case: &Value, result: Result<(), String>) {
        self.total += 1;
        match result {
            Ok(()) => self.agree += 1,
            Err(difference) => {
                let mut start: String = case.to_string().chars().take(300).collect();
                start.insert_str(0, "\n  in ");
                self.first_difference.get_or_insert(difference + &start);
            }
        }
    }
}

/// The files that this crate answers for.
pub const NAMES: [&str; 10] = [
    "protocol-requests",
    "protocol-responses",
    "protocol-rest",
    "protocol-headers",
    "metadata-records",
    "coordinator-records",
    "embedded-records",
    "errors-4.3",
    "apis-4.3",
    "murmur2",
];

/// Checks one file; `None` when it is none of ours.
pub fn check(name: &str, text: &str) -> Option<Result<Report, String>> {
    let case: fn(&Value) -> Result<(), String> = match name {
        "protocol-requests" | "protocol-responses" | "protocol-rest" => messages::body,
        "protocol-headers" => messages::header,
        "metadata-records" => messages::metadata_record,
        "coordinator-records" => messages::coordinator_record,
        "embedded-records" => messages::embedded,
        "errors-4.3" => tables::error,
        "apis-4.3" => tables::api,
        "murmur2" => tables::murmur2,
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
    if name == "protocol-headers" {
        report.count(&file["offered_by_broker"], tables::offered(&file));
    }
    Ok(report)
}

fn text<'a>(case: &'a Value, key: &str) -> Result<&'a str, String> {
    case[key].as_str().ok_or_else(|| format!("the case has no text {key}"))
}

fn number(case: &Value, key: &str) -> Result<i64, String> {
    case[key].as_i64().ok_or_else(|| format!("the case has no number {key}"))
}

fn short(case: &Value, key: &str) -> Result<i16, String> {
    i16::try_from(number(case, key)?).map_err(|error| format!("{key}: {error}"))
}

fn hex(case: &Value, key: &str) -> Result<Bytes, String> {
    let digits = text(case, key)?;
    let byte = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes.map(Bytes::from).ok_or_else(|| format!("{key} is not hexadecimal"))
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, kafkas: T) -> Result<(), String> {
    if ours == kafkas { Ok(()) } else { Err(format!("{what}: {ours:?} but Kafka has {kafkas:?}")) }
}
