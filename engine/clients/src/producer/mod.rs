//! The producer (`KafkaProducer`): records are placed, collected into batches, sent to the leaders and acknowledged.
//!
//! ```text
//! send -> waits for metadata and memory -> accumulator -> sender: drain, Produce -> acknowledged | retried | failed
//! ```
//!
//! Java's `send` blocks its caller while metadata or memory is missing; here the record waits and [`Producer::is_blocked`]
//! says so, and a host that stands for a single thread hands in nothing more until it is over.

mod accumulator;
mod batch;
mod idempotence;
mod partitioner;
mod sender;

/// For the recorded cases of the partitioners.
#[cfg(feature = "vectors")]
pub(crate) mod vectors {
    pub(crate) use super::accumulator::QueueSizes;
    pub(crate) use super::partitioner::Partitioner;
}

use std::collections::VecDeque;

use base::{ConnId, Micros, Rng};
use bytes::Bytes;
use cluster::event::ClientRef;
use cluster::{Event, Kafka};
use log::batch::{RecordHeader, estimate_batch_size_upper_bound};
use protocol::{ErrorCode, Name, TopicPartition};
use sim::Effects;

use crate::admin::{NewClientError, resolve};
use crate::config::{PartitionerKind, ProducerConfig};
use crate::core::{ClientCore, topic_exception};
use crate::error::{self, KafkaError};
use crate::logline::LogLine;
use crate::metadata::{Metadata, RefreshConfig};
use crate::network::NetworkClient;
use crate::news::News;
use accumulator::Accumulator;
use idempotence::Idempotence;
use partitioner::Partitioner;
use sender::ProduceInFlight;

/// A record to send.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProducerRecord {
    pub topic: Name,
    /// `None` leaves the choice to the key or the partitioner.
    pub partition: Option<i32>,
    /// Epoch milliseconds; `None` is the time of sending.
    pub timestamp: Option<i64>,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<RecordHeader>,
}

/// Names a record that was handed in; its fate comes as an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendId(pub u64);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProducerOutput {
    Log(LogLine),
    /// The record is written as `acks` asks. The offset is -1 when nobody said it (acks=0).
    Acked {
        id: SendId,
        partition: TopicPartition,
        offset: i64,
        timestamp: i64,
    },
    Failed {
        id: SendId,
        partition: Option<TopicPartition>,
        error: KafkaError,
    },
    /// Java's `send` throws this at its caller; the record stays where it is.
    Thrown {
        id: SendId,
        error: KafkaError,
    },
    /// A broker refused a batch that is tried again, then or as soon as a new leader is known.
    Refused {
        code: ErrorCode,
        retry_at: Micros,
    },
    /// After [`Producer::close`]: everything has its fate and the connections are closed.
    Closed,
}

/// Why a record is not in the accumulator yet.
#[derive(Clone, Debug, Hash)]
struct Blocked {
    id: SendId,
    record: ProducerRecord,
    /// End of `max.block.ms`.
    deadline: Micros,
    /// The metadata version when it began to wait; a newer one is worth a look.
    seen_version: Option<u64>,
    /// Waits for buffer memory, with this partition already chosen.
    needs_memory: bool,
}

#[derive(Clone, Debug, Hash)]
pub struct Producer {
    config: ProducerConfig,
    client: ClientRef,
    core: ClientCore,
    accumulator: Accumulator,
    partitioner: Partitioner,
    ids: Option<Idempotence>,
    /// Node and correlation id of InitProducerId.
    id_request: Option<(i32, i32)>,
    id_retry_at: Micros,
    id_tries: u32,
    blocked: VecDeque<Blocked>,
    in_flight: Vec<ProduceInFlight>,
    next_id: u64,
    flushing: bool,
    closing: bool,
    closed: bool,
    rng: Rng,
    outputs: Vec<ProducerOutput>,
    deadline: Option<Micros>,
    metadata_version: u64,
    /// Set when no id could be had: nothing can be sent any more.
    fatal: Option<KafkaError>,
}

