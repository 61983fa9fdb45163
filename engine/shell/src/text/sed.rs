//! `sed` with the commands in use: `s`, `d`, `p` and `q`, for lines and ranges by number, pattern or `$`, with `-n` and `-E`.

use super::Usage;
use super::filter::{Filter, Out};
use super::filters::{Flags, Kind, put};
use super::grep::from_basic;

#[derive(Clone, Debug, Hash)]
pub struct Sed {
    quiet: bool,
    commands: Vec<Command>,
    number: u64,
    /// The line before, when one has to be known for the last.
    held: Option<String>,
}

#[derive(Clone, Debug, Hash)]
struct Command {
    /// None, one, or the first and the last of a range.
    points: Vec<Point>,
    inside: bool,
    action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Point {
    Line(u64),
    Last,
    Pattern(String),
}

#[derive(Clone, Debug, Hash)]
enum Action {
    Substitute { pattern: String, replacement: String, global: bool, print: bool },
    Delete,
    Print,
    Quit,
}

pub(super) fn make(arguments: &[String]) -> Result<Filter, Usage> {
    let mut flags = Flags::parse("sed", arguments, "nEr", "e")?;
    let extended = flags.has('E') || flags.has('r');
    let mut scripts: Vec<String> =
        flags.flags.iter().filter(|(l, _)| *l == 'e').map(|(_, value)| value.clone()).collect();
    if scripts.is_empty() {
        if flags.rest.is_empty() {
            return Err(Usage::new("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...", 1));
        }
        scripts.push(flags.rest.remove(0));
    }
    let mut commands = Vec::new();
    for script in &scripts {
        let mut rest = script.as_str();
        while !rest.trim().is_empty() {
            let (command, after) = command(rest, extended)?;
            commands.push(command);
            rest = after;
        }
    }
    Ok(Filter::new("sed", Kind::Sed(Sed { quiet: flags.has('n'), commands, number: 0, held: None }), flags.rest))
}

impl Sed {
    pub(super) fn line(&mut self, line: &str, out: &mut Out) {
        let needs_last = self.commands.iter().any(|command| command.points.contains(&Point::Last));
        let line = if needs_last { self.held.replace(line.to_string()) } else { Some(line.to_string()) };
        if let Some(line) = line {
            self.run(line, false, out);
        }
    }

    pub(super) fn end(&mut self, out: &mut Out) {
        if let Some(line) = self.held.take() {
            self.run(line, true, out);
        }
    }

    fn run(&mut self, mut text: String, is_last: bool, out: &mut Out) {
        self.number += 1;
        for command in &mut self.commands {
            if !command.takes(self.number, is_last, &text) {
                continue;
            }
            match &command.action {
                Action::Delete => return,
                Action::Print => put(out, &text, true),
                Action::Quit => out.done = Some(0),
                Action::Substitute { pattern, replacement, global, print } => {
                    let Ok(regex) = regex_lite::Regex::new(pattern) else { continue };
                    let limit = usize::from(!global);
                    let prints = *print && regex.is_match(&text);
                    text = regex.replacen(&text, limit, replacement.as_str()).into_owned();
                    if prints {
                        put(out, &text, true);
                    }
                }
            }
        }
        if !self.quiet {
            put(out, &text, true);
        }
    }
}

impl Command {
    fn takes(&mut self, number: u64, is_last: bool, line: &str) -> bool {
        let at = |point: &Point| match point {
            Point::Line(line) => *line == number,
            Point::Last => is_last,
            Point::Pattern(pattern) => regex_lite::Regex::new(pattern).is_ok_and(|regex| regex.is_match(line)),
        };
        let (first, last) = match self.points.as_slice() {
            [] => return true,
            [only] => return at(only),
            [first, last, ..] => (first, last),
        };
        // A range ends with a line whose number has passed, so that it is one line long at least.
        let passed = matches!(last, Point::Line(line) if *line <= number);
        if self.inside {
            self.inside = !passed && !at(last);
            return true;
        }
        let begins = at(first);
        self.inside = begins && !passed;
        begins
    }
}

/// The first command of a script, and what stands behind its semicolon or the end of its line.
fn command(script: &str, extended: bool) -> Result<(Command, &str), Usage> {
    let script = script.trim_start();
    let (mut points, mut rest) = (Vec::new(), script);
    while let Some((point, after)) = point(rest, extended, script)? {
        points.push(point);
        match after.strip_prefix(',').filter(|_| points.len() < 2) {
            Some(next) => rest = next,
            None => {
                rest = after;
                break;
            }
        }
    }
    let Some(name) = rest.chars().next() else { return Err(unknown(script)) };
    let (action, after) = match name {
        'd' => (Action::Delete, &rest[1..]),
        'p' => (Action::Print, &rest[1..]),
        'q' => (Action::Quit, &rest[1..]),
        's' => substitute(script, &rest[1..], extended)?,
        _ => return Err(unknown(script)),
    };
    let after = after.trim_start_matches(' ');
    match after.strip_prefix([';', '\n']) {
        Some(next) => Ok((Command { points, inside: false, action }, next)),
        None if after.is_empty() => Ok((Command { points, inside: false, action }, after)),
        None => Err(unknown(script)),
    }
}

/// A line's number, `$` or `/pattern/`, if one stands here, and what comes behind it.
fn point<'s>(text: &'s str, extended: bool, script: &str) -> Result<Option<(Point, &'s str)>, Usage> {
    if let Some(rest) = text.strip_prefix('/') {
        let Some(end) = rest.find('/') else { return Err(unknown(script)) };
        return Ok(Some((Point::Pattern(pattern(&rest[..end], extended, script)?), &rest[end + 1..])));
    }
    if let Some(rest) = text.strip_prefix('$') {
        return Ok(Some((Point::Last, rest)));
    }
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    if digits.is_empty() {
        return Ok(None);
    }
    let line = digits.parse().map_err(|_| unknown(script))?;
    Ok(Some((Point::Line(line), rest)))
}

