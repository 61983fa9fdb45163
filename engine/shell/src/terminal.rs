//! A terminal as a node of the world: a prompt, at most one running line, a screen.

use base::{Map, Micros, NodeId};

use base::limits::SHELL_LINE_MAX;
use clients::News;
use cluster::domain::Signal;
use cluster::{Control, Event, Kafka, Timer};
use sim::{Boot, Disk, Effects, Input};

use crate::files::Files;
use crate::job::Job;
use crate::lang;
use crate::process::{ClientStatus, Io, Process};
use crate::screen::Screen;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TerminalSpec {
    /// `t1`, `t2`, ...
    pub name: String,
    /// All terminals of the session: they share one working directory.
    pub terminals: Vec<NodeId>,
}

#[derive(Clone, Debug, Hash)]
pub struct Terminal {
    name: String,
    seed: u64,
    files: Files,
    screen: Screen,
    history: Vec<String>,
    variables: Map<String, String>,
    running: Option<Running>,
    next_pid: u32,
    last_exit: Option<i32>,
    /// What the kernel's alarm is set to, so that it is set again only when it changes.
    alarm: Option<Micros>,
}

#[derive(Clone, Debug, Hash)]
struct Running {
    pid: u32,
    line: String,
    job: Job,
}

/// Lines of history that a terminal keeps.
const HISTORY_MAX: usize = 500;

impl Terminal {
    pub fn boot(spec: &TerminalSpec, boot: Boot) -> Terminal {
        let others = spec.terminals.iter().copied().filter(|node| *node != boot.node).collect();
        Terminal {
            name: spec.name.clone(),
            seed: boot.seed,
            files: Files { own: boot.disk, terminals: others },
            screen: Screen::default(),
            history: Vec::new(),
            variables: Map::new(),
            running: None,
            next_pid: 1,
            last_exit: None,
            alarm: None,
        }
    }

    pub fn on_input(&mut self, now: Micros, input: Input<Kafka>, fx: &mut Effects<'_, Kafka>) {
        match input {
            Input::Start => {}
            // Nothing listens here.
            Input::Accepted { conn, .. } => fx.close(conn),
            Input::Control { control } => self.on_control(now, control, fx),
            Input::Connected { conn } => self.on_news(now, News::Connected { conn }, fx),
            Input::Closed { conn, reason } => self.on_news(now, News::Closed { conn, reason }, fx),
            Input::Message { conn, message } => self.on_news(now, News::Message { conn, packet: message }, fx),
            Input::Timer { .. } => {
                self.alarm = None;
                self.on_news(now, News::Wakeup, fx);
            }
        }
    }

    pub fn disk(&self) -> &Disk {
        &self.files.own
    }

    pub fn disk_mut(&mut self) -> &mut Disk {
        &mut self.files.own
    }

    pub fn into_disk(self) -> Disk {
        self.files.own
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    pub fn history(&self) -> &[String] {
        &self.history
    }

    /// The line that runs, if one does.
    pub fn running(&self) -> Option<&str> {
        self.running.as_ref().map(|running| running.line.as_str())
    }

    pub fn reads_input(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.job.reads_stdin())
    }

    pub fn last_exit(&self) -> Option<i32> {
        self.last_exit
    }

    /// Kafka clients that run here: process id, command line, state.
    pub fn clients(&self) -> Vec<(u32, String, ClientStatus)> {
        self.running.as_ref().map(|running| running.job.clients()).unwrap_or_default()
    }

    pub fn files(&self) -> &Files {
        &self.files
    }

    fn on_control(&mut self, now: Micros, control: Control, fx: &mut Effects<'_, Kafka>) {
        match control {
            Control::Type(line) if self.running.is_some() => {
                self.screen.typed(&line);
                fx.emit(Event::Typed { terminal: self.name.clone(), line: line.clone() });
                self.with_job(now, fx, |job, io| job.on_stdin(&format!("{line}\n"), io));
            }
            Control::Type(line) => self.run_line(now, &line, fx),
            Control::Interrupt => self.with_job(now, fx, |job, io| job.on_interrupt(io)),
            Control::EndOfInput => self.with_job(now, fx, |job, io| job.on_eof(io)),
            Control::Signal(Signal::Kill) => self.with_job(now, fx, |job, io| job.kill(io)),
            Control::Signal(Signal::Terminate) | Control::Terminate => {
                self.with_job(now, fx, |job, io| job.on_terminate(io));
            }
            // The kernel itself holds back what comes to a stopped process.
            Control::Signal(Signal::Stop | Signal::Continue) => {}
        }
    }

