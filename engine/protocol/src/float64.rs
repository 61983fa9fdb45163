//! The one float of the protocol: quota values.
//!
//! Read and written with whole numbers only. The standard library's way carries a table of powers of five and four
//! algorithms, 17 KB of every page's download, to be fast; a quota is read when somebody types one.

mod big;

use std::cmp::Ordering;

use big::Big;

/// A `float64` field as its IEEE bits, so that a message can be compared, hashed and kept in a node's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Float64(pub u64);

const MANTISSA_BITS: u32 = 52;
const HIDDEN_BIT: u64 = 1 << MANTISSA_BITS;
/// The exponent of the last bit of a subnormal number.
const LEAST_EXPONENT: i32 = -1074;
const INFINITY: u64 = 0x7FF << MANTISSA_BITS;
const NOT_A_NUMBER: u64 = INFINITY | 1 << (MANTISSA_BITS - 1);
const SIGN: u64 = 1 << 63;
/// More digits than decide any double; those behind them only say that there is something.
const DIGITS_MAX: usize = 800;

impl Float64 {
    pub const ZERO: Float64 = Float64(0);

    pub fn new(value: f64) -> Float64 {
        Float64(value.to_bits())
    }

    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }

    pub fn is_positive(self) -> bool {
        self.get() > 0.0
    }

    pub fn is_whole(self) -> bool {
        let value = self.get();
        (value - value.trunc()).abs() <= 1e-6
    }

    /// `Double.parseDouble`, without its hexadecimal forms and its suffixes.
    pub fn parse(text: &str) -> Option<Float64> {
        let text = text.trim_matches(|c: char| c <= ' ');
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let bits = match unsigned {
            "NaN" => NOT_A_NUMBER,
            "Infinity" => INFINITY,
            number => magnitude(number)?,
        };
        Some(Float64(if text.starts_with('-') { bits | SIGN } else { bits }))
    }

    /// Mantissa and exponent of its last bit.
    fn parts(self) -> (u64, i32) {
        let mantissa = self.0 & (HIDDEN_BIT - 1);
        match (self.0 >> MANTISSA_BITS) as i32 & 0x7FF {
            0 => (mantissa, LEAST_EXPONENT),
            exponent => (mantissa | HIDDEN_BIT, exponent - 1 + LEAST_EXPONENT),
        }
    }
}

/// `Double.toString`: the shortest digits that give the number, `1.0E7` from ten million on and below a thousandth.
impl std::fmt::Display for Float64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 & SIGN == 0 { "" } else { "-" };
        match self.0 & !SIGN {
            0 => return write!(f, "{sign}0.0"),
            INFINITY => return write!(f, "{sign}Infinity"),
            bits if bits > INFINITY => return f.write_str("NaN"),
            _ => {}
        }
        let (digits, exponent) = match shortest(Float64(self.0 & !SIGN)) {
            (digits, _) if digits.len() == 1 && self.0 & !SIGN < COARSE => two_digits(self.0 & !SIGN),
            other => other,
        };
        let (whole, rest) = match exponent {
            -3..0 => ("0".to_string(), "0".repeat(exponent.unsigned_abs() as usize - 1) + &digits),
            0..7 => {
                let places = exponent as usize + 1;
                let padded = format!("{digits:0<places$}");
                (padded[..places].to_string(), padded[places..].to_string())
            }
            _ => (digits[..1].to_string(), digits[1..].to_string()),
        };
        let rest = if rest.is_empty() { "0" } else { &rest };
        write!(f, "{sign}{whole}.{rest}")?;
        if (-3..7).contains(&exponent) { Ok(()) } else { write!(f, "E{exponent}") }
    }
}

/// Below this many times the least number, one digit may give a double back that two digits meet more closely.
const COARSE: u64 = 100;
/// The least number, to 17 digits, and the place of the last of them.
const LEAST: u64 = 49_406_564_584_124_654;
const LEAST_PLACE: i32 = -340;

/// The two digits nearest to so many times the least number: Java never prints fewer, and takes the nearest then.
fn two_digits(times: u64) -> (String, i32) {
    let value = LEAST * times;
    let exponent = value.ilog10() as i32;
    let unit = 10u64.pow(exponent.unsigned_abs() - 1);
    let rounded = (value + unit / 2) / unit;
    let exponent = exponent + LEAST_PLACE + i32::from(rounded == 100);
    (rounded.to_string().trim_end_matches('0').to_string(), exponent)
}

