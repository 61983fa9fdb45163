//! One file of a virtual disk: a rope of shared chunks, frozen in blocks.
//!
//! A log is one chunk per record batch, easily ten thousand of them, and the first append after a snapshot must copy the
//! file. Therefore full blocks of 64 chunks are frozen behind an `Arc`: the copy costs one pointer per block and at most
//! 64 chunks of the tail.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use base::{Digest, Micros};
use bytes::Bytes;

/// Chunks in a frozen block: few enough to copy, many enough that blocks are rare.
const BLOCK_CHUNKS: usize = 64;

/// One file. Its chunks one after the other are its contents.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct File {
    blocks: Vec<Arc<Block>>,
    tail: Vec<Bytes>,
    len: u64,
    /// Bytes that an fsync has made safe against a power cut. A mere kill of the process loses nothing (page cache).
    synced_len: u64,
    /// The size that the file has in its folder when more room was taken than is used (a memory-mapped index). Zeros.
    reserved: u64,
    /// Time of the last change.
    pub modified: Micros,
}

impl File {
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The size in its folder: the contents, or the room that was taken in advance.
    pub fn size(&self) -> u64 {
        self.len.max(self.reserved)
    }

    pub(crate) fn reserve(&mut self, size: u64) {
        self.reserved = size;
    }

    /// Bytes that survive a power cut.
    pub fn synced_len(&self) -> u64 {
        self.synced_len
    }

    /// The pieces as they were appended, in order (a truncation may have shortened the last).
    pub fn chunks(&self) -> impl Iterator<Item = &Bytes> {
        self.blocks.iter().flat_map(|block| &block.chunks).chain(&self.tail)
    }

    /// The whole contents in one piece (a copy unless the file is one chunk).
    pub fn contents(&self) -> Bytes {
        self.read(0, self.len)
    }

    /// Up to `len` bytes from position `start`, less at the end of the file. A copy only if it spans chunks.
    pub fn read(&self, start: u64, len: u64) -> Bytes {
        let end = start.saturating_add(len).min(self.len);
        let mut pieces: Vec<Bytes> = Vec::new();
        // Blocks know where they begin; all that end at or before `start` are skipped without a look inside.
        let skipped = self.blocks.partition_point(|block| block.end <= start);
        let mut at = if skipped == 0 { 0 } else { self.blocks[skipped - 1].end };
        let chunks = self.blocks[skipped..].iter().flat_map(|block| &block.chunks).chain(&self.tail);
        for chunk in chunks {
            if at >= end {
                break;
            }
            let chunk_end = at + chunk.len() as u64;
            if chunk_end > start {
                let from = start.saturating_sub(at) as usize;
                let to = (end.min(chunk_end) - at) as usize;
                pieces.push(chunk.slice(from..to));
            }
            at = chunk_end;
        }
        match pieces.len() {
            0 => Bytes::new(),
            1 => pieces.swap_remove(0),
            _ => pieces.concat().into(),
        }
    }

    /// A new file whose contents are already safe.
    pub(crate) fn synced(bytes: Bytes, now: Micros) -> File {
        let len = bytes.len() as u64;
        File { blocks: Vec::new(), tail: vec![bytes], len, synced_len: len, reserved: 0, modified: now }
    }

    pub(crate) fn append(&mut self, bytes: Bytes, now: Micros) {
        self.modified = now;
        if bytes.is_empty() {
            return;
        }
        if self.tail.len() == BLOCK_CHUNKS {
            let chunks = std::mem::take(&mut self.tail);
            self.blocks.push(Arc::new(Block { end: self.len, chunks, digest: OnceLock::new() }));
        }
        self.len += bytes.len() as u64;
        self.tail.push(bytes);
    }

