//! One session as the page's worker drives it: a request in, exactly one reply out.
//!
//! The session owns the stage (the cluster with its history), the lesson being taken, and what the page was told so far.
//! A request that cannot be done is answered in words and changes nothing. Work is done in slices of kernel steps, since
//! the engine has no clock; what is left over is `pending`, and the page asks for it with `Continue`.

mod chronicle;
mod complete;
mod lens;
mod lessons;
mod microscope;
mod reading;
mod reasons;
mod sharing;
mod time;
mod why;

use base::Micros;
use protocol::TopicPartition;
use sim::timeline::Goal;
use wire::command::ClusterSpec;
use wire::reply::{Answer, BranchView, Problem};
use wire::{Command, Reply, Request};

use crate::act::Act;
use crate::player::Player;
use crate::stage::Stage;
use crate::view::Viewer;
use chronicle::{Chronicle, index_of};
pub use sharing::link_to;

/// What a request led to. The error is for the person.
type Outcome = Result<Done, Problem>;

/// A request that was done, or a slice of it.
#[derive(Debug)]
struct Done {
    answer: Answer,
    /// The world, the history or the lesson may differ from what the page was told.
    changed: bool,
    /// A budget was used up.
    more: bool,
}

impl Done {
    fn changed() -> Done {
        Done { answer: Answer::Nothing, changed: true, more: false }
    }

    fn more(more: bool) -> Done {
        Done { more, ..Done::changed() }
    }

    fn answer(answer: Answer) -> Done {
        Done { answer, changed: false, more: false }
    }
}

/// What a slice left over.
#[derive(Clone, Debug)]
enum Pending {
    /// Places to go to, one after the other.
    Seek(Vec<Goal>),
    /// Until a command in this terminal has ended or become quiet.
    Idle(time::Idle),
    /// To the next event that has words, or beat.
    Step { beats_only: bool, until: Micros },
}

/// A cluster with what belongs to it.
#[derive(Debug)]
struct Running {
    spec: ClusterSpec,
    seed: u64,
    stage: Stage,
    lesson: Option<Player>,
}

#[derive(Debug, Default)]
pub struct Session {
    running: Option<Running>,
    /// What a link took the place of, until it was played through: if that fails, it comes back.
    replaced: Option<Running>,
    pending: Option<Pending>,
    viewer: Viewer,
    chronicle: Chronicle,
    /// The cluster is another one than the page was told of.
    is_new: bool,
    digest: u64,
}

impl Session {
    pub fn new() -> Session {
        Session::default()
    }

    /// Does a request, or the first slice of it, and tells what changed.
    pub fn handle(&mut self, request: Request) -> Reply {
        let is_run = request.command.is_run();
        let outcome = self.perform(request.command);
        let (done, problem) = match outcome {
            Ok(done) => (done, None),
            Err(problem) => (Done::answer(Answer::Nothing), Some(problem)),
        };
        let mut reply = Reply { seq: request.seq, more: done.more, answer: done.answer, problem, ..nothing() };
        self.place(&mut reply);
        if done.changed {
            self.tell_changes(&mut reply);
            // A digest reads all of the state; while time runs nobody looks at it.
            if let Some(running) = self.running.as_ref().filter(|_| !is_run) {
                self.digest = running.stage.digest();
            }
        }
        reply.digest = self.digest;
        self.tell_lesson(done.changed, &mut reply);
        reply
    }

    /// The digest of all of the world's state; 0 when no cluster runs. For tests: no page asks for it, and the code that
    /// reads everything stays out of its download.
    pub fn world_digest(&self) -> u64 {
        self.running.as_ref().map_or(0, |running| running.stage.world().digest())
    }

