//! What a broker does in the background, and how it ends.

use base::Micros;

use log::checkpoint;
use protocol::TopicPartition;

use super::{Broker, BrokerState, Fx, timer};
use crate::server_log::logger;
use crate::spec::LOG_DIR;
use crate::{Event, ServerTimer};

/// A controlled shutdown that takes longer is given up and the process ends anyway (`BrokerServer.shutdown`).
const SHUTDOWN_DEADLINE_SECS: u64 = 300;
/// How long the threads and channels that a broker closes before its logs take to end. What the controller decided as it let
/// the broker go is heard meanwhile: metadata is followed until the process ends.
const CLOSING_MS: u64 = 100;

impl Broker {
    pub(super) fn start_background_tasks(&mut self, now: Micros, fx: &mut Fx<'_>) {
        self.schedule_isr_check(fx);
        self.schedule_checkpoint(now, fx);
        let delay = Micros::from_ms(self.settings.server.amount("log.initial.task.delay.ms"));
        for task in [ServerTimer::RecoveryCheckpoint, ServerTimer::LogStartCheckpoint, ServerTimer::Retention] {
            fx.set_timer_after(timer(task), delay);
        }
        self.start_cleaner(fx);
    }

    /// Plans the next checkpoint of the high watermarks, at the next beat of its interval. An idle broker plans none.
    pub(super) fn schedule_checkpoint(&mut self, now: Micros, fx: &mut Fx<'_>) {
        if self.checkpoint_scheduled || !self.published {
            return;
        }
        let interval = Micros::from_ms(self.settings.high_watermark_checkpoint_interval_ms.max(1));
        let beats = now.saturating_sub(self.started_at).0 / interval.0 + 1;
        self.checkpoint_scheduled = true;
        fx.set_timer(timer(ServerTimer::Checkpoint), self.started_at + Micros(beats * interval.0));
    }

    pub(super) fn on_checkpoint(&mut self, now: Micros, _fx: &mut Fx<'_>) {
        self.checkpoint_scheduled = false;
        let offsets = self.replicas.high_watermarks();
        self.files.checkpoint_high_watermarks(&mut self.disk, offsets, now);
    }

    /// Old segments go (`LogManager.cleanupLogs`), every `log.retention.check.interval.ms`.
    pub(super) fn on_retention(&mut self, now: Micros, fx: &mut Fx<'_>) {
        let ids: Vec<TopicPartition> = self.replicas.partitions.keys().cloned().collect();
        for id in ids {
            let Some(held) = self.replicas.partitions.get_mut(&id) else { continue };
            held.log.remove_expired_producers(now);
            // Compacted logs are the cleaner's.
            if !held.log.config().compact {
                self.delete_old_segments(now, id, fx);
            }
        }
        self.schedule_file_deletion(fx);
        let interval = self.settings.server.amount("log.retention.check.interval.ms");
        fx.set_timer_after(timer(ServerTimer::Retention), Micros::from_ms(interval));
    }

    pub(super) fn on_recovery_checkpoint(&mut self, now: Micros, fx: &mut Fx<'_>) {
        self.checkpoint_recovery_points(now);
        let interval = self.settings.server.amount("log.flush.offset.checkpoint.interval.ms").max(1);
        fx.set_timer_after(timer(ServerTimer::RecoveryCheckpoint), Micros::from_ms(interval));
    }

    pub(super) fn on_log_start_checkpoint(&mut self, now: Micros, fx: &mut Fx<'_>) {
        self.checkpoint_log_starts(now);
        let interval = self.settings.server.amount("log.flush.start.offset.checkpoint.interval.ms").max(1);
        fx.set_timer_after(timer(ServerTimer::LogStartCheckpoint), Micros::from_ms(interval));
    }

    pub(super) fn checkpoint_recovery_points(&mut self, now: Micros) {
        let points = self.replicas.partitions.iter().map(|(id, held)| (id, held.log.recovery_point()));
        self.files.checkpoint_recovery_points(&mut self.disk, points, now);
    }

    /// Only a log start that lies above the first segment's base must be remembered.
    pub(super) fn checkpoint_log_starts(&mut self, now: Micros) {
        let logs = self.replicas.partitions.iter().map(|(id, held)| (id, &held.log));
        let starts = logs
            .filter(|(_, log)| log.log_start() > 0 && log.log_start() > log.first_base_offset())
            .map(|(id, log)| (id, log.log_start()));
        self.files.checkpoint_log_starts(&mut self.disk, starts, now);
    }

    /// SIGTERM.
    pub(super) fn on_terminate(&mut self, now: Micros, fx: &mut Fx<'_>) {
        crate::controller::log_terminated(fx);
        self.log_server("Transition from STARTED to SHUTTING_DOWN", fx);
        self.log_server("shutting down", fx);
        if !self.settings.controlled_shutdown_enable || !self.lifecycle.begin_controlled_shutdown() {
            return self.shut_down(now, fx);
        }
        self.log_lifecycle("Beginning controlled shutdown.", fx);
        fx.set_timer_after(timer(ServerTimer::ShutdownDeadline), Micros::from_secs(SHUTDOWN_DEADLINE_SECS));
        fx.set_timer_after(timer(ServerTimer::Heartbeat), Micros::ZERO);
    }

    /// The controller lets the broker go: nobody is served any more, and after a while the logs are closed.
    pub(super) fn begin_closing(&mut self, fx: &mut Fx<'_>) {
        for conn in self.connections.take_all() {
            fx.close(conn);
            self.purgatory.forget_connection(conn, fx);
        }
        fx.cancel_timer(timer(ServerTimer::Heartbeat));
        fx.set_timer_after(timer(ServerTimer::ShutdownDeadline), Micros::from_ms(CLOSING_MS));
    }

    /// Closes the logs, writes the checkpoints and the marker of a clean shutdown, and ends the process.
    pub(super) fn shut_down(&mut self, now: Micros, fx: &mut Fx<'_>) {
        self.lifecycle.state = BrokerState::ShuttingDown;
        if self.published {
            for text in ["shutting down", "shutdown completed"] {
                self.log_fetchers(text, fx);
            }
            self.log_info(logger::LOG_MANAGER, "Shutting down.".to_string(), fx);
            let offsets = self.replicas.high_watermarks();
            self.files.checkpoint_high_watermarks(&mut self.disk, offsets, now);
            for held in self.replicas.partitions.values_mut() {
                held.log.close(&mut self.disk, now);
            }
            self.checkpoint_recovery_points(now);
            self.checkpoint_log_starts(now);
            checkpoint::write_clean_shutdown(&mut self.disk, LOG_DIR, self.lifecycle.broker_epoch, now);
            self.log_info(logger::LOG_MANAGER, "Shutdown complete.".to_string(), fx);
        }
        fx.emit(Event::BrokerStopped { broker: self.spec.node_id });
        self.raft.begin_shutdown(now, &mut self.disk, fx);
    }

    /// The broker has ended; a controller in the same process hands its leadership over before the process does.
    pub(super) fn end_process(&mut self, now: Micros, fx: &mut Fx<'_>) {
        self.raft.end(&mut self.disk, now, fx);
        self.log_server("shut down completed", fx);
        self.log_server("Transition from SHUTTING_DOWN to SHUTDOWN", fx);
        fx.exit();
    }
}
