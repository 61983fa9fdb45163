//! Snappy in the framing of snappy-java (`SnappyOutputStream`): a header, then blocks with their lengths.

use base::limits::DECOMPRESSED_BATCH_MAX;

const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
/// The magic, the version and the oldest compatible version, each 32 bits.
const HEADER_LEN: usize = 16;
/// Kafka's `SnappyCompression` packs 32 KiB at a time.
const BLOCK_LEN: usize = 32 * 1024;

pub fn compress(plain: &[u8]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&1i32.to_be_bytes());
    out.extend_from_slice(&1i32.to_be_bytes());
    let mut encoder = snap::raw::Encoder::new();
    for block in plain.chunks(BLOCK_LEN) {
        let packed =
            encoder.compress_vec(block).unwrap_or_else(|_| unreachable!("a block is far below the format's limit"));
        out.extend_from_slice(&(packed.len() as i32).to_be_bytes());
        out.extend_from_slice(&packed);
    }
    out
}

pub fn decompress(packed: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let Some(mut rest) = packed.strip_prefix(&MAGIC).and_then(|rest| rest.get(HEADER_LEN - MAGIC.len()..)) else {
        // Without the header it is one bare block.
        unpack_block(packed, &mut plain)?;
        return Some(plain);
    };
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        // A header may stand between blocks where streams were joined.
        if after.len() >= HEADER_LEN - 4 && rest.starts_with(&MAGIC) {
            rest = &rest[HEADER_LEN..];
            continue;
        }
        let len = usize::try_from(i32::from_be_bytes(*len)).ok()?;
        let (block, after) = after.split_at_checked(len)?;
        unpack_block(block, &mut plain)?;
        rest = after;
    }
    rest.is_empty().then_some(plain)
}

fn unpack_block(block: &[u8], plain: &mut Vec<u8>) -> Option<()> {
    let len = snap::raw::decompress_len(block).ok()?;
    if plain.len().checked_add(len)? > DECOMPRESSED_BATCH_MAX {
        return None;
    }
    plain.extend(snap::raw::Decoder::new().decompress_vec(block).ok()?);
    Some(())
}
