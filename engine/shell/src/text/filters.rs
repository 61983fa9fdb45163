//! `cat`, `cut`, `head`, `sort`, `tail`, `tr`, `uniq`, `wc`: their flags, and what each does with a line.

use std::collections::VecDeque;

use super::Usage;
use super::filter::{Filter, Out};
use super::grep::Grep;
use super::jq::Jq;
use super::sed::Sed;

#[derive(Clone, Debug, Hash)]
pub enum Kind {
    Cat {
        number: bool,
        count: u64,
    },
    Cut(Cut),
    /// So many lines, or bytes, from the start.
    Head {
        bytes: bool,
        most: u64,
        seen: u64,
    },
    /// All but the last lines, or bytes.
    AllBut {
        bytes: bool,
        last: usize,
        kept: VecDeque<String>,
    },
    Sort(Sort),
    Tail {
        lines: usize,
        from_start: bool,
        seen: u64,
        kept: VecDeque<String>,
    },
    TailBytes {
        most: usize,
        kept: String,
    },
    Tr {
        from: Vec<char>,
        to: Vec<char>,
        delete: bool,
        squeeze: bool,
        last: Option<char>,
    },
    Uniq {
        count: bool,
        last: Option<(String, u64)>,
    },
    /// `rows` are those of the files that were read.
    Wc {
        show: [bool; 3],
        counts: [u64; 3],
        rows: Vec<([u64; 3], String)>,
    },
    Grep(Grep),
    Sed(Sed),
    Jq(Box<Jq>),
}

#[derive(Clone, Debug, Hash)]
pub struct Cut {
    delimiter: Option<char>,
    /// Inclusive ranges, from 1.
    ranges: Vec<(usize, usize)>,
}

#[derive(Clone, Debug, Default, Hash)]
pub struct Sort {
    numeric: bool,
    reverse: bool,
    unique: bool,
    delimiter: Option<char>,
    /// First field of the key, from 1, and whether it is numeric.
    key: Option<usize>,
    lines: Vec<String>,
}

/// Flags of a call, split into single letters with their values.
pub(super) struct Flags {
    pub flags: Vec<(char, String)>,
    pub rest: Vec<String>,
}

impl Flags {
    /// `with_value` names the letters that take a value, attached (`-n3`) or as the next word (`-n 3`).
    pub fn parse(tool: &str, arguments: &[String], plain: &str, with_value: &str) -> Result<Flags, Usage> {
        let mut flags = Flags { flags: Vec::new(), rest: Vec::new() };
        let mut words = arguments.iter();
        let mut only_files = false;
        while let Some(word) = words.next() {
            if only_files || !word.starts_with('-') || word == "-" {
                flags.rest.push(word.clone());
                continue;
            }
            if word == "--" {
                only_files = true;
                continue;
            }
            // `head -3`; but `ls -1` has a flag of that name.
            let digits = word[1..].bytes().all(|byte| byte.is_ascii_digit()) && with_value.contains('n');
            if let Some(number) = word.strip_prefix('-').filter(|_| digits) {
                flags.flags.push(('n', number.to_string()));
                continue;
            }
            let letters: Vec<(usize, char)> = word[1..].char_indices().collect();
            for (at, letter) in letters {
                if with_value.contains(letter) {
                    let attached = &word[1 + at + letter.len_utf8()..];
                    let value = if attached.is_empty() { words.next().cloned() } else { Some(attached.to_string()) };
                    let Some(value) = value else {
                        let words = format!("{tool}: option requires an argument -- '{letter}'");
                        return Err(Usage::new(words, 1));
                    };
                    flags.flags.push((letter, value));
                    break;
                }
                if !plain.contains(letter) {
                    return Err(Usage::invalid_option(tool, letter));
                }
                flags.flags.push((letter, String::new()));
            }
        }
        Ok(flags)
    }

    pub fn has(&self, letter: char) -> bool {
        self.flags.iter().any(|(l, _)| *l == letter)
    }

    pub fn value(&self, letter: char) -> Option<&str> {
        self.flags.iter().rev().find(|(l, _)| *l == letter).map(|(_, value)| value.as_str())
    }
}

