//! Finding matches: `deflate_fast`, `deflate_slow` and `longest_match` of zlib's `deflate.c`.
//!
//! zlib slides its input through a window of 64 KiB; here the input lies still and `base` says where the window would
//! begin. That matters in one way: an entry of the hash chains that is at or before the window's first byte is none.

use crate::block::Block;

const WINDOW: usize = 1 << 15;
const HASH_SIZE: usize = 1 << 15;
const MIN_MATCH: usize = 3;
const MAX_MATCH: usize = 258;
const MIN_LOOKAHEAD: usize = MAX_MATCH + MIN_MATCH + 1;
/// A match is never farther back than this.
const MAX_DISTANCE: usize = WINDOW - MIN_LOOKAHEAD;
/// A match of three bytes farther back than this costs more than three literals.
const TOO_FAR: usize = 4_096;

/// `configuration_table`: shorten the search from this length on, do not look for better ones from `lazy` on, be content
/// with `nice`, and look at so many entries of a chain.
struct Effort {
    good: usize,
    lazy: usize,
    nice: usize,
    chain: u32,
}

const fn effort(good: usize, lazy: usize, nice: usize, chain: u32) -> Effort {
    Effort { good, lazy, nice, chain }
}

const EFFORTS: [Effort; 9] = [
    effort(4, 4, 8, 4),
    effort(4, 5, 16, 8),
    effort(4, 6, 32, 32),
    effort(4, 4, 16, 16),
    effort(8, 16, 32, 32),
    effort(8, 16, 128, 128),
    effort(8, 32, 128, 256),
    effort(32, 128, 258, 1_024),
    effort(32, 258, 258, 4_096),
];
/// Up to this level a match is taken as it is found.
const LAST_FAST_LEVEL: usize = 3;

#[derive(Clone, Copy)]
struct Match {
    len: usize,
    start: usize,
}

const NO_MATCH: Match = Match { len: MIN_MATCH - 1, start: 0 };

pub struct Matcher<'a> {
    input: &'a [u8],
    level: usize,
    effort: &'static Effort,
    /// Where the next three bytes were last seen, by their hash; 0 is never.
    head: Vec<u32>,
    /// Where the bytes of a position were seen before it, by the position modulo the window.
    before: Vec<u32>,
    base: usize,
    block: Block<'a>,
}

impl<'a> Matcher<'a> {
    pub fn new(input: &'a [u8], level: usize) -> Matcher<'a> {
        Matcher {
            input,
            level,
            effort: &EFFORTS[level - 1],
            head: vec![0; HASH_SIZE],
            before: vec![0; input.len().min(WINDOW)],
            base: 0,
            block: Block::new(input),
        }
    }

    pub fn run(mut self) -> Vec<u8> {
        if self.level <= LAST_FAST_LEVEL {
            self.fast()
        } else {
            self.slow()
        }
        self.slide(self.input.len());
        self.block.finish(self.input.len(), self.base)
    }

    /// `fill_window`, of which only the slide is left.
    fn slide(&mut self, at: usize) {
        if at - self.base >= WINDOW + MAX_DISTANCE && self.window_end() - at < MIN_LOOKAHEAD {
            self.base += WINDOW;
        }
    }

    fn window_end(&self) -> usize {
        self.input.len().min(self.base + 2 * WINDOW)
    }

    /// Enters the three bytes at a position and gives back where they were before.
    fn insert(&mut self, at: usize) -> usize {
        let byte = |index: usize| usize::from(self.input[at + index]);
        let hash = ((byte(0) << 10) ^ (byte(1) << 5) ^ byte(2)) % HASH_SIZE;
        let before = std::mem::replace(&mut self.head[hash], at as u32);
        self.before[at % WINDOW] = before;
        before as usize
    }

    /// Enters a position if three bytes are left there.
    fn try_insert(&mut self, at: usize) -> Option<usize> {
        if at + MIN_MATCH > self.input.len() {
            return None;
        }
        let before = self.insert(at);
        (before > self.base && at - before <= MAX_DISTANCE).then_some(before)
    }

    fn longest_match(&self, at: usize, first: usize, best_so_far: usize) -> Match {
        let ahead = &self.input[at..];
        let ahead = &ahead[..ahead.len().min(MAX_MATCH)];
        let nice = self.effort.nice.min(ahead.len());
        let limit = at.saturating_sub(MAX_DISTANCE).max(self.base);
        let mut chain = if best_so_far >= self.effort.good { self.effort.chain >> 2 } else { self.effort.chain };
        let mut best = Match { len: best_so_far.min(ahead.len()), start: 0 };
        let mut candidate = first;
        while best.len < ahead.len() {
            let seen = &self.input[candidate..candidate + ahead.len()];
            if seen[best.len] == ahead[best.len] {
                let len = ahead.iter().zip(seen).take_while(|(a, b)| a == b).count();
                if len > best.len {
                    best = Match { len, start: candidate };
                    if len >= nice {
                        break;
                    }
                }
            }
            candidate = self.before[candidate % WINDOW] as usize;
            chain -= 1;
            if candidate <= limit || chain == 0 {
                break;
            }
        }
        best
    }

    /// `deflate_fast`: the first good match is taken.
    fn fast(&mut self) {
        let mut at = 0;
        while at < self.input.len() {
            self.slide(at);
            let found = match self.try_insert(at) {
                Some(first) => self.longest_match(at, first, NO_MATCH.len),
                None => NO_MATCH,
            };
            if found.len >= MIN_MATCH {
                let end = at + found.len;
                self.block.put_match(at - found.start, found.len);
                if found.len <= self.effort.lazy && end + MIN_MATCH <= self.input.len() {
                    for inside in at + 1..end {
                        self.insert(inside);
                    }
                }
                at = end;
            } else {
                self.block.put_literal(self.input[at]);
                at += 1;
            }
            self.block.flush_if_full(at, self.base);
        }
    }

    /// `deflate_slow`: a match is taken when the next position has no longer one.
    fn slow(&mut self) {
        let (mut at, mut found, mut waits) = (0, NO_MATCH, false);
        while at < self.input.len() {
            self.slide(at);
            let first = self.try_insert(at);
            let last = std::mem::replace(&mut found, NO_MATCH);
            if let Some(first) = first.filter(|_| last.len < self.effort.lazy) {
                found = self.longest_match(at, first, last.len);
                if found.len == MIN_MATCH && at - found.start > TOO_FAR {
                    found.len = MIN_MATCH - 1;
                }
            }
            if last.len >= MIN_MATCH && found.len <= last.len {
                let end = at - 1 + last.len;
                self.block.put_match(at - 1 - last.start, last.len);
                for inside in at + 1..end {
                    self.try_insert(inside);
                }
                (at, found, waits) = (end, NO_MATCH, false);
                self.block.flush_if_full(at, self.base);
                continue;
            }
            if waits {
                self.block.put_literal(self.input[at - 1]);
                self.block.flush_if_full(at, self.base);
            }
            waits = true;
            at += 1;
        }
        if waits {
            self.block.put_literal(self.input[at - 1]);
        }
    }
}
