//! Tools that need no input: they do their work when they start, and end.

use bytes::Bytes;

use crate::process::Io;
use crate::program;

use super::filters::Flags;
use super::{Usage, date, ls, printf};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Plain {
    name: String,
    arguments: Vec<String>,
}

impl Plain {
    pub(super) fn new(name: &str, arguments: &[String]) -> Plain {
        Plain { name: name.to_string(), arguments: arguments.to_vec() }
    }

    pub(super) fn run(&self, io: &mut Io<'_, '_>) {
        match self.name.as_str() {
            "echo" => self.echo(io),
            "printf" => self.printf(io),
            "ls" => ls::run(&self.arguments, io),
            "date" => date::run(&self.arguments, io),
            "seq" => self.seq(io),
            "rm" => self.rm(io),
            "cp" => self.cp(io),
            "mkdir" => self.mkdir(io),
            "clear" => io.print("\u{c}"),
            "pwd" => io.println("/"),
            "help" => self.help(io),
            "false" => io.exit(1),
            _ => {}
        }
        io.exit(0);
    }

    fn echo(&self, io: &mut Io<'_, '_>) {
        let mut words = self.arguments.as_slice();
        let (mut newline, mut escapes) = (true, false);
        while let [first, rest @ ..] = words {
            match first.as_str() {
                "-n" => newline = false,
                "-e" => escapes = true,
                "-E" => escapes = false,
                _ => break,
            }
            words = rest;
        }
        let mut text = words.join(" ");
        if escapes {
            text = printf::unescape(&text.chars().collect::<Vec<char>>());
        }
        if newline {
            text.push('\n');
        }
        io.print(text);
    }

    fn printf(&self, io: &mut Io<'_, '_>) {
        match printf::format(&self.arguments) {
            Ok(text) => io.print(text),
            Err(words) => {
                io.eprintln(words);
                io.exit(1);
            }
        }
    }

    fn seq(&self, io: &mut Io<'_, '_>) {
        let flags = match Flags::parse("seq", &self.numbers_last(), "w", "s") {
            Ok(flags) => flags,
            Err(usage) => {
                io.eprintln(usage.words);
                return io.exit(usage.status);
            }
        };
        let numbers: Option<Vec<i64>> = flags.rest.iter().map(|word| word.parse().ok()).collect();
        let (first, step, last) = match numbers.as_deref() {
            Some([last]) => (1, 1, *last),
            Some([first, last]) => (*first, 1, *last),
            Some([first, step, last]) if *step != 0 => (*first, *step, *last),
            _ => {
                io.eprintln("seq: missing or invalid operand\nTry 'seq --help' for more information.");
                return io.exit(1);
            }
        };
        let width = if flags.has('w') { first.to_string().len().max(last.to_string().len()) } else { 0 };
        let separator = flags.value('s').unwrap_or("\n");
        let mut words = Vec::new();
        let mut number = first;
        // A bound, so that no typo can fill the memory.
        for _ in 0..1_000_000 {
            if (step > 0 && number > last) || (step < 0 && number < last) {
                break;
            }
            words.push(format!("{number:0width$}"));
            number = number.saturating_add(step);
        }
        if !words.is_empty() {
            io.println(words.join(separator));
        }
    }

    /// A negative number is no flag: everything from the first number on comes behind a `--`.
    fn numbers_last(&self) -> Vec<String> {
        let is_number = |word: &String| word.parse::<i64>().is_ok();
        let at = self.arguments.iter().position(is_number).unwrap_or(self.arguments.len());
        let (flags, numbers) = self.arguments.split_at(at);
        [flags, &["--".to_string()], numbers].concat()
    }

    fn rm(&self, io: &mut Io<'_, '_>) {
        let force = self.arguments.iter().any(|word| word.starts_with('-') && word.contains('f'));
        for path in self.arguments.iter().filter(|word| !word.starts_with('-')) {
            if let Err(error) = io.files.remove(io.fx.surroundings(), path)
                && !force
            {
                io.eprintln(format!("rm: cannot remove '{path}': {}", error.words()));
                io.exit(1);
            }
        }
    }

