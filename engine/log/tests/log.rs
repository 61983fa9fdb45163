//! One replica's log: what is on the disk, what a start makes of it, truncation.

use base::{Micros, Uuid};
use bytes::Bytes;
use log::batch::{BatchBuilder, BatchView, EndTransactionMarker};
use log::{AppendOrigin, LogConfig, UnifiedLog};
use protocol::{ErrorCode, Records, TopicPartition};
use sim::Disk;

const DIR: &str = "kafka-logs/log-0";
const NOW: Micros = Micros(5_000_000);

fn open(disk: &mut Disk, config: LogConfig, clean: bool, recovery_point: i64, high_watermark: i64) -> UnifiedLog {
    let partition = TopicPartition::new("log", 0);
    UnifiedLog::open(disk, DIR, partition, Uuid(7), config, NOW, clean, recovery_point, high_watermark)
}

fn fresh() -> (Disk, UnifiedLog) {
    let mut disk = Disk::new();
    let log = open(&mut disk, LogConfig::default(), true, 0, 0);
    (disk, log)
}

fn batch(values: &[&str]) -> Records {
    let mut builder = BatchBuilder::new(0);
    for value in values {
        builder.append(NOW.as_epoch_ms(), None, Some(value.as_bytes()), &[]);
    }
    Records::of(vec![builder.build()])
}

fn idempotent(epoch: i16, sequence: i32, values: &[&str], transactional: bool) -> Records {
    let mut builder = BatchBuilder::new(0).with_producer(42, epoch, sequence);
    builder.transactional = transactional;
    for value in values {
        builder.append(NOW.as_epoch_ms(), None, Some(value.as_bytes()), &[]);
    }
    Records::of(vec![builder.build()])
}

fn append(disk: &mut Disk, log: &mut UnifiedLog, epoch: i32, values: &[&str]) -> i64 {
    log.append_as_leader(disk, &batch(values), epoch, NOW, AppendOrigin::Client).expect("a good batch").base_offset
}

fn values(log: &UnifiedLog) -> Vec<String> {
    let text = |value: Option<Bytes>| String::from_utf8(value.unwrap_or_default().to_vec()).unwrap();
    log.records_between(log.log_start(), log.log_end()).into_iter().map(|(r, _, _)| text(r.value)).collect()
}

#[test]
fn a_fresh_partition_has_kafkas_files() {
    let (disk, log) = fresh();
    assert_eq!(
        disk.list(DIR),
        [
            "00000000000000000000.index",
            "00000000000000000000.log",
            "00000000000000000000.timeindex",
            "leader-epoch-checkpoint",
            "partition.metadata"
        ]
    );
    let text = |name: &str| disk.file(&format!("{DIR}/{name}")).unwrap().contents();
    assert_eq!(text("leader-epoch-checkpoint"), "", "written with the first epoch");
    assert_eq!(text("partition.metadata"), "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAABw");
    assert_eq!((log.log_start(), log.high_watermark(), log.log_end()), (0, 0, 0));
}

#[test]
fn leader_and_follower_hold_the_same_bytes() {
    let (mut disk, mut leader) = fresh();
    append(&mut disk, &mut leader, 3, &["a", "b"]);
    append(&mut disk, &mut leader, 4, &["c"]);
    let (mut follower_disk, mut follower) = fresh();
    let fetched = leader.read(0, 1_000_000, true, leader.log_end()).unwrap();
    let info = follower.append_as_follower(&mut follower_disk, &fetched, NOW).unwrap();
    assert_eq!((info.base_offset, info.last_offset, follower.log_end()), (0, 2, 3));
    assert_eq!(follower.epochs(), leader.epochs());
    assert_eq!(values(&follower), ["a", "b", "c"]);
    let path = format!("{DIR}/00000000000000000000.log");
    for at in 0..2 {
        let [a, b] = [&disk, &follower_disk].map(|disk| disk.file(&path).unwrap().chunks().nth(at).unwrap().as_ptr());
        assert_eq!(a, b, "the bytes exist once");
    }
}

#[test]
fn reads_are_bounded_and_start_with_a_whole_batch() {
    let (mut disk, mut log) = fresh();
    append(&mut disk, &mut log, 0, &["a", "b"]);
    append(&mut disk, &mut log, 0, &["c"]);
    let count = |from, max, min_one, end| log.read(from, max, min_one, end).map(|r| r.batches.len());
    assert_eq!(count(1, 1_000, false, 3), Ok(2), "offset 1 is inside the first batch");
    assert_eq!(count(0, 1, true, 3), Ok(1));
    assert_eq!(count(0, 1, false, 3), Ok(0));
    assert_eq!(count(0, 1_000, true, 2), Ok(1), "nothing at or above the bound");
    assert_eq!(count(3, 1_000, true, 3), Ok(0));
    assert_eq!(count(4, 1_000, true, 3), Err(ErrorCode::OffsetOutOfRange));
    assert_eq!(count(-1, 1_000, true, 3), Err(ErrorCode::OffsetOutOfRange));
}

