//! The options of `kafka-producer-perf-test.sh`, read as the library argparse4j reads them.

use bytes::Bytes;
use clients::KafkaError;
use clients::config::Properties;

use super::thrown;
use crate::process::Io;
use crate::tools::jopt::{Opt, flag, text};
use crate::tools::usage::parse_properties;

pub const TABLE: &[Opt] = &[
    text("bootstrap-server", "servers", "The brokers to connect to first."),
    text("topic", "topic", "REQUIRED: the topic to send to."),
    text("num-records", "count", "REQUIRED: how many records to send."),
    text("throughput", "records/s", "REQUIRED: no more records a second than this; -1 is no limit."),
    text("record-size", "bytes", "The size of each record's value; this or one of the next two."),
    text("payload-file", "file", "Values are taken from the lines of this file, by chance."),
    flag("payload-monotonic", "Values are the numbers of the records."),
    text("payload-delimiter", "text", "What separates the values in the file."),
    text("command-property", "key=value ...", "Properties of the producer."),
    text("producer-props", "key=value ...", "Deprecated, use --command-property."),
    text("command-config", "file", "A file with properties of the producer."),
    text("producer.config", "file", "Deprecated, use --command-config."),
    flag("print-metrics", "Wait with the summary until all is sent."),
    text("transactional-id", "id", "The transactional id to use."),
    text("transaction-duration-ms", "ms", "How long a transaction lasts at most."),
    text("warmup-records", "count", "So many records at first are not part of the steady state."),
    text("reporting-interval", "ms", "How often to report while it runs."),
];

/// Options that take all words up to the next option.
const LISTS: [&str; 2] = ["--producer-props", "--command-property"];
const PAYLOADS: [&str; 3] = ["--record-size", "--payload-file", "--payload-monotonic"];

/// Why nothing is sent.
pub enum Stop {
    Help(String),
    Error(String),
    Thrown(KafkaError),
}

/// What values are made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Payload {
    Size(u32),
    Lines(Vec<Bytes>),
    Monotonic,
}

#[derive(Clone, Debug, Hash)]
pub struct Plan {
    pub topic: String,
    pub records: u64,
    pub warmup: u64,
    pub reporting_ms: u64,
    pub payload: Payload,
    /// Records in a thousand seconds; none is no limit.
    pub throughput: Option<u64>,
    pub properties: Properties,
}

pub fn usage() -> &'static str {
    "usage: kafka-producer-perf-test [-h] --topic TOPIC --num-records NUM-RECORDS --throughput THROUGHPUT [options]"
}

/// Names with their values, in the order given.
struct Given(Vec<(String, Vec<String>)>);

impl Given {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name)?.1.first().map(String::as_str)
    }

    fn list(&self, name: &str) -> Option<&[String]> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, values)| values.as_slice())
    }

    fn number(&self, name: &str, default: i64) -> i64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }
}

pub fn parse(arguments: &[String], io: &mut Io<'_, '_>) -> Result<Plan, Stop> {
    if arguments.is_empty() {
        return Err(Stop::Help(help()));
    }
    let given = scan(arguments)?;
    check(&given)?;
    let payload = payload(&given, io)?;
    let properties = properties(&given, io)?;
    Ok(Plan {
        topic: given.text("--topic").unwrap_or_default().to_string(),
        records: given.number("--num-records", 0).max(0) as u64,
        warmup: given.number("--warmup-records", 0).max(0) as u64,
        reporting_ms: given.number("--reporting-interval", 5_000).max(1) as u64,
        payload,
        throughput: given.text("--throughput").and_then(thousandths),
        properties,
    })
}

fn help() -> String {
    let rows: String = TABLE.iter().map(|opt| format!("  --{}\n      {}\n", opt.name, opt.help)).collect();
    format!("{}\n\nThis tool is used to verify the producer performance.\n\noptions:\n{rows}", usage())
}

fn scan(arguments: &[String]) -> Result<Given, Stop> {
    let mut given: Vec<(String, Vec<String>)> = Vec::new();
    let mut rest = arguments.iter().peekable();
    while let Some(word) = rest.next() {
        if word == "-h" || word == "--help" {
            return Err(Stop::Help(help()));
        }
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_string())),
            _ => (word.as_str(), None),
        };
        let Some(opt) = TABLE.iter().find(|opt| name.strip_prefix("--") == Some(opt.name)) else {
            return Err(Stop::Error(format!("unrecognized arguments: '{word}'")));
        };
        let earlier = PAYLOADS.iter().find(|other| **other != name && given.iter().any(|(known, _)| known == *other));
        if let (true, Some(earlier)) = (PAYLOADS.contains(&name), earlier) {
            return Err(Stop::Error(format!("argument {name}: not allowed with argument {earlier}")));
        }
        let mut values: Vec<String> = attached.into_iter().collect();
        let takes_value = !matches!(opt.name, "payload-monotonic" | "print-metrics");
        let is_value = |word: &&String| !word.starts_with('-') || word.parse::<i64>().is_ok();
        while takes_value && (values.is_empty() || LISTS.contains(&name)) {
            let Some(next) = rest.next_if(|word| is_value(word)) else { break };
            values.push(next.clone());
        }
        if takes_value && values.is_empty() {
            let how_many = if LISTS.contains(&name) { "at least one argument" } else { "one argument" };
            return Err(Stop::Error(format!("argument {name}: expected {how_many}")));
        }
        check_number(name, values.first())?;
        given.push((name.to_string(), values));
    }
    Ok(Given(given))
}

