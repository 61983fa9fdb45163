//! Looking at a server's replica of the metadata log: its epoch, what is committed, and the image of that, which binds
//! everybody. Controllers vote, brokers only follow; the rules are the same for both.

use base::{Map, NodeId};
use std::collections::VecDeque;

use cluster::controller::QuorumController;
use cluster::metadata::MetadataImage;
use cluster::raft::Raft;
use sim::World;

use super::lamps::Invariant;
use super::{Checker, Seen, rules};
use crate::host::Host;

/// Ends of the metadata log whose images are kept, until all servers have come so far.
const IMAGES_MAX: usize = 64;
/// Controller epochs whose leaders are remembered.
const EPOCHS_MAX: usize = 64;

/// What was last seen of a server's metadata. Epoch and log outlive the process.
#[derive(Clone, Debug, Default)]
pub struct MetadataSeen {
    starts: u32,
    epoch: i32,
    leader: Option<i32>,
    is_voter: bool,
    log_start: i64,
    log_end: i64,
    high_watermark: i64,
    image_end: i64,
}

/// What the tests let the checker remember.
#[cfg(test)]
impl MetadataSeen {
    pub fn pretend_later(&mut self) {
        self.image_end += 100_000;
    }

    pub fn pretend_newer_epoch(&mut self) {
        self.epoch += 1;
    }
}

/// What the servers together know.
#[derive(Clone, Debug, Default)]
pub struct Quorum {
    /// Controller epoch to the one who leads in it.
    leaders: Map<i32, i32>,
    /// Controller epoch to the one who is active in it.
    active: Map<i32, i32>,
    /// What the image was at some ends of the committed log, newest last.
    images: VecDeque<(i64, MetadataImage)>,
}

impl Quorum {
    /// S16: notes who is the active controller of an epoch.
    pub fn note_active(&mut self, epoch: i32, controller: i32) -> Result<(), String> {
        note(&mut self.active, epoch, controller)
            .map_err(|noted| format!("controllers {noted} and {controller} are both active in epoch {epoch}"))
    }

    /// S6: notes who leads in an epoch.
    pub fn note_leader(&mut self, epoch: i32, leader: i32) -> Result<(), String> {
        note(&mut self.leaders, epoch, leader)
            .map_err(|noted| format!("controllers {noted} and {leader} both lead in epoch {epoch}"))
    }

    fn image_at(&self, end: i64) -> Option<&MetadataImage> {
        self.images.iter().rev().find(|(at, _)| *at == end).map(|(_, image)| image)
    }

    fn keep_image(&mut self, image: &MetadataImage) {
        if self.images.len() == IMAGES_MAX {
            self.images.pop_front();
        }
        self.images.push_back((image.end_offset(), image.clone()));
    }

    /// What the tests let the checker remember: other metadata than that which the servers are about to have.
    #[cfg(test)]
    pub fn pretend_other_images(&mut self) {
        self.images.iter_mut().for_each(|(_, image)| *image = MetadataImage::default());
    }
}

/// Notes the one of an epoch; the error is another one that was noted before.
fn note(known: &mut Map<i32, i32>, epoch: i32, id: i32) -> Result<(), i32> {
    let noted = *known.entry(epoch).or_insert(id);
    if known.len() > EPOCHS_MAX {
        known.pop_first();
    }
    if noted == id { Ok(()) } else { Err(noted) }
}

/// The controller that this server is or has in it, if it is the active one.
fn active_controller(host: &Host) -> Option<&QuorumController> {
    let controller = match host {
        Host::Broker(broker) => broker.controller()?,
        Host::Controller(controller) => controller.quorum_controller(),
        Host::Terminal(_) => return None,
    };
    controller.is_active().then_some(controller)
}

/// A server's replica of the metadata log and the image of what is committed.
fn metadata_of(host: &Host) -> Option<(i32, &Raft, &MetadataImage)> {
    match host {
        Host::Broker(broker) => Some((broker.node_id(), broker.raft(), broker.image())),
        Host::Controller(controller) => Some((controller.node_id(), controller.raft(), controller.committed_image())),
        Host::Terminal(_) => None,
    }
}

impl Checker {
    /// Takes over what a server knows without judging it.
    pub(super) fn adopt_metadata(&mut self, world: &World<Host>, node: NodeId) {
        let Some((_, raft, image)) = world.node(node).and_then(metadata_of) else { return };
        self.note_metadata(world, node, raft, image);
        if image.end_offset() > self.registered.image.end_offset() {
            self.registered.partitions.clear();
            self.adopt_image(image);
        }
    }

