//! The terminal drawer: real lines in, true output out. The engine is the shell; this shows its scrollback and sends what
//! is typed. Folded, the drawer shows the last command and its last line.

pub mod fault;
mod input;
mod scroll;

use std::rc::Rc;

use wire::view::{LineKind, LineView, TerminalView};
use yew::prelude::*;

use crate::ctx::Handle;
use crate::icons::{Icon, icon};
use crate::store::{Map, Ordered};
use crate::text::el;
use crate::ui::Ask;

pub type Lines = Ordered<u32, Rc<LineView>>;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub terminals: Map<String, TerminalView>,
    pub lines: Map<String, Lines>,
    pub open: bool,
    pub playing: bool,
    pub current: String,
    /// The command that the last click elsewhere stands for, until something is typed.
    pub echo: Option<String>,
    pub handle: Handle,
}

#[component]
pub fn TerminalDrawer(props: &Props) -> Html {
    let toggle = props.handle.ui.reform(|_: MouseEvent| Ask::ToggleTerminal);
    let body = if props.open { opened(props, toggle) } else { folded(props, toggle) };
    html! { <section class="term" id="terminal" aria-label="Terminal" tabindex="-1">{body}</section> }
}

/// One line: the last command and what it printed last.
fn folded(props: &Props, toggle: Callback<MouseEvent>) -> Html {
    let lines = props.lines.get(&props.current);
    let last = |kinds: &[LineKind]| {
        lines.and_then(|lines| lines.values().rev().find(|line| kinds.contains(&line.kind)).cloned())
    };
    let command = last(&[LineKind::Command, LineKind::Echo]);
    let output = last(&[LineKind::Output])
        .filter(|output| command.as_ref().is_none_or(|command| output.number > command.number));
    html! {
        <div class="dbar">
            <button class="btn ghost sm" onclick={toggle.clone()} aria-expanded="false">{icon(Icon::Terminal)}{"Terminal"}</button>
            <span class="vr"/>
            <code class="grow clip mono">
                if let Some(echo) = &props.echo {
                    {el("span", "muted", "$ ")}{echo}{el("span", "muted lastout", "sent from the stage")}
                } else if let Some(command) = command { {el("span", "muted", "$ ")}{&command.text} }
                if let (Some(output), None) = (output, &props.echo) { {el("span", "muted lastout", output.text.clone())} }
            </code>
            <kbd>{"`"}</kbd><button class="btn ghost ic sm" aria-label="Open the terminal" onclick={toggle}>{icon(Icon::Up)}</button>
        </div>
    }
}

fn opened(props: &Props, toggle: Callback<MouseEvent>) -> Html {
    let view = props.terminals.get(&props.current).cloned();
    let lines = props.lines.get(&props.current).cloned().unwrap_or_default();
    html! {
        <div class="tt">
            {tabs(props, toggle)}
            <scroll::Scroll {lines} echo={props.echo.clone()} open_line={view.as_ref().map(|view| view.open_line.clone()).unwrap_or_default()}>
                <input::Input key={props.current.clone()} terminal={props.current.clone()} view={view.clone()} handle={props.handle.clone()}/>
                if let Some(program) = view.filter(|view| !props.playing && !view.reads_input).and_then(|view| view.running.clone()) {
                    {still(&program, &props.handle)}
                }
            </scroll::Scroll>
        </div>
    }
}

/// A program that waits takes no command, and nothing it waits for comes while time stands still: what can be done then.
fn still(line: &str, handle: &Handle) -> Html {
    let handle = handle.clone();
    let play = Callback::from(move |_: MouseEvent| handle.player.play());
    html! {
        <span class="still">{el("b", "", program(line))}{" still runs here. Time stands still."}
            <button class="btn sm" onclick={play}>{icon(Icon::Play)}{"Let time run"}</button></span>
    }
}

/// A program's name without its ending.
fn program(line: &str) -> String {
    line.split_whitespace().next().unwrap_or_default().trim_end_matches(".sh").to_owned()
}

fn tabs(props: &Props, toggle: Callback<MouseEvent>) -> Html {
    // Terminals are there from the start; those that nobody has used yet are behind the plus.
    let used = |name: &&String| {
        **name == props.current
            || props.lines.get(*name).is_some_and(|lines| !lines.is_empty())
            || props.terminals.get(*name).is_some_and(|view| view.running.is_some())
    };
    let mut names: Vec<&String> = props.terminals.keys().filter(used).collect();
    crate::order::by(&mut names, |name| (name.len(), (*name).clone()));
    let unused = || props.terminals.keys().filter(|name| !names.contains(name));
    let free = unused().find(|name| names.last().is_none_or(|last| name > last)).or_else(|| unused().next()).cloned();
    let tab = |name: &&String| {
        let name = *name;
        let on = *name == props.current;
        let pick = name.clone();
        let onclick = props.handle.ui.reform(move |_: MouseEvent| Ask::Terminal(pick.clone()));
        let running = props.terminals.get(name).and_then(|view| view.running.as_ref());
        let program = running.map(|line| program(line));
        html! {
            <button role="tab" class={classes!(on.then_some("on"))} aria-selected={on.to_string()} {onclick}>{name}
                if let Some(program) = program { {el("i", "", program)} }</button>
        }
    };
    let add = free.map(|free| {
        let onclick = props.handle.ui.reform(move |_: MouseEvent| Ask::Terminal(free.clone()));
        html! { <button class="btn ghost ic sm" aria-label="New terminal" title="New terminal" {onclick}>{icon(Icon::Plus)}</button> }
    });
    html! {
        <div class="ttabs"><span class="row tight" role="tablist" aria-label="Terminals">{for names.iter().map(tab)}</span>
            {add}
            <span class="grow"/>{el("span", "muted small", "Tab completes, Ctrl-R looks back, Ctrl-C stops, Ctrl-D ends the input")}
            <button class="btn ghost ic sm" aria-label="Close the terminal" title="Close (`)" onclick={toggle}>{icon(Icon::Down)}</button>
        </div>
    }
}
