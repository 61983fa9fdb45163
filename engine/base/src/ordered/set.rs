//! The set: what `std::collections::BTreeSet` offers, as far as the engine asks for it, under the same names.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::RangeBounds;
use std::{slice, vec};

use super::{find, within};

/// A set in the order of its members.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Set<T> {
    // Sorted, none twice.
    items: Vec<T>,
}

impl<T> Set<T> {
    pub const fn new() -> Set<T> {
        Set { items: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn clear(&mut self) {
        self.items.clear();
    }

    pub fn iter(&self) -> slice::Iter<'_, T> {
        self.items.iter()
    }

    pub fn first(&self) -> Option<&T> {
        self.items.first()
    }

    pub fn last(&self) -> Option<&T> {
        self.items.last()
    }

    pub fn pop_last(&mut self) -> Option<T> {
        self.items.pop()
    }

    /// Takes out the smallest member. Moves all others: not for long queues.
    pub fn pop_first(&mut self) -> Option<T> {
        (!self.is_empty()).then(|| self.items.remove(0))
    }

    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.items.retain(keep);
    }
}

impl<T: Ord> Set<T> {
    pub fn contains<Q: Ord + ?Sized>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        find(&self.items, item).is_ok()
    }

    /// Whether `item` is new here.
    pub fn insert(&mut self, item: T) -> bool {
        match find(&self.items, &item) {
            Ok(_) => false,
            Err(at) => {
                self.items.insert(at, item);
                true
            }
        }
    }

    /// Whether `item` was here.
    pub fn remove<Q: Ord + ?Sized>(&mut self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.take(item).is_some()
    }

    pub fn take<Q: Ord + ?Sized>(&mut self, item: &Q) -> Option<T>
    where
        T: Borrow<Q>,
    {
        find(&self.items, item).ok().map(|at| self.items.remove(at))
    }

    /// The members within `bounds`.
    pub fn range<Q: Ord + ?Sized>(&self, bounds: impl RangeBounds<Q>) -> slice::Iter<'_, T>
    where
        T: Borrow<Q>,
    {
        self.items[within(&self.items, bounds)].iter()
    }

    /// Cuts the set at `item` and gives it and what stands behind.
    pub fn split_off<Q: Ord + ?Sized>(&mut self, item: &Q) -> Set<T>
    where
        T: Borrow<Q>,
    {
        let at = find(&self.items, item).unwrap_or_else(|at| at);
        Set { items: self.items.split_off(at) }
    }

    pub fn append(&mut self, other: &mut Set<T>) {
        self.extend(std::mem::take(other));
    }

    pub fn is_subset(&self, other: &Set<T>) -> bool {
        self.iter().all(|item| other.contains(item))
    }

    pub fn is_superset(&self, other: &Set<T>) -> bool {
        other.is_subset(self)
    }

    pub fn is_disjoint(&self, other: &Set<T>) -> bool {
        !self.iter().any(|item| other.contains(item))
    }

    pub fn difference<'a>(&'a self, other: &'a Set<T>) -> impl Iterator<Item = &'a T> {
        self.iter().filter(|item| !other.contains(*item))
    }

    pub fn intersection<'a>(&'a self, other: &'a Set<T>) -> impl Iterator<Item = &'a T> {
        self.iter().filter(|item| other.contains(*item))
    }
}

impl<T> Default for Set<T> {
    fn default() -> Set<T> {
        Set::new()
    }
}

/// Member by member, as `std`'s: a vector of `usize` is hashed as the bytes of its memory, which are others in wasm.
impl<T: Hash> Hash for Set<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|item| item.hash(state));
    }
}

impl<T: fmt::Debug> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<T: Ord> Extend<T> for Set<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| {
            self.insert(item);
        });
    }
}

impl<'a, T: Ord + Copy> Extend<&'a T> for Set<T> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, items: I) {
        self.extend(items.into_iter().copied());
    }
}

impl<T: Ord> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Set<T> {
        let mut set = Set::new();
        set.extend(items);
        set
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for Set<T> {
    fn from(items: [T; N]) -> Set<T> {
        Set::from_iter(items)
    }
}

impl<T> IntoIterator for Set<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> vec::IntoIter<T> {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Set<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> slice::Iter<'a, T> {
        self.iter()
    }
}

#[cfg(test)]
// What std offers is the model here.
#[expect(clippy::disallowed_types)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Digest, Rng};

    #[test]
    fn a_random_walk_is_that_of_a_b_tree() {
        let mut rng = Rng::new(7, 0, "set");
        let (mut set, mut model) = (Set::new(), BTreeSet::new());
        for _ in 0..20_000 {
            let item = rng.below(40) as u8;
            match rng.below(8) {
                0..4 => assert_eq!(set.insert(item), model.insert(item)),
                4..6 => assert_eq!(set.remove(&item), model.remove(&item)),
                6 => assert_eq!(set.pop_first(), model.pop_first()),
                _ => assert!(set.range(item..).eq(model.range(item..))),
            }
            assert!(set.iter().eq(model.iter()), "{set:?} is not {model:?}");
            assert_eq!(Digest::of(&set), Digest::of(&model));
        }
    }

    #[test]
    fn sets_are_compared_as_sets() {
        let (a, b): (Set<i32>, Set<i32>) = (Set::from([3, 1, 2]), [2, 3, 9, 2].into_iter().collect());
        assert!(a.difference(&b).eq(&[1]));
        assert!(a.intersection(&b).eq(&[2, 3]));
        assert!(!a.is_subset(&b) && Set::from([1]).is_subset(&a) && a.is_disjoint(&Set::from([7])));
        assert_eq!(format!("{b:?}"), "{2, 3, 9}");
    }
}
