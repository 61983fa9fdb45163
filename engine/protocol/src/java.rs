//! Java's hash order: some of Kafka's tools print what a `HashMap` holds, in the order in which it happens to hold it.
//!
//! A map has 16 buckets at least and doubles them when it holds more than three quarters of their number; it is read
//! from the first bucket to the last, and inside a bucket in the order of insertion. Splitting keeps that order.

/// `String.hashCode`: over UTF-16 units.
pub fn java_string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// `TopicPartition.hashCode`.
pub fn topic_partition_hash(topic: &str, partition: i32) -> i32 {
    (31i32.wrapping_add(partition)).wrapping_mul(31).wrapping_add(java_string_hash(topic))
}

/// The order in which `new HashMap<>()` lists keys that were put in the order given. `hash` is the keys' `hashCode`.
pub fn hash_map_order<T>(keys: Vec<T>, hash: impl Fn(&T) -> i32) -> Vec<T> {
    with_capacity(keys, 16, hash)
}

/// The order in which a map listed its keys that was made with `capacity` buckets (rounded up to a power of two).
pub fn with_capacity<T>(mut keys: Vec<T>, capacity: usize, hash: impl Fn(&T) -> i32) -> Vec<T> {
    let mut buckets = capacity.max(1).next_power_of_two();
    while keys.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    let mask = buckets - 1;
    // The sort is stable, so that keys of one bucket stay in the order of insertion.
    base::ordered::sort_by_key(&mut keys, |key| {
        let hash = hash(key) as u32;
        (hash ^ (hash >> 16)) as usize & mask
    });
    keys
}

/// Strings in the order of a `HashMap` that they were put into one by one.
pub fn hash_order(keys: &[String]) -> Vec<String> {
    hash_map_order(keys.to_vec(), |key| java_string_hash(key))
}

/// Topic-partitions in the order of a `HashMap` that they were put into one by one.
pub fn topic_partition_order(keys: &[(String, i32)]) -> Vec<(String, i32)> {
    hash_map_order(keys.to_vec(), |(topic, partition)| topic_partition_hash(topic, *partition))
}

/// The order in which `kafka-topics --describe` lists topics: they go through three maps, made for `n` keys, for
/// `n / 0.75 + 1`, and for `n` again (seen on 4.3.1).
pub fn describe_order(topics: &[String]) -> Vec<String> {
    let n = topics.len();
    let mut sorted = topics.to_vec();
    base::ordered::sort(&mut sorted);
    let hash = |topic: &String| java_string_hash(topic);
    let first = with_capacity(sorted, n, hash);
    let second = with_capacity(first, n * 4 / 3 + 1, hash);
    with_capacity(second, n, hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(text: &str) -> Vec<String> {
        text.split(',').map(String::from).collect()
    }

    #[test]
    fn partitions_of_one_topic() {
        let order = |topic: &str| -> Vec<i32> {
            let keys: Vec<(String, i32)> = (0..3).map(|partition| (topic.to_string(), partition)).collect();
            topic_partition_order(&keys).into_iter().map(|(_, partition)| partition).collect()
        };
        assert_eq!(order("foo"), [2, 0, 1]);
        assert_eq!(order("test"), [1, 0, 2]);
        assert_eq!(order("my-topic"), [0, 1, 2]);
    }

    /// Recorded from `kafka-topics --describe` of Kafka 4.3.1.
    #[test]
    fn topics_of_a_description() {
        for listed in ["orders,audit,payments", "audit,orders", "safe,single,elsewhere,strict"] {
            assert_eq!(describe_order(&strings(listed)), strings(listed));
        }
    }
}
