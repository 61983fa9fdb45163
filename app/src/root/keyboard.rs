//! What the keys of the map do.

use wire::{Command, Fault};

use super::App;
use crate::keys::{self, Action};
use crate::ui::{Overlay, Screen, Selection};

impl App {
    /// Returns whether the page must be drawn again.
    pub(super) fn on_key(&mut self, event: &web_sys::KeyboardEvent) -> bool {
        if self.ui.present && self.ui.overlay.is_none() && self.on_clicker(&event.key()) {
            event.prevent_default();
            return true;
        }
        let Some(action) = keys::action(event, self.ui.single_keys) else { return false };
        let everywhere = matches!(action, Action::Close | Action::Map);
        if self.ui.screen != Screen::Session && !everywhere {
            return false;
        }
        if self.ui.overlay.is_some() && !everywhere {
            return false;
        }
        event.prevent_default();
        self.act(action);
        true
    }

    /// The few keys of a presentation, as a clicker sends them.
    fn on_clicker(&mut self, key: &str) -> bool {
        match key {
            "ArrowRight" | "PageDown" => self.handle.beat(true),
            "ArrowLeft" | "PageUp" => self.handle.beat(false),
            "r" | "R" => self.reveal(),
            digit => match digit.parse::<u32>() {
                Ok(number) if (1..=9).contains(&number) => self.count(number - 1),
                _ => return false,
            },
        }
        true
    }

    fn act(&mut self, action: Action) {
        let handle = self.handle.clone();
        match action {
            Action::StepBack => handle.step(false),
            Action::StepForward => handle.step(true),
            Action::BeatBack => handle.beat(false),
            Action::BeatForward => handle.beat(true),
            Action::PlayPause => handle.player.toggle(),
            Action::Start => handle.seek(0),
            Action::End => handle.seek(self.model.end_index),
            Action::Slower => handle.player.set_speed(handle.player.speed().saturating_sub(1)),
            Action::Faster => handle.player.set_speed(handle.player.speed() + 1),
            Action::Option(option) => self.mark(option),
            Action::Check => self.check(),
            Action::Hint => self.lesson_only(Command::Hint),
            Action::NextStep => self.next_step(),
            Action::Undo => handle.send(Command::Undo),
            Action::Redo => handle.send(Command::Redo),
            Action::Fork => handle.send(Command::Fork { name: String::new() }),
            Action::StopServer => self.on_selected_broker(Fault::Kill),
            Action::StartServer => self.on_selected_broker(Fault::Start),
            Action::Why => self.why(),
            Action::Terminal => {
                self.ui.terminal_open = !self.ui.terminal_open;
            }
            Action::Close => self.close(),
            Action::Map => self.open(Overlay::Keys),
            Action::Present => self.present(!self.ui.present),
            Action::Nearer => self.zoom(self.ui.zoom.nearer()),
            Action::Farther => self.zoom(self.ui.zoom.farther()),
        }
    }

    pub(super) fn question(&self) -> Option<&wire::lesson::PredictView> {
        let lesson = self.model.lesson.as_ref()?;
        lesson.steps.get(lesson.step as usize)?.predict.as_ref().filter(|predict| predict.chosen.is_none())
    }

    fn mark(&mut self, option: u32) {
        if self.question().is_some_and(|predict| (option as usize) < predict.options.len()) {
            self.ui.marked = Some(option);
        }
    }

    /// Commits to the marked option of an open question, or checks the task.
    fn check(&mut self) {
        if self.question().is_some() {
            if let Some(option) = self.ui.marked.take() {
                self.handle.send(Command::Predict { option });
            }
        } else {
            self.lesson_only(Command::Check);
        }
    }

    fn lesson_only(&self, command: Command) {
        if self.model.lesson.is_some() {
            self.handle.send(command);
        }
    }

    fn next_step(&self) {
        if let Some(lesson) = &self.model.lesson
            && (lesson.step as usize) + 1 < lesson.steps.len()
            && lesson.steps.get(lesson.step as usize).is_some_and(|step| crate::lesson::is_done(lesson, step))
        {
            self.handle.send(Command::LessonStep { step: lesson.step + 1 });
        }
    }

    fn on_selected_broker(&self, fault: fn(String) -> Fault) {
        if let Some(Selection::Broker(id)) = &self.ui.selection {
            self.handle.fault(fault(format!("b{id}")));
        }
    }

    fn why(&mut self) {
        if let Some(tp) = self.ui.focus(&self.model) {
            self.ui.selection = Some(Selection::Partition(tp));
        }
    }
}
