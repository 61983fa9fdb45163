//! What people type during a run: topics are made, producers and consumers run, somebody looks from time to time.

use base::{Micros, Rng};

use super::plan::{Plan, Step, Topic};

/// Terminals, by what is typed there.
pub const ADMIN: &str = "t1";
pub const PRODUCERS: [&str; 3] = ["t2", "t3", "t4"];
pub const CONSUMERS: [&str; 2] = ["t5", "t6"];
pub const LOOKER: &str = "t7";

const BOOTSTRAP: &str = "--bootstrap-server b1:9092,b2:9092,b3:9092";

pub fn topics(rng: &mut Rng) -> Vec<Topic> {
    let topic = |(n, rng): (u64, &mut Rng)| {
        // One replica is rarely worth watching, three usually are.
        let replication_factor = [3, 3, 3, 2, 2, 1][rng.below(6) as usize];
        Topic {
            name: format!("topic-{n}"),
            partitions: rng.between(1, 3),
            replication_factor,
            min_insync_replicas: rng.between(1, replication_factor),
            is_compacted: rng.below(4) == 0,
        }
    };
    (1..=rng.between(1, 3)).map(|n| topic((n, rng))).collect()
}

/// Everything that is typed, with the times.
pub fn lines(rng: &mut Rng, topics: &[Topic], healed_at: Micros) -> Plan {
    let typed = |terminal: &str, line: String| Step::Type { terminal: terminal.to_string(), line };
    let create: Vec<String> = topics.iter().map(create).collect();
    let mut plan = vec![(Micros::from_secs(5), typed(ADMIN, create.join("; ")))];
    for terminal in CONSUMERS {
        if rng.below(4) > 0 {
            let line = consume(rng, topics);
            plan.push((Micros::from_ms(rng.between(8_000, 14_000)), typed(terminal, line.clone())));
            if rng.below(3) == 0 {
                // Somebody ends it and starts it again.
                let at = Micros::from_ms(rng.between(20_000, healed_at.as_ms()));
                plan.push((at, Step::Interrupt { terminal: terminal.to_string() }));
                plan.push((at + Micros::from_ms(rng.between(1, 10_000)), typed(terminal, line)));
            }
        }
    }
    let producers = rng.between(1, PRODUCERS.len() as u64) as usize;
    for terminal in &PRODUCERS[..producers] {
        let from = Micros::from_ms(rng.between(8_000, 12_000));
        plan.push((from, typed(terminal, produce(rng, topics))));
        let pace_ms = rng.between(100, 3_000);
        let mut at = from + Micros::from_secs(1);
        let mut number = 0;
        // Some go on after the healing, so that the recovered cluster has work.
        while at < healed_at + Micros::from_secs(2) && number < 200 {
            number += 1;
            // In a compacted topic no value is a tombstone.
            let value = if rng.below(6) == 0 { "NULL".to_string() } else { format!("{terminal}-{number}") };
            plan.push((at, typed(terminal, format!("{}:{value}", rng.below(10)))));
            at += Micros::from_ms(rng.between(1, 2 * pace_ms));
        }
    }
    if rng.below(4) == 0 {
        let at = Micros::from_ms(rng.between(12_000, healed_at.as_ms()));
        plan.push((at, typed(LOOKER, grow(rng, topics))));
    }
    if rng.below(3) == 0 {
        let at = Micros::from_ms(rng.between(12_000, healed_at.as_ms()));
        plan.push((at, typed(LOOKER, reassign(rng, topics))));
    }
    if rng.below(4) == 0 {
        let at = Micros::from_ms(rng.between(6_000, healed_at.as_ms()));
        let doomed = "--topic doomed --partitions 2 --replication-factor 2";
        plan.push((at, typed(ADMIN, format!("kafka-topics.sh {BOOTSTRAP} --create {doomed}"))));
        let at = at + Micros::from_ms(rng.between(1_000, 30_000));
        plan.push((at, typed(ADMIN, format!("kafka-topics.sh {BOOTSTRAP} --delete --topic doomed"))));
    }
    for _ in 0..rng.below(4) {
        let at = Micros::from_ms(rng.between(12_000, healed_at.as_ms()));
        // Leaders change while all is well, so that what is under way belongs to the one before.
        plan.push((at, typed(LOOKER, balance())));
    }
    for _ in 0..rng.below(4) {
        let at = Micros::from_ms(rng.between(12_000, healed_at.as_ms()));
        plan.push((at, typed(LOOKER, look(rng, topics))));
    }
    plan
}

