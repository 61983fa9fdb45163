//! Who wants no motion sees each move as its end and a number: what happened in the last step, in its order, at the place
//! where it happened (ui.md, section 4). The numbers are those of the list in words.

use wire::EventView;
use yew::prelude::*;

use super::Props;
use super::layout::{Layout, RACK_X};
use crate::store::{Ordered, Tp};
use crate::svg::{N, dot, path, text};
use crate::ui::label;

/// More are a run, and no step that anybody follows.
const BADGES_MAX: usize = 9;

pub fn badges(props: &Props, layout: &Layout) -> Html {
    let model = &props.model;
    let list = model.events.all();
    let from = list.partition_point(|event| event.index <= model.index_before);
    let to = list.partition_point(|event| event.index <= model.index).max(from);
    let told: Vec<_> = list[from..to].iter().filter(|event| model.shown().tells(event)).collect();
    let skipped = told.len().saturating_sub(BADGES_MAX);
    let mut taken: Ordered<(i64, i64), f64> = Ordered::default();
    let badge = |(number, event): (usize, &&std::rc::Rc<EventView>)| {
        let (x, y) = place(props, layout, event)?;
        // Several of one place stand side by side, the last at the right.
        let beside = taken.entry((x as i64, y as i64)).or_insert(0.0);
        let x = x - std::mem::replace(beside, *beside + 18.0);
        Some(html! {
            <g role="img" aria-label={format!("{number}: {}", model.shown().words(event))}>
                {dot(x, y, 8.0, "badge")}
                {text(x, y + 4.0, "mid f11 pill-ink-t", number.to_string())}</g>
        })
    };
    let numbered: Vec<_> = (1..).zip(told.iter().skip(skipped)).collect();
    let mut all: Vec<Html> = numbered.into_iter().rev().filter_map(badge).collect();
    all.reverse();
    html! { <g class="badges">{for all}{watermark_before(props, layout)}</g> }
}

/// On the lane of the broker that did it, or else on its rack, its client, the controller.
fn place(props: &Props, layout: &Layout, event: &EventView) -> Option<(f64, f64)> {
    let right = layout.rack_right() - 18.0;
    let broker = event.actor.strip_prefix('b').and_then(|id| id.parse::<i32>().ok());
    if let Some(rack) = broker.and_then(|id| layout.rack(id)) {
        let of = |tp: &&Tp| event.partition.as_deref() == Some(&label(tp));
        let lane = props.model.partitions.keys().find(of).and_then(|tp| layout.lane(rack.broker, tp));
        return Some(lane.map_or((right, rack.y + 13.0), |lane| (right, lane.y + lane.h / 2.0)));
    }
    if event.lane == wire::Lane::Controller {
        return Some((RACK_X + 40.0, layout.controller().0 - 14.0));
    }
    let mut boxes = layout.producers.iter().chain(&layout.consumers);
    boxes.find(|place| place.key.0 == event.actor).map(|place| (place.x + place.w, place.y))
}

/// Where the high watermark stood before the last step, or beat.
fn watermark_before(props: &Props, layout: &Layout) -> Option<Html> {
    let tp = props.focus.as_ref()?;
    let now = props.model.partitions.get(tp)?;
    let moved = |map: &crate::store::Map<Tp, wire::view::PartitionView>| {
        map.get(tp)?.high_watermark.filter(|mark| now.high_watermark != Some(*mark))
    };
    let mark = moved(&props.model.stepped).or_else(|| moved(&props.model.before));
    let mark = mark.filter(|_| props.model.shown().hw)?;
    let lane = layout.lane(now.leader?, tp)?;
    Some(path(format!("M{} {}v9", N(layout.x_of(tp, mark)), N(lane.y + lane.h + 1.0)), "hw was"))
}
