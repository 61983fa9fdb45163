//! Targets that read text: scripts, shell lines, lessons, links, plans of the swarm, and whole command lines in a terminal.

use std::fs;
use std::path::{Path, PathBuf};

use base::{Micros, NodeId};
use cluster::{Control, Kafka};
use session::link;
use shell::{Terminal, TerminalSpec};
use sim::{Boot, Disk, Effects, Input, Node, World};
use wire::command::ClusterSpec;

use super::Target;
use crate::script::{format, normalise::Normaliser};
use crate::swarm::{Scenario, from_text, to_text};

/// What lines and scripts are made of.
const SHELL_WORDS: &[&str] = &[
    "'",
    "\"",
    "`",
    "$(",
    ")",
    "$",
    "${",
    "}",
    "|",
    "||",
    "&&",
    "&",
    ";",
    ";;",
    ">",
    ">>",
    "2>&1",
    "<",
    "<<<",
    "\\",
    "*",
    "?",
    "[",
    "{1..3}",
    "for k in a b; do echo $k; done",
    "while",
    "do",
    "done",
    "$((1+2))",
    "$?",
    "seq 1 9",
    "grep -c",
    "sed 's/a/b/g'",
    "awk '{print $1}'",
    "sort -n",
    "jq .",
    "head -n 2",
    "--topic",
    "--bootstrap-server",
    "b1:9092",
    "\u{e9}",
    "\u{1F600}",
    "\t",
    "-1",
    "9223372036854775808",
    "\0",
];
const SCRIPT_WORDS: &[&str] = &[
    "\n---\n",
    "\n$ ",
    "\nt2$ ",
    "\n| ",
    "\n< ",
    "\n^C",
    "\nt3^D",
    "\n! kill b1",
    "\n! wait 5s",
    "\n! ",
    "brokers: 3",
    "controllers: 0",
    "config b1: a=b",
    "cluster: kraft",
    "[exit 1]",
    "\u{e9}",
    "\t",
    "t99999999999",
    "#",
];
const LESSON_WORDS: &[&str] = &[
    "\n---\n",
    "\n```\n",
    "\n```console\n",
    "\n```check\n",
    "\n```predict\n",
    "\n```wrong\n",
    "\n## ",
    "\n# ",
    "title: ",
    "* ",
    "- ",
    "> ",
    "**",
    "`",
    "](",
    "<b>",
    "&amp;",
    "==",
    "and",
    "not",
    "(",
    ")",
    "topic('orders')",
    "isr(",
    ".",
    "\u{e9}",
    "t1$ ",
    "!",
    "\\",
];
const PLAN_WORDS: &[&str] =
    &["kill 1", "heal-all", "cut 1 2", "link 1 2 ", "type t1 ", " ", "\n", "-1", "18446744073709551616"];

pub fn targets(root: &Path) -> Result<Vec<Target>, String> {
    let scripts = read_all(&root.join("tests/scripts"), "kafka")?;
    let lessons = read_all(&root.join("lessons"), "md")?;
    let lines = lines(&scripts);
    let target = |name, weight, seeds: Vec<String>, words, run: fn(&str) -> bool| Target {
        name,
        weight,
        seeds: seeds.into_iter().map(String::into_bytes).collect(),
        words,
        run: Box::new(move |input| run(&String::from_utf8_lossy(input))),
    };
    Ok(vec![
        target("script", 8, pieces(&scripts), SCRIPT_WORDS, read_script),
        target("shell", 16, lines.clone(), SHELL_WORDS, |line| shell::lang::parse(line).is_ok()),
        target("terminal", 8, lines, SHELL_WORDS, type_line),
        target("lesson", 8, steps(&lessons), LESSON_WORDS, |text| lesson::parse(text).is_ok()),
        target("link", 8, links(), &["A", "_", "-", "%20", "="], read_link),
        target("plan", 8, plans(), PLAN_WORDS, read_plan),
    ])
}

/// The texts with this ending in a folder and in those within it, in order.
fn read_all(folder: &Path, ending: &str) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        if path.is_dir() {
            texts.extend(read_all(&path, ending)?);
        } else if path.extension().is_some_and(|kind| kind == ending) {
            texts.push(fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?);
        }
    }
    Ok(texts)
}

/// Scripts with some of their lines each: a long answer hides the damage and takes its time.
fn pieces(scripts: &[String]) -> Vec<String> {
    const LINES: usize = 12;
    let mut seeds = Vec::new();
    for (head, body) in scripts.iter().filter_map(|script| script.split_once("\n---\n")) {
        let lines: Vec<&str> = body.lines().collect();
        seeds.extend(lines.chunks(LINES).map(|piece| format!("{head}\n---\n{}\n", piece.join("\n"))));
    }
    seeds
}

