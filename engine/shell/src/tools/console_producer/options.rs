//! The options of `kafka-console-producer.sh` and the producer properties that they make (`ConsoleProducerOptions`).

use clients::KafkaError;
use clients::config::Properties;

use crate::process::Io;
use crate::tools::jopt::{Argument, Opt, Options, flag, integer, long, or, text};
use crate::tools::usage::{Stop, check_servers, help_or_version, key_values, load_properties, require};

pub const TABLE: &[Opt] = &[
    text("topic", "topic", "REQUIRED: the topic to send to."),
    text(
        "bootstrap-server",
        "server to connect to",
        "REQUIRED: the brokers to connect to first, as host:port,host:port.",
    ),
    flag("sync", "Wait for the acknowledgement of each record before the next is read."),
    Opt {
        name: "compression-codec",
        argument: Argument::Optional("String", "compression-codec"),
        default: None,
        help: "How batches are compressed: none, gzip, snappy, lz4 or zstd; gzip if no codec is named.",
    },
    or(integer("batch-size", "size", "Bytes of a batch (batch.size)."), "16384"),
    or(integer("message-send-max-retries", "", "How often sending is tried again (retries)."), "3"),
    or(long("retry-backoff-ms", "", "The wait before sending is tried again (retry.backoff.ms)."), "100"),
    or(long("timeout", "timeout_ms", "How long a record waits for others to share its batch (linger.ms)."), "1000"),
    or(text("request-required-acks", "request required acks", "Who must have a record: 0, 1 or all (acks)."), "-1"),
    or(
        integer("request-timeout-ms", "request timeout ms", "How long an answer may take (request.timeout.ms)."),
        "1500",
    ),
    or(
        long("metadata-expiry-ms", "metadata expiration interval", "The age at which metadata is asked for again."),
        "300000",
    ),
    or(long("max-block-ms", "max block on send", "How long sending may wait for metadata or memory."), "60000"),
    or(long("max-memory-bytes", "total memory in bytes", "Memory for records that wait (buffer.memory)."), "33554432"),
    or(
        integer("max-partition-memory-bytes", "memory in bytes per partition", "Deprecated, use --batch-size."),
        "16384",
    ),
    or(
        text("line-reader", "reader_class", "The class that reads records from standard input."),
        "org.apache.kafka.tools.LineMessageReader",
    ),
    or(integer("socket-buffer-size", "size", "Bytes of the socket's buffer (send.buffer.bytes)."), "102400"),
    text("property", "prop", "Deprecated, use --reader-property."),
    text(
        "reader-property",
        "prop",
        "How lines are read: parse.key, key.separator, parse.headers, headers.delimiter, headers.separator, \
         headers.key.separator, null.marker, ignore.error.",
    ),
    text("reader-config", "config file", "A file with properties for the reader."),
    text("producer-property", "producer_prop", "Deprecated, use --command-property."),
    text("command-property", "producer_prop", "A property of the producer."),
    text("producer.config", "config file", "Deprecated, use --command-config."),
    text("command-config", "config file", "A file with properties for the producer."),
];

/// Flag and property that it sets. A flag that was given wins over a property, a property over a flag's default.
const MERGED: &[(&str, &str)] = &[
    ("timeout", "linger.ms"),
    ("request-required-acks", "acks"),
    ("request-timeout-ms", "request.timeout.ms"),
    ("message-send-max-retries", "retries"),
    ("retry-backoff-ms", "retry.backoff.ms"),
    ("socket-buffer-size", "send.buffer.bytes"),
    ("max-memory-bytes", "buffer.memory"),
    ("batch-size", "batch.size"),
    ("max-partition-memory-bytes", "batch.size"),
    ("metadata-expiry-ms", "metadata.max.age.ms"),
    ("max-block-ms", "max.block.ms"),
];

pub fn parse(arguments: &[String], io: &mut Io<'_, '_>) -> Result<Options, Stop> {
    let usage = |error: KafkaError| Stop::Usage(error.message().to_string());
    let options = Options::parse(TABLE, arguments).map_err(usage)?;
    help_or_version(&options, arguments, "This tool helps to read data from standard input and publish it to Kafka.")?;
    require(&options, &["topic"])?;
    for (new, old) in [
        ("command-config", "producer.config"),
        ("command-property", "producer-property"),
        ("reader-property", "property"),
    ] {
        if options.has(new) && options.has(old) {
            return Err(Stop::Usage(format!("Options --{new} and --{old} cannot be specified together.")));
        }
    }
    for (old, new) in [
        ("producer-property", "command-property"),
        ("producer.config", "command-config"),
        ("property", "reader-property"),
    ] {
        if options.has(old) {
            io.println(format!(
                "Warning: --{old} is deprecated and will be removed in a future version. Use --{new} instead."
            ));
        }
    }
    if options.has("max-partition-memory-bytes") {
        io.println(
            "Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache Kafka 5.0. Use \
             --batch-size instead.",
        );
    }
    check_servers(options.value("bootstrap-server")?)?;
    Ok(options)
}

/// Properties of the line reader, `topic` among them.
pub fn reader_properties(options: &Options, io: &Io<'_, '_>) -> Result<Properties, KafkaError> {
    let mut properties = match options.value("reader-config")? {
        Some(path) => load_properties(path, io)?,
        None => Properties::new(),
    };
    properties.insert("topic".to_string(), options.value("topic")?.unwrap_or_default().to_string());
    properties.extend(key_values(&either(options, "reader-property", "property")));
    Ok(properties)
}

pub fn producer_properties(options: &Options, io: &Io<'_, '_>) -> Result<Properties, KafkaError> {
    let file = match options.value("command-config")? {
        Some(path) => Some(path),
        None => options.value("producer.config")?,
    };
    let mut properties = match file {
        Some(path) => load_properties(path, io)?,
        None => Properties::new(),
    };
    properties.extend(key_values(&either(options, "command-property", "producer-property")));
    let mut set = |name: &str, value: &str| drop(properties.insert(name.to_string(), value.to_string()));
    set("bootstrap.servers", options.value("bootstrap-server")?.unwrap_or_default());
    let codec = match options.value("compression-codec")? {
        _ if !options.has("compression-codec") => "none",
        None | Some("") => "gzip",
        Some(codec) => codec,
    };
    set("compression.type", codec);
    properties.entry("client.id".to_string()).or_insert_with(|| "console-producer".to_string());
    // Lines are bytes, whatever somebody asks for.
    for name in ["key.serializer", "value.serializer"] {
        properties.remove(name);
    }
    for (flag, property) in MERGED {
        merge(options, flag, property, &mut properties)?;
    }
    Ok(properties)
}

fn either<'a>(options: &'a Options, new: &str, old: &str) -> Vec<&'a str> {
    if options.has(new) { options.values(new) } else { options.values(old) }
}

/// `maybeMergeOptions`: numbers are checked by jopt before the producer sees them.
fn merge(options: &Options, flag: &str, property: &str, properties: &mut Properties) -> Result<(), KafkaError> {
    if !options.has(flag) && properties.contains_key(property) {
        return Ok(());
    }
    let Some(opt) = TABLE.iter().find(|opt| opt.name == flag) else { return Ok(()) };
    let value = match opt.argument {
        Argument::Required("Integer", _) => options.integer(flag)?.map(|number| number.to_string()),
        Argument::Required("Long", _) => options.long(flag)?.map(|number| number.to_string()),
        _ => options.value(flag)?.map(str::to_string),
    };
    if let Some(value) = value.or_else(|| opt.default.map(str::to_string)) {
        properties.insert(property.to_string(), value);
    }
    Ok(())
}
