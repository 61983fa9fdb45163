//! Kafka's metrics over time, on the axis of the timeline: what the engine noted while history was made, up to the time
//! that is shown. Plain paths of our own; nothing is asked of the engine while no chart is open.

use std::fmt::Write;
use std::rc::Rc;

use wire::Command;
use wire::reply::{Answer, SeriesView};
use yew::prelude::*;

use crate::ctx::Handle;
use crate::icons::{Mark, mark};
use crate::store::{Events, Metrics, Shown};
use crate::svg::{N, path, px, text};
use crate::timeline::axis::Axis;
use crate::timeline::clock;
use crate::timeline::lanes::keys;

/// While time runs charts are drawn anew after so much cluster time, in microseconds.
const QUANTUM_US: u64 = 400_000;
/// Counts are shown as what was added in so much time; longer in a long history, whose samples stand farther apart.
const WINDOW_US: u64 = 1_000_000;
const SAMPLES: u64 = 300;
/// Room for the labels at the lines' ends, the times below, and between two of either.
const RIGHT: f64 = 22.0;
const BELOW: f64 = 15.0;
const LABEL: f64 = 11.0;
const TICK: f64 = 34.0;
/// Narrower than this, charts stand one below the other.
const TWO: f64 = 400.0;

#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// As it is, one line for each who reports.
    Each,
    /// As it is, the sum of all.
    Sum,
    /// What a Count grew by, a second.
    Rate,
    /// What a Count grew by.
    Delta,
}

struct Kind {
    bean: &'static str,
    title: &'static str,
    form: Form,
    unit: &'static str,
    class: &'static str,
    /// What the values are, under the bean's name.
    note: &'static str,
}

impl Kind {
    /// A value above zero says that something is wrong.
    fn alerts(&self) -> bool {
        matches!(self.class, "ch warn" | "ch err")
    }
}

const KINDS: [Kind; 6] = [
    kind("BytesInPerSec", "Bytes in", Form::Rate, "B/s", "ch brk", "Count per second"),
    kind("UnderReplicatedPartitions", "Under-replicated", Form::Sum, "", "ch warn", "sum"),
    kind("IsrShrinksPerSec", "ISR shrinks", Form::Delta, "count", "ch brk", "Count"),
    kind("records-lag-max", "Consumer lag", Form::Each, "records", "ch cons", "per member"),
    kind("FailedProduceRequestsPerSec", "Refused writes", Form::Delta, "count", "ch err", "Count"),
    kind("FencedBrokerCount", "Fenced brokers", Form::Sum, "", "ch err", "of the active controller"),
];

const fn kind(
    bean: &'static str,
    title: &'static str,
    form: Form,
    unit: &'static str,
    class: &'static str,
    note: &'static str,
) -> Kind {
    Kind { bean, title, form, unit, class, note }
}

#[derive(Properties, Clone)]
pub struct Props {
    pub index: u64,
    pub now_us: u64,
    pub end_us: u64,
    pub playing: bool,
    pub events: Events,
    /// So many of the kinds, the first ones, each so high.
    pub most: usize,
    /// Only those that show that something is wrong.
    pub alerts: bool,
    pub height: f64,
    pub handle: Handle,
}

impl PartialEq for Props {
    /// While time runs a frame is no reason to draw charts.
    fn eq(&self, other: &Self) -> bool {
        let quantum = |props: &Self| (props.now_us / QUANTUM_US, props.most, props.alerts);
        self.playing == other.playing
            && if self.playing {
                quantum(self) == quantum(other)
            } else {
                (self.index, self.now_us, self.end_us, self.most, self.alerts)
                    == (other.index, other.now_us, other.end_us, other.most, other.alerts)
                    && self.events == other.events
            }
    }
}

