//! The left of the first screen: where you stopped, the sandbox, files, what is kept.

use wasm_bindgen::JsCast;
use wire::Command;
use wire::command::ClusterSpec;
use yew::prelude::*;

use super::Lessons;
use super::recall::Recall;
use super::storage::{self, Kept, Progress};
use super::thumb;
use crate::ctx::Handle;
use crate::icons::{Icon, icon};
use crate::lesson::load;
use crate::share;
use crate::text::el;
use crate::ui::{Ask, Screen};

pub fn side(handle: &Handle, lessons: &Lessons, progress: &Progress, kept: Option<&Kept>, again: Callback<()>) -> Html {
    let not_real = handle.ui.reform(|_: MouseEvent| Ask::Screen(Screen::NotReal));
    html! {
        <aside class="lft" aria-label="Start" ondragover={Callback::from(|event: DragEvent| event.prevent_default())} ondrop={on_drop(handle)}>
            <div>{el("h1", "", "Learn Kafka from offset zero.")}
                {el("p", "lead", "A whole cluster runs in this tab. Break it, rewind it, and see why it did that.")}</div>
            {resume(handle, lessons, progress, kept)}
            <Recall lessons={lessons.clone()} progress={progress.clone()}/>
            <section class="sb">{el("h2", "", "Sandbox and files")}<div class="sbl">
                {cluster(handle, "New cluster", "3 brokers, KRaft", 3)}
                {cluster(handle, "One broker", "1 broker, KRaft", 1)}
                {file(handle, "Open a lesson file", ".md", load::open_file)}
                {file_text(handle, "Open a session file", ".oz", |handle, text| share::preview(handle, text.trim()))}
                {import(handle, again)}
            </div></section>
            <span class="grow"/>
            <div class="row wraps foot">
                <button class="link muted" onclick={export()}>{"Export progress"}</button>
                <button class="link muted" onclick={not_real}>{"What is not real yet"}</button>
                <span class="grow"/>{el("span", "muted", "Kafka 4.3 rules")}
            </div>
        </aside>
    }
}

/// The one primary button: go on, or take the first lesson.
fn resume(handle: &Handle, lessons: &Lessons, progress: &Progress, kept: Option<&Kept>) -> Html {
    let Some(kept) = kept else { return first(handle, lessons) };
    let go = {
        let (handle, kept) = (handle.clone(), kept.clone());
        Callback::from(move |_: MouseEvent| match &kept.lesson {
            Some(file) => load::open(&handle, file, Some(kept.fragment.clone())),
            None => handle.send(Command::Import { fragment: kept.fragment.clone(), preview: false }),
        })
    };
    let over = kept.lesson.clone().map(|file| {
        let handle = handle.clone();
        Callback::from(move |_: MouseEvent| load::open(&handle, &file, None))
    });
    let place = kept.lesson.as_ref().and_then(|file| progress.lessons.get(file)).filter(|lesson| lesson.steps > 0);
    html! {
        <section class="res" aria-label="Resume">{thumb::picture(kept.thumb.as_ref())}<div class="bd">
            {el("span", "eyebrow", "Where you stopped")}{el("h2", "", kept.title.clone())}
            <p class="soft">{place.map_or("Your cluster as you left it.".to_owned(), |lesson| format!("Step {} of {}.", lesson.step + 1, lesson.steps))}</p>
            <div class="row"><button class="btn pri" onclick={go}>{"Resume"}</button>
                if let Some(over) = over { <button class="btn ghost" onclick={over}>{"Start over"}</button> }</div>
        </div></section>
    }
}

