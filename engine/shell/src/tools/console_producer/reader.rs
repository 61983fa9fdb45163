//! How a line becomes a record: headers, key and value between separators (`LineMessageReader`).

use bytes::Bytes;
use clients::config::Properties;
use clients::producer::ProducerRecord;
use clients::{KafkaError, error};
use regex_lite::Regex;

use crate::tools::usage::bad_pattern;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LineReader {
    topic: String,
    parse_key: bool,
    key_separator: String,
    parse_headers: bool,
    headers_delimiter: String,
    /// A regular expression.
    headers_separator: String,
    headers_key_separator: String,
    ignore_error: bool,
    null_marker: Option<String>,
    line_number: u64,
}

fn thrown(why: String) -> KafkaError {
    KafkaError::new(error::KAFKA, why)
}

impl LineReader {
    pub fn new(properties: &Properties) -> Result<LineReader, KafkaError> {
        let text = |name: &str, default: &str| properties.get(name).map_or(default, String::as_str).to_string();
        let flag = |name: &str| properties.get(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        let reader = LineReader {
            topic: text("topic", ""),
            parse_key: flag("parse.key"),
            key_separator: text("key.separator", "\t"),
            parse_headers: flag("parse.headers"),
            headers_delimiter: text("headers.delimiter", "\t"),
            headers_separator: text("headers.separator", ","),
            headers_key_separator: text("headers.key.separator", ":"),
            ignore_error: flag("ignore.error"),
            null_marker: properties.get("null.marker").cloned(),
            line_number: 0,
        };
        reader.check()?;
        Ok(reader)
    }

    fn check(&self) -> Result<(), KafkaError> {
        let named = [
            ("headers.delimiter", Some(&self.headers_delimiter)),
            ("headers.separator", Some(&self.headers_separator)),
            ("headers.key.separator", Some(&self.headers_key_separator)),
            ("null.marker", self.null_marker.as_ref()),
            ("key.separator", Some(&self.key_separator)),
        ];
        // Which pairs must differ, in the order in which Kafka looks.
        for (a, b) in [(0, 1), (0, 2), (1, 2), (3, 4), (3, 1), (3, 0), (3, 2)] {
            let ((name_a, value_a), (name_b, value_b)) = (named[a], named[b]);
            if value_a.is_some() && value_a == value_b {
                return Err(thrown(format!("{name_a} and {name_b} may not be equal")));
            }
        }
        if Regex::new(&self.headers_separator).is_err() {
            return Err(bad_pattern(&self.headers_separator));
        }
        Ok(())
    }

    /// The record of a line; an exception ends the tool.
    pub fn read(&mut self, line: &str) -> Result<ProducerRecord, KafkaError> {
        self.line_number += 1;
        let headers = match self.parse_headers {
            true => self.cut(line, 0, &self.headers_delimiter, "headers delimiter")?,
            false => None,
        };
        let after_headers = headers.map_or(0, |headers| headers.len() + self.headers_delimiter.len());
        let key = match self.parse_key {
            true => self.cut(line, after_headers, &self.key_separator, "key separator")?,
            false => None,
        };
        let after_key = after_headers + key.map_or(0, |key| key.len() + self.key_separator.len());
        let bytes = |text: &str| (!self.is_null(text)).then(|| Bytes::copy_from_slice(text.as_bytes()));
        Ok(ProducerRecord {
            topic: self.topic.as_str().into(),
            partition: None,
            timestamp: None,
            key: key.and_then(bytes),
            value: bytes(&line[after_key..]),
            headers: match headers {
                Some(headers) if !self.is_null(headers) => self.headers(headers)?,
                _ => Vec::new(),
            },
        })
    }

    fn is_null(&self, text: &str) -> bool {
        self.null_marker.as_deref() == Some(text)
    }

    fn cut<'a>(&self, line: &'a str, from: usize, separator: &str, name: &str) -> Result<Option<&'a str>, KafkaError> {
        match line[from..].find(separator) {
            Some(length) => Ok(Some(&line[from..from + length])),
            None if self.ignore_error => Ok(None),
            None => Err(thrown(format!("No {name} found on line number {}: '{line}'", self.line_number))),
        }
    }

    fn headers(&self, text: &str) -> Result<Vec<(String, Option<Bytes>)>, KafkaError> {
        let separator = Regex::new(&self.headers_separator).map_err(|error| thrown(error.to_string()))?;
        let mut pairs: Vec<&str> = separator.split(text).collect();
        while pairs.len() > 1 && pairs.last().is_some_and(|last| last.is_empty()) {
            pairs.pop();
        }
        pairs.into_iter().map(|pair| self.header(pair)).collect()
    }

    fn header(&self, pair: &str) -> Result<(String, Option<Bytes>), KafkaError> {
        let Some((key, value)) = pair.split_once(&self.headers_key_separator) else {
            if self.ignore_error {
                return Ok((pair.to_string(), None));
            }
            let why = format!("No header key separator found in pair '{pair}' on line number {}", self.line_number);
            return Err(thrown(why));
        };
        if self.is_null(key) {
            let why = format!("Header keys should not be equal to the null marker '{key}' as they can't be null");
            return Err(thrown(why));
        }
        Ok((key.to_string(), (!self.is_null(value)).then(|| Bytes::copy_from_slice(value.as_bytes()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(pairs: &[(&str, &str)]) -> LineReader {
        let properties = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        LineReader::new(&properties).unwrap()
    }

    #[test]
    fn the_first_separator_splits() {
        let mut reader = reader(&[("parse.key", "true"), ("key.separator", ":")]);
        let record = reader.read("b:2:3").unwrap();
        assert_eq!((record.key.as_deref(), record.value.as_deref()), (Some(&b"b"[..]), Some(&b"2:3"[..])));
        let why = reader.read("no separator").unwrap_err();
        assert_eq!(why.message(), "No key separator found on line number 2: 'no separator'");
    }

    #[test]
    fn a_line_may_carry_headers_and_nulls() {
        let mut reader = reader(&[("parse.headers", "true"), ("parse.key", "true"), ("null.marker", "NULL")]);
        let record = reader.read("h1:v1,h2:NULL\tNULL\tx").unwrap();
        assert_eq!(record.headers, [("h1".to_string(), Some(Bytes::from_static(b"v1"))), ("h2".to_string(), None)]);
        assert_eq!((record.key, record.value.as_deref()), (None, Some(&b"x"[..])));
    }

    #[test]
    fn with_ignore_error_the_whole_line_is_the_value() {
        let mut reader = reader(&[("parse.key", "true"), ("ignore.error", "true")]);
        let record = reader.read("plain").unwrap();
        assert_eq!((record.key, record.value.as_deref()), (None, Some(&b"plain"[..])));
    }
}
