//! `StripedReplicaPlacer`: one replica a rack, round robin, so that leaders and followers spread evenly.
//!
//! Racks A, B, C with three brokers each and all offsets 0 give
//!
//! ```text
//! partition 0: A0 B0 C0
//! partition 1: B1 C1 A1
//! partition 2: C2 A2 B2
//! ```
//!
//! Unfenced brokers come before fenced ones, and a leader is never fenced. After as many partitions as there are
//! unfenced brokers everything is shuffled, so that the same sets of brokers do not meet again and again.

use base::Map;

use super::JavaRandom;

/// A broker that may get replicas: registered, not shutting down, with a directory that takes some.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UsableBroker {
    pub id: i32,
    pub rack: Option<String>,
    pub fenced: bool,
}

/// Why nothing can be placed; all three are INVALID_REPLICATION_FACTOR.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PlacementError {
    NotPositive(i32),
    NobodyUnfenced,
    TooFewBrokers { wanted: i32, brokers: usize },
}

impl std::fmt::Display for PlacementError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PlacementError::NotPositive(factor) => {
                write!(f, "Invalid replication factor {factor}: the replication factor must be positive.")
            }
            PlacementError::NobodyUnfenced => {
                write!(f, "All brokers are currently fenced, or have all their log directories cordoned.")
            }
            PlacementError::TooFewBrokers { wanted, brokers } => write!(
                f,
                "The target replication factor of {wanted} cannot be reached because only {brokers} broker(s) are \
                 registered or some brokers have all their log directories cordoned."
            ),
        }
    }
}

/// The placer of one controller; its generator goes on from topic to topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StripedReplicaPlacer {
    random: JavaRandom,
}

impl StripedReplicaPlacer {
    pub fn new(random: JavaRandom) -> StripedReplicaPlacer {
        StripedReplicaPlacer { random }
    }

    /// The replicas of `partitions` new partitions, `factor` each, the leader first.
    pub fn place(
        &mut self,
        brokers: &[UsableBroker],
        partitions: i32,
        factor: i32,
    ) -> Result<Vec<Vec<i32>>, PlacementError> {
        let mut racks = RackList::new(&mut self.random, brokers);
        if factor <= 0 {
            return Err(PlacementError::NotPositive(factor));
        }
        if racks.unfenced == 0 {
            return Err(PlacementError::NobodyUnfenced);
        }
        if factor as usize > brokers.len() {
            return Err(PlacementError::TooFewBrokers { wanted: factor, brokers: brokers.len() });
        }
        Ok((0..partitions).map(|_| racks.place(factor as usize)).collect())
    }
}

/// Brokers that are taken in turn, from an offset that moves by one with every epoch (= partition).
#[derive(Default)]
struct BrokerList {
    brokers: Vec<i32>,
    index: usize,
    offset: usize,
    epoch: i32,
}

impl BrokerList {
    fn initialize(&mut self, random: &mut JavaRandom) {
        if !self.brokers.is_empty() {
            base::ordered::sort(&mut self.brokers);
            self.offset = random.next_int(self.brokers.len() as i32) as usize;
        }
    }

    fn next(&mut self, epoch: i32) -> Option<i32> {
        if self.brokers.is_empty() {
            return None;
        }
        if self.epoch != epoch {
            self.epoch = epoch;
            self.index = 0;
            self.offset = (self.offset + 1) % self.brokers.len();
        }
        if self.index >= self.brokers.len() {
            return None;
        }
        let broker = self.brokers[(self.index + self.offset) % self.brokers.len()];
        self.index += 1;
        Some(broker)
    }
}

#[derive(Default)]
struct Rack {
    fenced: BrokerList,
    unfenced: BrokerList,
}

struct RackList<'r> {
    random: &'r mut JavaRandom,
    /// In the order in which a `HashMap` of Kafka's would list them: see [`java_order`].
    racks: Vec<Rack>,
    /// Indexes into `racks`, sorted by name; shuffled when all combinations were used once.
    order: Vec<usize>,
    unfenced: usize,
    epoch: i32,
    offset: usize,
}

