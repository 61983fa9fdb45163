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

pub fn decompress(packed: &[u8]) -> Option<Vec<u8>> {
    let (magic, rest) = packed.split_first_chunk::<4>()?;
    let (flags, descriptor) = (*rest.first()?, *rest.get(1)?);
    let checksum_at = if flags & FLAG_CONTENT_SIZE != 0 { 10 } else { 2 };
    let checksum_fits = header_checksum(rest.get(..checksum_at)?) == *rest.get(checksum_at)?;
    // Kafka reads version 1 with independent blocks only, as its own writer makes them.
    if u32::from_le_bytes(*magic) != MAGIC || flags >> 6 != 1 || flags & FLAG_INDEPENDENT == 0 || !checksum_fits {
        return None;
    }
    let block_max = match descriptor >> 4 & 7 {
        size @ 4..=7 => 1usize << (8 + 2 * size),
        _ => return None,
    };
    unpack_blocks(&rest[checksum_at + 1..], block_max, flags & FLAG_BLOCK_CHECKSUM != 0)
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
