//! A lesson as the player shows it. Parsed by the engine; the app only lays it out.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LessonView {
    pub id: String,
    pub title: String,
    pub chapter: String,
    pub minutes: u32,
    pub step: u32,
    pub steps: Vec<StepView>,
    /// Solved steps, by number.
    pub solved: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepView {
    pub title: String,
    /// When it began in the line of history that is shown, in microseconds.
    pub begin_us: Option<u64>,
    pub blocks: Vec<Block>,
    pub task: Option<TaskView>,
    pub predict: Option<PredictView>,
    /// Hints opened so far; `hints_total` counts the closed ones too.
    pub hints: Vec<Vec<Span>>,
    pub hints_total: u32,
    pub has_solution: bool,
    /// Partition to put in focus: `orders-0`.
    pub focus: Option<String>,
    /// Parts of the stage that the lesson has introduced (`controller`, `isr`, `hw`, `clients`, `epoch`); empty shows all.
    pub show: Vec<String>,
    /// What the last Check, or a wrong path taken, answers.
    pub verdict: Option<Verdict>,
}

/// A paragraph and its kin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Block {
    Paragraph(Vec<Span>),
    List(Vec<Vec<Span>>),
    /// Lines to type, each runnable by a click, and the terminal they belong to.
    Console {
        terminal: String,
        lines: Vec<ConsoleLine>,
        output: Vec<String>,
    },
    Quote(Vec<Span>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleLine {
    pub text: String,
    /// Typed into the program that runs, not at the shell's prompt.
    pub input: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Span {
    Text(String),
    Strong(String),
    Emphasis(String),
    Code(String),
    Link { text: String, href: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictView {
    pub question: Vec<Span>,
    pub options: Vec<Vec<Span>>,
    /// What the learner chose.
    pub chosen: Option<u32>,
    /// What the engine's run of the future says; known once chosen.
    pub outcome: Option<u32>,
    /// Why the chosen one is right or not.
    pub explanation: Vec<Span>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskView {
    pub goal: Vec<Span>,
    pub clauses: Vec<ClauseView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClauseView {
    pub text: String,
    pub met: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    Solved,
    /// With the first open clause.
    NotYet(String),
    /// A known wrong path, with its own words.
    WrongPath(String),
    /// With what was waited for.
    RanOutOfTime(String),
    /// The learner looked at the solution.
    Shown,
}
