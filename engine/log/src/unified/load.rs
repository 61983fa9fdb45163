//! Opening a log: what a start makes of the files it finds (`LogLoader`).

use std::sync::Arc;

use base::{Micros, Uuid};
use protocol::TopicPartition;
use sim::Disk;

use super::UnifiedLog;
use crate::batch::{BatchView, Batches};
use crate::checkpoint;
use crate::epochs::LeaderEpochCache;
use crate::index::{AbortedTxn, OffsetIndex, TimeIndex};
use crate::producer_state::{AppendContext, CompletedTxn, ProducerAppendInfo, ProducerStateManager};
use crate::segment::{DELETED, LOG, LogSegment, OFFSET_INDEX, TIME_INDEX, TXN_INDEX, file_name};
use crate::{AppendOrigin, LogConfig, Now};

/// What a broker knows about a log before it opens it: settings, and the checkpoints of its log directory.
#[derive(Clone, Debug)]
pub struct Opening {
    /// `Uuid::ZERO` takes the one of `partition.metadata`.
    pub topic_id: Uuid,
    pub config: Arc<LogConfig>,
    /// `.kafka_cleanshutdown` was there.
    pub clean_shutdown: bool,
    /// From `recovery-point-offset-checkpoint`, 0 without an entry. Without a clean shutdown everything from here on is
    /// scanned.
    pub recovery_point: i64,
    /// From `log-start-offset-checkpoint`, 0 without an entry.
    pub log_start: i64,
    /// From `replication-offset-checkpoint`, 0 without an entry.
    pub high_watermark: i64,
}

impl UnifiedLog {
    /// Opens or creates the log in folder `dir`; see [`Opening`] for the arguments.
    #[allow(clippy::too_many_arguments)]
    pub fn open(
        disk: &mut Disk,
        dir: &str,
        partition: TopicPartition,
        topic_id: Uuid,
        config: LogConfig,
        now: Micros,
        clean_shutdown: bool,
        recovery_point: i64,
        high_watermark: i64,
    ) -> UnifiedLog {
        let config = config.into();
        let opening = Opening { topic_id, config, clean_shutdown, recovery_point, log_start: 0, high_watermark };
        UnifiedLog::open_with(disk, dir, partition, opening, now)
    }

    /// Opens the log in folder `dir`, or creates it. A torn tail is cut off and indexes that are missing or may be
    /// stale are built anew; nothing that lies in the folder makes this fail.
    pub fn open_with(
        disk: &mut Disk,
        dir: &str,
        partition: TopicPartition,
        opening: Opening,
        now: impl Into<Now>,
    ) -> UnifiedLog {
        let now = now.into();
        let dir: Arc<str> = dir.into();
        let mut topic_id = opening.topic_id;
        if topic_id == Uuid::ZERO
            && let Ok(Some(id)) = checkpoint::read_partition_metadata(disk, &dir)
        {
            topic_id = id;
        }
        let mut log = UnifiedLog {
            producers: ProducerStateManager::open(disk, &dir, opening.config.producer_id_expiration_ms),
            // A damaged file is read as none: the epochs are found again in the batches.
            epochs: LeaderEpochCache::new(checkpoint::read_leader_epochs(disk, &dir).unwrap_or_default()),
            dir,
            partition: Arc::new(partition),
            topic_id,
            config: opening.config.clone(),
            segments: Vec::new(),
            log_start: opening.log_start,
            high_watermark: 0,
            log_end: 0,
            recovery_point: 0,
            first_unstable_offset: None,
            pending_deletes: Vec::new(),
            is_verified: false,
        };
        log.load(disk, &opening, now);
        log.is_verified = log.size() == 0;
        log
    }

