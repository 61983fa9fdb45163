//! A cluster of real servers on a simulated network, and a client that sends one request at a time.

use std::sync::Arc;

use base::{Micros, Uuid};
use cluster::broker::Broker;
use cluster::controller::Controller;
use cluster::metadata::{MetadataImage, PartitionRegistration};
use cluster::raft::Raft;
use cluster::spec::Voter;
use cluster::{BrokerSpec, Control, ControllerSpec, Event, Kafka, Profile, Properties};
use protocol::messages::CreateTopicsRequest;
use protocol::messages::create_topics_request::CreatableTopic;
use protocol::{Packet, Request, Response, TopicPartition};
use sim::network::LinkRule;
use sim::{Boot, Disk, Effects, Input, Node, Stamped, World};

#[derive(Clone, Debug, Hash)]
pub enum Toy {
    Broker(Box<Broker>),
    Controller(Box<Controller>),
    Client(Box<Client>),
}

/// Sends `next` to the host whose name is typed, and keeps the answer.
#[derive(Clone, Debug, Default, Hash)]
pub struct Client {
    disk: Disk,
    pub next: Option<(i16, Arc<Request>)>,
    pub answer: Option<Arc<Response>>,
}

#[derive(Clone, Debug, Hash)]
pub enum Spec {
    Broker(BrokerSpec),
    Controller(ControllerSpec),
    /// Version and request of the next question.
    Client(Option<(i16, Arc<Request>)>),
}

impl Node for Toy {
    type Domain = Kafka;
    type Spec = Spec;

    fn boot(spec: &Spec, boot: Boot) -> Toy {
        match spec {
            Spec::Broker(spec) => Toy::Broker(Box::new(Broker::boot(spec, boot))),
            Spec::Controller(spec) => Toy::Controller(Box::new(Controller::boot(spec, boot))),
            Spec::Client(next) => Toy::Client(Box::new(Client { disk: boot.disk, next: next.clone(), answer: None })),
        }
    }

    fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        match self {
            Toy::Broker(broker) => broker.on_input(now, input, fx),
            Toy::Controller(controller) => controller.on_input(now, input, fx),
            Toy::Client(client) => match input {
                Input::Control { control: Control::Type(host) } => {
                    let port = if host.starts_with('c') { 9093 } else { 9092 };
                    let conn = fx.connect(fx.resolve(&host).expect("a host"), port);
                    let (api_version, body) = client.next.clone().expect("a question");
                    let client_id = "client".into();
                    fx.send(conn, Packet::Request { correlation_id: 1, client_id, api_version, body });
                }
                Input::Message { message: Packet::Response { body, .. }, .. } => client.answer = Some(body),
                _ => {}
            },
        }
    }

    fn disk(&self) -> &Disk {
        match self {
            Toy::Broker(broker) => broker.disk(),
            Toy::Controller(controller) => controller.disk(),
            Toy::Client(client) => &client.disk,
        }
    }

    fn disk_mut(&mut self) -> &mut Disk {
        match self {
            Toy::Broker(broker) => broker.disk_mut(),
            Toy::Controller(controller) => controller.disk_mut(),
            Toy::Client(client) => &mut client.disk,
        }
    }

    fn into_disk(self) -> Disk {
        match self {
            Toy::Broker(broker) => broker.into_disk(),
            Toy::Controller(controller) => controller.into_disk(),
            Toy::Client(client) => client.disk,
        }
    }
}

pub struct Stage {
    pub world: World<Toy>,
    pub events: Vec<Stamped<Event>>,
}

impl Stage {
    /// Brokers b1.. and controllers c1.. with ids 101..; without controllers the first three brokers are some too.
    pub fn new(brokers: i32, controllers: i32, seed: u64) -> Stage {
        Stage::with(brokers, controllers, seed, &[])
    }

    /// With properties for every server.
    pub fn with(brokers: i32, controllers: i32, seed: u64, config: &[(&str, &str)]) -> Stage {
        let mut world = World::new(seed);
        let (profile, cluster_id) = (Profile::V4_3, Uuid(77));
        let properties: Properties = config.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let voter = |id: i32, host: String| Voter { id, host, port: 9093, directory_id: Uuid(0xD1_0000 + id as u128) };
        let voters: Vec<Voter> = match controllers {
            0 => (1..=brokers.min(3)).map(|id| voter(id, format!("b{id}"))).collect(),
            _ => (1..=controllers).map(|n| voter(100 + n, format!("c{n}"))).collect(),
        };
        for own in voters.iter().filter(|voter| voter.id > 100) {
            let spec = ControllerSpec {
                profile,
                cluster_id,
                node_id: own.id,
                host: own.host.clone(),
                port: own.port,
                voters: voters.clone(),
                properties: properties.clone(),
            };
            world.add(&own.host, Spec::Controller(spec));
        }
        for node_id in 1..=brokers {
            let (host, voters, properties) = (format!("b{node_id}"), voters.clone(), properties.clone());
            let spec = BrokerSpec { profile, cluster_id, node_id, host, port: 9092, voters, properties };
            world.add(&format!("b{node_id}"), Spec::Broker(spec));
        }
        let mut stage = Stage { world, events: Vec::new() };
        for node in stage.world.node_ids().collect::<Vec<_>>() {
            stage.world.start(node);
        }
        stage.run_ms(8_000);
        stage
    }

