//! The three elements that most pictures are made of. One function each: an `html!` at every place that draws a text would
//! be the largest part of the download.

use std::fmt;

use yew::prelude::*;

/// A coordinate as an attribute.
pub fn px(v: f64) -> String {
    N(v).to_string()
}

/// A coordinate, shown to a tenth. The standard library's way to show any float exactly is a twentieth of the app's code.
pub struct N(pub f64);

impl fmt::Display for N {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round() as i64;
        let sign = if tenths < 0 { "-" } else { "" };
        match (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (whole, tenth) => write!(f, "{sign}{whole}.{tenth}"),
        }
    }
}

pub fn text(x: f64, y: f64, class: &'static str, words: impl Into<AttrValue>) -> Html {
    text_of(x, y, class, words.into())
}

fn text_of(x: f64, y: f64, class: &'static str, words: AttrValue) -> Html {
    html! { <text x={px(x)} y={px(y)} {class}>{words}</text> }
}

pub fn path(d: String, class: &'static str) -> Html {
    html! { <path {d} {class}/> }
}

pub fn rect(x: f64, y: f64, w: f64, h: f64, r: f64, class: &'static str) -> Html {
    html! { <rect x={px(x)} y={px(y)} width={px(w)} height={px(h)} rx={px(r)} {class}/> }
}

/// A circle is a rectangle that is all corner.
pub fn dot(x: f64, y: f64, r: f64, class: &'static str) -> Html {
    rect(x - r, y - r, 2.0 * r, 2.0 * r, r, class)
}

/// A label on a plate of its own, as wide as its words.
pub fn plate(x: f64, y: f64, words: String, class: &'static str, ink: &'static str) -> Html {
    let w = plate_w(&words);
    html! { <>{rect(x, y, w, 15.0, 3.0, class)}{text(x + w / 2.0, y + 11.0, ink, words)}</> }
}

pub fn plate_w(words: &str) -> f64 {
    10.0 + 6.7 * words.chars().count() as f64
}

/// A shape that can be reached and pressed. It is the shape itself that has the role and the name, and not the group around
/// it: the words on a picture are not the name of what they stand on.
pub fn object(
    kind: &'static str,
    stop: bool,
    spoken: String,
    place: (f64, f64, f64, f64),
    r: f64,
    class: Classes,
) -> Html {
    let (x, y, w, h) = place;
    html! {
        <rect x={px(x)} y={px(y)} width={px(w)} height={px(h)} rx={px(r)} {class} role="button" tabindex={if stop { "0" } else { "-1" }}
            data-obj={kind} aria-label={spoken}/>
    }
}
