//! Clients: a producer is a tag that points to the racks, a consumer a socket notched to receive, an admin a plain tag.
//! A refused send gets a card with Kafka's own name for the error.

use wire::view::{ClientKind, ClientView};
use yew::prelude::*;

use super::layout::{ClientBox, Layout};
use super::{Props, px};
use crate::store::Model;
use crate::ui::{Ask, Selection};

pub fn producers(props: &Props, layout: &Layout) -> Html {
    let each = |place: &ClientBox| {
        let Some(view) = props.model.clients.get(&place.key) else { return html! {} };
        let (onclick, onkeydown) = press(props, place);
        let refused = view.last_error.is_some();
        let (x, y) = (place.x, place.y);
        let admin = view.kind == ClientKind::Admin;
        let second = match (&view.acks, admin) {
            (Some(acks), _) => format!("acks={acks}"),
            (None, true) => "admin".to_owned(),
            (None, false) => view.topic.clone().unwrap_or_default(),
        };
        html! {
            <g key={format!("{}-{}", place.key.0, place.key.1)} class="client" role="button" tabindex="-1" data-obj="client"
                aria-label={spoken(view)} {onclick} {onkeydown}>
                <title>{&view.command}</title>
                <rect x={px(x)} y={px(y)} width={px(place.w)} height={px(place.h)} rx="8" class={classes!("card", refused.then_some("refused"))}/>
                <path d={format!("M{:.1} {:.1}h10.5l6.5 6.5-6.5 6.5h-10.5z", x + 10.0, y + 11.0)} class={if admin { "a-adm" } else { "a-prod" }} stroke-linejoin="round"/>
                <text x={px(x + 34.0)} y={px(y + 22.0)} class="b f13">{name(view)}</text>
                <text x={px(x + 10.0)} y={px(y + 42.0)} class="m f12 ik">{second}</text>
                {carried(&props.model, view, x + 83.5, y + 38.0)}
                <text x={px(x + 10.0)} y={px(y + 59.0)} class={classes!("f11", if refused { "err-t" } else { "q3" })}>{doing(view)}</text>
            </g>
        }
    };
    let cards = layout
        .producers
        .iter()
        .filter_map(|place| Some((place, place.error_y?)))
        .map(|(place, y)| error_card(&props.model, place, y));
    html! { <>{for layout.producers.iter().map(each)}{for cards}</> }
}

/// The key of the record that this client is sending.
fn carried(model: &Model, view: &ClientView, x: f64, y: f64) -> Html {
    let sent = model.flights.values().find(|flight| flight.api == "Produce" && flight.from == view.terminal);
    let glyph = sent.and_then(|flight| flight.keys.first()?.as_ref()).and_then(|key| model.glyphs.get(key));
    glyph.map_or_else(Html::default, |glyph| super::cells::mark(glyph, x, y))
}

/// One name that fits a card: the terminal it runs in.
fn name(view: &ClientView) -> String {
    if view.client_id.chars().count() <= 8 && !view.client_id.is_empty() {
        view.client_id.clone()
    } else {
        view.terminal.clone()
    }
}

fn doing(view: &ClientView) -> String {
    let sends = |n: u64| if n == 1 { "send" } else { "sends" };
    if view.last_error.is_some() {
        format!("{} {} refused", view.failed.max(1), sends(view.failed.max(1)))
    } else if view.waiting > 0 {
        format!("{} {} waiting", view.waiting, sends(view.waiting))
    } else if view.sent > 0 {
        format!("{} {} acked", view.acked, sends(view.acked))
    } else {
        "nothing sent".to_owned()
    }
}

fn spoken(view: &ClientView) -> String {
    let kind = match view.kind {
        ClientKind::Producer => "Producer",
        ClientKind::Consumer => "Consumer",
        ClientKind::Admin => "Admin client",
    };
    let acks = view.acks.as_ref().map(|acks| format!(", acks={acks}")).unwrap_or_default();
    let error = view.last_error.as_ref().map(|error| format!(", last error {error}")).unwrap_or_default();
    format!("{kind} in terminal {}{acks}, {}{error}", view.terminal, doing(view))
}

fn press(props: &Props, place: &ClientBox) -> (Callback<MouseEvent>, Callback<KeyboardEvent>) {
    let key = place.key.clone();
    super::navigate::press(props.handle.ui.reform(move |()| Ask::Select(Selection::Client(key.0.clone(), key.1))))
}