pub(super) fn make(name: &str, arguments: &[String]) -> Result<Filter, Usage> {
    match name {
        "cut" => cut(arguments),
        "head" => {
            let flags = Flags::parse("head", arguments, "q", "nc")?;
            let (bytes, value) = match flags.value('c') {
                Some(value) => (true, value),
                None => (false, flags.value('n').unwrap_or("10")),
            };
            let what = if bytes { "bytes" } else { "lines" };
            let kind = match value.strip_prefix('-') {
                Some(last) => Kind::AllBut { bytes, last: count("head", what, last)? as usize, kept: VecDeque::new() },
                None => Kind::Head { bytes, most: count("head", what, value)?, seen: 0 },
            };
            Ok(Filter::new("head", kind, flags.rest))
        }
        "sort" => sort(arguments),
        "tail" => {
            let flags = Flags::parse("tail", arguments, "q", "nc")?;
            if let Some(bytes) = flags.value('c') {
                let most = count("tail", "bytes", bytes)? as usize;
                return Ok(Filter::new("tail", Kind::TailBytes { most, kept: String::new() }, flags.rest));
            }
            let value = flags.value('n').unwrap_or("10");
            let (from_start, digits) = value.strip_prefix('+').map_or((false, value), |rest| (true, rest));
            let lines = count("tail", "lines", digits)? as usize;
            Ok(Filter::new("tail", Kind::Tail { lines, from_start, seen: 0, kept: VecDeque::new() }, flags.rest))
        }
        "tr" => tr(arguments),
        "uniq" => {
            let flags = Flags::parse("uniq", arguments, "c", "")?;
            Ok(Filter::new("uniq", Kind::Uniq { count: flags.has('c'), last: None }, flags.rest))
        }
        "wc" => {
            let flags = Flags::parse("wc", arguments, "lwc", "")?;
            let all = flags.flags.is_empty();
            let show = ['l', 'w', 'c'].map(|letter| all || flags.has(letter));
            Ok(Filter::new("wc", Kind::Wc { show, counts: [0; 3], rows: Vec::new() }, flags.rest))
        }
        _ => {
            let flags = Flags::parse("cat", arguments, "n", "")?;
            Ok(Filter::new("cat", Kind::Cat { number: flags.has('n'), count: 0 }, flags.rest))
        }
    }
}

fn count(tool: &str, what: &str, text: &str) -> Result<u64, Usage> {
    text.parse().map_err(|_| Usage::new(format!("{tool}: invalid number of {what}: '{text}'"), 1))
}

fn cut(arguments: &[String]) -> Result<Filter, Usage> {
    let flags = Flags::parse("cut", arguments, "s", "dfc")?;
    let (list, delimiter) = match (flags.value('f'), flags.value('c')) {
        (Some(fields), _) => (fields, Some(flags.value('d').and_then(|d| d.chars().next()).unwrap_or('\t'))),
        (None, Some(characters)) => (characters, None),
        (None, None) => {
            let words =
                "cut: you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information.";
            return Err(Usage::new(words, 1));
        }
    };
    let mut ranges = Vec::new();
    for range in list.split(',') {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let low = if low.is_empty() { Some(1) } else { low.parse().ok() };
        let high = if high.is_empty() { Some(usize::MAX) } else { high.parse().ok() };
        match (low, high) {
            (Some(low), Some(high)) if low > 0 => ranges.push((low, high)),
            _ => return Err(Usage::new(format!("cut: invalid field value '{range}'"), 1)),
        }
    }
    Ok(Filter::new("cut", Kind::Cut(Cut { delimiter, ranges }), flags.rest))
}

