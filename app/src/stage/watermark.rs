//! The high watermark of the focused partition: one line through all racks, with words for its two sides.

use crate::svg::{N, path, text};
use yew::prelude::*;

use super::Props;
use super::layout::{Layout, RACK_X, RackBox};

/// Where a rack's title ends, and how wide the count of what it has no room for is at the right of it.
const TITLE_W: f64 = 330.0;
const HIDDEN_W: f64 = 125.0;

/// Whether the line at `x` can go through the row of a rack's title.
fn passes(layout: &Layout, rack: &RackBox, x: f64) -> bool {
    x > RACK_X + TITLE_W && (rack.hidden == 0 || x < layout.rack_right() - HIDDEN_W)
}

pub fn line(props: &Props, layout: &Layout) -> Html {
    let Some(tp) = &props.focus else { return html! {} };
    let Some(view) = props.model.partitions.get(tp) else { return html! {} };
    let Some(mark) = view.high_watermark else { return html! {} };
    let lanes = layout.racks.iter().filter_map(|rack| Some((rack, layout.lane(rack.broker, tp)?)));
    let lanes: Vec<_> = lanes.collect();
    let Some((top, first)) = lanes.first() else { return html! {} };
    let x = layout.x_of(tp, mark);
    // The line leaves out the focused lanes, which carry marks of their own, and the words of the racks' titles.
    let roomy = x > RACK_X + TITLE_W;
    let passes = |rack: &RackBox| passes(layout, rack, x);
    let low = if passes(top) { first.y } else { top.y };
    let mut d = if roomy { format!("M{x} {}V{}", N(layout.top - 17.0), N(low), x = N(x)) } else { String::new() };
    for pair in lanes.windows(2) {
        let ((rack, above), (next, below)) = (pair[0], pair[1]);
        let from = above.y + above.h + if layout.slim { 0.0 } else { 18.0 };
        let to = if passes(next) { below.y } else { rack.y + rack.h };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_keeps_clear_of_a_racks_words() {
        let layout = Layout { rack_w: 900.0, ..Layout::default() };
        let rack = |hidden| RackBox { broker: 1, y: 0.0, h: 165.0, lanes: vec![], hidden };
        // The words end twelve short of the edge; a letter is less than seven wide.
        let words = layout.rack_right() - 12.0 - 7.0 * "1 more partition".len() as f64;
        let (title, middle) = (RACK_X + TITLE_W, layout.rack_right() - 300.0);
        assert_eq!(
            [title, middle, words, layout.rack_right()].map(|x| passes(&layout, &rack(1), x)),
            [false, true, false, false]
        );
        assert_eq!(
            [title, middle, words, layout.rack_right()].map(|x| passes(&layout, &rack(0), x)),
            [false, true, true, true]
        );
    }
}
