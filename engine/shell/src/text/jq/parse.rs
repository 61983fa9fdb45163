//! The language of `jq`, as far as scripts use it.

use crate::json::{self, Value};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    Identity,
    /// `..`
    Recurse,
    Literal(Value),
    /// `"a \(.b) c"`, with the format that the values take.
    Text(Vec<Expr>),
    /// `.[index]`, `.name`: of what the first gives, at what the second gives for the input.
    Index(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    Iterate(Box<Expr>),
    List(Option<Box<Expr>>),
    Object(Vec<(Expr, Expr)>),
    Negative(Box<Expr>),
    Pipe(Box<Expr>, Box<Expr>),
    Comma(Box<Expr>, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `=`, `|=`, `+=` and kin.
    Update(&'static str, Box<Expr>, Box<Expr>),
    If(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
    Try(Box<Expr>, Option<Box<Expr>>),
    /// `source as $name | body`
    Bind(Box<Expr>, String, Box<Expr>),
    Reduce(Box<Expr>, String, Box<Expr>, Box<Expr>),
    Variable(String),
    Call(String, Vec<Expr>),
}

/// Tokens: words with their dots and dollars, strings with their parts, and signs.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Field(String),
    Variable(String),
    Number(String),
    /// Literal text and programs, in turn.
    Text(Vec<Result<String, Expr>>),
    Sign(&'static str),
}

/// Longest first.
const SIGNS: [&str; 36] = [
    "?//", "//=", "|=", "+=", "-=", "*=", "/=", "%=", "==", "!=", "<=", ">=", "//", "..", "and", "or", "|", ",", ".",
    "[", "]", "(", ")", "{", "}", ":", ";", "=", "<", ">", "+", "-", "*", "/", "%", "?",
];

/// What the parser did not expect.
pub type Unexpected = String;

pub fn parse(program: &str) -> Result<Expr, Unexpected> {
    let mut parser = Parser { tokens: tokens(&program.chars().collect::<Vec<char>>())?, at: 0 };
    if parser.tokens.is_empty() {
        return Ok(Expr::Identity);
    }
    let expr = parser.pipe()?;
    if parser.at < parser.tokens.len() { parser.unexpected() } else { Ok(expr) }
}

fn tokens(chars: &[char]) -> Result<Vec<Token>, Unexpected> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let is_name = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        let name = |from: usize| chars[from..].iter().take_while(|c| is_name(c)).collect::<String>();
        match chars[at] {
            c if c.is_whitespace() => at += 1,
            '#' => at += chars[at..].iter().take_while(|c| **c != '\n').count(),
            '"' => {
                let (parts, after) = text(chars, at + 1)?;
                found.push(Token::Text(parts));
                at = after;
            }
            c if c.is_ascii_digit() => {
                let digits: String = chars[at..].iter().take_while(|c| c.is_ascii_digit() || **c == '.').collect();
                at += digits.len();
                found.push(Token::Number(digits));
            }
            '.' if chars.get(at + 1).is_some_and(|c| c.is_ascii_alphabetic() || *c == '_') => {
                let field = name(at + 1);
                at += 1 + field.len();
                found.push(Token::Field(field));
            }
            mark @ ('$' | '@') => {
                let word = name(at + 1);
                at += 1 + word.len();
                found.push(if mark == '$' { Token::Variable(word) } else { Token::Word(format!("@{word}")) });
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let word = name(at);
                at += word.len();
                let sign = ["and", "or"].into_iter().find(|sign| *sign == word);
                found.push(sign.map_or(Token::Word(word), Token::Sign));
            }
            _ => {
                let rest: String = chars[at..].iter().take(3).collect();
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
                let sign = sign.ok_or("unexpected INVALID_CHARACTER")?;
                at += sign.len();
                found.push(Token::Sign(sign));
            }
        }
    }
    Ok(found)
}

/// A string from behind its quote on, and where it ends.
fn text(chars: &[char], mut at: usize) -> Result<(Vec<Result<String, Expr>>, usize), Unexpected> {
    let mut parts = vec![Ok(String::new())];
    loop {
        let c = *chars.get(at).ok_or("unexpected QQSTRING_START")?;
        at += 1;
        let escaped = match c {
            '"' => return Ok((parts, at)),
            '\\' => chars.get(at).copied(),
            c => {
                push(&mut parts, c);
                continue;
            }
        };
        at += 1;
        match escaped {
            Some('(') => {
                let end = closing(chars, at)?;
                let program: String = chars[at..end].iter().collect();
                parts.push(Err(parse(&program)?));
                at = end + 1;
            }
            Some('u') => {
                let digits: String = chars[at..].iter().take(4).collect();
                // jq's own words. A sign would be read as part of the number.
                let is_code = digits.len() == 4 && digits.chars().all(|c| c.is_ascii_hexdigit());
                let code = u32::from_str_radix(&digits, 16).ok().filter(|_| is_code);
                let code = code.ok_or("invalid \\uXXXX escape")?;
                push(&mut parts, char::from_u32(code).unwrap_or('\u{fffd}'));
                at += 4;
            }
            Some('n') => push(&mut parts, '\n'),
            Some('t') => push(&mut parts, '\t'),
            Some('r') => push(&mut parts, '\r'),
            Some(other) => push(&mut parts, other),
            None => {}
        }
    }
}

fn push(parts: &mut Vec<Result<String, Expr>>, c: char) {
    match parts.last_mut() {
        Some(Ok(text)) => text.push(c),
        _ => parts.push(Ok(c.to_string())),
    }
}

/// Where the bracket that was opened before `at` closes.
fn closing(chars: &[char], at: usize) -> Result<usize, Unexpected> {
    let mut depth = 1;
    for (place, c) in chars.iter().enumerate().skip(at) {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth == 0 {
            return Ok(place);
        }
    }
    Err("unexpected $end".to_string())
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

/// Binary operators by how strongly they bind, weakest first.
const LEVELS: [&[&str]; 6] = [
    &["//"],
    &["=", "|=", "+=", "-=", "*=", "/=", "%=", "//="],
    &["or"],
    &["and"],
    &["==", "!=", "<", "<=", ">", ">="],
    &["+", "-"],
];
const PRODUCTS: &[&str] = &["*", "/", "%"];

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    fn take(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Word(w)) if w == word);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, sign: &str) -> Result<(), Unexpected> {
        if self.take(sign) { Ok(()) } else { self.unexpected() }
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Unexpected> {
        if self.word(word) { Ok(()) } else { self.unexpected() }
    }

    fn unexpected<T>(&self) -> Result<T, Unexpected> {
        Err(match self.peek() {
            None => "unexpected $end".to_string(),
            Some(Token::Sign(sign)) if sign.len() == 1 => format!("unexpected '{sign}'"),
            Some(Token::Sign(sign)) => format!("unexpected \"{sign}\""),
            Some(Token::Word(_)) => "unexpected IDENT".to_string(),
            Some(Token::Field(_)) => "unexpected FIELD".to_string(),
            Some(Token::Variable(_)) => "unexpected '$'".to_string(),
            Some(Token::Number(_)) => "unexpected LITERAL".to_string(),
            Some(Token::Text(_)) => "unexpected QQSTRING_START".to_string(),
        })
    }

    fn pipe(&mut self) -> Result<Expr, Unexpected> {
        let left = self.comma()?;
        if self.word("as") {
            let Some(Token::Variable(name)) = self.next() else { return self.unexpected() };
            self.expect("|")?;
            return Ok(Expr::Bind(left.into(), name, self.pipe()?.into()));
        }
        if self.take("|") { Ok(Expr::Pipe(left.into(), self.pipe()?.into())) } else { Ok(left) }
    }

    fn comma(&mut self) -> Result<Expr, Unexpected> {
        let mut left = self.binary(0)?;
        while self.take(",") {
            left = Expr::Comma(left.into(), self.binary(0)?.into());
        }
        Ok(left)
    }

    fn binary(&mut self, level: usize) -> Result<Expr, Unexpected> {
        let Some(signs) = LEVELS.get(level).copied().or((level == LEVELS.len()).then_some(PRODUCTS)) else {
            return self.postfix();
        };
        let mut left = self.binary(level + 1)?;
        while let Some(sign) = signs.iter().copied().find(|sign| self.take(sign)) {
            // `//` binds to the right.
            let right = self.binary(if sign == "//" { level } else { level + 1 })?;
            left = match level {
                1 => Expr::Update(sign, left.into(), right.into()),
                _ => Expr::Binary(sign, left.into(), right.into()),
            };
        }
        Ok(left)
    }

    fn postfix(&mut self) -> Result<Expr, Unexpected> {
        let mut expr = self.primary()?;
        loop {
            if let Some(Token::Field(name)) = self.peek().cloned() {
                self.at += 1;
                expr = Expr::Index(expr.into(), Expr::Literal(Value::text(name)).into());
            } else if self.take("[") {
                expr = self.bracket(expr)?;
            } else if self.take("?") {
                expr = Expr::Try(expr.into(), None);
            } else if matches!(self.peek(), Some(Token::Sign(".")))
                && matches!(self.tokens.get(self.at + 1), Some(Token::Sign("[") | Token::Text(_)))
            {
                self.at += 1;
                if let Some(Token::Text(parts)) = self.peek().cloned() {
                    self.at += 1;
                    expr = Expr::Index(expr.into(), text_of(parts).into());
                }
            } else {
                return Ok(expr);
            }
        }
    }

    /// What stands behind `[`.
    fn bracket(&mut self, of: Expr) -> Result<Expr, Unexpected> {
        if self.take("]") {
            return Ok(Expr::Iterate(of.into()));
        }
        let from = if self.take(":") { None } else { Some(self.pipe()?.into()) };
        if from.is_some() && !self.take(":") {
            self.expect("]")?;
            return Ok(Expr::Index(of.into(), from.unwrap_or(Expr::Identity.into())));
        }
        if self.take("]") {
            return Ok(Expr::Slice(of.into(), from, None));
        }
        let to = self.pipe()?;
        self.expect("]")?;
        Ok(Expr::Slice(of.into(), from, Some(to.into())))
    }

    fn primary(&mut self) -> Result<Expr, Unexpected> {
        let Some(token) = self.peek().cloned() else { return self.unexpected() };
        self.at += 1;
        match token {
            Token::Field(name) => Ok(Expr::Index(Expr::Identity.into(), Expr::Literal(Value::text(name)).into())),
            Token::Number(digits) => Ok(Expr::Literal(Value::Number(digits))),
            Token::Text(parts) => Ok(text_of(parts)),
            Token::Variable(name) => Ok(Expr::Variable(name)),
            Token::Word(word) => self.call(word),
            Token::Sign("..") => Ok(Expr::Recurse),
            Token::Sign(".") => match self.peek().cloned() {
                Some(Token::Text(parts)) => {
                    self.at += 1;
                    Ok(Expr::Index(Expr::Identity.into(), text_of(parts).into()))
                }
                _ => Ok(Expr::Identity),
            },
            Token::Sign("-") => Ok(Expr::Negative(self.postfix()?.into())),
            Token::Sign("(") => {
                let expr = self.pipe()?;
                self.expect(")")?;
                Ok(expr)
            }
            Token::Sign("[") => {
                if self.take("]") {
                    return Ok(Expr::List(None));
                }
                let items = self.pipe()?;
                self.expect("]")?;
                Ok(Expr::List(Some(items.into())))
            }
            Token::Sign("{") => self.object(),
            Token::Sign(_) => {
                self.at -= 1;
                self.unexpected()
            }
        }
    }

    fn call(&mut self, word: String) -> Result<Expr, Unexpected> {
        match word.as_str() {
            "null" => return Ok(Expr::Literal(Value::Null)),
            "true" | "false" => return Ok(Expr::Literal(Value::Bool(word == "true"))),
            "if" => return self.condition(),
            "try" => {
                let body = self.postfix()?;
                let catch = if self.word("catch") { Some(self.postfix()?.into()) } else { None };
                return Ok(Expr::Try(body.into(), catch));
            }
            "reduce" => {
                let source = self.postfix()?;
                self.expect_word("as")?;
                let Some(Token::Variable(name)) = self.next() else { return self.unexpected() };
                self.expect("(")?;
                let first = self.pipe()?;
                self.expect(";")?;
                let update = self.pipe()?;
                self.expect(")")?;
                return Ok(Expr::Reduce(source.into(), name, first.into(), update.into()));
            }
            _ => {}
        }
        let mut arguments = Vec::new();
        if self.take("(") {
            arguments.push(self.pipe()?);
            while self.take(";") {
                arguments.push(self.pipe()?);
            }
            self.expect(")")?;
        }
        Ok(Expr::Call(word, arguments))
    }

    fn condition(&mut self) -> Result<Expr, Unexpected> {
        let condition = self.pipe()?;
        self.expect_word("then")?;
        let then = self.pipe()?;
        if self.word("elif") {
            return Ok(Expr::If(condition.into(), then.into(), Some(self.condition()?.into())));
        }
        let other = if self.word("else") { Some(self.pipe()?.into()) } else { None };
        self.expect_word("end")?;
        Ok(Expr::If(condition.into(), then.into(), other))
    }

    fn object(&mut self) -> Result<Expr, Unexpected> {
        let mut fields = Vec::new();
        while !self.take("}") {
            let Some(token) = self.next() else { return self.unexpected() };
            let (key, short) = match token {
                Token::Word(name) => {
                    let name = Expr::Literal(Value::text(name));
                    (name.clone(), Expr::Index(Expr::Identity.into(), name.into()))
                }
                Token::Variable(name) => (Expr::Literal(Value::text(name.clone())), Expr::Variable(name)),
                Token::Text(parts) => {
                    let name = text_of(parts);
                    (name.clone(), Expr::Index(Expr::Identity.into(), name.into()))
                }
                Token::Sign("(") => {
                    let key = self.pipe()?;
                    self.expect(")")?;
                    (key, Expr::Identity)
                }
                _ => {
                    self.at -= 1;
                    return self.unexpected();
                }
            };
            let value = if self.take(":") { self.object_value()? } else { short };
            fields.push((key, value));
            if !self.take(",") && !matches!(self.peek(), Some(Token::Sign("}"))) {
                return self.unexpected();
            }
        }
        Ok(Expr::Object(fields))
    }

    /// A value ends at the next comma; `|` needs no brackets.
    fn object_value(&mut self) -> Result<Expr, Unexpected> {
        let mut left = self.binary(0)?;
        while self.take("|") {
            left = Expr::Pipe(left.into(), self.binary(0)?.into());
        }
        Ok(left)
    }
}

