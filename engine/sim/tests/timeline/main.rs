//! Time travel over a world that never rests: whatever way a place in history is reached, the state is the same.

#[path = "../support/chatter.rs"]
mod chatter;

use base::{Map, Micros, NodeId, Rng};

use chatter::{Act, Chatter};
use sim::fault::Fault;
use sim::timeline::{Goal, Policy, Position, Refused, RestoreError, Saved, Stop, Timeline};
use sim::{LinkRule, World};

type Line = Timeline<Chatter, Act>;

fn new_line(seed: u64) -> Line {
    Timeline::with_policy(World::new(seed), Policy { every: 200, max: 24 })
}

/// A history of about ten thousand steps with faults and words in it, and the digest after every step and at its end.
fn lived(seed: u64) -> (Line, Map<u64, u64>) {
    let mut line = new_line(seed);
    let mut rng = Rng::new(seed, 0, "test");
    let mut digests = Map::new();
    line.do_now(Act::Boot { nodes: 5 }).unwrap();
    for round in 1..=40u64 {
        let until = Micros(round * 25_000 + rng.below(3_000));
        line.run_while(until, |world, _| {
            digests.insert(world.index(), world.digest());
            true
        });
        let node = NodeId(rng.below(5) as u32);
        let other = NodeId(rng.below(5) as u32);
        let act = match rng.below(8) {
            0 => Act::Fault(Fault::Kill(node)),
            1 => Act::Fault(Fault::Start(node)),
            2 => Act::Fault(Fault::Pause(node)),
            3 => Act::Fault(Fault::HealAll),
            4 => Act::Fault(Fault::Cut { from: node, to: other }),
            5 => Act::Fault(Fault::AllLinks { rule: LinkRule { loss_per_million: 20_000, ..LinkRule::default() } }),
            6 => Act::Fault(Fault::PowerCut(node)),
            _ => Act::Say(node, round),
        };
        assert!(!line.do_now(act).unwrap().is_fork);
    }
    line.run_until(Micros(1_100_000));
    (line, digests)
}

fn random_indices(line: &Line, count: usize) -> Vec<u64> {
    let mut rng = Rng::new(9, 0, "indices");
    (0..count).map(|_| rng.between(1, line.end().index - 1)).collect()
}

#[test]
fn a_seek_gives_the_very_state_of_the_first_run() {
    for seed in [1, 2] {
        let (mut line, digests) = lived(seed);
        let (end, end_digest) = (line.end(), line.world().digest());
        assert!(end.index > 5_000, "only {} steps", end.index);
        for index in random_indices(&line, 50) {
            assert_eq!(line.seek(index), Stop::Reached);
            assert_eq!(line.position().index, index);
            // The digest taken while running is from before any command given at this index, as is the seek.
            if let Some(digest) = digests.get(&index) {
                assert_eq!(line.world().digest(), *digest, "seed {seed} index {index}");
            }
        }
        line.seek(u64::MAX);
        assert_eq!((line.position(), line.world().digest()), (end, end_digest));
        assert_eq!(line.end(), end, "seeking makes no history");
    }
}

#[test]
fn stepping_back_one_by_one_and_forward_again() {
    let (mut line, digests) = lived(3);
    let end = line.end().index;
    for index in (end - 300..end).rev() {
        line.seek(index);
        assert_eq!(line.world().digest(), digests.get(&index).copied().unwrap_or(line.world().digest()));
    }
    line.run_steps(299);
    assert_eq!(line.position().index, end - 1);
    assert_eq!(line.branches().count(), 1, "looking around starts no branch");
}

#[test]
fn running_forward_from_the_past_gives_the_recorded_commands_again() {
    let (mut line, _) = lived(4);
    let (end, digest, events) = (line.end(), line.world().digest(), line.event_count());
    line.seek(1_000);
    assert_eq!(line.run_until(end.at), Stop::Reached);
    assert_eq!((line.position(), line.world().digest()), (end, digest));
    assert_eq!(line.event_count(), events, "events of the first run are not recorded twice");
}

#[test]
fn a_command_given_in_the_past_starts_a_branch_and_loses_nothing() {
    let (mut line, _) = lived(5);
    let (end, digest, events) = (line.end(), line.world().digest(), line.event_count());
    line.seek(2_000);
    let fork = line.position();
    assert!(line.do_now(Act::Say(NodeId(0), 99)).unwrap().is_fork);
    assert_eq!(line.current_branch(), "branch 2");
    assert_eq!(line.events_before(2_001), line.event_count(), "the new branch knows nothing of the old future");
    line.run_until(Micros(900_000));
    let (other_end, other_digest) = (line.position(), line.world().digest());

    let infos: Vec<_> = line.branches().map(|b| (b.name.to_string(), b.parent.map(str::to_string), b.fork)).collect();
    assert_eq!(infos[1], ("branch 2".to_string(), Some("main".to_string()), fork));
    line.switch("main").unwrap();
    assert_eq!(line.position().at, Micros(900_000), "a switch keeps the time");
    assert!(!line.is_at_end());
    line.seek_while(Goal::End, |_| true);
    assert_eq!((line.position(), line.world().digest(), line.event_count()), (end, digest, events));
    line.switch("branch 2").unwrap();
    assert_eq!((line.position(), line.world().digest()), (other_end, other_digest));
    assert_ne!(digest, other_digest);
}

