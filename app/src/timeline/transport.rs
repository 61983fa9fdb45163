//! Transport buttons, clock, event sentence, branches, speed. The sentence is a live region: it reads out what happens.

use std::rc::Rc;

use wire::reply::BranchView;
use wire::{Command, EventView, Tone};
use yew::prelude::*;

use super::clock;
use crate::ctx::Handle;
use crate::icons::{Icon, Mark, icon, mark};
use crate::player::SPEEDS;
use crate::store::Shown;
use crate::text::el;
use crate::ui::{Ask, Overlay, Said};

pub struct Props {
    pub now_us: u64,
    /// Something recorded lies ahead of the position shown.
    pub ahead: bool,
    pub event: Option<Rc<EventView>>,
    pub shown: Shown,
    pub branches: Rc<Vec<BranchView>>,
    pub playing: bool,
    pub locked: bool,
    pub speed: usize,
    pub said: Said,
    pub handle: Handle,
}

pub fn transport(props: &Props) -> Html {
    let handle = &props.handle;
    let blocked = props.locked && !props.ahead;
    let button = |name: &'static str, which: Icon, off: bool, act: fn(&Handle)| {
        let handle = handle.clone();
        let onclick = Callback::from(move |_: MouseEvent| act(&handle));
        html! { <button class="btn ghost ic sm" aria-label={name} title={name} disabled={off} {onclick}>{icon(which)}</button> }
    };
    let toggle = {
        let handle = handle.clone();
        Callback::from(move |_: MouseEvent| handle.player.toggle())
    };
    let (name, which) = if props.playing { ("Pause", Icon::Pause) } else { ("Play", Icon::Play) };
    html! {
        <div class="thead">
            <span class="row tight">
                {button("Previous beat", Icon::BeatBack, false, |handle| handle.beat(false))}
                {button("Step back", Icon::StepBack, false, |handle| handle.step(false))}
            </span>
            <button class={classes!("btn", "ic", if blocked { "off" } else { "play" })} aria-label={name} title={format!("{name} (Space)")}
                disabled={blocked} onclick={toggle}>{icon(which)}</button>
            <span class="row tight">
                {button("Step forward", Icon::StepForward, blocked, |handle| handle.step(true))}
                {button("Next beat", Icon::BeatForward, blocked, |handle| handle.beat(true))}
            </span>
            <span class="clock">{clock(props.now_us)}{el("small", "", " s")}</span><span class="vr"/>
            <span class="sentence">{sentence(props, handle)}</span>
            <span class="sr" role="status">{aloud(props)}</span>
            <span class="grow"/>
            <Branches branches={props.branches.clone()} locked={props.locked} handle={handle.clone()}/>
            {speed(props)}
        </div>
    }
}

/// What is read out. While time runs there would be no end to it, so then it is the beats alone.
fn aloud(props: &Props) -> String {
    let loud = |event: &&Rc<EventView>| match props.said {
        Said::Nothing => false,
        Said::Beats => event.beat,
        Said::Everything => event.beat || !props.playing,
    };
    props.event.as_ref().filter(loud).map_or_else(String::new, |event| props.shown.words(event))
}

fn sentence(props: &Props, handle: &Handle) -> Html {
    let Some(event) = &props.event else { return el("span", "muted", "Nothing has happened yet.") };
    let (class, tone) = match event.tone {
        Tone::Plain => ("soft", html! {}),
        Tone::Warn => ("st warn", mark(Mark::Warn)),
        Tone::Error => ("st err", mark(Mark::Error)),
    };
    let list = handle.ui.reform(|_: MouseEvent| Ask::Overlay(Some(Overlay::Log)));
    html! {
        <><span {class}>{tone}{el("span", "clip", props.shown.words(event))}</span>
        <button class="link muted evno" title="What has happened, in words" onclick={list}>{format!("Event {}", event.ordinal)}</button></>
    }
}

fn speed(props: &Props) -> Html {
    let handle = props.handle.clone();
    let oninput = Callback::from(move |event: InputEvent| {
        let slider: web_sys::HtmlInputElement = event.target_unchecked_into();
        handle.player.set_speed(slider.value().parse().unwrap_or(crate::player::SPEED_START));
    });
    let words = SPEEDS[props.speed.min(SPEEDS.len() - 1)].1;
    html! {
        <label class="row muted speed">{"Speed"}
            <input type="range" min="0" max={(SPEEDS.len() - 1).to_string()} step="1" value={props.speed.to_string()}
                aria-valuetext={words} {oninput}/>
            {el("span", "soft", words)}</label>
    }
}

#[derive(Properties, PartialEq)]
struct BranchProps {
    branches: Rc<Vec<BranchView>>,
    /// A prediction waits: the future is not told before it is answered.
    locked: bool,
    handle: Handle,
}

/// The branch shown, and a list of the others with the button that forks here.
#[component]
fn Branches(props: &BranchProps) -> Html {
    let open = use_state(|| false);
    let current = props.branches.iter().find(|branch| branch.current).map_or("main", |branch| branch.name.as_str());
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let act = |command: Command| {
        let (open, handle) = (open.clone(), props.handle.clone());
        Callback::from(move |_: MouseEvent| {
            handle.player.pause();
            handle.send(command.clone());
            open.set(false);
        })
    };
    let what_if = {
        let (open, handle) = (open.clone(), props.handle.clone());
        Callback::from(move |_: MouseEvent| {
            open.set(false);
            handle.player.pause();
            handle.show(Ask::Overlay(Some(Overlay::WhatIf)));
        })
    };
    let row = |branch: &BranchView| {
        let from = branch
            .parent
            .as_ref()
            .map(|parent| format!("from {parent} at {} s", clock(branch.fork_us)))
            .unwrap_or_default();
        let compare = {
            let (open, handle, name) = (open.clone(), props.handle.clone(), branch.name.clone());
            Callback::from(move |_: MouseEvent| {
                open.set(false);
                handle.show(Ask::Compare(name.clone()));
            })
        };
        html! {
            <>
            <button role="menuitemradio" aria-checked={branch.current.to_string()} onclick={act(Command::SwitchBranch { name: branch.name.clone() })}>
                {el("b", "", branch.name.clone())}{el("span", "muted", from)}</button>
            if !branch.current { <button role="menuitem" onclick={compare}>{format!("Compare with {}", branch.name)}</button> }
            </>
        }
    };
    html! {
        <span class="menuhost">
            <button class="chip" aria-haspopup="menu" aria-expanded={open.to_string()} title="Branches" onclick={toggle}>{icon(Icon::Fork)}{current}</button>
            if *open {
                <div class="menu up" role="menu" aria-label="Branches">
                    {for props.branches.iter().map(row)}
                    if !props.locked { <button role="menuitem" onclick={what_if}>{icon(Icon::Question)}{"What if"}{el("span", "muted", "same seed, one change")}</button> }
                    <button role="menuitem" onclick={act(Command::Fork { name: String::new() })}>{icon(Icon::Plus)}{"Fork here"}<kbd>{"F"}</kbd></button>
                </div>
            }
        </span>
    }
}
