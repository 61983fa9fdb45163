//! A lesson taken from end to end: answers, checks, hints, the solution shown, steps back and forth, progress kept.

use session::act::Act;
use session::{Player, Stage};
use wire::Fault;
use wire::lesson::Verdict;

const LESSON: &str = r#"---
id: two-steps
title: Two steps
minutes: 2
brokers: 3
---

# Make a topic

Prose.

```predict
question: What does the first record get?
option: Offset 1 :: Counting starts at zero. :: partition.orders-0.hw == 7
option: Offset 0 :: An offset is a position, and the first is 0. :: partition.orders-0.hw == 1
future:
$ kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --replica-assignment 1:2:3
$ echo hello | kafka-console-producer.sh --bootstrap-server b1:9092 --topic orders
```

```do
Create the topic `orders` with one partition.
```

```check
topic.orders.exists :: There is a topic orders
wrong: topic.order.exists :: You made the topic order; the name is orders
topic.orders.partitions == 1 :: It has one partition
```

```hint
Look at `kafka-topics.sh`.
```

```solution
$ kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --replica-assignment 1:2:3
```

# Kill the leader

```do
Kill broker 1.
```

```check
did.kill.b1 >= 1 :: Broker 1 is killed
within: 20s
partition.orders-0.leader != 1 :: Another broker leads
step.elections.orders == 1 :: There was one election
```

```solution
! kill b1
```
"#;

const CREATE: &str = "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --replica-assignment 1:2:3";

fn begun() -> (Player, Stage) {
    let mut player = Player::load("two.md", LESSON).unwrap();
    let mut stage = Stage::boot(&player.cluster(), player.seed()).unwrap();
    player.set_up(&mut stage).unwrap();
    (player, stage)
}

fn type_line(stage: &mut Stage, line: &str) {
    stage.act(Act::Type { terminal: "t1".into(), line: line.into() }).unwrap();
    stage.run_for(base::Micros::from_secs(2));
}

fn verdict(player: &Player, stage: &Stage) -> Option<Verdict> {
    let view = player.view(stage);
    view.steps[view.step as usize].verdict.clone()
}

fn checked(player: &mut Player, stage: &mut Stage) -> Verdict {
    player.check(stage).unwrap();
    verdict(player, stage).unwrap()
}

#[test]
fn unsolved_is_named_and_solved_is_solved() {
    let (mut player, mut stage) = begun();
    assert_eq!(checked(&mut player, &mut stage), Verdict::NotYet("There is a topic orders".into()));
    type_line(&mut stage, &CREATE.replace("orders", "order"));
    assert_eq!(
        checked(&mut player, &mut stage),
        Verdict::WrongPath("You made the topic order; the name is orders".into())
    );
    type_line(
        &mut stage,
        &CREATE.replace("--create", "--delete").replace("orders --replica-assignment 1:2:3", "order"),
    );
    type_line(&mut stage, CREATE);
    assert_eq!(checked(&mut player, &mut stage), Verdict::Solved);
    assert_eq!(player.view(&stage).solved, [0]);
}

#[test]
fn check_waits_for_what_comes_by_itself_and_for_nothing_else() {
    let (mut player, mut stage) = begun();
    type_line(&mut stage, CREATE);
    player.step(1, &mut stage).unwrap();
    let before = stage.now();
    assert_eq!(checked(&mut player, &mut stage), Verdict::NotYet("Broker 1 is killed".into()));
    assert_eq!(stage.now(), before);
    stage.act(Act::Fault(Fault::Kill("b1".into()))).unwrap();
    assert_eq!(checked(&mut player, &mut stage), Verdict::Solved);
    let waited = stage.now() - before;
    assert!((8_000..=11_000).contains(&waited.as_ms()), "waited {} ms", waited.as_ms());
}

#[test]
fn a_prediction_is_marked_on_a_copy_of_the_world() {
    let (mut player, stage) = begun();
    let digest = stage.digest();
    player.predict(0, &stage).unwrap();
    assert_eq!(stage.digest(), digest);
    let predict = player.view(&stage).steps[0].predict.clone().unwrap();
    assert_eq!((predict.chosen, predict.outcome), (Some(0), Some(1)));
    assert_eq!(predict.explanation.len(), 3);
    assert_eq!(player.predict(1, &stage), Err("this question is answered".to_string()));
}

#[test]
fn the_solution_shown_never_counts_until_it_is_taken_back() {
    let (mut player, mut stage) = begun();
    type_line(&mut stage, &CREATE.replace("orders", "order"));
    player.show_me(&mut stage).unwrap();
    assert_eq!(stage.timeline().branches().count(), 2, "what the learner did stays on its own branch");
    assert_eq!(checked(&mut player, &mut stage), Verdict::Shown);
    assert!(player.view(&stage).solved.is_empty());
    player.step(0, &mut stage).unwrap();
    type_line(&mut stage, CREATE);
    assert_eq!(checked(&mut player, &mut stage), Verdict::Solved);
}

#[test]
fn steps_lead_back_to_where_they_began_and_forward_again() {
    let (mut player, mut stage) = begun();
    let first = stage.digest();
    type_line(&mut stage, CREATE);
    player.step(1, &mut stage).unwrap();
    let second = stage.digest();
    stage.act(Act::Fault(Fault::Kill("b1".into()))).unwrap();
    player.step(0, &mut stage).unwrap();
    assert_eq!(stage.digest(), first);
    player.step(1, &mut stage).unwrap();
    assert_eq!(stage.digest(), second);
    // On another path from the first step on, the second begins anew.
    player.step(0, &mut stage).unwrap();
    type_line(&mut stage, &CREATE.replace("1:2:3", "2:1:3"));
    let elsewhere = stage.digest();
    player.step(1, &mut stage).unwrap();
    assert_eq!(stage.digest(), elsewhere);
}

#[test]
fn progress_is_kept_and_what_does_not_fit_is_refused() {
    let (mut player, mut stage) = begun();
    player.predict(1, &stage).unwrap();
    player.hint();
    player.hint();
    type_line(&mut stage, CREATE);
    player.check(&mut stage).unwrap();
    player.step(1, &mut stage).unwrap();
    let part = player.part();
    let mut again = Player::load("two.md", LESSON).unwrap();
    again.resume(&part).unwrap();
    assert_eq!(again.part(), part);
    assert_eq!(again.view(&stage), player.view(&stage));
    let mut damaged = part.clone();
    damaged.marks[0].hints = 2;
    assert_eq!(again.resume(&damaged), Err("the progress does not fit the step `Make a topic`".to_string()));
    damaged.marks.pop();
    assert_eq!(again.resume(&damaged), Err("the progress is of a lesson with 1 steps; this one has 2".to_string()));
    assert_eq!(again.part(), part);
}

#[test]
fn clauses_are_looked_at_live() {
    let (mut player, mut stage) = begun();
    assert!(!player.observe(&stage));
    type_line(&mut stage, CREATE);
    assert!(player.observe(&stage));
    let met: Vec<bool> =
        player.view(&stage).steps[0].task.clone().unwrap().clauses.iter().map(|clause| clause.met).collect();
    assert_eq!(met, [true, true]);
}
