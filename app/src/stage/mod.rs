//! The stage: the cluster as a picture that is a function of the view alone.
//!
//! Structure is SVG with real focusable elements, one component per rack, lane and client, so that a reply redraws what
//! it changed. What moves every frame is on one canvas above it (`flights`).

mod badges;
pub(crate) mod bar;
pub(crate) mod cells;
mod clients;
mod controller;
mod defs;
mod election;
mod flights;
mod isr;
mod lane;
mod layout;
mod legend;
mod navigate;
mod paint;
mod rack;
mod route;
pub mod size;
mod watermark;
mod wires;

use std::rc::Rc;

use yew::prelude::*;

use crate::ctx::Handle;
use crate::store::{Model, Shown, Tp};
use crate::theme::Theme;
use crate::ui::{Ask, Selection, Zoom};

pub use layout::Layout;
pub use navigate::{on_key, press};

use crate::svg::{px, rect, text};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub model: Model,
    pub focus: Option<Tp>,
    pub selection: Option<Selection>,
    pub theme: Theme,
    pub playing: bool,
    /// For a room: larger, and lanes out of focus are thin.
    #[prop_or_default]
    pub present: bool,
    /// Beside the stage that is played: another branch, as it was.
    #[prop_or_default]
    pub frozen: bool,
    /// One broker alone, with all its partitions.
    #[prop_or_default]
    pub only: Option<i32>,
    pub handle: Handle,
}

/// Width and height of the frame that the picture is drawn for, in pixels.
const FRAME: (f64, f64) = (828.0, 632.0);
/// The same for a room: less of it, so that all of it is larger.
const FRAME_PRESENT: (f64, f64) = (828.0, 436.0);
const ZOOM_MAX: f64 = 2.6;

#[component]
pub fn Stage(props: &Props) -> Html {
    let frame = use_node_ref();
    let size = use_state(|| FRAME);
    size::use_size(&frame, &size);
    let zoom = zoom(*size, if props.present { FRAME_PRESENT } else { FRAME });
    let layout = Rc::new(Layout::new(
        &props.model,
        props.focus.as_ref(),
        size.0 / zoom,
        size.1 / zoom,
        !props.present,
        props.only,
    ));
    let mut shown = props.model.shown();
    // A line or a bracket through the copies of other brokers has nothing to go through here.
    shown.isr &= props.only.is_none();
    html! {
        <@{if props.frozen { "div" } else { "main" }} class="stage" id={(!props.frozen).then_some("stage")} aria-label={(!props.frozen).then_some("Stage")}>
            {bar::stage_bar(&bar::Props {
                lamps: props.model.lamps.clone(),
                blocked: blocked(&props.model),
                shown: props.model.shown(),
                zoom: if props.only.is_some() { Zoom::Broker } else { Zoom::Cluster },
                children: brokers(props),
                handle: props.handle.clone(),
            })}
            <div class="sframe" ref={frame} data-stage="true" onkeydown={on_key()}>
                <div class="sheet">
                    {picture(props, &layout, zoom, shown)}
                    <flights::Flights model={props.model.clone()} layout={layout.clone()} focus={props.focus.clone()}
                        {zoom} {shown} theme={props.theme} playing={props.playing} handle={props.handle.clone()}/>
                </div>
            </div>
        </@>
    }
}

/// Whether a partition has fewer copies in sync than acks=all asks for.
fn blocked(model: &Model) -> Option<bool> {
    let own = || model.partitions.values().filter(|view| !view.topic.starts_with("__"));
    own().next().map(|_| own().any(|view| (view.isr.len() as i32) < view.min_insync_replicas))
}

/// Which broker is looked at alone.
fn brokers(props: &Props) -> Html {
    let Some(only) = props.only else { return html! {} };
    let tab = |id: &i32| {
        let (id, on) = (*id, *id == only);
        let onclick = props.handle.ui.reform(move |_: MouseEvent| Ask::On(id));
        html! { <button class={if on { "on" } else { "" }} aria-pressed={on.to_string()} aria-label={format!("Broker {id} alone")} {onclick}>{id}</button> }
    };
    html! { <span class="seg" role="group" aria-label="Broker">{for props.model.brokers.keys().map(tab)}</span> }
}

/// How much larger than drawn the picture is: a large screen gets larger cells, not more empty room. Never smaller, so
/// that no text falls under its size.
fn zoom(size: (f64, f64), frame: (f64, f64)) -> f64 {
    (size.0 / frame.0).min(size.1 / frame.1).clamp(1.0, ZOOM_MAX)
}

fn picture(props: &Props, layout: &Rc<Layout>, zoom: f64, shown: Shown) -> Html {
    let model = &props.model;
    let (w, h) = (px(layout.width), px(layout.height));
    html! {
        <svg class="picture" width={px(layout.width * zoom)} height={px(layout.height * zoom)} viewBox={format!("0 0 {w} {h}")} role="group" aria-label="Cluster">
            {defs::defs()}
            <rect width={w} height={h} fill="url(#dots)"/>
            if layout.racks.is_empty() { {no_brokers(layout)} }
            {for layout.racks.iter().map(|rack| rack::rack(props, layout, rack, shown))}
            if shown.epoch { {election::crown(props, layout)} }
            if shown.controller {
                {controller::controllers(&controller::Props { controllers: model.controllers.clone(), handle: props.handle.clone(), racks: layout.racks.iter().map(|rack| (rack.broker, rack.y)).collect::<Vec<_>>(), brokers: model.brokers.clone(), before: model.controllers_before.clone(), place: layout.controller() })}
            }
            if shown.hw { {watermark::line(props, layout)} }
            if shown.clients {
                {clients::group(props, layout)}
                {wires::wires(props, layout)}
                {clients::consumers(props, layout)}
                {clients::producers(props, layout)}
            }
            if shown.isr { {isr::bracket(props, layout)} }
            if !props.present { {legend::legend(layout, model, shown)} }
            if !props.playing { {flights::handles(props, layout, shown)} }
            if crate::theme::reduced_motion() { {badges::badges(props, layout)} }
        </svg>
    }
}

fn no_brokers(layout: &Layout) -> Html {
    html! {
        <g>
            {rect(layout::RACK_X, 92.0, layout.rack_w, 165.0, 10.0, "c-ghost")}
            {text(layout::RACK_X + layout.rack_w / 2.0, 172.0, "mid f13 b", "No brokers here yet")}
            {text(layout::RACK_X + layout.rack_w / 2.0, 192.0, "mid f12", "Start a lesson or a new cluster.")}
        </g>
    }
}

pub(crate) const CROWN: &str = "M0 9.5 -1.2 1.5 3 4.6 6 0 9 4.6 13.2 1.5 12 9.5z";

/// A name cut to so many letters. Of a partition's name the middle goes: its end is the number.
pub(crate) fn clipped(name: &str, max: usize) -> String {
    if name.chars().count() <= max {
        return name.to_owned();
    }
    let number = name.rsplit_once('-').filter(|(_, end)| end.parse::<u32>().is_ok());
    let number = number.map(|(_, end)| format!("-{end}")).unwrap_or_default();
    let head: String = name.chars().take(max.saturating_sub(number.len() + 1)).collect();
    format!("{head}…{number}")
}
