//! `kafka-topics.sh`: create, list, describe, alter and delete topics (`TopicCommand`).

mod describe;
mod options;

pub use options::TABLE;

use base::Map;

use clients::admin::call::{
    AdminCall, AdminReply, ConfigResource, NewPartitions, NewTopic, TopicDescription, TopicSelection,
};
use clients::config::Properties;
use clients::{KafkaError, LogLine, error};
use protocol::{TopicPartition, java, topic};
use regex_lite::Regex;

use super::admin_tool::{AdminTool, Next, Script, all, unexpected};
use super::jopt::{Opt, Options};
use super::usage::{Stop, load_properties};
use crate::process::Io;
use describe::Described;

const LOGGER: &str = "org.apache.kafka.tools.TopicCommand";
/// How many partitions one description may hold unless told otherwise.
const PARTITIONS_PER_RESPONSE: i32 = 2_000;

/// What the tool waits for.
#[derive(Clone, Debug, Default, Hash)]
enum Waiting {
    #[default]
    Nothing,
    Created,
    /// The names of all topics, to pick from.
    Names,
    /// Descriptions, for how many partitions there are before new ones are added.
    Counts(Vec<String>),
    Altered,
    Deleted,
    Descriptions,
    Configs,
    Brokers,
    Reassignments,
}

#[derive(Clone, Debug, Default, Hash)]
pub struct Topics {
    options: Option<Options>,
    waiting: Waiting,
    described: Described,
}

pub type Tool = AdminTool<Topics>;

pub fn tool(arguments: &[String]) -> Tool {
    AdminTool::new(Topics::default(), arguments)
}

impl Script for Topics {
    const NAME: &'static str = "kafka-topics.sh";
    const TABLE: &'static [Opt] = options::TABLE;

    fn configure(&mut self, arguments: &[String], io: &mut Io<'_, '_>) -> Result<Properties, Stop> {
        let options = options::parse(arguments, &mut |is_error, words| match is_error {
            true => io.eprintln(words),
            false => io.println(words),
        })?;
        let mut properties = match options.value("command-config")? {
            Some(path) => load_properties(path, io)?,
            None => Properties::new(),
        };
        let servers = options.value("bootstrap-server")?.unwrap_or_default();
        properties.insert("bootstrap.servers".to_string(), servers.to_string());
        self.options = Some(options);
        Ok(properties)
    }

    fn begin(&mut self, io: &mut Io<'_, '_>) -> Next {
        match self.first_call(io) {
            Ok(call) => Next::Call(call),
            Err(error) => failed(&error, io),
        }
    }

    fn on_reply(&mut self, reply: Result<AdminReply, KafkaError>, io: &mut Io<'_, '_>) -> Next {
        match self.after(reply, io) {
            Ok(next) => next,
            Err(error) => failed(&error, io),
        }
    }

    fn print_thrown(error: KafkaError, io: &mut Io<'_, '_>) {
        io.eprintln(error.message());
        io.eprintln(error.stack_trace());
    }
}

/// `printException`: the message on stdout, the trace in the log.
fn failed(error: &KafkaError, io: &mut Io<'_, '_>) -> Next {
    io.println(format!("Error while executing topic command : {}", error.message()));
    io.eprint(LogLine::error(io.now, LOGGER, error.stack_trace()).to_string());
    Next::Exit(1)
}

impl Topics {
    fn options(&self) -> &Options {
        self.options.as_ref().expect("parsed before the first call")
    }

    fn first_call(&mut self, io: &mut Io<'_, '_>) -> Result<AdminCall, KafkaError> {
        let options = self.options();
        if options.has("create") {
            let call = create_call(options, io)?;
            self.waiting = Waiting::Created;
            return Ok(call);
        }
        // A bad id shows before anything is asked.
        self.topic_id()?;
        if options.has("alter") {
            // Mistakes in the numbers and the assignment show before anything is asked.
            options.integer("partitions")?;
            options.integer("replication-factor")?;
            self.assignment()?;
        }
        self.waiting = Waiting::Names;
        Ok(AdminCall::ListTopics { internal: !self.options().has("exclude-internal") })
    }

