//! Reading the variable-length integers of records in place (`org.apache.kafka.common.utils.ByteUtils`);
//! [`protocol::varint`] writes them.

/// Why an integer could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarintError {
    /// The input ends inside the integer.
    Underflow,
    /// More than five bytes (varint) or ten (varlong).
    TooLong,
}

/// A place in a slice. Reading past the end is an error and moves nothing.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    data: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    #[inline(always)]
    pub fn new(data: &'a [u8], position: usize) -> Cursor<'a> {
        Cursor { data, position: position.min(data.len()) }
    }

    #[inline(always)]
    pub fn position(&self) -> usize {
        self.position
    }

    #[inline(always)]
    pub fn remaining(&self) -> usize {
        self.data.len() - self.position
    }

    #[inline(always)]
    pub fn byte(&mut self) -> Result<u8, VarintError> {
        let byte = *self.data.get(self.position).ok_or(VarintError::Underflow)?;
        self.position += 1;
        Ok(byte)
    }

    #[inline(always)]
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], VarintError> {
        let end = self.position.checked_add(len).ok_or(VarintError::Underflow)?;
        let bytes = self.data.get(self.position..end).ok_or(VarintError::Underflow)?;
        self.position = end;
        Ok(bytes)
    }

    #[inline(always)]
    pub fn varint(&mut self) -> Result<i32, VarintError> {
        // Nearly every length and delta fits one byte.
        let first = self.byte()?;
        let mut raw = u32::from(first & 0x7F);
        let mut last = first;
        let mut shift = 7;
        while last & 0x80 != 0 {
            if shift > 28 {
                return Err(VarintError::TooLong);
            }
            last = self.byte()?;
            raw |= u32::from(last & 0x7F) << shift;
            shift += 7;
        }
        Ok((raw >> 1) as i32 ^ -((raw & 1) as i32))
    }

    #[inline]
    pub fn varlong(&mut self) -> Result<i64, VarintError> {
        let first = self.byte()?;
        let mut raw = u64::from(first & 0x7F);
        if first & 0x80 == 0 {
            return Ok((raw >> 1) as i64 ^ -((raw & 1) as i64));
        }
        let mut shift = 7;
        loop {
            let byte = self.byte()?;
            raw |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok((raw >> 1) as i64 ^ -((raw & 1) as i64));
            }
            shift += 7;
            if shift > 63 {
                return Err(VarintError::TooLong);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::varint::{put_varint, put_varlong};

    use super::*;

    #[test]
    fn integers_survive() {
        for value in [0, -1, 1, 63, -64, 64, 8191, -8193, i64::from(i32::MAX), i64::from(i32::MIN), i64::MAX, i64::MIN]
        {
            let mut out = Vec::new();
            put_varlong(value, &mut out);
            assert_eq!(Cursor::new(&out, 0).varlong(), Ok(value));
            if let Ok(small) = i32::try_from(value) {
                out.clear();
                put_varint(small, &mut out);
                assert_eq!(Cursor::new(&out, 0).varint(), Ok(small));
            }
        }
    }

    #[test]
    fn too_many_bytes_are_refused() {
        assert_eq!(Cursor::new(&[0xFF; 12], 0).varint(), Err(VarintError::TooLong));
        assert_eq!(Cursor::new(&[0xFF; 12], 0).varlong(), Err(VarintError::TooLong));
        assert_eq!(Cursor::new(&[0xFF; 3], 0).varint(), Err(VarintError::Underflow));
    }
}
