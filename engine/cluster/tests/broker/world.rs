//! The stage of these tests: brokers b1..bn, the dictator c1, a client.

use base::{Micros, NodeId, Uuid};
use cluster::broker::Broker;
use cluster::controller::Controller;
use cluster::metadata::MetadataImage;
use cluster::spec::Voter;
use cluster::{BrokerSpec, Control, ControllerSpec, Event, Kafka, Profile, Properties};
use log::UnifiedLog;
use protocol::{Response, TopicPartition};
use sim::{Boot, Disk, Effects, Input, Node, Stamped, World};

use crate::client::Client;
use crate::dictator::Dictator;

#[derive(Clone, Debug, Hash)]
#[allow(clippy::large_enum_variant)]
pub enum Toy {
    Broker(Broker),
    Controller(Controller),
    Dictator(Dictator),
    Client(Client),
}

#[derive(Clone, Debug, Hash)]
pub enum ToySpec {
    Broker(BrokerSpec),
    Controller(ControllerSpec),
    Dictator,
    Client,
}

impl Node for Toy {
    type Domain = Kafka;
    type Spec = ToySpec;

    fn boot(spec: &ToySpec, boot: Boot) -> Toy {
        match spec {
            ToySpec::Broker(spec) => Toy::Broker(Broker::boot(spec, boot)),
            ToySpec::Controller(spec) => Toy::Controller(Controller::boot(spec, boot)),
            ToySpec::Dictator => Toy::Dictator(Dictator::boot(boot.disk)),
            ToySpec::Client => Toy::Client(Client::boot(boot.disk)),
        }
    }

    fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        match self {
            Toy::Broker(broker) => broker.on_input(now, input, fx),
            Toy::Controller(controller) => controller.on_input(now, input, fx),
            Toy::Dictator(dictator) => dictator.on_input(now, input, fx),
            Toy::Client(client) => client.on_input(now, input, fx),
        }
    }

    fn disk(&self) -> &Disk {
        match self {
            Toy::Broker(broker) => broker.disk(),
            Toy::Controller(controller) => controller.disk(),
            Toy::Dictator(dictator) => dictator.disk(),
            Toy::Client(client) => client.disk(),
        }
    }

    fn disk_mut(&mut self) -> &mut Disk {
        match self {
            Toy::Broker(broker) => broker.disk_mut(),
            Toy::Controller(controller) => controller.disk_mut(),
            Toy::Dictator(dictator) => dictator.disk_mut(),
            Toy::Client(client) => client.disk_mut(),
        }
    }

    fn into_disk(self) -> Disk {
        match self {
            Toy::Broker(broker) => broker.into_disk(),
            Toy::Controller(controller) => controller.into_disk(),
            Toy::Dictator(dictator) => dictator.into_disk(),
            Toy::Client(client) => client.into_disk(),
        }
    }
}

fn voters() -> Vec<Voter> {
    vec![Voter { id: 100, host: "c1".to_string(), port: 9093, directory_id: Uuid(0xD1_0000) }]
}

pub struct Stage {
    pub world: World<Toy>,
    pub events: Vec<Stamped<Event>>,
}

impl Stage {
    /// Brokers b1 to bn, started and serving.
    pub fn with_brokers(count: i32) -> Stage {
        Stage::with_properties(count, &[])
    }

    pub fn with_properties(count: i32, properties: &[(&str, &str)]) -> Stage {
        Stage::boot(42, count, properties, ToySpec::Dictator)
    }

    /// Brokers with a controller of their own kind.
    pub fn with_controller(seed: u64, count: i32) -> Stage {
        let spec = ControllerSpec {
            profile: Profile::V4_3,
            cluster_id: Uuid(77),
            node_id: 100,
            host: "c1".to_string(),
            port: 9093,
            voters: voters(),
            properties: Properties::new(),
        };
        Stage::boot(seed, count, &[], ToySpec::Controller(spec))
    }

