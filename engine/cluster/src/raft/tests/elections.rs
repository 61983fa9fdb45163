//! Who leads, and who may come to.

use crate::raft::tests::net::Net;

#[test]
fn a_quorum_of_one_leads_at_once() {
    let net = Net::new(1, 1, 1);
    assert!(net.raft(0).is_leader());
    assert_eq!((net.raft(0).epoch(), net.raft(0).known_high_watermark()), (1, Some(3)));
}

#[test]
fn three_elect_one_and_follow_it() {
    let mut net = Net::new(3, 3, 2);
    let leader = net.run_until_led();
    assert_eq!(net.raft(leader).epoch(), 1);
    let end = net.append().expect("there is a leader");
    net.run_ms(50);
    for node in 0..3 {
        let raft = net.raft(node);
        assert_eq!((raft.leader(), raft.log_end()), (Some(leader as i32 + 1), end));
        assert_eq!(raft.known_high_watermark(), Some(end), "node {}", node + 1);
    }
}

#[test]
fn a_dead_leader_is_replaced_and_comes_back_as_a_follower() {
    for seed in 0..20 {
        let mut net = Net::new(3, 3, seed);
        let first = net.run_until_led();
        let end = net.append().expect("there is a leader");
        net.run_ms(50);
        net.kill(first);
        net.run_ms(8_000);
        let second = net.leader().expect("two of three are enough");
        assert_ne!(first, second);
        assert!(net.raft(second).epoch() > 1 && net.raft(second).high_watermark() > end);
        net.start(first);
        net.run_ms(3_000);
        assert_eq!(net.leader(), Some(second), "seed {seed}: it leads on");
        assert_eq!(net.raft(first).state_name(), "follower");
        assert_eq!(net.raft(first).log_end(), net.raft(second).log_end());
    }
}

#[test]
fn one_of_three_cannot_lead() {
    let mut net = Net::new(3, 3, 4);
    let leader = net.run_until_led();
    for other in (0..3).filter(|node| *node != leader) {
        net.kill(other);
    }
    let epoch = net.raft(leader).epoch();
    net.append();
    let committed = net.raft(leader).high_watermark();
    net.run_ms(20_000);
    assert!(!net.raft(leader).is_leader(), "without a quorum it gives up");
    assert_eq!(net.raft(leader).high_watermark(), committed);
    // It would like to, and asks; nobody is there to say yes, so it disturbs nobody with new epochs.
    assert!(net.raft(leader).epoch() <= epoch + 1);
}

/// KIP-996: without the pre-vote it would come back with a higher epoch and depose a leader that did well.
#[test]
fn a_follower_that_was_cut_off_does_not_disturb() {
    let mut net = Net::new(3, 3, 5);
    let leader = net.run_until_led();
    let epoch = net.raft(leader).epoch();
    let lonely = (leader + 1) % 3;
    net.isolate(lonely);
    net.run_ms(30_000);
    assert_eq!(net.raft(lonely).epoch(), epoch);
    net.heal();
    net.run_ms(3_000);
    assert_eq!((net.leader(), net.raft(leader).epoch()), (Some(leader), epoch));
    assert_eq!(net.raft(lonely).state_name(), "follower");
}

#[test]
fn what_an_isolated_leader_wrote_is_dropped() {
    let mut net = Net::new(3, 3, 6);
    let old = net.run_until_led();
    net.run_ms(100);
    let end = net.raft(old).log_end();
    net.isolate(old);
    net.append();
    assert_eq!(net.raft(old).log_end(), end + 1);
    net.run_ms(10_000);
    let new = net.leader().expect("the other two elect one");
    assert_ne!(new, old);
    assert!(!net.raft(old).is_leader(), "it noticed that it has no quorum");
    net.append();
    net.heal();
    net.run_ms(3_000);
    assert_eq!(net.raft(old).log_end(), net.raft(new).log_end());
    assert_eq!(net.raft(old).leader(), Some(new as i32 + 1));
}

#[test]
fn a_leader_that_stops_hands_over_first() {
    let mut net = Net::new(3, 3, 7);
    let leader = net.run_until_led();
    let at = net.now;
    net.shut_down(leader);
    net.run_ms(1_000);
    let next = net.leader().expect("a successor");
    assert_ne!(next, leader);
    assert!(net.raft(leader).is_shut_down(net.now), "asked at {at:?}");
}
