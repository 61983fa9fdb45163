//! Batches that wait to be sent, a queue for each partition (`RecordAccumulator`).

use base::{Map, Micros, Rng, Set};
use std::collections::VecDeque;

use log::batch::Codec;
use protocol::TopicPartition;

use super::batch::ProducerBatch;
use super::idempotence::Idempotence;
use super::{ProducerRecord, SendId};
use crate::backoff::ExponentialBackoff;
use crate::metadata::ClusterView;

/// Lengths of a topic's queues: partitions with a leader, and how many partitions have a queue at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueueSizes {
    pub led: Vec<(i32, u64)>,
    pub all: usize,
}

/// Which nodes have something to be sent to, and when to look again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ready {
    pub nodes: Set<i32>,
    pub next_check: Option<Micros>,
    /// Topics with records and a partition without a leader.
    pub unknown_leaders: Set<String>,
}

#[derive(Clone, Debug, Hash)]
pub(crate) struct Accumulator {
    pub batch_size: usize,
    linger: Micros,
    delivery_timeout: Micros,
    backoff: ExponentialBackoff,
    buffer_memory: u64,
    codec: Codec,
    gzip_level: i32,
    queues: Map<TopicPartition, VecDeque<ProducerBatch>>,
    muted: Set<TopicPartition>,
    drain_index: Map<i32, usize>,
    used_memory: u64,
}

impl Accumulator {
    pub fn new(config: &crate::config::ProducerConfig) -> Accumulator {
        Accumulator {
            batch_size: config.batch_size,
            linger: config.linger,
            delivery_timeout: config.delivery_timeout,
            backoff: config.common.retry_backoff,
            buffer_memory: config.buffer_memory,
            codec: Codec::for_name(&config.compression).unwrap_or(Codec::None),
            gzip_level: config.gzip_level,
            queues: Map::new(),
            muted: Set::new(),
            drain_index: Map::new(),
            used_memory: 0,
        }
    }

    /// Adds to the last batch of the partition's queue; the bytes it grew by, or `None` if it has no room.
    pub fn try_append(
        &mut self,
        tp: &TopicPartition,
        record: &ProducerRecord,
        timestamp: i64,
        id: SendId,
    ) -> Option<usize> {
        let last = self.queues.get_mut(tp)?.back_mut()?;
        let before = last.size();
        last.try_append(record, timestamp, id).then(|| last.size() - before)
    }

    /// Opens a batch with this record in a buffer of `buffer` bytes, which must be free; the bytes of the batch.
    pub fn append_new(
        &mut self,
        tp: &TopicPartition,
        record: &ProducerRecord,
        timestamp: i64,
        id: SendId,
        buffer: usize,
        now: Micros,
    ) -> usize {
        self.used_memory += buffer as u64;
        let mut batch = ProducerBatch::new(tp.clone(), buffer, self.codec, self.gzip_level, now);
        batch.try_append(record, timestamp, id);
        let size = batch.size();
        self.queues.entry(tp.clone()).or_default().push_back(batch);
        size
    }

    /// Whether a buffer of this size is free, and how much is.
    pub fn has_memory(&self, buffer: usize) -> bool {
        self.available_memory() >= buffer as u64
    }

    pub fn available_memory(&self) -> u64 {
        self.buffer_memory.saturating_sub(self.used_memory)
    }

    /// Gives a finished batch's buffer back.
    pub fn release(&mut self, batch: &ProducerBatch) {
        self.used_memory = self.used_memory.saturating_sub(batch.buffer as u64);
    }

    /// Whether the partition's last batch takes no more records (or there is none).
    pub fn all_full(&self, tp: &TopicPartition) -> bool {
        self.queues.get(tp).and_then(VecDeque::back).is_none_or(ProducerBatch::is_full)
    }

    pub fn has_undrained(&self) -> bool {
        self.queues.values().any(|queue| !queue.is_empty())
    }

    /// Looks at the first batch of every queue. With `hurry` (closing, flushing, no memory) nothing lingers.
    pub fn ready(&mut self, cluster: &ClusterView, hurry: bool, now: Micros) -> Ready {
        let mut ready = Ready::default();
        for (tp, queue) in &mut self.queues {
            let length = queue.len();
            let Some(first) = queue.front_mut() else { continue };
            first.note_leader(cluster.partition(tp).map(|partition| partition.leader_epoch));
            let Some(leader) = cluster.leader(tp) else {
                ready.unknown_leaders.insert(tp.topic.to_string());
                continue;
            };
            if ready.nodes.contains(&leader.id) || self.muted.contains(tp) {
                continue;
            }
            let wait_until = match first.backing_off_until(now) {
                Some(until) => Some(until),
                None => {
                    let lingered = first.waiting_since + self.linger;
                    let full = length > 1 || first.is_full();
                    (!full && !hurry && lingered > now).then_some(lingered)
                }
            };
            match wait_until {
                None => drop(ready.nodes.insert(leader.id)),
                Some(until) => ready.next_check = Some(ready.next_check.map_or(until, |at: Micros| at.min(until))),
            }
        }
        ready
    }

