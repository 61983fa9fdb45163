//! `kafka-features.sh`: which features are finalized, raising and lowering them, and what releases bring
//! (`FeatureCommand`).

use base::Map;

use clients::KafkaError;
use clients::admin::call::{AdminCall, AdminReply, FeatureUpdate, UpgradeType};
use clients::config::Properties;
use cluster::features::{FEATURES, METADATA_VERSION, MetadataVersion};

use super::argparse::{Arg, Command, Kind, Parsed, Parser, Stop, arg, grouped, required};
use super::cluster_tool::bootstrap;
use super::straight::{Halt, Run, ToolSpec, unexpected};

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-features.sh", table: &[], run, thrown };

const METADATA: Arg = arg(&["--metadata"], Kind::Text, "The old way to give a level of metadata.version.");
const RELEASE: Arg = arg(&["--release-version"], Kind::Text, "The release whose levels all features get.");
const FEATURE: Arg = arg(&["--feature"], Kind::Repeated, "feature=level; can be repeated.");
const DRY_RUN: Arg = arg(&["--dry-run"], Kind::Flag, "Only ask whether it could be done.");
const UNSAFE: Arg = arg(&["--unsafe"], Kind::Flag, "Also where metadata may be lost.");

const PARSER: Parser = Parser {
    program: "kafka-features",
    about: "Shows and changes the levels of a cluster's features.",
    args: &[
        grouped(arg(&["--bootstrap-server"], Kind::Text, "The brokers to connect to first.")),
        grouped(arg(&["--bootstrap-controller"], Kind::Text, "The controllers to connect to first.")),
        arg(&["--command-config"], Kind::Text, "A file with properties for the admin client."),
    ],
    commands: &[
        Command {
            name: "describe",
            help: "Show the features.",
            args: &[arg(&["--node-id"], Kind::Integer, "The node to ask.")],
        },
        Command { name: "upgrade", help: "Raise features.", args: &[METADATA, RELEASE, FEATURE, DRY_RUN] },
        Command { name: "downgrade", help: "Lower features.", args: &[METADATA, RELEASE, FEATURE, UNSAFE, DRY_RUN] },
        Command {
            name: "disable",
            help: "Lower features to 0.",
            args: &[arg(&["--feature"], Kind::Repeated, "The feature; can be repeated."), UNSAFE, DRY_RUN],
        },
        Command { name: "version-mapping", help: "Show which levels a release brings.", args: &[RELEASE] },
        Command {
            name: "feature-dependencies",
            help: "Show what a level of a feature needs.",
            args: &[required(FEATURE)],
        },
    ],
};

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let parsed = match PARSER.parse(&tool.arguments()) {
        Ok(parsed) => parsed,
        Err(Stop::Help(text)) => {
            tool.print(text);
            return Ok(());
        }
        Err(Stop::Error(words)) => return Err(refused(&words, tool)),
    };
    match parsed.command {
        "version-mapping" => return version_mapping(&parsed, tool),
        "feature-dependencies" => {
            let unknown = |name: &str, level: i16| format!("No feature:{name} with feature level {level}");
            return dependencies(&parsed, name_and_level, unknown, tool);
        }
        _ => {}
    }
    let mut properties = match parsed.text("--command-config") {
        Some(path) => tool.load_properties(path)?,
        None => Properties::new(),
    };
    let (server, controller) = (parsed.text("--bootstrap-server"), parsed.text("--bootstrap-controller"));
    if server.is_none() && controller.is_none() {
        return Err(refused("You must specify either --bootstrap-controller or --bootstrap-server.", tool));
    }
    bootstrap(&mut properties, server, controller);
    tool.connect(&properties)?;
    match parsed.command {
        "describe" => describe(&parsed, tool),
        "disable" => {
            let mut updates = Map::new();
            for feature in parsed.all("--feature") {
                put(&mut updates, feature, FeatureUpdate { level: 0, upgrade: downgrade_type(&parsed) })?;
            }
            update("disable", updates, parsed.has("--dry-run"), tool)
        }
        "upgrade" => change("upgrade", &parsed, UpgradeType::Upgrade, tool),
        _ => change("downgrade", &parsed, downgrade_type(&parsed), tool),
    }
}

