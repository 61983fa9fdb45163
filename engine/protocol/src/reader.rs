//! Reads Kafka's primitive types (`Readable`). Never panics and never allocates more than the input could fill.

use bytes::Bytes;

use crate::codec::{CodecError, Wire};
use crate::records::Records;

/// Elements that an array may hold before its vector grows with what is really read.
const PREALLOCATE_MAX: usize = 256;

/// A cursor over shared bytes: byte fields and records are slices of the input, not copies.
#[derive(Clone, Debug)]
pub struct Reader {
    input: Bytes,
    at: usize,
}

impl Reader {
    pub fn new(input: Bytes) -> Reader {
        Reader { input, at: 0 }
    }

    pub fn remaining(&self) -> usize {
        self.input.len() - self.at
    }

    /// What has not been read.
    pub fn rest(self) -> Bytes {
        self.input.slice(self.at..)
    }

    fn advance(&mut self, length: usize) -> Result<&[u8], CodecError> {
        if length > self.remaining() {
            return Err(CodecError::Truncated { wanted: length as u64, remaining: self.remaining() as u64 });
        }
        let start = self.at;
        self.at += length;
        Ok(&self.input[start..self.at])
    }

    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.advance(N)?);
        Ok(bytes)
    }

    /// The next `length` bytes, shared with the input.
    pub fn take(&mut self, length: usize) -> Result<Bytes, CodecError> {
        self.advance(length)?;
        Ok(self.input.slice(self.at - length..self.at))
    }

    /// As in `ByteUtils.readUnsignedVarint`: at most five bytes, bits beyond the 32nd are dropped.
    pub fn unsigned_varint(&mut self) -> Result<u32, CodecError> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.fixed::<1>()?[0];
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(CodecError::BadVarint)
    }

    /// The length in front of an array, bytes or records; `None` is null.
    fn length(&mut self, flexible: bool) -> Result<Option<usize>, CodecError> {
        let length =
            if flexible { (self.unsigned_varint()? as i32).wrapping_sub(1) } else { i32::from_be_bytes(self.fixed()?) };
        Ok(usize::try_from(length).ok())
    }

    pub fn string(&mut self, flexible: bool, field: &'static str) -> Result<String, CodecError> {
        self.nullable_string(flexible, false, field)?.ok_or(CodecError::Null { field })
    }

    /// Bytes that are not UTF-8 are replaced and not refused, as `new String(bytes, UTF_8)` does.
    pub fn nullable_string(
        &mut self,
        flexible: bool,
        nullable: bool,
        field: &'static str,
    ) -> Result<Option<String>, CodecError> {
        let length = if flexible {
            (self.unsigned_varint()? as i32).wrapping_sub(1)
        } else {
            i32::from(i16::from_be_bytes(self.fixed()?))
        };
        match length {
            ..0 if nullable => Ok(None),
            ..0 => Err(CodecError::Null { field }),
            0..=0x7fff => Ok(Some(String::from_utf8_lossy(self.advance(length as usize)?).into_owned())),
            _ => Err(CodecError::BadLength { field, length: i64::from(length) }),
        }
    }

    pub fn bytes(&mut self, flexible: bool, field: &'static str) -> Result<Bytes, CodecError> {
        self.nullable_bytes(flexible, false, field)?.ok_or(CodecError::Null { field })
    }

    pub fn nullable_bytes(
        &mut self,
        flexible: bool,
        nullable: bool,
        field: &'static str,
    ) -> Result<Option<Bytes>, CodecError> {
        match self.length(flexible)? {
            Some(length) => self.take(length).map(Some),
            None if nullable => Ok(None),
            None => Err(CodecError::Null { field }),
        }
    }

    /// Null records are taken in every version, as `Readable.readRecords` does.
    pub fn records(&mut self, flexible: bool, _: bool, _: &'static str) -> Result<Option<Records>, CodecError> {
        match self.length(flexible)? {
            Some(length) => Ok(Some(Records::from_bytes(self.take(length)?))),
            None => Ok(None),
        }
    }

    pub fn array<T: Wire>(&mut self, flexible: bool, version: i16, field: &'static str) -> Result<Vec<T>, CodecError> {
        self.nullable_array(flexible, false, version, field)?.ok_or(CodecError::Null { field })
    }

    pub fn nullable_array<T: Wire>(
        &mut self,
        flexible: bool,
        nullable: bool,
        version: i16,
        field: &'static str,
    ) -> Result<Option<Vec<T>>, CodecError> {
        let Some(length) = self.length(flexible)? else {
            return if nullable { Ok(None) } else { Err(CodecError::Null { field }) };
        };
        // Every element takes a byte at least, so a longer array than the input is a lie (Kafka checks the same).
        if length > self.remaining() {
            return Err(CodecError::Truncated { wanted: length as u64, remaining: self.remaining() as u64 });
        }
        let mut items = Vec::with_capacity(length.min(PREALLOCATE_MAX));
        for _ in 0..length {
            items.push(T::get(self, flexible, version)?);
        }
        Ok(Some(items))
    }

    pub fn nullable_struct<T: Wire>(
        &mut self,
        nullable: bool,
        version: i16,
        field: &'static str,
    ) -> Result<Option<T>, CodecError> {
        if (self.fixed::<1>()?[0] as i8) < 0 {
            return if nullable { Ok(None) } else { Err(CodecError::Null { field }) };
        }
        T::get(self, true, version).map(Some)
    }

    pub fn tagged_nullable_struct<T: Wire>(&mut self, version: i16) -> Result<Option<T>, CodecError> {
        if self.unsigned_varint()? as i32 <= 0 {
            return Ok(None);
        }
        T::get(self, true, version).map(Some)
    }

    pub fn tag_count(&mut self) -> Result<u32, CodecError> {
        // A negative count is none, as in Kafka's loop.
        Ok((self.unsigned_varint()? as i32).max(0) as u32)
    }

    /// Tag and size of the next tagged field.
    pub fn tag(&mut self) -> Result<(u32, usize), CodecError> {
        Ok((self.unsigned_varint()?, self.unsigned_varint()? as usize))
    }

    pub fn unknown_tags(&mut self) -> Result<Vec<(u32, Bytes)>, CodecError> {
        let mut tags = Vec::new();
        for _ in 0..self.tag_count()? {
            let (tag, size) = self.tag()?;
            tags.push((tag, self.take(size)?));
        }
        Ok(tags)
    }
}
