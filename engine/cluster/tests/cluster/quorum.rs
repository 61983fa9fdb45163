//! Quorums of three and five, in processes of their own and in combined mode: the active controller changes, and the
//! cluster goes on.

use base::Rng;
use cluster::Event;
use protocol::messages::alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic};
use protocol::messages::{AlterPartitionReassignmentsRequest, DescribeQuorumRequest, describe_quorum_request};
use protocol::{ErrorCode, Response};

use crate::world::Stage;

/// S5, S6, S8 and S16 of the moment: one leader an epoch, a majority behind what is committed, one active controller.
fn check(stage: &Stage, leaders: &mut base::Map<i32, i32>) {
    for raft in stage.rafts().into_iter().filter(|raft| raft.is_leader()) {
        let id = raft.config().node_id;
        assert_eq!(*leaders.entry(raft.epoch()).or_insert(id), id, "S6 in epoch {}", raft.epoch());
    }
    let mut epochs: Vec<i32> = Vec::new();
    for event in &stage.events {
        if let Event::ControllerElected { epoch, .. } = event.event {
            epochs.push(epoch);
        }
    }
    assert!(epochs.windows(2).all(|pair| pair[0] < pair[1]), "S16: {epochs:?}");
}

#[test]
fn three_controllers_have_one_active_and_brokers_find_it() {
    let mut stage = Stage::new(2, 3, 1);
    let active = stage.active();
    assert_eq!(active.len(), 1);
    assert_eq!(stage.create("b1", "orders", 2), Some(0));
    assert!(stage.image("b2").topic_by_name("orders").is_some());
    assert_eq!(stage.image("b1").controllers().count(), 3, "every controller registered");
    // The standby controllers have replayed it too.
    for host in ["c1", "c2", "c3"] {
        assert!(stage.controller(host).image().topic_by_name("orders").is_some(), "{host}");
    }
}

#[test]
fn another_controller_takes_over_and_nothing_is_lost() {
    for seed in 0..5 {
        let mut stage = Stage::new(2, 3, seed);
        assert_eq!(stage.create("b1", "before", 2), Some(0));
        let first = stage.active().remove(0);
        stage.kill(&first);
        stage.run_ms(8_000);
        let second = stage.active().remove(0);
        assert_ne!(first, second);
        assert_eq!(stage.create("b1", "during", 2), Some(0), "seed {seed}");
        let fenced = stage.image("b2").brokers().filter(|broker| broker.fenced).count();
        assert_eq!(fenced, 0, "heartbeats went on to the new one");
        stage.start(&first);
        stage.run_ms(5_000);
        assert_eq!(stage.active(), [second]);
        let back = stage.controller(&first);
        for topic in ["before", "during"] {
            assert!(back.image().topic_by_name(topic).is_some(), "{topic}");
        }
        check(&stage, &mut Default::default());
    }
}

#[test]
fn a_controller_that_stops_hands_over_at_once() {
    let mut stage = Stage::new(1, 3, 3);
    let first = stage.active().remove(0);
    stage.stop(&first);
    stage.run_ms(1_500);
    let next = stage.active();
    assert_eq!(next.len(), 1);
    assert_ne!(next[0], first);
}

#[test]
fn without_a_majority_nothing_is_answered() {
    let mut stage = Stage::new(1, 3, 4);
    let active = stage.active().remove(0);
    let others: Vec<String> =
        ["c1", "c2", "c3"].into_iter().filter(|host| **host != active).map(str::to_string).collect();
    others.iter().for_each(|host| stage.kill(host));
    assert_eq!(stage.create("b1", "orders", 1), None, "not committed, not answered");
    assert!(stage.image("b1").topic_by_name("orders").is_none());
    stage.run_ms(5_000);
    assert!(stage.active().is_empty(), "it resigned");
    others.iter().for_each(|host| stage.start(host));
    stage.run_ms(15_000);
    assert_eq!(stage.active().len(), 1);
    assert_eq!(stage.create("b1", "payments", 1), Some(0));
}

#[test]
fn what_a_deposed_controller_decided_is_taken_back() {
    let mut stage = Stage::new(2, 3, 5);
    let old = stage.active().remove(0);
    stage.isolate(&old);
    // Only the isolated controller hears of a broker's end; it cannot commit what it makes of it.
    stage.run_ms(20_000);
    let new = stage.active();
    assert_eq!(new.len(), 1);
    assert!(!stage.controller(&old).is_active());
    assert_eq!(stage.controller(&old).quorum_controller().uncommitted(), 0);
    stage.heal();
    stage.run_ms(5_000);
    assert_eq!(stage.controller(&old).image(), stage.controller(&new[0]).committed_image());
    check(&stage, &mut Default::default());
}

#[test]
fn combined_mode_with_one_and_with_three() {
    for brokers in [1, 3] {
        let mut stage = Stage::new(brokers, 0, 6);
        assert_eq!(stage.active().len(), 1);
        assert_eq!(stage.create("b1", "orders", brokers as i16), Some(0));
        let active = stage.active().remove(0);
        if brokers == 3 {
            let witness = if active == "b1" { "b2" } else { "b1" };
            stage.kill(&active);
            stage.run_ms(20_000);
            assert_ne!(stage.active(), std::slice::from_ref(&active));
            assert_eq!(stage.partition(witness, "orders").isr.len(), 2);
            stage.start(&active);
            stage.run_ms(12_000);
            assert_eq!(stage.partition(witness, "orders").isr.len(), 3);
            stage.stop(&active);
            stage.run_ms(8_000);
            assert_eq!(stage.rafts().len(), 2, "its process has ended");
        }
    }
}

