//! The records that the quorum writes for itself: who leads, which protocol it speaks, who votes, and the first and last
//! record of a snapshot. They travel in control batches and no listener sees them.

use base::Micros;
use bytes::Bytes;
use log::batch::{BatchBuilder, BatchView, ControlRecordType, control_record_type};
use protocol::embedded::{
    KRaftVersionRecord, LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord, VotersRecord,
    leader_change_message,
};

use super::voters::VoterSet;

/// A control record that changes what the quorum is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuorumRecord {
    KRaftVersion(i16),
    Voters(VoterSet),
}

/// The quorum records of a batch, with their offsets; none for a batch of metadata records.
pub fn quorum_records(batch: &BatchView) -> Vec<(i64, QuorumRecord)> {
    if !batch.is_control() {
        return Vec::new();
    }
    let records = batch.records().filter_map(Result::ok);
    let read = |record: log::batch::Record| {
        let mut value = record.value.clone()?;
        let read = match control_record_type(&record)? {
            ControlRecordType::KraftVersion => {
                QuorumRecord::KRaftVersion(KRaftVersionRecord::decode(&mut value, 0).ok()?.kraft_version)
            }
            ControlRecordType::KraftVoters => {
                QuorumRecord::Voters(VoterSet::from_record(&VotersRecord::decode(&mut value, 0).ok()?))
            }
            _ => return None,
        };
        Some((record.offset, read))
    };
    records.filter_map(read).collect()
}

/// A control batch under construction. Encoding cannot fail: the versions are the messages' own.
pub struct ControlBatch {
    builder: BatchBuilder,
    now_ms: i64,
}

impl ControlBatch {
    pub fn new(base_offset: i64, epoch: i32, now: Micros) -> ControlBatch {
        let builder = BatchBuilder::new(base_offset).with_leader_epoch(epoch).control();
        ControlBatch { builder, now_ms: now.as_epoch_ms() }
    }

    /// The first record of an epoch.
    pub fn leader_change(self, leader: i32, voters: &VoterSet, granting: &[i32]) -> ControlBatch {
        let voter = |id: i32| leader_change_message::Voter { voter_id: id, ..Default::default() };
        let message = LeaderChangeMessage {
            version: 0,
            leader_id: leader,
            voters: voters.ids().into_iter().map(voter).collect(),
            granting_voters: granting.iter().copied().map(voter).collect(),
            ..Default::default()
        };
        self.append(ControlRecordType::LeaderChange, |out| message.encode(0, out))
    }

    pub fn kraft_version(self, version: i16) -> ControlBatch {
        let record = KRaftVersionRecord { version: 0, kraft_version: version, ..Default::default() };
        self.append(ControlRecordType::KraftVersion, |out| record.encode(0, out))
    }

    pub fn voters(self, voters: &VoterSet) -> ControlBatch {
        let record = voters.to_record();
        self.append(ControlRecordType::KraftVoters, |out| record.encode(0, out))
    }

    pub fn snapshot_header(self, last_contained_log_timestamp: i64) -> ControlBatch {
        let record = SnapshotHeaderRecord { version: 0, last_contained_log_timestamp, ..Default::default() };
        self.append(ControlRecordType::SnapshotHeader, |out| record.encode(0, out))
    }

    pub fn snapshot_footer(self) -> ControlBatch {
        let record = SnapshotFooterRecord { version: 0, ..Default::default() };
        self.append(ControlRecordType::SnapshotFooter, |out| record.encode(0, out))
    }

    pub fn build(self) -> Bytes {
        self.builder.build()
    }

    fn append(
        mut self,
        kind: ControlRecordType,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), protocol::CodecError>,
    ) -> ControlBatch {
        let mut value = Vec::new();
        encode(&mut value).unwrap_or_else(|_| unreachable!("a message of its own version"));
        self.builder.append(self.now_ms, Some(&kind.key()), Some(&value), &[]);
        self
    }
}
