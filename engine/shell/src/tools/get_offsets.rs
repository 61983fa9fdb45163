//! `kafka-get-offsets.sh`: the first, last or otherwise chosen offsets of partitions (`GetOffsetShell`).

use base::Map;

use clients::KafkaError;
use clients::admin::call::{AdminCall, AdminReply, ListedOffset, PerItem, TopicDescription, TopicSelection};
use clients::config::Properties;
use protocol::TopicPartition;
use regex_lite::Regex;

use super::admin_tool::{AdminTool, Next, Script, all, unexpected};
use super::jopt::{Opt, Options, flag, or, text};
use super::topics::topic_filter;
use super::usage::{Stop, check_servers, help_or_version, load_properties, require};
use crate::process::Io;

pub const TABLE: &[Opt] = &[
    text("bootstrap-server", "HOST1:PORT1,...,HOST3:PORT3", "REQUIRED: the brokers to connect to first."),
    text(
        "topic-partitions",
        "topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3",
        "Topics, each a regular expression, with a partition, a range (end excluded) or none for all.",
    ),
    text("topic", "topic", "The topic, a regular expression; all topics if it is not given."),
    text("partitions", "partition ids", "Partitions, separated by commas; all if not given."),
    or(
        text(
            "time",
            "<timestamp> / -1 or latest / -2 or earliest / -3 or max-timestamp / ...",
            "Which offset: that of the first record not before a time in milliseconds, or one of the words.",
        ),
        "latest",
    ),
    text("command-config", "config file", "A file with properties for the admin client."),
    flag("exclude-internal-topics", "Leave out internal topics."),
];

const USAGE: &str = "An interactive shell for getting topic-partition offsets.";

/// Partitions of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Partitions {
    All,
    Listed(Vec<i32>),
    /// From, and end (excluded).
    Range(Option<i32>, Option<i32>),
}

impl Partitions {
    fn contain(&self, partition: i32) -> bool {
        match self {
            Partitions::All => true,
            Partitions::Listed(list) => list.contains(&partition),
            Partitions::Range(from, end) => {
                from.is_none_or(|from| partition >= from) && end.is_none_or(|end| partition < end)
            }
        }
    }
}

/// A pattern for topics and the partitions of those that it matches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Rule {
    pattern: String,
    partitions: Partitions,
}

#[derive(Clone, Debug, Default, Hash)]
pub struct GetOffsets {
    rules: Vec<Rule>,
    timestamp: i64,
    include_internal: bool,
}

pub type Tool = AdminTool<GetOffsets>;

pub fn tool(arguments: &[String]) -> Tool {
    AdminTool::new(GetOffsets::default(), arguments)
}

impl Script for GetOffsets {
    const NAME: &'static str = "kafka-get-offsets.sh";
    const TABLE: &'static [Opt] = TABLE;

    fn configure(&mut self, arguments: &[String], io: &mut Io<'_, '_>) -> Result<Properties, Stop> {
        if arguments.is_empty() {
            return Err(Stop::Usage(USAGE.to_string()));
        }
        let options = Options::parse(TABLE, arguments).map_err(|error| terse(error.message()))?;
        help_or_version(&options, arguments, USAGE)?;
        require(&options, &["bootstrap-server"])?;
        let servers = options.value("bootstrap-server").map_err(loud)?.unwrap_or_default().to_string();
        check_servers(Some(&servers))?;
        let has_topic = options.has("topic") || options.has("partitions");
        if options.has("topic-partitions") && has_topic {
            return Err(terse("--topic-partitions cannot be used with --topic or --partitions"));
        }
        self.include_internal = !options.has("exclude-internal-topics");
        self.timestamp = timestamp(options.value("time").map_err(loud)?.unwrap_or("latest"))?;
        self.rules = rules(&options)?;
        let mut properties = match options.value("command-config").map_err(loud)? {
            Some(path) => load_properties(path, io).map_err(loud)?,
            None => Properties::new(),
        };
        properties.insert("bootstrap.servers".to_string(), servers);
        properties.insert("client.id".to_string(), "GetOffsetShell".to_string());
        Ok(properties)
    }

    fn begin(&mut self, _io: &mut Io<'_, '_>) -> Next {
        Next::Call(AdminCall::ListTopics { internal: self.include_internal })
    }

    fn on_reply(&mut self, reply: Result<AdminReply, KafkaError>, io: &mut Io<'_, '_>) -> Next {
        let next = match reply {
            Err(error) => Err(error),
            Ok(AdminReply::Topics(listings)) => {
                self.describe(listings.into_iter().map(|listing| listing.name).collect(), io)
            }
            Ok(AdminReply::Descriptions(items)) => all(items).map(|topics| self.ask(&topics, io)),
            Ok(AdminReply::Offsets(items)) => {
                print(items, io);
                Ok(Next::Exit(0))
            }
            Ok(_) => Err(unexpected()),
        };
        next.unwrap_or_else(|error| {
            // A future's failure comes wrapped.
            let wrapped = KafkaError::new(clients::error::EXECUTION, error.to_string()).caused_by(error);
            print_loud(&wrapped, io);
            Next::Exit(1)
        })
    }

    fn print_thrown(error: KafkaError, io: &mut Io<'_, '_>) {
        print_loud(&error, io);
    }
}

impl GetOffsets {
    fn describe(&self, names: Vec<String>, io: &mut Io<'_, '_>) -> Result<Next, KafkaError> {
        let mut picked = Vec::new();
        for rule in &self.rules {
            let regex = topic_filter(&rule.pattern)?;
            picked.extend(names.iter().filter(|name| regex.is_match(name)).cloned());
        }
        base::ordered::sort(&mut picked);
        picked.dedup();
        if picked.is_empty() {
            return Ok(nothing_matches(io));
        }
        let topics = TopicSelection::Names(picked);
        Ok(Next::Call(AdminCall::DescribeTopics { topics, partition_limit: 2_000 }))
    }

