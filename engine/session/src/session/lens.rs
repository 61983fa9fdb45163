//! The wire lens: what a message under way says, field by field under the names of Kafka's schemas.
//!
//! Of every message its header; of what carries records, or asks for them, the body as well.

use log::batch::{BatchView, batches_of};
use protocol::messages::{FetchRequest, FetchResponse, ProduceRequest, ProduceResponse};
use protocol::{ErrorCode, Packet, Records, Request, Response};
use wire::reply::{Answer, Cause};

use crate::stage::Stage;
use crate::view::replicas::text;

/// Records and partitions that are shown of one message.
const SHOWN_MAX: usize = 8;

/// The name of the message, then a line for each field: `name: value`. Nothing if it is not under way now.
pub fn answer(stage: &Stage, id: u64) -> Answer {
    let flights = stage.world().flights();
    let mut lines = Lines(vec![]);
    let mut question = String::new();
    if let Some(flight) = flights.iter().find(|flight| flight.id == id) {
        let packet = flight.message;
        let kind = if matches!(packet, Packet::Request { .. }) { "request" } else { "response" };
        question = format!("{} {kind}, version {}", packet.api_key().name(), packet.api_version());
        lines.number("correlationId", packet.correlation_id());
        match packet {
            Packet::Request { client_id, body, .. } => {
                lines.add("clientId", client_id);
                match &**body {
                    Request::Produce(body) => lines.produce(body),
                    Request::Fetch(body) => lines.fetch(body),
                    _ => {}
                }
            }
            Packet::Response { body, .. } => match &**body {
                Response::Produce(body) => lines.produced(body),
                Response::Fetch(body) => lines.fetched(body),
                _ => {}
            },
        }
    }
    let causes = lines.0.into_iter().map(|text| Cause { text, index: None, at_us: None });
    Answer::Why { question, causes: causes.collect() }
}

struct Lines(Vec<String>);

impl Lines {
    fn add(&mut self, name: &str, value: &str) {
        self.0.push(format!("{name}: {value}"));
    }

    fn number(&mut self, name: &str, value: impl Into<i64>) {
        self.add(name, &value.into().to_string());
    }

    fn error(&mut self, code: i16) {
        self.add("errorCode", &format!("{code} {}", ErrorCode::from_code(code).name()));
    }

    fn produce(&mut self, body: &ProduceRequest) {
        self.add("transactionalId", body.transactional_id.as_deref().unwrap_or("null"));
        self.number("acks", body.acks);
        self.number("timeoutMs", body.timeout_ms);
        for topic in &body.topic_data {
            self.topic(&topic.name, topic.topic_id);
            for data in topic.partition_data.iter().take(SHOWN_MAX) {
                self.number("index", data.index);
                self.records(data.records.as_ref());
            }
        }
    }

    fn produced(&mut self, body: &ProduceResponse) {
        for topic in &body.responses {
            self.topic(&topic.name, topic.topic_id);
            for data in topic.partition_responses.iter().take(SHOWN_MAX) {
                self.number("index", data.index);
                self.error(data.error_code);
                self.number("baseOffset", data.base_offset);
                self.number("logAppendTimeMs", data.log_append_time_ms);
                self.number("logStartOffset", data.log_start_offset);
                if let Some(message) = &data.error_message {
                    self.add("errorMessage", message);
                }
            }
        }
        self.number("throttleTimeMs", body.throttle_time_ms);
    }

    fn fetch(&mut self, body: &FetchRequest) {
        // Until version 14 the follower names itself in the first of the two.
        self.number("replicaId", body.replica_id.max(body.replica_state.replica_id));
        self.number("maxWaitMs", body.max_wait_ms);
        self.number("minBytes", body.min_bytes);
        self.number("maxBytes", body.max_bytes);
        self.number("isolationLevel", body.isolation_level);
        self.number("sessionId", body.session_id);
        self.number("sessionEpoch", body.session_epoch);
        for topic in &body.topics {
            self.topic(&topic.topic, topic.topic_id);
            for data in topic.partitions.iter().take(SHOWN_MAX) {
                self.number("partition", data.partition);
                self.number("currentLeaderEpoch", data.current_leader_epoch);
                self.number("fetchOffset", data.fetch_offset);
                self.number("lastFetchedEpoch", data.last_fetched_epoch);
                self.number("logStartOffset", data.log_start_offset);
                self.number("partitionMaxBytes", data.partition_max_bytes);
            }
        }
    }

    fn fetched(&mut self, body: &FetchResponse) {
        self.number("throttleTimeMs", body.throttle_time_ms);
        self.error(body.error_code);
        self.number("sessionId", body.session_id);
        for topic in &body.responses {
            self.topic(&topic.topic, topic.topic_id);
            for data in topic.partitions.iter().take(SHOWN_MAX) {
                self.number("partitionIndex", data.partition_index);
                self.error(data.error_code);
                self.number("highWatermark", data.high_watermark);
                self.number("lastStableOffset", data.last_stable_offset);
                self.number("logStartOffset", data.log_start_offset);
                self.records(data.records.as_ref());
            }
        }
    }

    /// Newer versions name a topic by its id alone.
    fn topic(&mut self, name: &str, id: base::Uuid) {
        if name.is_empty() { self.add("topicId", &id.to_string()) } else { self.add("topic", name) }
    }

    fn records(&mut self, records: Option<&Records>) {
        let Some(records) = records else { return self.add("records", "null") };
        self.add("records", &format!("{} bytes", records.len()));
        for batch in batches_of(records).map_while(Result::ok).take(SHOWN_MAX) {
            self.batch(&batch);
        }
    }

    fn batch(&mut self, batch: &BatchView) {
        self.number("baseOffset", batch.base_offset());
        self.number("producerId", batch.producer_id());
        self.number("baseSequence", batch.base_sequence());
        for record in batch.records().map_while(Result::ok).take(SHOWN_MAX) {
            let shown = |bytes: Option<&[u8]>| bytes.map_or_else(|| "null".to_string(), text);
            self.add("record", &format!("{} = {}", shown(record.key.as_deref()), shown(record.value.as_deref())));
        }
    }
}