/// No line ends here in Kafka's tool.
fn refused(words: &str, tool: &mut Run<'_, '_, '_>) -> Halt {
    tool.eprint(format!("Command line error: {words}. Type --help for help."));
    Halt::Exit(1)
}

fn failed(why: impl Into<String>) -> Halt {
    Halt::Refused(why.into())
}

fn level_name(feature: &str, level: i16) -> String {
    if feature != METADATA_VERSION {
        return level.to_string();
    }
    MetadataVersion::of_level(level).map_or_else(|| format!("UNKNOWN {level}"), |version| version.name())
}

fn describe(parsed: &Parsed, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let node = parsed.integer("--node-id");
    if let Some(id) = node.filter(|id| *id < 0) {
        return Err(failed(format!("Invalid node id {id}: must be non-negative.")));
    }
    let call = AdminCall::DescribeFeatures { node };
    let AdminReply::Features(metadata) = tool.get(call)? else { return Err(unexpected()) };
    let epoch = metadata.epoch.map_or("-".to_string(), |epoch| epoch.to_string());
    for (feature, (min, max)) in &metadata.supported {
        let finalized = metadata.finalized.get(feature).map_or(0, |(_, max)| *max);
        tool.println(format!(
            "Feature: {feature:<40}  SupportedMinVersion: {:<15}  SupportedMaxVersion: {:<15}  FinalizedVersionLevel: \
             {:<15}  Epoch: {epoch}",
            level_name(feature, *min),
            level_name(feature, *max),
            level_name(feature, finalized)
        ));
    }
    Ok(())
}

fn downgrade_type(parsed: &Parsed) -> UpgradeType {
    if parsed.has("--unsafe") { UpgradeType::UnsafeDowngrade } else { UpgradeType::SafeDowngrade }
}

/// `feature=level`.
fn name_and_level(text: &str) -> Result<(&str, i16), Halt> {
    let Some((name, level)) = text.split_once('=') else {
        return Err(failed(format!("Can't parse feature=level string {text}: equals sign not found.")));
    };
    let level = level.trim();
    let refused = |_| failed(format!("Can't parse feature=level string {text}: unable to parse {level} as a short."));
    Ok((name.trim(), level.parse().map_err(refused)?))
}

fn put(updates: &mut Map<String, FeatureUpdate>, feature: &str, update: FeatureUpdate) -> Result<(), Halt> {
    // What the constructor of `FeatureUpdate` refuses.
    if update.level == 0 && update.upgrade == UpgradeType::Upgrade {
        return Err(failed(
            "The upgradeType flag should be set to SAFE_DOWNGRADE or UNSAFE_DOWNGRADE when the provided maxVersionLevel:0 \
             is < 1.",
        ));
    }
    if update.level < 0 {
        return Err(failed("Cannot specify a negative version level."));
    }
    match updates.insert(feature.to_string(), update) {
        None => Ok(()),
        Some(_) => Err(failed(format!("Feature {feature} was specified more than once."))),
    }
}

fn change(op: &str, parsed: &Parsed, upgrade: UpgradeType, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let (metadata, features) = (parsed.text("--metadata"), parsed.all("--feature"));
    let mut updates = Map::new();
    if let Some(release) = parsed.text("--release-version") {
        if metadata.is_some() || !features.is_empty() {
            return Err(failed("Can not specify `release-version` with other feature flags."));
        }
        let version = MetadataVersion::parse(release).map_err(failed)?;
        put(&mut updates, METADATA_VERSION, FeatureUpdate { level: version.level, upgrade })?;
        for feature in FEATURES {
            let level = feature.default_level(version);
            if upgrade != UpgradeType::Upgrade || level > 0 {
                put(&mut updates, feature.name, FeatureUpdate { level, upgrade })?;
            }
        }
        return update(op, updates, parsed.has("--dry-run"), tool);
    }
    if let Some(metadata) = metadata {
        tool.println(" `metadata` flag is deprecated and may be removed in a future release.");
        let level = MetadataVersion::parse(metadata).map_err(failed)?.level;
        put(&mut updates, METADATA_VERSION, FeatureUpdate { level, upgrade })?;
    }
    for feature in features {
        let (name, level) = name_and_level(feature)?;
        put(&mut updates, name, FeatureUpdate { level, upgrade })?;
    }
    update(op, updates, parsed.has("--dry-run"), tool)
}

