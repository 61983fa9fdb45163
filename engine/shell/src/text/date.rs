//! `date`: the virtual clock, in UTC.

use base::{Micros, calendar};

use crate::process::Io;

const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) fn run(arguments: &[String], io: &mut Io<'_, '_>) {
    let mut text = "%a %b %e %H:%M:%S %Z %Y";
    for argument in arguments {
        match argument.as_str() {
            "-u" | "--utc" => {}
            "-Is" | "--iso-8601=seconds" => text = "%Y-%m-%dT%H:%M:%S+00:00",
            "-I" | "--iso-8601" => text = "%F",
            other => match other.strip_prefix('+') {
                Some(given) => text = given,
                None => {
                    io.eprintln(format!("date: invalid date '{other}'"));
                    return io.exit(1);
                }
            },
        }
    }
    let line = format(text, io.now);
    io.println(line);
}

/// `strftime`, with GNU's `%N` (also `%3N`) for parts of a second.
pub(super) fn format(text: &str, at: Micros) -> String {
    let ms = at.as_epoch_ms();
    let (seconds, micros) = (ms.div_euclid(1_000), at.0 % 1_000_000);
    let (day_number, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = calendar::civil(day_number);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let weekday = DAYS[day_number.rem_euclid(7) as usize];
    let month_name = MONTHS[(month - 1) as usize];
    let mut out = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('s') => out.push_str(&seconds.to_string()),
            Some('N') => out.push_str(&format!("{:09}", micros * 1_000)),
            Some(width @ ('3' | '6')) => {
                letters.next();
                let digits = format!("{micros:06}");
                out.push_str(if width == '3' { &digits[..3] } else { &digits });
            }
            Some('Y') => out.push_str(&year.to_string()),
            Some('y') => out.push_str(&format!("{:02}", year % 100)),
            Some('m') => out.push_str(&format!("{month:02}")),
            Some('d') => out.push_str(&format!("{day:02}")),
            Some('e') => out.push_str(&format!("{day:2}")),
            Some('H') => out.push_str(&format!("{hour:02}")),
            Some('M') => out.push_str(&format!("{minute:02}")),
            Some('S') => out.push_str(&format!("{second:02}")),
            Some('F') => out.push_str(&format!("{year}-{month:02}-{day:02}")),
            Some('T') => out.push_str(&format!("{hour:02}:{minute:02}:{second:02}")),
            Some('a') => out.push_str(&weekday[..3]),
            Some('A') => out.push_str(weekday),
            Some('b') => out.push_str(&month_name[..3]),
            Some('B') => out.push_str(month_name),
            Some('Z') => out.push_str("UTC"),
            Some('z') => out.push_str("+0000"),
            Some('n') => out.push('\n'),
            Some('%') => out.push('%'),
            Some(other) => {
                out.push('%');
                out.push(other);
            }
            None => out.push('%'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_second_of_a_session() {
        let at = Micros::from_ms(61_234);
        assert_eq!(format("%a %b %e %H:%M:%S %Z %Y", at), "Thu Jan  1 00:01:01 UTC 2026");
        assert_eq!(format("%s%3N %F %T %%", at), "1767225661234 2026-01-01 00:01:01 %");
    }
}