impl<'r> RackList<'r> {
    fn new(random: &'r mut JavaRandom, brokers: &[UsableBroker]) -> RackList<'r> {
        let mut names: Vec<Option<String>> = Vec::new();
        for broker in brokers {
            if !names.contains(&broker.rack) {
                names.push(broker.rack.clone());
            }
        }
        let names = java_order(names);
        let places: Map<&Option<String>, usize> = names.iter().enumerate().map(|(i, name)| (name, i)).collect();
        let mut racks: Vec<Rack> = names.iter().map(|_| Rack::default()).collect();
        for broker in brokers {
            let rack = &mut racks[places[&broker.rack]];
            let list = if broker.fenced { &mut rack.fenced } else { &mut rack.unfenced };
            list.brokers.push(broker.id);
        }
        for rack in &mut racks {
            rack.fenced.initialize(random);
            rack.unfenced.initialize(random);
        }
        // The map is sorted by name, no rack first, as `OptionalStringComparator` sorts.
        let order: Vec<usize> = places.into_values().collect();
        let offset = if order.is_empty() { 0 } else { random.next_int(order.len() as i32) as usize };
        let unfenced = brokers.iter().filter(|broker| !broker.fenced).count();
        RackList { random, racks, order, unfenced, epoch: 0, offset }
    }

    /// One partition's replicas. There is an unfenced broker, and there are `factor` brokers in all.
    fn place(&mut self, factor: usize) -> Vec<i32> {
        // A single unfenced broker gets no new epoch, or the search below would never end.
        if self.epoch as usize == self.unfenced && self.unfenced > 1 {
            self.shuffle();
            self.epoch = 0;
        }
        if self.offset == self.order.len() {
            self.offset = 0;
        }
        let epoch = self.epoch;
        let racks = self.order.len();
        let mut replicas = Vec::with_capacity(factor);
        let mut first = self.offset;
        let leader = loop {
            if let Some(broker) = self.racks[self.order[first]].unfenced.next(epoch) {
                break broker;
            }
            first = (first + 1) % racks;
        };
        replicas.push(leader);
        // The rack of the leader is passed over once, then it takes its turn like the others.
        let mut skip = Some(first);
        let mut at = self.offset;
        while replicas.len() < factor {
            if skip == Some(at) {
                skip = None;
            } else {
                let rack = &mut self.racks[self.order[at]];
                replicas.extend(rack.unfenced.next(epoch).or_else(|| rack.fenced.next(epoch)));
            }
            at = (at + 1) % racks;
        }
        self.epoch += 1;
        self.offset += 1;
        replicas
    }

    fn shuffle(&mut self) {
        self.random.shuffle(&mut self.order);
        for rack in &mut self.racks {
            self.random.shuffle(&mut rack.fenced.brokers);
            self.random.shuffle(&mut rack.unfenced.brokers);
        }
    }
}

/// Kafka draws the racks' offsets in the order of a `HashMap` keyed by `Optional<String>`, whose hash is that of the
/// string (0 for none).
fn java_order(names: Vec<Option<String>>) -> Vec<Option<String>> {
    protocol::java::hash_map_order(names, |name| name.as_deref().map_or(0, protocol::java::java_string_hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brokers(list: &[(i32, Option<&str>, bool)]) -> Vec<UsableBroker> {
        list.iter()
            .map(|(id, rack, fenced)| UsableBroker { id: *id, rack: rack.map(str::to_string), fenced: *fenced })
            .collect()
    }

    /// Recorded from Kafka 4.3.1 with the generator's seed 4179; the second topic goes on with the same generator.
    #[test]
    fn places_as_kafka_does() {
        let mut placer = StripedReplicaPlacer::new(JavaRandom::new(4179));
        let four = brokers(&[(2, None, false), (7, None, false), (6, None, false), (8, None, false)]);
        let first = placer.place(&four, 5, 3).expect("enough brokers");
        assert_eq!(first, [[2, 6, 7], [6, 7, 8], [7, 8, 2], [8, 2, 6], [7, 6, 2]]);
        let second = placer.place(&four, 7, 3).expect("enough brokers");
        assert_eq!(second, [[8, 2, 6], [2, 6, 7], [6, 7, 8], [7, 8, 2], [2, 6, 8], [6, 8, 7], [8, 7, 2]]);
    }

    #[test]
    fn a_fenced_broker_never_leads() {
        let mut placer = StripedReplicaPlacer::new(JavaRandom::new(92990));
        let three = brokers(&[(1, Some("ra"), true), (2, Some("rb"), true), (3, Some("rb"), false)]);
        assert_eq!(placer.place(&three, 2, 3).expect("enough brokers"), [[3, 1, 2], [3, 1, 2]]);
    }

    #[test]
    fn kafkas_words() {
        let mut placer = StripedReplicaPlacer::new(JavaRandom::new(1));
        let words = |placer: &mut StripedReplicaPlacer, list: &[_], factor| {
            placer.place(&brokers(list), 1, factor).map_err(|error| error.to_string())
        };
        assert_eq!(
            words(&mut placer, &[(1, None, false)], 4),
            Err(
                "The target replication factor of 4 cannot be reached because only 1 broker(s) are registered or some \
                 brokers have all their log directories cordoned."
                    .to_string()
            )
        );
        assert_eq!(
            words(&mut placer, &[(1, None, true)], 1),
            Err("All brokers are currently fenced, or have all their log directories cordoned.".to_string())
        );
        assert_eq!(
            words(&mut placer, &[(1, None, false)], 0),
            Err("Invalid replication factor 0: the replication factor must be positive.".to_string())
        );
    }
}
