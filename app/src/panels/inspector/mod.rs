//! The inspector: facts about what is selected, and why they are so.

pub mod broker;
mod client;
mod config;
mod message;
mod partition;
mod tables;
mod why;

use wire::lesson::ConsoleLine;
use yew::prelude::*;

use crate::ctx::Handle;
use crate::icons::{Icon, icon};
use crate::lesson::prose::console;
use crate::store::{Model, Tp};
use crate::text::{el, say};
use crate::ui::{Ask, Selection, label};

pub struct Props {
    pub model: Model,
    pub selection: Option<Selection>,
    /// The partition the stage shows large: shown while nothing is selected.
    pub focus: Option<Tp>,
    pub playing: bool,
    pub handle: Handle,
}

pub fn inspector(props: &Props) -> Html {
    let shown = props.selection.clone().or_else(|| props.focus.clone().map(Selection::Partition));
    let body = match &shown {
        None => empty(props),
        Some(Selection::Partition(tp)) => partition_panel(props, tp),
        Some(Selection::Broker(id)) => broker::panel(props, *id),
        Some(Selection::Controller(id)) => broker::controller_panel(props, *id),
        Some(Selection::Client(host, pid)) => client::panel(props, host, *pid),
        Some(Selection::Message(id)) => {
            html! { <message::Message id={*id} view={props.model.flights.get(id).cloned()} handle={props.handle.clone()}/> }
        }
    };
    html! { <aside class="insp" id="inspector" aria-label="Inspector">{body}</aside> }
}

fn partition_panel(props: &Props, tp: &Tp) -> Html {
    match props.model.partitions.get(tp) {
        None => gone(&label(tp), "This partition is not in the cluster at this time."),
        Some(view) => html! {
            <partition::PartitionPanel view={view.clone()} before={props.model.before.get(tp).cloned()}
                replicas={tables::replicas_of(&props.model, tp)} topic={props.model.topics.get(&tp.0).cloned()}
                refused={refused(&props.model, &tp.0)} metrics={props.model.metrics.clone()} metrics_before={props.model.metrics_before.clone()}
                events={props.model.events.clone()} index={if props.playing { u64::MAX } else { props.model.index }} playing={props.playing}
                glyphs={props.model.glyphs.clone()} charts={charts(props)} handle={props.handle.clone()}/>
        },
    }
}

/// Whose last send to a topic was refused, by its client id.
fn refused(model: &Model, topic: &str) -> Option<String> {
    let mut clients = model.clients.values();
    let client = clients.find(|client| client.last_error.is_some() && client.topic.as_deref() == Some(topic))?;
    Some(if client.client_id.is_empty() { &client.terminal } else { &client.client_id }.clone())
}

/// The charts beside the partitions.
fn charts(props: &Props) -> crate::charts::Props {
    let (model, handle) = (&props.model, props.handle.clone());
    crate::charts::Props {
        index: model.index,
        now_us: model.now_us,
        end_us: model.end_us,
        playing: props.playing,
        events: model.events.clone(),
        most: usize::MAX,
        alerts: false,
        height: 104.0,
        handle,
    }
}

/// Says what is missing and the command that makes it.
fn empty(props: &Props) -> Html {
    let text =
        "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions 3 --replication-factor 3";
    let line = ConsoleLine { text: text.to_owned(), input: false };
    html! {
        <div class="isec">
            <div class="empty">{el("b", "", "No topic yet")}
                if props.model.lesson.is_some() {
                    {el("p", "soft", "What you select on the stage is explained here.")}
                } else {
                    {el("p", "soft", "Create one. A click types this line into terminal t1:")}
                    {console("t1", &[line], &[], &props.handle)}
                }
            </div>
        </div>
    }
}

fn gone(name: &str, why: &str) -> Html {
    html! { <><div class="ihead">{el("h2", "", name)}</div><div class="isec">{el("p", "soft", why)}</div></> }
}

/// Path, name and kind at the head of the panel.
fn head(path: &[&str], name: &str, kind: &str, handle: &Handle) -> Html {
    let close = handle.ui.reform(|_: MouseEvent| Ask::Deselect);
    html! {
        <>
            <div class="crumb small">{for path.iter().enumerate().map(|(at, part)| html! {
                <>if at > 0 { {icon(Icon::Chevron)} }{say("span", "", part)}</>
            })}</div>
            <h2>{el("span", "clip", name)}{el("span", "chip", kind)}<span class="grow"/>
                <button class="btn ghost ic sm" aria-label="Back to the partition in focus" onclick={close}>{icon(Icon::Cross)}</button></h2>
        </>
    }
}

/// Tabs of a panel; arrows move between them.
fn tabs(names: &'static [&'static str], current: usize, pick: Callback<usize>) -> Html {
    let count = names.len();
    let onkeydown = {
        let pick = pick.clone();
        Callback::from(move |event: KeyboardEvent| {
            let to = match event.key().as_str() {
                "ArrowRight" => (current + 1) % count,
                "ArrowLeft" => (current + count - 1) % count,
                _ => return,
            };
            event.prevent_default();
            pick.emit(to);
        })
    };
    html! {
        <div class="tabs" role="tablist" {onkeydown}>{for names.iter().enumerate().map(|(at, name)| {
            let on = at == current;
            let onclick = pick.reform(move |_: MouseEvent| at);
            html! { <button role="tab" class={classes!(on.then_some("on"))} aria-selected={on.to_string()}
                tabindex={if on { "0" } else { "-1" }} {onclick}>{*name}</button> }
        })}</div>
    }
}

/// A list of names and values.
fn facts(rows: Vec<(&'static str, Html)>) -> Html {
    html! { <dl class="kv">{for rows.into_iter().map(|(name, value)| html! { <><dt>{name}</dt><dd>{value}</dd></> })}</dl> }
}

fn ids(list: &[i32]) -> String {
    list.iter().map(i32::to_string).collect::<Vec<_>>().join(", ")
}