#[test]
fn the_quorum_describes_itself_through_a_broker() {
    let mut stage = Stage::new(1, 3, 8);
    let partition = describe_quorum_request::PartitionData { partition_index: 0, ..Default::default() };
    let topic = describe_quorum_request::TopicData {
        topic_name: "__cluster_metadata".to_string(),
        partitions: vec![partition],
        ..Default::default()
    };
    let request = DescribeQuorumRequest { topics: vec![topic], ..Default::default() };
    let answer = stage.ask("b1", 2, request, 1_000).expect("an answer");
    let Response::DescribeQuorum(answer) = &*answer else { panic!("{answer:?}") };
    let partition = &answer.topics[0].partitions[0];
    assert_eq!(partition.error_code, 0);
    assert_eq!(partition.current_voters.iter().map(|voter| voter.replica_id).collect::<Vec<_>>(), [101, 102, 103]);
    assert_eq!(partition.observers.iter().map(|observer| observer.replica_id).collect::<Vec<_>>(), [1]);
    let leader = stage.active().remove(0);
    assert_eq!(partition.leader_id, stage.controller(&leader).node_id());
    assert_eq!(answer.nodes[0].listeners[0].name, "CONTROLLER");
}

#[test]
fn a_replica_moves_and_back() {
    let mut stage = Stage::new(3, 3, 9);
    stage.create("b1", "orders", 2);
    let before = stage.partition("b1", "orders");
    let other = (1..=3).find(|id| !before.replicas.contains(id)).expect("a third broker");
    let target = vec![other, before.replicas[1]];
    let partition = ReassignablePartition { partition_index: 0, replicas: Some(target.clone()), ..Default::default() };
    let topic = ReassignableTopic { name: "orders".to_string(), partitions: vec![partition], ..Default::default() };
    let request = AlterPartitionReassignmentsRequest { topics: vec![topic], ..Default::default() };
    let answer = stage.ask("b1", 1, request.clone(), 4_000).expect("an answer");
    let Response::AlterPartitionReassignments(answer) = &*answer else { panic!("{answer:?}") };
    assert_eq!((answer.error_code, answer.responses[0].partitions[0].error_code), (0, 0));
    let after = stage.partition("b1", "orders");
    assert_eq!((&after.replicas, after.is_reassigning()), (&target, false));
    assert!(after.leader_epoch > before.leader_epoch, "who lost a replica is told by a new epoch");
    // Nothing is under way to be cancelled.
    let mut cancel = request;
    cancel.topics[0].partitions[0].replicas = None;
    let answer = stage.ask("b1", 1, cancel, 1_000).expect("an answer");
    let Response::AlterPartitionReassignments(answer) = &*answer else { panic!("{answer:?}") };
    let code = answer.responses[0].partitions[0].error_code;
    assert_eq!(ErrorCode::from_code(code), ErrorCode::NoReassignmentInProgress);
}

#[test]
fn a_late_broker_gets_a_snapshot() {
    let config = [("metadata.log.max.record.bytes.between.snapshots", "2000")];
    let mut stage = Stage::with(2, 3, 10, &config);
    for n in 0..4 {
        stage.create("b1", &format!("topic-{n}"), 1);
    }
    let active = stage.active().remove(0);
    let raft = stage.controller(&active).raft();
    assert!(raft.latest_snapshot().is_some_and(|id| id.end_offset > 0), "{:?}", raft.latest_snapshot());
    stage.kill("b2");
    let node = stage.world.resolve("b2").expect("a host");
    stage.world.wipe(node);
    stage.run_ms(10_000);
    stage.start("b2");
    stage.run_ms(5_000);
    assert!(stage.broker("b2").raft().log_start() > 0, "it began with the snapshot");
    assert_eq!(stage.image("b2").topics().count(), 4);
}

/// Controllers come and go at random; in the end the cluster works and every server has the same metadata.
#[test]
fn a_storm_over_the_controllers() {
    for seed in 0..6 {
        let controllers = if seed % 2 == 0 { 3 } else { 5 };
        let mut stage = Stage::new(2, controllers, 100 + seed);
        let mut rng = Rng::new(seed, 0, "storm");
        let mut leaders = Default::default();
        for n in 0..15 {
            let host = format!("c{}", 1 + rng.below(controllers as u64));
            match rng.below(6) {
                0 | 1 => stage.kill(&host),
                2 | 3 => stage.start(&host),
                4 => stage.isolate(&host),
                _ => stage.heal(),
            }
            stage.run_ms(rng.between(10, 4_000));
            check(&stage, &mut leaders);
            if n % 5 == 0 {
                stage.create("b1", &format!("topic-{n}"), 1);
            }
        }
        stage.heal();
        (1..=controllers).for_each(|n| stage.start(&format!("c{n}")));
        stage.run_ms(30_000);
        check(&stage, &mut leaders);
        let active = stage.active();
        assert_eq!(active.len(), 1, "seed {seed}");
        assert_eq!(stage.create("b2", "after", 2), Some(0), "seed {seed}");
        let image = stage.controller(&active[0]).committed_image();
        for n in 1..=controllers {
            assert_eq!(stage.controller(&format!("c{n}")).committed_image(), image, "seed {seed}, c{n}");
        }
        assert_eq!(stage.image("b1"), image, "seed {seed}");
    }
}
