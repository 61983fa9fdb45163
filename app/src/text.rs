//! Words in an element of their own. One function: an `html!` at each of the places that show some would be a part of the
//! download for each.

use std::fmt::Display;

use yew::prelude::*;

/// An element with words in it and nothing else; `class` may be empty.
pub fn el(tag: &'static str, class: &'static str, words: impl Into<AttrValue>) -> Html {
    element(tag, class, words.into())
}

/// The same for what has words of its own, such as a number.
pub fn say(tag: &'static str, class: &'static str, what: impl Display) -> Html {
    said(tag, class, &what)
}

/// The same for all that has. Never inlined, as [`element`].
#[inline(never)]
fn said(tag: &'static str, class: &'static str, what: &dyn Display) -> Html {
    element(tag, class, what.to_string().into())
}

/// The same for every kind of words. Never inlined, which is the point of it.
#[inline(never)]
fn element(tag: &'static str, class: &'static str, words: AttrValue) -> Html {
    let class = Some(class).filter(|class| !class.is_empty());
    html! { <@{tag} {class}>{words}</@> }
}
