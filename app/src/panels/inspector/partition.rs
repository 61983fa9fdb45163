//! A partition: facts, replicas, settings, records, its events, and why its values are what they are.

use std::rc::Rc;

use wire::view::{PartitionView, ReplicaView, TopicView};
use yew::prelude::*;

use super::why::{WhyChain, of_partition};
use super::{config, facts, head, ids, tables, tabs};
use crate::charts::Charts;
use crate::ctx::Handle;
use crate::icons::{Mark, mark};
use crate::store::{Events, Glyphs, Metrics, Shown};
use crate::text::{el, say};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub view: Rc<PartitionView>,
    /// As it was before the last act of the person.
    pub before: Option<Rc<PartitionView>>,
    pub replicas: Vec<Rc<ReplicaView>>,
    pub topic: Option<Rc<TopicView>>,
    /// A client whose last send to this topic was refused.
    pub refused: Option<String>,
    /// Kafka's metrics, now and before that act.
    pub metrics: Metrics,
    pub metrics_before: Metrics,
    pub events: Events,
    pub index: u64,
    pub playing: bool,
    pub glyphs: Rc<Glyphs>,
    /// What the charts need; they are drawn only while their tab is open.
    pub charts: crate::charts::Props,
    pub handle: Handle,
}

const TABS: [&str; 5] = ["Partition", "Records", "Config", "Events", "Metrics"];

#[component]
pub fn PartitionPanel(props: &Props) -> Html {
    let tab = use_state(|| 0_usize);
    let pick = {
        let tab = tab.clone();
        Callback::from(move |to| tab.set(to))
    };
    let view = &props.view;
    let name = format!("{}-{}", view.topic, view.partition);
    let body = match *tab {
        0 => overview(props),
        1 => html! { <div class="isec">{tables::records(&props.replicas, &props.glyphs)}</div> },
        2 => {
            html! { <div class="isec">{props.topic.as_ref().map(|topic| config::table(&topic.config)).unwrap_or_default()}</div> }
        }
        3 => html! { <div class="isec">{events(props, &name)}</div> },
        _ => html! { <div class="isec"><Charts ..props.charts.clone()/></div> },
    };
    html! {
        <>
            <div class="ihead">{head(&["Topics", &view.topic], &name, "partition", &props.handle)}{tabs(&TABS, *tab, pick)}</div>
            <div class="ibody">{body}</div>
        </>
    }
}

fn overview(props: &Props) -> Html {
    let (view, before) = (&props.view, props.before.as_deref());
    let leader = |view: &PartitionView| view.leader.map_or("none".to_owned(), |id| id.to_string());
    let hw = |view: &PartitionView| match view.high_watermark {
        None => "no leader".to_owned(),
        Some(offset) => offset.to_string(),
    };
    let shown = props.events.shown;
    let mut rows = vec![("Leader", changed(before, view, leader))];
    if shown.epoch {
        rows.push(("Leader epoch", changed(before, view, |view| view.leader_epoch.to_string())));
    }
    if shown.isr {
        rows.push(("ISR", changed(before, view, |view| ids(&view.isr))));
    }
    // Either what the last act did or how the topic is set: with both, the reasons would stand below the edge. The replicas
    // name the high watermark as well.
    let moved = shown.isr && !props.metrics_before.is_empty() && props.metrics_before != props.metrics;
    if shown.hw && !moved {
        rows.push(("High watermark", held(changed(before, view, hw), view)));
    }
    if moved {
        rows.push(("min.insync.replicas", changed(before, view, |view| view.min_insync_replicas.to_string())));
    }
    if shown.isr && !moved && !view.elr.is_empty() {
        rows.push(("ELR", changed(before, view, |view| ids(&view.elr))));
    }
    let hw_note = view.high_watermark.map_or("no leader".to_owned(), |offset| format!("line = HW {offset}"));
    let hw_note = if shown.hw { hw_note } else { String::new() };
    html! {
        <>
            <div class="isec">{facts(rows)}{tags(view, shown)}</div>
            <div class="isec">if !moved { <h3>{"Replicas"}<span class="grow"/>{el("span", "muted", hw_note)}</h3> }
                {tables::replica_table(view, &props.replicas, shown)}</div>
            if moved { {metrics(&props.metrics_before, &props.metrics)} }
            if let Some(topic) = props.topic.as_ref().filter(|_| shown.isr && !moved) {
                <div class="isec"><h3>{"Config"}<span class="grow"/>{el("span", "muted", "override in bold")}</h3>
                    {config::list(&topic.config)}</div>
            }
            <WhyChain asks={of_partition(view, behind(&props.replicas), props.refused.clone(), shown)} {shown} index={props.index} playing={props.playing} handle={props.handle.clone()}/>
        </>
    }
}

/// The broker whose copy ends first: of its log end one asks why.
fn behind(replicas: &[Rc<ReplicaView>]) -> Option<i32> {
    replicas.iter().min_by_key(|replica| replica.log_end).map(|replica| replica.broker)
}

/// What the last act did to Kafka's metrics. A count that stayed is listed too: it can be the surprise.
fn metrics(before: &Metrics, after: &Metrics) -> Html {
    let row = |(name, value): (&String, &u64)| {
        let old = before.get(name).copied().unwrap_or(*value);
        html! { <tr>{say("td", "mono", name)}{say("td", "n muted", old)}<td class="n">if old == *value { {value} } else { {say("b", "", value)} }</td></tr> }
    };
    html! {
        <div class="isec metrics"><h3>{"Metrics since your last act"}<span class="grow"/>{el("span", "muted", "meters: Count")}</h3>
            <table><tbody>{for after.iter().filter(|(name, value)| !name.starts_with("Offline") || **value > 0).map(row)}</tbody></table></div>
    }
}

fn held(value: Html, view: &PartitionView) -> Html {
    if view.high_watermark_held {
        html! { <>{value}{" held"}</> }
    } else {
        value
    }
}

/// The value; after a change the old one struck through before it.
fn changed(before: Option<&PartitionView>, now: &PartitionView, of: impl Fn(&PartitionView) -> String) -> Html {
    let value = of(now);
    match before.map(of).filter(|old| *old != value) {
        Some(old) => html! { <span class="chg"><s>{old}</s>{el("b", "", value)}</span> },
        None => html! { {value} },
    }
}

fn tags(view: &PartitionView, shown: Shown) -> Html {
    let under = shown.isr && view.isr.len() < view.replicas.len();
    let below = shown.isr && (view.isr.len() as i64) < i64::from(view.min_insync_replicas);
    if !under && view.leader.is_some() {
        return html! {};
    }
    html! {
        <div class="row tags">
            if under { <span class="st warn tagw">{mark(Mark::Warn)}{"Under-replicated"}</span> }
            if below { <span class="st err tage">{mark(Mark::Error)}{"Under min ISR"}</span> }
            if view.leader.is_none() { <span class="st err tage">{mark(Mark::Error)}{"No leader"}</span> }
        </div>
    }
}

fn events(props: &Props, name: &str) -> Html {
    let list = props.events.all();
    let mine = list.iter().rev().filter(|event| event.partition.as_deref() == Some(name));
    crate::timeline::event_list(mine, 80, props.index, props.events.shown, &props.handle)
}
