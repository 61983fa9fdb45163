//! Tokens as a tree.

use super::SyntaxError;
use super::lexer::{Placed, Token, tokens};
use super::tree::{Command, Connector, List, Redirect, RedirectTo, Stage, StageKind};
use super::word::{Part, Word};

/// How deep groups and loops may nest; a bound, so that no input can exhaust the stack.
const NESTING_MAX: u32 = 32;

/// The tree of one line.
pub fn parse(line: &str) -> Result<List, SyntaxError> {
    let tokens = tokens(line)?;
    let mut parser = Parser { line, tokens: &tokens, at: 0, depth: 0 };
    let list = parser.list(&[])?;
    match parser.peek() {
        None => Ok(list),
        Some(token) => Err(SyntaxError::unexpected(&name_of(token))),
    }
}

struct Parser<'a> {
    line: &'a str,
    tokens: &'a [Placed],
    at: usize,
    depth: u32,
}

impl Parser<'_> {
    /// Items up to the end or to a word of `until` (`done`, `}`) where a command could begin.
    fn list(&mut self, until: &[&str]) -> Result<List, SyntaxError> {
        let mut list = List::default();
        let mut connector = Connector::Always;
        loop {
            let ends = match self.peek() {
                None | Some(Token::Operator(")")) => true,
                Some(Token::Word(word)) => word.as_plain().is_some_and(|w| until.contains(&w)),
                Some(_) => false,
            };
            if ends {
                if connector != Connector::Always {
                    return Err(self.unexpected_here());
                }
                return Ok(list);
            }
            list.items.push((connector, self.pipeline()?));
            connector = match self.peek() {
                Some(Token::Operator(";")) => Connector::Always,
                Some(Token::Operator("&&")) => Connector::IfSucceeded,
                Some(Token::Operator("||")) => Connector::IfFailed,
                Some(Token::Operator("&")) => {
                    let words = "background commands with & are not available; open another terminal".to_string();
                    return Err(SyntaxError { words });
                }
                _ => {
                    connector = Connector::Always;
                    if self.peek().is_none() || matches!(self.peek(), Some(Token::Operator(")"))) {
                        continue;
                    }
                    return Err(self.unexpected_here());
                }
            };
            self.at += 1;
        }
    }

    fn pipeline(&mut self) -> Result<Vec<Stage>, SyntaxError> {
        let mut stages = vec![self.stage()?];
        while matches!(self.peek(), Some(Token::Operator("|"))) {
            self.at += 1;
            stages.push(self.stage()?);
        }
        Ok(stages)
    }

    fn stage(&mut self) -> Result<Stage, SyntaxError> {
        let start = self.tokens.get(self.at).map_or(self.line.len(), |t| t.start);
        let mut redirects = Vec::new();
        let kind = match self.peek() {
            Some(Token::Word(word)) if word.as_plain() == Some("for") => self.for_loop()?,
            Some(Token::Word(word)) if word.as_plain() == Some("{") => self.group("}")?,
            Some(Token::Operator("(")) => self.group(")")?,
            _ => StageKind::Command(self.command(&mut redirects)?),
        };
        while matches!(self.peek(), Some(Token::Redirect { .. })) {
            self.redirect(&mut redirects)?;
        }
        let end = self.tokens[..self.at].last().map_or(start, |t| t.end);
        Ok(Stage { kind, redirects, source: self.line[start..end].to_string() })
    }

    fn for_loop(&mut self) -> Result<StageKind, SyntaxError> {
        self.at += 1;
        let variable = match self.peek() {
            Some(Token::Word(word)) => word.as_plain().unwrap_or_default().to_string(),
            _ => return Err(self.unexpected_here()),
        };
        self.at += 1;
        self.keyword("in")?;
        let mut words = Vec::new();
        while let Some(Token::Word(word)) = self.peek() {
            words.push(word.clone());
            self.at += 1;
        }
        self.operator(";")?;
        self.keyword("do")?;
        let body = self.nested(&["done"])?;
        self.keyword("done")?;
        Ok(StageKind::For { variable, words, body })
    }

    fn group(&mut self, close: &'static str) -> Result<StageKind, SyntaxError> {
        self.at += 1;
        let body = self.nested(&[close])?;
        if close == ")" {
            self.operator(")")?
        } else {
            self.keyword(close)?
        }
        Ok(StageKind::Group(body))
    }

    fn nested(&mut self, until: &[&str]) -> Result<List, SyntaxError> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(SyntaxError { words: format!("more than {NESTING_MAX} nested groups") });
        }
        let list = self.list(until)?;
        self.depth -= 1;
        Ok(list)
    }

    fn command(&mut self, redirects: &mut Vec<Redirect>) -> Result<Command, SyntaxError> {
        let mut command = Command::default();
        loop {
            match self.peek() {
                Some(Token::Word(word)) => {
                    match assignment(word).filter(|_| command.words.is_empty()) {
                        Some(pair) => command.assignments.push(pair),
                        None => command.words.push(word.clone()),
                    }
                    self.at += 1;
                }
                Some(Token::Redirect { .. }) => self.redirect(redirects)?,
                _ => break,
            }
        }
        let is_empty = command.words.is_empty() && command.assignments.is_empty() && redirects.is_empty();
        if is_empty { Err(self.unexpected_here()) } else { Ok(command) }
    }

    fn redirect(&mut self, redirects: &mut Vec<Redirect>) -> Result<(), SyntaxError> {
        let Some(Token::Redirect { fd, operator }) = self.peek() else { return Err(self.unexpected_here()) };
        let (fd, operator) = (*fd, *operator);
        self.at += 1;
        let Some(Token::Word(word)) = self.peek() else { return Err(self.unexpected_here()) };
        let word = word.clone();
        self.at += 1;
        let write = |append| RedirectTo::Write { path: word.clone(), append };
        match operator {
            "<" => redirects.push(Redirect { fd: 0, to: RedirectTo::Read(word) }),
            "<<<" => redirects.push(Redirect { fd: 0, to: RedirectTo::Text(word) }),
            ">" => redirects.push(Redirect { fd: fd.unwrap_or(1), to: write(false) }),
            ">>" => redirects.push(Redirect { fd: fd.unwrap_or(1), to: write(true) }),
            ">&" => {
                let copied = word.as_plain().and_then(|w| w.parse().ok()).filter(|n| (1..=2).contains(n));
                let Some(copied) = copied else { return Err(SyntaxError { words: "ambiguous redirect".to_string() }) };
                redirects.push(Redirect { fd: fd.unwrap_or(1), to: RedirectTo::Copy(copied) });
            }
            both => {
                redirects.push(Redirect { fd: 1, to: write(both == "&>>") });
                redirects.push(Redirect { fd: 2, to: RedirectTo::Copy(1) });
            }
        }
        Ok(())
    }

    fn keyword(&mut self, keyword: &str) -> Result<(), SyntaxError> {
        match self.peek() {
            Some(Token::Word(word)) if word.as_plain() == Some(keyword) => {
                self.at += 1;
                Ok(())
            }
            _ => Err(self.unexpected_here()),
        }
    }

    fn operator(&mut self, operator: &str) -> Result<(), SyntaxError> {
        match self.peek() {
            Some(Token::Operator(found)) if *found == operator => {
                self.at += 1;
                Ok(())
            }
            _ => Err(self.unexpected_here()),
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|placed| &placed.token)
    }

    fn unexpected_here(&self) -> SyntaxError {
        match self.peek() {
            Some(token) => SyntaxError::unexpected(&name_of(token)),
            None => SyntaxError { words: "syntax error: unexpected end of file".to_string() },
        }
    }
}

fn name_of(token: &Token) -> String {
    match token {
        Token::Operator(operator) | Token::Redirect { operator, .. } => operator.to_string(),
        Token::Word(word) => word
            .parts
            .iter()
            .map(|part| match part {
                Part::Text { text, .. } => text.clone(),
                Part::Variable { name, .. } => format!("${name}"),
                Part::Command { .. } => "$(".to_string(),
                Part::Output { text, .. } => text.clone(),
            })
            .collect(),
    }
}

/// `NAME=value` before a command.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Part::Text { text, quoted: false } = word.parts.first()? else { return None };
    let (name, value) = text.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return None;
    }
    let mut parts = vec![Part::Text { text: value.to_string(), quoted: false }];
    parts.extend(word.parts[1..].iter().cloned());
    Some((name.to_string(), Word { parts }))
}