fn update(
    op: &str,
    updates: Map<String, FeatureUpdate>,
    validate_only: bool,
    tool: &mut Run<'_, '_, '_>,
) -> Result<(), Halt> {
    if updates.is_empty() {
        return Err(failed(format!("You must specify at least one feature to {op}")));
    }
    let outcomes: Map<String, Result<(), KafkaError>> =
        match tool.ask(AdminCall::UpdateFeatures { updates: updates.clone(), validate_only })? {
            Ok(AdminReply::PerFeature(items)) => items,
            Ok(_) => return Err(unexpected()),
            Err(error) => updates.keys().map(|feature| (feature.clone(), Err(error.clone()))).collect(),
        };
    let mut failures = 0;
    for (feature, outcome) in &outcomes {
        let level = updates.get(feature).map_or(0, |update| update.level);
        let disables = op == "disable";
        match outcome {
            Err(error) => {
                let helper = if validate_only { "Can not" } else { "Could not" };
                let to = if disables { String::new() } else { format!(" to {level}") };
                tool.println(format!("{helper} {op} {feature}{to}. {}", error.message()));
                failures += 1;
            }
            Ok(()) => {
                let verb = if validate_only { "can be" } else { "was" };
                let to = if disables { String::new() } else { format!(" to {level}") };
                let done = op.trim_end_matches('e');
                tool.println(format!("{feature} {verb} {done}ed{to}."));
            }
        }
    }
    match failures {
        0 => Ok(()),
        _ => Err(failed(format!("{failures} out of {} operation(s) failed.", updates.len()))),
    }
}

pub fn version_mapping(parsed: &Parsed, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let latest = MetadataVersion::LATEST_PRODUCTION.name();
    let release = parsed.text("--release-version").unwrap_or(&latest);
    let version = MetadataVersion::parse(release).map_err(failed)?;
    tool.println(format!("{METADATA_VERSION}={} ({release})", version.level));
    for feature in FEATURES {
        tool.println(format!("{}={}", feature.name, feature.default_level(version)));
    }
    Ok(())
}

/// `read` takes `feature=level` apart, `unknown` says that a feature has no such level.
pub fn dependencies(
    parsed: &Parsed,
    read: fn(&str) -> Result<(&str, i16), Halt>,
    unknown: fn(&str, i16) -> String,
    tool: &mut Run<'_, '_, '_>,
) -> Result<(), Halt> {
    for text in parsed.all("--feature") {
        let (name, level) = read(text)?;
        if name == METADATA_VERSION {
            let version = MetadataVersion::of_level(level);
            let version = version.ok_or_else(|| failed(format!("Unknown metadata.version {level}")))?;
            tool.println(format!("{name}={level} ({}) has no dependencies.", version.name()));
            continue;
        }
        let feature = FEATURES.iter().find(|feature| feature.name == name);
        let feature = feature.ok_or_else(|| failed(format!("Unknown feature: {name}")))?;
        let known = feature.level(level).ok_or_else(|| failed(unknown(name, level)))?;
        match known.needs_metadata {
            None => tool.println(format!("{name}={level} has no dependencies.")),
            Some(needed) => {
                tool.println(format!("{name}={level} requires:"));
                let version = MetadataVersion::of_level(needed).map(|version| version.name()).unwrap_or_default();
                tool.println(format!("    {METADATA_VERSION}={needed} ({version})"));
            }
        }
    }
    Ok(())
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.eprintln(error.message());
}
