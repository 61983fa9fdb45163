//! Messages of magic 0 and 1, as clients before Kafka 0.11 sent them: one offset and CRC-32 each, and compressed ones
//! wrapped in the value of another (`AbstractLegacyRecordBatch`, `LegacyRecord`). They are read and never written.
//!
//! ```text
//! offset i64 @0 | size i32 @8 | crc u32 @12 | magic i8 @16 | attributes i8 @17 | magic 1: timestamp i64 @18
//! then key and value, each an i32 length (-1 is null) and its bytes
//! ```

use bytes::Bytes;

use super::{BatchError, Codec, LOG_OVERHEAD, NO_TIMESTAMP, Record, TimestampType};

const CRC_AT: usize = 12;
const MAGIC_AT: usize = 16;
const ATTRIBUTES_AT: usize = 17;
const TIMESTAMP_AT: usize = 18;
/// The size after offset and size fields of the smallest message.
const OVERHEAD_V0: usize = 14;

/// One message of magic 0 or 1; in Kafka's eyes a batch too, and one of many records if it is compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyBatch {
    bytes: Bytes,
}

impl LegacyBatch {
    /// Takes the bytes of one whole message, whose size and magic were looked at.
    pub(super) fn new(bytes: Bytes) -> LegacyBatch {
        assert!(bytes.len() >= LOG_OVERHEAD + OVERHEAD_V0, "a message has a whole header");
        LegacyBatch { bytes }
    }

    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    pub fn magic(&self) -> i8 {
        self.bytes[MAGIC_AT] as i8
    }

    /// The offset of the message; of the last one inside a wrapper.
    pub fn last_offset(&self) -> i64 {
        i64::from_be_bytes(self.bytes[..8].try_into().expect("eight bytes"))
    }

    pub fn crc(&self) -> u32 {
        u32::from_be_bytes(self.bytes[CRC_AT..MAGIC_AT].try_into().expect("four bytes"))
    }

    pub fn verify_crc(&self) -> bool {
        self.crc() == super::codec::crc32(&self.bytes[MAGIC_AT..])
    }

    pub fn ensure_valid(&self) -> Result<(), BatchError> {
        let (stored, computed) = (self.crc(), super::codec::crc32(&self.bytes[MAGIC_AT..]));
        if stored == computed {
            return Ok(());
        }
        Err(BatchError::Corrupt(format!("Record is corrupt (stored crc = {stored}, computed crc = {computed})")))
    }

    pub fn codec(&self) -> Result<Codec, BatchError> {
        Codec::for_id((self.bytes[ATTRIBUTES_AT] & 7) as i8)
    }

    /// `None` for magic 0, which has no timestamps.
    pub fn timestamp_type(&self) -> Option<TimestampType> {
        match (self.magic(), self.bytes[ATTRIBUTES_AT] & 8) {
            (0, _) => None,
            (_, 0) => Some(TimestampType::CreateTime),
            _ => Some(TimestampType::LogAppendTime),
        }
    }

    /// Epoch milliseconds; -1 for magic 0.
    pub fn timestamp(&self) -> i64 {
        let field = self.bytes.get(TIMESTAMP_AT..TIMESTAMP_AT + 8).filter(|_| self.magic() == 1);
        field.map_or(NO_TIMESTAMP, |field| i64::from_be_bytes(field.try_into().expect("eight bytes")))
    }

    /// The record, or those inside the wrapper, with their offsets in the log.
    pub fn records(&self) -> Result<Vec<Record>, BatchError> {
        let codec = self.codec()?;
        if codec == Codec::None {
            return Ok(vec![self.record(self.last_offset(), self.timestamp())?]);
        }
        let magic = self.magic();
        if codec == Codec::Zstd {
            return invalid(format!("Invalid wrapper compressionType found in legacy deep record iterator {magic}"));
        }
        let Some(packed) = self.record(0, 0)?.value else {
            return invalid(format!("Found invalid compressed record set with null value (magic = {magic})"));
        };
        self.inner_records(codec.decompress(&packed)?)
    }

