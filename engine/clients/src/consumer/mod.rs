//! The consumer (`KafkaConsumer`, the classic group protocol): assign or subscribe, seek, poll, commit.
//!
//! ```text
//! subscribe -> group shares out -> committed offsets or reset -> fetch from the leaders -> poll hands records out
//! ```
//!
//! Java's `poll` does everything in the caller's thread. Here the client works in every call, keeps what it fetched, and
//! [`Consumer::poll`] only takes it; a position moves when its record is handed out, as there.

pub mod assignor;
mod commits;
mod fetcher;
mod group;
mod subscription;

use base::{ConnId, Micros, Rng, Set};

use bytes::Bytes;
use cluster::event::ClientRef;
use cluster::{Event, Kafka};
use log::batch::{BatchView, Record, RecordHeader, TimestampType};
use protocol::{ErrorCode, Name, Request, Response, TopicPartition, java, topic};
use regex_lite::Regex;
use sim::Effects;

use crate::admin::{NewClientError, resolve};
use crate::config::ConsumerConfig;
use crate::core::{ClientCore, topic_exception};
use crate::error::KafkaError;
use crate::logline::LogLine;
use crate::metadata::{Metadata, RefreshConfig};
use crate::network::{NetEvent, NetworkClient};
use crate::news::News;
use commits::Position;
use group::{Group, Membership};
use subscription::{Mode, Subscription};
pub use subscription::{Seek, Topics};

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerRecord {
    pub topic: Name,
    pub partition: i32,
    pub offset: i64,
    /// Epoch milliseconds, -1 if none.
    pub timestamp: i64,
    pub log_append_time: bool,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<RecordHeader>,
    pub leader_epoch: i32,
}

