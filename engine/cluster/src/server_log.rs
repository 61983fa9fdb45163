//! The servers' own log, `server.log` beside the log directory: lines in Kafka's words and in its layout
//! `[%d] %p %m (%c)%n`.
//!
//! A server reports a line as [`Event::Logged`], wherever it is in its work; at the end of each input all of them are
//! appended to its disk, and go no further.

use std::fmt::{Display, Write};

use base::{Micros, calendar, limits};
use sim::{Disk, Effects};

use crate::loggers::Loggers;
use crate::metadata::{MetadataImage, PartitionRegistration, RECOVERING};
use crate::{Event, Kafka};

/// On a server's disk, as the terminals see it below the server's own folder (`b1/server.log`).
pub const SERVER_LOG: &str = "server.log";

/// Kafka's classes, as the layout prints them.
pub(crate) mod logger {
    pub const BROKER_SERVER: &str = "kafka.server.BrokerServer";
    pub const CONTROLLER_SERVER: &str = "kafka.server.ControllerServer";
    pub const SHARED_SERVER: &str = "kafka.server.SharedServer";
    pub const RAFT_SERVER: &str = "kafka.server.KafkaRaftServer";
    pub const ACCEPTOR: &str = "kafka.network.DataPlaneAcceptor";
    pub const APP_INFO: &str = "org.apache.kafka.common.utils.AppInfoParser";
    pub const SIGNALS: &str = "org.apache.kafka.common.utils.LoggingSignalHandler";
    pub const LIFECYCLE: &str = "org.apache.kafka.server.BrokerLifecycleManager";
    pub const TO_CONTROLLER: &str = "org.apache.kafka.server.NodeToControllerRequestThread";
    pub const PUBLISHER: &str = "kafka.server.metadata.BrokerMetadataPublisher";
    pub const CONFIG_ADMIN: &str = "kafka.server.ConfigAdminManager";
    pub const DYNAMIC_CONFIG: &str = "kafka.server.metadata.DynamicConfigPublisher";
    pub const LOADER: &str = "org.apache.kafka.image.loader.MetadataLoader";
    pub const SNAPSHOTS: &str = "org.apache.kafka.image.publisher.SnapshotGenerator";
    pub const SNAPSHOT_EMITTER: &str = "org.apache.kafka.image.publisher.SnapshotEmitter";
    pub const STATE_CHANGE: &str = "state.change.logger";
    pub const PARTITION: &str = "kafka.cluster.Partition";
    pub const REPLICA_MANAGER: &str = "kafka.server.ReplicaManager";
    pub const FAULTS: &str = "org.apache.kafka.server.fault.ProcessTerminatingFaultHandler";
    pub const LOG_MANAGER: &str = "kafka.log.LogManager";
    /// Its Java half.
    pub const LOGS: &str = "org.apache.kafka.storage.internals.log.LogManager";
    pub const LOG_LOADER: &str = "org.apache.kafka.storage.internals.log.LogLoader";
    pub const UNIFIED_LOG: &str = "org.apache.kafka.storage.internals.log.UnifiedLog";
    pub const LOCAL_LOG: &str = "org.apache.kafka.storage.internals.log.LocalLog";
    pub const SEGMENT: &str = "org.apache.kafka.storage.internals.log.LogSegment";
    pub const SNAPSHOT_FILE: &str = "org.apache.kafka.storage.internals.log.SnapshotFile";
    pub const CLEANER: &str = "org.apache.kafka.storage.internals.log.LogCleaner";
    pub const CLEANER_THREAD: &str = "org.apache.kafka.storage.internals.log.LogCleaner$CleanerThread";
    pub const CLEANING: &str = "org.apache.kafka.storage.internals.log.Cleaner";
    pub const FETCHER: &str = "kafka.server.ReplicaFetcherThread";
    pub const FETCHERS: &str = "kafka.server.ReplicaFetcherManager";
    pub const MOVERS: &str = "kafka.server.ReplicaAlterLogDirsManager";
    pub const AUTO_CREATION: &str = "kafka.server.DefaultAutoTopicCreationManager";
    pub const GROUPS: &str = "org.apache.kafka.coordinator.group.GroupMetadataManager";
    pub const GROUP_SERVICE: &str = "org.apache.kafka.coordinator.group.GroupCoordinatorService";
    pub const COORDINATORS: &str = "org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime";
    pub const CONTROLLER: &str = "org.apache.kafka.controller.QuorumController";
    pub const REPLICATION: &str = "org.apache.kafka.controller.ReplicationControlManager";
    pub const CLUSTER: &str = "org.apache.kafka.controller.ClusterControlManager";
    pub const HEARTBEATS: &str = "org.apache.kafka.controller.BrokerHeartbeatManager";
    pub const CONFIGURATION: &str = "org.apache.kafka.controller.ConfigurationControlManager";
    pub const FEATURES: &str = "org.apache.kafka.controller.FeatureControlManager";
    pub const OFFSET_CONTROL: &str = "org.apache.kafka.controller.OffsetControlManager";
    pub const SCRAM: &str = "org.apache.kafka.controller.ScramControlManager";
    pub const QUOTAS: &str = "org.apache.kafka.controller.ClientQuotaControlManager";
    pub const ACLS: &str = "org.apache.kafka.controller.AclControlManager";
    pub const PRODUCER_IDS: &str = "org.apache.kafka.controller.ProducerIdControlManager";
    pub const RAFT: &str = "org.apache.kafka.raft.KafkaRaftClient";
    pub const RAFT_DRIVER: &str = "org.apache.kafka.raft.KafkaRaftClientDriver";
    pub const QUORUM_STATE: &str = "org.apache.kafka.raft.QuorumState";
    pub const FOLLOWER_STATE: &str = "org.apache.kafka.raft.FollowerState";
    pub const LEADER_STATE: &str = "org.apache.kafka.raft.LeaderState";
}

