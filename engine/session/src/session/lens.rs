//! The wire lens: what a message under way says, field by field under the names of Kafka's schemas.
//!
//! Of every message its header; of what carries records, or asks for them, the body as well.

use log::batch::{BatchView, batches_of};
use protocol::messages::{FetchRequest, FetchResponse, ProduceRequest, ProduceResponse};
use protocol::{ErrorCode, Packet, Records, Request, Response};
use wire::reply::MessageView;

use crate::stage::Stage;
use crate::view::replicas::text;

/// Records and partitions that are shown of one message; of more it is said how many.
const SHOWN_MAX: usize = 8;

/// What the message with this number says, if it is under way now.
pub fn read(stage: &Stage, id: u64) -> MessageView {
    let mut lens = Lens(MessageView::default());
    if let Some(flight) = stage.world().flights().iter().find(|flight| flight.id == id) {
        let packet = flight.message;
        let kind = if matches!(packet, Packet::Request { .. }) { "request" } else { "response" };
        lens.0.name = format!("{} {kind}", packet.api_key().name());
        lens.0.version = packet.api_version();
        lens.number("correlationId", packet.correlation_id());
        match packet {
            Packet::Request { client_id, body, .. } => {
                lens.add("clientId", client_id);
                match &**body {
                    Request::Produce(body) => lens.produce(body),
                    Request::Fetch(body) => lens.fetch(body),
                    _ => {}
                }
            }
            Packet::Response { body, .. } => match &**body {
                Response::Produce(body) => lens.produced(body),
                Response::Fetch(body) => lens.fetched(body),
                _ => {}
            },
        }
    }
    lens.0
}

struct Lens(MessageView);

impl Lens {
    fn add(&mut self, name: &str, value: &str) {
        self.0.fields.push((name.to_string(), value.to_string()));
    }

    /// As many as are shown; the others are counted.
    fn first<T>(&mut self, all: impl Iterator<Item = T>, mut show: impl FnMut(&mut Self, T)) {
        for (at, one) in all.enumerate() {
            if at < SHOWN_MAX {
                show(self, one);
            } else {
                self.0.left_out += 1;
            }
        }
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
            self.first(topic.partition_data.iter(), |lens, data| {
                lens.number("index", data.index);
                lens.records(data.records.as_ref());
            });
        }
    }

    fn produced(&mut self, body: &ProduceResponse) {
        for topic in &body.responses {
            self.topic(&topic.name, topic.topic_id);
            self.first(topic.partition_responses.iter(), |lens, data| {
                lens.number("index", data.index);
                lens.error(data.error_code);
                lens.number("baseOffset", data.base_offset);
                lens.number("logAppendTimeMs", data.log_append_time_ms);
                lens.number("logStartOffset", data.log_start_offset);
                if let Some(message) = &data.error_message {
                    lens.add("errorMessage", message);
                }
            });
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
            self.first(topic.partitions.iter(), |lens, data| {
                lens.number("partition", data.partition);
                lens.number("currentLeaderEpoch", data.current_leader_epoch);
                lens.number("fetchOffset", data.fetch_offset);
                lens.number("lastFetchedEpoch", data.last_fetched_epoch);
                lens.number("logStartOffset", data.log_start_offset);
                lens.number("partitionMaxBytes", data.partition_max_bytes);
            });
        }
    }

    fn fetched(&mut self, body: &FetchResponse) {
        self.number("throttleTimeMs", body.throttle_time_ms);
        self.error(body.error_code);
        self.number("sessionId", body.session_id);
        for topic in &body.responses {
            self.topic(&topic.topic, topic.topic_id);
            self.first(topic.partitions.iter(), |lens, data| {
                lens.number("partitionIndex", data.partition_index);
                lens.error(data.error_code);
                lens.number("highWatermark", data.high_watermark);
                lens.number("lastStableOffset", data.last_stable_offset);
                lens.number("logStartOffset", data.log_start_offset);
                lens.records(data.records.as_ref());
            });
        }
    }

    /// Newer versions name a topic by its id alone.
    fn topic(&mut self, name: &str, id: base::Uuid) {
        if name.is_empty() { self.add("topicId", &id.to_string()) } else { self.add("topic", name) }
    }

    fn records(&mut self, records: Option<&Records>) {
        let Some(records) = records else { return self.add("records", "null") };
        self.add("records", &format!("{} bytes", records.len()));
        for batch in batches_of(records).map_while(Result::ok) {
            self.batch(&batch);
        }
    }

    fn batch(&mut self, batch: &BatchView) {
        self.number("baseOffset", batch.base_offset());
        self.number("producerId", batch.producer_id());
        self.number("baseSequence", batch.base_sequence());
        self.first(batch.records().map_while(Result::ok), |lens, record| {
            let shown = |bytes: Option<&[u8]>| bytes.map_or_else(|| "null".to_string(), text);
            lens.add("record", &format!("{} = {}", shown(record.key.as_deref()), shown(record.value.as_deref())));
        });
    }
}
