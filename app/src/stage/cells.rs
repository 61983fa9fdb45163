//! One record as a cell. Fill is the role, pattern the state, dash the absence; the key is a letter in a shape.

use crate::svg::{N, dot, rect, text};
use wire::view::CellView;
use yew::prelude::*;

use super::layout::{CELL_W, Form};
use crate::store::{Glyph, Glyphs, Shape};

/// How a replica's cells look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Leader,
    Follower,
    /// Up, and not in the ISR.
    Out,
    Offline,
}

/// What a cell needs besides its record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Left edge and top.
    pub x: f64,
    pub y: f64,
    pub h: f64,
    pub form: Form,
    pub ink: Ink,
    /// At or past the high watermark.
    pub past: bool,
}

pub fn cell(record: &CellView, place: Place, glyphs: &Glyphs) -> Html {
    let Place { x, y, h, form, .. } = place;
    let tombstone = record.value.is_none() && !record.control;
    let class = box_class(place, tombstone);
    if form == Form::Thin {
        return rect(x, y + 2.0, CELL_W, h - 4.0, 2.0, class);
    }
    let body = rect(x, y, CELL_W, h, 4.0, class);
    let glyph = record.key.as_ref().map(|key| glyphs.get(key).unwrap_or(Glyph { letter: '?', shape: Shape::Circle }));
    let inner = if h >= 40.0 { tall(record, place, glyph) } else { low(record, place, glyph) };
    html! { <>{body}{inner}</> }
}

/// Glyph above, offset below.
fn tall(record: &CellView, place: Place, glyph: Option<Glyph>) -> Html {
    let Place { x, y, ink, past, .. } = place;
    let mid = x + CELL_W / 2.0;
    let plate = past && ink != Ink::Offline;
    html! {
        <>
            if plate { {rect(mid - plate_w(record.offset) / 2.0, y + 25.5, plate_w(record.offset), 13.0, 3.0, "plate")} }
            {match glyph {
                Some(glyph) => sign(glyph, mid, y + 14.0, 9.2, place),
                None => snippet(record, mid, y + 18.0, ink, plate),
            }}
            {text(mid, y + 35.5, offset_class(ink, plate, true), record.offset.to_string())}
        </>
    }
}

fn plate_w(offset: i64) -> f64 {
    10.0 + 7.5 * offset.to_string().len() as f64
}

/// Glyph left, offset right.
fn low(record: &CellView, place: Place, glyph: Option<Glyph>) -> Html {
    let Place { x, y, h, ink, past, .. } = place;
    let mid_y = y + h / 2.0;
    let plate = past && ink != Ink::Offline;
    let at = if glyph.is_some() { x + 25.0 } else { x + CELL_W / 2.0 };
    html! {
        <>
            if plate { {rect(at - plate_w(record.offset) / 2.0 + 2.0, mid_y - 6.5, plate_w(record.offset) - 4.0, 13.0, 3.0, "plate")} }
            if let Some(glyph) = glyph { {sign(glyph, x + 10.5, mid_y, 7.2, place)} }
            {text(at, mid_y + 4.0, offset_class(ink, plate, false), record.offset.to_string())}
        </>
    }
}

/// A record without a key shows the start of its value.
fn snippet(record: &CellView, x: f64, y: f64, ink: Ink, plate: bool) -> Html {
    let words: String = match (&record.value, record.control) {
        (_, true) => "ctl".into(),
        (None, _) => String::new(),
        (Some(value), _) => value.chars().take(4).collect(),
    };
    if words.is_empty() {
        return html! {};
    }
    html! {
        <>
            if plate { {rect(x - 15.0, y - 10.0, 30.0, 13.0, 3.0, "plate")} }
            {text(x, y, offset_class(ink, plate, false), words)}
        </>
    }
}

fn box_class(place: Place, tombstone: bool) -> &'static str {
    match (place.ink, place.past) {
        (Ink::Leader | Ink::Follower | Ink::Out, _) if tombstone => "c-tomb",
        (Ink::Leader, false) => "c-lead",
        (Ink::Leader, true) => "c-lead-past",
        (Ink::Follower, false) => "c-fol",
        (Ink::Follower, true) => "c-fol-past",
        (Ink::Out, false) => "c-out",
        (Ink::Out, true) => "c-out-past",
        (Ink::Offline, _) => "c-off",
    }
}

