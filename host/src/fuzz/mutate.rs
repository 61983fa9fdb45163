//! What can go wrong with bytes: bits flip, parts are cut out, repeated, moved, and words stand where none belongs.

use base::Rng;

/// Where lengths, counts and signs live.
const EXTREMES: [u8; 8] = [0x00, 0x01, 0x7F, 0x80, 0xFF, 0xFE, 0x0A, 0x20];
/// A format whose parser copes with so much copes with more; the work is in the beginning.
const LONGEST: usize = 1 << 16;

/// A seed with one to three damages.
pub fn damaged(seed: &[u8], words: &[&str], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..rng.between(1, 3) {
        damage(&mut bytes, words, rng);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn damage(bytes: &mut Vec<u8>, words: &[&str], rng: &mut Rng) {
    let at = rng.below(bytes.len() as u64 + 1) as usize;
    let until = at + rng.below((bytes.len() - at).min(64) as u64 + 1) as usize;
    match rng.below(if words.is_empty() { 9 } else { 12 }) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, rng.next_u64() as u8),
        2 | 3 if at < bytes.len() => bytes[at] = EXTREMES[rng.below(EXTREMES.len() as u64) as usize],
        4 | 5 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
        6 => drop(bytes.drain(at..until)),
        7 => {
            let part = bytes[at..until].to_vec();
            let to = rng.below(bytes.len() as u64 + 1) as usize;
            bytes.splice(to..to, part);
        }
        8 => {
            let field = rng.next_u64().to_be_bytes();
            let width = [1, 2, 4, 8][rng.below(4) as usize].min(bytes.len() - at);
            bytes[at..at + width].copy_from_slice(&field[..width]);
        }
        9.. => {
            let word = words[rng.below(words.len() as u64) as usize];
            bytes.splice(at..until, word.bytes());
        }
        _ => bytes.extend_from_slice(&EXTREMES[..2]),
    }
}
