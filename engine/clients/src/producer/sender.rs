//! The sender: drains batches to their leaders and settles what comes back (`Sender`).

use base::Micros;
use cluster::{Event, Kafka};
use protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::messages::produce_response::{NodeEndpoint, PartitionProduceResponse};
use protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProduceRequest, ProduceResponse};
use protocol::{ApiKey, ErrorCode, Records, Response, TopicPartition};
use sim::Effects;

use super::batch::ProducerBatch;
use super::{Producer, ProducerOutput};
use crate::config::Acks;
use crate::error::{self, KafkaError};
use crate::logline::LogLine;
use crate::network::NetEvent;
use crate::node::Node;

const LOGGER: &str = "org.apache.kafka.clients.producer.internals.Sender";
/// The first Produce version that names topics by id alone.
const TOPIC_ID_VERSION: i16 = 13;

/// A Produce request without an answer yet.
#[derive(Clone, Debug, Hash)]
pub(super) struct ProduceInFlight {
    node: i32,
    correlation_id: i32,
    batches: Vec<ProducerBatch>,
}

/// What a response says about one batch, or what a broken connection stands for.
struct Verdict {
    code: ErrorCode,
    message: Option<String>,
    base_offset: i64,
    log_append_time: i64,
    log_start_offset: i64,
    record_errors: Vec<(i32, Option<String>)>,
    leader: (i32, i32),
}

impl Verdict {
    fn of(response: &PartitionProduceResponse) -> Verdict {
        Verdict {
            code: ErrorCode::from_code(response.error_code),
            message: response.error_message.clone(),
            base_offset: response.base_offset,
            log_append_time: response.log_append_time_ms,
            log_start_offset: response.log_start_offset,
            record_errors: response
                .record_errors
                .iter()
                .map(|error| (error.batch_index, error.batch_index_error_message.clone()))
                .collect(),
            leader: (response.current_leader.leader_id, response.current_leader.leader_epoch),
        }
    }

    fn bare(code: ErrorCode, message: Option<String>) -> Verdict {
        Verdict {
            code,
            message,
            base_offset: -1,
            log_append_time: -1,
            log_start_offset: -1,
            record_errors: Vec::new(),
            leader: (-1, -1),
        }
    }
}

impl Producer {
    /// One pass (`runOnce`). True if something was sent, so that another pass may send more; else when to look again.
    pub(super) fn run_sender(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) -> (bool, Option<Micros>) {
        if let Some(error) = self.fatal.clone() {
            for batch in self.accumulator.take_all() {
                self.fail_batch(batch, &error, &[], false, fx);
            }
            return (false, None);
        }
        if self.config.transactional_id.is_some() {
            // Without initTransactions nothing of a transactional producer is ever sent.
            self.expire(now, fx);
            return (false, None);
        }
        self.resolve_sequences();
        if self.waits_for_id() {
            return (false, self.request_id(now, fx));
        }
        // What is too old but can be sent at last is sent all the same, and then given up (`sendProducerData`).
        let sent = self.send_data(now, fx);
        self.expire(now, fx);
        sent
    }

    pub(super) fn absorb(&mut self, events: Vec<NetEvent>, now: Micros, fx: &mut Effects<'_, Kafka>) {
        for event in self.core.absorb(events, now) {
            match event {
                NetEvent::Ready { .. } | NetEvent::Disconnected { .. } => {}
                NetEvent::Response { node, correlation_id, body, .. } => match &*body {
                    Response::Produce(response) => self.on_produced(node, correlation_id, response, now, fx),
                    Response::InitProducerId(response) if self.id_request == Some((node, correlation_id)) => {
                        self.on_id(response, now);
                    }
                    _ => {}
                },
                NetEvent::Failed { node, correlation_id, timed_out, .. } => {
                    if self.id_request == Some((node, correlation_id)) {
                        self.retry_id(now);
                    }
                    self.on_produce_failed(node, correlation_id, timed_out, now, fx);
                }
            }
        }
    }

