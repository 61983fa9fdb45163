//! Work to measure the log and its replication by: append, read, compaction, produce-replicate-consume, and beside them a
//! plain copy of the same bytes. What is needed is made first ([`Bench::prepare`]), so that only the work itself is timed.

use base::{Digest, Micros, Uuid};
use bytes::Bytes;
use log::batch::{BatchBuilder, RawRecords, batches_of};
use log::{AppendOrigin, LogConfig, UnifiedLog};
use protocol::{Records, TopicPartition};
use sim::Disk;

use crate::Outcome;
use crate::load;

/// Records in a batch, and bytes in a record's value.
pub const BATCH_RECORDS: u64 = 100;
pub const RECORD_BYTES: usize = 100;
/// `batch.size` of a producer.
const BATCH_SIZE: usize = 16_384;
/// What one fetch may bring.
const FETCH_BYTES: usize = 1 << 20;
const NOW: Micros = Micros(1_000_000);

/// Which work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// The bytes of all batches into memory that has been written to before.
    Copy,
    /// A leader takes batches of a client that keeps them until it is answered: checks, offsets, indexes, files.
    Append,
    /// A reader takes the log in fetches and looks at each record; checksums that nobody has verified yet it verifies.
    Read,
    /// The cleaner goes over a log in which every key was written several times.
    Compact,
    /// A client produces with acks=all, three brokers replicate, a consumer reads: a whole cluster in virtual time.
    Replicate,
}

impl Work {
    pub const ALL: [Work; 5] = [Work::Copy, Work::Append, Work::Read, Work::Compact, Work::Replicate];

    pub fn name(self) -> &'static str {
        match self {
            Work::Copy => "memory copy",
            Work::Append => "append",
            Work::Read => "read",
            Work::Compact => "compaction",
            Work::Replicate => "produce-replicate-consume",
        }
    }
}

/// Some work, ready to begin.
pub struct Bench {
    work: Work,
    batches: Vec<Bytes>,
    room: Vec<u8>,
    disk: Disk,
    log: UnifiedLog,
    cluster: Option<load::Cluster>,
}

impl Bench {
    /// Makes ready for so many batches.
    pub fn prepare(work: Work, batches: u64) -> Bench {
        let mut disk = Disk::new();
        let config = match work {
            Work::Compact => LogConfig::of([("cleanup.policy", "compact"), ("segment.bytes", "16777216")]),
            _ => LogConfig::default(),
        };
        let partition = TopicPartition::new("orders", 0);
        let log = UnifiedLog::open(&mut disk, "orders-0", partition, Uuid(1), config, NOW, true, 0, 0);
        let made = if work == Work::Replicate { Vec::new() } else { (0..batches).map(batch).collect() };
        let cluster = (work == Work::Replicate).then(|| load::Cluster::start(batches));
        let mut bench = Bench { work, batches: made, room: Vec::new(), disk, log, cluster };
        match work {
            Work::Copy => bench.room = vec![1; bench.batches.iter().map(Bytes::len).sum()],
            Work::Read | Work::Compact => drop(bench.append()),
            Work::Append | Work::Replicate => {}
        }
        bench
    }

    /// Bytes of all batches.
    pub fn bytes(&self) -> u64 {
        self.batches.iter().map(|batch| batch.len() as u64).sum()
    }

    /// Does the work. The digest is over what came of it, and the events are records.
    pub fn run(&mut self) -> Outcome {
        match self.work {
            Work::Copy => self.copy(),
            Work::Append => self.append(),
            Work::Read => self.read(),
            Work::Compact => self.compact(),
            Work::Replicate => match &mut self.cluster {
                Some(cluster) => cluster.run(),
                None => Outcome { digest: 0, events: 0 },
            },
        }
    }

    fn copy(&mut self) -> Outcome {
        let mut at = 0;
        for batch in &self.batches {
            self.room[at..at + batch.len()].copy_from_slice(batch);
            at += batch.len();
        }
        Outcome { digest: at as u64, events: self.batches.len() as u64 * BATCH_RECORDS }
    }

    fn append(&mut self) -> Outcome {
        for batch in std::mem::take(&mut self.batches) {
            let records = Records::of(vec![batch]);
            let taken = self.log.take_as_leader(&mut self.disk, records, 3, NOW, AppendOrigin::Client, 0);
            taken.expect("a sound batch");
        }
        let end = self.log.log_end();
        self.log.update_high_watermark(end);
        Outcome { digest: Digest::of(&self.log.fingerprint_at(end - 1)), events: end as u64 }
    }

    fn read(&mut self) -> Outcome {
        let (mut from, end) = (0, self.log.log_end());
        let (mut records, mut sum) = (0, 0u64);
        while from < end {
            let fetched = self.log.read(from, FETCH_BYTES, true, end).expect("within the log");
            let (count, more, next) = look_at(&fetched);
            (records, sum, from) = (records + count, sum.wrapping_add(more), next);
        }
        Outcome { digest: sum, events: records }
    }

    fn compact(&mut self) -> Outcome {
        let pass = self.log.to_clean(None, NOW);
        self.log.clean(&mut self.disk, &pass, 1 << 24, NOW);
        Outcome {
            digest: Digest::of(&self.log.fingerprint_at(self.log.log_end() - 1)),
            events: self.log.log_end() as u64,
        }
    }
}

/// The batch with this number, as a producer makes it: keys come again after some thousand records.
pub fn batch(number: u64) -> Bytes {
    let mut value = [b'v'; RECORD_BYTES];
    let mut builder = BatchBuilder::new(0).with_room(BATCH_SIZE);
    for at in 0..BATCH_RECORDS {
        let record = number * BATCH_RECORDS + at;
        value[..8].copy_from_slice(&record.to_be_bytes());
        let key = (record.wrapping_mul(0x9E37_79B9) % 20_000).to_be_bytes();
        builder.append(NOW.as_epoch_ms(), Some(&key), Some(&value), &[]);
    }
    builder.build()
}

/// Checks and visits every record of a fetch: how many, a sum over their values, and the next offset.
pub fn look_at(records: &Records) -> (u64, u64, i64) {
    let (mut count, mut sum, mut next) = (0, 0u64, 0);
    for batch in batches_of(records) {
        let batch = batch.expect("whole batches");
        if !records.is_verified() {
            batch.ensure_valid().expect("a right checksum");
        }
        let body = batch.body().expect("not compressed");
        let mut raw = RawRecords::new(&body, batch.count());
        while let Some(record) = raw.advance().expect("a sound record") {
            let value = record.value.unwrap_or_default();
            let number = value.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
            sum = sum.wrapping_add(number ^ value.len() as u64);
            count += 1;
        }
        next = batch.next_offset();
    }
    (count, sum, next)
}
