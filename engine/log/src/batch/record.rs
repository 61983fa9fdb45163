//! Records inside a batch: varint fields, deltas to the batch's base offset and base timestamp (`DefaultRecord`).

use bytes::Bytes;

use super::varint::{Cursor, VarintError};
use super::{BatchError, BatchView, TimestampType};

pub type RecordHeader = (String, Option<Bytes>);

/// One record as a consumer sees it. Key, value and header values share the batch's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    pub offset: i64,
    /// Epoch milliseconds; -1 is none. With LogAppendTime it is the batch's.
    pub timestamp: i64,
    pub key: Option<Bytes>,
    /// `None` is a tombstone in a compacted topic.
    pub value: Option<Bytes>,
    pub headers: Vec<RecordHeader>,
}

/// One record in place, for code that looks at many and keeps none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RawRecord<'a> {
    pub timestamp_delta: i64,
    pub offset_delta: i32,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    headers: &'a [u8],
    header_count: i32,
    /// Bytes of the whole record with its length.
    pub size: usize,
}

impl<'a> RawRecord<'a> {
    /// The record's offset in the log.
    pub fn offset_in(&self, batch: &BatchView) -> i64 {
        batch.base_offset().wrapping_add(i64::from(self.offset_delta))
    }

    /// The time that a reader sees: with LogAppendTime it is the batch's.
    pub fn timestamp_in(&self, batch: &BatchView) -> i64 {
        match batch.timestamp_type() {
            TimestampType::LogAppendTime => batch.max_timestamp(),
            TimestampType::CreateTime => batch.base_timestamp().wrapping_add(self.timestamp_delta),
        }
    }

    /// Key and value of each header. They were checked when the record was read.
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> {
        let mut cursor = Cursor::new(self.headers, 0);
        let mut left = self.header_count;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            left -= 1;
            let key = nullable(&mut cursor).ok()??;
            Some((key, nullable(&mut cursor).ok()?))
        })
    }
}

/// Reads the records of a record area one after the other.
#[derive(Clone, Debug)]
pub struct RawRecords<'a> {
    cursor: Cursor<'a>,
    data: &'a [u8],
    count: i32,
    read: i32,
    failed: bool,
    /// The one read last.
    current: RawRecord<'a>,
}

impl<'a> RawRecords<'a> {
    /// `body` is [`BatchView::body`] and `count` what the batch's header says.
    pub fn new(body: &'a [u8], count: i32) -> RawRecords<'a> {
        RawRecords::from(body, count, 0, 0)
    }

    /// From a place further on, where so many were read.
    fn from(body: &'a [u8], count: i32, position: usize, read: i32) -> RawRecords<'a> {
        let current = RawRecord::default();
        RawRecords { cursor: Cursor::new(body, position), data: body, count, read, failed: false, current }
    }

    /// Reads the next record, which stays here to be looked at: a loop over many copies none. `None` at the end, or after
    /// an error.
    #[inline]
    pub fn advance(&mut self) -> Result<Option<&RawRecord<'a>>, BatchError> {
        if self.failed || (self.count >= 0 && self.read >= self.count) {
            return Ok(None);
        }
        if self.count < 0 || !self.quick() {
            self.failed = true;
            self.current = self.step()?;
            self.failed = false;
        }
        Ok(Some(&self.current))
    }

    /// Reads the next record if it is as nearly all are: sound, and without headers. Whatever else there is, and the words
    /// for what is wrong, are left to [`RawRecords::step`].
    #[inline]
    fn quick(&mut self) -> bool {
        self.try_quick().is_some()
    }

    #[inline(always)]
    fn try_quick(&mut self) -> Option<()> {
        let mut cursor = self.cursor;
        let start = cursor.position();
        let size = cursor.varint().ok()?;
        let body = cursor.position();
        // Record attributes: none is defined.
        cursor.byte().ok()?;
        let timestamp_delta = cursor.varlong().ok()?;
        let offset_delta = cursor.varint().ok()?;
        let key = nullable(&mut cursor).ok()?;
        let value = nullable(&mut cursor).ok()?;
        let has_headers = cursor.byte() != Ok(0);
        let end = cursor.position();
        let leaves_some = self.read + 1 == self.count && cursor.remaining() > 0;
        if has_headers || leaves_some || i64::from(size) != (end - body) as i64 {
            return None;
        }
        self.read += 1;
        self.cursor = cursor;
        self.current =
            RawRecord { timestamp_delta, offset_delta, key, value, headers: &[], header_count: 0, size: end - start };
        Some(())
    }

    fn step(&mut self) -> Result<RawRecord<'a>, BatchError> {
        if self.count < 0 {
            return invalid(format!("Found invalid record count {} in magic v2 batch", self.count));
        }
        let record = read_record(self.data, &mut self.cursor)?;
        self.read += 1;
        // Kafka looks for leftovers when it hands out the last record, so that one is never seen.
        if self.read == self.count && self.cursor.remaining() > 0 {
            return invalid("Incorrect declared batch size, records still remaining in file".to_string());
        }
        Ok(record)
    }
}

impl<'a> Iterator for RawRecords<'a> {
    type Item = Result<RawRecord<'a>, BatchError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.advance().map(|record| record.copied()).transpose()
    }
}