    /// Queue lengths of a topic once every partition has a queue; before that the choice is uniform.
    pub fn queue_sizes(&self, topic: &str, cluster: &ClusterView) -> Option<QueueSizes> {
        let partitions = cluster.topics.get(topic)?.partitions.len();
        let of_topic: Vec<_> = self.queues.iter().filter(|(tp, _)| tp.topic == topic).collect();
        if of_topic.len() < partitions {
            return None;
        }
        let led = of_topic
            .iter()
            .filter(|(tp, _)| cluster.leader(tp).is_some())
            .map(|(tp, queue)| (tp.partition, queue.len() as u64))
            .collect();
        Some(QueueSizes { led, all: of_topic.len() })
    }

    pub fn topics(&self) -> Set<String> {
        self.queues.keys().map(|tp| tp.topic.to_string()).collect()
    }

    /// Takes one batch of each partition that `node` leads, as far as they fit into one request.
    pub fn drain(
        &mut self,
        node: i32,
        cluster: &ClusterView,
        max_size: usize,
        ids: &mut Option<Idempotence>,
        now: Micros,
    ) -> Vec<ProducerBatch> {
        let led: Vec<TopicPartition> = self
            .queues
            .keys()
            .filter(|tp| cluster.leader(tp).is_some_and(|leader| leader.id == node))
            .cloned()
            .collect();
        if led.is_empty() {
            return Vec::new();
        }
        let start = self.drain_index.get(&node).copied().unwrap_or(0) % led.len();
        let mut drained: Vec<ProducerBatch> = Vec::new();
        let mut size = 0;
        for turn in 0..led.len() {
            let index = (start + turn) % led.len();
            let tp = &led[index];
            self.drain_index.insert(node, index);
            if self.muted.contains(tp) {
                continue;
            }
            let Some(queue) = self.queues.get_mut(tp) else { continue };
            let Some(first) = queue.front() else { continue };
            if first.backing_off_until(now).is_some() {
                continue;
            }
            if size + first.size() > max_size && !drained.is_empty() {
                break;
            }
            if ids.as_ref().is_some_and(|ids| ids.must_wait(first)) {
                break;
            }
            let Some(mut batch) = queue.pop_front() else { continue };
            batch.close();
            if let Some(ids) = ids {
                ids.on_drained(&mut batch);
            }
            size += batch.size();
            drained.push(batch);
        }
        drained
    }

    pub fn mute(&mut self, tp: &TopicPartition) {
        self.muted.insert(tp.clone());
    }

    pub fn unmute(&mut self, tp: &TopicPartition) {
        self.muted.remove(tp);
    }

    /// Puts a batch back after a failed attempt: first in its queue, or by sequence if it has one. Says how long it waits.
    pub fn requeue(&mut self, mut batch: ProducerBatch, now: Micros, rng: &mut Rng) -> Micros {
        let backoff = self.backoff.wait(batch.attempts, rng);
        batch.on_requeued(now, backoff);
        self.insert(batch);
        backoff
    }

    /// Puts the parts of a split batch in front, in their order; they count as never tried.
    pub fn requeue_split(&mut self, batch: ProducerBatch) -> Vec<ProducerBatch> {
        self.release(&batch);
        let target = if batch.is_split { batch.size() / 2 } else { self.batch_size };
        let parts = batch.split(target.max(1));
        for part in parts.iter().rev() {
            self.used_memory += part.buffer as u64;
            self.insert(part.clone());
        }
        parts
    }

    fn insert(&mut self, batch: ProducerBatch) {
        let queue = self.queues.entry(batch.tp.clone()).or_default();
        let Some(identity) = batch.identity else { return queue.push_front(batch) };
        let place = queue
            .iter()
            .position(|other| other.identity.is_none_or(|other| other.sequence > identity.sequence))
            .unwrap_or(queue.len());
        queue.insert(place, batch);
    }

    /// Takes out what has waited longer than `delivery.timeout.ms`.
    pub fn expire(&mut self, now: Micros) -> Vec<ProducerBatch> {
        let mut expired = Vec::new();
        for queue in self.queues.values_mut() {
            while queue.front().is_some_and(|first| now >= first.created + self.delivery_timeout) {
                expired.extend(queue.pop_front());
            }
        }
        expired
    }

    /// When the first waiting batch expires.
    pub fn next_expiry(&self) -> Option<Micros> {
        let first = self.queues.values().filter_map(|queue| queue.front()).map(|batch| batch.created).min()?;
        Some(first + self.delivery_timeout)
    }

    /// Takes out everything.
    pub fn take_all(&mut self) -> Vec<ProducerBatch> {
        self.queues.values_mut().flat_map(std::mem::take).collect()
    }

    /// The waiting batches of a partition that carry a sequence.
    pub fn sequenced(&mut self, tp: &TopicPartition) -> impl Iterator<Item = &mut ProducerBatch> {
        self.queues.get_mut(tp).into_iter().flatten().filter(|batch| batch.identity.is_some())
    }
}
