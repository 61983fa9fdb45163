//! Plans as JSON: what is read from files, and what is printed to be saved.

use base::Map;

use clients::KafkaError;
use protocol::TopicPartition;

use crate::json::Value;
use crate::tools::json_input::{self as input, ADMIN_COMMAND_FAILED};

const ANY_LOG_DIR: &str = "any";

/// A replica: broker and partition, in the order in which the tool sorts them.
pub type Replica = (i32, TopicPartition);

/// What a file asks for, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub partitions: Vec<(TopicPartition, Vec<i32>)>,
    /// Directories, where the file names some.
    pub directories: Map<Replica, String>,
}

impl Plan {
    /// `parsePartitionReassignmentData`.
    pub fn parse(text: &str) -> Result<Plan, KafkaError> {
        let value = input::parse(text, input::operation_caused_by)?;
        input::check_version(&value)?;
        let mut plan = Plan::default();
        let Some(partitions) = input::optional(&value, "partitions")? else { return Ok(plan) };
        for item in input::array(partitions)? {
            let topic = input::string(input::field(item, "topic")?)?;
            let tp = TopicPartition::new(topic, input::integer(input::field(item, "partition")?)?);
            let replicas = input::list(input::field(item, "replicas")?, input::integer)?;
            let dirs = match input::optional(item, "log_dirs")? {
                Some(dirs) => input::list(dirs, input::string)?,
                None => vec![ANY_LOG_DIR.to_string(); replicas.len()],
            };
            if replicas.len() != dirs.len() {
                let why = format!(
                    "Size of replicas list {replicas:?} is different from size of log dirs list [{}] for partition {tp}",
                    dirs.join(", ")
                );
                return Err(KafkaError::new(ADMIN_COMMAND_FAILED, why));
            }
            for (replica, dir) in replicas.iter().zip(dirs).filter(|(_, dir)| dir != ANY_LOG_DIR) {
                plan.directories.insert((*replica, tp.clone()), dir);
            }
            plan.partitions.push((tp, replicas));
        }
        Ok(plan)
    }

    /// `parseExecuteAssignmentArgs`: nothing empty, nothing twice.
    pub fn check(&self) -> Result<(), KafkaError> {
        let failed = |why: String| Err(KafkaError::new(ADMIN_COMMAND_FAILED, why));
        if self.partitions.is_empty() {
            return failed("Partition reassignment list cannot be empty".to_string());
        }
        if self.partitions.iter().any(|(_, replicas)| replicas.is_empty()) {
            return failed("Partition replica list cannot be empty".to_string());
        }
        let names: Vec<TopicPartition> = self.partitions.iter().map(|(tp, _)| tp.clone()).collect();
        let repeated: Vec<String> = duplicates(&names).iter().map(TopicPartition::to_string).collect();
        if !repeated.is_empty() {
            return failed(format!(
                "Partition reassignment contains duplicate topic partitions: {}",
                repeated.join(",")
            ));
        }
        let entry = |(tp, replicas): &(TopicPartition, Vec<i32>)| {
            let twice = duplicates(replicas);
            (!twice.is_empty()).then(|| format!("{tp} contains multiple entries for {}", super::commas(&twice)))
        };
        let entries: Vec<String> = self.partitions.iter().filter_map(entry).collect();
        match entries.is_empty() {
            true => Ok(()),
            false => {
                failed(format!("Partition replica lists may not contain duplicate entries: {}", entries.join(". ")))
            }
        }
    }
}

/// The topics of a file for `--generate`.
pub fn parse_topics(text: &str) -> Result<Vec<String>, KafkaError> {
    let invalid = |_| KafkaError::new(input::ADMIN_OPERATION, "The input string is not a valid JSON");
    let value = input::parse(text, invalid)?;
    input::check_version(&value)?;
    let Some(topics) = input::optional(&value, "topics")? else { return Ok(Vec::new()) };
    input::array(topics)?.iter().map(|item| input::string(input::field(item, "topic")?)).collect()
}

/// Those that are there more than once, sorted.
pub fn duplicates<T: Ord + Clone>(items: &[T]) -> Vec<T> {
    let mut repeated: Vec<T> =
        items.iter().filter(|item| items.iter().filter(|other| other == item).count() > 1).cloned().collect();
    base::ordered::sort(&mut repeated);
    repeated.dedup();
    repeated
}

/// `formatAsReassignmentJson`.
pub fn format(partitions: &Map<TopicPartition, Vec<i32>>, directories: &Map<Replica, String>) -> String {
    let partition = |(tp, replicas): (&TopicPartition, &Vec<i32>)| {
        let dir = |id: &i32| directories.get(&(*id, tp.clone())).map_or(ANY_LOG_DIR, String::as_str);
        Value::object([
            ("topic", Value::text(&*tp.topic)),
            ("partition", Value::number(tp.partition)),
            ("replicas", Value::List(replicas.iter().map(|id| Value::number(*id)).collect())),
            ("log_dirs", Value::List(replicas.iter().map(|id| Value::text(dir(id))).collect())),
        ])
    };
    let partitions = partitions.iter().map(partition).collect();
    Value::object([("version", Value::number(1)), ("partitions", Value::List(partitions))]).to_string()
}
