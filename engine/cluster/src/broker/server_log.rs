//! Lines of the broker's own log file, in Kafka's words.

use base::{Map, Micros, Uuid};
use log::UnifiedLog;
use protocol::TopicPartition;
use protocol::scala::immutable_order;

use super::replica_manager::hash_of;
use super::{Broker, Fx, Partition};
use crate::Event;
use crate::config::{ConfigType, topic_key};
use crate::metadata::{ConfigResource, NO_LEADER, PartitionRegistration, TopicIdPartition};
use crate::server_log::{joined, logger, option, set};

impl Broker {
    /// Reports a line of `server.log`.
    pub(super) fn log_line(&self, level: &'static str, logger: &'static str, text: String, fx: &mut Fx<'_>) {
        fx.emit(Event::Logged { level, logger, text });
    }

    pub(super) fn log_info(&self, logger: &'static str, text: String, fx: &mut Fx<'_>) {
        self.log_line("INFO", logger, text, fx);
    }

    /// A line of the broker as a server (`BrokerServer`).
    pub(super) fn log_server(&self, text: &str, fx: &mut Fx<'_>) {
        self.log_info(logger::BROKER_SERVER, format!("[BrokerServer id={}] {text}", self.spec.node_id), fx);
    }

    /// A write failed (`LogDirFailureChannel`): with its only log directory gone the process is halted, and nobody hears
    /// of what was not written (`LogManager.handleLogDirFailure`).
    pub(super) fn fail_log_dir(&mut self, fx: &mut Fx<'_>) {
        fx.crash();
        let (dir, node, id) = (self.log_dir(), self.spec.node_id, self.files.directory_id);
        let text = format!(
            "[ReplicaManager broker={node}] Stopping serving replicas in dir {dir} with uuid Some({id}) because the log \
             directory has failed."
        );
        self.log_line("WARN", logger::REPLICA_MANAGER, text, fx);
        let text = format!("Shutdown broker because all log dirs in {dir} have failed");
        self.log_line("FATAL", logger::LOG_MANAGER, text, fx);
    }

    pub(super) fn log_lifecycle(&self, text: &str, fx: &mut Fx<'_>) {
        self.log_info(logger::LIFECYCLE, format!("[BrokerLifecycleManager id={}] {text}", self.spec.node_id), fx);
    }

    /// A line of Kafka's state change log, which goes to the same file here.
    pub(super) fn log_state_change(&self, text: &str, fx: &mut Fx<'_>) {
        self.log_info(logger::STATE_CHANGE, format!("[Broker id={}] {text}", self.spec.node_id), fx);
    }

    pub(super) fn log_partition(&self, id: &TopicPartition, text: &str, fx: &mut Fx<'_>) {
        self.log_info(logger::PARTITION, format!("[Partition {id} broker={}] {text}", self.spec.node_id), fx);
    }

    /// Partitions that go, as each manager of fetchers says it. Scala's sets of more than four have an order of their own.
    pub(super) fn log_stopped_fetchers(&self, mut gone: Vec<&TopicPartition>, fx: &mut Fx<'_>) {
        if gone.len() > 4 {
            gone = immutable_order(gone, |id| hash_of(id));
        }
        let text = format!("Removed fetcher for partitions {}", set(&gone));
        self.log_fetchers(&text, fx);
        let text = format!("[ReplicaAlterLogDirsManager on broker {}] {text}", self.spec.node_id);
        self.log_info(logger::MOVERS, text, fx);
    }

    pub(super) fn log_fetchers(&self, text: &str, fx: &mut Fx<'_>) {
        let text = format!("[ReplicaFetcherManager on broker {}] {text}", self.spec.node_id);
        self.log_info(logger::FETCHERS, text, fx);
    }

    /// What the thread says that fetches from a leader (`ShutdownableThread`).
    pub(super) fn log_fetcher_thread(&self, leader: i32, text: &str, fx: &mut Fx<'_>) {
        self.log_info(logger::FETCHER, format!("[ReplicaFetcherThread-0-{leader}]: {text}"), fx);
    }

    /// What `LogManager.loadLogs` says before it loads.
    pub(super) fn log_loading(&self, logs: usize, fx: &mut Fx<'_>) {
        let dir = self.log_dir();
        self.log_info(logger::LOG_MANAGER, format!("Loading logs from log dirs ArrayBuffer({dir})"), fx);
        let text = match (logs, self.files.was_clean) {
            (0, _) => format!("No logs found to be loaded in {dir}"),
            (_, true) => format!("Skipping recovery of {logs} logs from {dir} since clean shutdown file was found"),
            (_, false) => format!("Recovering {logs} logs from {dir} since no clean shutdown file was found"),
        };
        self.log_info(logger::LOG_MANAGER, text, fx);
    }

