//! The terminal drawer.

use std::collections::BTreeMap;
use std::rc::Rc;

use wire::view::{LineView, TerminalView};
use yew::prelude::*;

use crate::ctx::Handle;
use crate::icons::{Icon, icon};
use crate::store::Map;
use crate::ui::Ask;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub terminals: Map<String, TerminalView>,
    pub lines: Map<String, BTreeMap<u32, Rc<LineView>>>,
    pub open: bool,
    pub current: String,
    /// A line to put into the prompt, with a number that rises with each.
    pub draft: (u32, String),
    pub handle: Handle,
}

#[component]
pub fn TerminalDrawer(props: &Props) -> Html {
    let last = props.lines.get(&props.current).and_then(|lines| lines.values().next_back().cloned());
    let toggle = props.handle.ui.reform(|_: MouseEvent| Ask::ToggleTerminal);
    html! {
        <section class="term" id="terminal" aria-label="Terminal">
            <div class="dbar">
                <button class="btn ghost sm" onclick={toggle} aria-expanded={props.open.to_string()}>{icon(Icon::Terminal)}{"Terminal"}</button>
                <span class="vr"/>
                <code class="grow clip">{last.map(|line| line.text.clone()).unwrap_or_default()}</code>
                <kbd>{"`"}</kbd>{icon(Icon::Up)}
            </div>
        </section>
    }
}
