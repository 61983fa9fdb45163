//! One batch: its bytes as they lie on the disk, and each field of them with what it is for. A field and its bytes light
//! each other.

use wire::log::{BatchView, FieldView};
use yew::prelude::*;

use super::Sight;
use crate::icons::{Icon, icon};
use crate::text::el;

const ROW: usize = 16;

/// For the panel at the side.
pub fn narrow(sight: &Sight<'_>) -> Html {
    let Some(batch) = open(sight) else { return none() };
    html! {
        <>
            <div class="ihead pad">{head(sight, batch)}</div>
            <div class="isec">{dump(sight, batch)}{note()}</div>
            <div class="isec">{fields(sight, batch, false)}</div>
        </>
    }
}

/// For the stage itself.
pub fn wide(sight: &Sight<'_>) -> Html {
    let Some(batch) = open(sight) else { return none() };
    html! { <div class="bytes">{head(sight, batch)}<div class="two"><div>{dump(sight, batch)}{note()}</div>{fields(sight, batch, true)}</div></div> }
}

fn open<'a>(sight: &'a Sight<'_>) -> Option<&'a BatchView> {
    sight.log.open.as_ref()?.batch.as_ref()
}

fn none() -> Html {
    html! { <div class="isec">{el("p", "soft", "No batch here yet. Send a record, or choose one on the left.")}</div> }
}

fn head(sight: &Sight<'_>, batch: &BatchView) -> Html {
    let step = |to: i64, words: &'static str, sign: Icon, off: bool| {
        let (onclick, _) = sight.open(to);
        html! { <button class="btn ghost ic sm" aria-label={words} title={words} disabled={off} {onclick}>{icon(sign)}</button> }
    };
    html! {
        <h2>{el("span", "clip", format!("Batch at offset {}", batch.mark.base))}{el("span", "chip mono", format!("{} B", batch.mark.bytes))}<span class="grow"/>
            {step(batch.mark.base - 1, "The batch before", Icon::StepBack, batch.mark.base <= sight.log.log_start)}
            {step(batch.mark.last + 1, "The batch after", Icon::StepForward, batch.mark.last + 1 >= sight.log.log_end)}</h2>
    }
}

fn note() -> Html {
    el(
        "p",
        "soft small hexnote",
        "Underlined bytes are under the CRC. Offset and epoch are not, so a leader can stamp them without hashing again.",
    )
}

/// Sixteen bytes a row; those of the chosen field are inverted.
fn dump(sight: &Sight<'_>, batch: &BatchView) -> Html {
    let chosen = batch.fields.get(*sight.field).or(batch.fields.last());
    let (from, to) = chosen.map_or((0, 0), |field| (field.at as usize, (field.at + field.bytes) as usize));
    let crc = batch.crc_from as usize;
    let row = |(at, bytes): (usize, &[u8])| {
        // Runs of bytes that look alike are one element: a batch may have a thousand of them.
        let mut runs: Vec<(&'static str, String)> = vec![];
        for (i, byte) in bytes.iter().enumerate() {
            let place = at * ROW + i;
            let class = match ((from..to).contains(&place), place >= crc) {
                (true, _) => "on",
                (false, true) => "crc",
                _ => "",
            };
            match runs.last_mut() {
                Some((last, text)) if *last == class => text.push_str(&format!(" {byte:02x}")),
                _ => runs.push((class, format!("{byte:02x}"))),
            }
        }
        html! { <div>{el("b", "", format!("{:02x}", at * ROW))}{for runs.into_iter().map(|(class, text)| html! { <span {class}>{text}</span> })}</div> }
    };
    let more = batch.mark.bytes as usize - batch.bytes.len();
    html! {
        <div class="hex mono" role="img" aria-label={format!("{} bytes", batch.mark.bytes)}>
            {for batch.bytes.chunks(ROW).enumerate().map(row)}
            if more > 0 { {el("div", "muted", format!("and {more} more"))} }
        </div>
    }
}

fn fields(sight: &Sight<'_>, batch: &BatchView, notes: bool) -> Html {
    let row = |(at, field): (usize, &FieldView)| {
        let chosen = *sight.field == at;
        let onclick = {
            let field = sight.field.clone();
            Callback::from(move |_: MouseEvent| field.set(at))
        };
        html! {
            <li><button class={if chosen { "on" } else { "" }} aria-pressed={chosen.to_string()} title={field.note.clone()} {onclick}>
                {el("b", "", field.name.clone())}<i>{if field.bytes > 0 { field.bytes.to_string() } else { String::new() }}</i>{el("span", "clip", field.value.clone())}
                if notes || field.value.len() < 20 { <em class="clip">{&field.note}</em> }
            </button></li>
        }
    };
    html! { <ol class="fields">{for batch.fields.iter().enumerate().map(row)}</ol> }
}
