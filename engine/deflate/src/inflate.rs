//! Unpacking, with zlib's refusals (`inflate.c`, `inftrees.c`): what it would not read is not read here.

use crate::LENGTHS_ORDER;

const BITS_MAX: usize = 15;
/// Codes up to this length are looked up at once.
const QUICK_BITS: usize = 9;
const END_OF_BLOCK: usize = 256;

/// Unpacks one stream to at most `max` bytes; also says how many bytes of `packed` it took.
pub fn inflate(packed: &[u8], max: usize) -> Option<(Vec<u8>, usize)> {
    let mut bits = BitReader { input: packed, at: 0, bits: 0, count: 0 };
    let mut out = Vec::new();
    loop {
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(&mut bits, &mut out, max)?,
            1 => {
                let lens: Vec<u8> = (0..288).map(crate::fixed_literal_len).collect();
                symbols(&mut bits, &mut out, max, &Codes::new(&lens)?, &Codes::new(&[5; 32])?)?;
            }
            2 => {
                let (literals, distances) = trees(&mut bits)?;
                symbols(&mut bits, &mut out, max, &literals, &distances)?;
            }
            _ => return None,
        }
        if is_last {
            return Some((out, bits.at - bits.count as usize / 8));
        }
    }
}

struct BitReader<'a> {
    input: &'a [u8],
    at: usize,
    bits: u64,
    count: u32,
}

impl BitReader<'_> {
    /// At least 48 bits, or what is left.
    fn fill(&mut self) {
        while self.count < 48
            && let Some(byte) = self.input.get(self.at)
        {
            self.bits |= u64::from(*byte) << self.count;
            self.count += 8;
            self.at += 1;
        }
    }

    fn skip(&mut self, count: u32) -> Option<()> {
        self.count = self.count.checked_sub(count)?;
        self.bits >>= count;
        Some(())
    }

    /// The next bits, at most 16.
    fn take(&mut self, count: u32) -> Option<usize> {
        self.fill();
        let value = self.bits & ((1 << count) - 1);
        self.skip(count)?;
        Some(value as usize)
    }
}

/// The canonical code that belongs to some lengths.
struct Codes {
    /// By the next bits: the symbol and the length of its code, 0 if that is longer or there is none.
    quick: Vec<(u16, u8)>,
    counts: [u16; BITS_MAX + 1],
    /// By length, then by number.
    symbols: Vec<u16>,
}

impl Codes {
    /// `None` where two codes would begin alike.
    fn new(lens: &[u8]) -> Option<Codes> {
        let mut counts = [0u16; BITS_MAX + 1];
        lens.iter().filter(|len| **len > 0).for_each(|len| counts[usize::from(*len)] += 1);
        let mut codes = Codes { quick: vec![(0, 0); 1 << QUICK_BITS], counts, symbols: Vec::new() };
        if codes.left()? < 0 {
            return None;
        }
        for (symbol, (code, len)) in crate::trees::codes_of(lens).into_iter().zip(lens).enumerate() {
            if (1..=QUICK_BITS).contains(&usize::from(*len)) {
                let places = codes.quick.iter_mut().skip(usize::from(code)).step_by(1 << len);
                places.for_each(|place| *place = (symbol as u16, *len));
            }
        }
        for len in 1..=BITS_MAX as u8 {
            codes.symbols.extend((0..lens.len() as u16).filter(|symbol| lens[usize::from(*symbol)] == len));
        }
        Some(codes)
    }

    /// How many codes of the greatest length are left over.
    fn left(&self) -> Option<i32> {
        let mut left = 1;
        for count in &self.counts[1..] {
            left = (left << 1) - i32::from(*count);
            if left < 0 {
                return None;
            }
        }
        Some(left)
    }

    /// Complete, or empty, or of one code of one bit, which zlib lets pass for literals and distances.
    fn is_sound(&self) -> bool {
        self.left() == Some(0) || self.symbols.is_empty() || (self.symbols.len() == 1 && self.counts[1] == 1)
    }

