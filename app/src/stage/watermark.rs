//! The high watermark of the focused partition: one line through all racks, with words for its two sides.

use yew::prelude::*;

use super::layout::Layout;
use super::{Props, px};

pub fn line(props: &Props, layout: &Layout) -> Html {
    let Some(tp) = &props.focus else { return html! {} };
    let Some(view) = props.model.partitions.get(tp) else { return html! {} };
    let Some(mark) = view.high_watermark else { return html! {} };
    let ends: Vec<_> = layout.racks.iter().filter_map(|rack| layout.lane(rack.broker, tp)).collect();
    let (Some(first), Some(last)) = (ends.first(), ends.last()) else { return html! {} };
    let x = layout.x_of(tp, mark);
    // The line leaves out the focused lanes, which carry marks of their own.
    let mut d = format!("M{x:.1} {:.1}V{:.1}", layout.top - 17.0, first.y);
    for pair in ends.windows(2) {
        let (from, to) = (pair[0].y + pair[0].h + if layout.slim { 0.0 } else { 18.0 }, pair[1].y);
        if to > from {
            d += &format!("M{x:.1} {from:.1}V{to:.1}");
        }
    }
    let _ = last;
    let (safe, rest) = if view.high_watermark_held {
        ("readers get this".to_owned(), format!("held until the ISR has {}", view.min_insync_replicas))
    } else {
        ("safe on every in-sync copy".to_owned(), "not yet safe".to_owned())
    };
    // Near the left edge there is no room for words before the line.
    let roomy = x - 175.0 > 290.0;
    let y = px(layout.top - 8.0);
    html! {
        <g class="wmark" aria-hidden="true">
            <path {d} class="hwdash"/>
            if roomy { <text x={px(x - 7.0)} y={y.clone()} class="f11 end">{safe}</text> }
            <text x={px(x + 8.0)} {y} class="f11">{rest}</text>
        </g>
    }
}
