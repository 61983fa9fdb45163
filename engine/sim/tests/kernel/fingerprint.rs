//! What a page shows of a world: two that differ in one message or in one byte on a disk show it.

use base::Micros;

use crate::probe::{Act, Lab};

/// A world after one order to node 0, at a time when whatever followed is over.
fn after(act: Act) -> u64 {
    let mut lab = Lab::connected();
    lab.tell(0, vec![act]);
    lab.run(5_000);
    assert_eq!(lab.world.now(), Micros(5_000));
    lab.world.fingerprint()
}

#[test]
fn the_same_history_has_the_same_fingerprint() {
    assert_eq!(after(Act::Send(1, 2_000)), after(Act::Send(1, 2_000)));
}

/// Both worlds take as many steps at the same times, and no disk differs.
#[test]
fn another_message_is_another_fingerprint() {
    assert_ne!(after(Act::Send(1, 2_000)), after(Act::Send(1, 2_001)));
}

#[test]
fn another_byte_on_a_disk_is_another_fingerprint() {
    assert_ne!(after(Act::Append("log", "a")), after(Act::Append("log", "b")));
}
