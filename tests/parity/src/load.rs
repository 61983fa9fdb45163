//! A whole cluster under load: three brokers, one controller, and a client that produces and consumes as fast as it is
//! answered. Raw requests, so that what is measured is the brokers' work and the log's, not the comfort of a client.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{ConnId, Micros, Uuid};
use cluster::broker::Broker;
use cluster::controller::Controller;
use cluster::spec::Voter;
use cluster::{BrokerSpec, Control, ControllerSpec, Kafka, Profile, Properties};
use protocol::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic};
use protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::messages::{CreateTopicsRequest, FetchRequest, ProduceRequest};
use protocol::{Packet, Records, Request, Response};
use sim::{Boot, Disk, Effects, Input, Node, World};

use crate::Outcome;
use crate::speed::{self, BATCH_RECORDS};

const TOPIC: &str = "orders";
/// One for each broker, which leads it.
const PARTITIONS: usize = 3;
/// `max.in.flight.requests.per.connection`.
const IN_FLIGHT: u64 = 5;
const PRODUCE: i32 = 1;
const FETCH: i32 = 2;

#[derive(Clone, Debug, Hash)]
#[allow(clippy::large_enum_variant)]
enum Toy {
    Broker(Broker),
    Controller(Controller),
    Load(Load),
}

#[derive(Clone, Debug, Hash)]
enum ToySpec {
    Broker(BrokerSpec),
    Controller(ControllerSpec),
    /// Batches for each partition.
    Load(u64),
}

impl Node for Toy {
    type Domain = Kafka;
    type Spec = ToySpec;

    fn boot(spec: &ToySpec, boot: Boot) -> Toy {
        match spec {
            ToySpec::Broker(spec) => Toy::Broker(Broker::boot(spec, boot)),
            ToySpec::Controller(spec) => Toy::Controller(Controller::boot(spec, boot)),
            ToySpec::Load(batches) => Toy::Load(Load::new(*batches, boot.disk)),
        }
    }

    fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        match self {
            Toy::Broker(broker) => broker.on_input(now, input, fx),
            Toy::Controller(controller) => controller.on_input(now, input, fx),
            Toy::Load(load) => load.on_input(input, fx),
        }
    }

    fn disk(&self) -> &Disk {
        match self {
            Toy::Broker(broker) => broker.disk(),
            Toy::Controller(controller) => controller.disk(),
            Toy::Load(load) => &load.disk,
        }
    }

    fn disk_mut(&mut self) -> &mut Disk {
        match self {
            Toy::Broker(broker) => broker.disk_mut(),
            Toy::Controller(controller) => controller.disk_mut(),
            Toy::Load(load) => &mut load.disk,
        }
    }

    fn into_disk(self) -> Disk {
        match self {
            Toy::Broker(broker) => broker.into_disk(),
            Toy::Controller(controller) => controller.into_disk(),
            Toy::Load(load) => load.disk,
        }
    }
}

/// What is under way on one partition.
#[derive(Clone, Debug, Default, Hash)]
struct Lane {
    sent: u64,
    acked: u64,
    /// The next offset to fetch.
    from: i64,
    consumed: u64,
}

/// The client.
#[derive(Clone, Debug, Default, Hash)]
struct Load {
    disk: Disk,
    batches: u64,
    lanes: [Lane; PARTITIONS],
    /// Which partition a connection is for.
    connections: BTreeMap<ConnId, usize>,
    /// Topics that were asked for and are there.
    created: u32,
    sum: u64,
}

impl Load {
    fn new(batches: u64, disk: Disk) -> Load {
        Load { disk, batches, ..Load::default() }
    }

    fn is_done(&self) -> bool {
        let all = self.batches * BATCH_RECORDS;
        self.lanes.iter().all(|lane| lane.acked == self.batches && lane.consumed >= all)
    }

    fn on_input(&mut self, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        match input {
            Input::Control { control: Control::Type(line) } if line != "go" => self.create(&line, fx),
            Input::Control { .. } => {
                for lane in 0..PARTITIONS {
                    let node = fx.resolve(&format!("b{}", lane + 1)).expect("a broker");
                    for is_reader in [false, true] {
                        let conn = fx.connect(node, 9092);
                        self.connections.insert(conn, lane);
                        if is_reader { self.fetch(lane, conn, fx) } else { self.produce(lane, conn, fx) }
                    }
                }
            }
            Input::Message { conn, message: Packet::Response { body, .. } } => self.on_answer(conn, &body, fx),
            _ => {}
        }
    }

