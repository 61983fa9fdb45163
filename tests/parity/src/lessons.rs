//! Every lesson, with each step predicted, checked, shown and checked again.

use wire::Command;

use crate::{Outcome, Watched};

/// File name and text of every lesson.
pub const LESSONS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// Takes the lesson with this number; beyond the last there is nothing to take.
pub fn lesson(number: u32) -> Outcome {
    let mut watched = Watched::new();
    let Some((name, text)) = LESSONS.get(number as usize) else { return watched.outcome() };
    let reply = watched.ask(Command::LoadLesson { name: name.to_string(), text: text.to_string(), seed: None });
    let steps = reply.lesson.map_or(0, |lesson| lesson.steps.len() as u32);
    for step in 0..steps {
        // What a step does not have is refused in words, and the words are compared too.
        for command in [
            Command::LessonStep { step },
            Command::Predict { option: 0 },
            Command::Check,
            Command::Hint,
            Command::ShowMe,
            Command::Check,
        ] {
            watched.ask(command);
        }
    }
    watched.outcome()
}
