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
            Codec::Zstd => zstd::decompress(packed).ok_or(""),
        };
        let failed = |words: &str| {
            let words = if words.is_empty() { "Failed to decompress record stream" } else { words };
            BatchError::Undecodable(words.to_string())
        };
        plain.map(Bytes::from).map_err(failed)
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

    /// As Kafka 4.3.1 said it.
    #[test]
    fn a_wrong_header_is_told_by_javas_exception() {
        let words = |codec: Codec, packed: &'static [u8]| match codec.decompress(&Bytes::from_static(packed)) {
            Err(BatchError::Undecodable(words)) => words,
            other => panic!("{other:?}"),
        };
        assert_eq!(words(Codec::Gzip, b"no such format"), "java.util.zip.ZipException: Not in GZIP format");
        let lz4 = |packed| words(Codec::Lz4, packed);
        assert_eq!(lz4(b"no such format"), "java.io.IOException: Stream unsupported (invalid magic bytes)");
        assert_eq!(lz4(b"\x04\x22\x4d\x18\x62\x40\x82"), "java.lang.RuntimeException: Reserved bits must be 0");
        assert_eq!(lz4(b"\x04\x22\x4d\x18\x60\x72\x82"), "java.lang.RuntimeException: Reserved2 field must be 0");
        assert_eq!(lz4(b"\x04\x22\x4d\x18\x60\x40\x82\x09"), "Failed to decompress record stream");
    }

    /// A batch of one record with key `k` and value `v` takes 82 bytes in Kafka 4.3.1: 61 for the header.
    #[test]
    fn a_zstd_frame_is_as_long_as_kafkas() {
        assert_eq!(Codec::Zstd.compress(b"\x10\0\0\0\x02k\x02v\0", -1).len(), 82 - 61);
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