    fn boot(seed: u64, count: i32, properties: &[(&str, &str)], controller: ToySpec) -> Stage {
        let mut world = World::new(seed);
        let voters = voters();
        let properties: Properties = properties.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let dictator = world.add("c1", controller);
        let client = world.add("t1", ToySpec::Client);
        world.start(dictator);
        world.start(client);
        for node_id in 1..=count {
            let spec = BrokerSpec {
                profile: Profile::V4_3,
                cluster_id: Uuid(77),
                node_id,
                host: format!("b{node_id}"),
                port: 9092,
                voters: voters.clone(),
                properties: properties.clone(),
            };
            let node = world.add(&format!("b{node_id}"), ToySpec::Broker(spec));
            world.start(node);
        }
        let mut stage = Stage { world, events: Vec::new() };
        stage.run_ms(500);
        stage
    }

    pub fn node(&self, host: &str) -> NodeId {
        self.world.resolve(host).expect("a host")
    }

    pub fn run_ms(&mut self, ms: u64) {
        let until = self.world.now() + Micros::from_ms(ms);
        while self.world.step(until, &mut self.events) {}
        self.world.advance_to(until);
    }

    /// Tells the dictator, and lets it sink in.
    pub fn dictate(&mut self, line: &str) {
        let node = self.node("c1");
        self.world.control(node, Control::Type(line.to_string()));
        self.run_ms(20);
    }

    /// Sends a request without waiting for its answer.
    pub fn send(&mut self, line: &str) {
        let node = self.node("t1");
        self.world.control(node, Control::Type(line.to_string()));
    }

    /// Sends a request and waits up to six seconds for its answer; `None` if there was none.
    pub fn ask(&mut self, line: &str) -> Option<Response> {
        self.send(line);
        self.run_ms(0);
        for _ in 0..600 {
            self.run_ms(10);
            if let Some(answer) = self.client().last() {
                return Some(answer.clone());
            }
        }
        None
    }

    /// Waits for the answer to an earlier request.
    pub fn answer(&mut self, number: u64) -> Option<Response> {
        for _ in 0..1_000 {
            if let Some(answer) = self.client().answers.get(&number) {
                return answer.as_deref().cloned();
            }
            self.run_ms(10);
        }
        None
    }

    pub fn client(&self) -> &Client {
        let Some(Toy::Client(client)) = self.world.node(self.node("t1")) else { panic!("the client is down") };
        client
    }

    pub fn dictator(&self) -> &Dictator {
        let Some(Toy::Dictator(dictator)) = self.world.node(self.node("c1")) else { panic!("c1 is down") };
        dictator
    }

    pub fn broker(&self, id: i32) -> &Broker {
        let Some(Toy::Broker(broker)) = self.world.node(self.node(&format!("b{id}"))) else { panic!("b{id} is down") };
        broker
    }

    pub fn log(&self, broker: i32, topic: &str) -> &UnifiedLog {
        self.broker(broker).log(&TopicPartition::new(topic, 0)).expect("a log")
    }

    /// The values of a broker's log, `|` at the high watermark.
    pub fn values(&self, broker: i32, topic: &str) -> String {
        let log = self.log(broker, topic);
        let mut text = String::new();
        for (record, _, _) in log.records_between(log.log_start(), log.log_end()) {
            if record.offset == log.high_watermark() {
                text.push('|');
            }
            text.push_str(&String::from_utf8_lossy(&record.value.unwrap_or_default()));
            text.push(' ');
        }
        if log.high_watermark() == log.log_end() {
            text.push('|');
        }
        text.trim().to_string()
    }

    /// The metadata as the controller has it.
    pub fn image(&self) -> &MetadataImage {
        match self.world.node(self.node("c1")) {
            Some(Toy::Controller(controller)) => controller.image(),
            _ => self.dictator().image(),
        }
    }

    /// ISR of partition 0 as the metadata has it.
    pub fn isr(&self, topic: &str) -> Vec<i32> {
        let image = self.image();
        image.partition_by_name(&TopicPartition::new(topic, 0)).expect("a partition").isr.clone()
    }

    /// Error code and base offset of a produce.
    pub fn produce(&mut self, line: &str) -> (protocol::ErrorCode, i64) {
        let Some(Response::Produce(answer)) = self.ask(line) else { panic!("no answer to {line}") };
        let partition = &answer.responses[0].partition_responses[0];
        (protocol::ErrorCode::from_code(partition.error_code), partition.base_offset)
    }

    pub fn kill(&mut self, id: i32) {
        let node = self.node(&format!("b{id}"));
        self.world.kill(node);
    }

    pub fn start(&mut self, id: i32) {
        let node = self.node(&format!("b{id}"));
        self.world.start(node);
    }
}