fn check_number(name: &str, value: Option<&String>) -> Result<(), Stop> {
    let Some(value) = value else { return Ok(()) };
    let (fits, class) = match name {
        "--num-records" | "--transaction-duration-ms" | "--warmup-records" | "--reporting-interval" => {
            (value.parse::<i64>().is_ok(), "Long")
        }
        "--record-size" => (value.parse::<i32>().is_ok(), "Integer"),
        "--throughput" => (protocol::Float64::parse(value).is_some(), "Double"),
        _ => return Ok(()),
    };
    match fits {
        true => Ok(()),
        false => {
            let why =
                format!("argument {name}: could not convert '{value}' to {class} (For input string: \"{value}\")");
            Err(Stop::Error(why))
        }
    }
}

fn check(given: &Given) -> Result<(), Stop> {
    let refuse = |why: &str| Err(Stop::Error(why.to_string()));
    for name in ["--throughput", "--num-records", "--topic"] {
        if !given.has(name) {
            return Err(Stop::Error(format!("argument {name} is required")));
        }
    }
    if !PAYLOADS.iter().any(|name| given.has(name)) {
        return Err(Stop::Error(format!("one of the arguments {} is required", PAYLOADS.join(" "))));
    }
    if given.number("--num-records", 0) <= 0 {
        return refuse("--num-records should be greater than zero.");
    }
    if given.number("--warmup-records", 0) >= given.number("--num-records", 0) {
        return refuse(
            "The value for --warmup-records must be strictly fewer than the number of records in the test, --num-records.",
        );
    }
    if given.number("--record-size", 1) <= 0 {
        return refuse("--record-size should be greater than zero.");
    }
    let sources =
        ["--bootstrap-server", "--command-property", "--producer-props", "--producer.config", "--command-config"];
    if !sources.iter().any(|name| given.has(name)) {
        return refuse(
            "At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or --command-config \
             must be specified.",
        );
    }
    for pair in [["--command-property", "--producer-props"], ["--command-config", "--producer.config"]] {
        if pair.iter().all(|name| given.has(name)) {
            return Err(Stop::Error(format!("{} and {} cannot be specified together.", pair[0], pair[1])));
        }
    }
    if given.number("--transaction-duration-ms", 1) <= 0 {
        return refuse("--transaction-duration-ms should be greater than zero.");
    }
    if given.number("--reporting-interval", 1) <= 0 {
        return refuse("--reporting-interval should be greater than zero.");
    }
    Ok(())
}

fn payload(given: &Given, io: &mut Io<'_, '_>) -> Result<Payload, Stop> {
    if let Some(size) = given.text("--record-size") {
        return Ok(Payload::Size(size.parse().unwrap_or(0)));
    }
    let Some(path) = given.text("--payload-file") else { return Ok(Payload::Monotonic) };
    io.println(format!("Reading payloads from: /{}", crate::files::normalise(path)));
    let contents = io.files.read(io.fx.surroundings(), path).unwrap_or_default();
    if contents.is_empty() {
        return Err(thrown("java.lang.IllegalArgumentException", "File does not exist or empty file provided."));
    }
    let text = String::from_utf8_lossy(&contents).into_owned();
    let delimiter = given.text("--payload-delimiter").filter(|delimiter| *delimiter != "\\n").unwrap_or("\n");
    let text = text.strip_suffix(delimiter).unwrap_or(&text);
    let lines: Vec<Bytes> = text.split(delimiter).map(|line| Bytes::from(line.to_string())).collect();
    io.println(format!("Number of records read: {}", lines.len()));
    Ok(Payload::Lines(lines))
}

fn properties(given: &Given, io: &mut Io<'_, '_>) -> Result<Properties, Stop> {
    let deprecated = |old: &str, new: &str, io: &mut Io<'_, '_>| {
        if given.has(old) {
            io.println(format!(
                "Option {old} has been deprecated and will be removed in a future version. Use {new} instead."
            ));
        }
    };
    deprecated("--producer-props", "--command-property", io);
    deprecated("--producer.config", "--command-config", io);
    let mut properties = Properties::new();
    if let Some(path) = given.text("--command-config").or_else(|| given.text("--producer.config")) {
        let Ok(contents) = io.files.read(io.fx.surroundings(), path) else {
            return Err(thrown("java.nio.file.NoSuchFileException", path));
        };
        properties.extend(parse_properties(&String::from_utf8_lossy(&contents)));
    }
    let pairs = given.list("--command-property").or_else(|| given.list("--producer-props"));
    for pair in pairs.unwrap_or_default() {
        let pieces: Vec<&str> = pair.split('=').collect();
        let [key, value] = pieces[..] else {
            return Err(thrown("java.lang.IllegalArgumentException", format!("Invalid property: {pair}")));
        };
        properties.insert(key.to_string(), value.to_string());
    }
    let bytes = "org.apache.kafka.common.serialization.ByteArraySerializer";
    properties.insert("key.serializer".to_string(), bytes.to_string());
    properties.insert("value.serializer".to_string(), bytes.to_string());
    properties.entry("client.id".to_string()).or_insert("perf-producer-client".to_string());
    if let Some(servers) = given.text("--bootstrap-server") {
        properties.insert("bootstrap.servers".to_string(), servers.to_string());
    }
    Ok(properties)
}

/// Records a second, in thousandths; none for less than none.
fn thousandths(text: &str) -> Option<u64> {
    let text = text.trim().trim_start_matches('+');
    if text.starts_with('-') {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    Some(whole.parse::<u64>().unwrap_or(0).saturating_mul(1_000) + digits.parse::<u64>().unwrap_or(0))
}
