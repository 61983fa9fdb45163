//! Clients: a producer is a tag that points to the racks, a consumer a socket notched to receive, an admin a plain tag.
//! A refused send gets a card with Kafka's own name for the error.

use wire::view::{ClientKind, ClientView, GroupView, PartitionView};
use yew::prelude::*;

use super::Props;
use super::layout::{ClientBox, ERROR_H, Layout};
use crate::store::Model;
use crate::svg::{N, object, path, rect, text};
use crate::ui::{Ask, Selection};

pub fn producers(props: &Props, layout: &Layout) -> Html {
    let each = |place: &ClientBox| {
        let Some(view) = props.model.clients.get(&place.key) else { return html! {} };
        let (onclick, onkeydown) = press(props, place);
        let refused = view.last_error.is_some();
        let (x, y) = (place.x, place.y);
        let admin = view.kind == ClientKind::Admin;
        let second = match (&view.acks, admin) {
            // What acks=all waits for is introduced with the ISR.
            (Some(acks), _) if props.model.shown().isr => format!("acks={acks}"),
            (_, true) => "admin".to_owned(),
            (_, false) => view.topic.clone().unwrap_or_default(),
        };
        html! {
            <g key={format!("{}-{}", place.key.0, place.key.1)} class="client" {onclick} {onkeydown}>
                <title>{&view.command}</title>
                {object("client", false, spoken(view), (x, y, place.w, place.h), 8.0, classes!("card", refused.then_some("refused")))}
                <path d={format!("M{} {}h10.5l6.5 6.5-6.5 6.5h-10.5z", N(x + 10.0), N(y + 11.0))} class={if admin { "a-adm" } else { "a-prod" }} stroke-linejoin="round"/>
                {text(x + 34.0, y + 22.0, "b f13", name(view))}
                {text(x + 10.0, y + 42.0, "m f12 ik", second)}
                {carried(&props.model, view, x + 83.5, y + 38.0)}
                {text(x + 10.0, y + 59.0, if refused { "f11 err-t" } else { "f11 q3" }, doing(view))}
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
    } else if view.acked > 99 {
        format!("{} acked", view.acked)
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
        "M{} {y}h12l8 -9 8 9h92a8 8 0 0 1 8 8v{h}a8 8 0 0 1 -8 8h-120a8 8 0 0 1 -8 -8v-{h}a8 8 0 0 1 8 -8z",
        N(x + 8.0),
        h = N(ERROR_H - 16.0),
        y = N(y)
    );
    let (tag_x, tag_y) = (x + 127.0, y - 9.0);
    let named = wrapped(error, 17);
    let below = y + 26.0 + 15.0 * named.len() as f64;
    html! {
        <g class="errcard" role="img" aria-label={format!("{error}. {}", lines.join(" "))}>
            {path(d, "errbox")}
            {rect(tag_x, tag_y, 18.0, 18.0, 4.0, "f-bg0")}{rect(tag_x + 2.0, tag_y + 2.0, 14.0, 14.0, 3.0, "f-err")}
            {path(format!("M{} {}l7 7m0 -7l-7 7", N(tag_x + 5.5), N(tag_y + 5.5)), "err-x")}
            {for named.into_iter().enumerate().map(|(at, part)| text(x + 10.0, y + 21.0 + 15.0 * at as f64, "b f11", part))}
            {for lines.into_iter().enumerate().map(|(at, line)| text(x + 10.0, below + 15.0 * at as f64, "f11", line))}
        </g>
    }
}

/// The numbers beside a refusal, straight from the view, what became of the record, and when it is sent again.
fn facts(model: &Model, view: &ClientView) -> Vec<String> {
    let topic = view.topic.as_deref();
    let short = |p: &PartitionView| p.isr.len() as i64 - i64::from(p.min_insync_replicas);
    let of_topic = model.partitions.values().filter(|p| Some(p.topic.as_str()) == topic);
    let worst = of_topic.min_by_key(|p| short(p)).filter(|p| short(p) < 0);
    let mut lines = vec![];
    lines.extend(worst.map(|p| format!("ISR has {}, min is {}.", p.isr.len(), p.min_insync_replicas)));
    if !view.error_note.is_empty() {
        lines.push(view.error_note.clone());
    }
    lines.extend(view.retry_at_us.map(|at| match at.checked_sub(model.now_us).filter(|left| *left > 0) {
        Some(left) => format!("retry in {} ms", left.div_ceil(1000)),
        None => "trying again".to_owned(),
    }));
    lines
}

/// Breaks an error's name at its underscores or before its capitals.
fn wrapped(name: &str, max: usize) -> Vec<String> {
    let mut parts: Vec<String> = vec![];
    let mut before = '_';
    for letter in name.chars() {
        match parts.last_mut() {
            Some(part) if before != '_' && !(before.is_lowercase() && letter.is_uppercase()) => part.push(letter),
            _ => parts.push(letter.into()),
        }
        before = letter;
    }
    let mut lines: Vec<String> = vec![];
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.len() + part.len() <= max => line.push_str(&part),
            _ => lines.push(part),
        }
    }
    lines.truncate(2);
    lines
}

