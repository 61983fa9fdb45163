//! What a leader's log says of producers and keys, remembered so that an append or a cleaning can be judged by what was
//! there before: S11, S12 and S17.

use base::{Digest, Map};
use cluster::broker::Broker;
use cluster::metadata::TopicIdPartition;
use log::UnifiedLog;
use log::batch::{BatchView, NO_PRODUCER_EPOCH, RawRecords, increment_sequence};
use sim::World;

use super::Checker;
use super::lamps::Invariant;
use crate::host::Host;

/// What the newest leader of a partition has written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The leader epoch of that leader. One that was deposed and does not know it may write what will be cut.
    epoch: i32,
    /// Producer id to its last batch.
    producers: Map<i64, LastBatch>,
    /// Digest of a key to its newest record; of compacted logs only.
    keys: Map<u64, Newest>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastBatch {
    pub epoch: i16,
    pub last_sequence: i32,
    pub last_offset: i64,
    pub timestamp: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    pub offset: i64,
    pub timestamp: i64,
    pub is_tombstone: bool,
}

/// What is wrong with a batch: sequence, epoch.
type Verdicts = (Result<(), String>, Result<(), String>);

impl Written {
    /// Takes a batch in without judging it.
    fn note(&mut self, batch: &BatchView, keeps_keys: bool) {
        if batch.has_producer_id() {
            let epoch = batch.producer_epoch();
            let before = self.producers.get(&batch.producer_id()).filter(|last| last.epoch == epoch);
            let last_sequence = match batch.is_control() {
                true => before.map_or(-1, |last| last.last_sequence),
                false => batch.last_sequence(),
            };
            let (last_offset, timestamp) = (batch.last_offset(), batch.max_timestamp());
            self.producers.insert(batch.producer_id(), LastBatch { epoch, last_sequence, last_offset, timestamp });
        }
        if !keeps_keys || batch.is_control() {
            return;
        }
        for (offset, timestamp, key, is_tombstone) in keyed(batch) {
            match batch.is_transactional() {
                // It may be aborted, and then nothing of it counts.
                true => drop(self.keys.remove(&key)),
                false => drop(self.keys.insert(key, Newest { offset, timestamp, is_tombstone })),
            }
        }
    }

    /// S11 and S12 of a batch that was just appended.
    fn judge(&self, batch: &BatchView, log: &UnifiedLog, now_ms: i64) -> Verdicts {
        let sound = (Ok(()), Ok(()));
        if !batch.has_producer_id() || batch.is_control() {
            return sound;
        }
        // A producer that was silent for long, or whose records are gone, may begin anywhere.
        let is_known = |last: &&LastBatch| {
            let silent_ms = now_ms.saturating_sub(last.timestamp);
            last.last_offset >= log.log_start() && silent_ms < log.config().producer_id_expiration_ms
        };
        match self.producers.get(&batch.producer_id()).filter(is_known) {
            Some(last) => follows(last, batch.producer_id(), batch.producer_epoch(), batch.base_sequence()),
            None => sound,
        }
    }
}

/// Whether a batch may come after a producer's last one.
pub fn follows(last: &LastBatch, producer: i64, epoch: i16, sequence: i32) -> Verdicts {
    if epoch < last.epoch {
        let words = format!("producer {producer} wrote in epoch {epoch} after one of epoch {}", last.epoch);
        return (Ok(()), Err(words));
    }
    let expected =
        if epoch > last.epoch || last.last_sequence < 0 { 0 } else { increment_sequence(last.last_sequence, 1) };
    if sequence == expected || last.epoch == NO_PRODUCER_EPOCH {
        return (Ok(()), Ok(()));
    }
    let words = format!("producer {producer} wrote sequence {sequence} where {expected} comes next");
    (Err(words), Ok(()))
}

/// Offset, timestamp, digest of the key, and whether there is no value, of each record with a key.
fn keyed(batch: &BatchView) -> Vec<(i64, i64, u64, bool)> {
    let body = batch.body().unwrap_or_default();
    let count = if body.is_empty() { 0 } else { batch.count() };
    let records = RawRecords::new(&body, count).map_while(Result::ok);
    records
        .filter_map(|record| {
            let (offset, timestamp) = (record.offset_in(batch), record.timestamp_in(batch));
            Some((offset, timestamp, Digest::of(record.key?), record.value.is_none()))
        })
        .collect()
}