/// Reads one record at the cursor.
fn read_record<'a>(data: &'a [u8], cursor: &mut Cursor<'a>) -> Result<RawRecord<'a>, BatchError> {
    let record_start = cursor.position();
    let size = match cursor.varint() {
        Ok(size) => size,
        Err(VarintError::Underflow) => {
            return invalid("Incorrect declared batch size, premature EOF reached".to_string());
        }
        Err(VarintError::TooLong) => {
            return Err(BatchError::Undecodable(
                "Varint is too long, the most significant bit in the 5th byte is set".to_string(),
            ));
        }
    };
    let remaining = cursor.remaining();
    if i64::from(size) > remaining as i64 {
        return invalid(format!(
            "Invalid record size: expected {size} bytes in record payload, but instead the buffer has only {remaining} \
             remaining bytes."
        ));
    }
    read_body(data, cursor, record_start, size)
}

fn read_body<'a>(
    data: &'a [u8],
    cursor: &mut Cursor<'a>,
    record_start: usize,
    size: i32,
) -> Result<RawRecord<'a>, BatchError> {
    let body_start = cursor.position();
    let (timestamp_delta, offset_delta, key, value, header_count) = read_fields(cursor).map_err(structure)?;
    if header_count < 0 {
        return invalid(format!("Found invalid number of record headers {header_count}"));
    }
    if header_count as usize > cursor.remaining() {
        return invalid(format!(
            "Found invalid number of record headers. {header_count} is larger than the remaining size of the buffer"
        ));
    }
    let headers_start = cursor.position();
    for _ in 0..header_count {
        let key_len = cursor.varint().map_err(structure)?;
        if key_len < 0 {
            return invalid(format!("Invalid negative header key size {key_len}"));
        }
        cursor.bytes(key_len as usize).map_err(structure)?;
        nullable(cursor).map_err(structure)?;
    }
    let read = (cursor.position() - body_start) as i64;
    if read != i64::from(size) {
        return invalid(format!(
            "Invalid record size: expected to read {size} bytes in record payload, but instead read {read}"
        ));
    }
    let headers = &data[headers_start..cursor.position()];
    let size = cursor.position() - record_start;
    Ok(RawRecord { timestamp_delta, offset_delta, key, value, headers, header_count, size })
}

type Fields<'a> = (i64, i32, Option<&'a [u8]>, Option<&'a [u8]>, i32);

fn read_fields<'a>(cursor: &mut Cursor<'a>) -> Result<Fields<'a>, VarintError> {
    // Record attributes: none is defined.
    cursor.byte()?;
    let timestamp_delta = cursor.varlong()?;
    let offset_delta = cursor.varint()?;
    let key = nullable(cursor)?;
    let value = nullable(cursor)?;
    Ok((timestamp_delta, offset_delta, key, value, cursor.varint()?))
}

/// A length and as many bytes; any negative length is null.
#[inline(always)]
fn nullable<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a [u8]>, VarintError> {
    match usize::try_from(cursor.varint()?) {
        Ok(len) => cursor.bytes(len).map(Some),
        Err(_) => Ok(None),
    }
}

fn structure(_: VarintError) -> BatchError {
    BatchError::Invalid("Found invalid record structure".to_string())
}

fn invalid<T>(text: String) -> Result<T, BatchError> {
    Err(BatchError::Invalid(text))
}

/// The records of a batch with their offsets and timestamps.
#[derive(Clone, Debug)]
pub struct RecordIter {
    body: Result<Bytes, Option<BatchError>>,
    position: usize,
    base_offset: i64,
    delta_base: i64,
    log_append_time: Option<i64>,
    count: i32,
    read: i32,
}

impl RecordIter {
    pub(super) fn of(batch: &BatchView) -> RecordIter {
        let log_append_time = (batch.timestamp_type() == TimestampType::LogAppendTime).then(|| batch.max_timestamp());
        let count = batch.count();
        // An emptied batch is not even unpacked.
        let body = if count == 0 { Ok(Bytes::new()) } else { batch.body().map_err(Some) };
        let base_offset = batch.base_offset();
        RecordIter {
            body,
            position: 0,
            base_offset,
            delta_base: batch.base_timestamp(),
            log_append_time,
            count,
            read: 0,
        }
    }

    fn step(&mut self, body: &Bytes) -> Result<Record, BatchError> {
        let mut raw = RawRecords::from(body, self.count, self.position, self.read);
        if self.count < 0 || !raw.quick() {
            raw.current = raw.step()?;
        }
        let record = &raw.current;
        self.position = raw.cursor.position();
        self.read = raw.read;
        let share = |part: &[u8]| body.slice_ref(part);
        Ok(Record {
            offset: self.base_offset.wrapping_add(i64::from(record.offset_delta)),
            timestamp: self.log_append_time.unwrap_or(self.delta_base.wrapping_add(record.timestamp_delta)),
            key: record.key.map(share),
            value: record.value.map(share),
            headers: record
                .headers()
                .map(|(key, value)| (String::from_utf8_lossy(key).into_owned(), value.map(share)))
                .collect(),
        })
    }
}

impl Iterator for RecordIter {
    type Item = Result<Record, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let body = match &mut self.body {
            Ok(body) => body.clone(),
            Err(error) => return error.take().map(Err),
        };
        if self.count >= 0 && self.read >= self.count {
            return None;
        }
        let step = self.step(&body);
        if step.is_err() {
            self.body = Err(None);
        }
        Some(step)
    }
}
