//! The controller quorum: the active one filled and crowned, the others outlined, and the wires to the brokers.

use crate::svg::{N, path, text};
use wire::view::{BrokerView, ControllerView, ServerState};
use yew::prelude::*;

use super::layout::RACK_X;
use super::{CROWN, px};
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
    let small: Vec<Html> = others
        .map(|view| {
            let drawn = hexagon(view, at, y, 10.0, &props.handle);
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
        _ => format!("KRaft quorum of {quorum} · epoch {} · metadata offset {}", first.epoch, first.metadata_offset),
    };
    let down = first.state == ServerState::Down;
    html! {
        <g>
            {wires(props)}
            {hexagon(first, x, y, r, &props.handle)}
            {for small}
            {text(text_x, y - 2.0, "b f13", format!("Controller {}", first.id))}
            <text x={px(text_x)} y={px(y + 14.0)} class={classes!("f11", if down { "err-t" } else { "q3" })}>{words}</text>
        </g>
    }
}

fn hexagon(view: &ControllerView, x: f64, y: f64, r: f64, handle: &Handle) -> Html {
    let id = view.id;
    let select = handle.ui.reform(move |()| Ask::Select(Selection::Controller(id)));
    let (onclick, onkeydown) = super::navigate::press(select);
    let (dx, dy) = (r * 0.866, r / 2.0);
    let points = format!(
        "{x},{} {},{} {},{} {x},{} {},{} {},{}",
        N(y - r),
        N(x + dx),
        N(y - dy),
        N(x + dx),
        N(y + dy),
        N(y + r),
        N(x - dx),
        N(y + dy),
        N(x - dx),
        N(y - dy),
        x = N(x)
    );
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
            <polygon {points} {class} stroke-linejoin="round"/>
            if view.active && r > 12.0 && !down { <path d={CROWN} transform={format!("translate({} {}) scale(.9)", N(x - 6.3), N(y - 9.0))} class="ctl-crown"/> }
            if down { {path(format!("M{} {}l8 8m0 -8l-8 8", N(x - 4.0), N(y - 4.0)), "led-x")} }
        </g>
    }
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
        html! { <>{path(format!("M148 {y}h10", y = N(y)), "w-ctl")}<circle cx={px(RACK_X)} cy={px(y)} r="3" class="a-ctl"/></> }
    };
    html! { <g aria-hidden="true">{path(format!("M158 {}H148V{}", N(props.place.0), N(last + 20.0)), "w-ctl")}{for props.racks.iter().map(knot)}</g> }
}