/// `/from/to/flags`, with any character for the slash.
fn substitute<'s>(script: &str, text: &'s str, extended: bool) -> Result<(Action, &'s str), Usage> {
    let Some(delimiter) = text.chars().next() else { return Err(unknown(script)) };
    let mut parts = vec![String::new()];
    let mut characters = text[delimiter.len_utf8()..].char_indices();
    let mut end = text.len();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some((_, next)) if next == delimiter => push(&mut parts, next),
                Some((_, next)) => {
                    push(&mut parts, '\\');
                    push(&mut parts, next);
                }
                None => return Err(unknown(script)),
            },
            c if c == delimiter && parts.len() == 2 => {
                end = at + 2 * delimiter.len_utf8();
                break;
            }
            c if c == delimiter => parts.push(String::new()),
            c => push(&mut parts, c),
        }
    }
    let [from, to] = parts.as_slice() else { return Err(unterminated(script)) };
    if end == text.len() && !text.ends_with(delimiter) {
        return Err(unterminated(script));
    }
    let flags = text[end..].len() - text[end..].trim_start_matches(|c: char| c.is_ascii_alphanumeric()).len();
    let (flags, after) = text[end..].split_at(flags);
    let action = Action::Substitute {
        pattern: pattern(from, extended, script)?,
        replacement: replacement(to),
        global: flags.contains('g'),
        print: flags.contains('p'),
    };
    Ok((action, after))
}

fn unterminated(script: &str) -> Usage {
    Usage::new(format!("sed: -e expression #1, char {}: unterminated `s' command", script.len()), 1)
}

fn push(parts: &mut [String], c: char) {
    if let Some(last) = parts.last_mut() {
        last.push(c);
    }
}

fn pattern(text: &str, extended: bool, script: &str) -> Result<String, Usage> {
    let pattern = if extended { text.to_string() } else { from_basic(text) };
    regex_lite::Regex::new(&pattern).map(|_| pattern).map_err(|_| unknown(script))
}

/// sed's `&`, `\1` and `\n` as the regex crate writes them.
fn replacement(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '$' => out.push_str("$$"),
            '&' => out.push_str("${0}"),
            '\\' => match characters.next() {
                Some(digit) if digit.is_ascii_digit() => out.push_str(&format!("${{{digit}}}")),
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

fn unknown(script: &str) -> Usage {
    Usage::new(format!("sed: -e expression #1, char {}: unknown command: `{script}'", script.len().min(1)), 1)
}