    fn load(&mut self, disk: &mut Disk, opening: &Opening, now: Now) {
        let epochs_before = self.epochs.clone();
        self.finish_interrupted_operations(disk);
        self.load_segments(disk, opening, now);
        self.remove_segments_below_log_start(disk, opening, now);
        if self.segments.is_empty() {
            let segment = LogSegment::create(disk, &self.dir, opening.log_start, &self.config, now);
            self.segments.push(Arc::new(segment));
        }
        // The active segment's indexes are opened at a start, so they have files from then on.
        self.active().touch_indexes(disk, now);
        self.active().reserve_indexes(disk);
        self.log_end = self.active().next_offset();
        self.recovery_point =
            if opening.clean_shutdown { self.log_end } else { opening.recovery_point.min(self.log_end) };
        self.log_start = opening.log_start.max(self.segments[0].base_offset());
        self.epochs.truncate_from_end(self.log_end);
        self.epochs.truncate_from_start(opening.log_start);
        let epoch_file = format!("{}/{}", self.dir, checkpoint::LEADER_EPOCH_FILE);
        if self.epochs != epochs_before {
            self.epochs.write(disk, &self.dir, now.at);
        } else if !disk.exists(&epoch_file) {
            disk.write(&epoch_file, bytes::Bytes::new(), now.at);
        }
        self.write_partition_metadata(disk, now.at);
        let bases: Vec<i64> = self.segments.iter().map(|segment| segment.base_offset()).collect();
        self.producers.remove_stray_snapshots(disk, &bases);
        self.rebuild_producers(disk, self.log_start, self.log_end, opening.clean_shutdown, now);
        self.update_high_watermark(opening.high_watermark);
    }

    fn write_partition_metadata(&self, disk: &mut Disk, now: Micros) {
        let path = format!("{}/{}", self.dir, checkpoint::PARTITION_METADATA_FILE);
        if self.topic_id != Uuid::ZERO && !disk.exists(&path) {
            disk.write(&path, checkpoint::partition_metadata_text(self.topic_id).into(), now);
        }
    }

    /// Files that an interrupted deletion or compaction left. A `.swap` is complete and takes the place of the segments
    /// that it was made of; a `.cleaned` is not.
    fn finish_interrupted_operations(&self, disk: &mut Disk) {
        let names = disk.list(&self.dir);
        let path = |name: &str| format!("{}/{name}", self.dir);
        let offset_of = |name: &str| name.get(..20).and_then(|digits| digits.parse::<i64>().ok());
        for name in names.iter().filter(|name| name.ends_with(DELETED) || name.ends_with(".cleaned")) {
            disk.remove(&path(name));
        }
        for name in names.iter().filter(|name| name.ends_with(".log.swap")) {
            let Some(from) = offset_of(name) else { continue };
            let end = parse_batches(disk, &path(name)).0.last().map_or(from, BatchView::next_offset);
            for old in names.iter().filter(|old| !old.ends_with(".swap")) {
                if offset_of(old).is_some_and(|offset| offset >= from && offset < end) {
                    disk.remove(&path(old));
                }
            }
        }
        for name in names.iter().filter(|name| name.ends_with(".swap")) {
            disk.rename(&path(name), &path(name.trim_end_matches(".swap")));
        }
    }

    fn load_segments(&mut self, disk: &mut Disk, opening: &Opening, now: Now) {
        let mut bases: Vec<i64> = Vec::new();
        for name in disk.list(&self.dir) {
            let Some((stem, suffix)) = name.split_once('.') else { continue };
            let Ok(base) = stem.parse::<i64>() else { continue };
            let is_index = ["index", "timeindex", "txnindex"].contains(&suffix);
            if suffix == "log" {
                bases.push(base);
            } else if is_index && !disk.exists(&format!("{}/{}", self.dir, file_name(base, LOG))) {
                disk.remove(&format!("{}/{name}", self.dir));
            }
        }
        // The segment that holds the recovery point is the first that is scanned.
        let first_unflushed = bases.partition_point(|base| *base <= opening.recovery_point).saturating_sub(1);
        for (at, base) in bases.iter().enumerate() {
            let unflushed = !opening.clean_shutdown && at >= first_unflushed;
            let torn = self.load_segment(disk, *base, unflushed, now);
            if torn {
                for later in &bases[at + 1..] {
                    self.remove_segment_files(disk, *later);
                }
                break;
            }
        }
    }