    /// Cuts the file to `len` bytes; a file that is shorter stays as it is.
    pub(crate) fn truncate(&mut self, len: u64, now: Micros) {
        self.modified = now;
        while self.len > len {
            let Some(last) = self.tail.pop() else {
                let Some(block) = self.blocks.pop() else { break };
                self.tail.clone_from(&block.chunks);
                continue;
            };
            self.len -= last.len() as u64;
            if self.len < len {
                let keep = (len - self.len) as usize;
                self.len = len;
                self.tail.push(last.slice(..keep));
            }
        }
        self.synced_len = self.synced_len.min(self.len);
    }

    pub(crate) fn sync(&mut self) {
        self.synced_len = self.len;
    }
}

/// Lengths only, see `Disk`.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({} bytes, {} synced)", self.len, self.synced_len)
    }
}

/// Chunks that no longer change, except that a truncation thaws the last block.
struct Block {
    /// Position in the file where this block ends. Exclusive.
    end: u64,
    chunks: Vec<Bytes>,
    /// Of the chunks, once somebody asked: a digest of the world then reads each byte once and not once a digest.
    digest: OnceLock<u64>,
}

impl PartialEq for Block {
    fn eq(&self, other: &Block) -> bool {
        self.end == other.end && self.chunks == other.chunks
    }
}

impl Eq for Block {}

impl Hash for Block {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(*self.digest.get_or_init(|| Digest::of(&self.chunks)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(chunks: u64) -> File {
        let mut file = File::default();
        for i in 0..chunks {
            file.append(Bytes::from(format!("{i:04}")), Micros(i));
        }
        file
    }

    #[test]
    fn reads_span_chunks_and_blocks() {
        let file = numbered(1_000);
        let whole: String = (0..1_000).map(|i| format!("{i:04}")).collect();
        assert_eq!(file.len(), 4_000);
        assert_eq!(file.chunks().count(), 1_000);
        assert_eq!(file.contents(), whole);
        for (start, len) in [(0, 0), (0, 4), (1, 2), (3, 2), (254, 8), (255, 1), (256, 4), (3_998, 100), (4_000, 1)] {
            let end = (start + len).min(4_000) as usize;
            assert_eq!(file.read(start, len), whole[start as usize..end], "read({start}, {len})");
        }
        assert_eq!(file.read(9_999, 5), "", "past the end there is nothing");
    }

    #[test]
    fn a_truncation_may_reach_into_any_block() {
        for len in [4_000, 3_999, 2_050, 256, 255, 1, 0] {
            let mut file = numbered(1_000);
            file.truncate(len, Micros(9));
            assert_eq!(file.len(), len);
            assert_eq!(file.contents().len() as u64, len);
            file.append(Bytes::from_static(b"next"), Micros(10));
            assert_eq!(file.read(len, 10), "next");
        }
    }

    #[test]
    fn synced_bytes_that_were_cut_off_are_not_synced_any_more() {
        let mut file = numbered(10);
        file.sync();
        file.truncate(6, Micros(9));
        file.append(Bytes::from_static(b"abc"), Micros(9));
        assert_eq!((file.len(), file.synced_len()), (9, 6));
    }

    #[test]
    fn an_append_after_a_copy_copies_blocks_and_not_chunks() {
        let file = numbered(10_000);
        let mut copy = file.clone();
        copy.append(Bytes::from_static(b"more"), Micros(1));
        assert!(file.blocks.len() < 160 && file.tail.len() <= BLOCK_CHUNKS);
        assert!(file.blocks.iter().zip(&copy.blocks).all(|(a, b)| Arc::ptr_eq(a, b)));
        assert_ne!(Digest::of(&file), Digest::of(&copy));
    }

    #[test]
    fn equal_files_have_equal_digests_whether_or_not_a_block_was_digested_before() {
        let first = numbered(500);
        let before = Digest::of(&first);
        assert_eq!(before, Digest::of(&first));
        assert_eq!(before, Digest::of(&numbered(500)));
        let mut other = numbered(500);
        other.truncate(100, Micros(0));
        assert_ne!(before, Digest::of(&other));
    }
}
