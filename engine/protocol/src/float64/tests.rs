//! Doubles are read and shown as Java does, and as the standard library does another way.

use base::Rng;

use super::*;

#[test]
fn doubles_print_as_java_prints_them() {
    let shown = |text: &str| Float64::parse(text).unwrap().to_string();
    assert_eq!(shown("2048"), "2048.0");
    assert_eq!(shown("12345678.9"), "1.23456789E7");
    assert_eq!(shown("1e7"), "1.0E7");
    assert_eq!(shown("9999999.999"), "9999999.999");
    assert_eq!(shown("0.0001"), "1.0E-4");
    assert_eq!(shown("0.001"), "0.001");
    assert_eq!(shown("0.5"), "0.5");
    assert_eq!(shown("-.25"), "-0.25");
    assert_eq!(shown("0"), "0.0");
    assert_eq!(shown("-0"), "-0.0");
    assert_eq!(shown("NaN"), "NaN");
    assert_eq!(shown("-Infinity"), "-Infinity");
    assert_eq!(shown("1e400"), "Infinity");
    assert_eq!(shown("1.7976931348623157E308"), "1.7976931348623157E308");
}

/// `Double.toString(Double.MIN_VALUE)` is 4.9E-324, though 5E-324 would do.
#[test]
fn the_least_numbers_have_two_digits() {
    let shown = |times: u64| Float64(times).to_string();
    assert_eq!(shown(1), "4.9E-324");
    assert_eq!(shown(2), "9.9E-324");
    assert_eq!(shown(3), "1.5E-323");
    assert_eq!(shown(4), "2.0E-323");
    assert_eq!(shown(10), "4.9E-323");
    assert_eq!(shown(20), "9.9E-323");
}

#[test]
fn what_is_no_number_is_none() {
    for text in ["many", "", ".", "1e", "e5", "1.2.3", "--1", "1_000", "inf", "nan", "+", "1e+", "0x10"] {
        assert_eq!(Float64::parse(text), None, "{text}");
    }
}

/// The standard library does the same another way: every number there is shown and read alike.
#[test]
fn every_double_is_read_and_shown_as_the_standard_library_does() {
    let mut rng = Rng::new(7, 0, "doubles");
    for case in 0..4_000u64 {
        let bits = match case % 4 {
            // Powers of two have a narrower gap below; subnormal numbers have fewer bits.
            0 => (case % 2047) << 52,
            1 => rng.next_u64() >> 12,
            _ => rng.next_u64() & !SIGN,
        };
        let value = f64::from_bits(bits);
        if !value.is_finite() {
            continue;
        }
        let text = format!("{value:e}");
        assert_eq!(Float64::parse(&text), Some(Float64(bits)), "{text}");
        assert_eq!(Float64(bits).to_string().parse::<f64>().map(f64::to_bits), Ok(bits), "{text}");
        if bits != 0 {
            let (digits, exponent) = shortest(Float64(bits));
            let std_digits = text.split_once('e').map(|(digits, power)| (digits.replace('.', ""), power.parse()));
            assert_eq!(std_digits, Some((digits, Ok(exponent))), "{text}");
        }
    }
}

/// Numbers that lie half-way between two doubles, a little above and a little below, and long ones.
#[test]
fn halves_are_rounded_to_even() {
    let texts = [
        "9007199254740993",
        "9007199254740993.0000000000000000000000000000000001",
        "9007199254740992.9999999999999999999999999",
        "2.2250738585072011e-308",
        "2.47032822920623272e-324",
        "2.4703282292062327208e-324",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
    ];
    for text in texts {
        assert_eq!(Float64::parse(text).map(Float64::get), text.parse().ok(), "{text}");
    }
    let long = format!("0.{}1", "9".repeat(900));
    assert_eq!(Float64::parse(&long).map(Float64::get), long.parse().ok());
    let half = format!("9007199254740993{}1e-900", "0".repeat(899));
    assert_eq!(Float64::parse(&half).map(Float64::get), half.parse().ok());
}
