//! The lanes: one row of ticks per class of actor, flags at the beats, the playhead. All ticks of one look are one path,
//! so ten thousand events are a handful of elements.

use std::fmt::Write;
use std::rc::Rc;

use crate::svg::{N, path, px, rect, text};
use wire::{EventView, Lane, Tone};
use yew::prelude::*;

use super::axis::Axis;
use super::clock;
use crate::ctx::Handle;
use crate::store::{Events, Shown};

/// Left edge of the time axis; the lanes' names stand before it.
const LEFT: f64 = 96.0;
const RIGHT_PAD: f64 = 16.0;
const TOP: f64 = 24.0;
const ROW: f64 = 13.0;
/// Room for the flag of a step to come, and the share of the axis that such flags take at most.
const FLAG_W: f64 = 150.0;
/// Letters of a flag, and the width of one.
const FLAG_LETTERS: usize = 42;
const LETTER_W: f64 = 6.1;
const ROOM_MAX: f64 = 0.6;
const NAMES: [&str; 5] = ["You", "Clients", "Brokers", "Controller", "Group"];

#[derive(Properties, PartialEq)]
pub struct Props {
    pub index: u64,
    pub now_us: u64,
    pub end_us: u64,
    pub events: Events,
    /// What lies ahead stays hidden until the question is answered.
    pub locked: bool,
    /// All rows on one: the terminal needs the room.
    pub low: bool,
    /// Number, beginning and title of the lesson's steps that have begun, and titles of those that are still to come.
    pub begun: Rc<Vec<(u32, u64, String)>>,
    pub to_come: Rc<Vec<String>>,
    pub handle: Handle,
}

/// Where the rows stand.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rows {
    /// From one row to the next.
    step: f64,
    /// The controller has a row of its own: it is introduced.
    controller: bool,
}

impl Rows {
    fn y(self, row: u8) -> f64 {
        let left_out = row > Lane::Controller as u8 && !self.controller;
        TOP + self.step * f64::from(row - u8::from(left_out))
    }

    /// Lower edge of the lanes' ground.
    fn bottom(self) -> f64 {
        self.y(4) + ROW + 4.0
    }
}

#[component]
pub fn Lanes(props: &Props) -> Html {
    let node = use_node_ref();
    let width = use_state(|| 1440.0_f64);
    crate::stage::size::use_width(&node, &width);
    let rows = Rows { step: if props.low { 0.0 } else { ROW }, controller: props.events.shown.controller };
    let dragging = use_mut_ref(|| false);
    let width = (*width - LEFT - RIGHT_PAD).max(100.0);
    let flags = (FLAG_W * props.to_come.len() as f64).min(width * ROOM_MAX);
    let end_us = props.end_us.max(props.now_us);
    let axis = Axis { share: 1.0 - flags / width, ..Axis::new(LEFT, width, end_us, props.events.clone()) };
    let seek = {
        let (node, handle, events, axis) = (node.clone(), props.handle.clone(), props.events.clone(), axis.clone());
        move |event: &PointerEvent| {
            if let Some(element) = node.cast::<web_sys::Element>() {
                let x = f64::from(event.client_x()) - element.get_bounding_client_rect().left();
                let at = events.at_time(axis.time(x)).map_or(0, |event| event.index);
                handle.seek(at);
            }
        }
    };
    let onpointerdown = {
        let (dragging, seek, node) = (dragging.clone(), seek.clone(), node.clone());
        Callback::from(move |event: PointerEvent| {
            if let Some(element) = node.cast::<web_sys::Element>() {
                // Without capture a drag that leaves the lanes only ends later.
                let _ = element.set_pointer_capture(event.pointer_id());
            }
            *dragging.borrow_mut() = true;
            seek(&event);
        })
    };
    let onpointermove = {
        let dragging = dragging.clone();
        Callback::from(move |event: PointerEvent| {
            if *dragging.borrow() {
                seek(&event);
            }
        })
    };
    let onpointerup = Callback::from(move |_: PointerEvent| *dragging.borrow_mut() = false);
    html! {
        <svg ref={node} class="lanes" height={px(rows.bottom() + 7.0)} role="group" aria-label="Lanes" {onpointerdown} {onpointermove}
            onpointercancel={onpointerup.clone()} {onpointerup}>
            <defs><pattern id="fut" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <rect width="1.5" height="7" class="fut"/></pattern></defs>
            {rect(LEFT, 24.0, axis.width, rows.bottom() - TOP, 6.0, "tl-bg")}
            <Ticks axis={axis.clone()} {rows} steps={Rc::default()}/>
            <Flags axis={axis.clone()} passed={passed(props)} steps={props.begun.clone()} {rows}/>
            {ahead(props, &axis, rows)}
            {to_come(props, &axis)}
            {head(props, &axis, rows)}
        </svg>
    }
}

