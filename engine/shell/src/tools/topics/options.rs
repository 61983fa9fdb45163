//! The options of `kafka-topics.sh` and what may stand beside what (`TopicCommandOptions`).

use base::Map;

use clients::KafkaError;
use clients::error;

use crate::tools::jopt::{Opt, Options, flag, integer, text};
use crate::tools::usage::{Stop, forbid, help_or_version, require};

pub const TABLE: &[Opt] = &[
    text(
        "bootstrap-server",
        "server to connect to",
        "REQUIRED: the brokers to connect to first, as host:port,host:port.",
    ),
    text("command-config", "command config property file", "A file with properties for the admin client."),
    flag("list", "List the topics."),
    flag("create", "Create a topic."),
    flag("delete", "Delete topics."),
    flag("alter", "Give topics more partitions. Their configs are changed with kafka-configs.sh."),
    flag("describe", "Show partitions, leaders and replicas of topics."),
    text("topic", "topic", "The topic. Except with --create a regular expression; a comma separates alternatives."),
    text("topic-id", "topic-id", "Describe the topic with this id."),
    text("config", "name=value", "A config of the topic that is created. Can be repeated."),
    text("delete-config", "name", "Does nothing since 4.0."),
    integer(
        "partitions",
        "# of partitions",
        "How many partitions the topic has, or with --alter shall have. More partitions move keys to other partitions.",
    ),
    integer("replication-factor", "replication factor", "How many replicas each partition has."),
    text(
        "replica-assignment",
        "broker_id_for_part1_replica1 : broker_id_for_part1_replica2 , ...",
        "The brokers of each partition, preferred leader first.",
    ),
    flag("under-replicated-partitions", "Only partitions whose ISR lacks a replica."),
    flag("unavailable-partitions", "Only partitions without a live leader."),
    flag("under-min-isr-partitions", "Only partitions with fewer in sync than min.insync.replicas."),
    flag("at-min-isr-partitions", "Only partitions with exactly min.insync.replicas in sync."),
    flag("topics-with-overrides", "Only topics with configs of their own."),
    flag("if-exists", "With --alter, --delete, --describe: a topic that does not exist is no error."),
    flag("if-not-exists", "With --create: a topic that exists is no error."),
    flag("exclude-internal", "Leave out internal topics."),
    integer(
        "partition-size-limit-per-response",
        "maximum number of partitions per response",
        "How many partitions one answer may describe.",
    ),
];

const ACTIONS: [&str; 5] = ["alter", "create", "describe", "list", "delete"];
const REPORTS: [&str; 4] =
    ["under-replicated-partitions", "under-min-isr-partitions", "at-min-isr-partitions", "unavailable-partitions"];

/// `say` is for words that the check prints and goes on, to standard error if its first argument is true.
pub fn parse(arguments: &[String], say: &mut dyn FnMut(bool, &str)) -> Result<Options, Stop> {
    let options = Options::parse(TABLE, arguments)?;
    if arguments.is_empty() {
        return Err(Stop::Usage("Create, delete, describe, or change a topic.".to_string()));
    }
    help_or_version(&options, arguments, "This tool helps to create, delete, describe, or change a topic.")?;
    if ACTIONS.iter().filter(|action| options.has(action)).count() != 1 {
        let why = "Command must include exactly one action: --list, --describe, --create, --alter or --delete";
        return Err(Stop::Usage(why.to_string()));
    }
    if options.has("delete-config") {
        say(
            true,
            "delete-config option is no longer supported and deprecated since version 4.0. The config will be fully \
             removed in future releases.",
        );
    }
    check_required(&options, say)?;
    check_invalid(&options)?;
    Ok(options)
}

fn check_required(options: &Options, say: &mut dyn FnMut(bool, &str)) -> Result<(), Stop> {
    if !options.has("bootstrap-server") {
        let why = "--bootstrap-server must be specified";
        return Err(Stop::Thrown(KafkaError::new(error::ILLEGAL_ARGUMENT, why)));
    }
    let names_topic = options.has("topic") || options.has("topic-id");
    if options.has("describe") && options.has("if-exists") && !names_topic {
        return Err(Stop::Usage("--topic or --topic-id is required to describe a topic".to_string()));
    }
    if options.has("describe") && options.has("if-exists") && options.has("topic") && options.has("topic-id") {
        say(
            false,
            "Only topic id will be used when both --topic and --topic-id are specified and topicId is not Uuid.ZERO_UUID",
        );
    }
    if !options.has("list") && !options.has("describe") {
        require(options, &["topic"])?;
    }
    if options.has("alter") {
        if options.has("config") {
            // Java prints a set here; its order is whatever it is.
            let why = "Option combination \"[[config], [bootstrap-server]]\" can't be used with option \"[alter]\" (To \
                       alter topic configurations, the kafka-configs tool can be used.)";
            return Err(Stop::Usage(why.to_string()));
        }
        require(options, &["partitions"])?;
    }
    Ok(())
}

