//! The sparse indexes of a segment (`OffsetIndex`, `TimeIndex`, `TransactionIndex`): what stands in `.index`,
//! `.timeindex` and `.txnindex`.

use bytes::Bytes;

/// Bytes of one entry of `.index`: relative offset i32, position i32.
pub const OFFSET_ENTRY_LEN: usize = 8;
/// Bytes of one entry of `.timeindex`: timestamp i64, relative offset i32.
pub const TIME_ENTRY_LEN: usize = 12;
/// Bytes of one entry of `.txnindex`: version i16, producer id, first offset, last offset, last stable offset.
pub const TXN_ENTRY_LEN: usize = 34;

/// Offset to position in the segment file, one entry every `index.interval.bytes`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetIndex {
    base_offset: i64,
    max_entries: u32,
    /// Relative offset and position.
    entries: Vec<(i32, i32)>,
}

impl OffsetIndex {
    pub fn new(base_offset: i64, max_bytes: i32) -> OffsetIndex {
        OffsetIndex { base_offset, max_entries: max_bytes.max(0) as u32 / OFFSET_ENTRY_LEN as u32, entries: Vec::new() }
    }

    /// Reads the file; a torn last entry is left out.
    pub fn read(base_offset: i64, max_bytes: i32, file: &[u8]) -> OffsetIndex {
        let mut index = OffsetIndex::new(base_offset, max_bytes);
        for entry in file.as_chunks::<OFFSET_ENTRY_LEN>().0 {
            let [a, b, c, d, e, f, g, h] = *entry;
            index.entries.push((i32::from_be_bytes([a, b, c, d]), i32::from_be_bytes([e, f, g, h])));
        }
        index
    }

    pub fn is_full(&self) -> bool {
        self.entries.len() as u64 >= u64::from(self.max_entries)
    }

    /// The size of the file while it can grow: as many whole entries as `segment.index.bytes` has room for.
    pub fn reserved_bytes(&self) -> u64 {
        u64::from(self.max_entries) * OFFSET_ENTRY_LEN as u64
    }

    /// A new segment takes over when an offset does not fit the 31 bits of an entry.
    pub fn can_append_offset(&self, offset: i64) -> bool {
        offset.checked_sub(self.base_offset).is_some_and(|relative| (0..=i64::from(i32::MAX)).contains(&relative))
    }

    /// The bytes to append to the file.
    pub fn append(&mut self, offset: i64, position: i32) -> Bytes {
        let relative = (offset - self.base_offset) as i32;
        self.entries.push((relative, position));
        offset_entry(relative, position).to_vec().into()
    }

    /// The greatest entry that is not above `offset`: where a scan has to start. Without one, the start of the segment.
    pub fn lookup(&self, offset: i64) -> (i64, i32) {
        let after = self.entries.partition_point(|entry| self.base_offset + i64::from(entry.0) <= offset);
        after.checked_sub(1).map_or((self.base_offset, 0), |at| self.entry(at))
    }

    /// Absolute offset and position of each entry.
    pub fn entries(&self) -> impl Iterator<Item = (i64, i32)> + '_ {
        (0..self.entries.len()).map(|at| self.entry(at))
    }

    /// Removes the entries at and above `offset`.
    pub fn truncate_to(&mut self, offset: i64) {
        self.entries.retain(|entry| self.base_offset + i64::from(entry.0) < offset);
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub fn file(&self) -> Bytes {
        self.entries.iter().flat_map(|entry| offset_entry(entry.0, entry.1)).collect::<Vec<u8>>().into()
    }

    fn entry(&self, at: usize) -> (i64, i32) {
        let (relative, position) = self.entries[at];
        (self.base_offset + i64::from(relative), position)
    }
}

fn offset_entry(relative: i32, position: i32) -> [u8; OFFSET_ENTRY_LEN] {
    (i64::from(relative) << 32 | i64::from(position as u32)).to_be_bytes()
}

/// A timestamp and the last offset of the batch that it is the largest of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimestampOffset {
    pub timestamp: i64,
    pub offset: i64,
}

/// Largest timestamp so far to offset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimeIndex {
    base_offset: i64,
    max_entries: u32,
    entries: Vec<(i64, i32)>,
}

impl TimeIndex {
    pub fn new(base_offset: i64, max_bytes: i32) -> TimeIndex {
        TimeIndex { base_offset, max_entries: max_bytes.max(0) as u32 / TIME_ENTRY_LEN as u32, entries: Vec::new() }
    }

