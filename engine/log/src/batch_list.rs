//! The batches of one segment in memory, cheap to clone: full blocks are shared between snapshots.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;

use crate::batch::BatchView;

/// Batches of one block. A clone copies at most this many handles of the open block.
const BLOCK_LEN: usize = 64;

/// A batch and where it starts in the segment file.
#[derive(Clone, Debug)]
pub struct StoredBatch {
    pub bytes: Bytes,
    /// A search must not touch the batches themselves.
    last_offset: i64,
    pub position: u32,
}

impl StoredBatch {
    pub fn view(&self) -> BatchView {
        BatchView::trusted(self.bytes.clone())
    }

    #[inline]
    pub fn base_offset(&self) -> i64 {
        i64::from_be_bytes(self.bytes[..8].try_into().expect("a whole header"))
    }

    #[inline]
    pub fn last_offset(&self) -> i64 {
        self.last_offset
    }

    pub fn max_timestamp(&self) -> i64 {
        i64::from_be_bytes(self.bytes[35..43].try_into().expect("a whole header"))
    }

    pub fn end_position(&self) -> u32 {
        self.position + self.bytes.len() as u32
    }
}

/// The header holds offset, length, epoch and the checksum of all the rest, so it stands for the batch in a digest.
impl Hash for StoredBatch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes[..21].hash(state);
    }
}

/// Batches in the order of their offsets, which is that of their positions.
#[derive(Clone, Debug, Default, Hash)]
pub struct BatchList {
    /// Each holds exactly [`BLOCK_LEN`] batches.
    full: Vec<Arc<Vec<StoredBatch>>>,
    open: Vec<StoredBatch>,
    /// Of all batches together.
    bytes: u32,
    /// The largest timestamp of the first batch: asked for before each append, when the batch has long left the cache.
    first_timestamp: Option<i64>,
}

impl BatchList {
    pub fn len(&self) -> usize {
        self.full.len() * BLOCK_LEN + self.open.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all batches: the length of the segment file.
    pub fn size(&self) -> u32 {
        self.bytes
    }

    /// The largest timestamp of the first batch, if there is one (`LogSegment.rollingBasedTimestamp`).
    pub fn first_timestamp(&self) -> Option<i64> {
        self.first_timestamp
    }

    pub fn push(&mut self, bytes: Bytes) {
        let position = self.size();
        if self.open.is_empty() {
            self.open.reserve_exact(BLOCK_LEN.min(4));
        }
        let number = |at: usize| i32::from_be_bytes(bytes[at..at + 4].try_into().expect("a whole header"));
        let base = i64::from(number(0)) << 32 | i64::from(number(4) as u32);
        let last_offset = base.wrapping_add(i64::from(number(23)));
        let batch = StoredBatch { bytes, last_offset, position };
        self.bytes = batch.end_position();
        self.first_timestamp.get_or_insert_with(|| batch.max_timestamp());
        self.open.push(batch);
        if self.open.len() == BLOCK_LEN {
            self.full.push(Arc::new(std::mem::take(&mut self.open)));
        }
    }

    pub fn get(&self, at: usize) -> Option<&StoredBatch> {
        match self.full.get(at / BLOCK_LEN) {
            Some(block) => block.get(at % BLOCK_LEN),
            None => self.open.get(at - self.full.len() * BLOCK_LEN),
        }
    }

    pub fn first(&self) -> Option<&StoredBatch> {
        self.get(0)
    }

    pub fn last(&self) -> Option<&StoredBatch> {
        self.open.last().or_else(|| self.full.last().and_then(|block| block.last()))
    }

    /// The index of the first batch whose last offset is not below `offset`; the length if there is none. Nearly all who
    /// ask want what was appended last, so the search goes from the end, in growing strides.
    pub fn find(&self, offset: i64) -> usize {
        let is_below = |at: usize| self.get(at).expect("within the length").last_offset() < offset;
        let (mut low, mut high, mut stride) = (0, self.len(), 1);
        while high > 0 {
            let at = high.saturating_sub(stride);
            if is_below(at) {
                low = at + 1;
                break;
            }
            (high, stride) = (at, stride * 2);
        }
        while low < high {
            let middle = (low + high) / 2;
            if is_below(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The batches from index `at` on.
    pub fn iter_from(&self, at: usize) -> impl Iterator<Item = &StoredBatch> + '_ {
        (at..self.len()).map(|at| self.get(at).expect("within the length"))
    }

    pub fn iter(&self) -> impl Iterator<Item = &StoredBatch> + '_ {
        self.full.iter().flat_map(|block| block.iter()).chain(self.open.iter())
    }

    /// Keeps the first `len` batches.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len() {
            return;
        }
        let blocks = len / BLOCK_LEN;
        if blocks < self.full.len() {
            self.open = self.full[blocks][..len % BLOCK_LEN].to_vec();
            self.full.truncate(blocks);
        } else {
            self.open.truncate(len % BLOCK_LEN);
        }
        self.bytes = self.last().map_or(0, StoredBatch::end_position);
        self.first_timestamp = self.first().map(StoredBatch::max_timestamp);
    }
}
