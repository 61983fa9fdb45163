//! Requests that wait (Kafka: `DelayedOperationPurgatory`): acks=all produces for their replicas, fetches
//! for data, deletions of records for the followers.
//!
//! A change to a partition (records, high watermark, leadership) marks it; whoever waits for it is looked at again when
//! the present input has been dealt with. Each has a timer of its own.

use base::{Map, Micros, Set};

use protocol::TopicPartition;

use super::Fx;
use super::apis::delete_records::DeleteWaiter;
use super::apis::fetch::FetchWaiter;
use super::apis::produce::ProduceWaiter;
use crate::{ServerTimer, Timer};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Purgatory {
    next_id: u64,
    waiting: Map<u64, Waiter>,
    /// None for most of the time between two requests: the room is kept for the next.
    by_partition: Map<TopicPartition, Set<u64>>,
    touched: Set<TopicPartition>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Waiter {
    Produce(ProduceWaiter),
    Fetch(FetchWaiter),
    Delete(DeleteWaiter),
}

impl Waiter {
    fn for_each_partition(&self, mut visit: impl FnMut(&TopicPartition)) {
        match self {
            Waiter::Produce(waiter) => waiter.partitions().for_each(&mut visit),
            Waiter::Fetch(waiter) => waiter.partitions().for_each(&mut visit),
            Waiter::Delete(waiter) => waiter.partitions().for_each(&mut visit),
        }
    }
}

impl Purgatory {
    /// Keeps a request until it is taken out, or its time is over.
    pub fn watch(&mut self, waiter: Waiter, timeout: Micros, fx: &mut Fx<'_>) {
        let id = self.next_id;
        self.next_id += 1;
        waiter.for_each_partition(|partition| match self.by_partition.get_mut(partition) {
            Some(ids) => drop(ids.insert(id)),
            None => drop(self.by_partition.insert(partition.clone(), Set::from([id]))),
        });
        self.waiting.insert(id, waiter);
        fx.set_timer_after(Timer::Server(ServerTimer::Delayed(id)), timeout);
    }

    /// Something about the partition changed.
    pub fn touch(&mut self, partition: &TopicPartition) {
        if self.by_partition.get(partition).is_some_and(|ids| !ids.is_empty()) {
            self.touched.insert(partition.clone());
        }
    }

    /// Those that wait for a touched partition, oldest first; the marks are gone after this.
    pub fn take_touched(&mut self) -> Set<u64> {
        let ids = self.touched.iter().filter_map(|partition| self.by_partition.get(partition)).flatten();
        let ids = ids.copied().collect();
        self.touched.clear();
        ids
    }

    pub fn get(&self, id: u64) -> Option<&Waiter> {
        self.waiting.get(&id)
    }

    pub fn get_mut(&mut self, id: u64) -> Option<&mut Waiter> {
        self.waiting.get_mut(&id)
    }

    /// Takes a request out: it is complete, or its time is over.
    pub fn take(&mut self, id: u64, fx: &mut Fx<'_>) -> Option<Waiter> {
        let waiter = self.waiting.remove(&id)?;
        waiter.for_each_partition(|partition| {
            if let Some(ids) = self.by_partition.get_mut(partition) {
                ids.remove(&id);
            }
        });
        fx.cancel_timer(Timer::Server(ServerTimer::Delayed(id)));
        Some(waiter)
    }

    /// Requests of a connection that is gone need no answer. A produce still waits in Kafka, but nobody hears of it.
    pub fn forget_connection(&mut self, conn: base::ConnId, fx: &mut Fx<'_>) {
        let gone: Vec<u64> = self
            .waiting
            .iter()
            .filter(|(_, waiter)| match waiter {
                Waiter::Produce(waiter) => waiter.reply.conn == conn,
                Waiter::Fetch(waiter) => waiter.reply.conn == conn,
                Waiter::Delete(waiter) => waiter.reply.conn == conn,
            })
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.take(id, fx);
        }
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}