    pub(super) fn look_at_metadata(&mut self, world: &World<Host>, node: NodeId, host: &Host) {
        let Some((id, raft, image)) = metadata_of(host) else { return };
        let Some((before, now)) = self.note_metadata(world, node, raft, image) else { return };
        if let Some(leader) = now.leader.filter(|_| (before.leader, before.epoch) != (now.leader, now.epoch)) {
            let single = self.quorum.note_leader(now.epoch, leader);
            self.judge(world, Invariant::SingleLeader, || single);
        }
        if before.epoch != now.epoch {
            self.judge(world, Invariant::MonotonicEpoch, || {
                rules::never_back("the controller epoch", before.epoch.into(), now.epoch.into())
                    .map_err(|words| format!("server {id}: {words}"))
            });
        }
        if let Some(active) = active_controller(host) {
            let (epoch, single) = (active.epoch(), self.quorum.note_active(active.epoch(), id));
            let leads = raft.is_leader() && raft.epoch() == epoch;
            self.judge(world, Invariant::AtMostOneController, || {
                single?;
                // It learns that it was deposed with the next event of its own.
                let is_older = epoch < raft.epoch();
                match leads || is_older {
                    true => Ok(()),
                    false => Err(format!("controller {id} is active in epoch {epoch}, which it does not lead")),
                }
            });
        }
        if before.log_start != now.log_start {
            let stays = before.starts == now.starts && (before.epoch, before.leader) == (now.epoch, now.leader);
            let begins_anew = stays && raft.is_leader() && now.log_start > before.log_end;
            let has_snapshot = raft.snapshots().any(|snapshot| snapshot.end_offset == now.log_start);
            self.judge(world, Invariant::SnapshotAtLogStart, || {
                rules::begins_at_snapshot(id, now.log_start, has_snapshot, begins_anew)
            });
        }
        if (before.high_watermark, before.log_end) != (now.high_watermark, now.log_end) {
            self.check_majority(world, now.high_watermark);
        }
        let is_same_process = before.starts == now.starts;
        if before.image_end != now.image_end || !is_same_process {
            self.look_at_committed(world, id, if is_same_process { before.image_end } else { 0 }, image);
        }
    }

    /// S19; and what is committed anywhere is what is registered.
    fn look_at_committed(&mut self, world: &World<Host>, id: i32, end_before: i64, image: &MetadataImage) {
        let end = image.end_offset();
        if end > self.registered.image.end_offset() {
            self.look_at_image(world, image);
            self.quorum.keep_image(image);
        }
        let is_same = self.quorum.image_at(end).is_none_or(|known| known.says_the_same(image));
        self.judge(world, Invariant::ImageMonotonic, || {
            rules::never_back("the end of its metadata", end_before, end)
                .map_err(|words| format!("server {id}: {words}"))?;
            match is_same {
                true => Ok(()),
                false => Err(format!(
                    "server {id} has replayed the metadata up to offset {end}, but its image is not that of the others"
                )),
            }
        });
    }

    /// Remembers what there is to see. What was seen before, and now.
    fn note_metadata(
        &mut self,
        world: &World<Host>,
        node: NodeId,
        raft: &Raft,
        image: &MetadataImage,
    ) -> Option<(MetadataSeen, MetadataSeen)> {
        let seen = self.metadata.get_mut(node.0 as usize)?;
        let (epoch, leader) = (raft.epoch(), raft.leader());
        let is_unchanged = (seen.starts, seen.epoch, seen.leader) == (world.starts(node), epoch, leader)
            && (seen.log_end, seen.high_watermark) == (raft.log_end(), raft.high_watermark())
            && seen.image_end == image.end_offset();
        if is_unchanged {
            return None;
        }
        let now = MetadataSeen {
            starts: world.starts(node),
            epoch,
            leader,
            is_voter: raft.is_voter(),
            log_start: raft.log_start(),
            log_end: raft.log_end(),
            high_watermark: raft.high_watermark(),
            image_end: image.end_offset(),
        };
        Some((std::mem::replace(seen, now.clone()), now))
    }

    /// S8. A voter that is down holds what it held.
    fn check_majority(&mut self, world: &World<Host>, committed: i64) {
        let voters = self.metadata.iter().filter(|seen| seen.is_voter);
        let ends: Vec<i64> = voters.map(|seen| seen.log_end).collect();
        if !ends.is_empty() {
            let verdict = rules::majority_reached(committed, &ends);
            self.judge(world, Invariant::MajorityReachedHighWatermark, || verdict);
        }
    }

    /// The disk of a server is empty: nothing that it knew is there any more.
    pub(super) fn forget_metadata(&mut self, node: NodeId) {
        if let Some(seen) = self.metadata.get_mut(node.0 as usize) {
            *seen = MetadataSeen { is_voter: seen.is_voter, ..MetadataSeen::default() };
        }
    }

    #[cfg(test)]
    pub(super) fn metadata_seen(&mut self, node: u32) -> &mut MetadataSeen {
        &mut self.metadata[node as usize]
    }

    /// Whether the process on this node is the one that the metadata has registered as this broker.
    pub(super) fn is_registered(&self, broker: i32, epoch: i64) -> bool {
        self.registered.image.broker(broker).is_some_and(|registration| registration.epoch == epoch)
    }

    /// What is seen of a broker, if the node is one.
    pub(super) fn broker_seen(&mut self, node: NodeId) -> Option<&mut super::brokers::BrokerSeen> {
        match self.seen.get_mut(node.0 as usize) {
            Some(Seen::Broker(seen)) => Some(seen),
            _ => None,
        }
    }
}
