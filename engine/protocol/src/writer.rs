//! Writes Kafka's primitive types (`Writable`).

use bytes::Bytes;

use crate::codec::{CodecError, Wire};
use crate::records::Records;

/// The longest string, in bytes, that a message can carry (`Short.MAX_VALUE`).
const STRING_MAX: usize = 0x7fff;

/// Appends to a buffer, or only counts. Counting makes the length of a fetch response known without copying its records.
/// The first error sticks and `finish` gives it.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    /// Bytes that were counted and not written.
    counted: u64,
    counting: bool,
    error: Option<CodecError>,
}

impl Writer {
    /// Appends to `out`.
    pub fn to(out: Vec<u8>) -> Writer {
        Writer { out, ..Writer::default() }
    }

    pub fn counting() -> Writer {
        Writer { counting: true, ..Writer::default() }
    }

    /// Bytes in the buffer and bytes counted.
    pub fn len(&self) -> u64 {
        self.counted + self.out.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The buffer, and what went wrong. After an error the buffer is worth nothing.
    pub fn finish(self) -> (Vec<u8>, Option<CodecError>) {
        (self.out, self.error)
    }

    #[cold]
    pub fn fail(&mut self, error: CodecError) {
        self.error.get_or_insert(error);
    }

    /// A value that the version cannot carry and that may not be lost in silence.
    #[cold]
    #[inline(never)]
    pub fn refuse_non_default(&mut self, field: &'static str, version: i16) {
        self.fail(CodecError::NonDefault { field, version });
    }

    /// Bytes as they are. Inlined into the functions below, where the length is known.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        if self.counting {
            self.counted += bytes.len() as u64;
        } else {
            self.out.extend_from_slice(bytes);
        }
    }

    // Never inlined from here on: thousands of fields call these, and the size of the page counts for more than the few
    // nanoseconds of a call.

    #[inline(never)]
    pub fn i8(&mut self, value: i8) {
        self.raw(&value.to_be_bytes());
    }

    #[inline(never)]
    pub fn i16(&mut self, value: i16) {
        self.raw(&value.to_be_bytes());
    }

    #[inline(never)]
    pub fn i32(&mut self, value: i32) {
        self.raw(&value.to_be_bytes());
    }

    #[inline(never)]
    pub fn i64(&mut self, value: i64) {
        self.raw(&value.to_be_bytes());
    }

    #[inline(never)]
    pub fn u128(&mut self, value: u128) {
        self.raw(&value.to_be_bytes());
    }

    #[inline(never)]
    pub fn unsigned_varint(&mut self, mut value: u32) {
        if value < 0x80 {
            return self.raw(&[value as u8]);
        }
        let (mut bytes, mut length) = ([0; 5], 0);
        while value >= 0x80 {
            bytes[length] = value as u8 | 0x80;
            value >>= 7;
            length += 1;
        }
        bytes[length] = value as u8;
        self.raw(&bytes[..=length]);
    }

    /// The length in front of an array, bytes or records: an i32, or compact (one more, as a varint). `None` is null.
    #[inline(never)]
    fn length(&mut self, flexible: bool, nullable: bool, length: Option<usize>, field: &'static str) {
        let number = match length {
            None if !nullable => return self.fail(CodecError::Null { field }),
            None => -1,
            Some(length) if length < i32::MAX as usize => length as i32,
            Some(length) => return self.fail(CodecError::BadLength { field, length: length as i64 }),
        };
        if flexible { self.unsigned_varint((number + 1) as u32) } else { self.i32(number) }
    }

    #[inline(never)]
    pub fn string(&mut self, flexible: bool, value: &str, field: &'static str) {
        if value.len() > STRING_MAX {
            return self.fail(CodecError::BadLength { field, length: value.len() as i64 });
        }
        if flexible {
            self.unsigned_varint(value.len() as u32 + 1)
        } else {
            self.i16(value.len() as i16)
        }
        self.raw(value.as_bytes());
    }

    #[inline(never)]
    pub fn nullable_string(&mut self, flexible: bool, nullable: bool, value: Option<&str>, field: &'static str) {
        match value {
            Some(value) => self.string(flexible, value, field),
            None if !nullable => self.fail(CodecError::Null { field }),
            None if flexible => self.raw(&[0]),
            None => self.i16(-1),
        }
    }

    #[inline(never)]
    pub fn bytes(&mut self, flexible: bool, value: &Bytes, field: &'static str) {
        self.nullable_bytes(flexible, false, Some(value), field);
    }

    #[inline(never)]
    pub fn nullable_bytes(&mut self, flexible: bool, nullable: bool, value: Option<&Bytes>, field: &'static str) {
        self.length(flexible, nullable, value.map(Bytes::len), field);
        if let Some(value) = value {
            self.raw(value);
        }
    }

    #[inline(never)]
    pub fn records(&mut self, flexible: bool, nullable: bool, value: Option<&Records>, field: &'static str) {
        let length = value.map(Records::len);
        self.length(flexible, nullable, length, field);
        if !self.counting {
            self.out.reserve(length.unwrap_or_default());
        }
        for batch in value.iter().flat_map(|records| &records.batches) {
            self.raw(batch);
        }
    }

    #[inline(never)]
    pub fn array<T: Wire>(&mut self, flexible: bool, version: i16, items: &[T], field: &'static str) {
        self.length(flexible, false, Some(items.len()), field);
        for item in items {
            item.put(self, flexible, version);
        }
    }

    pub fn nullable_array<T: Wire>(
        &mut self,
        flexible: bool,
        nullable: bool,
        version: i16,
        items: Option<&[T]>,
        field: &'static str,
    ) {
        match items {
            Some(items) => self.array(flexible, version, items, field),
            None => self.length(flexible, nullable, None, field),
        }
    }

    /// A byte in front of a struct says whether it is there: 1, or -1 for null.
    pub fn nullable_struct<T: Wire>(&mut self, nullable: bool, version: i16, value: Option<&T>, field: &'static str) {
        match value {
            Some(value) => {
                self.i8(1);
                value.put(self, true, version);
            }
            None if !nullable => self.fail(CodecError::Null { field }),
            None => self.i8(-1),
        }
    }

    /// In a tagged field the byte in front of a struct is an unsigned varint: 1, or 0 for null.
    pub fn tagged_nullable_struct<T: Wire>(&mut self, version: i16, value: Option<&T>) {
        self.i8(value.is_some().into());
        if let Some(value) = value {
            value.put(self, true, version);
        }
    }

    /// The section of tagged fields: their number, then each with tag and size, in ascending order of tags.
    #[inline(never)]
    pub fn tags(&mut self, known: TagWriter, unknown: &[(u32, Bytes)]) {
        self.unsigned_varint((known.tags.len() + unknown.len()) as u32);
        if known.tags.is_empty() && unknown.is_empty() {
            return;
        }
        let mut known = known.tags.into_iter().peekable();
        let mut previous: Option<u32> = None;
        for (tag, data) in unknown {
            while let Some((defined, body)) = known.next_if(|(defined, _)| defined < tag) {
                self.tag(defined, body);
            }
            // A raw tag must not repeat a defined one, and must come in order.
            if known.peek().is_some_and(|(defined, _)| defined == tag) || previous.is_some_and(|last| last >= *tag) {
                self.fail(CodecError::BadTag { tag: *tag, version: -1 });
            }
            previous = Some(*tag);
            self.unsigned_varint(*tag);
            self.unsigned_varint(data.len() as u32);
            self.raw(data);
        }
        for (defined, body) in known {
            self.tag(defined, body);
        }
    }

    fn tag(&mut self, tag: u32, body: Writer) {
        self.unsigned_varint(tag);
        self.unsigned_varint(body.len() as u32);
        self.counted += body.counted;
        self.raw(&body.out);
        if let Some(error) = body.error {
            self.fail(error);
        }
    }
}

/// The tagged fields of one struct that are to be written, in ascending order of tags.
#[derive(Default)]
pub struct TagWriter {
    tags: Vec<(u32, Writer)>,
}

impl TagWriter {
    /// Adds a field whose value is what `write` writes. `parent` says whether bytes are written or only counted.
    pub fn add(&mut self, tag: u32, parent: &Writer, write: impl FnOnce(&mut Writer)) {
        let mut writer = Writer { counting: parent.counting, ..Writer::default() };
        write(&mut writer);
        self.tags.push((tag, writer));
    }
}