    /// What a fetcher says before it cuts a log (`AbstractFetcherThread`).
    pub(super) fn log_truncating(&self, leader: i32, id: &TopicPartition, offset: i64, why: &str, fx: &mut Fx<'_>) {
        let text =
            format!("Truncating partition {id} with TruncationState(offset={offset}, completed=true) due to {why}");
        self.log_fetcher("INFO", leader, &text, fx);
    }

    pub(super) fn log_fetcher(&self, level: &'static str, leader: i32, text: &str, fx: &mut Fx<'_>) {
        let own = self.spec.node_id;
        let text = format!("[ReplicaFetcher replicaId={own}, leaderId={leader}, fetcherId=0] {text}");
        self.log_line(level, logger::FETCHER, text, fx);
    }

    /// What `UnifiedLog.truncateTo` says before it does it.
    pub(super) fn log_truncation(&self, log: &UnifiedLog, offset: i64, fx: &mut Fx<'_>) {
        let (dir, id, end, hwm) = (self.log_dir(), log.partition(), log.log_end(), log.high_watermark());
        let line = |level, text: String, fx: &mut Fx<'_>| {
            self.log_line(level, logger::UNIFIED_LOG, format!("[UnifiedLog partition={id}, dir={dir}] {text}"), fx);
        };
        if offset < hwm {
            line("WARN", format!("Truncating {id} to offset {offset} below high watermark {hwm}"), fx);
        }
        let text = if offset >= end {
            format!("Truncating to {offset} has no effect as the largest offset in the log is {}", end - 1)
        } else {
            format!("Truncating to offset {offset}")
        };
        line("INFO", text, fx);
    }

    /// `UnifiedLog.toString` of a log that was just loaded, whose high watermark is not known yet.
    fn loaded_log(&self, log: &UnifiedLog, folder: &str) -> String {
        let (id, start) = (log.partition(), log.log_start());
        let topic_id = Some(log.topic_id()).filter(|id| *id != Uuid::ZERO).map(|id| format!(", topicId={id}"));
        format!(
            "Log(dir={}/{folder}{}, topic={}, partition={}, highWatermark={start}, lastStableOffset={start}, \
             logStartOffset={start}, logEndOffset={})",
            self.log_dir(),
            topic_id.unwrap_or_default(),
            id.topic,
            id.partition,
            log.log_end()
        )
    }

    /// A log on the disk that is none of this broker's (`LogManager.isStrayReplica`).
    pub(super) fn log_stray(&self, log: &UnifiedLog, fx: &mut Fx<'_>) {
        let shown = self.loaded_log(log, &log.partition().to_string());
        let topic_id = log.topic_id();
        if topic_id == Uuid::ZERO {
            let text = format!(
                "[BrokerMetadataPublisher id={}] The topicId does not exist in {shown}, treat it as a stray log.",
                self.spec.node_id
            );
            return self.log_info(logger::PUBLISHER, text, fx);
        }
        let id = TopicIdPartition { topic_id, partition: log.partition().partition };
        let why = match self.metadata.image.partition(id) {
            None => format!("the topicId {topic_id} does not exist in the metadata image."),
            Some(found) => format!(
                "the current replica assignment [{}] does not contain the local brokerId {}.",
                joined(&found.replicas, ", "),
                self.spec.node_id
            ),
        };
        self.log_info(logger::LOGS, format!("Found stray log dir {shown}: {why}"), fx);
    }

    pub(super) fn log_loaded(&self, log: &UnifiedLog, folder: &str, (done, of): (usize, usize), fx: &mut Fx<'_>) {
        let (dir, id) = (self.log_dir(), log.partition());
        if !self.files.was_clean {
            let bases: Vec<i64> = log.segments().iter().map(|segment| segment.base_offset).collect();
            let first = bases.partition_point(|base| *base <= log.recovery_point()).saturating_sub(1);
            for base in &bases[first..] {
                // Kafka divides how many are done by how many there are, in whole numbers.
                let text = format!(
                    "[LogLoader partition={id}, dir={dir}] Recovering unflushed segment {base}. 0 recovered for {id}."
                );
                self.log_info(logger::LOG_LOADER, text, fx);
            }
        }
        let (end, start, segments) = (log.log_end(), log.log_start(), log.segments().len());
        let text = format!(
            "Completed load of {} with {segments} segments, local-log-start-offset {start} and log-end-offset {end} in 0ms \
             ({done}/{of} completed in {dir})",
            self.loaded_log(log, folder)
        );
        self.log_info(logger::LOG_MANAGER, text, fx);
    }

    pub(super) fn log_all_loaded(&self, logs: usize, fx: &mut Fx<'_>) {
        let unclean = match self.files.was_clean || logs == 0 {
            true => String::new(),
            false => format!(" (unclean log dirs = ArrayBuffer({}))", self.log_dir()),
        };
        let period = self.settings.server.amount("log.retention.check.interval.ms");
        self.log_info(logger::LOG_MANAGER, format!("Loaded {logs} logs in 0ms{unclean}"), fx);
        self.log_info(logger::LOG_MANAGER, format!("Starting log cleanup with a period of {period} ms."), fx);
        self.log_info(logger::CLEANER, "Starting the log cleaner".to_string(), fx);
        self.log_info(logger::CLEANER_THREAD, "[kafka-log-cleaner-thread-0]: Starting".to_string(), fx);
        for text in ["Starting up.", "Startup complete."] {
            self.log_info(logger::GROUP_SERVICE, format!("[GroupCoordinator id={}] {text}", self.spec.node_id), fx);
        }
    }

    /// What the cleaner says of a pass; its figures of time and size are left out.
    pub(super) fn log_cleaned(&self, id: &TopicPartition, from: i64, end: i64, segments: usize, fx: &mut Fx<'_>) {
        for text in [
            format!("Beginning cleaning of log {id}"),
            format!("Building offset map for {id}..."),
            format!("Building offset map for log {id} for {segments} segments in offset range [{from}, {end})."),
            format!("Offset map for log {id} complete."),
        ] {
            self.log_info(logger::CLEANING, format!("Cleaner 0: {text}"), fx);
        }
        let text = format!("\n\tLog cleaner thread 0 cleaned log {id} (dirty section = [{from}, {end}])\n");
        self.log_info(logger::CLEANER_THREAD, format!("[kafka-log-cleaner-thread-0]: {text}"), fx);
    }

    /// A partition that this broker did not hold before (`ReplicaManager.getOrCreatePartition`, `Partition.createLog`).
    pub(super) fn create_log(
        &mut self,
        id: &TopicPartition,
        topic_id: Uuid,
        now: Micros,
        fx: &mut Fx<'_>,
    ) -> UnifiedLog {
        let log = self.open_log(id, topic_id, now);
        let text = format!("[LogLoader partition={id}, dir={}] Loading producer state till offset 0", self.log_dir());
        self.log_info(logger::UNIFIED_LOG, text, fx);
        let configs = self.metadata.image.configs(&ConfigResource::topic(&id.topic));
        // Values that are text stand in quotes, those of lists and numbers do not (`ConfigUtils.configMapToRedactedString`).
        let shown = |(name, value): (&String, &String)| match topic_key(name) {
            Some(key) if key.kind == ConfigType::String => format!("{name}=\"{value}\""),
            _ => format!("{name}={value}"),
        };
        let configs = joined(configs.iter().map(shown), ", ");
        let text = format!("Created log for partition {id} in {}/{id} with properties {{{configs}}}", self.log_dir());
        self.log_info(logger::LOG_MANAGER, text, fx);
        log
    }

    pub(super) fn log_new_partition(&self, id: &TopicPartition, high_watermark: i64, fx: &mut Fx<'_>) {
        if !self.files.high_watermarks.contains_key(id) {
            self.log_partition(id, &format!("No checkpointed highwatermark is found for partition {id}"), fx);
        }
        let text = format!("Log loaded for partition {id} with initial high watermark {high_watermark}");
        self.log_partition(id, &text, fx);
    }

    /// What `applyLocalFollowersDelta` does with the fetchers.
    pub(super) fn log_fetching(&self, starting: &[&TopicPartition], fx: &mut Fx<'_>) {
        if !starting.is_empty() {
            let count = starting.len();
            self.log_fetchers(&format!("Removed fetcher for partitions Set({})", joined(starting, ", ")), fx);
            self.log_state_change(&format!("Stopped fetchers as part of become-follower for {count} partitions"), fx);
            self.log_added_fetchers(starting, fx);
            self.log_state_change(&format!("Started fetchers as part of become-follower for {count} partitions"), fx);
        }
    }

    /// One line for each leader that is fetched from.
    fn log_added_fetchers(&self, starting: &[&TopicPartition], fx: &mut Fx<'_>) {
        let mut by_leader: Map<i32, Vec<String>> = Map::new();
        for held in starting.iter().filter_map(|id| self.replicas.get(id)) {
            let Some(leader) = held.followed_leader() else { continue };
            let inter_broker = &self.settings.listeners.inter_broker;
            let Some(at) = self.metadata.image.broker(leader).and_then(|broker| broker.endpoint(inter_broker)) else {
                continue;
            };
            by_leader.entry(leader).or_default().push(format!(
                "{} -> InitialFetchState(Some({}),BrokerEndPoint[id={leader}, host={}, port={}],{},{})",
                held.topic_partition,
                held.topic_id,
                at.host,
                at.port,
                held.leader_epoch(),
                if held.log.latest_epoch().is_some() { held.log.log_end() } else { held.log.high_watermark() }
            ));
        }
        for (leader, states) in by_leader {
            if !self.fetchers.contains_key(&leader) {
                self.log_fetcher_thread(leader, "Starting", fx);
            }
            let states = states.join(", ");
            self.log_fetchers(&format!("Added fetcher to broker {leader} for partitions HashMap({states})"), fx);
        }
    }

    pub(super) fn log_unified(&self, id: &TopicPartition, text: &str, fx: &mut Fx<'_>) {
        self.log_info(logger::UNIFIED_LOG, format!("[UnifiedLog partition={id}, dir={}] {text}", self.log_dir()), fx);
    }

    /// A log start that rose for another reason than retention.
    pub(super) fn log_start_raised(&self, id: &TopicPartition, to: i64, why: &str, fx: &mut Fx<'_>) {
        self.log_unified(id, &format!("Incremented log start offset to {to} due to {why}"), fx);
    }

    /// The log directory as Kafka names it.
    pub(super) fn log_dir(&self) -> String {
        format!("/{}/{}", self.spec.host, crate::spec::LOG_DIR)
    }
}

