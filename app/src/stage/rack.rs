//! A broker as a rack with an ear: number, vents, lamp; its lanes inside. A dead one is dashed and hatched, with a cross.

use std::rc::Rc;

use wire::view::{CellView, ClientKind, ReplicaView, Role, ServerState};
use yew::prelude::*;

use super::Props;
use super::lane::{Lane, Pin};
use super::layout::{AXIS_X, Layout, PITCH, RACK_X, RackBox};
use crate::store::{Model, Shown, Tp};
use crate::svg::{N, dot, object, path, rect, text};
use crate::ui::{Ask, Selection};

pub fn rack(props: &Props, layout: &Rc<Layout>, place: &RackBox, shown: Shown) -> Html {
    let model = &props.model;
    let Some(view) = model.brokers.get(&place.broker) else { return html! {} };
    let lanes = place.lanes.iter().filter_map(|lane| {
        let partition = model.partitions.get(&lane.tp)?.clone();
        let leader = partition.leader.and_then(|leader| model.replica(&lane.tp.0, lane.tp.1, leader));
        let leader_end = leader.map_or(0, |replica| replica.log_end);
        let replica = model.replica(&lane.tp.0, lane.tp.1, place.broker).cloned();
        let lost = replica.as_ref().zip(leader).and_then(|(mine, leader)| lost(mine, leader));
        Some(html! {
            <Lane key={format!("{}-{}", lane.tp.0, lane.tp.1)} place={lane.clone()} broker={place.broker} state={view.state} {partition}
                {replica} {lost} before={model.before.get(&lane.tp).cloned()}
                right={layout.rack_right()} base={layout.base(&lane.tp)} slots={layout.slots} leader_end={leader_end} pins={pins(model, &lane.tp)}
                glyphs={model.glyphs.clone()} {shown} slim={layout.slim} handle={props.handle.clone()}/>
        })
    });
    html! {
        <g key={place.broker} class={classes!("broker", (view.state == ServerState::Down).then_some("down"))} aria-label={format!("Broker {}", place.broker)}>
            {body(&BodyProps { id: place.broker, endpoint: view.endpoint.clone(), state: view.state, fenced: view.fenced, leads: view.leads.clone(), y: place.y, h: place.h, w: layout.rack_w, hidden: place.hidden, shown, slim: layout.slim, first: layout.racks.first().is_some_and(|rack| rack.broker == place.broker), selected: props.selection == Some(Selection::Broker(place.broker)), handle: props.handle.clone() })}
            {for lanes}
            // Over the hatching of a dead broker words cannot be read, and it has said that it is offline.
            if view.state != ServerState::Down { {absent(props, layout, place)} }
        </g>
    }
}

/// The first record of a dead broker's copy that is not the leader's.
fn lost(mine: &ReplicaView, leader: &ReplicaView) -> Option<i64> {
    let is_there = |cell: &CellView| {
        leader.cells.iter().any(|of| (of.offset, of.leader_epoch) == (cell.offset, cell.leader_epoch))
    };
    let from = leader.cells.first().map_or(leader.log_end, |cell| cell.offset);
    let mut cells = mine.cells.iter().filter(|cell| mine.role == Role::Offline && cell.offset >= from);
    cells.find(|cell| !is_there(cell)).map(|cell| cell.offset)
}

/// A broker without a copy of what is in focus says so, and why.
fn absent(props: &Props, layout: &Layout, place: &RackBox) -> Html {
    if props.model.partitions.is_empty() {
        let mid = RACK_X + 39.0 + (layout.rack_w - 45.0) / 2.0;
        return if layout.slim {
            html! {}
        } else {
            text(mid, place.y + place.h / 2.0 + 10.0, "mid f12 q3", "Nothing is stored here yet.")
        };
    }
    let Some(tp) = props.focus.as_ref().filter(|tp| place.lanes.iter().all(|lane| lane.tp != **tp)) else {
        return html! {};
    };
    if layout.slim {
        return held(props, layout, place);
    }
    let Some(view) = props.model.partitions.get(tp).filter(|_| place.hidden == 0) else { return html! {} };
    let ids: Vec<String> = view.replicas.iter().map(i32::to_string).collect();
    let why = if ids.len() == 1 { "its only replica is" } else { "its replicas are" };
    let brokers = if ids.len() == 1 { "broker" } else { "brokers" };
    let y = place.lanes.last().map_or(place.y + 25.0, |lane| lane.y + lane.h + 5.0);
    if y + 40.0 > place.y + place.h {
        return html! {};
    }
    let words = format!("No copy of {} here: {why} on {brokers} {}.", crate::ui::label(tp), ids.join(", "));
    html! {
        <>{rect(RACK_X + 39.0, y, layout.rack_w - 45.0, 36.0, 7.0, "c-ghost")}{text(RACK_X + 52.0, y + 22.0, "f12 q3", words)}</>
    }
}

/// On a low rack: a box for each partition, in the place that it has on every broker; filled where this one leads.
fn held(props: &Props, layout: &Layout, place: &RackBox) -> Html {
    let (mut lead, mut follow, mut leads) = (String::new(), String::new(), 0);
    let own = || props.model.partitions.values().filter(|view| !view.topic.starts_with("__"));
    let pitch = ((layout.rack_right() - AXIS_X - 8.0) / own().count().max(1) as f64).min(PITCH);
    for (at, view) in own().enumerate().filter(|(_, view)| view.replicas.contains(&place.broker)) {
        let is_leader = view.leader == Some(place.broker);
        leads += u32::from(is_leader);
        let (x, w) = (AXIS_X + pitch * at as f64, pitch - 3.0);
        *(if is_leader { &mut lead } else { &mut follow }) +=
            &format!("M{} {}h{w}v12h-{w}z", N(x), N(place.y + 15.0), w = N(w));
    }
    html! { <g class="dim">{path(follow, "c-fol")}{path(lead, "c-lead")}{text(RACK_X + 47.0, place.y + 25.0, "f12", format!("leads {leads}"))}</g> }
}