    fn ask(&self, topics: &[(String, TopicDescription)], io: &mut Io<'_, '_>) -> Next {
        let mut timestamps = Map::new();
        for (name, description) in topics {
            let fits = |partition: i32| {
                self.rules.iter().any(|rule| {
                    rule.partitions.contain(partition)
                        && topic_filter(&rule.pattern).is_ok_and(|regex| regex.is_match(name))
                })
            };
            let partitions = description.partitions.iter().map(|partition| partition.partition);
            timestamps.extend(
                partitions.filter(|p| fits(*p)).map(|p| (TopicPartition::new(name.clone(), p), self.timestamp)),
            );
        }
        if timestamps.is_empty() {
            return nothing_matches(io);
        }
        Next::Call(AdminCall::ListOffsets { timestamps, read_committed: false })
    }
}

fn nothing_matches(io: &mut Io<'_, '_>) -> Next {
    io.eprintln("Error occurred: Could not match any topic-partitions with the specified filters");
    Next::Exit(1)
}

/// Lines sorted by the text `topic-partition`; partitions without such an offset are left out.
fn print(items: PerItem<TopicPartition, ListedOffset>, io: &mut Io<'_, '_>) {
    let mut lines = Map::new();
    for (tp, result) in items {
        match result {
            Ok(listed) if listed.offset >= 0 => {
                lines.insert(tp.to_string(), format!("{}:{}:{}", tp.topic, tp.partition, listed.offset));
            }
            Ok(_) => {}
            Err(error) => {
                io.eprintln(format!("Skip getting offsets for topic-partition {tp} due to error: {error}"));
            }
        }
    }
    lines.into_values().for_each(|line| io.println(line));
}

fn terse(message: &str) -> Stop {
    Stop::Refused(format!("Error occurred: {message}"))
}

fn loud(error: KafkaError) -> Stop {
    Stop::Thrown(error)
}

fn print_loud(error: &KafkaError, io: &mut Io<'_, '_>) {
    io.eprintln(format!("Error occurred: {}", error.message()));
    io.eprintln(error.stack_trace());
}

fn timestamp(text: &str) -> Result<i64, Stop> {
    let named = [
        ("latest", -1),
        ("earliest", -2),
        ("max-timestamp", -3),
        ("earliest-local", -4),
        ("latest-tiered", -5),
        ("earliest-pending-upload", -6),
    ];
    if let Some((_, timestamp)) = named.iter().find(|(name, _)| *name == text) {
        return Ok(*timestamp);
    }
    text.parse().map_err(|_| {
        terse(&format!(
            "Malformed time argument {text}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or \
             earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp"
        ))
    })
}

fn rules(options: &Options) -> Result<Vec<Rule>, Stop> {
    if let Some(list) = options.value("topic-partitions").map_err(loud)? {
        return list.split(',').map(rule).collect();
    }
    let partitions = match options.value("partitions").map_err(loud)? {
        None | Some("") => Partitions::All,
        Some(list) => {
            let ids: Result<Vec<i32>, _> = list.split(',').map(str::parse).collect();
            Partitions::Listed(ids.map_err(|_| {
                terse(&format!(
                    "--partitions expects a comma separated list of numeric partition ids, but received: {list}"
                ))
            })?)
        }
    };
    let pattern = options.value("topic").map_err(loud)?.unwrap_or(".*").to_string();
    topic_filter(&pattern).map_err(loud)?;
    Ok(vec![Rule { pattern, partitions }])
}

/// `TOPIC`, `TOPIC:1`, `TOPIC:0-3`, `TOPIC:5-`, `TOPIC:-3`; without a topic, all of them.
fn rule(text: &str) -> Result<Rule, Stop> {
    let form = Regex::new("^([^:,]*)(?::(?:([0-9]*)|(?:([0-9]*)-([0-9]*))))?$").expect("a good pattern");
    let Some(found) = form.captures(text) else {
        let cause =
            KafkaError::new("org.apache.kafka.tools.TerseException", format!("Invalid rule specification: {text}"));
        return Err(loud(KafkaError::new("java.lang.RuntimeException", cause.to_string()).caused_by(cause)));
    };
    let part = |index: usize| found.get(index).map(|part| part.as_str()).filter(|part| !part.is_empty());
    let number = |index: usize| part(index).and_then(|digits| digits.parse().ok());
    let partitions = match (number(2), part(3).or(part(4))) {
        (Some(one), _) => Partitions::Listed(vec![one]),
        (None, Some(_)) => Partitions::Range(number(3), number(4)),
        (None, None) => Partitions::All,
    };
    let pattern = part(1).unwrap_or(".*").to_string();
    topic_filter(&pattern).map_err(loud)?;
    Ok(Rule { pattern, partitions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_pick_partitions() {
        let contain = |text: &str, partition| rule(text).unwrap().partitions.contain(partition);
        assert!(contain("orders:1", 1) && !contain("orders:1", 0));
        assert!(contain("orders:0-1", 0) && !contain("orders:0-1", 1));
        assert!(contain("orders:5-", 7) && !contain("orders:-3", 3));
        assert!(contain("orders", 9));
        assert_eq!(rule(":2").unwrap().pattern, ".*");
    }

    #[test]
    fn times_have_names() {
        assert_eq!(timestamp("earliest"), Ok(-2));
        assert_eq!(timestamp("-1"), Ok(-1));
        assert!(
            matches!(timestamp("yesterday"), Err(Stop::Refused(words)) if words.contains("Malformed time argument yesterday."))
        );
    }
}
