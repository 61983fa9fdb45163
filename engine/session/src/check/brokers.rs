//! Looking at a broker: which of its replicas changed since the last look, and what that change must not be.

use base::{Map, NodeId};

use cluster::Event;
use cluster::broker::{Broker, Partition};
use cluster::metadata::TopicIdPartition;
use sim::{Stamped, World};

use super::lamps::Invariant;
use super::{Checker, rules};
use crate::host::Host;

/// What was last seen of a broker.
#[derive(Clone, Debug, Default)]
pub struct BrokerSeen {
    /// Which of its processes that was.
    starts: u32,
    /// That process is the one which the controller has registered.
    pub is_registered: bool,
    /// In the broker's own order.
    replicas: Vec<ReplicaSeen>,
    /// Leader epoch and partition epoch of replicas that it does not hold at the moment: before a restart it did.
    epochs_before: Map<TopicIdPartition, (i32, i32)>,
}

/// What was last seen of one replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ReplicaSeen {
    id: TopicIdPartition,
    leads: bool,
    leader_epoch: i32,
    partition_epoch: i32,
    log_start: i64,
    high_watermark: i64,
    log_end: i64,
    /// The log ends of its followers, as a leader knows them, in one number.
    followed: i64,
    /// Of a compacted log, which shrinks when it is cleaned.
    bytes: u64,
}

/// A replica that is not as it was.
struct Change {
    /// `None`: it was not there in this process.
    before: Option<ReplicaSeen>,
    epochs_before: (i32, i32),
    now: ReplicaSeen,
}

impl ReplicaSeen {
    fn of(partition: &Partition) -> ReplicaSeen {
        let id = TopicIdPartition { topic_id: partition.topic_id, partition: partition.topic_partition.partition };
        ReplicaSeen {
            id,
            leads: partition.is_leader(),
            leader_epoch: partition.leader_epoch(),
            partition_epoch: partition.partition_epoch(),
            log_start: partition.log.log_start(),
            high_watermark: partition.log.high_watermark(),
            log_end: partition.log.log_end(),
            followed: followed(partition),
            bytes: if partition.log.config().compact { partition.log.size() } else { 0 },
        }
    }
}

/// Changes whenever a fetch shows more, or the first one shows anything.
fn followed(partition: &Partition) -> i64 {
    let ends = partition.leader_state().map(|leader| leader.followers.values().map(|f| f.log_end_or_unknown()));
    ends.into_iter().flatten().sum()
}

impl BrokerSeen {
    /// The process is another one. Epochs are kept; everything else begins anew.
    fn begin_process(&mut self, starts: u32) {
        self.forget_replicas();
        (self.starts, self.is_registered) = (starts, false);
    }

    fn forget_replicas(&mut self) {
        let epochs = self.replicas.drain(..).map(|seen| (seen.id, (seen.leader_epoch, seen.partition_epoch)));
        self.epochs_before.extend(epochs);
    }

    /// Compares with what the broker holds now. In the common case the list is the same and a few numbers moved.
    fn take_changes(&mut self, broker: &Broker) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut count = 0;
        for partition in broker.partitions() {
            let now = ReplicaSeen::of(partition);
            match self.replicas.get_mut(count) {
                Some(seen) if *seen == now => {}
                Some(seen) if seen.id == now.id => {
                    let before = std::mem::replace(seen, now);
                    let epochs_before = (before.leader_epoch, before.partition_epoch);
                    changes.push(Change { before: Some(before), epochs_before, now });
                }
                _ => return self.take_all_changes(broker, changes),
            }
            count += 1;
        }
        if count != self.replicas.len() { self.take_all_changes(broker, changes) } else { changes }
    }

    /// The same when replicas came or went; `changes` are those that were found before that was seen.
    fn take_all_changes(&mut self, broker: &Broker, mut changes: Vec<Change>) -> Vec<Change> {
        let mut known: Map<TopicIdPartition, ReplicaSeen> =
            self.replicas.drain(..).map(|seen| (seen.id, seen)).collect();
        for partition in broker.partitions() {
            let now = ReplicaSeen::of(partition);
            let before = known.remove(&now.id);
            let epochs_before = match before {
                Some(before) => (before.leader_epoch, before.partition_epoch),
                None => self.epochs_before.remove(&now.id).unwrap_or((-1, -1)),
            };
            if before != Some(now) {
                changes.push(Change { before, epochs_before, now });
            }
            self.replicas.push(now);
        }
        changes
    }
}

