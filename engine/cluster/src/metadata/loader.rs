//! Follows the committed part of the metadata log with an image, and says when it is time for a snapshot
//! (`MetadataLoader`, `SnapshotGenerator`). Brokers and controllers have one alike.

use std::sync::{Arc, OnceLock};

use base::Micros;
use log::batch::BatchView;
use protocol::TopicPartition;
use protocol::metadata::MetadataRecord;
use protocol::topic::CLUSTER_METADATA_TOPIC_NAME;
use sim::Disk;

use super::{MetadataBatch, MetadataDelta, MetadataImage};
use crate::config::ServerConfig;
use crate::raft::{Raft, Snapshot};

#[derive(Clone, Debug, Hash)]
pub struct MetadataLoader {
    pub image: MetadataImage,
    /// Everything below is folded into the image.
    loaded_end: i64,
    /// A record that is no control record was loaded.
    has_seen_record: bool,
    /// All that was committed when the process began is in the image: what is counted for snapshots begins there, where
    /// Kafka initializes its publishers.
    caught_up: bool,
    bytes_since_snapshot: u64,
    last_snapshot_at: Micros,
    /// `metadata.log.max.record.bytes.between.snapshots`
    max_bytes: u64,
    /// `metadata.log.max.snapshot.interval.ms`; zero is never.
    max_interval: Micros,
}

/// Records became committed and are in the image.
#[derive(Debug)]
pub struct Loaded {
    pub delta: MetadataDelta,
    /// The first offset that was not in the image before.
    pub from: i64,
    /// What was read; of a snapshot all that it holds.
    pub batches: Vec<MetadataBatch>,
    /// The image with all that.
    image: MetadataImage,
    /// How long the batches are in the log; of a snapshot zero.
    bytes: u64,
}

/// What goes along with records on their way to those who follow the log (see [`protocol::Memo`]).
#[derive(Debug)]
pub struct Shared {
    /// The sender's image.
    pub image: MetadataImage,
    /// What the first of the receivers made of the records. The others, who hold the same image before, take it over.
    loaded: OnceLock<Arc<Loaded>>,
}

impl Shared {
    pub fn new(image: MetadataImage) -> Shared {
        Shared { image, loaded: OnceLock::new() }
    }
}

impl MetadataLoader {
    pub fn new(server: &ServerConfig, now: Micros) -> MetadataLoader {
        MetadataLoader {
            image: MetadataImage::default(),
            loaded_end: 0,
            has_seen_record: false,
            caught_up: false,
            bytes_since_snapshot: 0,
            last_snapshot_at: now,
            max_bytes: server.amount("metadata.log.max.record.bytes.between.snapshots"),
            max_interval: Micros::from_ms(server.amount("metadata.log.max.snapshot.interval.ms")),
        }
    }

    /// The offset after the last record in the image.
    pub fn loaded_end(&self) -> i64 {
        self.loaded_end
    }

    /// The offset of the last record in the image; -1 before the first.
    pub fn offset(&self) -> i64 {
        self.loaded_end - 1
    }

    /// Folds what has become committed since the last time into the image. An open metadata transaction is published
    /// only when it ends. `shared` came with the records from the end of the image on, if they came in one answer.
    pub fn load(&mut self, raft: &Raft, disk: &Disk, now: Micros, shared: Option<&Shared>) -> Option<Arc<Loaded>> {
        let end = raft.high_watermark();
        if self.loaded_end >= end {
            return None;
        }
        let from = self.loaded_end;
        if from < raft.log_start() {
            return self.load_snapshot(raft, disk, now, end);
        }
        let known = shared.and_then(|shared| shared.loaded.get()).filter(|known| self.would_load(known, end));
        let loaded = match known {
            Some(known) => known.clone(),
            None => {
                let loaded = Arc::new(self.read(raft, from, end)?);
                if let Some(shared) = shared {
                    shared.loaded.get_or_init(|| loaded.clone());
                }
                loaded
            }
        };
        self.has_seen_record |= loaded.batches.iter().any(|batch| !batch.records.is_empty());
        if self.caught_up {
            self.bytes_since_snapshot += loaded.bytes;
        } else if self.has_seen_record {
            (self.caught_up, self.last_snapshot_at) = (true, now);
        }
        (self.image, self.loaded_end) = (loaded.image.clone(), end);
        Some(loaded)
    }

