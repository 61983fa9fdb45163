//! Every fact that a clause may ask for: one table, from which a lesson is checked, a clause is answered and the authors'
//! page is tested.

use crate::expr::Kind;
use crate::model::Cluster;

/// Terminals that every session has: t1, t2, ...
pub const TERMINALS: u32 = 8;

/// Parts of the stage that a lesson may introduce; the brokers are always there.
pub const PARTS: [&str; 6] = ["brokers", "clients", "hw", "isr", "epoch", "controller"];

/// One fact. Named, so that whoever answers facts must answer every one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    BrokerUp,
    BrokerPaused,
    BrokerFenced,
    BrokerLeads,
    BrokerLeadsSize,
    ControllerActive,
    TopicExists,
    TopicPartitions,
    TopicReplicationFactor,
    TopicConfig,
    TopicRecords,
    TopicPartitionsUsed,
    TopicPreferred,
    PartitionLeader,
    PartitionEpoch,
    PartitionReplicas,
    PartitionIsr,
    PartitionIsrSize,
    PartitionElr,
    PartitionMinIsr,
    PartitionHighWatermark,
    PartitionHighWatermarkHeld,
    PartitionLogStart,
    PartitionLogEnd,
    PartitionLogEndOn,
    PartitionValues,
    PartitionKeys,
    TerminalRuns,
    TerminalExit,
    TerminalAcks,
    TerminalWaiting,
    TerminalError,
    TerminalConnections,
    TerminalReads,
    TerminalReadsSize,
    TerminalShows,
    TerminalTyped,
    TerminalLast,
    TerminalAnswer,
    TerminalCommands,
    Produced,
    Acked,
    Failed,
    Retried,
    Refused,
    Consumed,
    ConsumedFirst,
    Committed,
    Elections,
    UncleanElections,
    IsrShrunk,
    IsrExpanded,
    Truncated,
    Did,
}

/// How a fact is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub fact: Fact,
    /// Words in angle brackets stand for names; see [`NAMES`].
    pub path: &'static str,
    pub kind: Kind,
    /// Counted along the history, so that `step.` may stand before it: since the step began.
    pub counted: bool,
    pub words: &'static str,
}

/// What may stand for a word in angle brackets.
pub const NAMES: [(&str, &str); 10] = [
    ("broker", "a broker of the lesson's cluster: b1, b2, ..."),
    ("controller", "a controller: c1"),
    ("server", "a broker or a controller"),
    ("topic", "a topic: orders"),
    ("partition", "a partition: orders-0"),
    ("where", "a topic or one of its partitions: orders, orders-0"),
    ("tN", "one terminal: t1 to t8"),
    ("terminal", "t1 to t8, or any for all of them together"),
    ("text", "any words, quoted: \"Created topic\""),
    ("verb", "kill, stop, start, pause, resume, wipe"),
];

const fn now(fact: Fact, path: &'static str, kind: Kind, words: &'static str) -> Row {
    Row { fact, path, kind, counted: false, words }
}

const fn counted(fact: Fact, path: &'static str, kind: Kind, words: &'static str) -> Row {
    Row { fact, path, kind, counted: true, words }
}