    fn after(&mut self, reply: Result<AdminReply, KafkaError>, io: &mut Io<'_, '_>) -> Result<Next, KafkaError> {
        match (std::mem::take(&mut self.waiting), reply) {
            (Waiting::Reassignments, reply) => {
                self.described.reassignments = match reply {
                    Ok(AdminReply::Reassignments(ongoing)) => ongoing,
                    // An older broker, or one that tells nobody, has none to show.
                    Err(error) if error.class == error::UNSUPPORTED_VERSION => Map::new(),
                    // Kafka's tool wraps what the future threw.
                    Err(error) => {
                        let cause = KafkaError::new(error::EXECUTION, error.to_string()).caused_by(error);
                        return Err(KafkaError::new("java.lang.RuntimeException", cause.to_string()).caused_by(cause));
                    }
                    Ok(_) => return Err(unexpected()),
                };
                io.print(describe::print(&self.described, self.options()));
                Ok(Next::Exit(0))
            }
            (_, Err(error)) => Err(error),
            (Waiting::Created, Ok(AdminReply::PerTopic(items))) => self.created(items, io),
            (Waiting::Names, Ok(AdminReply::Topics(listings))) => {
                if let Some(id) = self.topic_id()? {
                    return self.describe_by_id(listings.iter().any(|listing| listing.id == id), id);
                }
                let names: Vec<String> = listings.into_iter().map(|listing| listing.name).collect();
                self.with_names(&names, io)
            }
            (Waiting::Counts(names), Ok(AdminReply::Descriptions(items))) => {
                self.add_partitions(&names, items.into_iter().collect())
            }
            (Waiting::Altered | Waiting::Deleted, Ok(AdminReply::PerTopic(items))) => {
                all(items)?;
                Ok(Next::Exit(0))
            }
            (Waiting::Descriptions, Ok(AdminReply::Descriptions(items))) => {
                let topics: Vec<TopicDescription> = all(items)?.into_iter().map(|(_, topic)| topic).collect();
                Ok(self.with_descriptions(topics))
            }
            (Waiting::Descriptions, Ok(AdminReply::DescriptionsById(items))) => {
                let topics: Vec<TopicDescription> = all(items)?.into_iter().map(|(_, topic)| topic).collect();
                Ok(self.with_descriptions(topics))
            }
            (Waiting::Configs, Ok(AdminReply::Configs(items))) => {
                let configs = all(items)?.into_iter().map(|(resource, entries)| (resource.name, entries));
                self.described.configs = configs.collect();
                self.waiting = Waiting::Brokers;
                Ok(Next::Call(AdminCall::DescribeCluster { include_fenced: false }))
            }
            (Waiting::Brokers, Ok(AdminReply::Cluster(cluster))) => {
                self.described.live_brokers = cluster.nodes.iter().map(|node| node.id).collect();
                self.waiting = Waiting::Reassignments;
                Ok(Next::Call(AdminCall::ListPartitionReassignments { partitions: Some(self.partitions()) }))
            }
            _ => Err(unexpected()),
        }
    }

    fn created(
        &self,
        items: clients::admin::call::PerItem<String, ()>,
        io: &mut Io<'_, '_>,
    ) -> Result<Next, KafkaError> {
        let options = self.options();
        match all(items) {
            Ok(_) => {
                io.println(format!("Created topic {}.", options.value("topic")?.unwrap_or_default()));
                Ok(Next::Exit(0))
            }
            Err(error) if error.code == protocol::ErrorCode::TopicAlreadyExists && options.has("if-not-exists") => {
                Ok(Next::Exit(0))
            }
            Err(error) => Err(error),
        }
    }

