//! The first screen, itself a topic: a chapter is a lane, a lesson a record, the bookmark what you committed, the caret
//! where you are, and the describe row counts your lag.

pub mod index;
mod map;
mod recall;
mod side;
pub mod storage;
mod templates;
pub mod thumb;

pub use side::boot;

use std::rc::Rc;

use yew::prelude::*;

use crate::ctx::Handle;
use crate::icons::{Icon, icon};
use crate::panels::topbar::{logo, theme_button};
use crate::text::el;
use crate::theme::Theme;
use crate::ui::{Ask, Overlay};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub handle: Handle,
    pub theme: Theme,
}

/// The list of lessons.
pub type Lessons = Rc<Vec<index::Chapter>>;

#[component]
pub fn Home(props: &Props) -> Html {
    let lessons: Lessons = use_memo((), |()| index::chapters());
    // Raised after an import, so that the page reads what is kept again.
    let reads = use_state(|| 0_u32);
    let again = {
        let reads = reads.clone();
        Callback::from(move |()| reads.set(*reads + 1))
    };
    let keys = props.handle.ui.reform(|_: MouseEvent| Ask::Overlay(Some(Overlay::Keys)));
    let (progress, kept) = (storage::progress(), storage::session());
    html! {
        <div class="home">
            <header class="top">
                <span class="brand">{logo()}{"Offset Zero"}</span><span class="vr"/>
                <nav class="crumb" aria-label="Where you are">{el("b", "", "Lessons")}</nav>
                {crate::panels::topbar::modes(&props.handle, true, false)}
                <span class="grow"/>
                // Shown once the page is put by (boot.js marks the document).
                <span class="chip offline">{icon(Icon::Check)}{"Ready offline"}</span>
                <button class="btn ghost ic sm" aria-label="Keyboard map" title="Keyboard map (?)" onclick={keys}>{icon(Icon::Question)}</button>
                {theme_button(props.theme, &props.handle)}
            </header>
            {side::side(&props.handle, &lessons, &progress, kept.as_ref(), again)}
            {map::map(&props.handle, &lessons, &progress)}
        </div>
    }
}
