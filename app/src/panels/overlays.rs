//! Layers over the page: the keyboard map, sharing, the list of invariants. One at a time; Esc closes it.

use wire::view::{LampState, LampView};
use yew::prelude::*;

use super::what_if::WhatIf;
use crate::ctx::Handle;
use crate::icons::{Icon, Mark, icon, mark};
use crate::keys::MAP;
use crate::share::{FoundProps, ShareDialog, found_dialog};
use crate::store::{Events, Map, Model};
use crate::text::{el, say};
use crate::ui::{Ask, Overlay, Said};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub overlay: Option<Overlay>,
    pub single_keys: bool,
    pub said: Said,
    /// While something is open: what has happened, and up to where.
    pub events: Option<Events>,
    pub index: u64,
    pub lamps: Map<String, LampView>,
    pub found: Option<crate::share::Found>,
    /// While "What if" is open: the moment it is asked of.
    pub model: Option<Model>,
    pub handle: Handle,
}

#[component]
pub fn Overlays(props: &Props) -> Html {
    let panel = use_node_ref();
    {
        let panel = panel.clone();
        // The keyboard goes where the eye goes; closing gives it back to where it was.
        use_effect_with(props.overlay, move |open| {
            let before = gloo_utils::document().active_element();
            let opened = open.is_some();
            if let Some(element) = panel.cast::<web_sys::HtmlElement>() {
                let _ = element.focus();
            }
            move || {
                if opened
                    && let Some(element) = before
                    && let Ok(element) = wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(element)
                {
                    let _ = element.focus();
                }
            }
        });
    }
    let Some(overlay) = props.overlay else { return html! {} };
    let close = props.handle.ui.reform(|_: MouseEvent| Ask::Overlay(None));
    let (name, body) = match overlay {
        Overlay::Found => (
            "A shared session",
            props
                .found
                .as_ref()
                .map(|found| found_dialog(&FoundProps { found: found.clone(), handle: props.handle.clone() }))
                .unwrap_or_default(),
        ),
        Overlay::Keys => ("Keyboard map", keys(props)),
        Overlay::Share => ("Share this session", html! { <ShareDialog handle={props.handle.clone()}/> }),
        Overlay::WhatIf => (
            "What if",
            html! { if let Some(model) = &props.model { <WhatIf model={model.clone()} handle={props.handle.clone()}/> } },
        ),
        Overlay::Lamps => ("What must always hold", lamps(props)),
        Overlay::Log => ("What has happened", log(props)),
    };
    html! {
        <div class="veil" onclick={close.clone()}>
            <section class="layer" role="dialog" aria-modal="true" aria-label={name} tabindex="-1" ref={panel}
                onclick={|event: MouseEvent| event.stop_propagation()}>
                <div class="lt">{el("h2", "", name)}<span class="grow"/>
                    <button class="btn ghost ic sm" aria-label="Close" onclick={close}>{icon(Icon::Cross)}</button></div>
                {body}
            </section>
        </div>
    }
}

fn keys(props: &Props) -> Html {
    let on = props.single_keys;
    let toggle = props.handle.ui.reform(move |_: Event| Ask::SingleKeys(!on));
    html! {
        <>
            <dl class="keymap">{for MAP.iter().map(|(key, does)| html! { <div><dt><kbd>{*key}</kbd></dt>{say("dd", "", does)}</div> })}</dl>
            <label class="row soft"><input type="checkbox" checked={on} onchange={toggle}/>{"Single keys answer"}</label>
            <fieldset class="row soft">{el("legend", "", "Read out")}{for Said::ALL.iter().map(|(said, words)| {
                let (said, picked) = (*said, *said == props.said);
                let onchange = props.handle.ui.reform(move |_: Event| Ask::Said(said));
                html! { <label class="row"><input type="radio" name="said" checked={picked} {onchange}/>{*words}</label> }
            })}</fieldset>
        </>
    }
}

/// Lines of the list; who wants more goes back in time.
const LOG_MAX: usize = 400;

/// All that has happened up to here, newest first: the text that the picture is a picture of.
fn log(props: &Props) -> Html {
    let Some(events) = &props.events else { return html! {} };
    let list = events.all();
    let done = list.partition_point(|event| event.index <= props.index);
    crate::timeline::event_list(list[..done].iter().rev(), LOG_MAX, props.index, events.shown, &props.handle)
}

fn lamps(props: &Props) -> Html {
    let row = |lamp: &LampView| {
        let (state, word) = match lamp.state {
            LampState::Holds => (Mark::Ok, "holds"),
            LampState::NotChecked => (Mark::Open, "not checked"),
            LampState::Broken(_) => (Mark::Error, "broken"),
        };
        let jump = match lamp.state {
            LampState::Broken(index) => {
                let handle = props.handle.clone();
                let go = Callback::from(move |_: MouseEvent| {
                    handle.show(Ask::Overlay(None));
                    handle.seek(index);
                });
                html! { <button class="btn sm" onclick={go}>{"Go there"}</button> }
            }
            _ => html! {},
        };
        html! {
            <li>{mark(state)}<div class="grow">{el("b", "mono", format!("{} {}", lamp.id, lamp.name))}
                <span class="muted">{if lamp.safety { " safety, " } else { " availability, " }}{word}</span>
                {el("p", "soft", lamp.meaning.clone())}
                if !lamp.detail.is_empty() { {el("p", "st err", lamp.detail.clone())} }</div>{jump}</li>
        }
    };
    html! { <ul class="lamplist">{for props.lamps.values().map(|lamp| row(lamp))}</ul> }
}
