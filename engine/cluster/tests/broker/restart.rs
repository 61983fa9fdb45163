//! What stays on the disk, and how a start finds it.

use cluster::broker::BrokerState;
use cluster::{Control, Event};
use protocol::{ErrorCode, TopicPartition};

use crate::world::Stage;

#[test]
fn a_clean_stop_leaves_its_marker_and_checkpoints() {
    let mut stage = Stage::with_brokers(1);
    stage.dictate("topic orders 1");
    stage.produce("produce b1 orders 0 -1 a");
    let node = stage.node("b1");
    stage.world.control(node, Control::Terminate);
    stage.run_ms(500);
    assert!(!stage.world.is_up(node));
    let names = stage.world.disk(node).unwrap().list("kafka-logs");
    let expected = [
        ".kafka_cleanshutdown",
        "__cluster_metadata-0",
        "bootstrap.checkpoint",
        "cleaner-offset-checkpoint",
        "log-start-offset-checkpoint",
        "meta.properties",
        "orders-0",
        "recovery-point-offset-checkpoint",
        "replication-offset-checkpoint",
    ];
    assert_eq!(names, expected);
    let file = |name: &str| {
        let file = stage.world.disk(node).unwrap().file(&format!("kafka-logs/{name}")).unwrap().contents();
        String::from_utf8(file.to_vec()).unwrap()
    };
    assert_eq!(file("replication-offset-checkpoint"), "0\n1\norders 0 1\n");
    assert_eq!(file("recovery-point-offset-checkpoint"), "0\n1\norders 0 1\n");
    assert_eq!(file("orders-0/leader-epoch-checkpoint"), "0\n1\n0 0\n");
    stage.start(1);
    stage.run_ms(500);
    assert_eq!(stage.broker(1).state(), BrokerState::Running);
    assert_eq!(stage.values(1, "orders"), "a |");
    assert!(!stage.world.disk(node).unwrap().exists("kafka-logs/.kafka_cleanshutdown"));
}

#[test]
fn a_killed_broker_recovers_its_log() {
    let mut stage = Stage::with_brokers(1);
    stage.dictate("topic orders 1");
    stage.produce("produce b1 orders 0 -1 a");
    stage.produce("produce b1 orders 0 -1 b");
    stage.kill(1);
    stage.start(1);
    stage.run_ms(500);
    assert_eq!(stage.values(1, "orders"), "a b |", "a sole replica's records are committed when it leads again");
    assert!(stage.events.iter().any(|e| matches!(e.event, Event::BrokerStarted { broker: 1, recovered: true })));
    assert_eq!(stage.produce("produce b1 orders 0 -1 c"), (ErrorCode::None, 2));
}

#[test]
fn a_deleted_topic_waits_in_a_folder_of_another_name() {
    let mut stage = Stage::with_brokers(1);
    stage.dictate("topic orders 1");
    stage.produce("produce b1 orders 0 -1 a");
    stage.dictate("delete orders");
    let folders = |stage: &Stage| -> Vec<String> {
        let disk = stage.world.disk(stage.node("b1")).unwrap();
        disk.list("kafka-logs").into_iter().filter(|name| name.starts_with("orders")).collect()
    };
    let now = folders(&stage);
    assert!(now.len() == 1 && now[0].starts_with("orders-0.") && now[0].ends_with("-delete"), "{now:?}");
    stage.dictate("topic orders 1");
    assert_eq!(folders(&stage).len(), 2);
    assert_eq!(stage.values(1, "orders"), "|", "the new topic is empty");
    assert_eq!(stage.produce("produce b1 orders 0 -1 b"), (ErrorCode::None, 0));
    stage.run_ms(61_000);
    assert_eq!(folders(&stage), ["orders-0"]);
}

#[test]
fn a_topic_deleted_meanwhile_is_a_stray() {
    let mut stage = Stage::with_brokers(2);
    stage.dictate("topic orders 1,2");
    stage.produce("produce b1 orders 0 -1 a");
    stage.kill(2);
    stage.dictate("delete orders");
    stage.start(2);
    stage.run_ms(1_000);
    assert!(stage.broker(2).partition(&TopicPartition::new("orders", 0)).is_none());
    // Kafka puts it out of the way for good: whose it was, only a person can tell.
    for later_ms in [0, 61_000] {
        stage.run_ms(later_ms);
        let folders = stage.world.disk(stage.node("b2")).unwrap().list("kafka-logs");
        let left: Vec<&String> = folders.iter().filter(|name| name.starts_with("orders")).collect();
        assert!(left.len() == 1 && left[0].ends_with("-stray"), "{left:?}");
    }
}
