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

mod kinds;
mod parser;

use std::fmt;

use crate::facts::{Facts, Value};

pub use kinds::Kind;

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

impl Expr {
    /// Reads a clause; the error says what was expected where.
    pub fn parse(source: &str) -> Result<Expr, String> {
        Ok(Expr { source: source.trim().to_string(), root: parser::parse(source)? })
    }

    /// Whether the clause makes sense, before any world exists: every fact is known to `kind_of`, only like is compared
    /// with like, and the whole is true or false.
    pub fn check(&self, kind_of: &dyn Fn(&[String]) -> Result<Kind, String>) -> Result<(), String> {
        kinds::check(&self.root, kind_of).map_err(|words| format!("{words}, in `{self}`"))
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