/// Flags of the steps to come.
fn to_come(props: &Props, axis: &Axis) -> Html {
    // The flag of now may be as wide as flags get, and two figures wider.
    let from = axis.x(props.end_us.max(props.now_us)) + LETTER_W * (FLAG_LETTERS + 4) as f64;
    let flag = |(x, title): (f64, &str)| {
        html! {
            <g class="flag next">
                {path(format!("M{x} 3h{w}l6 8-6 8H{x}z", x = N(x), w = N(title_w(title) - 14.0)), "fl-body")}
                {text(x + 7.0, 15.0, "f11", title.to_owned())}
            </g>
        }
    };
    html! { <g aria-hidden="true">{for in_room(&props.to_come, from, LEFT + axis.width - 8.0).into_iter().map(flag)}</g> }
}

/// Width of a flag with its point and a gap after it.
fn title_w(title: &str) -> f64 {
    LETTER_W * title.chars().count() as f64 + 26.0
}

/// As many titles as have room, each in full, and what is left over between them.
fn in_room(titles: &[String], from: f64, to: f64) -> Vec<(f64, &str)> {
    let mut room = to - from;
    let mut fit: Vec<&str> = vec![];
    for title in titles {
        room -= title_w(title);
        if room < 0.0 {
            break;
        }
        fit.push(title);
    }
    let used: f64 = fit.iter().map(|title| title_w(title)).sum();
    let gap = (to - from - used).max(0.0) / fit.len().max(1) as f64;
    let mut x = from;
    fit.into_iter()
        .map(|title| {
            let at = x;
            x += title_w(title) + gap;
            (at, title)
        })
        .collect()
}

fn ahead(props: &Props, axis: &Axis, rows: Rows) -> Html {
    let (x, right) = (axis.x(props.end_us.max(props.now_us)), LEFT + axis.width);
    if right - x < 8.0 || !props.locked {
        return html! {};
    }
    let (mid, h) = ((x + right) / 2.0, rows.bottom() - TOP - 12.0);
    let note = (rows.bottom() + TOP) / 2.0 - 58.5;
    html! {
        <g class="tl-ahead" aria-hidden="true">
            <path d={format!("M{x} 24H{}q6 0 6 6v{h}q0 6 -6 6H{x}z", N(right - 6.0), x = N(x), h = N(h))} fill="url(#fut)"/>
            if right - x > 330.0 {
                {rect(mid - 151.0, note + 47.5, 302.0, 22.0, 11.0, "tl-note")}
                <g transform={format!("translate({} {}) scale(.75)", N(mid - 141.0), N(note + 52.5))}><path class="tl-lock" d="M4 7.4h8v5.8H4zM5.6 7.2V5.2a2.4 2.4 0 0 1 4.8 0v2"/></g>
                {text(mid - 125.0, note + 62.5, "f12", "Answer the question to unlock the next beat")}
            }
        </g>
    }
}

/// What the keys do on whatever shows a position in time.
pub fn keys(handle: &Handle, events: &Events, end_us: u64) -> Callback<KeyboardEvent> {
    let (handle, events) = (handle.clone(), events.clone());
    Callback::from(move |event: KeyboardEvent| {
        match (event.key().as_str(), event.shift_key()) {
            ("ArrowLeft", false) => handle.step(false),
            ("ArrowRight", false) => handle.step(true),
            ("ArrowLeft", true) => handle.beat(false),
            ("ArrowRight", true) => handle.beat(true),
            ("Home", _) => handle.seek(0),
            ("End", _) => handle.seek(events.at_time(end_us).map_or(0, |event| event.index)),
            _ => return,
        }
        event.prevent_default();
    })
}

