//! Topic settings as the log reads them (`LogConfig`), with the defaults of Kafka 4.3.

use crate::batch::{Codec, TimestampType};

/// What `compression.type` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BrokerCompression {
    /// `producer`: batches stay as they come.
    #[default]
    Producer,
    /// The leader recompresses whatever comes with another codec (`uncompressed` is [`Codec::None`]).
    Codec(Codec),
}

impl BrokerCompression {
    pub fn parse(name: &str) -> Option<BrokerCompression> {
        Some(match name {
            "producer" => BrokerCompression::Producer,
            "uncompressed" => BrokerCompression::Codec(Codec::None),
            "gzip" => BrokerCompression::Codec(Codec::Gzip),
            "snappy" => BrokerCompression::Codec(Codec::Snappy),
            "lz4" => BrokerCompression::Codec(Codec::Lz4),
            "zstd" => BrokerCompression::Codec(Codec::Zstd),
            _ => return None,
        })
    }

    /// The codec that a batch which came with `source` is stored with.
    pub fn target(self, source: Codec) -> Codec {
        match self {
            BrokerCompression::Producer => source,
            BrokerCompression::Codec(codec) => codec,
        }
    }
}

/// The settings of one partition's log. Units are in the names; times are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogConfig {
    pub segment_bytes: i32,
    pub segment_ms: i64,
    pub segment_jitter_ms: i64,
    pub segment_index_bytes: i32,
    pub index_interval_bytes: i32,
    /// -1 is no limit.
    pub retention_bytes: i64,
    /// -1 is no limit.
    pub retention_ms: i64,
    /// Limits one batch as it is stored.
    pub max_message_bytes: i32,
    pub message_timestamp_type: TimestampType,
    pub message_timestamp_before_max_ms: i64,
    pub message_timestamp_after_max_ms: i64,
    /// `cleanup.policy` contains `delete`.
    pub delete: bool,
    /// `cleanup.policy` contains `compact`.
    pub compact: bool,
    pub compression: BrokerCompression,
    pub compression_gzip_level: i32,
    pub compression_lz4_level: i32,
    pub compression_zstd_level: i32,
    pub delete_retention_ms: i64,
    pub file_delete_delay_ms: i64,
    pub flush_messages: i64,
    pub flush_ms: i64,
    pub min_compaction_lag_ms: i64,
    pub max_compaction_lag_ms: i64,
    /// `min.cleanable.dirty.ratio` in millionths.
    pub min_cleanable_dirty_ratio_ppm: u32,
    pub min_insync_replicas: i32,
    pub unclean_leader_election: bool,
    /// `producer.id.expiration.ms` of the broker.
    pub producer_id_expiration_ms: i64,
}

impl Default for LogConfig {
    fn default() -> LogConfig {
        LogConfig {
            segment_bytes: 1_073_741_824,
            segment_ms: 604_800_000,
            segment_jitter_ms: 0,
            segment_index_bytes: 10_485_760,
            index_interval_bytes: 4_096,
            retention_bytes: -1,
            retention_ms: 604_800_000,
            max_message_bytes: 1_048_588,
            message_timestamp_type: TimestampType::CreateTime,
            message_timestamp_before_max_ms: i64::MAX,
            message_timestamp_after_max_ms: 3_600_000,
            delete: true,
            compact: false,
            compression: BrokerCompression::Producer,
            compression_gzip_level: -1,
            compression_lz4_level: 9,
            compression_zstd_level: 3,
            delete_retention_ms: 86_400_000,
            file_delete_delay_ms: 60_000,
            flush_messages: i64::MAX,
            flush_ms: i64::MAX,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            min_cleanable_dirty_ratio_ppm: 500_000,
            min_insync_replicas: 1,
            unclean_leader_election: false,
            producer_id_expiration_ms: 86_400_000,
        }
    }
}

