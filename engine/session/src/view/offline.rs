//! What the disk of a broker that is down holds: read from its files, as the broker itself would at its next start.

use base::{Map, Micros, NodeId};

use bytes::Bytes;
use cluster::spec::LOG_DIR;
use log::batch::Batches;
use log::segment::LOG;
use protocol::TopicPartition;
use sim::{Disk, World};
use wire::view::{CELLS_MAX, CellView};

use super::replicas::cell;
use crate::host::Host;

/// A copy of a partition as its files tell it.
#[derive(Clone, Debug, Default)]
pub struct OnDisk {
    pub leader_epoch: i32,
    pub log_start: i64,
    pub high_watermark: i64,
    pub log_end: i64,
    pub cells: Vec<CellView>,
}

/// Disks that were read already. A disk does not change while its server is down, except that it is wiped or edited.
#[derive(Clone, Debug, Default)]
pub struct Disks {
    known: Map<NodeId, KnownDisk>,
}

#[derive(Clone, Debug)]
struct KnownDisk {
    since: Micros,
    bytes: u64,
    replicas: Map<TopicPartition, OnDisk>,
}

impl Disks {
    pub fn replica(&mut self, world: &World<Host>, node: NodeId, id: &TopicPartition) -> &OnDisk {
        let (since, disk) = (world.since(node), world.disk(node));
        let bytes = disk.map_or(0, Disk::bytes);
        let known = self.known.entry(node).or_insert_with(|| KnownDisk { since, bytes, replicas: Map::new() });
        if (known.since, known.bytes) != (since, bytes) {
            *known = KnownDisk { since, bytes, replicas: Map::new() };
        }
        known.replicas.entry(id.clone()).or_insert_with(|| disk.map(|disk| read(disk, id)).unwrap_or_default())
    }
}

fn read(disk: &Disk, id: &TopicPartition) -> OnDisk {
    let folder = format!("{LOG_DIR}/{id}");
    let checkpoint = |name: &str| {
        let offsets = log::checkpoint::read_offsets(disk, &format!("{LOG_DIR}/{name}")).unwrap_or_default();
        offsets.get(id).copied()
    };
    let mut found = OnDisk { leader_epoch: -1, ..OnDisk::default() };
    let mut segments: Vec<String> = disk.list(&folder).into_iter().filter(|name| name.ends_with(LOG)).collect();
    base::ordered::sort(&mut segments);
    let base = segments.first().and_then(|name| name.trim_end_matches(LOG).parse().ok()).unwrap_or(0);
    found.log_start = checkpoint("log-start-offset-checkpoint").unwrap_or(base);
    found.log_end = found.log_start;
    // The newest segment may hold fewer records than fit the lane; then the one before it is read too.
    for name in segments.iter().rev() {
        let Some(file) = disk.file(&format!("{folder}/{name}")) else { continue };
        let mut older = read_segment(file.contents(), &mut found);
        older.append(&mut found.cells);
        found.cells = older;
        if found.cells.len() >= CELLS_MAX {
            break;
        }
    }
    let surplus = found.cells.len().saturating_sub(CELLS_MAX);
    found.cells.drain(..surplus);
    found.high_watermark = checkpoint("replication-offset-checkpoint").unwrap_or(found.log_start).min(found.log_end);
    found
}

/// The records of one segment file. A torn batch at its end is not one, and what lies behind a damaged one is not read.
fn read_segment(file: Bytes, found: &mut OnDisk) -> Vec<CellView> {
    let mut cells = Vec::new();
    let whole = Batches::new(file).map_while(Result::ok).take_while(|batch| batch.ensure_valid().is_ok());
    for batch in whole {
        found.log_end = found.log_end.max(batch.next_offset());
        found.leader_epoch = found.leader_epoch.max(batch.leader_epoch());
        let records = batch.records().map_while(Result::ok);
        cells.extend(records.map(|record| cell(&record, batch.leader_epoch(), batch.is_control())));
        let surplus = cells.len().saturating_sub(CELLS_MAX);
        cells.drain(..surplus);
    }
    cells
}
