//! A 64-bit digest of state that is equal natively and in wasm.

use std::hash::{Hash, Hasher};

/// A `Hasher` whose result does not depend on the width of `usize` (lengths and enum discriminants are widened to 64
/// bits), so `#[derive(Hash)]` gives a portable digest. FNV-style with a 64-bit finisher; not for hash tables.
#[derive(Clone, Debug)]
pub struct Digest(u64);

impl Digest {
    pub fn new() -> Digest {
        Digest(0xCBF2_9CE4_8422_2325)
    }

    /// The digest of one value.
    pub fn of<T: Hash + ?Sized>(value: &T) -> u64 {
        let mut digest = Digest::new();
        value.hash(&mut digest);
        digest.finish()
    }

    /// Never inlined: every field of every message is mixed in somewhere, and a call is a third of its bytes.
    #[inline(never)]
    fn mix(&mut self, word: u64) {
        self.0 = mixed(self.0, word);
    }
}

#[inline(always)]
fn mixed(state: u64, word: u64) -> u64 {
    (state ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
}

impl Default for Digest {
    fn default() -> Digest {
        Digest::new()
    }
}

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        let mut z = self.0;
        z = (z ^ (z >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        z ^ (z >> 33)
    }

    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        let state = words.iter().fold(self.0, |state, word| mixed(state, u64::from_le_bytes(*word)));
        let mut last = [0u8; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.0 = mixed(state, u64::from_le_bytes(last) ^ ((bytes.len() as u64) << 56));
    }

    fn write_u8(&mut self, i: u8) {
        self.mix(u64::from(i));
    }
    fn write_u16(&mut self, i: u16) {
        self.mix(u64::from(i));
    }
    fn write_u32(&mut self, i: u32) {
        self.mix(u64::from(i));
    }
    fn write_u64(&mut self, i: u64) {
        self.mix(i);
    }
    fn write_u128(&mut self, i: u128) {
        self.mix(i as u64);
        self.mix((i >> 64) as u64);
    }
    fn write_usize(&mut self, i: usize) {
        self.mix(i as u64);
    }
    fn write_i8(&mut self, i: i8) {
        self.mix(i as u8 as u64);
    }
    fn write_i16(&mut self, i: i16) {
        self.mix(i as u16 as u64);
    }
    fn write_i32(&mut self, i: i32) {
        self.mix(i as u32 as u64);
    }
    fn write_i64(&mut self, i: i64) {
        self.mix(i as u64);
    }
    fn write_isize(&mut self, i: isize) {
        self.mix(i as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Hash)]
    enum Shape {
        Dot,
        Line { from: u32, to: u32 },
        Path(Vec<u16>),
    }

    #[test]
    fn values_are_those_of_every_platform() {
        // Recorded once. A difference here is a difference between machines, or breaks every digest ever written down.
        assert_eq!(Digest::of(&()), 17_058_014_651_485_797_458);
        assert_eq!(Digest::of(&("kafka", vec![1u8, 2, 3], Some(-7i64), 300usize)), 5_130_965_633_135_062_039);
        assert_eq!(Digest::of(&1u64), Digest::of(&1usize), "lengths count as 64 bits");
        assert_ne!(Digest::of(&1i32), Digest::of(&-1i32));
    }

    #[test]
    fn every_part_of_a_value_counts() {
        let values = [
            Digest::of(&Shape::Dot),
            Digest::of(&Shape::Line { from: 1, to: 2 }),
            Digest::of(&Shape::Line { from: 2, to: 1 }),
            Digest::of(&Shape::Path(vec![])),
            Digest::of(&Shape::Path(vec![0])),
            Digest::of(&Shape::Path(vec![0, 0])),
            Digest::of("a"),
            Digest::of("a\0"),
            Digest::of(&("a", "b")),
            Digest::of(&("ab", "")),
            Digest::of(b"eight by".as_slice()),
            Digest::of(b"eight bytes and more".as_slice()),
        ];
        let mut unique = values.to_vec();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), values.len());
    }
}