    /// True when bytes had to be cut off.
    fn load_segment(&mut self, disk: &mut Disk, base: i64, unflushed: bool, now: Now) -> bool {
        let mut segment = LogSegment::bare(&self.dir, base, &self.config, now);
        let log_path = segment.path(LOG);
        let modified = disk.file(&log_path).map_or(now.at, |file| file.modified);
        let (batches, whole) = parse_batches(disk, &log_path);
        let recovers =
            unflushed || !whole || !offsets_grow(&segment, &batches) || !disk.exists(&segment.path(OFFSET_INDEX));
        if recovers {
            self.recover_segment(disk, &mut segment, batches, now);
        } else {
            for batch in batches {
                segment.batches.push(batch.into_bytes());
            }
            let contents =
                |suffix: &str| disk.file(&segment.path(suffix)).map(|file| file.contents()).unwrap_or_default();
            let (index, time_index, txn_index) = (contents(OFFSET_INDEX), contents(TIME_INDEX), contents(TXN_INDEX));
            segment.offset_index = OffsetIndex::read(base, self.config.segment_index_bytes, &index);
            segment.time_index = TimeIndex::read(base, self.config.segment_index_bytes, &time_index);
            segment.aborted = AbortedTxn::read_all(&txn_index);
            segment.set_max_timestamp_so_far(segment.time_index.last());
        }
        let torn = disk.file(&log_path).is_some_and(|file| file.len() > u64::from(segment.size()));
        disk.truncate(&log_path, u64::from(segment.size()), now.at);
        segment.set_times(now.epoch_ms, if torn { now.epoch_ms } else { modified.as_epoch_ms() });
        self.segments.push(Arc::new(segment));
        torn
    }

    /// Takes the batches of a file up to the first bad one, and makes indexes, epochs and producer state of them.
    fn recover_segment(&mut self, disk: &mut Disk, segment: &mut LogSegment, batches: Vec<BatchView>, now: Now) {
        let base = segment.base_offset();
        let mut producers = ProducerStateManager::open(disk, &self.dir, self.config.producer_id_expiration_ms);
        std::mem::swap(&mut self.producers, &mut producers);
        self.rebuild_producers(disk, self.log_start, base, false, now);
        std::mem::swap(&mut self.producers, &mut producers);
        let had_txn_index = disk.exists(&segment.path(TXN_INDEX));
        let mut next = base;
        for batch in batches {
            let in_range = batch.base_offset() >= next && segment.offset_index.can_append_offset(batch.last_offset());
            if !batch.verify_crc() || !in_range || batch.last_offset_delta() < 0 {
                break;
            }
            next = batch.next_offset();
            segment.index_batch(&batch, segment.size(), &mut None);
            if self.latest_epoch().is_none_or(|latest| batch.leader_epoch() > latest) {
                self.epochs.assign(batch.leader_epoch(), batch.base_offset());
            }
            if let Some(aborted) = apply_batch(&mut producers, &batch, &self.partition) {
                segment.aborted.push(aborted);
            }
            segment.batches.push(batch.into_bytes());
        }
        segment.finish_recovery(disk, had_txn_index, now);
        producers.take_snapshot(disk, now.at);
        self.producers = ProducerStateManager::open(disk, &self.dir, self.config.producer_id_expiration_ms);
    }

    /// A log that ends below its start holds nothing of use (files were lost): it starts over.
    fn remove_segments_below_log_start(&mut self, disk: &mut Disk, opening: &Opening, now: Now) {
        let Some(last) = self.segments.last() else { return };
        if last.next_offset() >= opening.log_start {
            return;
        }
        let all = std::mem::take(&mut self.segments);
        self.schedule_delete(disk, &all, false, false, now);
        self.epochs.clear();
        self.producers.truncate_fully_and_start_at(disk, opening.log_start);
    }

    fn remove_segment_files(&mut self, disk: &mut Disk, base: i64) {
        for suffix in [LOG, OFFSET_INDEX, TIME_INDEX, TXN_INDEX, ".snapshot"] {
            disk.remove(&format!("{}/{}", self.dir, file_name(base, suffix)));
        }
    }

