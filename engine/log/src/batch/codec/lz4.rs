//! The LZ4 frame format, as Kafka's `Lz4BlockOutputStream` writes it: independent blocks of 64 KiB, no content
//! checksum.

use base::limits::DECOMPRESSED_BATCH_MAX;
use lz4_flex::block;

const MAGIC: u32 = 0x184D_2204;
/// Version 1, independent blocks.
const FLAGS: u8 = 0x60;
/// Blocks of at most 64 KiB.
const BLOCK_DESCRIPTOR: u8 = 0x40;
const BLOCK_LEN: usize = 64 * 1024;
/// The high bit of a block's length: the block is not packed.
const NOT_PACKED: u32 = 1 << 31;

const FLAG_INDEPENDENT: u8 = 0x20;
const FLAG_BLOCK_CHECKSUM: u8 = 0x10;
const FLAG_CONTENT_SIZE: u8 = 0x08;

pub fn compress(plain: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_le_bytes().to_vec();
    out.extend_from_slice(&[FLAGS, BLOCK_DESCRIPTOR, header_checksum(&[FLAGS, BLOCK_DESCRIPTOR])]);
    for chunk in plain.chunks(BLOCK_LEN) {
        let packed = block::compress(chunk);
        let (len, bytes) = match packed.len() < chunk.len() {
            true => (packed.len() as u32, packed.as_slice()),
            false => (chunk.len() as u32 | NOT_PACKED, chunk),
        };
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(bytes);
    }
    out.extend_from_slice(&0u32.to_le_bytes());
    out
}

/// Fails with Java's exception where the header is wrong (`Lz4BlockInputStream.readHeader`), and with no words where the
/// rest is.
pub fn decompress(packed: &[u8]) -> Result<Vec<u8>, &'static str> {
    const SHORT: &str = "java.io.IOException: Stream ended prematurely";
    let Some((magic, rest)) = packed.split_first_chunk::<4>().filter(|(_, rest)| rest.len() > 1) else {
        return Err(SHORT);
    };
    if u32::from_le_bytes(*magic) != MAGIC {
        return Err("java.io.IOException: Stream unsupported (invalid magic bytes)");
    }
    let (flags, descriptor) = (rest[0], rest[1]);
    if flags & 3 != 0 {
        return Err("java.lang.RuntimeException: Reserved bits must be 0");
    }
    if flags & FLAG_INDEPENDENT == 0 {
        return Err("java.lang.RuntimeException: Dependent block stream is unsupported");
    }
    match flags >> 6 {
        0 => return Err("java.lang.RuntimeException: Version 0 is unsupported"),
        1 => {}
        2 => return Err("java.lang.RuntimeException: Version 2 is unsupported"),
        _ => return Err("java.lang.RuntimeException: Version 3 is unsupported"),
    }
    if descriptor & 15 != 0 {
        return Err("java.lang.RuntimeException: Reserved2 field must be 0");
    }
    let size = descriptor >> 4 & 7;
    if size < 4 {
        return Err("java.lang.RuntimeException: Block size value must be between 4 and 7");
    }
    if descriptor >> 7 != 0 {
        return Err("java.lang.RuntimeException: Reserved3 field must be 0");
    }
    let checksum_at = if flags & FLAG_CONTENT_SIZE != 0 { 10 } else { 2 };
    let described = rest.get(..checksum_at).ok_or(SHORT)?;
    let checksum = rest.get(checksum_at).ok_or("java.nio.BufferUnderflowException")?;
    if header_checksum(described) != *checksum {
        return Err("java.io.IOException: Stream frame descriptor corrupted");
    }
    unpack_blocks(&rest[checksum_at + 1..], 1 << (8 + 2 * size), flags & FLAG_BLOCK_CHECKSUM != 0).ok_or("")
}

fn unpack_blocks(mut rest: &[u8], block_max: usize, has_checksums: bool) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    loop {
        let (len, after) = rest.split_first_chunk::<4>()?;
        let len = u32::from_le_bytes(*len);
        if len == 0 {
            return Some(plain);
        }
        let size = (len & !NOT_PACKED) as usize;
        let (bytes, after) = after.split_at_checked(size).filter(|_| size <= block_max)?;
        if len & NOT_PACKED != 0 {
            plain.extend_from_slice(bytes);
        } else {
            let mut room = vec![0; block_max];
            let len = block::decompress_into(bytes, &mut room).ok()?;
            plain.extend_from_slice(&room[..len]);
        }
        if plain.len() > DECOMPRESSED_BATCH_MAX {
            return None;
        }
        rest = if has_checksums { after.get(4..)? } else { after };
    }
}

/// The second byte of the xxHash32 of the frame descriptor.
fn header_checksum(descriptor: &[u8]) -> u8 {
    (xxh32_short(descriptor) >> 8) as u8
}

/// xxHash32 with seed 0 of fewer than 16 bytes.
fn xxh32_short(bytes: &[u8]) -> u32 {
    const P: [u32; 5] = [0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D, 0x27D4_EB2F, 0x1656_67B1];
    assert!(bytes.len() < 16, "a frame descriptor is short");
    let (words, tail) = bytes.as_chunks::<4>();
    let mut hash = P[4].wrapping_add(bytes.len() as u32);
    for word in words {
        hash = hash.wrapping_add(u32::from_le_bytes(*word).wrapping_mul(P[2]));
        hash = hash.rotate_left(17).wrapping_mul(P[3]);
    }
    for byte in tail {
        hash = hash.wrapping_add(u32::from(*byte).wrapping_mul(P[4]));
        hash = hash.rotate_left(11).wrapping_mul(P[0]);
    }
    hash = (hash ^ (hash >> 15)).wrapping_mul(P[1]);
    hash = (hash ^ (hash >> 13)).wrapping_mul(P[2]);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_header_checksum_is_kafkas() {
        // From a batch that Kafka 4.3.1 made: 04224d18 60 40 82.
        assert_eq!(super::header_checksum(&[0x60, 0x40]), 0x82);
    }
}
