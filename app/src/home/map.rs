//! Chapters as lanes. Only lessons that exist are records.

use yew::prelude::*;

use super::Lessons;
use super::index::{Chapter, Entry};
use super::storage::Progress;
use crate::ctx::Handle;
use crate::icons::{Icon, icon};
use crate::lesson::load;
use crate::text::{el, say};

pub fn map(handle: &Handle, lessons: &Lessons, progress: &Progress) -> Html {
    let lanes = lessons.iter().map(|chapter| lane(handle, chapter, progress));
    let body = html! { <>{head(lessons, progress)}{for lanes}{super::templates::list(handle)}</> };
    html! { <main class="map" id="lessons" aria-label="Lessons">{body}</main> }
}

fn head(chapters: &[Chapter], progress: &Progress) -> Html {
    let all: usize = chapters.iter().map(|chapter| chapter.lessons.len()).sum();
    let done = chapters.iter().flat_map(|chapter| &chapter.lessons).filter(|entry| is_done(entry, progress)).count();
    let title = format!("{}, {}", counted(chapters.len(), "chapter"), counted(all, "lesson").to_ascii_lowercase());
    html! {
        <div class="mh"><div class="grow">{el("h2", "", title)}
            {el("span", "soft", "Each lane is a log. Filled is read, the bookmark is what you have committed. Start anywhere.")}</div>
            <table class="cli" aria-label="Your progress"><thead><tr>{el("th", "", "GROUP")}{el("th", "", "TOPIC")}{el("th", "n", "CURRENT-OFFSET")}{el("th", "n", "LOG-END-OFFSET")}{el("th", "n", "LAG")}</tr></thead>
                <tbody><tr>{el("td", "", "you")}{el("td", "", "lessons")}{say("td", "n", done)}{say("td", "n", all)}<td class="n">{all - done}</td></tr></tbody></table>
        </div>
    }
}

fn counted(n: usize, what: &str) -> String {
    let number = [
        "No",
        "One",
        "Two",
        "Three",
        "Four",
        "Five",
        "Six",
        "Seven",
        "Eight",
        "Nine",
        "Ten",
        "Eleven",
        "Twelve",
        "Thirteen",
        "Fourteen",
        "Fifteen",
        "Sixteen",
        "Seventeen",
        "Eighteen",
        "Nineteen",
        "Twenty",
    ]
    .get(n)
    .map_or(n.to_string(), ToString::to_string);
    format!("{number} {what}{}", if n == 1 { "" } else { "s" })
}

fn is_done(entry: &Entry, progress: &Progress) -> bool {
    progress.lessons.get(&entry.file).is_some_and(|lesson| lesson.done)
}

fn lane(handle: &Handle, chapter: &Chapter, progress: &Progress) -> Html {
    let minutes: u32 = chapter.lessons.iter().map(|entry| entry.minutes).sum();
    let done = chapter.lessons.iter().filter(|entry| is_done(entry, progress)).count();
    let state = match done {
        0 => counted(chapter.lessons.len(), "lesson").to_ascii_lowercase(),
        all if all == chapter.lessons.len() => "done".to_owned(),
        some => format!("{some} of {}", chapter.lessons.len()),
    };
    // The bookmark stands after the records that are done without a gap, as a committed offset does.
    let committed = chapter.lessons.iter().take_while(|entry| is_done(entry, progress)).count();
    html! {
        <section class="clane" aria-label={chapter.name.clone()}>
            <div class="lab">{chapter_icon(&chapter.name)}<div>{el("h3", "", chapter.name.clone())}{el("span", "muted", format!("{state} · {minutes} min"))}</div></div>
            <div class="gr"><ol>{for chapter.lessons.iter().enumerate().map(|(at, entry)| record(handle, at, entry, progress, at + 1 == committed))}</ol></div>
        </section>
    }
}

fn record(handle: &Handle, at: usize, entry: &Entry, progress: &Progress, bookmark: bool) -> Html {
    let done = is_done(entry, progress);
    let here = progress.current.as_ref() == Some(&entry.file);
    let onclick = {
        let (handle, file) = (handle.clone(), entry.file.clone());
        Callback::from(move |_: MouseEvent| load::open(&handle, &file, None))
    };
    let state = if done {
        ", done"
    } else if here {
        ", you are here"
    } else {
        ""
    };
    html! {
        <li>
            <button class={classes!("lc", hue(&entry.chapter), done.then_some("done"), here.then_some("cur"))} {onclick}
                aria-label={format!("{}, {} minutes{state}", entry.title, entry.minutes)} title={format!("{} min", entry.minutes)}>
                <span class="o mono" data-n={at.to_string()}/>if done { {icon(Icon::Check)} }
                {el("span", "t", entry.title.clone())}</button>
            if bookmark { <svg class="bm0" width="10" height="13" viewBox="0 0 10 13" aria-hidden="true"><path d="M0 0h10v13l-5 -4-5 4z" class="bm"/></svg> }
            if here { <span class="you" aria-hidden="true"><svg width="12" height="11" viewBox="0 0 12 11"><path d="M6 1l5 9H1z" class="pos"/></svg>{"you are here"}</span> }
        </li>
    }
}

/// The hue of an actor names the chapter about it; the others are neutral.
fn hue(chapter: &str) -> &'static str {
    let name = chapter.to_ascii_lowercase();
    let named = [
        ("cluster", "h-brk"),
        ("producer", "h-prod"),
        ("consumer", "h-cons"),
        ("connect", "h-flow"),
        ("streams", "h-flow"),
        ("controller", "h-ctl"),
    ];
    named.iter().find(|(word, _)| name.contains(word)).map_or("h-none", |(_, class)| class)
}

fn chapter_icon(chapter: &str) -> Html {
    let d = match hue(chapter) {
        "h-brk" => "M4 4h14v4H4zM4 9.5h14v4H4zM4 15h14v4H4z",
        "h-prod" => "M3 6h10l6 5-6 5H3z",
        "h-cons" => "M4 6h14v10H4l5-5z",
        "h-ctl" => "M11 3l7 4v8l-7 4-7-4V7z",
        "h-flow" => "M3 8h5v6H3zM14 8h5v6h-5zM8 11h6",
        _ if chapter == "Production" => "M4 17v-5M9 17V7M14 17v-8M19 17V4",
        _ => "M4 6l5 5-5 5M11 17h7",
    };
    html! { <svg class={classes!("ci", hue(chapter))} viewBox="0 0 22 22" aria-hidden="true"><path {d}/></svg> }
}
