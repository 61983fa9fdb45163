//! JSON as tools read and print it. Written here because what a tool says about a bad file, and the order in which it
//! prints the fields of a good one, are Kafka's.

use std::fmt;

/// A JSON value. Objects keep the order of their fields; numbers keep their text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// How deep values may be nested.
const DEPTH_MAX: usize = 100;

impl Value {
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    pub fn number(number: impl Into<i64>) -> Value {
        Value::Number(number.into().to_string())
    }

    pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
        Value::Object(fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    }

    /// A field of an object; the last one wins when there are several.
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(fields) => fields.iter().rev().find(|(field, _)| field == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        if let Value::List(items) = self { Some(items) } else { None }
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    /// An integer written without fraction and exponent.
    pub fn as_integer(&self) -> Option<i64> {
        if let Value::Number(text) = self { text.parse().ok() } else { None }
    }

    /// With a line for each item and `indent` once a level, as `jq` prints it.
    pub fn pretty_with(&self, indent: &str) -> String {
        let mut text = String::new();
        self.write_pretty(&mut text, indent, 0);
        text
    }

    fn write_pretty(&self, text: &mut String, indent: &str, level: usize) {
        let pad = |text: &mut String, level: usize| {
            text.push('\n');
            text.extend(std::iter::repeat_n(indent, level));
        };
        match self {
            Value::List(items) if !items.is_empty() => {
                text.push('[');
                for (i, item) in items.iter().enumerate() {
                    text.push_str(if i == 0 { "" } else { "," });
                    pad(text, level + 1);
                    item.write_pretty(text, indent, level + 1);
                }
                pad(text, level);
                text.push(']');
            }
            Value::Object(fields) if !fields.is_empty() => {
                text.push('{');
                for (i, (name, value)) in fields.iter().enumerate() {
                    text.push_str(if i == 0 { "" } else { "," });
                    pad(text, level + 1);
                    text.push_str(&format!("{}: ", Value::text(name)));
                    value.write_pretty(text, indent, level + 1);
                }
                pad(text, level);
                text.push('}');
            }
            other => text.push_str(&other.to_string()),
        }
    }
}

/// The compact form.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(text) => f.write_str(text),
            Value::Text(text) => write!(f, "{}", protocol::json::Json::Text(text.clone())),
            Value::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { "," })?;
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Value::Object(fields) => {
                f.write_str("{")?;
                for (i, (name, value)) in fields.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { "," })?;
                    write!(f, "{}:{value}", Value::text(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Why a text is no JSON, and where: Jackson's words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Malformed {
    pub why: String,
    /// Both from 1.
    pub line: usize,
    pub column: usize,
}

/// One value; what follows it is not looked at (Jackson's `readTree` stops there too).
pub fn parse(text: &str) -> Result<Value, Malformed> {
    let mut parser = Parser { chars: text.chars().collect(), at: 0 };
    parser.space();
    parser.value(0)
}

/// All values of a text, one after the other, with the character where each ends, and what is wrong with the rest.
pub fn parse_stream(text: &str) -> (Vec<(Value, usize)>, Option<Malformed>) {
    let mut parser = Parser { chars: text.chars().collect(), at: 0 };
    let mut values = Vec::new();
    loop {
        parser.space();
        if parser.at >= parser.chars.len() {
            return (values, None);
        }
        match parser.value(0) {
            Ok(value) => values.push((value, parser.at)),
            Err(error) => return (values, Some(error)),
        }
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|c| c.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, why: String) -> Result<T, Malformed> {
        let before = &self.chars[..self.at.min(self.chars.len())];
        let line = before.iter().filter(|c| **c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
        Err(Malformed { why, line, column })
    }

    fn unexpected<T>(&self, expected: &str) -> Result<T, Malformed> {
        match self.peek() {
            None => self.fail(format!("Unexpected end-of-input: {expected}")),
            Some(c) => self.fail(format!("Unexpected character ('{c}' (code {})): {expected}", u32::from(c))),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Malformed> {
        if depth > DEPTH_MAX {
            return self.fail(format!("Document nesting depth ({depth}) exceeds the maximum allowed ({DEPTH_MAX})"));
        }
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some('"') => self.string().map(Value::Text),
            Some('-' | '0'..='9') => self.number(),
            Some(c) if c.is_ascii_alphabetic() || !c.is_ascii() => self.word(),
            _ => self.unexpected(
                "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
            ),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Malformed> {
        self.at += 1;
        let mut fields = Vec::new();
        loop {
            self.space();
            if self.peek() == Some('}') && fields.is_empty() {
                self.at += 1;
                return Ok(Value::Object(fields));
            }
            if self.peek() != Some('"') {
                return self.unexpected("was expecting double-quote to start field name");
            }
            let name = self.string()?;
            self.space();
            if self.peek() != Some(':') {
                return self.unexpected("was expecting a colon to separate field name and value");
            }
            self.at += 1;
            self.space();
            fields.push((name, self.value(depth + 1)?));
            self.space();
            match self.peek() {
                Some(',') => self.at += 1,
                Some('}') => {
                    self.at += 1;
                    return Ok(Value::Object(fields));
                }
                _ => return self.unexpected("was expecting comma to separate Object entries"),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Malformed> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.space();
            if self.peek() == Some(']') && items.is_empty() {
                self.at += 1;
                return Ok(Value::List(items));
            }
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(',') => self.at += 1,
                Some(']') => {
                    self.at += 1;
                    return Ok(Value::List(items));
                }
                _ => return self.unexpected("was expecting comma to separate Array entries"),
            }
        }
    }

    fn string(&mut self) -> Result<String, Malformed> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else {
                return self
                    .fail("Unexpected end-of-input: was expecting closing quote for a string value".to_string());
            };
            self.at += 1;
            match c {
                '"' => return Ok(text),
                '\\' => text.push(self.escape()?),
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        let Some(c) = self.peek() else { return self.unexpected("in character escape sequence") };
        self.at += 1;
        Ok(match c {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '"' | '\\' | '/' => c,
            'u' => {
                let digits: String = self.chars.iter().skip(self.at).take(4).collect();
                self.at += 4;
                match u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4) {
                    Some(code) => char::from_u32(code).unwrap_or('\u{fffd}'),
                    None => return self.fail("expected a hex-digit for character escape sequence".to_string()),
                }
            }
            other => return self.fail(format!("Unrecognized character escape '{other}' (code {})", u32::from(other))),
        })
    }

    fn number(&mut self) -> Result<Value, Malformed> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')) {
            self.at += 1;
        }
        let text: String = self.chars[start..self.at].iter().collect();
        if is_number(&text) { Ok(Value::Number(text)) } else { self.fail(format!("Invalid numeric value: {text}")) }
    }

    fn word(&mut self) -> Result<Value, Malformed> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || !c.is_ascii() || c == '_' || c == '$') {
            self.at += 1;
        }
        let word: String = self.chars[start..self.at].iter().collect();
        match word.as_str() {
            "null" => Ok(Value::Null),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => {
                self.at = start;
                self.fail(format!(
                    "Unrecognized token '{word}': was expecting (JSON String, Number, Array, Object or token 'null', \
                     'true' or 'false')"
                ))
            }
        }
    }
}

