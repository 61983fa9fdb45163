//! Programs joined by pipes: who writes to whom, who has ended, and what the last one's status is.

use std::collections::VecDeque;

use base::{ConnId, Micros};
use bytes::Bytes;
use clients::News;

use crate::job::Job;
use crate::lang::{Command, RedirectTo, Stage, StageKind};
use crate::process::{ClientStatus, Fd, Io, Process};
use crate::program::{self, Program};

/// Where a descriptor leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Sink {
    /// What the pipeline itself writes to.
    Inherit(Fd),
    /// Standard input of the next stage.
    Pipe,
    File(String),
    Null,
}

/// What a stage reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Source {
    /// What the pipeline itself reads.
    Inherit,
    /// The output of the stage before.
    Pipe,
    /// A file's contents, or `<<<` text, all there at the start.
    Contents(Bytes),
}

#[derive(Clone, Debug, Hash)]
struct Running {
    pid: u32,
    command: String,
    program: Program,
    source: Source,
    stdout: Sink,
    stderr: Sink,
    status: Option<i32>,
}

#[derive(Clone, Debug, Hash)]
pub struct Pipeline {
    stages: Vec<Running>,
}

/// Something that a program of the pipeline is to be told.
enum Delivery {
    Start,
    Stdin(String),
    Contents(Bytes),
    Eof,
    BrokenPipe,
}

impl Pipeline {
    /// Builds the programs; none has run yet. A stage that cannot be built (a file that is not there) has ended already.
    pub(crate) fn new(stages: &[Stage], shell: &mut Job, io: &mut Io<'_, '_>) -> Pipeline {
        let last = stages.len().saturating_sub(1);
        let mut built = Vec::with_capacity(stages.len());
        for (i, stage) in stages.iter().enumerate() {
            let source = if i == 0 { Source::Inherit } else { Source::Pipe };
            let stdout = if i == last { Sink::Inherit(Fd::Stdout) } else { Sink::Pipe };
            built.push(build(stage, source, stdout, shell, io));
        }
        Pipeline { stages: built }
    }

    pub(crate) fn start(&mut self, io: &mut Io<'_, '_>) {
        let mut work = VecDeque::new();
        for (i, stage) in self.stages.iter().enumerate() {
            if stage.status.is_some() {
                continue;
            }
            work.push_back((i, Delivery::Start));
            if let Source::Contents(contents) = &stage.source {
                work.push_back((i, Delivery::Contents(contents.clone())));
                work.push_back((i, Delivery::Eof));
            }
        }
        for (i, stage) in self.stages.iter().enumerate() {
            if stage.status.is_some() && i + 1 < self.stages.len() {
                work.push_back((i + 1, Delivery::Eof));
            }
        }
        self.deliver_all(work, io);
    }

    /// The last stage's status, once every stage has ended.
    pub(crate) fn status(&self) -> Option<i32> {
        let all_ended = self.stages.iter().all(|stage| stage.status.is_some());
        if all_ended { Some(self.stages.last().and_then(|stage| stage.status).unwrap_or(0)) } else { None }
    }

    pub(crate) fn on_stdin(&mut self, text: &str, io: &mut Io<'_, '_>) {
        self.hand_to_readers(io, || Delivery::Stdin(text.to_string()));
    }

    pub(crate) fn on_eof(&mut self, io: &mut Io<'_, '_>) {
        self.hand_to_readers(io, || Delivery::Eof);
    }

    pub(crate) fn on_interrupt(&mut self, io: &mut Io<'_, '_>) {
        for i in 0..self.stages.len() {
            self.act(i, io, |program, io| program.on_interrupt(io));
        }
    }

    pub(crate) fn on_terminate(&mut self, io: &mut Io<'_, '_>) {
        for i in 0..self.stages.len() {
            self.act(i, io, |program, io| program.on_terminate(io));
        }
    }

    /// What is of a connection goes to the program that holds it; the time to each that waited for it.
    pub(crate) fn on_news(&mut self, news: News, io: &mut Io<'_, '_>) {
        for i in 0..self.stages.len() {
            let stage = &self.stages[i];
            let is_meant = match news.conn() {
                Some(conn) => stage.status.is_none() && stage.program.owns(conn),
                None => stage.program.next_deadline().is_some_and(|at| at <= io.now),
            };
            if is_meant {
                self.act(i, io, |program, io| program.on_news(news.clone(), io));
            }
        }
    }

