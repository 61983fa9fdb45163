//! What outlives the tab: theme, progress, the last session. Storage may be blocked or full; then the page says so once
//! and goes on without. Data of another version, or damaged data, is left where it is and not used.

use std::cell::Cell;

use gloo_utils::window;
use wasm_bindgen::JsValue;

use super::thumb::Thumb;
use crate::json::{self, Json};
use crate::store::Ordered;
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pub lessons: Ordered<String, LessonProgress>,
    /// The lesson opened last.
    pub current: Option<String>,
    /// How many questions of finished lessons were answered.
    pub recalled: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LessonProgress {
    /// The lesson's own id: what the engine calls it.
    pub id: String,
    pub step: u32,
    pub steps: u32,
    pub done: bool,
}

/// The last session, to go on with after a reload.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// A link's fragment.
    pub fragment: String,
    /// The lesson's file, if it is one of the site's.
    pub lesson: Option<String>,
    pub title: String,
    /// What the stage showed.
    pub thumb: Option<Thumb>,
}

impl Progress {
    fn begin(&mut self, file: &str) {
        self.current = Some(file.to_owned());
        self.lessons.entry(file.to_owned()).or_default();
    }

    fn know(&mut self, file: &str, id: &str) {
        if let Some(lesson) = self.lessons.get_mut(file) {
            id.clone_into(&mut lesson.id);
        }
    }

    fn finish(&mut self, id: &str, solved: bool) {
        if let Some(lesson) = self.lessons.values_mut().find(|lesson| lesson.id == id) {
            lesson.done |= solved;
            lesson.step = 0;
        }
    }
}

pub fn theme() -> Option<Theme> {
    Theme::named(&read(THEME)?.text())
}

pub fn keep_theme(theme: Theme) {
    keep(THEME, &theme.name().into());
}

pub fn progress() -> Progress {
    read(PROGRESS).map(|kept| progress_of(&kept)).unwrap_or_default()
}

pub fn session() -> Option<Kept> {
    let kept = read(SESSION)?;
    let (fragment, title) = (kept.get("fragment").text(), kept.get("title").text());
    (!fragment.is_empty()).then(|| Kept {
        fragment,
        lesson: some(&kept.get("lesson")),
        title,
        thumb: Thumb::read(&kept.get("thumb")),
    })
}

pub fn keep_session(kept: &Kept) {
    let thumb = kept.thumb.as_ref().map_or(JsValue::NULL, Thumb::write);
    let lesson = kept.lesson.as_deref().map_or(JsValue::NULL, JsValue::from);
    let fields = [
        ("fragment", kept.fragment.as_str().into()),
        ("lesson", lesson),
        ("title", kept.title.as_str().into()),
        ("thumb", thumb),
    ];
    keep(SESSION, &json::object(fields));
}

pub fn history() -> Vec<String> {
    read(HISTORY).map(|lines| lines.items().iter().map(Json::text).collect()).unwrap_or_default()
}

pub fn keep_history(lines: &[String]) {
    let from = lines.len().saturating_sub(HISTORY_MAX);
    keep(HISTORY, &json::list(lines[from..].iter().map(|line| line.as_str().into())));
}

/// A lesson of the site is opened.
pub fn begin(file: &str) {
    change(|progress| progress.begin(file));
}

/// What the engine calls a lesson of the site that was opened. Known at once: one who is quick is at the end before anything
/// else was written.
pub fn know(file: &str, id: &str) {
    change(|progress| progress.know(file, id));
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
    change(|progress| progress.finish(id, solved));
}

/// A question of a finished lesson was answered.
pub fn recalled() {
    change(|progress| progress.recalled += 1);
}

/// Everything that is kept, as the text of a file.
pub fn export() -> String {
    json::write(&progress_as(&progress()))
}

/// Takes progress from a file's text. Lessons that are done here stay done.
pub fn import(text: &str) -> Result<usize, String> {
    let theirs = Json::read(text).filter(|read| read.get("lessons").is_there());
    let theirs = progress_of(&theirs.ok_or("This is no progress file: it has no list of lessons.")?);
    let count = theirs.lessons.len();
    change(|progress| {
        for (file, theirs) in theirs.lessons {
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

fn progress_of(kept: &Json) -> Progress {
    let lesson = |(file, kept): (String, Json)| {
        let (id, step, steps) = (kept.get("id").text(), kept.get("step").number(), kept.get("steps").number());
        (file, LessonProgress { id, step, steps, done: kept.get("done").truth() })
    };
    Progress {
        lessons: kept.get("lessons").entries().into_iter().map(lesson).collect(),
        current: some(&kept.get("current")),
        recalled: kept.get("recalled").number(),
    }
}

fn progress_as(progress: &Progress) -> JsValue {
    let lesson = |lesson: &LessonProgress| {
        let (step, steps) = (lesson.step.into(), lesson.steps.into());
        json::object([
            ("id", lesson.id.as_str().into()),
            ("step", step),
            ("steps", steps),
            ("done", lesson.done.into()),
        ])
    };
    let lessons = json::object(progress.lessons.iter().map(|(file, kept)| (file.as_str(), lesson(kept))));
    let current = progress.current.as_deref().map_or(JsValue::NULL, JsValue::from);
    json::object([("lessons", lessons), ("current", current), ("recalled", progress.recalled.into())])
}

fn some(value: &Json) -> Option<String> {
    value.is_there().then(|| value.text())
}

fn change(how: impl FnOnce(&mut Progress)) {
    let before = progress();
    let mut after = before.clone();
    how(&mut after);
    if after != before {
        keep(PROGRESS, &progress_as(&after));
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn read(key: &str) -> Option<Json> {
    Json::read(&storage()?.get_item(key).ok()??)
}

fn keep(key: &str, value: &JsValue) {
    let kept = storage().is_some_and(|storage| storage.set_item(key, &json::write(value)).is_ok());
    if !kept {
        FAILED.with(|failed| failed.set(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_taken_quickly_is_counted() {
        let mut progress = Progress::default();
        progress.begin("one.md");
        progress.begin("two.md");
        progress.know("two.md", "T02");
        progress.know("three.md", "T03");
        progress.finish("T02", true);
        progress.finish("T03", true);
        let done: Vec<_> = progress.lessons.iter().map(|(file, lesson)| (file.as_str(), lesson.done)).collect();
        assert_eq!(done, [("one.md", false), ("two.md", true)], "only what was begun, and by what the engine calls it");
        progress.begin("two.md");
        progress.finish("T02", false);
        assert!(progress.lessons.get("two.md").is_some_and(|lesson| lesson.done), "what is done stays done");
    }
}
