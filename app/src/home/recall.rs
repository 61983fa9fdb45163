//! One question from a lesson that was finished, at most one at a time: the list of lessons carries them.

use yew::prelude::*;

use super::Lessons;
use super::index::Entry;
use super::storage::{self, Progress};
use crate::icons::{Icon, Mark, icon, mark};
use crate::text::{el, say};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lessons: Lessons,
    pub progress: Progress,
}

#[component]
pub fn Recall(props: &Props) -> Html {
    let open = use_state(|| false);
    let chosen = use_state(|| None::<usize>);
    // What is asked stays while the answer is read.
    let turn = use_state(|| props.progress.recalled as usize);
    let Some(entry) = asked(props, *turn) else { return html! {} };
    let Some(recall) = &entry.recall else { return html! {} };
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let option = |(at, words): (usize, &String)| {
        let state = match *chosen {
            Some(_) if at == recall.answer => "opt sel",
            Some(mine) if mine == at => "opt yours",
            _ => "opt",
        };
        let onclick = {
            let chosen = chosen.clone();
            Callback::from(move |_: MouseEvent| {
                if chosen.is_none() {
                    chosen.set(Some(at));
                    storage::recalled();
                }
            })
        };
        html! { <button class={state} disabled={chosen.is_some()} {onclick}><span class="k">{at + 1}</span>{say("span", "", words)}</button> }
    };
    let next = {
        let (chosen, turn) = (chosen.clone(), turn.clone());
        Callback::from(move |_: MouseEvent| {
            chosen.set(None);
            turn.set(*turn + 1);
        })
    };
    html! {
        <section class="rc">{el("h2", "", format!("Recall, from {}", entry.title))}
            <div class="sbl"><button aria-expanded={open.to_string()} onclick={toggle}>{icon(Icon::Question)}{el("span", "", recall.question.clone())}{el("span", "muted", "20 s")}</button></div>
            if *open {
                <div class="opts">{for recall.options.iter().enumerate().map(option)}</div>
                if let Some(mine) = *chosen {
                    <div class="row said" role="status">{mark(if mine == recall.answer { Mark::Ok } else { Mark::Open })}
                        <span class="soft">{if mine == recall.answer { "As the engine does it." } else { "Not yet. The marked one is what the engine does." }}</span>
                        <span class="grow"/><button class="btn sm" onclick={next}>{"Another"}</button></div>
                }
            }
        </section>
    }
}

/// The question of the turn, among those of finished lessons.
fn asked(props: &Props, turn: usize) -> Option<Entry> {
    let chapters = &props.lessons;
    let done = |entry: &&Entry| props.progress.lessons.get(&entry.file).is_some_and(|lesson| lesson.done);
    let all: Vec<&Entry> = chapters
        .iter()
        .flat_map(|chapter| &chapter.lessons)
        .filter(done)
        .filter(|entry| entry.recall.is_some())
        .collect();
    all.get(turn % all.len().max(1)).map(|entry| (*entry).clone())
}