/// Who a partition followed or was led by, and since which epoch, before metadata changed it.
pub(super) struct Before {
    leader: Option<i32>,
    epoch: i32,
}

impl Before {
    pub fn of(held: &Partition, own: i32) -> Before {
        let epoch = held.leader_epoch();
        // Metadata that names no leader names -1.
        let followed = || held.followed_leader().or((epoch >= 0).then_some(NO_LEADER));
        Before { leader: if held.is_leader() { Some(own) } else { followed() }, epoch }
    }
}

/// What `Partition.makeLeader` logs.
pub(super) fn leader_line(held: &Partition, to: &PartitionRegistration, is_new: bool, before: &Before) -> String {
    let (id, topic_id, high_watermark) = (&held.topic_partition, held.topic_id, held.log.high_watermark());
    let list = |ids: &[i32]| joined(ids, ",");
    let (isr, adding, removing) = (list(&to.isr), list(&to.adding_replicas), list(&to.removing_replicas));
    if !is_new {
        return format!(
            "Skipped the become-leader state change for {id} with topic id Some({topic_id}), partition registration {to} and \
             isNew=false since it is already the leader with leader epoch {}. Current high watermark {high_watermark}, ISR \
             [{isr}], adding replicas [{adding}] and removing replicas [{removing}].",
            before.epoch
        );
    }
    // Kafka asks before it takes a new leader for one.
    let under = if before.leader == Some(to.leader) && held.is_under_min_isr() { "(under-min-isr)" } else { "" };
    let start = held.leader_state().map_or(0, |leader| leader.epoch_start_offset);
    format!(
        "Leader {id} with topic id Some({topic_id}) starts at leader epoch {} from offset {start} with partition epoch {}, \
         high watermark {high_watermark}, ISR [{isr}], adding replicas [{adding}] and removing replicas [{removing}] {under}. \
         Previous leader {} and previous leader epoch was {}.",
        to.leader_epoch,
        to.partition_epoch,
        option(before.leader),
        before.epoch
    )
}

/// What `Partition.makeFollower` logs.
pub(super) fn follower_line(held: &Partition, to: &PartitionRegistration, is_new: bool, before: &Before) -> String {
    let id = &held.topic_partition;
    if !is_new {
        return format!(
            "Skipped the become-follower state change for {id} with topic id Some({}), partition registration {to} and \
             isNew=false since it is already a follower with leader epoch {}.",
            held.topic_id, before.epoch
        );
    }
    format!(
        "Follower {id} starts at leader epoch {} from offset {} with partition epoch {} and high watermark {}. Current leader \
         is {}. Previous leader {} and previous leader epoch was {}.",
        to.leader_epoch,
        held.log.log_end(),
        to.partition_epoch,
        held.log.high_watermark(),
        to.leader,
        option(before.leader),
        before.epoch
    )
}
