//! Disks that are too small or too slow: what becomes of a server and of what was acknowledged.

use oz::run::{Verdict, check};
use oz::script::stage::SessionWorld;

/// The lines about disks are not Kafka's, so nothing was recorded of them; what the tools say is Kafka's.
fn plays(script: &str) {
    for seed in [1, 7, 4_242] {
        if let Verdict::Differs(words) = check::<SessionWorld>(script, seed) {
            panic!("seed {seed}:\n{words}");
        }
    }
}

#[test]
fn a_broker_whose_disk_is_full_halts_and_comes_back_with_what_it_had() {
    plays(include_str!("disks/full.kafka"));
}

#[test]
fn an_acknowledgement_waits_for_a_slow_disk() {
    plays(include_str!("disks/slow.kafka"));
}
