//! Ordered maps, sets and sorting whose code is small.
//!
//! The engine's tables are many in kind and small in size: a few hundred types of map, most of them with fewer than a
//! thousand entries, and all of them cloned and hashed whole. `std`'s B-tree is made anew for each pair of types, 6 KB of
//! wasm each time, a quarter of the whole download. Here keys and values lie in two sorted vectors, so that the code of one
//! key type or of one value type is shared by all the maps that have it. Look-up is a binary search; putting something in
//! the middle moves what is behind it, which costs less than a node's allocation up to some thousand entries.

mod map;
mod set;
mod sort;

pub use map::{Entry, Map, OccupiedEntry, VacantEntry};
pub use set::Set;
pub use sort::{sort, sort_by, sort_by_key};

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::ops::{Bound, Range, RangeBounds};

/// Where `key` stands in the sorted `keys`, or where it would.
#[inline(never)]
fn find<K: Borrow<Q>, Q: Ord + ?Sized>(keys: &[K], key: &Q) -> Result<usize, usize> {
    // That of the standard library goes on to the end also when it has found it, and in small code its closures are calls.
    let (mut from, mut to) = (0, keys.len());
    while from < to {
        let at = from + (to - from) / 2;
        match keys[at].borrow().cmp(key) {
            Ordering::Less => from = at + 1,
            Ordering::Greater => to = at,
            Ordering::Equal => return Ok(at),
        }
    }
    Err(from)
}

/// Which part of the sorted `keys` lies within `bounds`; an empty one where they are the wrong way round.
fn within<K: Borrow<Q>, Q: Ord + ?Sized>(keys: &[K], bounds: impl RangeBounds<Q>) -> Range<usize> {
    let from = match bounds.start_bound() {
        Bound::Unbounded => 0,
        Bound::Included(key) => find(keys, key).unwrap_or_else(|at| at),
        Bound::Excluded(key) => find(keys, key).map_or_else(|at| at, |at| at + 1),
    };
    let to = match bounds.end_bound() {
        Bound::Unbounded => keys.len(),
        Bound::Included(key) => find(keys, key).map_or_else(|at| at, |at| at + 1),
        Bound::Excluded(key) => find(keys, key).unwrap_or_else(|at| at),
    };
    from..to.max(from)
}
