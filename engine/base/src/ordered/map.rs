//! The map: what `std::collections::BTreeMap` offers, as far as the engine asks for it, under the same names.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::Zip;
use std::ops::{Index, RangeBounds};
use std::{slice, vec};

use super::{find, within};

/// A map in the order of its keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Map<K, V> {
    // Sorted, no key twice.
    keys: Vec<K>,
    // As many as keys, each at its key's place.
    values: Vec<V>,
}

impl<K, V> Map<K, V> {
    pub const fn new() -> Map<K, V> {
        Map { keys: Vec::new(), values: Vec::new() }
    }

    /// With room for so many entries.
    pub fn with_capacity(capacity: usize) -> Map<K, V> {
        Map { keys: Vec::with_capacity(capacity), values: Vec::with_capacity(capacity) }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
    }

    pub fn iter(&self) -> Zip<slice::Iter<'_, K>, slice::Iter<'_, V>> {
        self.keys.iter().zip(&self.values)
    }

    pub fn iter_mut(&mut self) -> Zip<slice::Iter<'_, K>, slice::IterMut<'_, V>> {
        self.keys.iter().zip(&mut self.values)
    }

    pub fn keys(&self) -> slice::Iter<'_, K> {
        self.keys.iter()
    }

    pub fn values(&self) -> slice::Iter<'_, V> {
        self.values.iter()
    }

    pub fn values_mut(&mut self) -> slice::IterMut<'_, V> {
        self.values.iter_mut()
    }

    pub fn into_keys(self) -> vec::IntoIter<K> {
        self.keys.into_iter()
    }

    pub fn into_values(self) -> vec::IntoIter<V> {
        self.values.into_iter()
    }

    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.keys.first().zip(self.values.first())
    }

    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.keys.last().zip(self.values.last())
    }

    pub fn pop_last(&mut self) -> Option<(K, V)> {
        self.keys.pop().zip(self.values.pop())
    }

    /// Takes out the entry with the smallest key. Moves all others: not for long queues.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.is_empty()).then(|| (self.keys.remove(0), self.values.remove(0)))
    }

    /// Keeps only the entries for which `keep` says so; each is asked once, in order.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let kept: Vec<bool> = self.iter_mut().map(|(key, value)| keep(key, value)).collect();
        if kept.contains(&false) {
            retain_marked(&mut self.keys, &kept);
            retain_marked(&mut self.values, &kept);
        }
    }
}