/// The playhead, a slider for the keyboard and for those who cannot see it.
fn head(props: &Props, axis: &Axis, rows: Rows) -> Html {
    let x = axis.x(props.now_us);
    let onkeydown = keys(&props.handle, &props.events, props.end_us);
    html! {
        <g class="tl-head" role="slider" tabindex="0" aria-label="Position in time" aria-valuemin="0"
            aria-valuemax={(props.end_us / 1000).to_string()} aria-valuenow={(props.now_us / 1000).to_string()}
            aria-valuetext={format!("{} seconds", clock(props.now_us))} {onkeydown}>
            {path(format!("M{x} 21V{}", N(rows.bottom() + 4.0), x = N(x)), "tl-line")}
            {path(format!("M{} {}h12v4l-6 4-6-4z", N(x - 6.0), N(rows.bottom() - 1.0)), "tl-grip")}
        </g>
    }
}

#[derive(Properties, PartialEq)]
struct MarksProps {
    axis: Axis,
    /// The last beat that has been passed, by its event index, or the lesson's last step, by its number: while time runs
    /// between two nothing is drawn anew.
    #[prop_or_default]
    passed: Option<u64>,
    steps: Rc<Vec<(u32, u64, String)>>,
    rows: Rows,
}

/// What a tick looks like: lane, and which hue or sign.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    You,
    Producer,
    Consumer,
    Broker,
    Controller,
    Group,
    Warn(u8),
    Error(u8),
}

#[component]
fn Ticks(props: &MarksProps) -> Html {
    let axis = &props.axis;
    let mut paths: crate::store::Ordered<Look, (String, f64)> = crate::store::Ordered::default();
    let shown = axis.events.shown;
    for event in axis.events.all().iter().filter(|event| shown.tells(event)) {
        let x = axis.x(event.at_us);
        let look = look(event, props.rows.controller);
        let (path, last) = paths.entry(look).or_insert_with(|| (String::new(), f64::NEG_INFINITY));
        // Two ticks in one pixel are one.
        if x - *last >= 2.0 {
            *last = x;
            tick(path, look, x, props.rows);
        }
    }
    let named = props.rows.step > 0.0;
    let is_there = |row: &u8| named && (*row != Lane::Controller as u8 || shown.controller);
    let rows = (0..5_u8).filter(is_there).map(|row| {
        let y = props.rows.y(row);
        html! {
            <>
                {text(16.0, y + 12.5, "f11 q3", NAMES[row as usize])}
                if row > 0 { {path(format!("M{} {}H{}", N(LEFT), N(y + 2.0), N(LEFT + axis.width)), "tl-row")} }
            </>
        }
    });
    html! { <g aria-hidden="true">{for rows}{for paths.into_iter().map(|(look, (d, _))| html! { <path {d} class={class(look)}/> })}</g> }
}

/// Until the controller is introduced, what it decides is something that happens in the cluster: among the brokers.
fn look(event: &EventView, controller: bool) -> Look {
    let lane = if event.lane == Lane::Controller && !controller { Lane::Brokers } else { event.lane };
    let row = lane as u8;
    match (event.tone, lane) {
        (Tone::Error, _) => Look::Error(row),
        (Tone::Warn, _) => Look::Warn(row),
        (_, Lane::You) => Look::You,
        (_, Lane::Clients) if is_reading(&event.kind) => Look::Consumer,
        (_, Lane::Clients) => Look::Producer,
        (_, Lane::Brokers) => Look::Broker,
        (_, Lane::Controller) => Look::Controller,
        (_, Lane::Group) => Look::Group,
    }
}

fn is_reading(kind: &str) -> bool {
    ["Consum", "Poll", "Position", "Read"].iter().any(|part| kind.contains(part))
}

