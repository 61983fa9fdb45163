//! From a clause's text to its tree.

use std::fmt;

use super::{Node, OPERATORS};
use crate::facts::Value;

/// Groups may nest this deep.
const NESTING_MAX: u32 = 32;

/// The tree of a clause; the error says what was expected where.
pub fn parse(source: &str) -> Result<Node, String> {
    let tokens = tokens(source)?;
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let root = parser.or()?;
    match parser.peek() {
        None => Ok(root),
        Some(token) => Err(format!("{token} is not expected in `{}`", source.trim())),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Number(i64),
    Symbol(&'static str),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(word) => write!(f, "`{word}`"),
            Token::Text(text) => write!(f, "\"{text}\""),
            Token::Number(number) => write!(f, "{number}"),
            Token::Symbol(symbol) => write!(f, "`{symbol}`"),
        }
    }
}

const SYMBOLS: [&str; 12] = ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ",", "."];

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(c) = rest.chars().next() {
        let used = if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            tokens.push(Token::Symbol(symbol));
            symbol.len()
        } else if c == '"' {
            let Some(end) = rest[1..].find('"') else {
                return Err(format!("a \" is not closed in `{}`", source.trim()));
            };
            tokens.push(Token::Text(rest[1..=end].to_string()));
            end + 2
        } else {
            // A name may hold dashes and underscores: topics and error names do.
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let len = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            if len == 0 {
                return Err(format!("`{c}` is not expected in `{}`", source.trim()));
            }
            let word = &rest[..len];
            let number = word.parse().ok().filter(|_| !matches!(tokens.last(), Some(Token::Symbol("."))));
            tokens.push(number.map_or_else(|| Token::Word(word.to_string()), Token::Number));
            len
        };
        rest = rest[used..].trim_start();
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
}

impl Parser {
    fn or(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(format!("more than {NESTING_MAX} nested groups"));
        }
        let mut node = self.and()?;
        while self.word("or") {
            node = Node::Or(Box::new(node), Box::new(self.and()?));
        }
        self.depth -= 1;
        Ok(node)
    }

    fn and(&mut self) -> Result<Node, String> {
        let mut node = self.unary()?;
        while self.word("and") {
            node = Node::And(Box::new(node), Box::new(self.unary()?));
        }
        Ok(node)
    }

    fn unary(&mut self) -> Result<Node, String> {
        let mut negations = 0u32;
        while self.word("not") {
            negations += 1;
        }
        let node = self.compare()?;
        Ok(if negations % 2 == 1 { Node::Not(Box::new(node)) } else { node })
    }

    fn compare(&mut self) -> Result<Node, String> {
        let left = self.term()?;
        let Some((name, operator)) = OPERATORS.into_iter().find(|(name, _)| self.is_next(name)) else {
            return Ok(left);
        };
        debug_assert!(!name.is_empty());
        self.at += 1;
        Ok(Node::Compare(Box::new(left), operator, Box::new(self.term()?)))
    }

    fn term(&mut self) -> Result<Node, String> {
        let Some(token) = self.peek().cloned() else { return Err("the clause ends too early".to_string()) };
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Node::Constant(Value::Int(number))),
            Token::Text(text) => Ok(Node::Constant(Value::Text(text))),
            Token::Symbol("(") => {
                let inner = self.or()?;
                self.symbol(")")?;
                Ok(inner)
            }
            Token::Symbol("[") => self.list(),
            Token::Word(word) => match word.as_str() {
                "true" => Ok(Node::Constant(Value::Bool(true))),
                "false" => Ok(Node::Constant(Value::Bool(false))),
                "none" => Ok(Node::Constant(Value::None)),
                _ => self.path(word),
            },
            Token::Symbol(symbol) => Err(format!("`{symbol}` is not expected here")),
        }
    }

    fn list(&mut self) -> Result<Node, String> {
        let mut items = Vec::new();
        while !self.is_next("]") {
            items.push(self.term()?);
            if !self.is_next("]") {
                self.symbol(",")?;
            }
        }
        self.symbol("]")?;
        Ok(Node::List(items))
    }

    fn path(&mut self, first: String) -> Result<Node, String> {
        let mut path = vec![first];
        while self.is_next(".") {
            self.at += 1;
            match self.peek().cloned() {
                Some(Token::Word(name) | Token::Text(name)) => path.push(name),
                Some(Token::Number(number)) => path.push(number.to_string()),
                _ => return Err(format!("a name is missing after `{}.`", path.join("."))),
            }
            self.at += 1;
        }
        Ok(Node::Path(path))
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_next(&self, name: &str) -> bool {
        match self.peek() {
            Some(Token::Symbol(symbol)) => *symbol == name,
            Some(Token::Word(word)) => word == name,
            _ => false,
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.is_next(word);
        self.at += usize::from(found);
        found
    }

    fn symbol(&mut self, symbol: &str) -> Result<(), String> {
        if self.is_next(symbol) {
            self.at += 1;
            return Ok(());
        }
        Err(format!("`{symbol}` is missing"))
    }
}
