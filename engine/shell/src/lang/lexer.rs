//! A line as tokens: words, operators and redirections.

use std::sync::Arc;

use super::SyntaxError;
use super::word::{Part, Word};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Word(Word),
    /// `|  ||  &&  ;  &  (  )`
    Operator(&'static str),
    /// A redirection with the descriptor before it, if one was written: `2>`.
    Redirect {
        fd: Option<u8>,
        operator: &'static str,
    },
}

/// A token with the place where it stands in the line.
#[derive(Clone, Debug)]
pub struct Placed {
    pub token: Token,
    pub start: usize,
    pub end: usize,
}

const OPERATORS: [&str; 7] = ["||", "&&", "|", ";", "&", "(", ")"];
/// Longest first: `>>` must not be read as `>`.
const REDIRECTS: [&str; 7] = ["&>>", "&>", "<<<", ">>", ">&", "<", ">"];

pub fn tokens(line: &str) -> Result<Vec<Placed>, SyntaxError> {
    let mut lexer = Lexer { line, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Result<Option<Placed>, SyntaxError> {
        self.skip_blanks();
        let start = self.at;
        let rest = self.rest();
        if rest.is_empty() || rest.starts_with('#') {
            return Ok(None);
        }
        let token = if let Some(token) = self.redirect() {
            token
        } else if let Some(operator) = OPERATORS.into_iter().find(|o| rest.starts_with(o)) {
            self.at += operator.len();
            Token::Operator(operator)
        } else if rest.starts_with('\n') {
            self.at += 1;
            Token::Operator(";")
        } else {
            Token::Word(self.word()?)
        };
        Ok(Some(Placed { token, start, end: self.at }))
    }

    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    }

    fn redirect(&mut self) -> Option<Token> {
        let rest = self.rest();
        let (fd, after) = match rest.as_bytes() {
            [digit @ b'0'..=b'2', b'<' | b'>', ..] => (Some(digit - b'0'), &rest[1..]),
            _ => (None, rest),
        };
        let operator = REDIRECTS.into_iter().find(|o| after.starts_with(o))?;
        self.at += operator.len() + usize::from(fd.is_some());
        Some(Token::Redirect { fd, operator })
    }

    fn word(&mut self) -> Result<Word, SyntaxError> {
        let mut word = Word::default();
        while let Some(c) = self.rest().chars().next() {
            match c {
                ' ' | '\t' | '\r' | '\n' | '|' | ';' | '&' | '(' | ')' | '<' | '>' => break,
                '\'' => self.single_quoted(&mut word)?,
                '"' => self.double_quoted(&mut word)?,
                '\\' => self.escaped(&mut word),
                '$' => self.dollar(&mut word, false)?,
                '`' => return Err(unsupported("command substitution with `...`")),
                _ => {
                    push_text(&mut word, c, false);
                    self.at += c.len_utf8();
                }
            }
        }
        Ok(word)
    }

    fn single_quoted(&mut self, word: &mut Word) -> Result<(), SyntaxError> {
        let inside = &self.line[self.at + 1..];
        let Some(end) = inside.find('\'') else { return Err(unclosed('\'')) };
        word.parts.push(Part::Text { text: inside[..end].to_string(), quoted: true });
        self.at += end + 2;
        Ok(())
    }

    fn double_quoted(&mut self, word: &mut Word) -> Result<(), SyntaxError> {
        self.at += 1;
        word.parts.push(Part::Text { text: String::new(), quoted: true });
        loop {
            let Some(c) = self.rest().chars().next() else { return Err(unclosed('"')) };
            match c {
                '"' => break,
                '$' => self.dollar(word, true)?,
                '\\' => {
                    let next = self.rest()[1..].chars().next();
                    let Some(next) = next else { return Err(unclosed('"')) };
                    if !matches!(next, '"' | '\\' | '$' | '`') {
                        push_text(word, '\\', true);
                    }
                    push_text(word, next, true);
                    self.at += 1 + next.len_utf8();
                }
                _ => {
                    push_text(word, c, true);
                    self.at += c.len_utf8();
                }
            }
        }
        self.at += 1;
        Ok(())
    }

    fn escaped(&mut self, word: &mut Word) {
        self.at += 1;
        if let Some(c) = self.rest().chars().next() {
            push_text(word, c, true);
            self.at += c.len_utf8();
        }
    }

    fn dollar(&mut self, word: &mut Word, quoted: bool) -> Result<(), SyntaxError> {
        let after = &self.line[self.at + 1..];
        if let Some(inside) = after.strip_prefix('(') {
            let Some(end) = closing(inside) else { return Err(unclosed(')')) };
            let list = Arc::new(super::parse(&inside[..end])?);
            word.parts.push(Part::Command { list, quoted });
            self.at += end + 3;
            return Ok(());
        }
        let (name, len) = match after.strip_prefix('{') {
            Some(inside) => {
                let Some(end) = inside.find('}') else { return Err(unclosed('}')) };
                (&inside[..end], end + 2)
            }
            None if after.starts_with('?') => ("?", 1),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        if len == 0 {
            push_text(word, '$', quoted);
        } else {
            word.parts.push(Part::Variable { name: name.to_string(), quoted });
        }
        self.at += 1 + len;
        Ok(())
    }
}

/// Where the parenthesis ends that was opened before `text`; those in quotes do not count.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    let mut quote = None;
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (Some(opened), letter) if letter == opened => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => drop(letters.next()),
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(') => open += 1,
            (None, ')') => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

fn push_text(word: &mut Word, c: char, quoted: bool) {
    match word.parts.last_mut() {
        Some(Part::Text { text, quoted: q }) if *q == quoted => text.push(c),
        _ => word.parts.push(Part::Text { text: c.to_string(), quoted }),
    }
}

fn unclosed(quote: char) -> SyntaxError {
    SyntaxError { words: format!("unexpected EOF while looking for matching `{quote}'") }
}

fn unsupported(what: &str) -> SyntaxError {
    SyntaxError { words: format!("{what} is not available in this shell") }
}