    fn perform(&mut self, command: Command) -> Outcome {
        match command {
            Command::Boot { spec, seed } => return self.boot(spec, seed),
            Command::LoadLesson { name, text, seed } => return self.load_lesson(&name, &text, seed),
            Command::Import { fragment, preview: true } => return Ok(Done::answer(sharing::preview(&fragment))),
            Command::Import { fragment, preview: false } => return self.import(&fragment),
            Command::Continue => return self.go_on(),
            _ => {}
        }
        // Whatever was left over is overtaken by what is wanted now.
        self.pending = None;
        let running = self.running.as_mut().ok_or_else(nothing_runs)?;
        match command {
            Command::Type { terminal, line } => act(running, Act::Type { terminal, line }),
            Command::Interrupt { terminal } => act(running, Act::Interrupt { terminal }),
            Command::EndOfInput { terminal } => act(running, Act::EndOfInput { terminal }),
            Command::Fault(fault) => act(running, Act::Fault(fault)),
            Command::Run { us, events_max } => Ok(time::run(&mut running.stage, us, events_max, false)),
            Command::Pass { us, events_max } => Ok(time::run(&mut running.stage, us, events_max, true)),
            Command::RunUntilIdle { terminal } => self.run_until_idle(&terminal),
            Command::StepEvent { forward } => self.step(forward, false),
            Command::StepBeat { forward } => self.step(forward, true),
            Command::Seek { index } => {
                let goal = time::goal(&running.stage, index);
                self.seek(vec![goal])
            }
            Command::Fork { name } => fork(running, &name),
            Command::SwitchBranch { name } => self.switch(&name),
            Command::Undo => self.undo(),
            Command::Redo => self.redo(),
            Command::Why(question) => Ok(Done::answer(why::answer(&running.stage, &question))),
            Command::Complete { terminal, line, cursor } => {
                Ok(Done::answer(complete::answer(&running.stage, &terminal, &line, cursor)))
            }
            Command::ReadFile { path } => reading::read(&running.stage, &path).map(Done::answer),
            Command::ReadLog { topic, partition, broker, offset } => {
                microscope::read(&running.stage, TopicPartition::new(topic, partition), broker, offset)
                    .map(Done::answer)
            }
            Command::ReadFlight { id } => Ok(Done::answer(Answer::Message(lens::read(&running.stage, id)))),
            Command::ReadMetrics => Ok(Done::answer(Answer::Metrics(running.stage.series()))),
            Command::LessonStep { step } => lessons::with(running, |player, stage| player.step(step, stage)),
            Command::Predict { option } => lessons::with(running, |player, stage| player.predict(option, stage)),
            Command::Check => lessons::with(running, |player, stage| player.check(stage)),
            Command::Hint => lessons::with(running, |player, _| {
                player.hint();
                Ok(())
            }),
            Command::ShowMe => lessons::with(running, |player, stage| player.show_me(stage)),
            Command::Export => sharing::export(running).map(Done::answer),
            Command::Digest => {
                self.digest = running.stage.digest();
                Ok(Done::answer(Answer::Nothing))
            }
            Command::Boot { .. } | Command::LoadLesson { .. } | Command::Import { .. } | Command::Continue => {
                unreachable!("done above")
            }
        }
    }

    fn boot(&mut self, spec: ClusterSpec, seed: u64) -> Outcome {
        let stage = Stage::boot(&spec, seed).map_err(|words| problem("This cluster cannot be started", vec![words]))?;
        self.take_over(Running { spec, seed, stage, lesson: None });
        Ok(Done::changed())
    }

    /// Another cluster takes the place of the one that was there.
    fn take_over(&mut self, running: Running) {
        self.running = Some(running);
        self.pending = None;
        self.viewer.forget();
        self.chronicle = Chronicle::default();
        self.is_new = true;
    }

    fn place(&self, reply: &mut Reply) {
        let Some(running) = &self.running else { return };
        let timeline = running.stage.timeline();
        let (here, end) = (timeline.position(), timeline.end());
        (reply.index, reply.now_us) = (index_of(here), here.at.0);
        (reply.end_index, reply.end_us) = (index_of(end), end.at.0.max(here.at.0));
        reply.branches = timeline
            .branches()
            .map(|branch| BranchView {
                name: branch.name.to_string(),
                parent: branch.parent.map(str::to_string),
                fork_index: index_of(branch.fork),
                fork_us: branch.fork.at.0,
                end_us: branch.end.at.0,
                current: branch.is_current,
            })
            .collect();
        reply.events_from = self.chronicle.len();
    }

    fn tell_changes(&mut self, reply: &mut Reply) {
        let Some(running) = &self.running else { return };
        reply.reset = std::mem::take(&mut self.is_new);
        reply.deltas = self.viewer.look(running.stage.world(), running.stage.checker().lamps());
        (reply.events_from, reply.events) = self.chronicle.read(&running.stage);
    }

    fn tell_lesson(&mut self, changed: bool, reply: &mut Reply) {
        let Some(Running { stage, lesson: Some(player), .. }) = &mut self.running else { return };
        if changed {
            player.observe(stage);
        }
        reply.lesson = Some(player.view(stage));
    }
}

fn act(running: &mut Running, act: Act) -> Outcome {
    running.stage.act(act).map_err(|words| problem("This cannot be done now", vec![words]))?;
    Ok(Done::changed())
}

fn fork(running: &mut Running, name: &str) -> Outcome {
    running.stage.fork(name).map_err(|words| problem("No branch can start here", vec![words]))?;
    Ok(Done::changed())
}

fn problem(title: &str, details: Vec<String>) -> Problem {
    Problem { title: title.to_string(), details }
}

fn nothing_runs() -> Problem {
    problem("No cluster is running", vec!["Start a cluster, take a lesson or open a link first.".to_string()])
}

/// A reply that says nothing yet.
fn nothing() -> Reply {
    Reply {
        seq: 0,
        index: 0,
        now_us: 0,
        end_index: 0,
        end_us: 0,
        digest: 0,
        more: false,
        reset: false,
        deltas: Vec::new(),
        events_from: 0,
        events: Vec::new(),
        branches: Vec::new(),
        lesson: None,
        answer: Answer::Nothing,
        problem: None,
    }
}