    /// Goes on with the topics that `--topic` picks among all.
    fn with_names(&mut self, names: &[String], io: &mut Io<'_, '_>) -> Result<Next, KafkaError> {
        let options = self.options();
        let pattern = options.value("topic")?;
        let exclude = options.has("exclude-internal");
        let picked = pick(names, pattern, exclude)?;
        if options.has("list") {
            io.println(picked.join("\n"));
            return Ok(Next::Exit(0));
        }
        if picked.is_empty() && !options.has("if-exists") && pattern.is_some_and(|pattern| !pattern.is_empty()) {
            let why = format!("Topic '{}' does not exist as expected", pattern.unwrap_or_default());
            return Err(KafkaError::new(error::ILLEGAL_ARGUMENT, why));
        }
        if options.has("describe") {
            if picked.is_empty() {
                return Ok(self.with_descriptions(Vec::new()));
            }
            let limit = options.integer("partition-size-limit-per-response")?.unwrap_or(PARTITIONS_PER_RESPONSE);
            self.waiting = Waiting::Descriptions;
            let topics = TopicSelection::Names(picked);
            return Ok(Next::Call(AdminCall::DescribeTopics { topics, partition_limit: limit }));
        }
        if picked.is_empty() {
            return Ok(Next::Exit(0));
        }
        if options.has("delete") {
            self.waiting = Waiting::Deleted;
            return Ok(Next::Call(AdminCall::DeleteTopics { topics: picked }));
        }
        self.waiting = Waiting::Counts(picked.clone());
        let topics = TopicSelection::Names(picked);
        Ok(Next::Call(AdminCall::DescribeTopics { topics, partition_limit: PARTITIONS_PER_RESPONSE }))
    }

    fn add_partitions(
        &mut self,
        names: &[String],
        descriptions: Map<String, Result<TopicDescription, KafkaError>>,
    ) -> Result<Next, KafkaError> {
        let total = self.options().integer("partitions")?.unwrap_or(0);
        let assignment = self.assignment()?;
        let mut topics = Map::new();
        for name in names {
            let assignments = if assignment.is_empty() {
                None
            } else {
                let described = descriptions.get(name).cloned().unwrap_or_else(|| Err(unexpected()))?;
                Some(assignment.values().skip(described.partitions.len()).cloned().collect())
            };
            topics.insert(name.clone(), NewPartitions { total, assignments });
        }
        self.waiting = Waiting::Altered;
        Ok(Next::Call(AdminCall::CreatePartitions { topics }))
    }

    fn describe_by_id(&mut self, known: bool, id: base::Uuid) -> Result<Next, KafkaError> {
        if known {
            self.waiting = Waiting::Descriptions;
            let topics = TopicSelection::Ids(vec![id]);
            return Ok(Next::Call(AdminCall::DescribeTopics { topics, partition_limit: PARTITIONS_PER_RESPONSE }));
        }
        if self.options().has("if-exists") {
            return Ok(self.with_descriptions(Vec::new()));
        }
        let why = format!("TopicId '{id}' does not exist as expected");
        Err(KafkaError::new(error::ILLEGAL_ARGUMENT, why))
    }

    fn with_descriptions(&mut self, topics: Vec<TopicDescription>) -> Next {
        let names: Vec<String> = topics.iter().map(|topic| topic.name.clone()).collect();
        let order = java::describe_order(&names);
        self.described.topics =
            order.iter().filter_map(|name| topics.iter().find(|topic| topic.name == *name).cloned()).collect();
        self.waiting = Waiting::Configs;
        let resources = order.iter().map(|name| ConfigResource::topic(name)).collect();
        Next::Call(AdminCall::DescribeConfigs { resources, synonyms: false })
    }

    fn partitions(&self) -> Vec<TopicPartition> {
        let of = |topic: &TopicDescription| -> Vec<TopicPartition> {
            topic.partitions.iter().map(|p| TopicPartition::new(topic.name.clone(), p.partition)).collect()
        };
        self.described.topics.iter().flat_map(of).collect()
    }