fn tick(path: &mut String, look: Look, x: f64, rows: Rows) {
    let row = |row: u8| rows.y(row);
    // Writing into a string cannot fail.
    let _ = match look {
        Look::You => write!(path, "M{} {}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0", N(x - 3.5), N(row(0) + 8.5)),
        Look::Controller => write!(path, "M{x} {}l4.3 2.5v5l-4.3 2.5-4.3-2.5v-5z", N(row(3) + 3.5), x = N(x)),
        Look::Producer | Look::Consumer => write!(path, "M{x} {}v6", N(row(1) + 5.5), x = N(x)),
        Look::Broker => write!(path, "M{x} {}v6", N(row(2) + 5.5), x = N(x)),
        Look::Group => write!(path, "M{x} {}v6", N(row(4) + 5.5), x = N(x)),
        Look::Warn(at) => write!(path, "M{x} {}l5 9h-10z", N(row(at) + 4.0), x = N(x)),
        Look::Error(at) => {
            let (l, t) = (x - 3.0, row(at) + 5.5);
            write!(path, "M{l} {t}l6 6m0 -6l-6 6", l = N(l), t = N(t))
        }
    };
}

fn class(look: Look) -> &'static str {
    match look {
        Look::You => "tk-you",
        Look::Producer => "tk-bar tk-prod",
        Look::Consumer | Look::Group => "tk-bar tk-cons",
        Look::Broker => "tk-bar tk-brk",
        Look::Controller => "tk-ctl",
        Look::Warn(_) => "tk-warn",
        Look::Error(_) => "tk-err",
    }
}

/// Flags at the beats, as far as they do not cover each other; the last one passed is filled. The beats of a lesson are its
/// steps.
#[component]
fn Flags(props: &MarksProps) -> Html {
    let axis = &props.axis;
    let list = axis.events.all();
    let shown = axis.events.shown;
    let (beats, current): (Vec<_>, _) = if props.steps.is_empty() {
        let beats: Vec<_> = list.iter().filter(|event| shown.flags(event)).collect();
        let current = props.passed.and_then(|passed| beats.iter().rposition(|event| event.index <= passed));
        (
            beats
                .into_iter()
                .zip(1..)
                .map(|(beat, number)| (number, axis.x(beat.at_us), flag_words(beat, shown)))
                .collect(),
            current,
        )
    } else {
        let current =
            props.passed.and_then(|passed| props.steps.iter().position(|(step, ..)| u64::from(*step) == passed));
        (props.steps.iter().map(|(step, us, title)| (*step, axis.x(*us), title.clone())).collect(), current)
    };
    let placed = place(&beats, current, LEFT + axis.width, !props.steps.is_empty());
    html! {
        <g aria-hidden="true">{for placed.into_iter().map(|flag| {
            let state = match current {
                Some(current) if flag.at == current => "now",
                Some(current) if flag.at < current => "past",
                _ => "next",
            };
            let (x, w) = (flag.x, flag.w);
            html! {
                <g class={classes!("flag", state)}>
                    {path(format!("M{} 6V{}", N(flag.pole), N(props.rows.bottom())), "fl-line")}
                    {path(format!("M{x} 3h{w}l6 8-6 8H{x}z", x = N(x), w = N(w)), "fl-body")}
                    <text x={px(x + 7.0)} y="15" class="f11"><tspan class="m">{beats[flag.at].0}</tspan>{" "}{flag.text}</text>
                </g>
            }
        })}</g>
    }
}

fn passed(props: &Props) -> Option<u64> {
    if !props.begun.is_empty() {
        return props.begun.iter().rfind(|(_, us, _)| *us <= props.now_us).map(|(step, ..)| (*step).into());
    }
    let list = props.events.all();
    let done = list.partition_point(|event| event.index <= props.index);
    list[..done].iter().rev().find(|event| event.beat).map(|event| event.index)
}

struct Flag {
    at: usize,
    pole: f64,
    x: f64,
    w: f64,
    text: String,
}

