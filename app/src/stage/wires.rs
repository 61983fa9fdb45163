//! Wires between clients and the lanes they write to or read from. Quiet where nothing is under way, strong to the
//! leader of the partition in focus.

use crate::svg::N;
use wire::view::{ClientKind, ClientView};
use yew::prelude::*;

use super::Props;
use super::layout::{ClientBox, Layout, RACK_X};

pub fn wires(props: &Props, layout: &Layout) -> Html {
    let left = layout.producers.iter().flat_map(|place| lines(props, layout, place, true));
    let right = layout.consumers.iter().flat_map(|place| lines(props, layout, place, false));
    html! { <g class="wires" aria-hidden="true">{for left}{for right}</g> }
}

fn lines(props: &Props, layout: &Layout, place: &ClientBox, left: bool) -> Vec<Html> {
    let Some(view) = props.model.clients.get(&place.key) else { return vec![] };
    let mut all = vec![];
    let sending = sends_now(props, &view.terminal);
    for (tp, partition) in props.model.partitions.iter().filter(|(tp, _)| talks_about(view, &tp.0, tp.1)) {
        let Some(lane) = partition.leader.and_then(|leader| layout.lane(leader, tp)) else { continue };
        let strong = match &sending {
            Some(partition) if left => *partition == crate::ui::label(tp),
            _ => props.focus.as_ref() == Some(tp),
        };
        let y = lane.y + lane.h / 2.0;
        let d = if left { producer_path(place, y) } else { consumer_path(layout, place, y) };
        let refused = left && strong && view.last_error.is_some();
        let class =
            classes!(if left { "w-prod" } else { "w-cons" }, strong.then_some("on"), refused.then_some("refused"));
        all.push((strong, html! { <path {d} {class} marker-end={(!left).then_some("url(#ac)")}/> }));
    }
    // The strong wire lies on top.
    crate::order::by(&mut all, |(strong, _)| *strong);
    all.into_iter().map(|(_, html)| html).collect()
}

/// The partition that a client's records are on their way to.
fn sends_now(props: &Props, terminal: &str) -> Option<String> {
    let mut flights = props.model.flights.values();
    flights
        .find(|flight| flight.api == "Produce" && flight.from == terminal)
        .and_then(|flight| flight.partition.clone())
}

fn talks_about(view: &ClientView, topic: &str, partition: i32) -> bool {
    match view.kind {
        ClientKind::Consumer => view.positions.iter().any(|at| at.topic == topic && at.partition == partition),
        _ => view.topic.as_deref() == Some(topic),
    }
}

fn producer_path(place: &ClientBox, y: f64) -> String {
    curve((place.x + place.w, place.y + place.h / 2.0), (RACK_X - 1.0, y), (28.5, 28.5))
}

fn consumer_path(layout: &Layout, place: &ClientBox, y: f64) -> String {
    curve((layout.rack_right(), y), (place.x - 2.0, place.y + place.h / 2.0), (30.0, 28.0))
}

/// From one place to another, leaving and arriving level; `pull` is how far each end holds its direction.
fn curve((x0, y0): (f64, f64), (x1, y1): (f64, f64), pull: (f64, f64)) -> String {
    let (y0, y1) = (N(y0), N(y1));
    format!("M{} {y0}C{} {y0} {} {y1} {} {y1}", N(x0), N(x0 + pull.0), N(x1 - pull.1), N(x1))
}
