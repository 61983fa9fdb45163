//! Every program that a line can name. A closed enum, so that a terminal can be cloned, hashed and stepped back.

use base::{ConnId, Micros};
use clients::News;

use crate::job::Job;
use crate::process::{ClientStatus, Io, Process};
use crate::text::{self, TextTool};
use crate::tools::{self, KafkaTool};

#[derive(Clone, Debug, Hash)]
pub enum Program {
    /// A group or a loop as a stage of a pipeline.
    Job(Box<Job>),
    Text(TextTool),
    Kafka(Box<KafkaTool>),
    /// A name that is no program.
    NotFound(String),
    /// A line of assignments only: ends at once.
    Nothing,
}

impl Program {
    pub fn nothing() -> Program {
        Program::Nothing
    }
}

/// The program of this name, with its arguments.
pub fn find(name: &str, arguments: &[String]) -> Program {
    if let Some(tool) = text::find(name, arguments) {
        return Program::Text(tool);
    }
    if let Some(tool) = tools::find(name, arguments) {
        return Program::Kafka(Box::new(tool));
    }
    Program::NotFound(name.to_string())
}

/// Names that completion offers and `help` lists.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = text::NAMES.iter().copied().chain(tools::names()).collect();
    base::ordered::sort(&mut names);
    names
}

macro_rules! each {
    ($self:expr, $p:ident => $call:expr, $other:expr) => {
        match $self {
            Program::Job($p) => $call,
            Program::Text($p) => $call,
            Program::Kafka($p) => $call,
            Program::NotFound(_) | Program::Nothing => $other,
        }
    };
}

impl Process for Program {
    fn start(&mut self, io: &mut Io<'_, '_>) {
        match self {
            Program::Job(p) => p.start(io),
            Program::Text(p) => p.start(io),
            Program::Kafka(p) => p.start(io),
            Program::NotFound(name) => {
                io.eprintln(format!("bash: line 1: {name}: command not found"));
                io.exit(127);
            }
            Program::Nothing => io.exit(0),
        }
    }

    fn on_stdin(&mut self, text: &str, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_stdin(text, io), ());
    }

    fn on_contents(&mut self, contents: &[u8], io: &mut Io<'_, '_>) {
        each!(self, p => p.on_contents(contents, io), ());
    }

    fn on_eof(&mut self, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_eof(io), ());
    }

    fn on_interrupt(&mut self, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_interrupt(io), io.exit(130));
    }

    fn on_terminate(&mut self, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_terminate(io), io.exit(143));
    }

    fn on_broken_pipe(&mut self, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_broken_pipe(io), io.exit(141));
    }

    fn abandon(&mut self, io: &mut Io<'_, '_>) {
        each!(self, p => p.abandon(io), ());
    }

    fn reads_stdin(&self) -> bool {
        each!(self, p => p.reads_stdin(), false)
    }

    fn owns(&self, conn: ConnId) -> bool {
        each!(self, p => p.owns(conn), false)
    }

    fn on_news(&mut self, news: News, io: &mut Io<'_, '_>) {
        each!(self, p => p.on_news(news, io), ());
    }

    fn next_deadline(&self) -> Option<Micros> {
        each!(self, p => p.next_deadline(), None)
    }

    fn client(&self) -> Option<ClientStatus> {
        each!(self, p => p.client(), None)
    }
}
