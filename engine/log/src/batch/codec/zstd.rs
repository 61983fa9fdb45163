//! Zstandard (RFC 8878).

use std::io::Read;

use base::limits::DECOMPRESSED_BATCH_MAX;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

pub fn compress(plain: &[u8]) -> Vec<u8> {
    compress_to_vec(plain, CompressionLevel::Fastest)
}

pub fn decompress(packed: &[u8]) -> Option<Vec<u8>> {
    let decoder = StreamingDecoder::new(packed).ok()?;
    let mut plain = Vec::new();
    // One byte more than allowed tells a bomb from a batch of exactly the largest size.
    decoder.take(DECOMPRESSED_BATCH_MAX as u64 + 1).read_to_end(&mut plain).ok()?;
    (plain.len() <= DECOMPRESSED_BATCH_MAX).then_some(plain)
}
