//! Bars across the page: something happened that is not an answer to what was asked, and what can be done about it.

use wire::Tone;
use yew::prelude::*;

use crate::bridge::Trouble;
use crate::ctx::Handle;
use crate::icons::{Icon, Mark, icon, mark};
use crate::text::{el, say};
use crate::ui::{Ask, Bar, Overlay};

pub struct Props {
    pub bars: Vec<Bar>,
    pub handle: Handle,
}

pub fn bars(props: &Props) -> Html {
    if props.bars.is_empty() {
        return html! {};
    }
    html! { <div class="bars">{for props.bars.iter().enumerate().map(|(at, bar)| one(at, bar, &props.handle))}</div> }
}

fn one(at: usize, bar: &Bar, handle: &Handle) -> Html {
    let (tone, class) = match bar.tone {
        Tone::Plain => (Mark::Ok, "bar"),
        Tone::Warn => (Mark::Warn, "bar warn"),
        Tone::Error => (Mark::Error, "bar err"),
    };
    let close = handle.ui.reform(move |_: MouseEvent| Ask::CloseBar(at));
    let export = handle.ui.reform(|_: MouseEvent| Ask::Overlay(Some(Overlay::Share)));
    html! {
        <div {class} role={if bar.tone == Tone::Plain { "status" } else { "alert" }}>
            {mark(tone)}
            <div class="grow">
                {el("b", "", bar.title.clone())}
                if bar.details.len() == 1 {
                    <span class="soft">{" "}{&bar.details[0]}</span>
                } else if !bar.details.is_empty() {
                    <ul>{for bar.details.iter().map(|detail| say("li", "", detail))}</ul>
                }
            </div>
            if bar.export { <button class="btn sm" onclick={export}>{"Export"}</button> }
            <button class="btn ghost ic sm" aria-label="Close this message" onclick={close}>{icon(Icon::Cross)}</button>
        </div>
    }
}

/// Tone, title, details and whether to offer the export, for what happened to the worker.
pub fn words(trouble: Trouble) -> (Tone, String, Vec<String>, bool) {
    let kept = |steps: usize| format!("Your work is kept: {steps} steps were played again.");
    match trouble {
        Trouble::Restored { text, steps } => {
            (Tone::Warn, "The engine stopped and was started again.".into(), vec![kept(steps), text], true)
        }
        Trouble::LeftOut { text, step, steps } => (
            Tone::Error,
            "The engine stopped twice at one step. That step is left out.".into(),
            vec![kept(steps), format!("Left out: {step}"), text],
            true,
        ),
        Trouble::OtherVersion { .. } => (
            Tone::Warn,
            "This page and its engine come from different releases.".into(),
            vec!["Reload the page to get both from one.".into()],
            true,
        ),
        Trouble::NoWorker { text } => (
            Tone::Error,
            "The engine cannot be started.".into(),
            vec!["Reload the page. Your last saved session is offered there.".into(), text],
            true,
        ),
    }
}