    pub(super) fn next_in_flight_expiry(&self) -> Option<Micros> {
        let first = self.in_flight.iter().flat_map(|request| &request.batches).map(|batch| batch.created).min()?;
        Some(first + self.config.delivery_timeout)
    }

    // ---- the producer id

    fn request_id(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) -> Option<Micros> {
        if self.id_request.is_some() {
            return None;
        }
        if now < self.id_retry_at {
            return Some(self.id_retry_at);
        }
        let nodes = self.core.metadata.cluster.node_list();
        let node = self.core.net.least_loaded(&nodes, now).cloned()?;
        if !self.core.ready(&node, now, fx) {
            return self.core.net.retry_at(node.id);
        }
        let request =
            InitProducerIdRequest { transactional_id: None, transaction_timeout_ms: i32::MAX, ..Default::default() };
        let timeout = self.config.common.request_timeout;
        match self.core.net.send(node.id, request.into(), timeout, now, fx) {
            Ok(correlation_id) => self.id_request = Some((node.id, correlation_id)),
            Err(error) => self.fatal = Some(error),
        }
        None
    }

    fn on_id(&mut self, response: &InitProducerIdResponse, now: Micros) {
        let code = ErrorCode::from_code(response.error_code);
        match code {
            ErrorCode::None => {
                self.id_request = None;
                self.id_tries = 0;
                if let Some(ids) = &mut self.ids {
                    ids.on_id(response.producer_id, response.producer_epoch);
                }
            }
            code if code.retriable() => self.retry_id(now),
            code => {
                self.id_request = None;
                let why = format!("Unexpected error in InitProducerIdResponse; {}", code.message());
                self.fatal = Some(KafkaError::new(error::KAFKA, why));
            }
        }
    }

    fn retry_id(&mut self, now: Micros) {
        self.id_request = None;
        self.id_retry_at = now + self.config.common.retry_backoff.wait(self.id_tries, &mut self.rng);
        self.id_tries += 1;
    }

    /// Closes gaps in the sequences by a new epoch, and numbers what is under way from 0.
    fn resolve_sequences(&mut self) {
        let Some(ids) = &mut self.ids else { return };
        ids.resolve();
        for tp in ids.take_bump() {
            let in_flight = self.in_flight.iter_mut().flat_map(|request| &mut request.batches);
            let mut batches: Vec<&mut ProducerBatch> = in_flight.filter(|batch| batch.tp == tp).collect();
            batches.extend(self.accumulator.sequenced(&tp));
            ids.renumber(&tp, &mut batches);
        }
    }

    // ---- sending

    fn send_data(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) -> (bool, Option<Micros>) {
        let out_of_memory = self.blocked.iter().any(|blocked| blocked.needs_memory);
        let hurry = self.closing || self.flushing || out_of_memory;
        let ready = self.accumulator.ready(&self.core.metadata.cluster, hurry, now);
        if self.config.adaptive_partitioning {
            for topic in self.accumulator.topics() {
                let sizes = self.accumulator.queue_sizes(&topic, &self.core.metadata.cluster);
                self.partitioner.on_queue_sizes(&topic, sizes);
            }
        }
        if !ready.unknown_leaders.is_empty() {
            for topic in &ready.unknown_leaders {
                self.core.metadata.add_topic(topic);
            }
            self.core.metadata.request_update();
        }
        let mut look_again = ready.next_check;
        let mut sent = false;
        for id in ready.nodes {
            let Some(node) = self.core.metadata.cluster.nodes.get(&id).cloned() else { continue };
            if !self.core.ready(&node, now, fx) {
                let retry_at = self.core.net.retry_at(id);
                look_again = [look_again, retry_at].into_iter().flatten().min();
                continue;
            }
            let (cluster, most) = (&self.core.metadata.cluster, self.config.max_request_size);
            let batches = self.accumulator.drain(id, cluster, most, &mut self.ids, now);
            if !batches.is_empty() {
                self.send_produce(id, batches, now, fx);
                sent = true;
            }
        }
        (sent, look_again)
    }