impl Producer {
    /// A producer that begins to connect at once. `client` is how the stage names it, `seed` that of the process.
    pub fn new(
        config: ProducerConfig,
        client: ClientRef,
        seed: u64,
        now: Micros,
        fx: &mut Effects<'_, Kafka>,
    ) -> Result<Producer, NewClientError> {
        let resolved = resolve(&config.common.bootstrap_servers, now, fx);
        let (servers, log) = resolved.map_err(|error| error.wrap("Failed to construct kafka producer"))?;
        let prefix = match &config.transactional_id {
            Some(id) => format!("[Producer clientId={}, transactionalId={id}] ", config.common.client_id),
            None => format!("[Producer clientId={}] ", config.common.client_id),
        };
        let network = config.common.network(prefix, Some(config.max_in_flight));
        let refresh = RefreshConfig {
            backoff: config.common.retry_backoff,
            max_age: config.common.metadata_max_age,
            allow_auto_create: true,
        };
        let net = NetworkClient::new(network, Rng::new(seed, 0, "producer network"));
        let mut producer = Producer {
            core: ClientCore::new(net, Metadata::new(refresh, servers), config.common.rebootstrap),
            accumulator: Accumulator::new(&config),
            partitioner: Partitioner::new(Rng::new(seed, 0, "sticky partition"), config.batch_size),
            ids: config.idempotence.then(Idempotence::new),
            id_request: None,
            id_retry_at: Micros::ZERO,
            id_tries: 0,
            config,
            client,
            blocked: VecDeque::new(),
            in_flight: Vec::new(),
            next_id: 1,
            flushing: false,
            closing: false,
            closed: false,
            rng: Rng::new(seed, 0, "producer backoff"),
            outputs: log.into_iter().map(ProducerOutput::Log).collect(),
            deadline: None,
            metadata_version: 0,
            fatal: None,
        };
        producer.pump(now, fx);
        Ok(producer)
    }

    /// Hands in a record. It is acknowledged, or fails, by an output with the returned id.
    pub fn send(&mut self, record: ProducerRecord, now: Micros, fx: &mut Effects<'_, Kafka>) -> SendId {
        let id = SendId(self.next_id);
        self.next_id += 1;
        if self.closing {
            let error =
                KafkaError::new(error::ILLEGAL_STATE, "Cannot perform operation after producer has been closed");
            self.fail_record(id, None, error, fx);
            return id;
        }
        if self.core.metadata.cluster.invalid_topics.contains(&*record.topic) {
            let error = KafkaError::new(error::INVALID_TOPIC, record.topic.clone());
            self.fail_record(id, None, error, fx);
            return id;
        }
        self.core.metadata.add_topic(&record.topic);
        let deadline = now + self.config.max_block;
        self.blocked.push_back(Blocked { id, record, deadline, seen_version: None, needs_memory: false });
        self.pump(now, fx);
        id
    }

    /// A handed-in record still waits for metadata or memory, as Java's `send` would still block.
    pub fn is_blocked(&self) -> bool {
        !self.blocked.is_empty()
    }

    /// Records without a fate.
    pub fn is_idle(&self) -> bool {
        self.blocked.is_empty() && self.in_flight.is_empty() && !self.accumulator.has_undrained()
    }

    /// From now until nothing is left, nothing lingers.
    pub fn flush(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        self.flushing = true;
        self.pump(now, fx);
    }

