//! The bar at the top: where you are, which mode, which cluster, undo, theme, share.

use std::rc::Rc;

use wire::Command;
use wire::lesson::LessonView;
use yew::prelude::*;

use crate::ctx::Handle;
use crate::icons::{Icon, icon};
use crate::text::el;
use crate::theme::Theme;
use crate::ui::{Ask, Overlay, Screen};

/// What the bar says of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub kraft: bool,
    pub digest: u64,
}

pub struct Props {
    pub lesson: Option<Rc<LessonView>>,
    pub versions: Facts,
    pub theme: Theme,
    pub handle: Handle,
}

pub fn top_bar(props: &Props) -> Html {
    let handle = &props.handle;
    let send = |command: Command| {
        let handle = handle.clone();
        Callback::from(move |_: MouseEvent| handle.send(command.clone()))
    };
    let home = handle.ui.reform(|_: MouseEvent| Ask::Screen(Screen::Home));
    let share = handle.ui.reform(|_: MouseEvent| Ask::Overlay(Some(Overlay::Share)));
    let lesson = props.lesson.as_deref();
    html! {
        <header class="top">
            <button class="brand" onclick={home.clone()} aria-label="Offset Zero, to the lessons">{logo()}{"Offset Zero"}</button>
            <span class="vr"/>
            <nav class="crumb" aria-label="Where you are">
                <button class="link" onclick={home}>{lesson.map_or("Lessons", |lesson| lesson.chapter.as_str())}</button>{icon(Icon::Chevron)}
                // A lesson has a heading of its own.
                if let Some(lesson) = lesson { {el("b", "", lesson.title.clone())} } else { {el("h1", "", "Sandbox")} }
            </nav>
            {modes(handle, lesson.is_some(), true)}
            <span class="grow"/>
            if props.versions.kraft { <span class="chip" title="Metadata mode">{"KRaft"}</span> }
            <span class="chip mono" title="Kafka version">{"4.3"}</span>
            <span class="chip mono" title="Digest of the state shown">{icon(Icon::Seed)}{format!("{:04x}", props.versions.digest >> 48)}</span>
            <span class="vr"/>
            <span class="row tight">
                <button class="btn ghost ic sm" aria-label="Undo" title="Undo (Ctrl Z)" onclick={send(Command::Undo)}>{icon(Icon::Undo)}</button>
                <button class="btn ghost ic sm" aria-label="Redo" title="Redo (Ctrl Shift Z)" onclick={send(Command::Redo)}>{icon(Icon::Redo)}</button>
            </span>
            {crate::root::present_button(handle)}
            {theme_button(props.theme, handle)}
            <button class="btn sm" onclick={share}>{icon(Icon::Share)}{"Share"}</button>
        </header>
    }
}

/// Lesson, sandbox, present: the one the page is in is marked, the others are a click away.
pub fn modes(handle: &Handle, lesson: bool, running: bool) -> Html {
    let button = |name: &'static str, on: bool, act: Callback<MouseEvent>| {
        html! { <button class={if on { "on" } else { "" }} aria-pressed={on.to_string()} onclick={act}>{name}</button> }
    };
    let lessons = handle.ui.reform(|_: MouseEvent| Ask::Screen(Screen::Home));
    let sandbox = {
        let handle = handle.clone();
        Callback::from(move |_: MouseEvent| crate::home::boot(&handle, 3))
    };
    let present = handle.ui.reform(|_: MouseEvent| Ask::Present(true));
    let none = || Callback::from(|_: MouseEvent| ());
    html! {
        <span class="modes"><span class="seg" role="group" aria-label="Mode">
            {button("Lesson", lesson, if lesson { none() } else { lessons })}
            {button("Sandbox", !lesson, if lesson { sandbox } else { none() })}
            if running { {button("Present", false, present)} }
        </span></span>
    }
}

/// Also on the home screen.
pub fn theme_button(theme: Theme, handle: &Handle) -> Html {
    let other = theme.other();
    let turn = handle.ui.reform(move |_: MouseEvent| Ask::Theme(other));
    let label = format!("{} theme", if other == Theme::Light { "Light" } else { "Dark" });
    html! { <button class="btn ghost ic sm" aria-label={label.clone()} title={label} onclick={turn}>{icon(Icon::Sun)}</button> }
}

pub fn logo() -> Html {
    html! {
        <svg viewBox="0 0 24 24" aria-hidden="true">
            <rect x="1" y="1" width="22" height="22" rx="5.5" class="lg-ink"/><path d="M5.2 5v14" class="lg-one"/>
            <ellipse cx="13.8" cy="12" rx="4.7" ry="6.2" class="lg-zero"/>
        </svg>
    }
}