/// `-?digits(.digits)?([eE][+-]?digits)?`, without needless zeros in front.
fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let padded = whole.len() > 1 && whole.starts_with('0');
    let signed = |part: &str| digits(part.strip_prefix(['+', '-']).unwrap_or(part));
    digits(whole) && !padded && fraction.is_none_or(digits) && exponent.is_none_or(signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_prints_as_it_was() {
        let text = r#"{"version":1,"partitions":[{"topic":"a\"b","partition":0,"x":-1.5e3}],"none":null,"t":true}"#;
        assert_eq!(parse(text).unwrap().to_string(), text);
        assert_eq!(parse(" [ ] x").unwrap(), Value::List(Vec::new()));
        assert_eq!(parse_stream("1 2\n{}").0.len(), 3);
    }

    #[test]
    fn pretty_is_jqs_form() {
        let value = parse(r#"{"a":[1,2],"b":{},"c":[]}"#).unwrap();
        assert_eq!(value.pretty_with("  "), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}");
    }

    #[test]
    fn mistakes_have_a_place() {
        let why = |text: &str| parse(text).unwrap_err();
        assert_eq!((why("{\n  x}").line, why("{\n  x}").column), (2, 3));
        assert!(why("nope").why.starts_with("Unrecognized token 'nope'"));
        assert!(why("[1").why.starts_with("Unexpected end-of-input"));
        assert!(why(&"[".repeat(200)).why.contains("nesting depth"));
    }
}
