//! The segments of a log on one axis of offsets: records as cells, what the cleaner took out as dots, flags for the
//! offsets that divide the log, and the leader epochs under it.

use wire::log::{GoneView, SegmentView};
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

/// Between the log as it was and as it is.
const FALL: f64 = 58.0;
const MAP_W: f64 = 182.0;

/// Offset to place.
type X<'a> = &'a dyn Fn(i64) -> f64;

/// Draws the log; says where it ends from the top. While files that the cleaner replaced lie there still, they stand above
/// those that it wrote.
pub fn picture(sight: &Sight<'_>) -> (Html, f64) {
    let (log, top) = (sight.log, 36.0);
    let pitch = pitch(sight);
    let x = |offset: i64| LEFT + pitch * (offset - log.window.0).clamp(0, log.window.1 - log.window.0) as f64;
    let (flags, rows) = flags(sight, &x, top);
    let y = top + ROW_H * rows as f64 + 4.0;
    let low = y + ROW;
    let gone = log.gone.iter().flat_map(|gone| &gone.segments);
    let end = gone.clone().next_back().map_or(0, |last| last.end);
    let rest = log.segments.iter().filter(|segment| segment.base >= end);
    let boxes = gone.chain(rest).map(|segment| segment_box(sight, segment, &x, pitch, y));
    let upper = html! { <>{for boxes}{flags_lines(sight, &x, top, low)}{flags}{cells(sight, log.log_end, true, &x, y, pitch)}</> };
    // Of what retention deleted nothing is written anew.
    let (title, lower, bottom) = match &log.gone {
        Some(gone) if end > log.log_start => {
            let (lower, bottom) = copied(sight, gone, end, &x, low, pitch);
            ("Before the cleaner passed", lower, bottom)
        }
        _ => ("On disk now", epochs(sight, &x, low + 6.0), low + 30.0),
    };
    let body = html! {
        <>
            {text(LEFT, 22.0, "b f13", title)}{text(sight.width - LEFT, 22.0, "m f11 q3 end", log.folder.clone())}
            {upper}{lower}
        </>
    };
    (body, bottom)
}

/// Height of a row: the segment's name, its cells, and some air.
const ROW: f64 = 26.0 + CELL_H + 8.0;

fn segment_box(sight: &Sight<'_>, segment: &SegmentView, x: X<'_>, pitch: f64, y: f64) -> Html {
    let (log, bytes) = (sight.log, segment.bytes);
    if segment.base >= log.window.1 || segment.end < log.window.0 {
        return html! {};
    }
    let (from, to) = (x(segment.base), x(segment.end.max(segment.base + 1)).max(x(segment.base) + pitch));
    let name = format!("{:020}.log", segment.base);
    let dirty = log.gone.as_ref().and_then(|gone| gone.dirty.filter(|_| gone.segments.contains(segment)));
    let state = match dirty {
        _ if segment.end <= log.log_start => "deleted, ",
        Some(dirty) if segment.base < dirty => "clean, ",
        Some(_) => "dirty, ",
        None if segment.active => "active, ",
        None => "",
    };
    let words = format!("{state}{bytes} B");
    html! {
        <g aria-label={format!("segment {name}, {words}")} role="img">
            {rect(from + 1.0, y, to - from - 2.0, ROW, 7.0, if segment.active { "groove focus" } else { "groove" })}
            {text(from + 9.0, y + 17.0, "m f11 ik", if to - from > 310.0 { name } else if to - from > 70.0 { format!("..{}.log", segment.base) } else { String::new() })}
            if to - from > 160.0 { {text(to - 9.0, y + 17.0, "f11 q3 end", words)} }
        </g>
    }
}

/// The records of a row by their offsets, those that are gone among them or not.
fn cells(sight: &Sight<'_>, to: i64, with_gone: bool, x: X<'_>, y: f64, pitch: f64) -> Html {
    let log = sight.log;
    let cell = |offset: i64| {
        let now = log.records.iter().find(|record| record.offset == offset);
        let was = log.gone.iter().filter(|_| with_gone).flat_map(|gone| &gone.records);
        let was = was.filter(|_| now.is_none()).find(|record| record.offset == offset);
        slot(sight, offset, now, was, (x(offset), y + 26.0, pitch))
    };
    html! { <g>{for (log.window.0..log.window.1.min(to)).map(cell)}</g> }
}

