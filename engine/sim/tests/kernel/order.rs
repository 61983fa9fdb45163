//! Time, sequence, timers.

use crate::probe::{Act::*, Lab};
use base::{Micros, NodeId};

#[test]
fn things_happen_by_time_and_then_in_the_order_they_were_asked_for() {
    let mut lab = Lab::new(2);
    lab.tell(1, vec![SetTimer("late", 30), SetTimer("b", 20)]);
    lab.tell(0, vec![SetTimer("a", 20), SetTimer("early", 10)]);
    lab.run(100);
    assert_eq!(lab.seen(), ["10 n0 timer early", "20 n1 timer b", "20 n0 timer a", "30 n1 timer late"]);
}

#[test]
fn a_timer_set_again_replaces_the_first_and_a_cancelled_one_never_comes() {
    let mut lab = Lab::new(1);
    lab.tell(0, vec![SetTimer("a", 10), SetTimer("a", 50), SetTimer("b", 20), CancelTimer("b"), CancelTimer("never")]);
    lab.run(5);
    assert_eq!(lab.world.next_at(), Some(Micros(50)), "timers that were taken back do not show");
    lab.run(100);
    assert_eq!(lab.seen(), ["50 n0 timer a"]);
    assert_eq!(lab.world.next_at(), None);
}

#[test]
fn a_timer_for_the_past_comes_at_once_and_can_be_set_anew_when_it_came() {
    let mut lab = Lab::new(1);
    lab.run(40);
    lab.tell(0, vec![SetTimer("a", 10)]);
    lab.run(40);
    lab.tell(0, vec![SetTimer("a", 60)]);
    lab.run(100);
    assert_eq!(lab.seen(), ["40 n0 timer a", "60 n0 timer a"]);
}

#[test]
fn timers_of_the_same_name_on_two_nodes_are_two_timers() {
    let mut lab = Lab::new(2);
    lab.tell(0, vec![SetTimer("a", 10)]);
    lab.tell(1, vec![SetTimer("a", 20)]);
    lab.run(100);
    assert_eq!(lab.seen(), ["10 n0 timer a", "20 n1 timer a"]);
}

#[test]
fn controls_come_in_order_with_what_else_happens_now() {
    let mut lab = Lab::new(1);
    lab.tell(0, vec![SetTimer("a", 0)]);
    lab.tell(0, vec![SetTimer("b", 0)]);
    lab.run(0);
    assert_eq!(lab.events.iter().map(|e| e.event.as_str()).collect::<Vec<_>>(), ["told", "told", "timer a", "timer b"]);
}

#[test]
fn every_step_has_the_next_index_and_names_the_node_it_touched() {
    let mut lab = Lab::new(2);
    let before = lab.world.index();
    lab.tell(1, vec![]);
    lab.tell(0, vec![]);
    let mut events = Vec::new();
    assert!(lab.world.step(Micros(0), &mut events));
    assert_eq!((lab.world.index(), lab.world.last_touched()), (before + 1, Some(NodeId(1))));
    assert!(lab.world.step(Micros(0), &mut events));
    assert_eq!((lab.world.index(), lab.world.last_touched()), (before + 2, Some(NodeId(0))));
    assert!(!lab.world.step(Micros(0), &mut events));
    assert_eq!(lab.world.index(), before + 2, "nothing was due, so nothing happened");
}
