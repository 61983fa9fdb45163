//! Writes Kafka's primitive types (`Writable`).

use base::Uuid;
use bytes::Bytes;

use crate::codec::{CodecError, Wire};
use crate::records::Records;

/// The longest string, in bytes, that a message can carry (`Short.MAX_VALUE`).
const STRING_MAX: usize = 0x7fff;

/// Appends to a buffer, or only counts. Counting makes the length of a fetch response known without copying its records.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    /// Bytes that were counted and not written.
    counted: u64,
    counting: bool,
}

impl Writer {
    pub fn to(out: Vec<u8>) -> Writer {
        Writer { out, counted: 0, counting: false }
    }

    pub fn counting() -> Writer {
        Writer { out: Vec::new(), counted: 0, counting: true }
    }

    pub fn len(&self) -> u64 {
        self.counted + self.out.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        if self.counting {
            self.counted += bytes.len() as u64;
        } else {
            self.out.extend_from_slice(bytes);
        }
    }

    pub fn unsigned_varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.raw(&[value as u8 | 0x80]);
            value >>= 7;
        }
        self.raw(&[value as u8]);
    }

    /// The length in front of an array, bytes or records: an i32, or compact (one more, as a varint). `None` is null.
    fn length(&mut self, flexible: bool, length: Option<usize>, field: &'static str) -> Result<(), CodecError> {
        let number = match length {
            None => -1,
            Some(length) => i32::try_from(length)
                .ok()
                .filter(|length| *length < i32::MAX)
                .ok_or(CodecError::BadLength { field, length: length as i64 })?,
        };
        if flexible {
            self.unsigned_varint((number + 1) as u32);
        } else {
            self.raw(&number.to_be_bytes());
        }
        Ok(())
    }

    pub fn string(&mut self, flexible: bool, value: &str, field: &'static str) -> Result<(), CodecError> {
        if value.len() > STRING_MAX {
            return Err(CodecError::BadLength { field, length: value.len() as i64 });
        }
        if flexible {
            self.unsigned_varint(value.len() as u32 + 1);
        } else {
            self.raw(&(value.len() as i16).to_be_bytes());
        }
        self.raw(value.as_bytes());
        Ok(())
    }

    pub fn nullable_string(
        &mut self,
        flexible: bool,
        nullable: bool,
        value: Option<&str>,
        field: &'static str,
    ) -> Result<(), CodecError> {
        match value {
            Some(value) => return self.string(flexible, value, field),
            None if !nullable => return Err(CodecError::Null { field }),
            None if flexible => self.raw(&[0]),
            None => self.raw(&[0xff, 0xff]),
        }
        Ok(())
    }

    pub fn bytes(&mut self, flexible: bool, value: &Bytes, field: &'static str) -> Result<(), CodecError> {
        self.length(flexible, Some(value.len()), field)?;
        self.raw(value);
        Ok(())
    }

    pub fn nullable_bytes(
        &mut self,
        flexible: bool,
        nullable: bool,
        value: Option<&Bytes>,
        field: &'static str,
    ) -> Result<(), CodecError> {
        match value {
            Some(value) => self.bytes(flexible, value, field),
            None if !nullable => Err(CodecError::Null { field }),
            None => self.length(flexible, None, field),
        }
    }

    pub fn records(
        &mut self,
        flexible: bool,
        nullable: bool,
        value: Option<&Records>,
        field: &'static str,
    ) -> Result<(), CodecError> {
        let Some(records) = value else {
            return if nullable { self.length(flexible, None, field) } else { Err(CodecError::Null { field }) };
        };
        self.length(flexible, Some(records.len()), field)?;
        for batch in &records.batches {
            self.raw(batch);
        }
        Ok(())
    }

    pub fn array<T: Wire>(
        &mut self,
        flexible: bool,
        version: i16,
        items: &[T],
        field: &'static str,
    ) -> Result<(), CodecError> {
        self.length(flexible, Some(items.len()), field)?;
        for item in items {
            item.put(self, flexible, version)?;
        }
        Ok(())
    }

    pub fn nullable_array<T: Wire>(
        &mut self,
        flexible: bool,
        nullable: bool,
        version: i16,
        items: Option<&[T]>,
        field: &'static str,
    ) -> Result<(), CodecError> {
        match items {
            Some(items) => self.array(flexible, version, items, field),
            None if !nullable => Err(CodecError::Null { field }),
            None => self.length(flexible, None, field),
        }
    }

    /// A byte in front of a struct says whether it is there: 1, or -1 for null.
    pub fn nullable_struct<T: Wire>(
        &mut self,
        nullable: bool,
        version: i16,
        value: Option<&T>,
        field: &'static str,
    ) -> Result<(), CodecError> {
        match value {
            Some(value) => {
                self.raw(&[1]);
                value.put(self, true, version)
            }
            None if !nullable => Err(CodecError::Null { field }),
            None => {
                self.raw(&[0xff]);
                Ok(())
            }
        }
    }

    /// In a tagged field the byte in front of a struct is an unsigned varint: 1, or 0 for null.
    pub fn tagged_nullable_struct<T: Wire>(&mut self, version: i16, value: Option<&T>) -> Result<(), CodecError> {
        self.raw(&[value.is_some() as u8]);
        value.map_or(Ok(()), |value| value.put(self, true, version))
    }

    /// The section of tagged fields: their number, then each with tag and size, in ascending order of tags.
    pub fn tags(&mut self, known: TagWriter, unknown: &[(u32, Bytes)]) -> Result<(), CodecError> {
        self.unsigned_varint((known.tags.len() + unknown.len()) as u32);
        let mut known = known.tags.iter().peekable();
        let mut previous: Option<u32> = None;
        for (tag, data) in unknown {
            while let Some((defined, body)) = known.next_if(|(defined, _)| defined < tag) {
                self.tag(*defined, body);
            }
            // A raw tag must not repeat a defined one, and must come in order.
            if known.peek().is_some_and(|(defined, _)| defined == tag) || previous.is_some_and(|last| last >= *tag) {
                return Err(CodecError::BadTag { tag: *tag, version: -1 });
            }
            previous = Some(*tag);
            self.unsigned_varint(*tag);
            self.unsigned_varint(data.len() as u32);
            self.raw(data);
        }
        for (defined, body) in known {
            self.tag(*defined, body);
        }
        Ok(())
    }

    fn tag(&mut self, tag: u32, body: &Writer) {
        self.unsigned_varint(tag);
        self.unsigned_varint(body.len() as u32);
        self.counted += body.counted;
        self.raw(&body.out);
    }
}