pub const FACTS: [Row; 54] = [
    now(Fact::BrokerUp, "broker.<broker>.up", Kind::Bool, "it runs and serves"),
    now(Fact::BrokerPaused, "broker.<broker>.paused", Kind::Bool, "its process is stopped and kept in memory"),
    now(Fact::BrokerFenced, "broker.<broker>.fenced", Kind::Bool, "the controller counts it as gone"),
    now(Fact::BrokerLeads, "broker.<broker>.leads", Kind::List, "the partitions that it leads"),
    now(Fact::BrokerLeadsSize, "broker.<broker>.leads_size", Kind::Int, "how many"),
    now(Fact::ControllerActive, "controller.<controller>.active", Kind::Bool, "it is the active controller"),
    now(Fact::TopicExists, "topic.<topic>.exists", Kind::Bool, "there is such a topic"),
    now(Fact::TopicPartitions, "topic.<topic>.partitions", Kind::Int, "how many partitions it has"),
    now(Fact::TopicReplicationFactor, "topic.<topic>.replication_factor", Kind::Int, "how many copies of each"),
    now(Fact::TopicConfig, "topic.<topic>.config.<text>", Kind::Text, "a setting as it is in force"),
    now(Fact::TopicRecords, "topic.<topic>.records", Kind::Int, "offsets that readers may see, over all partitions"),
    now(Fact::TopicPartitionsUsed, "topic.<topic>.partitions_used", Kind::Int, "partitions that hold a record"),
    now(Fact::TopicPreferred, "topic.<topic>.preferred", Kind::Bool, "each partition has its preferred leader"),
    now(
        Fact::PartitionLeader,
        "partition.<partition>.leader",
        Kind::Int,
        "the leader's broker id; none while nobody leads",
    ),
    now(Fact::PartitionEpoch, "partition.<partition>.epoch", Kind::Int, "the leader epoch"),
    now(Fact::PartitionReplicas, "partition.<partition>.replicas", Kind::List, "broker ids in assignment order"),
    now(Fact::PartitionIsr, "partition.<partition>.isr", Kind::List, "broker ids in sync, smallest first"),
    now(Fact::PartitionIsrSize, "partition.<partition>.isr_size", Kind::Int, "how many are in sync"),
    now(Fact::PartitionElr, "partition.<partition>.elr", Kind::List, "eligible leader replicas, smallest first"),
    now(Fact::PartitionMinIsr, "partition.<partition>.min_isr", Kind::Int, "min.insync.replicas as it is in force"),
    now(Fact::PartitionHighWatermark, "partition.<partition>.hw", Kind::Int, "the leader's high watermark"),
    now(
        Fact::PartitionHighWatermarkHeld,
        "partition.<partition>.hw_held",
        Kind::Bool,
        "it stands still: too few in sync",
    ),
    now(
        Fact::PartitionLogStart,
        "partition.<partition>.log_start",
        Kind::Int,
        "the oldest offset that the leader keeps",
    ),
    now(Fact::PartitionLogEnd, "partition.<partition>.leo", Kind::Int, "the leader's log end offset"),
    now(Fact::PartitionLogEndOn, "partition.<partition>.leo.<broker>", Kind::Int, "log end offset of one copy"),
    now(
        Fact::PartitionValues,
        "partition.<partition>.values",
        Kind::List,
        "values of the leader's newest records (12)",
    ),
    now(Fact::PartitionKeys, "partition.<partition>.keys", Kind::List, "keys of the same records; none for no key"),
    now(Fact::TerminalRuns, "terminal.<tN>.runs", Kind::Text, "the command line that runs; none at the prompt"),
    now(Fact::TerminalExit, "terminal.<tN>.exit", Kind::Int, "exit status of the last command"),
    now(Fact::TerminalAcks, "terminal.<terminal>.acks", Kind::Text, "acks of the producer that runs there"),
    now(Fact::TerminalWaiting, "terminal.<terminal>.waiting", Kind::Int, "records sent and not answered yet"),
    now(Fact::TerminalError, "terminal.<terminal>.error", Kind::Text, "its client's last error: NOT_ENOUGH_REPLICAS"),
    now(Fact::TerminalConnections, "terminal.<terminal>.connections", Kind::List, "brokers its client is connected to"),
    now(Fact::TerminalReads, "terminal.<terminal>.reads", Kind::List, "partitions that its consumers read"),
    now(Fact::TerminalReadsSize, "terminal.<terminal>.reads_size", Kind::Int, "how many"),
    counted(Fact::TerminalShows, "terminal.<terminal>.shows.<text>", Kind::Bool, "these words were shown there"),
    counted(Fact::TerminalTyped, "terminal.<terminal>.typed.<text>", Kind::Bool, "a line with these words was typed"),
    counted(
        Fact::TerminalLast,
        "terminal.<terminal>.last",
        Kind::Text,
        "the newest command line there; none before any",
    ),
    counted(Fact::TerminalAnswer, "terminal.<terminal>.answer", Kind::Text, "what that command has shown so far"),
    counted(Fact::TerminalCommands, "terminal.<terminal>.ended", Kind::Int, "commands that ended there"),
    counted(Fact::Produced, "produced.<where>", Kind::Int, "records that a leader appended"),
    counted(Fact::Acked, "acked.<terminal>.<where>", Kind::Int, "records whose producer there was told: written"),
    counted(Fact::Failed, "failed.<terminal>", Kind::Int, "sends that producers there gave up"),
    counted(Fact::Retried, "retried.<terminal>", Kind::Int, "sends that producers there tried again"),
    counted(Fact::Refused, "refused.<where>", Kind::Int, "produce requests that a broker refused"),
    counted(Fact::Consumed, "consumed.<terminal>.<where>", Kind::Int, "records that consumers there read"),
    counted(
        Fact::ConsumedFirst,
        "consumed_from.<terminal>.<where>",
        Kind::Int,
        "the smallest offset read; none before any",
    ),
    counted(
        Fact::Committed,
        "committed.<terminal>.<partition>",
        Kind::Int,
        "the newest offset that a consumer committed",
    ),
    counted(Fact::Elections, "elections.<where>", Kind::Int, "leader changes, without the first leader"),
    counted(Fact::UncleanElections, "unclean_elections.<where>", Kind::Int, "those that may have lost records"),
    counted(Fact::IsrShrunk, "isr_shrunk.<where>", Kind::Int, "times that the ISR lost a member"),
    counted(Fact::IsrExpanded, "isr_expanded.<where>", Kind::Int, "times that the ISR got a member back"),
    counted(Fact::Truncated, "truncated.<where>", Kind::Int, "offsets cut off the end of a copy"),
    counted(Fact::Did, "did.<verb>.<server>", Kind::Int, "times that this was done to a server"),
];

