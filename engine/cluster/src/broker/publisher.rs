//! Drives the metadata loop: fetch, fold, apply (Kafka: `BrokerMetadataPublisher`).

use base::Micros;
use protocol::java::java_string_hash;
use protocol::scala;

use super::{Broker, Fx, named_timer, process, timer};
use crate::ServerTimer;
use crate::features::MetadataVersion;
use crate::metadata::{ConfigResource, MetadataDelta, ResourceType};
use crate::server_log::{joined, logger};

/// The logs of a start are loaded.
pub(super) const READY: &str = "logs-loaded";
const LOADING_MS: u64 = 20;

impl Broker {
    /// Takes what the quorum has committed, and notes who leads it.
    pub(super) fn follow_metadata(&mut self, now: Micros, fx: &mut Fx<'_>) -> bool {
        let leader = self.raft.raft().leader();
        if self.known_controller != leader {
            self.known_controller = leader;
            self.on_controller_known(fx);
        }
        let Some(loaded) = process!(self, now).load(fx) else { return false };
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
            self.log_line("ERROR", logger::LOADER, text, fx);
        }
        if !self.published {
            return;
        }
        self.apply_topics_delta(now, delta, fx);
        if !delta.configs.is_empty() {
            let changed: Vec<ConfigResource> = delta.configs.iter().cloned().collect();
            self.log_configs(&changed, fx);
            self.apply_configs();
            self.configure_throttles();
        }
        if !delta.brokers.is_empty() {
            self.on_brokers_changed(now, delta, fx);
        }
    }

    /// Caught up for the first time: load the logs and take the roles that the metadata gives.
    pub(super) fn publish_first(&mut self, now: Micros, fx: &mut Fx<'_>) {
        let version = MetadataVersion::of_level(self.metadata.image.feature("metadata.version"));
        let version = version.map_or(String::new(), MetadataVersion::name);
        let text = format!(
            "[BrokerMetadataPublisher id={}] Publishing initial metadata at offset OffsetAndEpoch[offset={}, epoch={}] with \
             metadata.version Optional[{version}].",
            self.spec.node_id,
            self.metadata.offset(),
            self.raft.raft().epoch()
        );
        self.log_info(logger::PUBLISHER, text, fx);
        let loaded = self.load_logs(now, fx);
        self.published = true;
        self.configure_throttles();
        self.apply_whole_image(now, fx);
        let resources: Vec<ConfigResource> = self.metadata.image.config_resources().cloned().collect();
        self.log_configs(&resources, fx);
        // What the metadata did not claim is no partition of this broker.
        self.replicas.loaded.clear();
        self.start_background_tasks(now, fx);
        match loaded {
            0 => self.on_ready(fx),
            // Logs take their time to load; until then the controller is told that the broker still recovers.
            _ => fx.set_timer_after(named_timer(READY, 0), Micros::from_ms(LOADING_MS)),
        }
    }

    /// Logs are loaded and metadata is applied: the broker asks to be unfenced.
    pub(super) fn on_ready(&mut self, fx: &mut Fx<'_>) {
        self.lifecycle.set_ready_to_unfence();
        fx.set_timer_after(timer(ServerTimer::Heartbeat), Micros::ZERO);
    }

    /// What `DynamicConfigPublisher` logs of changed settings.
    fn log_configs(&self, changed: &[ConfigResource], fx: &mut Fx<'_>) {
        for resource in changed {
            let what = match resource.kind {
                ResourceType::Topic => format!("topic {} with new", resource.name),
                ResourceType::Broker if resource.name.is_empty() => "cluster".to_string(),
                ResourceType::Broker if resource.name == self.spec.node_id.to_string() => {
                    format!("node {} with new", resource.name)
                }
                _ => continue,
            };
            let configs = self.metadata.image.configs(resource).iter().collect();
            // `Properties` are a concurrent map.
            let configs = scala::concurrent_order(configs, |(name, _)| java_string_hash(name));
            let configs = joined(configs.iter().map(|(name, value)| format!("{name} -> {value}")), ",");
            let id = self.spec.node_id;
            let text = format!("[DynamicConfigPublisher broker id={id}] Updating {what} configuration : {configs}");
            self.log_info(logger::DYNAMIC_CONFIG, text, fx);
        }
    }
}
