//! Why a batch cannot be read.

use std::fmt;

use protocol::ErrorCode;

/// The kind decides the error code that a client sees; the text is Kafka's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BatchError {
    /// `CorruptRecordException`: the bytes are not what was written.
    Corrupt(String),
    /// Corrupt too: a batch of magic 2 whose length leaves no room for its header.
    Short { size: u32, stored_crc: u32 },
    /// `InvalidRecordException`: the checksum is right and the contents make no sense.
    Invalid(String),
    /// A codec that Kafka does not know, or data that its codec cannot unpack: an unexpected exception in a broker.
    Undecodable(String),
}

impl BatchError {
    pub fn code(&self) -> ErrorCode {
        match self {
            BatchError::Corrupt(_) | BatchError::Short { .. } => ErrorCode::CorruptMessage,
            BatchError::Invalid(_) => ErrorCode::InvalidRecord,
            BatchError::Undecodable(_) => ErrorCode::UnknownServerError,
        }
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BatchError::Corrupt(text) | BatchError::Invalid(text) | BatchError::Undecodable(text) => f.write_str(text),
            BatchError::Short { size, .. } => {
                let least = super::HEADER_LEN;
                write!(
                    f,
                    "Record batch is corrupt (the size {size} is smaller than the minimum allowed overhead {least})"
                )
            }
        }
    }
}

impl std::error::Error for BatchError {}
