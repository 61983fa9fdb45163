//! `kafka-storage.sh`: gives the log directories of a stopped server their cluster id and first metadata
//! (`StorageTool`, `Formatter`).

use base::{Map, Micros, Rng, Uuid};

use bytes::Bytes;
use clients::KafkaError;
use cluster::Properties;
use cluster::features::{FEATURES, METADATA_VERSION, MetadataVersion};
use cluster::metadata::encode_record;
use log::batch::{BatchBuilder, ControlRecordType};
use log::checkpoint::MetaProperties;
use protocol::metadata::{FeatureLevelRecord, MetadataRecord};

use super::argparse::{Arg, Command, Kind, Parser, Stop, arg, grouped, required};
use super::server_file::{META_PROPERTIES, ServerFile, formatted, load, verify};
use super::straight::{Halt, Run, ToolSpec};
use super::{argparse::Parsed, features};

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-storage.sh", table: &[], run, thrown };

const CONFIG: Arg = required(arg(&["--config", "-c"], Kind::Text, "The server's property file."));
const RELEASE: Arg = arg(&["--release-version", "-r"], Kind::Text, "The release whose levels all features get.");
const FEATURE: Arg = arg(&["--feature", "-f"], Kind::Repeated, "feature=level; can be repeated.");

const PARSER: Parser = Parser {
    program: "kafka-storage",
    about: "Works on the log directories of a server that does not run.",
    args: &[],
    commands: &[
        Command { name: "info", help: "Show what the directories were formatted with.", args: &[CONFIG] },
        Command {
            name: "format",
            help: "Format the directories.",
            args: &[
                CONFIG,
                required(arg(&["--cluster-id", "-t"], Kind::Text, "The id of the cluster.")),
                arg(&["--add-scram", "-S"], Kind::Repeated, "A SCRAM credential for the first metadata."),
                arg(&["--ignore-formatted", "-g"], Kind::Flag, "Leave formatted directories as they are."),
                RELEASE,
                FEATURE,
                grouped(arg(&["--standalone", "-s"], Kind::Flag, "This controller is the only voter.")),
                grouped(arg(&["--no-initial-controllers", "-N"], Kind::Flag, "Others say who votes.")),
                grouped(arg(
                    &["--initial-controllers", "-I"],
                    Kind::Text,
                    "id@host:port:directory, ... of all voters.",
                )),
            ],
        },
        Command { name: "version-mapping", help: "Show which levels a release brings.", args: &[RELEASE] },
        Command {
            name: "feature-dependencies",
            help: "Show what a level of a feature needs.",
            args: &[required(FEATURE)],
        },
        Command { name: "random-uuid", help: "Print an id for a new cluster.", args: &[] },
    ],
};

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let parsed = match PARSER.parse(&tool.arguments()) {
        Ok(parsed) => parsed,
        Err(Stop::Help(text)) => {
            tool.print(text);
            return Ok(());
        }
        Err(Stop::Error(words)) => {
            tool.eprintln(PARSER.usage());
            tool.eprintln(format!("{}: error: {words}", PARSER.program));
            return Err(Halt::Exit(1));
        }
    };
    let file = match parsed.text("--config") {
        Some(path) => Some(load(path, tool)?),
        None => None,
    };
    match (parsed.command, file) {
        ("info", Some(file)) => info(&file, tool),
        ("format", Some(file)) => format_all(&parsed, &file, tool),
        ("version-mapping", _) => features::version_mapping(&parsed, tool),
        ("feature-dependencies", _) => features::dependencies(&parsed, tool),
        _ => {
            let id = random_id(tool);
            tool.println(id.to_string());
            Ok(())
        }
    }
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.eprint(format!("Exception in thread \"main\" {}", error.stack_trace()));
}

fn refused<T>(why: impl Into<String>) -> Result<T, Halt> {
    Err(Halt::Refused(why.into()))
}

fn random_id(tool: &mut Run<'_, '_, '_>) -> Uuid {
    Uuid::random(&mut Rng::new(tool.random(), 0, "uuid"))
}

