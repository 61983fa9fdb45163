//! `ExponentialBackoff`: waits that double up to a cap, with 20 % jitter from a seeded stream.

use base::{Micros, Rng};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExponentialBackoff {
    pub initial: Micros,
    pub max: Micros,
}

impl ExponentialBackoff {
    pub const fn from_ms(initial_ms: u64, max_ms: u64) -> ExponentialBackoff {
        ExponentialBackoff { initial: Micros::from_ms(initial_ms), max: Micros::from_ms(max_ms) }
    }

    /// The wait after `attempts` earlier failures: `min(initial * 2^attempts, max)` times 0.8 to 1.2, never above `max`
    /// (unless `initial` is above it, which then is the constant wait).
    pub fn wait(&self, attempts: u32, rng: &mut Rng) -> Micros {
        if self.max <= self.initial {
            return self.initial;
        }
        let doubled = self.initial.0.saturating_mul(1u64.checked_shl(attempts.min(63)).unwrap_or(u64::MAX));
        let term = doubled.min(self.max.0);
        let jittered = u128::from(term) * u128::from(rng.between(800_000, 1_200_000)) / 1_000_000;
        Micros(u64::try_from(jittered).unwrap_or(u64::MAX)).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_with_jitter_up_to_the_cap() {
        let backoff = ExponentialBackoff::from_ms(100, 1_000);
        let mut rng = Rng::new(1, 1, "test");
        for (attempts, low, high) in [(0, 80, 120), (1, 160, 240), (3, 640, 960), (9, 800, 1_000)] {
            let wait = backoff.wait(attempts, &mut rng);
            assert!((low..=high).contains(&wait.as_ms()), "{attempts}: {wait:?}");
        }
    }
}
