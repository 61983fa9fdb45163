//! All partitions that this broker has, and what metadata makes of them (Kafka: `ReplicaManager`).

use base::{Map, Micros, Uuid};

use log::{Opening, UnifiedLog};
use protocol::messages::AssignReplicasToDirsRequest;
use protocol::messages::assign_replicas_to_dirs_request::{DirectoryData, PartitionData, TopicData};
use protocol::{ErrorCode, TopicPartition, java, scala};

use super::fetcher::{FetchState, Fetcher, Step};
use super::log_files::partition_dir;
use super::partition::{HighWatermarkMove, IsrProposal, Partition};
use super::server_log::{Before, follower_line, leader_line};
use super::to_controller::{Lane, Purpose};
use super::{Broker, Fx, around};
use crate::Event;
use crate::metadata::{MetadataDelta, MetadataImage, PartitionRegistration, RECOVERING, TopicIdPartition};
use crate::server_log::{joined, logger};
use crate::spec::Mutant;

const ASSIGN_DIRECTORIES_VERSION: i16 = 0;

#[derive(Clone, Debug, Default, Hash)]
pub struct ReplicaManager {
    pub partitions: Map<TopicPartition, Partition>,
    /// Logs that a start found on the disk and whose partitions the metadata has not brought yet.
    pub loaded: Map<TopicPartition, (Uuid, UnifiedLog)>,
}

impl ReplicaManager {
    pub fn get(&self, partition: &TopicPartition) -> Option<&Partition> {
        self.partitions.get(partition)
    }

    /// A partition, or the error for its absence: one that the metadata knows is somewhere else, and the client must
    /// look again; another is unknown.
    pub fn get_or_error(
        &self,
        partition: &TopicPartition,
        topic_id: Uuid,
        image: &MetadataImage,
    ) -> Result<&Partition, ErrorCode> {
        let found = self.get(partition).ok_or_else(|| absence(partition, topic_id, image))?;
        // A topic deleted and made again has the same name and another id.
        if topic_id != Uuid::ZERO && found.topic_id != topic_id {
            return Err(ErrorCode::InconsistentTopicId);
        }
        Ok(found)
    }

    pub fn get_mut_or_error(
        &mut self,
        partition: &TopicPartition,
        topic_id: Uuid,
        image: &MetadataImage,
    ) -> Result<&mut Partition, ErrorCode> {
        self.get_or_error(partition, topic_id, image)?;
        Ok(self.partitions.get_mut(partition).expect("found above"))
    }

    /// High watermarks of all partitions, for the checkpoint.
    pub fn high_watermarks(&self) -> impl Iterator<Item = (&TopicPartition, i64)> + Clone {
        self.partitions.iter().map(|(id, partition)| (id, partition.log.high_watermark()))
    }

    /// The first partition of a topic that is here.
    fn any_of(&self, topic: &str) -> Option<&Partition> {
        let from = TopicPartition::new(topic, 0);
        self.partitions.range(from..).next().filter(|(id, _)| id.topic == topic).map(|(_, partition)| partition)
    }
}

fn absence(partition: &TopicPartition, topic_id: Uuid, image: &MetadataImage) -> ErrorCode {
    if image.partition_by_name(partition).is_some() {
        return ErrorCode::NotLeaderOrFollower;
    }
    if topic_id != Uuid::ZERO { ErrorCode::UnknownTopicId } else { ErrorCode::UnknownTopicOrPartition }
}

/// What a delta means for one broker (`LocalReplicaChanges`).
#[derive(Default)]
struct LocalChanges {
    /// And whether this broker led it and its topic is gone.
    deletes: Vec<(TopicPartition, bool)>,
    leaders: Vec<Local>,
    followers: Vec<Local>,
}

struct Local {
    partition: TopicPartition,
    topic_id: Uuid,
    /// Its topic was there before.
    known: bool,
    registration: std::sync::Arc<PartitionRegistration>,
}

/// The order of the `HashMap` into which those of one topic after another were put (`TopicsDelta.localChanges`).
fn in_order_of_map(locals: Vec<Local>) -> Vec<Local> {
    let Some(first) = locals.first().map(|local| local.topic_id) else { return locals };
    let of_first = locals.iter().take_while(|local| local.topic_id == first).count();
    java::with_capacity(locals, of_first * 4 / 3 + 1, |local| hash_of(&local.partition))
}

