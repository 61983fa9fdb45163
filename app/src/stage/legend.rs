//! What the shapes mean, in one row under the racks.

use crate::svg::{N, text};
use yew::prelude::*;

use crate::store::{Model, Shown};

use super::layout::{Layout, RACK_X};

pub fn legend(layout: &Layout, model: &Model, shown: Shown) -> Html {
    let y = layout.height - 19.0;
    let mut x = RACK_X;
    let mut entry = |sign: Html, sign_w: f64, words: &'static str| {
        let at = x;
        x += sign_w + 6.0 + 6.1 * words.len() as f64 + 16.0;
        html! {
            <g transform={format!("translate({at} {y})", at = N(at), y = N(y))}>{sign}{text(sign_w + 6.0, 10.0, "f11 q3", words)}</g>
        }
    };
    let square = |class: &'static str| html! { <rect width="12" height="12" rx="2.5" {class}/> };
    if model.partitions.is_empty() {
        return html! {};
    }
    let mut all = vec![entry(square("c-lead"), 12.0, "leader"), entry(square("c-fol"), 12.0, "follower")];
    if shown.hw {
        all.push(entry(square("c-lead-past"), 12.0, "past the high watermark"));
    }
    // The marks of readers are explained once there is one.
    let mut places = model.clients.values().filter(|_| shown.clients).flat_map(|client| &client.positions).peekable();
    if places.peek().is_some() {
        if places.any(|at| at.committed.is_some()) {
            all.push(entry(html! { <path d="M0 0h10v13l-5 -4-5 4z" class="bm"/> }, 10.0, "committed"));
        }
        all.push(entry(html! { <path d="M6 1l6 10H0z" class="pos"/> }, 12.0, "position"));
    }
    if shown.hw {
        all.push(entry(html! { <circle cx="6" cy="6" r="6" class="tokh"/> }, 12.0, "fetch request"));
    }
    html! { <g class="legend" aria-hidden="true">{for all}</g> }
}
