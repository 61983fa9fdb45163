//! What the controller has registered, and what must be remembered of every partition to judge its replicas.

use base::Map;
use std::sync::Arc;

use cluster::metadata::{MetadataImage, NO_LEADER, PartitionRegistration, RECOVERING, TopicIdPartition};
use protocol::TopicPartition;
use sim::World;

use super::lamps::Invariant;
use super::rules::{self, Replica};
use super::written::Written;
use super::{Checker, Seen};
use crate::host::Host;

/// Leader epochs of a partition whose leaders are remembered.
const EPOCHS_MAX: usize = 16;

/// One partition.
#[derive(Clone, Debug)]
pub struct Known {
    pub name: TopicPartition,
    pub registration: Arc<PartitionRegistration>,
    /// One above the last offset that anybody was told is committed: the highest high watermark of any leader, and what
    /// acks=all producers were acknowledged.
    pub exposed: i64,
    /// Leaders of older epochs were overruled by an unclean election; what they show does not bind.
    pub binding_from: i32,
    /// Leader epoch to the one broker that led in it.
    pub leaders: Map<i32, i32>,
    /// What the newest leader's log says of producers and keys.
    pub written: Written,
}

impl Known {
    fn new(name: TopicPartition, registration: Arc<PartitionRegistration>) -> Known {
        let (epoch, leader) = (registration.leader_epoch, registration.leader);
        let mut known = Known {
            name,
            registration,
            exposed: 0,
            binding_from: epoch,
            leaders: Map::new(),
            written: Written::default(),
        };
        // The first of an epoch contradicts nobody.
        let _first = known.note_leader(epoch, leader);
        known
    }

    pub fn is_member(&self, broker: i32) -> bool {
        self.registration.isr.contains(&broker)
    }

    /// S6: notes who leads in an epoch.
    pub fn note_leader(&mut self, epoch: i32, leader: i32) -> Result<(), String> {
        if leader == NO_LEADER {
            return Ok(());
        }
        let noted = *self.leaders.entry(epoch).or_insert(leader);
        if self.leaders.len() > EPOCHS_MAX {
            self.leaders.pop_first();
        }
        if noted == leader {
            return Ok(());
        }
        Err(format!("{}: brokers {noted} and {leader} both lead in epoch {epoch}", self.name))
    }
}

/// The committed metadata of the cluster, as the active controller has it; while there is none, as the last one had it.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    pub image: MetadataImage,
    pub partitions: Map<TopicIdPartition, Known>,
}

impl Registered {
    pub fn by_name(&mut self, name: &TopicPartition) -> Option<&mut Known> {
        let topic_id = self.image.topic_id(&name.topic)?;
        self.partitions.get_mut(&TopicIdPartition { topic_id, partition: name.partition })
    }
}

impl Checker {
    /// Whether an unclean election took back what was promised of a partition before it.
    pub fn has_taken_back(&mut self, partition: &TopicPartition) -> bool {
        self.registered.by_name(partition).is_some_and(|known| known.binding_from > 0)
    }

    /// Takes a new image over without judging what it says.
    pub(super) fn adopt_image(&mut self, image: &MetadataImage) {
        for (id, topic, registration) in image.partitions() {
            let name = TopicPartition::new(topic.name.clone(), id.partition);
            self.registered.partitions.insert(id, Known::new(name, registration.clone()));
        }
        self.registered.image = image.clone();
    }

    /// Compares a new image with the last one, and judges what changed.
    pub(super) fn look_at_image(&mut self, world: &World<Host>, image: &MetadataImage) {
        let known = &self.registered.partitions;
        let is_same = |id: &TopicIdPartition, registration: &Arc<PartitionRegistration>| {
            known.get(id).is_some_and(|known| Arc::ptr_eq(&known.registration, registration))
        };
        let changed: Vec<_> = image
            .partitions()
            .filter(|(id, _, registration)| !is_same(id, registration))
            .map(|(id, topic, registration)| (id, topic.name.clone(), registration.clone()))
            .collect();
        let before = std::mem::replace(&mut self.registered.image, image.clone());
        for (id, topic, registration) in changed {
            self.look_at_registration(world, id, &topic, registration);
        }
        if before.topics().any(|topic| image.topic(topic.id).is_none()) {
            self.registered.partitions.retain(|id, _| image.topic(id.topic_id).is_some());
        }
    }

