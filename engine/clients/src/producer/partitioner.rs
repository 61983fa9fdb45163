//! Which partition a record goes to: murmur2 of the key, or the sticky partition of the topic (`BuiltInPartitioner`,
//! KIP-794), or round robin (`RoundRobinPartitioner`).

use base::{Map, Rng};

use protocol::murmur2::partition_for_key;

use super::accumulator::QueueSizes;
use crate::metadata::TopicMetadata;

#[derive(Clone, Debug, Default, Hash)]
struct Sticky {
    partition: Option<i32>,
    produced_bytes: usize,
    /// Running sums of weights, and the partition that each stands for.
    load: Option<Vec<(u64, i32)>>,
}

/// Where random choices come from.
#[derive(Clone, Debug, Hash)]
enum Randoms {
    Stream(Rng),
    /// Numbers that a recorded case gives, and how many of them were used. There with and without the feature that makes
    /// any: the digest of an enum depends on whether it has one variant or more.
    #[cfg_attr(not(feature = "vectors"), allow(dead_code))]
    Recorded(Vec<u32>, usize),
}

impl Randoms {
    /// A number below 2^31.
    fn next(&mut self) -> u64 {
        match self {
            Randoms::Stream(rng) => rng.next_u64() >> 33,
            Randoms::Recorded(numbers, used) => {
                *used += 1;
                numbers.get(*used - 1).copied().unwrap_or(0).into()
            }
        }
    }
}

#[derive(Clone, Debug, Hash)]
pub(crate) struct Partitioner {
    rng: Randoms,
    sticky: Map<String, Sticky>,
    round_robin: Map<String, u32>,
    /// Bytes after which the sticky partition changes: `batch.size`.
    sticky_bytes: usize,
}

impl Partitioner {
    pub fn new(rng: Rng, sticky_bytes: usize) -> Partitioner {
        Partitioner { rng: Randoms::Stream(rng), sticky: Map::new(), round_robin: Map::new(), sticky_bytes }
    }

    /// A partitioner that draws recorded numbers.
    #[cfg(feature = "vectors")]
    pub fn recorded(numbers: Vec<u32>, sticky_bytes: usize) -> Partitioner {
        Partitioner { rng: Randoms::Recorded(numbers, 0), ..Partitioner::new(Rng::new(0, 0, "recorded"), sticky_bytes) }
    }

    /// How many recorded numbers were drawn.
    #[cfg(feature = "vectors")]
    pub fn drawn(&self) -> usize {
        if let Randoms::Recorded(_, used) = self.rng { used } else { 0 }
    }

    /// The partition of a key: over all partitions, whether they have a leader or not.
    pub fn for_key(key: &[u8], topic: &TopicMetadata) -> i32 {
        partition_for_key(key, i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX))
    }

    /// `RoundRobinPartitioner`: the next of those that have a leader.
    pub fn round_robin(&mut self, name: &str, topic: &TopicMetadata) -> i32 {
        let counter = self.round_robin.entry(name.to_string()).or_default();
        let turn = *counter as usize;
        *counter = counter.wrapping_add(1) & 0x7FFF_FFFF;
        let available = topic.available();
        let all: Vec<i32> = topic.partitions.keys().copied().collect();
        let choices = if available.is_empty() { all } else { available };
        choices.get(turn % choices.len().max(1)).copied().unwrap_or(0)
    }

    /// The topic's present sticky partition.
    pub fn current(&mut self, name: &str, topic: &TopicMetadata) -> i32 {
        if let Some(partition) = self.sticky.get(name).and_then(|sticky| sticky.partition) {
            return partition;
        }
        self.switch(name, topic)
    }

    /// Counts bytes to the sticky partition and changes it when it has had enough. It is not left with an unfinished
    /// batch (`may_switch` false) before twice that. True if it changed.
    pub fn on_appended(&mut self, name: &str, topic: &TopicMetadata, bytes: usize, may_switch: bool) -> bool {
        let sticky = self.sticky.entry(name.to_string()).or_default();
        sticky.produced_bytes += bytes;
        let produced = sticky.produced_bytes;
        let enough = (produced >= self.sticky_bytes && may_switch) || produced >= self.sticky_bytes * 2;
        if enough {
            self.switch(name, topic);
        }
        enough
    }

    /// Takes in how long the queues of a topic are, so that slow partitions get less.
    pub fn on_queue_sizes(&mut self, name: &str, sizes: Option<QueueSizes>) {
        self.sticky.entry(name.to_string()).or_default().load = sizes.and_then(cumulative);
    }

    fn switch(&mut self, name: &str, topic: &TopicMetadata) -> i32 {
        let random = self.rng.next();
        let sticky = self.sticky.entry(name.to_string()).or_default();
        let partition = match &sticky.load {
            Some(load) => weighted(load, random),
            None => {
                let available = topic.available();
                let all: Vec<i32> = topic.partitions.keys().copied().collect();
                let choices = if available.is_empty() { all } else { available };
                choices.get((random % choices.len().max(1) as u64) as usize).copied().unwrap_or(0)
            }
        };
        sticky.partition = Some(partition);
        sticky.produced_bytes = 0;
        partition
    }
}

fn weighted(load: &[(u64, i32)], random: u64) -> i32 {
    let total = load.last().map_or(1, |(sum, _)| *sum);
    let draw = random % total.max(1);
    load.iter().find(|(sum, _)| *sum > draw).map_or(0, |(_, partition)| *partition)
}

/// Weights `max + 1 - length` as running sums; none when all queues are equally long or there is no choice.
fn cumulative(sizes: QueueSizes) -> Option<Vec<(u64, i32)>> {
    let QueueSizes { led, all } = sizes;
    let longest = led.iter().map(|(_, length)| *length).max()?;
    let all_equal = led.iter().all(|(_, length)| *length == longest);
    if all < 2 || (all_equal && led.len() == all) {
        return None;
    }
    let mut sum = 0;
    Some(
        led.into_iter()
            .map(|(partition, length)| {
                sum += longest + 1 - length;
                (sum, partition)
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_queues_get_less() {
        let sizes = QueueSizes { led: vec![(0, 0), (1, 3), (2, 1)], all: 3 };
        assert_eq!(cumulative(sizes), Some(vec![(4, 0), (5, 1), (8, 2)]));
        assert_eq!(cumulative(QueueSizes { led: vec![(0, 2), (1, 2)], all: 2 }), None);
        let load = [(4, 0), (5, 1), (8, 2)];
        let drawn: Vec<i32> = (0..8).map(|random| weighted(&load, random)).collect();
        assert_eq!(drawn, [0, 0, 0, 0, 1, 2, 2, 2]);
    }
}
