//! What a check may ask: a path of names leads to a value.

/// A value that a clause compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Int(i64),
    Bool(bool),
    Text(String),
    List(Vec<Value>),
    /// There is nothing of that name (a topic that does not exist, a leader that is gone).
    None,
}

impl Value {
    pub fn is_true(&self) -> bool {
        matches!(self, Value::Bool(true))
    }

    /// As an author writes it.
    pub fn words(&self) -> String {
        match self {
            Value::Int(n) => n.to_string(),
            Value::Bool(b) => b.to_string(),
            Value::Text(text) => text.clone(),
            Value::List(items) => format!("[{}]", items.iter().map(Value::words).collect::<Vec<_>>().join(", ")),
            Value::None => "none".to_string(),
        }
    }
}

/// The world as checks see it: the view and the history, never a goal picture.
pub trait Facts {
    /// The value at a path such as `partition`, `orders-0`, `leader`. `Err` names a word that no fact has, so that a
    /// misspelt clause is an error of the lesson and not a clause that never holds.
    fn lookup(&self, path: &[String]) -> Result<Value, String>;
}
