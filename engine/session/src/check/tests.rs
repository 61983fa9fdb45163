//! Every check is tripped by a bad state made for it, and a sound cluster trips none. What a broken rule in a server leads
//! to is shown by the swarm's mutants.

use base::{Digest, Uuid};
use cluster::metadata::{PartitionRegistration, TopicIdPartition};
use log::batch::BatchBuilder;
use log::{LogConfig, UnifiedLog};
use protocol::{Records, TopicPartition};
use sim::network::Counters;
use sim::world::Limits;
use sim::{Disk, Imbalance, Timeline};
use wire::command::ClusterSpec;

use super::rules::Replica;
use super::written::{LastBatch, Newest};
use super::*;
use crate::act::Act;
use crate::setup;

/// A cluster with a topic of three replicas and some records, and a checker that saw all of it.
fn cluster() -> (Timeline<Host, Act>, Checker) {
    let spec = ClusterSpec { version: "4.3".to_string(), brokers: 3, controllers: 1, config: Vec::new() };
    let world = setup::build(&spec, 1).expect("a sound spec");
    let checker = Checker::new(&world);
    let (mut timeline, mut checker) = (Timeline::new(world), checker);
    run(&mut timeline, &mut checker, 6);
    let line = "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --replication-factor 3; \
                printf 'a\\nb\\n' | kafka-console-producer.sh --bootstrap-server b1:9092 --topic orders";
    let typed = Act::Type { terminal: "t1".to_string(), line: line.to_string() };
    timeline.do_now(typed).expect("within the caps");
    run(&mut timeline, &mut checker, 14);
    (timeline, checker)
}

fn run(timeline: &mut Timeline<Host, Act>, checker: &mut Checker, until_secs: u64) {
    timeline.run_while(Micros::from_secs(until_secs), |world, events| {
        checker.after(world, events);
        true
    });
}

/// Lets the checker remember something that was not, runs on, and says which check noticed first.
fn noticed(pretend: impl FnOnce(&mut Checker)) -> Option<&'static str> {
    let (mut timeline, mut checker) = cluster();
    assert_eq!(checker.broken(), []);
    pretend(&mut checker);
    run(&mut timeline, &mut checker, 40);
    checker.first_broken().map(|broken| broken.id)
}

fn orders(checker: &Checker) -> TopicIdPartition {
    let found = checker.registered.partitions.iter().find(|(_, known)| known.name.topic == "orders");
    *found.expect("it was created").0
}

