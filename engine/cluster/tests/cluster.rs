//! A whole cluster: one controller, three brokers, no fakes.

use base::{Micros, Uuid};
use cluster::broker::Broker;
use cluster::controller::Controller;
use cluster::spec::Voter;
use cluster::{BrokerSpec, Control, ControllerSpec, Event, Kafka, Profile, Properties};
use protocol::messages::CreateTopicsRequest;
use protocol::messages::create_topics_request::CreatableTopic;
use protocol::{Packet, TopicPartition};
use sim::{Boot, Disk, Effects, Input, Node, Stamped, World};

#[derive(Clone, Debug, Hash)]
#[allow(clippy::large_enum_variant)]
enum Toy {
    Broker(Broker),
    Controller(Controller),
    /// Asks the controller for the topic whose name is typed.
    Client(Disk),
}

#[derive(Clone, Debug, Hash)]
enum Spec {
    Broker(BrokerSpec),
    Controller(ControllerSpec),
    Client,
}

impl Node for Toy {
    type Domain = Kafka;
    type Spec = Spec;

    fn boot(spec: &Spec, boot: Boot) -> Toy {
        match spec {
            Spec::Broker(spec) => Toy::Broker(Broker::boot(spec, boot)),
            Spec::Controller(spec) => Toy::Controller(Controller::boot(spec, boot)),
            Spec::Client => Toy::Client(boot.disk),
        }
    }

    fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        match self {
            Toy::Broker(broker) => broker.on_input(now, input, fx),
            Toy::Controller(controller) => controller.on_input(now, input, fx),
            Toy::Client(_) => {
                let Input::Control { control: Control::Type(name) } = input else { return };
                let conn = fx.connect(fx.resolve("c1").expect("a host"), 9093);
                let topic = CreatableTopic { name, num_partitions: 3, replication_factor: 3, ..Default::default() };
                let body = CreateTopicsRequest { topics: vec![topic], ..Default::default() };
                let body = std::sync::Arc::new(body.into());
                fx.send(conn, Packet::Request { correlation_id: 1, client_id: "t".into(), api_version: 7, body });
            }
        }
    }

    fn disk(&self) -> &Disk {
        match self {
            Toy::Broker(broker) => broker.disk(),
            Toy::Controller(controller) => controller.disk(),
            Toy::Client(disk) => disk,
        }
    }

    fn into_disk(self) -> Disk {
        match self {
            Toy::Broker(broker) => broker.into_disk(),
            Toy::Controller(controller) => controller.into_disk(),
            Toy::Client(disk) => disk,
        }
    }
}

struct Stage {
    world: World<Toy>,
    events: Vec<Stamped<Event>>,
}

impl Stage {
    fn new() -> Stage {
        let mut world = World::new(7);
        let (profile, cluster_id) = (Profile::V4_3, Uuid(77));
        let voters = vec![Voter { id: 100, host: "c1".to_string(), port: 9093 }];
        let controller = ControllerSpec {
            profile,
            cluster_id,
            node_id: 100,
            host: "c1".to_string(),
            port: 9093,
            voters: voters.clone(),
            properties: Properties::new(),
        };
        world.add("c1", Spec::Controller(controller));
        world.add("t1", Spec::Client);
        for node_id in 1..=3 {
            let (host, voters, properties) = (format!("b{node_id}"), voters.clone(), Properties::new());
            let spec = BrokerSpec { profile, cluster_id, node_id, host, port: 9092, voters, properties };
            world.add(&format!("b{node_id}"), Spec::Broker(spec));
        }
        let mut stage = Stage { world, events: Vec::new() };
        for host in ["c1", "t1", "b1", "b2", "b3"] {
            let node = stage.world.resolve(host).expect("a host");
            stage.world.start(node);
        }
        stage.run_ms(3_000);
        stage
    }

    fn run_ms(&mut self, ms: u64) {
        let until = self.world.now() + Micros::from_ms(ms);
        while self.world.step(until, &mut self.events) {}
        self.world.advance_to(until);
    }

    fn controller(&self) -> &Controller {
        let node = self.world.resolve("c1").and_then(|node| self.world.node(node));
        let Some(Toy::Controller(controller)) = node else { panic!("c1 is down") };
        controller
    }

    fn create(&mut self, topic: &str) {
        let node = self.world.resolve("t1").expect("a host");
        self.world.control(node, Control::Type(topic.to_string()));
        self.run_ms(2_000);
    }

    fn kill(&mut self, host: &str) {
        let node = self.world.resolve(host).expect("a host");
        self.world.kill(node);
    }

    fn start(&mut self, host: &str) {
        let node = self.world.resolve(host).expect("a host");
        self.world.start(node);
    }
}

#[test]
fn brokers_join_a_topic_is_made_and_a_dead_leader_is_replaced() {
    let mut stage = Stage::new();
    let unfenced = stage.controller().image().brokers().filter(|broker| !broker.fenced).count();
    assert_eq!(unfenced, 3);
    stage.create("orders");
    let partition = TopicPartition::new("orders", 0);
    let before = stage.controller().image().partition_by_name(&partition).expect("made").clone();
    assert_eq!(before.isr.len(), 3);
    stage.kill(&format!("b{}", before.leader));
    stage.run_ms(13_000);
    let after = stage.controller().image().partition_by_name(&partition).expect("there").clone();
    assert!(after.leader != before.leader && after.leader >= 0, "{after:?}");
    assert_eq!((after.leader_epoch, after.isr.len()), (before.leader_epoch + 1, 2));
    // Back again: it catches up, and its leader takes it into the ISR.
    stage.start(&format!("b{}", before.leader));
    stage.run_ms(10_000);
    let back = stage.controller().image().partition_by_name(&partition).expect("there").clone();
    assert_eq!(back.isr.len(), 3, "{back:?}");
}

#[test]
fn a_restarted_controller_knows_what_it_knew_and_leads_the_next_epoch() {
    let mut stage = Stage::new();
    stage.create("orders");
    let (epoch, end) = (stage.controller().epoch(), stage.controller().metadata_end());
    stage.kill("c1");
    stage.run_ms(1_000);
    stage.start("c1");
    stage.run_ms(3_000);
    assert_eq!(stage.controller().epoch(), epoch + 1);
    assert!(stage.controller().metadata_end() > end);
    assert!(stage.controller().image().topic_by_name("orders").is_some());
    assert_eq!(stage.controller().image().brokers().filter(|broker| !broker.fenced).count(), 3);
    stage.create("payments");
    assert!(stage.controller().image().topic_by_name("payments").is_some());
}
