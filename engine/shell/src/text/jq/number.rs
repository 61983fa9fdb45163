//! Decimal numbers, enough for `jq`: exact, but for division.

use std::cmp::Ordering;
use std::fmt;

/// `digits` * 10^-`scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    digits: i128,
    scale: u32,
}

/// Digits behind the point of a quotient.
const QUOTIENT_DIGITS: u32 = 16;
const SCALE_MAX: u32 = 17;

impl Decimal {
    pub fn of(number: i128) -> Decimal {
        Decimal { digits: number, scale: 0 }
    }

    pub fn parse(text: &str) -> Option<Decimal> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().ok()?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let scale = fraction.len() as i32 - exponent;
        if scale < 0 {
            let power = 10i128.checked_pow(scale.unsigned_abs()).filter(|_| scale > -18)?;
            return Some(Decimal::of(digits.checked_mul(power)?));
        }
        (scale <= SCALE_MAX as i32).then(|| Decimal { digits, scale: scale as u32 }.trimmed())
    }

    fn trimmed(mut self) -> Decimal {
        while self.scale > 0 && self.digits % 10 == 0 {
            self.digits /= 10;
            self.scale -= 1;
        }
        self
    }

    /// The whole part, downwards.
    pub fn floor(self) -> i128 {
        self.digits.div_euclid(10i128.pow(self.scale))
    }

    pub fn negative(self) -> Decimal {
        Decimal { digits: -self.digits, ..self }
    }

    fn aligned(self, other: Decimal) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let raise = |number: Decimal| number.digits.checked_mul(10i128.pow(scale - number.scale));
        Some((raise(self)?, raise(other)?, scale))
    }

    pub fn calculate(self, sign: &str, other: Decimal) -> Option<Decimal> {
        let (a, b, scale) = self.aligned(other)?;
        let digits = match sign {
            "+" => a.checked_add(b)?,
            "-" => a.checked_sub(b)?,
            "*" => {
                let digits = self.digits.checked_mul(other.digits)?;
                return Some(Decimal { digits, scale: self.scale + other.scale }.trimmed());
            }
            "/" => {
                let digits = a.checked_mul(10i128.pow(QUOTIENT_DIGITS))?.checked_div(b)?;
                return Some(Decimal { digits, scale: QUOTIENT_DIGITS }.trimmed());
            }
            // Whole numbers only.
            _ => return (a / 10i128.pow(scale)).checked_rem(b / 10i128.pow(scale)).map(Decimal::of),
        };
        Some(Decimal { digits, scale }.trimmed())
    }

    pub fn compare(self, other: Decimal) -> Ordering {
        self.aligned(other).map_or(Ordering::Equal, |(a, b, _)| a.cmp(&b))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let power = 10u128.pow(self.scale);
        let (whole, fraction) = (self.digits.unsigned_abs() / power, self.digits.unsigned_abs() % power);
        let sign = if self.digits < 0 { "-" } else { "" };
        if self.scale == 0 {
            return write!(f, "{sign}{whole}");
        }
        write!(f, "{sign}{whole}.{fraction:0width$}", width = self.scale as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_shortest() {
        let shown = |text: &str| Decimal::parse(text).expect("a number").to_string();
        assert_eq!(["1.0", "1.10", "-0.50", "2e3", "12"].map(shown), ["1", "1.1", "-0.5", "2000", "12"]);
        let third = Decimal::of(1).calculate("/", Decimal::of(3)).expect("a number");
        assert_eq!(third.to_string(), "0.3333333333333333");
        assert_eq!(Decimal::of(7).calculate("%", Decimal::of(4)), Some(Decimal::of(3)));
        assert_eq!(Decimal::of(7).calculate("/", Decimal::of(0)), None);
    }
}
