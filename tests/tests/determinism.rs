//! A whole cluster under faults is a function of its seed and its commands: run twice, sought, forked and restored, it is
//! the same to the bit.

use base::{Micros, NodeId, Rng};
use oz_tests::host::{Act, Host};
use sim::World;
use sim::fault::Fault;
use sim::plan::{Arena, Classes, plan};
use sim::timeline::{Goal, Stop, Timeline};

type Line = Timeline<Host, Act>;

/// Steps between two looks at the digest.
const LOOK_EVERY: u64 = 250;

/// Two minutes of a cluster of three: a topic, a producer and a consumer that stay, and a fault plan.
fn script(seed: u64) -> Vec<(Micros, Act)> {
    let ms = Micros::from_ms;
    let create =
        "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions 4 --replication-factor 3";
    let consume = "kafka-console-consumer.sh --bootstrap-server b1:9092,b2:9092 --topic orders --from-beginning";
    let produce = "kafka-console-producer.sh --bootstrap-server b2:9092,b3:9092 --topic orders";
    let mut script = vec![
        (ms(0), Act::Boot { brokers: 3 }),
        (ms(5_000), Act::typed("t1", create)),
        (ms(8_000), Act::typed("t2", consume)),
        (ms(9_000), Act::typed("t1", produce)),
    ];
    let mut rng = Rng::new(seed, 0, "words");
    script
        .extend((0..60).map(|i| (ms(10_000 + i * 1_500 + rng.below(1_000)), Act::typed("t1", &format!("order {i}")))));
    let arena = Arena {
        nodes: (0..4).map(NodeId).collect(),
        down_max: 1,
        wipes_max: 0,
        start: ms(12_000),
        end: ms(90_000),
        allowed: Classes::ALL,
    };
    script.extend(plan(seed, &arena).into_iter().map(|(at, fault)| (at, Act::Fault(fault))));
    script.push((ms(110_000), Act::EndOfInput { terminal: "t1" }));
    script.push((ms(112_000), Act::Interrupt { terminal: "t2" }));
    script.sort_by_key(|(at, _)| *at);
    script
}

/// What decides the future, and what a page shows of the past.
fn both(world: &World<Host>) -> (u64, u64) {
    (world.digest(), world.fingerprint())
}

/// Plays the script and gives `look` the world after every step.
fn play(seed: u64, mut look: impl FnMut(&World<Host>)) -> Line {
    let mut line = Line::new(World::new(seed));
    let mut run = |line: &mut Line, until| {
        let stop = line.run_while(until, |world, _| {
            look(world);
            true
        });
        assert_eq!(stop, Stop::Reached);
    };
    for (at, act) in script(seed) {
        run(&mut line, at);
        line.do_now(act).expect("within the caps");
    }
    run(&mut line, Micros::from_secs(120));
    line
}

/// Digests at the steps for which `is_wanted`.
fn digests(seed: u64, is_wanted: impl Fn(u64) -> bool) -> (Line, Vec<(u64, (u64, u64))>) {
    let mut seen = Vec::new();
    let line = play(seed, |world| {
        world.conservation().unwrap_or_else(|imbalance| panic!("SEED={seed} at {:?}: {imbalance}", world.now()));
        assert_eq!(world.violations(), [], "SEED={seed}");
        if is_wanted(world.index()) {
            seen.push((world.index(), both(world)));
        }
    });
    (line, seen)
}

#[test]
fn two_runs_of_a_seed_are_one() {
    for seed in [1, 2, 3] {
        let (line, first) = digests(seed, |index| index.is_multiple_of(LOOK_EVERY));
        let (again, second) = digests(seed, |index| index.is_multiple_of(LOOK_EVERY));
        assert!(first.len() > 10, "SEED={seed}: only {} looks", first.len());
        assert_eq!(first, second, "SEED={seed}");
        assert_eq!(line.end(), again.end());
        assert_eq!(both(line.world()), both(again.world()));
        assert_eq!(words(&line), words(&again), "the stream of events is part of it");
    }
}