    fn look_at_registration(
        &mut self,
        world: &World<Host>,
        id: TopicIdPartition,
        topic: &str,
        now: Arc<PartitionRegistration>,
    ) {
        let name = TopicPartition::new(topic, id.partition);
        self.judge(world, Invariant::LeaderInIsr, || {
            rules::leader_in_isr(&now).map_err(|words| format!("{name}: {words}"))
        });
        let Some(known) = self.registered.partitions.get_mut(&id) else {
            self.registered.partitions.insert(id, Known { binding_from: 0, ..Known::new(name, now) });
            return;
        };
        let before = std::mem::replace(&mut known.registration, now.clone());
        let single = known.note_leader(now.leader_epoch, now.leader);
        if is_unclean(&before, &now) {
            (known.exposed, known.binding_from) = (0, now.leader_epoch);
        }
        self.judge(world, Invariant::SingleLeader, || single);
        self.judge(world, Invariant::MonotonicEpoch, || {
            let leader = rules::never_back("the leader epoch", before.leader_epoch.into(), now.leader_epoch.into());
            let partition =
                rules::never_back("the partition epoch", before.partition_epoch.into(), now.partition_epoch.into());
            leader.and(partition).map_err(|words| format!("{name}, as registered: {words}"))
        });
        self.check_isr(world, id);
    }

    /// S2 and S3 of one partition.
    pub(super) fn check_isr(&mut self, world: &World<Host>, id: TopicIdPartition) {
        let Some(known) = self.registered.partitions.get(&id) else { return };
        let replicas: Vec<Replica<'_>> =
            known.registration.replicas.iter().filter_map(|broker| self.replica(world, *broker, known, id)).collect();
        let members: Vec<&Replica<'_>> =
            replicas.iter().filter(|replica| known.is_member(replica.broker) && self.counts(replica.broker)).collect();
        let says = |words: String| format!("{}: {words}", known.name);
        let valid = members.iter().try_for_each(|member| rules::valid_high_watermark(known.exposed, member));
        let believers = replicas.iter().filter(|replica| replica.leads && replica.leader_epoch >= known.binding_from);
        let strong = believers
            .flat_map(|leader| members.iter().map(move |member| (leader, *member)))
            .filter(|(leader, member)| leader.broker != member.broker)
            .try_for_each(|(leader, member)| rules::strong_isr(leader, member));
        let (valid, strong) = (valid.map_err(says), strong.map_err(says));
        self.judge(world, Invariant::ValidHighWatermark, || valid);
        self.judge(world, Invariant::StrongIsr, || strong);
    }

    /// A replica as its broker holds it now; `None` if its process is down or it has not opened the log.
    pub(super) fn replica<'w>(
        &self,
        world: &'w World<Host>,
        broker: i32,
        known: &Known,
        id: TopicIdPartition,
    ) -> Option<Replica<'w>> {
        let Some(Host::Broker(state)) = world.node(*self.broker_nodes.get(&broker)?) else { return None };
        let held = state.partition(&known.name).filter(|held| held.topic_id == id.topic_id)?;
        Some(Replica { broker, leads: held.is_leader(), leader_epoch: held.leader_epoch(), log: &held.log })
    }

    /// Whether a broker's process is the one that the controller has registered: an earlier or a later one is no member
    /// of any ISR, whatever the list says.
    pub(super) fn counts(&self, broker: i32) -> bool {
        let seen = self.broker_nodes.get(&broker).and_then(|node| self.seen.get(node.0 as usize));
        matches!(seen, Some(Seen::Broker(seen)) if seen.is_registered)
    }
}

/// The controller says openly that the new leader has to recover: it was elected although it may lack records, because
/// the topic allows that, an administrator asked for it, or nobody else was left (KIP-966).
fn is_unclean(before: &PartitionRegistration, now: &PartitionRegistration) -> bool {
    let is_elected = now.leader != NO_LEADER && now.leader_epoch > before.leader_epoch;
    let goes_on_recovering = before.leader_recovery_state == RECOVERING && before.isr.contains(&now.leader);
    is_elected && now.leader_recovery_state == RECOVERING && !goes_on_recovering
}
