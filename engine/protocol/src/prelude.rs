//! What the generated modules use.

pub(crate) use base::Uuid;
pub(crate) use bytes::Bytes;

pub(crate) use crate::codec::{CodecError, Message, VersionRange, Wire};
pub(crate) use crate::float64::Float64;
pub(crate) use crate::json::{Json, ToJson};
pub(crate) use crate::reader::Reader;
pub(crate) use crate::records::Records;
pub(crate) use crate::tags::UnknownTags;
pub(crate) use crate::writer::{TagWriter, Writer};
