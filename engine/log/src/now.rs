//! The time of an operation on a log.

use base::Micros;

/// The kernel's instant, by which files are stamped, and what the server's clock shows, by which Kafka decides. The two
/// differ on a server whose clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Now {
    pub at: Micros,
    /// Epoch milliseconds.
    pub epoch_ms: i64,
}

impl From<Micros> for Now {
    fn from(at: Micros) -> Now {
        Now { at, epoch_ms: at.as_epoch_ms() }
    }
}
