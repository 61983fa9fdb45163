//! `kafka-metadata-shell.sh`: walks through the metadata that a log or a snapshot of the quorum holds (`MetadataShell`). One
//! command from the command line, or many at its own prompt.

mod tree;

use base::calendar;
use clients::KafkaError;
use cluster::metadata::{MetadataImage, decode_metadata_batch};
use log::batch::{AnyBatch, AnyBatches, BatchView, ControlRecordType, control_record_type};

use super::jopt::{Opt, text};
use super::straight::{Halt, Run, ToolSpec, execution};
use crate::files::FileError;
use tree::Node;

pub const SPEC: ToolSpec = ToolSpec { name: "kafka-metadata-shell.sh", table: TABLE, run, thrown };

const TABLE: &[Opt] = &[text("snapshot", "file", "REQUIRED: the log or snapshot file to read.")];
const READER: &str = "org.apache.kafka.metadata.util.SnapshotFileReader";

/// A command: its name, what it does, its arguments, whether it is for the prompt only.
struct Command {
    name: &'static str,
    about: &'static str,
    arguments: Arguments,
    prompt_only: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Arguments {
    None,
    /// `?`
    AtMostOne,
    One,
    /// `*`
    Any,
    /// `+`
    Some,
}

const fn command(name: &'static str, about: &'static str, arguments: Arguments, prompt_only: bool) -> Command {
    Command { name, about, arguments, prompt_only }
}

const COMMANDS: [Command; 10] = [
    command("cat", "Show the contents of metadata files.", Arguments::Some, false),
    command("cd", "Set the current working directory.", Arguments::AtMostOne, true),
    command("exit", "Exit the metadata shell.", Arguments::None, true),
    command("find", "Search for nodes in the directory hierarchy.", Arguments::Any, false),
    command("help", "Display this help message.", Arguments::None, true),
    command("history", "Print command history.", Arguments::AtMostOne, true),
    command("ls", "List metadata nodes.", Arguments::Any, false),
    command("man", "Show the help text for a specific command.", Arguments::One, true),
    command("pwd", "Print the current working directory.", Arguments::None, true),
    command("tree", "Show the contents of metadata nodes in a tree structure.", Arguments::Some, false),
];

fn run(tool: &mut Run<'_, '_, '_>) -> Result<(), Halt> {
    let (path, words) = arguments(tool)?;
    if tool.is_locked(&path) {
        let folder = crate::files::normalise(&path);
        let folder = folder.rsplitn(3, '/').nth(2).unwrap_or_default();
        let why = format!(
            "Unable to lock /{folder}. Please ensure that no broker or controller process is using this directory before \
             proceeding."
        );
        return Err(KafkaError::new("java.lang.RuntimeException", why).into());
    }
    if words.is_empty() {
        tool.println("Loading...");
    }
    let root = load(&path, tool)?;
    let mut shell = Shell { root, folder: Vec::new(), history: Vec::new(), failed: None };
    if !words.is_empty() {
        let out = shell.execute(&words, false);
        tool.print(out.unwrap_or_default());
        return shell.check();
    }
    tool.println("Starting...");
    tool.println("[ Kafka Metadata Shell ]");
    loop {
        tool.print(">> ");
        let Some(line) = tool.read_line()? else { return Ok(()) };
        let words = split(&line);
        if !words.is_empty() {
            shell.history.push(line.trim().to_string());
        }
        let out = shell.execute(&words, true);
        // What a command that failed had to say by then is lost at a prompt.
        shell.check()?;
        match out {
            Some(out) => tool.print(out),
            None => return Ok(()),
        }
    }
}

/// The file, and the command to run on it.
fn arguments(tool: &mut Run<'_, '_, '_>) -> Result<(String, Vec<String>), Halt> {
    let refuse = |words: String, tool: &mut Run<'_, '_, '_>| {
        tool.eprintln(usage());
        tool.eprintln(format!("kafka-metadata-shell: error: {words}"));
        Err(Halt::Exit(1))
    };
    let (mut path, mut words) = (None, Vec::new());
    let given = tool.arguments();
    let mut rest = given.iter();
    while let Some(word) = rest.next() {
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) if name == "--snapshot" => (name, Some(value.to_string())),
            _ => (word.as_str(), None),
        };
        match name {
            "-h" | "--help" => {
                tool.println(format!("{}\n\nThe Apache Kafka metadata shell\n", usage()));
                tool.println("positional arguments:\n  command\n      The command to run; without one, a prompt.\n");
                tool.println("options:\n  -s, --snapshot SNAPSHOT\n      The log or snapshot file to read.");
                return Err(Halt::Exit(1));
            }
            "-s" | "--snapshot" => {
                let next = attached.or_else(|| rest.as_slice().first().filter(|word| !word.starts_with('-')).cloned());
                match next {
                    Some(value) if word.contains('=') => path = Some(value),
                    Some(value) => {
                        rest.next();
                        path = Some(value);
                    }
                    None => return refuse("argument --snapshot/-s: expected one argument".to_string(), tool),
                }
            }
            option if option.starts_with('-') && option.len() > 1 => {
                return refuse(format!("unrecognized arguments: '{option}'"), tool);
            }
            _ => words.push(word.clone()),
        }
    }
    match path {
        Some(path) => Ok((path, words)),
        None => refuse("argument --snapshot/-s is required".to_string(), tool),
    }
}