    /// Brings the producer state to `last_offset`: from the newest snapshot below it, then from the batches.
    pub(super) fn rebuild_producers(
        &mut self,
        disk: &mut Disk,
        log_start: i64,
        last_offset: i64,
        clean_shutdown: bool,
        now: Now,
    ) {
        let bases: Vec<i64> = self.segments.iter().map(|segment| segment.base_offset()).collect();
        // Snapshots at the last two segments make a later truncation cheap.
        let snapshot_at: Vec<i64> = bases.iter().rev().take(2).rev().copied().chain([last_offset]).collect();
        if !self.producers.has_snapshots() && clean_shutdown {
            for offset in snapshot_at {
                self.producers.set_map_end(offset);
                self.producers.take_snapshot(disk, now.at);
            }
            return;
        }
        let nothing_to_lose = self.producers.is_empty() && self.producers.map_end() >= last_offset;
        self.producers.truncate_and_reload(disk, log_start, last_offset, now.epoch_ms);
        if last_offset > self.producers.map_end() && !nothing_to_lose {
            self.replay_producers(disk, log_start, last_offset, &snapshot_at, now);
        }
        self.producers.set_map_end(last_offset);
        self.producers.take_snapshot(disk, now.at);
        self.update_first_unstable();
    }

    fn replay_producers(&mut self, disk: &mut Disk, log_start: i64, last_offset: i64, snapshot_at: &[i64], now: Now) {
        let from = self.producers.map_end();
        let first = self.segments.partition_point(|segment| segment.base_offset() <= from).saturating_sub(1);
        for segment in &self.segments[first..] {
            if segment.base_offset() >= last_offset {
                break;
            }
            let start = segment.base_offset().max(self.producers.map_end()).max(log_start);
            self.producers.set_map_end(start);
            if snapshot_at.contains(&segment.base_offset()) {
                self.producers.take_snapshot(disk, now.at);
            }
            for stored in segment.batches().iter_from(segment.batches().find(start)) {
                if stored.last_offset() >= last_offset {
                    break;
                }
                // The transaction index has these already.
                apply_batch(&mut self.producers, &stored.view(), &self.partition);
            }
        }
    }
}

/// Takes one batch of the log into the producer state. An aborted transaction comes back for the transaction index.
fn apply_batch(
    producers: &mut ProducerStateManager,
    batch: &BatchView,
    partition: &TopicPartition,
) -> Option<AbortedTxn> {
    let mut aborted = None;
    if batch.has_producer_id() {
        let id = batch.producer_id();
        let mut info = ProducerAppendInfo::new(id, producers.last_entry(id));
        let context = AppendContext { partition, origin: AppendOrigin::Replication, transaction_version: 0 };
        // What stands in the log was accepted once; a contradiction in it is not this start's to judge.
        let completed: Option<CompletedTxn> = info.append(batch, context).unwrap_or(None);
        producers.update(id, info);
        if let Some(completed) = completed {
            aborted = completed.aborted.then(|| AbortedTxn {
                producer_id: id,
                first_offset: completed.first_offset,
                last_offset: completed.last_offset,
                last_stable_offset: producers.last_stable_offset(&completed),
            });
            producers.complete(&completed);
        }
    }
    producers.set_map_end(batch.next_offset());
    aborted
}

/// The whole batches of a segment file from its start, and whether they are all that it holds. Batches share the chunks
/// of the disk where these end at batch borders, as they do unless the file was tampered with.
fn parse_batches(disk: &Disk, path: &str) -> (Vec<BatchView>, bool) {
    let mut batches = Vec::new();
    let Some(file) = disk.file(path) else { return (batches, true) };
    for chunk in file.chunks() {
        let mut in_chunk = Batches::new(chunk.clone());
        batches.extend(in_chunk.by_ref().map_while(Result::ok));
        if in_chunk.taken() < chunk.len() {
            return parse_contiguous(file.contents());
        }
    }
    (batches, true)
}

/// No checksum covers a batch's base offset, so a start without a scan looks at least at the order.
fn offsets_grow(segment: &LogSegment, batches: &[BatchView]) -> bool {
    let mut next = segment.base_offset();
    batches.iter().all(|batch| {
        let fits = batch.base_offset() >= next && segment.offset_index.can_append_offset(batch.last_offset());
        next = batch.next_offset();
        fits && batch.last_offset_delta() >= 0
    })
}

fn parse_contiguous(contents: bytes::Bytes) -> (Vec<BatchView>, bool) {
    let len = contents.len();
    let mut whole = Batches::new(contents);
    let batches: Vec<BatchView> = whole.by_ref().map_while(Result::ok).collect();
    (batches, whole.taken() == len)
}
