//! Decimal numbers without floats: compared exactly, printed as Java's `Double.toString` prints them.

use std::cmp::Ordering;

/// `digits` * 10^`exponent`, negative or not. `digits` has no trailing zero, so that equal numbers are equal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    digits: u64,
    exponent: i32,
}

impl Decimal {
    /// Reads what Java's `Double.parseDouble` would, as far as seventeen digits and plain decimal notation go; `None`
    /// for anything else.
    pub fn parse(text: &str) -> Option<Decimal> {
        let text = text.trim();
        let (negative, text) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let text = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if (whole.is_empty() && fraction.is_empty())
            || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let (mut digits, mut exponent) = (0u64, power);
        for (i, byte) in whole.bytes().chain(fraction.bytes()).enumerate() {
            let after_point = i >= whole.len();
            // Digits that a double cannot hold change nothing but the magnitude.
            if digits < 10u64.pow(17) {
                digits = digits * 10 + u64::from(byte - b'0');
                exponent = exponent.saturating_sub(i32::from(after_point));
            } else {
                exponent = exponent.saturating_add(i32::from(!after_point));
            }
        }
        Some(Decimal { negative: negative && digits > 0, digits, exponent }.normal())
    }

    fn normal(mut self) -> Decimal {
        while self.digits > 0 && self.digits.is_multiple_of(10) {
            self.digits /= 10;
            self.exponent = self.exponent.saturating_add(1);
        }
        if self.digits == 0 {
            self.exponent = 0;
        }
        self
    }

    /// `millionths` of this number, rounded down: what ratios are reckoned with.
    pub fn millionths(self) -> i64 {
        let shift = self.exponent.saturating_add(6);
        let magnitude = match u32::try_from(shift) {
            Ok(up) => 10i64.checked_pow(up).and_then(|m| m.checked_mul(self.digits as i64)).unwrap_or(i64::MAX),
            Err(_) => 10u64.checked_pow(shift.unsigned_abs()).map_or(0, |d| (self.digits / d) as i64),
        };
        if self.negative { -magnitude } else { magnitude }
    }

    pub fn compare(self, other: Decimal) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_magnitude(other),
            (true, true) => other.compare_magnitude(self),
        }
    }

    fn compare_magnitude(self, other: Decimal) -> Ordering {
        if self.digits == 0 || other.digits == 0 {
            return self.digits.cmp(&other.digits);
        }
        // Where the first digit stands decides; else both are stretched to the same number of digits.
        let place = |d: Decimal| i64::from(d.digits.ilog10()) + i64::from(d.exponent);
        let stretched = |d: Decimal| u128::from(d.digits) * 10u128.pow(18 - d.digits.ilog10().min(18));
        place(self).cmp(&place(other)).then_with(|| stretched(self).cmp(&stretched(other)))
    }
}

/// `0.5`, `2.0`, `1.0E-4`.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.digits.to_string();
        let sign = if self.negative { "-" } else { "" };
        if self.digits == 0 {
            return write!(f, "{sign}0.0");
        }
        let point = digits.len() as i32 + self.exponent;
        let or_zero = |text: &str| if text.is_empty() { "0".to_string() } else { text.to_string() };
        if !(-2..=7).contains(&point) {
            return write!(f, "{sign}{}.{}E{}", &digits[..1], or_zero(&digits[1..]), point - 1);
        }
        match usize::try_from(point) {
            Ok(point) if point >= digits.len() => write!(f, "{sign}{digits}{}.0", "0".repeat(point - digits.len())),
            Ok(point) if point > 0 => write!(f, "{sign}{}.{}", &digits[..point], &digits[point..]),
            _ => write!(f, "{sign}0.{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> String {
        Decimal::parse(text).map_or("not a number".to_string(), |d| d.to_string())
    }

    #[test]
    fn prints_as_java_does() {
        let cases = [
            ("2", "2.0"),
            ("-1", "-1.0"),
            ("0.50", "0.5"),
            (".05", "0.05"),
            ("0.0001", "1.0E-4"),
            ("12345678", "1.2345678E7"),
            ("1.25e3", "1250.0"),
            ("0", "0.0"),
            ("abc", "not a number"),
            ("1,5", "not a number"),
        ];
        for (text, expected) in cases {
            assert_eq!(printed(text), expected, "{text}");
        }
    }

    #[test]
    fn compares_exactly() {
        let number = |text| Decimal::parse(text).expect("a number");
        assert_eq!(number("0.5").compare(number("0.50")), Ordering::Equal);
        assert_eq!(number("-2").compare(number("-1")), Ordering::Less);
        assert_eq!(number("1.0000001").compare(number("1")), Ordering::Greater);
        assert_eq!(number("0.5").millionths(), 500_000);
    }
}