#[test]
fn branches_of_branches_share_their_past() {
    let (mut line, digests) = lived(6);
    line.seek(3_000);
    line.fork("second").unwrap();
    line.do_now(Act::Fault(Fault::HealAll)).unwrap();
    line.run_until(Micros(800_000));
    line.seek(3_500);
    line.do_now(Act::Say(NodeId(1), 1)).unwrap();
    assert_eq!(line.current_branch(), "branch 3");
    let main: Vec<_> = {
        line.switch("main").unwrap();
        line.events(0..2_900).map(|e| (e.index, e.at, e.event)).collect()
    };
    line.switch("branch 3").unwrap();
    assert_eq!(line.events(0..2_900).map(|e| (e.index, e.at, e.event)).collect::<Vec<_>>(), main);
    for index in [10, 1_234, 2_999] {
        line.seek(index);
        assert_eq!(line.world().digest(), digests[&index]);
    }
    assert_eq!(line.fork("second"), Err(Refused::NameTaken("second".to_string())));
    assert_eq!(line.switch("nowhere"), Err(Refused::UnknownBranch("nowhere".to_string())));
    line.rename("branch 3", "third").unwrap();
    assert_eq!(line.current_branch(), "third");
}

#[test]
fn time_that_passes_without_events_is_part_of_a_command_s_place() {
    let mut line = new_line(1);
    line.do_now(Act::Boot { nodes: 0 }).unwrap();
    line.run_until(Micros(500));
    line.do_now(Act::Boot { nodes: 3 }).unwrap();
    line.run_until(Micros(50_000));
    line.do_now(Act::Say(NodeId(0), 1)).unwrap();
    let digest = line.world().digest();
    let places: Vec<_> = line.commands().map(|recorded| recorded.at).collect();
    assert_eq!(places, [Micros(0), Micros(500), Micros(50_000)]);
    line.seek(0);
    assert_eq!(line.position(), Position { index: 0, commands: 0, at: Micros(0) });
    line.seek_while(Goal::End, |_| true);
    assert_eq!((line.position().at, line.world().digest()), (Micros(50_000), digest));
    line.run_until(Micros(50_000));
    assert_ne!(line.world().digest(), digest, "what the command set going at this instant has happened, too");
}

#[test]
fn a_seek_in_time_shows_all_that_had_happened_by_then() {
    let (mut line, _) = lived(7);
    let commands: Vec<_> = line.commands().cloned().collect();
    for recorded in commands.iter().skip(1).step_by(7) {
        assert_eq!(line.seek_time(recorded.at), Stop::Reached);
        let here = line.position();
        assert_eq!(here.at, recorded.at);
        assert!(line.commands().take(here.commands as usize).any(|c| c == recorded));
        let straight = line.world().digest();
        line.seek(0);
        line.run_until(recorded.at);
        assert_eq!(line.world().digest(), straight);
        line.seek_time(Micros(recorded.at.0 - 1));
        assert!(line.position().commands < here.commands);
    }
    line.seek_time(Micros(99_000_000));
    assert_eq!(line.position(), line.end(), "there is nothing to see beyond the end");
}

#[test]
fn undo_goes_before_the_last_command_and_redo_gives_it_again() {
    let (mut line, _) = lived(8);
    line.do_now(Act::Say(NodeId(0), 1)).unwrap();
    line.do_now(Act::Fault(Fault::Kill(NodeId(0)))).unwrap();
    let (end, digest) = (line.position(), line.world().digest());
    assert!(line.undo() && line.undo());
    assert_eq!(line.position().commands + 2, end.commands);
    assert_eq!(line.position().at, end.at);
    assert!(line.redo() && line.redo() && !line.redo());
    assert_eq!((line.position(), line.world().digest()), (end, digest));
    while line.undo() {}
    assert_eq!(line.position(), Position::default());
    for _ in 0..end.commands {
        assert!(line.redo());
    }
    assert_eq!(line.world().digest(), digest);
    assert!(line.undo());
    assert!(line.do_now(Act::Say(NodeId(1), 1)).unwrap().is_fork, "another command instead is another branch");
}

#[test]
fn a_place_between_two_commands_of_the_same_moment_is_found_again() {
    let mut line = new_line(11);
    line.do_now(Act::Boot { nodes: 5 }).unwrap();
    let mut places = Vec::new();
    for round in 1..=30u64 {
        line.run_until(Micros(round * 9_000 + 7));
        for node in 0..3 {
            places.push((line.position(), line.world().digest()));
            line.do_now(Act::Say(NodeId(node), round)).unwrap();
        }
    }
    places.push((line.position(), line.world().digest()));
    let mut rng = Rng::new(3, 0, "places");
    for _ in 0..200 {
        let (place, digest) = places[rng.below(places.len() as u64) as usize];
        assert_eq!(line.seek_while(Goal::Position(place), |_| true), Stop::Reached);
        assert_eq!((line.position(), line.world().digest()), (place, digest));
    }
}

