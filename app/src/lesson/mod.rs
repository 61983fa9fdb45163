//! The lesson beside the stage.

use std::cell::Cell;
use std::rc::Rc;

use wire::Command;
use wire::lesson::LessonView;
use yew::prelude::*;

use crate::ctx::Handle;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lesson: Rc<LessonView>,
    /// The position shown is the end of the recorded history.
    pub at_end: bool,
    pub handle: Handle,
}

thread_local! {
    /// The option marked and not yet committed to.
    static MARKED: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Marks an option, as its number key does.
pub fn choose(option: u32) {
    MARKED.set(Some(option));
}

/// Commits to the marked option. False if none is marked.
pub fn commit(handle: &Handle) -> bool {
    match MARKED.take() {
        Some(option) => {
            handle.send(Command::Predict { option });
            true
        }
        None => false,
    }
}

#[component]
pub fn LessonPanel(props: &Props) -> Html {
    let lesson = &props.lesson;
    html! {
        <aside class="lesson" id="lesson" aria-label="Lesson">
            <div class="lhead"><h1>{&lesson.title}</h1></div>
        </aside>
    }
}