/// Of an offset or a value: on a plate it is ink.
fn offset_class(ink: Ink, plate: bool, large: bool) -> &'static str {
    match (ink, large) {
        (_, true) if plate => "mid m f12 ik",
        (_, false) if plate => "mid m f11 ik",
        (Ink::Leader, true) => "mid m f12 o-lead",
        (Ink::Leader, false) => "mid m f11 o-lead",
        (Ink::Offline, true) => "mid m f12 o-off",
        (Ink::Offline, false) => "mid m f11 o-off",
        (_, true) => "mid m f12 o-fol",
        (_, false) => "mid m f11 o-fol",
    }
}

fn sign(glyph: Glyph, x: f64, y: f64, r: f64, place: Place) -> Html {
    let (shape_class, letter_class) = match (place.ink, place.past) {
        (Ink::Leader, false) => ("g-on", "gt-on"),
        (Ink::Leader, true) => ("g-on-past", "gt-on"),
        (Ink::Follower | Ink::Out, true) => ("g-off plate-f", "gt-off"),
        (Ink::Follower | Ink::Out, false) => ("g-off", "gt-off"),
        (Ink::Offline, _) => ("c-off", "o-off"),
    };
    let letter_class = match (letter_class, r > 8.0) {
        ("gt-on", true) => "mid f11 gt-on",
        ("gt-on", false) => "mid f10 gt-on",
        ("gt-off", true) => "mid f11 gt-off",
        ("gt-off", false) => "mid f10 gt-off",
        (_, true) => "mid f11 o-off",
        (_, false) => "mid f10 o-off",
    };
    html! {
        <>
            {outline(glyph.shape, x, y, r, shape_class)}
            {text(x, y + 3.7, letter_class, glyph.letter.to_string())}
        </>
    }
}

/// A key's shape and letter outside a lane.
pub fn mark(glyph: Glyph, x: f64, y: f64) -> Html {
    html! {
        <>
            {outline(glyph.shape, x, y, 8.5, "g-off")}
            {text(x, y + 3.7, "mid f11 gt-off", glyph.letter.to_string())}
        </>
    }
}

/// What tells a record: its key's sign, or the start of its value.
pub fn sign_of(record: &CellView, glyphs: &Glyphs, x: f64, y: f64, ink: Ink, past: bool) -> Html {
    match record.key.as_ref().and_then(|key| glyphs.get(key)) {
        Some(glyph) => sign(glyph, x, y, 7.6, Place { x: 0.0, y: 0.0, h: 0.0, form: Form::Focus, ink, past }),
        None => {
            let letters =
                record.key.as_ref().or(record.value.as_ref()).map(|text| text.chars().take(3).collect::<String>());
            let class = if ink == Ink::Leader && !past { "mid m f10 o-lead" } else { "mid m f10 ik" };
            crate::svg::text(x, y + 4.0, class, letters.unwrap_or_default())
        }
    }
}

/// The shape of a key around a point; `r` is the radius of the circle, the others have the same visual weight.
pub fn outline(shape: Shape, x: f64, y: f64, r: f64, class: &'static str) -> Html {
    match shape {
        Shape::Circle => dot(x, y, r, class),
        Shape::Square => {
            let half = r * 0.9;
            rect(x - half, y - half, half * 2.0, half * 2.0, r / 5.4, class)
        }
        Shape::Diamond => {
            let d = r * 1.16;
            html! { <path d={format!("M{x} {}L{} {y}L{x} {}L{} {y}z", N(y - d), N(x + d), N(y + d), N(x - d), x = N(x), y = N(y))} {class}/> }
        }
        Shape::Triangle => {
            let (top, low, half) = (y - r * 1.16, y + r * 0.86, r * 1.2);
            html! { <path d={format!("M{x} {top}L{} {low}L{} {low}z", N(x + half), N(x - half), x = N(x), top = N(top), low = N(low))} stroke-linejoin="round" {class}/> }
        }
    }
}
