//! The hashes of SCRAM (RFC 5802): the salted password (`Hi`: PBKDF2 with one block of HMAC-SHA-256 or HMAC-SHA-512), which
//! `kafka-configs` sends instead of the password, and the two keys that are kept of it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

/// The hash of a mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sha {
    Sha256,
    Sha512,
}

impl Sha {
    /// What a server keeps to check a client: the hash of the client's key.
    pub fn stored_key(self, salted_password: &[u8]) -> Vec<u8> {
        let client_key = hmac(self, salted_password, b"Client Key");
        match self {
            Sha::Sha256 => Sha256::digest(&client_key).to_vec(),
            Sha::Sha512 => Sha512::digest(&client_key).to_vec(),
        }
    }

    /// What a server proves itself with.
    pub fn server_key(self, salted_password: &[u8]) -> Vec<u8> {
        hmac(self, salted_password, b"Server Key")
    }
}

/// `Hi(password, salt, iterations)`.
pub fn salted_password(sha: Sha, password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
    let mut block = hmac(sha, password, &[salt, &1u32.to_be_bytes()].concat());
    let mut sum = block.clone();
    for _ in 1..iterations {
        block = hmac(sha, password, &block);
        for (all, one) in sum.iter_mut().zip(&block) {
            *all ^= one;
        }
    }
    sum
}

fn hmac(sha: Sha, key: &[u8], text: &[u8]) -> Vec<u8> {
    match sha {
        Sha::Sha256 => {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
            mac.update(text);
            mac.finalize().into_bytes().to_vec()
        }
        Sha::Sha512 => {
            let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("a key of any length");
            mac.update(text);
            mac.finalize().into_bytes().to_vec()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677.
    #[test]
    fn the_example_of_the_standard() {
        let salt = [0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81];
        let salted = salted_password(Sha::Sha256, b"pencil", &salt, 4_096);
        let hex: String = salted.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d");
    }
}
