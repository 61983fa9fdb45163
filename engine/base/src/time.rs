//! Virtual time: integer microseconds since the session began.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// The wall-clock instant, in milliseconds of the Unix epoch, at which every session begins: 2026-01-01T00:00:00Z.
/// Kafka stamps records with epoch milliseconds; a fixed start keeps those bytes equal from run to run.
pub const EPOCH_START_MS: i64 = 1_767_225_600_000;

/// A point in virtual time, or a span of it, in microseconds. The kernel alone moves it forward.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    pub const ZERO: Micros = Micros(0);
    pub const MAX: Micros = Micros(u64::MAX);

    pub const fn from_ms(ms: u64) -> Micros {
        Micros(ms.saturating_mul(1_000))
    }

    pub const fn from_secs(secs: u64) -> Micros {
        Micros(secs.saturating_mul(1_000_000))
    }

    /// Whole milliseconds, rounded down.
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// The Unix epoch milliseconds that a server with a correct clock reads at this instant.
    pub const fn as_epoch_ms(self) -> i64 {
        EPOCH_START_MS + (self.0 / 1_000) as i64
    }

    pub const fn saturating_sub(self, other: Micros) -> Micros {
        Micros(self.0.saturating_sub(other.0))
    }
}

impl Add for Micros {
    type Output = Micros;
    fn add(self, other: Micros) -> Micros {
        Micros(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Micros {
    fn add_assign(&mut self, other: Micros) {
        *self = *self + other;
    }
}

/// Panics (in every build) when `other` is later than `self`: a negative span is a programmer's error.
impl Sub for Micros {
    type Output = Micros;
    fn sub(self, other: Micros) -> Micros {
        Micros(self.0.checked_sub(other.0).expect("virtual time runs forward"))
    }
}

/// Seconds with microsecond digits, as the timeline prints it: `8.200000s`.
impl fmt::Debug for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_counts_saturates_and_prints() {
        let at = Micros::from_secs(8) + Micros::from_ms(200);
        assert_eq!((at.as_ms(), at.as_epoch_ms()), (8_200, EPOCH_START_MS + 8_200));
        assert_eq!(format!("{at:?}"), "8.200000s");
        assert_eq!(Micros::MAX + Micros(1), Micros::MAX);
        assert_eq!(Micros(1).saturating_sub(at), Micros::ZERO);
        assert_eq!(at - Micros::from_secs(8), Micros(200_000));
    }

    #[test]
    #[should_panic(expected = "virtual time runs forward")]
    fn a_negative_span_is_a_programmer_s_error() {
        let _ = Micros(1) - Micros(2);
    }
}