/// The card hangs under its client, with Kafka's name of the error and what the partition's numbers are.
fn error_card(model: &Model, place: &ClientBox, y: f64) -> Html {
    let Some(view) = model.clients.get(&place.key) else { return html! {} };
    let Some(error) = &view.last_error else { return html! {} };
    let lines = facts(model, view);
    let x = place.x;
    let d = format!(
        "M{:.1} {y:.1}h12l8 -9 8 9h92a8 8 0 0 1 8 8v72a8 8 0 0 1 -8 8h-120a8 8 0 0 1 -8 -8v-72a8 8 0 0 1 8 -8z",
        x + 8.0
    );
    let (tag_x, tag_y) = (x + 127.0, y - 9.0);
    html! {
        <g class="errcard" role="img" aria-label={format!("{error}. {}", lines.join(" "))}>
            <path {d} class="errbox"/>
            <rect x={px(tag_x)} y={px(tag_y)} width="18" height="18" rx="4" class="f-bg0"/>
            <rect x={px(tag_x + 2.0)} y={px(tag_y + 2.0)} width="14" height="14" rx="3" class="f-err"/>
            <path d={format!("M{:.1} {:.1}l7 7m0 -7l-7 7", tag_x + 5.5, tag_y + 5.5)} class="err-x"/>
            {for wrapped(error, 17).iter().enumerate().map(|(at, part)| html! {
                <text x={px(x + 10.0)} y={px(y + 21.0 + 15.0 * at as f64)} class="b f11">{part}</text>
            })}
            {for lines.iter().enumerate().map(|(at, line)| html! {
                <text x={px(x + 10.0)} y={px(y + 57.0 + 16.0 * at as f64)} class="f11">{line}</text>
            })}
        </g>
    }
}

/// The numbers beside a refusal, straight from the view.
fn facts(model: &Model, view: &ClientView) -> Vec<String> {
    let topic = view.topic.as_deref();
    let worst = model
        .partitions
        .values()
        .filter(|p| Some(p.topic.as_str()) == topic)
        .min_by_key(|p| p.isr.len() as i64 - i64::from(p.min_insync_replicas));
    worst.map_or_else(Vec::new, |p| {
        vec![format!("ISR has {},", p.isr.len()), format!("min is {}.", p.min_insync_replicas)]
    })
}

/// Breaks an error's name at its underscores.
fn wrapped(name: &str, max: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for part in name.split_inclusive('_') {
        match lines.last_mut() {
            Some(line) if line.len() + part.len() <= max => line.push_str(part),
            _ => lines.push(part.to_owned()),
        }
    }
    lines.truncate(2);
    lines
}

/// What stands behind the consumers and their wires.
pub fn group(layout: &Layout) -> Html {
    if layout.consumers.is_empty() {
        return html! {};
    }
    let (x, top) = (layout.consumers_x, layout.top);
    let bottom = layout.consumers.last().map_or(0.0, |last| last.y + last.h + 12.0).max(layout.racks_bottom());
    let w = layout.width - x - 14.0;
    html! {
        <g>
            <rect x={px(x)} y={px(top)} width={px(w)} height={px(bottom - top)} rx="10" class="group"/>
            <text x={px(x + 12.0)} y={px(top + 22.0)} class="b f13">{"consumers"}</text>
            <text x={px(x + 12.0)} y={px(top + 39.0)} class="f11 q3">{format!("{} reading", layout.consumers.len())}</text>
        </g>
    }
}

pub fn consumers(props: &Props, layout: &Layout) -> Html {
    let each = |place: &ClientBox| {
        let Some(view) = props.model.clients.get(&place.key) else { return html! {} };
        let (onclick, onkeydown) = press(props, place);
        let (x, y, right) = (place.x, place.y, place.x + place.w);
        html! {
            <g key={format!("{}-{}", place.key.0, place.key.1)} class="client" role="button" tabindex="-1" data-obj="client"
                aria-label={spoken_consumer(props, view)} {onclick} {onkeydown}>
                <title>{&view.command}</title>
                <rect x={px(x)} y={px(y)} width={px(place.w)} height={px(place.h)} rx="8" class="card2"/>
                <path d={format!("M{:.1} {:.1}h17v13h-17l6.5 -6.5z", x + 10.0, y + 11.0)} class="a-cons" stroke-linejoin="round"/>
                <text x={px(x + 34.0)} y={px(y + 22.0)} class="b f13">{name(view)}</text>
                {for view.positions.iter().take(4).enumerate().map(|(at, position)| {
                    let row = y + 44.0 + 21.0 * at as f64;
                    html! {
                        <>
                            <text x={px(x + 10.0)} y={px(row)} class="f12">{short(&position.topic, position.partition)}</text>
                            <text x={px(right - 8.0)} y={px(row)} class="end f11 q3">{lag(&props.model, position)}</text>
                        </>
                    }
                })}
            </g>
        }
    };
    html! { <g>{for layout.consumers.iter().map(each)}</g> }
}

fn short(topic: &str, partition: i32) -> String {
    let head: String = topic.chars().take(8).collect();
    let dots = if topic.chars().count() > 8 { "…" } else { "" };
    format!("{head}{dots}-{partition}")
}

/// What of the readable log is still unread.
fn lag(model: &Model, at: &wire::view::PositionView) -> String {
    let mark = model.partitions.get(&(at.topic.clone(), at.partition)).and_then(|view| view.high_watermark);
    mark.map_or(format!("at {}", at.position), |mark| format!("lag {}", (mark - at.position).max(0)))
}

fn spoken_consumer(props: &Props, view: &ClientView) -> String {
    let places: Vec<_> = view
        .positions
        .iter()
        .map(|at| format!("{}-{} at offset {}, {}", at.topic, at.partition, at.position, lag(&props.model, at)))
        .collect();
    format!(
        "Consumer in terminal {}: {}",
        view.terminal,
        if places.is_empty() { "nothing assigned".into() } else { places.join("; ") }
    )
}