/// S17: of the keys that were written before the cleaning, those whose newest record is not where it was. A tombstone
/// need not stay longer than `delete.retention.ms`.
pub fn lost_key(keys: &Map<u64, Newest>, log: &UnifiedLog, now_ms: i64) -> Option<Newest> {
    let mut there: Map<u64, i64> = Map::new();
    for batch in log.batches_between(log.log_start(), log.log_end()) {
        for (offset, _, key, _) in keyed(&batch) {
            there.insert(key, offset);
        }
    }
    let must_stay = |newest: &Newest| {
        let is_young = now_ms.saturating_sub(newest.timestamp) < log.config().delete_retention_ms;
        // Above the high watermark a follower may hold something else, which goes.
        (log.log_start()..log.high_watermark()).contains(&newest.offset) && (!newest.is_tombstone || is_young)
    };
    keys.iter()
        .find(|(key, newest)| must_stay(newest) && there.get(key).is_none_or(|offset| *offset < newest.offset))
        .map(|(_, newest)| *newest)
}

impl Checker {
    /// A leader appended what stands from `from` on, or has just begun to lead: then what is below is taken as it is.
    pub(super) fn look_at_written(
        &mut self,
        world: &World<Host>,
        broker: &Broker,
        id: TopicIdPartition,
        is_new_role: bool,
        from: i64,
    ) {
        let Some(known) = self.registered.partitions.get_mut(&id) else { return };
        let Some(held) = broker.partition(&known.name) else { return };
        let (log, keeps_keys) = (&held.log, held.log.config().compact);
        if held.leader_epoch() < known.written.epoch {
            return;
        }
        // Whatever was looked at meanwhile, a newer leader's log counts from its beginning.
        if is_new_role || held.leader_epoch() > known.written.epoch {
            known.written = Written { epoch: held.leader_epoch(), ..Written::default() };
            for batch in log.batches_between(log.log_start(), from) {
                known.written.note(&batch, keeps_keys);
            }
        }
        let now_ms = world.now().as_epoch_ms();
        let says = |words: String| format!("{} on broker {}, its leader: {words}", known.name, broker.node_id());
        let (mut sequence, mut epoch) = (Ok(()), Ok(()));
        for batch in log.batches_between(from, log.log_end()) {
            let (of_sequence, of_epoch) = known.written.judge(&batch, log, now_ms);
            sequence = sequence.and(of_sequence);
            epoch = epoch.and(of_epoch);
            known.written.note(&batch, keeps_keys);
        }
        let (sequence, epoch) = (sequence.map_err(says), epoch.map_err(says));
        if from < log.log_end() {
            self.judge(world, Invariant::ProducerSequence, || sequence);
            self.judge(world, Invariant::FencedProducer, || epoch);
        }
    }

    /// S17: a replica was cleaned.
    pub(super) fn check_cleaned(&mut self, world: &World<Host>, broker: &Broker, id: TopicIdPartition) {
        let Some(known) = self.registered.partitions.get(&id) else { return };
        let Some(held) = broker.partition(&known.name) else { return };
        // A follower may not have cut what the newest leader lacks, and an unclean election takes committed records.
        let is_comparable = held.is_leader() || known.binding_from == 0;
        if held.leader_epoch() != known.written.epoch || !is_comparable {
            return;
        }
        let lost = lost_key(&known.written.keys, &held.log, world.now().as_epoch_ms());
        let (name, broker) = (known.name.clone(), broker.node_id());
        self.judge(world, Invariant::CompactionKeeps, || match lost {
            None => Ok(()),
            Some(newest) => {
                let what = if newest.is_tombstone { "the tombstone" } else { "the newest record of a key" };
                Err(format!("{name} on broker {broker}: the cleaner took {what} at offset {}", newest.offset))
            }
        });
    }
}
