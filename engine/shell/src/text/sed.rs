//! `sed` with the commands in use: `s/a/b/g`, `Nd`, `Np`, `N,Mp`, `/pattern/d`, `/pattern/p`, with `-n` and `-E`.

use super::Usage;
use super::filter::{Filter, Out};
use super::filters::{Flags, Kind, put};
use super::grep::from_basic;

#[derive(Clone, Debug, Hash)]
pub struct Sed {
    quiet: bool,
    commands: Vec<Command>,
    number: u64,
}

#[derive(Clone, Debug, Hash)]
struct Command {
    address: Address,
    action: Action,
}

#[derive(Clone, Debug, Hash)]
enum Address {
    All,
    Lines(u64, u64),
    Pattern(String),
}

#[derive(Clone, Debug, Hash)]
enum Action {
    Substitute { pattern: String, replacement: String, global: bool },
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
    Ok(Filter::new("sed", Kind::Sed(Sed { quiet: flags.has('n'), commands, number: 0 }), flags.rest))
}

impl Sed {
    pub(super) fn line(&mut self, line: &str, out: &mut Out) {
        self.number += 1;
        let mut text = line.to_string();
        for command in &self.commands {
            if !command.address.matches(self.number, &text) {
                continue;
            }
            match &command.action {
                Action::Delete => return,
                Action::Print => put(out, &text, true),
                Action::Quit => out.done = Some(0),
                Action::Substitute { pattern, replacement, global } => {
                    let Ok(regex) = regex_lite::Regex::new(pattern) else { continue };
                    let limit = usize::from(!global);
                    text = regex.replacen(&text, limit, replacement.as_str()).into_owned();
                }
            }
        }
        if !self.quiet {
            put(out, &text, true);
        }
    }
}

impl Address {
    fn matches(&self, number: u64, line: &str) -> bool {
        match self {
            Address::All => true,
            Address::Lines(first, last) => (*first..=*last).contains(&number),
            Address::Pattern(pattern) => regex_lite::Regex::new(pattern).is_ok_and(|regex| regex.is_match(line)),
        }
    }
}

/// The first command of a script, and what stands behind its semicolon or the end of its line.
fn command(script: &str, extended: bool) -> Result<(Command, &str), Usage> {
    let script = script.trim_start();
    let (address, rest) = address(script, extended)?;
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
        Some(next) => Ok((Command { address, action }, next)),
        None if after.is_empty() => Ok((Command { address, action }, after)),
        None => Err(unknown(script)),
    }
}

fn address(script: &str, extended: bool) -> Result<(Address, &str), Usage> {
    if let Some(rest) = script.strip_prefix('/') {
        let Some(end) = rest.find('/') else { return Err(unknown(script)) };
        return Ok((Address::Pattern(pattern(&rest[..end], extended, script)?), &rest[end + 1..]));
    }
    let digits = script.len() - script.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        return Ok((Address::All, script));
    }
    let first: u64 = script[..digits].parse().map_err(|_| unknown(script))?;
    let rest = &script[digits..];
    let Some(after) = rest.strip_prefix(',') else { return Ok((Address::Lines(first, first), rest)) };
    if let Some(after) = after.strip_prefix('$') {
        return Ok((Address::Lines(first, u64::MAX), after));
    }
    let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let last: u64 = after[..digits].parse().map_err(|_| unknown(script))?;
    Ok((Address::Lines(first, last), &after[digits..]))
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