/// What stands behind the consumers and their wires: their group, by the generation its members know.
pub fn group(props: &Props, layout: &Layout) -> Html {
    let Some(last) = layout.consumers.last() else { return html! {} };
    let views = layout.consumers.iter().filter_map(|place| props.model.clients.get(&place.key));
    let mut groups: Vec<&GroupView> = views.filter_map(|view| view.group.as_ref()).collect();
    let members = groups.len();
    crate::order::by(&mut groups, |group| (group.id.clone(), -group.generation));
    let all = layout.consumers.len();
    let from = groups.iter().filter_map(|group| group.pause_from_us).min();
    // The first of all assignments ends no pause: nobody read before.
    let pause = groups.iter().filter(|group| group.generation > 1).map(|group| group.paused_us).max().unwrap_or(0);
    groups.dedup_by(|a, b| a.id == b.id);
    let (title, state) = match groups.as_slice() {
        [one] if members == all => {
            let state = match from {
                Some(from) if one.generation >= 0 => {
                    format!("Rebalancing, {}", seconds(props.model.now_us.saturating_sub(from)))
                }
                None if one.generation >= 0 => format!("Stable · gen {}", one.generation),
                _ => "Joining".to_owned(),
            };
            (format!("group {}", crate::stage::clipped(&one.id, 11)), state)
        }
        [] => ("consumers".to_owned(), format!("{all} without a group")),
        many => ("consumers".to_owned(), format!("{all} in {} groups", many.len())),
    };
    let (x, top) = (layout.consumers_x, layout.top);
    let bottom = (last.y + last.h + 12.0).max(layout.racks_bottom());
    let commits = !groups.is_empty() && bottom - last.y - last.h > 56.0;
    html! {
        <g>
            {rect(x, top, layout.width - x - 14.0, bottom - top, 10.0, "group")}
            {text(x + 12.0, top + 22.0, "b f13", title)}{text(x + 12.0, top + 39.0, "f11 q3", state)}
            if pause > 0 && from.is_none() && layout.consumers[0].y > top + 58.0 {
                {text(x + 12.0, top + 54.0, "f11 q3", format!("last pause {}", seconds(pause)))}
            }
            if commits {
                {text(x + 8.0, bottom - 31.0, "f11 q3", "commits go to")}{text(x + 8.0, bottom - 15.0, "f11", "__consumer_offsets")}
            }
        </g>
    }
}

fn seconds(us: u64) -> String {
    if us < 1_000_000 { format!("{} ms", us / 1_000) } else { format!("{}.{} s", us / 1_000_000, us / 100_000 % 10) }
}

pub fn consumers(props: &Props, layout: &Layout) -> Html {
    let each = |place: &ClientBox| {
        let Some(view) = props.model.clients.get(&place.key) else { return html! {} };
        let (onclick, onkeydown) = press(props, place);
        let (x, y, right) = (place.x, place.y, place.x + place.w);
        html! {
            <g key={format!("{}-{}", place.key.0, place.key.1)} class="client" {onclick} {onkeydown}>
                <title>{&view.command}</title>
                {object("client", false, spoken_consumer(props, view), (x, y, place.w, place.h), 8.0, classes!("card2"))}
                <path d={format!("M{} {}h17v13h-17l6.5 -6.5z", N(x + 10.0), N(y + 11.0))} class="a-cons" stroke-linejoin="round"/>
                {text(x + 34.0, y + 22.0, "b f13", name(view))}
                {for view.positions.iter().take(4).enumerate().map(|(at, position)| {
                    let row = y + 44.0 + 21.0 * at as f64;
                    html! {
                        <>
                            {text(x + 10.0, row, "f12", short(&position.topic, position.partition))}
                            {text(right - 8.0, row, "end f11 q3", lag(&props.model, position))}
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

#[cfg(test)]
mod tests {
    #[test]
    fn names_of_errors_break_where_their_words_do() {
        assert_eq!(super::wrapped("NotEnoughReplicasException", 17), ["NotEnoughReplicas", "Exception"]);
        assert_eq!(super::wrapped("NOT_ENOUGH_REPLICAS", 17), ["NOT_ENOUGH_", "REPLICAS"]);
    }
}