fn check_invalid(options: &Options) -> Result<(), Stop> {
    let except = |allowed: &[&str]| -> Vec<&str> {
        ACTIONS.iter().copied().filter(|action| !allowed.contains(action)).collect()
    };
    forbid(options, "config", &except(&["alter", "create"]))?;
    forbid(options, "partitions", &except(&["alter", "create"]))?;
    forbid(options, "replication-factor", &except(&["create"]))?;
    forbid(options, "replica-assignment", &except(&["alter", "create"]))?;
    if options.has("create") {
        forbid(options, "replica-assignment", &["partitions", "replication-factor"])?;
    }
    for report in REPORTS {
        let mut others = except(&["describe"]);
        others.push("topics-with-overrides");
        forbid(options, report, &others)?;
    }
    let mut beside_overrides = except(&["describe"]);
    beside_overrides.extend(REPORTS);
    forbid(options, "topics-with-overrides", &beside_overrides)?;
    forbid(options, "if-exists", &except(&["alter", "delete", "describe"]))?;
    forbid(options, "if-not-exists", &except(&["create"]))?;
    forbid(options, "exclude-internal", &except(&["list", "describe"]))
}

/// `parseReplicaAssignment`: `1:2,2:3` is partition 0 on brokers 1 and 2, partition 1 on 2 and 3.
pub fn parse_assignment(text: &str) -> Result<Map<i32, Vec<i32>>, KafkaError> {
    let mut assignment: Map<i32, Vec<i32>> = Map::new();
    for (partition, list) in (0..).zip(java_split(text, ',')) {
        let mut brokers: Vec<i32> = Vec::new();
        for word in java_split(list, ':') {
            let word = word.trim();
            let id = word.parse().map_err(|_| {
                KafkaError::new("java.lang.NumberFormatException", format!("For input string: \"{word}\""))
            })?;
            brokers.push(id);
        }
        let mut repeated: Vec<i32> =
            brokers.iter().copied().filter(|id| brokers.iter().filter(|other| *other == id).count() > 1).collect();
        base::ordered::sort(&mut repeated);
        repeated.dedup();
        if !repeated.is_empty() {
            let listed: Vec<String> = repeated.iter().map(i32::to_string).collect();
            let why = format!("Partition replica lists may not contain duplicate entries: {}", listed.join(","));
            return Err(KafkaError::new("org.apache.kafka.tools.AdminCommandFailedException", why));
        }
        let first = assignment.get(&0).map_or(brokers.len(), Vec::len);
        if brokers.len() != first {
            let listed: Vec<String> = brokers.iter().map(i32::to_string).collect();
            let why = format!("Partition {partition} has different replication factor: [{}]", listed.join(", "));
            return Err(KafkaError::new("org.apache.kafka.tools.AdminOperationException", why));
        }
        assignment.insert(partition, brokers);
    }
    Ok(assignment)
}

/// `String.split`: empty pieces at the end do not count; an empty text is one empty piece.
fn java_split(text: &str, separator: char) -> Vec<&str> {
    let mut pieces: Vec<&str> = text.split(separator).collect();
    while pieces.len() > 1 && pieces.last().is_some_and(|last| last.is_empty()) {
        pieces.pop();
    }
    pieces
}

/// `--config key=value`, checked by the tool itself before anything is sent.
pub fn parse_configs(values: &[&str]) -> Result<Map<String, String>, KafkaError> {
    let mut configs = Map::new();
    for value in values {
        let pieces = java_split(value, '=');
        let [key, value] = pieces.as_slice() else {
            let why =
                "requirement failed: Invalid topic config: all configs to be added must be in the format \"key=val\".";
            return Err(KafkaError::new(error::ILLEGAL_ARGUMENT, why));
        };
        configs.insert(key.trim().to_string(), value.trim().to_string());
    }
    cluster::config::validate_topic_values(&configs).map_err(|refused| {
        let of_names = ["Unknown topic config name", "conflict topic config"];
        let class = match of_names.iter().any(|words| refused.0.starts_with(words)) {
            true => "org.apache.kafka.common.errors.InvalidConfigurationException",
            false => error::CONFIG,
        };
        KafkaError::new(class, refused.0)
    })?;
    Ok(configs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(line: &str) -> Stop {
        let words: Vec<String> = line.split(' ').map(str::to_string).collect();
        parse(&words, &mut |_, _| {}).unwrap_err()
    }

    #[test]
    fn combinations_that_cannot_be_are_refused_in_kafkas_words() {
        let cases = [
            (
                "--bootstrap-server b1:9092",
                "Command must include exactly one action: --list, --describe, --create, --alter or --delete",
            ),
            ("--bootstrap-server b1:9092 --create", "Missing required argument \"[topic]\""),
            ("--bootstrap-server b1:9092 --alter --topic t", "Missing required argument \"[partitions]\""),
            (
                "--bootstrap-server b1:9092 --list --partitions 3",
                "Option \"[partitions]\" can't be used with option \"[list]\"",
            ),
            (
                "--bootstrap-server b1:9092 --create --topic t --replica-assignment 1 --partitions 3",
                "Option \"[replica-assignment]\" can't be used with option \"[partitions]\"",
            ),
            (
                "--bootstrap-server b1:9092 --describe --topic t --if-not-exists",
                "Option \"[if-not-exists]\" can't be used with option \"[describe]\"",
            ),
        ];
        for (line, words) in cases {
            assert_eq!(stop(line), Stop::Usage(words.to_string()), "{line}");
        }
    }

    #[test]
    fn assignments_are_read_as_the_tool_reads_them() {
        let parsed = parse_assignment("3:1,1:2,").unwrap();
        assert_eq!(parsed, Map::from([(0, vec![3, 1]), (1, vec![1, 2])]));
        let words = |text: &str| parse_assignment(text).unwrap_err().message().to_string();
        assert_eq!(words("1:1"), "Partition replica lists may not contain duplicate entries: 1");
        assert_eq!(words("1:2,3"), "Partition 1 has different replication factor: [3]");
        assert_eq!(words("one:two"), "For input string: \"one\"");
    }
}
