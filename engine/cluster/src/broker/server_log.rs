//! Lines of the broker's own log file, in Kafka's words.

use base::Micros;

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
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    let weekday = DAYS[days.rem_euclid(7) as usize];
    let month = MONTHS[month as usize - 1];
    format!("{weekday} {month} {day:02} {hour:02}:{minute:02}:{second:02} UTC {year}")
}

/// Year, month and day of a count of days since 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
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
