//! The stage for a room: no panels, large cells, a caption, the beats as a strip, hands counted by key.
//!
//! A clicker sends arrow keys, so Right is the next beat and nothing needs a modifier.

use std::rc::Rc;

use wire::lesson::{LessonView, PredictView};
use wire::{Command, EventView};
use yew::prelude::*;

use super::App;
use crate::ctx::Handle;
use crate::icons::{Icon, icon};
use crate::lesson::prose::spans;
use crate::panels::topbar::logo;
use crate::share::qr::Moment;
use crate::stage::Stage;
use crate::store::Events;
use crate::text::{el, say};
use crate::ui::Ask;

/// Beats of the strip when there is no lesson to name them.
const BEATS: usize = 7;

impl App {
    pub(super) fn presenter(&self) -> Html {
        let (model, ui, handle) = (&self.model, &self.ui, &self.handle);
        let lesson = model.lesson.as_deref();
        let question = self.question();
        let exit = handle.ui.reform(|_: MouseEvent| Ask::Present(false));
        let title = lesson.map_or("Sandbox", |lesson| lesson.title.as_str());
        let event = model.events.at(model.index);
        html! {
            <div class="pz">
                <header class="pt"><span class="brand">{logo()}{"Offset Zero"}</span><span class="vr"/>{el("b", "", title)}<span class="grow"/>
                    {el("span", "chip", "KRaft, Kafka 4.3")}
                    <button class="btn" onclick={exit}>{"Exit"}<kbd>{"Esc"}</kbd></button></header>
                <Halo><Stage model={model.clone()} focus={ui.focus(model)} selection={ui.selection.clone()}
                    theme={ui.theme} playing={handle.player.playing()} present=true handle={handle.clone()}/></Halo>
                {beats(lesson, &model.events, model.index)}
                <section class="cap" aria-label="Caption">
                    {match question {
                        Some(question) => asked(question, &ui.hands, handle),
                        None => told(lesson, event.map(|event| model.shown().words(&event))),
                    }}
                    {next(question.is_some(), handle)}
                    <Moment index={model.index} playing={handle.player.playing()} handle={handle.clone()}/>
                </section>
            </div>
        }
    }

    pub(super) fn present(&mut self, on: bool) {
        self.ui.present = on;
        self.ui.hands.clear();
    }

    /// One more hand for an option of the open question.
    pub(super) fn count(&mut self, option: u32) {
        let options = self.question().map_or(0, |predict| predict.options.len());
        if (option as usize) < options {
            self.ui.hands.resize(options, 0);
            self.ui.hands[option as usize] += 1;
        }
    }

    /// Commits to the option with the most hands, the first of equals: the engine then says what happens.
    pub(super) fn reveal(&mut self) {
        if self.question().is_none() {
            return;
        }
        let most = self.ui.hands.iter().copied().max().unwrap_or(0);
        let option = self.ui.hands.iter().position(|hands| *hands == most).unwrap_or(0) as u32;
        self.ui.hands.clear();
        self.handle.send(Command::Predict { option });
    }
}

fn asked(question: &PredictView, hands: &[u32], handle: &Handle) -> Html {
    let option = |(at, text): (usize, &Vec<wire::lesson::Span>)| {
        let onclick = handle.ui.reform(move |_: MouseEvent| Ask::Hand(at as u32));
        let count = hands.get(at).copied().unwrap_or(0);
        html! { <button {onclick}><kbd>{at + 1}</kbd><span>{spans(text)}</span><i aria-label={format!("{count} hands")}>{count}</i></button> }
    };
    html! { <div><h1>{spans(&question.question)}</h1><div class="po">{for question.options.iter().enumerate().map(option)}</div></div> }
}

