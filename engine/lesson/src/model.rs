//! A lesson as data.

use wire::lesson::{Block, Span};

use crate::expr::Expr;
use crate::script::Line;

#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    pub id: String,
    pub title: String,
    pub chapter: String,
    pub minutes: u32,
    /// Rows of the coverage list, such as `T07`.
    pub covers: Vec<String>,
    /// Ids of lessons that come before.
    pub needs: Vec<String>,
    pub misconception: String,
    pub cluster: Cluster,
    pub seed: u64,
    /// Script lines that set the scene before the first step.
    pub setup: Vec<Line>,
    pub steps: Vec<Step>,
}

/// The cluster that a lesson boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    pub version: String,
    pub brokers: u32,
    pub controllers: u32,
    pub config: Vec<(Option<String>, String, String)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub title: String,
    pub blocks: Vec<Block>,
    pub predict: Option<Predict>,
    /// What the learner is to bring about.
    pub goal: Option<Vec<Span>>,
    pub check: Option<Check>,
    pub hints: Vec<Vec<Span>>,
    pub solution: Vec<Line>,
    pub wrong_paths: Vec<WrongPath>,
    /// `orders-0`
    pub focus: Option<String>,
    pub show: Vec<String>,
    /// Line of the file where the step begins, from 1.
    pub line: u32,
}

/// A question about the future. The engine runs `future` on a copy of the world; the outcome is the first option whose
/// clause holds then.
#[derive(Clone, Debug, PartialEq)]
pub struct Predict {
    pub question: Vec<Span>,
    pub options: Vec<PredictOption>,
    pub future: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PredictOption {
    pub text: Vec<Span>,
    /// Why this is what happens, or why not.
    pub why: Vec<Span>,
    pub when: Expr,
    /// Line of the file, from 1.
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// All must hold; the first that does not is named.
    pub clauses: Vec<Clause>,
    /// Ways that miss the point, each answered in its own words, before the open clause is named.
    pub wrong: Vec<Clause>,
    /// Virtual time that Check lets pass at most while it waits for the clauses that wait.
    pub within_us: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    pub expr: Expr,
    pub words: String,
    /// It stands under `within:`: Check lets time pass until it holds. The others must hold already.
    pub waits: bool,
    /// Line of the file, from 1.
    pub line: u32,
}

/// A wrong path and what Check must answer to it: a test of the lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongPath {
    pub lines: Vec<Line>,
    pub says: String,
}
