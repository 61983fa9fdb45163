//! Links: one-way cuts, healing, loss, duplicates; and the books of what became of every packet.

use crate::probe::{Act::*, Lab, STEADY};
use base::{Micros, NodeId};
use sim::LinkRule;

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);

#[test]
fn a_cut_stops_one_direction_and_holds_what_it_stopped() {
    let mut lab = Lab::connected();
    lab.world.cut_link(B, A);
    lab.tell(0, vec![Send(1, 1)]);
    lab.run(3_000);
    assert_eq!(lab.seen(), ["1100 n1 got 1 on 1"], "the answer is held");
    assert_eq!(lab.world.flights().len(), 1);
    lab.world.mend_link(B, A);
    lab.run(4_000);
    assert_eq!(lab.seen(), ["3000 n0 got 1001 on 1"]);
}

#[test]
fn what_a_cut_held_comes_before_what_was_sent_after() {
    let mut lab = Lab::connected();
    lab.world.cut_link(A, B);
    lab.tell(0, vec![Send(1, 1), Send(1, 2)]);
    lab.run(1_950);
    lab.tell(0, vec![Send(1, 3)]);
    lab.run(2_049);
    lab.world.advance_to(Micros(2_050));
    lab.world.heal();
    lab.tell(0, vec![Send(1, 4)]);
    lab.run(9_000);
    let got: Vec<String> = lab.seen().into_iter().filter(|line| line.contains("n1 got")).collect();
    assert_eq!(got[..3], ["2050 n1 got 1 on 1", "2050 n1 got 2 on 1", "2050 n1 got 3 on 1"]);
    assert!(got[3].contains("got 4") && got.len() == 4);
}

#[test]
fn a_packet_on_its_way_meets_a_cut_made_meanwhile() {
    let mut lab = Lab::connected();
    lab.tell(0, vec![Send(1, 1)]);
    lab.run(1_050);
    lab.world.cut_link(A, B);
    lab.run(2_000);
    assert!(lab.seen().is_empty());
}

#[test]
fn healing_one_link_leaves_another_cut() {
    let mut lab = Lab::new(3);
    lab.tell(0, vec![Connect(1), Connect(2)]);
    lab.run(1_000);
    lab.seen();
    lab.world.cut_link(A, B);
    lab.world.cut_link(A, NodeId(2));
    lab.tell(0, vec![Send(1, 1), Send(2, 2)]);
    lab.run(2_000);
    lab.world.mend_link(A, B);
    lab.run(3_000);
    assert_eq!(lab.seen(), ["2000 n1 got 1 on 1", "2100 n0 got 1001 on 1"]);
    assert!(lab.world.link(A, NodeId(2)).cut && !lab.world.link(A, B).cut);
}

#[test]
fn the_default_rule_cuts_every_link_and_mends_it_again() {
    let mut lab = Lab::connected();
    lab.world.set_all_links(LinkRule { cut: true, ..STEADY });
    lab.tell(0, vec![Send(1, 1)]);
    lab.run(2_000);
    assert!(lab.seen().is_empty());
    lab.world.set_all_links(STEADY);
    lab.run(3_000);
    assert_eq!(lab.seen(), ["2000 n1 got 1 on 1", "2100 n0 got 1001 on 1"]);
}

#[test]
fn the_end_of_a_killed_peer_behind_a_cut_is_heard_when_the_cut_heals() {
    let mut lab = Lab::connected();
    lab.world.cut_link(B, A);
    lab.world.kill(B);
    lab.tell(0, vec![Send(1, 1)]);
    lab.run(2_000);
    assert!(lab.seen().is_empty(), "nobody can tell n0 that n1 is gone");
    assert_eq!(lab.world.counters().closed, 1, "what it sends meets no process");
    lab.world.start(B);
    lab.world.mend_link(B, A);
    lab.run(3_000);
    assert_eq!(lab.seen(), ["2000 n0 closed 1", "2000 n1 start"]);
}

#[test]
fn a_process_started_anew_behind_a_cut_gets_nothing_of_the_old_connection() {
    let mut lab = Lab::connected();
    lab.world.cut_link(A, B);
    lab.tell(0, vec![Send(1, 1)]);
    lab.run(2_000);
    lab.world.kill(B);
    lab.world.start(B);
    lab.world.mend_link(A, B);
    lab.run(3_000);
    assert_eq!(lab.seen(), ["2000 n1 start", "2100 n0 closed 1"]);
}

#[test]
fn a_lost_packet_costs_a_retransmission() {
    let mut lab = Lab::connected();
    lab.world.set_link(A, B, LinkRule { loss_per_million: 1_000_000, ..STEADY });
    let before = lab.world.counters();
    lab.tell(0, vec![Send(1, 1)]);
    lab.run(120_000_000);
    // 200 ms, doubled eight times: 51 s. Then it gets through.
    assert_eq!(lab.seen(), ["51001100 n1 got 1 on 1", "51001200 n0 got 1001 on 1"]);
    let after = lab.world.counters();
    assert_eq!((after.lost - before.lost, after.sent - before.sent), (8, 10));
}

#[test]
fn a_duplicate_is_counted_and_never_delivered_twice() {
    let mut lab = Lab::connected();
    lab.world.set_link(A, B, LinkRule { duplicate_per_million: 1_000_000, ..STEADY });
    lab.tell(0, vec![Send(1, 1)]);
    lab.run(2_000);
    assert_eq!(lab.seen().len(), 2);
    assert_eq!(lab.world.counters().duplicates_dropped, 1);
}

#[test]
fn jitter_stays_within_its_bounds() {
    let mut lab = Lab::connected();
    lab.world.set_link(A, B, LinkRule { jitter: Micros(50), ..STEADY });
    let mut delays = Vec::new();
    for i in 1..=200 {
        let sent_at = i * 10_000;
        lab.world.advance_to(Micros(sent_at));
        lab.tell(0, vec![Send(1, 1)]);
        lab.run(sent_at + 5_000);
        let at: u64 = lab.seen()[0].split(' ').next().unwrap().parse().unwrap();
        delays.push(at - sent_at);
    }
    assert!(delays.iter().all(|delay| (100..=150).contains(delay)));
    assert!(delays.contains(&100) && delays.contains(&150), "both ends of the range are reached");
}

#[test]
fn no_fault_touches_a_node_talking_to_itself() {
    let mut lab = Lab::new(1);
    lab.world.set_all_links(LinkRule { cut: true, ..STEADY });
    lab.tell(0, vec![Connect(0)]);
    lab.run(1_000);
    assert_eq!(lab.seen().len(), 2, "accepted and connected");
}

#[test]
fn the_books_balance() {
    let mut lab = Lab::connected();
    let rule = LinkRule { loss_per_million: 300_000, duplicate_per_million: 300_000, jitter: Micros(300), ..STEADY };
    lab.world.set_all_links(rule);
    for i in 0..100 {
        lab.tell(0, vec![Send(1, i)]);
    }
    lab.run(200_000);
    let counters = lab.world.counters();
    assert!(counters.lost > 0 && counters.duplicates_dropped > 0 && counters.in_flight > 0 && counters.delivered > 0);
    // `Lab::run` has recounted after every step; here is the sum once more, in the open.
    let ended = counters.delivered + counters.lost + counters.duplicates_dropped + counters.closed;
    assert_eq!(counters.sent, ended + counters.in_flight);
}
