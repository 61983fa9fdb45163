//! Zigzag varints of record batches (`ByteUtils.writeVarint`): small numbers of either sign take few bytes.

use crate::codec::CodecError;

/// Appends a 32-bit number.
#[inline]
pub fn put_varint(value: i32, out: &mut Vec<u8>) {
    put_unsigned(u64::from(((value << 1) ^ (value >> 31)) as u32), out);
}

/// Appends a 64-bit number.
#[inline]
pub fn put_varlong(value: i64, out: &mut Vec<u8>) {
    put_unsigned(((value << 1) ^ (value >> 63)) as u64, out);
}

/// Appends an unsigned number, as lengths of compact types are written.
#[inline]
pub fn put_unsigned(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes that `put_varint` appends.
#[inline]
pub fn varint_len(value: i32) -> usize {
    unsigned_len(u64::from(((value << 1) ^ (value >> 31)) as u32))
}

/// Bytes that `put_varlong` appends.
#[inline]
pub fn varlong_len(value: i64) -> usize {
    unsigned_len(((value << 1) ^ (value >> 63)) as u64)
}

/// Bytes that `put_unsigned` appends: one for each seven bits.
#[inline]
pub fn unsigned_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Reads a 32-bit number from the front of `input` and steps over it.
pub fn get_varint(input: &mut &[u8]) -> Result<i32, CodecError> {
    // Bits beyond the 32nd of a fifth byte are dropped, as in `ByteUtils`.
    let raw = get_unsigned(input, 5)? as u32;
    Ok((raw >> 1) as i32 ^ -((raw & 1) as i32))
}

/// Reads a 64-bit number from the front of `input` and steps over it.
pub fn get_varlong(input: &mut &[u8]) -> Result<i64, CodecError> {
    let raw = get_unsigned(input, 10)?;
    Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
}

/// Reads an unsigned 32-bit number from the front of `input` and steps over it.
pub fn get_unsigned_varint(input: &mut &[u8]) -> Result<u32, CodecError> {
    Ok(get_unsigned(input, 5)? as u32)
}

fn get_unsigned(input: &mut &[u8], bytes_max: usize) -> Result<u64, CodecError> {
    let mut value = 0u64;
    for i in 0..bytes_max {
        let Some((byte, rest)) = input.split_first() else {
            return Err(CodecError::Truncated { wanted: 1, remaining: 0 });
        };
        *input = rest;
        value |= u64::from(byte & 0x7f) << (7 * i);
        if *byte < 0x80 {
            return Ok(value);
        }
    }
    Err(CodecError::BadVarint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_their_lengths_are_known() {
        for value in [0, -1, 1, 63, 64, -64, -65, 8191, 8192, i32::MAX, i32::MIN] {
            let mut out = Vec::new();
            put_varint(value, &mut out);
            assert_eq!((out.len(), get_varint(&mut out.as_slice())), (varint_len(value), Ok(value)));
        }
        for value in [0, -1, 1 << 40, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            put_varlong(value, &mut out);
            assert_eq!((out.len(), get_varlong(&mut out.as_slice())), (varlong_len(value), Ok(value)));
        }
    }

    #[test]
    fn too_long_or_cut_off_is_an_error() {
        assert_eq!(get_varint(&mut [0xffu8; 5].as_slice()), Err(CodecError::BadVarint));
        assert_eq!(get_varlong(&mut [0xffu8; 10].as_slice()), Err(CodecError::BadVarint));
        assert!(matches!(get_varint(&mut [0x80u8].as_slice()), Err(CodecError::Truncated { .. })));
    }
}