    fn read(&self, bits: &mut BitReader) -> Option<usize> {
        bits.fill();
        let (symbol, len) = self.quick[bits.bits as usize % (1 << QUICK_BITS)];
        if len > 0 {
            bits.skip(u32::from(len))?;
            return Some(usize::from(symbol));
        }
        let (mut code, mut first, mut index) = (0i32, 0i32, 0i32);
        for len in 1..=BITS_MAX {
            code |= (bits.bits >> (len - 1) & 1) as i32;
            let count = i32::from(self.counts[len]);
            if code - first < count {
                bits.skip(len as u32)?;
                return self.symbols.get((index + code - first) as usize).map(|symbol| usize::from(*symbol));
            }
            (index, first, code) = (index + count, (first + count) << 1, code << 1);
        }
        None
    }
}

fn stored(bits: &mut BitReader, out: &mut Vec<u8>, max: usize) -> Option<()> {
    bits.skip(bits.count % 8)?;
    let (len, check) = (bits.take(16)?, bits.take(16)?);
    if len != check ^ 0xFFFF {
        return None;
    }
    let start = bits.at - bits.count as usize / 8;
    let plain = bits.input.get(start..start + len).filter(|plain| plain.len() <= max - out.len())?;
    out.extend_from_slice(plain);
    (bits.at, bits.bits, bits.count) = (start + len, 0, 0);
    Some(())
}

/// The two trees of a block that brings its own.
fn trees(bits: &mut BitReader) -> Option<(Codes, Codes)> {
    let (literals, distances, sent) = (bits.take(5)? + 257, bits.take(5)? + 1, bits.take(4)? + 4);
    if literals > 286 || distances > 30 {
        return None;
    }
    let mut lens = [0u8; LENGTHS_ORDER.len()];
    for symbol in &LENGTHS_ORDER[..sent] {
        lens[usize::from(*symbol)] = bits.take(3)? as u8;
    }
    let codes = Codes::new(&lens).filter(|codes| codes.left() == Some(0))?;
    let mut lens: Vec<u8> = Vec::new();
    while lens.len() < literals + distances {
        let (len, count) = match codes.read(bits)? {
            16 => (*lens.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            len => (len as u8, 1),
        };
        lens.resize(lens.len() + count, len);
    }
    if lens.len() > literals + distances || lens[END_OF_BLOCK] == 0 {
        return None;
    }
    let (literals, distances) = (Codes::new(&lens[..literals])?, Codes::new(&lens[literals..])?);
    (literals.is_sound() && distances.is_sound()).then_some((literals, distances))
}

fn symbols(bits: &mut BitReader, out: &mut Vec<u8>, max: usize, literals: &Codes, distances: &Codes) -> Option<()> {
    loop {
        let symbol = literals.read(bits)?;
        let Some(code) = symbol.checked_sub(END_OF_BLOCK + 1) else {
            if symbol == END_OF_BLOCK {
                return Some(());
            }
            if out.len() == max {
                return None;
            }
            out.push(symbol as u8);
            continue;
        };
        let len = match code {
            0..28 => 3 + unsplit(bits, code, 2)?,
            28 => 258,
            _ => return None,
        };
        let code = distances.read(bits)?;
        let distance = if code < 30 { 1 + unsplit(bits, code, 1)? } else { return None };
        let start = out.len().checked_sub(distance)?;
        if len > max - out.len() {
            return None;
        }
        if distance >= len {
            out.extend_from_within(start..start + len);
        } else {
            (start..start + len).for_each(|at| out.push(out[at]));
        }
    }
}

/// The other way round than [`crate::split`].
fn unsplit(bits: &mut BitReader, code: usize, sub: u32) -> Option<usize> {
    let extra = (code >> sub).saturating_sub(1) as u32;
    Some(((code - ((extra as usize) << sub)) << extra) + bits.take(extra)?)
}