/// Appends what this input made the server log. `image` says how many servers share the room.
pub(crate) fn write(
    disk: &mut Disk,
    loggers: &mut Loggers,
    image: &MetadataImage,
    now: Micros,
    fx: &mut Effects<'_, Kafka>,
) {
    let mut lines = String::new();
    fx.withdraw(|event| {
        let Event::Logged { level, logger, text } = event else { return false };
        if !loggers.takes(logger, level) {
            return true;
        }
        if lines.is_empty() {
            lines.reserve(text.len() + 80);
        }
        stamp(now, &mut lines);
        for part in [" ", level, " ", text, " (", logger, ")\n"] {
            lines.push_str(part);
        }
        true
    });
    if lines.is_empty() {
        return;
    }
    disk.note(SERVER_LOG, lines.into(), now);
    let most = limits::SERVER_LOG_MAX.min(limits::SERVER_LOGS_MAX / image.brokers().count().max(1) as u64);
    keep_newer(disk, most, now);
}

/// As log4j's rolling appender, the newer half of a file that is longer stays, in whole lines.
fn keep_newer(disk: &mut Disk, most: u64, now: Micros) {
    let Some(file) = disk.file(SERVER_LOG).filter(|file| file.len() > most) else { return };
    let newer = file.read(file.len() - most / 2, most);
    let start = newer.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    disk.write(SERVER_LOG, newer.slice(start..), now);
}

/// log4j's `[%d]`.
fn stamp(now: Micros, out: &mut String) {
    let (year, month, day, [hour, minute, second, ms]) = clock(now);
    let _ = write!(out, "[{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02},{ms:03}]");
}

/// Year, month, day; hours, minutes, seconds, milliseconds.
fn clock(now: Micros) -> (i64, i64, i64, [i64; 4]) {
    let ms = now.as_epoch_ms();
    let seconds = ms / 1_000;
    let (year, month, day) = calendar::civil(seconds.div_euclid(86_400));
    let rest = seconds.rem_euclid(86_400);
    (year, month, day, [rest / 3_600, rest / 60 % 60, rest % 60, ms % 1_000])
}

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The date as Java's `Properties.store` writes it: `Thu Jan 01 00:00:00 UTC 2026`.
pub fn date(now: Micros) -> String {
    let (year, month, day, [hour, minute, second, _]) = clock(now);
    let weekday = DAYS[(now.as_epoch_ms() / 86_400_000).rem_euclid(7) as usize];
    let month = MONTHS[month as usize - 1];
    format!("{weekday} {month} {day:02} {hour:02}:{minute:02}:{second:02} UTC {year}")
}

/// Items with a separator between them, as Java and Scala print lists.
pub(crate) fn joined<T: Display>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push_str(separator);
        }
        let _ = write!(text, "{item}");
    }
    text
}

/// Scala's `Option`.
pub(crate) fn option<T: Display>(value: Option<T>) -> String {
    value.map_or("None".to_string(), |value| format!("Some({value})"))
}

/// Scala's `Set`, whose class of more than four members has a name of its own.
pub(crate) fn set<T: Display>(items: &[T]) -> String {
    let class = if items.len() > 4 { "HashSet" } else { "Set" };
    format!("{class}({})", joined(items, ", "))
}

/// `PartitionRegistration.toString`.
impl Display for PartitionRegistration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids = |ids: &[i32]| joined(ids, ", ");
        write!(
            f,
            "PartitionRegistration(replicas=[{}], directories=[{}], isr=[{}], removingReplicas=[{}], addingReplicas=[{}], \
             elr=[{}], lastKnownElr=[{}], leader={}, leaderRecoveryState={}, leaderEpoch={}, partitionEpoch={})",
            ids(&self.replicas),
            joined(&self.directories, ", "),
            ids(&self.isr),
            ids(&self.removing_replicas),
            ids(&self.adding_replicas),
            ids(&self.elr),
            ids(&self.last_known_elr),
            self.leader,
            if self.leader_recovery_state == RECOVERING { "RECOVERING" } else { "RECOVERED" },
            self.leader_epoch,
            self.partition_epoch
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_instant_of_a_session() {
        assert_eq!(date(Micros::ZERO), "Thu Jan 01 00:00:00 UTC 2026");
        assert_eq!(date(Micros::from_secs(86_400 * 59 + 3_661)), "Sun Mar 01 01:01:01 UTC 2026");
        let mut text = String::new();
        stamp(Micros::from_ms(3_661_042), &mut text);
        assert_eq!(text, "[2026-01-01 01:01:01,042]");
    }

    #[test]
    fn a_log_that_grew_too_long_keeps_its_newer_lines() {
        let mut disk = Disk::new();
        for line in 0..10 {
            disk.append(SERVER_LOG, format!("line {line}\n").into(), Micros::ZERO);
        }
        keep_newer(&mut disk, 70, Micros::ZERO);
        assert_eq!(disk.file(SERVER_LOG).unwrap().len(), 70, "as long as it may be");
        keep_newer(&mut disk, 69, Micros::ZERO);
        assert_eq!(disk.file(SERVER_LOG).unwrap().contents(), "line 6\nline 7\nline 8\nline 9\n");
    }

    #[test]
    fn sets_are_printed_as_scala_prints_them() {
        assert_eq!(set(&["a-0"]), "Set(a-0)");
        assert_eq!(set(&[1, 2, 3, 4, 5]), "HashSet(1, 2, 3, 4, 5)");
        assert_eq!((option(Some(1)), option::<i32>(None)), ("Some(1)".to_string(), "None".to_string()));
    }
}