impl Checker {
    pub(super) fn adopt_broker(&mut self, world: &World<Host>, node: NodeId, broker: &Broker) {
        self.note_process(world, node, broker);
        let Some(seen) = self.broker_seen(node) else { return };
        for change in seen.take_changes(broker) {
            let Some(known) = self.registered.partitions.get_mut(&change.now.id) else { continue };
            if change.now.leads && change.now.leader_epoch >= known.binding_from {
                known.exposed = known.exposed.max(change.now.high_watermark);
            }
        }
    }

    pub(super) fn look_at_broker(
        &mut self,
        world: &World<Host>,
        node: NodeId,
        broker: &Broker,
        events: &[Stamped<Event>],
    ) {
        let became_member = self.note_process(world, node, broker);
        let Some(seen) = self.broker_seen(node) else { return };
        let changes = seen.take_changes(broker);
        for change in &changes {
            self.look_at_replica(world, broker, change, events);
        }
        if became_member {
            let held: Vec<TopicIdPartition> = broker.partitions().map(|held| ReplicaSeen::of(held).id).collect();
            for id in held {
                self.check_isr(world, id);
            }
        }
    }

    /// The process of a broker ended. What it held is on its disk, unless the disk is empty now.
    pub(super) fn look_at_stopped(&mut self, world: &World<Host>, node: NodeId) {
        let is_empty = world.disk(node).is_some_and(|disk| disk.files().next().is_none());
        if let Some(seen) = self.broker_seen(node) {
            seen.begin_process(world.starts(node));
            if is_empty {
                seen.epochs_before.clear();
            }
        }
        if is_empty {
            self.forget_metadata(node);
        }
    }

    /// True when the broker just became the registered one.
    fn note_process(&mut self, world: &World<Host>, node: NodeId, broker: &Broker) -> bool {
        let is_registered = self.is_registered(broker.node_id(), broker.broker_epoch());
        let Some(seen) = self.broker_seen(node) else { return false };
        if seen.starts != world.starts(node) {
            seen.begin_process(world.starts(node));
        }
        std::mem::replace(&mut seen.is_registered, is_registered) != is_registered && is_registered
    }

    fn look_at_replica(&mut self, world: &World<Host>, broker: &Broker, change: &Change, events: &[Stamped<Event>]) {
        let Change { before, epochs_before, now } = change;
        let (id, node_id) = (now.id, broker.node_id());
        // A topic that is deleted already: nobody promises anything about it.
        let Some(known) = self.registered.partitions.get(&id) else { return };
        let name = known.name.clone();
        let says = |words: String| format!("{name} on broker {node_id}: {words}");
        self.judge(world, Invariant::MonotonicEpoch, || {
            let leader = rules::never_back("the leader epoch", epochs_before.0.into(), now.leader_epoch.into());
            let partition =
                rules::never_back("the partition epoch", epochs_before.1.into(), now.partition_epoch.into());
            leader.and(partition).map_err(says)
        });
        let cut = events.iter().find_map(|stamped| match &stamped.event {
            Event::LogTruncated { partition, to_end, .. } if *partition == name => Some(*to_end),
            _ => None,
        });
        let end_before = before.map_or(now.log_end, |before| before.log_end);
        let kept_end = cut.unwrap_or(end_before).min(now.log_end).min(end_before);
        if kept_end < end_before {
            self.check_cut(world, id, node_id, kept_end);
        }
        if now.log_end > kept_end {
            self.check_matching(world, id, node_id, kept_end);
        }
        let is_new_role =
            before.is_none_or(|before| (before.leads, before.leader_epoch) != (now.leads, now.leader_epoch));
        let is_new_shown = now.leads && before.is_none_or(|before| before.high_watermark != now.high_watermark);
        if now.leads {
            self.look_at_leader(world, broker, change, is_new_role);
            self.look_at_followers(world, broker, id, is_new_role);
            self.look_at_written(world, broker, id, is_new_role, kept_end);
        }
        let is_cleaned = before.is_some_and(|before| {
            now.bytes < before.bytes && (before.log_start, before.log_end) == (now.log_start, now.log_end)
        });
        if is_cleaned {
            self.check_cleaned(world, broker, id);
        }
        if is_new_role || is_new_shown || kept_end < end_before {
            self.check_isr(world, id);
        }
    }

