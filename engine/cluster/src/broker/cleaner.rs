//! The log cleaner's thread (`LogCleaner`): compacts the dirtiest log, and the next, until none is dirty enough; then it
//! rests for `log.cleaner.backoff.ms`.

use base::Micros;
use protocol::TopicPartition;

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
        // Each pass makes a log less dirty, so this ends; a log is passed once.
        let mut done: Vec<TopicPartition> = Vec::new();
        while let Some(partition) = self.filthiest_log(&done, now) {
            self.clean_log(&partition, room, now);
            done.push(partition);
        }
        self.delete_of_compacted(now, fx);
        self.schedule_file_deletion(fx);
        let rest = self.settings.server.amount("log.cleaner.backoff.ms").max(1);
        fx.set_timer_after(named_timer(CLEANER, 0), Micros::from_ms(rest));
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
        let compacted = self.replicas.partitions.iter().filter(|(_, held)| held.log.config().compact);
        let invalid = compacted.filter(|(partition, held)| {
            let known = self.files.cleaned.get(partition);
            known.is_some_and(|offset| !(held.log.log_start()..=held.log.log_end()).contains(offset))
        });
        for (partition, start) in invalid.map(|(id, held)| (id.clone(), held.log.log_start())).collect::<Vec<_>>() {
            self.files.checkpoint_cleaned(&mut self.disk, &partition, start, now);
        }
    }

    fn filthiest_log(&self, done: &[TopicPartition], now: Micros) -> Option<TopicPartition> {
        let mut filthiest: Option<(u64, &TopicPartition)> = None;
        for (partition, held) in &self.replicas.partitions {
            let config = held.log.config();
            if !config.compact || done.contains(partition) {
                continue;
            }
            let work = held.log.to_clean(self.files.cleaned.get(partition).copied(), now);
            let share = work.cleanable_ppm();
            if work.is_eligible(config.min_cleanable_dirty_ratio_ppm) && filthiest.is_none_or(|(most, _)| share > most)
            {
                filthiest = Some((share, partition));
            }
        }
        filthiest.map(|(_, partition)| partition.clone())
    }

    fn clean_log(&mut self, partition: &TopicPartition, room: usize, now: Micros) {
        let Some(held) = self.replicas.partitions.get_mut(partition) else { return };
        let work = held.log.to_clean(self.files.cleaned.get(partition).copied(), now);
        let config = held.log.config().clone();
        if self.spec.profile.breaks(Mutant::CleanerDropsTombstones) {
            held.log.set_config(log::LogConfig { delete_retention_ms: 0, ..config.clone() });
        }
        let cleaned = held.log.clean(&mut self.disk, &work, room, now);
        if *held.log.config() != config {
            held.log.set_config(config);
        }
        if let Some(end) = cleaned {
            self.files.checkpoint_cleaned(&mut self.disk, partition, end, now);
        }
    }

    /// Retention of compacted logs is the cleaner's too: what lies below the log start, and with `compact,delete` what
    /// is too old or too much.
    fn delete_of_compacted(&mut self, now: Micros, fx: &mut Fx<'_>) {
        let compacted = self.replicas.partitions.iter().filter(|(_, held)| held.log.config().compact);
        for id in compacted.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.delete_old_segments(now, id, fx);
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