fn usage() -> &'static str {
    "usage: kafka-metadata-shell [-h] --snapshot SNAPSHOT [command ...]"
}

/// `2026-01-01T00:00:00.250Z`
fn instant(epoch_ms: i64) -> String {
    let (seconds, ms) = (epoch_ms.div_euclid(1_000), epoch_ms.rem_euclid(1_000));
    let (year, month, day) = calendar::civil(seconds.div_euclid(86_400));
    let rest = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    let fraction = if ms == 0 { String::new() } else { format!(".{ms:03}") };
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// What the records of the file add up to.
fn load(path: &str, tool: &mut Run<'_, '_, '_>) -> Result<Node, Halt> {
    let bytes = match tool.read(path)? {
        Ok(bytes) => bytes,
        Err(FileError::IsDirectory) => {
            let time = tool.log_time();
            tool.eprintln(format!("[{time}] ERROR Unexpected error while handling a batch of events ({READER})"));
            let cause = KafkaError::new("java.io.IOException", "Is a directory");
            let error = KafkaError::new("org.apache.kafka.common.KafkaException", cause.to_string()).caused_by(cause);
            tool.eprint(error.stack_trace());
            return Err(Halt::Wait);
        }
        Err(_) => {
            let missing = KafkaError::new("java.nio.file.NoSuchFileException", path);
            return Err(Halt::Thrown(execution(missing)));
        }
    };
    let mut image = MetadataImage::default();
    let mut last = None;
    for batch in AnyBatches::new(bytes).map_while(Result::ok) {
        let AnyBatch::V2(batch) = batch else { continue };
        if batch.is_control() {
            ignore_control(&batch, tool);
            continue;
        }
        image.apply([&decode_metadata_batch(&batch)]);
        last = Some((batch.last_offset(), batch.leader_epoch(), batch.max_timestamp()));
    }
    // Kafka waits until the offset of a record above the first is there.
    match last.filter(|(offset, ..)| *offset > 0) {
        Some((offset, epoch, ms)) => {
            let provenance = format!("offset {offset}, epoch {epoch}, time {}[UTC]", instant(ms));
            Ok(tree::root(&image, provenance))
        }
        None => Err(Halt::Wait),
    }
}

fn ignore_control(batch: &BatchView, tool: &mut Run<'_, '_, '_>) {
    for record in batch.records().filter_map(Result::ok) {
        let name = match control_record_type(&record) {
            Some(ControlRecordType::LeaderChange) => continue,
            Some(ControlRecordType::SnapshotHeader) => "SNAPSHOT_HEADER",
            Some(ControlRecordType::SnapshotFooter) => "SNAPSHOT_FOOTER",
            Some(ControlRecordType::KraftVersion) => "KRAFT_VERSION",
            Some(ControlRecordType::KraftVoters) => "KRAFT_VOTERS",
            _ => "UNKNOWN",
        };
        let (time, offset) = (tool.log_time(), record.offset);
        tool.eprintln(format!("[{time}] ERROR Ignoring control record with type {name} at offset {offset} ({READER})"));
    }
}

/// Words of a line; quotes keep blanks.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The tree, and where one stands in it.
struct Shell {
    root: Node,
    folder: Vec<String>,
    history: Vec<String>,
    /// Why the last command ended the program.
    failed: Option<String>,
}

impl Shell {
    fn check(&mut self) -> Result<(), Halt> {
        let failed = self.failed.take().map(|why| KafkaError::new("java.lang.RuntimeException", why).into());
        failed.map_or(Ok(()), Err)
    }

    /// What a command prints; `None` for the one that ends it all.
    fn execute(&mut self, words: &[String], at_prompt: bool) -> Option<String> {
        let Some((name, rest)) = words.split_first() else { return Some(String::new()) };
        if COMMANDS.iter().any(|command| command.name == name) && rest.iter().any(|word| word == "-h") {
            return Some(man(name));
        }
        let command = match parse(name, rest, at_prompt) {
            Ok(command) => command,
            Err(words) => return Some(words + "\n"),
        };
        Some(match command.name {
            "cat" => self.cat(rest),
            "cd" => self.cd(rest.first().map_or("/", String::as_str)),
            "exit" => return None,
            "find" => self.find(rest),
            "help" => help(),
            "history" => self.show_history(rest),
            "ls" => self.ls(rest),
            "man" => man(&rest[0]),
            "pwd" => format!("/{}\n", self.folder.join("/")),
            _ => self.tree(rest),
        })
    }

    /// The nodes that a path with wildcards names, each with its own path.
    fn visit(&self, path: &str) -> Vec<(Vec<String>, &Node)> {
        let full = if path.starts_with('/') { path.to_string() } else { format!("{}/{path}", self.folder.join("/")) };
        let mut parts: Vec<&str> = Vec::new();
        for part in full.split('/').filter(|part| !part.is_empty() && *part != ".") {
            match part {
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        let mut found = vec![(Vec::new(), &self.root)];
        for part in parts {
            let pattern = glob(part);
            let matches = |name: &str| pattern.as_ref().map_or(name == part, |pattern| pattern.is_match(name));
            let mut next = Vec::new();
            for (path, node) in found {
                for (name, child) in node.children().iter().filter(|(name, _)| matches(name)) {
                    if *child == Node::Missing {
                        continue;
                    }
                    let mut longer: Vec<String> = path.clone();
                    longer.push(name.clone());
                    next.push((longer, child));
                }
            }
            found = next;
        }
        found
    }

    fn cat(&self, targets: &[String]) -> String {
        let mut out = String::new();
        for target in targets {
            let found = self.visit(target);
            if found.is_empty() {
                out.push_str(&format!("cat: {target}: No such file or directory.\n"));
            }
            for (_, node) in found {
                match node.is_folder() {
                    true => out.push_str(&format!("cat: {target}: Is a directory\n")),
                    false => node.print(0, &mut out),
                }
            }
        }
        out
    }

    fn tree(&self, targets: &[String]) -> String {
        let mut out = String::new();
        for target in targets {
            let found = self.visit(target);
            if found.is_empty() {
                out.push_str(&format!("tree: {target}: No such file or directory.\n"));
            }
            found.into_iter().for_each(|(_, node)| node.print(0, &mut out));
        }
        out
    }

    fn cd(&mut self, target: &str) -> String {
        let mut out = String::new();
        let found: Vec<(Vec<String>, bool)> =
            self.visit(target).into_iter().map(|(path, node)| (path, node.is_folder())).collect();
        if found.is_empty() {
            out.push_str(&format!("cd: {target}: no such directory.\n"));
        }
        for (path, is_folder) in found {
            match is_folder {
                true => self.folder = path,
                false => out.push_str(&format!("cd: {target}: not a directory.\n")),
            }
        }
        out
    }

    fn find(&mut self, paths: &[String]) -> String {
        let (mut out, mut failed) = (String::new(), None);
        for path in effective(paths) {
            let found = self.visit(path);
            if found.is_empty() {
                out.push_str(&format!("find: {path}: no such file or directory.\n"));
            }
            failed = found.into_iter().find_map(|(_, node)| find(path, node, &mut out));
            if failed.is_some() {
                break;
            }
        }
        self.failed = failed;
        out
    }

    fn ls(&self, targets: &[String]) -> String {
        let (mut out, mut files, mut folders) = (String::new(), Vec::new(), Vec::new());
        for target in effective(targets) {
            let found = self.visit(target);
            if found.is_empty() {
                out.push_str(&format!("ls: {target}: no such file or directory.\n"));
            }
            for (path, node) in found {
                let name = path.last().map_or("/", String::as_str).to_string();
                match node.is_folder() {
                    true => folders.push((name, node)),
                    false => files.push(name),
                }
            }
        }
        files.iter().for_each(|file| out.push_str(&format!("{file}\n")));
        let named = !files.is_empty() || folders.len() > 1;
        let mut is_first = files.is_empty();
        for (name, node) in folders {
            if named {
                let gap = if is_first { "" } else { "\n" };
                is_first = false;
                // An empty folder is not even named.
                if !node.children().is_empty() {
                    out.push_str(&format!("{gap}{name}:\n"));
                }
            }
            node.children().iter().for_each(|(child, _)| out.push_str(&format!("{child}\n")));
        }
        out
    }

    fn show_history(&self, count: &[String]) -> String {
        let count =
            count.first().and_then(|count| count.parse::<i64>().ok()).map_or(usize::MAX, |count| count.max(0) as usize);
        let skipped = self.history.len().saturating_sub(count);
        self.history.iter().enumerate().skip(skipped).map(|(at, line)| format!("{at:5}  {line}\n")).collect()
    }
}

/// The command that is meant, or why there is none.
fn parse(name: &str, rest: &[String], at_prompt: bool) -> Result<&'static Command, String> {
    let known = || COMMANDS.iter().filter(|command| at_prompt || !command.prompt_only);
    let Some(command) = known().find(|command| command.name == name) else {
        let alike: Vec<&str> = known().map(|command| command.name).filter(|known| known.starts_with(name)).collect();
        if let [only] = alike[..] {
            return Err(format!("invalid choice: '{name}': did you mean '{only}'?"));
        }
        if !alike.is_empty() {
            return Err(format!("ambiguous command: {name} could match {}", alike.join(", ")));
        }
        let names: Vec<String> = known().map(|command| format!("'{}'", command.name)).collect();
        return Err(format!("invalid choice: '{name}' (choose from {})", names.join(", ")));
    };
    if let Some(option) = rest.iter().find(|word| word.starts_with('-') && word.len() > 1) {
        return Err(format!("unrecognized arguments: '{option}'"));
    }
    let most = match command.arguments {
        Arguments::None => 0,
        Arguments::AtMostOne | Arguments::One => 1,
        Arguments::Any | Arguments::Some => usize::MAX,
    };
    if rest.is_empty() && matches!(command.arguments, Arguments::One | Arguments::Some) {
        return Err("too few arguments".to_string());
    }
    if rest.len() > most {
        return Err(format!("unrecognized arguments: '{}'", rest[most..].join(" ")));
    }
    if command.name == "history"
        && let Some(count) = rest.first().filter(|count| count.parse::<i32>().is_err())
    {
        return Err(format!(
            "argument numEntriesToShow: could not convert '{count}' to Integer (For input string: \"{count}\")"
        ));
    }
    Ok(command)
}

fn help() -> String {
    let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    let rows = COMMANDS.iter().map(|command| format!("  {:<10}{}\n", command.name, command.about));
    let rows: String = rows.collect();
    format!("Welcome to the Apache Kafka metadata shell.\n\nusage: [-h] {{{}}} ...\n\n{rows}", names.join(","))
}

fn man(name: &str) -> String {
    match COMMANDS.iter().find(|command| command.name == name) {
        None => format!("man: unknown command {name}. Type help to get a list of commands.\n"),
        Some(command) => {
            let arguments = match command.arguments {
                Arguments::None => "",
                Arguments::AtMostOne => " [argument]",
                Arguments::One => " argument",
                Arguments::Any => " [argument ...]",
                Arguments::Some => " argument [argument ...]",
            };
            format!("{name}: {}\n\nusage: {name} [-h]{arguments}\n", command.about)
        }
    }
}

/// Without paths the folder where one stands.
fn effective(paths: &[String]) -> Vec<&str> {
    let named: Vec<&str> = paths.iter().map(String::as_str).filter(|path| !path.is_empty()).collect();
    if named.is_empty() { vec!["."] } else { named }
}

/// Why it went no further.
fn find(path: &str, node: &Node, out: &mut String) -> Option<String> {
    out.push_str(&format!("{path}\n"));
    node.children().iter().find_map(|(name, child)| {
        if *child == Node::Missing {
            return Some(format!("Expected {name} to be a valid child of {path}, but it was not."));
        }
        let below = if path == "/" { format!("/{name}") } else { format!("{path}/{name}") };
        find(&below, child, out)
    })
}

/// `*`, `?` and `{a,b}` of one part of a path; `None` when it is meant as it stands (`GlobComponent`).
fn glob(part: &str) -> Option<regex_lite::Regex> {
    let (mut pattern, mut is_literal, mut in_group) = ("^".to_string(), true, false);
    let mut characters = part.chars();
    while let Some(c) = characters.next() {
        match c {
            '?' => pattern.push('.'),
            '*' => pattern.push_str(".*"),
            '{' if in_group => return None,
            '{' => {
                pattern.push_str("(?:(?:");
                in_group = true;
            }
            ',' if in_group => pattern.push_str(")|(?:"),
            '}' if in_group => {
                pattern.push_str("))");
                in_group = false;
            }
            '\\' => {
                pattern.push_str(&regex_lite::escape(&characters.next().unwrap_or('\\').to_string()));
                continue;
            }
            c => {
                pattern.push_str(&regex_lite::escape(&c.to_string()));
                continue;
            }
        }
        is_literal = false;
    }
    if is_literal || in_group {
        return None;
    }
    pattern.push('$');
    regex_lite::Regex::new(&pattern).ok()
}

fn thrown(error: KafkaError, tool: &mut Run<'_, '_, '_>) {
    let words = error.message();
    tool.eprintln(format!("Unexpected error: {words}"));
    tool.eprint(error.stack_trace());
}