    fn send_produce(&mut self, node: i32, batches: Vec<ProducerBatch>, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let by_id = self.core.net.usable_version(node, ApiKey::Produce).is_ok_and(|v| v >= TOPIC_ID_VERSION);
        let mut topics: Vec<TopicProduceData> = Vec::new();
        for batch in &batches {
            let topic_id = self.core.metadata.cluster.topics.get(&*batch.tp.topic).map_or(base::Uuid::ZERO, |t| t.id);
            let name = if by_id { String::new() } else { batch.tp.topic.to_string() };
            let topic_id = if by_id { topic_id } else { base::Uuid::ZERO };
            let records = Records::verified(vec![batch.bytes()]);
            let partition =
                PartitionProduceData { index: batch.tp.partition, records: Some(records), ..Default::default() };
            match topics.iter_mut().find(|topic| topic.name == name && topic.topic_id == topic_id) {
                Some(topic) => topic.partition_data.push(partition),
                None => topics.push(TopicProduceData {
                    name,
                    topic_id,
                    partition_data: vec![partition],
                    ..Default::default()
                }),
            }
            if self.config.max_in_flight == 1 {
                self.accumulator.mute(&batch.tp);
            }
            let key = batch.records.first().and_then(|record| record.key.as_ref());
            fx.emit(Event::RecordSent {
                client: self.client.clone(),
                partition: batch.tp.clone(),
                records: batch.count().unsigned_abs(),
                key: key.map(|key| String::from_utf8_lossy(key).into_owned()),
            });
        }
        let timeout = self.config.common.request_timeout;
        let request = ProduceRequest {
            transactional_id: None,
            acks: self.config.acks.code(),
            timeout_ms: i32::try_from(timeout.as_ms()).unwrap_or(i32::MAX),
            topic_data: topics,
            ..Default::default()
        };
        let answered = self.config.acks != Acks::None;
        let wait = if answered { timeout } else { Micros::ZERO };
        match self.core.net.send(node, request.into(), wait, now, fx) {
            Ok(correlation_id) if answered => self.in_flight.push(ProduceInFlight { node, correlation_id, batches }),
            Ok(correlation_id) => {
                for batch in batches {
                    self.settle(batch, Verdict::bare(ErrorCode::None, None), correlation_id, now, fx);
                }
            }
            Err(_) => {
                for batch in batches {
                    self.settle(batch, Verdict::bare(ErrorCode::UnsupportedVersion, None), -1, now, fx);
                }
            }
        }
    }

    // ---- answers

    fn on_produced(
        &mut self,
        node: i32,
        correlation_id: i32,
        response: &ProduceResponse,
        now: Micros,
        fx: &mut Effects<'_, Kafka>,
    ) {
        let Some(request) = self.take_request(node, correlation_id) else { return };
        let mut leaders = Vec::new();
        for batch in request.batches {
            let found = response.responses.iter().find_map(|topic| {
                let name = self.core.metadata.cluster.topic_name(topic.topic_id).filter(|_| topic.name.is_empty());
                let same = *name.unwrap_or(&topic.name) == batch.tp.topic;
                topic.partition_responses.iter().find(|partition| same && partition.index == batch.tp.partition)
            });
            let verdict = match found {
                Some(partition) => Verdict::of(partition),
                // The topic was deleted and made anew meanwhile: its id stands for nothing any more.
                None => Verdict::bare(ErrorCode::UnknownTopicOrPartition, None),
            };
            if verdict.leader.0 >= 0 {
                leaders.push((batch.tp.clone(), verdict.leader));
            }
            self.settle(batch, verdict, correlation_id, now, fx);
        }
        let nodes: Vec<Node> = response.node_endpoints.iter().map(endpoint).collect();
        for (tp, (leader, epoch)) in leaders {
            self.core.metadata.update_leader(&tp, leader, epoch, &nodes);
        }
    }

