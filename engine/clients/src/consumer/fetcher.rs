//! Fetching: one request to each leader, and what its answer brings (`AbstractFetch`, `FetchCollector`).
//!
//! Each fetch stands alone: this client uses no fetch sessions (KIP-227), whose only purpose is to save bytes.

use base::{Map, Micros};

use cluster::Kafka;
use log::batch::{BatchView, batches_of};
use protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use protocol::messages::fetch_response::{AbortedTransaction, PartitionData};
use protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use protocol::messages::{FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse};
use protocol::{ApiKey, ErrorCode, TopicPartition};
use sim::Effects;

use super::subscription::FetchState;
use super::{Asked, Consumer, ConsumerRecord};
use crate::config::OffsetReset;
use crate::error::{self, KafkaError};
use crate::logline::LogLine;
use crate::node::Node;

const COLLECTOR: &str = "org.apache.kafka.clients.consumer.internals.FetchCollector";
/// The first Fetch version that names topics by id.
const TOPIC_ID_VERSION: i16 = 13;
pub(super) const LATEST: i64 = -1;
pub(super) const EARLIEST: i64 = -2;

impl Consumer {
    /// Gives partitions without a position one: by ListOffsets, where the policy or a seek says so.
    pub(super) fn reset_positions(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let mut by_leader: Map<i32, Vec<(TopicPartition, i64)>> = Map::new();
        let waiting = self.subscription.in_state(|p| matches!(p.state, FetchState::AwaitReset { .. }));
        for tp in waiting {
            let Some(partition) = self.subscription.get(&tp) else { continue };
            let FetchState::AwaitReset { timestamp } = partition.state else { continue };
            if now < partition.not_before || self.is_asked(&tp) {
                continue;
            }
            match self.core.metadata.cluster.leader(&tp) {
                Some(leader) => by_leader.entry(leader.id).or_default().push((tp, timestamp)),
                None => {
                    self.core.metadata.request_update();
                    self.back_off(&tp, now);
                }
            }
        }
        for (leader, partitions) in by_leader {
            self.ask_offsets(leader, partitions, now, fx);
        }
    }

    fn ask_offsets(
        &mut self,
        leader: i32,
        partitions: Vec<(TopicPartition, i64)>,
        now: Micros,
        fx: &mut Effects<'_, Kafka>,
    ) {
        let Some(node) = self.core.metadata.cluster.nodes.get(&leader).cloned() else { return };
        if !self.core.ready(&node, now, fx) {
            return self.note_retry(leader);
        }
        let mut topics: Vec<ListOffsetsTopic> = Vec::new();
        for (tp, timestamp) in &partitions {
            let partition = ListOffsetsPartition {
                partition_index: tp.partition,
                current_leader_epoch: self.core.metadata.cluster.partition(tp).map_or(-1, |p| p.leader_epoch),
                timestamp: *timestamp,
                ..Default::default()
            };
            match topics.last_mut() {
                Some(topic) if topic.name == tp.topic => topic.partitions.push(partition),
                _ => topics.push(ListOffsetsTopic {
                    name: tp.topic.to_string(),
                    partitions: vec![partition],
                    ..Default::default()
                }),
            }
        }
        let timeout = self.config.common.request_timeout;
        let request = ListOffsetsRequest {
            replica_id: -1,
            isolation_level: i8::from(self.config.read_committed),
            topics,
            timeout_ms: i32::try_from(timeout.as_ms()).unwrap_or(i32::MAX),
            ..Default::default()
        };
        let asked = Asked::Offsets(partitions.into_iter().map(|(tp, _)| tp).collect());
        self.send(leader, request.into(), timeout, asked, now, fx);
    }

