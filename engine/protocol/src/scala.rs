//! The orders of Scala's hash maps, and of Java's concurrent one: a broker writes its checkpoints from them.

use crate::java::java_string_hash;

/// The order of Scala's immutable `HashMap` and `HashSet`: a trie of five bits of the hash a level, in each node the keys
/// that are alone at their place first and then the nodes below.
pub fn immutable_order<T>(keys: Vec<T>, hash: impl Fn(&T) -> i32) -> Vec<T> {
    let hashes = keys.iter().enumerate().map(|(at, key)| (improved(hash(key)), at)).collect();
    let mut keys: Vec<Option<T>> = keys.into_iter().map(Some).collect();
    trie_order(hashes, 0).into_iter().filter_map(|(_, at)| keys[at].take()).collect()
}

/// Strings in that order.
pub fn scala_hash_order(keys: Vec<String>) -> Vec<String> {
    immutable_order(keys, |key| java_string_hash(key))
}

fn trie_order(keys: Vec<(u32, usize)>, shift: u32) -> Vec<(u32, usize)> {
    if keys.len() < 2 || shift >= 32 {
        return keys;
    }
    let mut places: Vec<Vec<(u32, usize)>> = vec![Vec::new(); 32];
    for key in keys {
        places[(key.0 >> shift & 31) as usize].push(key);
    }
    let (mut alone, mut below) = (Vec::new(), Vec::new());
    for place in places {
        if place.len() == 1 {
            alone.extend(place);
        } else {
            below.extend(trie_order(place, shift + 5));
        }
    }
    alone.extend(below);
    alone
}

/// `Hashing.improve`
fn improved(hash: i32) -> u32 {
    let hash = hash as u32;
    let hash = hash.wrapping_add(!(hash << 9));
    let hash = hash ^ (hash >> 14);
    let hash = hash.wrapping_add(hash << 4);
    hash ^ (hash >> 10)
}

/// The order of a `ConcurrentHashMap`, which doubles its 16 buckets as soon as three quarters of them are there.
pub fn concurrent_order<T>(mut keys: Vec<T>, hash: impl Fn(&T) -> i32) -> Vec<T> {
    let mut buckets = 16;
    while keys.len() * 4 >= buckets * 3 {
        buckets *= 2;
    }
    base::ordered::sort_by_key(&mut keys, |key| spread(hash(key)) as usize & (buckets - 1));
    keys
}

/// The order of a `mutable.HashMap` that was made for `expected` keys, or for nobody knows how many: a bucket's keys stand
/// in the order of their hashes.
pub fn mutable_order<T>(mut keys: Vec<T>, expected: Option<usize>, hash: impl Fn(&T) -> i32) -> Vec<T> {
    let asked = expected.filter(|count| *count > 0).map_or(16, |count| (count + 1) * 4 / 3);
    let mut buckets = asked.max(5).next_power_of_two();
    while keys.len() * 4 >= buckets * 3 {
        buckets *= 2;
    }
    base::ordered::sort_by_key(&mut keys, |key| {
        let hash = spread(hash(key));
        (hash as usize & (buckets - 1), hash as i32)
    });
    keys
}

fn spread(hash: i32) -> u32 {
    let hash = hash as u32;
    hash ^ (hash >> 16)
}

/// The order of a `mutable.AnyRefMap` that these keys were put into one by one: it has no buckets but looks for the next
/// free place.
pub fn any_ref_order<T>(keys: Vec<T>, hash: impl Fn(&T) -> i32) -> Vec<T> {
    let mut table = Table { places: vec![None; 16] };
    for (at, key) in keys.iter().enumerate() {
        table.put(finished(hash(key)), at);
        let (size, mask) = (at + 1, table.mask());
        if 2 * size > mask {
            let mut wider = if 2 * size >= mask { mask << 1 | 1 } else { mask };
            while wider > 8 && 8 * size < wider {
                wider >>= 1;
            }
            table = table.repacked(wider);
        }
    }
    let mut keys: Vec<Option<T>> = keys.into_iter().map(Some).collect();
    table.places.into_iter().flatten().filter_map(|(_, at)| keys[at].take()).collect()
}

/// Part of the last step of MurmurHash3; no hash is 0.
fn finished(hash: i32) -> u32 {
    let mixed = spread(hash).wrapping_mul(0x85EB_CA6B);
    match (mixed ^ (mixed >> 13)) & 0x7FFF_FFFF {
        0 => 0x4108_1989,
        hash => hash,
    }
}

/// Hash and number of the key at each place.
struct Table {
    places: Vec<Option<(u32, usize)>>,
}

impl Table {
    fn mask(&self) -> usize {
        self.places.len() - 1
    }

    fn put(&mut self, hash: u32, key: usize) {
        let mask = self.mask();
        let (mut place, mut step) = (hash as usize & mask, 0usize);
        while self.places[place].is_some() {
            step += 1;
            place = (place + 2 * (step + 1) * step - 3) & mask;
        }
        self.places[place] = Some((hash, key));
    }

    fn repacked(self, mask: usize) -> Table {
        let mut wider = Table { places: vec![None; mask + 1] };
        for (hash, key) in self.places.into_iter().flatten() {
            wider.put(hash, key);
        }
        wider
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trie_lists_who_is_alone_first() {
        // `Aa` and `BB` have one hash, so that they share every node.
        assert_eq!(
            scala_hash_order("BB,Aa,orders,none".split(',').map(String::from).collect()),
            ["orders", "none", "BB", "Aa"]
        );
    }

    /// Recorded from a broker's log of Kafka 4.3.1.
    #[test]
    fn partitions_of_a_set() {
        let hash = |partition: &i32| crate::java::topic_partition_hash("pay", *partition);
        assert_eq!(immutable_order((0..7).collect(), hash), [4, 1, 2, 6, 3, 5, 0]);
    }

    #[test]
    fn every_key_is_listed_once() {
        for count in [0, 1, 5, 12, 60, 700] {
            let keys: Vec<i32> = (0..count).map(|n| n * 7_919 - 3).collect();
            let hash = |key: &i32| key.wrapping_mul(31);
            for mut listed in [
                concurrent_order(keys.clone(), hash),
                mutable_order(keys.clone(), Some(keys.len()), hash),
                any_ref_order(keys.clone(), hash),
            ] {
                base::ordered::sort(&mut listed);
                assert_eq!(listed, keys);
            }
        }
    }
}