/// The current flag always has room. Others stand where they touch neither it nor each other: behind their pole, behind it
/// with their number alone, before it with their point at it; or they are left out.
fn place(beats: &[(u32, f64, String)], current: Option<usize>, right: f64, numbers: bool) -> Vec<Flag> {
    let width =
        |text: &str, number: u32| LETTER_W * (text.chars().count() + if number < 10 { 2 } else { 3 }) as f64 + 10.0;
    let mut taken: Vec<(f64, f64)> = vec![];
    let mut flags = vec![];
    let order = current.into_iter().chain((0..beats.len()).rev().filter(|at| Some(*at) != current));
    for at in order {
        let (number, pole, text) = &beats[at];
        let whole = width(text, *number);
        // A step is known by its number, a beat is not.
        let short = if numbers { width("", *number) } else { f64::INFINITY };
        let ways = [(*pole, whole, text.as_str()), (*pole, short, ""), (*pole - whole - 12.0, whole, text)];
        let fits = |(x, w, _): &&(f64, f64, &str)| {
            let (from, to) = (*x - 3.0, *x + *w + 9.0);
            Some(at) == current
                || from > LEFT - 9.0 && to < right + 12.0 && taken.iter().all(|(l, r)| from >= *r || to <= *l)
        };
        let Some((x, w, text)) = ways.iter().find(fits) else { continue };
        taken.push((*x - 3.0, *x + *w + 9.0));
        flags.push(Flag { at, pole: *pole, x: x.min(right - w - 8.0), w: *w, text: (*text).to_owned() });
    }
    flags
}

/// What a beat's flag says: of a typed line the Kafka tool, what it does and to what; else the start of the sentence.
fn flag_words(beat: &EventView, shown: Shown) -> String {
    let Some((_, line)) = beat.sentence.split_once(": ").filter(|_| beat.kind == "Typed") else {
        return words(&shown.words(beat));
    };
    let mut parts = line.split('|').map(str::trim);
    let tool = parts.clone().find(|part| part.starts_with("kafka-")).or(parts.next()).unwrap_or_default();
    let mut of_tool = tool.split_whitespace();
    let name = of_tool.next().unwrap_or_default();
    let short = name.trim_start_matches("kafka-").trim_end_matches(".sh");
    if short == name {
        return words(tool);
    }
    let mut telling = vec![short];
    while let Some(part) = of_tool.next() {
        match part {
            "--topic" | "--group" | "--entity-name" | "--add-config" => telling.extend(of_tool.next()),
            "--create" | "--list" | "--describe" | "--delete" | "--alter" | "--reset-offsets" => telling.push(part),
            _ => {}
        }
    }
    words(&telling.join(" "))
}

/// The start of a sentence that fits a flag.
fn words(sentence: &str) -> String {
    fitting(sentence, FLAG_LETTERS)
}

/// Words that say nothing at the end of a flag.
const LEADING_ON: [&str; 16] =
    ["a", "an", "and", "are", "as", "at", "back", "by", "for", "from", "in", "is", "of", "the", "to", "with"];

/// What has its number behind it.
const NUMBERED: [&str; 5] = ["broker", "Broker", "controller", "offset", "epoch"];

