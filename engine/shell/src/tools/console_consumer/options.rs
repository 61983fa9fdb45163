//! The options of `kafka-console-consumer.sh` and the consumer properties that they make (`ConsoleConsumerOptions`).

use base::Rng;
use clients::KafkaError;
use clients::config::Properties;
use clients::consumer::Seek;

use crate::process::Io;
use crate::tools::jopt::{Opt, Options, flag, integer, long, or, text};
use crate::tools::usage::{Stop, help_or_version, key_values, load_properties, require};

pub const TABLE: &[Opt] = &[
    text("topic", "topic", "The topic to read."),
    text("include", "Java regex (String)", "A regular expression; all topics that match are read."),
    integer("partition", "partition", "The only partition to read, from its end unless --offset says otherwise."),
    or(text("offset", "consume offset", "Where to start: an offset, or earliest, or latest."), "latest"),
    text("consumer-property", "consumer_prop", "Deprecated, use --command-property."),
    text("command-property", "consumer_prop", "A property of the consumer."),
    text("consumer.config", "config file", "Deprecated, use --command-config."),
    text("command-config", "config file", "A file with properties for the consumer."),
    or(
        text("formatter", "class", "The class that prints records."),
        "org.apache.kafka.tools.consumer.DefaultMessageFormatter",
    ),
    text("property", "prop", "Deprecated, use --formatter-property."),
    text(
        "formatter-property",
        "prop",
        "What is printed: print.timestamp, print.partition, print.offset, print.delivery, print.epoch, print.headers, \
         print.key, print.value (true or false), key.separator, line.separator, headers.separator, null.literal, \
         key.deserializer, value.deserializer, header.deserializer.",
    ),
    text("formatter-config", "config file", "A file with properties for the formatter."),
    flag("from-beginning", "Start with the first record where the group has no offset yet, and not with the next one."),
    integer("max-messages", "num_messages", "End after this many records."),
    long("timeout-ms", "timeout_ms", "End when no record came for this long."),
    flag("skip-message-on-error", "Go on after a record that cannot be printed."),
    text(
        "bootstrap-server",
        "server to connect to",
        "REQUIRED: the brokers to connect to first, as host:port,host:port.",
    ),
    text("key-deserializer", "deserializer for keys", "The class that reads keys."),
    text("value-deserializer", "deserializer for values", "The class that reads values."),
    flag("enable-systest-events", "Tell of the consumer's life as well, for Kafka's own system tests."),
    or(
        text("isolation-level", "", "read_committed leaves out records of open and aborted transactions."),
        "read_uncommitted",
    ),
    text("group", "consumer group id", "The consumer's group."),
];

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    pub consumer: Properties,
    pub formatter: String,
    pub formatter_properties: Properties,
    pub topic: Option<String>,
    pub include: Option<String>,
    pub partition: Option<i32>,
    pub start: Seek,
    /// `None`: for ever.
    pub max_messages: Option<u64>,
    /// The count is no number, which Kafka sees when it is about to count.
    pub bad_count: Option<KafkaError>,
    pub timeout_ms: Option<u64>,
    pub skip_on_error: bool,
    pub system_events: bool,
}

pub fn parse(arguments: &[String], io: &mut Io<'_, '_>) -> Result<Wanted, Stop> {
    let usage = |error: KafkaError| Stop::Usage(error.message().to_string());
    let options = Options::parse(TABLE, arguments).map_err(usage)?;
    let words = "This tool helps to read data from Kafka topics and outputs it to standard output.";
    help_or_version(&options, arguments, words)?;
    check_required(&options)?;
    for (old, new) in [("consumer-property", "command-property"), ("consumer.config", "command-config")] {
        if options.has(old) && options.has(new) {
            return Err(Stop::Usage(format!("Options --{old} and --{new} cannot be specified together.")));
        }
        if options.has(old) {
            io.println(deprecated(old, new));
        }
    }
    let consumer = consumer_properties(&options, io)?;
    let start = start(&options)?;
    let timeout = options.long("timeout-ms")?;
    let (formatter, formatter_properties) = formatter(&options, io)?;
    let count = options.integer("max-messages");
    Ok(Wanted {
        consumer,
        formatter,
        formatter_properties,
        topic: options.value("topic")?.map(str::to_string),
        include: options.value("include")?.map(str::to_string),
        partition: options.integer("partition")?,
        start,
        max_messages: count.as_ref().ok().copied().flatten().and_then(|most| u64::try_from(most).ok()),
        bad_count: count.err(),
        timeout_ms: timeout.and_then(|timeout| u64::try_from(timeout).ok()),
        skip_on_error: options.has("skip-message-on-error"),
        system_events: options.has("enable-systest-events"),
    })
}

fn deprecated(old: &str, new: &str) -> String {
    format!("Option --{old} is deprecated and will be removed in a future version. Use --{new} instead.")
}

fn check_required(options: &Options) -> Result<(), Stop> {
    let usage = |words: &str| Err(Stop::Usage(words.to_string()));
    if options.has("topic") == options.has("include") {
        return usage("Exactly one of the following arguments is required: [topic], [include]");
    }
    if options.has("partition") {
        options.integer("partition")?;
        if !options.has("topic") {
            return usage("The topic is required when partition is specified.");
        }
        if options.has("from-beginning") && options.has("offset") {
            return usage("Options from-beginning and offset cannot be specified together.");
        }
    } else if options.has("offset") {
        return usage("The partition is required when offset is specified.");
    }
    require(options, &["bootstrap-server"])
}

