//! The files that a format writes besides `meta.properties`: the first metadata and the first voters, each a snapshot.

use base::Micros;
use bytes::Bytes;
use cluster::metadata::encode_record;
use log::batch::{BatchBuilder, ControlRecordType};
use protocol::metadata::MetadataRecord;

use super::voters::Voter;

fn control(offset: i64, kind: ControlRecordType, value: &[u8], now: Micros) -> Bytes {
    let mut builder = BatchBuilder::new(offset).with_leader_epoch(0).control();
    builder.append(now.as_epoch_ms(), Some(&kind.key()), Some(value), &[]);
    builder.build()
}

/// `SnapshotHeaderRecord`: version and the time of the last record that the snapshot stands for.
fn header(now: Micros) -> Bytes {
    let mut value = vec![0, 0];
    value.extend(now.as_epoch_ms().to_be_bytes());
    value.push(0);
    control(0, ControlRecordType::SnapshotHeader, &value, now)
}

fn footer(offset: i64, now: Micros) -> Bytes {
    control(offset, ControlRecordType::SnapshotFooter, &[0, 0, 0], now)
}

pub fn bootstrap_file(records: &[MetadataRecord], now: Micros) -> Bytes {
    let mut builder = BatchBuilder::new(1).with_leader_epoch(0);
    for record in records {
        let value = encode_record(record).unwrap_or_default();
        builder.append(now.as_epoch_ms(), None, Some(&value), &[]);
    }
    [header(now), builder.build(), footer(1 + records.len() as i64, now)].concat().into()
}

/// The snapshot that names the first voters, with `kraft.version` 1.
pub fn voters_file(voters: &[Voter], listener: &str, now: Micros) -> Bytes {
    let version = control(1, ControlRecordType::KraftVersion, &[0, 0, 0, 1, 0], now);
    let mut value = vec![0, 0, voters.len() as u8 + 1];
    for Voter { id, host, port, directory } in voters {
        value.extend(id.to_be_bytes());
        value.extend(directory.0.to_be_bytes());
        value.push(2);
        for text in [listener, host] {
            value.push(text.len() as u8 + 1);
            value.extend(text.as_bytes());
        }
        value.extend(port.to_be_bytes());
        // No tagged fields of the endpoint; `kraft.version` 0 to 1; none of the range, none of the voter.
        value.extend([0, 0, 0, 0, 1, 0, 0]);
    }
    value.push(0);
    let names = control(2, ControlRecordType::KraftVoters, &value, now);
    [header(now), version, names, footer(3, now)].concat().into()
}