fn info(file: &ServerFile, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let found = formatted(&file.directories, tool)?;
    let (mut problems, mut directories) = (Vec::new(), Vec::new());
    let mut first: Option<&Properties> = None;
    for directory in &file.directories {
        match (tool.is_directory(directory), found.get(directory)) {
            (None, _) => problems.push(format!("{directory} does not exist")),
            (Some(false), _) => problems.push(format!("{directory} is not a directory")),
            (Some(true), None) => {
                directories.push(directory);
                problems.push(format!("{directory} is not formatted."));
            }
            (Some(true), Some(properties)) => {
                directories.push(directory);
                match first {
                    None => first = Some(properties),
                    Some(first) if first.get("cluster.id") != properties.get("cluster.id") => {
                        problems.push("Mismatched cluster IDs between storage directories.".to_string());
                    }
                    Some(first) if first.get("node.id") != properties.get("node.id") => {
                        problems.push("Mismatched node IDs between storage directories.".to_string());
                    }
                    Some(_) => {}
                }
            }
        }
    }
    if !directories.is_empty() {
        tool.println(format!("Found log director{}:", if directories.len() == 1 { "y" } else { "ies" }));
        directories.iter().for_each(|directory| tool.println(format!("  {directory}")));
        tool.println("");
    }
    if let Some(first) = first {
        let fields: Vec<String> = first.iter().map(|(name, value)| format!("{name}={value}")).collect();
        tool.println(format!("Found metadata: {{{}}}", fields.join(", ")));
        tool.println("");
    }
    if problems.is_empty() {
        return Ok(());
    }
    tool.println(format!("Found problem{}:", if problems.len() == 1 { "" } else { "s" }));
    problems.iter().for_each(|problem| tool.println(format!("  {problem}")));
    tool.println("");
    Err(Halt::Exit(1))
}

/// What a format was asked to make.
struct Plan<'f> {
    file: &'f ServerFile,
    cluster_id: &'f str,
    release: MetadataVersion,
    levels: Map<String, i16>,
    /// Voters' ids and their directories, when they are named.
    voters: Option<Vec<(i32, String, Uuid)>>,
}

fn format_all(parsed: &Parsed, file: &ServerFile, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let mut release = None;
    if let Some(text) = parsed.text("--release-version") {
        match MetadataVersion::parse(text) {
            Ok(version) if version.level <= MetadataVersion::LATEST_PRODUCTION.level => release = Some(version),
            Ok(_) => return refused(unknown_release(text, &MetadataVersion::parse("?").err().unwrap_or_default())),
            Err(words) => return refused(unknown_release(text, &words)),
        }
    }
    let mut levels = Map::new();
    for feature in parsed.all("--feature") {
        let (name, level) = level_of(feature)?;
        levels.insert(name, level);
    }
    let voters = voters(parsed, file, tool)?;
    if levels.contains_key(METADATA_VERSION) && release.is_some() {
        return refused("Use --release-version instead of --feature metadata.version=X to avoid ambiguity.");
    }
    let asked = levels.get(METADATA_VERSION).and_then(|level| MetadataVersion::of_level(*level));
    let release = release.or(asked).unwrap_or(MetadataVersion::LATEST_PRODUCTION);
    let has_static_voters = file.config.own("controller.quorum.voters").is_some_and(|voters| !voters.is_empty());
    let cluster_id = parsed.text("--cluster-id").unwrap_or_default();
    let mut plan = Plan { file, cluster_id, release, levels, voters };
    plan.complete_levels(has_static_voters)?;
    plan.carry_out(parsed.has("--ignore-formatted"), tool)
}

/// Only production versions are named, as unstable ones are not switched on.
fn unknown_release(text: &str, words: &str) -> String {
    let names = words.split_once("are: ").map_or("", |(_, names)| names);
    let stable: Vec<&str> = names
        .split(", ")
        .filter(|name| MetadataVersion::parse(name).is_ok_and(|v| v.level <= MetadataVersion::LATEST_PRODUCTION.level))
        .collect();
    format!("Unknown metadata.version '{text}'. Supported metadata.version are: {}", stable.join(", "))
}

fn level_of(feature: &str) -> Result<(String, i16), Halt> {
    let failed = |why: String| Halt::Thrown(KafkaError::new("java.lang.RuntimeException", why));
    let parsed = format!("Can't parse feature=level string {feature}: ");
    let Some((name, level)) = feature.split_once('=') else {
        return Err(failed(format!("{parsed}equals sign not found.")));
    };
    let level = level.trim();
    let number = level.parse().map_err(|_| failed(format!("{parsed}unable to parse {level} as a short.")))?;
    Ok((name.trim().to_string(), number))
}

type Voters = Option<Vec<(i32, String, Uuid)>>;