fn either<'a>(options: &'a Options, new: &str, old: &str) -> Vec<&'a str> {
    if options.has(new) { options.values(new) } else { options.values(old) }
}

fn consumer_properties(options: &Options, io: &Io<'_, '_>) -> Result<Properties, Stop> {
    let file = options.value("command-config")?.or(options.value("consumer.config")?);
    let from_file = match file {
        Some(path) => load_properties(path, io)?,
        None => Properties::new(),
    };
    let extra = key_values(&either(options, "command-property", "consumer-property"));
    let mut groups: Vec<String> = options.value("group")?.map(str::to_string).into_iter().collect();
    groups.extend([&from_file, &extra].into_iter().filter_map(|properties| properties.get("group.id").cloned()));
    base::ordered::sort(&mut groups);
    groups.dedup();
    if groups.len() > 1 {
        let listed: Vec<String> = groups.iter().map(|group| format!("'{group}'")).collect();
        return Err(Stop::Usage(format!(
            "The group ids provided in different places (directly using '--group', via '--consumer-property', or via \
             '--consumer.config') do not match. Detected group ids: {}",
            listed.join(", ")
        )));
    }
    if !groups.is_empty() && options.has("partition") {
        return Err(Stop::Usage("Options group and partition cannot be specified together.".to_string()));
    }
    let mut properties = from_file;
    properties.extend(extra);
    set_reset_policy(options, &mut properties)?;
    let mut set = |name: &str, value: &str| drop(properties.insert(name.to_string(), value.to_string()));
    set("bootstrap.servers", options.value("bootstrap-server")?.unwrap_or_default());
    if let Some(level) = options.value("isolation-level")? {
        set("isolation.level", level);
    }
    match groups.first() {
        Some(group) => set("group.id", group),
        None => {
            let number = Rng::new(io.seed, 0, "console group").below(100_000);
            set("group.id", &format!("console-consumer-{number}"));
            properties.entry("enable.auto.commit".to_string()).or_insert_with(|| "false".to_string());
        }
    }
    properties.entry("isolation.level".to_string()).or_insert_with(|| "read_uncommitted".to_string());
    properties.entry("client.id".to_string()).or_insert_with(|| "console-consumer".to_string());
    Ok(properties)
}

fn set_reset_policy(options: &Options, properties: &mut Properties) -> Result<(), Stop> {
    let from_beginning = options.has("from-beginning");
    if let Some(policy) = properties.get("auto.offset.reset") {
        if from_beginning && policy != "earliest" {
            return Err(Stop::Refused(format!(
                "Can't simultaneously specify --from-beginning and 'auto.offset.reset={policy}', please remove one option"
            )));
        }
        return Ok(());
    }
    let policy = if from_beginning { "earliest" } else { "latest" };
    properties.insert("auto.offset.reset".to_string(), policy.to_string());
    Ok(())
}

fn start(options: &Options) -> Result<Seek, Stop> {
    let Some(text) = options.value("offset")? else {
        return Ok(if options.has("from-beginning") { Seek::Beginning } else { Seek::End });
    };
    match text.to_ascii_lowercase().as_str() {
        "earliest" => Ok(Seek::Beginning),
        "latest" => Ok(Seek::End),
        _ => text.parse().ok().filter(|offset: &i64| *offset >= 0).map(Seek::Offset).ok_or_else(|| {
            Stop::Usage(format!(
                "The provided offset value '{text}' is incorrect. Valid values are 'earliest', 'latest', or a \
                 non-negative long."
            ))
        }),
    }
}

/// Class and properties of the formatter. Any failure here is a usage error with its message.
fn formatter(options: &Options, io: &mut Io<'_, '_>) -> Result<(String, Properties), Stop> {
    let usage = |error: KafkaError| Stop::Usage(error.message().to_string());
    let class = options.value("formatter").map_err(usage)?;
    let class = class.unwrap_or("org.apache.kafka.tools.consumer.DefaultMessageFormatter").to_string();
    if super::formatter::Formatter::find(&class, &Properties::new()).is_none() {
        return Err(Stop::Usage(class));
    }
    if options.has("formatter-property") && options.has("property") {
        let words = "Options --property and --formatter-property cannot be specified together.";
        return Err(Stop::Usage(words.to_string()));
    }
    if options.has("property") {
        io.println(deprecated("property", "formatter-property"));
    }
    let mut properties = match options.value("formatter-config").map_err(usage)? {
        Some(path) => load_properties(path, io).map_err(usage)?,
        None => Properties::new(),
    };
    for (flag, property) in [("key-deserializer", "key.deserializer"), ("value-deserializer", "value.deserializer")] {
        if let Some(class) = options.value(flag).map_err(usage)?.filter(|class| !class.is_empty()) {
            properties.insert(property.to_string(), class.to_string());
        }
    }
    properties.extend(key_values(&either(options, "formatter-property", "property")));
    Ok((class, properties))
}
