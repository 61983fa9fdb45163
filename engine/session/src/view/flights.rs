//! Messages under way, with what a token on the stage needs to tell.

use base::{NodeId, Uuid};
use log::batch::batches_of;
use protocol::messages::{AlterPartitionRequest, FetchRequest, FetchResponse, ProduceRequest, ProduceResponse};
use protocol::{ErrorCode, Packet, Records, Request, Response};
use sim::World;
use wire::view::FlightView;
use wire::{Entity, Key, View};

use super::{Scene, replicas};
use crate::host::Host;

/// Keys that a token carries at most.
const KEYS_MAX: usize = 3;
/// A `NoOpRecord` in its frame (frame version, number of its kind, version, tags): twice a second the active controller writes
/// one, so that everybody hears of it, and it tells nothing.
const NO_OP: [u8; 4] = [1, 20, 0, 0];

pub fn add(scene: &Scene<'_>, view: &mut View) {
    let host = |node: NodeId| scene.world.host_of(node).unwrap_or_default().to_string();
    for flight in scene.world.flights() {
        let cargo = cargo(flight.message, scene);
        let shown = FlightView {
            id: flight.id,
            from: host(flight.from),
            to: host(flight.to),
            api: flight.message.api_key().name().to_string(),
            response: matches!(flight.message, Packet::Response { .. }),
            sent_us: flight.sent_at.0,
            arrives_us: flight.arrives_at.0,
            partition: cargo.partition,
            label: cargo.label,
            keys: cargo.keys,
            error: cargo.error,
        };
        view.insert(Key::Flight(flight.id), Entity::Flight(shown));
    }
}

/// Whether a message that is worth watching whatever it carries has left at this very moment. One that carries records
/// follows from an event that has words.
pub fn has_loud_departure(world: &World<Host>) -> bool {
    world
        .flights()
        .iter()
        .any(|flight| flight.sent_at == world.now() && FlightView::LOUD.contains(&flight.message.api_key().name()))
}

/// What a message carries, in so far as a token shows it.
#[derive(Default)]
struct Cargo {
    partition: Option<String>,
    label: String,
    keys: Vec<Option<String>>,
    error: bool,
}

impl Cargo {
    fn about(partition: String, label: String) -> Cargo {
        Cargo { partition: Some(partition), label, ..Cargo::default() }
    }

    fn with_keys(mut self, records: Option<&Records>) -> Cargo {
        self.keys = records.map(keys).unwrap_or_default();
        self
    }

    /// The label is the error's name, if there is one.
    fn with_error(mut self, code: i16) -> Cargo {
        if code != 0 {
            self.error = true;
            self.label = ErrorCode::from_code(code).name().to_string();
        }
        self
    }
}

fn cargo(packet: &Packet, scene: &Scene<'_>) -> Cargo {
    let cargo = match packet {
        Packet::Request { body, .. } => match &**body {
            Request::Produce(request) => produce(request, scene),
            Request::Fetch(request) => fetch(request, scene),
            Request::AlterPartition(request) => alter_partition(request, scene),
            _ => None,
        },
        Packet::Response { body, .. } => match &**body {
            Response::Produce(response) => produced(response, scene),
            Response::Fetch(response) => fetched(response, scene),
            _ => None,
        },
    };
    cargo.unwrap_or_default()
}

fn produce(request: &ProduceRequest, scene: &Scene<'_>) -> Option<Cargo> {
    let topic = request.topic_data.first()?;
    let data = topic.partition_data.first()?;
    let acks = if request.acks == -1 { "all".to_string() } else { request.acks.to_string() };
    let cargo = Cargo::about(named(&topic.name, topic.topic_id, data.index, scene)?, format!("acks {acks}"));
    Some(cargo.with_keys(data.records.as_ref()))
}

fn produced(response: &ProduceResponse, scene: &Scene<'_>) -> Option<Cargo> {
    let topic = response.responses.first()?;
    let data = topic.partition_responses.first()?;
    let label = if data.base_offset >= 0 { format!("offset {}", data.base_offset) } else { String::new() };
    Some(Cargo::about(named(&topic.name, topic.topic_id, data.index, scene)?, label).with_error(data.error_code))
}

/// A fetch asks for many partitions at once: the first that people made stands for all.
fn fetch(request: &FetchRequest, scene: &Scene<'_>) -> Option<Cargo> {
    request.topics.iter().find_map(|topic| {
        let data = topic.partitions.first()?;
        let name = named(&topic.topic, topic.topic_id, data.partition, scene)?;
        Some(Cargo::about(name, format!("fetch {}", data.fetch_offset)))
    })
}

/// The first partition with records or an error, or else the first.
fn fetched(response: &FetchResponse, scene: &Scene<'_>) -> Option<Cargo> {
    let all = response.responses.iter().flat_map(|topic| topic.partitions.iter().map(move |data| (topic, data)));
    let mut named =
        all.filter_map(|(topic, data)| Some((named(&topic.topic, topic.topic_id, data.partition_index, scene)?, data)));
    let first = named.next()?;
    let has_cargo = |data: &protocol::messages::fetch_response::PartitionData| {
        data.error_code != 0 || data.records.as_ref().is_some_and(|records| !records.is_empty())
    };
    let chosen = if has_cargo(first.1) { None } else { named.find(|(_, data)| has_cargo(data)) };
    let (name, data) = chosen.unwrap_or(first);
    let cargo = Cargo::about(name, format!("HW {}", data.high_watermark));
    Some(cargo.with_keys(data.records.as_ref()).with_error(data.error_code))
}

fn alter_partition(request: &AlterPartitionRequest, scene: &Scene<'_>) -> Option<Cargo> {
    let topic = request.topics.first()?;
    let data = topic.partitions.first()?;
    let isr: Vec<String> = data.new_isr_with_epochs.iter().map(|member| member.broker_id.to_string()).collect();
    Some(Cargo::about(named("", topic.topic_id, data.partition_index, scene)?, format!("ISR {}", isr.join(", "))))
}

/// `orders-1`; newer versions name a topic by its id alone. Kafka's own topics are not on the stage.
fn named(topic: &str, id: Uuid, partition: i32, scene: &Scene<'_>) -> Option<String> {
    let name = if topic.is_empty() { &*scene.image?.topic(id)?.name } else { topic };
    (!protocol::topic::is_internal(name)).then(|| format!("{name}-{partition}"))
}

fn keys(records: &Records) -> Vec<Option<String>> {
    let batches = batches_of(records).map_while(Result::ok);
    let records = batches.flat_map(|batch| batch.records().map_while(Result::ok));
    let telling = records.filter(|record| record.value.as_deref() != Some(&NO_OP));
    telling.take(KEYS_MAX).map(|record| record.key.as_deref().map(replicas::text)).collect()
}
