//! Finding the batches in a stretch of bytes (`ByteBufferLogInputStream`, `FileLogInputStream`).

use bytes::Bytes;

use super::{BatchError, BatchView, CURRENT_MAGIC, HEADER_LEN, LOG_OVERHEAD, MAGIC_AT};

/// `LegacyRecord.RECORD_OVERHEAD_V0`: the smallest `batchLength` that any format can have.
const RECORD_OVERHEAD_V0: i32 = 14;

/// The batches of one stretch of bytes, in order. A batch that is cut short at the end is left out in silence, as Kafka
/// does (a fetch may end in the middle of one); a length or magic that cannot be is an error, and ends the iteration.
#[derive(Clone, Debug)]
pub struct Batches {
    rest: Bytes,
    /// Bytes of whole batches returned so far.
    taken: usize,
}

impl Batches {
    pub fn new(bytes: Bytes) -> Batches {
        Batches { rest: bytes, taken: 0 }
    }

    /// How many bytes the batches returned so far took.
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// True when what is left is the beginning of a batch, or nothing.
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
        if self.rest.len() < size {
            return Ok(None);
        }
        if magic < CURRENT_MAGIC {
            return Err(BatchError::Corrupt(format!("Unsupported magic found in record: {magic}")));
        }
        if size < HEADER_LEN {
            return Err(BatchError::Corrupt(format!(
                "Record batch is corrupt (the size {size} is smaller than the minimum allowed overhead {HEADER_LEN})"
            )));
        }
        Ok(Some(size))
    }
}

impl Iterator for Batches {
    type Item = Result<BatchView, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_size() {
            Ok(Some(size)) => {
                self.taken += size;
                Some(Ok(BatchView::trusted(self.rest.split_to(size))))
            }
            Ok(None) => None,
            Err(error) => {
                self.rest = Bytes::new();
                Some(Err(error))
            }
        }
    }
}

/// The batches of a rope. A chunk that holds no whole batch ends it, as the end of the bytes would.
pub fn batches_of(records: &protocol::Records) -> impl Iterator<Item = Result<BatchView, BatchError>> + '_ {
    let mut chunks = records.batches.iter();
    let mut current = Batches::new(Bytes::new());
    std::iter::from_fn(move || {
        loop {
            if let Some(item) = current.next() {
                return Some(item);
            }
            if !current.rest.is_empty() {
                return None;
            }
            current = Batches::new(chunks.next()?.clone());
        }
    })
}