    pub(crate) fn owns(&self, conn: ConnId) -> bool {
        self.stages.iter().any(|stage| stage.status.is_none() && stage.program.owns(conn))
    }

    pub(crate) fn next_deadline(&self) -> Option<Micros> {
        self.stages.iter().filter(|s| s.status.is_none()).filter_map(|s| s.program.next_deadline()).min()
    }

    /// True while a stage is connected to what the pipeline reads.
    pub(crate) fn takes_stdin(&self) -> bool {
        self.stages.iter().any(|stage| stage.status.is_none() && stage.source == Source::Inherit)
    }

    pub(crate) fn reads_stdin(&self) -> bool {
        self.stages.iter().any(|s| s.status.is_none() && s.source == Source::Inherit && s.program.reads_stdin())
    }

    pub(crate) fn clients(&self) -> Vec<(u32, String, ClientStatus)> {
        let mut clients = Vec::new();
        for stage in self.stages.iter().filter(|stage| stage.status.is_none()) {
            match &stage.program {
                Program::Job(job) => clients.extend(job.clients()),
                program => clients.extend(program.client().map(|status| (stage.pid, stage.command.clone(), status))),
            }
        }
        clients
    }

    /// Everything ends at once; nothing more is written.
    pub(crate) fn end_all(&mut self, status: i32, io: &mut Io<'_, '_>) {
        for stage in &mut self.stages {
            if stage.status.is_none() {
                stage.program.abandon(io);
                stage.status = Some(status);
            }
        }
    }

    fn hand_to_readers(&mut self, io: &mut Io<'_, '_>, delivery: impl Fn() -> Delivery) {
        let readers = (0..self.stages.len()).filter(|i| self.stages[*i].source == Source::Inherit);
        let work = readers.map(|i| (i, delivery())).collect();
        self.deliver_all(work, io);
    }

    fn act(&mut self, i: usize, io: &mut Io<'_, '_>, act: impl FnOnce(&mut Program, &mut Io<'_, '_>)) {
        let mut work = VecDeque::new();
        self.call(i, io, &mut work, act);
        self.deliver_all(work, io);
    }

    fn deliver_all(&mut self, mut work: VecDeque<(usize, Delivery)>, io: &mut Io<'_, '_>) {
        while let Some((i, delivery)) = work.pop_front() {
            self.call(i, io, &mut work, |program, io| match delivery {
                Delivery::Start => program.start(io),
                Delivery::Stdin(text) => program.on_stdin(&text, io),
                Delivery::Contents(contents) => program.on_contents(&contents, io),
                Delivery::Eof => program.on_eof(io),
                Delivery::BrokenPipe => program.on_broken_pipe(io),
            });
        }
    }

    /// One call into one program: routes what it wrote and notes whether it ended.
    fn call(
        &mut self,
        i: usize,
        io: &mut Io<'_, '_>,
        work: &mut VecDeque<(usize, Delivery)>,
        act: impl FnOnce(&mut Program, &mut Io<'_, '_>),
    ) {
        let stage = &mut self.stages[i];
        if stage.status.is_some() {
            return;
        }
        let mut own = Io {
            now: io.now,
            fx: &mut *io.fx,
            files: &mut *io.files,
            terminal: io.terminal,
            pid: stage.pid,
            seed: io.seed ^ u64::from(stage.pid).wrapping_mul(0x9E37_79B9_7F4A_7C15),
            stdin_is_terminal: io.stdin_is_terminal && stage.source == Source::Inherit,
            stdout_is_terminal: io.stdout_is_terminal && stage.stdout == Sink::Inherit(Fd::Stdout),
            written: Vec::new(),
            exit: None,
        };
        act(&mut stage.program, &mut own);
        let (written, exit) = (own.written, own.exit);
        for (fd, text) in written {
            // What went before into the last pipe is on the screen before this is: the last program writes line by line
            // there, while those between two pipes keep what they have to the end.
            let stage = &self.stages[i];
            let sink = if fd == Fd::Stdout { &stage.stdout } else { &stage.stderr };
            if i + 2 == self.stages.len() && matches!(sink, Sink::Inherit(_)) {
                let before = std::mem::take(work);
                self.deliver_all(before, io);
            }
            self.route(i, fd, text, io, work);
        }
        if let Some(status) = exit {
            self.stages[i].status = Some(status);
            if i + 1 < self.stages.len() {
                work.push_back((i + 1, Delivery::Eof));
            }
        }
    }