/// A path of a clause, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    pub fact: Fact,
    pub kind: Kind,
    /// What stands for the words in angle brackets, in their order.
    pub names: Vec<&'a str>,
    /// Only what happened since the step began.
    pub this_step: bool,
}

/// Reads a path; the error says what could stand there instead.
pub fn read(path: &[String]) -> Result<Asked<'_>, String> {
    let this_step = path.first().is_some_and(|word| word == "step");
    let words = if this_step { &path[1..] } else { path };
    let first = words.first().map_or("", String::as_str);
    // Asked again after every event of a lesson: most rows are passed over at their first letters.
    for row in FACTS.iter().filter(|row| row.path.starts_with('<') || row.path.starts_with(first)) {
        let Some(names) = names(row.path, words) else { continue };
        if this_step && !row.counted {
            return Err(format!("`step.` stands before what is counted; `{}` is as it is now", words.join(".")));
        }
        return Ok(Asked { fact: row.fact, kind: row.kind, names, this_step });
    }
    Err(unknown(words))
}

/// Like [`read`], and the servers and terminals must be those that a lesson on this cluster has.
pub fn check(path: &[String], cluster: &Cluster) -> Result<Kind, String> {
    let asked = read(path)?;
    let row = FACTS.iter().find(|row| row.fact == asked.fact).expect("what was read is a row of the table");
    let places = row.path.split('.').filter_map(|word| word.strip_prefix('<')?.strip_suffix('>'));
    for (place, name) in places.zip(&asked.names) {
        check_name(place, name, cluster)?;
    }
    Ok(asked.kind)
}

/// The number of a host such as `b2`, for its letter.
pub fn number(letter: char, name: &str) -> Option<u32> {
    let digits = name.strip_prefix(letter)?;
    digits.parse().ok().filter(|n: &u32| *n > 0 && n.to_string() == digits)
}

/// `orders-0` as its topic and its number.
pub fn partition(name: &str) -> Option<(&str, i32)> {
    let (topic, number) = name.rsplit_once('-')?;
    number.parse().ok().filter(|n| *n >= 0 && !topic.is_empty()).map(|n| (topic, n))
}

