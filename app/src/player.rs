//! Time as it is watched: play, pause, speed. The world itself has no clock; it runs as far as it is asked to.
//!
//! At the speed "by event" time passes slowly while something worth seeing is under way and jumps while nothing is, so
//! that a fetch of half a millisecond and a session timeout of nine seconds can be watched in one sitting.
//!
//! The engine is not asked for every frame: a message on its way needs no engine to get further (`Player::moment_us`), and
//! of what changes nothing can be seen sooner than one looks.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_render::{AnimationFrame, request_animation_frame};
use wire::view::{ClientKind, FlightView};
use wire::{Command, Reply};
use yew::Callback;

use crate::bridge::Bridge;
use crate::store::Model;
use crate::theme::reduced_motion;

/// Wall time of a flight at "by event", in milliseconds.
const FLIGHT_MS: f64 = 420.0;
/// Wall time between two questions to the engine, unless a message arrives sooner, in milliseconds.
const ASK_MS: f64 = 45.0;
/// Cluster time that may pass in that while nothing is under way, in microseconds.
const QUIET_US: u64 = 160_000;
/// A command that has got no further for so much cluster time (a consumer, a producer that waits for input or for an
/// answer) has time stand still again, in microseconds: what it waits for is the person's to bring about. A producer gets
/// further with every answer; its warnings, one with every try, are none.
const SILENT_US: u64 = 2_500_000;
/// Wall time a line is watched for; what is left of it then passes at once.
const WATCHED_MS: f64 = 6_000.0;
/// Events that may pass with it.
const QUIET_EVENTS: u32 = 20;
/// A frame longer than this (a hidden tab, a slow machine) counts as this long, in milliseconds.
const FRAME_MS_MAX: f64 = 50.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// Slow where something happens; the number divides the wall time of a move.
    ByEvent(f64),
    /// Cluster time against wall time.
    Times(f64),
}

/// The stops of the speed slider, slowest first, and the words for each.
pub const SPEEDS: [(Speed, &str); 8] = [
    (Speed::ByEvent(0.5), "by event, slow"),
    (Speed::ByEvent(1.0), "by event"),
    (Speed::ByEvent(3.0), "by event, fast"),
    (Speed::Times(0.01), "1/100 of real"),
    (Speed::Times(0.1), "1/10 of real"),
    (Speed::Times(1.0), "real time"),
    (Speed::Times(5.0), "5 x real"),
    (Speed::Times(25.0), "25 x real"),
];
pub const SPEED_START: usize = 1;

/// Where playing ends by itself.
#[derive(Clone, Debug, Default, PartialEq)]
enum Until {
    /// Only by the person.
    #[default]
    Never,
    Time(u64),
    /// When the command of a terminal has ended, or has been silent for a while.
    Idle {
        terminal: String,
        /// How much it had shown when it last showed something, and when that was.
        shown: (u64, usize),
        since_us: u64,
        /// Wall time left.
        left_ms: f64,
    },
}

#[derive(Default)]
struct State {
    playing: bool,
    speed: usize,
    until: Until,
    now_us: u64,
    flights: Vec<Rc<FlightView>>,
    /// Nothing moves before this wall time: a change on the stage is still being shown.
    hold_until_ms: f64,
    last_frame_ms: f64,
    /// Wall time that has passed since the engine was asked last.
    waited_ms: f64,
    /// Wall time for what the last reply brought: its share of what may pass between two questions.
    worth_ms: f64,
    /// Event index of the last reply.
    index: u64,
    step_expected: bool,
    /// The terminal whose last line was typed and is not known to have come to its end.
    line: Option<String>,
    frame: Option<AnimationFrame>,
}

#[derive(Clone)]
pub struct Player {
    state: Rc<RefCell<State>>,
    bridge: Bridge,
    /// Told when playing starts, stops or changes speed.
    changed: Callback<()>,
}

impl Player {
    pub fn new(bridge: Bridge, changed: Callback<()>) -> Self {
        let state = State { speed: SPEED_START, ..State::default() };
        Self { state: Rc::new(RefCell::new(state)), bridge, changed }
    }

