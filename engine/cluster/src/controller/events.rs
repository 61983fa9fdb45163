//! What a commit changed, told as events.

use base::Map;

use protocol::TopicPartition;

use super::Fx;
use super::quorum_controller::QuorumController;
use crate::Event;
use crate::event::{ElectionKind, IsrChanger};
use crate::metadata::{MetadataDelta, MetadataImage, NO_LEADER, PartitionChange, PartitionRegistration, RECOVERING};

/// Why records were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    Controller,
    /// Preferred leaders get their leadership back.
    Balance,
    /// A leader asked for another ISR.
    Leader(i32),
}

impl QuorumController {
    /// `after` is the image that the delta led to.
    pub(super) fn tell(&self, delta: &MetadataDelta, after: &MetadataImage, cause: Cause, fx: &mut Fx<'_>) {
        for id in &delta.brokers {
            tell_broker(delta, after, *id, fx);
        }
        for topic in delta.deleted_topics.values() {
            fx.emit(Event::TopicDeleted { topic: topic.name.to_string(), topic_id: topic.id });
        }
        for topic in delta.created_topics.iter().filter_map(|id| after.topic(*id)) {
            let partitions = topic.partitions.len() as i32;
            fx.emit(Event::TopicCreated { topic: topic.name.to_string(), topic_id: topic.id, partitions });
        }
        for resource in &delta.configs {
            let (before, now) = (delta.before.configs(resource), after.configs(resource));
            let names: base::Set<&String> = before.keys().chain(now.keys()).collect();
            for key in names.into_iter().filter(|key| before.get(*key) != now.get(*key)) {
                let value = now.get(key).cloned();
                fx.emit(Event::ConfigChanged { resource: resource.name.clone(), key: key.clone(), value });
            }
        }
        let changes = delta.partition_changes(after);
        let mut grown: Map<&str, i32> = Map::new();
        let is_new =
            |change: &&PartitionChange| change.before.is_none() && !delta.created_topics.contains(&change.id.topic_id);
        for change in changes.iter().filter(is_new) {
            *grown.entry(&change.topic).or_default() += 1;
        }
        for (topic, partitions) in grown {
            fx.emit(Event::PartitionsAdded { topic: topic.to_string(), partitions });
        }
        for change in &changes {
            tell_partition(change, cause, fx);
        }
    }
}

fn tell_broker(delta: &MetadataDelta, after: &MetadataImage, broker: i32, fx: &mut Fx<'_>) {
    let before = delta.before.broker(broker);
    let Some(now) = after.broker(broker) else { return };
    if before.is_none_or(|before| before.epoch != now.epoch) {
        fx.emit(Event::BrokerRegistered { broker, epoch: now.epoch });
    }
    match (before.is_none_or(|before| before.fenced), now.fenced) {
        (true, false) => fx.emit(Event::BrokerUnfenced { broker }),
        (false, true) => fx.emit(Event::BrokerFenced { broker }),
        _ => {}
    }
    if now.in_controlled_shutdown && !before.is_some_and(|before| before.in_controlled_shutdown) {
        fx.emit(Event::BrokerShuttingDown { broker });
    }
}

fn tell_partition(change: &PartitionChange, cause: Cause, fx: &mut Fx<'_>) {
    let partition = TopicPartition::new(change.topic.clone(), change.id.partition);
    let leader_of = |p: &PartitionRegistration| (p.leader != NO_LEADER).then_some(p.leader);
    let (previous, leader) = (change.before.as_deref().and_then(leader_of), leader_of(&change.after));
    if change.before.is_none() || previous != leader {
        let kind = match (&change.before, leader) {
            (None, _) => ElectionKind::Initial,
            (_, None) => ElectionKind::Leaderless,
            (Some(before), _) if change.after.leader_recovery_state == RECOVERING && before.isr != change.after.isr => {
                ElectionKind::Unclean
            }
            _ if cause == Cause::Balance => ElectionKind::Preferred,
            _ => ElectionKind::Clean,
        };
        let epoch = change.after.leader_epoch;
        fx.emit(Event::LeaderElected { partition: partition.clone(), leader, previous, epoch, kind });
    }
    let Some(before) = &change.before else { return };
    let by = match cause {
        Cause::Leader(broker) => IsrChanger::Leader(broker),
        _ => IsrChanger::Controller,
    };
    let missing = |from: &[i32], of: &[i32]| of.iter().copied().filter(|id| !from.contains(id)).collect::<Vec<i32>>();
    let (out, back) = (missing(&change.after.isr, &before.isr), missing(&before.isr, &change.after.isr));
    let isr = change.after.isr.clone();
    if !out.is_empty() {
        fx.emit(Event::IsrShrunk { partition: partition.clone(), by, isr: isr.clone(), out });
    }
    if !back.is_empty() {
        fx.emit(Event::IsrExpanded { partition, by, isr, back });
    }
}