/// The bits of an unsigned decimal number.
fn magnitude(text: &str) -> Option<u64> {
    let (number, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], read_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    let digits = &digits[leading..];
    let exponent = exponent.saturating_sub(fraction.len() as i64);
    // Where the first digit stands decides whether it is out of all bounds.
    let first = exponent.saturating_add(digits.len() as i64);
    if digits.is_empty() || first < -330 {
        return Some(0);
    }
    if first > 310 {
        return Some(INFINITY);
    }
    let mut value = Big::from(0);
    for digit in digits.iter().take(DIGITS_MAX) {
        value.multiply_add(10, u32::from(digit - b'0'));
    }
    let cut = digits.len().saturating_sub(DIGITS_MAX);
    if digits.iter().skip(DIGITS_MAX).any(|digit| *digit != b'0') {
        value.multiply_add(10, 1);
        return Some(nearest(value, (exponent + cut as i64 - 1) as i32));
    }
    Some(nearest(value, (exponent + cut as i64) as i32))
}

/// The exponent's number; one without bounds is held within those that `i64` has to spare.
fn read_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
    Some(if text.starts_with('-') { -size } else { size })
}

/// The double nearest to `digits * 10^exponent`, the even one of two that are as near.
fn nearest(mut digits: Big, exponent: i32) -> u64 {
    let mut divisor = Big::from(1);
    let scaled = if exponent < 0 { &mut divisor } else { &mut digits };
    for _ in 0..exponent.unsigned_abs() {
        scaled.multiply_add(10, 0);
    }
    // The last bit's exponent, so that the quotient has 53 bits or 54.
    let mut last = (digits.bits() as i32 - divisor.bits() as i32 - 53).max(LEAST_EXPONENT);
    let mut rest = digits;
    if last < 0 {
        rest.shift_left(last.unsigned_abs())
    } else {
        divisor.shift_left(last as u32)
    }
    let mut quotient = 0u64;
    divisor.shift_left(54);
    for _ in 0..55 {
        quotient <<= 1;
        if rest.compare(&divisor) != Ordering::Less {
            rest.subtract(&divisor);
            quotient |= 1;
        }
        rest.shift_left(1);
    }
    // `rest` is twice the remainder now, in units of the divisor that was shifted.
    let mut half = rest.compare(&divisor);
    if quotient >= HIDDEN_BIT << 1 {
        let odd = quotient & 1;
        quotient >>= 1;
        last += 1;
        half = match (odd, rest.is_zero()) {
            (0, _) => Ordering::Less,
            (_, true) => Ordering::Equal,
            (_, false) => Ordering::Greater,
        };
    }
    let up = half == Ordering::Greater || (half == Ordering::Equal && quotient & 1 == 1);
    quotient += u64::from(up);
    if quotient == HIDDEN_BIT << 1 {
        quotient >>= 1;
        last += 1;
    }
    if quotient < HIDDEN_BIT {
        return quotient;
    }
    let biased = (last - LEAST_EXPONENT + 1) as u64;
    if biased >= 0x7FF { INFINITY } else { biased << MANTISSA_BITS | (quotient & (HIDDEN_BIT - 1)) }
}

/// The shortest digits that are nearer to this number than to any other, and the power of ten of the first (Steele and
/// White 1990, "How to Print Floating-Point Numbers Accurately", with the bounds of Burger and Dybvig 1996).
fn shortest(value: Float64) -> (String, i32) {
    let (mantissa, exponent) = value.parts();
    let even = mantissa & 1 == 0;
    // The gap below a power of two is half of that above.
    let narrow = u32::from(mantissa == HIDDEN_BIT && exponent > LEAST_EXPONENT);
    let (mut rest, mut unit) = (Big::from(mantissa), Big::from(1));
    let (mut above, mut below) = (Big::from(1), Big::from(1));
    let up = exponent.max(0) as u32;
    rest.shift_left(up + 1 + narrow);
    unit.shift_left(exponent.min(0).unsigned_abs() + 1 + narrow);
    above.shift_left(up + narrow);
    below.shift_left(up);
    let reaches = |rest: &Big, above: &Big, unit: &Big| {
        let order = rest.plus(above).compare(unit);
        order == Ordering::Greater || (even && order == Ordering::Equal)
    };
    let mut power = 0;
    while reaches(&rest, &above, &unit) {
        unit.multiply_add(10, 0);
        power += 1;
    }
    let mut digits = String::new();
    loop {
        for part in [&mut rest, &mut above, &mut below] {
            part.multiply_add(10, 0);
        }
        if digits.is_empty() && !reaches(&rest, &above, &unit) {
            power -= 1;
            continue;
        }
        let mut digit = 0u8;
        while rest.compare(&unit) != Ordering::Less {
            rest.subtract(&unit);
            digit += 1;
        }
        let order = rest.compare(&below);
        let low = order == Ordering::Less || (even && order == Ordering::Equal);
        let high = reaches(&rest, &above, &unit);
        if !low && !high {
            digits.push(char::from(b'0' + digit));
            continue;
        }
        let nearer_up = rest.plus(&rest).compare(&unit) != Ordering::Less;
        digits.push(char::from(b'0' + digit + u8::from(high && (!low || nearer_up))));
        return (digits, power - 1);
    }
}

#[cfg(test)]
mod tests;
