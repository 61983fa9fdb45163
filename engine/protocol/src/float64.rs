//! The one float of the protocol: quota values.

/// A `float64` field as its IEEE bits, so that a message can be compared, hashed and kept in a node's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Float64(pub u64);

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
        (self.get() % 1.0).abs() <= 1e-6
    }

    /// `Double.parseDouble`, without its hexadecimal forms and its suffixes.
    pub fn parse(text: &str) -> Option<Float64> {
        text.trim().parse().ok().map(Float64::new)
    }
}

/// `Double.toString`: the shortest digits that give the number, `1.0E7` from ten million on and below a thousandth.
impl std::fmt::Display for Float64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = self.get();
        let size = value.abs();
        if size == 0.0 || (1e-3..1e7).contains(&size) || !size.is_finite() {
            let text = format!("{value:?}");
            return f.write_str(&text.replace("inf", "Infinity"));
        }
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let point = if digits.contains('.') { "" } else { ".0" };
        write!(f, "{digits}{point}E{exponent}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_java_prints_them() {
        let shown = |text: &str| Float64::parse(text).unwrap().to_string();
        assert_eq!(shown("2048"), "2048.0");
        assert_eq!(shown("12345678.9"), "1.23456789E7");
        assert_eq!(shown("1e7"), "1.0E7");
        assert_eq!(shown("0.0001"), "1.0E-4");
        assert_eq!(shown("0.5"), "0.5");
        assert_eq!(shown("0"), "0.0");
        assert_eq!(Float64::parse("many"), None);
    }
}
