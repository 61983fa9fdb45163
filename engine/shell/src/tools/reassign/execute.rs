//! `--execute` and `--cancel`.

use base::{Map, Micros, Set};

use clients::KafkaError;
use clients::admin::call::{AdminCall, AdminReply, PerItem};
use protocol::{ErrorCode, TopicPartition};

use super::generate::{describe, directories, replicas};
use super::plan::{self, Plan, Replica};
use super::verify::{Move, moves};
use super::{ongoing, terse, throttle};
use crate::tools::jopt::Options;
use crate::tools::json_input::ADMIN_COMMAND_FAILED;
use crate::tools::straight::{Halt, Run, execution, unexpected};

const ONE_IS_UNDER_WAY: &str = "Cannot execute because there is an existing partition assignment.  Use --additional to \
                                override this and create a new partition assignment in addition to the existing one. The \
                                --additional flag can also be used to change the throttle by resubmitting the current \
                                reassignment.";

pub fn run(options: &Options, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let text = tool.read_text(options.value("reassignment-json-file")?.unwrap_or_default())?;
    let rate = options.long("throttle")?.unwrap_or(-1);
    let dir_rate = options.long("replica-alter-log-dirs-throttle")?.unwrap_or(-1);
    let plan = Plan::parse(&text)?;
    plan.check()?;
    let under_way = ongoing(None, tool)?;
    if !options.has("additional") && !under_way.is_empty() {
        return Err(terse(ONE_IS_UNDER_WAY.to_string(), tool));
    }
    check_brokers(&plan, tool)?;
    let current = current(&plan, tool)?;
    let dirs = directories(&current, tool)?;
    tool.println(format!(
        "Current partition replica assignment\n\n{}\n\nSave this to use as the --reassignment-json-file option during \
         rollback",
        plan::format(&current, &dirs)
    ));
    if rate >= 0 || dir_rate >= 0 {
        tool.println(
            "Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is \
             removed.",
        );
        if rate >= 0 {
            throttle::limit(&plan, &current, &under_way, rate, tool)?;
        }
        if dir_rate >= 0 {
            let moving = plan.directories.keys().map(|(broker, _)| *broker).collect();
            throttle::limit_directories(moving, dir_rate, tool)?;
        }
    }
    let targets: Map<TopicPartition, Option<Vec<i32>>> =
        plan.partitions.iter().map(|(tp, replicas)| (tp.clone(), Some(replicas.clone()))).collect();
    let names = list(targets.keys());
    let plural = if targets.len() == 1 { "" } else { "s" };
    let allow_factor_change = !options.has("disallow-replication-factor-change");
    let items = alter(targets, allow_factor_change, tool)?;
    if let Some(words) = failures(&items) {
        return Err(terse(format!("Error reassigning partition(s):\n{words}"), tool));
    }
    tool.println(format!("Successfully started partition reassignment{plural} for {names}"));
    move_directories(plan.directories, options, tool)
}

fn list<'t>(partitions: impl Iterator<Item = &'t TopicPartition>) -> String {
    partitions.map(TopicPartition::to_string).collect::<Vec<_>>().join(",")
}

fn check_brokers(plan: &Plan, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let AdminReply::Cluster(cluster) = tool.get(AdminCall::DescribeCluster { include_fenced: false })? else {
        return Err(unexpected());
    };
    let asked: Set<i32> = plan.partitions.iter().flat_map(|(_, replicas)| replicas).copied().collect();
    match asked.iter().find(|id| !cluster.nodes.iter().any(|node| node.id == **id)) {
        Some(id) => Err(KafkaError::new(ADMIN_COMMAND_FAILED, format!("Unknown broker id {id}")).into()),
        None => Ok(()),
    }
}

/// `getReplicasForPartitions`: every partition of the plan must be there.
fn current(plan: &Plan, tool: &mut Run<'_, '_, '_>) -> Result<Map<TopicPartition, Vec<i32>>, Halt> {
    let wanted: Set<&TopicPartition> = plan.partitions.iter().map(|(tp, _)| tp).collect();
    let names = wanted.iter().map(|tp| tp.topic.to_string()).collect();
    let mut found = replicas(&describe(names, tool)?);
    found.retain(|tp, _| wanted.contains(tp));
    let missing: Vec<String> = wanted.iter().filter(|tp| !found.contains_key(**tp)).map(|tp| tp.to_string()).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    let words = format!("Unable to find partition: {}", missing.join(", "));
    Err(Halt::Thrown(execution(KafkaError::api(ErrorCode::UnknownTopicOrPartition, Some(&words)))))
}