impl ConsumerRecord {
    fn new(tp: &TopicPartition, record: Record, batch: &BatchView) -> ConsumerRecord {
        ConsumerRecord {
            topic: tp.topic.clone(),
            partition: tp.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            log_append_time: batch.timestamp_type() == TimestampType::LogAppendTime,
            key: record.key,
            value: record.value,
            headers: record.headers,
            leader_epoch: batch.leader_epoch(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConsumerOutput {
    Log(LogLine),
    /// The partitions that are this consumer's from now on.
    Assigned(Vec<TopicPartition>),
    /// Java's `poll` throws this.
    Thrown(KafkaError),
    /// After [`Consumer::close`].
    Closed,
}

/// Where a consumer is in one partition, for views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionPosition {
    pub partition: TopicPartition,
    pub position: i64,
    pub committed: Option<i64>,
    pub high_watermark: i64,
}

/// What a request under way was for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Asked {
    Coordinator,
    Join,
    Sync,
    Heartbeat,
    Leave,
    Committed(Vec<TopicPartition>),
    Commit(Vec<Position>),
    Offsets(Vec<TopicPartition>),
    Fetch(Vec<(TopicPartition, i64)>),
}

impl Asked {
    fn is_fetch(&self) -> bool {
        matches!(self, Asked::Fetch(_))
    }

    fn concerns(&self, tp: &TopicPartition) -> bool {
        match self {
            Asked::Offsets(list) => list.contains(tp),
            Asked::Fetch(list) => list.iter().any(|(asked, _)| asked == tp),
            _ => false,
        }
    }
}

#[derive(Clone, Debug, Hash)]
struct InFlight {
    node: i32,
    correlation_id: i32,
    asked: Asked,
}

#[derive(Clone, Debug, Hash)]
pub struct Consumer {
    config: ConsumerConfig,
    client: ClientRef,
    core: ClientCore,
    subscription: Subscription,
    group: Option<Group>,
    asked: Vec<InFlight>,
    rng: Rng,
    outputs: Vec<ConsumerOutput>,
    metadata_version: u64,
    closing: bool,
    /// Until when the last commit and the goodbye may take.
    close_deadline: Micros,
    said_goodbye: bool,
    closed: bool,
    next_wakeup: Option<Micros>,
    deadline: Option<Micros>,
}

impl Consumer {
    /// A consumer that begins to connect at once. `client` is how the stage names it, `seed` that of the process.
    pub fn new(
        config: ConsumerConfig,
        client: ClientRef,
        seed: u64,
        now: Micros,
        fx: &mut Effects<'_, Kafka>,
    ) -> Result<Consumer, NewClientError> {
        let resolved = resolve(&config.common.bootstrap_servers, now, fx);
        let (servers, log) = resolved.map_err(|error| error.wrap("Failed to construct kafka consumer"))?;
        let prefix = match &config.group_id {
            Some(group) => format!("[Consumer clientId={}, groupId={group}] ", config.common.client_id),
            None => format!("[Consumer clientId={}, groupId=null] ", config.common.client_id),
        };
        let refresh = RefreshConfig {
            backoff: config.common.retry_backoff,
            max_age: config.common.metadata_max_age,
            allow_auto_create: config.allow_auto_create,
        };
        let net = NetworkClient::new(config.common.network(prefix, None), Rng::new(seed, 0, "consumer network"));
        Ok(Consumer {
            core: ClientCore::new(net, Metadata::new(refresh, servers), config.common.rebootstrap),
            subscription: Subscription::new(),
            group: config.group_id.clone().map(Group::new),
            config,
            client,
            asked: Vec::new(),
            rng: Rng::new(seed, 0, "consumer backoff"),
            outputs: log.into_iter().map(ConsumerOutput::Log).collect(),
            metadata_version: 0,
            closing: false,
            close_deadline: Micros::MAX,
            said_goodbye: false,
            closed: false,
            next_wakeup: None,
            deadline: None,
        })
    }

    /// Reads these partitions, without a group's help.
    pub fn assign(&mut self, partitions: &[TopicPartition], now: Micros, fx: &mut Effects<'_, Kafka>) {
        self.subscription.mode = Mode::Assigned;
        self.subscription.assign(partitions);
        self.core.metadata.watch_topics(partitions.iter().map(|tp| tp.topic.to_string()).collect());
        self.pump(now, fx);
    }

    /// Reads what the group shares out of these topics.
    pub fn subscribe(&mut self, topics: Topics, now: Micros, fx: &mut Effects<'_, Kafka>) {
        match &topics {
            Topics::Names(names) => drop(self.core.metadata.watch_topics(names.iter().cloned().collect())),
            Topics::Pattern(_) => self.core.metadata.set_all_topics(),
        }
        self.subscription.mode = Mode::Subscribed(topics);
        self.request_rejoin();
        self.pump(now, fx);
    }

    /// Moves the position of an assigned partition.
    pub fn seek(&mut self, tp: &TopicPartition, to: Seek, now: Micros, fx: &mut Effects<'_, Kafka>) {
        if let Some(partition) = self.subscription.get(tp) {
            match to {
                Seek::Offset(offset) => partition.seek(offset),
                Seek::Beginning => partition.reset(fetcher::EARLIEST),
                Seek::End => partition.reset(fetcher::LATEST),
            }
        }
        self.pump(now, fx);
    }

    /// Takes up to `max.poll.records` records, and fetches on.
    pub fn poll(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) -> Vec<ConsumerRecord> {
        if self.closing {
            return Vec::new();
        }
        let mut runs: Vec<Vec<ConsumerRecord>> = Vec::new();
        for record in self.subscription.drain(self.config.max_poll_records) {
            match runs.last_mut() {
                Some(run) if run[0].topic == record.topic && run[0].partition == record.partition => run.push(record),
                _ => runs.push(vec![record]),
            }
        }
        // What a poll brings lies by partition in a hash map, and is read in its order (`ConsumerRecords`).
        let runs = java::hash_map_order(runs, |run| java::topic_partition_hash(&run[0].topic, run[0].partition));
        for run in &runs {
            fx.emit(Event::RecordsConsumed {
                client: self.client.clone(),
                partition: TopicPartition::new(run[0].topic.clone(), run[0].partition),
                first_offset: run[0].offset,
                next_offset: run[run.len() - 1].offset + 1,
            });
        }
        self.pump(now, fx);
        runs.into_iter().flatten().collect()
    }

    /// Commits (if it commits by itself), leaves the group, disconnects. [`ConsumerOutput::Closed`] is the last output.
    pub fn close(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        if self.closing {
            return;
        }
        self.closing = true;
        self.close_deadline = now + Micros::from_secs(30);
        // What was asked for reading matters no more.
        self.asked.retain(|request| matches!(request.asked, Asked::Commit(_)));
        if self.config.auto_commit
            && let Some(coordinator) = self.reachable_coordinator()
        {
            let offsets = self.positions();
            if !offsets.is_empty() {
                self.commit(coordinator, offsets, now, fx);
            }
        }
        self.pump(now, fx);
    }

    /// The process dies: connections close, nothing is told any more.
    pub fn abandon(&mut self, fx: &mut Effects<'_, Kafka>) {
        self.core.net.close(fx);
        self.closed = true;
        self.deadline = None;
    }

    pub fn owns(&self, conn: ConnId) -> bool {
        self.core.net.owns(conn)
    }

    pub fn on_news(&mut self, news: News, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let events = self.core.net.on_news(news, now, fx);
        self.absorb(events, now, fx);
        self.pump(now, fx);
    }

    pub fn next_deadline(&self) -> Option<Micros> {
        self.deadline
    }

    pub fn take_outputs(&mut self) -> Vec<ConsumerOutput> {
        let log = self.core.net.take_log();
        let mut outputs: Vec<ConsumerOutput> = log.into_iter().map(ConsumerOutput::Log).collect();
        outputs.append(&mut self.outputs);
        outputs
    }

    pub fn positions_view(&self) -> Vec<PartitionPosition> {
        let view = |(tp, partition): (&TopicPartition, &subscription::PartitionState)| PartitionPosition {
            partition: tp.clone(),
            position: partition.position,
            committed: partition.committed,
            high_watermark: partition.high_watermark,
        };
        self.subscription.partitions.iter().map(view).collect()
    }

    /// Id of its group, the generation it knows, since when it has been joining the next one (`None`: it is a member),
    /// and how long it was without partitions the last time.
    pub fn group_view(&self) -> Option<(String, i32, Option<Micros>, Micros)> {
        self.group.as_ref().map(|group| (group.id.clone(), group.generation, group.pause_from, group.paused))
    }

    /// Ids of the nodes it is connected to: brokers, bootstrap servers (negative), the coordinator (`i32::MAX - id`).
    pub fn connections(&self) -> Vec<i32> {
        self.core.net.ready_nodes()
    }

    fn pump(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        if self.closed {
            self.deadline = None;
            return;
        }
        self.next_wakeup = None;
        if self.closing {
            self.run_close(now, fx);
        } else {
            loop {
                let refresh_at = self.core.maybe_update(now, fx);
                self.on_new_metadata(fx);
                if matches!(self.subscription.mode, Mode::Subscribed(_)) {
                    self.run_group(now, fx);
                }
                self.fetch_committed(now, fx);
                self.reset_positions(now, fx);
                self.fetch(now, fx);
                if !self.core.can_ask(now) {
                    refresh_at.iter().for_each(|at| self.wake_at(*at));
                    break;
                }
            }
            let waiting = self.subscription.partitions.values().map(|partition| partition.not_before);
            let soon: Vec<Micros> = waiting.filter(|at| *at > now).collect();
            soon.into_iter().for_each(|at| self.wake_at(at));
        }
        let next = [self.next_wakeup, self.core.net.next_deadline()].into_iter().flatten().min();
        self.deadline = next.map(|at| if at > now { at } else { now + Micros::from_ms(1) });
        if self.closed {
            self.deadline = None;
        }
    }

    /// Waits for the last commit, says goodbye, waits for the answer, ends.
    fn run_close(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let late = now >= self.close_deadline;
        let waits = self.asked.iter().any(|request| matches!(request.asked, Asked::Commit(_) | Asked::Leave));
        if waits && !late {
            let at = self.close_deadline;
            return self.wake_at(at);
        }
        if !self.said_goodbye && !late {
            self.said_goodbye = true;
            let subscribed = matches!(self.subscription.mode, Mode::Subscribed(_));
            if subscribed && self.leave(now, fx) {
                return;
            }
        }
        self.core.net.close(fx);
        self.closed = true;
        self.outputs.push(ConsumerOutput::Closed);
    }

    fn on_new_metadata(&mut self, fx: &mut Effects<'_, Kafka>) {
        if self.core.metadata.version == self.metadata_version {
            return;
        }
        self.metadata_version = self.core.metadata.version;
        fx.emit(Event::MetadataUpdated { client: self.client.clone() });
        if !matches!(self.subscription.mode, Mode::Subscribed(_)) {
            return;
        }
        for topic in self.subscribed_topics() {
            if let Some(error) = topic_exception(&self.core, &topic) {
                self.throw(error);
            }
        }
        self.check_counts();
    }

    fn absorb(&mut self, events: Vec<NetEvent>, now: Micros, fx: &mut Effects<'_, Kafka>) {
        for event in self.core.absorb(events, now) {
            match event {
                NetEvent::Ready { .. } => {}
                NetEvent::Disconnected { node, .. } => {
                    let coordinator = self.group.as_ref().and_then(|group| group.coordinator.as_ref());
                    if coordinator.is_some_and(|coordinator| coordinator.id == node) {
                        self.lose_coordinator(now);
                    }
                }
                NetEvent::Response { node, correlation_id, body, .. } => {
                    if let Some(asked) = self.take_asked(node, correlation_id) {
                        self.on_response(&asked, &body, now, fx);
                    }
                }
                NetEvent::Failed { node, correlation_id, .. } => {
                    if let Some(asked) = self.take_asked(node, correlation_id) {
                        self.on_failed(&asked, now);
                    }
                }
            }
        }
    }

    fn on_response(&mut self, asked: &Asked, body: &Response, now: Micros, fx: &mut Effects<'_, Kafka>) {
        match (asked, body) {
            (Asked::Coordinator, Response::FindCoordinator(response)) => self.on_coordinator(response, now),
            (Asked::Join, Response::JoinGroup(response)) => self.on_joined(response, now),
            (Asked::Sync, Response::SyncGroup(response)) => self.on_synced(response, now),
            (Asked::Heartbeat, Response::Heartbeat(response)) => {
                self.on_heartbeat(ErrorCode::from_code(response.error_code), now);
            }
            (Asked::Committed(asked), Response::OffsetFetch(response)) => self.on_committed(asked, response, now),
            (Asked::Commit(asked), Response::OffsetCommit(response)) => self.on_commit(asked, response, now, fx),
            (Asked::Offsets(asked), Response::ListOffsets(response)) => self.on_offsets(asked, response, now),
            (Asked::Fetch(asked), Response::Fetch(response)) => self.on_fetched(asked, response, now),
            _ => {}
        }
    }

    /// The connection broke under a request.
    fn on_failed(&mut self, asked: &Asked, now: Micros) {
        match asked {
            Asked::Coordinator => self.retry_group(now),
            Asked::Join | Asked::Sync => {
                if let Some(group) = &mut self.group
                    && matches!(group.membership, Membership::Joining | Membership::Syncing)
                {
                    group.membership = Membership::Unjoined;
                }
            }
            Asked::Commit(_) => self.after_commit(ErrorCode::CoordinatorNotAvailable, now),
            Asked::Committed(partitions) | Asked::Offsets(partitions) => {
                partitions.iter().for_each(|tp| self.back_off(tp, now));
            }
            Asked::Fetch(partitions) => partitions.iter().for_each(|(tp, _)| self.back_off(tp, now)),
            Asked::Heartbeat | Asked::Leave => {}
        }
    }

    /// Sends and remembers a request. False if the node does not know the API.
    fn send(
        &mut self,
        node: i32,
        request: Request,
        timeout: Micros,
        asked: Asked,
        now: Micros,
        fx: &mut Effects<'_, Kafka>,
    ) -> bool {
        match self.core.net.send(node, request, timeout, now, fx) {
            Ok(correlation_id) => {
                self.asked.push(InFlight { node, correlation_id, asked });
                true
            }
            Err(error) => {
                self.throw(error);
                false
            }
        }
    }

    fn take_asked(&mut self, node: i32, correlation_id: i32) -> Option<Asked> {
        let is_it = |request: &InFlight| request.node == node && request.correlation_id == correlation_id;
        let at = self.asked.iter().position(is_it)?;
        Some(self.asked.remove(at).asked)
    }

    fn is_asked(&self, tp: &TopicPartition) -> bool {
        self.asked.iter().any(|request| request.asked.concerns(tp))
    }

    fn reachable_coordinator(&self) -> Option<i32> {
        let coordinator = self.group.as_ref()?.coordinator.as_ref()?;
        self.core.net.can_send(coordinator.id).then_some(coordinator.id)
    }

    /// Topics that the subscription stands for at present.
    fn subscribed_topics(&self) -> Vec<String> {
        match &self.subscription.mode {
            Mode::Subscribed(Topics::Names(names)) => {
                let names: Set<String> = names.iter().cloned().collect();
                names.into_iter().collect()
            }
            Mode::Subscribed(Topics::Pattern(pattern)) => {
                let Ok(regex) = Regex::new(&format!("^(?:{pattern})$")) else { return Vec::new() };
                let known = self.core.metadata.cluster.topics.keys();
                known.filter(|name| !topic::is_internal(name) && regex.is_match(name)).cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    fn throw(&mut self, error: KafkaError) {
        let log = self.core.net.take_log();
        self.outputs.extend(log.into_iter().map(ConsumerOutput::Log));
        self.outputs.push(ConsumerOutput::Thrown(error));
    }

    fn wake_at(&mut self, at: Micros) {
        self.next_wakeup = Some(self.next_wakeup.map_or(at, |earlier| earlier.min(at)));
    }

    /// A node is not ready: look again when its back-off ends.
    fn note_retry(&mut self, node: i32) {
        if let Some(at) = self.core.net.retry_at(node) {
            self.wake_at(at);
        }
    }
}
