//! Writing batches (`MemoryRecordsBuilder`), byte for byte as Kafka does.

use bytes::Bytes;
use protocol::varint::{put_varint, put_varlong, varint_len, varlong_len};

use super::{
    CODEC_MASK, CONTROL_BIT, CURRENT_MAGIC, Codec, DELETE_HORIZON_BIT, HEADER_LEN, LOG_OVERHEAD,
    NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, NO_TIMESTAMP, RecordHeader,
    TIMESTAMP_TYPE_BIT, TRANSACTIONAL_BIT, TimestampType,
};

/// `DefaultRecord.MAX_RECORD_OVERHEAD`: the most that the fields of a record other than its data can take.
const MAX_RECORD_OVERHEAD: usize = 21;

/// Collects records into one batch. Set the fields, append, build.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BatchBuilder {
    pub base_offset: i64,
    pub leader_epoch: i32,
    pub timestamp_type: TimestampType,
    /// With LogAppendTime: the time that readers shall see.
    pub log_append_time: i64,
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub transactional: bool,
    pub control: bool,
    pub codec: Codec,
    /// `compression.gzip.level`: -1, or 1 to 9.
    pub gzip_level: i32,
    /// KIP-534: stands in the place of the base timestamp once set.
    pub delete_horizon_ms: Option<i64>,
    base_timestamp: Option<i64>,
    max_timestamp: i64,
    last_offset: Option<i64>,
    count: i32,
    /// Room for the header, then the records as they are before compression; nothing before the first record.
    body: Vec<u8>,
}

impl BatchBuilder {
    /// An empty batch of a producer without id, at `base_offset`. Producers use 0; the leader stamps its own.
    pub fn new(base_offset: i64) -> BatchBuilder {
        BatchBuilder {
            base_offset,
            leader_epoch: NO_PARTITION_LEADER_EPOCH,
            timestamp_type: TimestampType::CreateTime,
            log_append_time: NO_TIMESTAMP,
            producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            base_sequence: NO_SEQUENCE,
            transactional: false,
            control: false,
            codec: Codec::None,
            gzip_level: -1,
            delete_horizon_ms: None,
            base_timestamp: None,
            max_timestamp: NO_TIMESTAMP,
            last_offset: None,
            count: 0,
            body: Vec::new(),
        }
    }

    /// Takes the room for a batch of so many bytes at once, as a producer takes a buffer of `batch.size`: what grows step
    /// by step is copied at each.
    pub fn with_room(mut self, bytes: usize) -> BatchBuilder {
        self.body.reserve_exact(bytes);
        self
    }

    pub fn with_leader_epoch(mut self, leader_epoch: i32) -> BatchBuilder {
        self.leader_epoch = leader_epoch;
        self
    }

    pub fn with_producer(mut self, producer_id: i64, producer_epoch: i16, base_sequence: i32) -> BatchBuilder {
        self.producer_id = producer_id;
        self.producer_epoch = producer_epoch;
        self.base_sequence = base_sequence;
        self
    }

    pub fn with_codec(mut self, codec: Codec) -> BatchBuilder {
        self.codec = codec;
        self
    }

    pub fn transactional(mut self) -> BatchBuilder {
        self.transactional = true;
        self
    }

    pub fn control(mut self) -> BatchBuilder {
        self.control = true;
        self
    }

    /// Appends a record at the next offset. Timestamp in epoch milliseconds, -1 is none.
    pub fn append(&mut self, timestamp: i64, key: Option<&[u8]>, value: Option<&[u8]>, headers: &[RecordHeader]) {
        let offset = self.last_offset.map_or(self.base_offset, |last| last + 1);
        self.append_with_offset(offset, timestamp, key, value, headers);
    }