    fn on_produce_failed(
        &mut self,
        node: i32,
        correlation_id: i32,
        timed_out: bool,
        now: Micros,
        fx: &mut Effects<'_, Kafka>,
    ) {
        let Some(request) = self.take_request(node, correlation_id) else { return };
        for batch in request.batches {
            let verdict = if timed_out {
                let why = format!("Disconnected from node {node} due to timeout");
                Verdict::bare(ErrorCode::RequestTimedOut, Some(why))
            } else {
                Verdict::bare(ErrorCode::NetworkException, Some(format!("Disconnected from node {node}")))
            };
            self.settle(batch, verdict, correlation_id, now, fx);
        }
    }

    fn take_request(&mut self, node: i32, correlation_id: i32) -> Option<ProduceInFlight> {
        let is_it = |request: &ProduceInFlight| request.node == node && request.correlation_id == correlation_id;
        let at = self.in_flight.iter().position(is_it)?;
        Some(self.in_flight.remove(at))
    }

    /// `completeBatch`: acknowledged, split, again, or failed.
    fn settle(
        &mut self,
        batch: ProducerBatch,
        verdict: Verdict,
        correlation_id: i32,
        now: Micros,
        fx: &mut Effects<'_, Kafka>,
    ) {
        let (tp, code) = (batch.tp.clone(), verdict.code);
        let left = self.config.retries.saturating_sub(batch.attempts);
        let words = match &verdict.message {
            Some(message) if !message.is_empty() => format!("{}. Error Message: {message}", code.name()),
            _ => code.name().to_string(),
        };
        if code == ErrorCode::MessageTooLarge && batch.count() > 1 {
            self.warn(now, format!(
                "Got error produce response in correlation id {correlation_id} on topic-partition {tp}, splitting and \
                 retrying ({left} attempts left). Error: {words}"
            ));
            let identity = batch.identity;
            let parts = self.accumulator.requeue_split(batch);
            if let Some(ids) = &mut self.ids {
                ids.on_split(&tp, identity, &parts);
            }
        } else if code.is_none() || code == ErrorCode::DuplicateSequenceNumber {
            self.complete(batch, &verdict, fx);
        } else if self.can_retry(&batch, &verdict, now) {
            self.warn(now, format!(
                "Got error produce response with correlation id {correlation_id} on topic-partition {tp}, retrying ({} \
                 attempts left). Error: {words}",
                left.saturating_sub(1)
            ));
            fx.emit(Event::SendRetried { client: self.client.clone(), partition: tp.clone(), error: code });
            let retry_at = now + self.accumulator.requeue(batch, now, &mut self.rng);
            self.outputs.push(ProducerOutput::Refused { code, retry_at });
        } else {
            let refused = batch.attempts < self.config.retries;
            let error = KafkaError::api(code, verdict.message.as_deref());
            self.fail_batch(batch, &error, &verdict.record_errors, refused, fx);
        }
        if code.invalid_metadata() {
            self.warn_stale(&tp, &verdict, now);
            self.core.metadata.request_update();
        }
        self.accumulator.unmute(&tp);
    }

    fn warn_stale(&mut self, tp: &TopicPartition, verdict: &Verdict, now: Micros) {
        if verdict.code == ErrorCode::UnknownTopicOrPartition {
            return self.warn(now, format!(
                "Received unknown topic or partition error in produce request on partition {tp}. The topic-partition may \
                 not exist or the user may not have Describe access to it"
            ));
        }
        let error = KafkaError::api(verdict.code, verdict.message.as_deref());
        self.warn(
            now,
            format!(
                "Received invalid metadata error in produce request on partition {tp} due to {error} Going to request \
             metadata update now"
            ),
        );
    }

    fn can_retry(&mut self, batch: &ProducerBatch, verdict: &Verdict, now: Micros) -> bool {
        let in_time = now < batch.created + self.config.delivery_timeout;
        in_time
            && batch.attempts < self.config.retries
            && match &mut self.ids {
                Some(ids) => ids.can_retry(batch, verdict.code, verdict.log_start_offset),
                None => verdict.code.retriable(),
            }
    }

