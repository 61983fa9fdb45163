//! The ISR as a bracket: one arm per member, the count beside it, and a stub with "out" for whoever left.

use crate::svg::{N, dot, path, rect, text};
use yew::prelude::*;

use super::Props;
use super::layout::Layout;

pub fn bracket(props: &Props, layout: &Layout) -> Html {
    let Some(tp) = &props.focus else { return html! {} };
    let Some(view) = props.model.partitions.get(tp) else { return html! {} };
    let arm_y = |broker: i32| layout.lane(broker, tp).map(|lane| lane.y + lane.h / 2.0);
    let mut inside: Vec<f64> = view.isr.iter().filter_map(|id| arm_y(*id)).collect();
    crate::order::by(&mut inside, |y| *y);
    let out: Vec<(i32, f64)> =
        view.replicas.iter().filter(|id| !view.isr.contains(id)).filter_map(|id| Some((*id, arm_y(*id)?))).collect();
    let right = layout.rack_right();
    let (from, spine) = (right - 2.0, right + 12.0);
    let mut d = String::new();
    if let (Some(top), Some(low)) = (inside.first(), inside.last()) {
        d = format!("M{spine} {top}V{low}", spine = N(spine), top = N(*top), low = N(*low));
        for y in &inside {
            d += &format!("M{from} {y}H{spine}", from = N(from), y = N(*y), spine = N(spine));
        }
    }
    let all = inside.len() + out.len();
    let whole = out.is_empty();
    let label_y = inside.first().or(out.first().map(|(_, y)| y)).copied().unwrap_or(176.0);
    // Who wants no motion sees what the count was.
    let before = props.model.before.get(tp).map_or(view.isr.len(), |before| before.isr.len());
    let was = before != view.isr.len() && crate::theme::reduced_motion();
    let spoken = format!("In-sync replicas: {} of {all}", view.isr.len());
    html! {
        <g role="img" aria-label={spoken} class="isr">
            {path(d, "brk")}
            {for inside.iter().map(|y| dot(from, *y, 3.2, "f-ink"))}
            {rect(right + 3.0, label_y - 40.0, 39.0, 34.0, 6.0, "f-bg0")}
            {text(right + 6.0, label_y - 28.0, "f12 b", "ISR")}
            {text(right + 6.0, label_y - 13.0, if whole { "f12 b" } else { "f12 warn-t" }, format!("{} of {all}", view.isr.len()))}
            if was { {text(right + 6.0, label_y + 2.0, "f12 b", format!("{before} > {}", view.isr.len()))} }
            {for out.iter().map(|(id, y)| html! {
                <>
                    {path(format!("M{} {y}h9", N(right - 4.0), y = N(*y)), "brk gone")}
                    {rect(right + 17.0, y - 10.0, 34.0, 20.0, 5.0, "f-bg0")}
                    {text(right + 18.0, y + 4.0, "f11 err-t strong", format!("{id} out"))}
                </>
            })}
        </g>
    }
}
