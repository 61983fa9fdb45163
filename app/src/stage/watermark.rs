//! The high watermark of the focused partition: one line through all racks, with words for its two sides.

use crate::svg::{N, path, text};
use yew::prelude::*;

use super::Props;
use super::layout::{Layout, RACK_X};

/// Where a rack's title ends.
const TITLE_W: f64 = 330.0;

pub fn line(props: &Props, layout: &Layout) -> Html {
    let Some(tp) = &props.focus else { return html! {} };
    let Some(view) = props.model.partitions.get(tp) else { return html! {} };
    let Some(mark) = view.high_watermark else { return html! {} };
    let ends: Vec<_> = layout.racks.iter().filter_map(|rack| layout.lane(rack.broker, tp)).collect();
    let Some(first) = ends.first() else { return html! {} };
    let x = layout.x_of(tp, mark);
    // The line leaves out the focused lanes, which carry marks of their own, and near the left edge the racks' titles.
    let roomy = x > RACK_X + TITLE_W;
    let mut d = if roomy { format!("M{x} {}V{}", N(layout.top - 17.0), N(first.y), x = N(x)) } else { String::new() };
    for (rack, pair) in layout.racks.iter().zip(ends.windows(2)) {
        let from = pair[0].y + pair[0].h + if layout.slim { 0.0 } else { 18.0 };
        let to = if roomy { pair[1].y } else { rack.y + rack.h };
        if to > from {
            d += &format!("M{x} {from}V{to}", x = N(x), from = N(from), to = N(to));
        }
    }
    let (safe, rest) = if view.high_watermark_held {
        ("readers get this".to_owned(), format!("held until the ISR has {}", view.min_insync_replicas))
    } else {
        ("safe on every in-sync copy".to_owned(), "not yet safe".to_owned())
    };
    let y = layout.top - 8.0;
    html! {
        <g class="wmark" aria-hidden="true">
            {path(d, "hwdash")}
            if roomy { {text(x - 7.0, y, "f11 end", safe)}{text(x + 8.0, y, "f11", rest)} }
        </g>
    }
}