    pub fn playing(&self) -> bool {
        self.state.borrow().playing
    }

    /// The moment that is watched, in microseconds of the cluster: while a message moves, a little after the engine's.
    pub fn moment_us(&self) -> u64 {
        self.state.borrow().moment_us()
    }

    /// Index into [`SPEEDS`].
    pub fn speed(&self) -> usize {
        self.state.borrow().speed
    }

    pub fn set_speed(&self, speed: usize) {
        self.state.borrow_mut().speed = speed.min(SPEEDS.len() - 1);
        self.changed.emit(());
    }

    pub fn play(&self) {
        self.start(Until::Never);
    }

    /// Plays until so much cluster time has passed.
    pub fn play_for(&self, us: u64) {
        let until = self.state.borrow().now_us + us;
        self.start(Until::Time(until));
    }

    /// A line is about to be typed into a terminal.
    pub fn expect_line(&self, terminal: &str) {
        self.state.borrow_mut().line = Some(terminal.to_owned());
    }

    /// Plays a line that was typed until its command has ended, unless it was overtaken by another.
    pub fn play_line(&self, terminal: &str) {
        if self.state.borrow().line.as_deref() != Some(terminal) {
            return;
        }
        if reduced_motion() {
            self.finish_line();
            return;
        }
        let since_us = self.state.borrow().now_us;
        self.start(Until::Idle { terminal: terminal.to_owned(), shown: (0, 0), since_us, left_ms: WATCHED_MS });
    }

    /// A line that is still watched in a terminal comes to its end at once: another one is to follow it there.
    pub fn make_way(&self, terminal: &str) {
        if self.state.borrow().line.as_deref() == Some(terminal) {
            self.finish_line();
        }
    }

    /// What is left of a watched line passes at once.
    fn finish_line(&self) {
        let line = self.state.borrow_mut().line.take();
        self.pause();
        if let Some(terminal) = line {
            self.bridge.send(Command::RunUntilIdle { terminal });
        }
    }

    pub fn pause(&self) {
        let was = std::mem::replace(&mut self.state.borrow_mut().playing, false);
        if was {
            self.changed.emit(());
        }
    }

    pub fn toggle(&self) {
        if self.playing() { self.pause() } else { self.play() }
    }

    /// The next reply is of one step: its moves are shown in wall time.
    pub fn expect_step(&self) {
        self.state.borrow_mut().step_expected = true;
    }

    /// True once, for the reply of a single step.
    pub fn take_step(&self) -> bool {
        std::mem::replace(&mut self.state.borrow_mut().step_expected, false)
    }

    /// Learns where time stands and what is under way.
    pub fn on_reply(&self, model: &Model, reply: &Reply) {
        let stop;
        {
            let mut state = self.state.borrow_mut();
            state.arrive(reply.now_us, reply.index);
            state.flights = model.flights.values().filter(|flight| flight.is_loud()).cloned().collect();
            if let Speed::ByEvent(fast) = SPEEDS[state.speed].0
                && !reply.reset
                && !reduced_motion()
            {
                let hold = reply.events.iter().map(|event| hold_ms(&event.kind, event.beat)).fold(0.0, f64::max);
                state.hold_until_ms = state.last_frame_ms + hold / fast;
            }
            let playing = state.playing;
            let reached = playing && state.until.reached(model);
            if reached && matches!(state.until, Until::Idle { .. }) {
                state.line = None;
            }
            stop = reached || (state.playing && reply.problem.is_some());
        }
        if stop {
            self.pause();
        }
    }

    fn start(&self, until: Until) {
        {
            let mut state = self.state.borrow_mut();
            state.playing = true;
            state.until = until;
            (state.hold_until_ms, state.waited_ms) = (0.0, 0.0);
        }
        self.next_frame();
        self.changed.emit(());
    }

    fn next_frame(&self) {
        let player = self.clone();
        let frame = request_animation_frame(move |at_ms| player.on_frame(at_ms));
        self.state.borrow_mut().frame = Some(frame);
    }