#[test]
fn a_clean_restart_finds_everything_and_adds_a_snapshot() {
    let (mut disk, mut log) = fresh();
    append(&mut disk, &mut log, 0, &["a", "b", "c"]);
    log.update_high_watermark(3);
    log.close(&mut disk, NOW);
    assert!(disk.exists(&format!("{DIR}/00000000000000000003.snapshot")));
    let again = open(&mut disk, LogConfig::default(), true, log.recovery_point(), 3);
    assert_eq!((again.log_end(), again.high_watermark(), again.latest_epoch()), (3, 3, Some(0)));
    assert_eq!(values(&again), ["a", "b", "c"]);
}

#[test]
fn a_torn_tail_is_cut_off() {
    let (mut disk, mut log) = fresh();
    append(&mut disk, &mut log, 0, &["a"]);
    append(&mut disk, &mut log, 5, &["b"]);
    let path = format!("{DIR}/00000000000000000000.log");
    let whole = disk.file(&path).unwrap().len();
    disk.truncate(&path, whole - 3, NOW);
    let again = open(&mut disk, LogConfig::default(), false, 0, 2);
    assert_eq!((again.log_end(), again.high_watermark()), (1, 1));
    assert_eq!(again.latest_epoch(), Some(0), "the epoch of what was lost goes with it");
    assert_eq!(disk.file(&path).unwrap().len(), again.size());
    assert_eq!(values(&again), ["a"]);
}

#[test]
fn damage_in_the_middle_loses_everything_behind_it() {
    let (mut disk, mut log) = fresh();
    for value in ["a", "b", "c"] {
        append(&mut disk, &mut log, 0, &[value]);
    }
    let path = format!("{DIR}/00000000000000000000.log");
    let mut bytes = disk.file(&path).unwrap().contents().to_vec();
    let second_value = bytes.len() / 3 + 67;
    bytes[second_value] ^= 1;
    disk.write(&path, bytes.into(), NOW);
    let again = open(&mut disk, LogConfig::default(), false, 0, 0);
    assert_eq!(values(&again), ["a"]);
}

#[test]
fn lost_epoch_file_and_indexes_are_made_anew() {
    let config = LogConfig::of([("index.interval.bytes", "100")]);
    let mut disk = Disk::new();
    let mut log = open(&mut disk, config.clone(), true, 0, 0);
    for (epoch, value) in [(1, "a"), (1, "b"), (2, "c"), (4, "d")] {
        append(&mut disk, &mut log, epoch, &[value]);
    }
    let names = ["00000000000000000000.index", "leader-epoch-checkpoint"];
    let before = names.map(|name| disk.file(&format!("{DIR}/{name}")).unwrap().contents());
    assert_eq!(before[1], "0\n3\n1 0\n2 2\n4 3\n");
    assert!(!before[0].is_empty());
    for name in names {
        disk.remove(&format!("{DIR}/{name}"));
    }
    open(&mut disk, config, false, 0, 0);
    assert_eq!(names.map(|name| disk.file(&format!("{DIR}/{name}")).unwrap().contents()), before);
}

#[test]
fn truncation_takes_whole_batches_epochs_and_high_watermark() {
    let (mut disk, mut log) = fresh();
    append(&mut disk, &mut log, 1, &["a", "b"]);
    append(&mut disk, &mut log, 2, &["c", "d"]);
    log.update_high_watermark(4);
    assert_eq!(log.end_offset_for_epoch(1), (1, 2));
    assert_eq!(log.end_offset_for_epoch(7), (-1, -1));
    assert!(!log.truncate_to(&mut disk, 4, NOW));
    assert!(log.truncate_to(&mut disk, 2, NOW));
    assert_eq!((log.log_end(), log.high_watermark(), log.latest_epoch()), (2, 2, Some(1)));
    assert_eq!(append(&mut disk, &mut log, 3, &["e"]), 2);
    assert_eq!(values(&log), ["a", "b", "e"]);
    let again = open(&mut disk, LogConfig::default(), false, 0, 0);
    assert_eq!(values(&again), ["a", "b", "e"]);
    assert_eq!(again.epochs(), log.epochs());
}

#[test]
fn a_log_that_is_wiped_goes_on_at_the_offset_given() {
    let (mut disk, mut log) = fresh();
    append(&mut disk, &mut log, 1, &["a", "b"]);
    log.truncate_fully_and_start_at(&mut disk, 10, NOW);
    assert_eq!((log.log_start(), log.high_watermark(), log.log_end(), log.latest_epoch()), (10, 10, 10, None));
    assert_eq!(append(&mut disk, &mut log, 2, &["c"]), 10);
    assert!(disk.list(DIR).contains(&"00000000000000000000.log.deleted".to_string()));
    let due = log.next_file_delete().unwrap();
    while log.delete_due(&mut disk, due).is_some() {}
    assert!(!disk.list(DIR).iter().any(|name| name.ends_with(".deleted")));
}