    pub(super) fn on_offsets(&mut self, asked: &[TopicPartition], response: &ListOffsetsResponse, now: Micros) {
        for tp in asked {
            let topic = response.topics.iter().find(|topic| topic.name == tp.topic);
            let found = topic.and_then(|t| t.partitions.iter().find(|p| p.partition_index == tp.partition));
            let code = found.map_or(ErrorCode::UnknownServerError, |p| ErrorCode::from_code(p.error_code));
            let Some(partition) = self.subscription.get(tp) else { continue };
            if !matches!(partition.state, FetchState::AwaitReset { .. }) {
                continue;
            }
            match (code, found) {
                (ErrorCode::None, Some(found)) => {
                    partition.seek(found.offset);
                    partition.position_epoch = found.leader_epoch;
                }
                (code, _) if code.retriable() || code.invalid_metadata() => {
                    self.core.metadata.request_update();
                    self.back_off(tp, now);
                }
                (code, _) => self.throw(KafkaError::api(code, None)),
            }
        }
    }

    /// Sends a fetch to every leader that has none under way and partitions with nothing buffered.
    pub(super) fn fetch(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let mut by_leader: Map<i32, Vec<TopicPartition>> = Map::new();
        // The order of the subscription decides who comes first in the answer when it has a limit.
        for tp in self.subscription.order.clone() {
            let fetchable = self.subscription.get(&tp).is_some_and(|partition| partition.is_fetchable(now));
            if !fetchable || self.is_asked(&tp) {
                continue;
            }
            match self.core.metadata.cluster.leader(&tp) {
                Some(leader) => by_leader.entry(leader.id).or_default().push(tp),
                None => {
                    self.core.metadata.request_update();
                    self.back_off(&tp, now);
                }
            }
        }
        for (leader, partitions) in by_leader {
            let fetching = self.asked.iter().any(|request| request.node == leader && request.asked.is_fetch());
            if !fetching {
                self.fetch_from(leader, partitions, now, fx);
            }
        }
    }

    fn fetch_from(&mut self, leader: i32, partitions: Vec<TopicPartition>, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let Some(node) = self.core.metadata.cluster.nodes.get(&leader).cloned() else { return };
        if !self.core.ready(&node, now, fx) {
            return self.note_retry(leader);
        }
        let by_id = self.core.net.usable_version(leader, ApiKey::Fetch).is_ok_and(|v| v >= TOPIC_ID_VERSION);
        let mut topics: Vec<FetchTopic> = Vec::new();
        let mut asked = Vec::new();
        for tp in partitions {
            let Some(from) = self.subscription.get(&tp).map(|partition| partition.fetch_from) else { continue };
            let known = self.core.metadata.cluster.topics.get(&*tp.topic);
            let id = known.map_or(base::Uuid::ZERO, |topic| topic.id);
            let partition = FetchPartition {
                partition: tp.partition,
                current_leader_epoch: self.core.metadata.cluster.partition(&tp).map_or(-1, |p| p.leader_epoch),
                fetch_offset: from,
                partition_max_bytes: self.config.max_partition_fetch_bytes,
                ..Default::default()
            };
            let (name, id) = if by_id { (String::new(), id) } else { (tp.topic.to_string(), base::Uuid::ZERO) };
            match topics.iter_mut().find(|topic| topic.topic == name && topic.topic_id == id) {
                Some(topic) => topic.partitions.push(partition),
                None => topics.push(FetchTopic {
                    topic: name,
                    topic_id: id,
                    partitions: vec![partition],
                    ..Default::default()
                }),
            }
            asked.push((tp, from));
        }
        let request = FetchRequest {
            max_wait_ms: i32::try_from(self.config.fetch_max_wait.as_ms()).unwrap_or(i32::MAX),
            min_bytes: self.config.fetch_min_bytes,
            max_bytes: self.config.fetch_max_bytes,
            isolation_level: i8::from(self.config.read_committed),
            session_id: 0,
            session_epoch: -1,
            topics,
            rack_id: self.config.client_rack.clone(),
            ..Default::default()
        };
        self.send(leader, request.into(), self.config.common.request_timeout, Asked::Fetch(asked), now, fx);
    }

