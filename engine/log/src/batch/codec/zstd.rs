//! Zstandard (RFC 8878).

use base::limits::DECOMPRESSED_BATCH_MAX;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// How much is unpacked between two looks at the limit.
const STEP: usize = 256 * 1024;

pub fn compress(plain: &[u8]) -> Vec<u8> {
    compress_to_vec(plain, CompressionLevel::Fastest)
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