    fn on_frame(&self, at_ms: f64) {
        if self.state.borrow_mut().watched_enough(at_ms) {
            self.finish_line();
            return;
        }
        let run = {
            let mut state = self.state.borrow_mut();
            if !state.playing {
                return;
            }
            let passed_ms = (at_ms - state.last_frame_ms).clamp(1.0, FRAME_MS_MAX);
            state.last_frame_ms = at_ms;
            if at_ms >= state.hold_until_ms && !self.bridge.busy() {
                state.waited_ms += passed_ms;
                state.next_run()
            } else {
                None
            }
        };
        if let Some(run) = run {
            self.bridge.send(run);
        }
        self.next_frame();
    }
}

impl Until {
    fn reached(&mut self, model: &Model) -> bool {
        match self {
            Self::Never => false,
            Self::Time(us) => model.now_us >= *us,
            Self::Idle { terminal, shown, since_us, .. } => {
                let Some(view) = model.terminals.get(terminal).filter(|view| view.running.is_some()) else {
                    return true;
                };
                let producer = model
                    .clients
                    .values()
                    .find(|client| client.terminal == *terminal && client.kind == ClientKind::Producer);
                let lines = model.lines.get(terminal).and_then(|lines| lines.keys().next_back().copied());
                let now = match producer {
                    Some(client) => (client.acked + client.failed, client.sent as usize),
                    None => (lines.unwrap_or(0).into(), view.open_line.len()),
                };
                if *shown != now {
                    (*shown, *since_us) = (now, model.now_us);
                }
                model.now_us >= *since_us + SILENT_US
            }
        }
    }
}

impl State {
    /// Counts the wall time a line has been watched for.
    fn watched_enough(&mut self, at_ms: f64) -> bool {
        let passed = (at_ms - self.last_frame_ms).clamp(0.0, FRAME_MS_MAX);
        match &mut self.until {
            Until::Idle { left_ms, .. } if self.playing => {
                *left_ms -= passed;
                *left_ms <= 0.0
            }
            _ => false,
        }
    }

    /// The engine stands somewhere. A question in between takes nothing from the time that is being watched.
    fn arrive(&mut self, now_us: u64, index: u64) {
        if (now_us, index) != (self.now_us, self.index) {
            let passed = now_us.saturating_sub(self.now_us) as f64 / QUIET_US as f64;
            let happened = index.saturating_sub(self.index) as f64 / f64::from(QUIET_EVENTS);
            self.worth_ms = ASK_MS * passed.max(happened).min(1.0);
            (self.now_us, self.index, self.waited_ms) = (now_us, index, 0.0);
        }
    }

    fn moment_us(&self) -> u64 {
        let passed_us = if self.playing { self.passed_us() } else { None };
        self.now_us + passed_us.unwrap_or_default()
    }

    /// Cluster time that has passed since the last reply, in so far as no engine is needed to tell: by event, up to the next
    /// arrival. `None` while nothing is under way that one watches.
    fn passed_us(&self) -> Option<u64> {
        match SPEEDS[self.speed].0 {
            Speed::Times(times) => Some((self.waited_ms * 1000.0 * times) as u64),
            Speed::ByEvent(fast) => {
                let shortest = self.flights.iter().map(|flight| flight.arrives_us - flight.sent_us).min()?;
                let passed = (self.waited_ms * shortest as f64 * fast / FLIGHT_MS) as u64;
                Some(passed.min(self.until_arrival()))
            }
        }
    }

    /// Cluster time until the next of the messages that one watches is there.
    fn until_arrival(&self) -> u64 {
        self.flights.iter().map(|flight| flight.arrives_us.saturating_sub(self.now_us)).min().unwrap_or(u64::MAX)
    }

    /// What the engine is asked for, if it is time to ask.
    fn next_run(&self) -> Option<Command> {
        let left = match self.until {
            Until::Time(until) => until.saturating_sub(self.now_us).max(1),
            _ => u64::MAX,
        };
        let Some(us) = self.passed_us() else {
            let pass = Command::Pass { us: QUIET_US.min(left), events_max: QUIET_EVENTS };
            return (self.waited_ms >= self.worth_ms).then_some(pass);
        };
        let arrives = us >= self.until_arrival().min(left);
        (self.waited_ms >= ASK_MS || arrives).then(|| Command::Run { us: us.clamp(1, left), events_max: u32::MAX })
    }
}

