//! Reads Kafka's primitive types (`Readable`). Never panics and never allocates more than the input could fill.

use bytes::Bytes;

use crate::codec::{CodecError, Wire};
use crate::records::Records;
use crate::tags::UnknownTags;

/// Elements that an array may hold before its vector grows with what is really read.
const PREALLOCATE_MAX: usize = 256;

/// A cursor over shared bytes: byte fields and records are slices of the input, not copies.
///
/// The first error sticks: from then on the input counts as used up and every read gives zero, until `finish` tells.
#[derive(Clone, Debug)]
pub struct Reader {
    input: Bytes,
    at: usize,
    error: Option<CodecError>,
}

impl Reader {
    pub fn new(input: Bytes) -> Reader {
        Reader { input, at: 0, error: None }
    }

    pub fn remaining(&self) -> usize {
        self.input.len() - self.at
    }

    /// What has not been read, or what went wrong.
    pub fn finish(self) -> Result<Bytes, CodecError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.input.slice(self.at..)),
        }
    }

    #[cold]
    #[inline(never)]
    pub fn fail(&mut self, error: CodecError) {
        self.error.get_or_insert(error);
        self.at = self.input.len();
    }

    pub fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    // Never inlined from here on, for the reason that `Writer` gives.

    /// Steps over `length` bytes and gives where they start; an error when there are fewer.
    #[inline(never)]
    fn advance(&mut self, length: usize) -> Option<usize> {
        if length > self.remaining() {
            self.fail(CodecError::Truncated { wanted: length as u64, remaining: self.remaining() as u64 });
            return None;
        }
        let start = self.at;
        self.at += length;
        Some(start)
    }

    fn fixed<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        if let Some(start) = self.advance(N) {
            bytes.copy_from_slice(&self.input[start..start + N]);
        }
        bytes
    }

    #[inline(never)]
    pub fn i8(&mut self) -> i8 {
        i8::from_be_bytes(self.fixed())
    }

    #[inline(never)]
    pub fn i16(&mut self) -> i16 {
        i16::from_be_bytes(self.fixed())
    }

    #[inline(never)]
    pub fn i32(&mut self) -> i32 {
        i32::from_be_bytes(self.fixed())
    }

    #[inline(never)]
    pub fn i64(&mut self) -> i64 {
        i64::from_be_bytes(self.fixed())
    }

    #[inline(never)]
    pub fn u128(&mut self) -> u128 {
        u128::from_be_bytes(self.fixed())
    }

    /// The next `length` bytes, shared with the input.
    #[inline(never)]
    pub fn take(&mut self, length: usize) -> Bytes {
        self.advance(length).map(|start| self.input.slice(start..start + length)).unwrap_or_default()
    }

    /// As in `ByteUtils.readUnsignedVarint`: at most five bytes, bits beyond the 32nd are dropped.
    #[inline(never)]
    pub fn unsigned_varint(&mut self) -> u32 {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.i8() as u8;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return value;
            }
        }
        self.fail(CodecError::BadVarint);
        0
    }

    /// A compact length is one more than the length, so that 0 is null.
    fn compact_length(&mut self) -> i32 {
        (self.unsigned_varint() as i32).wrapping_sub(1)
    }

    /// The length in front of an array, bytes or records; `None` is null, or an error where null may not be.
    #[inline(never)]
    fn length(&mut self, flexible: bool, nullable: bool, field: &'static str) -> Option<usize> {
        let length = if flexible { self.compact_length() } else { self.i32() };
        self.not_null(length, nullable, field)
    }

    fn not_null(&mut self, length: i32, nullable: bool, field: &'static str) -> Option<usize> {
        if length < 0 && !nullable {
            self.fail(CodecError::Null { field });
        }
        usize::try_from(length).ok()
    }

    pub fn string(&mut self, flexible: bool, field: &'static str) -> String {
        self.nullable_string(flexible, false, field).unwrap_or_default()
    }

    /// Bytes that are not UTF-8 are replaced and not refused, as `new String(bytes, UTF_8)` does.
    #[inline(never)]
    pub fn nullable_string(&mut self, flexible: bool, nullable: bool, field: &'static str) -> Option<String> {
        let length = if flexible { self.compact_length() } else { i32::from(self.i16()) };
        if length > 0x7fff {
            self.fail(CodecError::BadLength { field, length: i64::from(length) });
        }
        let length = self.not_null(length, nullable, field)?;
        let start = self.advance(length)?;
        Some(String::from_utf8_lossy(&self.input[start..start + length]).into_owned())
    }

    pub fn bytes(&mut self, flexible: bool, field: &'static str) -> Bytes {
        self.nullable_bytes(flexible, false, field).unwrap_or_default()
    }

    #[inline(never)]
    pub fn nullable_bytes(&mut self, flexible: bool, nullable: bool, field: &'static str) -> Option<Bytes> {
        self.length(flexible, nullable, field).map(|length| self.take(length))
    }

    /// Null records are taken in every version, as `Readable.readRecords` does.
    #[inline(never)]
    pub fn records(&mut self, flexible: bool, _: bool, field: &'static str) -> Option<Records> {
        self.nullable_bytes(flexible, true, field).map(Records::from_bytes)
    }

    pub fn array<T: Wire>(&mut self, flexible: bool, version: i16, field: &'static str) -> Vec<T> {
        self.nullable_array(flexible, false, version, field).unwrap_or_default()
    }

    #[inline(never)]
    pub fn nullable_array<T: Wire>(
        &mut self,
        flexible: bool,
        nullable: bool,
        version: i16,
        field: &'static str,
    ) -> Option<Vec<T>> {
        let length = self.length(flexible, nullable, field)?;
        // Every element takes a byte at least, so a longer array than the input is a lie (Kafka checks the same).
        if length > self.remaining() {
            self.fail(CodecError::Truncated { wanted: length as u64, remaining: self.remaining() as u64 });
            return None;
        }
        let mut items = Vec::with_capacity(length.min(PREALLOCATE_MAX));
        for _ in 0..length {
            items.push(T::get(self, flexible, version));
            if self.has_failed() {
                break;
            }
        }
        Some(items)
    }

    pub fn nullable_struct<T: Wire>(&mut self, nullable: bool, version: i16, field: &'static str) -> Option<T> {
        let marker = i32::from(self.i8());
        self.not_null(marker, nullable, field).map(|_| T::get(self, true, version))
    }

    pub fn tagged_nullable_struct<T: Wire>(&mut self, version: i16) -> Option<T> {
        (self.unsigned_varint() as i32 > 0).then(|| T::get(self, true, version))
    }

    /// The number of tagged fields. A negative one is none, as in Kafka's loop.
    pub fn tag_count(&mut self) -> i32 {
        self.unsigned_varint() as i32
    }

    /// Tag and size of the next tagged field.
    #[inline(never)]
    pub fn tag(&mut self) -> (u32, u32) {
        (self.unsigned_varint(), self.unsigned_varint())
    }

    #[inline(never)]
    pub fn unknown_tag(&mut self, tag: u32, size: u32, kept: &mut UnknownTags) {
        let data = self.take(size as usize);
        if !self.has_failed() {
            kept.push(tag, data);
        }
    }

    #[inline(never)]
    pub fn unknown_tags(&mut self) -> UnknownTags {
        let mut kept = UnknownTags::NONE;
        for _ in 0..self.tag_count() {
            let (tag, size) = self.tag();
            self.unknown_tag(tag, size, &mut kept);
            if self.has_failed() {
                break;
            }
        }
        kept
    }
}
