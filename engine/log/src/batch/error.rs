//! Why a batch cannot be read.

use std::fmt;

use protocol::ErrorCode;

/// The kind decides the error code that a client sees; the text is Kafka's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BatchError {
    /// `CorruptRecordException`: the bytes are not what was written.
    Corrupt(String),
    /// `InvalidRecordException`: the checksum is right and the contents make no sense.
    Invalid(String),
    /// A codec that Kafka does not know, or data that its codec cannot unpack: an unexpected exception in a broker.
    Undecodable(String),
}

impl BatchError {
    pub fn code(&self) -> ErrorCode {
        match self {
            BatchError::Corrupt(_) => ErrorCode::CorruptMessage,
            BatchError::Invalid(_) => ErrorCode::InvalidRecord,
            BatchError::Undecodable(_) => ErrorCode::UnknownServerError,
        }
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (BatchError::Corrupt(text) | BatchError::Invalid(text) | BatchError::Undecodable(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for BatchError {}
