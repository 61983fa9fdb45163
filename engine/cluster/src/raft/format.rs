//! What formatting leaves in a log directory beside `meta.properties` (`Formatter`): `bootstrap.checkpoint` with the first
//! records of a cluster, and for a controller of a dynamic quorum a snapshot at offset 0 with the first voters.

use base::Micros;
use bytes::Bytes;
use protocol::metadata::{FeatureLevelRecord, MetadataRecord};
use sim::Disk;

use super::snapshot::{Snapshot, SnapshotId, SnapshotWriter};
use super::voters::{CONTROLLER_LISTENER, VoterSet};
use crate::broker::log_files::{in_log_dir, partition_dir};
use crate::metadata::metadata_partition;
use crate::spec::Voter;

/// The file in a log directory that holds the first records of a new cluster.
pub const BOOTSTRAP_FILE: &str = "bootstrap.checkpoint";

/// Levels that `kafka-storage.sh format` of 4.3 gives a new cluster, in the order of its bootstrap records.
const BOOTSTRAP_FEATURES: [(&str, i16); 6] = [
    ("metadata.version", 30),
    ("eligible.leader.replicas.version", 1),
    ("group.version", 1),
    ("share.version", 1),
    ("streams.version", 1),
    ("transaction.version", 2),
];

/// The records of a freshly formatted cluster of this version.
pub fn bootstrap_records() -> Vec<MetadataRecord> {
    let level = |(name, level): &(&str, i16)| {
        FeatureLevelRecord { name: name.to_string(), feature_level: *level, ..Default::default() }.into()
    };
    BOOTSTRAP_FEATURES.iter().map(level).collect()
}

/// The contents of `bootstrap.checkpoint`.
pub fn bootstrap_file(records: &[MetadataRecord], now: Micros) -> Bytes {
    SnapshotWriter::new(0, now.as_epoch_ms(), None, now).records(records).freeze()
}

/// The contents of the snapshot that names the first voters.
pub fn voters_file(voters: &[Voter], listener: &str, now: Micros) -> Bytes {
    SnapshotWriter::new(0, now.as_epoch_ms(), Some((1, &VoterSet::of_spec(voters, listener))), now).freeze()
}

/// Formats a log directory that is empty: every server gets the bootstrap records, a voter also who votes.
pub fn format(disk: &mut Disk, node_id: i32, voters: &[Voter], now: Micros) {
    disk.write(&in_log_dir(BOOTSTRAP_FILE), bootstrap_file(&bootstrap_records(), now), now);
    if voters.iter().any(|voter| voter.id == node_id) {
        let dir = partition_dir(&metadata_partition());
        let path = format!("{dir}/{}", SnapshotId::BOOTSTRAP.file_name());
        disk.write(&path, voters_file(voters, CONTROLLER_LISTENER, now), now);
    }
}

/// The bootstrap records that a disk was formatted with; those of this version when there are none.
pub fn read_bootstrap(disk: &Disk) -> Vec<MetadataRecord> {
    let Some(file) = disk.file(&in_log_dir(BOOTSTRAP_FILE)) else { return bootstrap_records() };
    let records: Vec<MetadataRecord> =
        Snapshot::read(file.contents()).batches.into_iter().flat_map(|batch| batch.records).collect();
    if records.is_empty() { bootstrap_records() } else { records }
}
