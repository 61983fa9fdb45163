//! The controller quorum: the active one filled and crowned, the others outlined, and the wires to the brokers.

use crate::svg::{N, dot, path, text};
use wire::view::{BrokerView, ControllerView, ServerState};
use yew::prelude::*;

use super::CROWN;
use super::layout::RACK_X;
use crate::ctx::Handle;
use crate::store::Map;
use crate::ui::{Ask, Selection};

pub struct Props {
    pub controllers: Map<i32, ControllerView>,
    /// Broker and top of its rack.
    pub racks: Vec<(i32, f64)>,
    /// Middle of the hexagon from the top, and its radius.
    pub place: (f64, f64),
    pub brokers: Map<i32, BrokerView>,
    /// As they were before the last beat.
    pub before: Map<i32, ControllerView>,
    pub handle: Handle,
}

pub fn controllers(props: &Props) -> Html {
    let Some(first) = props.controllers.values().find(|c| c.active).or_else(|| props.controllers.values().next())
    else {
        return html! {};
    };
    let (x, (y, r)) = (RACK_X + 17.0, props.place);
    let others = props.controllers.values().filter(|c| c.id != first.id);
    let mut at = x + 34.0;
    let old = props.before.values().find(|c| c.active).map(|c| c.id).filter(|id| first.active && *id != first.id);
    let small: Vec<Html> = others
        .map(|view| {
            // Who was the active one is outlined once more, until the next beat.
            let mark = if old == Some(view.id) { hexagon_path(at, y, 13.5) } else { String::new() };
            let drawn = html! { <>{hexagon(view, at, y, 10.0, &props.handle)}{path(mark, "ctl-was")}</> };
            at += 23.0;
            drawn
        })
        .collect();
    let text_x = at + if small.is_empty() { -6.0 } else { -2.0 };
    let quorum = props.controllers.len();
    let words = match first.state {
        ServerState::Down => "down: nobody can change the metadata".to_owned(),
        ServerState::Paused => "paused: nobody can change the metadata".to_owned(),
        _ if !first.active => format!("KRaft quorum of {quorum} · no active controller"),
        _ => {
            let was = old.map(|id| format!(" · before: {id}")).unwrap_or_default();
            format!("KRaft quorum of {quorum} · epoch {} · metadata offset {}{was}", first.epoch, first.metadata_offset)
        }
    };
    let down = first.state == ServerState::Down;
    html! {
        <g>
            {wires(props)}
            {hexagon(first, x, y, r, &props.handle)}
            {for small}
            {text(text_x, y - 2.0, "b f13", format!("Controller {}", first.id))}
            {text(text_x, y + 14.0, if down { "f11 err-t" } else { "f11 q3" }, words)}
        </g>
    }
}

fn hexagon(view: &ControllerView, x: f64, y: f64, r: f64, handle: &Handle) -> Html {
    let id = view.id;
    let select = handle.ui.reform(move |()| Ask::Select(Selection::Controller(id)));
    let (onclick, onkeydown) = super::navigate::press(select);
    let down = view.state == ServerState::Down;
    let class = if down {
        "a-ctl-off"
    } else if view.active {
        "a-ctl"
    } else {
        "a-ctl-o"
    };
    let state = if down {
        "down"
    } else if view.active {
        "active"
    } else {
        "standing by"
    };
    let spoken = format!("Controller {id}, {state}, epoch {}, metadata offset {}", view.epoch, view.metadata_offset);
    html! {
        <g role="button" tabindex="-1" data-obj="controller" aria-label={spoken} {onclick} {onkeydown}>
            <path d={hexagon_path(x, y, r)} {class} stroke-linejoin="round"/>
            if view.active && r > 12.0 && !down { <path d={CROWN} transform={format!("translate({} {}) scale(.9)", N(x - 6.3), N(y - 9.0))} class="ctl-crown"/> }
            if down { {path(format!("M{} {}l8 8m0 -8l-8 8", N(x - 4.0), N(y - 4.0)), "led-x")} }
        </g>
    }
}

fn hexagon_path(x: f64, y: f64, r: f64) -> String {
    let (dx, dy) = (r * 0.866, r / 2.0);
    let (left, right, high, low) = (N(x - dx), N(x + dx), N(y - dy), N(y + dy));
    format!("M{x} {}L{right} {high}V{low}L{x} {}L{left} {low}V{high}z", N(y - r), N(y + r), x = N(x))
}

/// From the controller down the left of the racks, a knot at each broker it reaches.
fn wires(props: &Props) -> Html {
    let Some((_, last)) = props.racks.last() else { return html! {} };
    let knot = |(id, top): &(i32, f64)| {
        let y = top + 20.0;
        let down = props.brokers.get(id).is_some_and(|broker| broker.state == ServerState::Down || broker.fenced);
        if down {
            return path(format!("M{} {}l6 6m0 -6l-6 6", N(RACK_X - 10.0), N(y - 3.0)), "led-x");
        }
        html! { <>{path(format!("M148 {y}h10", y = N(y)), "w-ctl")}{dot(RACK_X, y, 3.0, "a-ctl")}</> }
    };
    html! { <g aria-hidden="true">{path(format!("M158 {}H148V{}", N(props.place.0), N(last + 20.0)), "w-ctl")}{for props.racks.iter().map(knot)}</g> }
}
