//! The log microscope: one replica's folder on its disk, from the segments down to the bytes of one batch.

use serde::{Deserialize, Serialize};

use crate::view::CellView;

/// What the disk of one broker holds of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogView {
    /// `b2/kafka-logs/orders-1`.
    pub folder: String,
    pub log_start: i64,
    pub log_end: i64,
    pub high_watermark: i64,
    /// `None` while the broker is down: no file holds it.
    pub last_stable: Option<i64>,
    /// Up to where the cleaner has been (`cleaner-offset-checkpoint`).
    pub cleaned_to: Option<i64>,
    /// `leader-epoch-checkpoint`: epoch, and the offset it began at.
    pub epochs: Vec<(i32, i64)>,
    pub segments: Vec<SegmentView>,
    /// First and end of the offsets that `records` was read for. An offset between them without a record is a gap.
    pub window: (i64, i64),
    pub records: Vec<CellView>,
    /// The segment that holds the offset asked for, opened.
    pub open: Option<OpenView>,
    pub gone: Option<GoneView>,
}

/// What the cleaner replaced or retention deleted: its files end with `.deleted` until `file.delete.delay.ms` is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneView {
    /// The segments as they were, and their records in the window.
    pub segments: Vec<SegmentView>,
    pub records: Vec<CellView>,
    /// Where the dirty part of the cleaner's last pass began, if it was this process.
    pub dirty: Option<i64>,
    /// The offset map of that pass: of the first keys of the dirty part the newest record.
    pub newest: Vec<CellView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentView {
    pub base: i64,
    /// Offset after its last record.
    pub end: i64,
    pub bytes: u64,
    /// The newest: the only one that grows, and never cleaned.
    pub active: bool,
}

/// A segment's batches and index around an offset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenView {
    /// Of the segment.
    pub base: i64,
    /// The offset that was looked for.
    pub offset: i64,
    pub bytes: u64,
    /// Entries of its offset index: offset, and byte in the segment.
    pub index: Vec<(i64, u64)>,
    /// The entry that a look-up finds: the greatest that is not above the offset.
    pub found: (i64, u64),
    pub batches: Vec<BatchMark>,
    /// The batch that holds the offset, or the first after it.
    pub batch: Option<BatchView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchMark {
    pub base: i64,
    pub last: i64,
    /// Byte in the segment.
    pub at: u64,
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchView {
    pub mark: BatchMark,
    /// The bytes as they lie on the disk, or as many as are shown.
    pub bytes: Vec<u8>,
    /// From this byte on all is covered by the checksum.
    pub crc_from: u32,
    pub crc_holds: bool,
    pub fields: Vec<FieldView>,
}

/// One field of a batch: its place, what it says, what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldView {
    /// As Kafka's `DefaultRecordBatch` names it.
    pub name: String,
    pub at: u32,
    /// 0 for a record inside a compressed batch: it has no bytes of its own on the disk.
    pub bytes: u32,
    pub value: String,
    pub note: String,
}
