//! What every component may do: ask the engine, steer time, change what the page shows.

use std::rc::Rc;

use wire::{Command, Reply};
use yew::Callback;

use crate::bridge::Bridge;
use crate::player::Player;
use crate::ui::Ask;

/// Cheap to clone and equal as long as the page lives, so it costs nothing as a property.
#[derive(Clone)]
pub struct Handle {
    pub bridge: Bridge,
    pub player: Player,
    pub ui: Callback<Ask>,
}

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        self.bridge == other.bridge
    }
}

impl Handle {
    pub fn send(&self, command: Command) {
        self.bridge.send(command);
    }

    /// Sends a command whose reply somebody waits for. The store has the reply first.
    pub fn ask(&self, command: Command, then: impl Fn(Rc<Reply>) + 'static) {
        self.bridge.ask(command, Callback::from(then));
    }

    /// A line typed into a terminal, with Enter. Time then runs until the command has ended; one that stays is watched
    /// for a moment. A line typed before and still watched comes to its end first, or it would read this one as input.
    pub fn type_line(&self, terminal: &str, line: &str) {
        self.signal(terminal, Command::Type { terminal: terminal.to_owned(), line: line.to_owned() });
    }

    /// Something given to a terminal, Ctrl-C or Ctrl-D as well, and what follows from it.
    pub fn signal(&self, terminal: &str, command: Command) {
        self.player.make_way(terminal);
        self.player.expect_line(terminal);
        let (player, terminal) = (self.player.clone(), terminal.to_owned());
        self.ask(command, move |_| player.play_line(&terminal));
    }

    /// Breaks or mends something, and lets time run on from there.
    pub fn fault(&self, fault: wire::Fault) {
        self.show(Ask::Fault(fault));
    }

    /// To a place on the timeline; time stands still there.
    pub fn seek(&self, index: u64) {
        self.player.pause();
        self.send(Command::Seek { index });
    }

    /// Lets time pass at once until a time that follows from where it stands, in as many slices as it takes.
    pub fn run_to(&self, until: impl Fn(u64) -> u64 + 'static, then: impl Fn() + 'static) {
        let then = Rc::new(then);
        let again = self.clone();
        // Where time stands is known from the first answer on.
        self.ask(Command::Digest, move |reply| again.run_until(reply.now_us, until(reply.now_us), then.clone()));
    }

    fn run_until(&self, now: u64, until: u64, then: Rc<dyn Fn()>) {
        if now >= until {
            return then();
        }
        let again = self.clone();
        self.ask(Command::Run { us: until - now, events_max: u32::MAX }, move |reply| {
            if reply.problem.is_none() {
                again.run_until(reply.now_us, until, then.clone());
            }
        });
    }

    pub fn step(&self, forward: bool) {
        self.player.pause();
        self.player.expect_step();
        self.send(Command::StepEvent { forward });
    }

    pub fn beat(&self, forward: bool) {
        self.player.pause();
        self.send(Command::StepBeat { forward });
    }

    pub fn show(&self, ask: Ask) {
        self.ui.emit(ask);
    }
}