/// As much of a sentence as fits and is whole: to its last comma or colon, or without the words that only lead to what was
/// cut off. A number stays with the word before it.
fn fitting(sentence: &str, letters: usize) -> String {
    let whole = sentence.trim_end_matches('.');
    if whole.chars().count() <= letters {
        return whole.to_owned();
    }
    let mut taken: Vec<&str> = vec![];
    let mut room = letters;
    let mut rest = whole.split(' ').peekable();
    while let Some(word) = rest.next_if(|word| word.chars().count() <= room) {
        room = room.saturating_sub(word.chars().count() + 1);
        taken.push(word);
    }
    let ends = |marks: [char; 2]| taken.iter().rposition(|word| word.ends_with(marks));
    if let Some(end) = ends([':', ';']).filter(|end| *end > 1).or_else(|| ends([',', ','])) {
        taken.truncate(end + 1);
    } else {
        let is_number = |word: Option<&&str>| word.is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        if is_number(rest.peek()) {
            taken.pop();
        }
        // Nor is a number whole whose noun was cut off; that of a broker stands behind its noun.
        let hangs = |taken: &[&str]| match taken {
            [.., before, last] => LEADING_ON.contains(last) || is_number(Some(last)) && !NUMBERED.contains(before),
            _ => false,
        };
        while hangs(&taken) {
            taken.pop();
        }
    }
    if taken.is_empty() {
        return whole.chars().take(letters).collect();
    }
    taken.join(" ").trim_end_matches([',', ':', ';']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_without_room_shows_its_number_or_stands_before_its_pole() {
        let steps: Vec<_> = [(1, 500.0), (2, 500.0), (3, 600.0)].map(|(n, x)| (n, x, "Set min to 3".to_owned())).into();
        let flags = place(&steps, Some(2), 900.0, true);
        let of =
            |at: usize| flags.iter().find(|flag| flag.at == at).map(|flag| (flag.x < flag.pole, flag.text.is_empty()));
        assert_eq!([of(0), of(1), of(2)], [Some((true, false)), Some((false, true)), Some((false, false))]);
    }

    #[test]
    fn flags_do_not_cover_each_other_and_the_current_one_stays() {
        let beats: Vec<_> = (0..30).map(|n| (n, f64::from(n) * 20.0, "Broker 2 dies".to_owned())).collect();
        let flags = place(&beats, Some(7), 900.0, false);
        assert!(flags.iter().any(|flag| flag.at == 7));
        for a in &flags {
            for b in &flags {
                assert!(a.at == b.at || a.x + a.w < b.x || b.x + b.w < a.x);
            }
        }
    }

    fn typed(at_us: u64) -> EventView {
        EventView {
            index: 1,
            ordinal: 1,
            at_us,
            lane: Lane::You,
            tone: Tone::Plain,
            kind: "Typed".into(),
            sentence: "You type in t1: kafka-topics.sh --bootstrap-server b1:9092 --create --topic t".into(),
            partition: None,
            actor: "t1".into(),
            beat: true,
        }
    }

    #[test]
    fn a_typed_line_is_known_by_what_it_does() {
        assert_eq!(flag_words(&typed(1), Shown::default()), "topics --create t");
        let piped = "You type in t1: printf 'a\\nb\\n' | kafka-console-producer.sh --topic hello --acks 1";
        assert_eq!(
            flag_words(&EventView { sentence: piped.into(), ..typed(1) }, Shown::default()),
            "console-producer hello"
        );
    }

    #[test]
    fn a_flag_ends_with_a_word_that_says_something() {
        assert_eq!(fitting("Broker 2 leaves the ISR of orders-1.", 27), "Broker 2 leaves the ISR");
        assert_eq!(fitting("Topic orders is created with three partitions.", 32), "Topic orders is created");
        assert_eq!(fitting("Broker 2 leads orders-1.", 40), "Broker 2 leads orders-1");
        assert_eq!(fitting("What it is.", 40), "What it is");
        assert_eq!(
            fitting("Broker 2 leaves the ISR of orders-1: now 1, 3.", 40),
            "Broker 2 leaves the ISR of orders-1"
        );
        assert_eq!(
            fitting("Broker 3 joins the ISR of orders-2: now 1, 2, 3.", 46),
            "Broker 3 joins the ISR of orders-2"
        );
        assert_eq!(fitting("Broker 2 is elected for orders-1, epoch 5.", 40), "Broker 2 is elected for orders-1");
        assert_eq!(fitting("The controller fences broker 2.", FLAG_LETTERS), "The controller fences broker 2");
        assert_eq!(fitting("The controller lets broker 3 serve.", FLAG_LETTERS), "The controller lets broker 3 serve");
        assert_eq!(fitting("Topic orders is created with 3 partitions.", 35), "Topic orders is created");
        assert_eq!(fitting("All wait for broker 2 to come back.", 22), "All wait for broker 2");
        assert_eq!(fitting("Everybody now waits for broker 2.", 31), "Everybody now waits");
    }

    #[test]
    fn steps_to_come_are_named_in_full_or_not_at_all() {
        let titles = ["Ask a broker", "Three logs, three copies", "What you have now"].map(str::to_owned);
        let placed = in_room(&titles, 100.0, 700.0);
        assert_eq!(placed.len(), 3);
        for pair in placed.windows(2) {
            assert!(pair[0].0 + title_w(&titles[0]) < pair[1].0, "{placed:?}");
        }
        let last = in_room(&titles, 0.0, 320.0);
        assert_eq!(
            last.iter().map(|(_, title)| *title).collect::<Vec<_>>(),
            ["Ask a broker", "Three logs, three copies"]
        );
    }
}
