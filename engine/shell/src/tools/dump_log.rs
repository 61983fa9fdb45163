//! `kafka-dump-log.sh`: what stands in segment files, indexes, snapshots (`DumpLogSegments`).

mod data;
mod decoders;
mod indexes;

use base::Map;

use bytes::Bytes;
use clients::KafkaError;

use super::jopt::{Argument, Opt, Options, flag, integer, or, text};
use super::straight::{Halt, Run, ToolSpec};
use super::usage::{help_or_version, require};
use crate::files::{FileError, normalise};
use decoders::Decoder;

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-dump-log.sh", table: TABLE, run, thrown };

const TABLE: &[Opt] = &[
    flag("print-data-log", "Print the records too. Any decoder implies it."),
    flag(VERIFY_ONLY, "Check an index against its log without printing it."),
    flag(SANITY_ONLY, "Do the check of an index that a broker does when it starts."),
    text("files", "file1, file2, ...", "REQUIRED: the files, separated by commas."),
    or(integer("max-message-size", "size", "The largest record."), "5242880"),
    or(integer("max-bytes", "size", "Read no more of a log than this."), "2147483647"),
    flag("deep-iteration", "Go through the records of each batch."),
    optional("value-decoder-class", "The class that decodes values."),
    optional("key-decoder-class", "The class that decodes keys."),
    flag("offsets-decoder", "The records are those of __consumer_offsets."),
    flag("transaction-log-decoder", "The records are those of __transaction_state."),
    flag("cluster-metadata-decoder", "The records are those of the metadata log."),
    flag("remote-log-metadata-decoder", "The records are those of tiered storage."),
    flag("share-group-state-decoder", "The records are those of __share_group_state."),
    flag("skip-record-metadata", "Print keys and values alone; control records not at all."),
];

const fn optional(name: &'static str, help: &'static str) -> Opt {
    Opt {
        name,
        argument: Argument::Optional("String", ""),
        default: Some("org.apache.kafka.tools.api.StringDecoder"),
        help,
    }
}

const ABOUT: &str = "This tool helps to parse a log file and dump its contents to the console, useful for debugging a \
                     seemingly corrupt log segment.";

/// Do as a broker does when it starts, and no more.
const SANITY_ONLY: &str = "index-sanity-check";
const VERIFY_ONLY: &str = "verify-index-only";

/// How much of what is shown, and how: Kafka asks its options anew for each file, once it has said which.
struct Wanted {
    contents: bool,
    deep: bool,
    decoder: Decoder,
    skip_metadata: bool,
    max_bytes: i32,
}

/// What did not fit, told at the end; each list by file.
#[derive(Default)]
struct Findings {
    index_mismatches: Map<String, Map<i64, i64>>,
    time: indexes::TimeErrors,
    gaps: Map<String, Map<i64, i64>>,
}

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let arguments = tool.arguments();
    let options = Options::parse(TABLE, &arguments)?;
    help_or_version(&options, &arguments, ABOUT)?;
    require(&options, &["files"])?;
    let mut findings = Findings::default();
    let files = options.value("files")?.unwrap_or_default().to_string();
    for path in files.split(',') {
        tool.println(format!("Dumping {path}"));
        let name = path.rsplit('/').next().unwrap_or(path);
        let suffix = name.rfind('.').map(|dot| &name[dot..]);
        match suffix {
            Some(".log" | ".checkpoint") => data::dump(path, &wanted(&options)?, &mut findings.gaps, tool)?,
            Some(".index") => indexes::dump_offsets(path, &options, &mut findings.index_mismatches, tool)?,
            Some(".timeindex") => indexes::dump_times(path, &options, &mut findings.time, tool)?,
            Some(".snapshot") => indexes::dump_producers(path, tool)?,
            Some(".txnindex") => indexes::dump_aborted(path, tool)?,
            _ => tool.eprintln(format!("Ignoring unknown file {path}")),
        }
    }
    for (file, pairs) in &findings.index_mismatches {
        tool.eprintln(format!("Mismatches in :{file}"));
        // The latest first.
        for (index, log) in pairs.iter().rev() {
            tool.eprintln(format!("  Index offset: {index}, log offset: {log}"));
        }
    }
    findings.time.print(tool);
    for (file, pairs) in &findings.gaps {
        tool.eprintln(format!("Non-consecutive offsets in {file}"));
        for (before, after) in pairs {
            tool.eprintln(format!("  {before} is followed by {after}"));
        }
    }
    Ok(())
}

fn wanted(options: &Options) -> Result<Wanted, Halt> {
    let decoder = if options.has("offsets-decoder") {
        Decoder::Offsets
    } else if options.has("transaction-log-decoder") {
        Decoder::Transactions
    } else if options.has("cluster-metadata-decoder") {
        Decoder::Metadata
    } else if options.has("remote-log-metadata-decoder") {
        Decoder::RemoteLog
    } else if options.has("share-group-state-decoder") {
        Decoder::ShareGroups
    } else {
        Decoder::of_classes(options.value("key-decoder-class")?, options.value("value-decoder-class")?)?
    };
    let contents = [
        "print-data-log",
        "offsets-decoder",
        "transaction-log-decoder",
        "cluster-metadata-decoder",
        "remote-log-metadata-decoder",
        "value-decoder-class",
        "key-decoder-class",
        "share-group-state-decoder",
    ]
    .iter()
    .any(|name| options.has(name));
    options.integer("max-message-size")?;
    Ok(Wanted {
        contents,
        deep: contents || options.has("deep-iteration"),
        decoder,
        skip_metadata: options.has("skip-record-metadata"),
        max_bytes: options.integer("max-bytes")?.unwrap_or(i32::MAX),
    })
}

/// The bytes of a file, or the exception that opening it throws.
fn open(path: &str, tool: &mut Run<'_, '_, '_>) -> Result<Bytes, Halt> {
    match tool.read(path)? {
        Ok(contents) => Ok(contents),
        Err(FileError::IsDirectory) => Err(KafkaError::new("java.nio.file.FileSystemException", path).into()),
        Err(_) => Err(KafkaError::new("java.nio.file.NoSuchFileException", path).into()),
    }
}

/// The absolute path, as Java prints it.
fn absolute(path: &str) -> String {
    format!("/{}", normalise(path))
}

/// The offset in a segment's file name.
fn base_offset(path: &str) -> Result<i64, Halt> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let digits = name.split('.').next().unwrap_or_default();
    let refused = || KafkaError::new("java.lang.NumberFormatException", format!("For input string: \"{digits}\""));
    digits.parse().map_err(|_| refused().into())
}

/// The file beside this one with another suffix.
fn beside(path: &str, suffix: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let base = name.split('.').next().unwrap_or_default();
    format!("{}/{base}{suffix}", absolute(folder).trim_end_matches('/'))
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.eprint(format!("Exception in thread \"main\" {}", error.stack_trace()));
}
