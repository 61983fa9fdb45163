//! The shell's language: words, quotes, pipes, lists, redirections, `for` loops and variables, as bash reads them.
//!
//! Parsing and running are apart: [`parse`] gives a plain tree, and the tree is expanded word by word when its turn
//! comes, because `$?` and `$k` have no value before.

mod lexer;
mod parser;
mod tree;
mod word;

pub use parser::parse;
pub use tree::{Command, Connector, List, Redirect, RedirectTo, Stage, StageKind};
pub use word::{Expansion, Part, Word};

/// Why a line is no shell line, in bash's words after `bash: -c: line 1: `.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SyntaxError {
    pub words: String,
}

impl SyntaxError {
    pub(crate) fn unexpected(token: &str) -> SyntaxError {
        SyntaxError { words: format!("syntax error near unexpected token `{token}'") }
    }
}