fn text_of(parts: Vec<Result<String, Expr>>) -> Expr {
    match parts.as_slice() {
        [Ok(text)] => Expr::Literal(Value::text(text.clone())),
        _ => Expr::Text(
            parts.into_iter().map(|part| part.map_or_else(|e| e, |text| Expr::Literal(Value::text(text)))).collect(),
        ),
    }
}

/// As `jq` reads a number: without needless zeros.
pub fn canonical(value: Value) -> Value {
    match value {
        Value::Number(text) => Value::Number(super::number::Decimal::parse(&text).map_or(text, |n| n.to_string())),
        Value::List(items) => Value::List(items.into_iter().map(canonical).collect()),
        Value::Object(fields) => {
            let mut kept: Vec<(String, Value)> = Vec::new();
            for (name, value) in fields {
                let value = canonical(value);
                match kept.iter_mut().find(|(known, _)| *known == name) {
                    Some(known) => known.1 = value,
                    None => kept.push((name, value)),
                }
            }
            Value::Object(kept)
        }
        other => other,
    }
}

/// The values of a text and where each ends; the error of the rest.
pub fn values(input: &str) -> (Vec<(Value, usize)>, Option<json::Malformed>) {
    let (found, error) = json::parse_stream(input);
    (found.into_iter().map(|(value, end)| (canonical(value), end)).collect(), error)
}
