//! Lines of the broker's own log file, in Kafka's words.

use base::{Micros, calendar};

use super::{Broker, Fx};
use crate::Event;

impl Broker {
    /// Reports a line of `server.log`. `logger` is the short class name that Kafka's layout prints in brackets at the
    /// end.
    pub(super) fn log_line(&self, level: &'static str, logger: &'static str, text: String, fx: &mut Fx<'_>) {
        fx.emit(Event::Logged { host: self.spec.host.clone(), level, logger, text });
    }

    pub(super) fn log_info(&self, logger: &'static str, text: String, fx: &mut Fx<'_>) {
        self.log_line("INFO", logger, text, fx);
    }
}

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The date as Java's `Properties.store` writes it: `Thu Jan 01 00:00:00 UTC 2026`.
pub fn date(now: Micros) -> String {
    let seconds = now.as_epoch_ms() / 1_000;
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = calendar::civil(days);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    let weekday = DAYS[days.rem_euclid(7) as usize];
    let month = MONTHS[month as usize - 1];
    format!("{weekday} {month} {day:02} {hour:02}:{minute:02}:{second:02} UTC {year}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_instant_of_a_session() {
        assert_eq!(date(Micros::ZERO), "Thu Jan 01 00:00:00 UTC 2026");
        assert_eq!(date(Micros::from_secs(86_400 * 59 + 3_661)), "Sun Mar 01 01:01:01 UTC 2026");
    }
}
