//! `kafka-metadata-quorum.sh`: who leads the metadata quorum, who votes, who only watches; adding and removing voters
//! (`MetadataQuorumCommand`).

use clients::KafkaError;
use clients::admin::call::{AdminCall, AdminReply, QuorumInfo, QuorumReplica};
use clients::config::Properties;

use super::argparse::{Arg, Command, Kind, Parser, arg, grouped, required};
use super::cluster_tool::bootstrap;
use super::straight::{Halt, Run, ToolSpec, unexpected};
use super::usage::parse_uuid;
use base::Uuid;

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-metadata-quorum.sh", table: &[], run, thrown };

const DRY_RUN: Arg = arg(&["--dry-run"], Kind::Flag, "Say what would be done and do not do it.");

const PARSER: Parser = Parser {
    program: "kafka-metadata-quorum",
    about: "Tells about the quorum of controllers.",
    args: &[
        required(grouped(arg(&["--bootstrap-server"], Kind::Text, "The brokers to connect to first."))),
        required(grouped(arg(&["--bootstrap-controller"], Kind::Text, "The controllers to connect to first."))),
        arg(
            &["--command-config"],
            Kind::Text,
            "A file with properties for the admin client; for add-controller that of the controller.",
        ),
    ],
    commands: &[
        Command {
            name: "describe",
            help: "Show the quorum.",
            args: &[
                arg(&["--status"], Kind::Flag, "A summary."),
                arg(&["--replication"], Kind::Flag, "How far each replica is."),
                arg(&["--human-readable"], Kind::Flag, "Times as how long ago they were."),
            ],
        },
        Command { name: "add-controller", help: "Make a controller a voter.", args: &[DRY_RUN] },
        Command {
            name: "remove-controller",
            help: "Take a vote away.",
            args: &[
                required(arg(&["--controller-id", "-i"], Kind::Integer, "The controller's id.")),
                required(arg(&["--controller-directory-id", "-d"], Kind::Text, "The id of its metadata directory.")),
                DRY_RUN,
            ],
        },
    ],
};

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let parsed = PARSER.of(tool)?;
    let config = parsed.text("--command-config");
    let file = match config {
        Some(path) => match tool.read(path)? {
            Ok(bytes) => super::usage::parse_properties(&String::from_utf8_lossy(&bytes)),
            Err(_) => return Err(Halt::Refused(format!("Properties file {path} does not exists!"))),
        },
        None => Properties::new(),
    };
    let mut properties = file.clone();
    bootstrap(&mut properties, parsed.text("--bootstrap-server"), parsed.text("--bootstrap-controller"));
    tool.connect(&properties)?;
    let (status, replication) = (parsed.has("--status"), parsed.has("--replication"));
    let human = parsed.has("--human-readable");
    match parsed.command {
        "describe" if status && replication => {
            refuse("Only one of --status or --replication should be specified with describe sub-command")
        }
        "describe" if replication => describe_replication(human, tool),
        "describe" if status && human => {
            refuse("The option --human-readable is only supported along with --replication")
        }
        "describe" if status => describe_status(tool),
        "describe" => refuse("One of --status or --replication must be specified with describe sub-command"),
        "add-controller" if config.is_none() => {
            refuse("You must supply the configuration file of the controller you are adding when using add-controller.")
        }
        "add-controller" => add(&file, parsed.has("--dry-run"), tool),
        _ => {
            let id = parsed.integer("--controller-id").unwrap_or(-1);
            remove(id, parsed.text("--controller-directory-id").unwrap_or_default(), parsed.has("--dry-run"), tool)
        }
    }
}

fn refuse(words: &str) -> Result<(), Halt> {
    Err(Halt::Refused(words.to_string()))
}

fn quorum(tool: &mut Run<'_, '_, '_>) -> Result<(QuorumInfo, QuorumReplica), Halt> {
    let AdminReply::Quorum(info) = tool.get(AdminCall::DescribeMetadataQuorum)? else { return Err(unexpected()) };
    let leader = info.voters.iter().find(|voter| voter.replica_id == info.leader_id).cloned();
    let missing = || KafkaError::new("java.util.NoSuchElementException", "No value present");
    Ok((info, leader.ok_or_else(missing)?))
}

