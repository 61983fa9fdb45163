//! The page's end of the engine: requests out, replies in, one at a time, and a fresh worker when one is lost.
//!
//! One request is under way at any time, so replies need no reordering and the log of what was done is exact. What can
//! be outdated while it waits (a seek of a dragged playhead, a run) is replaced by its successor in the queue.

mod log;
mod native;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use gloo_events::EventListener;
use gloo_timers::callback::Interval;
use gloo_worker::{Spawnable, WorkerBridge};
use wire::{Command, Reply, Request};
use worker::{FromEngine, PageHalf, Postcard, ToEngine};
use yew::Callback;

use log::{Entry, SessionLog};

const HEARTBEAT_MS: u32 = 1_000;
/// A worker that leaves a question unanswered for so many heartbeats is taken for dead. Beats are counted, not the
/// clock: a hidden tab's timers sleep, and a sleeping page has not been waiting.
const SILENT_BEATS: u32 = 5;
/// While its files are still being loaded a worker may be silent for longer.
const LOADING_BEATS: u32 = 120;
/// Losses without a success in between after which the page gives up.
const LOSSES_MAX: u32 = 4;

/// What the page hears of the bridge.
#[derive(Clone, Debug)]
pub enum Heard {
    /// To apply to the store; the command it answers.
    Reply(Rc<Reply>, Command),
    Trouble(Trouble),
}

/// Something happened to the worker.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// A fresh engine stands where the old one stood, `steps` steps were played again.
    Restored { text: String, steps: usize },
    /// The last step ended the engine twice; it was left out.
    LeftOut { text: String, step: String, steps: usize },
    /// The page and the worker come from different releases.
    OtherVersion { theirs: u32 },
    /// No worker can be had.
    NoWorker { text: String },
}

type Then = Callback<Rc<Reply>>;

#[derive(Clone)]
struct Waiting {
    command: Command,
    then: Option<Then>,
    /// Part of a replay after a loss: applied, but not logged again.
    replayed: bool,
    /// Workers that were lost while they did this.
    losses: u8,
    /// The engine has begun and asks for more time.
    begun: bool,
}

impl Waiting {
    fn new(command: Command, then: Option<Then>, replayed: bool) -> Self {
        Self { command, then, replayed, losses: 0, begun: false }
    }

    /// What is asked of the engine: the command, or to go on with it.
    fn request(&self) -> Command {
        if self.begun { Command::Continue } else { self.command.clone() }
    }
}

struct State {
    worker: Option<Worker>,
    queue: VecDeque<Waiting>,
    current: Option<(u32, Waiting)>,
    seq: u32,
    log: SessionLog,
    /// Event index and time of the last reply.
    at: (u64, u64),
    /// The worker has said something since it was started.
    alive: bool,
    /// Heartbeats since a question has been waiting for its answer.
    silent_beats: u32,
    /// Text of the loss that is being mended, and how many steps are played again for it.
    mending: Option<(String, usize)>,
    losses_in_row: u32,
}

struct Worker {
    bridge: WorkerBridge<PageHalf>,
    native: Option<web_sys::Worker>,
    _errors: Option<EventListener>,
}

/// A handle to the engine. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct Bridge {
    state: Rc<RefCell<State>>,
    heard: Callback<Heard>,
    _heartbeat: Rc<RefCell<Option<Interval>>>,
}

impl PartialEq for Bridge {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.state, &other.state)
    }
}

impl Bridge {
    pub fn new(heard: Callback<Heard>) -> Self {
        let state = State {
            worker: None,
            queue: VecDeque::new(),
            current: None,
            seq: 0,
            log: SessionLog::default(),
            at: (0, 0),
            alive: false,
            silent_beats: 0,
            mending: None,
            losses_in_row: 0,
        };
        let bridge = Self { state: Rc::new(RefCell::new(state)), heard, _heartbeat: Rc::default() };
        bridge.spawn();
        let beating = bridge.clone();
        *bridge._heartbeat.borrow_mut() = Some(Interval::new(HEARTBEAT_MS, move || beating.on_heartbeat()));
        bridge
    }

