//! Deflate (RFC 1951) that gives, byte for byte, what zlib gives: the sizes of Kafka's gzip batches, and so where a
//! segment rolls and what a dump prints, follow from every choice of its compressor.
//!
//! zlib's choices are its greedy and lazy matching over hash chains ([`matcher`], `deflate.c`) and its Huffman trees with
//! their ties ([`trees`] and [`block`], `trees.c`), as in zlib 1.2.11 and later with the settings of
//! `java.util.zip.Deflater`: a window of 32 KiB, memory level 8, the default strategy.

mod block;
mod inflate;
mod matcher;
mod trees;

pub use inflate::inflate;

/// What -1 means to zlib.
const DEFAULT_LEVEL: i32 = 6;

/// Packs with the level 1 to 9; any other is the default, as -1 is.
pub fn deflate(plain: &[u8], level: i32) -> Vec<u8> {
    let level = if (1..=9).contains(&level) { level } else { DEFAULT_LEVEL };
    matcher::Matcher::new(plain, level as usize).run()
}

/// Bits from the lowest up, as deflate lays them into bytes.
#[derive(Default)]
struct BitWriter {
    out: Vec<u8>,
    bits: u64,
    count: u32,
}

impl BitWriter {
    /// Appends the lowest `count` bits of `value`, at most 16.
    fn put(&mut self, value: u32, count: u32) {
        self.bits |= u64::from(value) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push(self.bits as u8);
            self.bits >>= 8;
            self.count -= 8;
        }
    }

    /// Fills up the byte that was begun.
    fn align(&mut self) {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
    }
}

/// A length less 3, or a distance less 1, as code and number of extra bits; the extra bits are the lowest of `value`.
/// `sub` is 2 for lengths and 1 for distances: so many bits after the highest belong to the code.
fn split(value: u32, sub: u32) -> (u32, u32) {
    let extra = value.checked_ilog2().unwrap_or(0).saturating_sub(sub);
    ((extra << sub) + (value >> extra), extra)
}

/// The code of a length less 3: 258 has one of its own.
fn length_code(less_3: u8) -> (u32, u32) {
    if less_3 == 255 { (28, 0) } else { split(u32::from(less_3), 2) }
}

/// The lengths of the codes that need no tree in the stream: of literals and lengths.
fn fixed_literal_len(symbol: usize) -> u8 {
    match symbol {
        144..=255 => 9,
        256..=279 => 7,
        _ => 8,
    }
}

/// The order in which the lengths of the codes for lengths are sent.
const LENGTHS_ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