fn create(topic: &Topic) -> String {
    let Topic { name, partitions, replication_factor, min_insync_replicas, is_compacted } = topic;
    let cleaned = " --config cleanup.policy=compact --config segment.ms=3000 --config min.cleanable.dirty.ratio=0.01";
    let cleaned = if *is_compacted { cleaned } else { "" };
    format!(
        "kafka-topics.sh {BOOTSTRAP} --create --topic {name} --partitions {partitions} --replication-factor \
         {replication_factor} --config min.insync.replicas={min_insync_replicas}{cleaned}"
    )
}

fn pick<'a, T>(rng: &mut Rng, items: &'a [T]) -> &'a T {
    &items[rng.below(items.len() as u64) as usize]
}

fn consume(rng: &mut Rng, topics: &[Topic]) -> String {
    let topic = &pick(rng, topics).name;
    let isolation = if rng.below(4) == 0 { " --isolation-level read_committed" } else { "" };
    let group = if rng.below(3) == 0 { " --group together" } else { "" };
    // New partitions are found when the metadata is asked for again, by default after five minutes.
    let refresh = "--command-property metadata.max.age.ms=5000";
    format!("kafka-console-consumer.sh {BOOTSTRAP} --topic {topic} --from-beginning {refresh}{isolation}{group}")
}

/// The first partition of a topic moves to other brokers; their number stays.
fn reassign(rng: &mut Rng, topics: &[Topic]) -> String {
    let topic = pick(rng, topics);
    let mut brokers = [1, 2, 3];
    rng.shuffle(&mut brokers);
    let replicas: Vec<String> =
        brokers.iter().take(topic.replication_factor as usize).map(|broker| broker.to_string()).collect();
    let plan = format!(
        "{{\"version\":1,\"partitions\":[{{\"topic\":\"{}\",\"partition\":0,\"replicas\":[{}]}}]}}",
        topic.name,
        replicas.join(",")
    );
    format!(
        "echo '{plan}' > move.json; kafka-reassign-partitions.sh {BOOTSTRAP} --reassignment-json-file move.json --execute"
    )
}

/// Two partitions more than before.
fn grow(rng: &mut Rng, topics: &[Topic]) -> String {
    let Topic { name, partitions, .. } = pick(rng, topics);
    format!("kafka-topics.sh {BOOTSTRAP} --alter --topic {name} --partitions {}", partitions + 2)
}

fn produce(rng: &mut Rng, topics: &[Topic]) -> String {
    let topic = pick(rng, topics);
    let (topic, is_compacted) = (&topic.name, topic.is_compacted);
    let acks = *pick(rng, &["all", "all", "all", "1", "0"]);
    let mut line = format!("kafka-console-producer.sh {BOOTSTRAP} --topic {topic}");
    line += " --reader-property parse.key=true --reader-property key.separator=:";
    if is_compacted {
        line += " --reader-property null.marker=NULL";
    }
    line += &format!(" --command-property acks={acks}");
    if acks == "all" && rng.below(3) == 0 {
        line += " --command-property enable.idempotence=false";
    }
    if rng.below(2) == 0 {
        line += &format!(" --message-send-max-retries {}", rng.between(0, 100_000));
    }
    if rng.below(3) == 0 {
        line += &format!(" --request-timeout-ms {}", rng.between(500, 10_000));
    }
    line
}

fn balance() -> String {
    format!("kafka-leader-election.sh {BOOTSTRAP} --election-type preferred --all-topic-partitions")
}

fn look(rng: &mut Rng, topics: &[Topic]) -> String {
    let topic = &pick(rng, topics).name;
    match rng.below(3) {
        0 => format!("kafka-topics.sh {BOOTSTRAP} --describe"),
        1 => format!("kafka-get-offsets.sh {BOOTSTRAP} --topic {topic}"),
        _ => format!("kafka-topics.sh {BOOTSTRAP} --list"),
    }
}