    /// Sends what is left, then closes; [`ProducerOutput::Closed`] is the last output.
    pub fn close(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        self.closing = true;
        self.pump(now, fx);
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The process dies: connections close, nothing is told any more.
    pub fn abandon(&mut self, fx: &mut Effects<'_, Kafka>) {
        self.core.net.close(fx);
        self.closed = true;
        self.deadline = None;
    }

    /// Ids of the brokers it is connected to (bootstrap servers have negative ones).
    pub fn connections(&self) -> Vec<i32> {
        self.core.net.ready_nodes()
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

    pub fn take_outputs(&mut self) -> Vec<ProducerOutput> {
        self.collect_log();
        std::mem::take(&mut self.outputs)
    }

    /// Does all that can be done now.
    fn pump(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        if self.closed {
            self.deadline = None;
            return;
        }
        let mut next: Option<Micros> = None;
        let mut at = |moment: Option<Micros>| {
            if let Some(moment) = moment {
                next = Some(next.map_or(moment, |earlier| earlier.min(moment)));
            }
        };
        self.unblock(now, fx);
        // A pass may make another one worthwhile: a drained queue has a next batch, an unknown leader asks for metadata.
        loop {
            let refresh_at = self.core.maybe_update(now, fx);
            let (progress, look_again) = self.run_sender(now, fx);
            if !progress && !self.core.can_ask(now) {
                at(refresh_at);
                at(look_again);
                break;
            }
        }
        self.flushing &= !self.is_idle();
        if self.closing && self.is_idle() {
            self.finish(fx);
            return;
        }
        at(self.core.net.next_deadline());
        if !self.waits_for_id() {
            at(self.accumulator.next_expiry());
            at(self.next_in_flight_expiry());
        }
        at(self.blocked.iter().map(|blocked| blocked.deadline).min());
        self.deadline = next.map(|moment| if moment > now { moment } else { now + Micros::from_ms(1) });
    }

    /// Goes on with records that wait for metadata or memory, in their order.
    fn unblock(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>) {
        if self.core.metadata.version != self.metadata_version {
            self.metadata_version = self.core.metadata.version;
            fx.emit(Event::MetadataUpdated { client: self.client.clone() });
        }
        while let Some(mut blocked) = self.blocked.pop_front() {
            let failure = match self.wait_on_metadata(&mut blocked, now) {
                Ok(true) => match self.append(&blocked, now) {
                    Ok(true) => continue,
                    Ok(false) => {
                        blocked.needs_memory = true;
                        (now >= blocked.deadline).then(|| self.buffer_exhausted(&blocked.record))
                    }
                    Err(error) => Some(error),
                },
                Ok(false) => None,
                Err(error) => Some(error),
            };
            match failure {
                Some(error) => self.fail_record(blocked.id, None, error, fx),
                None => {
                    self.blocked.push_front(blocked);
                    break;
                }
            }
        }
    }

    /// `waitOnMetadata`: true when the topic's partitions are known (and the record's own partition exists).
    fn wait_on_metadata(&mut self, blocked: &mut Blocked, now: Micros) -> Result<bool, KafkaError> {
        let topic = &*blocked.record.topic;
        let count = self.core.metadata.cluster.topics.get(topic).map(|topic| topic.partitions.len() as i64);
        let known = match (count, blocked.record.partition) {
            (None | Some(0), _) => false,
            (Some(count), Some(partition)) => i64::from(partition) < count,
            (Some(_), None) => true,
        };
        if known {
            return Ok(true);
        }
        if now >= blocked.deadline {
            let waited = self.config.max_block.as_ms();
            let why = match (count, blocked.record.partition) {
                (Some(count), Some(partition)) => format!(
                    "Partition {partition} of topic {topic} with partition count {count} is not present in metadata \
                     after {waited} ms."
                ),
                _ => format!("Topic {topic} not present in metadata after {waited} ms."),
            };
            let error = KafkaError::new(error::TIMEOUT, why);
            let cause = self.core.metadata.topic_errors.get(topic).map(|code| KafkaError::api(*code, None));
            return Err(match cause {
                Some(cause) => error.caused_by(cause),
                None => error,
            });
        }
        let version = self.core.metadata.version;
        if blocked.seen_version.is_some_and(|seen| seen != version)
            && let Some(error) = topic_exception(&self.core, topic)
        {
            return Err(error);
        }
        if blocked.seen_version != Some(version) {
            blocked.seen_version = Some(version);
            self.core.metadata.request_update_for_topic(topic);
        }
        Ok(false)
    }

    /// Puts a record into a batch of its partition. False while there is no memory for a new batch.
    fn append(&mut self, blocked: &Blocked, now: Micros) -> Result<bool, KafkaError> {
        let record = &blocked.record;
        let size = estimate_batch_size_upper_bound(record.key.as_deref(), record.value.as_deref(), &record.headers);
        self.check_size(size)?;
        let Some(topic) = self.core.metadata.cluster.topics.get(&*record.topic) else { return Ok(false) };
        let timestamp = record.timestamp.unwrap_or(now.as_epoch_ms());
        let buffer = size.max(self.config.batch_size);
        let fixed = match (record.partition, &record.key) {
            (Some(partition), _) => Some(partition),
            (None, Some(key)) if !self.config.ignore_keys => Some(Partitioner::for_key(key, topic)),
            _ if self.config.partitioner == PartitionerKind::RoundRobin => {
                Some(self.partitioner.round_robin(&record.topic, topic))
            }
            _ => None,
        };
        let mut partition = fixed.unwrap_or_else(|| self.partitioner.current(&record.topic, topic));
        if fixed.is_none() {
            // An earlier change may have been put off because a batch was not full.
            let tp = TopicPartition::new(record.topic.clone(), partition);
            let full = self.accumulator.all_full(&tp);
            if full && self.partitioner.on_appended(&record.topic, topic, 0, true) {
                partition = self.partitioner.current(&record.topic, topic);
            }
        }
        let tp = TopicPartition::new(record.topic.clone(), partition);
        let added = match self.accumulator.try_append(&tp, record, timestamp, blocked.id) {
            Some(bytes) => bytes,
            None if !self.accumulator.has_memory(buffer) => return Ok(false),
            None => self.accumulator.append_new(&tp, record, timestamp, blocked.id, buffer, now),
        };
        if self.config.transactional_id.is_some() {
            let why = format!("Cannot add partition {tp} to transaction before completing a call to initTransactions");
            let error = KafkaError::new(error::ILLEGAL_STATE, why);
            self.outputs.push(ProducerOutput::Thrown { id: blocked.id, error });
        }
        if fixed.is_none() {
            let may_switch = self.accumulator.all_full(&tp);
            self.partitioner.on_appended(&record.topic, topic, added, may_switch);
        }
        Ok(true)
    }

    fn check_size(&self, size: usize) -> Result<(), KafkaError> {
        let most = self.config.max_request_size;
        if size > most {
            let why = format!(
                "The message is {size} bytes when serialized which is larger than {most}, which is the value of the \
                 max.request.size configuration."
            );
            return Err(KafkaError::new(error::RECORD_TOO_LARGE, why));
        }
        if size as u64 > self.config.buffer_memory {
            let why = format!(
                "The message is {size} bytes when serialized which is larger than the total memory buffer you have \
                 configured with the buffer.memory configuration."
            );
            return Err(KafkaError::new(error::RECORD_TOO_LARGE, why));
        }
        Ok(())
    }

    fn buffer_exhausted(&self, record: &ProducerRecord) -> KafkaError {
        let size = estimate_batch_size_upper_bound(record.key.as_deref(), record.value.as_deref(), &record.headers);
        let why = format!(
            "Failed to allocate {} bytes within the configured max blocking time {} ms. Total memory: {} bytes. \
             Available memory: {} bytes. Poolable size: {} bytes",
            size.max(self.config.batch_size),
            self.config.max_block.as_ms(),
            self.config.buffer_memory,
            self.accumulator.available_memory(),
            self.config.batch_size
        );
        KafkaError::new(error::BUFFER_EXHAUSTED, why)
    }

    fn fail_record(
        &mut self,
        id: SendId,
        partition: Option<TopicPartition>,
        error: KafkaError,
        fx: &mut Effects<'_, Kafka>,
    ) {
        fx.emit(Event::RecordFailed {
            client: self.client.clone(),
            partition: partition.clone(),
            error: error.to_string(),
        });
        self.collect_log();
        self.outputs.push(ProducerOutput::Failed { id, partition, error });
    }

    /// Moves the network's lines in front of what is said next, so that the order is that of Java's log.
    fn collect_log(&mut self) {
        let log = self.core.net.take_log();
        self.outputs.extend(log.into_iter().map(ProducerOutput::Log));
    }

    fn finish(&mut self, fx: &mut Effects<'_, Kafka>) {
        self.core.net.close(fx);
        self.closed = true;
        self.deadline = None;
        self.collect_log();
        self.outputs.push(ProducerOutput::Closed);
    }
}
