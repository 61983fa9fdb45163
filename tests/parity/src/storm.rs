//! A cluster under random acts: lines typed, servers killed, paused, cut off and brought back, and time gone back and forth.

use base::Rng;
use wire::command::ClusterSpec;
use wire::{Command, Fault};

use crate::{Outcome, Watched};

const SERVERS: [&str; 4] = ["b1", "b2", "b3", "c1"];
const CREATE: &str =
    "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions 4 --replication-factor 3";
const CONSUME: &str =
    "kafka-console-consumer.sh --bootstrap-server b1:9092,b2:9092,b3:9092 --topic orders --from-beginning";
const PRODUCE: &str = "kafka-console-producer.sh --bootstrap-server b2:9092,b3:9092 --topic orders";
const DESCRIBE: &str = "kafka-topics.sh --bootstrap-server b3:9092 --describe --topic orders";

/// So many seconds of virtual time, drawn from the seed.
pub fn storm(seed: u64, seconds: u32) -> Outcome {
    let mut watched = Watched::new();
    let mut rng = Rng::new(seed, 0, "storm");
    let spec = ClusterSpec { version: "4.3".to_string(), brokers: 3, controllers: 1, config: Vec::new() };
    watched.ask(Command::Boot { spec, seed });
    for (terminal, line) in [("t1", CREATE), ("t2", CONSUME), ("t1", PRODUCE)] {
        watched.ask(typed(terminal, line));
        watched.ask(Command::RunUntilIdle { terminal: terminal.to_string() });
    }
    let until = u64::from(seconds) * 1_000_000;
    let mut number = 0;
    loop {
        let us = rng.between(50_000, 1_500_000);
        let now = watched.ask(Command::Run { us, events_max: u32::MAX }).now_us;
        if now >= until {
            break;
        }
        number += 1;
        match rng.below(10) {
            0..5 => drop(watched.ask(typed("t1", &format!("order {number}")))),
            5..8 => drop(watched.ask(Command::Fault(fault(&mut rng)))),
            _ => mend(&mut watched),
        }
    }
    travel(&mut watched, &mut rng);
    watched.outcome()
}

/// Everything is brought back, so that most of the time something runs; a table shows what became of the topic.
fn mend(watched: &mut Watched) {
    watched.ask(Command::Fault(Fault::Heal));
    for server in SERVERS {
        watched.ask(Command::Fault(Fault::Resume(server.to_string())));
        watched.ask(Command::Fault(Fault::Start(server.to_string())));
    }
    watched.ask(typed("t3", DESCRIBE));
}

/// Back to places that were, a branch from one of them, and to its end.
fn travel(watched: &mut Watched, rng: &mut Rng) {
    let end = watched.ask(Command::Digest).end_index;
    for _ in 0..4 {
        watched.ask(Command::Seek { index: rng.below(end.max(1)) });
        watched.ask(Command::StepEvent { forward: false });
    }
    watched.ask(Command::Fault(Fault::Kill("b2".to_string())));
    watched.ask(Command::Run { us: 5_000_000, events_max: u32::MAX });
    watched.ask(Command::Export);
    watched.ask(Command::SwitchBranch { name: "main".to_string() });
    watched.ask(Command::Seek { index: end });
}

fn typed(terminal: &str, line: &str) -> Command {
    Command::Type { terminal: terminal.to_string(), line: line.to_string() }
}

/// What does not fit the state of the server is refused in words, and the words are compared too.
fn fault(rng: &mut Rng) -> Fault {
    let mut server = || SERVERS[rng.below(SERVERS.len() as u64) as usize].to_string();
    let (target, other) = (server(), server());
    match rng.below(9) {
        0 => Fault::Kill(target),
        1 => Fault::Stop(target),
        2..5 => Fault::Start(target),
        5 => Fault::Pause(target),
        6 => Fault::Resume(target),
        7 => Fault::Cut { from: target, to: other },
        _ => Fault::Heal,
    }
}