/// Where consumers stand in a partition.
fn pins(model: &Model, tp: &Tp) -> Vec<Pin> {
    let consumers = model.clients.values().filter(|client| client.kind == ClientKind::Consumer);
    consumers
        .flat_map(|client| client.positions.iter())
        .filter(|at| at.topic == tp.0 && at.partition == tp.1)
        .map(|at| Pin { position: at.position, committed: at.committed })
        .collect()
}

struct BodyProps {
    id: i32,
    endpoint: String,
    state: ServerState,
    fenced: bool,
    leads: Vec<String>,
    y: f64,
    h: f64,
    w: f64,
    hidden: usize,
    shown: Shown,
    slim: bool,
    selected: bool,
    /// The stage's one stop of the Tab key, until the arrows move it.
    first: bool,
    handle: crate::ctx::Handle,
}

fn body(props: &BodyProps) -> Html {
    let BodyProps { id, y, h, w, .. } = *props;
    let select = props.handle.ui.reform(move |()| Ask::Select(Selection::Broker(id)));
    let (onclick, onkeydown) = super::navigate::press(select);
    let down = props.state == ServerState::Down;
    let ear = format!(
        "M{} {}h24v{}h-24a10 10 0 0 1 -9.5 -10v-{}a10 10 0 0 1 9.5 -10z",
        N(RACK_X + 10.0),
        N(y + 0.5),
        N(h - 1.0),
        N(h - 21.0)
    );
    let mid = RACK_X + 17.0;
    let number = match (down, id > 9) {
        (true, _) => "mid earnum earoff",
        (_, true) => "mid earnum two",
        _ => "mid earnum",
    };
    html! {
        <g class="rackbody" {onclick} {onkeydown}>
            {object("rack", props.first, spoken(props), (RACK_X, y, w, h), 10.0, classes!("rack", down.then_some("dead"), props.selected.then_some("sel")))}
            if down { {rect(RACK_X + 1.0, y + 1.0, w - 2.0, h - 2.0, 10.0, "hatched")} }
            else { {path(ear, "ear")} }
            {text(mid, y + if props.slim { 24.0 } else { 36.0 }, number, id.to_string())}
            if !props.slim {
                {path(format!("M{} {}h12m-12 6h12m-12 6h12", N(mid - 6.0), N(y + h - 38.0)), "vent")}
                {title(props, down)}
            }
            {lamp(props, mid, y + h - if props.slim { 9.0 } else { 13.0 })}
        </g>
    }
}

fn spoken(props: &BodyProps) -> String {
    let state = crate::panels::inspector::broker::state_word(props.state);
    let fenced = if props.fenced && props.shown.controller { ", fenced" } else { "" };
    format!("Broker {}, {state}{fenced}, leads {} partitions", props.id, props.leads.len())
}

fn title(props: &BodyProps, down: bool) -> Html {
    let (x, y) = (RACK_X + 44.0, props.y + 18.0);
    let name = format!("broker {}", props.id);
    if down {
        let words = match (props.shown.controller, props.fenced) {
            (false, _) => "",
            (_, true) => "fenced by the controller",
            (_, false) => "the controller does not know yet",
        };
        return html! {
            <>
                {rect(x - 6.0, props.y + 5.0, 130.0 + 5.7 * words.len() as f64, 18.0, 5.0, "f-rack")}
                {text(x, y, "f12 b err-t", format!("{name} is offline"))}
                {text(x + 118.0, y, "f11 q3", words)}
            </>
        };
    }
    let state = match props.state {
        ServerState::Starting if !props.shown.controller => Some("starting"),
        ServerState::Starting => Some("starting, fenced until it has caught up"),
        ServerState::ShuttingDown => Some("shutting down, moving its leaders"),
        ServerState::Paused if props.fenced && props.shown.controller => Some("process paused, fenced"),
        ServerState::Paused => Some("process paused"),
        _ if props.fenced && props.shown.controller => Some("fenced by the controller"),
        _ => None,
    };
    let leads = match props.leads.len() {
        0 => String::new(),
        1..=4 => format!("leads {}", props.leads.join(", ")),
        many => format!("leads {many} partitions"),
    };
    html! {
        <>
            {text(x, y, "f12 b", name)}
            {text(x + 81.0, y, "f11 q3 m", props.endpoint.clone())}
            if let Some(state) = state {
                {path(format!("M{} {}l6 10.5h-12z", N(x + 149.0), N(y - 9.5)), "warn-tri")}
                {text(x + 159.0, y, "f11 warn-t", state)}
            } else {
                {text(x + 141.0 + 6.6 * (props.endpoint.len() as f64 - 7.0).max(0.0), y, "f11 q3", leads)}
            }
            if props.hidden > 0 {
                {text(RACK_X + props.w - 12.0, y, "f11 q3 end", format!("{} more partition{}", props.hidden, if props.hidden == 1 { "" } else { "s" }))}
            }
        </>
    }
}

fn lamp(props: &BodyProps, x: f64, y: f64) -> Html {
    match props.state {
        ServerState::Running => dot(x, y, 3.0, "led"),
        ServerState::Down => path(format!("M{} {}l8 8m0 -8l-8 8", N(x - 4.0), N(y - 4.0)), "led-x"),
        ServerState::Paused => path(format!("M{} {}v7m4 -7v7", N(x - 2.0), N(y - 3.5)), "led-pause"),
        ServerState::Starting | ServerState::ShuttingDown => dot(x, y, 3.2, "led-ring"),
    }
}