/// What just happened; before anything has, what the step is about.
fn told(lesson: Option<&LessonView>, event: Option<String>) -> Html {
    let step = lesson.and_then(|lesson| lesson.steps.get(lesson.step as usize));
    let answer = step.and_then(|step| step.predict.as_ref()).filter(|predict| predict.outcome.is_some());
    let title = event.or_else(|| step.map(|step| step.title.clone()));
    html! {
        <div><h1 aria-live="polite">{title.unwrap_or_else(|| "Nothing has happened yet.".to_owned())}</h1>
            if let Some(predict) = answer { <p class="said">{spans(&predict.explanation)}</p> }
            else if let Some(step) = step { {el("p", "said", step.title.clone())} }
        </div>
    }
}

fn next(asks: bool, handle: &Handle) -> Html {
    let handle = handle.clone();
    let onclick = Callback::from(move |_: MouseEvent| if asks { handle.show(Ask::Reveal) } else { handle.beat(true) });
    html! {
        <div class="nx"><button class="btn pri" {onclick}>{if asks { "Reveal" } else { "Next" }}<kbd>{if asks { "R" } else { "→" }}</kbd></button>
            <small>{if asks { "1 to 4 counts hands" } else { "Left goes back" }}</small></div>
    }
}

/// The lesson's steps, or the last beats of a sandbox.
fn beats(lesson: Option<&LessonView>, events: &Events, index: u64) -> Html {
    let mut strip: Vec<(usize, String, &'static str)> = vec![];
    if let Some(lesson) = lesson {
        let now = lesson.step as usize;
        let state = |at: usize| match at.cmp(&now) {
            std::cmp::Ordering::Less => "d",
            std::cmp::Ordering::Equal => "n",
            std::cmp::Ordering::Greater => "",
        };
        strip.extend(lesson.steps.iter().enumerate().map(|(at, step)| (at + 1, step.title.clone(), state(at))));
    } else {
        let all = events.all();
        let beats: Vec<&Rc<EventView>> = all.iter().filter(|event| events.shown.flags(event)).collect();
        let now = beats.iter().rposition(|beat| beat.index <= index).unwrap_or(0);
        let from = (now + 2).saturating_sub(BEATS);
        for (at, beat) in beats.iter().enumerate().skip(from).take(BEATS) {
            let state = if at == now { "n" } else { ["", "d"][usize::from(at < now)] };
            strip.push((at + 1, events.shown.words(beat), state));
        }
    }
    html! { <section aria-label="Beats"><ol class="beats">{for strip.into_iter().map(|(number, text, state)| html! { <li class={state}>{say("b", "", number)}{say("span", "clip", text)}</li> })}</ol></section> }
}

#[derive(Properties, PartialEq)]
struct HaloProps {
    children: Html,
}

/// A ring that goes with the pointer, so that the last row sees what is pointed at.
#[component]
fn Halo(props: &HaloProps) -> Html {
    let ring = use_node_ref();
    let onpointermove = {
        let ring = ring.clone();
        Callback::from(move |event: PointerEvent| {
            if let Some(ring) = ring.cast::<web_sys::HtmlElement>() {
                // Straight to the style: a component drawn per move of the pointer would cost a frame each.
                let at = format!("translate({}px,{}px)", event.client_x() - 46, event.client_y() - 46);
                let _ = ring.style().set_property("transform", &at);
                let _ = ring.style().set_property("opacity", "1");
            }
        })
    };
    let onpointerleave = {
        let ring = ring.clone();
        Callback::from(move |_: PointerEvent| {
            if let Some(ring) = ring.cast::<web_sys::HtmlElement>() {
                let _ = ring.style().set_property("opacity", "0");
            }
        })
    };
    html! { <div class="pstage" {onpointermove} {onpointerleave}>{props.children.clone()}<i class="halo" ref={ring} aria-hidden="true"/></div> }
}

/// The button that leads here.
pub fn button(handle: &Handle) -> Html {
    let onclick = handle.ui.reform(|_: MouseEvent| Ask::Present(true));
    html! { <button class="btn ghost ic sm presents" aria-label="Present" title="Present (P)" {onclick}>{icon(Icon::Present)}</button> }
}