/// What the cleaner wrote, under what it read: a survivor falls straight down. Beside it the offset map.
fn copied(sight: &Sight<'_>, gone: &GoneView, end: i64, x: X<'_>, high: f64, pitch: f64) -> (Html, f64) {
    let (log, y) = (sight.log, high + FALL);
    let mine = || log.records.iter().filter(|record| record.offset < end);
    let fall = |record: &CellView| {
        let mid = x(record.offset) + pitch / 2.0;
        path(format!("M{} {}V{}m-4 -6l4 6l4 -6", N(mid), N(high + 3.0), N(y - 3.0)), "c-fol")
    };
    let written = log.segments.iter().filter(|segment| segment.base < end);
    let tombstone = mine().any(|record| record.value.is_none() && !record.control);
    let words = [
        "Survivors keep their offsets. Gaps stay gaps.",
        "Grey: the key comes again, or its tombstone has had its time.",
        "Hollow: a tombstone. A pass after delete.retention.ms drops it.",
    ];
    let words = &words[..if tombstone { 3 } else { 2 }];
    let (low, right) = (y + ROW, x(end) + 14.0);
    let place = if right + MAP_W < sight.width { (right, high + 14.0) } else { (LEFT, low + 12.0) };
    let (map, bottom) = map(sight, gone, end, place);
    let below = low.max(bottom) + 18.0;
    let body = html! {
        <>
            {for mine().map(fall)}
            {rect(LEFT - 4.0, y - 27.0, 90.0, 20.0, 3.0, "f-bg0")}{text(LEFT, y - 12.0, "b f13", "On disk now")}
            {for written.map(|segment| segment_box(sight, segment, x, pitch, y))}
            <g class="fall" key={end.to_string()}>{cells(sight, end, false, x, y, pitch)}</g>
            {for words.iter().enumerate().map(|(at, line)| text(LEFT, below + 18.0 * at as f64, "f12", *line))}
            {map}
        </>
    };
    (body, below + 18.0 * words.len() as f64 - 20.0)
}

/// The cleaner's offset map as a card; says where it ends.
fn map(sight: &Sight<'_>, gone: &GoneView, end: i64, (x, y): (f64, f64)) -> (Html, f64) {
    let Some(from) = gone.dirty.filter(|_| !gone.newest.is_empty()) else { return (html! {}, y) };
    let row = |(at, record): (usize, &CellView)| {
        let y = y + 56.0 + 22.0 * at as f64;
        let key = crate::stage::clipped(record.key.as_deref().unwrap_or_default(), 9);
        html! {
            <>
                {sign_of(record, sight.glyphs, x + 20.0, y, Ink::Follower, false)}{text(x + 38.0, y + 4.0, "m f12", key)}
                {path(format!("M{} {}h34m-6 -4l6 4l-6 4", N(x + 106.0), N(y)), "entry")}{text(x + MAP_W - 14.0, y + 4.0, "m f12 ik end", record.offset.to_string())}
            </>
        }
    };
    let h = 50.0 + 22.0 * gone.newest.len() as f64;
    let body = html! {
        <>
            {rect(x, y, MAP_W, h, 8.0, "card")}{text(x + 12.0, y + 19.0, "b f12", "Offset map")}
            {text(x + 12.0, y + 35.0, "f11 q3", format!("newest of each key, {from} to {}", end - 1))}
            {for gone.newest.iter().enumerate().map(row)}
        </>
    };
    (body, y + h)
}

/// Width of an offset: a short log is drawn larger, and the slot of its next record is part of it.
fn pitch(sight: &Sight<'_>) -> f64 {
    let (from, to) = sight.log.window;
    ((sight.width - 2.0 * LEFT) / (to.min(sight.log.log_end + 1) - from).max(1) as f64).min(PITCH_MAX)
}

/// One offset: its record, the outline of one that is gone, or the dot that a gap leaves. The number stays either way.
fn slot(
    sight: &Sight<'_>,
    offset: i64,
    record: Option<&CellView>,
    was: Option<&CellView>,
    place: (f64, f64, f64),
) -> Html {
    let (x, y, pitch) = place;
    let mid = x + pitch / 2.0;
    let Some(record) = record else {
        let number = text(mid, y + CELL_H - 4.0, "mid m f10 q3", offset.to_string());
        return html! {
            <g key={offset} role="img" aria-label={format!("offset {offset}, taken out by the cleaner")}>
                if let Some(was) = was {
                    {rect(x + 3.5, y + 2.0, pitch - 7.0, CELL_H - 3.0, 4.0, "c-off")}{sign_of(was, sight.glyphs, mid, y + 13.0, Ink::Offline, false)}
                } else { {dot(mid, y + 14.0, 1.4, "f-q3")} }
                {number}
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
fn flags(sight: &Sight<'_>, x: X<'_>, top: f64) -> (Html, usize) {
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

fn flags_lines(sight: &Sight<'_>, x: X<'_>, top: f64, low: f64) -> Html {
    let lines = marks(sight).into_iter().map(|(at, _, strong)| {
        path(
            format!("M{} {}V{}", N(x(at).max(LEFT + 0.5)), N(top + 8.0), N(low)),
            if strong { "hw" } else { "hw thin" },
        )
    });
    html! { <g aria-hidden="true">{for lines}</g> }
}

/// Under the log: which leader epoch wrote what.
fn epochs(sight: &Sight<'_>, x: X<'_>, y: f64) -> Html {
    let log = sight.log;
    let ends = log.epochs.iter().skip(1).map(|(_, from)| *from).chain([log.log_end]);
    let parts = log.epochs.iter().zip(ends).filter(|((_, from), end)| *from < log.window.1 && *end > log.window.0);
    let part = |((epoch, from), end): (&(i32, i64), i64)| {
        let (l, r) = (x(*from), x(end));
        html! { <>{path(format!("M{} {y}v5H{}v-5", N(l + 2.0), N(r - 2.0), y = N(y)), "epochs")}{text((l + r) / 2.0, y + 17.0, "mid f11 q3", format!("epoch {epoch}"))}</> }
    };
    html! { <g>{for parts.map(part)}</g> }
}
