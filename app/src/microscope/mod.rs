//! The log microscope: from a partition to its segments, a batch, its bytes. What it shows are the files of one broker's
//! disk, as the engine reads them; nothing is worked out here.

mod batch;
mod disk;
mod index;

use std::rc::Rc;

use wire::Command;
use wire::log::LogView;
use wire::reply::Answer;
use wire::view::ReplicaView;
use yew::prelude::*;

use crate::ctx::Handle;
use crate::stage::bar;
use crate::stage::size::use_size;
use crate::store::{Glyphs, Map, Model, Tp};
use crate::text::el;
use crate::ui::{Ask, Zoom, label};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub model: Model,
    pub focus: Option<Tp>,
    pub zoom: Zoom,
    /// Broker and offset that were asked for; without them the leader's copy and the newest record.
    pub broker: Option<i32>,
    pub offset: Option<i64>,
    pub playing: bool,
    pub handle: Handle,
}

/// What the parts of the microscope draw from.
struct Sight<'a> {
    log: &'a LogView,
    width: f64,
    height: f64,
    glyphs: &'a Glyphs,
    /// This copy leads: its records are filled.
    leads: bool,
    /// The name of the field that is looked at.
    field: UseStateHandle<usize>,
    handle: &'a Handle,
}

impl Sight<'_> {
    /// What a click on something at an offset does.
    fn open(&self, offset: i64) -> (Callback<MouseEvent>, Callback<KeyboardEvent>) {
        crate::stage::press(self.handle.ui.reform(move |()| Ask::At(offset)))
    }
}

#[component]
pub fn Microscope(props: &Props) -> Html {
    let log = use_state(|| None::<Result<Rc<LogView>, String>>);
    let field = use_state(|| 4_usize);
    let frame = use_node_ref();
    let size = use_state(|| (760.0, 600.0));
    use_size(&frame, &size);
    let copies = props.focus.as_ref().map(|tp| copies(&props.model, tp)).unwrap_or_default();
    let leader = props.focus.as_ref().and_then(|tp| props.model.partitions.get(tp)?.leader);
    let has = |broker: &i32| copies.iter().any(|copy| copy.broker == *broker);
    let broker = props.broker.filter(has).or(leader).or(copies.first().map(|copy| copy.broker));
    {
        let (log, handle) = (log.clone(), props.handle.clone());
        let asked = props.focus.clone().zip(broker).map(|((topic, partition), broker)| Command::ReadLog {
            topic,
            partition,
            broker,
            offset: props.offset.unwrap_or(i64::MAX),
        });
        use_effect_with((asked, props.model.index, props.playing), move |(asked, _, playing)| {
            // While time runs the answer would be old before it is read.
            let Some(asked) = asked.clone().filter(|_| !playing) else { return };
            handle.ask(asked, move |reply| match (&reply.answer, &reply.problem) {
                (Answer::Log(view), _) => log.set(Some(Ok(Rc::new((**view).clone())))),
                (_, Some(problem)) => log.set(Some(Err(problem.details.join(" ")))),
                _ => {}
            });
        });
    }
    let name = props.focus.as_ref().map_or("no partition".to_owned(), label);
    let (main, side) = match &*log {
        Some(Ok(view)) => {
            let leads = broker.is_some() && broker == leader;
            let sight = Sight {
                log: view,
                width: size.0,
                height: size.1,
                glyphs: &props.model.glyphs,
                leads,
                field,
                handle: &props.handle,
            };
            let main = if props.zoom == Zoom::Bytes { batch::wide(&sight) } else { picture(&sight) };
            let side = if props.zoom == Zoom::Bytes { files(view) } else { batch::narrow(&sight) };
            (main, side)
        }
        Some(Err(why)) => (empty("This log cannot be opened", why), html! {}),
        None if broker.is_none() => (empty("No log yet", "Create a topic, then send a record."), html! {}),
        None => (html! {}, html! {}),
    };
    html! {
        <>
            <main class="stage" id="stage" aria-label="Stage">
                {bar::stage_bar(&bar::Props { lamps: Map::default(), blocked: None, zoom: props.zoom, shown: props.model.shown(), handle: props.handle.clone(), children: html! {} })}
                <div class="sframe" data-stage="true" onkeydown={crate::stage::on_key()}>
                    <div class="scope" ref={frame}>
                        <div class="row scopehead">{el("b", "", name)}{copy_tabs(&copies, broker, leader, &props.handle)}</div>
                        {main}
                    </div>
                </div>
            </main>
            <aside class="insp" id="inspector" aria-label="Inspector"><div class="ibody" tabindex="0" aria-label="Inspector">{side}</div></aside>
        </>
    }
}

