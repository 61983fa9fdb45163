//! One block after the other: symbols are collected, and written stored, with the fixed trees or with trees of their own,
//! whichever is shortest (`_tr_flush_block` and what it calls in zlib's `trees.c`).

use crate::trees::{Kind, Tree, codes_of};
use crate::{BitWriter, LENGTHS_ORDER, fixed_literal_len, length_code, split};

/// Symbols of a block at most: one less than `lit_bufsize` at memory level 8.
const SYMBOLS_MAX: usize = (1 << 14) - 1;
const END_OF_BLOCK: usize = 256;
/// The first two codes say how long the repeated run is, in 2 and 3 bits; the third in 7.
const REPEAT: u8 = 16;
const ZEROS: u8 = 17;
const MANY_ZEROS: u8 = 18;

const STORED: u32 = 0;
const FIXED: u32 = 1;
const DYNAMIC: u32 = 2;

/// Codes with their lengths, for each symbol.
struct Coder<'a> {
    codes: Vec<u16>,
    lens: &'a [u8],
}

impl<'a> Coder<'a> {
    fn new(lens: &'a [u8]) -> Coder<'a> {
        Coder { codes: codes_of(lens), lens }
    }

    fn put(&self, bits: &mut BitWriter, symbol: usize) {
        bits.put(u32::from(self.codes[symbol]), u32::from(self.lens[symbol]));
    }
}

pub struct Block<'a> {
    input: &'a [u8],
    bits: BitWriter,
    /// Where the block begins in the input.
    start: usize,
    /// A distance with a length less 3, or 0 with a literal.
    symbols: Vec<(u16, u8)>,
}

