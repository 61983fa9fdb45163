//! CRC-32C, the checksum of record batches (Castagnoli's polynomial, as `org.apache.kafka.common.utils.Crc32C`).
//!
//! Natively the crate `crc32c` has the processor do it. In wasm there is no such instruction, and the crate's tables are
//! 8 KB of noise that no compression makes smaller: there the same tables are worked out at first use.

/// The checksum of some bytes.
#[cfg(not(target_arch = "wasm32"))]
pub fn crc32c(bytes: &[u8]) -> u32 {
    ::crc32c::crc32c(bytes)
}

/// The checksum of some bytes.
#[cfg(target_arch = "wasm32")]
pub fn crc32c(bytes: &[u8]) -> u32 {
    by_table(bytes)
}

#[cfg(any(target_arch = "wasm32", test))]
fn by_table(bytes: &[u8]) -> u32 {
    // A constant, but for when it is worked out.
    static TABLES: std::sync::LazyLock<[[u32; 256]; 8]> = std::sync::LazyLock::new(tables);
    let tables = &*TABLES;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut crc = !0u32;
    for word in words {
        let [a, b, c, d, e, f, g, h] = (u64::from_le_bytes(*word) ^ u64::from(crc)).to_le_bytes();
        crc = tables[7][usize::from(a)]
            ^ tables[6][usize::from(b)]
            ^ tables[5][usize::from(c)]
            ^ tables[4][usize::from(d)]
            ^ tables[3][usize::from(e)]
            ^ tables[2][usize::from(f)]
            ^ tables[1][usize::from(g)]
            ^ tables[0][usize::from(h)];
    }
    for byte in rest {
        crc = (crc >> 8) ^ tables[0][usize::from(crc as u8 ^ byte)];
    }
    !crc
}

/// `tables[k][b]`: what byte `b` does to the checksum with `k` bytes behind it ("slicing by 8", Kounavis and Berry 2005).
#[cfg(any(target_arch = "wasm32", test))]
fn tables() -> [[u32; 256]; 8] {
    /// The polynomial 0x1EDC6F41 with its bits the other way round.
    const POLYNOMIAL: u32 = 0x82F6_3B78;
    let mut tables = [[0; 256]; 8];
    for (byte, entry) in (0..).zip(&mut tables[0]) {
        *entry = (0..8).fold(byte, |crc: u32, _| (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg()));
    }
    for k in 1..8 {
        for byte in 0..256 {
            let before = tables[k - 1][byte];
            tables[k][byte] = (before >> 8) ^ tables[0][usize::from(before as u8)];
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_the_checksum_of_the_standard() {
        // RFC 3720, appendix B.4.
        assert_eq!(by_table(&[0; 32]), 0x8A91_36AA);
        assert_eq!(by_table(&[0xFF; 32]), 0x62A8_AB43);
        assert_eq!(by_table(b"123456789"), 0xE306_9283);
        let mut bytes = Vec::new();
        for length in 0..100u8 {
            assert_eq!(by_table(&bytes), crc32c(&bytes), "{length}");
            bytes.push(length.wrapping_mul(41));
        }
    }
}