fn first(handle: &Handle, lessons: &Lessons) -> Html {
    let Some(entry) = lessons.iter().flat_map(|chapter| &chapter.lessons).next() else { return html! {} };
    let go = {
        let (handle, file) = (handle.clone(), entry.file.clone());
        Callback::from(move |_: MouseEvent| load::open(&handle, &file, None))
    };
    html! {
        <section class="res" aria-label="Begin">{thumb::picture(None)}<div class="bd">
            {el("span", "eyebrow", "Begin here")}{el("h2", "", entry.title.clone())}
            {el("p", "soft", format!("{}, about {} minutes.", entry.chapter, entry.minutes))}
            <div class="row"><button class="btn pri" onclick={go}>{"Start"}</button></div>
        </div></section>
    }
}

fn cluster(handle: &Handle, name: &'static str, note: &'static str, brokers: u32) -> Html {
    let handle = handle.clone();
    let onclick = Callback::from(move |_: MouseEvent| boot(&handle, brokers));
    html! { <button {onclick}>{icon(Icon::Plus)}{el("span", "", name)}{el("span", "muted", note)}</button> }
}

/// A cluster of one's own.
pub fn boot(handle: &Handle, brokers: u32) {
    let spec = ClusterSpec { version: "4.3".into(), brokers, controllers: 1, config: vec![] };
    handle.send(Command::Boot { spec, seed: fresh_seed() });
}

/// The only thing of a session that is drawn by chance; from it everything else follows.
pub fn fresh_seed() -> u64 {
    getrandom::u32().map_or(1, u64::from)
}

fn file(handle: &Handle, name: &'static str, ending: &'static str, open: fn(&Handle, web_sys::File)) -> Html {
    let handle = handle.clone();
    let onchange = Callback::from(move |event: Event| {
        let input: web_sys::HtmlInputElement = event.target_unchecked_into();
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            open(&handle, file);
        }
        // The same file can be picked again.
        input.set_value("");
    });
    html! { <label>{icon(Icon::File)}{el("span", "", name)}{el("span", "muted", ending)}<input class="sr" type="file" accept={format!("{ending},text/plain")} {onchange}/></label> }
}

fn file_text(handle: &Handle, name: &'static str, ending: &'static str, open: fn(&Handle, &str)) -> Html {
    let handle = handle.clone();
    let onchange = Callback::from(move |event: Event| {
        let input: web_sys::HtmlInputElement = event.target_unchecked_into();
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            share::read(&handle, file, open);
        }
        input.set_value("");
    });
    html! { <label>{icon(Icon::File)}{el("span", "", name)}{el("span", "muted", ending)}<input class="sr" type="file" {onchange}/></label> }
}

fn on_drop(handle: &Handle) -> Callback<DragEvent> {
    let handle = handle.clone();
    Callback::from(move |event: DragEvent| {
        event.prevent_default();
        let files = event.data_transfer().and_then(|data| data.files());
        if let Some(file) = files.and_then(|files| files.get(0)) {
            if file.name().ends_with(".oz") {
                share::read(&handle, file, |handle, text| share::preview(handle, text.trim()));
            } else {
                load::open_file(&handle, file);
            }
        }
    })
}

fn export() -> Callback<MouseEvent> {
    Callback::from(|_: MouseEvent| share::save("offset-zero-progress.json", &storage::export()))
}

fn import(handle: &Handle, again: Callback<()>) -> Html {
    let handle = handle.clone();
    let onchange = Callback::from(move |event: Event| {
        let input: web_sys::HtmlInputElement = event.target_unchecked_into();
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            let again = again.clone();
            share::read_then(&handle, file, move |handle, text| {
                share::say(
                    handle,
                    match storage::import(text) {
                        Ok(count) => format!("Progress of {count} lessons was read."),
                        Err(why) => why,
                    },
                );
                again.emit(());
            });
        }
        input.set_value("");
    });
    html! { <label>{icon(Icon::File)}{el("span", "", "Take over progress")}{el("span", "muted", ".json")}<input class="sr" type="file" accept=".json,application/json" {onchange}/></label> }
}

/// Keeps `dyn_into` in scope for the event targets above.
#[allow(unused_imports)]
use JsCast as _;
