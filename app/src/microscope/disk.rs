//! The segments of a log on one axis of offsets: records as cells, what the cleaner took out as dots, flags for the
//! offsets that divide the log, and the leader epochs under it.

use wire::log::{LogView, SegmentView};
use wire::view::CellView;
use yew::prelude::*;

use super::Sight;
use crate::stage::cells::{Ink, sign_of};
use crate::svg::{N, dot, object, path, plate, plate_w, rect, text};

const LEFT: f64 = 20.0;
const CELL_H: f64 = 38.0;
const PITCH_MAX: f64 = 60.0;
/// Flags may stand in so many rows above the segments.
const ROWS: usize = 4;
const ROW_H: f64 = 19.0;

/// Draws the log; says where it ends from the top.
pub fn picture(sight: &Sight<'_>) -> (Html, f64) {
    let (log, top) = (sight.log, 36.0);
    let pitch = pitch(sight);
    let x = |offset: i64| LEFT + pitch * (offset - log.window.0).clamp(0, log.window.1 - log.window.0) as f64;
    let (flags, rows) = flags(sight, &x, top);
    let seg_y = top + ROW_H * rows as f64 + 4.0;
    let low = seg_y + 26.0 + CELL_H + 8.0;
    let inside = |segment: &&SegmentView| segment.base < log.window.1 && segment.end >= log.window.0;
    let boxes = log.segments.iter().filter(inside).map(|segment| {
        let (from, to) = (x(segment.base), x(segment.end.max(segment.base + 1)).max(x(segment.base) + pitch));
        let name = format!("{:020}.log", segment.base);
        let words = format!("{}{} B", if segment.active { "active, " } else { "" }, segment.bytes);
        let roomy = to - from > 310.0;
        html! {
            <g aria-label={format!("segment {name}, {words}")} role="img">
                {rect(from + 1.0, seg_y, to - from - 2.0, low - seg_y, 7.0, if segment.active { "groove focus" } else { "groove" })}
                {text(from + 9.0, seg_y + 17.0, "m f11 ik", if roomy { name } else if to - from > 70.0 { format!("..{}.log", segment.base) } else { String::new() })}
                if to - from > 160.0 { {text(to - 9.0, seg_y + 17.0, "f11 q3 end", words)} }
            </g>
        }
    });
    let cells = (log.window.0..log.window.1.min(log.log_end)).map(|offset| {
        let record = log.records.iter().find(|record| record.offset == offset);
        slot(sight, offset, record, x(offset), seg_y + 26.0, pitch)
    });
    let body = html! {
        <>
            {text(LEFT, 22.0, "b f13", "On disk now")}{text(LEFT + 90.0, 22.0, "m f11 q3", log.folder.clone())}
            {for boxes}{flags_lines(sight, &x, top, low)}{flags}
            <g key="cells">{for cells}</g>
            {epochs(sight, &x, low + 6.0)}
            {gone(sight, &x, low + 46.0, pitch)}
        </>
    };
    (body, low + if sight.was.is_some() { 84.0 } else { 30.0 })
}

/// The same log, not earlier.
pub fn follows(before: &LogView, now: &LogView) -> bool {
    before.folder == now.folder
        && (before.log_start, before.cleaned_to, before.log_end) <= (now.log_start, now.cleaned_to, now.log_end)
}

/// Retention deleted a segment, or the cleaner took records out.
pub fn has_lost(before: &LogView, now: &LogView) -> bool {
    let gone = |at: i64| at >= now.window.0 && now.records.iter().all(|record| record.offset != at);
    follows(before, now)
        && (before.log_start < now.log_start || before.records.iter().any(|record| gone(record.offset)))
}

/// The row of what was there before: what is gone stands under its place, dashed.
fn gone(sight: &Sight<'_>, x: &impl Fn(i64) -> f64, y: f64, pitch: f64) -> Html {
    let (Some(was), log) = (sight.was, sight.log) else { return html! {} };
    let there = |at: i64| log.records.iter().any(|record| record.offset == at);
    let cell = |record: &CellView| {
        let at = x(record.offset);
        html! { <>{rect(at + 1.5, y + 6.0, pitch - 3.0, 22.0, 4.0, "c-ghost")}{text(at + pitch / 2.0, y + 21.0, "mid m f10 q3", record.offset.to_string())}</> }
    };
    let lost = was.records.iter().filter(|record| record.offset >= log.window.0 && !there(record.offset));
    let deleted = was
        .segments
        .iter()
        .filter(|segment| segment.end <= log.log_start)
        .map(|segment| format!("segment {} deleted", segment.base));
    let words: Vec<String> =
        std::iter::once(format!("Before: {} records, now {}", was.records.len(), log.records.len()))
            .chain(deleted)
            .collect();
    html! { <g role="img" aria-label={words.join(", ")}>{text(LEFT, y, "f11 q3", words.join(" · "))}{for lost.map(cell)}</g> }
}

/// Width of an offset: a short log is drawn larger, and the slot of its next record is part of it.
fn pitch(sight: &Sight<'_>) -> f64 {
    let (from, to) = sight.log.window;
    ((sight.width - 2.0 * LEFT) / (to.min(sight.log.log_end + 1) - from).max(1) as f64).min(PITCH_MAX)
}

