//! What travels between two nodes: a request or a response with what its header says.

use std::sync::Arc;

use bytes::Bytes;

use crate::api::{ApiKey, Request, Response};
use crate::codec::CodecError;
use crate::messages::{RequestHeader, ResponseHeader};

/// The largest frame that is read, as `socket.request.max.bytes`: 100 MiB.
pub const FRAME_BYTES_MAX: usize = 104_857_600;

/// A request or response between nodes. Inside the engine the body travels as it is (shared, never copied); `encode`
/// gives the bytes that a socket would carry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Packet {
    Request { correlation_id: i32, client_id: Arc<str>, api_version: i16, body: Arc<Request> },
    Response { correlation_id: i32, api_version: i16, body: Arc<Response> },
}

impl Packet {
    pub fn api_key(&self) -> ApiKey {
        match self {
            Packet::Request { body, .. } => body.api_key(),
            Packet::Response { body, .. } => body.api_key(),
        }
    }

    pub fn api_version(&self) -> i16 {
        match self {
            Packet::Request { api_version, .. } | Packet::Response { api_version, .. } => *api_version,
        }
    }

    pub fn correlation_id(&self) -> i32 {
        match self {
            Packet::Request { correlation_id, .. } | Packet::Response { correlation_id, .. } => *correlation_id,
        }
    }

    /// The bytes on the wire: length, header, body.
    pub fn encode(&self) -> Result<Vec<u8>, CodecError> {
        let mut out = vec![0; 4];
        self.encode_header(&mut out)?;
        match self {
            Packet::Request { body, api_version, .. } => body.encode(*api_version, &mut out)?,
            Packet::Response { body, api_version, .. } => body.encode(*api_version, &mut out)?,
        }
        let length = out.len() - 4;
        let prefix =
            i32::try_from(length).map_err(|_| CodecError::BadLength { field: "frame", length: length as i64 })?;
        out[..4].copy_from_slice(&prefix.to_be_bytes());
        Ok(out)
    }

    /// How many bytes `encode` gives, without copying records.
    pub fn wire_len(&self) -> Result<u64, CodecError> {
        let mut header = Vec::new();
        self.encode_header(&mut header)?;
        let body = match self {
            Packet::Request { body, api_version, .. } => body.encoded_len(*api_version)?,
            Packet::Response { body, api_version, .. } => body.encoded_len(*api_version)?,
        };
        Ok(4 + header.len() as u64 + body)
    }

    fn encode_header(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let api = self.api_key();
        match self {
            Packet::Request { correlation_id, client_id, api_version, .. } => RequestHeader {
                request_api_key: api.code(),
                request_api_version: *api_version,
                correlation_id: *correlation_id,
                client_id: Some(client_id.to_string()),
                ..Default::default()
            }
            .encode(api.request_header_version(*api_version), out),
            Packet::Response { correlation_id, api_version, .. } => {
                ResponseHeader { correlation_id: *correlation_id, ..Default::default() }
                    .encode(api.response_header_version(*api_version), out)
            }
        }
    }

    /// The length of the frame that the bytes start with, its prefix included; `None` until four bytes are there.
    pub fn frame_len(bytes: &[u8]) -> Result<Option<usize>, CodecError> {
        let Some(prefix) = bytes.first_chunk::<4>() else { return Ok(None) };
        let length = i32::from_be_bytes(*prefix);
        match usize::try_from(length) {
            Ok(length) if length <= FRAME_BYTES_MAX => Ok(Some(length + 4)),
            _ => Err(CodecError::BadLength { field: "frame", length: i64::from(length) }),
        }
    }

    /// The header of a request frame (length prefix included) and the body after it. The gateway needs it alone, to
    /// answer an ApiVersions request of a version it does not know.
    pub fn decode_request_header(frame: &Bytes) -> Result<(RequestHeader, Bytes), CodecError> {
        let mut rest = payload(frame)?;
        let peek = |at: usize| rest.get(at..at + 2).map(|pair| i16::from_be_bytes([pair[0], pair[1]]));
        let (Some(key), Some(version)) = (peek(0), peek(2)) else {
            return Err(CodecError::Truncated { wanted: 4, remaining: rest.len() as u64 });
        };
        let api = ApiKey::from_code(key).ok_or(CodecError::UnknownApiKey(key))?;
        let header = RequestHeader::decode(&mut rest, api.request_header_version(version))?;
        Ok((header, rest))
    }

    /// Reads a whole request frame. A null client id is the empty one, as in `RequestHeader.parse`.
    pub fn decode_request(frame: &Bytes) -> Result<Packet, CodecError> {
        let (header, mut rest) = Packet::decode_request_header(frame)?;
        let api = ApiKey::from_code(header.request_api_key).ok_or(CodecError::UnknownApiKey(header.request_api_key))?;
        let body = Request::decode(api, header.request_api_version, &mut rest)?;
        Ok(Packet::Request {
            correlation_id: header.correlation_id,
            client_id: header.client_id.unwrap_or_default().into(),
            api_version: header.request_api_version,
            body: Arc::new(body),
        })
    }

    /// Reads a whole response frame; only the sender of the request knows its API and version.
    pub fn decode_response(api: ApiKey, api_version: i16, frame: &Bytes) -> Result<Packet, CodecError> {
        let mut rest = payload(frame)?;
        let header = ResponseHeader::decode(&mut rest, api.response_header_version(api_version))?;
        let body = Response::decode(api, api_version, &mut rest)?;
        Ok(Packet::Response { correlation_id: header.correlation_id, api_version, body: Arc::new(body) })
    }
}

/// What follows the length prefix of a frame.
fn payload(frame: &Bytes) -> Result<Bytes, CodecError> {
    match Packet::frame_len(frame)? {
        Some(length) if length <= frame.len() => Ok(frame.slice(4..length)),
        Some(length) => Err(CodecError::Truncated { wanted: length as u64, remaining: frame.len() as u64 }),
        None => Err(CodecError::Truncated { wanted: 4, remaining: frame.len() as u64 }),
    }
}
