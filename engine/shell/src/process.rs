//! What a program is: a value that is started, fed and woken, and that writes and at last exits.

use base::{ConnId, Micros};
use clients::News;
use cluster::Kafka;
use sim::Effects;

use crate::files::Files;

/// Where a program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fd {
    Stdout,
    Stderr,
}

/// What a program sees of its surroundings during one call.
pub struct Io<'a, 'w> {
    pub now: Micros,
    pub fx: &'a mut Effects<'w, Kafka>,
    pub files: &'a mut Files,
    /// The terminal's name, `t1`: part of a client's identity on the stage.
    pub terminal: &'a str,
    pub pid: u32,
    /// Seeds the program's own random streams; differs per process.
    pub seed: u64,
    /// What is typed comes straight from a person.
    pub stdin_is_terminal: bool,
    pub stdout_is_terminal: bool,
    /// What was written, in order; the pipeline routes it when the call returns.
    pub written: Vec<(Fd, String)>,
    /// Set once: the program has ended with this status.
    pub exit: Option<i32>,
}

impl Io<'_, '_> {
    pub fn print(&mut self, text: impl Into<String>) {
        self.write(Fd::Stdout, text.into());
    }

    pub fn println(&mut self, text: impl Into<String>) {
        let mut text = text.into();
        text.push('\n');
        self.write(Fd::Stdout, text);
    }

    pub fn eprint(&mut self, text: impl Into<String>) {
        self.write(Fd::Stderr, text.into());
    }

    pub fn eprintln(&mut self, text: impl Into<String>) {
        let mut text = text.into();
        text.push('\n');
        self.write(Fd::Stderr, text);
    }

    /// The first status given counts.
    pub fn exit(&mut self, status: i32) {
        self.exit.get_or_insert(status);
    }

    fn write(&mut self, fd: Fd, text: String) {
        if !text.is_empty() {
            self.written.push((fd, text));
        }
    }
}

/// A program as the shell drives it. Every call may write and may exit; none is made after the exit.
///
/// Programs that are Kafka clients implement the network calls by passing them on; for all others the defaults do.
pub trait Process {
    /// The first call. A program that needs no input does all its work here and exits.
    fn start(&mut self, io: &mut Io<'_, '_>);

    /// A piece of standard input: from a pipe in pieces of any size, from a person line by line with the newline.
    fn on_stdin(&mut self, _text: &str, _io: &mut Io<'_, '_>) {}

    /// The contents of a file as standard input, which may be no text.
    fn on_contents(&mut self, contents: &[u8], io: &mut Io<'_, '_>) {
        self.on_stdin(&String::from_utf8_lossy(contents), io);
    }

    /// End of standard input: the pipe closed, or Ctrl-D.
    fn on_eof(&mut self, _io: &mut Io<'_, '_>) {}

    /// Ctrl-C. Most programs die of it.
    fn on_interrupt(&mut self, io: &mut Io<'_, '_>) {
        io.exit(130);
    }

    /// SIGTERM.
    fn on_terminate(&mut self, io: &mut Io<'_, '_>) {
        io.exit(143);
    }

    /// Whoever read this program's output is gone.
    fn on_broken_pipe(&mut self, io: &mut Io<'_, '_>) {
        io.exit(141);
    }

    /// SIGKILL: nothing more is written; connections are closed, as the kernel of an operating system does.
    fn abandon(&mut self, _io: &mut Io<'_, '_>) {}

    /// True if this program reads what is typed (the page shows an input line instead of a wait).
    fn reads_stdin(&self) -> bool {
        false
    }

    fn owns(&self, _conn: ConnId) -> bool {
        false
    }

    /// Of a connection that it owns, or that the time has come which [`Process::next_deadline`] named.
    fn on_news(&mut self, _news: News, _io: &mut Io<'_, '_>) {}

    /// When this program wants to be woken at the latest.
    fn next_deadline(&self) -> Option<Micros> {
        None
    }

    /// What the stage shows of a Kafka client in this program; `None` for programs that are none.
    fn client(&self) -> Option<ClientStatus> {
        None
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientRole {
    Producer,
    Consumer,
    Admin,
}

/// The state of a program's Kafka client, for views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientStatus {
    pub role: ClientRole,
    pub client_id: String,
    pub topic: Option<String>,
    /// Producers: `all`, `1` or `0`.
    pub acks: Option<String>,
    pub sent: u64,
    pub acked: u64,
    pub waiting: u64,
    pub failed: u64,
    /// Consumers: topic, partition, next offset to read, last committed offset.
    pub positions: Vec<(String, i32, i64, Option<i64>)>,
    /// The last error, by Kafka's name, until something succeeds.
    pub last_error: Option<String>,
    /// When what was refused is sent again.
    pub retry_at: Option<Micros>,
    /// Consumers in a group: its id, the generation they know (-1 before the first), since when they have been joining the
    /// next one (`None`: they are members), and how long they were without partitions the last time.
    pub group: Option<(String, i32, Option<Micros>, Micros)>,
    /// Ids of the brokers it is connected to.
    pub connections: Vec<i32>,
}
