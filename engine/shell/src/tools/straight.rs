//! A tool that reads like Kafka's own: straight down, one call after the other.
//!
//! A terminal must be cloned, hashed and stepped back, so no tool can be a suspended function. This one is a function of
//! its command line and of the answers it got so far: at each new answer it runs again from its start, takes the known
//! answers in their order, and what it had printed before is not printed twice. The tools ask a handful of questions, so
//! the repetition costs nothing, and the state is plain data.
//!
//! ```text
//! run -> asks -> Halt::Wait ... answer -> run (1st answer known) -> asks more -> Halt::Wait ... -> Ok or Exit
//! ```

use base::{ConnId, Map, Micros};

use bytes::Bytes;
use clients::News;
use clients::admin::call::{AdminCall, AdminReply};
use clients::admin::{Admin, AdminOutput, NewClientError};
use clients::config::{AdminConfig, Properties};
use clients::{KafkaError, error};
use cluster::spec::LOG_DIR;

use super::jopt::{self, Opt, Options};
use super::usage::Stop;
use crate::files::FileError;
use crate::process::{ClientStatus, Fd, Io, Process};

/// Why a run ends before its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Halt {
    /// An answer is to come; the next run gets further.
    Wait,
    Exit(i32),
    /// An exception that the tool's `main` prints in its own way.
    Thrown(KafkaError),
    /// A message and the help table, status 1.
    Usage(String),
    /// Text on stdout, status 0.
    Answer(String),
    /// Text on stderr, status 1.
    Refused(String),
}

impl From<KafkaError> for Halt {
    fn from(error: KafkaError) -> Halt {
        Halt::Thrown(error)
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Halt {
        match stop {
            Stop::Usage(words) => Halt::Usage(words),
            Stop::Answer(words) => Halt::Answer(words),
            Stop::Thrown(error) => Halt::Thrown(error),
            Stop::Refused(words) => Halt::Refused(words),
        }
    }
}

/// What is known about one tool.
pub struct ToolSpec {
    /// `kafka-configs.sh`
    pub name: &'static str,
    /// Options, for the help and for completion.
    pub table: &'static [Opt],
    pub run: fn(&mut Run<'_, '_, '_>) -> Result<(), Halt>,
    /// What `main` does with an exception: prints it; the status is 1 unless it gives another.
    pub thrown: fn(KafkaError, &mut Run<'_, '_, '_>),
}

/// An answer that a run takes instead of asking again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Answer {
    Connected(Result<(), KafkaError>),
    Reply(Result<AdminReply, KafkaError>),
    File(Result<Bytes, FileError>),
    /// A line of standard input; none after its end.
    Line(Option<String>),
    Locked(bool),
    Slept,
    Written,
    Time(Micros),
    Random(u64),
}

/// What a tool waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Waiting {
    Nothing,
    Reply,
    StandardInput,
    Line,
    Until(Micros),
}

#[derive(Clone, Debug, Hash)]
pub struct StraightTool {
    name: &'static str,
    arguments: Vec<String>,
    answers: Vec<Answer>,
    /// How many pieces of output earlier runs wrote.
    written: usize,
    waiting: Waiting,
    admin: Option<Admin>,
    client_id: String,
    stdin: String,
    stdin_ended: bool,
}

/// One run of a tool.
pub struct Run<'t, 'a, 'w> {
    tool: &'t mut StraightTool,
    io: &'t mut Io<'a, 'w>,
    /// Answers taken so far in this run.
    taken: usize,
    output: Vec<(Fd, String)>,
}

impl StraightTool {
    pub fn new(name: &'static str, arguments: &[String]) -> StraightTool {
        StraightTool {
            name,
            arguments: arguments.to_vec(),
            answers: Vec::new(),
            written: 0,
            waiting: Waiting::Nothing,
            admin: None,
            client_id: String::new(),
            stdin: String::new(),
            stdin_ended: false,
        }
    }

