//! Kills, restarts and cuts at random; then calm, in which the quorum must come to itself. The invariants are looked at
//! after every step (see [`Net`](super::net::Net)).

use base::Rng;

use crate::raft::tests::net::Net;

fn storm(voters: usize, seed: u64) {
    // One more replica observes.
    let count = voters + 1;
    let mut net = Net::new(count, voters, seed);
    let mut rng = Rng::new(seed, 1, "storm");
    for _ in 0..60 {
        let node = rng.below(count as u64) as usize;
        match rng.below(10) {
            0 | 1 => net.kill(node),
            2..=4 => net.start(node),
            5 => net.isolate(node),
            6 => net.cut(node, rng.below(count as u64) as usize),
            7 => net.heal(),
            _ => {
                net.append();
            }
        }
        net.run_ms(rng.between(1, 2_500));
    }
    net.heal();
    for node in 0..count {
        net.start(node);
    }
    net.run_until_led();
    net.run_ms(15_000);
    let leader = net.leader().expect("in calm there is a leader");
    let end = net.append().expect("it is up");
    net.run_ms(2_000);
    for node in 0..count {
        let raft = net.raft(node);
        assert_eq!((raft.leader(), raft.log_end()), (Some(leader as i32 + 1), end), "seed {seed}, node {}", node + 1);
        assert_eq!(raft.high_watermark(), end, "seed {seed}, node {}", node + 1);
    }
}

#[test]
fn three_voters_in_a_storm() {
    (0..40).for_each(|seed| storm(3, seed));
}

#[test]
fn five_voters_in_a_storm() {
    (0..25).for_each(|seed| storm(5, 1_000 + seed));
}
