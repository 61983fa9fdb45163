//! Whatever bytes come: an answer or an error, never a panic, and never an accepted batch whose checksum is wrong.

use base::{Micros, Rng, Uuid};
use bytes::Bytes;
use log::batch::{AnyBatch, AnyBatches, BatchBuilder, BatchView, Codec};
use log::{AppendOrigin, LogConfig, UnifiedLog};
use protocol::{Records, TopicPartition};
use sim::Disk;

const NOW: Micros = Micros(1_000_000);

fn seeds() -> Vec<Bytes> {
    let headers = vec![("trace".to_string(), Some(Bytes::from_static(b"1"))), ("none".to_string(), None)];
    let mut seeds = Vec::new();
    for codec in Codec::ALL {
        let mut builder = BatchBuilder::new(0).with_producer(7, 0, 0).with_codec(codec);
        for at in 0..4 {
            builder.append(NOW.as_epoch_ms() + at, Some(b"key"), Some(b"some value, some value"), &headers);
        }
        seeds.push(builder.build());
    }
    seeds
}

fn mutate(random: &mut Rng, seed: &Bytes, mend_crc: bool) -> Bytes {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(4) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next_u64() as u8,
            2 => bytes[at] = [0, 0x7F, 0x80, 0xFF][random.below(4) as usize],
            _ => bytes.truncate(at.max(1)),
        }
    }
    if mend_crc && bytes.len() > 61 {
        let crc = base::crc::crc32c(&bytes[21..]).to_be_bytes();
        bytes[17..21].copy_from_slice(&crc);
    }
    bytes.into()
}

#[test]
fn a_hundred_thousand_damaged_batches() {
    let seeds = seeds();
    let mut random = Rng::new(1, 1, "damaged");
    let mut parsed = 0;
    for round in 0..100_000u64 {
        let seed = &seeds[(round % seeds.len() as u64) as usize];
        let bytes = mutate(&mut random, seed, round % 2 == 0);
        for item in AnyBatches::new(bytes).flatten() {
            match item {
                AnyBatch::V2(batch) => parsed += batch.records().filter(|record| record.is_ok()).count(),
                AnyBatch::Legacy(batch) => parsed += batch.records().map_or(0, |records| records.len()),
            }
        }
    }
    assert!(parsed > 100_000, "most mutations leave something to read: {parsed}");
}

#[test]
fn a_leader_takes_only_what_it_can_read_back() {
    let seeds = seeds();
    let mut random = Rng::new(2, 1, "damaged");
    let (mut taken, mut refused) = (0, 0);
    for round in 0..20_000u64 {
        let seed = &seeds[(round % seeds.len() as u64) as usize];
        let records = Records::from_bytes(mutate(&mut random, seed, true));
        let mut disk = Disk::new();
        let partition = TopicPartition::new("t", 0);
        let mut log = UnifiedLog::open(&mut disk, "t-0", partition, Uuid::ZERO, LogConfig::default(), NOW, true, 0, 0);
        match log.append_as_leader(&mut disk, &records, 0, NOW, AppendOrigin::Client) {
            Ok(info) => {
                taken += u64::from(info.bytes > 0);
                assert_eq!(log.log_end(), info.last_offset + 1);
                assert!(log.batches_between(0, i64::MAX).all(|batch: BatchView| batch.verify_crc()));
            }
            Err(error) => {
                refused += 1;
                assert!(!error.message.is_empty());
                assert_eq!(log.log_end(), 0);
            }
        }
    }
    assert!(taken > 100 && refused > 1_000, "both happen: {taken} taken, {refused} refused");
}

#[test]
fn a_start_survives_any_damage_to_the_files() {
    let mut random = Rng::new(3, 1, "damaged");
    for _ in 0..2_000 {
        let mut disk = Disk::new();
        let partition = TopicPartition::new("t", 0);
        let config = LogConfig::of([("segment.bytes", "500"), ("index.interval.bytes", "100")]);
        let open = |disk: &mut Disk, clean: bool| {
            UnifiedLog::open(disk, "t-0", partition.clone(), Uuid(1), config.clone(), NOW, clean, 0, 0)
        };
        let mut log = open(&mut disk, true);
        for _ in 0..8 {
            let records = Records::of(vec![plain()]);
            log.append_as_leader(&mut disk, &records, 0, NOW, AppendOrigin::Client).unwrap();
        }
        log.close(&mut disk, NOW);
        let files: Vec<(String, Bytes)> =
            disk.files().map(|(path, file)| (path.to_string(), file.contents())).collect();
        let (path, contents) = &files[random.below(files.len() as u64) as usize];
        if !contents.is_empty() {
            let damaged = mutate(&mut random, contents, false);
            disk.write(path, damaged, NOW);
        }
        let clean = random.below(2) == 0;
        let mut again = open(&mut disk, clean);
        // A clean start does not scan, and no checksum covers base offsets; but they grow, and stay within a segment's
        // reach.
        assert!(again.log_end() < 1 << 32 && again.log_start() <= again.log_end());
        let read = again.read(again.log_start(), 1_000_000, true, again.log_end());
        assert!(read.is_ok());
        let records = Records::of(vec![plain()]);
        again.append_as_leader(&mut disk, &records, 1, NOW, AppendOrigin::Client).unwrap();
    }
}

fn plain() -> Bytes {
    let mut builder = BatchBuilder::new(0);
    builder.append(NOW.as_epoch_ms(), Some(b"k"), Some(&[b'v'; 80]), &[]);
    builder.build()
}
