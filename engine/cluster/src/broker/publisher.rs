//! Drives the metadata loop: fetch, fold, apply (Kafka: `BrokerMetadataPublisher`).

use base::Micros;

use super::{Broker, Fx, process};
use crate::metadata::MetadataDelta;

impl Broker {
    /// Takes what the quorum has committed, and notes who leads it.
    pub(super) fn follow_metadata(&mut self, now: Micros, fx: &mut Fx<'_>) -> bool {
        let leader = self.raft.raft().leader();
        if self.known_controller != leader {
            self.known_controller = leader;
            self.on_controller_known(fx);
        }
        let Some(loaded) = process!(self, now).load(&self.spec.host, fx) else { return false };
        self.on_metadata_delta(now, &loaded.delta, fx);
        if let Some(controller) = &mut self.controller {
            controller.on_published(&loaded, &mut process!(self, now), fx);
        }
        true
    }

    /// Records became committed. Before the first publication they only gather in the image.
    fn on_metadata_delta(&mut self, now: Micros, delta: &MetadataDelta, fx: &mut Fx<'_>) {
        for (offset, fault) in &delta.faults {
            let text = format!("Error loading metadata log record at offset {offset}: {fault}");
            self.log_line("ERROR", "MetadataLoader", text, fx);
        }
        if !self.published {
            return;
        }
        self.apply_topics_delta(now, delta, fx);
        if !delta.configs.is_empty() {
            self.apply_configs();
        }
        if !delta.brokers.is_empty() {
            self.on_brokers_changed(now, delta, fx);
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
