//! Segments that come and go: what the broker's log says of them, and when their files are freed.

use base::Micros;
use log::segment::{DELETED, LOG};
use log::{DeletedSegment, DeletionReason, Doomed, UnifiedLog};
use protocol::TopicPartition;

use super::log_files::DoomedFolder;
use super::{Broker, Fx};
use crate::server_log::logger;

impl Broker {
    /// A segment was full, or too old.
    pub(super) fn log_rolled(&self, id: &TopicPartition, offset: i64, fx: &mut Fx<'_>) {
        self.log_local(id, &format!("Rolled new log segment at offset {offset} in 0 ms."), fx);
    }

    fn log_local(&self, id: &TopicPartition, text: &str, fx: &mut Fx<'_>) {
        let text = format!("[LocalLog partition={id}, dir={}/{id}] {text}", self.log_dir());
        self.log_info(logger::LOCAL_LOG, text, fx);
    }

    /// What retention took (`UnifiedLog.deleteOldSegments`), reason by reason.
    pub(super) fn log_deleted(&self, id: &TopicPartition, deleted: &[DeletedSegment], fx: &mut Fx<'_>) {
        let Some(log) = self.replicas.get(id).map(|held| &held.log) else { return };
        let mut size = log.size() + deleted.iter().map(|gone| u64::from(gone.segment.bytes)).sum::<u64>();
        for group in deleted.chunk_by(|a, b| a.reason == b.reason) {
            let last = &group[group.len() - 1];
            let start = last.segment.next_offset;
            if last.segment.active {
                self.log_rolled(id, start, fx);
            }
            if last.reason == DeletionReason::LogStartBreach {
                let shown: Vec<&str> = group.iter().map(|gone| &*gone.shown).collect();
                let (start, shown) = (log.log_start(), shown.join(","));
                self.log_unified(id, &format!("Deleting segments due to log start offset {start} breach: {shown}"), fx);
            } else {
                self.log_start_raised(id, start, "segment deletion", fx);
            }
            for DeletedSegment { reason, segment, shown } in group {
                size -= u64::from(segment.bytes);
                let why = match reason {
                    DeletionReason::LogStartBreach => continue,
                    DeletionReason::RetentionSizeBreach => {
                        format!("size {} breach. Log size after deletion will be {size}.", log.config().retention_bytes)
                    }
                    DeletionReason::RetentionMsBreach => format!(
                        "time {}ms breach based on the largest record timestamp in the segment",
                        log.config().retention_ms
                    ),
                };
                self.log_unified(id, &format!("Deleting segment {shown} due to log retention {why}"), fx);
            }
        }
    }

    pub(super) fn schedule_file_deletion(&self, fx: &mut Fx<'_>) {
        let files = self.replicas.partitions.values().filter_map(|held| held.log.next_file_delete()).min();
        if let Some(at) = files.into_iter().chain(self.files.next_doom()).min() {
            fx.set_timer(super::timer(crate::ServerTimer::FileDelete), at);
        }
    }

    pub(super) fn on_file_delete(&mut self, now: Micros, fx: &mut Fx<'_>) {
        while let Some(doomed) = self.files.take_doomed(now) {
            self.free_folder(&doomed, fx);
        }
        let ids: Vec<TopicPartition> = self.replicas.partitions.keys().cloned().collect();
        for id in ids {
            while let Some(held) = self.replicas.partitions.get_mut(&id)
                && let Some(what) = held.log.delete_due(&mut self.disk, now)
            {
                match what {
                    Doomed::Segments { shown, replaced } => self.log_deleting(&id, &shown, replaced, fx),
                    Doomed::File(path) => self.log_file_gone(&path, fx),
                }
            }
        }
        self.schedule_file_deletion(fx);
    }

    fn log_deleting(&self, id: &TopicPartition, shown: &str, replaced: bool, fx: &mut Fx<'_>) {
        let (class, folder) = if replaced { ("UnifiedLog", String::new()) } else { ("LocalLog", format!("/{id}")) };
        let text = format!("[{class} partition={id}, dir={}{folder}] Deleting segment files {shown}", self.log_dir());
        self.log_info(logger::LOCAL_LOG, text, fx);
    }

    /// Puts the folder of a partition out of sight; says what it is called now. The task that frees such folders runs for
    /// the first time when `log.initial.task.delay.ms` is over.
    pub(super) fn doom(&mut self, log: &UnifiedLog, stray: bool, now: Micros) -> String {
        let amount = |name| Micros::from_ms(self.settings.server.amount(name));
        let first = self.started_at + amount("log.initial.task.delay.ms");
        let at = (now + amount("log.segment.delete.delay.ms")).max(first);
        self.files.doom(&mut self.disk, log.partition(), log.shown_segments(), at, stray, &mut self.rng)
    }

    /// The folder of a deleted partition (`LogManager.deleteLogs`).
    fn free_folder(&mut self, doomed: &DoomedFolder, fx: &mut Fx<'_>) {
        let (folder, id, shown) = (&*doomed.folder, &doomed.partition, &*doomed.segments);
        if !shown.is_empty() {
            self.log_local(id, &format!("Deleting segments as the log has been deleted: {shown}"), fx);
            self.log_deleting(id, shown, false, fx);
        }
        let names = self.disk.list(folder);
        let bases: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(LOG)).collect();
        let mut tell = |base: &str, suffix: &str| {
            let name = [base, suffix].concat();
            if names.contains(&name) {
                self.log_file_gone(&format!("{folder}/{name}{DELETED}"), fx);
            }
        };
        for base in &bases {
            log::SEGMENT_SUFFIXES.iter().for_each(|suffix| tell(base, suffix));
        }
        // A snapshot that belongs to no segment goes with the folder.
        bases.iter().for_each(|base| tell(base, ".snapshot"));
        self.disk.remove_folder(folder);
        let text = format!("Deleted log for partition {id} in /{}/{folder}.", self.spec.host);
        self.log_info(logger::LOG_MANAGER, text, fx);
    }

    fn log_file_gone(&self, path: &str, fx: &mut Fx<'_>) {
        let kind = path.strip_suffix(DELETED).and_then(|path| path.rsplit('.').next());
        let (class, what, end) = match kind.unwrap_or_default() {
            "log" => (logger::SEGMENT, "log", "."),
            "index" => (logger::SEGMENT, "offset index", "."),
            "timeindex" => (logger::SEGMENT, "time index", "."),
            "txnindex" => (logger::SEGMENT, "transaction index", "."),
            _ => (logger::SNAPSHOT_FILE, "producer state snapshot", ""),
        };
        self.log_info(class, format!("Deleted {what} /{}/{path}{end}", self.spec.host), fx);
    }
}