    pub(super) fn on_fetched(&mut self, asked: &[(TopicPartition, i64)], response: &FetchResponse, now: Micros) {
        let code = ErrorCode::from_code(response.error_code);
        if !code.is_none() {
            self.core.metadata.request_update();
            for (tp, _) in asked {
                self.back_off(tp, now);
            }
            return;
        }
        let endpoint = |node: &protocol::messages::fetch_response::NodeEndpoint| Node {
            id: node.node_id,
            host: node.host.clone(),
            port: u16::try_from(node.port).unwrap_or(0),
            rack: node.rack.clone(),
            fenced: false,
        };
        let nodes: Vec<Node> = response.node_endpoints.iter().map(endpoint).collect();
        for (tp, from) in asked {
            let id = self.core.metadata.cluster.topics.get(&*tp.topic).map_or(base::Uuid::ZERO, |topic| topic.id);
            let topic = response
                .responses
                .iter()
                .find(|topic| if topic.topic.is_empty() { topic.topic_id == id } else { topic.topic == tp.topic });
            let data = topic.and_then(|t| t.partitions.iter().find(|p| p.partition_index == tp.partition));
            let current = self.subscription.get(tp).is_some_and(|p| p.is_fetchable(now) && p.fetch_from == *from);
            match data {
                // Somebody sought elsewhere meanwhile: the answer is to an old question.
                Some(_) if !current => {}
                Some(data) => self.on_partition(tp, *from, data, &nodes, now),
                None => {
                    self.core.metadata.request_update();
                    self.back_off(tp, now);
                }
            }
        }
    }

    fn on_partition(&mut self, tp: &TopicPartition, from: i64, data: &PartitionData, nodes: &[Node], now: Micros) {
        let code = ErrorCode::from_code(data.error_code);
        match code {
            ErrorCode::None => self.take_records(tp, from, data),
            ErrorCode::OffsetOutOfRange => self.on_out_of_range(tp, from),
            ErrorCode::TopicAuthorizationFailed => {
                let why = format!("Not authorized to access topics: [{}]", tp.topic);
                self.throw(KafkaError::api(code, Some(&why)));
            }
            ErrorCode::UnknownServerError => {
                let text = format!("Unknown server error while fetching offset {from} for topic-partition {tp}");
                self.warn(now, COLLECTOR, text);
                self.back_off(tp, now);
            }
            ErrorCode::CorruptMessage => {
                let why = format!("Encountered corrupt message when fetching offset {from} for topic-partition {tp}");
                self.throw(KafkaError::new(error::KAFKA, why));
            }
            code if code.retriable() || code.invalid_metadata() => {
                match code {
                    ErrorCode::UnknownTopicOrPartition => {
                        let text = format!("Received unknown topic or partition error in fetch for partition {tp}");
                        self.warn(now, COLLECTOR, text);
                    }
                    ErrorCode::UnknownTopicId => {
                        let text = format!("Received unknown topic ID error in fetch for partition {tp}");
                        self.warn(now, COLLECTOR, text);
                    }
                    ErrorCode::InconsistentTopicId => {
                        let text = format!("Received inconsistent topic ID error in fetch for partition {tp}");
                        self.warn(now, COLLECTOR, text);
                    }
                    _ => {}
                }
                let (leader, epoch) = (data.current_leader.leader_id, data.current_leader.leader_epoch);
                self.core.metadata.update_leader(tp, leader, epoch, nodes);
                self.core.metadata.request_update();
                self.back_off(tp, now);
            }
            code => {
                let why = format!(
                    "Unexpected error code {} while fetching at offset {from} from topic-partition {tp}",
                    code.code()
                );
                self.throw(KafkaError::new(error::ILLEGAL_STATE, why));
            }
        }
    }

