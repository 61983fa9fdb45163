//! A running line: which item of which list comes next, and the pipeline that runs now.
//!
//! A job is itself a [`Process`], so a group or a loop can be a stage of a pipeline like any program.

use base::{ConnId, Map, Micros};
use clients::News;
use std::sync::Arc;

use crate::lang::{Connector, Expansion, List, Part, Stage, Word};
use crate::pipeline::Pipeline;
use crate::process::{ClientStatus, Fd, Io, Process};

/// Items that one line may run, so that no loop of loops can run for ever.
const ITEMS_MAX: u32 = 10_000;

#[derive(Clone, Debug, Hash)]
enum Frame {
    List { list: Arc<List>, next: usize },
    For { variable: String, words: Vec<String>, next: usize, body: Arc<List> },
}

/// One line, or one group inside a line, on its way.
#[derive(Clone, Debug, Hash)]
pub struct Job {
    frames: Vec<Frame>,
    variables: Map<String, String>,
    status: i32,
    items_run: u32,
    next_pid: u32,
    pipeline: Option<Pipeline>,
    /// A `$(...)` that runs before the item that it stands in.
    substitution: Option<Box<Substitution>>,
    /// Input that came while no program was there to take it.
    pending_input: String,
    input_ended: bool,
}

/// A command whose output becomes part of a line.
#[derive(Clone, Debug, Hash)]
struct Substitution {
    job: Job,
    output: String,
    /// The item that waits for it.
    stages: Vec<Stage>,
}

impl Job {
    /// `first_pid` numbers the programs of this job.
    pub fn new(list: List, variables: Map<String, String>, first_pid: u32) -> Job {
        Job {
            frames: vec![Frame::List { list: Arc::new(list), next: 0 }],
            variables,
            status: 0,
            items_run: 0,
            next_pid: first_pid,
            pipeline: None,
            substitution: None,
            pending_input: String::new(),
            input_ended: false,
        }
    }

    /// Variables as the line left them: the next line of the terminal sees them.
    pub fn into_variables(self) -> Map<String, String> {
        self.variables
    }

    pub fn next_pid(&self) -> u32 {
        self.next_pid
    }

    /// Kafka clients in this job: process id, command line, state.
    pub fn clients(&self) -> Vec<(u32, String, ClientStatus)> {
        if let Some(waited_for) = &self.substitution {
            return waited_for.job.clients();
        }
        self.pipeline.as_ref().map(Pipeline::clients).unwrap_or_default()
    }

    /// SIGKILL to everything that runs.
    pub fn kill(&mut self, io: &mut Io<'_, '_>) {
        self.frames.clear();
        if let Some(mut waited_for) = self.substitution.take() {
            waited_for.job.kill(io);
        }
        if let Some(mut pipeline) = self.pipeline.take() {
            pipeline.end_all(137, io);
        }
        io.exit(137);
    }

    /// Runs on until a pipeline waits for something, or the line is done.
    fn advance(&mut self, io: &mut Io<'_, '_>) {
        loop {
            if self.substitution.is_some() {
                return;
            }
            if let Some(pipeline) = &self.pipeline {
                let Some(status) = pipeline.status() else { return };
                self.status = status;
                self.pipeline = None;
            }
            let Some(stages) = self.next_item() else {
                io.exit(self.status);
                return;
            };
            self.items_run += 1;
            if self.items_run > ITEMS_MAX {
                io.eprintln(format!("bash: more than {ITEMS_MAX} commands in one line"));
                io.exit(1);
                return;
            }
            self.run_item(stages, io);
        }
    }

    /// Runs an item, or first the next `$(...)` in it. A loop or group that stands alone runs in this very shell.
    fn run_item(&mut self, mut stages: Vec<Stage>, io: &mut Io<'_, '_>) {
        let command = stages.iter_mut().find_map(Stage::first_substitution);
        if let Some(Part::Command { list, .. }) = command {
            let pid = self.take_pid();
            let job = Job::new((**list).clone(), self.variables.clone(), pid.saturating_mul(100));
            self.substitution = Some(Box::new(Substitution { job, output: String::new(), stages }));
            return self.with_substitution(io, |job, io| job.start(io));
        }
        if let [stage] = stages.as_slice()
            && let Some(frame) = self.own_loop(stage, io)
        {
            self.frames.push(frame);
            return;
        }
        self.launch(&stages, io);
    }

