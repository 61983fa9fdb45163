//! What a broker reads from its properties at every turn, looked up once in the table of configs (`KafkaConfig`).

use log::LogConfig;

use crate::BrokerSpec;
use crate::config::{BrokerListeners, ConfigView, ServerConfig};
use crate::metadata::{ConfigResource, MetadataImage};

/// A broker's static settings. Times are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    pub server: ServerConfig,
    pub listeners: BrokerListeners,
    pub heartbeat_interval_ms: i64,
    pub controlled_shutdown_enable: bool,
    pub replica_lag_time_max_ms: i64,
    pub replica_fetch_wait_max_ms: i32,
    pub replica_fetch_min_bytes: i32,
    pub replica_fetch_max_bytes: i32,
    pub replica_fetch_response_max_bytes: i32,
    pub replica_fetch_backoff_ms: u64,
    pub replica_socket_timeout_ms: u64,
    pub high_watermark_checkpoint_interval_ms: u64,
    pub fetch_max_bytes: i32,
    /// `max.incremental.fetch.session.cache.slots`.
    pub fetch_session_slots: usize,
    pub auto_create_topics_enable: bool,
    /// `replica.selector.class` is the one that looks at racks.
    pub rack_aware_reads: bool,
}

const RACK_AWARE_SELECTOR: &str = "RackAwareReplicaSelector";

impl Settings {
    pub fn of(spec: &BrokerSpec) -> Settings {
        let server = ServerConfig::new(spec.node_id, spec.file());
        let int = |name: &str| i32::try_from(server.number(name)).unwrap_or(i32::MAX);
        Settings {
            heartbeat_interval_ms: server.number("broker.heartbeat.interval.ms"),
            controlled_shutdown_enable: server.flag("controlled.shutdown.enable"),
            replica_lag_time_max_ms: server.number("replica.lag.time.max.ms"),
            replica_fetch_wait_max_ms: int("replica.fetch.wait.max.ms"),
            replica_fetch_min_bytes: int("replica.fetch.min.bytes"),
            replica_fetch_max_bytes: int("replica.fetch.max.bytes"),
            replica_fetch_response_max_bytes: int("replica.fetch.response.max.bytes"),
            replica_fetch_backoff_ms: server.amount("replica.fetch.backoff.ms"),
            replica_socket_timeout_ms: server.amount("replica.socket.timeout.ms"),
            high_watermark_checkpoint_interval_ms: server.amount("replica.high.watermark.checkpoint.interval.ms"),
            fetch_max_bytes: int("fetch.max.bytes"),
            fetch_session_slots: server.amount("max.incremental.fetch.session.cache.slots") as usize,
            auto_create_topics_enable: server.flag("auto.create.topics.enable"),
            rack_aware_reads: server
                .own("replica.selector.class")
                .is_some_and(|name| name.ends_with(RACK_AWARE_SELECTOR)),
            listeners: BrokerListeners::of(&server),
            server,
        }
    }

    pub fn node_id(&self) -> i32 {
        self.server.node_id()
    }

    /// The settings that apply to a topic's logs on this broker: its own before the broker's dynamic ones, the
    /// cluster's dynamic ones, `server.properties` and Kafka's defaults.
    pub fn log_config(&self, topic: &str, image: &MetadataImage) -> LogConfig {
        let view = ConfigView { image, server: &self.server };
        let mut config = LogConfig::default();
        for effective in view.all_of_topic(image.configs(&ConfigResource::topic(topic))) {
            if let Some(value) = &effective.value {
                // Settings of remote storage and throttling mean nothing to the log.
                config.set(effective.key.name, value);
            }
        }
        config.producer_id_expiration_ms = self.server.number("producer.id.expiration.ms");
        config
    }
}