fn voters(parsed: &Parsed, file: &ServerFile, tool: &mut Run<'_, '_, '_>) -> Result<Voters, Halt> {
    let is_static = file.config.own("controller.quorum.voters").is_some_and(|voters| !voters.is_empty());
    let (given, standalone) = (parsed.text("--initial-controllers"), parsed.has("--standalone"));
    if is_static && (given.is_some() || standalone) {
        return refused(
            "You cannot specify controller.quorum.voters and format the node with --initial-controllers or --standalone. \
             If you want to use dynamic quorum, please remove controller.quorum.voters and specify \
             controller.quorum.bootstrap.servers instead.",
        );
    }
    if let Some(given) = given {
        return parse_voters(given).map(Some);
    }
    if standalone {
        if !file.has_role("controller") {
            return refused("You can only use --standalone on a controller.");
        }
        return Ok(Some(vec![(file.node_id, controller_endpoint(file), random_id(tool))]));
    }
    if !parsed.has("--no-initial-controllers") && file.has_role("controller") && !is_static {
        return refused(
            "Because controller.quorum.voters is not set on this controller, you must specify one of the following: \
             --standalone, --initial-controllers, or --no-initial-controllers.",
        );
    }
    Ok(None)
}

/// `host:port` of the first controller listener.
fn controller_endpoint(file: &ServerFile) -> String {
    let names = file.config.own("controller.listener.names").unwrap_or_default();
    let first = names.split(',').next().unwrap_or_default().trim();
    let entries = file.config.own("listeners").unwrap_or_default();
    let found = entries.split(',').find_map(|entry| entry.trim().strip_prefix(first)?.strip_prefix("://"));
    found.unwrap_or("localhost:9093").to_string()
}

fn parse_voters(text: &str) -> Result<Vec<(i32, String, Uuid)>, Halt> {
    let illegal = |why: String| Halt::Thrown(KafkaError::new("java.lang.IllegalArgumentException", why));
    let mut voters = Vec::new();
    for voter in text.split(',').map(str::trim) {
        let Some((id, rest)) = voter.split_once('@') else {
            return Err(illegal("No @ found in dynamic voter string.".to_string()));
        };
        let id = id.parse().map_err(|_| illegal("Failed to parse node id in dynamic voter string.".to_string()))?;
        let Some((address, directory)) = rest.rsplit_once(':') else {
            return Err(illegal("No colon following port could be found.".to_string()));
        };
        let directory = directory
            .parse()
            .map_err(|_| illegal("Failed to parse directory ID in dynamic voter string.".to_string()))?;
        voters.push((id, address.to_string(), directory));
    }
    Ok(voters)
}

impl Plan<'_> {
    /// The levels of all features (`calculateEffectiveFeatureLevels`).
    fn complete_levels(&mut self, has_static_voters: bool) -> Result<(), Halt> {
        for name in self.levels.keys() {
            if name != METADATA_VERSION && !FEATURES.iter().any(|feature| feature.name == name) {
                let mut names: Vec<&str> = FEATURES.iter().map(|feature| feature.name).collect();
                base::ordered::sort(&mut names);
                return refused(format!("Unsupported feature: {name}. Supported features are: {}", names.join(", ")));
            }
        }
        self.levels.insert(METADATA_VERSION.to_string(), self.release.level);
        for feature in &FEATURES {
            let default = if feature.name == "kraft.version" {
                i16::from(!has_static_voters)
            } else {
                feature.default_level(self.release)
            };
            let level = *self.levels.entry(feature.name.to_string()).or_insert(default);
            if feature.level(level).is_none() {
                let why = format!("No feature:{} with feature level {level}", feature.name);
                return Err(KafkaError::new("java.lang.IllegalArgumentException", why).into());
            }
        }
        Ok(())
    }

    fn records(&self) -> Vec<(String, i16)> {
        let first = (METADATA_VERSION.to_string(), self.release.level);
        let others = self
            .levels
            .iter()
            .filter(|(name, level)| **level > 0 && *name != METADATA_VERSION && *name != "kraft.version");
        [first].into_iter().chain(others.map(|(name, level)| (name.clone(), *level))).collect()
    }

    fn carry_out(&self, ignore_formatted: bool, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
        let found = formatted(&self.file.directories, tool)?;
        verify(&found, Some(self.cluster_id), self.file.node_id)?;
        if let (Some(directory), false) = (found.keys().next(), ignore_formatted) {
            return refused(format!(
                "Log directory {directory} is already formatted. Use --ignore-formatted to ignore this directory and \
                 format the others."
            ));
        }
        let empty: Vec<&String> = self.file.directories.iter().filter(|dir| !found.contains_key(*dir)).collect();
        if empty.is_empty() {
            tool.println("All of the log directories are already formatted.");
            return Ok(());
        }
        let records = self.records();
        let shown: Vec<String> = records
            .iter()
            .map(|(name, level)| {
                format!("ApiMessageAndVersion(FeatureLevelRecord(name='{name}', featureLevel={level}) at version 0)")
            })
            .collect();
        tool.println(format!(
            "Bootstrap metadata: BootstrapMetadata(records=[{}], metadataVersionLevel={}, source=format command)",
            shown.join(", "),
            self.release.level
        ));
        empty.into_iter().for_each(|directory| self.format_one(directory, &records, tool));
        Ok(())
    }

    fn format_one(&self, directory: &str, records: &[(String, i16)], tool: &mut Run<'_, '_, '_>) {
        let now = tool.now();
        let is_metadata = *directory == self.file.metadata_directory;
        let own = self.voters.iter().flatten().find(|(id, ..)| *id == self.file.node_id);
        let (kind, directory_id) = match (is_metadata, &self.voters, own) {
            (false, ..) => ("data directory", random_id(tool)),
            (true, None, _) => ("metadata directory", random_id(tool)),
            (true, Some(_), None) => ("dynamic metadata directory", random_id(tool)),
            (true, Some(_), Some((.., id))) => ("dynamic metadata voter directory", *id),
        };
        tool.println(format!("Formatting {kind} {directory} with metadata.version {}.", self.release.name()));
        tool.write(&format!("{directory}/bootstrap.checkpoint"), bootstrap_file(records, now));
        if let (true, Some(voters)) = (is_metadata, &self.voters) {
            let path = format!("{directory}/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint");
            let listener = self.file.config.own("controller.listener.names").unwrap_or_default();
            tool.write(&path, voters_file(voters, listener.split(',').next().unwrap_or_default().trim(), now));
        }
        let properties = MetaProperties {
            cluster_id: self.cluster_id.to_string(),
            node_id: self.file.node_id,
            directory_id: Some(directory_id),
        };
        let date = crate::text::date_of_properties(now);
        tool.write(&format!("{directory}/{META_PROPERTIES}"), properties.to_text(&date).into());
    }
}

