//! Kafka's small files: text with a version line, a count, and one entry a line; or Java properties.
//!
//! Classes: `CheckpointFile`, `OffsetCheckpointFile`, `LeaderEpochCheckpointFile`, `PartitionMetadataFile`,
//! `MetaProperties`, `CleanShutdownFileHandler`.

use base::{Map, Micros, Uuid};
use std::fmt;

use protocol::TopicPartition;
use sim::Disk;

use crate::epochs::EpochEntry;

pub const RECOVERY_POINT_FILE: &str = "recovery-point-offset-checkpoint";
pub const HIGH_WATERMARK_FILE: &str = "replication-offset-checkpoint";
pub const LOG_START_FILE: &str = "log-start-offset-checkpoint";
pub const CLEANER_FILE: &str = "cleaner-offset-checkpoint";
pub const LEADER_EPOCH_FILE: &str = "leader-epoch-checkpoint";
pub const PARTITION_METADATA_FILE: &str = "partition.metadata";
pub const META_PROPERTIES_FILE: &str = "meta.properties";
pub const CLEAN_SHUTDOWN_FILE: &str = ".kafka_cleanshutdown";

/// The file is not what Kafka writes; `line` counts from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointError {
    pub path: String,
    pub line: usize,
    pub reason: String,
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}: {}", self.path, self.line, self.reason)
    }
}

impl std::error::Error for CheckpointError {}

/// Reads one of the four offset checkpoints of a log directory. A file that is not there is an empty one.
pub fn read_offsets(disk: &Disk, path: &str) -> Result<Map<TopicPartition, i64>, CheckpointError> {
    let mut offsets = Map::new();
    let Some(text) = text_of(disk, path) else { return Ok(offsets) };
    for (line, entry) in entries(path, &text)? {
        let error = || CheckpointError { path: path.into(), line, reason: format!("malformed line: {entry}") };
        let mut words = entry.split_whitespace();
        let (Some(topic), Some(partition), Some(offset), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(error());
        };
        let partition = partition.parse().map_err(|_| error())?;
        let offset = offset.parse().map_err(|_| error())?;
        offsets.insert(TopicPartition { topic: topic.into(), partition }, offset);
    }
    Ok(offsets)
}

/// In the order given, which is that of the map that Kafka writes the file from.
pub fn write_offsets(disk: &mut Disk, path: &str, offsets: &[(&TopicPartition, i64)], now: Micros) {
    disk.write(path, offsets_text(offsets).into(), now);
}

pub fn offsets_text(offsets: &[(&TopicPartition, i64)]) -> String {
    let mut text = format!("0\n{}\n", offsets.len());
    for (partition, offset) in offsets {
        text.push_str(&format!("{} {} {offset}\n", partition.topic, partition.partition));
    }
    text
}

pub fn leader_epochs_text(entries: &[EpochEntry]) -> String {
    let mut text = format!("0\n{}\n", entries.len());
    for entry in entries {
        text.push_str(&format!("{} {}\n", entry.epoch, entry.start_offset));
    }
    text
}

/// Reads `leader-epoch-checkpoint` of a partition's folder.
pub fn read_leader_epochs(disk: &Disk, dir: &str) -> Result<Vec<EpochEntry>, CheckpointError> {
    let path = format!("{dir}/{LEADER_EPOCH_FILE}");
    let Some(text) = text_of(disk, &path) else { return Ok(Vec::new()) };
    let mut epochs = Vec::new();
    for (line, entry) in entries(&path, &text)? {
        let parsed = entry.split_once(' ').and_then(|(epoch, start)| {
            Some(EpochEntry { epoch: epoch.parse().ok()?, start_offset: start.trim().parse().ok()? })
        });
        let reason = || format!("malformed line: {entry}");
        epochs.push(parsed.ok_or_else(|| CheckpointError { path: path.clone(), line, reason: reason() })?);
    }
    Ok(epochs)
}

/// `partition.metadata`: which topic id the folder belongs to.
pub fn partition_metadata_text(topic_id: Uuid) -> String {
    format!("version: 0\ntopic_id: {topic_id}")
}

