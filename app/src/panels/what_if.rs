//! "What if": the same seed and one change, from the moment that is shown. The change is picked here; both branches are
//! then played to one time and stand side by side.

use wire::view::ServerState;
use wire::{Command, Fault};
use yew::prelude::*;

use crate::ctx::Handle;
use crate::store::Model;
use crate::text::el;
use crate::timeline::clock;
use crate::ui::Ask;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub model: Model,
    pub handle: Handle,
}

#[component]
pub fn WhatIf(props: &Props) -> Html {
    let line = use_node_ref();
    let ask = |change: Command| props.handle.ui.reform(move |_: MouseEvent| Ask::WhatIf(change.clone()));
    let row = |broker: &std::rc::Rc<wire::view::BrokerView>| {
        let host = format!("b{}", broker.id);
        let faults: &[(&str, fn(String) -> Fault)] = match broker.state {
            ServerState::Down => &[("starts again", Fault::Start)],
            ServerState::Paused => &[("goes on", Fault::Resume), ("loses power", Fault::Kill)],
            _ => &[("loses power", Fault::Kill), ("is shut down", Fault::Stop), ("hangs", Fault::Pause)],
        };
        let button = |(words, fault): &(&'static str, fn(String) -> Fault)| {
            html! { <button class="btn sm" aria-label={format!("Broker {} {words}", broker.id)} onclick={ask(Command::Fault(fault(host.clone())))}>{*words}</button> }
        };
        html! { <li class="row">{el("b", "grow", format!("Broker {}", broker.id))}{for faults.iter().map(button)}</li> }
    };
    // A terminal at its prompt: elsewhere the line would be the input of what runs.
    let free = props.model.terminals.values().find(|terminal| terminal.running.is_none()).map(|view| view.name.clone());
    let typed = {
        let (line, ui) = (line.clone(), props.handle.ui.clone());
        move |terminal: String| {
            Callback::from(move |event: SubmitEvent| {
                event.prevent_default();
                let text = line.cast::<web_sys::HtmlInputElement>().map(|input| input.value()).unwrap_or_default();
                if !text.trim().is_empty() {
                    ui.emit(Ask::WhatIf(Command::Type { terminal: terminal.clone(), line: text }));
                }
            })
        }
    };
    html! {
        <div class="share">
            {el("p", "soft", format!("At {} s, with the same seed: what if one thing had been different? Both ways run to the same time and stand side by side.", clock(props.model.now_us)))}
            <ul class="plain ifs">{for props.model.brokers.values().map(row)}</ul>
            if let Some(free) = free {
                <form class="row" onsubmit={typed(free.clone())}><input class="field mono grow" ref={line} aria-label={format!("A line typed into terminal {free}")} placeholder="or type a command"/>
                    <button class="btn">{"Type it"}</button></form>
            }
        </div>
    }
}