    /// Whether this node would make the same of the records up to `end`, which are the same ones.
    fn would_load(&self, known: &Loaded, end: i64) -> bool {
        let before = &known.delta.before;
        known.from == self.loaded_end
            && known.image.end_offset() == end
            && (before.end_offset(), before.epoch()) == (self.image.end_offset(), self.image.epoch())
            && before.says_the_same(&self.image)
    }

    /// Reads committed records. None while they leave a metadata transaction open.
    fn read(&self, raft: &Raft, from: i64, end: i64) -> Option<Loaded> {
        let (mut batches, mut bytes) = (Vec::new(), 0);
        for view in raft.log().batches_between(from, end) {
            batches.push(decode_metadata_batch(&view));
            bytes += view.size() as u64;
        }
        let mut image = self.image.clone();
        let delta = image.apply(&batches);
        (!image.in_transaction()).then_some(Loaded { delta, from, batches, image, bytes })
    }

    /// The log begins later than what is known: a snapshot stands for what is missing.
    fn load_snapshot(&mut self, raft: &Raft, disk: &Disk, now: Micros, end: i64) -> Option<Arc<Loaded>> {
        let id = raft.latest_snapshot()?;
        let snapshot = Snapshot::read(raft.snapshot_file(disk, id)?);
        let image = MetadataImage::of_snapshot(&snapshot.batches, id.end_offset, id.epoch);
        let delta = MetadataDelta::between(&self.image, &image);
        let from = self.loaded_end;
        (self.image, self.loaded_end) = (image.clone(), id.end_offset);
        (self.has_seen_record, self.caught_up) = (true, self.caught_up || id.end_offset >= end);
        (self.bytes_since_snapshot, self.last_snapshot_at) = (0, now);
        Some(Arc::new(Loaded { delta, from, batches: snapshot.batches, image, bytes: 0 }))
    }

    /// Why a snapshot should be written now, if one should; counting begins anew.
    pub fn take_snapshot_reason(&mut self, now: Micros) -> Option<String> {
        let waited = now.saturating_sub(self.last_snapshot_at);
        let reason = if self.bytes_since_snapshot >= self.max_bytes {
            format!("we have replayed at least {} bytes", self.max_bytes)
        } else if self.max_interval > Micros::ZERO && waited >= self.max_interval {
            format!("we have waited at least {} minute(s)", self.max_interval.as_ms() / 60_000)
        } else {
            return None;
        };
        (self.bytes_since_snapshot, self.last_snapshot_at) = (0, now);
        Some(reason)
    }
}

/// The records of one batch. A control batch has none that concern the image, and a record that cannot be read was not
/// written by a controller of this Kafka.
pub fn decode_metadata_batch(batch: &BatchView) -> MetadataBatch {
    let values = batch.records().filter_map(Result::ok).filter_map(|record| record.value);
    let records = match batch.is_control() {
        true => Vec::new(),
        false => values.filter_map(|value| MetadataRecord::decode(&value).ok()).map(|(record, _)| record).collect(),
    };
    MetadataBatch {
        base_offset: batch.base_offset(),
        last_offset: batch.last_offset(),
        epoch: batch.leader_epoch(),
        timestamp_ms: batch.max_timestamp(),
        records,
    }
}

/// The partition that the metadata log is.
pub fn metadata_partition() -> TopicPartition {
    TopicPartition::new(CLUSTER_METADATA_TOPIC_NAME, 0)
}
