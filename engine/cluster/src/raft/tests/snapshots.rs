//! A replica that is too far behind gets a snapshot (S10).

use protocol::metadata::{FeatureLevelRecord, MetadataRecord};

use crate::raft::tests::net::Net;
use crate::raft::{Snapshot, SnapshotId};

#[test]
fn who_missed_too_much_fetches_a_snapshot() {
    let mut net = Net::new(3, 3, 21);
    let leader = net.run_until_led();
    let late = (leader + 1) % 3;
    net.kill(late);
    for _ in 0..20 {
        net.append();
        net.run_ms(20);
    }
    let end = net.raft(leader).high_watermark();
    let level: MetadataRecord =
        FeatureLevelRecord { name: "group.version".into(), feature_level: 1, ..Default::default() }.into();
    assert!(net.snapshot(leader, end, std::slice::from_ref(&level)));
    assert!(!net.snapshot(leader, end, std::slice::from_ref(&level)), "there is one already");
    net.append();
    net.wipe(late);
    net.start(late);
    net.run_ms(5_000);
    let raft = net.raft(late);
    assert_eq!((raft.log_start(), raft.log_end()), (end, net.raft(leader).log_end()));
    let id = raft.latest_snapshot().expect("the one it fetched");
    assert_eq!(id, SnapshotId { end_offset: end, epoch: 1 });
    let snapshot = Snapshot::read(raft.snapshot_file(&net.nodes[late].disk, id).expect("on its disk"));
    assert_eq!(snapshot.batches[0].records, [level]);
    assert_eq!(raft.voters().len(), 3, "a snapshot says who votes");
    // It survives a restart.
    net.kill(late);
    net.start(late);
    net.run_ms(3_000);
    assert_eq!(net.raft(late).log_end(), net.raft(leader).log_end());
}