/// The tagged fields of one struct that are to be written, in ascending order of tags.
#[derive(Default)]
pub struct TagWriter {
    tags: Vec<(u32, Writer)>,
}

impl TagWriter {
    /// Adds a field whose value is what `write` writes. `parent` says whether bytes are written or only counted.
    pub fn add(
        &mut self,
        tag: u32,
        parent: &Writer,
        write: impl FnOnce(&mut Writer) -> Result<(), CodecError>,
    ) -> Result<(), CodecError> {
        let mut writer = Writer { counting: parent.counting, ..Writer::default() };
        write(&mut writer)?;
        self.tags.push((tag, writer));
        Ok(())
    }
}

/// The `Wire` of an integer: big endian, whatever the version.
macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Wire for $type {
            fn put(&self, w: &mut Writer, _: bool, _: i16) -> Result<(), CodecError> {
                w.raw(&self.to_be_bytes());
                Ok(())
            }

            fn get(r: &mut crate::reader::Reader, _: bool, _: i16) -> Result<Self, CodecError> {
                Ok(<$type>::from_be_bytes(r.fixed()?))
            }
        }
    )*};
}

integers!(i8, i16, u16, i32, u32, i64);

impl Wire for bool {
    fn put(&self, w: &mut Writer, _: bool, _: i16) -> Result<(), CodecError> {
        w.raw(&[*self as u8]);
        Ok(())
    }

    fn get(r: &mut crate::reader::Reader, _: bool, _: i16) -> Result<Self, CodecError> {
        Ok(r.fixed::<1>()?[0] != 0)
    }
}

impl Wire for Uuid {
    fn put(&self, w: &mut Writer, _: bool, _: i16) -> Result<(), CodecError> {
        w.raw(&self.0.to_be_bytes());
        Ok(())
    }

    fn get(r: &mut crate::reader::Reader, _: bool, _: i16) -> Result<Self, CodecError> {
        Ok(Uuid(u128::from_be_bytes(r.fixed()?)))
    }
}

impl Wire for String {
    fn put(&self, w: &mut Writer, flexible: bool, _: i16) -> Result<(), CodecError> {
        w.string(flexible, self, "element")
    }

    fn get(r: &mut crate::reader::Reader, flexible: bool, _: i16) -> Result<Self, CodecError> {
        r.string(flexible, "element")
    }
}

impl Wire for Bytes {
    fn put(&self, w: &mut Writer, flexible: bool, _: i16) -> Result<(), CodecError> {
        w.bytes(flexible, self, "element")
    }

    fn get(r: &mut crate::reader::Reader, flexible: bool, _: i16) -> Result<Self, CodecError> {
        r.bytes(flexible, "element")
    }
}
