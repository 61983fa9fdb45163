//! The view model of a world: what can be seen at one moment, as plain entities.
//!
//! Everything is computed anew from the world and compared with what was shown before, so no field can be forgotten.
//! Two things are remembered because they are large and change seldom: the screens of terminals (by the identity of
//! the terminal's state) and the disks of servers that are down.

mod changes;
mod clients;
mod flights;
mod metrics;
mod offline;
pub(crate) mod replicas;
mod servers;
mod terminals;
mod topics;

use base::{Map, NodeId};

use cluster::broker::Broker;
use cluster::controller::Controller;
use cluster::metadata::MetadataImage;
use cluster::{BrokerSpec, ControllerSpec};
use sim::World;
use wire::View;

use crate::host::{Host, HostSpec};

pub use changes::Viewer;
pub use flights::has_loud_departure;

/// All that can be seen in this world now, lamps aside (they belong to the checker).
pub fn of(world: &World<Host>) -> View {
    let mut view = cluster_of(&Scene::of(world), &mut offline::Disks::default());
    for (_, entities) in terminals::all(world) {
        view.extend(entities);
    }
    view
}

/// What every process of this world reports, consumers as well.
pub fn readings(world: &World<Host>) -> Vec<metrics::Reading> {
    let scene = Scene::of(world);
    let mut all = metrics::servers(&scene);
    all.extend(metrics::consumers(&scene));
    all
}

/// Looks at worlds many times in a row, for checks that wait: what the facts of lessons speak of, so without the lines on the
/// screens, the flights and the metrics, and with the disks of dead brokers read once.
#[derive(Clone, Debug, Default)]
pub struct Glance {
    disks: offline::Disks,
}

impl Glance {
    pub fn of(&mut self, world: &World<Host>) -> View {
        let mut view = state_of(&Scene::of(world), &mut self.disks);
        view.extend(terminals::heads(world));
        view
    }
}

/// What servers and clients show.
fn cluster_of(scene: &Scene<'_>, disks: &mut offline::Disks) -> View {
    let mut view = state_of(scene, disks);
    flights::add(scene, &mut view);
    metrics::add(scene, &mut view);
    view
}

/// The state that servers and clients are in.
fn state_of(scene: &Scene<'_>, disks: &mut offline::Disks) -> View {
    let mut view = View::new();
    servers::add(scene, &mut view);
    topics::add(scene, &mut view);
    replicas::add(scene, disks, &mut view);
    clients::add(scene, &mut view);
    view
}

/// A broker of the cluster: its process may be down.
pub(crate) struct BrokerSeat<'a> {
    pub node: NodeId,
    pub spec: &'a BrokerSpec,
    pub broker: Option<&'a Broker>,
}

/// A controller of the quorum: its process may be down.
pub(crate) struct ControllerSeat<'a> {
    pub node: NodeId,
    pub spec: &'a ControllerSpec,
    pub controller: Option<&'a Controller>,
}

/// A world with its servers found once.
pub(crate) struct Scene<'a> {
    pub world: &'a World<Host>,
    /// By broker id.
    pub brokers: Map<i32, BrokerSeat<'a>>,
    /// By node id.
    pub controllers: Map<i32, ControllerSeat<'a>>,
    /// The newest metadata that anybody up knows: the active controller's, or without one a broker's.
    pub image: Option<&'a MetadataImage>,
}

impl<'a> Scene<'a> {
    pub fn of(world: &'a World<Host>) -> Scene<'a> {
        let (mut brokers, mut controllers) = (Map::new(), Map::new());
        for node in world.node_ids() {
            match world.spec(node) {
                HostSpec::Broker(spec) => {
                    let broker = match world.node(node) {
                        Some(Host::Broker(broker)) => Some(&**broker),
                        _ => None,
                    };
                    brokers.insert(spec.node_id, BrokerSeat { node, spec, broker });
                }
                HostSpec::Controller(spec) => {
                    let controller = match world.node(node) {
                        Some(Host::Controller(controller)) => Some(&**controller),
                        _ => None,
                    };
                    controllers.insert(spec.node_id, ControllerSeat { node, spec, controller });
                }
                HostSpec::Terminal(_) => {}
            }
        }
        let image = newest_image(&brokers, &controllers);
        Scene { world, brokers, controllers, image }
    }

    /// A partition of a topic that people made (Kafka's own topics are not on the stage).
    pub fn partitions(
        &self,
    ) -> impl Iterator<Item = (&'a str, i32, &'a cluster::metadata::PartitionRegistration)> + use<'a> {
        let topics = self.image.into_iter().flat_map(MetadataImage::topics_by_name);
        topics
            .filter(|topic| !protocol::topic::is_internal(&topic.name))
            .flat_map(|topic| topic.partitions.iter().map(|(number, p)| (&*topic.name, *number, &**p)))
    }
}

fn newest_image<'a>(
    brokers: &Map<i32, BrokerSeat<'a>>,
    controllers: &Map<i32, ControllerSeat<'a>>,
) -> Option<&'a MetadataImage> {
    let of_controllers = controllers.values().filter_map(|seat| seat.controller);
    if let Some(active) = of_controllers.clone().filter(|c| c.is_active()).max_by_key(|c| c.epoch()) {
        return Some(active.committed_image());
    }
    let of_brokers = brokers.values().filter_map(|seat| seat.broker).map(Broker::image);
    of_controllers
        .map(Controller::committed_image)
        .chain(of_brokers)
        .max_by_key(|image| (image.epoch(), image.end_offset()))
}
