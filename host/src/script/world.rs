//! What a script needs of the world it is played in: a cluster, terminals, faults, and time that passes when it is told to.

use super::format::Header;

/// Whether a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// Started and registered.
    Up,
    /// On its way up, or on its way down (a controlled shutdown).
    Changing,
    /// Not running.
    Down,
}

/// What a terminal showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Both streams, as on a terminal: letter for letter, nothing normalised, typed text not echoed.
    pub text: String,
    /// The exit status of a command that ended meanwhile; 128 and the signal's number after a signal (130 after Ctrl-C).
    pub exit: Option<i32>,
}

/// A simulated cluster with terminals. All times are virtual; nothing moves but in [`ScriptWorld::wait`].
///
/// Errors are words for the author of a script who asked for something impossible; they end the script.
pub trait ScriptWorld: Sized {
    /// The cluster of the header, with every server up.
    fn boot(header: &Header, seed: u64) -> Result<Self, String>;

    /// The id that the cluster was formatted with, if it has one: it is an id wherever it stands.
    fn cluster_id(&self) -> Option<String> {
        None
    }

    /// Lets this many microseconds pass.
    fn wait(&mut self, us: u64);

    /// Starts a shell line in a terminal that is idle. Takes no time.
    fn command(&mut self, terminal: &str, line: &str) -> Result<(), String>;
    /// Types a line, with Enter, into the running command.
    fn type_text(&mut self, terminal: &str, text: &str) -> Result<(), String>;
    /// Ctrl-C.
    fn interrupt(&mut self, terminal: &str) -> Result<(), String>;
    /// Ctrl-D.
    fn end_of_input(&mut self, terminal: &str) -> Result<(), String>;
    /// Whether a command runs in the terminal.
    fn is_busy(&self, terminal: &str) -> bool;
    /// How many bytes the terminal has shown that were not taken yet: it grows while a command speaks.
    fn shown_bytes(&self, terminal: &str) -> usize;
    /// Takes what the terminal showed since the last call.
    fn take(&mut self, terminal: &str) -> Shown;

    /// `kill`, `stop`, `pause` or `resume` for the program in a terminal.
    fn signal(&mut self, terminal: &str, verb: &str) -> Result<(), String>;
    /// `kill`, `stop`, `start`, `pause`, `resume` or `wipe` for a server.
    fn fault(&mut self, server: &str, verb: &str) -> Result<(), String>;
    /// Edits the property file of a server that is down.
    fn configure(&mut self, server: &str, key: &str, value: &str) -> Result<(), String>;
    /// Whether the server is up.
    fn server(&self, server: &str) -> ServerState;
}
