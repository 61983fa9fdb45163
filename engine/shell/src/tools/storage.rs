//! `kafka-storage.sh`: gives the log directories of a stopped server their cluster id and first metadata
//! (`StorageTool`, `Formatter`).

mod scram;
mod voters;

use base::{Map, Rng, Uuid};

use clients::KafkaError;
use cluster::features::{FEATURES, KRAFT_VERSION, METADATA_VERSION, MetadataVersion};
use cluster::raft::format::{bootstrap_file, voters_file};
use cluster::spec::Voter;
use log::checkpoint::MetaProperties;
use protocol::java::hash_order;
use protocol::metadata::{FeatureLevelRecord, MetadataRecord};

use super::argparse::{Arg, Command, Kind, Parser, arg, grouped, required};
use super::meta_file::{META_PROPERTIES, MetaFile, formatted, verify};
use super::server_file::{ServerFile, load};
use super::straight::{Halt, Run, ToolSpec};
use super::{argparse::Parsed, features};
use scram::scram_record;
use voters::parse_voters;

/// From here on records of credentials are understood.
const SCRAM_SINCE: MetadataVersion = MetadataVersion::SCRAM;

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
    let parsed = PARSER.of(tool)?;
    let file = match parsed.text("--config") {
        Some(path) => Some(load(path, tool)?),
        None => None,
    };
    match (parsed.command, file) {
        ("info", Some(file)) => info(&file, tool),
        ("format", Some(file)) => format_all(&parsed, &file, tool),
        ("version-mapping", _) => features::version_mapping(&parsed, tool),
        ("feature-dependencies", _) => {
            let unknown = |name: &str, level: i16| format!("Feature level {level} is not supported for feature {name}");
            features::dependencies(&parsed, feature_of, unknown, tool)
        }
        _ => {
            let id = random_id(tool);
            tool.println(id.to_string());
            Ok(())
        }
    }
}

/// `feature=level`, in the words of `feature-dependencies`.
fn feature_of(text: &str) -> Result<(&str, i16), Halt> {
    let Some((name, level)) = text.split_once('=') else {
        return refused(format!(
            "Invalid feature format: {text}. Expected format: 'feature=version' (e.g. 'group.version=1')"
        ));
    };
    let (name, level) = (name.trim(), level.trim());
    match level.parse() {
        Ok(level) => Ok((name, level)),
        Err(_) => refused(format!("Invalid version format: {level} for feature {name}")),
    }
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.eprint(format!("Exception in thread \"main\" {}", error.stack_trace()));
}

fn refused<T>(why: impl Into<String>) -> Result<T, Halt> {
    Err(Halt::Refused(why.into()))
}

fn illegal<T>(why: String) -> Result<T, Halt> {
    Err(KafkaError::new("java.lang.IllegalArgumentException", why).into())
}

fn random_id(tool: &mut Run<'_, '_, '_>) -> Uuid {
    Uuid::random(&mut Rng::new(tool.random(), 0, "uuid"))
}

