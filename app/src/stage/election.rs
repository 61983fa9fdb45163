//! An election since the last beat: the crown's way from the old leader's lane to the new one's, in the hue of the
//! controller that decided it.

use crate::svg::{N, path};
use yew::prelude::*;

use super::Props;
use super::layout::{Layout, RACK_X};

pub fn crown(props: &Props, layout: &Layout) -> Html {
    let Some(tp) = &props.focus else { return html! {} };
    let (Some(now), Some(before)) = (props.model.partitions.get(tp), props.model.before.get(tp)) else {
        return html! {};
    };
    let (Some(old), Some(new)) = (before.leader, now.leader) else { return html! {} };
    let (Some(from), Some(to)) = (layout.lane(old, tp), layout.lane(new, tp)) else { return html! {} };
    if old == new {
        return html! {};
    }
    let x = RACK_X + 112.0;
    let down = to.y > from.y;
    let (start, end) = if down { (from.y + 24.0, to.y + 7.0) } else { (from.y + 6.0, to.y + 26.0) };
    let (tip, back) = (end, if down { -6.0 } else { 6.0 });
    html! {
        <g class="election" role="img" aria-label={format!("Leadership moved from broker {old} to broker {new}")}>
            {path(format!("M{x} {start}V{end}", x = N(x), start = N(start), end = N(end)), "el-path")}
            {path(format!("M{} {}l4 {}l4 {}", N(x - 4.0), N(tip + back), N(-back), N(back)), "el-tip")}
        </g>
    }
}
