//! The bar above the stage: the invariant lamps. Safety and availability are told apart in words.

use wire::view::{LampState, LampView};
use yew::prelude::*;

use crate::ctx::Handle;
use crate::icons::{Mark, mark};
use crate::store::Map;
use crate::ui::{Ask, Overlay};

/// Lamps with a name of their own in the bar; the others are counted.
const NAMED: usize = 3;
/// Those that say most to a learner come first.
const FIRST: [&str; 3] = ["S2", "S7", "S6"];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lamps: Map<String, LampView>,
    pub handle: Handle,
}

#[component]
pub fn StageBar(props: &Props) -> Html {
    let mut lamps: Vec<_> = props.lamps.values().cloned().collect();
    lamps.sort_by_key(|lamp| (rank(lamp), lamp.id.len(), lamp.id.clone()));
    let all = lamps.len();
    let broken = lamps.iter().filter(|lamp| matches!(lamp.state, LampState::Broken(_))).count();
    let open = props.handle.ui.reform(|_: MouseEvent| Ask::Overlay(Some(Overlay::Lamps)));
    let rest = lamps.iter().skip(NAMED).filter(|lamp| lamp.state == LampState::Holds).count();
    html! {
        <div class="sbar">
            <span class="seg" aria-label="Zoom"><span class="on">{"Cluster"}</span></span>
            <span class="grow"/>
            <span class="lamps" role="status" aria-label={format!("Invariants: {broken} of {all} broken")}>
                {for lamps.iter().take(NAMED).map(|lamp| one(lamp, &props.handle))}
                if all > NAMED { <button class="lamp" onclick={open}>{mark(Mark::Ok)}{format!("{rest} more hold")}</button> }
            </span>
        </div>
    }
}

/// Broken first, then availability, then the named safety lamps.
fn rank(lamp: &LampView) -> usize {
    match lamp.state {
        LampState::Broken(_) => 0,
        _ if !lamp.safety => 1,
        _ => 2 + FIRST.iter().position(|id| *id == lamp.id).unwrap_or(FIRST.len()),
    }
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
    html! { <button {class} {title} onclick={go}>{mark(state)}{spaced(&lamp.name)}</button> }
}

/// `LeaderInIsr` as words: "Leader in ISR".
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for (at, c) in name.chars().enumerate() {
        if at > 0 && c.is_uppercase() {
            words.push(' ');
            words.extend(c.to_lowercase());
        } else {
            words.push(c);
        }
    }
    words.replace(" isr", " ISR").replace("high watermark", "HW").replace("Monotonic HW", "HW only rises")
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_become_words() {
        assert_eq!(super::spaced("LeaderInIsr"), "Leader in ISR");
        assert_eq!(super::spaced("MonotonicHighWatermark"), "HW only rises");
    }
}