/// One offset: its record, or the dot that a gap leaves. The number stays either way.
fn slot(sight: &Sight<'_>, offset: i64, record: Option<&CellView>, x: f64, y: f64, pitch: f64) -> Html {
    let mid = x + pitch / 2.0;
    let Some(record) = record else {
        return html! {
            <g key={offset} role="img" aria-label={format!("offset {offset}, taken out by the cleaner")}>
                {dot(mid, y + 14.0, 1.4, "f-q3")}{text(mid, y + CELL_H - 4.0, "mid m f10 q3", offset.to_string())}
            </g>
        };
    };
    let chosen = sight.log.open.as_ref().is_some_and(|open| open.offset == offset);
    let past = offset >= sight.log.high_watermark;
    let (ink, class) = match (sight.leads, past) {
        (true, false) => (Ink::Leader, "c-lead"),
        (true, true) => (Ink::Leader, "c-lead-past"),
        (false, false) => (Ink::Follower, "c-fol"),
        (false, true) => (Ink::Follower, "c-fol-past"),
    };
    let class = if record.value.is_none() && !record.control { "c-tomb" } else { class };
    let ink = if class == "c-tomb" { Ink::Follower } else { ink };
    let (onclick, onkeydown) = sight.open(offset);
    let (key, value) =
        (record.key.as_deref().unwrap_or("null"), record.value.as_deref().unwrap_or("null, a tombstone"));
    let number = if ink == Ink::Leader && !past { "mid m f10 o-lead" } else { "mid m f10 ik" };
    html! {
        <g key={offset} class="cell pick" {onclick} {onkeydown}>
            {object("cell", chosen, format!("offset {offset}, key {key}, value {value}"), (x + 1.5, y, pitch - 3.0, CELL_H), 4.0, classes!(class))}
            if past && ink == Ink::Leader { {rect(mid - 10.0, y + CELL_H - 14.0, 20.0, 12.0, 3.0, "plate")} }
            {sign_of(record, sight.glyphs, mid, y + 13.0, ink, past)}
            {text(mid, y + CELL_H - 4.0, number, offset.to_string())}
            if chosen { {rect(x - 0.5, y - 2.0, pitch + 1.0, CELL_H + 4.0, 6.0, "chosen")} }
        </g>
    }
}

/// The offsets that divide a log, in the order in which they may stand.
fn marks(sight: &Sight<'_>) -> Vec<(i64, String, bool)> {
    let log = sight.log;
    let mut marks = vec![(log.log_start, format!("log start {}", log.log_start), false)];
    marks.extend(log.cleaned_to.map(|at| (at, format!("cleaned to {at}"), false)));
    marks.extend(log.last_stable.map(|at| (at, format!("LSO {at}"), false)));
    marks.push((log.high_watermark, format!("HW {}", log.high_watermark), true));
    marks.push((log.log_end, format!("LEO {}", log.log_end), false));
    marks.retain(|(at, ..)| (log.window.0..=log.window.1).contains(at));
    marks
}

/// Flags, each in the lowest row where it touches no other; and how many rows that took.
fn flags(sight: &Sight<'_>, x: &impl Fn(i64) -> f64, top: f64) -> (Html, usize) {
    let mut taken: Vec<Vec<(f64, f64)>> = vec![vec![]; ROWS];
    let mut drawn = vec![];
    let mut used = 1;
    for (at, words, strong) in marks(sight) {
        let w = plate_w(&words);
        let left = x(at).min(sight.width - LEFT - w);
        let free = |row: &Vec<(f64, f64)>| row.iter().all(|(l, r)| left > r + 4.0 || left + w < l - 4.0);
        let row = taken.iter().position(free).unwrap_or(ROWS - 1);
        taken[row].push((left, left + w));
        used = used.max(row + 1);
        drawn.push((left, row, words, strong));
    }
    let flags = drawn.into_iter().map(|(left, row, words, strong)| {
        let (class, ink) = if strong { ("pill-ink", "mid m f11 pill-ink-t") } else { ("pill", "mid m f11 ik") };
        plate(left, top + ROW_H * (used - 1 - row) as f64, words, class, ink)
    });
    (html! { <g>{for flags}</g> }, used)
}

fn flags_lines(sight: &Sight<'_>, x: &impl Fn(i64) -> f64, top: f64, low: f64) -> Html {
    let lines = marks(sight).into_iter().map(|(at, _, strong)| {
        path(
            format!("M{} {}V{}", N(x(at).max(LEFT + 0.5)), N(top + 8.0), N(low)),
            if strong { "hw" } else { "hw thin" },
        )
    });
    html! { <g aria-hidden="true">{for lines}</g> }
}

/// Under the log: which leader epoch wrote what.
fn epochs(sight: &Sight<'_>, x: &impl Fn(i64) -> f64, y: f64) -> Html {
    let log = sight.log;
    let ends = log.epochs.iter().skip(1).map(|(_, from)| *from).chain([log.log_end]);
    let parts = log.epochs.iter().zip(ends).filter(|((_, from), end)| *from < log.window.1 && *end > log.window.0);
    let part = |((epoch, from), end): (&(i32, i64), i64)| {
        let (l, r) = (x(*from), x(end));
        html! { <>{path(format!("M{} {y}v5H{}v-5", N(l + 2.0), N(r - 2.0), y = N(y)), "epochs")}{text((l + r) / 2.0, y + 17.0, "mid f11 q3", format!("epoch {epoch}"))}</> }
    };
    html! { <g>{for parts.map(part)}</g> }
}
