//! Lines of a client's own log, as the tools' log4j prints them on stderr: WARN and above.

use std::fmt;

use base::{Micros, calendar};

use crate::error::KafkaError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    Warn,
    Error,
}

/// `[yyyy-MM-dd HH:mm:ss,SSS] LEVEL text (logger)`, and the exception below it. `Display` ends with a newline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogLine {
    pub at: Micros,
    pub level: Level,
    pub text: String,
    /// The Java class that logs.
    pub logger: &'static str,
    pub exception: Option<KafkaError>,
}

impl LogLine {
    pub fn warn(at: Micros, logger: &'static str, text: impl Into<String>) -> LogLine {
        LogLine { at, level: Level::Warn, text: text.into(), logger, exception: None }
    }

    pub fn error(at: Micros, logger: &'static str, text: impl Into<String>) -> LogLine {
        LogLine { at, level: Level::Error, text: text.into(), logger, exception: None }
    }

    pub fn with(mut self, exception: KafkaError) -> LogLine {
        self.exception = Some(exception);
        self
    }
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        };
        writeln!(f, "[{}] {level} {} ({})", date(self.at), self.text, self.logger)?;
        if let Some(exception) = &self.exception {
            // log4j2 prints the message of an exception that has none as the word null.
            if exception.message.is_none() {
                writeln!(f, "{exception}: null")?;
            } else {
                f.write_str(&exception.stack_trace())?;
            }
        }
        Ok(())
    }
}

/// The wall-clock time of a moment in UTC: `2026-01-01 00:00:00,000`.
pub fn date(at: Micros) -> String {
    let ms = at.as_epoch_ms();
    let (days, in_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let (year, month, day) = calendar::civil(days);
    let (hour, minute, second) = (in_day / 3_600_000, in_day / 60_000 % 60, in_day / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02},{:03}", in_day % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_reads_as_log4j_writes_it() {
        assert_eq!(date(Micros::ZERO), "2026-01-01 00:00:00,000");
        assert_eq!(date(Micros::from_secs(59 * 86_400) + Micros::from_ms(3_723_004)), "2026-03-01 01:02:03,004");
    }
}