impl<'a> Block<'a> {
    pub fn new(input: &'a [u8]) -> Block<'a> {
        Block { input, bits: BitWriter::default(), start: 0, symbols: Vec::new() }
    }

    pub fn put_literal(&mut self, byte: u8) {
        self.symbols.push((0, byte));
    }

    pub fn put_match(&mut self, distance: usize, len: usize) {
        self.symbols.push((distance as u16, (len - 3) as u8));
    }

    pub fn flush_if_full(&mut self, end: usize, base: usize) {
        if self.symbols.len() == SYMBOLS_MAX {
            self.flush(end, base, false);
        }
    }

    /// Writes the last block, which may be empty.
    pub fn finish(mut self, end: usize, base: usize) -> Vec<u8> {
        self.flush(end, base, true);
        self.bits.align();
        self.bits.out
    }

    /// `base` is where zlib's window begins: what has left it cannot be stored any more.
    fn flush(&mut self, end: usize, base: usize, is_last: bool) {
        let mut literals = Tree::new(Kind::Literals);
        let mut distances = Tree::new(Kind::Distances);
        for (distance, byte) in &self.symbols {
            if *distance == 0 {
                literals.count(usize::from(*byte));
            } else {
                literals.count(END_OF_BLOCK + 1 + length_code(*byte).0 as usize);
                distances.count(split(u32::from(*distance) - 1, 1).0 as usize);
            }
        }
        literals.count(END_OF_BLOCK);
        literals.build();
        distances.build();
        let runs = [runs_of(&literals.lens), runs_of(&distances.lens)].concat();
        let mut lengths = Tree::new(Kind::Lengths);
        runs.iter().for_each(|(symbol, _)| lengths.count(usize::from(*symbol)));
        lengths.build();
        let len_of = |code: &u8| lengths.lens.get(usize::from(*code)).copied().unwrap_or(0);
        let sent = LENGTHS_ORDER.iter().rposition(|code| len_of(code) != 0).map_or(4, |last| (last + 1).max(4));

        let dynamic_bits = literals.bits + distances.bits + lengths.bits + 3 * sent as i64 + 5 + 5 + 4;
        let fixed = (literals.fixed_bits + distances.fixed_bits + 3 + 7) >> 3;
        let shortest = fixed.min((dynamic_bits + 3 + 7) >> 3);
        let plain = &self.input[self.start..end];
        let bits = &mut self.bits;
        if plain.len() as i64 + 4 <= shortest && self.start >= base {
            bits.put((STORED << 1) + u32::from(is_last), 3);
            bits.align();
            bits.put(plain.len() as u32, 16);
            bits.put(!plain.len() as u32 & 0xFFFF, 16);
            bits.out.extend_from_slice(plain);
        } else if fixed == shortest {
            bits.put((FIXED << 1) + u32::from(is_last), 3);
            let lens: Vec<u8> = (0..288).map(fixed_literal_len).collect();
            put_symbols(bits, &self.symbols, &Coder::new(&lens), &Coder::new(&[5; 30]));
        } else {
            bits.put((DYNAMIC << 1) + u32::from(is_last), 3);
            bits.put(literals.lens.len() as u32 - 257, 5);
            bits.put(distances.lens.len() as u32 - 1, 5);
            bits.put(sent as u32 - 4, 4);
            LENGTHS_ORDER[..sent].iter().for_each(|code| bits.put(u32::from(len_of(code)), 3));
            put_runs(bits, &runs, &Coder::new(&lengths.lens));
            put_symbols(bits, &self.symbols, &Coder::new(&literals.lens), &Coder::new(&distances.lens));
        }
        self.symbols.clear();
        self.start = end;
    }
}

/// `compress_block`.
fn put_symbols(bits: &mut BitWriter, symbols: &[(u16, u8)], literals: &Coder, distances: &Coder) {
    for (distance, byte) in symbols {
        if *distance == 0 {
            literals.put(bits, usize::from(*byte));
            continue;
        }
        let put_extra = |bits: &mut BitWriter, value: u32, count: u32| bits.put(value & ((1 << count) - 1), count);
        let (code, extra) = length_code(*byte);
        literals.put(bits, END_OF_BLOCK + 1 + code as usize);
        put_extra(bits, u32::from(*byte), extra);
        let distance = u32::from(*distance) - 1;
        let (code, extra) = split(distance, 1);
        distances.put(bits, code as usize);
        put_extra(bits, distance, extra);
    }
    literals.put(bits, END_OF_BLOCK);
}

/// `send_tree`.
fn put_runs(bits: &mut BitWriter, runs: &[(u8, u8)], lengths: &Coder) {
    for (symbol, repeat) in runs {
        lengths.put(bits, usize::from(*symbol));
        let extra = match *symbol {
            REPEAT => 2,
            ZEROS => 3,
            MANY_ZEROS => 7,
            _ => 0,
        };
        bits.put(u32::from(*repeat), extra);
    }
}

/// `scan_tree`: the lengths of a tree's codes as symbols of the third tree, with what their extra bits say.
fn runs_of(lens: &[u8]) -> Vec<(u8, u8)> {
    let bounds = |last: Option<u8>, next: Option<u8>| match next {
        Some(0) => (138, 3),
        _ if last == next => (6, 3),
        _ => (7, 4),
    };
    let mut runs = Vec::new();
    let (mut last, mut count) = (None, 0u8);
    let (mut most, mut least) = bounds(None, lens.first().copied());
    for (at, len) in lens.iter().enumerate() {
        let next = lens.get(at + 1).copied();
        count += 1;
        if count < most && next == Some(*len) {
            continue;
        }
        if count < least {
            runs.extend((0..count).map(|_| (*len, 0)));
        } else if *len != 0 {
            if last != Some(*len) {
                runs.push((*len, 0));
                count -= 1;
            }
            runs.push((REPEAT, count - 3));
        } else if count <= 10 {
            runs.push((ZEROS, count - 3));
        } else {
            runs.push((MANY_ZEROS, count - 11));
        }
        (last, count) = (Some(*len), 0);
        (most, least) = bounds(last, next);
    }
    runs
}