    /// The topic of the load, or one of so many partitions with one replica each.
    fn create(&mut self, partitions: &str, fx: &mut Effects<'_, Kafka>) {
        let node = fx.resolve("b1").expect("a broker");
        let conn = fx.connect(node, 9092);
        let topic = match partitions.parse() {
            Ok(num_partitions) => {
                let name = format!("topic-{}", fx.now.0);
                CreatableTopic { name, num_partitions, replication_factor: 1, ..Default::default() }
            }
            Err(_) => assigned_topic(),
        };
        let request = CreateTopicsRequest { topics: vec![topic], timeout_ms: 30_000, ..Default::default() };
        send(conn, 0, 7, request.into(), fx);
    }

    fn on_answer(&mut self, conn: ConnId, body: &Response, fx: &mut Effects<'_, Kafka>) {
        match body {
            Response::CreateTopics(answer) => {
                assert!(answer.topics.iter().all(|topic| topic.error_code == 0), "it is made: {answer:?}");
                self.created += 1;
            }
            Response::Produce(answer) => {
                let lane = self.connections[&conn];
                assert_eq!(answer.responses[0].partition_responses[0].error_code, 0, "it is taken");
                self.lanes[lane].acked += 1;
                self.produce(lane, conn, fx);
            }
            Response::Fetch(answer) => {
                let lane = self.connections[&conn];
                for partition in answer.responses.iter().flat_map(|topic| &topic.partitions) {
                    assert_eq!(partition.error_code, 0, "it is given");
                    let Some(records) = partition.records.as_ref().filter(|records| !records.is_empty()) else {
                        continue;
                    };
                    let (count, sum, next) = speed::look_at(records);
                    self.lanes[lane].consumed += count;
                    self.lanes[lane].from = next;
                    self.sum = self.sum.wrapping_add(sum);
                }
                if self.lanes[lane].consumed < self.batches * BATCH_RECORDS {
                    self.fetch(lane, conn, fx);
                }
            }
            _ => {}
        }
    }

    fn produce(&mut self, lane: usize, conn: ConnId, fx: &mut Effects<'_, Kafka>) {
        while self.lanes[lane].sent < self.batches && self.lanes[lane].sent - self.lanes[lane].acked < IN_FLIGHT {
            let number = self.lanes[lane].sent * PARTITIONS as u64 + lane as u64;
            self.lanes[lane].sent += 1;
            let data = PartitionProduceData {
                index: lane as i32,
                records: Some(Records::verified(vec![speed::batch(number)])),
                ..Default::default()
            };
            let topic = TopicProduceData { name: TOPIC.to_string(), partition_data: vec![data], ..Default::default() };
            let request =
                ProduceRequest { acks: -1, timeout_ms: 30_000, topic_data: vec![topic], ..Default::default() };
            send(conn, PRODUCE, 12, request.into(), fx);
        }
    }

    fn fetch(&mut self, lane: usize, conn: ConnId, fx: &mut Effects<'_, Kafka>) {
        let asked = FetchPartition {
            partition: lane as i32,
            fetch_offset: self.lanes[lane].from,
            partition_max_bytes: 1 << 20,
            ..Default::default()
        };
        let topic = FetchTopic { topic: TOPIC.to_string(), partitions: vec![asked], ..Default::default() };
        let request = FetchRequest { max_wait_ms: 500, min_bytes: 1, topics: vec![topic], ..Default::default() };
        send(conn, FETCH, 12, request.into(), fx);
    }
}

fn assigned_topic() -> CreatableTopic {
    let assignment = |lane: usize| CreatableReplicaAssignment {
        partition_index: lane as i32,
        broker_ids: (0..PARTITIONS).map(|turn| ((lane + turn) % PARTITIONS) as i32 + 1).collect(),
        ..Default::default()
    };
    CreatableTopic {
        name: TOPIC.to_string(),
        num_partitions: -1,
        replication_factor: -1,
        assignments: (0..PARTITIONS).map(assignment).collect(),
        ..Default::default()
    }
}

