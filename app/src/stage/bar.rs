//! The bar above the stage: the invariant lamps. Safety and availability are told apart in words.

use wire::view::{LampState, LampView};
use yew::prelude::*;

use crate::ctx::Handle;
use crate::icons::{Mark, mark};
use crate::store::{Map, Shown};
use crate::ui::{Ask, Overlay, Zoom};

/// The lamps that say most to a learner stand in the bar, in this order and under these names; the others are in the list
/// behind each, and here once they break.
const NAMED: [(&str, &str); 3] = [("S2", "Acked writes safe"), ("S7", "HW only rises"), ("S6", "One leader per epoch")];

pub struct Props {
    pub lamps: Map<String, LampView>,
    /// Whether writes with acks=all are refused somewhere, once there is a topic. Not an invariant: availability.
    pub blocked: Option<bool>,
    pub zoom: Zoom,
    pub shown: Shown,
    /// Stands beside the zoom.
    pub children: Html,
    pub handle: Handle,
}

pub fn stage_bar(props: &Props) -> Html {
    let mut lamps: Vec<_> = props.lamps.values().cloned().collect();
    crate::order::by(&mut lamps, |lamp| (rank(lamp), lamp.id.len(), lamp.id.clone()));
    let broken = lamps.iter().filter(|lamp| matches!(lamp.state, LampState::Broken(_))).count();
    let open = props.handle.ui.reform(|_: MouseEvent| Ask::Overlay(Some(Overlay::Lamps)));
    let shown = lamps.iter().filter(|lamp| match (lamp.state, props.shown.knows(&name(lamp))) {
        (LampState::Broken(_), known) => known || lamp.safety,
        // What always holds is said once a lesson has said what could break.
        (_, known) => known && props.shown.isr && rank(lamp) < OTHERS,
    });
    html! {
        <div class="sbar">
            <span class="seg" role="group" aria-label="Zoom">{for Zoom::ALL.iter().map(|(zoom, name)| level(*zoom, name, props))}</span>
            {props.children.clone()}
            <span class="grow"/>
            <span class="lamps" role="status" aria-label={format!("Invariants: {broken} of {} broken", lamps.len())}>
                {for shown.map(|lamp| one(lamp, &props.handle))}
                if let Some(blocked) = props.blocked.filter(|_| props.shown.isr) {
                    <button class={if blocked { "lamp bad" } else { "lamp" }} title="Availability" onclick={open}>
                        {mark(if blocked { Mark::Error } else { Mark::Ok })}{if blocked { "acks=all blocked" } else { "acks=all accepted" }}</button>
                }
            </span>
        </div>
    }
}

fn level(zoom: Zoom, name: &'static str, props: &Props) -> Html {
    let on = zoom == props.zoom;
    let onclick = props.handle.ui.reform(move |_: MouseEvent| Ask::Zoom(zoom));
    html! { <button class={if on { "on" } else { "" }} aria-pressed={on.to_string()} {onclick}>{name}</button> }
}

/// Ranks from here on are counted, not named.
const OTHERS: usize = NAMED.len() + 1;

/// A lamp keeps its place whatever its state: first the named ones, then those of availability.
fn rank(lamp: &LampView) -> usize {
    let named = NAMED.iter().position(|(id, _)| *id == lamp.id);
    named.unwrap_or(if lamp.safety { OTHERS } else { NAMED.len() })
}

fn name(lamp: &LampView) -> String {
    let named = NAMED.iter().find(|(id, _)| *id == lamp.id);
    named.map_or_else(|| spaced(&lamp.name), |(_, name)| (*name).to_owned())
}

fn one(lamp: &LampView, handle: &Handle) -> Html {
    let (state, class) = match lamp.state {
        LampState::Holds => (Mark::Ok, "lamp"),
        LampState::NotChecked => (Mark::Open, "lamp"),
        LampState::Broken(_) => (Mark::Error, "lamp bad"),
    };
    let go = {
        let (handle, state) = (handle.clone(), lamp.state);
        Callback::from(move |_: MouseEvent| match state {
            LampState::Broken(index) => handle.seek(index),
            _ => handle.show(Ask::Overlay(Some(Overlay::Lamps))),
        })
    };
    let title = format!("{}: {} {}", lamp.id, lamp.meaning, lamp.detail);
    html! { <button {class} {title} onclick={go}>{mark(state)}{name(lamp)}</button> }
}

/// `LeaderInIsr` as words: "Leader in ISR".
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for (at, c) in name.chars().enumerate() {
        if at > 0 && c.is_ascii_uppercase() {
            words.push(' ');
            words.push(c.to_ascii_lowercase());
        } else {
            words.push(c);
        }
    }
    words.replace(" isr", " ISR").replace("high watermark", "HW")
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_become_words() {
        assert_eq!(super::spaced("LeaderInIsr"), "Leader in ISR");
        assert_eq!(super::spaced("ValidHighWatermark"), "Valid HW");
    }
}