impl<K: Ord, V> Map<K, V> {
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        find(&self.keys, key).ok().map(|at| &self.values[at])
    }

    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        find(&self.keys, key).ok().map(|at| &mut self.values[at])
    }

    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        find(&self.keys, key).ok().map(|at| (&self.keys[at], &self.values[at]))
    }

    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        find(&self.keys, key).is_ok()
    }

    /// As [`Map::get`]; a look at `place` and beside it comes before the search.
    pub fn get_near<Q: Ord + ?Sized>(&self, place: usize, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find_near(place, key).ok().map(|at| &self.values[at])
    }

    /// What stands at `key`, or a default that is put there under the key that `own` makes of it. A look at `place` and
    /// beside it comes before the search, and then `place` is where it was found.
    pub fn get_or_insert_near<'q, Q: Ord + ?Sized>(
        &mut self,
        place: &mut usize,
        key: &'q Q,
        own: impl FnOnce(&'q Q) -> K,
    ) -> &mut V
    where
        K: Borrow<Q>,
        V: Default,
    {
        *place = self.find_near(*place, key).unwrap_or_else(|at| {
            self.keys.insert(at, own(key));
            self.values.insert(at, V::default());
            at
        });
        &mut self.values[*place]
    }

    fn find_near<Q: Ord + ?Sized>(&self, place: usize, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        let near = [place, place.wrapping_add(1), place.wrapping_sub(1)];
        // Where both are one piece of text in memory, it need not be read.
        let is_same = |there: &Q| std::ptr::eq(there, key) || there == key;
        let is_it = |at: &usize| self.keys.get(*at).is_some_and(|there| is_same(there.borrow()));
        near.into_iter().find(is_it).map_or_else(|| find(&self.keys, key), Ok)
    }

    /// Puts `value` at `key` and gives back what stood there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match find(&self.keys, &key) {
            Ok(at) => Some(std::mem::replace(&mut self.values[at], value)),
            Err(at) => {
                self.keys.insert(at, key);
                self.values.insert(at, value);
                None
            }
        }
    }

    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.remove_entry(key).map(|(_, value)| value)
    }

    pub fn remove_entry<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        let at = find(&self.keys, key).ok()?;
        Some((self.keys.remove(at), self.values.remove(at)))
    }

    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        match find(&self.keys, &key) {
            Ok(at) => Entry::Occupied(OccupiedEntry { map: self, at }),
            Err(at) => Entry::Vacant(VacantEntry { map: self, at, key }),
        }
    }

    /// The entries whose keys lie within `bounds`.
    pub fn range<Q: Ord + ?Sized>(&self, bounds: impl RangeBounds<Q>) -> Zip<slice::Iter<'_, K>, slice::Iter<'_, V>>
    where
        K: Borrow<Q>,
    {
        let part = within(&self.keys, bounds);
        self.keys[part.clone()].iter().zip(&self.values[part])
    }

    pub fn range_mut<Q: Ord + ?Sized>(
        &mut self,
        bounds: impl RangeBounds<Q>,
    ) -> Zip<slice::Iter<'_, K>, slice::IterMut<'_, V>>
    where
        K: Borrow<Q>,
    {
        let part = within(&self.keys, bounds);
        self.keys[part.clone()].iter().zip(&mut self.values[part])
    }

    /// Cuts the map at `key` and gives what stands at it and behind.
    pub fn split_off<Q: Ord + ?Sized>(&mut self, key: &Q) -> Map<K, V>
    where
        K: Borrow<Q>,
    {
        let at = find(&self.keys, key).unwrap_or_else(|at| at);
        Map { keys: self.keys.split_off(at), values: self.values.split_off(at) }
    }

    /// Moves all entries of `other` here; where both have a key, the value of `other` stays.
    pub fn append(&mut self, other: &mut Map<K, V>) {
        self.extend(std::mem::take(other));
    }
}

fn retain_marked<T>(items: &mut Vec<T>, kept: &[bool]) {
    let mut marks = kept.iter();
    items.retain(|_| marks.next().copied().unwrap_or(true));
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Map<K, V> {
        Map::new()
    }
}

/// Entry by entry, as `std`'s: a vector of `usize` is hashed as the bytes of its memory, which are others in wasm.
impl<K: Hash, V: Hash> Hash for Map<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|(key, value)| {
            key.hash(state);
            value.hash(state);
        });
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord + Borrow<Q>, Q: Ord + ?Sized, V> Index<&Q> for Map<K, V> {
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("the map has this key")
    }
}

impl<K: Ord, V> Extend<(K, V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        entries.into_iter().for_each(|(key, value)| {
            self.insert(key, value);
        });
    }
}

impl<'a, K: Ord + Copy, V: Copy> Extend<(&'a K, &'a V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(key, value)| (*key, *value)));
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Map<K, V> {
        let mut map = Map::new();
        map.extend(entries);
        map
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Map<K, V> {
    fn from(entries: [(K, V); N]) -> Map<K, V> {
        Map::from_iter(entries)
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = Zip<vec::IntoIter<K>, vec::IntoIter<V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.keys.into_iter().zip(self.values)
    }
}

impl<'a, K, V> IntoIterator for &'a Map<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Zip<slice::Iter<'a, K>, slice::Iter<'a, V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, K, V> IntoIterator for &'a mut Map<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = Zip<slice::Iter<'a, K>, slice::IterMut<'a, V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// The place of one key in a [`Map`], taken or free.
pub enum Entry<'a, K, V> {
    Occupied(OccupiedEntry<'a, K, V>),
    Vacant(VacantEntry<'a, K, V>),
}

/// A key that has a value.
pub struct OccupiedEntry<'a, K, V> {
    map: &'a mut Map<K, V>,
    at: usize,
}

/// A key that has none yet.
pub struct VacantEntry<'a, K, V> {
    map: &'a mut Map<K, V>,
    at: usize,
    key: K,
}

