//! Kill, power cut, pause, restart, wipe, exit.

use crate::probe::{Act::*, Habits, Lab, STEADY};
use base::{Micros, NodeId};
use sim::LinkRule;

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);

#[test]
fn a_kill_closes_connections_after_what_was_sent_before_and_keeps_the_disk() {
    let mut lab = Lab::connected();
    lab.tell(1, vec![Append("log", "kept"), Send(1, 3), SetTimer("never", 1_500)]);
    lab.run(1_000);
    assert!(lab.world.kill(B));
    assert!(!lab.world.kill(B), "it is down already");
    assert!(lab.world.node(B).is_none() && !lab.world.is_up(B));
    lab.run(5_000);
    assert_eq!(lab.seen(), ["1100 n0 got 3 on 1", "1100 n0 closed 1"]);
    assert_eq!(lab.world.disk(B).unwrap().file("log").unwrap().contents(), "kept");
}

#[test]
fn what_a_dead_process_had_in_a_cut_does_not_come_when_it_is_mended() {
    let mut lab = Lab::connected();
    lab.world.cut_link(B, A);
    lab.tell(1, vec![Send(1, 3)]);
    lab.run(1_000);
    lab.tell(1, vec![Send(1, 4)]);
    lab.run(1_010);
    lab.world.kill(B);
    lab.world.start(B);
    lab.run(2_000);
    lab.world.mend_link(B, A);
    lab.run(5_000);
    assert_eq!(lab.seen(), ["1010 n1 start", "2000 n0 closed 1"]);
    assert_eq!(lab.world.counters().in_flight, 0);
}

#[test]
fn nobody_sends_again_what_was_lost_when_its_sender_is_dead() {
    let mut lab = Lab::connected();
    lab.world.set_link(B, A, LinkRule { loss_per_million: 1_000_000, ..STEADY });
    lab.tell(1, vec![Send(1, 3)]);
    lab.run(1_000);
    lab.world.kill(B);
    lab.run(120_000_000);
    assert!(lab.seen().iter().all(|line| line.ends_with("closed 1")));
    assert_eq!(lab.world.counters().in_flight, 0);
}

#[test]
fn nothing_meant_for_a_killed_process_reaches_the_next() {
    let mut lab = Lab::connected();
    lab.tell(0, vec![Send(1, 3)]);
    lab.tell(1, vec![SetTimer("old", 1_500)]);
    lab.run(1_000);
    lab.tell(1, vec![Append("log", "old order")]);
    lab.world.kill(B);
    assert!(lab.world.start(B));
    assert!(!lab.world.start(B), "it is up already");
    lab.run(5_000);
    assert_eq!(lab.seen(), ["1000 n1 start", "1100 n0 closed 1"]);
    assert!(!lab.world.disk(B).unwrap().exists("log"));
    let counters = lab.world.counters();
    assert_eq!((counters.controls_dropped, counters.closed, counters.in_flight), (1, 1, 0));
}

#[test]
fn killed_and_started_twice_at_one_instant_starts_once() {
    let mut lab = Lab::new(2);
    lab.world.kill(B);
    lab.world.start(B);
    lab.world.kill(B);
    lab.world.start(B);
    lab.run(10);
    assert_eq!(lab.seen(), ["0 n1 start"]);
}

#[test]
fn every_start_has_its_number_its_seed_and_the_disk_as_it_was() {
    let mut lab = Lab::new(2);
    let line = |lab: &Lab| lab.world.node(B).unwrap().boot_line.clone();
    let first = line(&lab);
    lab.tell(1, vec![Append("log", "1")]);
    lab.run(500);
    lab.world.kill(B);
    lab.world.start(B);
    let second = line(&lab);
    assert!(first.starts_with("start 0 at 0us") && second.starts_with("start 1 at 500us"), "{first} {second}");
    assert_ne!(first.split_once("seed"), second.split_once("seed"));
    lab.run(600);
    lab.tell(1, vec![Append("log", "2")]);
    lab.run(700);
    assert_eq!(lab.world.disk(B).unwrap().file("log").unwrap().contents(), "12");
    assert_eq!(lab.world.starts(B), 2);
}

#[test]
fn a_power_cut_loses_what_was_not_synced() {
    let mut lab = Lab::new(2);
    lab.tell(1, vec![Append("log", "safe"), Sync("log"), Append("log", "lost")]);
    lab.run(10);
    assert!(lab.world.power_cut(B));
    assert_eq!(lab.world.disk(B).unwrap().file("log").unwrap().contents(), "safe");
}

#[test]
fn a_wipe_needs_the_node_to_be_down_and_leaves_an_empty_disk() {
    let mut lab = Lab::new(2);
    lab.tell(1, vec![Append("log", "gone")]);
    lab.run(10);
    assert!(!lab.world.wipe(B));
    lab.world.kill(B);
    assert!(lab.world.wipe(B));
    assert_eq!(lab.world.disk(B).unwrap().files().count(), 0);
}