fn control(offset: i64, kind: ControlRecordType, value: &[u8], now: Micros) -> Bytes {
    let mut builder = BatchBuilder::new(offset).with_leader_epoch(0).control();
    builder.append(now.as_epoch_ms(), Some(&kind.key()), Some(value), &[]);
    builder.build()
}

/// `SnapshotHeaderRecord`: version and the time of the last record that the snapshot stands for.
fn header(now: Micros) -> Bytes {
    let mut value = vec![0, 0];
    value.extend(now.as_epoch_ms().to_be_bytes());
    value.push(0);
    control(0, ControlRecordType::SnapshotHeader, &value, now)
}

fn footer(offset: i64, now: Micros) -> Bytes {
    control(offset, ControlRecordType::SnapshotFooter, &[0, 0, 0], now)
}

fn bootstrap_file(records: &[(String, i16)], now: Micros) -> Bytes {
    let mut builder = BatchBuilder::new(1).with_leader_epoch(0);
    for (name, level) in records {
        let record: MetadataRecord =
            FeatureLevelRecord { name: name.clone(), feature_level: *level, ..Default::default() }.into();
        let value = encode_record(&record).unwrap_or_default();
        builder.append(now.as_epoch_ms(), None, Some(&value), &[]);
    }
    [header(now), builder.build(), footer(1 + records.len() as i64, now)].concat().into()
}

/// The snapshot that names the first voters, with `kraft.version` 1.
fn voters_file(voters: &[(i32, String, Uuid)], listener: &str, now: Micros) -> Bytes {
    let version = control(1, ControlRecordType::KraftVersion, &[0, 0, 0, 1, 0], now);
    let mut value = vec![0, 0, voters.len() as u8 + 1];
    for (id, address, directory) in voters {
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "9093"));
        value.extend(id.to_be_bytes());
        value.extend(directory.0.to_be_bytes());
        value.push(2);
        for text in [listener, host] {
            value.push(text.len() as u8 + 1);
            value.extend(text.as_bytes());
        }
        value.extend(port.parse::<u16>().unwrap_or(0).to_be_bytes());
        // No tagged fields of the endpoint; `kraft.version` 0 to 1; none of the range, none of the voter.
        value.extend([0, 0, 0, 0, 1, 0, 0]);
    }
    value.push(0);
    let names = control(2, ControlRecordType::KraftVoters, &value, now);
    [header(now), version, names, footer(3, now)].concat().into()
}
