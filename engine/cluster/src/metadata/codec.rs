//! Metadata records as bytes: the framed value (`MetadataRecordSerde`) and the version that 4.3 writes each with.

use bytes::Bytes;
use protocol::CodecError;
use protocol::metadata::MetadataRecord;
use protocol::varint::{get_unsigned_varint, put_unsigned};

/// The only version of the frame so far.
const FRAME_VERSION: u32 = 1;

/// One batch of the metadata log, decoded. A control batch (leader change, voters) has no records here but its offsets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetadataBatch {
    pub base_offset: i64,
    pub last_offset: i64,
    /// The epoch of the controller that wrote it.
    pub epoch: i32,
    pub timestamp_ms: i64,
    pub records: Vec<MetadataRecord>,
}

/// The version in which a 4.3 controller writes a record: the lowest that carries what the record says, for records that
/// Kafka grades so, else the newest of `metadata.version` 4.3-IV0.
pub fn record_version(record: &MetadataRecord) -> i16 {
    match record {
        MetadataRecord::BrokerRegistrationChange(change) => {
            if change.cordoned_log_dirs.is_some() {
                3
            } else if !change.log_dirs.is_empty() {
                2
            } else {
                i16::from(change.in_controlled_shutdown != 0)
            }
        }
        other => other.versions().max,
    }
}

/// The value of a record: frame version, type, version, message.
pub fn encode_record(record: &MetadataRecord) -> Result<Bytes, CodecError> {
    let version = record_version(record);
    let mut value = Vec::new();
    for number in [u64::from(FRAME_VERSION), record.api_key() as u64, version as u64] {
        put_unsigned(number, &mut value);
    }
    record.encode_body(version, &mut value)?;
    Ok(value.into())
}

pub fn decode_record(value: Bytes) -> Result<MetadataRecord, CodecError> {
    let mut head = &value[..];
    let frame = get_unsigned_varint(&mut head)?;
    if frame != FRAME_VERSION {
        return Err(CodecError::UnknownFrameVersion(frame));
    }
    let api_key = get_unsigned_varint(&mut head)? as i16;
    let version = get_unsigned_varint(&mut head)? as i16;
    let mut body = value.slice(value.len() - head.len()..);
    MetadataRecord::decode_body(api_key, version, &mut body)
}