/// The command lines of all scripts.
fn lines(scripts: &[String]) -> Vec<String> {
    let of = |script: &String| match format::parse(script) {
        Ok(script) => script.steps,
        Err(_) => Vec::new(),
    };
    let text = |step: format::Step| match step.action {
        format::Action::Command { text, .. } => Some(text),
        _ => None,
    };
    scripts.iter().flat_map(of).filter_map(text).collect()
}

/// Lessons with one of their steps each: a whole lesson hides the damage and takes its time.
fn steps(lessons: &[String]) -> Vec<String> {
    let mut seeds = Vec::new();
    for lesson in lessons.iter().filter(|lesson| lesson.starts_with("---")) {
        let mut parts = lesson.split("\n# ");
        let head = parts.next().unwrap_or_default();
        seeds.extend(parts.map(|step| format!("{head}\n# {step}")));
    }
    seeds
}

fn read_script(text: &str) -> bool {
    let mut normaliser = Normaliser::knowing(["AAAA".to_string()]);
    let _tidy = normaliser.lines(text);
    match format::parse(text) {
        Ok(script) => {
            let _held: Vec<bool> = (0..script.steps.len()).map(|at| script.is_held_open(at)).collect();
            true
        }
        Err(words) => {
            assert!(!words.is_empty(), "a refusal has words");
            false
        }
    }
}

/// Links of short sessions.
fn links() -> Vec<String> {
    let link = |lines: usize| {
        let spec = ClusterSpec { version: "4.3".to_string(), brokers: 3, controllers: 1, config: Vec::new() };
        let act = |at: u64| {
            let line = "kafka-topics.sh --bootstrap-server b1:9092 --list".to_string();
            (at, at * 1_000, session::act::Act::Type { terminal: "t1".to_string(), line })
        };
        let end = (100, lines as u32, 1_000_000);
        let branch = link::Branch {
            name: "main".to_string(),
            parent: None,
            fork: (0, 0, 0),
            commands: (0..lines as u64).map(act).collect(),
            end,
        };
        let history = link::HistoryPart { branches: vec![branch], current: 0, position: end };
        link::Link { cluster: link::ClusterPart { spec, seed: 7 }, lesson: None, history }
    };
    (0..4).filter_map(|lines| link::encode(&link(lines)).ok()).collect()
}

fn read_link(text: &str) -> bool {
    match link::decode(text) {
        Ok(_) => true,
        Err(report) => {
            assert!(!report.problems.is_empty(), "a refusal has words");
            false
        }
    }
}

/// The first steps of some plans.
fn plans() -> Vec<String> {
    let of = |seed| to_text(&Scenario::draw(seed).plan).lines().take(12).map(|line| format!("{line}\n")).collect();
    (0..100).map(of).collect()
}

/// What was read is printed and read as itself.
fn read_plan(text: &str) -> bool {
    let Ok(plan) = from_text(text) else { return false };
    assert_eq!(from_text(&to_text(&plan)).as_ref(), Ok(&plan));
    true
}

/// A terminal on a machine of its own: tools find no server and say so.
#[derive(Clone, Debug, Hash)]
struct Alone(Terminal);

impl Node for Alone {
    type Domain = Kafka;
    type Spec = TerminalSpec;
    fn boot(spec: &TerminalSpec, boot: Boot) -> Alone {
        Alone(Terminal::boot(spec, boot))
    }
    fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        self.0.on_input(now, input, fx);
    }
    fn disk(&self) -> &Disk {
        self.0.disk()
    }

    fn disk_mut(&mut self) -> &mut Disk {
        self.0.disk_mut()
    }

    fn into_disk(self) -> Disk {
        self.0.into_disk()
    }
}

/// The line is typed, words are typed after it, the input ends, and whoever is still there is interrupted.
fn type_line(line: &str) -> bool {
    let mut world: World<Alone> = World::new(1);
    let node = world.add("t1", TerminalSpec { name: "t1".to_string(), terminals: vec![NodeId(0)] });
    world.start(node);
    let mut events = Vec::new();
    let acts = [
        Control::Type(line.to_string()),
        Control::Type("k:some words 12 {\"a\":[1,2]}".to_string()),
        Control::EndOfInput,
        Control::Interrupt,
    ];
    for act in acts {
        world.control(node, act);
        let until = world.now() + Micros::from_secs(2);
        for _ in 0..20_000 {
            if !world.step(until, &mut events) {
                break;
            }
        }
    }
    events.iter().any(|stamped| matches!(stamped.event, cluster::Event::CommandEnded { exit: 0, .. }))
}
