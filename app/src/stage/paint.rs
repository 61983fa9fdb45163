//! How a token looks on the canvas. The hues are read from the style sheet, so a theme has one source.

use std::f64::consts::TAU;

use gloo_utils::{document, window};
use web_sys::CanvasRenderingContext2d;
use wire::view::FlightView;

use super::route::Route;
use crate::store::{Glyph, Glyphs, Shape};

#[derive(Clone, Debug, Default)]
pub struct Palette {
    producer: String,
    on_producer: String,
    broker: String,
    consumer: String,
    on_consumer: String,
    controller: String,
    err: String,
    on_err: String,
    bg: String,
    ink: String,
    ink2: String,
    edge: String,
    sans: String,
}

impl Palette {
    pub fn read() -> Self {
        let style = document().document_element().and_then(|root| window().get_computed_style(&root).ok().flatten());
        let var = |name: &str| {
            style
                .as_ref()
                .and_then(|style| style.get_property_value(name).ok())
                .map(|v| v.trim().to_owned())
                .unwrap_or_default()
        };
        Self {
            producer: var("--producer"),
            on_producer: var("--on-producer"),
            broker: var("--broker"),
            consumer: var("--consumer"),
            on_consumer: var("--on-consumer"),
            controller: var("--controller-line"),
            err: var("--err"),
            on_err: var("--on-err"),
            bg: var("--bg0"),
            ink: var("--ink"),
            ink2: var("--ink2"),
            edge: var("--tok-edge"),
            sans: var("--sans"),
        }
    }
}

/// Draws one message at a share of its way.
pub fn token(
    pen: &CanvasRenderingContext2d,
    colours: &Palette,
    glyphs: &Glyphs,
    view: &FlightView,
    route: &Route,
    share: f64,
) {
    let (x, y) = route.at(share);
    if route.quiet {
        let hue =
            if view.from.starts_with('c') || view.to.starts_with('c') { &colours.controller } else { &colours.ink2 };
        dot(pen, x, y, 2.5, hue);
        return;
    }
    if route.column {
        arrow(pen, colours, view, route);
    }
    if view.error {
        refusal(pen, colours, x, y);
    } else {
        disc(pen, colours, glyphs, view, route, x, y);
    }
    caption(pen, colours, view, route, x, y);
}

fn dot(pen: &CanvasRenderingContext2d, x: f64, y: f64, r: f64, fill: &str) {
    pen.begin_path();
    // An arc of a positive radius cannot fail.
    let _ = pen.arc(x, y, r, 0.0, TAU);
    pen.set_fill_style_str(fill);
    pen.fill();
}

/// The column between two brokers: dashed for the question, solid for what comes back.
fn arrow(pen: &CanvasRenderingContext2d, colours: &Palette, view: &FlightView, route: &Route) {
    let (Some(&(x, from)), Some(&(_, to))) = (route.points.first(), route.points.last()) else { return };
    let back = if to > from { -7.0 } else { 7.0 };
    pen.set_stroke_style_str(&colours.broker);
    pen.set_line_width(2.0);
    let dashes = js_sys::Array::new();
    if !view.response {
        dashes.push(&3.0.into());
        dashes.push(&4.0.into());
    }
    let _ = pen.set_line_dash(&dashes);
    pen.begin_path();
    pen.move_to(x, from);
    pen.line_to(x, to + back);
    pen.stroke();
    let _ = pen.set_line_dash(&js_sys::Array::new());
    pen.begin_path();
    pen.move_to(x - 5.0, to + back * 1.4);
    pen.line_to(x + 5.0, to + back * 1.4);
    pen.line_to(x, to);
    pen.close_path();
    pen.set_fill_style_str(&colours.ink2);
    pen.fill();
}

fn refusal(pen: &CanvasRenderingContext2d, colours: &Palette, x: f64, y: f64) {
    pen.set_fill_style_str(&colours.err);
    pen.fill_rect(x - 8.0, y - 8.0, 16.0, 16.0);
    pen.set_stroke_style_str(&colours.on_err);
    pen.set_line_width(2.0);
    pen.begin_path();
    pen.move_to(x - 4.0, y - 4.0);
    pen.line_to(x + 4.0, y + 4.0);
    pen.move_to(x + 4.0, y - 4.0);
    pen.line_to(x - 4.0, y + 4.0);
    pen.stroke();
}

/// Filled in the actor's hue when it carries records, hollow when it asks.
fn disc(
    pen: &CanvasRenderingContext2d,
    colours: &Palette,
    glyphs: &Glyphs,
    view: &FlightView,
    route: &Route,
    x: f64,
    y: f64,
) {
    let carries = !view.keys.is_empty();
    let (fill, edge, text) = match (carries, route.column) {
        (true, true) => (&colours.broker, &colours.bg, "#FFFFFF"),
        (true, false) if view.api == "Fetch" => (&colours.consumer, &colours.edge, colours.on_consumer.as_str()),
        (true, false) => (&colours.producer, &colours.edge, colours.on_producer.as_str()),
        (false, true) => (&colours.bg, &colours.broker, colours.ink.as_str()),
        (false, false) if view.api == "Fetch" => (&colours.bg, &colours.consumer, colours.ink.as_str()),
        (false, false) => (&colours.bg, &colours.producer, colours.ink.as_str()),
    };
    dot(pen, x, y, 10.0, fill);
    pen.set_stroke_style_str(edge);
    pen.set_line_width(2.0);
    pen.stroke();
    let inside = inside(view, glyphs);
    pen.set_fill_style_str(text);
    pen.set_text_align("center");
    pen.set_text_baseline("middle");
    pen.set_font(&format!("700 11px {}", colours.sans));
    let _ = pen.fill_text(&inside, x, y + 0.5);
    if view.keys.len() > 1 {
        dot(pen, x + 9.0, y - 9.0, 7.5, &colours.ink);
        pen.set_fill_style_str(&colours.bg);
        pen.set_font(&format!("700 10px {}", colours.sans));
        let _ = pen.fill_text(&view.keys.len().to_string(), x + 9.0, y - 8.5);
    }
}

/// The key's letter, or the number in the label ("fetch 7"), or a tick for an answer.
fn inside(view: &FlightView, glyphs: &Glyphs) -> String {
    if let Some(first) = view.keys.first() {
        let glyph = first.as_ref().and_then(|key| glyphs.get(key));
        return glyph.unwrap_or(Glyph { letter: '•', shape: Shape::Circle }).letter.to_string();
    }
    let number = view.label.split_whitespace().rev().find(|word| word.chars().all(|c| c.is_ascii_digit()));
    match number {
        Some(number) if number.len() <= 3 => number.to_owned(),
        _ if view.response => "✓".to_owned(),
        _ => String::new(),
    }
}

fn caption(pen: &CanvasRenderingContext2d, colours: &Palette, view: &FlightView, route: &Route, x: f64, y: f64) {
    if view.label.is_empty() || !(route.column || view.error) {
        return;
    }
    pen.set_font(&format!("400 11px {}", colours.sans));
    pen.set_text_align("left");
    pen.set_text_baseline("middle");
    let w = pen.measure_text(&view.label).map_or(60.0, |metrics| metrics.width());
    let x = if route.column && x + w + 20.0 > route.right { x - w - 20.0 } else { x + 14.0 };
    // A plate under the words: they cross lanes and labels.
    pen.set_fill_style_str(&colours.bg);
    pen.fill_rect(x, y - 8.0, w + 6.0, 16.0);
    pen.set_fill_style_str(if view.error { &colours.err } else { &colours.ink2 });
    let _ = pen.fill_text(&view.label, x + 3.0, y + 0.5);
}
