//! Records of one partition on their way (`ProducerBatch`).

use base::Micros;
use bytes::Bytes;
use log::batch::{BatchBuilder, Codec, RecordHeader};
use protocol::TopicPartition;

use super::{ProducerRecord, SendId};

/// What is kept of a record after it went into the batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Thunk {
    pub id: SendId,
    pub timestamp: i64,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<RecordHeader>,
}

/// Producer id, epoch and sequence of the first record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub producer_id: i64,
    pub epoch: i16,
    pub sequence: i32,
}

#[derive(Clone, Debug, Hash)]
pub(crate) struct ProducerBatch {
    pub tp: TopicPartition,
    pub records: Vec<Thunk>,
    pub created: Micros,
    /// Failed attempts so far.
    pub attempts: u32,
    /// When it was created or put back the last time.
    pub waiting_since: Micros,
    /// How long it waits after the last failure.
    pub backoff: Micros,
    pub identity: Option<Identity>,
    /// The identity was dealt anew after a gap.
    pub sequence_was_reset: bool,
    /// It came out of a batch that was too large.
    pub is_split: bool,
    /// Bytes that the buffer pool has given to it.
    pub buffer: usize,
    codec: Codec,
    gzip_level: i32,
    builder: BatchBuilder,
    closed: bool,
    leader_epoch: Option<i32>,
    attempts_at_leader_change: Option<u32>,
}

impl ProducerBatch {
    pub fn new(tp: TopicPartition, buffer: usize, codec: Codec, gzip_level: i32, now: Micros) -> ProducerBatch {
        let mut builder = BatchBuilder::new(0).with_codec(codec);
        builder.gzip_level = gzip_level;
        ProducerBatch {
            tp,
            records: Vec::new(),
            created: now,
            attempts: 0,
            waiting_since: now,
            backoff: Micros::ZERO,
            identity: None,
            sequence_was_reset: false,
            is_split: false,
            buffer,
            codec,
            gzip_level,
            builder,
            closed: false,
            leader_epoch: None,
            attempts_at_leader_change: None,
        }
    }

    /// Adds a record if there is room; the first one always fits. A batch without room takes no more.
    pub fn try_append(&mut self, record: &ProducerRecord, timestamp: i64, id: SendId) -> bool {
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        let fits =
            self.records.is_empty() || self.builder.size_with(timestamp, key, value, &record.headers) <= self.buffer;
        if self.closed || !fits {
            self.closed = true;
            return false;
        }
        self.builder.append(timestamp, key, value, &record.headers);
        self.records.push(Thunk {
            id,
            timestamp,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: record.headers.clone(),
        });
        true
    }

    pub fn is_full(&self) -> bool {
        self.closed || (!self.records.is_empty() && self.builder.size() >= self.buffer)
    }

    /// Bytes so far.
    pub fn size(&self) -> usize {
        self.builder.size()
    }

    pub fn count(&self) -> i32 {
        i32::try_from(self.records.len()).unwrap_or(i32::MAX)
    }

    /// No more records from now on.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// The bytes to send, under the present identity.
    pub fn bytes(&self) -> Bytes {
        let builder = self.builder.clone();
        match self.identity {
            Some(who) => builder.with_producer(who.producer_id, who.epoch, who.sequence).build(),
            None => builder.build(),
        }
    }

    pub fn on_requeued(&mut self, now: Micros, backoff: Micros) {
        self.attempts += 1;
        self.waiting_since = now;
        self.backoff = backoff;
    }

    /// Takes note of the leader epoch; a new one lets a retry go at once.
    pub fn note_leader(&mut self, latest: Option<i32>) {
        if let Some(latest) = latest
            && self.leader_epoch.is_none_or(|known| known < latest)
        {
            self.attempts_at_leader_change = Some(self.attempts);
            self.leader_epoch = Some(latest);
        }
    }

    /// Until when a retry waits; `None` if it need not.
    pub fn backing_off_until(&self, now: Micros) -> Option<Micros> {
        let leader_changed = self.attempts > 0 && self.attempts_at_leader_change == Some(self.attempts);
        let until = self.waiting_since + self.backoff;
        (self.attempts > 0 && !leader_changed && until > now).then_some(until)
    }

    /// The largest record in bytes, for splitting.
    pub fn split(self, target: usize) -> Vec<ProducerBatch> {
        let mut parts: Vec<ProducerBatch> = Vec::new();
        let mut sequence = self.identity;
        for thunk in self.records {
            let record = ProducerRecord {
                topic: self.tp.topic.clone(),
                partition: Some(self.tp.partition),
                timestamp: Some(thunk.timestamp),
                key: thunk.key,
                value: thunk.value,
                headers: thunk.headers,
            };
            let added = parts.last_mut().is_some_and(|part| part.try_append(&record, thunk.timestamp, thunk.id));
            if !added {
                let mut part = ProducerBatch::new(self.tp.clone(), target, self.codec, self.gzip_level, self.created);
                part.is_split = true;
                part.try_append(&record, thunk.timestamp, thunk.id);
                parts.push(part);
            }
        }
        for part in &mut parts {
            part.close();
            part.identity = sequence;
            sequence = sequence
                .map(|who| Identity { sequence: log::batch::increment_sequence(who.sequence, part.count()), ..who });
        }
        parts
    }
}
