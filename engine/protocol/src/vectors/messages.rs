//! Cases that are bytes of messages.

use bytes::Bytes;
use serde_json::Value;

use super::{equal, hex, number, short, text};
use crate::api::{ApiKey, Request, Response};
use crate::codec::{self, CodecError, Message};
use crate::coordinator::*;
use crate::embedded::*;
use crate::json::{Json, ToJson};
use crate::messages::{RequestHeader, ResponseHeader};
use crate::metadata::MetadataRecord;

fn words(error: CodecError) -> String {
    error.to_string()
}

/// Our JSON against Kafka's, whatever the order of the fields.
fn same_json(ours: &Json, kafkas: &Value) -> Result<(), String> {
    let ours: Value = serde_json::from_str(&ours.to_string()).map_err(|error| error.to_string())?;
    equal("json", &ours, kafkas)
}

fn same_bytes(ours: &[u8], kafkas: &[u8]) -> Result<(), String> {
    let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    equal("bytes", digits(ours), digits(kafkas))
}

/// A request or response body.
pub(super) fn body(case: &Value) -> Result<(), String> {
    let api = ApiKey::from_code(short(case, "key")?).ok_or("unknown key")?;
    equal("api", api.name(), text(case, "api")?)?;
    let (version, bytes) = (short(case, "version")?, hex(case, "hex")?);
    let (mut rest, mut out) = (bytes.clone(), Vec::new());
    let (json, counted) = if text(case, "type")? == "request" {
        let body = Request::decode(api, version, &mut rest).map_err(words)?;
        body.encode(version, &mut out).map_err(words)?;
        (body.to_json(version), body.encoded_len(version))
    } else {
        let body = Response::decode(api, version, &mut rest).map_err(words)?;
        body.encode(version, &mut out).map_err(words)?;
        (body.to_json(version), body.encoded_len(version))
    };
    equal("bytes left over", rest.len(), 0)?;
    same_bytes(&out, &bytes)?;
    equal("counted length", counted, Ok(bytes.len() as u64))?;
    same_json(&json, &case["json"])
}

/// Both headers of an API: their versions from the oldest to the newest, and their bytes in the newest.
pub(super) fn header(case: &Value) -> Result<(), String> {
    let api = ApiKey::from_code(short(case, "key")?).ok_or("unknown key")?;
    let (min, max) = (short(case, "min")?, short(case, "max")?);
    let ours: Vec<[i16; 2]> = (min..=max)
        .map(|version| [api.request_header_version(version), api.response_header_version(version)])
        .collect();
    equal("header versions", serde_json::json!(ours), case["headers"].clone())?;
    let correlation_id = number(case, "correlation_id")? as i32;
    let request = RequestHeader {
        request_api_key: api.code(),
        request_api_version: max,
        correlation_id,
        client_id: case["client_id"].as_str().map(String::from),
        ..Default::default()
    };
    let mut out = Vec::new();
    request.encode(api.request_header_version(max), &mut out).map_err(words)?;
    same_bytes(&out, &hex(case, "request_header")?)?;
    out.clear();
    let response = ResponseHeader { correlation_id, ..Default::default() };
    response.encode(api.response_header_version(max), &mut out).map_err(words)?;
    same_bytes(&out, &hex(case, "response_header")?)
}

pub(super) fn metadata_record(case: &Value) -> Result<(), String> {
    let framed = hex(case, "framed")?;
    let (record, version) = MetadataRecord::decode(&framed).map_err(words)?;
    equal("record", record.name(), text(case, "record")?)?;
    equal("version", version, short(case, "version")?)?;
    let mut body = Vec::new();
    record.encode_body(version, &mut body).map_err(words)?;
    same_bytes(&body, &hex(case, "hex")?)?;
    same_bytes(&record.encode(version).map_err(words)?, &framed)?;
    same_json(&record.to_json(version), &case["json"])
}

pub(super) fn coordinator_record(case: &Value) -> Result<(), String> {
    macro_rules! pair {
        ($key:ident, $value:ident) => {{
            let key_bytes = hex(case, "key_hex")?;
            let key = $key::decode(&key_bytes).map_err(words)?;
            equal("key", key.name(), text(case, "key_class")?)?;
            same_bytes(&key.encode().map_err(words)?, &key_bytes)?;
            same_json(&key.to_json(0), &case["key"])?;
            let value_bytes = hex(case, "value_hex")?;
            let (value, version) = $value::decode(key.api_key(), &value_bytes).map_err(words)?;
            equal("value", value.name(), text(case, "value_class")?)?;
            equal("version", version, short(case, "value_version")?)?;
            same_bytes(&value.encode(version).map_err(words)?, &value_bytes)?;
            same_json(&value.to_json(version), &case["value"])
        }};
    }
    match text(case, "topic")? {
        "__consumer_offsets" => pair!(GroupRecordKey, GroupRecordValue),
        "__transaction_state" => pair!(TransactionRecordKey, TransactionRecordValue),
        _ => pair!(ShareGroupRecordKey, ShareGroupRecordValue),
    }
}

/// A message inside other bytes; those of the consumer protocol have their version in front.
pub(super) fn embedded(case: &Value) -> Result<(), String> {
    match text(case, "message")? {
        "ConsumerProtocolSubscription" => alone::<ConsumerProtocolSubscription>(case, 2),
        "ConsumerProtocolAssignment" => alone::<ConsumerProtocolAssignment>(case, 2),
        "LeaderChangeMessage" => alone::<LeaderChangeMessage>(case, 0),
        "SnapshotHeaderRecord" => alone::<SnapshotHeaderRecord>(case, 0),
        "SnapshotFooterRecord" => alone::<SnapshotFooterRecord>(case, 0),
        "KRaftVersionRecord" => alone::<KRaftVersionRecord>(case, 0),
        "VotersRecord" => alone::<VotersRecord>(case, 0),
        "EndTxnMarker" => alone::<EndTxnMarker>(case, 0),
        "QuorumStateData" => alone::<QuorumStateData>(case, 0),
        "ProducerSnapshot" => alone::<ProducerSnapshot>(case, 0),
        other => Err(format!("no such message: {other}")),
    }
}

/// `prefix` bytes in front of the message hold its version.
fn alone<M: Message + ToJson>(case: &Value, prefix: usize) -> Result<(), String> {
    let (version, bytes) = (short(case, "version")?, hex(case, "hex")?);
    let mut rest: Bytes = bytes.slice(prefix.min(bytes.len())..);
    let message: M = codec::decode(&mut rest, version).map_err(words)?;
    equal("bytes left over", rest.len(), 0)?;
    let mut out = version.to_be_bytes()[..prefix].to_vec();
    codec::encode(&message, version, &mut out).map_err(words)?;
    same_bytes(&out, &bytes)?;
    same_json(&message.to_json(version), &case["json"])
}
