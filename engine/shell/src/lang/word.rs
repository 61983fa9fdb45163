//! Words and their expansion: quotes, variables, `*` and `?`.

use std::sync::Arc;

use super::tree::List;

/// A piece of a word. Quoted pieces are neither split nor matched against file names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Text {
        text: String,
        quoted: bool,
    },
    Variable {
        name: String,
        quoted: bool,
    },
    /// `$(...)`: a line to run first; [`Part::Output`] takes its place.
    Command {
        list: Arc<List>,
        quoted: bool,
    },
    /// What such a line wrote.
    Output {
        text: String,
        quoted: bool,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Word {
    pub parts: Vec<Part>,
}

/// What expansion needs to know.
pub struct Expansion<'a> {
    pub variable: &'a dyn Fn(&str) -> String,
    /// File names in a directory, for patterns.
    pub list: &'a dyn Fn(&str) -> Vec<String>,
}

impl Word {
    pub fn literal(text: &str) -> Word {
        Word { parts: vec![Part::Text { text: text.to_string(), quoted: false }] }
    }

    /// The word if it is plain unquoted text: only such words can be keywords.
    pub fn as_plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text { text, quoted: false }] => Some(text),
            _ => None,
        }
    }

    /// One string, without splitting: the target of a redirection, the value of an assignment.
    pub fn expand_one(&self, with: &Expansion<'_>) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text { text, .. } => text.clone(),
                Part::Variable { name, .. } => (with.variable)(name),
                Part::Output { text, .. } => text.clone(),
                Part::Command { .. } => String::new(),
            })
            .collect()
    }

    /// The fields that this word becomes: an unquoted variable is split at blanks, a pattern becomes the files it matches.
    pub fn expand(&self, with: &Expansion<'_>) -> Vec<String> {
        match self.braces() {
            Some(words) => words.iter().flat_map(|word| word.expand(with)).collect(),
            None => self.expand_fields(with),
        }
    }

    /// `a{b,c}d` as `abd acd`, `{1..3}` as `1 2 3`: one word for each alternative of the first group that stands in one
    /// unquoted piece. `None` when there is none.
    fn braces(&self) -> Option<Vec<Word>> {
        self.parts.iter().enumerate().find_map(|(at, part)| {
            let Part::Text { text, quoted: false } = part else { return None };
            let (before, alternatives, after) = first_group(text)?;
            let word = |middle: String| {
                let mut parts = self.parts.clone();
                parts[at] = Part::Text { text: format!("{before}{middle}{after}"), quoted: false };
                Word { parts }
            };
            Some(alternatives.into_iter().map(word).collect())
        })
    }

    fn expand_fields(&self, with: &Expansion<'_>) -> Vec<String> {
        let mut fields = Fields::default();
        for part in &self.parts {
            match part {
                Part::Text { text, quoted } => fields.push(text, *quoted),
                Part::Output { text, quoted: true } => fields.push(text, true),
                Part::Output { text, quoted: false } => fields.push_split(text),
                Part::Command { .. } => {}
                Part::Variable { name, quoted: true } => fields.push(&(with.variable)(name), true),
                Part::Variable { name, quoted: false } => fields.push_split(&(with.variable)(name)),
            }
        }
        fields.finish().into_iter().flat_map(|field| field.matched(with)).collect()
    }
}

