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
