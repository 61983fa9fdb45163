//! What a line means: lists of pipelines of stages.

use super::word::{Part, Word};

/// `a; b && c || d`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct List {
    pub items: Vec<(Connector, Vec<Stage>)>,
}

/// What must hold of the status before for an item to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Connector {
    Always,
    /// `&&`
    IfSucceeded,
    /// `||`
    IfFailed,
}

/// One part of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stage {
    pub kind: StageKind,
    pub redirects: Vec<Redirect>,
    /// The text as it was typed, for the stage and the error messages.
    pub source: String,
}

impl Stage {
    /// The first word part of this stage that is a command to run before the stage can be.
    pub fn first_substitution(&mut self) -> Option<&mut Part> {
        let words: Vec<&mut Word> = match &mut self.kind {
            StageKind::Command(command) => {
                command.assignments.iter_mut().map(|(_, word)| word).chain(&mut command.words).collect()
            }
            StageKind::For { words, .. } => words.iter_mut().collect(),
            StageKind::Group(_) => Vec::new(),
        };
        let redirects = self.redirects.iter_mut().filter_map(Redirect::word_mut);
        let mut parts = words.into_iter().chain(redirects).flat_map(|word| &mut word.parts);
        parts.find(|part| matches!(part, Part::Command { .. }))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StageKind {
    Command(Command),
    For {
        variable: String,
        words: Vec<Word>,
        body: List,
    },
    /// `{ ...; }` or `( ... )`.
    Group(List),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Command {
    pub assignments: Vec<(String, Word)>,
    pub words: Vec<Word>,
}

/// `2>&1`, `> file`, `>> file`, `< file`, `&> file`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Redirect {
    /// 0, 1 or 2; `&>` becomes two redirects.
    pub fd: u8,
    pub to: RedirectTo,
}

impl Redirect {
    fn word_mut(&mut self) -> Option<&mut Word> {
        match &mut self.to {
            RedirectTo::Read(word) | RedirectTo::Text(word) | RedirectTo::Write { path: word, .. } => Some(word),
            RedirectTo::Copy(_) => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RedirectTo {
    Read(Word),
    /// `<<< word`
    Text(Word),
    Write {
        path: Word,
        append: bool,
    },
    /// `>&1`
    Copy(u8),
}
