//! Every check is tripped by a bad state made for it, and a sound cluster trips none.

use sim::Timeline;
use wire::command::ClusterSpec;

use super::*;
use crate::act::Act;
use crate::setup;

fn cluster() -> World<Host> {
    let spec = ClusterSpec { version: "4.3".to_string(), brokers: 3, controllers: 1, config: Vec::new() };
    setup::build(&spec, 1).expect("a sound spec")
}

#[test]
fn a_cluster_that_starts_breaks_nothing() {
    let world = cluster();
    let mut checker = Checker::new(&world);
    let mut timeline: Timeline<Host, Act> = Timeline::new(world);
    timeline.run_while(Micros::from_secs(20), |world, events| {
        checker.after(world, events);
        true
    });
    assert_eq!(checker.broken(), []);
    let holds = |id: &str| checker.lamps().iter().any(|lamp| lamp.id == id && lamp.state == LampState::Holds);
    assert!(holds("S18") && holds("S19") && holds("S20"));
}
