//! Stable sorting of few things of many types.

use std::cmp::Ordering;

/// Sorts `items` by `compare`; equal ones keep their order.
///
/// `std`'s sort is 4 KB of wasm for each type of item. Here the comparison is called through a pointer and numbers are
/// sorted, the same code for all, and then the items are moved once.
pub fn sort_by<T>(items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let read: &[T] = items;
    let order = order_of(read.len(), &mut |a, b| compare(&read[a], &read[b]));
    for at in 0..order.len() {
        let mut from = order[at];
        // What stood there has been swapped away if its place was filled before this one.
        while from < at {
            from = order[from];
        }
        items.swap(at, from);
    }
}

pub fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

pub fn sort_by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// The places of `len` items in sorted order, by merging ever longer runs: `std`'s quicker ways for large input are 7 KB.
/// Never inlined: each place where it were would have a sort of its own again.
#[inline(never)]
fn order_of(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    let mut merged = Vec::with_capacity(len);
    let mut width = 1;
    while width < len {
        for pair in order.chunks(2 * width) {
            let (mut at, mut other) = (0, width);
            // What is in order already, as most is, costs one look.
            let is_in_order = other >= pair.len() || compare(pair[other - 1], pair[other]).is_le();
            while !is_in_order && at < width && other < pair.len() {
                let from = if compare(pair[at], pair[other]).is_le() { &mut at } else { &mut other };
                merged.push(pair[*from]);
                *from += 1;
            }
            merged.extend_from_slice(&pair[at..width.min(pair.len())]);
            merged.extend_from_slice(pair.get(other..).unwrap_or_default());
        }
        std::mem::swap(&mut order, &mut merged);
        merged.clear();
        width *= 2;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn it_sorts_as_std_does_and_keeps_equals_in_order() {
        let mut rng = Rng::new(7, 0, "sort");
        for len in 0..200 {
            let items: Vec<(u64, usize)> = (0..len).map(|at| (rng.below(20), at)).collect();
            let (mut mine, mut model) = (items.clone(), items);
            sort_by_key(&mut mine, |item| item.0);
            model.sort_by_key(|item| item.0);
            assert_eq!(mine, model);
            sort(&mut mine);
            model.sort();
            assert_eq!(mine, model);
        }
    }
}
