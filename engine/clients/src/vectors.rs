//! Holds the partitioners to what Kafka's own classes answered, as recorded in vector files.

use base::{Rng, Uuid};
use protocol::vectors::Report;
use serde_json::Value;

use crate::metadata::{PartitionMetadata, TopicMetadata};
use crate::producer::vectors::{Partitioner, QueueSizes};

/// The files that this crate answers for.
pub const NAMES: [&str; 2] = ["round-robin", "sticky-partition"];

/// Checks one file; `None` when it is none of ours.
pub fn check(name: &str, text: &str) -> Option<Result<Report, String>> {
    let case: fn(&Value) -> Result<(), String> = match name {
        "round-robin" => round_robin,
        "sticky-partition" => sticky,
        _ => return None,
    };
    Some(run(name, text, case))
}

fn run(name: &str, text: &str, case: fn(&Value) -> Result<(), String>) -> Result<Report, String> {
    let file: Value = serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))?;
    let mut report = Report::default();
    for value in file["cases"].as_array().ok_or_else(|| format!("{name}: no cases"))? {
        report.count(value, case(value));
    }
    Ok(report)
}

const TOPIC: &str = "topic";

fn numbers(value: &Value) -> Vec<i64> {
    value.as_array().map(|list| list.iter().filter_map(Value::as_i64).collect()).unwrap_or_default()
}

/// `partitions` of them, all led but the `leaderless`.
fn topic(case: &Value) -> TopicMetadata {
    let leaderless = numbers(&case["leaderless"]);
    let partition = |index: i64| {
        let leader = (!leaderless.contains(&index)).then_some(1);
        let metadata =
            PartitionMetadata { leader, leader_epoch: 0, replicas: vec![1], isr: vec![1], offline: Vec::new() };
        (index as i32, metadata)
    };
    let count = case["partitions"].as_i64().unwrap_or(0);
    TopicMetadata { id: Uuid::ZERO, internal: false, partitions: (0..count).map(partition).collect() }
}

fn round_robin(case: &Value) -> Result<(), String> {
    let topic = topic(case);
    let mut partitioner = Partitioner::new(Rng::new(0, 0, "unused"), 0);
    let kafkas = numbers(&case["chosen"]);
    let ours: Vec<i64> = kafkas.iter().map(|_| i64::from(partitioner.round_robin(TOPIC, &topic))).collect();
    if ours == kafkas { Ok(()) } else { Err(format!("chosen: {ours:?} but Kafka has {kafkas:?}")) }
}

fn sticky(case: &Value) -> Result<(), String> {
    let topic = topic(case);
    let randoms = numbers(&case["randoms"]).into_iter().map(|number| number as u32).collect();
    let mut partitioner = Partitioner::recorded(randoms, case["batch_size"].as_u64().unwrap_or(0) as usize);
    if case["queue_sizes"].is_array() {
        let sizes = numbers(&case["queue_sizes"]);
        let partitions = numbers(&case["queue_partitions"]);
        let led = partitions.iter().zip(&sizes).map(|(partition, size)| (*partition as i32, *size as u64)).collect();
        partitioner.on_queue_sizes(TOPIC, Some(QueueSizes { led, all: sizes.len() }));
    }
    for (at, append) in case["appends"].as_array().into_iter().flatten().enumerate() {
        let (bytes, may_switch) = (append[0].as_u64().unwrap_or(0) as usize, append[1].as_bool().unwrap_or(false));
        let chosen = partitioner.current(TOPIC, &topic);
        partitioner.on_appended(TOPIC, &topic, bytes, may_switch);
        let ours = (i64::from(chosen), partitioner.drawn() as u64);
        let kafkas = (append[2].as_i64().unwrap_or(-1), append[3].as_u64().unwrap_or(0));
        if ours != kafkas {
            return Err(format!("append {at}: partition and draws {ours:?} but Kafka has {kafkas:?}"));
        }
    }
    Ok(())
}