pub(super) fn hash_of(id: &TopicPartition) -> i32 {
    java::topic_partition_hash(&id.topic, id.partition)
}

/// `StopPartition.hashCode` of a replica whose log is deleted, and its remote log with it if the broker led it.
fn stop_partition_hash(id: &TopicPartition, led: bool) -> i32 {
    let boolean = |value| if value { 1231 } else { 1237 };
    let parts = [java::topic_partition_hash(&id.topic, id.partition), boolean(true), boolean(led), boolean(false)];
    parts.into_iter().fold(1i32, |hash, part| hash.wrapping_mul(31).wrapping_add(part))
}

/// What becoming a follower means for the fetches.
enum Fetching {
    Starts,
    /// The broker is about to leave.
    Stops,
    Unchanged,
}

impl Broker {
    /// The logs of all partitions on the disk are opened; those that were not closed cleanly are recovered. Says how many
    /// there were.
    pub(super) fn load_logs(&mut self, now: Micros, fx: &mut Fx<'_>) -> usize {
        let found = super::log_files::LogFiles::partitions_on_disk(&self.disk);
        self.log_loading(found.len() + self.files.doomed_count(&self.disk), fx);
        let (mut loaded, total) = (0, found.len());
        for partition in found {
            loaded += 1;
            let dir = partition_dir(&partition);
            let topic_id = log::checkpoint::read_partition_metadata(&self.disk, &dir).ok().flatten();
            let is_ours = topic_id.is_some_and(|id| self.is_assigned(&partition, id));
            let Some(topic_id) = topic_id.filter(|_| is_ours) else {
                // The topic was deleted, or the replica moved away, while this broker was down.
                let opened = self.open_log(&partition, topic_id.unwrap_or_default(), now);
                self.log_stray(&opened, fx);
                let to = self.doom(&opened, true, now);
                let text = format!("Log in {0}/{partition} marked stray and renamed to {0}/{to}", self.log_dir());
                self.log_line("WARN", logger::LOG_MANAGER, text, fx);
                self.log_loaded(&opened, &to, (loaded, total), fx);
                continue;
            };
            let opened = self.open_log(&partition, topic_id, now);
            self.log_loaded(&opened, &partition.to_string(), (loaded, total), fx);
            self.replicas.loaded.insert(partition, (topic_id, opened));
        }
        self.log_all_loaded(total, fx);
        let at = now + Micros::from_ms(self.settings.server.amount("log.segment.delete.delay.ms"));
        self.files.doom_leftovers(&self.disk, at);
        self.schedule_file_deletion(fx);
        total
    }

    fn is_assigned(&self, partition: &TopicPartition, topic_id: Uuid) -> bool {
        let id = TopicIdPartition { topic_id, partition: partition.partition };
        let registration = self.metadata.image.partition(id);
        registration.is_some_and(|registration| registration.replicas.contains(&self.settings.node_id()))
    }

    pub(super) fn open_log(&mut self, partition: &TopicPartition, topic_id: Uuid, now: Micros) -> UnifiedLog {
        // All logs of a topic have the same settings, whose resolution costs more than to open an empty log.
        let config = match self.replicas.any_of(&partition.topic) {
            Some(other) => other.log.config().clone(),
            None => self.settings.log_config(&partition.topic, &self.metadata.image).into(),
        };
        let recovery_point = self.files.recovery_points.get(partition).copied().unwrap_or(0);
        let high_watermark = self.files.high_watermarks.get(partition).copied().unwrap_or(0);
        let opening = Opening {
            topic_id,
            config,
            clean_shutdown: self.files.was_clean,
            recovery_point,
            log_start: self.files.log_starts.get(partition).copied().unwrap_or(0),
            high_watermark,
        };
        UnifiedLog::open_with(&mut self.disk, &partition_dir(partition), partition.clone(), opening, now)
    }

    /// Every partition of the image, as the first metadata that this run applies.
    pub(super) fn apply_whole_image(&mut self, now: Micros, fx: &mut Fx<'_>) {
        let image = self.metadata.image.clone();
        let all: Vec<TopicIdPartition> = image.partitions().map(|(id, _, _)| id).collect();
        let changes = self.local_changes(&all, &MetadataImage::default(), &image);
        self.apply_changes(now, changes, fx);
    }