fn describe_status(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let AdminReply::Cluster(cluster) = tool.get(AdminCall::DescribeCluster { include_fenced: false })? else {
        return Err(unexpected());
    };
    let (info, leader) = quorum(tool)?;
    let furthest = info.voters.iter().min_by_key(|voter| voter.log_end_offset).unwrap_or(&leader);
    let lag = leader.log_end_offset - furthest.log_end_offset;
    let lag_ms = match (leader.last_caught_up, furthest.last_caught_up) {
        _ if furthest.replica_id == leader.replica_id => 0,
        (ahead, behind) if ahead >= 0 && behind >= 0 => ahead - behind,
        _ => -1,
    };
    tool.println(format!("ClusterId:              {}", cluster.cluster_id));
    tool.println(format!("LeaderId:               {}", info.leader_id));
    tool.println(format!("LeaderEpoch:            {}", info.leader_epoch));
    tool.println(format!("HighWatermark:          {}", info.high_watermark));
    tool.println(format!("MaxFollowerLag:         {lag}"));
    tool.println(format!("MaxFollowerLagTimeMs:   {lag_ms}"));
    tool.println(format!("CurrentVoters:          {}", replicas(&info, &info.voters)));
    tool.println(format!("CurrentObservers:       {}", replicas(&info, &info.observers)));
    Ok(())
}

/// `[{"id": 101, "directoryId": "...", "endpoints": ["CONTROLLER://c1:9093"]}]`
fn replicas(info: &QuorumInfo, list: &[QuorumReplica]) -> String {
    let show = |replica: &QuorumReplica| {
        let mut text = format!("{{\"id\": {}", replica.replica_id);
        if replica.directory_id != Uuid::ZERO {
            text.push_str(&format!(", \"directoryId\": \"{}\"", replica.directory_id));
        }
        let endpoints = info.nodes.get(&replica.replica_id).map(Vec::as_slice).unwrap_or_default();
        if !endpoints.is_empty() {
            let urls: Vec<String> =
                endpoints.iter().map(|(name, host, port)| format!("\"{name}://{host}:{port}\"")).collect();
            text.push_str(&format!(", \"endpoints\": [{}]", urls.join(", ")));
        }
        text + "}"
    };
    format!("[{}]", list.iter().map(show).collect::<Vec<_>>().join(", "))
}

fn describe_replication(human: bool, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let (info, leader) = quorum(tool)?;
    let now = tool.now().as_epoch_ms();
    let time = |ms: i64| match ms {
        -1 => "-1".to_string(),
        ms if human => format!("{} ms ago", now - ms),
        ms => ms.to_string(),
    };
    let row = |replica: &QuorumReplica, status: &str| {
        vec![
            replica.replica_id.to_string(),
            replica.directory_id.to_string(),
            replica.log_end_offset.to_string(),
            (leader.log_end_offset - replica.log_end_offset).to_string(),
            time(replica.last_fetch),
            time(replica.last_caught_up),
            status.to_string(),
        ]
    };
    let mut rows = vec![row(&leader, "Leader")];
    let followers = info.voters.iter().filter(|voter| voter.replica_id != leader.replica_id);
    rows.extend(followers.map(|voter| row(voter, "Follower")));
    rows.extend(info.observers.iter().map(|observer| row(observer, "Observer")));
    let header =
        ["NodeId", "DirectoryId", "LogEndOffset", "Lag", "LastFetchTimestamp", "LastCaughtUpTimestamp", "Status"];
    tool.print(pretty_table(&header, &rows));
    Ok(())
}

/// `ToolsUtils.prettyPrintTable`: columns as wide as their widest cell and a blank, then a tab.
pub fn pretty_table(header: &[&str], rows: &[Vec<String>]) -> String {
    let header: Vec<String> = header.iter().map(|cell| cell.to_string()).collect();
    let width = |column: usize| {
        let cells = std::iter::once(&header).chain(rows).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: String = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}\t")).collect();
        cells + "\n"
    };
    std::iter::once(&header).chain(rows).map(line).collect()
}