    fn spec(&self) -> &'static ToolSpec {
        super::STRAIGHT.iter().find(|spec| spec.name == self.name).expect("made from the table")
    }

    /// Runs from the start with what is known, and again as long as that brought an answer at once.
    fn advance(&mut self, io: &mut Io<'_, '_>) {
        loop {
            self.waiting = Waiting::Nothing;
            let spec = self.spec();
            let mut run = Run { tool: self, io, taken: 0, output: Vec::new() };
            let status = match (spec.run)(&mut run) {
                Ok(()) => Some(0),
                Err(Halt::Wait) => None,
                Err(Halt::Exit(status)) => Some(status),
                Err(Halt::Thrown(error)) => {
                    (spec.thrown)(error, &mut run);
                    Some(1)
                }
                Err(Halt::Usage(words)) => {
                    run.eprintln(words);
                    run.eprint(jopt::help(spec.table));
                    Some(1)
                }
                Err(Halt::Answer(words)) => {
                    run.println(words);
                    Some(0)
                }
                Err(Halt::Refused(words)) => {
                    run.eprintln(words);
                    Some(1)
                }
            };
            let output = std::mem::take(&mut run.output);
            self.flush(output, io);
            if let Some(status) = status {
                self.show_log(io);
                self.abandon(io);
                return io.exit(status);
            }
            if !self.take_reply(io) {
                return;
            }
        }
    }

    /// Writes what this run printed beyond what earlier ones did.
    fn flush(&mut self, output: Vec<(Fd, String)>, io: &mut Io<'_, '_>) {
        let count = output.len();
        for (fd, text) in output.into_iter().skip(self.written) {
            match fd {
                Fd::Stdout => io.print(text),
                Fd::Stderr => io.eprint(text),
            }
        }
        self.written = self.written.max(count);
    }

    /// Shows the client's log and takes the awaited reply, if it has come.
    fn take_reply(&mut self, io: &mut Io<'_, '_>) -> bool {
        let mut came = false;
        for output in self.admin.as_mut().map(Admin::take_outputs).unwrap_or_default() {
            match output {
                AdminOutput::Log(line) => io.eprint(line.to_string()),
                AdminOutput::Done { result, .. } => {
                    self.answers.push(Answer::Reply(result));
                    came = true;
                }
            }
        }
        came
    }

    fn show_log(&mut self, io: &mut Io<'_, '_>) {
        for output in self.admin.as_mut().map(Admin::take_outputs).unwrap_or_default() {
            if let AdminOutput::Log(line) = output {
                io.eprint(line.to_string());
            }
        }
    }

    fn go_on(&mut self, io: &mut Io<'_, '_>) {
        if self.take_reply(io) {
            self.advance(io);
        }
    }
}

