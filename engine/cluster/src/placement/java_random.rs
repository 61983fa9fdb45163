//! `java.util.Random`, bit for bit: the placer's choices are recorded for known seeds.

/// A 48-bit linear congruential generator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JavaRandom {
    seed: u64,
}

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const MASK: u64 = (1 << 48) - 1;

impl JavaRandom {
    pub fn new(seed: i64) -> JavaRandom {
        JavaRandom { seed: (seed as u64 ^ MULTIPLIER) & MASK }
    }

    /// The top `bits` bits of the next state; `bits` is 1 to 32.
    fn next(&mut self, bits: u32) -> i32 {
        self.seed = (self.seed.wrapping_mul(MULTIPLIER).wrapping_add(0xB)) & MASK;
        (self.seed >> (48 - bits)) as i32
    }

    /// `nextInt(bound)`: uniform in `0..bound`. `bound` must be positive.
    pub fn next_int(&mut self, bound: i32) -> i32 {
        assert!(bound > 0, "bound must be positive");
        if bound & (bound - 1) == 0 {
            return ((i64::from(bound) * i64::from(self.next(31))) >> 31) as i32;
        }
        loop {
            let bits = self.next(31);
            let value = bits % bound;
            // Java lets the sum overflow to find the draws that would make some values likelier.
            if bits.wrapping_sub(value).wrapping_add(bound - 1) >= 0 {
                return value;
            }
        }
    }

    /// `Collections.shuffle(items, this)`.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.next_int(i as i32 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_what_java_draws() {
        let mut random = JavaRandom::new(42);
        let draws: Vec<i32> = (0..5).map(|_| random.next_int(10)).collect();
        assert_eq!(draws, [0, 3, 8, 4, 0]);
        let mut random = JavaRandom::new(42);
        assert_eq!((0..3).map(|_| random.next_int(16)).collect::<Vec<_>>(), [11, 0, 10]);
    }
}
