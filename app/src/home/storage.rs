//! What outlives the tab: theme, progress, the last session. Storage may be blocked or full; then the page says so once
//! and goes on without. Data of another version, or damaged data, is left where it is and not used.

use std::cell::Cell;
use std::collections::BTreeMap;

use gloo_storage::{LocalStorage, Storage};
use serde::{Deserialize, Serialize};

use crate::theme::Theme;

const THEME: &str = "oz.theme";
const PROGRESS: &str = "oz.progress.v1";
const SESSION: &str = "oz.session.v1";
const HISTORY: &str = "oz.history.v1";
/// Lines of the terminal's history that are kept.
const HISTORY_MAX: usize = 200;

thread_local! {
    /// A write has failed; the page says so.
    static FAILED: Cell<bool> = const { Cell::new(false) };
}

/// True once, after a write has failed for the first time.
pub fn take_failure() -> bool {
    FAILED.with(|failed| failed.replace(false))
}

/// How far a person is, by lesson file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    pub lessons: BTreeMap<String, LessonProgress>,
    /// The lesson opened last.
    pub current: Option<String>,
    /// How many questions of finished lessons were answered.
    #[serde(default)]
    pub recalled: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LessonProgress {
    /// The lesson's own id: what the engine calls it.
    pub id: String,
    pub step: u32,
    pub steps: u32,
    pub done: bool,
}

/// The last session, to go on with after a reload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// A link's fragment.
    pub fragment: String,
    /// The lesson's file, if it is one of the site's.
    pub lesson: Option<String>,
    pub title: String,
    /// What the stage showed.
    #[serde(default)]
    pub thumb: Option<super::thumb::Thumb>,
}

pub fn theme() -> Option<Theme> {
    LocalStorage::get::<String>(THEME).ok().and_then(|name| Theme::named(&name))
}

pub fn keep_theme(theme: Theme) {
    keep(THEME, &theme.name());
}

pub fn progress() -> Progress {
    LocalStorage::get(PROGRESS).unwrap_or_default()
}

pub fn session() -> Option<Kept> {
    LocalStorage::get(SESSION).ok()
}

pub fn keep_session(kept: &Kept) {
    keep(SESSION, kept);
}

pub fn history() -> Vec<String> {
    LocalStorage::get(HISTORY).unwrap_or_default()
}

pub fn keep_history(lines: &[String]) {
    let from = lines.len().saturating_sub(HISTORY_MAX);
    keep(HISTORY, &&lines[from..]);
}

/// A lesson of the site is opened.
pub fn begin(file: &str) {
    change(|progress| {
        progress.current = Some(file.to_owned());
        progress.lessons.entry(file.to_owned()).or_default();
    });
}

/// The lesson opened last stands at a step.
pub fn reach(id: &str, step: u32, steps: u32) {
    change(|progress| {
        let Some(file) = progress.current.clone() else { return };
        let lesson = progress.lessons.entry(file).or_default();
        (lesson.id, lesson.step, lesson.steps) = (id.to_owned(), step, steps);
    });
}

/// The last step was left by its button. Counted only if everything in it was done.
pub fn finish(id: &str, solved: bool) {
    change(|progress| {
        if let Some(lesson) = progress.lessons.values_mut().find(|lesson| lesson.id == id) {
            lesson.done |= solved;
            lesson.step = 0;
        }
    });
}

/// A question of a finished lesson was answered.
pub fn recalled() {
    change(|progress| progress.recalled += 1);
}

/// Everything that is kept, as the text of a file.
pub fn export() -> String {
    serde_json::to_string_pretty(&progress()).unwrap_or_default()
}

/// Takes progress from a file's text. Lessons that are done here stay done.
pub fn import(text: &str) -> Result<usize, String> {
    let read: Progress = serde_json::from_str(text).map_err(|error| format!("This is no progress file: {error}"))?;
    let count = read.lessons.len();
    change(|progress| {
        for (file, theirs) in read.lessons {
            let mine = progress.lessons.entry(file).or_default();
            let done = mine.done || theirs.done;
            if theirs.step > mine.step || mine.steps == 0 {
                *mine = theirs;
            }
            mine.done = done;
        }
    });
    Ok(count)
}

fn change(how: impl FnOnce(&mut Progress)) {
    let before = progress();
    let mut after = before.clone();
    how(&mut after);
    if after != before {
        keep(PROGRESS, &after);
    }
}

fn keep<T: Serialize>(key: &str, value: &T) {
    if LocalStorage::set(key, value).is_err() {
        FAILED.with(|failed| failed.set(true));
    }
}
