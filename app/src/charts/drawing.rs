//! One chart: its lines, the beats as dashes, now as a line, and the same in words.

use std::fmt::Write;

use wire::reply::SeriesView;
use yew::prelude::*;

use super::kinds::{Form, Kind};
use super::lines::{Line, Points, at, lines};
use super::{Props, WINDOW_US};
use crate::icons::{Mark, mark};
use crate::store::Events;
use crate::svg::{N, path, px, text};
use crate::text::el;
use crate::timeline::axis::Axis;
use crate::timeline::clock;
use crate::timeline::lanes::keys;

const SAMPLES: u64 = 300;
/// Room for the labels at the lines' ends, the times below, and between two of either.
const RIGHT: f64 = 22.0;
const BELOW: f64 = 15.0;
const LABEL: f64 = 11.0;
const TICK: f64 = 34.0;

pub fn chart(props: &Props, kind: &Kind, series: &[SeriesView], width: f64) -> Html {
    let (now, low) = (props.now_us, props.height - BELOW);
    let window = WINDOW_US.max(props.end_us / SAMPLES);
    let axis = Axis::new(0.0, width - RIGHT, props.end_us.max(now), props.events.clone());
    let lines = lines(kind, series);
    let drawn: Vec<Vec<(u64, Option<u64>)>> = lines
        .iter()
        .map(|line| {
            let times = line.times(kind.form, window, now);
            times.into_iter().map(|us| (us, line.value(kind.form, us, window))).collect()
        })
        .collect();
    let most = nice(drawn.iter().flatten().filter_map(|point| point.1).max().unwrap_or(0));
    let y = |value: u64| low - (low - 14.0) * value as f64 / most as f64;
    let values: Vec<(&str, u64)> =
        lines.iter().filter_map(|line| Some((line.who, line.value(kind.form, now, window)?))).collect();
    let whole = headline(kind, &lines, &values, now);
    let words: Vec<String> = values.iter().map(|(who, value)| format!("{who} {}", short(*value))).collect();
    let spoken = format!("{} at {} s: {whole} {}. {}", kind.title, clock(now), kind.unit, words.join(", "));
    let go = {
        let (handle, events, axis) = (props.handle.clone(), props.events.clone(), axis.clone());
        Callback::from(move |event: MouseEvent| {
            let at = events.at_time(axis.time(f64::from(event.offset_x()))).map_or(0, |event| event.index);
            handle.seek(at);
        })
    };
    let paths = drawn.iter().enumerate().map(|(number, points)| {
        // Where nothing was ever wrong there is no hue of a warning.
        let calm = points.iter().all(|(_, value)| value.unwrap_or(0) == 0);
        let class = classes!(if calm { "ch calm" } else { kind.class }, ["", "dash", "dot"][number % 3]);
        html! { <path d={steps(points, now, &axis, &y)} {class}/> }
    });
    html! {
        <section class="chart">
            <h3>{kind.title}<span class="grow"/>{sign(kind, &values)}{el("b", "", whole)}{el("span", "muted", kind.unit)}</h3>
            {el("p", "mono muted", format!("{}, {}", kind.bean, kind.note))}
            <svg width={px(width)} height={px(props.height)} role="slider" tabindex="0" aria-label={kind.title} aria-valuemin="0"
                aria-valuemax={(props.end_us / 1000).to_string()} aria-valuenow={(now / 1000).to_string()} aria-valuetext={spoken}
                onclick={go} onkeydown={keys(&props.handle, &props.events, props.end_us)}>
                {path(format!("M0 14H{w}M0 {low}H{w}", w = N(width - RIGHT), low = N(low)), "tl-row")}
                {path(beats(&axis, &props.events, low), "fl-line")}
                {for paths}
                {path(format!("M{} 4V{}", N(axis.x(now)), N(low + 3.0)), "tl-line")}
                {text(1.0, 11.0, "f11 q3", format!("{} {}", short(most), kind.unit))}
                {seconds(&axis, props.end_us.max(now), props.height)}
                {labels(values, &axis, now, &y)}
            </svg>
        </section>
    }
}

