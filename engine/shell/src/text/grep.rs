//! `grep` with basic and extended patterns.

use super::Usage;
use super::filter::{Filter, Out};
use super::filters::{Flags, Kind, put};

#[derive(Clone, Debug, Hash)]
pub struct Grep {
    /// The pattern in the regex crate's syntax. Compiled per line: patterns are short and lines are few, and a compiled
    /// one is neither hashable nor comparable, so it could not be part of a node's state.
    pattern: String,
    invert: bool,
    count: bool,
    only_matching: bool,
    quiet: bool,
    number: bool,
    seen: u64,
    matched: u64,
    pub(super) file: Option<String>,
}

pub(super) fn make(arguments: &[String]) -> Result<Filter, Usage> {
    let mut flags = Flags::parse("grep", arguments, "vicEFoqnwxsh", "e")?;
    let patterns: Vec<String> = flags.flags.iter().filter(|(l, _)| *l == 'e').map(|(_, value)| value.clone()).collect();
    let patterns = if !patterns.is_empty() {
        patterns
    } else if flags.rest.is_empty() {
        let words = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.";
        return Err(Usage::new(words, 2));
    } else {
        vec![flags.rest.remove(0)]
    };
    let alternatives: Vec<String> = patterns
        .iter()
        .map(|pattern| match (flags.has('F'), flags.has('E')) {
            (true, _) => regex_lite::escape(pattern),
            (false, true) => pattern.clone(),
            (false, false) => from_basic(pattern),
        })
        .collect();
    let mut pattern = alternatives.join("|");
    if flags.has('w') {
        pattern = format!(r"\b(?:{pattern})\b");
    }
    if flags.has('x') {
        pattern = format!("^(?:{pattern})$");
    }
    if flags.has('i') {
        pattern = format!("(?i){pattern}");
    }
    if let Err(error) = regex_lite::Regex::new(&pattern) {
        return Err(Usage::new(format!("grep: {error}"), 2));
    }
    let grep = Grep {
        pattern,
        invert: flags.has('v'),
        count: flags.has('c'),
        only_matching: flags.has('o'),
        quiet: flags.has('q'),
        number: flags.has('n'),
        seen: 0,
        matched: 0,
        file: None,
    };
    Ok(Filter::new("grep", Kind::Grep(grep), flags.rest))
}

impl Grep {
    pub(super) fn line(&mut self, line: &str, out: &mut Out) {
        let Ok(regex) = regex_lite::Regex::new(&self.pattern) else { return };
        self.seen += 1;
        if regex.is_match(line) == self.invert {
            return;
        }
        self.matched += 1;
        if self.quiet {
            out.done = Some(0);
        } else if self.only_matching && !self.invert {
            for found in regex.find_iter(line).filter(|found| !found.is_empty()) {
                self.show(found.as_str(), out);
            }
        } else if !self.count {
            self.show(line, out);
        }
    }

    pub(super) fn end(&mut self, out: &mut Out) {
        if self.count {
            put(out, &self.matched.to_string(), true);
        }
        out.done = Some(i32::from(self.matched == 0));
    }

    fn show(&self, text: &str, out: &mut Out) {
        if let Some(file) = &self.file {
            out.text.push_str(&format!("{file}:"));
        }
        if self.number {
            out.text.push_str(&format!("{}:", self.seen));
        }
        put(out, text, true);
    }
}

/// A basic pattern in the extended syntax: in a basic one `+ ? | ( ) { }` are plain and their escaped forms are not.
pub(super) fn from_basic(pattern: &str) -> String {
    let mut extended = String::new();
    let mut characters = pattern.chars().peekable();
    let mut in_brackets = false;
    while let Some(c) = characters.next() {
        match c {
            '[' if !in_brackets => {
                in_brackets = true;
                extended.push('[');
            }
            ']' if in_brackets => {
                in_brackets = false;
                extended.push(']');
            }
            _ if in_brackets => extended.push(c),
            '\\' => match characters.next() {
                Some(special @ ('+' | '?' | '|' | '(' | ')' | '{' | '}')) => extended.push(special),
                Some(other) => {
                    extended.push('\\');
                    extended.push(other);
                }
                None => extended.push_str("\\\\"),
            },
            '+' | '?' | '|' | '(' | ')' | '{' | '}' => {
                extended.push('\\');
                extended.push(c);
            }
            '*' if extended.is_empty() || extended == "^" => extended.push_str("\\*"),
            c => extended.push(c),
        }
    }
    extended
}