#[test]
fn a_budget_interrupts_any_run_and_the_same_call_goes_on() {
    let (mut line, digests) = lived(9);
    let mut calls = 0;
    loop {
        let mut budget = 10;
        let stop = line.seek_while(Goal::Index(4_099), |_| {
            budget -= 1;
            budget > 0
        });
        calls += 1;
        if stop == Stop::Reached {
            break;
        }
        assert_eq!(stop, Stop::Budget);
    }
    assert!(calls > 1);
    assert_eq!(line.world().digest(), digests[&4_099]);
}

#[test]
fn snapshots_stay_few_however_long_history_is() {
    let mut line = new_line(10);
    line.do_now(Act::Boot { nodes: 4 }).unwrap();
    line.run_steps(20_000);
    assert!(line.snapshot_count() <= 24);
    for back in [1, 10, 100, 1_000, 10_000] {
        let target = 20_000 - back;
        let mut steps = 0;
        line.seek_while(Goal::End, |_| true);
        line.seek_while(Goal::Index(target), |_| {
            steps += 1;
            true
        });
        assert!(steps <= 200 + back / 2, "{steps} steps replayed to go back {back}");
    }
}

#[test]
fn a_timeline_saved_and_restored_is_the_same_timeline() {
    let (mut line, _) = lived(11);
    line.seek(2_000);
    line.do_now(Act::Say(NodeId(0), 5)).unwrap();
    line.run_until(Micros(700_000));
    line.seek_time(Micros(650_000));
    let saved = line.save();
    let mut copy = Line::restore(World::new(11), &saved).unwrap();
    assert_eq!(copy.position(), Position::default(), "nothing has run yet");
    assert_eq!(copy.seek_while(Goal::Time(saved.position.at), |_| true), Stop::Reached);
    assert_eq!((copy.position(), copy.world().digest()), (line.position(), line.world().digest()));
    assert_eq!(copy.save(), saved);
    for name in ["main", "branch 2"] {
        line.switch(name).unwrap();
        copy.switch(name).unwrap();
        line.seek_while(Goal::End, |_| true);
        copy.seek_while(Goal::End, |_| true);
        assert_eq!(copy.world().digest(), line.world().digest(), "{name}");
        assert_eq!(copy.event_count(), line.event_count());
    }
    let link = line.save_current();
    assert_eq!(link.branches.len(), 1);
    let mut shared = Line::restore(World::new(11), &link).unwrap();
    shared.seek_while(Goal::End, |_| true);
    assert_eq!(shared.world().digest(), line.world().digest());
}

#[test]
fn a_log_of_another_world_stops_where_it_no_longer_fits() {
    let (line, _) = lived(12);
    let mut other = Line::restore(World::new(13), &line.save()).unwrap();
    let stop = other.seek_while(Goal::End, |_| true);
    assert!(matches!(stop, Stop::Diverged { command } if command > 0), "{stop:?}");
    assert!(other.do_now(Act::Say(NodeId(0), 1)).is_ok(), "from there one can go on");
}

#[test]
fn damaged_data_is_named_and_refused() {
    let (mut line, _) = lived(14);
    line.seek(2_000);
    line.do_now(Act::Say(NodeId(0), 5)).unwrap();
    let good = line.save();
    let damage = |change: fn(&mut Saved<Act>)| {
        let mut bad = good.clone();
        change(&mut bad);
        Line::restore(World::new(14), &bad).err()
    };
    let name = || "branch 2".to_string();
    assert_eq!(damage(|_| {}), None);
    assert_eq!(damage(|s| s.branches.clear()), Some(RestoreError::NoBranch));
    assert_eq!(damage(|s| s.current = 7), Some(RestoreError::NoSuchBranch { branch: 7 }));
    assert_eq!(damage(|s| s.branches[1].parent = Some(1)), Some(RestoreError::Parent { name: name() }));
    assert_eq!(damage(|s| s.branches[1].name = "main".into()), Some(RestoreError::Name { name: "main".into() }));
    assert_eq!(
        damage(|s| s.branches[0].commands.swap(3, 9)),
        Some(RestoreError::Order { name: "main".into(), command: Some(4) })
    );
    assert_eq!(
        damage(|s| s.branches[1].fork.index = 1 << 60),
        Some(RestoreError::Order { name: name(), command: None })
    );
    assert_eq!(damage(|s| s.branches[1].end.commands = 0), Some(RestoreError::Order { name: name(), command: None }));
    assert!(RestoreError::NoBranch.to_string().contains("no branch"));
}

#[test]
fn caps_are_refusals() {
    let mut line = new_line(1);
    for i in 0..base::limits::BRANCHES_MAX - 1 {
        line.fork(&format!("b{i}")).unwrap();
    }
    assert_eq!(line.fork(""), Err(Refused::TooManyBranches));
    for _ in 0..base::limits::SESSION_COMMANDS_MAX {
        line.do_now(Act::Boot { nodes: 0 }).unwrap();
    }
    assert_eq!(line.do_now(Act::Boot { nodes: 0 }), Err(Refused::TooManyCommands));
}
