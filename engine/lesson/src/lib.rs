//! Lessons: executable Markdown. What the page shows is what the test runs.
//!
//! A lesson is front matter, then steps. A step begins with a heading and holds prose and fenced blocks that do things:
//! `console`, `predict`, `do`, `check`, `hint`, `solution`, `wrong`, `focus`. The format is documented for authors in
//! `lessons/AUTHORS.md`; [`parse`] reads it and names every mistake with its line.

pub mod expr;
pub mod facts;
mod fence;
mod front;
pub mod model;
mod parse;
mod prose;
pub mod script;
pub mod vocabulary;

pub use expr::{Expr, Kind};
pub use facts::{Facts, Value};
pub use model::{Check, Clause, Cluster, Lesson, Predict, Step, WrongPath};
pub use parse::{Mistake, parse};
