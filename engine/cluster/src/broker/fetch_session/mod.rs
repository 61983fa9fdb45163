//! Fetch sessions (KIP-227): a reader that asks again and again for the same partitions names them once; from then on it
//! says what has changed, and hears only of partitions that have changed.
//!
//! [`cache`] is the leader's side, [`handler`] the reader's.

pub mod cache;
pub mod handler;

/// `FetchMetadata.INVALID_SESSION_ID`: no session.
pub const NO_SESSION: i32 = 0;
/// The first request of a session, which names every partition.
pub const INITIAL_EPOCH: i32 = 0;
/// A request that wants no session, and closes the one it names.
pub const FINAL_EPOCH: i32 = -1;

/// Which session a request belongs to, and the how-manieth of it it is (`FetchMetadata`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FetchMetadata {
    pub session_id: i32,
    pub epoch: i32,
}

impl FetchMetadata {
    /// A request for a new session.
    pub const INITIAL: FetchMetadata = FetchMetadata { session_id: NO_SESSION, epoch: INITIAL_EPOCH };

    /// The request names every partition.
    pub fn is_full(self) -> bool {
        matches!(self.epoch, INITIAL_EPOCH | FINAL_EPOCH)
    }

    /// The request after this one in the same session.
    pub fn next(self) -> FetchMetadata {
        FetchMetadata { epoch: next_epoch(self.epoch), ..self }
    }

    /// A request that closes this session and asks for another.
    pub fn anew(self) -> FetchMetadata {
        FetchMetadata { epoch: INITIAL_EPOCH, ..self }
    }
}

/// The epoch after one: they begin again at 1.
fn next_epoch(epoch: i32) -> i32 {
    match epoch {
        i32::MAX => 1,
        ..0 => FINAL_EPOCH,
        epoch => epoch + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_begin_again_at_one() {
        assert_eq!(next_epoch(INITIAL_EPOCH), 1);
        assert_eq!(next_epoch(i32::MAX), 1);
        assert_eq!(next_epoch(FINAL_EPOCH), FINAL_EPOCH);
        let session = FetchMetadata { session_id: 7, epoch: 3 };
        assert!(!session.is_full() && session.anew().is_full() && FetchMetadata::INITIAL.is_full());
        assert_eq!(session.next(), FetchMetadata { session_id: 7, epoch: 4 });
    }
}