/// What stands before the first group of braces, what it offers, and what follows.
fn first_group(text: &str) -> Option<(&str, Vec<String>, &str)> {
    text.match_indices('{').find_map(|(open, _)| {
        let (mut depth, mut start, mut pieces) = (0, open + 1, Vec::new());
        for (at, c) in text[open..].char_indices().map(|(at, c)| (open + at, c)) {
            match c {
                '{' => depth += 1,
                ',' if depth == 1 => {
                    pieces.push(text[start..at].to_string());
                    start = at + 1;
                }
                '}' if depth == 1 => {
                    let last = &text[start..at];
                    let offered = match pieces.is_empty() {
                        true => range(last)?,
                        false => pieces.into_iter().chain([last.to_string()]).collect(),
                    };
                    return Some((&text[..open], offered, &text[at + 1..]));
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
        None
    })
}

/// `1..5`, downwards too. A range that is absurdly long is no range.
fn range(text: &str) -> Option<Vec<String>> {
    let (from, to) = text.split_once("..")?;
    let (from, to): (i64, i64) = (from.parse().ok()?, to.parse().ok()?);
    let numbers: Vec<i64> = match to.abs_diff(from) {
        0..=9_999 if from <= to => (from..=to).collect(),
        0..=9_999 => (to..=from).rev().collect(),
        _ => return None,
    };
    Some(numbers.iter().map(i64::to_string).collect())
}

#[derive(Default)]
struct Field {
    text: String,
    has_pattern: bool,
}

impl Field {
    fn matched(self, with: &Expansion<'_>) -> Vec<String> {
        if !self.has_pattern {
            return vec![self.text];
        }
        let found = match_path(&self.text, with);
        if found.is_empty() { vec![self.text] } else { found }
    }
}

#[derive(Default)]
struct Fields {
    done: Vec<Field>,
    open: Option<Field>,
}

impl Fields {
    fn push(&mut self, text: &str, quoted: bool) {
        let field = self.open.get_or_insert_default();
        field.text.push_str(text);
        field.has_pattern |= !quoted && text.contains(['*', '?']);
    }

    fn push_split(&mut self, text: &str) {
        let starts_blank = text.starts_with(char::is_whitespace);
        let ends_blank = text.ends_with(char::is_whitespace);
        if starts_blank {
            self.done.extend(self.open.take());
        }
        for (i, piece) in text.split_whitespace().enumerate() {
            if i > 0 {
                self.done.extend(self.open.take());
            }
            self.push(piece, false);
        }
        if ends_blank {
            self.done.extend(self.open.take());
        }
    }

    fn finish(mut self) -> Vec<Field> {
        self.done.extend(self.open.take());
        self.done
    }
}

/// All paths that match, directory by directory, in order.
fn match_path(pattern: &str, with: &Expansion<'_>) -> Vec<String> {
    let mut found = vec![String::new()];
    for (i, part) in pattern.split('/').enumerate() {
        let mut next = Vec::new();
        for base in &found {
            let join = |name: &str| if i == 0 { name.to_string() } else { format!("{base}/{name}") };
            if part.contains(['*', '?']) {
                let names = (with.list)(base);
                let hidden = part.starts_with('.');
                next.extend(
                    names.iter().filter(|n| (hidden || !n.starts_with('.')) && glob_match(part, n)).map(|n| join(n)),
                );
            } else {
                next.push(join(part));
            }
        }
        found = next;
    }
    found
}

/// `*` and `?` only. Iterative, so a long pattern cannot exhaust the stack.
pub fn glob_match(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        if p < pattern.len() && (pattern[p] == '?' || pattern[p] == name[n]) && pattern[p] != '*' {
            p += 1;
            n += 1;
        } else if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, n));
            p += 1;
        } else if let Some((star_p, star_n)) = star {
            p = star_p + 1;
            n = star_n + 1;
            star = Some((star_p, n));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_offer_alternatives() {
        let nothing = Expansion { variable: &|_| String::new(), list: &|_| Vec::new() };
        let expanded = |text: &str| Word::literal(text).expand(&nothing);
        assert_eq!(expanded("a{b,c}d"), ["abd", "acd"]);
        assert_eq!(expanded("{1..3}"), ["1", "2", "3"]);
        assert_eq!(expanded("{2..1}-{x,{y,z}}"), ["2-x", "2-y", "2-z", "1-x", "1-y", "1-z"]);
        assert_eq!(expanded("{a}{}"), ["{a}{}"]);
        let quoted = Word { parts: vec![Part::Text { text: "{a,b}".into(), quoted: true }] };
        assert_eq!(quoted.expand(&nothing), ["{a,b}"]);
    }
}
