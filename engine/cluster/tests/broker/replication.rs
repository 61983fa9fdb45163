//! Copies, the high watermark, the ISR, and what truncation does after elections.

use protocol::ErrorCode;

use crate::world::Stage;

#[test]
fn acks_all_waits_for_the_followers_and_the_high_watermark_follows() {
    let mut stage = Stage::with_brokers(3);
    stage.dictate("topic orders 1,2,3");
    assert_eq!(stage.produce("produce b1 orders 0 -1 a"), (ErrorCode::None, 0));
    assert_eq!(stage.produce("produce b1 orders 0 -1 b"), (ErrorCode::None, 1));
    assert_eq!(stage.values(1, "orders"), "a b |");
    stage.run_ms(1_200);
    assert_eq!(stage.values(2, "orders"), "a b |");
    assert_eq!(stage.values(3, "orders"), "a b |");
}

#[test]
fn a_dead_follower_leaves_the_isr_and_comes_back() {
    let mut stage = Stage::with_brokers(3);
    stage.dictate("topic orders 1,2,3");
    stage.produce("produce b1 orders 0 -1 a");
    stage.kill(3);
    stage.send("produce b1 orders 0 1 b");
    stage.run_ms(50_000);
    assert_eq!(stage.isr("orders"), [1, 2], "replica.lag.time.max.ms has passed");
    assert_eq!(stage.values(1, "orders"), "a b |");
    stage.start(3);
    stage.run_ms(3_000);
    assert_eq!(stage.isr("orders"), [1, 2, 3]);
    assert_eq!(stage.values(3, "orders"), "a b |");
}

#[test]
fn not_enough_replicas() {
    let mut stage = Stage::with_brokers(2);
    stage.dictate("topic orders 1,2");
    stage.dictate("config orders min.insync.replicas 2");
    stage.kill(2);
    stage.dictate("leader orders 0 1 isr 1");
    assert_eq!(stage.produce("produce b1 orders 0 -1 a").0, ErrorCode::NotEnoughReplicas);
    assert_eq!(stage.produce("produce b1 orders 0 1 b"), (ErrorCode::None, 0));
    assert_eq!(stage.values(1, "orders"), "|b", "the high watermark waits below the minimum ISR");
}

#[test]
fn a_produce_times_out_when_a_follower_is_silent() {
    let mut stage = Stage::with_brokers(2);
    stage.dictate("topic orders 1,2");
    stage.kill(2);
    assert_eq!(stage.produce("produce b1 orders 0 -1 a").0, ErrorCode::RequestTimedOut);
    assert_eq!(stage.values(1, "orders"), "|a");
}

#[test]
fn another_leader_is_told_of() {
    let mut stage = Stage::with_brokers(2);
    stage.dictate("topic orders 1,2");
    stage.dictate("leader orders 0 2 isr 1,2");
    let Some(protocol::Response::Produce(answer)) = stage.ask("produce b1 orders 0 1 a") else { panic!("no answer") };
    let partition = &answer.responses[0].partition_responses[0];
    assert_eq!(partition.error_code, ErrorCode::NotLeaderOrFollower.code());
    assert_eq!((partition.current_leader.leader_id, partition.current_leader.leader_epoch), (2, 1));
    assert_eq!(answer.node_endpoints[0].host, "b2");
}

/// KIP-101: the follower must not throw away what it has only because it has not heard that it is committed.
#[test]
fn a_new_leader_keeps_records_above_its_own_high_watermark() {
    let mut stage = Stage::with_brokers(2);
    stage.dictate("topic orders 1,2");
    assert_eq!(stage.produce("produce b1 orders 0 -1 a").0, ErrorCode::None);
    // b2 has the record; whether it has heard of the high watermark does not matter.
    stage.kill(2);
    stage.dictate("leader orders 0 1 isr 1,2");
    stage.start(2);
    stage.run_ms(200);
    stage.kill(1);
    stage.dictate("leader orders 0 2 isr 2");
    stage.run_ms(500);
    assert_eq!(stage.values(2, "orders"), "a |");
}

/// KIP-279: fast elections leave different records at the same offset; the epochs tell them apart.
#[test]
fn a_follower_drops_what_the_leader_never_had() {
    let mut stage = Stage::with_brokers(2);
    stage.dictate("topic orders 1,2");
    stage.kill(2);
    stage.produce("produce b1 orders 0 1 m0");
    stage.kill(1);
    stage.start(2);
    stage.dictate("leader orders 0 2 isr 2");
    stage.run_ms(1_000);
    assert_eq!(stage.produce("produce b2 orders 0 1 m2"), (ErrorCode::None, 0));
    stage.kill(2);
    stage.start(1);
    stage.dictate("leader orders 0 1 isr 1");
    stage.run_ms(1_000);
    assert_eq!(stage.produce("produce b1 orders 0 1 m1"), (ErrorCode::None, 1));
    stage.start(2);
    stage.dictate("leader orders 0 1 isr 1");
    stage.run_ms(3_000);
    assert_eq!(stage.values(1, "orders"), "m0 m1 |");
    assert_eq!(stage.values(2, "orders"), "m0 m1 |");
    assert!(
        stage
            .events
            .iter()
            .any(|e| matches!(e.event, cluster::Event::LogTruncated { broker: 2, from_end: 1, to_end: 0, .. }))
    );
}

#[test]
fn an_idle_cluster_is_quiet() {
    let mut stage = Stage::with_brokers(3);
    stage.dictate("topic orders 1,2,3");
    stage.produce("produce b1 orders 0 -1 a");
    stage.run_ms(10_000);
    let before = stage.world.index();
    stage.run_ms(10_000);
    let steps = stage.world.index() - before;
    // Per second: two replica fetches and three metadata fetches twice, three heartbeats every two seconds.
    assert!(steps < 10 * 40, "{steps} events in ten idle seconds");
}