    fn take_records(&mut self, tp: &TopicPartition, from: i64, data: &PartitionData) {
        let read_committed = self.config.read_committed;
        let Some(partition) = self.subscription.get(tp) else { return };
        partition.tries = 0;
        partition.high_watermark = data.high_watermark;
        let aborted = data.aborted_transactions.as_deref().unwrap_or_default();
        let mut filter = AbortedFilter::new(aborted, read_committed);
        let mut next = from;
        let mut broken = None;
        let Some(records) = &data.records else { return };
        for batch in batches_of(records) {
            let batch = match batch {
                Ok(batch) => batch,
                // A fetch may cut its last batch; the rest comes with the next one.
                Err(_) => break,
            };
            next = next.max(batch.next_offset());
            if !filter.admits(&batch) || batch.is_control() {
                continue;
            }
            for record in batch.records() {
                match record {
                    Ok(record) if record.offset >= from => {
                        partition.buffered.push_back(ConsumerRecord::new(tp, record, &batch));
                    }
                    Ok(_) => {}
                    Err(failed) => broken = Some(failed.to_string()),
                }
            }
        }
        partition.fetch_from = next;
        if partition.buffered.is_empty() {
            partition.position = partition.position.max(next);
        }
        if let Some(why) = broken {
            let words = format!(
                "Received exception when fetching the next record from {tp}. If needed, please seek past the record to continue consumption. {why}"
            );
            self.throw(KafkaError::new(error::KAFKA, words));
        }
    }

    fn on_out_of_range(&mut self, tp: &TopicPartition, from: i64) {
        let policy = self.config.offset_reset;
        match (policy, self.subscription.get(tp)) {
            (_, None) => {}
            (OffsetReset::Earliest, Some(partition)) => partition.reset(EARLIEST),
            (OffsetReset::Latest, Some(partition)) => partition.reset(LATEST),
            (OffsetReset::None, Some(partition)) => {
                let cluster = &self.core.metadata.cluster;
                let shown =
                    |value: Option<String>| value.map_or("Optional.empty".into(), |value| format!("Optional[{value}]"));
                let at = cluster.partition(tp).map_or(-1, |found| found.leader_epoch);
                let why = format!(
                    "Fetch position FetchPosition{{offset={from}, offsetEpoch={}, currentLeader=LeaderAndEpoch{{leader={}, \
                     epoch={at}}}}} is out of range for partition {tp}",
                    shown(Some(partition.position_epoch).filter(|epoch| *epoch >= 0).map(|epoch| epoch.to_string())),
                    shown(cluster.leader(tp).map(|node| node.to_string()))
                );
                self.throw(KafkaError::new(error::OFFSET_OUT_OF_RANGE, why));
            }
        }
    }

    /// Leaves a partition alone for a while after an error.
    pub(super) fn back_off(&mut self, tp: &TopicPartition, now: Micros) {
        let backoff = self.config.common.retry_backoff;
        let Some(partition) = self.subscription.partitions.get_mut(tp) else { return };
        partition.not_before = now + backoff.wait(partition.tries, &mut self.rng);
        partition.tries += 1;
    }

    pub(super) fn warn(&mut self, now: Micros, logger: &'static str, text: String) {
        let prefix = self.core.net.config.log_prefix.clone();
        self.core.net.log_line(LogLine::warn(now, logger, format!("{prefix}{text}")));
    }
}

/// Which batches a reader of committed records may see, by the list of aborted transactions that came with them.
struct AbortedFilter<'a> {
    read_committed: bool,
    /// Sorted by first offset.
    ahead: Vec<&'a AbortedTransaction>,
    aborted_now: Vec<i64>,
}

impl<'a> AbortedFilter<'a> {
    fn new(aborted: &'a [AbortedTransaction], read_committed: bool) -> AbortedFilter<'a> {
        let mut ahead: Vec<&AbortedTransaction> = aborted.iter().collect();
        base::ordered::sort_by_key(&mut ahead, |transaction| std::cmp::Reverse(transaction.first_offset));
        AbortedFilter { read_committed, ahead, aborted_now: Vec::new() }
    }

    fn admits(&mut self, batch: &BatchView) -> bool {
        if !self.read_committed || !batch.has_producer_id() {
            return true;
        }
        while self.ahead.last().is_some_and(|transaction| transaction.first_offset <= batch.last_offset()) {
            self.aborted_now.extend(self.ahead.pop().map(|transaction| transaction.producer_id));
        }
        if batch.is_control() {
            let marker = log::batch::EndTransactionMarker::of_batch(batch);
            if marker.is_some_and(|marker| !marker.committed) {
                self.aborted_now.retain(|id| *id != batch.producer_id());
            }
            return true;
        }
        !(batch.is_transactional() && self.aborted_now.contains(&batch.producer_id()))
    }
}
