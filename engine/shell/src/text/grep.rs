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
    /// `-l`: the names of files that match, and nothing else.
    list: bool,
    /// `-H` or `-h`: whether names of files are shown; without either, when there are several.
    names: Option<bool>,
    /// `-m`: so many of each file.
    most: u64,
    seen: u64,
    matched: u64,
    /// Something matched in a file before.
    any: bool,
    path: Option<String>,
    shows_name: bool,
    /// `-A`, `-B`, `-C`: lines to show around each that is selected.
    around: Option<Box<Around>>,
}

/// Lines around those that are selected, and where the last file stands with them.
#[derive(Clone, Debug, Default, Hash)]
struct Around {
    before: usize,
    after: usize,
    /// The last lines that were not shown; the line that comes is number `seen`.
    kept: Vec<String>,
    /// So many lines are still to be shown after the last one selected.
    left: usize,
    /// The number of the last line shown of this file, 0 if there is none.
    last: u64,
    /// A group was shown, and the next one is set apart from it.
    used: bool,
}

pub(super) fn make(arguments: &[String]) -> Result<Filter, Usage> {
    let mut flags = Flags::parse("grep", arguments, "vicEFoqnwxshHla", "emABC")?;
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
        list: flags.has('l'),
        names: flags.has('H').then_some(true).or(flags.has('h').then_some(false)),
        most: match flags.value('m').map(str::parse) {
            None => u64::MAX,
            Some(Ok(most)) => most,
            Some(Err(_)) => return Err(Usage::new("grep: invalid max count", 2)),
        },
        seen: 0,
        matched: 0,
        any: false,
        path: None,
        shows_name: false,
        around: around(&flags)?,
    };
    Ok(Filter::new("grep", Kind::Grep(grep), flags.rest))
}

fn around(flags: &Flags) -> Result<Option<Box<Around>>, Usage> {
    let lines = |letter| {
        let value = flags.value(letter).or(flags.value('C'));
        value.map_or(Ok(0), |value| {
            value.parse().map_err(|_| Usage::new(format!("grep: {value}: invalid context length argument"), 2))
        })
    };
    let (before, after) = (lines('B')?, lines('A')?);
    let is_asked = ['A', 'B', 'C'].iter().any(|letter| flags.has(*letter));
    Ok(is_asked.then(|| Box::new(Around { before, after, ..Around::default() })))
}

impl Grep {
    pub(super) fn line(&mut self, line: &str, out: &mut Out) {
        let Ok(regex) = regex_lite::Regex::new(&self.pattern) else { return };
        self.seen += 1;
        let is_selected = self.matched != self.most && regex.is_match(line) != self.invert;
        if !self.count && !self.list && !self.quiet {
            self.show_around(line, is_selected, out);
        }
        if !is_selected {
            return;
        }
        self.matched += 1;
        if self.quiet {
            out.done = Some(0);
        } else if self.only_matching && !self.invert && !self.list {
            for found in regex.find_iter(line).filter(|found| !found.is_empty()) {
                self.show(found.as_str(), self.seen, ':', out);
            }
        } else if !self.count && !self.list {
            self.show(line, self.seen, ':', out);
        }
    }

    /// What comes before a line that is selected, and a line that comes after one.
    fn show_around(&mut self, line: &str, is_selected: bool, out: &mut Out) {
        let Some(mut around) = self.around.take() else { return };
        let shows = !self.only_matching;
        if is_selected {
            let first = self.seen - around.kept.len() as u64;
            if around.used && (around.last == 0 || around.last + 1 < first) {
                put(out, "--", true);
            }
            for (number, kept) in (first..).zip(around.kept.drain(..)).filter(|_| shows) {
                self.show(&kept, number, '-', out);
            }
            (around.left, around.last, around.used) = (around.after, self.seen, true);
        } else if around.left > 0 {
            (around.left, around.last) = (around.left - 1, self.seen);
            if shows {
                self.show(line, self.seen, '-', out);
            }
        } else if around.before > 0 {
            if around.kept.len() == around.before {
                around.kept.remove(0);
            }
            around.kept.push(line.to_string());
        }
        self.around = Some(around);
    }

    pub(super) fn next_file(&mut self, path: &str, several: bool) {
        self.path = Some(path.to_string());
        self.shows_name = self.names.unwrap_or(several);
    }

    pub(super) fn end_file(&mut self, out: &mut Out) {
        if self.list {
            if self.matched > 0 {
                put(out, self.path.as_deref().unwrap_or("(standard input)"), true);
            }
        } else if self.count && !self.quiet {
            self.prefix(':', out);
            put(out, &self.matched.to_string(), true);
        }
        self.any |= self.matched > 0;
        (self.matched, self.seen) = (0, 0);
        if let Some(around) = &mut self.around {
            around.kept.clear();
            (around.left, around.last) = (0, 0);
        }
    }

    pub(super) fn end(&mut self, out: &mut Out) {
        if self.path.is_none() {
            self.end_file(out);
        }
        out.done = Some(i32::from(!self.any));
    }

    fn prefix(&self, mark: char, out: &mut Out) {
        if let Some(path) = self.path.as_ref().filter(|_| self.shows_name) {
            out.text.push_str(&format!("{path}{mark}"));
        }
    }

    /// A line that is selected has its number and its file's name before a colon, one around it before a hyphen.
    fn show(&self, text: &str, number: u64, mark: char, out: &mut Out) {
        self.prefix(mark, out);
        if self.number {
            out.text.push_str(&format!("{number}{mark}"));
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