    pub fn run_ms(&mut self, ms: u64) {
        let until = self.world.now() + Micros::from_ms(ms);
        while self.world.step(until, &mut self.events) {}
        self.world.advance_to(until);
    }

    fn node(&self, host: &str) -> base::NodeId {
        self.world.resolve(host).expect("a host")
    }

    pub fn controller(&self, host: &str) -> &Controller {
        let Some(Toy::Controller(controller)) = self.world.node(self.node(host)) else { panic!("{host} is down") };
        controller
    }

    pub fn broker(&self, host: &str) -> &Broker {
        let Some(Toy::Broker(broker)) = self.world.node(self.node(host)) else { panic!("{host} is down") };
        broker
    }

    /// The active controllers' hosts.
    pub fn active(&self) -> Vec<String> {
        let is_active = |node: &base::NodeId| match self.world.node(*node) {
            Some(Toy::Controller(controller)) => controller.is_active(),
            Some(Toy::Broker(broker)) => broker.controller().is_some_and(|controller| controller.is_active()),
            _ => false,
        };
        let nodes = self.world.node_ids().filter(is_active);
        nodes.filter_map(|node| self.world.host_of(node).map(str::to_string)).collect()
    }

    /// Every replica of the metadata log that is up.
    pub fn rafts(&self) -> Vec<&Raft> {
        let raft = |node: base::NodeId| match self.world.node(node)? {
            Toy::Controller(controller) => Some(controller.raft()),
            Toy::Broker(broker) => Some(broker.raft()),
            Toy::Client(_) => None,
        };
        self.world.node_ids().filter_map(raft).collect()
    }

    /// What a broker knows.
    pub fn image(&self, host: &str) -> &MetadataImage {
        self.broker(host).image()
    }

    /// A partition as a broker knows it.
    pub fn partition(&self, host: &str, topic: &str) -> PartitionRegistration {
        let partition = TopicPartition::new(topic, 0);
        (**self.image(host).partition_by_name(&partition).expect("a partition")).clone()
    }

    /// Asks a server; none when it has not answered within `wait_ms`. Each question comes from a client of its own.
    pub fn ask(
        &mut self,
        host: &str,
        version: i16,
        request: impl Into<Request>,
        wait_ms: u64,
    ) -> Option<Arc<Response>> {
        let name = format!("t{}", self.world.node_ids().count());
        let node = self.world.add(&name, Spec::Client(Some((version, Arc::new(request.into())))));
        self.world.start(node);
        self.world.control(node, Control::Type(host.to_string()));
        self.run_ms(wait_ms);
        match self.world.node(node) {
            Some(Toy::Client(client)) => client.answer.clone(),
            _ => None,
        }
    }

    /// A topic of one partition with these replicas, made through a broker. The error code of the answer.
    pub fn create(&mut self, through: &str, topic: &str, replication_factor: i16) -> Option<i16> {
        let topic =
            CreatableTopic { name: topic.to_string(), num_partitions: 1, replication_factor, ..Default::default() };
        let request = CreateTopicsRequest { topics: vec![topic], timeout_ms: 30_000, ..Default::default() };
        let answer = self.ask(through, 7, request, 2_000)?;
        match &*answer {
            Response::CreateTopics(answer) => answer.topics.first().map(|topic| topic.error_code),
            other => panic!("{other:?}"),
        }
    }

    pub fn kill(&mut self, host: &str) {
        self.world.kill(self.node(host));
    }

    pub fn start(&mut self, host: &str) {
        self.world.start(self.node(host));
    }

    pub fn stop(&mut self, host: &str) {
        self.world.control(self.node(host), Control::Terminate);
    }

    /// Nothing gets to or from a host.
    pub fn isolate(&mut self, host: &str) {
        let node = self.node(host);
        for other in self.world.node_ids().collect::<Vec<_>>() {
            for (from, to) in [(node, other), (other, node)] {
                let rule = LinkRule { cut: true, ..self.world.link(from, to).clone() };
                self.world.set_link(from, to, rule);
            }
        }
    }

    pub fn heal(&mut self) {
        self.world.heal();
    }
}