    pub fn read(base_offset: i64, max_bytes: i32, file: &[u8]) -> TimeIndex {
        let mut index = TimeIndex::new(base_offset, max_bytes);
        for entry in file.as_chunks::<TIME_ENTRY_LEN>().0 {
            let (timestamp, relative) = entry.split_at(8);
            let timestamp = i64::from_be_bytes(timestamp.try_into().expect("eight bytes"));
            index.entries.push((timestamp, i32::from_be_bytes(relative.try_into().expect("four bytes"))));
        }
        index
    }

    /// The size of the file while it can grow.
    pub fn reserved_bytes(&self) -> u64 {
        u64::from(self.max_entries) * TIME_ENTRY_LEN as u64
    }

    /// One place is kept for the entry that is forced when the segment becomes inactive.
    pub fn is_full(&self) -> bool {
        self.entries.len() as u64 + 1 >= u64::from(self.max_entries)
    }

    /// The last entry, or timestamp -1 at the base offset.
    pub fn last(&self) -> TimestampOffset {
        self.entries.len().checked_sub(1).map_or(self.none(), |at| self.entry(at))
    }

    /// The bytes to append to the file: none unless the timestamp grew.
    pub fn maybe_append(&mut self, entry: TimestampOffset) -> Option<Bytes> {
        if entry.timestamp <= self.last().timestamp {
            return None;
        }
        let relative = (entry.offset - self.base_offset) as i32;
        self.entries.push((entry.timestamp, relative));
        Some(time_entry(entry.timestamp, relative).to_vec().into())
    }

    /// The greatest entry that is not above `timestamp`.
    pub fn lookup(&self, timestamp: i64) -> TimestampOffset {
        let after = self.entries.partition_point(|entry| entry.0 <= timestamp);
        after.checked_sub(1).map_or(self.none(), |at| self.entry(at))
    }

    pub fn entries(&self) -> impl Iterator<Item = TimestampOffset> + '_ {
        (0..self.entries.len()).map(|at| self.entry(at))
    }

    pub fn truncate_to(&mut self, offset: i64) {
        self.entries.retain(|entry| self.base_offset + i64::from(entry.1) < offset);
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub fn file(&self) -> Bytes {
        self.entries.iter().flat_map(|entry| time_entry(entry.0, entry.1)).collect::<Vec<u8>>().into()
    }

    fn none(&self) -> TimestampOffset {
        TimestampOffset { timestamp: -1, offset: self.base_offset }
    }

    fn entry(&self, at: usize) -> TimestampOffset {
        let (timestamp, relative) = self.entries[at];
        TimestampOffset { timestamp, offset: self.base_offset + i64::from(relative) }
    }
}

fn time_entry(timestamp: i64, relative: i32) -> [u8; TIME_ENTRY_LEN] {
    let mut bytes = [0; TIME_ENTRY_LEN];
    bytes[..8].copy_from_slice(&timestamp.to_be_bytes());
    bytes[8..].copy_from_slice(&relative.to_be_bytes());
    bytes
}

/// An aborted transaction: what a `read_committed` consumer must skip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbortedTxn {
    pub producer_id: i64,
    pub first_offset: i64,
    /// The marker's offset.
    pub last_offset: i64,
    /// The last stable offset right after this transaction ended.
    pub last_stable_offset: i64,
}

impl AbortedTxn {
    pub fn to_bytes(self) -> [u8; TXN_ENTRY_LEN] {
        let mut bytes = [0; TXN_ENTRY_LEN];
        let fields = [self.producer_id, self.first_offset, self.last_offset, self.last_stable_offset];
        for (at, field) in fields.into_iter().enumerate() {
            bytes[2 + 8 * at..10 + 8 * at].copy_from_slice(&field.to_be_bytes());
        }
        bytes
    }

    /// Reads a `.txnindex` file; a torn last entry is left out.
    pub fn read_all(file: &[u8]) -> Vec<AbortedTxn> {
        let field = |entry: &[u8], at: usize| {
            i64::from_be_bytes(entry[2 + 8 * at..10 + 8 * at].try_into().expect("eight bytes"))
        };
        file.as_chunks::<TXN_ENTRY_LEN>()
            .0
            .iter()
            .map(|entry| AbortedTxn {
                producer_id: field(entry, 0),
                first_offset: field(entry, 1),
                last_offset: field(entry, 2),
                last_stable_offset: field(entry, 3),
            })
            .collect()
    }
}