    /// Passes one event to the command inside `$(...)`; when it has ended, its output takes its place in the item.
    fn with_substitution(&mut self, io: &mut Io<'_, '_>, act: impl FnOnce(&mut Job, &mut Io<'_, '_>)) {
        let Some(waited_for) = &mut self.substitution else { return };
        let mut own = Io {
            now: io.now,
            fx: &mut *io.fx,
            files: &mut *io.files,
            terminal: io.terminal,
            pid: io.pid,
            seed: io.seed,
            stdin_is_terminal: false,
            stdout_is_terminal: false,
            written: Vec::new(),
            exit: None,
        };
        act(&mut waited_for.job, &mut own);
        let (written, exit) = (own.written, own.exit);
        for (fd, text) in written {
            match fd {
                Fd::Stdout => waited_for.output.push_str(&text),
                Fd::Stderr => io.eprint(text),
            }
        }
        let Some(status) = exit else { return };
        let Some(done) = self.substitution.take() else { return };
        let Substitution { output, mut stages, .. } = *done;
        self.status = status;
        if let Some(part) = stages.iter_mut().find_map(Stage::first_substitution) {
            let quoted = matches!(part, Part::Command { quoted: true, .. });
            *part = Part::Output { text: output.trim_end_matches('\n').to_string(), quoted };
        }
        self.run_item(stages, io);
    }

    fn launch(&mut self, stages: &[Stage], io: &mut Io<'_, '_>) {
        let mut pipeline = Pipeline::new(stages, self, io);
        pipeline.start(io);
        if !self.pending_input.is_empty() {
            let text = std::mem::take(&mut self.pending_input);
            pipeline.on_stdin(&text, io);
        }
        if self.input_ended {
            pipeline.on_eof(io);
        }
        self.pipeline = Some(pipeline);
    }

    /// The next pipeline whose turn it is, by the connectors and the status before.
    fn next_item(&mut self) -> Option<Vec<Stage>> {
        loop {
            let status = self.status;
            match self.frames.last_mut()? {
                Frame::List { list, next } => {
                    let Some((connector, stages)) = list.items.get(*next) else {
                        self.frames.pop();
                        continue;
                    };
                    *next += 1;
                    let runs = match connector {
                        Connector::Always => true,
                        Connector::IfSucceeded => status == 0,
                        Connector::IfFailed => status != 0,
                    };
                    if !runs {
                        continue;
                    }
                    return Some(stages.clone());
                }
                Frame::For { variable, words, next, body } => {
                    let Some(word) = words.get(*next).cloned() else {
                        self.frames.pop();
                        continue;
                    };
                    *next += 1;
                    let (variable, body) = (variable.clone(), body.clone());
                    self.variables.insert(variable, word);
                    self.frames.push(Frame::List { list: body, next: 0 });
                }
            }
        }
    }

    /// A loop or group that is no part of a pipeline and has no redirection runs in this very shell.
    fn own_loop(&self, stage: &Stage, io: &Io<'_, '_>) -> Option<Frame> {
        if !stage.redirects.is_empty() {
            return None;
        }
        match &stage.kind {
            crate::lang::StageKind::For { variable, words, body } => Some(Frame::For {
                variable: variable.clone(),
                words: self.expand_all(words, io),
                next: 0,
                body: Arc::new(body.clone()),
            }),
            crate::lang::StageKind::Group(body) => Some(Frame::List { list: Arc::new(body.clone()), next: 0 }),
            crate::lang::StageKind::Command(_) => None,
        }
    }

    // ---- what a pipeline needs of its shell

    pub(crate) fn take_pid(&mut self) -> u32 {
        self.next_pid += 1;
        self.next_pid
    }

    pub(crate) fn variables(&self) -> &Map<String, String> {
        &self.variables
    }

    pub(crate) fn set_variable(&mut self, name: &str, value: String) {
        self.variables.insert(name.to_string(), value);
    }