    /// Queues a command. Its reply goes to the store.
    pub fn send(&self, command: Command) {
        self.enqueue(Waiting::new(command, None, false));
    }

    /// Queues a command, and hands its reply to `then` after the store has it.
    pub fn ask(&self, command: Command, then: Then) {
        self.enqueue(Waiting::new(command, Some(then), false));
    }

    /// True while a request is under way or waits.
    pub fn busy(&self) -> bool {
        let state = self.state.borrow();
        state.current.is_some() || !state.queue.is_empty()
    }

    fn enqueue(&self, waiting: Waiting) {
        {
            let mut state = self.state.borrow_mut();
            let replaces = state.queue.back().is_some_and(|last| {
                last.then.is_none()
                    && (last.command.is_run() && waiting.command.is_run()
                        || matches!((&last.command, &waiting.command), (Command::Seek { .. }, Command::Seek { .. })))
            });
            if replaces {
                state.queue.pop_back();
            }
            state.queue.push_back(waiting);
        }
        self.pump();
    }

    /// Sends the next request if none is under way.
    fn pump(&self) {
        let mut state = self.state.borrow_mut();
        if state.current.is_some() || state.worker.is_none() {
            return;
        }
        let Some(next) = state.queue.pop_front() else { return };
        state.seq = state.seq.wrapping_add(1);
        let request = Request { seq: state.seq, command: next.request() };
        state.current = Some((state.seq, next));
        state.silent_beats = 0;
        if let Some(worker) = &state.worker {
            worker.bridge.send(ToEngine::Ask(request));
        }
    }

    fn spawn(&self) {
        let listener = self.clone();
        let bridge = PageHalf::spawner()
            .encoding::<Postcard>()
            .with_loader(true)
            .as_module(true)
            .callback(move |said| listener.on_said(said))
            .spawn("./worker_loader.js");
        let native = native::take_last();
        let listener = self.clone();
        // A file that cannot be loaded, or a trap without a panic, shows here and nowhere else.
        let errors = native.as_ref().map(|worker| {
            EventListener::new(worker, "error", move |event| {
                let text = js_sys::Reflect::get(event, &"message".into()).ok().and_then(|m| m.as_string());
                listener.on_lost(text.unwrap_or_else(|| "The worker's files could not be loaded.".into()));
            })
        });
        let mut state = self.state.borrow_mut();
        state.alive = false;
        state.silent_beats = 0;
        state.worker = Some(Worker { bridge, native, _errors: errors });
    }

    fn on_said(&self, said: FromEngine) {
        {
            let mut state = self.state.borrow_mut();
            state.alive = true;
            state.silent_beats = 0;
        }
        match said {
            FromEngine::Reply(reply) => self.on_reply(Rc::new(*reply)),
            FromEngine::Pong { wire_version } if wire_version != wire::WIRE_VERSION => {
                self.heard.emit(Heard::Trouble(Trouble::OtherVersion { theirs: wire_version }));
            }
            FromEngine::Pong { .. } => {}
            FromEngine::Panicked { text } => self.on_lost(text),
        }
    }

    fn on_reply(&self, reply: Rc<Reply>) {
        let (waiting, from) = {
            let mut state = self.state.borrow_mut();
            let from = std::mem::replace(&mut state.at, (reply.index, reply.now_us));
            match state.current.take() {
                Some((seq, waiting)) if seq == reply.seq => (waiting, from),
                // A late answer of a worker that was given up.
                other => {
                    state.current = other;
                    return;
                }
            }
        };
        let unfinished = reply.more && self.goes_on(&waiting);
        // What is still under way when a worker is lost is begun again, so only what has ended is noted.
        if !waiting.replayed && !unfinished {
            self.state.borrow_mut().log.record(&waiting.command, &reply);
        }
        self.heard.emit(Heard::Reply(reply.clone(), waiting.command.clone()));
        if unfinished {
            self.state.borrow_mut().queue.push_front(continued(waiting, from, &reply));
        } else if let Some(then) = waiting.then {
            then.emit(reply);
        }
        self.after_mending();
        self.pump();
    }