fn sort(arguments: &[String]) -> Result<Filter, Usage> {
    let flags = Flags::parse("sort", arguments, "nru", "tk")?;
    let mut sort = Sort {
        numeric: flags.has('n'),
        reverse: flags.has('r'),
        unique: flags.has('u'),
        delimiter: flags.value('t').and_then(|d| d.chars().next()),
        ..Sort::default()
    };
    if let Some(key) = flags.value('k') {
        sort.numeric |= key.contains('n');
        sort.reverse |= key.contains('r');
        let digits: String = key.chars().take_while(char::is_ascii_digit).collect();
        let field: Option<usize> = digits.parse().ok().filter(|field| *field > 0);
        sort.key = Some(field.ok_or_else(|| Usage::new(format!("sort: invalid number at field start: '{key}'"), 2))?);
    }
    Ok(Filter::new("sort", Kind::Sort(sort), flags.rest))
}

fn tr(arguments: &[String]) -> Result<Filter, Usage> {
    let flags = Flags::parse("tr", arguments, "ds", "")?;
    let (delete, squeeze) = (flags.has('d'), flags.has('s'));
    let wanted = if delete || squeeze { 1 } else { 2 };
    if flags.rest.len() < wanted {
        let words = match flags.rest.first() {
            None => "tr: missing operand".to_string(),
            Some(first) => format!("tr: missing operand after '{first}'\nTwo strings must be given when translating."),
        };
        return Err(Usage::new(words, 1));
    }
    let sets: Vec<Vec<char>> = flags.rest.iter().map(|set| character_set(set)).collect();
    let to = sets.get(1).cloned().unwrap_or_default();
    Ok(Filter::new("tr", Kind::Tr { from: sets[0].clone(), to, delete, squeeze, last: None }, Vec::new()))
}

/// `a-z`, `\n`, `[:upper:]`.
fn character_set(text: &str) -> Vec<char> {
    let class = match text {
        "[:upper:]" => Some(('A', 'Z')),
        "[:lower:]" => Some(('a', 'z')),
        "[:digit:]" => Some(('0', '9')),
        _ => None,
    };
    if let Some((low, high)) = class {
        return (low..=high).collect();
    }
    let mut plain = Vec::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        plain.push(match c {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        });
    }
    let mut set = Vec::new();
    let mut at = 0;
    while at < plain.len() {
        if at + 2 < plain.len() && plain[at + 1] == '-' && plain[at] <= plain[at + 2] {
            set.extend(plain[at]..=plain[at + 2]);
            at += 3;
        } else {
            set.push(plain[at]);
            at += 1;
        }
    }
    set
}

impl Kind {
    /// Tools that name the file in front of what they found are told of each.
    pub(super) fn next_file(&mut self, path: &str, several: bool) {
        if let Kind::Grep(grep) = self {
            grep.next_file(path, several);
        }
    }

    /// A file that was named is read.
    pub(super) fn end_file(&mut self, path: &str, surplus: u64, out: &mut Out) {
        match self {
            Kind::Wc { counts, rows, .. } => {
                counts[2] = counts[2].saturating_sub(surplus);
                rows.push((std::mem::take(counts), path.to_string()));
            }
            Kind::Grep(grep) => grep.end_file(out),
            _ => {}
        }
    }

    /// Bytes that are no text were read as characters that take more room: `wc` counts what was there.
    pub(super) fn surplus(&mut self, bytes: u64) {
        if let Kind::Wc { counts, .. } = self {
            counts[2] = counts[2].saturating_sub(bytes);
        }
    }