/// A log with one batch a record: its leader epoch and its value.
fn log_of(records: &[(i32, &'static str)], high_watermark: i64) -> UnifiedLog {
    let (mut disk, partition) = (Disk::new(), TopicPartition::new("orders", 0));
    let (dir, config) = ("orders-0", LogConfig::default());
    let mut log = UnifiedLog::open(&mut disk, dir, partition, Uuid(1), config, Micros::ZERO, true, 0, 0);
    for (offset, (epoch, value)) in (0..).zip(records) {
        let mut batch = BatchBuilder::new(offset).with_leader_epoch(*epoch);
        batch.append(0, None, Some(value.as_bytes()), &[]);
        let records = Records::of(vec![batch.build()]);
        log.append_as_follower(&mut disk, &records, Micros::ZERO).expect("in order");
    }
    log.update_high_watermark(high_watermark);
    log
}

/// A log with a record of each of these keys, all committed.
fn keyed_log(keys: &[&str]) -> UnifiedLog {
    let (mut disk, partition) = (Disk::new(), TopicPartition::new("orders", 0));
    let config = LogConfig::of([("cleanup.policy", "compact")]);
    let mut log = UnifiedLog::open(&mut disk, "orders-0", partition, Uuid(1), config, Micros::ZERO, true, 0, 0);
    for (offset, key) in (0..).zip(keys) {
        let mut batch = BatchBuilder::new(offset);
        batch.append(0, Some(key.as_bytes()), Some(b"value"), &[]);
        let records = Records::of(vec![batch.build()]);
        log.append_as_follower(&mut disk, &records, Micros::ZERO).expect("in order");
    }
    log.update_high_watermark(keys.len() as i64);
    log
}

fn replica(broker: i32, leads: bool, log: &UnifiedLog) -> Replica<'_> {
    Replica { broker, leads, leader_epoch: 1, log }
}

#[test]
fn a_sound_cluster_breaks_nothing_and_every_lamp_but_those_without_occasion_has_been_checked() {
    let (_, checker) = cluster();
    assert_eq!(checker.broken(), []);
    let dark: Vec<String> =
        checker.lamps().into_iter().filter(|lamp| lamp.state != LampState::Holds).map(|lamp| lamp.id).collect();
    assert_eq!(dark, ["S9", "S10", "S17"], "nobody had to cut a log, to make a snapshot, or to clean");
}

#[test]
fn s1_a_leader_outside_the_isr() {
    let leads = |leader, isr: &[i32]| PartitionRegistration { leader, isr: isr.to_vec(), ..Default::default() };
    assert!(rules::leader_in_isr(&leads(1, &[1, 2])).is_ok() && rules::leader_in_isr(&leads(-1, &[])).is_ok());
    assert!(rules::leader_in_isr(&leads(3, &[1, 2])).is_err());
}

#[test]
fn s2_committed_records_that_a_member_has_otherwise_or_not_at_all() {
    let leader = log_of(&[(0, "a"), (0, "b")], 2);
    let (same, other, short) =
        (log_of(&[(0, "a"), (0, "b"), (0, "c")], 0), log_of(&[(0, "a"), (1, "b")], 0), log_of(&[], 0));
    let verdict = |member: &UnifiedLog| rules::strong_isr(&replica(1, true, &leader), &replica(2, false, member));
    assert_eq!(verdict(&same), Ok(()));
    assert!(verdict(&other).is_err_and(|words| words.contains("another record of leader epoch 1")));
    assert!(verdict(&short).is_err_and(|words| words.contains("its log ends at 0")));
}

#[test]
fn s3_a_member_that_ends_below_what_was_shown() {
    let log = log_of(&[(0, "a")], 0);
    assert!(rules::valid_high_watermark(1, &replica(2, false, &log)).is_ok());
    assert!(rules::valid_high_watermark(2, &replica(2, false, &log)).is_err());
    let shown = |checker: &mut Checker| {
        let id = orders(checker);
        checker.registered.partitions.get_mut(&id).expect("known").exposed = 100;
        // The next thing that happens to the partition is looked at.
        for seen in &mut checker.seen {
            if let Seen::Broker(seen) = seen {
                seen.is_registered = false;
            }
        }
    };
    assert_eq!(noticed(shown), Some("S3"));
}

#[test]
fn s3_a_fetch_of_an_older_epoch_that_counts() {
    assert_eq!(rules::counts_in_its_epoch(1, 3, 2, 3), Ok(()));
    assert_eq!(rules::counts_in_its_epoch(1, 3, 2, 4), Ok(()), "it knows more than the leader");
    assert!(rules::counts_in_its_epoch(1, 3, 2, 2).is_err_and(|words| words.contains("after 2")));
}

#[test]
fn s4_an_epoch_whose_beginning_is_not_known() {
    let mut log = log_of(&[(0, "a"), (2, "b")], 0);
    let leads =
        |log: &UnifiedLog, leader_epoch| rules::epoch_is_begun(&Replica { leader_epoch, ..replica(1, true, log) });
    assert!(leads(&log, 3).is_err());
    log.assign_epoch_start(&mut Disk::new(), 3, 2, Micros::ZERO);
    assert_eq!(leads(&log, 3), Ok(()));
}

#[test]
fn s4_one_offset_and_epoch_with_two_pasts() {
    let ours = log_of(&[(0, "a"), (0, "b"), (1, "c")], 0);
    let verdict = |theirs: &[(i32, &'static str)], from| {
        let theirs = log_of(theirs, 0);
        rules::log_matching(&replica(1, false, &ours), from, &replica(2, false, &theirs))
    };
    assert_eq!(verdict(&[(0, "a"), (0, "b")], 2), Ok(()));
    assert_eq!(verdict(&[(0, "a"), (0, "x"), (2, "y")], 2), Ok(()), "another epoch may hold anything");
    assert!(verdict(&[(0, "a"), (0, "b"), (1, "x")], 2).is_err_and(|words| words.contains("different records")));
    assert!(verdict(&[(0, "a"), (0, "x"), (1, "c")], 2).is_err_and(|words| words.contains("differ at 1")));
}

#[test]
fn s5_an_epoch_that_goes_back() {
    assert_eq!(noticed(|checker| checker.metadata_seen(1).pretend_newer_epoch()), Some("S5"));
    let later = |checker: &mut Checker| {
        let id = orders(checker);
        let known = checker.registered.partitions.get_mut(&id).expect("known");
        let mut registration = (*known.registration).clone();
        registration.leader_epoch += 1;
        known.registration = registration.into();
    };
    assert_eq!(noticed(later), Some("S5"));
    let restarted = |checker: &mut Checker| {
        let Some(Seen::Broker(seen)) = checker.seen.get_mut(1) else { panic!("b1 is node 1") };
        seen.pretend_later_epochs();
    };
    assert_eq!(noticed(restarted), Some("S5"));
}

#[test]
fn s6_two_leaders_in_one_epoch() {
    let (_, mut checker) = cluster();
    let id = orders(&checker);
    let known = checker.registered.partitions.get_mut(&id).expect("known");
    let (leader, epoch) = (known.registration.leader, known.registration.leader_epoch);
    assert_eq!(known.note_leader(epoch, leader), Ok(()));
    assert!(known.note_leader(epoch, leader % 3 + 1).is_err());
    assert_eq!(checker.quorum.note_leader(9, 101), Ok(()));
    assert!(checker.quorum.note_leader(9, 102).is_err());
}

#[test]
fn s7_a_high_watermark_that_falls_and_a_leader_that_lacks_what_was_shown() {
    let fallen = |checker: &mut Checker| {
        for seen in &mut checker.seen {
            if let Seen::Broker(seen) = seen {
                seen.pretend_higher_watermarks();
            }
        }
    };
    assert_eq!(noticed(fallen), Some("S7"));
    let log = log_of(&[(0, "a")], 1);
    assert!(rules::offsets_in_order(&log).is_ok());
    assert!(rules::in_order([0, 3, 2, 5]).is_err() && rules::in_order([6, 6, 6, 5]).is_err());
}

#[test]
fn s8_metadata_that_only_a_minority_holds() {
    assert!(rules::majority_reached(5, &[5, 6, 2]).is_ok() && rules::majority_reached(5, &[5]).is_ok());
    assert!(rules::majority_reached(5, &[5, 4, 2]).is_err() && rules::majority_reached(5, &[5, 5, 2, 2]).is_err());
}

#[test]
fn s9_a_member_that_cuts_below_what_was_shown() {
    assert!(rules::no_truncate_below(5, 1, 5).is_ok());
    assert!(rules::no_truncate_below(5, 1, 4).is_err());
}

#[test]
fn s10_a_metadata_log_without_a_snapshot_where_it_begins() {
    assert!(rules::begins_at_snapshot(1, 0, false, false).is_ok());
    assert!(rules::begins_at_snapshot(1, 40, true, false).is_ok());
    assert!(rules::begins_at_snapshot(1, 40, false, false).is_err_and(|words| words.contains("no snapshot")));
    assert!(rules::begins_at_snapshot(1, 40, true, true).is_err_and(|words| words.contains("leads")));
}

#[test]
fn s11_and_s12_a_repeated_batch_a_gap_and_an_older_epoch() {
    let last = LastBatch { epoch: 2, last_sequence: 7, last_offset: 7, timestamp: 0 };
    let sound = (Ok(()), Ok(()));
    assert_eq!((written::follows(&last, 9, 2, 8), written::follows(&last, 9, 3, 0)), (sound.clone(), sound.clone()));
    let wrapped = LastBatch { last_sequence: i32::MAX, ..last };
    assert_eq!(written::follows(&wrapped, 9, 2, 0), sound);
    for (epoch, sequence) in [(2, 7), (2, 9), (3, 5)] {
        assert!(written::follows(&last, 9, epoch, sequence).0.is_err(), "epoch {epoch}, sequence {sequence}");
    }
    assert!(written::follows(&last, 9, 1, 8).1.is_err_and(|words| words.contains("after one of epoch 2")));
}

#[test]
fn s16_two_active_controllers_in_one_epoch() {
    let (_, mut checker) = cluster();
    assert_eq!((checker.quorum.note_active(9, 101), checker.quorum.note_active(9, 101)), (Ok(()), Ok(())));
    assert!(checker.quorum.note_active(9, 102).is_err() && checker.quorum.note_active(10, 102).is_ok());
}

#[test]
fn s17_a_key_whose_newest_record_the_cleaner_took() {
    let log = keyed_log(&["a", "b", "a"]);
    let newest = |offset, is_tombstone| Newest { offset, timestamp: 0, is_tombstone };
    let keys = |entries: &[(&str, Newest)]| {
        entries.iter().map(|(key, newest)| (Digest::of(key.as_bytes()), *newest)).collect()
    };
    let lost = |entries: &[(&str, Newest)], now_ms| written::lost_key(&keys(entries), &log, now_ms);
    assert_eq!(lost(&[("a", newest(2, false)), ("b", newest(1, false))], 0), None);
    assert_eq!(lost(&[("c", newest(2, false))], 0), Some(newest(2, false)), "it is gone");
    assert_eq!(lost(&[("b", newest(2, false))], 0), Some(newest(2, false)), "only an older one is left");
    assert_eq!(lost(&[("c", newest(2, true))], 0), Some(newest(2, true)), "a tombstone has its time");
    assert_eq!(lost(&[("c", newest(2, true))], 100_000_000), None);
    assert_eq!(lost(&[("c", newest(3, false))], 0), None, "above the high watermark nothing is cleaned");
}

#[test]
fn s18_a_packet_that_nobody_can_account_for() {
    let counters = Counters { sent: 3, delivered: 1, in_flight: 1, ..Counters::default() };
    let imbalance = Imbalance { counters, found_in_flight: None };
    assert!(rules::conservation(Ok(())).is_ok() && rules::conservation(Err(imbalance)).is_err());
}

#[test]
fn s19_metadata_that_goes_back_or_says_something_else() {
    assert_eq!(noticed(|checker| checker.metadata_seen(1).pretend_later()), Some("S19"));
    // Somebody who comes later finds another image than the first one had at that place.
    let (timeline, mut checker) = cluster();
    let mut timeline = timeline;
    while checker.first_broken().is_none() && timeline.world().now() < Micros::from_secs(60) {
        timeline.run_while(Micros::from_secs(60), |world, events| {
            checker.after(world, events);
            checker.quorum.pretend_other_images();
            checker.first_broken().is_none()
        });
    }
    assert_eq!(checker.first_broken().map(|broken| broken.id), Some("S19"));
}

#[test]
fn s20_a_queue_that_is_full() {
    let (timeline, mut checker) = cluster();
    let mut world = timeline.world().clone();
    world.set_limits(Limits { queue_max: 1, ..Limits::default() });
    let node = world.resolve("t1").expect("it is there");
    world.control(node, cluster::Control::Type("ls".to_string()));
    world.control(node, cluster::Control::Type("ls".to_string()));
    checker.after(&world, &[]);
    assert_eq!(checker.first_broken().map(|broken| broken.id), Some("S20"));
}

#[test]
fn a_break_is_forgotten_before_its_event_and_kept_after_it() {
    let (timeline, mut checker) = cluster();
    let world = timeline.world();
    checker.report(world, Invariant::StrongIsr, "made for this test".to_string());
    let state = |checker: &Checker| checker.lamps().into_iter().find(|lamp| lamp.id == "S2").map(|lamp| lamp.state);
    assert_eq!(state(&checker), Some(LampState::Broken(world.index())));
    checker.rewind(world);
    assert_eq!(state(&checker), Some(LampState::Broken(world.index())), "it lies at this very place");
    let mut earlier = timeline.clone();
    earlier.seek(world.index() - 50);
    checker.rewind(earlier.world());
    assert_eq!(state(&checker), Some(LampState::Holds));
}