/// What is wrong carries a sign besides its hue.
fn sign(kind: &Kind, values: &[(&str, u64)]) -> Html {
    match kind.class {
        _ if values.iter().all(|value| value.1 == 0) => html! {},
        "ch warn" => mark(Mark::Warn),
        "ch err" => mark(Mark::Error),
        _ => html! {},
    }
}

/// The number beside the name.
fn headline(kind: &Kind, lines: &[Line<'_>], values: &[(&str, u64)], now: u64) -> String {
    match kind.form {
        _ if values.is_empty() => "no".to_owned(),
        Form::Delta => {
            let counts = lines.iter().flat_map(|line| &line.parts).filter_map(|points| at(points, now));
            format!("+{}", counts.sum::<u64>())
        }
        Form::Each => short(values.iter().map(|value| value.1).max().unwrap_or(0)),
        _ => short(values.iter().map(|value| value.1).sum()),
    }
}

/// A line that stays until it steps, and ends where nobody reports.
fn steps(points: &Points, now: u64, axis: &Axis, y: &impl Fn(u64) -> f64) -> String {
    let (mut d, mut down) = (String::new(), false);
    for (us, value) in points {
        let x = N(axis.x(*us));
        // Writing into a string cannot fail.
        let _ = match value {
            Some(value) if down => write!(d, "H{x}V{}", N(y(*value))),
            Some(value) => write!(d, "M{x} {}", N(y(*value))),
            None if down => write!(d, "H{x}"),
            None => Ok(()),
        };
        down = value.is_some();
    }
    if down {
        let _ = write!(d, "H{}", N(axis.x(now)));
    }
    d
}

/// The beats of the timeline, as dashes.
fn beats(axis: &Axis, events: &Events, low: f64) -> String {
    let (mut d, mut last) = (String::new(), f64::NEG_INFINITY);
    for event in events.all().iter().filter(|event| events.shown.flags(event)) {
        let x = axis.x(event.at_us);
        if x - last >= 6.0 {
            last = x;
            let _ = write!(d, "M{} 14V{}", N(x), N(low));
        }
    }
    d
}

/// Times below, as many as have room.
fn seconds(axis: &Axis, end: u64, y: f64) -> Html {
    let step = nice(end / 5_000_000).max(1);
    let mut last = f64::NEG_INFINITY;
    let mut all = vec![];
    for second in (0..=end / 1_000_000).step_by(step as usize) {
        let x = axis.x(second * 1_000_000);
        if x - last >= TICK {
            last = x;
            all.push(text(
                x,
                y - 3.0,
                "f11 q3",
                if all.is_empty() { format!("{second} s") } else { second.to_string() },
            ));
        }
    }
    html! { <>{for all}</> }
}

/// Whose line it is, at its end; of two that would touch, the higher one's.
fn labels(mut values: Vec<(&str, u64)>, axis: &Axis, now: u64, y: &impl Fn(u64) -> f64) -> Html {
    crate::order::by(&mut values, |(_, value)| std::cmp::Reverse(*value));
    let mut last = f64::NEG_INFINITY;
    let mut all = vec![];
    for (who, value) in values.into_iter().filter(|(who, _)| !who.is_empty()) {
        let at = y(value) + 4.0;
        if at - last >= LABEL {
            last = at;
            all.push(text(axis.x(now) + 4.0, at, "f11 ik", who.to_owned()));
        }
    }
    html! { <>{for all}</> }
}

/// The next of 2, 5, 10, 20, ... that is not less.
fn nice(value: u64) -> u64 {
    let mut ten = 1;
    loop {
        if let Some(found) = [2, 5, 10].iter().map(|n| n * ten).find(|n| *n >= value) {
            return found;
        }
        ten *= 10;
    }
}

fn short(value: u64) -> String {
    match value {
        0..=9_999 => value.to_string(),
        10_000..=9_999_999 => format!("{}k", value / 1_000),
        _ => format!("{}M", value / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_at_a_round_number() {
        assert_eq!([0, 2, 3, 7, 11, 420].map(nice), [2, 2, 5, 10, 20, 500]);
    }
}
