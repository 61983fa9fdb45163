//! Record batches of magic 2: the bytes that travel in Produce and Fetch and lie in segment files.
//!
//! ```text
//! baseOffset i64 @0 | batchLength i32 @8 (bytes after this field) | partitionLeaderEpoch i32 @12 | magic i8 @16
//! crc u32 @17 (CRC-32C of all that follows) | attributes i16 @21 | lastOffsetDelta i32 @23 | baseTimestamp i64 @27
//! maxTimestamp i64 @35 | producerId i64 @43 | producerEpoch i16 @51 | baseSequence i32 @53 | recordCount i32 @57
//! records @61
//! ```
//! Offset, length, leader epoch and magic stand before the checksum on purpose: the leader stamps the first and the
//! third without hashing the records again ([`stamp`]).
//!
//! Classes: `DefaultRecordBatch`, `DefaultRecord`, `MemoryRecordsBuilder`, `ControlRecordType`, `EndTransactionMarker`.

mod builder;
mod codec;
mod control;
mod error;
mod legacy;
mod record;
mod split;
pub mod varint;

use bytes::{Bytes, BytesMut};

pub use builder::{BatchBuilder, estimate_batch_size_upper_bound, record_size};
pub use codec::Codec;
pub use control::{
    ControlRecordType, EndTransactionMarker, control_record_type, end_transaction_batch, leader_change_batch,
};
pub use error::BatchError;
pub use legacy::LegacyBatch;
pub use record::{RawRecord, RawRecords, Record, RecordHeader, RecordIter};
pub(crate) use split::any_batches_in;
pub use split::{AnyBatch, AnyBatches, Batches, RECORD_OVERHEAD_V0, any_batches_of, batches_of};

/// Bytes before the part that `batchLength` counts.
pub const LOG_OVERHEAD: usize = 12;
/// Bytes of a batch without records.
pub const HEADER_LEN: usize = 61;
/// The newest record format, the only one that is written since Kafka 4.0.
pub const CURRENT_MAGIC: i8 = 2;

pub const NO_PRODUCER_ID: i64 = -1;
pub const NO_PRODUCER_EPOCH: i16 = -1;
pub const NO_SEQUENCE: i32 = -1;
pub const NO_TIMESTAMP: i64 = -1;
pub const NO_PARTITION_LEADER_EPOCH: i32 = -1;

const LEADER_EPOCH_AT: usize = 12;
const MAGIC_AT: usize = 16;
const CRC_AT: usize = 17;
const ATTRIBUTES_AT: usize = 21;
const LAST_OFFSET_DELTA_AT: usize = 23;
const BASE_TIMESTAMP_AT: usize = 27;
const MAX_TIMESTAMP_AT: usize = 35;
const PRODUCER_ID_AT: usize = 43;
const PRODUCER_EPOCH_AT: usize = 51;
const BASE_SEQUENCE_AT: usize = 53;
const COUNT_AT: usize = 57;

const CODEC_MASK: i16 = 0x07;
const TIMESTAMP_TYPE_BIT: i16 = 0x08;
const TRANSACTIONAL_BIT: i16 = 0x10;
const CONTROL_BIT: i16 = 0x20;
const DELETE_HORIZON_BIT: i16 = 0x40;

/// Whose clock a record's timestamp comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimestampType {
    #[default]
    CreateTime,
    LogAppendTime,
}

/// One whole batch of magic 2. All accessors read the bytes in place; the bytes are shared, not copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchView {
    bytes: Bytes,
}

impl BatchView {
    /// Takes bytes that are exactly one batch. Checks the shape (length, magic), not the checksum.
    pub fn new(bytes: Bytes) -> Result<BatchView, BatchError> {
        match Batches::new(bytes.clone()).next() {
            Some(Ok(batch)) if batch.bytes.len() == bytes.len() => Ok(batch),
            Some(Err(error)) => Err(error),
            _ => Err(BatchError::Corrupt(format!("{} bytes are not one whole record batch", bytes.len()))),
        }
    }