pub fn read_partition_metadata(disk: &Disk, dir: &str) -> Result<Option<Uuid>, CheckpointError> {
    let path = format!("{dir}/{PARTITION_METADATA_FILE}");
    let Some(text) = text_of(disk, &path) else { return Ok(None) };
    let error = |line: usize, reason: &str| CheckpointError { path: path.clone(), line, reason: reason.to_string() };
    let mut lines = text.lines();
    if lines.next().and_then(|line| line.strip_prefix("version:")).map(str::trim) != Some("0") {
        return Err(error(1, "unknown version"));
    }
    let id = lines.next().and_then(|line| line.strip_prefix("topic_id:")).map(str::trim);
    id.and_then(|id| id.parse().ok()).map(Some).ok_or_else(|| error(2, "no topic id"))
}

/// `meta.properties` of a log directory, version 1 (KRaft).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetaProperties {
    pub cluster_id: String,
    pub node_id: i32,
    pub directory_id: Option<Uuid>,
}

impl MetaProperties {
    /// Java writes properties in an order of its own, below a comment with the date; readers must not rely on either.
    pub fn to_text(&self, date: &str) -> String {
        let mut text = format!("#\n#{date}\ncluster.id={}\n", self.cluster_id);
        if let Some(id) = self.directory_id {
            text.push_str(&format!("directory.id={id}\n"));
        }
        text.push_str(&format!("node.id={}\nversion=1\n", self.node_id));
        text
    }

    pub fn read(disk: &Disk, path: &str) -> Result<Option<MetaProperties>, CheckpointError> {
        let Some(text) = text_of(disk, path) else { return Ok(None) };
        let get = |key: &str| {
            text.lines()
                .filter(|line| !line.starts_with('#'))
                .find_map(|line| line.split_once('=').filter(|(name, _)| name.trim() == key))
                .map(|(_, value)| value.trim().to_string())
        };
        let error = |reason: &str| CheckpointError { path: path.into(), line: 1, reason: reason.into() };
        let cluster_id = get("cluster.id").ok_or_else(|| error("cluster.id is missing"))?;
        let node_id = get("node.id").or_else(|| get("broker.id")).and_then(|id| id.parse().ok());
        let node_id = node_id.ok_or_else(|| error("node.id is missing or no number"))?;
        let directory_id = get("directory.id").and_then(|id| id.parse().ok());
        Ok(Some(MetaProperties { cluster_id, node_id, directory_id }))
    }
}

/// Kafka 4.3 notes in the marker which broker epoch stopped cleanly.
pub fn write_clean_shutdown(disk: &mut Disk, log_dir: &str, broker_epoch: i64, now: Micros) {
    let text = format!("{{\"version\":0,\"brokerEpoch\":{broker_epoch}}}");
    disk.write(&format!("{log_dir}/{CLEAN_SHUTDOWN_FILE}"), text.into(), now);
}

/// Whether the last stop was clean, and the broker epoch it was in. The marker is taken away, so that a crash from here
/// on is seen as one.
pub fn take_clean_shutdown(disk: &mut Disk, log_dir: &str) -> Option<i64> {
    let path = format!("{log_dir}/{CLEAN_SHUTDOWN_FILE}");
    let text = text_of(disk, &path)?;
    disk.remove(&path);
    let epoch = text.rsplit(':').next().map(|rest| rest.trim_end_matches('}').trim());
    Some(epoch.and_then(|epoch| epoch.parse().ok()).unwrap_or(-1))
}

fn text_of(disk: &Disk, path: &str) -> Option<String> {
    disk.file(path).map(|file| String::from_utf8_lossy(&file.contents()).into_owned())
}

/// The entry lines of a checkpoint with their line numbers, after its version and count were checked.
fn entries<'a>(path: &str, text: &'a str) -> Result<Vec<(usize, &'a str)>, CheckpointError> {
    let error = |line: usize, reason: String| CheckpointError { path: path.into(), line, reason };
    let mut lines = text.lines();
    match lines.next().map(str::trim) {
        Some("0") => {}
        // An empty file is what a crash between create and rename leaves.
        None => return Ok(Vec::new()),
        Some(version) => return Err(error(1, format!("unrecognized version: {version}"))),
    }
    let Some(expected) = lines.next() else { return Ok(Vec::new()) };
    let expected: usize = expected.trim().parse().map_err(|_| error(2, format!("malformed count: {expected}")))?;
    let entries: Vec<_> = lines.enumerate().map(|(at, line)| (at + 3, line)).collect();
    if entries.len() != expected {
        return Err(error(2, format!("expected {expected} entries but found only {}", entries.len())));
    }
    Ok(entries)
}
