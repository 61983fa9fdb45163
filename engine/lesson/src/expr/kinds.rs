//! What a clause compares, known before it is ever evaluated: a mistake is the author's to see, not the learner's.

use super::{Node, Operator};
use crate::facts::Value;

/// What a fact or a constant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Bool,
    Text,
    List,
    /// `none`: it may be compared with everything.
    None,
}

impl Kind {
    pub fn words(self) -> &'static str {
        match self {
            Kind::Int => "a number",
            Kind::Bool => "true or false",
            Kind::Text => "a text",
            Kind::List => "a list",
            Kind::None => "none",
        }
    }
}

type KindOf<'a> = &'a dyn Fn(&[String]) -> Result<Kind, String>;

pub fn check(root: &Node, kind_of: KindOf<'_>) -> Result<(), String> {
    truth(root, kind_of)
}

fn truth(node: &Node, kind_of: KindOf<'_>) -> Result<(), String> {
    match kind(node, kind_of)? {
        Kind::Bool => Ok(()),
        other => Err(format!("{} is {}, not true or false", words(node), other.words())),
    }
}

fn kind(node: &Node, kind_of: KindOf<'_>) -> Result<Kind, String> {
    Ok(match node {
        Node::Constant(value) => match value {
            Value::Int(_) => Kind::Int,
            Value::Bool(_) => Kind::Bool,
            Value::Text(_) => Kind::Text,
            Value::List(_) => Kind::List,
            Value::None => Kind::None,
        },
        Node::List(items) => {
            for item in items {
                kind(item, kind_of)?;
            }
            Kind::List
        }
        Node::Path(path) => kind_of(path)?,
        Node::Not(inner) => {
            truth(inner, kind_of)?;
            Kind::Bool
        }
        Node::And(a, b) | Node::Or(a, b) => {
            truth(a, kind_of)?;
            truth(b, kind_of)?;
            Kind::Bool
        }
        Node::Compare(a, operator, b) => {
            comparison(a, *operator, b, kind_of)?;
            Kind::Bool
        }
    })
}

fn comparison(a: &Node, operator: Operator, b: &Node, kind_of: KindOf<'_>) -> Result<(), String> {
    let (left, right) = (kind(a, kind_of)?, kind(b, kind_of)?);
    let is_sound = match operator {
        Operator::Equal | Operator::NotEqual => left == right || left == Kind::None || right == Kind::None,
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            left == right && matches!(left, Kind::Int | Kind::Text)
        }
        Operator::Contains => left == Kind::List || (left == Kind::Text && right == Kind::Text),
    };
    if is_sound {
        return Ok(());
    }
    let (a, b) = (words(a), words(b));
    Err(format!("{a} is {} and {b} is {}: they cannot be compared this way", left.words(), right.words()))
}

fn words(node: &Node) -> String {
    match node {
        Node::Path(path) => format!("`{}`", path.join(".")),
        Node::Constant(value) => format!("`{}`", value.words()),
        Node::List(_) => "the list".to_string(),
        _ => "one side".to_string(),
    }
}
