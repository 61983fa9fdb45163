//! The terminal: a small shell, the text tools of every Unix, and Kafka's own command-line tools, one file per tool.
//!
//! A [`Terminal`] is a node of the simulated world. It reads lines, runs pipelines of [`Process`]es, and routes what the
//! network brings to the Kafka client inside the process that owns the connection. A tool takes no virtual time to start.
//!
//! ```text
//! "printf 'a\n' | kafka-console-producer.sh ..." -> lang::parse -> job::Job -> pipeline of programs -> Screen
//! ```

pub mod files;
pub mod job;
mod json;
pub mod lang;
pub mod pipeline;
pub mod process;
pub mod program;
pub mod screen;
pub mod terminal;
pub mod text;
pub mod tools;

pub use process::{Fd, Io, Process};
pub use program::Program;
pub use terminal::{Terminal, TerminalSpec};
