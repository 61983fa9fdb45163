//! What stands in front of a record's message: its type and version.

use bytes::Bytes;

use crate::codec::CodecError;
use crate::coordinator::*;
use crate::metadata::MetadataRecord;
use crate::reader::Reader;
use crate::varint;

/// The only version of the frame around a metadata record (`AbstractApiMessageSerde`).
const FRAME_VERSION: u32 = 1;

impl MetadataRecord {
    /// The value of a record in the metadata log: frame version, type and version as unsigned varints, then the message.
    pub fn encode(&self, version: i16) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        for number in [FRAME_VERSION as i16, self.api_key(), version] {
            varint::put_unsigned(u64::from(number as u16), &mut out);
        }
        self.encode_body(version, &mut out)?;
        Ok(out)
    }

    /// Reads what `encode` wrote, and the version it has. Every byte must belong to the record.
    pub fn decode(value: &Bytes) -> Result<(MetadataRecord, i16), CodecError> {
        let mut reader = Reader::new(value.clone());
        let [frame, key, version] = [reader.unsigned_varint(), reader.unsigned_varint(), reader.unsigned_varint()];
        if frame != FRAME_VERSION && !value.is_empty() {
            return Err(CodecError::UnknownFrameVersion(frame));
        }
        let mut rest = reader.finish()?;
        let key = i16::try_from(key).map_err(|_| CodecError::UnknownRecordType(-1))?;
        let version = version.min(i16::MAX as u32) as i16;
        let record = MetadataRecord::decode_body(key, version, &mut rest)?;
        if !rest.is_empty() {
            return Err(CodecError::TrailingBytes(rest.len() as u64));
        }
        Ok((record, version))
    }
}

/// Keys are the type and the message in version 0, values the version and the message (`CoordinatorRecordSerde`).
macro_rules! coordinator_records {
    ($($key:ident, $value:ident;)*) => {$(
        impl $key {
            /// The key of a record: its type, then the message.
            pub fn encode(&self) -> Result<Vec<u8>, CodecError> {
                let mut out = self.api_key().to_be_bytes().to_vec();
                self.encode_body(0, &mut out)?;
                Ok(out)
            }

            /// Reads the key of a record.
            pub fn decode(key: &Bytes) -> Result<$key, CodecError> {
                let mut reader = Reader::new(key.clone());
                let api_key = reader.i16();
                $key::decode_body(api_key, 0, &mut reader.finish()?)
            }
        }

        impl $value {
            /// The value of a record: its version, then the message.
            pub fn encode(&self, version: i16) -> Result<Vec<u8>, CodecError> {
                let mut out = version.to_be_bytes().to_vec();
                self.encode_body(version, &mut out)?;
                Ok(out)
            }

            /// Reads the value of the record whose key has the type `api_key`, and its version.
            pub fn decode(api_key: i16, value: &Bytes) -> Result<($value, i16), CodecError> {
                let mut reader = Reader::new(value.clone());
                let version = reader.i16();
                Ok(($value::decode_body(api_key, version, &mut reader.finish()?)?, version))
            }
        }
    )*};
}

coordinator_records! {
    GroupRecordKey, GroupRecordValue;
    TransactionRecordKey, TransactionRecordValue;
    ShareGroupRecordKey, ShareGroupRecordValue;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::NoOpRecord;

    #[test]
    fn a_frame_must_be_known_and_used_up() {
        let value = MetadataRecord::from(NoOpRecord::default()).encode(0).expect("valid");
        assert_eq!(value, [1, 20, 0, 0]);
        assert!(MetadataRecord::decode(&value.clone().into()).is_ok());
        let longer = Bytes::from([value.as_slice(), &[7]].concat());
        assert_eq!(MetadataRecord::decode(&longer), Err(CodecError::TrailingBytes(1)));
        assert_eq!(
            MetadataRecord::decode(&Bytes::from_static(&[2, 20, 0, 0])),
            Err(CodecError::UnknownFrameVersion(2))
        );
    }
}