#[test]
fn a_repeated_batch_is_answered_and_not_appended() {
    let (mut disk, mut log) = fresh();
    let mut send = |log: &mut UnifiedLog, epoch, sequence, values: &[&str]| {
        log.append_as_leader(&mut disk, &idempotent(epoch, sequence, values, false), 0, NOW, AppendOrigin::Client)
    };
    send(&mut log, 0, 0, &["a", "b"]).unwrap();
    send(&mut log, 0, 2, &["c"]).unwrap();
    let again = send(&mut log, 0, 0, &["a", "b"]).unwrap();
    assert!(again.duplicate);
    assert_eq!((again.base_offset, again.last_offset, log.log_end()), (0, 1, 3));
    let gap = send(&mut log, 0, 4, &["d"]).unwrap_err();
    assert_eq!(gap.code, ErrorCode::OutOfOrderSequenceNumber);
    assert_eq!(
        gap.message,
        "Out of order sequence number for producer 42 at offset 3 in partition log-0: 4 (incoming seq. number), 2 \
         (current end sequence number)"
    );
    send(&mut log, 1, 0, &["e"]).unwrap();
    assert_eq!(send(&mut log, 0, 3, &["f"]).unwrap_err().code, ErrorCode::InvalidProducerEpoch);
    assert_eq!(values(&log), ["a", "b", "c", "e"]);
}

#[test]
fn duplicates_are_still_known_after_restarts() {
    for clean in [true, false] {
        let (mut disk, mut log) = fresh();
        let first = idempotent(0, 0, &["a"], false);
        log.append_as_leader(&mut disk, &first, 0, NOW, AppendOrigin::Client).unwrap();
        if clean {
            log.close(&mut disk, NOW);
        }
        let mut again = open(&mut disk, LogConfig::default(), clean, 0, 1);
        let answer = again.append_as_leader(&mut disk, &first, 0, NOW, AppendOrigin::Client).unwrap();
        assert!(answer.duplicate, "clean: {clean}");
    }
}

#[test]
fn an_open_transaction_holds_the_last_stable_offset() {
    let (mut disk, mut log) = fresh();
    append(&mut disk, &mut log, 0, &["a"]);
    let open_txn = idempotent(0, 0, &["b"], true);
    log.append_as_leader(&mut disk, &open_txn, 0, NOW, AppendOrigin::Client).unwrap();
    append(&mut disk, &mut log, 0, &["c"]);
    log.update_high_watermark(3);
    assert_eq!((log.high_watermark(), log.last_stable_offset()), (3, 1));
    let marker = EndTransactionMarker { committed: false, coordinator_epoch: 0 };
    log.append_end_txn_marker(&mut disk, (42, 1), marker, 2, 0, NOW).unwrap();
    assert_eq!(log.last_stable_offset(), 1, "the marker is not below the high watermark yet");
    log.update_high_watermark(4);
    assert_eq!(log.last_stable_offset(), 4);
    let aborted = log.aborted_transactions(0, 4);
    assert_eq!((aborted[0].first_offset, aborted[0].last_offset), (1, 3));
    assert!(disk.exists(&format!("{DIR}/00000000000000000000.txnindex")));
    let again = open(&mut disk, LogConfig::default(), false, 0, 4);
    assert_eq!(again.aborted_transactions(0, 4), aborted);
}

#[test]
fn batches_that_are_not_clean_are_refused_in_kafkas_words() {
    let (mut disk, mut log) = fresh();
    let mut bytes = batch(&["a"]).batches[0].to_vec();
    bytes[66] ^= 1;
    let crc = BatchView::new(bytes.clone().into()).unwrap().crc();
    let records = Records::of(vec![bytes.into()]);
    let error = log.append_as_leader(&mut disk, &records, 0, NOW, AppendOrigin::Client).unwrap_err();
    assert_eq!(error.code, ErrorCode::CorruptMessage);
    assert_eq!(error.message, format!("Record is corrupt (stored crc = {crc}) in topic partition log-0."));
    let mut tiny = open(&mut Disk::new(), LogConfig::of([("max.message.bytes", "50")]), true, 0, 0);
    let error = tiny.append_as_leader(&mut disk, &batch(&["a"]), 0, NOW, AppendOrigin::Client).unwrap_err();
    assert_eq!(error.code, ErrorCode::MessageTooLarge);
    assert_eq!(log.log_end(), 0);
}

#[test]
fn a_clone_shares_closed_blocks_and_lives_on_its_own() {
    let (mut disk, mut log) = fresh();
    for at in 0..200 {
        append(&mut disk, &mut log, 0, &[&at.to_string()]);
    }
    let before = log.clone();
    append(&mut disk, &mut log, 0, &["new"]);
    assert_eq!((before.log_end(), log.log_end()), (200, 201));
    assert_eq!(base::Digest::of(&before), base::Digest::of(&before.clone()));
    assert_ne!(base::Digest::of(&before), base::Digest::of(&log));
}
