//! Seeded randomness: xoshiro256++, one stream per (node, purpose), integers only.
//!
//! Written here and not taken from `rand` because the stream must be the same natively and in wasm for ever, across
//! versions of every crate; `SmallRng` differs between 32 and 64 bits.

/// One stream of pseudo-random numbers (xoshiro256++ 1.0, Blackman and Vigna 2019). Part of a node's state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rng {
    s: [u64; 4],
}

impl Rng {
    /// The stream that belongs to `seed`, a node and a purpose. Different purposes are independent, so that one more
    /// draw for one of them does not shift the others.
    pub fn new(seed: u64, node: u64, purpose: &str) -> Rng {
        let mut mix = SplitMix(seed ^ node.wrapping_mul(0xA24B_AED4_963E_E407));
        let tag =
            purpose.bytes().fold(0xCBF2_9CE4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3));
        mix.0 ^= tag;
        Rng { s: [mix.next(), mix.next(), mix.next(), mix.next()] }
    }

    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.s;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in `0..bound`. `bound` must be positive. The bias of the multiply-shift is below 2^-32 for the bounds used.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "an empty range has no member");
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// Uniform in `low..=high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "an empty range has no member");
        low + self.below((high - low).saturating_add(1))
    }

    /// True `parts` times in a million.
    pub fn per_million(&mut self, parts: u32) -> bool {
        parts > 0 && self.below(1_000_000) < u64::from(parts)
    }

    /// Fisher-Yates, as the sessions' only shuffle.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

/// SplitMix64: spreads a seed over the four words of the state.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_published_numbers() {
        // The reference vectors of xoshiro256++ (state 1, 2, 3, 4) and of SplitMix64 (seed 1234567).
        let mut rng = Rng { s: [1, 2, 3, 4] };
        let first: Vec<u64> = (0..5).map(|_| rng.next_u64()).collect();
        assert_eq!(first, [41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205]);
        let mut mix = SplitMix(1_234_567);
        assert_eq!([mix.next(), mix.next()], [6457827717110365317, 3203168211198807973]);
    }

    #[test]
    fn streams_differ_by_seed_node_and_purpose() {
        let first = |seed, node, purpose| Rng::new(seed, node, purpose).next_u64();
        let mut all = vec![first(1, 1, "a"), first(2, 1, "a"), first(1, 2, "a"), first(1, 1, "b")];
        assert_eq!(all[0], first(1, 1, "a"));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn bounds_are_kept_and_reached() {
        let mut rng = Rng::new(1, 0, "bounds");
        let draws: Vec<u64> = (0..1_000).map(|_| rng.between(3, 6)).collect();
        assert_eq!((draws.iter().min(), draws.iter().max()), (Some(&3), Some(&6)));
        assert!((0..100).all(|_| rng.below(1) == 0));
        assert!((0..100).all(|_| !rng.per_million(0) && rng.per_million(1_000_000)));
        let hits = (0..10_000).filter(|_| rng.per_million(250_000)).count();
        assert!((2_300..2_700).contains(&hits), "{hits} of 10000 at a quarter");
        assert_eq!(rng.between(0, u64::MAX).leading_zeros() / 64, 0, "the whole range is no overflow");
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Rng::new(1, 0, "shuffle").shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
