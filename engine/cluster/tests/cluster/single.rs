//! A quorum of one.

use crate::world::Stage;
use cluster::metadata::{MetadataImage, decode_metadata_batch};

#[test]
fn brokers_join_a_topic_is_made_and_a_dead_leader_is_replaced() {
    let mut stage = Stage::new(3, 1, 7);
    let unfenced = stage.controller("c1").image().brokers().filter(|broker| !broker.fenced).count();
    assert_eq!(unfenced, 3);
    assert_eq!(stage.create("b1", "orders", 3), Some(0));
    let before = stage.partition("b1", "orders");
    assert_eq!(before.isr.len(), 3);
    let dead = format!("b{}", before.leader);
    stage.kill(&dead);
    stage.run_ms(13_000);
    let witness = if dead == "b1" { "b2" } else { "b1" };
    let after = stage.partition(witness, "orders");
    assert!(after.leader != before.leader && after.leader >= 0, "{after:?}");
    assert_eq!((after.leader_epoch, after.isr.len()), (before.leader_epoch + 1, 2));
    // Back again: it catches up, and its leader takes it into the ISR.
    stage.start(&dead);
    stage.run_ms(10_000);
    assert_eq!(stage.partition(witness, "orders").isr.len(), 3);
}

#[test]
fn a_restarted_controller_knows_what_it_knew_and_leads_the_next_epoch() {
    let mut stage = Stage::new(3, 1, 7);
    stage.create("b1", "orders", 3);
    let (epoch, end) = (stage.controller("c1").epoch(), stage.controller("c1").metadata_end());
    stage.kill("c1");
    stage.run_ms(1_000);
    stage.start("c1");
    stage.run_ms(3_000);
    assert_eq!(stage.controller("c1").epoch(), epoch + 1);
    assert!(stage.controller("c1").metadata_end() > end);
    assert!(stage.controller("c1").image().topic_by_name("orders").is_some());
    assert_eq!(stage.controller("c1").image().brokers().filter(|broker| !broker.fenced).count(), 3);
    assert_eq!(stage.create("b1", "payments", 3), Some(0));
    assert!(stage.controller("c1").committed_image().topic_by_name("payments").is_some());
}

/// Brokers take over what the first of them made of an answer's records. Each must hold what its own log says, also the one
/// that was away and comes to the same records by other answers.
#[test]
fn every_broker_knows_what_its_own_log_says() {
    let mut stage = Stage::new(4, 1, 7);
    for topic in ["orders", "payments", "returns"] {
        assert_eq!(stage.create("b1", topic, 3), Some(0));
        stage.isolate("b4");
        stage.run_ms(3_000);
        assert_eq!(stage.create("b1", &format!("{topic}-late"), 1), Some(0));
        stage.heal();
        stage.run_ms(1_500);
        for host in ["b1", "b2", "b3", "b4"] {
            let (raft, image) = (stage.broker(host).raft(), stage.image(host));
            let batches: Vec<_> =
                raft.log().batches_between(0, image.end_offset()).map(|batch| decode_metadata_batch(&batch)).collect();
            let mut own = MetadataImage::default();
            own.apply(&batches);
            assert_eq!(*image, own, "{host}");
            assert!(image.topic_by_name(topic).is_some(), "{host}");
        }
    }
}

/// What cannot be written is not decided: the process ends before it tells anybody.
#[test]
fn a_controller_that_cannot_write_halts() {
    let mut stage = Stage::new(1, 1, 7);
    stage.kill("c1");
    let node = stage.world.resolve("c1").expect("a host");
    let disk = stage.world.disk_mut(node).expect("it is down");
    let room = base::limits::DISK_BYTES_MAX - disk.bytes();
    let filler = vec![0u8; room as usize - 1_500];
    assert!(disk.write("filler", filler.into(), base::Micros::ZERO));
    stage.start("c1");
    stage.run_ms(60_000);
    assert!(!stage.world.is_up(node), "the log grew by a record every half second until the disk was full");
    assert_eq!(stage.create("b1", "orders", 1), None);
    assert!(stage.image("b1").topic_by_name("orders").is_none());
}
