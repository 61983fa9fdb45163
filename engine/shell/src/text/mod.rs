//! The text tools that scripts and learners use beside Kafka's: `echo`, `printf`, `cat`, `grep`, `sort`, `ls` and kin.
//! They do what GNU's do, for the flags that are in use; any other flag is refused with GNU's words.

mod date;
mod filter;
mod filters;
mod grep;
mod jq;
mod ls;
mod plain;
mod printf;
mod sed;

use base::Micros;
use clients::News;

use crate::process::{Io, Process};

pub use filter::Filter;
pub use plain::Plain;

/// Programs of this kind, for `help` and completion.
pub const NAMES: &[&str] = &[
    ":", "cat", "clear", "cp", "cut", "date", "echo", "false", "grep", "head", "help", "history", "jq", "ls", "mkdir",
    "printf", "pwd", "rm", "sed", "seq", "sleep", "sort", "tail", "tr", "true", "uniq", "wc",
];

/// A wrong call: what GNU prints, and the status.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Usage {
    pub words: String,
    pub status: i32,
}

impl Usage {
    pub(crate) fn invalid_option(tool: &str, flag: char) -> Usage {
        Usage {
            words: format!("{tool}: invalid option -- '{flag}'\nTry '{tool} --help' for more information."),
            status: 1,
        }
    }

    pub(crate) fn new(words: impl Into<String>, status: i32) -> Usage {
        Usage { words: words.into(), status }
    }
}

#[derive(Clone, Debug, Hash)]
pub enum TextTool {
    /// Reads lines from files or standard input.
    Filter(Filter),
    /// Needs no input.
    Plain(Plain),
    /// Waits, then ends.
    Sleep {
        until: Option<Micros>,
        micros: u64,
    },
    Wrong(Usage),
}

/// The date as Java's `Properties.store` writes it.
pub fn date_of_properties(at: Micros) -> String {
    date::format("%a %b %d %H:%M:%S UTC %Y", at)
}

/// The time as log4j writes it, between its brackets.
pub fn log_time(at: Micros) -> String {
    date::format("%Y-%m-%d %H:%M:%S,%3N", at)
}

pub fn find(name: &str, arguments: &[String]) -> Option<TextTool> {
    let made = match name {
        "cat" | "cut" | "head" | "sort" | "tail" | "tr" | "uniq" | "wc" => {
            filters::make(name, arguments).map(TextTool::Filter)
        }
        "grep" => grep::make(arguments).map(TextTool::Filter),
        "jq" => jq::make(arguments).map(TextTool::Filter),
        "sed" => sed::make(arguments).map(TextTool::Filter),
        "sleep" => plain::sleep_micros(arguments).map(|micros| TextTool::Sleep { until: None, micros }),
        _ if NAMES.contains(&name) => Ok(TextTool::Plain(Plain::new(name, arguments))),
        _ => return None,
    };
    Some(made.unwrap_or_else(TextTool::Wrong))
}

impl Process for TextTool {
    fn start(&mut self, io: &mut Io<'_, '_>) {
        match self {
            TextTool::Filter(filter) => filter.start(io),
            TextTool::Plain(plain) => plain.run(io),
            TextTool::Sleep { until, micros } => *until = Some(io.now + Micros(*micros)),
            TextTool::Wrong(usage) => {
                io.eprintln(usage.words.clone());
                io.exit(usage.status);
            }
        }
    }

    fn on_stdin(&mut self, text: &str, io: &mut Io<'_, '_>) {
        if let TextTool::Filter(filter) = self {
            filter.feed(text, io);
        }
    }

    fn on_contents(&mut self, contents: &[u8], io: &mut Io<'_, '_>) {
        if let TextTool::Filter(filter) = self {
            filter.feed_bytes(contents, io);
        }
    }

    fn on_eof(&mut self, io: &mut Io<'_, '_>) {
        if let TextTool::Filter(filter) = self {
            filter.end(io);
        }
    }

    fn reads_stdin(&self) -> bool {
        matches!(self, TextTool::Filter(_))
    }

    fn on_news(&mut self, _news: News, io: &mut Io<'_, '_>) {
        if let TextTool::Sleep { until: Some(at), .. } = self
            && *at <= io.now
        {
            io.exit(0);
        }
    }

    fn next_deadline(&self) -> Option<Micros> {
        if let TextTool::Sleep { until, .. } = self { *until } else { None }
    }
}
