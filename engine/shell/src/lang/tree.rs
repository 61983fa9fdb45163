//! What a line means: lists of pipelines of stages.

use super::word::Word;

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
