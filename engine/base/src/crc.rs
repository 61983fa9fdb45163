//! CRC-32C, the checksum of record batches (Castagnoli's polynomial, as `org.apache.kafka.common.utils.Crc32C`).
//!
//! Natively the crate `crc32c` has the processor do it. In wasm there is no such instruction, and no multiplication
//! without carry either. There long inputs are folded by the method of Kadatch and Jenkins ("Everything we know about
//! CRC but afraid to forget", 2010), which zlib-ng has under the name Chorba: a multiple of the polynomial that has few
//! terms, whole bytes apart, says to which few later bytes each byte can be added and then be forgotten. That takes no
//! table, and can be done to sixteen bytes at a time. What is left at the end goes through tables; those are
//! 8 KB of noise that no compression makes smaller, so they are worked out at first use.

/// The checksum of some bytes.
#[cfg(not(target_arch = "wasm32"))]
pub fn crc32c(bytes: &[u8]) -> u32 {
    ::crc32c::crc32c(bytes)
}

/// The checksum of some bytes.
#[cfg(target_arch = "wasm32")]
pub fn crc32c(bytes: &[u8]) -> u32 {
    portable::crc32c(bytes)
}

#[cfg(any(target_arch = "wasm32", test))]
mod portable {
    use wide::u8x16;

    /// How many bytes further a byte is added to: with y = x^8, y^352 + y^188 + y^179 + y^76 + y^7 + 1 is a multiple of
    /// the polynomial. None of fewer terms spans less than 5,000 bytes.
    const LAGS: [usize; 5] = [164, 173, 276, 345, SPAN];
    /// The most of them.
    const SPAN: usize = 352;
    /// Bytes folded at a time: few, so that their sums are worked out in registers and the code stays small.
    const BLOCK: usize = 64;
    /// Of the room in which is folded: the last bytes of before, and then new ones.
    const ROOM: usize = SPAN + 30 * BLOCK;
    /// Shorter inputs are not worth the room.
    const LONG: usize = 2_048;

    /// The checksum of some bytes.
    pub fn crc32c(bytes: &[u8]) -> u32 {
        if bytes.len() < LONG { !through_tables(!0, bytes) } else { !folded(bytes) }
    }

    fn folded(bytes: &[u8]) -> u32 {
        let mut room = [0; ROOM];
        let mut end = SPAN;
        let mut rest = bytes;
        while rest.len() >= SPAN + BLOCK
            && let Some((block, after)) = rest.split_first_chunk::<BLOCK>()
        {
            if end == ROOM {
                room.copy_within(ROOM - SPAN.., 0);
                end = SPAN;
            }
            let (before, next) = room.split_at_mut(end);
            let Some(next) = next.first_chunk_mut() else { break };
            fold(block, &before[end - SPAN..], next);
            if rest.len() == bytes.len() {
                // That the register begins with all bits set.
                next[..4].iter_mut().for_each(|byte| *byte = !*byte);
            }
            end += BLOCK;
            rest = after;
        }
        let mut window = [0; 2 * SPAN];
        window[..SPAN].copy_from_slice(&room[end - SPAN..end]);
        let (tail, rest) = rest.split_first_chunk::<SPAN>().unwrap_or((&[0; SPAN], rest));
        let mut last = [0; SPAN];
        fold(tail, &window, &mut last);
        through_tables(through_tables(0, &last), rest)
    }

    /// Bytes, a multiple of 16, and what earlier ones add to them. Of the window, the first `SPAN` are those before them. The
    /// sums go straight to their place: to return them would copy them, which takes as long as to work them out.
    fn fold<const N: usize>(bytes: &[u8; N], window: &[u8], sums: &mut [u8; N]) {
        let [Some(a), Some(b), Some(c), Some(d), Some(e)] = LAGS.map(|lag| window[SPAN - lag..].first_chunk::<N>())
        else {
            return;
        };
        // Loops of bytes stay loops of bytes where the whole is optimised for size; these are sixteen in any case.
        let lane = |bytes: &[u8; N], at: usize| u8x16::new(bytes.as_chunks().0[at]);
        for (at, sum) in sums.as_chunks_mut().0.iter_mut().enumerate() {
            let earlier = lane(a, at) ^ lane(b, at) ^ lane(c, at) ^ lane(d, at) ^ lane(e, at);
            *sum = (lane(bytes, at) ^ earlier).to_array();
        }
    }

    /// The register after some more bytes.
    fn through_tables(register: u32, bytes: &[u8]) -> u32 {
        // A constant, but for when it is worked out.
        static TABLES: std::sync::LazyLock<[[u32; 256]; 8]> = std::sync::LazyLock::new(tables);
        let tables = &*TABLES;
        let (words, rest) = bytes.as_chunks::<8>();
        let mut crc = register;
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
        crc
    }

    /// `tables[k][b]`: what byte `b` does to the checksum with `k` bytes behind it ("slicing by 8", Kounavis and Berry 2005).
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_the_checksum_of_the_standard() {
        // RFC 3720, appendix B.4.
        assert_eq!(portable::crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(portable::crc32c(&[0xFF; 32]), 0x62A8_AB43);
        assert_eq!(portable::crc32c(b"123456789"), 0xE306_9283);
        let bytes: Vec<u8> = (0..9_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for length in (0..100).chain(2_000..2_700).chain([4_448, 4_449, 8_999]) {
            assert_eq!(portable::crc32c(&bytes[..length]), crc32c(&bytes[..length]), "{length}");
        }
    }
}
