//! Completion of a command line: programs, flags, topics, brokers, files; each with a word on what it is.

use shell::program;
use wire::reply::{Answer, Completion};

use crate::act::find;
use crate::host::Host;
use crate::stage::Stage;
use crate::view::Scene;

/// What the word at the cursor may become. `from` is where that word begins, in bytes of the line.
pub fn answer(stage: &Stage, terminal: &str, line: &str, cursor: u32) -> Answer {
    let mut end = line.len().min(cursor as usize);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let before = &line[..end];
    // A pipe or a semicolon begins a command of its own.
    let command = before.rsplit(['|', ';', '&']).next().unwrap_or_default();
    let from = before.rfind([' ', '|', ';', '&', '<', '>']).map_or(0, |at| at + 1);
    let word = &before[from..];
    let earlier: Vec<&str> = command[..command.len() - word.len().min(command.len())].split_whitespace().collect();
    let redirected = before[..from].trim_end().ends_with(['<', '>']);
    let offers = match earlier.as_slice() {
        _ if redirected => files(stage, terminal, word),
        [] => programs(),
        [program, rest @ ..] => arguments(stage, terminal, program, rest.last().copied(), word),
    };
    let mut items: Vec<Completion> =
        offers.into_iter().filter(|offer| offer.text.starts_with(word) && offer.text != word).collect();
    base::ordered::sort_by(&mut items, |a, b| a.text.cmp(&b.text));
    items.dedup_by(|a, b| a.text == b.text);
    Answer::Completions { from: from as u32, items }
}

fn offer(text: impl Into<String>, reason: impl Into<String>) -> Completion {
    Completion { text: text.into(), reason: reason.into() }
}

fn programs() -> Vec<Completion> {
    let reason = |name: &str| if name.starts_with("kafka-") { "Kafka tool" } else { "command" };
    program::names().into_iter().map(|name| offer(name, reason(name))).collect()
}

fn arguments(stage: &Stage, terminal: &str, program: &str, previous: Option<&str>, word: &str) -> Vec<Completion> {
    let flags = shell::tools::flags(program);
    if flags.is_empty() {
        return files(stage, terminal, word);
    }
    match previous {
        Some("--topic" | "--include") => topics(stage),
        Some("--bootstrap-server" | "--bootstrap-controller" | "--broker-list") => servers(stage),
        Some("--files" | "--command-config" | "--producer.config" | "--consumer.config") => {
            files(stage, terminal, word)
        }
        Some(flag) if flag.starts_with("--") && word.is_empty() && takes_value(flag) => Vec::new(),
        _ => flags
            .into_iter()
            .map(|flag| {
                let name = flag.trim_start_matches('-');
                let reason = super::reasons::of(name).map_or_else(|| format!("flag of {program}"), str::to_string);
                offer(format!("--{name}"), reason)
            })
            .collect(),
    }
}

/// Flags after which a value is typed that nobody can guess.
fn takes_value(flag: &str) -> bool {
    const VALUES: [&str; 7] =
        ["--partitions", "--replication-factor", "--group", "--offset", "--partition", "--max-messages", "--property"];
    VALUES.contains(&flag)
}

fn topics(stage: &Stage) -> Vec<Completion> {
    let scene = Scene::of(stage.world());
    let Some(image) = scene.image else { return Vec::new() };
    image
        .topics_by_name()
        .map(|topic| {
            let count = topic.partitions.len();
            let plural = if count == 1 { "partition" } else { "partitions" };
            offer(&*topic.name, format!("topic, {count} {plural}"))
        })
        .collect()
}

fn servers(stage: &Stage) -> Vec<Completion> {
    let scene = Scene::of(stage.world());
    let first = scene.brokers.values().next().map(|seat| seat.spec.port);
    let localhost = first.map(|port| offer(format!("localhost:{port}"), "the first broker"));
    let brokers = scene.brokers.values().map(|seat| {
        let state = if seat.broker.is_some() { "" } else { ", down" };
        offer(format!("{}:{}", seat.spec.host, seat.spec.port), format!("broker {}{state}", seat.spec.node_id))
    });
    let controllers = scene.controllers.values().map(|seat| {
        offer(format!("{}:{}", seat.spec.host, seat.spec.port), format!("controller {}", seat.spec.node_id))
    });
    localhost.into_iter().chain(brokers).chain(controllers).collect()
}

/// Files of the working directory, and below it the servers' disks.
fn files(stage: &Stage, terminal: &str, word: &str) -> Vec<Completion> {
    let world = stage.world();
    let folder = word.rfind('/').map_or("", |at| &word[..=at]);
    let own = find(world, terminal).and_then(|node| world.node(node));
    let Some(Host::Terminal(_)) = own else { return Vec::new() };
    let hosts = world.node_ids().filter(|node| world.spec(*node).is_server());
    if folder.is_empty() {
        return hosts
            .filter_map(|node| world.host_of(node))
            .map(|host| offer(format!("{host}/"), "a server's disk"))
            .collect();
    }
    let (host, inside) = folder.split_once('/').unwrap_or((folder, ""));
    let Some(disk) = find(world, host).and_then(|node| world.disk(node)) else { return Vec::new() };
    let inside = inside.trim_end_matches('/');
    let path = |name: &str| if inside.is_empty() { name.to_string() } else { format!("{inside}/{name}") };
    disk.list(inside)
        .into_iter()
        .map(|name| match disk.file(&path(&name)) {
            Some(file) => offer(format!("{folder}{name}"), format!("{} bytes", file.len())),
            None => offer(format!("{folder}{name}/"), "folder"),
        })
        .collect()
}
