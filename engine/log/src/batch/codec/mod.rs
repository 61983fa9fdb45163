//! Compression of a batch's record area: attribute bits 0 to 2, and the formats that Kafka's Java libraries write.

mod crc32;
mod gzip;
mod lz4;
mod snappy;
mod zstd;

use bytes::Bytes;

use super::BatchError;

pub(crate) use crc32::crc32;

/// `CompressionType`. The ids are those of the attribute bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Codec {
    pub const ALL: [Codec; 5] = [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];

    pub fn for_id(id: i8) -> Result<Codec, BatchError> {
        usize::try_from(id)
            .ok()
            .and_then(|id| Codec::ALL.get(id).copied())
            .ok_or_else(|| BatchError::Undecodable(format!("Unknown compression type id: {id}")))
    }

    pub fn id(self) -> i8 {
        self as i8
    }

    pub fn for_name(name: &str) -> Option<Codec> {
        [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd]
            .into_iter()
            .find(|codec| codec.name() == name)
    }

    /// The name in `compression.type` and in dumps.
    pub fn name(self) -> &'static str {
        match self {
            Codec::None => "none",
            Codec::Gzip => "gzip",
            Codec::Snappy => "snappy",
            Codec::Lz4 => "lz4",
            Codec::Zstd => "zstd",
        }
    }

    /// Unpacks a record area. More than [`base::limits::DECOMPRESSED_BATCH_MAX`] bytes are refused.
    pub fn decompress(self, packed: &Bytes) -> Result<Bytes, BatchError> {
        let plain = match self {
            Codec::None => return Ok(packed.clone()),
            Codec::Gzip => gzip::decompress(packed),
            Codec::Snappy => {
                // Snappy's native library fails with a text of its own.
                let failed = || BatchError::Undecodable("java.io.IOException: FAILED_TO_UNCOMPRESS(5)".to_string());
                return snappy::decompress(packed).map(Bytes::from).ok_or_else(failed);
            }
            Codec::Lz4 => lz4::decompress(packed),
            Codec::Zstd => zstd::decompress(packed),
        };
        let failed = || BatchError::Undecodable("Failed to decompress record stream".to_string());
        plain.map(Bytes::from).ok_or_else(failed)
    }

    /// Packs a record area; the level is gzip's. The formats are Kafka's, and gzip's bytes are; with the others the
    /// choice of matches, and so the exact size, is that of the library.
    pub fn compress(self, plain: &[u8], gzip_level: i32) -> Vec<u8> {
        match self {
            Codec::None => plain.to_vec(),
            Codec::Gzip => gzip::compress(plain, gzip_level),
            Codec::Snappy => snappy::compress(plain),
            Codec::Lz4 => lz4::compress(plain),
            Codec::Zstd => zstd::compress(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let mut random = base::Rng::new(1, 1, "codec");
        for len in [0, 1, 60, 5_000, 40_000, 200_000] {
            let noise: Vec<u8> = (0..len).map(|_| random.next_u64() as u8).collect();
            let text: Vec<u8> = (0..len).map(|at| b"Kafka and Kafka again "[at % 22]).collect();
            for plain in [noise, text] {
                for codec in Codec::ALL {
                    let packed = Bytes::from(codec.compress(&plain, -1));
                    assert_eq!(codec.decompress(&packed).as_deref(), Ok(&plain[..]), "{codec:?} of {len} bytes");
                }
            }
        }
    }

    #[test]
    fn repetition_takes_less_room() {
        let plain = b"0123456789".repeat(1_000);
        for codec in &Codec::ALL[1..] {
            assert!(codec.compress(&plain, -1).len() < 1_000, "{codec:?}");
        }
    }

    #[test]
    fn damaged_data_is_an_error_and_no_panic() {
        let mut random = base::Rng::new(2, 1, "codec");
        let plain = b"offset zero, offset one, offset two".repeat(20);
        for codec in &Codec::ALL[1..] {
            let packed = codec.compress(&plain, -1);
            for _ in 0..5_000 {
                let mut bad = packed.clone();
                for _ in 0..=random.below(3) {
                    let at = random.below(bad.len() as u64) as usize;
                    bad[at] ^= 1 << random.below(8);
                }
                bad.truncate(random.below(bad.len() as u64 + 1) as usize);
                // Formats without a checksum may unpack to something else; that is for the record parser to see.
                let _ = codec.decompress(&bad.into());
            }
            assert!(codec.decompress(&Bytes::from_static(b"no such format")).is_err(), "{codec:?}");
        }
    }
}