/// How long a change stays in view before time goes on (ui.md, section 4), in milliseconds.
fn hold_ms(kind: &str, beat: bool) -> f64 {
    match kind {
        "LeaderElected" | "ControllerElected" => 700.0,
        "IsrShrunk" | "IsrExpanded" | "BrokerFenced" => 500.0,
        "HighWatermarkAdvanced" => 260.0,
        "RecordsAppended" => 120.0,
        _ if beat => 400.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(sent_us: u64, arrives_us: u64) -> Rc<FlightView> {
        let (from, to, api) = ("b1".to_owned(), "b2".to_owned(), "Produce".to_owned());
        let (partition, label) = (None, String::new());
        Rc::new(FlightView {
            id: 1,
            from,
            to,
            api,
            response: false,
            sent_us,
            arrives_us,
            partition,
            label,
            keys: vec![],
            error: false,
        })
    }

    fn playing(speed: Speed) -> State {
        let speed = SPEEDS.iter().position(|(other, _)| *other == speed).expect("a stop of the slider");
        State { playing: true, speed, ..State::default() }
    }

    #[test]
    fn a_message_gets_further_between_two_answers_and_not_beyond_its_end() {
        let mut state = playing(Speed::ByEvent(1.0));
        state.arrive(1_000, 3);
        state.flights = vec![flight(1_000, 1_420), flight(1_000, 9_000)];
        assert_eq!((state.moment_us(), state.next_run()), (1_000, None));
        state.waited_ms = 42.0;
        assert_eq!(
            (state.moment_us(), state.next_run()),
            (1_042, None),
            "the shortest one's way is what takes its time"
        );
        state.waited_ms = ASK_MS;
        assert_eq!(state.next_run(), Some(Command::Run { us: 45, events_max: u32::MAX }));
        state.waited_ms = 4_200.0;
        assert_eq!(state.moment_us(), 1_420);
        state.playing = false;
        assert_eq!(state.moment_us(), 1_000, "who pauses sees what the engine said");
    }

    #[test]
    fn an_arrival_does_not_wait_for_the_next_question() {
        let mut state = playing(Speed::ByEvent(1.0));
        state.arrive(1_410, 3);
        state.flights = vec![flight(1_000, 1_420)];
        state.waited_ms = 9.0;
        assert_eq!(state.next_run(), None);
        state.waited_ms = 10.0;
        assert_eq!(state.next_run(), Some(Command::Run { us: 10, events_max: u32::MAX }));
    }

    #[test]
    fn quiet_time_takes_as_long_as_what_passed_in_it_is_worth() {
        let mut state = playing(Speed::ByEvent(1.0));
        let pass = Some(Command::Pass { us: QUIET_US, events_max: QUIET_EVENTS });
        state.arrive(QUIET_US / 2, 1);
        assert_eq!((state.worth_ms, state.next_run()), (ASK_MS / 2.0, None));
        state.waited_ms = ASK_MS / 2.0;
        assert_eq!(state.next_run(), pass);
        state.arrive(QUIET_US / 2, 1);
        assert_eq!(state.waited_ms, ASK_MS / 2.0, "nothing has passed");
        state.arrive(QUIET_US / 2, 1 + u64::from(QUIET_EVENTS));
        assert_eq!((state.worth_ms, state.waited_ms), (ASK_MS, 0.0), "many events count as much as long time");
        state.arrive(QUIET_US * 100, 50);
        assert_eq!(state.worth_ms, ASK_MS);
    }

    #[test]
    fn against_the_clock_time_passes_evenly_and_ends_where_it_is_to() {
        let mut state = playing(Speed::Times(1.0));
        state.waited_ms = 20.0;
        assert_eq!((state.moment_us(), state.next_run()), (20_000, None));
        state.until = Until::Time(15_000);
        assert_eq!(state.next_run(), Some(Command::Run { us: 15_000, events_max: u32::MAX }));
    }
}