    pub(super) fn no_file_words(&self) -> &'static str {
        if matches!(self, Kind::Jq(_)) { "error: Could not open file " } else { "" }
    }

    pub(super) fn failure_status(&self) -> i32 {
        if matches!(self, Kind::Grep(_) | Kind::Sort(_) | Kind::Jq(_)) { 2 } else { 1 }
    }

    /// One line, without its newline; `ended` tells whether it had one.
    pub(super) fn line(&mut self, line: &str, ended: bool, out: &mut Out) {
        match self {
            Kind::Cat { number, count } => {
                *count += 1;
                if *number {
                    out.text.push_str(&format!("{count:6}\t"));
                }
                put(out, line, ended);
            }
            Kind::Cut(cut) => put(out, &cut.line(line), true),
            Kind::Head { bytes, most, seen } => {
                let left = *most - *seen;
                let long = line.len() as u64 + u64::from(ended);
                if *bytes && left < long {
                    let end = (0..=left as usize).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
                    put(out, &line[..end], false);
                    *seen = *most;
                } else if left > 0 {
                    put(out, line, ended);
                    *seen += if *bytes { long } else { 1 };
                }
                if *seen >= *most {
                    out.done = Some(0);
                }
            }
            Kind::AllBut { bytes, last, kept } => all_but(*bytes, *last, kept, line, ended, &mut out.text),
            Kind::Sort(sort) => sort.lines.push(line.to_string()),
            Kind::Tail { lines, from_start, seen, kept } => {
                *seen += 1;
                if *from_start {
                    if *seen >= (*lines).max(1) as u64 {
                        put(out, line, ended);
                    }
                } else {
                    kept.push_back(format!("{line}{}", if ended { "\n" } else { "" }));
                    if kept.len() > *lines {
                        kept.pop_front();
                    }
                }
            }
            Kind::TailBytes { most, kept } => {
                kept.push_str(line);
                kept.push_str(if ended { "\n" } else { "" });
                *kept = kept[kept.ceil_char_boundary(kept.len().saturating_sub(*most))..].to_string();
            }
            Kind::Tr { from, to, delete, squeeze, last } => {
                let newline = if ended { "\n" } else { "" };
                for c in line.chars().chain(newline.chars()) {
                    translate(c, from, to, *delete, *squeeze, last, &mut out.text);
                }
            }
            Kind::Uniq { count, last } => match last {
                Some((text, times)) if text == line => *times += 1,
                _ => {
                    let before = last.replace((line.to_string(), 1));
                    put_unique(out, before, *count);
                }
            },
            Kind::Wc { counts, .. } => {
                counts[0] += u64::from(ended);
                counts[1] += line.split_whitespace().count() as u64;
                counts[2] += line.len() as u64 + u64::from(ended);
            }
            Kind::Grep(grep) => grep.line(line, out),
            Kind::Sed(sed) => sed.line(line, out),
            Kind::Jq(jq) => jq.line(line, ended),
        }
    }

    pub(super) fn end(&mut self, out: &mut Out) {
        match self {
            Kind::Sort(sort) => sort.finish(out),
            Kind::Tail { kept, .. } => {
                for line in kept.drain(..) {
                    out.text.push_str(&line);
                }
            }
            Kind::TailBytes { kept, .. } => out.text.push_str(kept),
            Kind::Uniq { count, last } => put_unique(out, last.take(), *count),
            Kind::Wc { show, counts, rows } => show_counts(show, *counts, rows, out),
            Kind::Grep(grep) => grep.end(out),
            Kind::Jq(jq) => jq.end(out),
            Kind::Cat { .. } | Kind::Cut(_) | Kind::Head { .. } | Kind::AllBut { .. } | Kind::Tr { .. } => {}
            Kind::Sed(sed) => sed.end(out),
        }
    }
}

/// One row for each file and one for their sum; without files one for standard input.
fn show_counts(show: &[bool; 3], counts: [u64; 3], files: &[([u64; 3], String)], out: &mut Out) {
    let mut rows: Vec<([u64; 3], &str)> = files.iter().map(|(counts, name)| (*counts, name.as_str())).collect();
    let sum = files.iter().fold(counts, |sum, (more, _)| [sum[0] + more[0], sum[1] + more[1], sum[2] + more[2]]);
    match rows.len() {
        0 => rows.push((counts, "")),
        1 => {}
        _ => rows.push((sum, "total")),
    }
    let several = show.iter().filter(|show| **show).count() > 1;
    // GNU makes the columns as wide as all bytes need; of standard input it does not know, and takes seven.
    let width = match files.len() {
        0 if several => 7,
        1 if several => sum[2].to_string().len(),
        0 | 1 => 1,
        _ => sum[2].to_string().len(),
    };
    for (counts, name) in rows {
        let shown = counts.iter().zip(show).filter(|(_, show)| **show).map(|(n, _)| format!("{n:>width$}"));
        let row = shown.collect::<Vec<String>>().join(" ");
        put(out, format!("{row} {name}").trim_end(), true);
    }
}

