//! What every generated message shares: the error, the version range, and the way in and out.

use std::fmt;

use bytes::Bytes;

use crate::reader::Reader;
use crate::writer::Writer;

/// An inclusive range of versions; empty when `max < min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VersionRange {
    pub min: i16,
    pub max: i16,
}

impl VersionRange {
    pub const fn contains(self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }

    pub const fn is_empty(self) -> bool {
        self.max < self.min
    }

    /// The versions that two sides have in common, as `ApiVersionsResponse.intersect` finds them.
    pub fn intersect(self, other: VersionRange) -> Option<VersionRange> {
        let both = VersionRange { min: self.min.max(other.min), max: self.max.min(other.max) };
        if both.is_empty() { None } else { Some(both) }
    }
}

/// Why bytes could not be read as a message, or a message not be written in a version. The words are those of Kafka's
/// generated code, where it has some.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CodecError {
    /// The message has no such version.
    UnsupportedVersion { message: &'static str, version: i16 },
    /// A field holds a value that this version cannot carry, and that may not be dropped in silence.
    NonDefault { field: &'static str, version: i16 },
    /// Unknown tagged fields cannot be written before the flexible versions.
    TagsNotSupported { version: i16 },
    /// Null where the version allows none.
    Null { field: &'static str },
    /// A string, array or byte field that is longer than its length prefix can say, or than a reader would take.
    BadLength { field: &'static str, length: i64 },
    /// The input ends before the field does.
    Truncated { wanted: u64, remaining: u64 },
    /// A varint of more than five (varlong: ten) bytes.
    BadVarint,
    /// A tag that exists, but not in this version; or unknown tags out of order.
    BadTag { tag: u32, version: i16 },
    /// No API has this key.
    UnknownApiKey(i16),
    /// No record type of this family has this key.
    UnknownRecordType(i16),
    /// The frame around a metadata record has another version than 1.
    UnknownFrameVersion(u32),
    /// Bytes that belong to nothing follow a metadata record.
    TrailingBytes(u64),
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodecError::UnsupportedVersion { message, version } => {
                write!(f, "Can't use version {version} of {message}")
            }
            CodecError::NonDefault { field, version } => {
                write!(f, "Attempted to write a non-default {field} at version {version}")
            }
            CodecError::TagsNotSupported { version } => {
                write!(f, "Tagged fields were set, but version {version} of this message does not support them.")
            }
            CodecError::Null { field } => write!(f, "non-nullable field {field} was serialized as null"),
            CodecError::BadLength { field, length } => write!(f, "field {field} had invalid length {length}"),
            CodecError::Truncated { wanted, remaining } => {
                write!(f, "Error reading byte array of {wanted} byte(s): only {remaining} byte(s) available")
            }
            CodecError::BadVarint => write!(f, "Varint is too long, the most significant bit in the last byte is set"),
            CodecError::BadTag { tag, version } => write!(f, "Tag {tag} is not valid for version {version}"),
            CodecError::UnknownApiKey(key) => write!(f, "Unexpected api key: {key}"),
            CodecError::UnknownRecordType(key) => write!(f, "Unknown metadata id {key}"),
            CodecError::UnknownFrameVersion(version) => {
                write!(f, "Could not deserialize metadata record ")?;
                match version {
                    0 => f.write_str(
                        "with frame version 0. Note that upgrades from the preview release of KRaft in 2.8 to newer \
                         versions are not supported.",
                    ),
                    _ => write!(f, "due to unknown frame version {version}(only frame version 1 is supported)"),
                }
            }
            CodecError::TrailingBytes(count) => write!(f, "Found {count} byte(s) of garbage after the record"),
        }
    }
}

impl std::error::Error for CodecError {}

/// A struct or element that can stand in a message. `flexible` matters only to types with a length in front.
///
/// Errors stick to the writer and the reader instead of being returned: the first one is kept, reading goes on with
/// zeros over an input that is used up, and the caller asks once at the end. Generated code is half as large for it.
pub trait Wire: Sized {
    fn put(&self, w: &mut Writer, flexible: bool, version: i16);
    fn get(r: &mut Reader, flexible: bool, version: i16) -> Self;
}

/// A whole message, for code that is generic over them. Everything else calls the inherent `encode` and `decode`.
pub trait Message: Wire + Clone + Default + PartialEq {
    /// The schema's name, such as `FetchRequest`.
    const NAME: &'static str;
    /// The API key, or the type of a metadata or coordinator record.
    const KEY: Option<i16>;
    const VERSIONS: VersionRange;
    const FLEXIBLE: VersionRange;
}

pub fn encode<M: Message>(message: &M, version: i16, out: &mut Vec<u8>) -> Result<(), CodecError> {
    check::<M>(version)?;
    let mut writer = Writer::to(std::mem::take(out));
    message.put(&mut writer, false, version);
    let (bytes, error) = writer.finish();
    *out = bytes;
    error.map_or(Ok(()), Err)
}

pub fn encoded_len<M: Message>(message: &M, version: i16) -> Result<u64, CodecError> {
    check::<M>(version)?;
    let mut writer = Writer::counting();
    message.put(&mut writer, false, version);
    let length = writer.len();
    writer.finish().1.map_or(Ok(length), Err)
}

pub fn decode<M: Message>(input: &mut Bytes, version: i16) -> Result<M, CodecError> {
    check::<M>(version)?;
    let mut reader = Reader::new(std::mem::take(input));
    let message = M::get(&mut reader, false, version);
    *input = reader.finish()?;
    Ok(message)
}

fn check<M: Message>(version: i16) -> Result<(), CodecError> {
    if M::VERSIONS.contains(version) {
        return Ok(());
    }
    Err(CodecError::UnsupportedVersion { message: M::NAME, version })
}
