//! Clauses: `partition.orders-0.isr == [1, 3] and not broker.b2.up`.
//!
//! ```text
//! expr    := and ("or" and)*
//! and     := unary ("and" unary)*
//! unary   := "not" unary | compare
//! compare := term (("==" | "!=" | "<" | "<=" | ">" | ">=" | "contains") term)?
//! term    := number | "text" | true | false | none | [term, ...] | path | ( expr )
//! path    := name ("." name)*        a name may be quoted: terminal.t1.shows."Created topic"
//! ```

use std::fmt;

use crate::facts::{Facts, Value};

/// A parsed clause, with its source for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    source: String,
    root: Node,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Constant(Value),
    List(Vec<Node>),
    Path(Vec<String>),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Compare(Box<Node>, Operator, Box<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

const OPERATORS: [(&str, Operator); 7] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("contains", Operator::Contains),
];

/// Groups may nest this deep.
const NESTING_MAX: u32 = 32;

impl Expr {
    /// Reads a clause; the error says what was expected where.
    pub fn parse(source: &str) -> Result<Expr, String> {
        let tokens = tokens(source)?;
        let mut parser = Parser { tokens, at: 0, depth: 0 };
        let root = parser.or()?;
        match parser.peek() {
            None => Ok(Expr { source: source.trim().to_string(), root }),
            Some(token) => Err(format!("{token} is not expected in `{}`", source.trim())),
        }
    }

    /// Whether the clause holds now.
    pub fn holds(&self, facts: &dyn Facts) -> Result<bool, String> {
        match self.value(facts)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(format!("`{}` is {}, not true or false", self.source, other.words())),
        }
    }

    pub fn value(&self, facts: &dyn Facts) -> Result<Value, String> {
        evaluate(&self.root, facts)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

fn evaluate(node: &Node, facts: &dyn Facts) -> Result<Value, String> {
    Ok(match node {
        Node::Constant(value) => value.clone(),
        Node::List(items) => Value::List(items.iter().map(|item| evaluate(item, facts)).collect::<Result<_, _>>()?),
        Node::Path(path) => facts.lookup(path)?,
        Node::Not(inner) => Value::Bool(!evaluate(inner, facts)?.is_true()),
        Node::And(a, b) => Value::Bool(evaluate(a, facts)?.is_true() && evaluate(b, facts)?.is_true()),
        Node::Or(a, b) => Value::Bool(evaluate(a, facts)?.is_true() || evaluate(b, facts)?.is_true()),
        Node::Compare(a, operator, b) => Value::Bool(compare(&evaluate(a, facts)?, *operator, &evaluate(b, facts)?)),
    })
}

/// Values of different kinds are unequal, and none is smaller or greater than the other: a leader that is gone is not
/// less than 3.
fn compare(a: &Value, operator: Operator, b: &Value) -> bool {
    let ordering = match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        _ => None,
    };
    match operator {
        Operator::Equal => a == b,
        Operator::NotEqual => a != b,
        Operator::Less => ordering.is_some_and(|o| o.is_lt()),
        Operator::LessOrEqual => ordering.is_some_and(|o| o.is_le()),
        Operator::Greater => ordering.is_some_and(|o| o.is_gt()),
        Operator::GreaterOrEqual => ordering.is_some_and(|o| o.is_ge()),
        Operator::Contains => match (a, b) {
            (Value::List(items), item) => items.contains(item),
            (Value::Text(text), Value::Text(part)) => text.contains(part.as_str()),
            _ => false,
        },
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
            let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Toy;

    impl Facts for Toy {
        fn lookup(&self, path: &[String]) -> Result<Value, String> {
            match path.join(".").as_str() {
                "partition.orders-0.leader" => Ok(Value::Int(3)),
                "partition.orders-0.isr" => Ok(Value::List(vec![Value::Int(3), Value::Int(1)])),
                "partition.gone-0.leader" => Ok(Value::None),
                "terminal.t1.last" => Ok(Value::Text("Created topic orders.".into())),
                "broker.b2.up" => Ok(Value::Bool(false)),
                other => Err(format!("no fact is called {other}")),
            }
        }
    }

    #[test]
    fn clauses_hold_or_not() {
        let cases = [
            ("partition.orders-0.leader == 3", true),
            ("partition.orders-0.leader != 3", false),
            ("partition.orders-0.leader >= 3 and not broker.b2.up", true),
            ("partition.orders-0.isr == [3, 1]", true),
            ("partition.orders-0.isr contains 1", true),
            ("partition.orders-0.isr contains 2 or broker.b2.up", false),
            ("not (broker.b2.up or partition.orders-0.leader < 3)", true),
            ("partition.gone-0.leader == none", true),
            ("partition.gone-0.leader < 3", false),
            ("terminal.t1.last contains \"Created topic\"", true),
        ];
        for (source, expected) in cases {
            assert_eq!(Expr::parse(source).unwrap().holds(&Toy), Ok(expected), "{source}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("partition.orders-0.leader ==", "the clause ends too early"),
            ("(broker.b2.up", "`)` is missing"),
            ("broker.b2.up broker", "`broker` is not expected in `broker.b2.up broker`"),
            ("terminal.t1.last contains \"x", "a \" is not closed in `terminal.t1.last contains \"x`"),
            ("a ; b", "`;` is not expected in `a ; b`"),
        ];
        for (source, expected) in cases {
            assert_eq!(Expr::parse(source).unwrap_err(), expected);
        }
        assert_eq!(
            Expr::parse("broker.b9.speed").unwrap().holds(&Toy),
            Err("no fact is called broker.b9.speed".into())
        );
        assert!(Expr::parse(&"(".repeat(10_000)).is_err());
    }
}