impl Run<'_, '_, '_> {
    pub fn arguments(&self) -> Vec<String> {
        self.tool.arguments.clone()
    }

    pub fn println(&mut self, text: impl Into<String>) {
        self.output.push((Fd::Stdout, text.into() + "\n"));
    }

    pub fn print(&mut self, text: impl Into<String>) {
        self.output.push((Fd::Stdout, text.into()));
    }

    pub fn eprintln(&mut self, text: impl Into<String>) {
        self.output.push((Fd::Stderr, text.into() + "\n"));
    }

    pub fn eprint(&mut self, text: impl Into<String>) {
        self.output.push((Fd::Stderr, text.into()));
    }

    fn known(&mut self) -> Option<Answer> {
        let answer = self.tool.answers.get(self.taken).cloned();
        self.taken += usize::from(answer.is_some());
        answer
    }

    fn remember(&mut self, answer: Answer) {
        self.tool.answers.push(answer);
        self.taken += 1;
    }

    /// What `--command-config` names, and whom the tool asks (`CommandLineUtils.initializeBootstrapProperties`).
    pub fn client_properties(&mut self, options: &Options) -> Result<Properties, Halt> {
        let mut properties = match options.value("command-config")? {
            Some(path) => self.load_properties(path)?,
            None => Properties::new(),
        };
        let (option, key) = match options.has("bootstrap-controller") {
            true => ("bootstrap-controller", "bootstrap.controllers"),
            false => ("bootstrap-server", "bootstrap.servers"),
        };
        properties.insert(key.to_string(), options.value(option)?.unwrap_or_default().to_string());
        Ok(properties)
    }

    /// `Admin.create(properties)`.
    pub fn connect(&mut self, properties: &Properties) -> Result<(), Halt> {
        if let Some(Answer::Connected(result)) = self.known() {
            return result.map_err(Halt::Thrown);
        }
        let wrap = |error| NewClientError { log: Vec::new(), error };
        let config = AdminConfig::parse(properties).map_err(wrap);
        let made = config.and_then(|config| {
            self.tool.client_id = config.common.client_id.to_string();
            Admin::new(config, self.io.seed, self.io.now, self.io.fx)
        });
        let result = match made {
            Ok(admin) => {
                self.tool.admin = Some(admin);
                Ok(())
            }
            Err(failed) => {
                for line in &failed.log {
                    self.io.eprint(line.to_string());
                }
                Err(failed.error.at(super::frames::of(self.tool.name)))
            }
        };
        self.remember(Answer::Connected(result.clone()));
        result.map_err(Halt::Thrown)
    }

    /// One call; its failure as a whole is the inner error.
    pub fn ask(&mut self, call: AdminCall) -> Result<Result<AdminReply, KafkaError>, Halt> {
        if let Some(Answer::Reply(reply)) = self.known() {
            return Ok(reply);
        }
        if let Some(admin) = &mut self.tool.admin {
            admin.call(call, self.io.now, self.io.fx);
        }
        self.tool.waiting = Waiting::Reply;
        Err(Halt::Wait)
    }

    /// One call whose failure ends the tool as `future.get()` does: wrapped into an ExecutionException.
    pub fn get(&mut self, call: AdminCall) -> Result<AdminReply, Halt> {
        self.ask(call)?.map_err(|error| Halt::Thrown(execution(error)))
    }

    /// The same with `get(30, SECONDS)`: what is answered later counts as not answered. The tool ends no sooner for it, as
    /// it closes its client first, and that waits for the call.
    pub fn get_soon(&mut self, call: AdminCall) -> Result<AdminReply, Halt> {
        let start = self.now();
        let reply = self.ask(call)?;
        if self.now() >= start + Micros::from_secs(30) {
            let error = KafkaError::new("java.util.concurrent.TimeoutException", "");
            return Err(Halt::Thrown(KafkaError { message: None, ..error }));
        }
        reply.map_err(|error| Halt::Thrown(execution(error)))
    }

    /// The contents of a file of the working directory, or of standard input as `/dev/stdin`.
    pub fn read(&mut self, path: &str) -> Result<Result<Bytes, FileError>, Halt> {
        if let Some(Answer::File(contents)) = self.known() {
            return Ok(contents);
        }
        let contents = if path == "/dev/stdin" {
            if !self.tool.stdin_ended {
                self.tool.waiting = Waiting::StandardInput;
                return Err(Halt::Wait);
            }
            Ok(Bytes::from(self.tool.stdin.clone()))
        } else {
            self.io.files.read(self.io.fx.surroundings(), path)
        };
        self.remember(Answer::File(contents.clone()));
        Ok(contents)
    }

    /// The next line of standard input, without its end.
    pub fn read_line(&mut self) -> Result<Option<String>, Halt> {
        if let Some(Answer::Line(line)) = self.known() {
            return Ok(line);
        }
        let stdin = &mut self.tool.stdin;
        let line = match stdin.find('\n') {
            Some(end) => {
                let line = stdin[..end].to_string();
                stdin.drain(..=end);
                Some(line)
            }
            None if !self.tool.stdin_ended => {
                self.tool.waiting = Waiting::Line;
                return Err(Halt::Wait);
            }
            None if stdin.is_empty() => None,
            None => Some(std::mem::take(stdin)),
        };
        self.remember(Answer::Line(line.clone()));
        Ok(line)
    }

    /// Whether a file is in a log directory of a server that runs, which keeps others out by its file `.lock`.
    pub fn is_locked(&mut self, path: &str) -> bool {
        if let Some(Answer::Locked(locked)) = self.known() {
            return locked;
        }
        let path = crate::files::normalise(path);
        let mut parts = path.rsplit('/').skip(2);
        let is_log_dir = parts.next() == Some(LOG_DIR);
        let world = self.io.fx.surroundings();
        let server = parts.next().and_then(|host| world.resolve(host));
        let locked = is_log_dir && server.is_some_and(|node| world.is_up(node));
        self.remember(Answer::Locked(locked));
        locked
    }

    /// Replaces a file of the working directory.
    pub fn write(&mut self, path: &str, contents: Bytes) {
        if let Some(Answer::Written) = self.known() {
            return;
        }
        // A name that cannot be written is a folder's, and the tools that write choose names below their own folders.
        let _ = self.io.files.write(self.io.fx.surroundings(), path, contents, false, self.io.now);
        self.remember(Answer::Written);
    }

    /// Whether a path is a directory; `None` when there is nothing.
    pub fn is_directory(&mut self, path: &str) -> Option<bool> {
        match self.io.files.list(self.io.fx.surroundings(), path) {
            Ok(_) => Some(true),
            Err(FileError::NotDirectory) => Some(false),
            Err(_) => None,
        }
    }

    /// The time as a line of a log has it.
    pub fn log_time(&mut self) -> String {
        let now = self.now();
        crate::text::log_time(now)
    }

    /// `Utils.loadProps`.
    pub fn load_properties(&mut self, path: &str) -> Result<Properties, Halt> {
        match self.read(path)? {
            Ok(bytes) => Ok(super::usage::parse_properties(&String::from_utf8_lossy(&bytes))),
            Err(FileError::IsDirectory) => Err(KafkaError::new("java.io.IOException", "Is a directory").into()),
            Err(_) => Err(KafkaError::new("java.nio.file.NoSuchFileException", path).into()),
        }
    }

    /// `Utils.readFileAsString`.
    pub fn read_text(&mut self, path: &str) -> Result<String, Halt> {
        match self.read(path)? {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(problem) => {
                let cause = match problem {
                    FileError::IsDirectory => KafkaError::new("java.io.IOException", "Is a directory"),
                    _ => KafkaError::new("java.nio.file.NoSuchFileException", path),
                };
                let why = format!("Unable to read file {path}");
                Err(KafkaError::new("java.io.IOException", why).caused_by(cause).into())
            }
        }
    }

    /// Lets time pass.
    pub fn sleep(&mut self, span: Micros) -> Result<(), Halt> {
        if let Some(Answer::Slept) = self.known() {
            return Ok(());
        }
        self.tool.waiting = Waiting::Until(self.io.now + span);
        Err(Halt::Wait)
    }

    /// The time of this point of the tool's way.
    pub fn now(&mut self) -> Micros {
        if let Some(Answer::Time(now)) = self.known() {
            return now;
        }
        let now = self.io.now;
        self.remember(Answer::Time(now));
        now
    }

    /// A number that nobody can foresee, the same in every run of this process.
    pub fn random(&mut self) -> u64 {
        if let Some(Answer::Random(number)) = self.known() {
            return number;
        }
        let number = base::Rng::new(self.io.seed, self.taken as u64, "tool").next_u64();
        self.remember(Answer::Random(number));
        number
    }
}