    /// Whether the bridge asks for the rest of an unfinished command. The rest of a run is the player's to ask for.
    fn goes_on(&self, waiting: &Waiting) -> bool {
        match waiting.command {
            Command::Run { .. } | Command::Pass { .. } => waiting.replayed,
            _ => !is_overtaken(waiting, self.state.borrow().queue.front()),
        }
    }

    /// Says that a lost engine is back once the last step of its replay was answered.
    fn after_mending(&self) {
        let done = {
            let mut state = self.state.borrow_mut();
            let replaying = state.queue.iter().any(|waiting| waiting.replayed);
            if replaying { None } else { state.mending.take() }
        };
        if let Some((text, steps)) = done {
            self.state.borrow_mut().losses_in_row = 0;
            self.heard.emit(Heard::Trouble(Trouble::Restored { text, steps }));
        }
    }

    fn on_heartbeat(&self) {
        let silent = {
            let mut state = self.state.borrow_mut();
            state.silent_beats += 1;
            let limit = if state.alive { SILENT_BEATS } else { LOADING_BEATS };
            if state.current.is_none()
                && let Some(worker) = &state.worker
            {
                worker.bridge.send(ToEngine::Ping);
            }
            state.worker.is_some() && state.silent_beats > limit
        };
        if silent {
            self.on_lost(format!("The engine did not answer for {SILENT_BEATS} seconds."));
        }
    }

    /// The worker is gone or must not be used again: a fresh one, and everything that was done is done again.
    fn on_lost(&self, text: String) {
        let left_out = {
            let mut state = self.state.borrow_mut();
            // Its last words may arrive twice: as a panic's text, and as the trap that follows.
            let Some(worker) = state.worker.take() else { return };
            if let Some(native) = &worker.native {
                native.terminate();
            }
            state.losses_in_row += 1;
            if state.losses_in_row >= LOSSES_MAX {
                drop(state);
                self.heard.emit(Heard::Trouble(Trouble::NoWorker { text }));
                return;
            }
            state.prepare_replay(&text)
        };
        if let Some(step) = left_out {
            let steps = self.state.borrow().log.len();
            self.heard.emit(Heard::Trouble(Trouble::LeftOut { text, step, steps }));
        }
        self.spawn();
        self.after_mending();
        self.pump();
    }
}

impl State {
    /// Puts everything that was done before what waits. The step under way is tried once more; one that ended a second
    /// engine is left out and returned.
    fn prepare_replay(&mut self, text: &str) -> Option<String> {
        self.queue.retain(|waiting| !waiting.replayed);
        let mut left_out = None;
        if let Some((_, mut waiting)) = self.current.take() {
            waiting.losses += 1;
            waiting.begun = false;
            if waiting.replayed {
                left_out = self.log.drop_last().map(|entry| entry.words());
            } else if waiting.losses > 1 {
                left_out = Some(Entry::Did(waiting.command).words());
            } else {
                self.queue.push_front(waiting);
            }
        }
        let steps = self.log.replay();
        self.at = (0, 0);
        self.mending = Some((text.to_owned(), steps.len()));
        for command in steps.into_iter().rev() {
            self.queue.push_front(Waiting::new(command, None, true));
        }
        left_out
    }
}

/// Where a seek goes is overtaken by the next one; nothing is left to go on with.
fn is_overtaken(waiting: &Waiting, next: Option<&Waiting>) -> bool {
    let seeks = |command: &Command| matches!(command, Command::Seek { .. });
    seeks(&waiting.command) && next.is_some_and(|next| seeks(&next.command))
}

/// The rest of a command that stopped for its budget: of a run, what still lies ahead.
fn continued(mut waiting: Waiting, from: (u64, u64), reply: &Reply) -> Waiting {
    waiting.begun = !matches!(waiting.command, Command::Run { .. });
    if let Command::Run { us, events_max } = &mut waiting.command {
        let events = u32::try_from(reply.index.saturating_sub(from.0)).unwrap_or(u32::MAX);
        *us = us.saturating_sub(reply.now_us.saturating_sub(from.1));
        *events_max = events_max.saturating_sub(events).max(1);
    }
    waiting
}