    fn inner_records(&self, mut rest: Bytes) -> Result<Vec<Record>, BatchError> {
        let magic = self.magic();
        let mut inner = Vec::new();
        while let Some(message) = first_message(&mut rest)? {
            if message.magic() != magic {
                let inner = message.magic();
                return invalid(format!("Compressed message magic {inner} does not match wrapper magic {magic}"));
            }
            if message.codec()? != Codec::None {
                return invalid("Inner messages must not be compressed".to_string());
            }
            // The wrapper's time counts for all, if it is that of the append.
            let appended = self.timestamp_type() == Some(TimestampType::LogAppendTime);
            let timestamp = if appended { self.timestamp() } else { message.timestamp() };
            inner.push(message.record(message.last_offset(), timestamp)?);
        }
        let Some(last_inner) = inner.last().map(|record| record.offset) else {
            return invalid("Found invalid compressed record set with no inner records".to_string());
        };
        let wrapper = self.last_offset();
        // Offsets inside a wrapper of magic 1 are relative; some producers leave the wrapper's at 0.
        if magic == 1 && wrapper != 0 {
            if wrapper < last_inner {
                return invalid(format!(
                    "Found invalid wrapper offset in compressed v1 message set, wrapper offset '{wrapper}' is less \
                     than the last inner message offset '{last_inner}' and it is not zero."
                ));
            }
            for record in &mut inner {
                record.offset = record.offset.wrapping_add(wrapper.wrapping_sub(last_inner));
            }
        }
        Ok(inner)
    }

    /// Java's text of the record at a place of this batch, which is `record`.
    pub fn describe(&self, index: usize, record: &Record) -> Result<String, BatchError> {
        let mut packed = match self.codec()? {
            Codec::None => self.bytes.clone(),
            codec => codec.decompress(&self.record(0, 0)?.value.unwrap_or_default())?,
        };
        for _ in 0..index {
            first_message(&mut packed)?;
        }
        let message = first_message(&mut packed)?.unwrap_or_else(|| self.clone());
        let len = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
        Ok(format!(
            "LegacyRecordBatch(offset={}, Record(magic=1, attributes={}, compression=none, crc={}, LogAppendTime={}, \
             key={} bytes, value={} bytes))",
            record.offset,
            message.bytes[ATTRIBUTES_AT],
            message.crc(),
            record.timestamp,
            len(&record.key),
            len(&record.value)
        ))
    }

    fn record(&self, offset: i64, timestamp: i64) -> Result<Record, BatchError> {
        let fields_at = if self.magic() == 1 { TIMESTAMP_AT + 8 } else { TIMESTAMP_AT };
        let read = || {
            let mut rest = self.bytes.get(fields_at..)?;
            let (key, value) = (nullable(&mut rest)?, nullable(&mut rest)?);
            Some((key.map(|key| self.bytes.slice_ref(key)), value.map(|value| self.bytes.slice_ref(value))))
        };
        let (key, value) = read().ok_or_else(|| BatchError::Invalid("Found invalid record structure".to_string()))?;
        Ok(Record { offset, timestamp, key, value, headers: Vec::new() })
    }
}

/// Cuts the first message off; `None` when there is no whole one.
fn first_message(rest: &mut Bytes) -> Result<Option<LegacyBatch>, BatchError> {
    let Some(size) = rest.get(8..LOG_OVERHEAD) else { return Ok(None) };
    let size = i32::from_be_bytes(size.try_into().expect("four bytes"));
    let Some(size) = usize::try_from(size).ok().filter(|size| *size >= OVERHEAD_V0) else {
        let reason = format!("Record size is less than the minimum record overhead ({OVERHEAD_V0})");
        return Err(BatchError::Corrupt(reason));
    };
    if rest.len() - LOG_OVERHEAD < size {
        return Ok(None);
    }
    Ok(Some(LegacyBatch::new(rest.split_to(LOG_OVERHEAD + size))))
}

/// A length and as many bytes; the outer `None` means that they are not there.
fn nullable<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let (len, after) = rest.split_first_chunk::<4>()?;
    let len = i32::from_be_bytes(*len);
    let Ok(len) = usize::try_from(len) else {
        *rest = after;
        return Some(None);
    };
    let (bytes, after) = after.split_at_checked(len)?;
    *rest = after;
    Some(Some(bytes))
}

fn invalid<T>(text: String) -> Result<T, BatchError> {
    Err(BatchError::Invalid(text))
}
