//! gzip (RFC 1952) around deflate, as `java.util.zip.GZIPOutputStream` writes it.

use base::limits::DECOMPRESSED_BATCH_MAX;

use super::crc32;
use deflate::{deflate, inflate};

/// Magic, deflate, no flags, no time, no extra flags, unknown system.
const HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

const FLAG_HEADER_CRC: u8 = 2;
const FLAG_EXTRA: u8 = 4;
const FLAG_NAME: u8 = 8;
const FLAG_COMMENT: u8 = 16;

pub fn compress(plain: &[u8], level: i32) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    out.extend(deflate(plain, level));
    out.extend_from_slice(&crc32(plain).to_le_bytes());
    out.extend_from_slice(&(plain.len() as u32).to_le_bytes());
    out
}

/// Fails with Java's exception where the header is wrong, and with no words where the rest is.
pub fn decompress(packed: &[u8]) -> Result<Vec<u8>, &'static str> {
    if packed.len() >= 2 && packed[..2] != HEADER[..2] {
        return Err("java.util.zip.ZipException: Not in GZIP format");
    }
    if packed.len() >= 3 && packed[2] != HEADER[2] {
        return Err("java.util.zip.ZipException: Unsupported compression method");
    }
    unpack(after_header(packed).ok_or("java.io.EOFException")?).ok_or("")
}

fn unpack(body: &[u8]) -> Option<Vec<u8>> {
    let (plain, used) = inflate(body, DECOMPRESSED_BATCH_MAX)?;
    let (crc, rest) = body[used..].split_first_chunk::<4>()?;
    let len = rest.first_chunk::<4>()?;
    (*crc == crc32(&plain).to_le_bytes() && *len == (plain.len() as u32).to_le_bytes()).then_some(plain)
}

fn after_header(packed: &[u8]) -> Option<&[u8]> {
    let (header, mut rest) = packed.split_at_checked(HEADER.len())?;
    let flags = header[3];
    if flags & FLAG_EXTRA != 0 {
        let (len, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*len))..)?;
    }
    for flag in [FLAG_NAME, FLAG_COMMENT] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & FLAG_HEADER_CRC != 0 { rest.get(2..) } else { Some(rest) }
}