fn empty(title: &str, why: &str) -> Html {
    html! { <div class="empty">{el("b", "", title)}{el("p", "soft", why)}</div> }
}

fn copies(model: &Model, tp: &Tp) -> Vec<Rc<ReplicaView>> {
    let range = (tp.0.clone(), tp.1, i32::MIN)..=(tp.0.clone(), tp.1, i32::MAX);
    model.replicas.range(range).map(|(_, view)| view.clone()).collect()
}

/// Which broker's copy is open.
fn copy_tabs(copies: &[Rc<ReplicaView>], on: Option<i32>, leader: Option<i32>, handle: &Handle) -> Html {
    let tab = |copy: &Rc<ReplicaView>| {
        let (id, is_on) = (copy.broker, on == Some(copy.broker));
        let onclick = handle.ui.reform(move |_: MouseEvent| Ask::On(id));
        let words = if leader == Some(id) { format!("broker {id}, leads") } else { format!("broker {id}") };
        html! { <button class={if is_on { "on" } else { "" }} aria-pressed={is_on.to_string()} {onclick}>{words}</button> }
    };
    html! { <span class="seg" role="group" aria-label="Copy">{for copies.iter().map(tab)}</span> }
}

/// The log on its axis of offsets, and the way of a look-up through the index.
fn picture(sight: &Sight<'_>) -> Html {
    let (upper, below) = disk::picture(sight);
    // The look-up stands in the lower half, also below a short picture of the log.
    let (lower, height) = index::picture(sight, (below + 34.0).max(sight.height * 0.52));
    let (w, h) = (crate::svg::px(sight.width), crate::svg::px(height));
    html! {
        <svg class="picture" width={w.clone()} height={h.clone()} viewBox={format!("0 0 {w} {h}")} role="group" aria-label="Log">
            {upper}{lower}
        </svg>
    }
}

/// Segments and checkpoints as a list.
fn files(log: &LogView) -> Html {
    let none = || "not kept in a file".to_owned();
    let rows = [
        ("Log start", log.log_start.to_string()),
        ("High watermark", log.high_watermark.to_string()),
        ("Last stable offset", log.last_stable.map_or_else(none, |at| at.to_string())),
        ("Log end", log.log_end.to_string()),
        ("Cleaned to", log.cleaned_to.map_or("never cleaned".to_owned(), |at| at.to_string())),
    ];
    html! {
        <>
            <div class="isec">{el("h3", "mono wrap", log.folder.clone())}
                <dl class="kv">{for rows.into_iter().map(|(name, value)| html! { <>{el("dt", "", name)}{el("dd", "", value)}</> })}</dl></div>
            {table("Segments", ["Base offset", "Bytes"], log.segments.iter().rev().take(40).map(|segment| {
                let word = if segment.active { " active" } else { "" };
                (format!("{}{word}", segment.base), segment.bytes.to_string())
            }))}
            {table("leader-epoch-checkpoint", ["Epoch", "From offset"], log.epochs.iter().map(|(epoch, from)| (epoch.to_string(), from.to_string())))}
        </>
    }
}

fn table(title: &'static str, heads: [&'static str; 2], rows: impl Iterator<Item = (String, String)>) -> Html {
    html! {
        <div class="isec">{el("h3", "", title)}<table><thead><tr><th>{heads[0]}</th><th class="n">{heads[1]}</th></tr></thead>
            <tbody>{for rows.map(|(a, b)| html! { <tr>{el("td", "mono", a)}{el("td", "n", b)}</tr> })}</tbody></table></div>
    }
}
