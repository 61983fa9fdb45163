//! Drives the metadata loop: fetch, fold, apply (Kafka: `BrokerMetadataPublisher`).

use base::{Micros, Uuid};
use log::{LogConfig, UnifiedLog};
use protocol::{Packet, Response};
use sim::Disk;

use super::lifecycle::BrokerState;
use super::log_files::{LogFiles, partition_dir};
use super::metadata_loader::{METADATA_FETCH_VERSION, metadata_partition};
use super::{Broker, Fx, named_timer, timer};
use crate::ServerTimer;
use crate::metadata::MetadataDelta;

pub(super) const METADATA_TIMEOUT: &str = "metadata-fetch-timeout";
/// `controller.quorum.retry.backoff.ms` is 20; a quorum that does not answer is asked less often.
const RETRY_BACKOFF_MS: u64 = 100;

/// The log of `__cluster_metadata` on a broker is never cleaned by its settings, only by snapshots.
pub(super) fn open_metadata_log(disk: &mut Disk, files: &LogFiles, now: Micros) -> UnifiedLog {
    let partition = metadata_partition();
    let config = LogConfig { retention_ms: -1, ..LogConfig::default() };
    let dir = partition_dir(&partition);
    // Which of its records are committed is learnt anew from the controller.
    UnifiedLog::open(disk, &dir, partition, Uuid::METADATA_TOPIC, config, now, files.was_clean, 0, 0)
}

impl Broker {
    /// Sends the next metadata fetch, unless one is under way.
    pub(super) fn fetch_metadata(&mut self, _now: Micros, fx: &mut Fx<'_>) {
        if self.metadata.client.is_busy() || self.lifecycle.state == BrokerState::ShuttingDown {
            return;
        }
        let request = self.metadata.request(self.spec.cluster_id, self.spec.node_id, self.files.directory_id);
        let Some(target) = self.metadata.target().cloned() else { return };
        let sent = self.metadata.client.send(&target.host, target.port, METADATA_FETCH_VERSION, request.into(), fx);
        match sent {
            Ok(()) => {
                let wait = Micros::from_ms(self.settings.quorum_request_timeout_ms);
                fx.set_timer_after(named_timer(METADATA_TIMEOUT, 0), wait);
            }
            Err(_) => self.retry_metadata_fetch(fx),
        }
    }

    fn retry_metadata_fetch(&mut self, fx: &mut Fx<'_>) {
        self.metadata.on_unreachable();
        fx.set_timer_after(timer(ServerTimer::MetadataFetch), Micros::from_ms(RETRY_BACKOFF_MS));
    }

    pub(super) fn on_metadata_connection_closed(&mut self, _now: Micros, fx: &mut Fx<'_>) {
        self.metadata.client.on_closed();
        fx.cancel_timer(named_timer(METADATA_TIMEOUT, 0));
        self.retry_metadata_fetch(fx);
    }

    pub(super) fn on_metadata_timeout(&mut self, _now: Micros, fx: &mut Fx<'_>) {
        self.metadata.client.disconnect(fx);
        self.retry_metadata_fetch(fx);
    }

    pub(super) fn on_metadata_response(&mut self, now: Micros, packet: &Packet, fx: &mut Fx<'_>) {
        let Some(response) = self.metadata.client.take_response(packet) else { return };
        fx.cancel_timer(named_timer(METADATA_TIMEOUT, 0));
        let Response::Fetch(fetched) = &*response else { return self.retry_metadata_fetch(fx) };
        let loaded = self.metadata.on_response(fetched, &mut self.disk, now);
        if let Some(delta) = loaded.delta {
            self.on_metadata_delta(now, delta, fx);
        }
        if loaded.leader_changed && self.metadata.controller().is_some() {
            self.on_controller_known(fx);
        }
        if loaded.ok {
            self.fetch_metadata(now, fx);
        } else {
            fx.set_timer_after(timer(ServerTimer::MetadataFetch), Micros::from_ms(RETRY_BACKOFF_MS));
        }
    }

    /// Records became committed. Before the first publication they only gather in the image.
    fn on_metadata_delta(&mut self, now: Micros, delta: MetadataDelta, fx: &mut Fx<'_>) {
        for (offset, fault) in &delta.faults {
            let text = format!("Error loading metadata log record at offset {offset}: {fault}");
            self.log_line("ERROR", "MetadataLoader", text, fx);
        }
        if !self.published {
            return;
        }
        self.apply_topics_delta(now, &delta, fx);
        if !delta.configs.is_empty() {
            self.apply_configs();
        }
        if !delta.brokers.is_empty() {
            self.on_brokers_changed(now, &delta, fx);
        }
    }

    /// Caught up for the first time: load the logs, take the roles that the metadata gives, and ask to be unfenced.
    pub(super) fn publish_first(&mut self, now: Micros, fx: &mut Fx<'_>) {
        self.load_logs(now, fx);
        self.published = true;
        let text = format!("Publishing initial metadata at offset {}.", self.metadata.offset());
        self.log_info("BrokerMetadataPublisher", text, fx);
        self.apply_whole_image(now, fx);
        // What the metadata did not claim is no partition of this broker.
        self.replicas.loaded.clear();
        self.start_background_tasks(now, fx);
        self.lifecycle.set_ready_to_unfence();
    }
}
