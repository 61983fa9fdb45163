//! Keeps the session over a reload: a little after something was done, its link goes into the browser's storage.

use gloo_timers::callback::Timeout;
use wire::reply::Answer;
use wire::{Command, Reply, Tone};

use super::App;
use crate::home::storage::{self, Kept};

/// Quiet time after the last change before the session is written, in milliseconds.
const QUIET_MS: u32 = 900;

/// Commands after which the session is worth writing again.
pub fn changes(command: &Command) -> bool {
    !matches!(
        command,
        Command::Why(_)
            | Command::Complete { .. }
            | Command::ReadFile { .. }
            | Command::ReadLog { .. }
            | Command::ReadFlight { .. }
            | Command::ReadMetrics
            | Command::Export
            | Command::Continue
            | Command::Import { preview: true, .. }
            | Command::Digest
    )
}

impl App {
    /// Asks for a link soon; every change before then puts it off.
    pub(super) fn keep_soon(&mut self) {
        let bridge = self.handle.bridge.clone();
        self.keeping = Some(Timeout::new(QUIET_MS, move || {
            // While time runs there is a change in every frame; the pause that follows is early enough.
            if !bridge.busy() {
                bridge.send(Command::Export);
            }
        }));
    }

    pub(super) fn on_exported(&mut self, reply: &Reply) {
        let Answer::Link { fragment, .. } = &reply.answer else { return };
        let lesson = reply.lesson.as_ref();
        let kept = Kept {
            fragment: fragment.clone(),
            lesson: lesson.and_then(|_| storage::progress().current),
            title: lesson.map_or("Sandbox".to_owned(), |lesson| lesson.title.clone()),
            thumb: crate::home::thumb::of(&self.model, self.ui.focus(&self.model).as_ref()),
        };
        storage::keep_session(&kept);
        if let Some(lesson) = lesson {
            storage::reach(&lesson.id, lesson.step, lesson.steps.len() as u32);
        }
        if storage::take_failure() && !self.told_unsaved {
            self.told_unsaved = true;
            let details =
                vec!["This browser blocks or has filled the page's storage. Export what you want to keep.".to_owned()];
            self.bar(Tone::Warn, "Your progress is not being saved.", details, true);
        }
    }
}