/// How a future's failure reaches the caller of `get()`.
pub fn execution(error: KafkaError) -> KafkaError {
    KafkaError::new(error::EXECUTION, error.to_string()).caused_by(error)
}

/// `all().get()`: every item, or the first failure.
pub fn all_of<K: Ord, V>(items: Map<K, Result<V, KafkaError>>) -> Result<Map<K, V>, Halt> {
    items.into_iter().map(|(key, item)| item.map(|item| (key, item)).map_err(|e| Halt::Thrown(execution(e)))).collect()
}

/// A reply of another call: a broken client, not a user's mistake.
pub fn unexpected() -> Halt {
    Halt::Thrown(super::admin_tool::unexpected())
}

impl Process for StraightTool {
    fn start(&mut self, io: &mut Io<'_, '_>) {
        self.advance(io);
    }

    fn on_stdin(&mut self, text: &str, io: &mut Io<'_, '_>) {
        self.stdin.push_str(text);
        if self.waiting == Waiting::Line {
            self.advance(io);
        }
    }

    fn on_eof(&mut self, io: &mut Io<'_, '_>) {
        self.stdin_ended = true;
        if matches!(self.waiting, Waiting::StandardInput | Waiting::Line) {
            self.advance(io);
        }
    }

    fn on_interrupt(&mut self, io: &mut Io<'_, '_>) {
        self.abandon(io);
        io.exit(130);
    }

    fn on_terminate(&mut self, io: &mut Io<'_, '_>) {
        self.abandon(io);
        io.exit(143);
    }

    fn on_broken_pipe(&mut self, _io: &mut Io<'_, '_>) {
        // A Java program learns of it only by checking, which these do not.
    }

    fn abandon(&mut self, io: &mut Io<'_, '_>) {
        if let Some(admin) = &mut self.admin {
            admin.close(io.fx);
        }
    }

    fn reads_stdin(&self) -> bool {
        matches!(self.waiting, Waiting::StandardInput | Waiting::Line)
    }

    fn owns(&self, conn: ConnId) -> bool {
        self.admin.as_ref().is_some_and(|admin| admin.owns(conn))
    }

    fn on_news(&mut self, news: News, io: &mut Io<'_, '_>) {
        let is_time = matches!(news, News::Wakeup);
        if let Some(admin) = &mut self.admin {
            admin.on_news(news, io.now, io.fx);
        }
        if is_time && matches!(self.waiting, Waiting::Until(at) if at <= io.now) {
            self.answers.push(Answer::Slept);
            return self.advance(io);
        }
        self.go_on(io);
    }

    fn next_deadline(&self) -> Option<Micros> {
        let of_client = self.admin.as_ref().and_then(Admin::next_deadline);
        let of_sleep = if let Waiting::Until(at) = self.waiting { Some(at) } else { None };
        [of_client, of_sleep].into_iter().flatten().min()
    }

    fn client(&self) -> Option<ClientStatus> {
        let admin = self.admin.as_ref()?;
        Some(super::admin_tool::status(admin, &self.client_id))
    }
}