/// Whether a server of this name is in the cluster.
pub fn is_server(name: &str, cluster: &Cluster) -> bool {
    number('b', name).is_some_and(|n| n <= cluster.brokers)
        || number('c', name).is_some_and(|n| n <= cluster.controllers)
}

pub fn is_terminal(name: &str) -> bool {
    number('t', name).is_some_and(|n| n <= TERMINALS)
}

/// What stands for the places in a row's path, if the words follow it.
fn names<'a>(path: &str, words: &'a [String]) -> Option<Vec<&'a str>> {
    let (mut names, mut words) = (Vec::new(), words.iter());
    for place in path.split('.') {
        let word = words.next()?;
        if place.starts_with('<') {
            names.push(word.as_str());
        } else if place != word {
            return None;
        }
    }
    words.next().is_none().then_some(names)
}

fn check_name(place: &str, name: &str, cluster: &Cluster) -> Result<(), String> {
    let is_known = match place {
        "broker" => number('b', name).is_some_and(|n| n <= cluster.brokers),
        "controller" => number('c', name).is_some_and(|n| n <= cluster.controllers),
        "server" => is_server(name, cluster),
        "partition" => partition(name).is_some(),
        "tN" => is_terminal(name),
        "terminal" => name == "any" || is_terminal(name),
        "verb" => ["kill", "stop", "start", "pause", "resume", "wipe"].contains(&name),
        _ => !name.is_empty(),
    };
    if is_known {
        return Ok(());
    }
    let wanted = NAMES.iter().find(|(known, _)| *known == place).map_or("something else", |(_, words)| words);
    Err(format!("`{name}` cannot stand there; it is {wanted}"))
}

fn unknown(words: &[String]) -> String {
    let path = words.join(".");
    let first = words.first().map_or("", String::as_str);
    let near: Vec<&str> =
        FACTS.iter().map(|row| row.path).filter(|path| path.split('.').next() == Some(first)).collect();
    if near.is_empty() {
        let mut firsts: Vec<&str> = FACTS.iter().filter_map(|row| row.path.split('.').next()).collect();
        firsts.dedup();
        return format!("no fact is called `{path}`; facts begin with {}", firsts.join(", "));
    }
    format!("no fact is called `{path}`; there is {}", near.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Cluster {
        Cluster { version: "4.3".into(), brokers: 3, controllers: 1, config: Vec::new() }
    }

    fn words(path: &str) -> Vec<String> {
        path.split('.').map(str::to_string).collect()
    }

    #[test]
    fn a_path_is_read_into_its_fact_and_its_names() {
        let path = words("partition.orders-0.leo.b2");
        let asked = read(&path).unwrap();
        assert_eq!((asked.fact, asked.names), (Fact::PartitionLogEndOn, vec!["orders-0", "b2"]));
        let path = words("step.consumed.t1.orders");
        assert!(read(&path).unwrap().this_step);
    }

    #[test]
    fn what_is_no_fact_of_the_cluster_is_named() {
        let cases = [
            ("broker.b4.up", "`b4` cannot stand there; it is a broker of the lesson's cluster: b1, b2, ..."),
            (
                "broker.b2.speed",
                "no fact is called `broker.b2.speed`; there is broker.<broker>.up, broker.<broker>.paused",
            ),
            ("brokre.b2.up", "no fact is called `brokre.b2.up`; facts begin with broker, controller, topic"),
            ("step.broker.b2.up", "`step.` stands before what is counted"),
            ("terminal.t9.exit", "`t9` cannot stand there"),
            ("partition.orders.leader", "`orders` cannot stand there; it is a partition: orders-0"),
        ];
        for (path, expected) in cases {
            let error = check(&words(path), &cluster()).unwrap_err();
            assert!(error.starts_with(expected), "{path}: {error}");
        }
    }

    #[test]
    fn every_place_has_words() {
        for row in &FACTS {
            for place in row.path.split('.').filter_map(|word| word.strip_prefix('<')?.strip_suffix('>')) {
                assert!(NAMES.iter().any(|(name, _)| *name == place), "{}", row.path);
            }
        }
    }
}