    /// Applies what a delta changed: deletions first (a new topic may have the name of an old one), then leaders, then
    /// followers (`ReplicaManager.applyDelta`).
    pub(super) fn apply_topics_delta(&mut self, now: Micros, delta: &MetadataDelta, fx: &mut Fx<'_>) {
        if delta.partitions.is_empty() && delta.deleted_topics.is_empty() {
            return;
        }
        let image = self.metadata.image.clone();
        let touched: Vec<TopicIdPartition> = delta.partitions.iter().copied().collect();
        let mut changes = self.local_changes(&touched, &delta.before, &image);
        for topic in delta.deleted_topics.values() {
            for (partition, registration) in &topic.partitions {
                let partition = TopicPartition::new(topic.name.clone(), *partition);
                if self.replicas.get(&partition).is_some_and(|held| held.topic_id == topic.id) {
                    changes.deletes.push((partition, registration.leader == self.settings.node_id()));
                }
            }
        }
        self.apply_changes(now, changes, fx);
        for topic in delta.deleted_topics.values() {
            self.forget_offsets_of(now, &topic.name, fx);
        }
    }

    fn local_changes(
        &self,
        touched: &[TopicIdPartition],
        before: &MetadataImage,
        image: &MetadataImage,
    ) -> LocalChanges {
        let mut changes = LocalChanges::default();
        // In the order of topics: what concerns a whole topic is looked up once.
        for of_topic in touched.chunk_by(|one, next| one.topic_id == next.topic_id) {
            let Some(topic) = image.topic(of_topic[0].topic_id) else { continue };
            let holds_any = self.replicas.any_of(&topic.name).is_some();
            let known = before.topic(of_topic[0].topic_id).is_some();
            for id in of_topic {
                let Some(registration) = topic.partitions.get(&id.partition) else { continue };
                let is_assigned = registration.replicas.contains(&self.settings.node_id());
                if !is_assigned && !holds_any {
                    continue;
                }
                let partition = TopicPartition::new(topic.name.clone(), id.partition);
                let local = Local { partition, topic_id: id.topic_id, known, registration: registration.clone() };
                if registration.leader == self.settings.node_id() {
                    changes.leaders.push(local);
                } else if is_assigned {
                    changes.followers.push(local);
                } else if self.replicas.get(&local.partition).is_some_and(|held| held.topic_id == id.topic_id) {
                    changes.deletes.push((local.partition, false));
                }
            }
        }
        changes.leaders = in_order_of_map(changes.leaders);
        changes.followers = in_order_of_map(changes.followers);
        changes
    }

    fn apply_changes(&mut self, now: Micros, changes: LocalChanges, fx: &mut Fx<'_>) {
        let stopped = scala::mutable_order(changes.deletes, None, |(id, led)| stop_partition_hash(id, *led));
        let stopped: Vec<TopicPartition> = stopped.into_iter().map(|(id, _)| id).collect();
        if !stopped.is_empty() {
            self.log_state_change(&format!("Deleting {} partition(s).", stopped.len()), fx);
            self.log_stopped_fetchers(stopped.iter().collect(), fx);
        }
        // Their folders go in the order of a hash set.
        let any_stopped = !stopped.is_empty();
        for partition in scala::mutable_order(stopped, None, hash_of) {
            self.delete_partition(now, &partition, fx);
        }
        if any_stopped {
            self.checkpoint_recovery_points(now);
            self.checkpoint_log_starts(now);
        }
        self.assign_directories(changes.leaders.iter().chain(&changes.followers));
        if !changes.leaders.is_empty() {
            let count = changes.leaders.len();
            self.log_state_change(&format!("Transitioning {count} partition(s) to local leaders."), fx);
            let names: Vec<&TopicPartition> = changes.leaders.iter().map(|local| &local.partition).collect();
            self.log_fetchers(&format!("Removed fetcher for partitions Set({})", joined(names, ", ")), fx);
        }
        for local in changes.leaders {
            self.become_leader(now, &local, fx);
        }
        self.become_followers(now, &changes.followers, fx);
        let mut idle = vec![];
        self.fetchers.retain(|leader, fetcher| {
            let is_busy = !fetcher.states.is_empty() || !fetcher.failed.is_empty();
            if !is_busy {
                fetcher.client.disconnect(fx);
                idle.push(*leader);
            }
            is_busy
        });
        for leader in idle {
            for text in ["Shutting down", "Stopped", "Shutdown completed"] {
                self.log_fetcher_thread(leader, text, fx);
            }
        }
        self.schedule_checkpoint(now, fx);
    }

