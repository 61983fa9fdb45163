//! The configs of a topic in 4.3, in the order in which `LogConfig` defines them (the first bad one of several is the one
//! that an error names).

use super::key::ConfigType::*;
use super::key::DefaultValue::*;
use super::key::UpdateMode::ClusterWide;
use super::key::Valid::*;
use super::key::{ConfigKey, key};

#[rustfmt::skip]
pub(super) static TOPIC_KEYS: &[ConfigKey] = &[
    key("segment.bytes", Int, Is("1073741824"), AtLeast(1048576), ClusterWide),
    key("segment.ms", Long, Is("604800000"), AtLeast(1), ClusterWide),
    key("segment.jitter.ms", Long, Is("0"), AtLeast(0), ClusterWide),
    key("segment.index.bytes", Int, Is("10485760"), AtLeast(4), ClusterWide),
    key("flush.messages", Long, Is("9223372036854775807"), AtLeast(1), ClusterWide),
    key("flush.ms", Long, Is("9223372036854775807"), AtLeast(0), ClusterWide),
    key("retention.bytes", Long, Is("-1"), Any, ClusterWide),
    key("retention.ms", Long, Is("604800000"), AtLeast(-1), ClusterWide),
    key("max.message.bytes", Int, Is("1048588"), AtLeast(0), ClusterWide),
    key("index.interval.bytes", Int, Is("4096"), AtLeast(0), ClusterWide),
    key("delete.retention.ms", Long, Is("86400000"), AtLeast(0), ClusterWide),
    key("min.compaction.lag.ms", Long, Is("0"), AtLeast(0), ClusterWide),
    key("max.compaction.lag.ms", Long, Is("9223372036854775807"), AtLeast(1), ClusterWide),
    key("file.delete.delay.ms", Long, Is("60000"), AtLeast(0), ClusterWide),
    key("min.cleanable.dirty.ratio", Double, Is("0.5"), DecimalBetween("0", "1"), ClusterWide),
    key("cleanup.policy", List, Is("delete"), ListOf { of: &["compact", "delete"], empty: true, null: false }, ClusterWide),
    key("unclean.leader.election.enable", Boolean, Is("false"), Any, ClusterWide),
    key("min.insync.replicas", Int, Is("1"), AtLeast(1), ClusterWide),
    key("compression.type", String, Is("producer"), OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), ClusterWide),
    key("compression.gzip.level", Int, Is("-1"), BetweenOr(1, 9, -1), ClusterWide),
    key("compression.lz4.level", Int, Is("9"), Between(1, 17), ClusterWide),
    key("compression.zstd.level", Int, Is("3"), Between(-131072, 22), ClusterWide),
    key("preallocate", Boolean, Is("false"), Any, ClusterWide),
    key("message.timestamp.type", String, Is("CreateTime"), OneOf(&["CreateTime", "LogAppendTime"]), ClusterWide),
    key("message.timestamp.before.max.ms", Long, Is("9223372036854775807"), AtLeast(0), ClusterWide),
    key("message.timestamp.after.max.ms", Long, Is("3600000"), AtLeast(0), ClusterWide),
    key("leader.replication.throttled.replicas", List, Is(""), Throttled, ClusterWide),
    key("follower.replication.throttled.replicas", List, Is(""), Throttled, ClusterWide),
    key("remote.storage.enable", Boolean, Is("false"), Any, ClusterWide),
    key("local.retention.ms", Long, Is("-2"), AtLeast(-2), ClusterWide),
    key("local.retention.bytes", Long, Is("-2"), AtLeast(-2), ClusterWide),
    key("remote.log.copy.disable", Boolean, Is("false"), Any, ClusterWide),
    key("remote.log.delete.on.disable", Boolean, Is("false"), Any, ClusterWide),
    key("internal.segment.bytes", Int, Null, Any, ClusterWide).internal(),
];
