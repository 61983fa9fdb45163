//! The newest offset of each key of the dirty part, as far as there is room (`SkimpyOffsetMap`): like Kafka's, it knows
//! keys by a hash of 128 bits only, so that a key costs the same whatever its length.

use std::hash::Hasher;

use base::Digest;

/// Slots of the smallest table; always a power of two.
const SLOTS_MIN: usize = 64;
/// An offset that no record has.
const EMPTY: i64 = -1;

type Slot = ([u64; 2], i64);

#[derive(Debug)]
pub(super) struct OffsetMap {
    /// Open addressing; at most three of four slots are taken.
    slots: Vec<Slot>,
    len: usize,
    /// Most keys.
    room: usize,
    /// All records up to here were looked at; -1 is none.
    pub latest: i64,
}

impl OffsetMap {
    pub fn new(room: usize) -> OffsetMap {
        OffsetMap { slots: vec![([0; 2], EMPTY); SLOTS_MIN], len: 0, room, latest: -1 }
    }

    pub fn is_full(&self) -> bool {
        self.len >= self.room
    }

    pub fn insert(&mut self, key: &[u8], offset: i64) {
        let hash = hash(key);
        let at = self.place(hash);
        self.len += usize::from(self.slots[at].1 == EMPTY);
        self.slots[at] = (hash, offset);
        if self.len * 4 > self.slots.len() * 3 {
            let larger = vec![([0; 2], EMPTY); self.slots.len() * 2];
            for (hash, offset) in std::mem::replace(&mut self.slots, larger) {
                if offset != EMPTY {
                    let at = self.place(hash);
                    self.slots[at] = (hash, offset);
                }
            }
        }
    }

    pub fn get(&self, key: &[u8]) -> Option<i64> {
        let (_, offset) = self.slots[self.place(hash(key))];
        (offset != EMPTY).then_some(offset)
    }

    /// Where the key with this hash is, or would be.
    fn place(&self, hash: [u64; 2]) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash[0] as usize & mask;
        while self.slots[at].1 != EMPTY && self.slots[at].0 != hash {
            at = (at + 1) & mask;
        }
        at
    }
}

fn hash(key: &[u8]) -> [u64; 2] {
    let of = |seed: u64| {
        let mut digest = Digest::new();
        digest.write_u64(seed);
        digest.write(key);
        digest.finish()
    };
    [of(1), of(2)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_offset_of_a_key_counts_in_a_table_that_grows() {
        let mut map = OffsetMap::new(10_000);
        for offset in 0..30_000_i64 {
            map.insert(format!("key {}", offset % 7_000).as_bytes(), offset);
        }
        assert!(!map.is_full());
        for key in 0..7_000_i64 {
            let newest = (0..30_000).rev().find(|offset| offset % 7_000 == key);
            assert_eq!(map.get(format!("key {key}").as_bytes()), newest);
        }
        assert_eq!(map.get(b"another"), None);
        assert!(OffsetMap::new(0).is_full());
    }
}