    /// Files to a file or into a folder; folders are not copied.
    fn cp(&self, io: &mut Io<'_, '_>) {
        let [sources @ .., target] = self.arguments.as_slice() else {
            io.eprintln("cp: missing file operand");
            return io.exit(1);
        };
        let Some(first) = sources.first() else {
            io.eprintln(format!("cp: missing destination file operand after '{target}'"));
            return io.exit(1);
        };
        let is_folder = target.ends_with('/') || target == "." || io.files.list(io.fx.surroundings(), target).is_ok();
        if sources.len() > 1 && !is_folder {
            io.eprintln(format!("cp: target '{target}': No such file or directory"));
            return io.exit(1);
        }
        for source in if is_folder { sources } else { std::slice::from_ref(first) } {
            let name = source.rsplit('/').next().unwrap_or(source);
            let path = if is_folder { format!("{target}/{name}") } else { target.clone() };
            let contents = match io.files.read(io.fx.surroundings(), source) {
                Ok(contents) => contents,
                Err(crate::files::FileError::IsDirectory) => {
                    io.eprintln(format!("cp: -r not specified; omitting directory '{source}'"));
                    io.exit(1);
                    continue;
                }
                Err(error) => {
                    io.eprintln(format!("cp: cannot stat '{source}': {}", error.words()));
                    io.exit(1);
                    continue;
                }
            };
            if let Err(error) = io.files.write(io.fx.surroundings(), &path, contents, false, io.now) {
                io.eprintln(format!("cp: cannot create regular file '{path}': {}", error.words()));
                io.exit(1);
            }
        }
    }

    fn mkdir(&self, io: &mut Io<'_, '_>) {
        for path in self.arguments.iter().filter(|word| !word.starts_with('-')) {
            // A folder is there as long as something is in it; this mark is what stands for an empty one.
            let mark = format!("{path}/.keep");
            let world = io.fx.surroundings();
            if let Err(error) = io.files.write(world, &mark, Bytes::new(), false, io.now) {
                io.eprintln(format!("mkdir: cannot create directory '{path}': {}", error.words()));
                io.exit(1);
            }
        }
    }

    fn help(&self, io: &mut Io<'_, '_>) {
        let kafka: Vec<&str> = program::names().into_iter().filter(|name| name.ends_with(".sh")).collect();
        let text: Vec<&str> = program::names().into_iter().filter(|name| !name.ends_with(".sh")).collect();
        io.println("Kafka's tools (each with --help):");
        for name in kafka {
            io.println(format!("  {name}"));
        }
        io.println(format!("Text tools: {}", text.join(" ")));
        io.println("Also: a | b, a && b, a; b, > file, 2>/dev/null, for x in ...; do ...; done");
        io.println("Servers are reached as b1:9092, b2:9092, ...; their files are below b1/, b2/, c1/");
    }
}

/// `sleep 1.5`, with the suffixes s, m, h. Digits only, so no float is needed.
pub(super) fn sleep_micros(arguments: &[String]) -> Result<u64, Usage> {
    let Some(text) = arguments.first() else {
        return Err(Usage::new("sleep: missing operand\nTry 'sleep --help' for more information.", 1));
    };
    let invalid =
        || Usage::new(format!("sleep: invalid time interval '{text}'\nTry 'sleep --help' for more information."), 1);
    let (number, factor) = match text.chars().last() {
        Some('s') => (&text[..text.len() - 1], 1),
        Some('m') => (&text[..text.len() - 1], 60),
        Some('h') => (&text[..text.len() - 1], 3600),
        _ => (text.as_str(), 1),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let seconds: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
    if fraction.bytes().any(|b| !b.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return Err(invalid());
    }
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let micros: u64 = digits.parse().map_err(|_| invalid())?;
    Ok(seconds.saturating_mul(1_000_000).saturating_add(micros).saturating_mul(factor))
}
