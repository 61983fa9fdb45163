//! `--verify`: how far a plan is; when nothing moves any more, throttles go.

use base::Map;

use clients::KafkaError;
use clients::admin::call::{AdminCall, AdminReply, TopicSelection};
use protocol::ErrorCode;

use super::plan::{Plan, Replica};
use super::{commas, ongoing, throttle};
use crate::tools::jopt::Options;
use crate::tools::straight::{Halt, Run, all_of, execution, unexpected};

pub fn run(options: &Options, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let text = tool.read_text(options.value("reassignment-json-file")?.unwrap_or_default())?;
    let plan = Plan::parse(&text)?;
    let parts_ongoing = partitions(&plan, tool)?;
    let moves = moves(&plan.directories, tool)?;
    tool.println(moves.iter().map(|(replica, state)| state.words(replica)).collect::<Vec<_>>().join("\n"));
    let moves_ongoing = moves.values().any(|state| matches!(state, Move::Active { .. }));
    if !parts_ongoing && !moves_ongoing && !options.has("preserve-throttles") {
        throttle::clear(&plan, tool)?;
    }
    Ok(())
}

/// Prints each partition's state; true while anything is being reassigned, of the plan or not.
fn partitions(plan: &Plan, tool: &mut Run<'_, '_, '_>) -> Result<bool, Halt> {
    let current = ongoing(None, tool)?;
    let mut names: Vec<String> = plan
        .partitions
        .iter()
        .filter(|(tp, _)| !current.contains_key(tp))
        .map(|(tp, _)| tp.topic.to_string())
        .collect();
    base::ordered::sort(&mut names);
    names.dedup();
    let mut topics = Map::new();
    if !names.is_empty() {
        let call = AdminCall::DescribeTopics { topics: TopicSelection::Names(names), partition_limit: 2_000 };
        let AdminReply::Descriptions(items) = tool.get(call)? else { return Err(unexpected()) };
        topics = items;
    }
    let mut lines = Map::new();
    for (tp, target) in &plan.partitions {
        if current.contains_key(tp) {
            lines.insert(tp.clone(), format!("Reassignment of partition {tp} is still in progress."));
            continue;
        }
        let replicas = match topics.get(&*tp.topic) {
            Some(Ok(topic)) => match topic.partitions.get(tp.partition as usize) {
                Some(partition) => partition.replicas.clone(),
                None if topic.partitions.len() == tp.partition as usize => return Err(out_of_bounds(tp.partition)),
                None => Vec::new(),
            },
            Some(Err(error)) if error.code != ErrorCode::UnknownTopicOrPartition => {
                return Err(Halt::Thrown(execution(error.clone())));
            }
            _ => Vec::new(),
        };
        lines.insert(
            tp.clone(),
            match replicas == *target {
                true => format!("Reassignment of partition {tp} is completed."),
                false => format!(
                    "There is no active reassignment of partition {tp}, but replica set is {} rather than {}.",
                    commas(&replicas),
                    commas(target)
                ),
            },
        );
    }
    tool.println("Status of partition reassignment:");
    lines.into_values().for_each(|line| tool.println(line));
    Ok(!current.is_empty())
}

/// Kafka looks whether there are fewer partitions than the number it looks for, not as many.
fn out_of_bounds(index: i32) -> Halt {
    let why = format!("Index {index} out of bounds for length {index}");
    KafkaError::new("java.lang.IndexOutOfBoundsException", why).into()
}

/// `LogDirMoveState`.
pub enum Move {
    MissingReplica,
    MissingDir,
    Active { current: String, target: String, future: String },
    Cancelled { current: String, target: String },
    Completed,
}

impl Move {
    fn words(&self, (broker, tp): &Replica) -> String {
        let replica = format!("{tp}-{broker}");
        match self {
            Move::MissingDir => format!(
                "Partition {tp} is not found in any live log dir on broker {broker}. There is likely an offline log \
                 directory on the broker."
            ),
            Move::MissingReplica => {
                format!("Partition {tp} cannot be found in any live log directory on broker {broker}.")
            }
            Move::Active { target, future, .. } if target == future => {
                format!("Reassignment of replica {replica} is still in progress.")
            }
            Move::Active { target, future, .. } => {
                format!("Partition {tp} on broker {broker} is being moved to log dir {future} instead of {target}.")
            }
            Move::Cancelled { current, target } => {
                format!("Partition {tp} on broker {broker} is not being moved from log dir {current} to {target}.")
            }
            Move::Completed => format!("Reassignment of replica {replica} completed successfully."),
        }
    }
}

/// `findLogDirMoveStates`.
pub fn moves(targets: &Map<Replica, String>, tool: &mut Run<'_, '_, '_>) -> Result<Map<Replica, Move>, Halt> {
    let mut states = Map::new();
    if targets.is_empty() {
        return Ok(states);
    }
    let mut brokers: Vec<i32> = targets.keys().map(|(broker, _)| *broker).collect();
    brokers.dedup();
    let AdminReply::LogDirs(items) = tool.get(AdminCall::DescribeLogDirs { brokers })? else {
        return Err(unexpected());
    };
    let described = all_of(items)?;
    for (replica, target) in targets {
        let (broker, tp) = replica;
        let Some(dirs) = described.get(broker) else {
            states.insert(replica.clone(), Move::MissingReplica);
            continue;
        };
        let place = |future: bool| {
            let holds = |dir: &clients::admin::call::LogDirDescription| {
                dir.replicas.get(tp).is_some_and(|info| info.is_future == future)
            };
            dirs.iter().find(|(_, dir)| holds(dir)).map(|(path, _)| path.clone())
        };
        let state = match (place(false), place(true)) {
            (None, _) => Move::MissingDir,
            (Some(current), None) if current == *target => Move::Completed,
            (Some(current), None) => Move::Cancelled { current, target: target.clone() },
            (Some(current), Some(future)) => Move::Active { current, target: target.clone(), future },
        };
        states.insert(replica.clone(), state);
    }
    Ok(states)
}
