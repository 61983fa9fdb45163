//! Brokers with a real controller: elections, shutdowns and returns as Kafka decides them.

use base::Rng;
use cluster::{Control, Event};
use protocol::{ErrorCode, Response};

use crate::world::Stage;

fn create(stage: &mut Stage, line: &str) {
    let Some(Response::CreateTopics(answer)) = stage.ask(line) else { panic!("no answer to {line}") };
    assert_eq!(answer.topics[0].error_code, 0, "{:?}", answer.topics[0].error_message);
}

#[test]
fn a_leader_dies_and_comes_back_as_a_follower() {
    let mut stage = Stage::with_controller(1, 3);
    create(&mut stage, "create b2 orders 1,2,3");
    assert_eq!(stage.produce("produce b1 orders 0 -1 a"), (ErrorCode::None, 0));
    stage.run_ms(1_200);
    stage.kill(1);
    stage.run_ms(12_000);
    assert_eq!(stage.isr("orders"), [2, 3]);
    assert_eq!(stage.produce("produce b2 orders 0 -1 b"), (ErrorCode::None, 1));
    stage.start(1);
    stage.run_ms(10_000);
    assert_eq!(stage.isr("orders"), [1, 2, 3]);
    for broker in 1..=3 {
        assert_eq!(stage.values(broker, "orders"), "a b |");
    }
    assert!(stage.broker(2).partitions().next().unwrap().is_leader());
}

#[test]
fn a_record_that_nobody_else_has_is_cut_off() {
    let mut stage = Stage::with_controller(2, 3);
    create(&mut stage, "create b1 orders 1,2,3");
    stage.produce("produce b1 orders 0 -1 a");
    stage.run_ms(1_200);
    // The leader's answers reach nobody; it takes a record for acks=1 and dies.
    let leader = stage.node("b1");
    for follower in ["b2", "b3"] {
        let follower = stage.node(follower);
        stage.world.cut_link(leader, follower);
    }
    assert_eq!(stage.produce("produce b1 orders 0 1 lost"), (ErrorCode::None, 1));
    stage.kill(1);
    stage.run_ms(12_000);
    stage.world.heal();
    assert_eq!(stage.produce("produce b2 orders 0 -1 b"), (ErrorCode::None, 1));
    stage.start(1);
    stage.run_ms(10_000);
    assert_eq!(stage.values(1, "orders"), "a b |");
    assert!(
        stage.events.iter().any(|e| matches!(e.event, Event::LogTruncated { broker: 1, from_end: 2, to_end: 1, .. }))
    );
}

#[test]
fn a_broker_stopped_in_order_hands_over_at_once() {
    let mut stage = Stage::with_controller(3, 3);
    create(&mut stage, "create b1 orders 1,2,3");
    stage.produce("produce b1 orders 0 -1 a");
    let node = stage.node("b1");
    stage.world.control(node, Control::Terminate);
    stage.run_ms(3_000);
    assert!(!stage.world.is_up(node));
    assert_eq!(stage.isr("orders"), [2, 3]);
    assert_eq!(stage.produce("produce b2 orders 0 -1 b"), (ErrorCode::None, 1));
    assert!(stage.world.disk(node).unwrap().exists("kafka-logs/.kafka_cleanshutdown"));
}

/// Brokers die, stand still and come back in any order, while a producer wants every record on all in-sync replicas.
/// What was acknowledged must be there in the end, in the same order everywhere.
#[test]
fn what_was_acknowledged_survives_any_order_of_failures() {
    let acknowledged: usize = (0..24).map(survive).sum();
    assert!(acknowledged > 50, "{acknowledged} are too few to prove anything");
}

/// How many records were acknowledged, and survived.
fn survive(seed: u64) -> usize {
    let mut rng = Rng::new(seed, 0, "failures");
    let mut stage = Stage::with_controller(seed, 3);
    create(&mut stage, "create b1 orders 1,2,3");
    stage.run_ms(500);
    let mut acknowledged = Vec::new();
    for round in 0..25 {
        let broker = format!("b{}", rng.between(1, 3));
        let node = stage.node(&broker);
        let _changed = match rng.below(6) {
            0 if stage.world.is_up(node) => stage.world.kill(node),
            1 if stage.world.is_up(node) => stage.world.control(node, Control::Terminate),
            2 => stage.world.pause(node),
            3 => stage.world.resume(node),
            _ if !stage.world.is_up(node) => stage.world.start(node),
            _ => false,
        };
        stage.run_ms(rng.between(1, 6_000));
        let at = rng.between(1, 3);
        let value = format!("v{round}");
        if let Some(Response::Produce(answer)) = stage.ask(&format!("produce b{at} orders 0 -1 {value}"))
            && answer.responses[0].partition_responses[0].error_code == 0
        {
            acknowledged.push(value);
        }
    }
    // Whoever stood still finds what was done to it meanwhile, perhaps a SIGTERM.
    for id in 1..=3 {
        let node = stage.node(&format!("b{id}"));
        stage.world.resume(node);
    }
    stage.run_ms(10_000);
    for id in 1..=3 {
        let node = stage.node(&format!("b{id}"));
        if !stage.world.is_up(node) {
            stage.start(id);
        }
    }
    stage.run_ms(60_000);
    assert_eq!(stage.isr("orders"), [1, 2, 3], "seed {seed}");
    let values = stage.values(1, "orders");
    assert_eq!((&values, &values), (&stage.values(2, "orders"), &stage.values(3, "orders")), "seed {seed}");
    let stored: Vec<&str> = values.split_whitespace().collect();
    let lost: Vec<&String> = acknowledged.iter().filter(|value| !stored.contains(&value.as_str())).collect();
    assert!(lost.is_empty(), "seed {seed}: {lost:?} of {} lost", acknowledged.len());
    acknowledged.len()
}