fn alter(
    targets: Map<TopicPartition, Option<Vec<i32>>>,
    allow_factor_change: bool,
    tool: &mut Run<'_, '_, '_>,
) -> Result<PerItem<TopicPartition, ()>, Halt> {
    let partitions: Vec<TopicPartition> = targets.keys().cloned().collect();
    match tool.ask(AdminCall::AlterPartitionReassignments { targets, allow_factor_change })? {
        Ok(AdminReply::PerPartition(items)) => Ok(items),
        Ok(_) => Err(unexpected()),
        // A call that fails as a whole fails each partition.
        Err(error) => Ok(partitions.into_iter().map(|tp| (tp, Err(error.clone()))).collect()),
    }
}

fn failures(items: &PerItem<TopicPartition, ()>) -> Option<String> {
    let line = |(tp, item): (&TopicPartition, &Result<(), KafkaError>)| {
        item.as_ref().err().map(|error| format!("{tp}: {}", error.message()))
    };
    let lines: Vec<String> = items.iter().filter_map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// `executeMoves`: asks again until each move between directories has begun.
fn move_directories(
    mut pending: Map<Replica, String>,
    options: &Options,
    tool: &mut Run<'_, '_, '_>,
) -> Result<(), Halt> {
    if pending.is_empty() {
        return Ok(());
    }
    let timeout = options.long("timeout")?.unwrap_or(10_000);
    let end = tool.now() + Micros::from_ms(u64::try_from(timeout).unwrap_or(0));
    loop {
        let call = AdminCall::AlterReplicaLogDirs { directories: pending.clone() };
        let AdminReply::PerReplica(items) = tool.get(call)? else { return Err(unexpected()) };
        for (replica, item) in items {
            let (broker, tp) = &replica;
            match item {
                Ok(()) => {
                    let Some(path) = pending.remove(&replica) else { continue };
                    tool.println(format!(
                        "Successfully started moving log directory to {path} for replica {tp} with broker {broker} "
                    ));
                }
                Err(error) if error.code == ErrorCode::ReplicaNotAvailable => {}
                Err(error) => {
                    let why = format!("Failed to alter dir for {tp}-{broker}");
                    return Err(KafkaError::new(ADMIN_COMMAND_FAILED, why).caused_by(execution(error)).into());
                }
            }
        }
        if pending.is_empty() {
            return Ok(());
        }
        if tool.now() >= end {
            let plural = if pending.len() == 1 { "" } else { "s" };
            let names: Vec<String> = pending.keys().map(|(broker, tp)| format!("{tp}-{broker}")).collect();
            let words =
                format!("Timed out before log directory move{plural} could be started for: {}", names.join(","));
            return Err(terse(words, tool));
        }
        tool.sleep(Micros::from_ms(100))?;
    }
}

pub fn cancel(options: &Options, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let text = tool.read_text(options.value("reassignment-json-file")?.unwrap_or_default())?;
    let plan = Plan::parse(&text)?;
    let partitions = plan.partitions.iter().map(|(tp, _)| tp.clone()).collect();
    let found = ongoing(Some(partitions), tool)?;
    let moving: Vec<TopicPartition> = found
        .into_iter()
        .filter(|(_, reassignment)| !reassignment.adding.is_empty() || !reassignment.removing.is_empty())
        .map(|(tp, _)| tp)
        .collect();
    if moving.is_empty() {
        tool.println("None of the specified partition reassignments are active.");
    } else {
        let items = alter(moving.iter().map(|tp| (tp.clone(), None)).collect(), true, tool)?;
        if let Some(words) = failures(&items) {
            let plural = if words.contains('\n') { "s" } else { "" };
            return Err(terse(format!("Error cancelling partition reassignment{plural} for:\n{words}"), tool));
        }
        let plural = if moving.len() == 1 { "" } else { "s" };
        tool.println(format!("Successfully cancelled partition reassignment{plural} for: {}", list(moving.iter())));
    }
    let states = moves(&plan.directories, tool)?;
    let active: Map<Replica, String> = states
        .into_iter()
        .filter_map(
            |(replica, state)| if let Move::Active { current, .. } = state { Some((replica, current)) } else { None },
        )
        .collect();
    if active.is_empty() {
        // No line ends here in Kafka's tool.
        tool.print("None of the specified partition moves are active.");
    } else {
        move_directories(active, options, tool)?;
    }
    if options.has("preserve-throttles") { Ok(()) } else { throttle::clear(&plan, tool) }
}
