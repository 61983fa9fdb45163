//! Kafka's 128-bit ids, printed as 22 characters of URL-safe base64 (`org.apache.kafka.common.Uuid`).

use std::fmt;
use std::str::FromStr;

use crate::rng::Rng;

/// A topic id, a directory id, an incarnation id. `ZERO` means none.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub u128);

impl Uuid {
    pub const ZERO: Uuid = Uuid(0);
    /// `Uuid.METADATA_TOPIC_ID`, the id of `__cluster_metadata`.
    pub const METADATA_TOPIC: Uuid = Uuid(1);

    /// A random (version 4) id. Kafka avoids ids that print with a leading dash, which shells take for a flag.
    pub fn random(rng: &mut Rng) -> Uuid {
        loop {
            let raw = (u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64());
            let id = Uuid((raw & !(0xF000u128 << 64) & !(0xC000u128 << 48)) | (0x4000u128 << 64) | (0x8000u128 << 48));
            if !id.to_string().starts_with('-') {
                return id;
            }
        }
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 128 bits are 21 sextets and 2 bits; the last character holds those 2 bits and four zeros.
        for i in 0..22u32 {
            let sextet = if i < 21 { (self.0 >> (122 - 6 * i)) & 63 } else { (self.0 << 4) & 63 };
            write!(f, "{}", ALPHABET[sextet as usize] as char)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not 22 characters of URL-safe base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseUuidError;

impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Uuid, ParseUuidError> {
        if text.len() != 22 {
            return Err(ParseUuidError);
        }
        let mut id = 0u128;
        for (i, byte) in text.bytes().enumerate() {
            let sextet = ALPHABET.iter().position(|a| *a == byte).ok_or(ParseUuidError)? as u128;
            id = if i < 21 { (id << 6) | sextet } else { (id << 2) | (sextet >> 4) };
        }
        Ok(Uuid(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_as_kafka_prints_them() {
        assert_eq!(Uuid::ZERO.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(Uuid::METADATA_TOPIC.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
        assert_eq!(Uuid(u128::MAX).to_string(), "_____________________w");
    }

    #[test]
    fn random_ids_are_read_back_are_of_version_4_and_never_look_like_a_flag() {
        let mut rng = Rng::new(1, 0, "uuid");
        for _ in 0..2_000 {
            let id = Uuid::random(&mut rng);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert!(!id.to_string().starts_with('-'));
            assert_eq!((id.0 >> 76 & 0xF, id.0 >> 62 & 0b11), (4, 0b10));
        }
        for bad in ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAA+", "AAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(bad.parse::<Uuid>(), Err(ParseUuidError));
        }
    }
}
