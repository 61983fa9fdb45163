//! A broker or a controller: its process, what it leads, and the switches that break and mend it.

use wire::Fault;
use wire::view::{BrokerView, ServerState};
use yew::prelude::*;

use super::{Props, facts, gone, head, ids};
use crate::icons::{Mark, mark};
use crate::text::{el, say};
use crate::ui::{Ask, Selection};

pub fn panel(props: &Props, id: i32) -> Html {
    let Some(view) = props.model.brokers.get(&id) else {
        return gone(&format!("broker {id}"), "This broker is not in the cluster at this time.");
    };
    let known = props.model.shown().controller;
    let mut rows = vec![("State", html! { {state_word(view.state)} })];
    if known {
        let epoch = if view.epoch < 0 { "not registered".to_owned() } else { view.epoch.to_string() };
        let offset = if view.metadata_offset < 0 { "none".to_owned() } else { view.metadata_offset.to_string() };
        rows.push(("Fenced by the controller", html! { {if view.fenced { "yes" } else { "no" }} }));
        rows.push(("Broker epoch", html! { {epoch} }));
        rows.push(("Metadata offset", html! { {offset} }));
    }
    let here = props.model.replicas.keys().filter(|(_, _, broker)| *broker == id).count();
    rows.push(("Leads", html! { {view.leads.len()} }));
    rows.push(("Replicas here", html! { {here} }));
    html! {
        <>
            <div class="ihead pad">{head(&["Brokers", &view.endpoint], &format!("broker {id}"), "broker", &props.handle)}</div>
            <div class="ibody">
                <div class="isec">{facts(rows)}
                    if view.fenced && known { <div class="row tags"><span class="st err tage">{mark(Mark::Error)}{"Fenced"}</span></div> }
                </div>
                <div class="isec">{el("h3", "", "Switches")}{switches(props, view)}</div>
                <div class="isec">{el("h3", "", "Replicas")}if here > 0 { {replicas(props, id)} } else { {el("p", "soft", "No partition has a copy here.")} }</div>
            </div>
        </>
    }
}

pub fn controller_panel(props: &Props, id: i32) -> Html {
    let Some(view) = props.model.controllers.get(&id) else {
        return gone(&format!("controller {id}"), "This controller is not in the cluster at this time.");
    };
    let rows = vec![
        ("State", html! { {state_word(view.state)} }),
        ("Active", html! { {if view.active { "yes" } else { "no" }} }),
        ("Epoch", html! { {view.epoch} }),
        ("Metadata offset", html! { {view.metadata_offset} }),
        ("Voters", html! { {ids(&view.voters)} }),
    ];
    html! {
        <>
            <div class="ihead pad">{head(&["Quorum", &view.endpoint], &format!("controller {id}"), "controller", &props.handle)}</div>
            <div class="ibody"><div class="isec">{facts(rows)}</div>
                <div class="isec">{el("h3", "", "Switches")}{buttons(props, &host_of(&view.endpoint), view.state)}</div></div>
        </>
    }
}

fn switches(props: &Props, view: &BrokerView) -> Html {
    buttons(props, &host_of(&view.endpoint), view.state)
}

/// `b1` of `b1:9092`.
fn host_of(endpoint: &str) -> String {
    endpoint.split(':').next().unwrap_or(endpoint).to_owned()
}

fn buttons(props: &Props, host: &str, state: ServerState) -> Html {
    let button = |name: &'static str, hint: &'static str, fault: Fault| {
        let handle = props.handle.clone();
        let onclick = Callback::from(move |event: MouseEvent| {
            // The switch goes and others come: the next key must not press whatever stands in its place.
            let row = event.target_dyn_into::<web_sys::Element>().and_then(|button| button.parent_element());
            if let Some(row) = row.and_then(|row| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(row).ok()) {
                let _ = row.focus();
            }
            handle.fault(fault.clone());
        });
        html! { <button key={name} class="btn sm" title={hint} {onclick}>{name}</button> }
    };
    let host = || host.to_owned();
    let list = match state {
        ServerState::Down => {
            vec![
                button("Start", "Start the process", Fault::Start(host())),
                button("Lose its disk", "Empty its log directories", Fault::Wipe(host())),
            ]
        }
        ServerState::Paused => {
            vec![
                button("Resume", "SIGCONT", Fault::Resume(host())),
                button("Kill", "SIGKILL: power is cut", Fault::Kill(host())),
            ]
        }
        _ => vec![
            button("Kill", "SIGKILL: power is cut", Fault::Kill(host())),
            button("Stop", "SIGTERM: controlled shutdown", Fault::Stop(host())),
            button("Pause", "SIGSTOP: the process stands still", Fault::Pause(host())),
        ],
    };
    html! { <div class="row wraps" tabindex="-1">{for list}</div> }
}

fn replicas(props: &Props, id: i32) -> Html {
    let rows = props.model.replicas.iter().filter(|((_, _, broker), _)| *broker == id).map(|((topic, p, _), view)| {
        let tp = (topic.clone(), *p);
        let onclick = props.handle.ui.reform(move |_: MouseEvent| Ask::Select(Selection::Partition(tp.clone())));
        html! {
            <tr><td><button class="link" {onclick}>{format!("{topic}-{p}")}</button></td>
                <td>{format!("{:?}", view.role).to_ascii_lowercase()}</td>{say("td", "n", view.log_end)}</tr>
        }
    });
    html! { <table><thead><tr>{el("th", "", "Partition")}{el("th", "", "Role")}<th class="n">{if props.model.shown().hw { "LEO" } else { "Next" }}</th></tr></thead><tbody>{for rows}</tbody></table> }
}

pub fn state_word(state: ServerState) -> &'static str {
    match state {
        ServerState::Down => "down",
        ServerState::Starting => "starting",
        ServerState::Running => "running",
        ServerState::ShuttingDown => "shutting down",
        ServerState::Paused => "paused (SIGSTOP)",
    }
}