    fn complete(&mut self, batch: ProducerBatch, verdict: &Verdict, fx: &mut Effects<'_, Kafka>) {
        if let Some(ids) = &mut self.ids {
            ids.on_completed(&batch, verdict.base_offset);
        }
        self.accumulator.release(&batch);
        let last_offset = if verdict.base_offset < 0 { -1 } else { verdict.base_offset + i64::from(batch.count()) - 1 };
        fx.emit(Event::RecordAcked {
            client: self.client.clone(),
            partition: batch.tp.clone(),
            base_offset: verdict.base_offset,
            last_offset,
        });
        self.collect_log();
        for (record, delta) in batch.records.iter().zip(0i64..) {
            let offset = if verdict.base_offset < 0 { -1 } else { verdict.base_offset + delta };
            let timestamp = if verdict.log_append_time >= 0 { verdict.log_append_time } else { record.timestamp };
            self.outputs.push(ProducerOutput::Acked { id: record.id, partition: batch.tp.clone(), offset, timestamp });
        }
    }

    /// Fails every record of a batch. `refused`: a broker said no, so the sequence was surely not used.
    fn fail_batch(
        &mut self,
        batch: ProducerBatch,
        error: &KafkaError,
        record_errors: &[(i32, Option<String>)],
        refused: bool,
        fx: &mut Effects<'_, Kafka>,
    ) {
        if let Some(ids) = &mut self.ids {
            ids.on_failed(&batch, error.code, refused);
        }
        self.accumulator.release(&batch);
        for (record, index) in batch.records.iter().zip(0i32..) {
            let error = record_error(error, record_errors, index);
            self.fail_record(record.id, Some(batch.tp.clone()), error, fx);
        }
    }

    /// Whether an idempotent producer has no id yet. Until then nothing is sent, and nothing expires: the sender looks at its
    /// batches only when no request for the id is left (`Sender.runOnce`).
    pub(super) fn waits_for_id(&self) -> bool {
        self.ids.as_ref().is_some_and(|ids| !ids.has_id())
    }

    /// `delivery.timeout.ms` is over, for batches in the queues and for those under way.
    fn expire(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        let mut expired = self.accumulator.expire(now);
        let limit = self.config.delivery_timeout;
        for request in &mut self.in_flight {
            let (late, rest) = std::mem::take(&mut request.batches).into_iter().partition(|b| now >= b.created + limit);
            request.batches = rest;
            expired.append(&mut { late });
        }
        self.in_flight.retain(|request| !request.batches.is_empty());
        for batch in expired {
            let why = format!(
                "Expiring {} record(s) for {}:{} ms has passed since batch creation. The request has not been sent, or no \
                 server response has been received yet.",
                batch.count(),
                batch.tp,
                now.saturating_sub(batch.created).as_ms()
            );
            if batch.attempts > 0
                && let Some(ids) = &mut self.ids
            {
                ids.on_expired_in_retry(&batch);
            }
            self.accumulator.unmute(&batch.tp);
            self.fail_batch(batch, &KafkaError::new(error::TIMEOUT, why), &[], false, fx);
        }
    }

    fn warn(&mut self, now: Micros, text: String) {
        let prefix = self.core.net.config.log_prefix.clone();
        self.core.net.log_line(LogLine::warn(now, LOGGER, format!("{prefix}{text}")));
    }
}

fn endpoint(node: &NodeEndpoint) -> Node {
    Node {
        id: node.node_id,
        host: node.host.clone(),
        port: u16::try_from(node.port).unwrap_or(0),
        rack: node.rack.clone(),
        fenced: false,
    }
}

/// Which exception one record of a failed batch gets.
fn record_error(error: &KafkaError, record_errors: &[(i32, Option<String>)], index: i32) -> KafkaError {
    if record_errors.is_empty() {
        return error.clone();
    }
    let Some((_, message)) = record_errors.iter().find(|(at, _)| *at == index) else {
        let why = "Failed to append record because it was part of a batch which had one more more invalid records";
        return KafkaError::new(error::KAFKA, why);
    };
    let message = message.as_deref().or(error.message.as_deref());
    // A single bad record is surely what the error of the whole batch speaks of.
    let code = if record_errors.len() == 1 { error.code } else { ErrorCode::InvalidRecord };
    KafkaError::api(code, message)
}
