//! Copies of a world, and digests.

use std::sync::Arc;

use crate::probe::{Act::*, Lab};
use base::{Micros, NodeId};
use sim::LinkRule;

/// A life with some of everything: loss, jitter, a cut, a pause, a kill.
fn lively(seed: u64) -> sim::World<crate::probe::Probe> {
    let mut lab = Lab::new(3);
    lab.world = sim::World::new(seed);
    for i in 0..3 {
        let habits = crate::probe::Habits { is_echo: true, on_start: vec![Connect((i + 1) % 3)] };
        let node = lab.world.add(&format!("n{i}"), habits);
        lab.world.start(node);
    }
    lab.world.set_link(NodeId(0), NodeId(1), LinkRule { loss_per_million: 100_000, ..LinkRule::default() });
    for round in 0..50u64 {
        lab.run(round * 2_000);
        lab.tell((round % 3) as u32, vec![Send(round % 3 + 1, round as u32), Append("log", "x")]);
        match round {
            10 => assert!(lab.world.pause(NodeId(2))),
            14 => assert!(lab.world.resume(NodeId(2))),
            20 => lab.world.cut_link(NodeId(1), NodeId(2)),
            25 => lab.world.heal(),
            30 => {
                lab.world.kill(NodeId(1));
                lab.world.start(NodeId(1));
            }
            _ => {}
        }
    }
    lab.run(150_000);
    lab.world
}

#[test]
fn the_same_seed_gives_the_same_world_and_another_seed_another() {
    assert_eq!(lively(1).digest(), lively(1).digest());
    assert_ne!(lively(1).digest(), lively(2).digest());
}

#[test]
fn a_digest_sees_every_part_of_the_state() {
    let lab = Lab::connected();
    let base = lab.world.digest();
    let changes: Vec<fn(&mut Lab)> = vec![
        |lab| lab.tell(0, vec![]),
        |lab| lab.world.advance_to(Micros(1_001)),
        |lab| assert!(lab.world.pause(NodeId(0))),
        |lab| assert!(lab.world.kill(NodeId(0))),
        |lab| lab.world.cut_link(NodeId(0), NodeId(1)),
        |lab| lab.world.alias("other", NodeId(0)),
        |lab| lab.world.spec_mut(NodeId(0)).is_echo = false,
        |lab| assert_eq!(lab.world.add("n9", Default::default()), NodeId(2)),
    ];
    let mut digests = vec![base];
    for change in changes {
        let mut copy = lab.clone();
        change(&mut copy);
        digests.push(copy.world.digest());
        assert_eq!(lab.world.digest(), base, "a change to a copy does not reach the original");
    }
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 9, "every change changes the digest, each in its own way");
}

#[test]
fn a_copy_shares_nodes_until_one_of_the_two_moves() {
    let mut lab = Lab::connected();
    let before = lab.world.clone();
    let shares = |lab: &Lab, node| {
        Arc::ptr_eq(before.node_arc(NodeId(node)).unwrap(), lab.world.node_arc(NodeId(node)).unwrap())
    };
    assert!(shares(&lab, 0) && shares(&lab, 1));
    lab.tell(0, vec![Append("log", "x")]);
    lab.run(2_000);
    assert!(!shares(&lab, 0), "the one that acted was copied");
    assert!(shares(&lab, 1), "the other was not");
    assert!(!before.disk(NodeId(0)).unwrap().exists("log"));
}

#[test]
fn a_copy_runs_into_the_same_future() {
    let mut lab = Lab::connected();
    lab.tell(0, vec![Send(1, 1), Connect(1), SetTimer("t", 1_300)]);
    lab.run(1_050);
    let mut copy = lab.clone();
    lab.run(9_000);
    copy.run(9_000);
    assert_eq!(lab.world.digest(), copy.world.digest());
    assert_eq!(lab.seen(), copy.seen());
}