fn send(conn: ConnId, correlation_id: i32, api_version: i16, body: Request, fx: &mut Effects<'_, Kafka>) {
    fx.send(conn, Packet::Request { correlation_id, client_id: "load".into(), api_version, body: Arc::new(body) });
}

/// The world, with the topic made.
pub struct Cluster {
    world: World<Toy>,
}

impl Cluster {
    pub fn start(batches: u64) -> Cluster {
        let mut cluster = Cluster::boot(PARTITIONS as i32, batches.div_ceil(PARTITIONS as u64));
        cluster.tell("create");
        cluster.run_until(|world| load(world).is_some_and(|load| load.created == 1));
        cluster.idle(Micros::from_secs(2));
        cluster
    }

    /// So many brokers with so many topics, each of so many partitions, at rest.
    pub fn at_rest(brokers: i32, topics: u32, partitions: u32) -> Cluster {
        let mut cluster = Cluster::boot(brokers, 0);
        for topic in 1..=topics {
            cluster.tell(&partitions.to_string());
            cluster.run_until(|world| load(world).is_some_and(|load| load.created == topic));
        }
        cluster.idle(Micros::from_secs(20));
        cluster
    }

    fn boot(brokers: i32, batches: u64) -> Cluster {
        let (profile, cluster_id) = (Profile::V4_3, Uuid(77));
        let voters = vec![Voter { id: 100, host: "c1".to_string(), port: 9093, directory_id: Uuid(0xD1_0000) }];
        let mut world = World::new(7);
        let controller = ControllerSpec {
            profile,
            cluster_id,
            node_id: 100,
            host: "c1".to_string(),
            port: 9093,
            voters: voters.clone(),
            properties: Properties::new(),
        };
        world.add("c1", ToySpec::Controller(controller));
        for node_id in 1..=brokers {
            let (host, voters, properties) = (format!("b{node_id}"), voters.clone(), Properties::new());
            let spec = BrokerSpec { profile, cluster_id, node_id, host, port: 9092, voters, properties };
            world.add(&format!("b{node_id}"), ToySpec::Broker(spec));
        }
        world.add("t1", ToySpec::Load(batches));
        for node in world.node_ids() {
            world.start(node);
        }
        let mut cluster = Cluster { world };
        cluster.idle(Micros::from_secs(5));
        cluster
    }

    /// Lets virtual time pass; the steps that the kernel took.
    pub fn idle(&mut self, time: Micros) -> u64 {
        let (until, before) = (self.world.now() + time, self.world.index());
        self.run_until(|world| world.now() >= until);
        self.world.index() - before
    }

    /// Partitions that brokers hold.
    pub fn partitions(&self) -> usize {
        let held = |node| match self.world.node(node) {
            Some(Toy::Broker(broker)) => broker.partitions().count(),
            _ => 0,
        };
        self.world.node_ids().map(held).sum()
    }

    /// Produces and consumes all of it.
    pub fn run(&mut self) -> Outcome {
        self.tell("go");
        self.run_until(|world| load(world).is_some_and(Load::is_done));
        let Some(load) = load(&self.world) else { return Outcome { digest: 0, events: 0 } };
        Outcome { digest: load.sum, events: load.lanes.iter().map(|lane| lane.consumed).sum() }
    }

    fn tell(&mut self, line: &str) {
        let node = self.world.resolve("t1").expect("the client");
        self.world.control(node, Control::Type(line.to_string()));
    }

    fn run_until(&mut self, is_over: impl Fn(&World<Toy>) -> bool) {
        let mut events = Vec::new();
        for _ in 0..60_000 {
            if is_over(&self.world) {
                return;
            }
            let until = self.world.now() + Micros::from_ms(20);
            while self.world.step(until, &mut events) {
                events.clear();
            }
            self.world.advance_to(until);
        }
        panic!("the cluster does not come so far");
    }
}

fn load(world: &World<Toy>) -> Option<&Load> {
    match world.node(world.resolve("t1")?) {
        Some(Toy::Load(load)) => Some(load),
        _ => None,
    }
}
