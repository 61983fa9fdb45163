//! A packet is the bytes that a socket would carry.

use bytes::Bytes;
use protocol::messages::api_versions_response::ApiVersion;
use protocol::messages::{ApiVersionsResponse, FetchRequest, FetchResponse, ProduceRequest};
use protocol::messages::{fetch_response, produce_request};
use protocol::{ApiKey, CodecError, ErrorCode, Packet, Records};

/// Kafka answers an ApiVersions request that is too new in version 0, with header 0 (KIP-511).
#[test]
fn the_answer_to_a_too_new_api_versions_request() {
    let body = ApiVersionsResponse {
        error_code: ErrorCode::UnsupportedVersion.into(),
        api_keys: vec![ApiVersion { api_key: 18, min_version: 0, max_version: 4, ..Default::default() }],
        ..Default::default()
    };
    let packet = Packet::Response { correlation_id: 5, api_version: 0, body: std::sync::Arc::new(body.into()) };
    let frame = packet.encode().expect("version 0 has all of it");
    assert_eq!(frame, [0, 0, 0, 16, 0, 0, 0, 5, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4]);
    assert_eq!(Packet::decode_response(ApiKey::ApiVersions, 0, &frame.into()), Ok(packet));
}

#[test]
fn the_header_of_a_request_of_an_unknown_version_can_be_read() {
    let frame: Bytes = vec![0, 0, 0, 13, 0, 18, 0, 99, 0, 0, 0, 5, 0, 2, b'm', b'e', 0].into();
    let (header, _) = Packet::decode_request_header(&frame).expect("the header does not depend on the body");
    assert_eq!((header.request_api_version, header.client_id.as_deref()), (99, Some("me")));
    let unsupported = CodecError::UnsupportedVersion { message: "ApiVersionsRequest", version: 99 };
    assert_eq!(Packet::decode_request(&frame), Err(unsupported));
}

#[test]
fn frames_are_cut_by_their_length() {
    assert_eq!(Packet::frame_len(&[0, 0, 0]), Ok(None));
    assert_eq!(Packet::frame_len(&[0, 0, 1, 0, 9, 9]), Ok(Some(260)));
    assert!(Packet::frame_len(&[0x7f, 0xff, 0xff, 0xff]).is_err() && Packet::frame_len(&[0xff; 4]).is_err());
}

/// Two batches as the log holds them: base offset, length, and that many bytes.
fn batches() -> Vec<Bytes> {
    let batch = |offset: u8, length: u8| -> Bytes {
        let head = [0, 0, 0, 0, 0, 0, 0, offset, 0, 0, 0, length];
        head.into_iter().chain(std::iter::repeat_n(offset, usize::from(length))).collect::<Vec<u8>>().into()
    };
    vec![batch(0, 49), batch(3, 60)]
}

#[test]
fn records_come_back_batch_by_batch_and_share_memory() {
    let records = Records::of(batches());
    let partition = produce_request::PartitionProduceData { records: Some(records.clone()), ..Default::default() };
    let request = ProduceRequest {
        topic_data: vec![produce_request::TopicProduceData { partition_data: vec![partition], ..Default::default() }],
        ..Default::default()
    };
    let mut out = Vec::new();
    request.encode(13, &mut out).expect("valid");
    let input = Bytes::from(out);
    let decoded = ProduceRequest::decode(&mut input.clone(), 13).expect("just written");
    let found = decoded.topic_data[0].partition_data[0].records.as_ref().expect("records");
    assert_eq!((found, found.len()), (&records, 61 + 72));
    let range = input.as_ptr_range();
    assert!(found.batches.iter().all(|batch| range.contains(&batch.as_ptr())), "a slice of the input, not a copy");
}

#[test]
fn a_batch_that_the_fetch_cut_off_stays_one_chunk() {
    let whole = Records::of(batches()).to_bytes();
    let cut = Records::from_bytes(whole.slice(..100));
    assert_eq!(cut.batches.iter().map(Bytes::len).collect::<Vec<_>>(), [61, 39]);
    assert_eq!(Records::from_bytes(Bytes::from_static(b"no batch")).batches.len(), 1);
    assert!(Records::from_bytes(Bytes::new()).is_empty());
}

/// `Attempted to write a non-default replicaId at version 15`: in Kafka's words, and only what is not ignorable.
#[test]
fn a_value_that_the_version_lacks_is_refused() {
    let request = FetchRequest { replica_id: 2, ..Default::default() };
    let mut out = Vec::new();
    let error = request.encode(15, &mut out).expect_err("replicaId ends with version 14");
    assert_eq!(error.to_string(), "Attempted to write a non-default replicaId at version 15");
    assert_eq!(request.encode(14, &mut out), Ok(()));
    // The rack of a consumer is ignorable, and version 4 has none.
    assert_eq!(FetchRequest { rack_id: "r1".to_string(), ..Default::default() }.encode(4, &mut out), Ok(()));
    assert!(FetchRequest::default().encode(3, &mut out).is_err(), "version 3 is gone");
}

/// Tagged fields of a newer Kafka survive a round trip, in the order of their tags among the known ones.
#[test]
fn unknown_tagged_fields_are_kept() {
    let endpoint = fetch_response::NodeEndpoint { node_id: 3, host: "b3".into(), port: 9092, ..Default::default() };
    let unknown = vec![(7, Bytes::from_static(b"new"))].into();
    let response =
        FetchResponse { node_endpoints: vec![endpoint], unknown_tagged_fields: unknown, ..Default::default() };
    let mut out = Vec::new();
    response.encode(17, &mut out).expect("valid");
    assert_eq!(FetchResponse::decode(&mut out.into(), 17), Ok(response.clone()));
    let twice = FetchResponse { unknown_tagged_fields: vec![(0, Bytes::new())].into(), ..response.clone() };
    assert!(matches!(twice.encode(17, &mut Vec::new()), Err(CodecError::BadTag { tag: 0, .. })));
    let old = FetchResponse { node_endpoints: Vec::new(), ..response };
    assert_eq!(old.encode(11, &mut Vec::new()), Err(CodecError::TagsNotSupported { version: 11 }));
}
