//! `oz vectors`: what Kafka's own classes answered, against what the engine answers.

use std::path::PathBuf;

/// Checks the named files of vectors.
pub fn vectors(_files: &[PathBuf]) -> Result<bool, String> {
    Err("no vectors can be checked by the engine of this version".to_owned())
}
