//! What clients were promised, held against what came of it, in the words of Jepsen's Kafka workload.
//!
//! *lost-write*: a record that was acknowledged with acks=all is not in the recovered log, or is another one. *poll-skip*:
//! a consumer that is alone in its group and reads from the beginning was given offsets with a hole before them. An
//! unclean election takes all promises about its partition back.

use std::collections::{BTreeMap, BTreeSet};

use cluster::Event;
use cluster::broker::Broker;
use cluster::event::{ClientRef, ElectionKind};
use protocol::TopicPartition;
use session::Host;
use sim::{Stamped, World};

/// Leader epoch and checksum of the batch that was acknowledged; `None` when all who have it were down just then.
type Fingerprint = Option<(i32, u32)>;

#[derive(Clone, Debug, Default)]
pub struct History {
    /// Acknowledged with acks=all, by partition and offset.
    promised: BTreeMap<(TopicPartition, i64), Fingerprint>,
    /// One above the highest offset that a consumer was given, by the consumer and the partition.
    read_end: BTreeMap<(ClientRef, TopicPartition), i64>,
    skipped: Option<String>,
    /// Partitions whose promises an unclean election took back.
    unclean: BTreeSet<TopicPartition>,
}

impl History {
    /// The controller says that the leader which begins now was elected uncleanly. Whoever elected it may have died before
    /// it could tell.
    pub fn take_back(&mut self, partition: &TopicPartition) {
        self.unclean.insert(partition.clone());
    }

    pub fn note(&mut self, world: &World<Host>, stamped: &Stamped<Event>) {
        match &stamped.event {
            Event::LeaderElected { partition, kind: ElectionKind::Unclean, .. } => {
                self.unclean.insert(partition.clone());
            }
            Event::RecordAcked { client, partition, last_offset, .. } => {
                let Some(Host::Terminal(terminal)) = world.node(stamped.node) else { return };
                let status = terminal.clients().into_iter().find(|(pid, _, _)| *pid == client.pid);
                // Of a compacted log the checker knows what must be left.
                if is_compacted(world, partition) {
                    return;
                }
                let waits_for_all = status.and_then(|(_, _, status)| status.acks).is_some_and(|acks| acks == "all");
                if waits_for_all && *last_offset >= 0 {
                    let held = committed_at(world, partition, *last_offset);
                    self.promised.insert((partition.clone(), *last_offset), held);
                }
            }
            Event::RecordsConsumed { client, partition, first_offset, next_offset }
                if is_alone(world, stamped, client) =>
            {
                let end = self.read_end.entry((client.clone(), partition.clone())).or_insert(0);
                let may_skip = self.unclean.contains(partition) || is_compacted(world, partition);
                if *first_offset > *end && !may_skip && self.skipped.is_none() {
                    let reader = &client.terminal;
                    let words = format!("{partition}: the consumer in {reader} was given {first_offset} after {end}");
                    self.skipped = Some(words);
                }
                *end = (*end).max(*next_offset);
            }
            _ => {}
        }
    }

    /// The hole that a consumer saw.
    pub fn skipped(&self) -> Option<&String> {
        self.skipped.as_ref()
    }

    /// Every promise is kept by whoever leads now.
    pub fn judge(&self, world: &World<Host>) -> Result<(), String> {
        for ((partition, offset), promised) in &self.promised {
            if self.unclean.contains(partition) {
                continue;
            }
            let Some(leader) = leaders(world, partition).next() else { continue };
            let there = fingerprint(leader, partition, *offset);
            if there.is_none() || (promised.is_some() && there != *promised) {
                return Err(format!(
                    "{partition}: offset {offset} was acknowledged with acks=all as {promised:?}, and is {there:?} at its \
                     leader, broker {}",
                    leader.node_id()
                ));
            }
        }
        Ok(())
    }
}

fn is_compacted(world: &World<Host>, partition: &TopicPartition) -> bool {
    let mut holders = world.node_ids().filter_map(|node| match world.node(node) {
        Some(Host::Broker(broker)) => broker.log(partition),
        _ => None,
    });
    holders.any(|log| log.config().compact)
}

/// Who shares a group begins where another one has committed.
fn is_alone(world: &World<Host>, stamped: &Stamped<Event>, client: &ClientRef) -> bool {
    let Some(Host::Terminal(terminal)) = world.node(stamped.node) else { return false };
    let clients = terminal.clients();
    let of = clients.iter().find(|(pid, _, _)| *pid == client.pid);
    of.is_some_and(|(_, line, _)| line.contains("--from-beginning") && !line.contains("--group"))
}

/// What a replica holds to whose knowledge it is committed. One that was deposed may hold something else at the same
/// offset, which nobody was promised, also when it has heard of a newer epoch already and only not truncated yet.
fn committed_at(world: &World<Host>, partition: &TopicPartition, offset: i64) -> Fingerprint {
    let holders = world.node_ids().filter_map(|node| match world.node(node) {
        Some(Host::Broker(broker)) => {
            let held = broker.partition(partition)?;
            let is_committed = held.log.high_watermark() > offset;
            Some((held.leader_epoch(), held.log.fingerprint_at(offset).filter(|_| is_committed)?))
        }
        _ => None,
    });
    holders.max().map(|(_, fingerprint)| fingerprint)
}

/// The brokers that believe to lead the partition.
fn leaders<'w>(world: &'w World<Host>, partition: &TopicPartition) -> impl Iterator<Item = &'w Broker> {
    let partition = partition.clone();
    world.node_ids().filter_map(move |node| match world.node(node) {
        Some(Host::Broker(broker)) if broker.partition(&partition).is_some_and(|held| held.is_leader()) => {
            Some(&**broker)
        }
        _ => None,
    })
}

fn fingerprint(broker: &Broker, partition: &TopicPartition, offset: i64) -> Fingerprint {
    broker.log(partition)?.fingerprint_at(offset)
}