    /// Tells the controller of replicas whose directory is not the one that the metadata names: after the disk was
    /// replaced there is another one (Kafka: `ReplicaManager.maybeUpdateTopicAssignment`).
    fn assign_directories<'a>(&mut self, replicas: impl Iterator<Item = &'a Local>) {
        let (broker_id, here) = (self.settings.node_id(), self.files.directory_id);
        let mut topics: Vec<TopicData> = Vec::new();
        for moved in replicas.filter(|local| local.registration.directory(broker_id) != here) {
            if topics.last().is_none_or(|topic| topic.topic_id != moved.topic_id) {
                topics.push(TopicData { topic_id: moved.topic_id, ..Default::default() });
            }
            let partition_index = moved.partition.partition;
            if let Some(topic) = topics.last_mut() {
                topic.partitions.push(PartitionData { partition_index, ..Default::default() });
            }
        }
        if topics.is_empty() {
            return;
        }
        let directories = vec![DirectoryData { id: here, topics, ..Default::default() }];
        let broker_epoch = self.lifecycle.broker_epoch;
        let request = AssignReplicasToDirsRequest { broker_id, broker_epoch, directories, ..Default::default() };
        self.to_controller.submit(Lane::Directories, Purpose::Directories, ASSIGN_DIRECTORIES_VERSION, request);
    }

    fn become_leader(&mut self, now: Micros, local: &Local, fx: &mut Fx<'_>) {
        self.ensure_partition(now, local, fx);
        self.stop_fetching(&local.partition);
        let around = around!(self, now);
        let Some(partition) = self.replicas.partitions.get_mut(&local.partition) else { return };
        let before = Before::of(partition, self.spec.node_id);
        let is_new_epoch = partition.make_leader(&mut self.disk, now, &local.registration, &around);
        let line = leader_line(partition, &local.registration, is_new_epoch, &before);
        let moved = partition.maybe_increment_high_watermark(&around);
        let (epoch, log_end) = (partition.leader_epoch(), partition.log.log_end());
        if local.registration.leader_recovery_state == RECOVERING {
            let id = &local.partition;
            let text =
                format!("The topic partition {id} was marked as RECOVERING. Marking the topic partition as RECOVERED.");
            self.log_state_change(&text, fx);
        }
        self.log_state_change(&line, fx);
        if is_new_epoch {
            let broker = self.settings.node_id();
            fx.emit(Event::BecameLeader { partition: local.partition.clone(), broker, epoch, log_end });
        }
        self.note_high_watermark(&local.partition, moved, fx);
        self.purgatory.touch(&local.partition);
        self.on_coordinator_elected(now, &local.partition, fx);
    }

    /// Kafka prepares all of them, and lets them fetch then.
    fn become_followers(&mut self, now: Micros, followers: &[Local], fx: &mut Fx<'_>) {
        if followers.is_empty() {
            return;
        }
        self.log_state_change(&format!("Transitioning {} partition(s) to local followers.", followers.len()), fx);
        let (mut starting, mut leaving) = (Vec::new(), Vec::new());
        for local in followers {
            match self.become_follower(now, local, fx) {
                Fetching::Starts => starting.push(&local.partition),
                Fetching::Stops => leaving.push(&local.partition),
                Fetching::Unchanged => {}
            }
        }
        let starting = scala::mutable_order(starting, None, |id| hash_of(id));
        self.log_fetching(&starting, fx);
        if !leaving.is_empty() {
            let leaving = scala::mutable_order(leaving, None, |id| hash_of(id));
            let count = leaving.len();
            self.log_stopped_fetchers(leaving, fx);
            let text = format!("Stopped fetchers as part of controlled shutdown for {count} partitions");
            self.log_state_change(&text, fx);
        }
        for id in starting {
            self.start_fetching(now, id, fx);
        }
    }

    fn become_follower(&mut self, now: Micros, local: &Local, fx: &mut Fx<'_>) -> Fetching {
        self.ensure_partition(now, local, fx);
        let broker = self.settings.node_id();
        let Some(partition) = self.replicas.partitions.get_mut(&local.partition) else { return Fetching::Unchanged };
        let before = Before::of(partition, broker);
        let is_new_epoch = partition.make_follower(&local.registration);
        let line = follower_line(partition, &local.registration, is_new_epoch, &before);
        let (epoch, leader) = (partition.leader_epoch(), partition.followed_leader());
        self.log_state_change(&line, fx);
        // A broker that shuts down does not follow where it has left the ISR.
        let leaves = self.lifecycle.is_leaving() && (leader.is_none() || !local.registration.isr.contains(&broker));
        if leaves || is_new_epoch {
            self.stop_fetching(&local.partition);
            self.purgatory.touch(&local.partition);
        }
        if is_new_epoch {
            let event = Event::BecameFollower {
                partition: local.partition.clone(),
                broker,
                epoch,
                leader: leader.unwrap_or(crate::metadata::NO_LEADER),
            };
            fx.emit(event);
            self.on_coordinator_resigned(now, &local.partition, fx);
        }
        match (leaves, is_new_epoch) {
            (true, _) => Fetching::Stops,
            (false, true) => Fetching::Starts,
            (false, false) => Fetching::Unchanged,
        }
    }

    /// Begins to fetch from the present leader, at the log end; or, when no epoch is known of any record, at the high
    /// watermark, above which nothing can be trusted then.
    pub(super) fn start_fetching(&mut self, now: Micros, id: &TopicPartition, fx: &mut Fx<'_>) {
        let Some(partition) = self.replicas.partitions.get_mut(id) else { return };
        let Some(leader) = partition.followed_leader() else { return };
        if self.metadata.image.broker(leader).is_none() {
            return;
        }
        let keeps_to_high_watermark = self.spec.profile.breaks(Mutant::TruncateToHighWatermark);
        let last_epoch = partition.log.latest_epoch().filter(|_| !keeps_to_high_watermark);
        let fetch_offset = match last_epoch {
            Some(_) => partition.log.log_end(),
            None => partition.log.high_watermark(),
        };
        let state = FetchState {
            topic_id: partition.topic_id,
            fetch_offset,
            current_leader_epoch: partition.leader_epoch(),
            last_fetched_epoch: last_epoch.unwrap_or(-1),
            delayed_until: None,
            step: Step::Fetch,
            in_sync: false,
        };
        if last_epoch.is_none() {
            self.log_truncating(leader, id, fetch_offset, &format!("local high watermark {fetch_offset}"), fx);
            self.truncate_replica(now, id, fetch_offset, fx);
        }
        let broker_id = self.settings.node_id();
        let fetcher = self.fetchers.entry(leader).or_insert_with(|| Fetcher::new(broker_id, leader));
        fetcher.add(id.clone(), state);
    }

    pub(super) fn stop_fetching(&mut self, partition: &TopicPartition) {
        for fetcher in self.fetchers.values_mut() {
            fetcher.remove(partition);
        }
    }

    /// Cuts a follower's log at `offset`, and says so if anything went.
    pub(super) fn truncate_replica(&mut self, now: Micros, id: &TopicPartition, offset: i64, fx: &mut Fx<'_>) {
        let Some(partition) = self.replicas.partitions.get(id) else { return };
        self.log_truncation(&partition.log, offset, fx);
        let Some(partition) = self.replicas.partitions.get_mut(id) else { return };
        let from_end = partition.log.log_end();
        partition.log.truncate_to(&mut self.disk, offset, now);
        let to_end = partition.log.log_end();
        if to_end < from_end {
            let broker = self.settings.node_id();
            fx.emit(Event::LogTruncated { partition: id.clone(), broker, from_end, to_end });
        }
    }

    /// The partition object and its log, opened or made.
    fn ensure_partition(&mut self, now: Micros, local: &Local, fx: &mut Fx<'_>) {
        let held = self.replicas.get(&local.partition).map(|held| held.topic_id);
        if held == Some(local.topic_id) {
            return;
        }
        let found = self.replicas.loaded.remove(&local.partition).filter(|(id, _)| *id == local.topic_id);
        let (id, topic_id) = (&local.partition, local.topic_id);
        let (level, text) = match local.known {
            true => (
                "ERROR",
                format!("Expected partition {id} with topic id {topic_id} to exist, but it was missing. Creating..."),
            ),
            false => ("INFO", format!("Creating new partition {id} with topic id {topic_id}.")),
        };
        self.log_line(level, logger::STATE_CHANGE, format!("[Broker id={}] {text}", self.spec.node_id), fx);
        let log = match found {
            Some((_, log)) => log,
            None => self.create_log(&local.partition, local.topic_id, now, fx),
        };
        self.log_new_partition(&local.partition, log.high_watermark(), fx);
        let min_isr = log.config().min_insync_replicas;
        let partition = Partition::new(local.partition.clone(), local.topic_id, log, min_isr);
        self.replicas.partitions.insert(local.partition.clone(), partition);
    }

    fn delete_partition(&mut self, now: Micros, partition: &TopicPartition, fx: &mut Fx<'_>) {
        self.stop_fetching(partition);
        let Some(held) = self.replicas.partitions.remove(partition) else { return };
        let to = self.doom(&held.log, false, now);
        let dir = self.log_dir();
        let text = format!("Log for partition {partition} is renamed to {dir}/{to} and is scheduled for deletion");
        self.log_info(logger::LOG_MANAGER, text, fx);
        self.files.forget(&mut self.disk, partition, now);
        self.schedule_file_deletion(fx);
        self.purgatory.touch(partition);
        fx.emit(Event::ReplicaDeleted { partition: partition.clone(), broker: self.settings.node_id() });
        self.on_coordinator_resigned(now, partition, fx);
    }

    /// Topic settings changed, or a default behind them did.
    pub(super) fn apply_configs(&mut self) {
        let ids: Vec<TopicPartition> = self.replicas.partitions.keys().cloned().collect();
        for id in ids {
            let config = self.settings.log_config(&id.topic, &self.metadata.image);
            let Some(held) = self.replicas.partitions.get_mut(&id) else { continue };
            if **held.log.config() != config {
                held.min_insync_replicas = config.min_insync_replicas;
                // A smaller minimum lets the high watermark go at the next fetch or append; Kafka does not look at
                // once.
                held.log.set_config(config.into());
            }
        }
    }

    /// ISR members that lag too long are proposed for removal (every `replica.lag.time.max.ms` / 2).
    pub(super) fn check_isrs(&mut self, now: Micros, fx: &mut Fx<'_>) {
        let around = around!(self, now);
        let shrink = |(id, partition): (&TopicPartition, &mut Partition)| {
            let proposal = partition.maybe_shrink_isr(&around)?;
            Some((id.clone(), partition.topic_id, partition.describe_shrink(), proposal))
        };
        let shrunk: Vec<_> = self.replicas.partitions.iter_mut().filter_map(shrink).collect();
        for (id, topic_id, text, proposal) in shrunk {
            self.log_partition(&id, &text, fx);
            self.submit_isr_change(TopicIdPartition { topic_id, partition: id.partition }, proposal);
        }
    }

    pub(super) fn submit_isr_change(&mut self, partition: TopicIdPartition, proposal: IsrProposal) {
        if !self.isr_changes.submit(partition, proposal.clone()) {
            // An older change still waits; give this one up, the next fetch or check makes it anew.
            let name = self.metadata.image.topic(partition.topic_id).map(|topic| topic.name.clone());
            let Some(id) = name.map(|name| TopicPartition::new(name, partition.partition)) else { return };
            let around = around!(self, Micros::ZERO);
            if let Some(held) = self.replicas.partitions.get_mut(&id) {
                held.on_isr_answer(&proposal, Err(ErrorCode::OperationNotAttempted), &around);
            }
        }
    }

    /// Reports a moved high watermark and wakes who waits for it.
    pub(super) fn note_high_watermark(
        &mut self,
        partition: &TopicPartition,
        moved: Option<HighWatermarkMove>,
        fx: &mut Fx<'_>,
    ) {
        let Some(HighWatermarkMove { from, to }) = moved else { return };
        let broker = self.settings.node_id();
        let leader = self.replicas.get(partition).is_some_and(Partition::is_leader);
        fx.emit(Event::HighWatermarkAdvanced { partition: partition.clone(), broker, leader, from, to });
        self.purgatory.touch(partition);
        self.schedule_checkpoint(fx.now, fx);
        if leader {
            self.complete_group_writes(fx.now, partition, fx);
        }
    }
}