    /// For bytes that already passed [`BatchView::new`] or came out of [`BatchBuilder`]: at least a whole header.
    pub(crate) fn trusted(bytes: Bytes) -> BatchView {
        assert!(bytes.len() >= HEADER_LEN, "a batch has a whole header");
        BatchView { bytes }
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    pub fn base_offset(&self) -> i64 {
        self.i64_at(0)
    }

    /// The offset of the last record, also when the cleaner took that record out.
    pub fn last_offset(&self) -> i64 {
        self.base_offset().wrapping_add(i64::from(self.last_offset_delta()))
    }

    pub fn next_offset(&self) -> i64 {
        self.last_offset().wrapping_add(1)
    }

    pub fn last_offset_delta(&self) -> i32 {
        self.i32_at(LAST_OFFSET_DELTA_AT)
    }

    pub fn leader_epoch(&self) -> i32 {
        self.i32_at(LEADER_EPOCH_AT)
    }

    pub fn magic(&self) -> i8 {
        self.bytes[MAGIC_AT] as i8
    }

    /// The checksum as it stands in the header.
    pub fn crc(&self) -> u32 {
        self.i32_at(CRC_AT) as u32
    }

    pub fn computed_crc(&self) -> u32 {
        base::crc::crc32c(&self.bytes[ATTRIBUTES_AT..])
    }

    pub fn verify_crc(&self) -> bool {
        self.crc() == self.computed_crc()
    }

    /// `ensureValid`: what a reader checks before it believes a batch.
    pub fn ensure_valid(&self) -> Result<(), BatchError> {
        let computed = self.computed_crc();
        if self.crc() == computed {
            return Ok(());
        }
        let stored = self.crc();
        Err(BatchError::Corrupt(format!("Record is corrupt (stored crc = {stored}, computed crc = {computed})")))
    }

    pub fn attributes(&self) -> i16 {
        i16::from_be_bytes(self.array_at(ATTRIBUTES_AT))
    }

    pub fn codec(&self) -> Result<Codec, BatchError> {
        Codec::for_id((self.attributes() & CODEC_MASK) as i8)
    }

    pub fn is_compressed(&self) -> bool {
        self.attributes() & CODEC_MASK != 0
    }

    pub fn timestamp_type(&self) -> TimestampType {
        if self.attributes() & TIMESTAMP_TYPE_BIT != 0 {
            TimestampType::LogAppendTime
        } else {
            TimestampType::CreateTime
        }
    }

    pub fn is_transactional(&self) -> bool {
        self.attributes() & TRANSACTIONAL_BIT != 0
    }

    pub fn is_control(&self) -> bool {
        self.attributes() & CONTROL_BIT != 0
    }

    /// The instant from which the cleaner may drop the tombstones of this batch (KIP-534), in epoch milliseconds.
    pub fn delete_horizon_ms(&self) -> Option<i64> {
        (self.attributes() & DELETE_HORIZON_BIT != 0).then(|| self.i64_at(BASE_TIMESTAMP_AT))
    }

    /// What the records' timestamp deltas count from: the timestamp of the first record, or the delete horizon.
    pub fn base_timestamp(&self) -> i64 {
        self.i64_at(BASE_TIMESTAMP_AT)
    }

    pub fn max_timestamp(&self) -> i64 {
        self.i64_at(MAX_TIMESTAMP_AT)
    }

    pub fn producer_id(&self) -> i64 {
        self.i64_at(PRODUCER_ID_AT)
    }

    pub fn has_producer_id(&self) -> bool {
        self.producer_id() > NO_PRODUCER_ID
    }

    pub fn producer_epoch(&self) -> i16 {
        i16::from_be_bytes(self.array_at(PRODUCER_EPOCH_AT))
    }

    pub fn base_sequence(&self) -> i32 {
        self.i32_at(BASE_SEQUENCE_AT)
    }

    /// The sequence number of the last record; numbers wrap from 2^31-1 to 0.
    pub fn last_sequence(&self) -> i32 {
        match self.base_sequence() {
            NO_SEQUENCE => NO_SEQUENCE,
            base => increment_sequence(base, self.last_offset_delta()),
        }
    }

    /// How many records the header says there are.
    pub fn count(&self) -> i32 {
        self.i32_at(COUNT_AT)
    }

    /// The records, decompressed where needed. A broken one ends the iteration with its error.
    pub fn records(&self) -> RecordIter {
        RecordIter::of(self)
    }

    /// The record area as it stands in the batch.
    pub fn packed(&self) -> &[u8] {
        &self.bytes[HEADER_LEN..]
    }

    /// The record area, decompressed where needed: the uncompressed one shares the batch's memory.
    pub fn body(&self) -> Result<Bytes, BatchError> {
        let packed = self.bytes.slice(HEADER_LEN..);
        match self.codec()? {
            Codec::None => Ok(packed),
            codec => codec.decompress(&packed),
        }
    }

    fn i64_at(&self, at: usize) -> i64 {
        i64::from_be_bytes(self.array_at(at))
    }

    fn i32_at(&self, at: usize) -> i32 {
        i32::from_be_bytes(self.array_at(at))
    }

    fn array_at<const N: usize>(&self, at: usize) -> [u8; N] {
        self.bytes[at..at + N].try_into().expect("a batch has a whole header")
    }
}

/// Sequence numbers are non-negative 31-bit and wrap to 0 (`DefaultRecordBatch.incrementSequence`).
pub fn increment_sequence(sequence: i32, increment: i32) -> i32 {
    if sequence > i32::MAX.wrapping_sub(increment) {
        return increment.wrapping_sub(i32::MAX.wrapping_sub(sequence)).wrapping_sub(1);
    }
    sequence.wrapping_add(increment)
}

/// The inverse of [`increment_sequence`] (`DefaultRecordBatch.decrementSequence`).
pub fn decrement_sequence(sequence: i32, decrement: i32) -> i32 {
    if sequence < decrement {
        return i32::MAX.wrapping_sub(decrement.wrapping_sub(sequence)).wrapping_add(1);
    }
    sequence.wrapping_sub(decrement)
}

/// Writes offset and leader epoch, which no checksum covers. Copies only if somebody else holds the bytes too.
pub fn stamp(bytes: Bytes, base_offset: i64, leader_epoch: i32) -> Bytes {
    let mut bytes = writable(bytes);
    bytes[..8].copy_from_slice(&base_offset.to_be_bytes());
    bytes[LEADER_EPOCH_AT..LEADER_EPOCH_AT + 4].copy_from_slice(&leader_epoch.to_be_bytes());
    bytes.freeze()
}

/// As [`stamp`], and sets timestamp type and largest timestamp; the checksum is made anew only if one of these changed
/// (`MutableRecordBatch.setMaxTimestamp`).
pub(crate) fn stamp_with_time(
    batch: BatchView,
    base_offset: i64,
    leader_epoch: i32,
    timestamp_type: TimestampType,
    max_timestamp: i64,
) -> Bytes {
    if batch.timestamp_type() == timestamp_type && batch.max_timestamp() == max_timestamp {
        return stamp(batch.bytes, base_offset, leader_epoch);
    }
    let type_bit = if timestamp_type == TimestampType::LogAppendTime { TIMESTAMP_TYPE_BIT } else { 0 };
    // Kafka computes the attributes anew from the bits that it knows, so unknown ones are lost here.
    let kept = CODEC_MASK | TRANSACTIONAL_BIT | CONTROL_BIT | DELETE_HORIZON_BIT;
    let attributes = (batch.attributes() & kept) | type_bit;
    let mut bytes = writable(stamp(batch.bytes, base_offset, leader_epoch));
    bytes[ATTRIBUTES_AT..ATTRIBUTES_AT + 2].copy_from_slice(&attributes.to_be_bytes());
    bytes[MAX_TIMESTAMP_AT..MAX_TIMESTAMP_AT + 8].copy_from_slice(&max_timestamp.to_be_bytes());
    let crc = base::crc::crc32c(&bytes[ATTRIBUTES_AT..]);
    bytes[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_be_bytes());
    bytes.freeze()
}

fn writable(bytes: Bytes) -> BytesMut {
    bytes.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]))
}
