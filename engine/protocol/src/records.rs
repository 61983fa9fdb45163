//! Record batches as they travel in produce and fetch: whole batches that share memory with the log.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;

/// Bytes in front of what `batchLength` counts: base offset (8) and the length itself (4).
const BATCH_OVERHEAD: usize = 12;
/// The smallest `batchLength` that a batch of any format has: crc, magic, attributes, key and value lengths of format 0.
const BATCH_LENGTH_MIN: usize = 14;

/// A rope of record batches. The log, the response to a follower and the follower's log hold the same `Bytes`, so that
/// copying a record to three brokers costs no memory. On the wire the batches stand one after the other.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// One whole batch each, except that a fetch may cut the last one off in its middle.
    pub batches: Vec<Bytes>,
    /// Somebody has made or verified the checksums of these very bytes, which nobody can change: verified again they
    /// come out the same. A memory of work done and no part of the value.
    verified: bool,
    /// What the sender made of them.
    pub memo: Memo,
}

/// What a sender has made of records, or of all up to them: whoever makes the same of them may keep the sender's instead
/// of its own, so that a thousand brokers hold one image of the metadata. It is no part of any value and never on the
/// wire, and nobody may come to know from it what the records do not say.
#[derive(Clone, Debug, Default)]
pub struct Memo(pub Option<Arc<dyn Any + Send + Sync>>);

impl PartialEq for Memo {
    fn eq(&self, _: &Memo) -> bool {
        true
    }
}

impl Eq for Memo {}

impl Hash for Memo {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl PartialEq for Records {
    fn eq(&self, other: &Records) -> bool {
        self.batches == other.batches
    }
}

impl Eq for Records {}

impl Hash for Records {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.batches.hash(state);
    }
}

impl Records {
    /// Batches of which nothing is known.
    pub fn of(batches: Vec<Bytes>) -> Records {
        Records { batches, verified: false, memo: Memo(None) }
    }

    /// Batches whose checksums the caller has made or verified.
    pub fn verified(batches: Vec<Bytes>) -> Records {
        Records { batches, verified: true, memo: Memo(None) }
    }

    /// Whether the checksums are known to be right.
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    /// Splits bytes at the borders of batches; what has no readable length stays one chunk.
    pub fn from_bytes(bytes: Bytes) -> Records {
        let mut batches = Vec::new();
        let mut rest = bytes;
        while let Some(length) = first_batch_len(&rest).filter(|length| *length < rest.len()) {
            batches.push(rest.split_to(length));
        }
        if !rest.is_empty() {
            batches.push(rest);
        }
        Records::of(batches)
    }

    /// Bytes of all batches together.
    pub fn len(&self) -> usize {
        self.batches.iter().map(Bytes::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.batches.iter().all(Bytes::is_empty)
    }

    /// The bytes as they stand on the wire and in a segment: no copy for a single batch.
    pub fn to_bytes(&self) -> Bytes {
        match self.batches.as_slice() {
            [] => Bytes::new(),
            [batch] => batch.clone(),
            batches => Bytes::from(batches.concat()),
        }
    }
}

/// The length of the batch that the bytes start with, as far as its header says one that can be.
fn first_batch_len(bytes: &[u8]) -> Option<usize> {
    let length = bytes.get(8..BATCH_OVERHEAD)?;
    let length = i32::from_be_bytes(length.try_into().ok()?);
    let length = usize::try_from(length).ok().filter(|length| *length >= BATCH_LENGTH_MIN)?;
    length.checked_add(BATCH_OVERHEAD)
}
