//! Streams: how they open, what they carry, how they end.

use crate::probe::{Act::*, Lab};
use base::{Micros, NodeId};

#[test]
fn a_connection_opens_and_carries_messages_both_ways() {
    let mut lab = Lab::new(2);
    lab.tell(0, vec![Connect(1)]);
    lab.run(1_000);
    assert_eq!(lab.seen(), ["100 n1 accepted 1 from 0:9092", "200 n0 connected 1"]);
    lab.tell(0, vec![Send(1, 5)]);
    lab.run(2_000);
    assert_eq!(lab.seen(), ["1100 n1 got 5 on 1", "1200 n0 got 1005 on 1"]);
}

#[test]
fn messages_sent_before_the_connection_stands_keep_their_order() {
    let mut lab = Lab::new(2);
    lab.tell(0, vec![Connect(1), Send(1, 1), Send(1, 2)]);
    lab.run(150);
    assert_eq!(lab.seen(), ["100 n1 accepted 1 from 0:9092", "100 n1 got 1 on 1", "100 n1 got 2 on 1"]);
}

#[test]
fn order_within_a_connection_survives_jitter_and_loss() {
    let mut lab = Lab::connected();
    let rule = sim::LinkRule { jitter: Micros(500), loss_per_million: 200_000, ..crate::probe::STEADY };
    lab.world.set_link(NodeId(0), NodeId(1), rule);
    for i in 0..200 {
        lab.tell(0, vec![Send(1, i)]);
        lab.run(1_000 + u64::from(i) * 10);
    }
    lab.run(60_000_000);
    let got: Vec<String> = lab.seen().into_iter().filter(|line| line.contains(" n1 got")).collect();
    let numbers: Vec<u32> = got.iter().map(|line| line.split(' ').nth(3).unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (0..200).collect::<Vec<u32>>());
}

#[test]
fn a_node_that_is_down_refuses() {
    let mut lab = Lab::new(2);
    lab.world.kill(NodeId(1));
    lab.tell(0, vec![Connect(1), Send(1, 1)]);
    lab.run(1_000);
    assert_eq!(lab.seen(), ["200 n0 closed 1 Refused"]);
    assert_eq!(lab.world.connections_open(), 0);
}

#[test]
fn a_node_that_does_not_exist_cannot_be_reached() {
    let mut lab = Lab::new(1);
    lab.tell(0, vec![Connect(77), Send(1, 1), Close(1)]);
    lab.run(1_000);
    assert_eq!(lab.seen(), ["0 n0 closed 1 Unreachable"]);
}

#[test]
fn what_was_sent_before_a_close_still_arrives() {
    let mut lab = Lab::connected();
    lab.tell(0, vec![Send(1, 1), Send(1, 2), Close(1), Send(1, 3)]);
    lab.run(2_000);
    assert_eq!(lab.seen(), ["1100 n1 got 1 on 1", "1100 n1 got 2 on 1", "1100 n1 closed 1"]);
    assert_eq!(lab.world.counters().closed, 3, "one sent after the close, two answers that met it");
    assert_eq!(lab.world.connections_open(), 0);
}

#[test]
fn whoever_closes_hears_nothing_more() {
    let mut lab = Lab::connected();
    lab.tell(0, vec![Close(1)]);
    lab.tell(1, vec![Close(1), Close(1), Close(99)]);
    lab.run(2_000);
    assert!(lab.seen().is_empty());
    assert_eq!(lab.world.connections_open(), 0);
}

#[test]
fn a_connection_given_up_before_it_stood_is_accepted_and_closed() {
    let mut lab = Lab::new(2);
    lab.tell(0, vec![Connect(1), Close(1)]);
    lab.run(1_000);
    assert_eq!(lab.seen(), ["100 n1 accepted 1 from 0:9092", "100 n1 closed 1"]);
    lab.world.kill(NodeId(1));
    lab.tell(0, vec![Connect(1), Close(2)]);
    lab.run(2_000);
    assert!(lab.seen().is_empty(), "a refusal finds nobody who waits for it");
    assert_eq!(lab.world.connections_open(), 0);
}

#[test]
fn a_node_may_connect_to_itself_and_tells_the_ends_apart() {
    let mut lab = Lab::new(1);
    lab.world.spec_mut(NodeId(0)).is_echo = false;
    lab.world.kill(NodeId(0));
    lab.world.start(NodeId(0));
    lab.tell(0, vec![Connect(0), Send(1, 5)]);
    lab.run(1_000);
    let lines: Vec<String> = lab.seen().iter().map(|line| line.split_once(' ').unwrap().1.to_string()).collect();
    assert_eq!(lines, ["n0 start", "n0 accepted 2 from 0:9092", "n0 got 5 on 2", "n0 connected 1"]);
    lab.tell(0, vec![Send(2, 6), Close(2)]);
    lab.run(2_000);
    let lines: Vec<String> = lab.seen().iter().map(|line| line.split_once(' ').unwrap().1.to_string()).collect();
    assert_eq!(lines, ["n0 got 6 on 1", "n0 closed 1"]);
    lab.tell(0, vec![Connect(0)]);
    lab.run(3_000);
    lab.world.kill(NodeId(0));
    assert_eq!(lab.world.connections_open(), 0, "a kill closes both ends");
}

#[test]
fn a_connection_that_met_a_restart_belongs_to_the_new_process() {
    let mut lab = Lab::new(2);
    lab.tell(0, vec![Connect(1), Send(1, 1)]);
    lab.run(50);
    lab.world.kill(NodeId(1));
    lab.world.start(NodeId(1));
    lab.run(1_000);
    let expected = ["50 n1 start", "100 n1 accepted 1 from 0:9092", "100 n1 got 1 on 1", "200 n0 connected 1"];
    assert_eq!(lab.seen(), [&expected[..], &["200 n0 got 1001 on 1"]].concat());
}

#[test]
fn flights_show_what_is_under_way() {
    let mut lab = Lab::connected();
    lab.tell(0, vec![Send(1, 7)]);
    lab.run(1_050);
    let flights = lab.world.flights();
    assert_eq!(flights.len(), 1);
    let flight = &flights[0];
    assert_eq!((flight.from, flight.to, *flight.message), (NodeId(0), NodeId(1), 7));
    assert_eq!((flight.sent_at, flight.arrives_at), (Micros(1_000), Micros(1_100)));
    lab.run(1_100);
    assert_eq!(*lab.world.flights()[0].message, 1_007, "now the answer is under way");
}

#[test]
fn thousands_of_connections_come_and_go_without_a_trace() {
    let mut lab = Lab::new(2);
    for i in 1..=5_000u64 {
        lab.tell(0, vec![Connect(1), Send(i, 1)]);
        lab.run(i * 1_000);
        lab.tell(1, vec![Close(i)]);
        lab.run(i * 1_000 + 500);
    }
    assert_eq!(lab.seen().len(), 5_000 * 5);
    assert_eq!((lab.world.connections_open(), lab.world.queue_len()), (0, 0));
}
