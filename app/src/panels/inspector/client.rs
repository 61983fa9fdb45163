//! A Kafka client: what it was started as, what it sent or read, and its last refusal.

use wire::command::Question;
use wire::view::{ClientKind, ClientView};
use yew::prelude::*;

use super::why::WhyChain;
use super::{Props, facts, gone, head, ids};
use crate::icons::{Mark, mark};
use crate::text::{el, say};

pub fn panel(props: &Props, host: &str, pid: u32) -> Html {
    let Some(view) = props.model.clients.get(&(host.to_owned(), pid)) else {
        return gone(host, "This client does not run at this time.");
    };
    let kind = match view.kind {
        ClientKind::Producer => "producer",
        ClientKind::Consumer => "consumer",
        ClientKind::Admin => "admin",
    };
    html! {
        <>
            <div class="ihead pad">{head(&["Clients", host], &view.client_id, kind, &props.handle)}</div>
            <div class="ibody">
                <div class="isec">{facts(rows(view))}
                    if let Some(error) = &view.last_error {
                        <div class="row tags"><span class="st err tage">{mark(Mark::Error)}{error}</span></div>
                    }
                </div>
                if !view.positions.is_empty() { <div class="isec">{el("h3", "", "Positions")}{positions(view)}</div> }
                if view.kind == ClientKind::Producer {
                    <WhyChain asks={vec![(Question::Send { client: host.to_owned() }, "Send")]} shown={props.model.shown()}
                        index={if props.playing { u64::MAX } else { props.model.index }} playing={props.playing} handle={props.handle.clone()}/>
                }
                <div class="isec">{el("h3", "", "Started as")}{el("code", "mono wrap", view.command.clone())}</div>
            </div>
        </>
    }
}

fn rows(view: &ClientView) -> Vec<(&'static str, Html)> {
    let mut rows = vec![("Terminal", html! { {&view.terminal} }), ("Process", html! { {view.pid} })];
    if let Some(topic) = &view.topic {
        rows.push(("Topic", html! { {topic} }));
    }
    if let Some(acks) = &view.acks {
        rows.push(("acks", html! { {acks} }));
    }
    if view.kind == ClientKind::Producer {
        rows.push(("Sent", html! { {view.sent} }));
        rows.push(("Acked", html! { {view.acked} }));
        rows.push(("Waiting", html! { {view.waiting} }));
        rows.push(("Failed", html! { {view.failed} }));
    }
    rows.push((
        "Connected to",
        html! { {if view.connections.is_empty() { "nobody".to_owned() } else { ids(&view.connections) }} },
    ));
    rows
}

fn positions(view: &ClientView) -> Html {
    let committed = |at: Option<i64>| at.map_or("-".to_owned(), |offset| offset.to_string());
    html! {
        <table><thead><tr>{el("th", "", "Partition")}{el("th", "n", "Position")}{el("th", "n", "Committed")}</tr></thead><tbody>
            {for view.positions.iter().map(|at| html! {
                <tr>{el("td", "", format!("{}-{}", at.topic, at.partition))}{say("td", "n", at.position)}{say("td", "n", committed(at.committed))}</tr>
            })}
        </tbody></table>
    }
}
