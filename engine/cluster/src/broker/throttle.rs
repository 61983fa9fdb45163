//! Throttled replication (KIP-73): of the partitions that a topic names, replicas that are not in sync get no more bytes a
//! second than the broker's rate allows (`ReplicationQuotaManager`). The leader counts what it gives, the follower what it
//! takes.

use std::collections::VecDeque;

use base::{Map, Micros};
use protocol::TopicPartition;

use super::Broker;
use crate::metadata::{ConfigResource, MetadataImage, ResourceType};

/// `replication.quota.window.num` and `.size.seconds`.
const SAMPLES: usize = 11;
const SAMPLE_MS: i64 = 1_000;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReplicationQuota {
    /// Bytes a second; none is no limit.
    bound: Option<i64>,
    /// By topic; `None` is all its partitions.
    throttled: Map<String, Option<Vec<i32>>>,
    /// Start of each sample and its bytes, the oldest first.
    samples: VecDeque<(i64, u64)>,
}

impl ReplicationQuota {
    /// Takes rate and partitions from the configs. `side` is `leader` or `follower`.
    fn configure(&mut self, image: &MetadataImage, broker: i32, side: &str) {
        let (rate, replicas) =
            (format!("{side}.replication.throttled.rate"), format!("{side}.replication.throttled.replicas"));
        let of_broker = image.config(&ConfigResource::broker(broker), &rate);
        let rate = of_broker.or_else(|| image.config(&ConfigResource::cluster(), &rate));
        self.bound = rate.and_then(|rate| rate.parse().ok());
        let topics = image.config_resources().filter(|resource| resource.kind == ResourceType::Topic);
        let listed =
            topics.filter_map(|topic| Some((topic.name.clone(), partitions(image.config(topic, &replicas)?, broker))));
        self.throttled = listed.collect();
    }

    pub fn is_throttled(&self, partition: &TopicPartition) -> bool {
        if self.throttled.is_empty() {
            return false;
        }
        match self.throttled.get(&*partition.topic) {
            None => false,
            Some(None) => true,
            Some(Some(partitions)) => partitions.contains(&partition.partition),
        }
    }

    /// Bytes of throttled partitions went through.
    pub fn record(&mut self, bytes: u64, now: Micros) {
        let now_ms = now.as_epoch_ms();
        self.purge(now_ms);
        match self.samples.back_mut() {
            Some((start, sum)) if now_ms - *start < SAMPLE_MS => *sum += bytes,
            _ => {
                self.samples.push_back((now_ms, bytes));
                if self.samples.len() > SAMPLES {
                    self.samples.pop_front();
                }
            }
        }
    }

    fn purge(&mut self, now_ms: i64) {
        while self.samples.front().is_some_and(|(start, _)| now_ms - start >= SAMPLES as i64 * SAMPLE_MS) {
            self.samples.pop_front();
        }
    }

    /// `SimpleRate`: all bytes that are remembered, over the time since the oldest of them, a second at least.
    pub fn is_exceeded(&self, now: Micros) -> bool {
        let Some(bound) = self.bound else { return false };
        let now_ms = now.as_epoch_ms();
        let recent = || self.samples.iter().filter(|(start, _)| now_ms - start < SAMPLES as i64 * SAMPLE_MS);
        let Some((oldest, _)) = recent().next() else { return false };
        let elapsed_ms = (now_ms - oldest).max(SAMPLE_MS);
        let bytes: u64 = recent().map(|(_, bytes)| bytes).sum();
        i128::from(bytes) * 1_000 > i128::from(bound) * i128::from(elapsed_ms)
    }
}

/// `0:101,1:102` or `*`: the partitions whose replica on this broker is throttled.
fn partitions(text: &str, broker: i32) -> Option<Vec<i32>> {
    if text.trim() == "*" {
        return None;
    }
    let replica = |pair: &str| {
        let (partition, on) = pair.trim().split_once(':')?;
        (on.trim().parse() == Ok(broker)).then(|| partition.trim().parse().ok())?
    };
    Some(text.split(',').filter_map(replica).collect())
}

impl Broker {
    /// Configs changed, or are known for the first time.
    pub(super) fn configure_throttles(&mut self) {
        let (image, id) = (&self.metadata.image, self.spec.node_id);
        self.leader_quota.configure(image, id, "leader");
        self.follower_quota.configure(image, id, "follower");
    }

    /// Whether a follower gets nothing of a partition now (`shouldLeaderThrottle`).
    pub(super) fn holds_back(&self, partition: &TopicPartition, follower: i32, now: Micros) -> bool {
        if !self.leader_quota.is_throttled(partition) {
            return false;
        }
        let leader = self.replicas.get(partition).and_then(|held| held.leader_state());
        let in_sync = leader.is_some_and(|leader| leader.isr.isr().contains(&follower));
        !in_sync && self.leader_quota.is_exceeded(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replicas_of_this_broker_are_picked() {
        assert_eq!(partitions("0:1,0:2, 3:1", 1), Some(vec![0, 3]));
        assert_eq!(partitions("*", 1), None);
        assert_eq!(partitions("", 1), Some(vec![]));
    }

    #[test]
    fn a_rate_is_exceeded_until_time_has_made_up_for_it() {
        let mut quota = ReplicationQuota { bound: Some(1_000), ..ReplicationQuota::default() };
        let at = |ms: u64| Micros::from_ms(ms);
        assert!(!quota.is_exceeded(at(0)));
        quota.record(5_000, at(0));
        assert!(quota.is_exceeded(at(10)) && quota.is_exceeded(at(4_900)));
        assert!(!quota.is_exceeded(at(5_100)));
        quota.record(20_000, at(5_100));
        assert!(quota.is_exceeded(at(10_900)), "20,000 bytes in 5.8 s");
        assert!(!quota.is_exceeded(at(17_000)), "samples older than eleven seconds do not count");
    }
}
