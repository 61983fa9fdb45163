//! Compression codecs of a batch: attribute bits 0 to 2.

use bytes::Bytes;

use super::BatchError;

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

    /// Unpacks a record area.
    pub fn decompress(self, packed: &Bytes) -> Result<Bytes, BatchError> {
        match self {
            Codec::None => Ok(packed.clone()),
            codec => Err(BatchError::Undecodable(format!("{} is not supported by this build", codec.name()))),
        }
    }

    /// Packs a record area.
    pub fn compress(self, plain: &[u8]) -> Vec<u8> {
        plain.to_vec()
    }
}