    pub(crate) fn expand_all(&self, words: &[Word], io: &Io<'_, '_>) -> Vec<String> {
        self.with_expansion(io, |with| words.iter().flat_map(|word| word.expand(with)).collect())
    }

    pub(crate) fn expand_one(&self, word: &Word, io: &Io<'_, '_>) -> String {
        self.with_expansion(io, |with| word.expand_one(with))
    }

    fn with_expansion<T>(&self, io: &Io<'_, '_>, expand: impl FnOnce(&Expansion<'_>) -> T) -> T {
        let variable = |name: &str| match name {
            "?" => self.status.to_string(),
            name => self.variables.get(name).cloned().unwrap_or_default(),
        };
        let world = io.fx.surroundings();
        let list = |folder: &str| io.files.list(world, folder).unwrap_or_default();
        expand(&Expansion { variable: &variable, list: &list })
    }

    /// Passes one event to the pipeline, then moves on if that ended it.
    fn with_pipeline(&mut self, io: &mut Io<'_, '_>, act: impl FnOnce(&mut Pipeline, &mut Io<'_, '_>)) {
        if let Some(pipeline) = &mut self.pipeline {
            act(pipeline, io);
            self.advance(io);
        }
    }
}

impl Process for Job {
    fn start(&mut self, io: &mut Io<'_, '_>) {
        self.advance(io);
    }

    fn on_stdin(&mut self, text: &str, io: &mut Io<'_, '_>) {
        if self.pipeline.as_ref().is_some_and(Pipeline::takes_stdin) {
            self.with_pipeline(io, |pipeline, io| pipeline.on_stdin(text, io));
        } else {
            self.pending_input.push_str(text);
        }
    }

    fn on_eof(&mut self, io: &mut Io<'_, '_>) {
        // Ctrl-D at a terminal ends the input of the program that reads now; a closed pipe ends it for all that follow.
        self.input_ended = !io.stdin_is_terminal;
        self.with_pipeline(io, |pipeline, io| pipeline.on_eof(io));
    }

    fn on_interrupt(&mut self, io: &mut Io<'_, '_>) {
        if self.substitution.is_some() {
            self.frames.clear();
            if let Some(mut waited_for) = self.substitution.take() {
                waited_for.job.on_interrupt(io);
            }
            return io.exit(130);
        }
        // Bash drops the rest of the line when its foreground program dies of Ctrl-C.
        self.frames.clear();
        self.with_pipeline(io, |pipeline, io| pipeline.on_interrupt(io));
    }

    fn on_terminate(&mut self, io: &mut Io<'_, '_>) {
        if self.substitution.is_some() {
            self.frames.clear();
            if let Some(mut waited_for) = self.substitution.take() {
                waited_for.job.on_terminate(io);
            }
            return io.exit(143);
        }
        self.frames.clear();
        self.with_pipeline(io, |pipeline, io| pipeline.on_terminate(io));
    }

    fn on_broken_pipe(&mut self, io: &mut Io<'_, '_>) {
        self.frames.clear();
        if let Some(mut pipeline) = self.pipeline.take() {
            pipeline.end_all(141, io);
        }
        io.exit(141);
    }

    fn reads_stdin(&self) -> bool {
        self.pipeline.as_ref().is_some_and(Pipeline::reads_stdin)
    }

    fn owns(&self, conn: ConnId) -> bool {
        match &self.substitution {
            Some(waited_for) => waited_for.job.owns(conn),
            None => self.pipeline.as_ref().is_some_and(|pipeline| pipeline.owns(conn)),
        }
    }

    fn on_news(&mut self, news: News, io: &mut Io<'_, '_>) {
        if self.substitution.is_some() {
            self.with_substitution(io, |job, io| job.on_news(news, io));
            return self.advance(io);
        }
        self.with_pipeline(io, |pipeline, io| pipeline.on_news(news, io));
    }

    fn next_deadline(&self) -> Option<Micros> {
        match &self.substitution {
            Some(waited_for) => waited_for.job.next_deadline(),
            None => self.pipeline.as_ref().and_then(Pipeline::next_deadline),
        }
    }
}