impl Cut {
    fn line(&self, line: &str) -> String {
        let chosen = |i: usize| self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&(i + 1)));
        match self.delimiter {
            None => line.chars().enumerate().filter(|(i, _)| chosen(*i)).map(|(_, c)| c).collect(),
            Some(delimiter) if !line.contains(delimiter) => line.to_string(),
            Some(delimiter) => {
                let fields: Vec<&str> =
                    line.split(delimiter).enumerate().filter(|(i, _)| chosen(*i)).map(|(_, field)| field).collect();
                fields.join(&delimiter.to_string())
            }
        }
    }
}

impl Sort {
    fn finish(&mut self, out: &mut Out) {
        let mut lines = std::mem::take(&mut self.lines);
        base::ordered::sort_by(&mut lines, |a, b| {
            let (key_a, key_b) = (self.key_of(a), self.key_of(b));
            let by_key =
                if self.numeric { leading_number(key_a).cmp(&leading_number(key_b)) } else { key_a.cmp(key_b) };
            let ordering = by_key.then_with(|| a.cmp(b));
            if self.reverse { ordering.reverse() } else { ordering }
        });
        if self.unique {
            lines.dedup_by(|a, b| self.key_of(a) == self.key_of(b));
        }
        for line in lines {
            put(out, &line, true);
        }
    }

    /// From the start of the key's field to the end of the line, as `-k N` means.
    fn key_of<'a>(&self, line: &'a str) -> &'a str {
        let Some(field) = self.key else { return line };
        let mut rest = line;
        for _ in 1..field {
            let next = match self.delimiter {
                Some(delimiter) => rest.split_once(delimiter).map(|(_, after)| after),
                None => {
                    let trimmed = rest.trim_start();
                    trimmed.find(char::is_whitespace).map(|at| &trimmed[at..])
                }
            };
            rest = next.unwrap_or("");
        }
        rest
    }
}

/// The number at the start, in thousandths, as `sort -n` compares; 0 without one.
fn leading_number(text: &str) -> i128 {
    let text = text.trim_start();
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let whole: String = digits.chars().take_while(char::is_ascii_digit).take(20).collect();
    let fraction: String = digits[whole.len()..]
        .strip_prefix('.')
        .unwrap_or("")
        .chars()
        .take_while(char::is_ascii_digit)
        .take(3)
        .collect();
    let value = whole.parse::<i128>().unwrap_or(0) * 1000 + format!("{fraction:0<3}").parse::<i128>().unwrap_or(0);
    if negative { -value } else { value }
}

fn translate(
    c: char,
    from: &[char],
    to: &[char],
    delete: bool,
    squeeze: bool,
    last: &mut Option<char>,
    text: &mut String,
) {
    let place = from.iter().position(|f| *f == c);
    if delete {
        if place.is_none() {
            text.push(c);
        }
        return;
    }
    let translated = match place {
        Some(i) if !to.is_empty() => to[i.min(to.len() - 1)],
        _ => c,
    };
    if squeeze && place.is_some() && *last == Some(translated) {
        return;
    }
    *last = Some(translated);
    text.push(translated);
}

fn put_unique(out: &mut Out, line: Option<(String, u64)>, count: bool) {
    if let Some((text, times)) = line {
        let line = if count { format!("{times:7} {text}") } else { text };
        put(out, &line, true);
    }
}

/// Keeps the last lines or bytes back.
fn all_but(bytes: bool, last: usize, kept: &mut VecDeque<String>, line: &str, ended: bool, text: &mut String) {
    let line = format!("{line}{}", if ended { "\n" } else { "" });
    if bytes {
        kept.extend(line.chars().map(String::from));
    } else {
        kept.push_back(line);
    }
    let out_of_it = kept.len().saturating_sub(last);
    text.extend(kept.drain(..out_of_it));
}

pub(super) fn put(out: &mut Out, line: &str, newline: bool) {
    out.text.push_str(line);
    if newline {
        out.text.push('\n');
    }
}
