//! Caps: what would pass one is refused and reported, never a panic and never a full memory.

use crate::probe::{Act::*, Lab};
use base::{Micros, NodeId};
use sim::disk::Ailment;
use sim::{Limits, Violation};

#[test]
fn a_full_queue_drops_and_says_so() {
    let mut lab = Lab::connected();
    lab.world.set_limits(Limits { queue_max: 3, ..Limits::default() });
    lab.tell(0, vec![Send(1, 1), Send(1, 2), Send(1, 3), Send(1, 4)]);
    lab.run(1_050);
    assert_eq!(lab.world.queue_len(), 3);
    assert_eq!(lab.world.violations(), [Violation::QueueFull]);
    assert_eq!(lab.world.counters().closed, 1);
    lab.run(3_000);
    assert_eq!(lab.world.violations().len(), 1, "each kind is reported once");
}

#[test]
fn one_connection_too_many_is_refused() {
    let mut lab = Lab::connected();
    lab.world.set_limits(Limits { connections_max: 2, ..Limits::default() });
    lab.tell(0, vec![Connect(1), Connect(1)]);
    lab.run(2_000);
    assert_eq!(lab.seen(), ["1000 n0 closed 3 Refused", "1100 n1 accepted 2 from 0:9092", "1200 n0 connected 2"]);
    assert_eq!(lab.world.violations(), [Violation::TooManyConnections]);
}

#[test]
fn a_full_disk_is_reported_with_its_node() {
    let mut lab = Lab::new(2);
    let half = base::limits::DISK_BYTES_MAX / 2;
    lab.tell(1, vec![Fill(half), Fill(half)]);
    lab.run(1);
    assert!(lab.world.violations().is_empty());
    lab.tell(1, vec![Append("log", "one more")]);
    lab.run(2);
    assert_eq!(lab.world.violations(), [Violation::DiskFull { node: NodeId(1) }]);
    assert!(lab.world.violations()[0].to_string().contains("node 1"));
}

#[test]
fn what_is_said_waits_for_a_slow_disk() {
    let mut lab = Lab::connected();
    let ailment = Ailment { size: 100, delay: Micros(500) };
    assert!(lab.world.ail(NodeId(0), ailment) && !lab.world.ail(NodeId(0), ailment), "it is so already");
    lab.tell(0, vec![Append("log", "a"), Append("log", "b"), Send(1, 1_001)]);
    lab.tell(0, vec![Send(1, 1_002)]);
    lab.run(2_099);
    assert_eq!(lab.seen(), Vec::<String>::new());
    lab.run(2_100);
    assert_eq!(lab.seen(), ["2100 n1 got 1001 on 1", "2100 n1 got 1002 on 1"]);
    lab.tell(0, vec![Fill(99)]);
    lab.run(3_000);
    assert!(lab.world.violations().is_empty(), "a disk of a size of its own is a fault, and breaks no cap");
    lab.world.heal_all();
    assert_eq!(lab.world.disk(NodeId(0)).map(|disk| disk.ailment()), Some(Ailment::default()));
}

#[test]
fn more_nodes_than_allowed_are_reported() {
    let mut lab = Lab::new(2);
    lab.world.set_limits(Limits { nodes_max: 2, ..Limits::default() });
    lab.world.add("n2", Default::default());
    assert_eq!(lab.world.violations(), [Violation::TooManyNodes]);
}
