//! A lesson's text as elements. Text goes in as text: nothing of a lesson file can become markup.

use wire::lesson::{Block, ConsoleLine, Span};
use yew::prelude::*;

use crate::ctx::Handle;
use crate::text::{el, say};
use crate::ui::Ask;

pub fn spans(list: &[Span]) -> Html {
    html! { <>{for list.iter().map(span)}</> }
}

fn span(span: &Span) -> Html {
    match span {
        Span::Text(text) => html! { {text} },
        Span::Strong(text) => say("b", "", text),
        Span::Emphasis(text) => say("i", "", text),
        Span::Code(text) => html! { <code>{words(text)}</code> },
        Span::Link { text, href } if is_safe(href) => {
            html! { <a href={href.clone()} target="_blank" rel="noopener noreferrer">{text}</a> }
        }
        // A link of another scheme could run something; its words are still worth reading.
        Span::Link { text, .. } => html! { {text} },
    }
}

fn is_safe(href: &str) -> bool {
    href.starts_with("https://") || href.starts_with("mailto:")
}

/// What part of a step's text a block is.
#[derive(Clone, Copy, PartialEq)]
pub enum Part {
    /// The idea, before any question.
    Idea,
    /// Lines to run: they belong to the task.
    Lines,
    /// What is said besides. It stands last, so that it pushes neither task nor hints out of sight.
    Notes,
}

pub fn blocks(list: &[Block], part: Part, handle: &Handle) -> Html {
    let of = |block: &Block| match block {
        Block::Console { .. } => Part::Lines,
        Block::Quote(_) => Part::Notes,
        _ => Part::Idea,
    };
    if list.iter().all(|block| of(block) != part) {
        return html! {};
    }
    html! { <div class="prose">{for list.iter().filter(|block| of(block) == part).map(|block| one(block, handle))}</div> }
}

fn one(block: &Block, handle: &Handle) -> Html {
    match block {
        Block::Paragraph(text) => html! { <p>{spans(text)}</p> },
        Block::List(items) => html! { <ul>{for items.iter().map(|item| html! { <li>{spans(item)}</li> })}</ul> },
        Block::Quote(text) => html! { <blockquote>{spans(text)}</blockquote> },
        Block::Console { terminal, lines, output } => console(terminal, lines, output, handle),
    }
}

/// Lines to run. A click types the line into its terminal, exactly as the keyboard would.
pub fn console(terminal: &str, lines: &[ConsoleLine], output: &[String], handle: &Handle) -> Html {
    let line = |line: &ConsoleLine| {
        let prompt = if line.input { "> " } else { "$ " };
        html! { <button class="runline" title="Run this line" onclick={run(handle, terminal, line)}>
        <span class="muted" aria-hidden="true">{prompt}</span>{words(&line.text)}</button> }
    };
    html! {
        <div class="runbox" role="group" aria-label={format!("Lines for terminal {terminal}")}>
            {el("span", "runname", terminal)}
            {for lines.iter().map(line)}
            if !output.is_empty() { <pre class="runout">{output.join("\n")}</pre> }
        </div>
    }
}

/// What a click on a line does.
fn run(handle: &Handle, terminal: &str, line: &ConsoleLine) -> Callback<MouseEvent> {
    let ask = Ask::Run { terminal: terminal.to_owned(), line: line.clone() };
    handle.ui.reform(move |_: MouseEvent| ask.clone())
}

/// A line breaks between its words only: `--topic` stays whole.
fn words(line: &str) -> Html {
    html! { <>{for line.split(' ').enumerate().map(|(at, word)| html! { <>if at > 0 { {" "} }{el("span", "word", word)}</> })}</> }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_links_that_cannot_run_anything_are_links() {
        assert!(super::is_safe("https://kafka.apache.org/"));
        assert!(!super::is_safe("javascript:alert(1)") && !super::is_safe("http://plain.example/"));
    }
}