    /// `--replica-assignment`; none and an empty one are the same.
    fn assignment(&self) -> Result<Map<i32, Vec<i32>>, KafkaError> {
        match self.options().value("replica-assignment")? {
            Some(text) if !text.is_empty() => options::parse_assignment(text),
            _ => Ok(Map::new()),
        }
    }

    /// `--topic-id`, unless it is the zero id, which stands for none.
    fn topic_id(&self) -> Result<Option<base::Uuid>, KafkaError> {
        match self.options().value("topic-id")? {
            Some(text) if self.options().has("describe") => {
                let id = super::usage::parse_uuid(text).map_err(|why| KafkaError::new(error::ILLEGAL_ARGUMENT, why))?;
                Ok(Some(id).filter(|id| *id != base::Uuid::ZERO))
            }
            _ => Ok(None),
        }
    }
}

fn create_call(options: &Options, io: &mut Io<'_, '_>) -> Result<AdminCall, KafkaError> {
    let name = options.value("topic")?.unwrap_or_default().to_string();
    let partitions = options.integer("partitions")?;
    let factor = options.integer("replication-factor")?;
    let assignments = match options.value("replica-assignment")? {
        Some(text) if !text.is_empty() => options::parse_assignment(text)?,
        _ => Map::new(),
    };
    let configs = options::parse_configs(&options.values("config"))?;
    if topic::has_collision_chars(&name) {
        io.println(
            "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. \
             To avoid issues it is best to use either, but not both.",
        );
    }
    if factor.is_some_and(|factor| factor > i32::from(i16::MAX) || factor < 1) {
        let why = "The replication factor must be between 1 and 32767 inclusive";
        return Err(KafkaError::new(error::ILLEGAL_ARGUMENT, why));
    }
    if partitions.is_some_and(|partitions| partitions < 1) {
        return Err(KafkaError::new(error::ILLEGAL_ARGUMENT, "The partitions must be greater than 0"));
    }
    let topic = NewTopic {
        name,
        partitions: partitions.unwrap_or(-1),
        replication_factor: factor.and_then(|factor| i16::try_from(factor).ok()).unwrap_or(-1),
        assignments,
        configs,
    };
    Ok(AdminCall::CreateTopics { topics: vec![topic], validate_only: false })
}

/// Names that `pattern` matches whole, as `TopicFilter.IncludeList` does: a comma separates alternatives.
pub fn pick(names: &[String], pattern: Option<&str>, exclude_internal: bool) -> Result<Vec<String>, KafkaError> {
    let regex = pattern.map(topic_filter).transpose()?;
    let fits = |name: &&String| {
        !(exclude_internal && topic::is_internal(name)) && regex.as_ref().is_none_or(|regex| regex.is_match(name))
    };
    Ok(names.iter().filter(fits).cloned().collect())
}

/// The pattern of `TopicFilter`, as one that must match a whole name.
pub fn topic_filter(pattern: &str) -> Result<Regex, KafkaError> {
    let cleaned = pattern.trim().replace(',', "|").replace(' ', "");
    let cleaned = cleaned.trim_matches(['"', '\'']);
    let invalid = || KafkaError::new("java.lang.RuntimeException", format!("{cleaned} is an invalid regex."));
    // The alternatives are tried by themselves first, so that a group does not hide a mistake in one of them.
    Regex::new(cleaned).map_err(|_| invalid())?;
    Regex::new(&format!("^(?:{cleaned})$")).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names() {
        let names: Vec<String> =
            ["Payments", "__consumer_offsets", "orders", "orders-archive"].map(String::from).to_vec();
        let picked = |pattern: &str| pick(&names, Some(pattern), false).unwrap();
        assert_eq!(picked("orders"), ["orders"]);
        assert_eq!(picked("orders.*"), ["orders", "orders-archive"]);
        assert_eq!(picked("orders,Payments"), ["Payments", "orders"]);
        assert!(picked("order").is_empty());
        assert_eq!(pick(&names, None, true).unwrap().len(), 3);
        assert_eq!(pick(&names, Some("*"), false).unwrap_err().message(), "* is an invalid regex.");
    }
}
