//! The log cleaner's thread (`LogCleaner`): compacts the dirtiest log, and the next, until none is dirty enough; then it
//! rests for `log.cleaner.backoff.ms`.

use base::Micros;
use protocol::TopicPartition;

use super::partition::Partition;
use super::{Broker, Fx, named_timer};
use crate::Event;
use crate::spec::Mutant;

pub(super) const CLEANER: &str = "log-cleaner";

/// Bytes of one key in the cleaner's memory: a hash of 16 and an offset.
const BYTES_PER_KEY: u64 = 24;

impl Broker {
    pub(super) fn start_cleaner(&self, fx: &mut Fx<'_>) {
        if self.settings.server.flag("log.cleaner.enable") {
            fx.set_timer_after(named_timer(CLEANER, 0), Micros::ZERO);
        }
    }

    pub(super) fn on_cleaner(&mut self, now: Micros, fx: &mut Fx<'_>) {
        let room = self.cleaner_room();
        self.reset_invalid_checkpoints(now);
        // Most brokers have many logs and few of these.
        let is_compacted = |(id, held): (&TopicPartition, &Partition)| held.log.config().compact.then(|| id.clone());
        let compacted: Vec<TopicPartition> = self.replicas.partitions.iter().filter_map(is_compacted).collect();
        // Each pass makes a log less dirty, so this ends; a log is passed once.
        let mut rest = compacted.clone();
        while let Some(at) = self.filthiest_log(&rest, now) {
            self.clean_log(&rest.remove(at), room, now, fx);
        }
        // Retention of compacted logs is the cleaner's too: what lies below the log start, and with `compact,delete` what
        // is too old or too much.
        if !compacted.is_empty() {
            for partition in compacted {
                self.delete_old_segments(now, partition, fx);
            }
            self.schedule_file_deletion(fx);
        }
        let backoff = self.settings.server.amount("log.cleaner.backoff.ms").max(1);
        fx.set_timer_after(named_timer(CLEANER, 0), Micros::from_ms(backoff));
    }

    /// Where the part of a log began that the last pass of this process read keys of; it ends where the checkpoint is.
    pub fn dirty_from(&self, partition: &TopicPartition) -> Option<i64> {
        self.files.dirty_from.get(partition).copied()
    }

    /// How many keys one pass can remember.
    fn cleaner_room(&self) -> usize {
        let server = &self.settings.server;
        let memory = server.amount("log.cleaner.dedupe.buffer.size") / server.amount("log.cleaner.threads").max(1);
        let load = load_permille(server.text("log.cleaner.io.buffer.load.factor").unwrap_or_default());
        (memory.min(i32::MAX as u64) / BYTES_PER_KEY * load / 1_000) as usize
    }

    /// A checkpoint below the log's start, which retention moved, or above its end begins at the start again
    /// (`LogCleanerManager.cleanableOffsets`).
    fn reset_invalid_checkpoints(&mut self, now: Micros) {
        let invalid = self.files.cleaned.iter().filter_map(|(partition, offset)| {
            let log = &self.replicas.partitions.get(partition).filter(|held| held.log.config().compact)?.log;
            let is_valid = (log.log_start()..=log.log_end()).contains(offset);
            (!is_valid).then(|| (partition.clone(), log.log_start()))
        });
        for (partition, start) in invalid.collect::<Vec<_>>() {
            self.files.checkpoint_cleaned(&mut self.disk, &partition, start, now);
        }
    }

    /// Which of these logs has the largest part to clean, the first of several; none when no log has enough.
    fn filthiest_log(&self, compacted: &[TopicPartition], now: Micros) -> Option<usize> {
        let mut filthiest: Option<(u64, usize)> = None;
        for (at, partition) in compacted.iter().enumerate() {
            let Some(held) = self.replicas.partitions.get(partition) else { continue };
            let work = held.log.to_clean(self.files.cleaned.get(partition).copied(), now);
            let share = work.cleanable_ppm();
            let is_eligible = work.is_eligible(held.log.config().min_cleanable_dirty_ratio_ppm);
            if is_eligible && filthiest.is_none_or(|(most, _)| share > most) {
                filthiest = Some((share, at));
            }
        }
        filthiest.map(|(_, at)| at)
    }

    fn clean_log(&mut self, partition: &TopicPartition, room: usize, now: Micros, fx: &mut Fx<'_>) {
        let Some(held) = self.replicas.partitions.get_mut(partition) else { return };
        let work = held.log.to_clean(self.files.cleaned.get(partition).copied(), now);
        // The segment that the dirty part begins in counts too.
        let is_later = |base: i64| (work.first_dirty + 1..work.first_uncleanable).contains(&base);
        let later = held.log.segments().iter().filter(|segment| is_later(segment.base_offset)).count();
        let config = held.log.config().clone();
        if self.spec.profile.breaks(Mutant::CleanerDropsTombstones) {
            held.log.set_config(log::LogConfig { delete_retention_ms: 0, ..(*config).clone() }.into());
        }
        let cleaned = held.log.clean(&mut self.disk, &work, room, now);
        if *held.log.config() != config {
            held.log.set_config(config);
        }
        if let Some(end) = cleaned {
            self.files.dirty_from.insert(partition.clone(), work.first_dirty);
            self.files.checkpoint_cleaned(&mut self.disk, partition, end, now);
            self.log_cleaned(partition, work.first_dirty, end, 1 + later, fx);
        }
    }

    pub(super) fn delete_old_segments(&mut self, now: Micros, partition: TopicPartition, fx: &mut Fx<'_>) {
        let Some(held) = self.replicas.partitions.get_mut(&partition) else { return };
        let from = held.log.log_start();
        let deleted = held.log.delete_old_segments(&mut self.disk, now);
        let to = held.log.log_start();
        self.log_deleted(&partition, &deleted, fx);
        if to > from {
            fx.emit(Event::LogStartAdvanced { partition, broker: self.spec.node_id, from, to });
        }
    }
}

/// A fraction such as `0.9` in thousandths.
fn load_permille(text: &str) -> u64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    whole.parse::<u64>().unwrap_or(0) * 1_000 + digits.parse::<u64>().unwrap_or(0)
}
