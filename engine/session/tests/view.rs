//! What the page sees of a running cluster, and of a broker that is down.

use base::Micros;
use session::Stage;
use session::act::Act;
use wire::command::ClusterSpec;
use wire::view::{ReplicaView, Role, ServerState};
use wire::{Entity, Fault, Key, View};

fn boot() -> Stage {
    let spec = ClusterSpec { version: "4.3".into(), brokers: 3, controllers: 1, config: Vec::new() };
    Stage::boot(&spec, 7).expect("three brokers and a controller start")
}

fn type_line(stage: &mut Stage, terminal: &str, line: &str) {
    stage.act(Act::Type { terminal: terminal.into(), line: line.into() }).expect("a terminal takes a line");
    for _ in 0..300 {
        if !stage.is_busy(terminal) {
            return;
        }
        stage.run_for(Micros::from_ms(100));
    }
}

fn orders(stage: &mut Stage) {
    type_line(
        stage,
        "t1",
        "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic orders --partitions 1 --replication-factor 3",
    );
    type_line(
        stage,
        "t1",
        "printf 'anna:tea\\nben:coffee\\n' | kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders \
         --property parse.key=true --property key.separator=:",
    );
    stage.run_for(Micros::from_secs(2));
}

fn replica(view: &View, broker: i32) -> &ReplicaView {
    match view.get(&Key::Replica("orders".into(), 0, broker)) {
        Some(Entity::Replica(replica)) => replica,
        other => panic!("no replica on broker {broker}: {other:?}"),
    }
}

#[test]
fn three_replicas_show_the_same_records_with_their_keys() {
    let mut stage = boot();
    orders(&mut stage);
    let view = session::view::of(stage.world());
    for broker in 1..=3 {
        let replica = replica(&view, broker);
        let cells: Vec<_> =
            replica.cells.iter().map(|cell| (cell.offset, cell.key.as_deref(), cell.value.as_deref())).collect();
        assert_eq!(cells, [(0, Some("anna"), Some("tea")), (1, Some("ben"), Some("coffee"))]);
        assert_eq!((replica.log_end, replica.high_watermark, replica.in_sync), (2, 2, true));
    }
    let Some(Entity::Partition(partition)) = view.get(&Key::Partition("orders".into(), 0)) else {
        panic!("the partition is not in the view")
    };
    let leader = partition.leader.expect("somebody leads");
    assert_eq!(replica(&view, leader).role, Role::Leader);
    assert_eq!(partition.high_watermark, Some(2));
    let lines: Vec<&str> = view
        .values()
        .filter_map(|entity| match entity {
            Entity::Line(line) if line.terminal == "t1" => Some(line.text.as_str()),
            _ => None,
        })
        .collect();
    assert!(lines.contains(&"Created topic orders."), "{lines:?}");
}

#[test]
fn a_dead_broker_shows_what_its_disk_holds() {
    let mut stage = boot();
    orders(&mut stage);
    stage.act(Act::Fault(Fault::Kill("b2".into()))).expect("b2 is up");
    let killed_at = stage.now();
    stage.run_for(Micros::from_secs(15));
    let view = session::view::of(stage.world());
    let dead = replica(&view, 2);
    assert_eq!((dead.role, dead.log_end, dead.cells.len(), dead.in_sync), (Role::Offline, 2, 2, false));
    let Some(Entity::Broker(broker)) = view.get(&Key::Broker(2)) else { panic!("broker 2 is not in the view") };
    assert_eq!((broker.state, broker.fenced, broker.since_us), (ServerState::Down, true, killed_at.0));
}
