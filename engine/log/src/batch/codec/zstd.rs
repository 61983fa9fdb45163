//! Zstandard (RFC 8878).

use base::limits::DECOMPRESSED_BATCH_MAX;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// How much is unpacked between two looks at the limit.
const STEP: usize = 256 * 1024;

/// What Kafka's stream of level 3 puts before the blocks: the magic, no flags, a window of 2 MiB.
const HEADER: [u8; 6] = [0x28, 0xB5, 0x2F, 0xFD, 0, 0x58];

/// The frame as a stream writes it that is flushed and then closed: without its size in front, and with an empty last
/// block.
pub fn compress(plain: &[u8]) -> Vec<u8> {
    let frame = compress_to_vec(plain, CompressionLevel::Fastest);
    // The descriptor says how long what stands before the blocks is: a window, unless the size takes its place.
    let size = usize::from(frame[4] >> 6);
    let is_single = frame[4] & 0x20 != 0;
    let mut at = 5 + usize::from(!is_single) + if size == 0 { usize::from(is_single) } else { 1 << size };
    let mut out = HEADER.to_vec();
    while let Some(&[first, middle, high]) = frame[at..].first_chunk() {
        let header = u32::from_le_bytes([first, middle, high, 0]);
        // A block that repeats one byte holds it once.
        let len = if header >> 1 & 3 == 1 { 1 } else { header >> 3 } as usize;
        out.extend_from_slice(&[first & !1, middle, high]);
        out.extend_from_slice(&frame[at + 3..at + 3 + len]);
        at += 3 + len;
    }
    out.extend_from_slice(&[1, 0, 0]);
    out
}

pub fn decompress(packed: &[u8]) -> Option<Vec<u8>> {
    let mut rest = packed;
    let mut decoder = FrameDecoder::new();
    decoder.init(&mut rest).ok()?;
    let mut plain = Vec::new();
    while !decoder.is_finished() {
        decoder.decode_blocks(&mut rest, BlockDecodingStrategy::UptoBytes(STEP)).ok()?;
        plain.extend(decoder.collect().unwrap_or_default());
        if plain.len() > DECOMPRESSED_BATCH_MAX {
            return None;
        }
    }
    Some(plain)
}