    /// S6 and S7 of one that believes to lead, and what it shows.
    fn look_at_leader(&mut self, world: &World<Host>, broker: &Broker, change: &Change, is_new_role: bool) {
        let Change { before, now, .. } = change;
        let Some(known) = self.registered.partitions.get_mut(&now.id) else { return };
        let Some(held) = broker.partition(&known.name) else { return };
        let name = known.name.clone();
        let binds = now.leader_epoch >= known.binding_from;
        // One that was paused takes up the leadership of an epoch which is long over: what others showed since then was
        // not there before it was elected.
        let is_current = now.leader_epoch >= known.registration.leader_epoch;
        let lacks = is_new_role && binds && is_current && now.log_end < known.exposed;
        let exposed = known.exposed;
        let single = known.note_leader(now.leader_epoch, broker.node_id());
        if binds {
            known.exposed = exposed.max(now.high_watermark);
        }
        self.judge(world, Invariant::SingleLeader, || single);
        self.judge(world, Invariant::MonotonicHighWatermark, || {
            let says = |words: String| format!("{name} on broker {}, its leader: {words}", broker.node_id());
            rules::offsets_in_order(&held.log).map_err(says)?;
            if let Some(before) = before.filter(|before| before.leads && before.leader_epoch == now.leader_epoch) {
                rules::never_back("the high watermark", before.high_watermark, now.high_watermark).map_err(says)?;
            }
            match lacks {
                false => Ok(()),
                true => Err(says(format!(
                    "its log ends at {}, but offset {} was shown as committed before it was elected",
                    now.log_end,
                    exposed - 1
                ))),
            }
        });
    }

    /// What a leader has noted of its own epoch, and of its followers in it.
    fn look_at_followers(&mut self, world: &World<Host>, broker: &Broker, id: TopicIdPartition, is_new_role: bool) {
        let Some(known) = self.registered.partitions.get(&id) else { return };
        let Some(leader) = self.replica(world, broker.node_id(), known, id) else { return };
        let Some(state) = broker.partition(&known.name).and_then(Partition::leader_state) else { return };
        let says = |words: String| format!("{}: {words}", known.name);
        let begun = if is_new_role { rules::epoch_is_begun(&leader).map_err(says) } else { Ok(()) };
        // A follower's process that has fetched, and still runs, never forgets an epoch.
        let counted =
            state.followers.iter().filter(|(_, follower)| follower.log_end.is_some()).try_for_each(|(other, of)| {
                let node = self.broker_nodes.get(other).and_then(|node| world.node(*node));
                let Some(Host::Broker(follower)) = node else { return Ok(()) };
                let held = follower.partition(&known.name).filter(|held| held.topic_id == id.topic_id);
                let is_that_process = of.broker_epoch == Some(follower.broker_epoch());
                let Some(held) = held.filter(|_| is_that_process) else { return Ok(()) };
                rules::counts_in_its_epoch(leader.broker, leader.leader_epoch, *other, held.leader_epoch())
                    .map_err(says)
            });
        self.judge(world, Invariant::LogMatching, || begun);
        self.judge(world, Invariant::ValidHighWatermark, || counted);
    }

    /// S9.
    fn check_cut(&mut self, world: &World<Host>, id: TopicIdPartition, broker: i32, to_end: i64) {
        let Some(known) = self.registered.partitions.get(&id) else { return };
        let is_bound = known.is_member(broker) && self.counts(broker);
        let (name, exposed) = (known.name.clone(), known.exposed);
        self.judge(world, Invariant::NoTruncateBelowHighWatermark, || match is_bound {
            true => rules::no_truncate_below(exposed, broker, to_end).map_err(|words| format!("{name}: {words}")),
            false => Ok(()),
        });
    }

    /// S4 of what a broker appended from `from` on, against all other replicas.
    fn check_matching(&mut self, world: &World<Host>, id: TopicIdPartition, broker: i32, from: i64) {
        let Some(known) = self.registered.partitions.get(&id) else { return };
        let Some(replica) = self.replica(world, broker, known, id) else { return };
        let others = known.registration.replicas.iter().filter(|other| **other != broker);
        let verdict = others
            .filter_map(|other| self.replica(world, *other, known, id))
            .try_for_each(|other| rules::log_matching(&replica, from, &other))
            .map_err(|words| format!("{}: {words}", known.name));
        self.judge(world, Invariant::LogMatching, || verdict);
    }
}

/// What the tests of this module's checks let the checker remember.
#[cfg(test)]
impl BrokerSeen {
    pub fn pretend_later_epochs(&mut self) {
        self.replicas.iter_mut().for_each(|seen| seen.leader_epoch += 5);
    }

    pub fn pretend_higher_watermarks(&mut self) {
        self.replicas.iter_mut().for_each(|seen| seen.high_watermark += 5);
    }
}
