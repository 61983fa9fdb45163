//! Finding the batches in a stretch of bytes (`ByteBufferLogInputStream`, `FileLogInputStream`).

use bytes::Bytes;
use protocol::Records;

use super::legacy::LegacyBatch;
use super::{BatchError, BatchView, CRC_AT, CURRENT_MAGIC, HEADER_LEN, LOG_OVERHEAD, MAGIC_AT};

/// `LegacyRecord.RECORD_OVERHEAD_V0`: the smallest `batchLength` that any format can have.
pub const RECORD_OVERHEAD_V0: i32 = 14;

/// A batch of any format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnyBatch {
    V2(BatchView),
    Legacy(LegacyBatch),
}

/// The batches of one stretch of bytes, in order. A batch that is cut short at the end is left out in silence, as Kafka
/// does (a fetch may end in the middle of one); a length or magic that cannot be is an error, and ends the iteration.
#[derive(Clone, Debug)]
pub struct AnyBatches {
    rest: Bytes,
    taken: usize,
}

impl AnyBatches {
    pub fn new(bytes: Bytes) -> AnyBatches {
        AnyBatches { rest: bytes, taken: 0 }
    }

    /// The size of the first batch; `None` when what is left is only the beginning of one, or nothing.
    fn next_size(&self) -> Result<Option<usize>, BatchError> {
        let Some(length) = self.rest.get(8..LOG_OVERHEAD) else { return Ok(None) };
        let length = i32::from_be_bytes(length.try_into().expect("four bytes"));
        if length < RECORD_OVERHEAD_V0 {
            return Err(BatchError::Corrupt(format!(
                "Record size {length} is less than the minimum record overhead ({RECORD_OVERHEAD_V0})"
            )));
        }
        let Some(magic) = self.rest.get(MAGIC_AT) else { return Ok(None) };
        let magic = *magic as i8;
        if !(0..=CURRENT_MAGIC).contains(&magic) {
            return Err(BatchError::Corrupt(format!("Invalid magic found in record: {magic}")));
        }
        let size = LOG_OVERHEAD + length as usize;
        Ok(Some(size).filter(|size| self.rest.len() >= *size))
    }

    fn cut(&mut self, size: usize) -> Result<AnyBatch, BatchError> {
        if self.rest[MAGIC_AT] as i8 != CURRENT_MAGIC {
            return Ok(AnyBatch::Legacy(LegacyBatch::new(self.rest.split_to(size))));
        }
        if size < HEADER_LEN {
            let stored_crc = u32::from_be_bytes(self.rest[CRC_AT..CRC_AT + 4].try_into().expect("four bytes"));
            return Err(BatchError::Short { size: size as u32, stored_crc });
        }
        Ok(AnyBatch::V2(BatchView::trusted(self.rest.split_to(size))))
    }
}

impl Iterator for AnyBatches {
    type Item = Result<AnyBatch, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = match self.next_size() {
            Ok(None) => return None,
            Ok(Some(size)) => self.cut(size).inspect(|_| self.taken += size),
            Err(error) => Err(error),
        };
        if item.is_err() {
            self.rest = Bytes::new();
        }
        Some(item)
    }
}

/// As [`AnyBatches`], where only magic 2 is expected: logs hold nothing else since Kafka 4.0, and fetches neither.
#[derive(Clone, Debug)]
pub struct Batches {
    any: AnyBatches,
}

impl Batches {
    pub fn new(bytes: Bytes) -> Batches {
        Batches { any: AnyBatches::new(bytes) }
    }

    /// How many bytes the batches returned so far took.
    pub fn taken(&self) -> usize {
        self.any.taken
    }
}

impl Iterator for Batches {
    type Item = Result<BatchView, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let before = self.any.taken;
        Some(self.any.next()?.and_then(current_only)).inspect(|item| {
            if item.is_err() {
                self.any = AnyBatches { rest: Bytes::new(), taken: before };
            }
        })
    }
}

/// The batches of a rope. A chunk that holds no whole batch ends it, as the end of the bytes would.
pub fn batches_of(records: &Records) -> impl Iterator<Item = Result<BatchView, BatchError>> + '_ {
    any_batches_of(records).map(|item| item.and_then(current_only))
}

/// As [`batches_of`], with older formats.
pub fn any_batches_of(records: &Records) -> impl Iterator<Item = Result<AnyBatch, BatchError>> + '_ {
    any_batches_in(records.batches.iter().cloned())
}

/// As [`any_batches_of`], of chunks that are given away: a batch that nobody else holds can be written into.
pub(crate) fn any_batches_in(
    mut chunks: impl Iterator<Item = Bytes>,
) -> impl Iterator<Item = Result<AnyBatch, BatchError>> {
    let mut current = AnyBatches::new(Bytes::new());
    std::iter::from_fn(move || {
        loop {
            if let Some(item) = current.next() {
                return Some(item);
            }
            if !current.rest.is_empty() {
                return None;
            }
            current = AnyBatches::new(chunks.next()?);
        }
    })
}

fn current_only(batch: AnyBatch) -> Result<BatchView, BatchError> {
    match batch {
        AnyBatch::V2(batch) => Ok(batch),
        AnyBatch::Legacy(batch) => Err(BatchError::Corrupt(format!(
            "Messages of magic {} do not stand in a log of this version",
            batch.magic()
        ))),
    }
}