fn info(file: &ServerFile, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let (mut problems, mut directories) = (Vec::new(), Vec::new());
    let mut first: Option<MetaFile> = None;
    for directory in &file.directories {
        match tool.is_directory(directory) {
            None => problems.push(format!("{directory} does not exist")),
            Some(false) => problems.push(format!("{directory} is not a directory")),
            Some(true) => {
                directories.push(directory);
                match (MetaFile::read(directory, tool)?, &first) {
                    (Ok(None), _) => problems.push(format!("{directory} is not formatted.")),
                    (Err(error), _) => {
                        tool.print(error.stack_trace());
                        let path = format!("{directory}/{META_PROPERTIES}");
                        problems.push(format!("Error loading {path}: {}", error.message()));
                    }
                    (Ok(found), None) => first = found,
                    (Ok(Some(found)), Some(first)) if first.cluster_id != found.cluster_id => {
                        problems.push("Mismatched cluster IDs between storage directories.".to_string());
                    }
                    (Ok(Some(found)), Some(first)) if first.node_id != found.node_id => {
                        problems.push("Mismatched node IDs between storage directories.".to_string());
                    }
                    _ => {}
                }
            }
        }
    }
    if first.as_ref().is_some_and(|first| first.version == 0) {
        problems.push(
            "The kafka configuration file appears to be for a cluster in KRaft mode, but the directories are formatted \
             for legacy mode."
                .to_string(),
        );
    }
    if !directories.is_empty() {
        tool.println(format!("Found log director{}:", if directories.len() == 1 { "y" } else { "ies" }));
        directories.iter().for_each(|directory| tool.println(format!("  {directory}")));
        tool.println("");
    }
    if let Some(first) = first {
        tool.println(format!("Found metadata: {first}"));
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
    voters: Option<Vec<Voter>>,
    /// SCRAM credentials for the first metadata.
    scram: Vec<MetadataRecord>,
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
    let asked = match levels.get(METADATA_VERSION) {
        None => None,
        Some(level) => match MetadataVersion::of_level(*level) {
            None => return illegal(format!("No MetadataVersion with feature level {level}")),
            Some(version) if version > MetadataVersion::LATEST_PRODUCTION => {
                return refused(format!("{METADATA_VERSION} {} is not yet stable.", version.name()));
            }
            version => version,
        },
    };
    let release = release.or(asked).unwrap_or(MetadataVersion::LATEST_PRODUCTION);
    let has_static_voters = file.config.own("controller.quorum.voters").is_some_and(|voters| !voters.is_empty());
    let cluster_id = parsed.text("--cluster-id").unwrap_or_default();
    let mut plan = Plan { file, cluster_id, release, levels, voters, scram: Vec::new() };
    plan.complete_levels(has_static_voters)?;
    for argument in parsed.all("--add-scram") {
        if release.level < SCRAM_SINCE.level {
            return refused(format!("SCRAM is only supported in metadata.version {} or later.", SCRAM_SINCE.name()));
        }
        plan.scram.push(scram_record(argument, tool)?);
    }
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

type Voters = Option<Vec<Voter>>;

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
        return parse_voters(given).map(Some).map_err(Halt::Thrown);
    }
    if standalone {
        if !file.has_role("controller") {
            return refused("You can only use --standalone on a controller.");
        }
        let (host, port) = controller_endpoint(file);
        return Ok(Some(vec![Voter { id: file.node_id, host, port, directory_id: random_id(tool) }]));
    }
    if !parsed.has("--no-initial-controllers") && file.has_role("controller") && !is_static {
        return refused(
            "Because controller.quorum.voters is not set on this controller, you must specify one of the following: \
             --standalone, --initial-controllers, or --no-initial-controllers.",
        );
    }
    Ok(None)
}