fn remove(id: i32, directory: &str, dry_run: bool, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    if id < 0 {
        return Err(Halt::Refused(format!("Invalid negative --controller-id: {id}")));
    }
    let refused = |why: String| Halt::Refused(format!("Failed to parse --controller-directory-id: {why}"));
    let directory_id = parse_uuid(directory).map_err(refused)?;
    if !dry_run {
        tool.get(AdminCall::RemoveRaftVoter { voter_id: id, directory_id })?;
    }
    let verb = if dry_run { "DRY RUN of removing" } else { "Removed" };
    tool.println(format!("{verb}  KRaft controller {id} with directory id {directory_id}"));
    Ok(())
}

/// What the controller's property file and its metadata directory say about it.
fn add(file: &Properties, dry_run: bool, tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let terse = |words: String| Halt::Refused(words);
    let valid = "Is this a valid controller configuration file?";
    let id = file.get("node.id").ok_or_else(|| terse(format!("node.id not found in configuration file. {valid}")))?;
    let refused = |_| KafkaError::new("java.lang.NumberFormatException", format!("For input string: \"{id}\""));
    let voter_id: i32 = id.parse().map_err(refused)?;
    if voter_id < 0 {
        return Err(terse(format!("node.id was negative in configuration file. {valid}")));
    }
    if !file.get("process.roles").is_some_and(|roles| roles.contains("controller")) {
        return Err(terse(format!("process.roles did not contain 'controller' in configuration file. {valid}")));
    }
    let directory =
        file.get("metadata.log.dir").or_else(|| file.get("log.dirs")).and_then(|dirs| dirs.split(',').next());
    let directory =
        directory.ok_or_else(|| terse(format!("Neither metadata.log.dir nor log.dirs were found. {valid}")))?;
    let unreadable = || terse(format!("Unable to read meta.properties from {directory}"));
    let bytes = tool.read(&format!("{directory}/meta.properties"))?.map_err(|_| unreadable())?;
    let meta = super::usage::parse_properties(&String::from_utf8_lossy(&bytes));
    let directory_id = meta.get("directory.id").and_then(|id| id.parse::<Uuid>().ok());
    let directory_id = directory_id.ok_or_else(|| terse(format!("No directory id found in {directory}")))?;
    let endpoints = endpoints(file).map_err(terse)?;
    let shown: Vec<String> = endpoints.iter().map(|(name, host, port)| format!("{name}://{host}:{port}")).collect();
    if !dry_run {
        tool.get(AdminCall::AddRaftVoter { voter_id, directory_id, endpoints })?;
    }
    let verb = if dry_run { "DRY RUN of adding" } else { "Added" };
    tool.println(format!(
        "{verb} controller {voter_id} with directory id {directory_id} and endpoints: {}",
        shown.join(", ")
    ));
    Ok(())
}

/// The listeners that `controller.listener.names` names, as advertised.
fn endpoints(file: &Properties) -> Result<Vec<(String, String, u16)>, String> {
    let list = |key: &str| file.get(key).map(String::as_str).unwrap_or_default().split(',').collect::<Vec<_>>();
    let parse = |entry: &str| {
        let (name, rest) = entry.trim().split_once("://")?;
        let (host, port) = rest.rsplit_once(':')?;
        let host = if host.is_empty() { "localhost" } else { host };
        Some((name.to_string(), host.to_string(), port.parse::<u16>().ok()?))
    };
    let known: Vec<_> = list("advertised.listeners").into_iter().chain(list("listeners")).filter_map(parse).collect();
    let Some(names) = file.get("controller.listener.names") else {
        return Err(
            "controller.listener.names was not found. Is this a valid controller configuration file?".to_string()
        );
    };
    let find = |name: &str| {
        let found = known.iter().find(|(listener, ..)| listener.eq_ignore_ascii_case(name.trim())).cloned();
        found.ok_or_else(|| format!("Cannot find information about controller listener name: {name}"))
    };
    names.split(',').map(find).collect()
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    tool.eprintln(error.message());
    tool.eprintln(error.stack_trace());
}
