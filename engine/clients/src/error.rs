//! Exceptions as Kafka's Java clients throw them: a class and a message. Tools print both, so both are to the letter.

use std::fmt;

use protocol::ErrorCode;

pub const CONFIG: &str = "org.apache.kafka.common.config.ConfigException";
pub const KAFKA: &str = "org.apache.kafka.common.KafkaException";
pub const TIMEOUT: &str = "org.apache.kafka.common.errors.TimeoutException";
pub const DISCONNECT: &str = "org.apache.kafka.common.errors.DisconnectException";
pub const UNSUPPORTED_VERSION: &str = "org.apache.kafka.common.errors.UnsupportedVersionException";
pub const INVALID_TOPIC: &str = "org.apache.kafka.common.errors.InvalidTopicException";
pub const RECORD_TOO_LARGE: &str = "org.apache.kafka.common.errors.RecordTooLargeException";
pub const BUFFER_EXHAUSTED: &str = "org.apache.kafka.clients.producer.BufferExhaustedException";
pub const ILLEGAL_STATE: &str = "java.lang.IllegalStateException";
pub const ILLEGAL_ARGUMENT: &str = "java.lang.IllegalArgumentException";
pub const EXECUTION: &str = "java.util.concurrent.ExecutionException";
pub const OFFSET_OUT_OF_RANGE: &str = "org.apache.kafka.clients.consumer.OffsetOutOfRangeException";
pub const NO_OFFSET: &str = "org.apache.kafka.clients.consumer.NoOffsetForPartitionException";
pub const INVALID_RECORD: &str = "org.apache.kafka.common.InvalidRecordException";

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KafkaError {
    /// The full Java class name.
    pub class: String,
    /// `None` prints as `null` where Java concatenates it, and as nothing in `toString`.
    pub message: Option<String>,
    pub cause: Option<Box<KafkaError>>,
    /// Where it was thrown, the innermost call first, as far as that is told.
    pub frames: Vec<&'static str>,
    /// The error code it stands for, if a broker sent one.
    pub code: ErrorCode,
    /// Whether it extends `RetriableException`.
    pub retriable: bool,
}

impl KafkaError {
    pub fn new(class: &str, message: impl Into<String>) -> KafkaError {
        KafkaError {
            class: class.to_string(),
            message: Some(message.into()),
            cause: None,
            frames: Vec::new(),
            code: ErrorCode::UnknownServerError,
            retriable: matches!(class, TIMEOUT | DISCONNECT | BUFFER_EXHAUSTED),
        }
    }

    /// `Errors.exception(message)`: the exception of a code, with its own words where the broker sent none.
    pub fn api(code: ErrorCode, message: Option<&str>) -> KafkaError {
        KafkaError {
            class: code.exception(),
            message: Some(message.unwrap_or(code.message()).to_string()),
            cause: None,
            frames: Vec::new(),
            code,
            retriable: code.retriable(),
        }
    }

    pub fn caused_by(mut self, cause: KafkaError) -> KafkaError {
        self.cause = Some(Box::new(cause));
        self
    }

    /// Thrown through these calls, the innermost first.
    pub fn at(mut self, frames: &[&'static str]) -> KafkaError {
        self.frames.extend_from_slice(frames);
        self
    }

    /// What `Throwable.getMessage()` prints.
    pub fn message(&self) -> &str {
        self.message.as_deref().unwrap_or("null")
    }

    /// `Throwable.printStackTrace`: the exception and its causes, each with its frames where they are known. Of a cause's
    /// frames those are left out that the exception around it had.
    pub fn stack_trace(&self) -> String {
        let mut text = format!("{self}\n");
        push_frames(&mut text, &self.frames);
        let (mut around, mut next) = (self, &self.cause);
        while let Some(cause) = next {
            text.push_str(&format!("Caused by: {cause}\n"));
            push_frames(&mut text, &cause.frames);
            // The innermost call around is the one that caught it, at another line.
            if !cause.frames.is_empty() && around.frames.len() > 1 {
                text.push_str(&format!("\t... {} more\n", around.frames.len() - 1));
            }
            (around, next) = (cause, &cause.cause);
        }
        text
    }
}

fn push_frames(text: &mut String, frames: &[&'static str]) {
    for frame in frames {
        text.push_str("\tat ");
        text.push_str(frame);
        text.push('\n');
    }
}

/// `Throwable.toString()`.
impl fmt::Display for KafkaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {message}", self.class),
            None => f.write_str(&self.class),
        }
    }
}
