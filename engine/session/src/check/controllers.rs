//! Looking at a controller: its epoch, what of the metadata is committed, and the image that binds everybody.

use std::collections::{BTreeMap, VecDeque};

use base::NodeId;
use cluster::controller::Controller;
use cluster::metadata::MetadataImage;
use sim::World;

use super::lamps::Invariant;
use super::{Checker, Seen, rules};
use crate::host::{Host, HostSpec};

/// Ends of the metadata log whose images are kept, until the brokers have come so far.
const IMAGES_MAX: usize = 64;
/// Controller epochs whose leaders are remembered.
const EPOCHS_MAX: usize = 64;

/// What was last seen of a controller. It outlives the process: so does its log.
#[derive(Clone, Debug, Default)]
pub struct ControllerSeen {
    /// The highest epoch it led in.
    pub epoch: i32,
    pub log_end: i64,
}

/// The controllers together.
#[derive(Clone, Debug, Default)]
pub struct Quorum {
    /// The newest epoch that anybody led in.
    pub epoch: i32,
    /// Controller epoch to who was active in it.
    leaders: BTreeMap<i32, i32>,
    /// What the image was at some ends of the metadata log, newest last.
    images: VecDeque<(i64, MetadataImage)>,
}

impl Quorum {
    /// The image of the active controller when the metadata log ended at `end`, if that is still known.
    pub fn image_at(&self, end: i64) -> Option<&MetadataImage> {
        self.images.iter().find(|(at, _)| *at == end).map(|(_, image)| image)
    }

    /// S6: notes who is active in an epoch.
    pub fn note_leader(&mut self, epoch: i32, controller: i32) -> Result<(), String> {
        let noted = *self.leaders.entry(epoch).or_insert(controller);
        if self.leaders.len() > EPOCHS_MAX {
            self.leaders.pop_first();
        }
        if noted == controller {
            return Ok(());
        }
        Err(format!("controllers {noted} and {controller} are both active in epoch {epoch}"))
    }

    fn keep_image(&mut self, end: i64, image: &MetadataImage) {
        if self.images.back().is_some_and(|(newest, _)| *newest == end) {
            return;
        }
        if self.images.len() == IMAGES_MAX {
            self.images.pop_front();
        }
        self.images.push_back((end, image.clone()));
    }
}

impl Checker {
    pub(super) fn adopt_controller(&mut self, node: NodeId, controller: &Controller) {
        self.note_controller(node, controller);
        if controller.is_active() && controller.epoch() > self.quorum.epoch {
            self.quorum.epoch = controller.epoch();
            self.registered.partitions.clear();
            self.adopt_image(controller.image());
        }
    }

    pub(super) fn look_at_controller(&mut self, world: &World<Host>, node: NodeId, controller: &Controller) {
        let before = self.note_controller(node, controller);
        self.judge(world, Invariant::MajorityReachedHighWatermark, || Ok(()));
        if before.log_end != controller.metadata_end() {
            self.check_majority(world);
        }
        if !controller.is_active() {
            return;
        }
        let (id, epoch) = (controller.node_id(), controller.epoch());
        if epoch != before.epoch {
            let single = self.quorum.note_leader(epoch, id);
            self.judge(world, Invariant::SingleLeader, || single);
            self.judge(world, Invariant::MonotonicEpoch, || {
                rules::never_back("its epoch", before.epoch.into(), epoch.into())
                    .map_err(|words| format!("controller {id}: {words}"))
            });
        }
        // One that was deposed and does not know it yet says nothing new.
        if epoch < self.quorum.epoch {
            return;
        }
        if epoch > self.quorum.epoch {
            // Its log may part from that of the one before.
            self.quorum.images.clear();
            self.quorum.epoch = epoch;
        }
        let end = controller.metadata_end();
        let image = controller.image();
        if self.registered.image.end_offset() != image.end_offset() {
            self.look_at_image(world, image);
        }
        self.quorum.keep_image(end, image);
    }

    /// Remembers what there is to see, and returns what was there before.
    fn note_controller(&mut self, node: NodeId, controller: &Controller) -> ControllerSeen {
        let Some(Seen::Controller(seen)) = self.seen.get_mut(node.0 as usize) else { return ControllerSeen::default() };
        let epoch = if controller.is_active() { controller.epoch() } else { seen.epoch };
        std::mem::replace(seen, ControllerSeen { epoch, log_end: controller.metadata_end() })
    }

    /// S8.
    fn check_majority(&mut self, world: &World<Host>) {
        let mut ends = Vec::new();
        let mut committed = 0;
        for (node, seen) in world.node_ids().zip(&self.seen) {
            let (Seen::Controller(seen), HostSpec::Controller(_)) = (seen, world.spec(node)) else { continue };
            ends.push(seen.log_end);
            if let Some(Host::Controller(controller)) = world.node(node) {
                committed = committed.max(controller.metadata_log().high_watermark());
            }
        }
        let verdict = rules::majority_reached(committed, &ends);
        self.judge(world, Invariant::MajorityReachedHighWatermark, || verdict);
    }
}

/// What the tests let the checker remember: the brokers are yet to come to the next ends of the metadata log.
#[cfg(test)]
impl Quorum {
    pub fn pretend_other_images(&mut self) {
        let newest = self.images.back().map_or(0, |(end, _)| *end);
        self.images = (newest + 1..newest + 60).map(|end| (end, MetadataImage::default())).collect();
    }
}