    fn route(&mut self, i: usize, fd: Fd, text: String, io: &mut Io<'_, '_>, work: &mut VecDeque<(usize, Delivery)>) {
        let stage = &self.stages[i];
        let sink = if fd == Fd::Stdout { &stage.stdout } else { &stage.stderr };
        match sink {
            Sink::Inherit(outer) => io.written.push((*outer, text)),
            Sink::Null => {}
            Sink::File(path) => {
                let path = path.clone();
                let world = io.fx.surroundings();
                // The file was opened when the stage was built; a later failure would be a full disk.
                let _ = io.files.write(world, &path, Bytes::from(text), true, io.now);
            }
            Sink::Pipe if self.stages[i + 1].status.is_some() => work.push_back((i, Delivery::BrokenPipe)),
            Sink::Pipe => work.push_back((i + 1, Delivery::Stdin(text))),
        }
    }
}

fn build(stage: &Stage, source: Source, stdout: Sink, shell: &mut Job, io: &mut Io<'_, '_>) -> Running {
    let pid = shell.take_pid();
    let mut running = Running {
        pid,
        command: stage.source.clone(),
        program: Program::nothing(),
        source,
        stdout,
        stderr: Sink::Inherit(Fd::Stderr),
        status: None,
    };
    for redirect in &stage.redirects {
        if let Err(words) = apply(redirect.fd, &redirect.to, &mut running, shell, io) {
            io.eprintln(format!("bash: line 1: {words}"));
            running.status = Some(1);
            return running;
        }
    }
    running.program = match &stage.kind {
        StageKind::Command(command) => command_program(command, shell, io),
        StageKind::Group(body) => sub_shell(body.clone(), shell, pid),
        StageKind::For { .. } => {
            // A loop in a pipeline is a shell of its own that holds just this loop.
            let alone = Stage { kind: stage.kind.clone(), redirects: Vec::new(), source: stage.source.clone() };
            let list = crate::lang::List { items: vec![(crate::lang::Connector::Always, vec![alone])] };
            sub_shell(list, shell, pid)
        }
    };
    running
}

fn sub_shell(list: crate::lang::List, shell: &Job, pid: u32) -> Program {
    // Programs of a nested shell are numbered apart, so that no two of a terminal share a number.
    Program::Job(Box::new(Job::new(list, shell.variables().clone(), pid.saturating_mul(100))))
}

fn command_program(command: &Command, shell: &mut Job, io: &Io<'_, '_>) -> Program {
    let words = shell.expand_all(&command.words, io);
    let Some((name, arguments)) = words.split_first() else {
        for (name, value) in &command.assignments {
            let value = shell.expand_one(value, io);
            shell.set_variable(name, value);
        }
        return Program::nothing();
    };
    program::find(name, arguments)
}

fn apply(fd: u8, to: &RedirectTo, running: &mut Running, shell: &Job, io: &mut Io<'_, '_>) -> Result<(), String> {
    let world = io.fx.surroundings();
    match to {
        RedirectTo::Read(word) => {
            let path = shell.expand_one(word, io);
            let contents = io.files.read(world, &path).map_err(|e| format!("{path}: {}", e.words()))?;
            running.source = Source::Contents(contents);
        }
        RedirectTo::Text(word) => {
            let text = format!("{}\n", shell.expand_one(word, io));
            running.source = Source::Contents(text.into());
        }
        RedirectTo::Write { path, append } => {
            let path = shell.expand_one(path, io);
            let sink = if path == "/dev/null" {
                Sink::Null
            } else {
                io.files
                    .write(world, &path, Bytes::new(), *append, io.now)
                    .map_err(|e| format!("{path}: {}", e.words()))?;
                Sink::File(path)
            };
            set(running, fd, sink);
        }
        RedirectTo::Copy(from) => {
            let sink = if *from == 1 { running.stdout.clone() } else { running.stderr.clone() };
            set(running, fd, sink);
        }
    }
    Ok(())
}

fn set(running: &mut Running, fd: u8, sink: Sink) {
    if fd == 2 { running.stderr = sink } else { running.stdout = sink }
}