impl LogConfig {
    /// The defaults with some settings of a topic on top, given as Kafka's keys and texts.
    pub fn of<'a>(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> LogConfig {
        let mut config = LogConfig::default();
        for (key, value) in settings {
            config.set(key, value);
        }
        config
    }

    /// Takes one setting. False when the key means nothing to the log or the text is not a value: whoever accepts
    /// settings from a user has to check them against the table of configs first.
    pub fn set(&mut self, key: &str, value: &str) -> bool {
        match key {
            "message.timestamp.type" => return self.set_timestamp_type(value),
            "cleanup.policy" => {
                let has = |policy: &str| value.split(',').any(|part| part.trim() == policy);
                (self.delete, self.compact) = (has("delete"), has("compact"));
                return true;
            }
            "compression.type" => {
                let Some(compression) = BrokerCompression::parse(value) else { return false };
                self.compression = compression;
                return true;
            }
            "unclean.leader.election.enable" => {
                self.unclean_leader_election = value == "true";
                return value == "true" || value == "false";
            }
            "min.cleanable.dirty.ratio" => {
                let Some(ratio) = parse_ratio_ppm(value) else { return false };
                self.min_cleanable_dirty_ratio_ppm = ratio;
                return true;
            }
            _ => {}
        }
        let Ok(number) = value.parse::<i64>() else { return false };
        self.set_number(key, number)
    }

    fn set_timestamp_type(&mut self, value: &str) -> bool {
        self.message_timestamp_type = match value {
            "CreateTime" => TimestampType::CreateTime,
            "LogAppendTime" => TimestampType::LogAppendTime,
            _ => return false,
        };
        true
    }

    fn set_number(&mut self, key: &str, number: i64) -> bool {
        let int = |field: &mut i32| match i32::try_from(number) {
            Ok(number) => {
                *field = number;
                true
            }
            Err(_) => false,
        };
        match key {
            // Kafka's tests set segments below the minimum of 1 MiB through the internal key.
            "segment.bytes" | "internal.segment.bytes" => return int(&mut self.segment_bytes),
            "segment.index.bytes" => return int(&mut self.segment_index_bytes),
            "index.interval.bytes" => return int(&mut self.index_interval_bytes),
            "max.message.bytes" => return int(&mut self.max_message_bytes),
            "compression.gzip.level" => return int(&mut self.compression_gzip_level),
            "compression.lz4.level" => return int(&mut self.compression_lz4_level),
            "compression.zstd.level" => return int(&mut self.compression_zstd_level),
            "min.insync.replicas" => return int(&mut self.min_insync_replicas),
            _ => {}
        }
        let field = match key {
            "segment.ms" => &mut self.segment_ms,
            "segment.jitter.ms" => &mut self.segment_jitter_ms,
            "retention.bytes" => &mut self.retention_bytes,
            "retention.ms" => &mut self.retention_ms,
            "message.timestamp.before.max.ms" => &mut self.message_timestamp_before_max_ms,
            "message.timestamp.after.max.ms" => &mut self.message_timestamp_after_max_ms,
            "delete.retention.ms" => &mut self.delete_retention_ms,
            "file.delete.delay.ms" => &mut self.file_delete_delay_ms,
            "flush.messages" => &mut self.flush_messages,
            "flush.ms" => &mut self.flush_ms,
            "min.compaction.lag.ms" => &mut self.min_compaction_lag_ms,
            "max.compaction.lag.ms" => &mut self.max_compaction_lag_ms,
            "producer.id.expiration.ms" => &mut self.producer_id_expiration_ms,
            _ => return false,
        };
        *field = number;
        true
    }

    /// How long a segment may grow: a compacted topic rolls in time for `max.compaction.lag.ms`
    /// (`LogConfig.maxSegmentMs`).
    pub fn max_segment_ms(&self) -> i64 {
        if self.compact { self.segment_ms.min(self.max_compaction_lag_ms) } else { self.segment_ms }
    }
}

/// A decimal fraction between 0 and 1 in millionths; finer digits are cut off.
fn parse_ratio_ppm(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u32 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let ppm = whole.checked_mul(1_000_000)?.checked_add(digits.parse().ok()?)?;
    (ppm <= 1_000_000).then_some(ppm)
}