    fn run_line(&mut self, now: Micros, line: &str, fx: &mut Effects<'_, Kafka>) {
        self.screen.command(line);
        fx.emit(Event::Typed { terminal: self.name.clone(), line: line.to_string() });
        if !line.trim().is_empty() && self.history.last().map(String::as_str) != Some(line) {
            self.history.push(line.to_string());
            let surplus = self.history.len().saturating_sub(HISTORY_MAX);
            self.history.drain(..surplus);
        }
        let pid = self.next_pid;
        let parsed = if line.len() > SHELL_LINE_MAX {
            Err(lang::SyntaxError {
                words: format!("a line may have {SHELL_LINE_MAX} bytes; this one has {}", line.len()),
            })
        } else {
            lang::parse(line)
        };
        fx.emit(Event::CommandStarted { terminal: self.name.clone(), pid, command: line.to_string() });
        match parsed {
            Ok(list) => {
                let job = Job::new(list, std::mem::take(&mut self.variables), pid);
                self.running = Some(Running { pid, line: line.to_string(), job });
                self.with_job(now, fx, |job, io| job.start(io));
            }
            Err(error) => {
                self.show(&format!("bash: -c: line 1: {}\n", error.words), fx);
                self.end_command(pid, 2, fx);
            }
        }
    }

    fn on_news(&mut self, now: Micros, news: News, fx: &mut Effects<'_, Kafka>) {
        self.with_job(now, fx, |job, io| job.on_news(news, io));
    }

    /// One call into the running line; afterwards its output is shown, its end noted, its alarm set.
    fn with_job(&mut self, now: Micros, fx: &mut Effects<'_, Kafka>, act: impl FnOnce(&mut Job, &mut Io<'_, '_>)) {
        let Some(mut running) = self.running.take() else { return };
        let mut io = Io {
            now,
            fx,
            files: &mut self.files,
            terminal: &self.name,
            pid: running.pid,
            seed: self.seed,
            stdin_is_terminal: true,
            stdout_is_terminal: true,
            written: Vec::new(),
            exit: None,
        };
        act(&mut running.job, &mut io);
        let (written, exit) = (io.written, io.exit);
        let text: String = written.into_iter().map(|(_, text)| text).collect();
        self.show(&text, fx);
        match exit {
            Some(status) => {
                self.next_pid = running.job.next_pid() + 1;
                let pid = running.pid;
                self.variables = running.job.into_variables();
                self.end_command(pid, status, fx);
            }
            None => self.running = Some(running),
        }
        self.set_alarm(fx);
    }

    fn end_command(&mut self, pid: u32, status: i32, fx: &mut Effects<'_, Kafka>) {
        self.screen.exit(status);
        self.last_exit = Some(status);
        self.next_pid = self.next_pid.max(pid + 1);
        fx.emit(Event::CommandEnded { terminal: self.name.clone(), pid, exit: status });
    }

    /// The form feed is how `clear` asks for an empty screen.
    fn show(&mut self, text: &str, fx: &mut Effects<'_, Kafka>) {
        if text.is_empty() {
            return;
        }
        match text.rsplit_once('\u{c}') {
            Some((_, after)) => {
                self.screen.clear();
                self.screen.write(after);
            }
            None => self.screen.write(text),
        }
        fx.emit(Event::Output { terminal: self.name.clone(), text: text.to_string() });
    }

    fn set_alarm(&mut self, fx: &mut Effects<'_, Kafka>) {
        let wanted = self.running.as_ref().and_then(|running| running.job.next_deadline());
        if wanted == self.alarm {
            return;
        }
        self.alarm = wanted;
        match wanted {
            Some(at) => fx.set_timer(Timer::Process(0), at),
            None => fx.cancel_timer(Timer::Process(0)),
        }
    }
}