#[component]
pub fn Charts(props: &Props) -> Html {
    let series = use_state(|| Rc::new(Vec::<SeriesView>::new()));
    let node = use_node_ref();
    let width = use_state(|| 280.0_f64);
    crate::stage::size::use_width(&node, &width);
    {
        let (series, handle) = (series.clone(), props.handle.clone());
        // What was noted grows at the end of history, and is another one on another branch.
        let end = if props.playing { props.now_us / QUANTUM_US } else { props.end_us };
        let events = (!props.playing).then(|| props.events.clone());
        use_effect_with((end, events), move |_| {
            handle.ask(Command::ReadMetrics, move |reply| {
                if let Answer::Metrics(all) = &reply.answer {
                    series.set(Rc::new(all.clone()));
                }
            });
        });
    }
    let two = *width >= TWO;
    let each = if two { (*width - 20.0) / 2.0 } else { *width };
    let kinds = KINDS.iter().filter(|kind| !props.alerts || kind.alerts()).take(props.most);
    let kinds = kinds.filter(|kind| known(kind, props.events.shown));
    html! {
        <div ref={node} class={if two { "charts two" } else { "charts" }}>
            {for kinds.map(|kind| chart(props, kind, &series, each))}
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub struct PlotsProps {
    pub charts: Props,
    /// All of Kafka's metrics that are counted, as they are now.
    pub metrics: Metrics,
}

/// Beside the terminal: the charts, those of what is wrong, or every bean with its value.
#[component]
pub fn Plots(props: &PlotsProps) -> Html {
    let at = use_state(|| 0_usize);
    let tab = |(to, name): (usize, &&'static str)| {
        let on = to == *at;
        let at = at.clone();
        let onclick = Callback::from(move |_: MouseEvent| at.set(to));
        html! { <button role="tab" class={classes!(on.then_some("on"))} aria-selected={on.to_string()} {onclick}>{*name}</button> }
    };
    let row =
        |(name, value): (&String, &u64)| html! { <tr><td class="mono">{name}</td><td class="n">{value}</td></tr> };
    html! {
        <section class="plots" aria-label="Metrics">
            <div class="ttabs"><h2 class="sr">{"Metrics"}</h2><span class="row tight" role="tablist" aria-label="Which metrics">{for ["Metrics", "Alerts", "All beans"].iter().enumerate().map(tab)}</span>
                <span class="grow"/><span class="muted small">{"line = now, dashes = events"}</span></div>
            <div class="plotsin" tabindex="0" role="group" aria-label="Values">
                if *at < 2 { <Charts alerts={*at == 1} ..props.charts.clone()/> }
                else { <table><tbody>{for props.metrics.iter().map(row)}</tbody></table> }
            </div>
        </section>
    }
}

/// A chart whose words a lesson has not introduced is not there.
fn known(kind: &Kind, shown: Shown) -> bool {
    match kind.form {
        Form::Each => shown.clients,
        _ if kind.bean.starts_with("Fenced") => shown.controller,
        Form::Rate => true,
        _ => shown.isr,
    }
}

type Points = [(u64, Option<u64>)];

/// One line: its label, and whose values add up to it.
struct Line<'a> {
    who: &'a str,
    parts: Vec<&'a Points>,
}

fn at(points: &Points, us: u64) -> Option<u64> {
    points[..points.partition_point(|point| point.0 <= us)].last()?.1
}

impl Line<'_> {
    /// What is drawn at a time; nothing while nobody reports.
    fn value(&self, form: Form, us: u64, window: u64) -> Option<u64> {
        let of = |points: &&Points| {
            let now = at(points, us)?;
            Some(match form {
                Form::Each | Form::Sum => now,
                // A process that was started anew counts from zero.
                _ => {
                    now - us.checked_sub(window).and_then(|us| at(points, us)).filter(|then| *then <= now).unwrap_or(0)
                }
            })
        };
        let sum = self.parts.iter().filter_map(of).reduce(|a, b| a + b)?;
        Some(if form == Form::Rate { sum * WINDOW_US / window } else { sum })
    }

    /// The times at which it may change, in order.
    fn times(&self, form: Form, window: u64, now: u64) -> Vec<u64> {
        let mut times: Vec<u64> = self.parts.iter().flat_map(|points| points.iter().map(|point| point.0)).collect();
        if matches!(form, Form::Rate | Form::Delta) {
            let ends: Vec<u64> = times.iter().map(|us| us + window).collect();
            times.extend(ends);
        }
        times.retain(|us| *us <= now);
        crate::order::by(&mut times, |us| *us);
        times.dedup();
        times
    }
}

fn lines<'a>(kind: &Kind, series: &'a [SeriesView]) -> Vec<Line<'a>> {
    let mine = series.iter().filter(|one| one.bean == kind.bean);
    if matches!(kind.form, Form::Sum) {
        return vec![Line { who: "", parts: mine.map(|one| one.points.as_slice()).collect() }];
    }
    mine.map(|one| Line { who: &one.who, parts: vec![&one.points] }).collect()
}

fn chart(props: &Props, kind: &Kind, series: &[SeriesView], width: f64) -> Html {
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
            <h3>{kind.title}<span class="grow"/>{sign(kind, &values)}<b>{whole}</b><span class="muted">{kind.unit}</span></h3>
            <p class="mono muted">{format!("{}, {}", kind.bean, kind.note)}</p>
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
        10_000..=9_999_999 => format!("{} k", value / 1_000),
        _ => format!("{} M", value / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_drawn_as_what_it_grew_by() {
        let points = [(0, Some(3)), (2_000_000, Some(5)), (9_000_000, None), (12_000_000, Some(1))];
        let line = Line { who: "1", parts: vec![&points] };
        let grew = |us| line.value(Form::Delta, us, WINDOW_US);
        assert_eq!(line.times(Form::Delta, WINDOW_US, 3_000_000), [0, 1_000_000, 2_000_000, 3_000_000]);
        assert_eq!([grew(0), grew(1_500_000), grew(2_500_000), grew(3_500_000)], [Some(3), Some(0), Some(2), Some(0)]);
        assert_eq!([grew(9_500_000), grew(12_500_000)], [None, Some(1)]);
    }

    #[test]
    fn the_scale_ends_at_a_round_number() {
        assert_eq!([0, 2, 3, 7, 11, 420].map(nice), [2, 2, 5, 10, 20, 500]);
    }
}
