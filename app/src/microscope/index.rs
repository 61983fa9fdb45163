//! A look-up: the greatest entry of the sparse index that is not above the offset, then a scan from there.

use wire::log::{BatchMark, OpenView};
use yew::prelude::*;

use super::Sight;
use crate::svg::{N, object, path, rect, text};

const LEFT: f64 = 20.0;
const BOX_H: f64 = 38.0;
const CARD_W: f64 = 112.0;
/// Room for `found at byte 123456`.
const FOUND_W: f64 = 140.0;

/// Draws from `top` on; says where it ends.
pub fn picture(sight: &Sight<'_>, top: f64) -> (Html, f64) {
    let Some(open) = sight.log.open.as_ref().filter(|open| !open.batches.is_empty()) else {
        return (text(LEFT, top + 16.0, "f12 q3", "Nothing has been written to this segment."), top + 40.0);
    };
    let (from, to) = (open.batches[0].at, open.batches.last().map_or(1, |last| last.at + last.bytes));
    let scale = (sight.width - 2.0 * LEFT) / (to - from).max(1) as f64;
    let x = |at: u64| LEFT + scale * at.saturating_sub(from) as f64;
    let y = top + if open.index.is_empty() { 26.0 } else { 82.0 };
    let title = format!("Offset index: find offset {} in segment {}", open.offset, open.base);
    let entries = format!("{} entries, {} B of records", open.index.len(), open.bytes);
    let target = open.batch.as_ref().map(|batch| &batch.mark);
    let boxes =
        open.batches.iter().map(|mark| batch(sight, open, target, mark, x(mark.at), scale * mark.bytes as f64, y));
    let body = html! {
        <>
            {path(format!("M0 {}H{}", N(top - 14.0), N(sight.width)), "rule")}
            {text(LEFT, top + 10.0, "b f13", title)}{text(sight.width - LEFT, top + 10.0, "f11 q3 end", entries)}
            {cards(open, &x, sight.width, top + 24.0, y)}
            <g>{for boxes}</g>
            {text(LEFT, y + BOX_H + 16.0, "m f11 q3", from.to_string())}
            {text(sight.width - LEFT, y + BOX_H + 16.0, "m f11 q3 end", format!("{to} B"))}
            {scan(open, target, &x, sight.width - LEFT - FOUND_W, y + BOX_H + 26.0)}
            {for sentences(open, target).into_iter().enumerate().map(|(at, line)| text(LEFT, y + BOX_H + 64.0 + 18.0 * at as f64, "f12", line))}
        </>
    };
    (body, y + BOX_H + 102.0)
}

fn batch(
    sight: &Sight<'_>,
    open: &OpenView,
    target: Option<&BatchMark>,
    mark: &BatchMark,
    x: f64,
    w: f64,
    y: f64,
) -> Html {
    let is_target = target == Some(mark);
    let scanned = mark.at >= open.found.1 && target.is_some_and(|target| mark.at < target.at);
    let class = if is_target {
        "c-lead"
    } else if scanned {
        "c-scan"
    } else {
        "c-fol"
    };
    let words = if mark.base == mark.last { mark.base.to_string() } else { format!("{} to {}", mark.base, mark.last) };
    let fits = w > 7.0 * words.len() as f64 + 4.0;
    let (onclick, onkeydown) = sight.open(mark.base);
    let spoken = format!("batch {words}, {} bytes from byte {}", mark.bytes, mark.at);
    html! {
        <g key={mark.at.to_string()} class="pick" {onclick} {onkeydown}>
            {object("batch", false, spoken, (x + 0.5, y, (w - 1.0).max(1.0), BOX_H), 3.0, classes!(class))}
            if fits { {text(x + w / 2.0, y + 23.0, if is_target { "mid m f12 o-lead" } else { "mid m f12" }, words)} }
        </g>
    }
}

/// The entries near the offset; those that would cover each other are left out, the one that is found never is.
fn cards(open: &OpenView, x: &impl Fn(u64) -> f64, width: f64, y: f64, low: f64) -> Html {
    let first = open.batches[0].at;
    let last = open.batches.last().map_or(0, |last| last.at);
    let near = open.index.iter().filter(|(_, at)| (first..=last).contains(at));
    let mut order: Vec<&(i64, u64)> = near.collect();
    crate::order::by(&mut order, |entry| (entry.0 != open.found.0, entry.0.abs_diff(open.found.0)));
    let mut taken: Vec<f64> = vec![];
    let mut drawn = vec![];
    for (offset, at) in order {
        let left = (x(*at) - 2.0).min(width - LEFT - CARD_W);
        if taken.iter().any(|other| (other - left).abs() < CARD_W + 8.0) {
            continue;
        }
        taken.push(left);
        let on = *offset == open.found.0 && *at == open.found.1;
        drawn.push(html! {
            <g>
                {path(format!("M{} {}V{}", N(x(*at) + 1.0), N(y + 42.0), N(low)), if on { "brk" } else { "entry" })}
                {rect(left, y, CARD_W, 42.0, 6.0, if on { "card on" } else { "card" })}
                {text(left + 9.0, y + 17.0, "f11", format!("{} + {} = {offset}", open.base, offset - open.base))}
                {text(left + 9.0, y + 33.0, "m f11 ik", format!("byte {at}"))}
            </g>
        });
    }
    html! { <g>{for drawn}</g> }
}

/// The way from the entry to the batch that is found. Right of `last` the words would not find room behind its mark.
fn scan(open: &OpenView, target: Option<&BatchMark>, x: &impl Fn(u64) -> f64, last: f64, y: f64) -> Html {
    let Some(target) = target else { return html! {} };
    let (from, to) = (x(open.found.1), x(target.at));
    html! {
        <g>
            if to - from > 12.0 { {path(format!("M{from} {y}H{to}m-6 -4l6 4l-6 4", from = N(from), y = N(y), to = N(to)), "brk")} }
            {text(to, y + 18.0, if to > last { "f12 ik end" } else { "f12 ik" }, format!("found at byte {}", target.at))}
        </g>
    }
}

fn sentences(open: &OpenView, target: Option<&BatchMark>) -> [String; 2] {
    let skipped = open.batches.iter().filter(|mark| mark.at >= open.found.1);
    let skipped = target.map_or(0, |target| skipped.filter(|mark| mark.at < target.at).count());
    let start = if open.index.iter().any(|entry| entry.0 == open.found.0) {
        format!("The greatest entry not above {} is {}.", open.offset, open.found.0)
    } else {
        format!("No entry is at or below {}: the scan starts where the segment does.", open.offset)
    };
    let at = open.found.1;
    let skip = if skipped == 0 { String::new() } else { format!(" and skip {skipped}") };
    [start, format!("Read from byte {at}{skip}. Most offsets have no entry: the index is sparse.")]
}