#[test]
fn another_seed_is_another_run() {
    let (first, second) = (play(1, |_| {}), play(2, |_| {}));
    assert_ne!(first.world().digest(), second.world().digest());
    assert_ne!(first.world().fingerprint(), second.world().fingerprint());
}

#[test]
fn what_is_sought_is_what_was_run() {
    for seed in [4, 5] {
        let played = play(seed, |_| {});
        let end = played.end();
        // An index at which a person acted has two states, before and after the act; the look is before it, a seek after.
        let acts: Vec<u64> = played.commands().map(|act| act.index).collect();
        let mut rng = Rng::new(seed, 0, "indices");
        let mut indices: Vec<u64> = (0..50).map(|_| rng.between(1, end.index - 1)).collect();
        indices.retain(|index| !acts.contains(index));
        let sorted = {
            let mut sorted = indices.clone();
            sorted.sort_unstable();
            sorted
        };
        let (mut line, straight) = digests(seed, |index| sorted.binary_search(&index).is_ok());
        let last = both(line.world());
        rng.shuffle(&mut indices);
        for index in indices {
            assert_eq!(line.seek(index), Stop::Reached);
            let expected = straight.iter().find(|(at, _)| *at == index).map(|(_, digest)| *digest);
            assert_eq!(Some(both(line.world())), expected, "SEED={seed} EVENT={index}");
        }
        line.seek_while(Goal::End, |_| true);
        assert_eq!((line.end(), both(line.world())), (end, last), "SEED={seed}");
    }
}

#[test]
fn a_fork_leaves_the_path_it_left_as_it_was() {
    let seed = 6;
    let mut line = play(seed, |_| {});
    let (end, digest) = (line.end(), both(line.world()));
    line.seek_time(Micros::from_secs(40));
    let fork = line.position();
    assert!(line.do_now(Act::Fault(Fault::Kill(NodeId(2)))).expect("within the caps").is_fork);
    line.run_until(Micros::from_secs(80));
    let forked = both(line.world());

    // The same path taken straight, with nothing of the other one ever run.
    let mut straight = Line::new(World::new(seed));
    for (at, act) in script(seed).into_iter().filter(|(at, _)| *at <= fork.at) {
        straight.run_until(at);
        straight.do_now(act).expect("within the caps");
    }
    straight.run_until(fork.at);
    straight.do_now(Act::Fault(Fault::Kill(NodeId(2)))).expect("within the caps");
    straight.run_until(Micros::from_secs(80));
    assert_eq!(both(straight.world()), forked);

    line.switch("main").expect("it is there");
    line.seek_while(Goal::End, |_| true);
    assert_eq!((line.end(), both(line.world())), (end, digest));
}

#[test]
fn a_session_restored_from_its_commands_is_the_session() {
    let seed = 7;
    let line = play(seed, |_| {});
    let mut restored = Line::restore(World::new(seed), &line.save()).expect("it was just saved");
    assert_eq!(restored.seek_while(Goal::End, |_| true), Stop::Reached);
    assert_eq!(both(restored.world()), both(line.world()));
    assert_eq!(words(&restored), words(&line));
}

/// The events of a branch, each in words.
fn words(line: &Line) -> Vec<String> {
    let events = line.events(0..u64::MAX);
    events.map(|event| format!("{} {:?} {} {:?}", event.index, event.at, event.node.0, event.event)).collect()
}
#[test]
fn the_runs_are_worth_comparing() {
    let lines: Vec<String> = [1, 4, 6].iter().flat_map(|seed| words(&play(*seed, |_| {}))).collect();
    let must = ["RecordsAppended", "RecordsConsumed", "IsrShrunk", "IsrExpanded", "LeaderElected", "SendRetried"];
    for name in must.into_iter().chain(["LogTruncated", "BrokerFenced", "ControllerElected"]) {
        assert!(lines.iter().any(|line| line.contains(name)), "no {name} in any of them");
    }
}