    /// Appends a record at an offset of the caller's choice, above the last one and within 2^31 of the base offset.
    pub fn append_with_offset(
        &mut self,
        offset: i64,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[RecordHeader],
    ) {
        assert!(self.last_offset.is_none_or(|last| offset > last), "offsets in a batch grow");
        let offset_delta = i32::try_from(offset - self.base_offset).expect("an offset within 2^31 of the base");
        let base_timestamp = *self.base_timestamp.get_or_insert(self.delete_horizon_ms.unwrap_or(timestamp));
        self.body.resize(self.size(), 0);
        put_record(&mut self.body, offset_delta, timestamp - base_timestamp, key, value, headers);
        self.max_timestamp = self.max_timestamp.max(timestamp);
        self.last_offset = Some(offset);
        self.count += 1;
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn count(&self) -> i32 {
        self.count
    }

    /// Bytes of the batch if it were built now, before compression.
    pub fn size(&self) -> usize {
        self.body.len().max(HEADER_LEN)
    }

    /// The size after one more record, for a producer that must not exceed `batch.size`.
    pub fn size_with(
        &self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[RecordHeader],
    ) -> usize {
        let delta = timestamp - self.base_timestamp.unwrap_or(timestamp);
        self.size() + record_size(self.count, delta, key, value, headers)
    }

    /// The largest timestamp so far, -1 if none.
    pub fn max_timestamp(&self) -> i64 {
        self.max_timestamp
    }

    /// Overrules what the records say; the cleaner keeps the original batch's when it takes records out.
    pub fn set_max_timestamp(&mut self, max_timestamp: i64) {
        self.max_timestamp = max_timestamp;
    }

    /// The finished batch. Panics when it is empty: Kafka sends no empty batch.
    pub fn build(self) -> Bytes {
        let last_offset = self.last_offset.expect("a batch has a record");
        self.build_ending_at(last_offset)
    }

    /// The finished batch with a last offset of the caller's choice; the cleaner keeps that of the original batch,
    /// which may have lost its last records, or all of them.
    pub fn build_ending_at(mut self, last_offset: i64) -> Bytes {
        self.body.resize(self.size(), 0);
        let mut out = std::mem::take(&mut self.body);
        if self.codec != Codec::None {
            let packed = self.codec.compress(&out[HEADER_LEN..], self.gzip_level);
            out.truncate(HEADER_LEN);
            out.extend_from_slice(&packed);
        }
        let length = i32::try_from(out.len() - LOG_OVERHEAD).expect("a batch is below 2 GiB");
        let last_offset_delta =
            i32::try_from(last_offset - self.base_offset).expect("an offset within 2^31 of the base");
        let max_timestamp = match self.timestamp_type {
            TimestampType::LogAppendTime => self.log_append_time,
            TimestampType::CreateTime => self.max_timestamp,
        };
        let base_timestamp = self.delete_horizon_ms.or(self.base_timestamp).unwrap_or(NO_TIMESTAMP);
        let header: &mut [u8; HEADER_LEN] = out.first_chunk_mut().expect("room for the header");
        put(header, 0, self.base_offset.to_be_bytes());
        put(header, LOG_OVERHEAD - 4, length.to_be_bytes());
        put(header, super::LEADER_EPOCH_AT, self.leader_epoch.to_be_bytes());
        put(header, super::MAGIC_AT, [CURRENT_MAGIC as u8]);
        put(header, super::ATTRIBUTES_AT, self.attributes().to_be_bytes());
        put(header, super::LAST_OFFSET_DELTA_AT, last_offset_delta.to_be_bytes());
        put(header, super::BASE_TIMESTAMP_AT, base_timestamp.to_be_bytes());
        put(header, super::MAX_TIMESTAMP_AT, max_timestamp.to_be_bytes());
        put(header, super::PRODUCER_ID_AT, self.producer_id.to_be_bytes());
        put(header, super::PRODUCER_EPOCH_AT, self.producer_epoch.to_be_bytes());
        put(header, super::BASE_SEQUENCE_AT, self.base_sequence.to_be_bytes());
        put(header, super::COUNT_AT, self.count.to_be_bytes());
        let crc = base::crc::crc32c(&out[super::ATTRIBUTES_AT..]);
        out[super::CRC_AT..super::CRC_AT + 4].copy_from_slice(&crc.to_be_bytes());
        // A batch may live as long as its log; what grew too far is given back.
        out.shrink_to_fit();
        Bytes::from(out)
    }

    fn attributes(&self) -> i16 {
        let bit = |on: bool, bit: i16| if on { bit } else { 0 };
        (i16::from(self.codec.id()) & CODEC_MASK)
            | bit(self.timestamp_type == TimestampType::LogAppendTime, TIMESTAMP_TYPE_BIT)
            | bit(self.transactional, TRANSACTIONAL_BIT)
            | bit(self.control, CONTROL_BIT)
            | bit(self.delete_horizon_ms.is_some(), DELETE_HORIZON_BIT)
    }
}

/// Writes a field of the header. Its length is known when this is compiled, so it is a store and no call.
#[inline(always)]
fn put<const N: usize>(header: &mut [u8; HEADER_LEN], at: usize, bytes: [u8; N]) {
    header[at..at + N].copy_from_slice(&bytes);
}

fn put_record(
    out: &mut Vec<u8>,
    offset_delta: i32,
    timestamp_delta: i64,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[RecordHeader],
) {
    put_varint(body_size(offset_delta, timestamp_delta, key, value, headers) as i32, out);
    // Record attributes: none is defined.
    out.push(0);
    put_varlong(timestamp_delta, out);
    put_varint(offset_delta, out);
    put_nullable(out, key);
    put_nullable(out, value);
    put_varint(headers.len() as i32, out);
    for (key, value) in headers {
        put_nullable(out, Some(key.as_bytes()));
        put_nullable(out, value.as_deref());
    }
}

#[inline(always)]
fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => put_varint(-1, out),
        Some(bytes) => {
            put_varint(bytes.len() as i32, out);
            out.extend_from_slice(bytes);
        }
    }
}

/// Bytes of one record in a batch, its length included (`DefaultRecord.sizeInBytes`).
pub fn record_size(
    offset_delta: i32,
    timestamp_delta: i64,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[RecordHeader],
) -> usize {
    let body = body_size(offset_delta, timestamp_delta, key, value, headers);
    varint_len(body as i32) + body
}

#[inline(always)]
fn body_size(
    offset_delta: i32,
    timestamp_delta: i64,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[RecordHeader],
) -> usize {
    1 + varlong_len(timestamp_delta) + varint_len(offset_delta) + data_size(key, value, headers)
}

#[inline(always)]
fn data_size(key: Option<&[u8]>, value: Option<&[u8]>, headers: &[RecordHeader]) -> usize {
    let nullable = |bytes: Option<&[u8]>| bytes.map_or(1, |bytes| varint_len(bytes.len() as i32) + bytes.len());
    let headers_size: usize =
        headers.iter().map(|(key, value)| nullable(Some(key.as_bytes())) + nullable(value.as_deref())).sum();
    nullable(key) + nullable(value) + varint_len(headers.len() as i32) + headers_size
}

/// What a producer reserves for a batch that holds this one record (`estimateSizeInBytesUpperBound` of magic 2); it is
/// held against `max.request.size` and decides the size of a batch's buffer.
pub fn estimate_batch_size_upper_bound(key: Option<&[u8]>, value: Option<&[u8]>, headers: &[RecordHeader]) -> usize {
    HEADER_LEN + MAX_RECORD_OVERHEAD + data_size(key, value, headers)
}