#[test]
fn a_paused_process_gets_everything_in_order_when_it_resumes() {
    let mut lab = Lab::connected();
    lab.tell(1, vec![SetTimer("t", 1_150)]);
    lab.run(1_000);
    assert!(lab.world.pause(B) && !lab.world.pause(B));
    lab.tell(0, vec![Send(1, 1)]);
    lab.run(1_050);
    lab.tell(0, vec![Send(1, 2), Connect(1)]);
    lab.tell(1, vec![]);
    lab.run(2_000);
    assert_eq!(lab.seen(), ["1250 n0 connected 2"], "the host accepts while the process stands still");
    assert_eq!(lab.world.flights().len(), 2, "messages that wait for the process are still under way");
    assert!(lab.world.resume(B) && !lab.world.resume(B));
    lab.run(2_050);
    let expected =
        ["got 1 on 1", "timer t", "got 2 on 1", "accepted 2 from 0:9092"].map(|line| format!("2000 n1 {line}"));
    assert_eq!(lab.seen(), expected);
}

#[test]
fn what_arrives_at_the_instant_of_a_resume_comes_after_what_waited() {
    let mut lab = Lab::connected();
    lab.world.pause(B);
    lab.tell(0, vec![Send(1, 1)]);
    lab.run(1_050);
    lab.tell(0, vec![Send(1, 2)]);
    // The second message is due at 1150 and not looked at yet when the process resumes at 1150.
    lab.run(1_149);
    lab.world.advance_to(Micros(1_150));
    lab.world.resume(B);
    lab.run(1_150);
    assert_eq!(lab.seen(), ["1150 n1 got 1 on 1", "1150 n1 got 2 on 1"]);
}

#[test]
fn a_paused_process_that_is_killed_loses_what_waited() {
    let mut lab = Lab::connected();
    lab.tell(1, vec![SetTimer("t", 1_050)]);
    lab.run(1_000);
    lab.world.pause(B);
    lab.tell(0, vec![Send(1, 1), Connect(1)]);
    lab.tell(1, vec![]);
    lab.run(2_000);
    lab.world.kill(B);
    lab.world.start(B);
    lab.run(3_000);
    assert_eq!(lab.seen(), ["1200 n0 connected 2", "2000 n1 start", "2100 n0 closed 1", "2100 n0 closed 2"]);
    assert_eq!(lab.world.counters().controls_dropped, 1);
    assert!(!lab.world.is_paused(B));
}

#[test]
fn a_paused_process_hears_of_a_peer_that_died_and_came_back() {
    let mut lab = Lab::connected();
    lab.world.pause(B);
    lab.tell(0, vec![Send(1, 1)]);
    lab.run(1_500);
    lab.world.kill(A);
    lab.world.start(A);
    lab.run(2_000);
    lab.world.resume(B);
    lab.run(3_000);
    assert_eq!(lab.seen(), ["1500 n0 start", "2000 n1 got 1 on 1", "2000 n1 closed 1"]);
}

#[test]
fn an_exit_comes_after_everything_else_that_was_asked_for() {
    let mut lab = Lab::connected();
    lab.tell(0, vec![Exit, Send(1, 9), SetTimer("never", 2_000), Append("log", "written")]);
    lab.run(5_000);
    assert_eq!(lab.seen(), ["1100 n1 got 9 on 1", "1100 n1 closed 1"]);
    assert!(!lab.world.is_up(A));
    assert!(lab.world.disk(A).unwrap().exists("log"));
    lab.world.start(A);
    lab.run(6_000);
    assert_eq!(lab.seen(), ["5000 n0 start"]);
}

#[test]
fn a_node_that_is_down_takes_no_order() {
    let mut lab = Lab::new(2);
    lab.world.kill(B);
    assert!(!lab.world.control(B, vec![]));
    assert!(!lab.world.pause(B) && !lab.world.resume(B));
    assert_eq!(lab.world.counters().controls_dropped, 1);
}

#[test]
fn an_unknown_node_is_never_a_panic() {
    let mut lab = Lab::new(1);
    let nobody = NodeId(9);
    let w = &mut lab.world;
    assert!(!w.start(nobody) && !w.kill(nobody) && !w.power_cut(nobody) && !w.wipe(nobody));
    assert!(!w.pause(nobody) && !w.resume(nobody) && !w.control(nobody, vec![]));
    assert!(w.node(nobody).is_none() && w.disk(nobody).is_none() && w.host_of(nobody).is_none() && !w.is_up(nobody));
}

#[test]
fn a_changed_spec_counts_from_the_next_start() {
    let mut lab = Lab::connected();
    *lab.world.spec_mut(B) = Habits { is_echo: false, on_start: vec![SetTimer("new", 2_000)] };
    lab.tell(0, vec![Send(1, 1)]);
    lab.run(1_500);
    assert_eq!(lab.seen(), ["1100 n1 got 1 on 1", "1200 n0 got 1001 on 1"]);
    lab.world.kill(B);
    lab.world.start(B);
    lab.run(2_000);
    assert_eq!(lab.seen(), ["1500 n1 start", "1600 n0 closed 1", "2000 n1 timer new"]);
}
