//! A session as a link: the dialog that makes one, and the preview of one that was followed here.

use yew::prelude::*;

use crate::ctx::Handle;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub handle: Handle,
}

/// The dialog behind Share.
#[component]
pub fn ShareDialog(_: &Props) -> Html {
    html! { <h2>{"Share"}</h2> }
}

/// Looks at the address when the page opens and when its fragment changes, and offers what it holds.
#[component]
pub fn Arrival(_: &Props) -> Html {
    html! {}
}