/// Host and port of the first controller listener.
fn controller_endpoint(file: &ServerFile) -> (String, u16) {
    let names = file.config.own("controller.listener.names").unwrap_or_default();
    let first = names.split(',').next().unwrap_or_default().trim();
    let entries = file.config.own("listeners").unwrap_or_default();
    let found = entries.split(',').find_map(|entry| entry.trim().strip_prefix(first)?.strip_prefix("://"));
    let (host, port) = found.and_then(|address| address.rsplit_once(':')).unwrap_or(("localhost", "9093"));
    let host = if host.is_empty() { "localhost" } else { host };
    (host.to_string(), port.parse().unwrap_or(0))
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
            if feature.name == KRAFT_VERSION {
                check_kraft_version(self.levels.get(KRAFT_VERSION).copied(), has_static_voters)?;
            }
            let default = match feature.name {
                KRAFT_VERSION => i16::from(!has_static_voters),
                _ => feature.default_level(self.release),
            };
            self.levels.entry(feature.name.to_string()).or_insert(default);
        }
        for (name, level) in self.levels.iter().filter(|(name, _)| *name != METADATA_VERSION) {
            let known = FEATURES.iter().find(|feature| feature.name == name).and_then(|feature| feature.level(*level));
            let Some(known) = known else { return illegal(format!("No feature:{name} with feature level {level}")) };
            if let Some(needed) = known.needs_metadata.filter(|needed| *needed > self.release.level) {
                return illegal(format!(
                    "{name} could not be set to {level} because it depends on {METADATA_VERSION} level {needed}"
                ));
            }
        }
        Ok(())
    }

    /// Records are large: they are pushed one by one, which takes a fifth of the code of a chain of iterators.
    fn records(&mut self) -> Vec<MetadataRecord> {
        let mut records = vec![level_record(METADATA_VERSION, self.release.level)];
        for (name, level) in &self.levels {
            if *level > 0 && name != METADATA_VERSION && name != KRAFT_VERSION {
                records.push(level_record(name, *level));
            }
        }
        records.append(&mut self.scram);
        records
    }

    fn carry_out(&mut self, ignore_formatted: bool, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
        let loaded = formatted(&self.file.directories, tool)?;
        verify(&loaded.found, Some(self.cluster_id), self.file.node_id)?;
        // Kafka looks at, and writes, the directories in the order of a hash map.
        let order = |keys: Vec<String>| hash_order(&keys);
        if let (Some(directory), false) = (order(loaded.found.keys().cloned().collect()).first(), ignore_formatted) {
            return refused(format!(
                "Log directory {directory} is already formatted. Use --ignore-formatted to ignore this directory and \
                 format the others."
            ));
        }
        for directory in &loaded.errors {
            tool.println(format!("I/O error trying to read log directory {directory}. Ignoring..."));
        }
        if !loaded.errors.is_empty() && loaded.empty.is_empty() && loaded.found.is_empty() {
            return refused("No available log directories to format.");
        }
        if loaded.empty.is_empty() {
            tool.println("All of the log directories are already formatted.");
            return Ok(());
        }
        let records = self.records();
        let shown: Vec<String> = records.iter().map(shown).collect();
        tool.println(format!(
            "Bootstrap metadata: BootstrapMetadata(records=[{}], metadataVersionLevel={}, source=format command)",
            shown.join(", "),
            self.release.level
        ));
        let all: Vec<String> = loaded.empty.iter().chain(loaded.found.keys()).cloned().collect();
        for directory in order(order(all).into_iter().filter(|dir| !loaded.found.contains_key(dir)).collect()) {
            self.format_one(&directory, &records, tool);
        }
        Ok(())
    }

    fn format_one(&self, directory: &str, records: &[MetadataRecord], tool: &mut Run<'_, '_, '_>) {
        let now = tool.now();
        let is_metadata = *directory == self.file.metadata_directory;
        let own = self.voters.iter().flatten().find(|voter| voter.id == self.file.node_id);
        let (kind, directory_id) = match (is_metadata, &self.voters, own) {
            (false, ..) => ("data directory", random_id(tool)),
            (true, None, _) => ("metadata directory", random_id(tool)),
            (true, Some(_), None) => ("dynamic metadata directory", random_id(tool)),
            (true, Some(_), Some(voter)) => ("dynamic metadata voter directory", voter.directory_id),
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

fn level_record(name: &str, level: i16) -> MetadataRecord {
    FeatureLevelRecord { name: name.to_string(), feature_level: level, ..Default::default() }.into()
}

/// `ApiMessageAndVersion.toString`.
fn shown(record: &MetadataRecord) -> String {
    let fields = match record {
        MetadataRecord::FeatureLevel(r) => {
            format!("FeatureLevelRecord(name='{}', featureLevel={})", r.name, r.feature_level)
        }
        MetadataRecord::UserScramCredential(r) => format!(
            "UserScramCredentialRecord(name='{}', mechanism={}, salt={}, storedKey={}, serverKey={}, iterations={})",
            r.name,
            r.mechanism,
            bytes_shown(&r.salt),
            bytes_shown(&r.stored_key),
            bytes_shown(&r.server_key),
            r.iterations
        ),
        // A format writes nothing else.
        _ => String::new(),
    };
    format!("ApiMessageAndVersion({fields} at version 0)")
}

/// `Arrays.toString`: Java's bytes have a sign.
fn bytes_shown(bytes: &[u8]) -> String {
    let texts: Vec<String> = bytes.iter().map(|byte| (*byte as i8).to_string()).collect();
    format!("[{}]", texts.join(", "))
}

/// Levels of `kraft.version` go with the kind of quorum (`effectiveKRaftFeatureLevel`).
fn check_kraft_version(asked: Option<i16>, has_static_voters: bool) -> Result<(), Halt> {
    match asked {
        Some(0) if !has_static_voters => refused(
            "Cannot set kraft.version to 0 if controller.quorum.voters is empty and one of the flags --standalone, \
             --initial-controllers, or --no-initial-controllers is used. For dynamic controllers support, try removing \
             the --feature flag for kraft.version.",
        ),
        Some(level) if level != 0 && has_static_voters => refused(format!(
            "Cannot set kraft.version to {level} unless controller.quorum.voters is empty and one of the flags \
             --standalone, --initial-controllers, or --no-initial-controllers is used. For dynamic controllers support, \
             try using one of --standalone, --initial-controllers, or --no-initial-controllers and removing \
             controller.quorum.voters."
        )),
        _ => Ok(()),
    }
}