impl<'a, K, V> Entry<'a, K, V> {
    pub fn or_insert_with(self, value: impl FnOnce() -> V) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(value()),
        }
    }

    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    pub fn and_modify(mut self, change: impl FnOnce(&mut V)) -> Self {
        if let Entry::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }
}

impl<'a, K, V> OccupiedEntry<'a, K, V> {
    pub fn key(&self) -> &K {
        &self.map.keys[self.at]
    }

    pub fn get(&self) -> &V {
        &self.map.values[self.at]
    }

    pub fn get_mut(&mut self) -> &mut V {
        &mut self.map.values[self.at]
    }

    pub fn into_mut(self) -> &'a mut V {
        &mut self.map.values[self.at]
    }

    /// Puts `value` in and gives back what stood there.
    pub fn insert(&mut self, value: V) -> V {
        std::mem::replace(self.get_mut(), value)
    }

    pub fn remove(self) -> V {
        self.map.keys.remove(self.at);
        self.map.values.remove(self.at)
    }
}

impl<'a, K, V> VacantEntry<'a, K, V> {
    pub fn insert(self, value: V) -> &'a mut V {
        self.map.keys.insert(self.at, self.key);
        self.map.values.insert(self.at, value);
        &mut self.map.values[self.at]
    }
}

#[cfg(test)]
// What std offers is the model here.
#[expect(clippy::disallowed_types)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Digest, Rng};

    fn same(map: &Map<u8, u32>, model: &BTreeMap<u8, u32>) {
        assert!(map.iter().eq(model.iter()), "{map:?} is not {model:?}");
        assert_eq!(map.first_key_value(), model.first_key_value());
        assert_eq!(map.last_key_value(), model.last_key_value());
        assert_eq!(Digest::of(map), Digest::of(model), "the digest is that of its entries, on every machine");
    }

    #[test]
    fn a_random_walk_is_that_of_a_b_tree() {
        let mut rng = Rng::new(7, 0, "map");
        let (mut map, mut model) = (Map::new(), BTreeMap::new());
        let keeps = |key: &u8, value: &mut u32| !(u32::from(*key) + *value).is_multiple_of(5);
        for step in 0..20_000u32 {
            let key = rng.below(40) as u8;
            match rng.below(12) {
                0..4 => assert_eq!(map.insert(key, step), model.insert(key, step)),
                4..6 => assert_eq!(map.remove(&key), model.remove(&key)),
                6 => {
                    *map.entry(key).and_modify(|v| *v += 1).or_insert(step) += 2;
                    *model.entry(key).and_modify(|v| *v += 1).or_insert(step) += 2;
                }
                7 => assert_eq!(map.pop_first(), model.pop_first()),
                8 => assert_eq!(map.pop_last(), model.pop_last()),
                9 => {
                    map.retain(keeps);
                    model.retain(keeps);
                }
                10 => {
                    let (mut tail, mut other) = (map.split_off(&key), model.split_off(&key));
                    same(&tail, &other);
                    map.append(&mut tail);
                    model.append(&mut other);
                    assert!(tail.is_empty());
                }
                _ => {
                    let to = key + rng.below(9) as u8;
                    assert!(map.range(key..to).eq(model.range(key..to)));
                    assert!(map.range(..=key).rev().eq(model.range(..=key).rev()));
                    assert_eq!(map.get(&key), model.get(&key));
                }
            }
            same(&map, &model);
        }
    }

    #[test]
    fn collecting_keeps_the_last_value_of_a_key() {
        let map: Map<&str, i32> = [("b", 1), ("a", 2), ("b", 3)].into_iter().collect();
        assert_eq!(format!("{map:?}"), r#"{"a": 2, "b": 3}"#);
        assert_eq!(map["b"], 3);
    }
}
