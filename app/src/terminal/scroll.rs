//! The scrollback. It stays at the bottom while one is at the bottom, and where one scrolled to otherwise.

use wire::view::{LineKind, LineView};
use yew::prelude::*;

use super::Lines;
use crate::text::el;
use std::rc::Rc;

/// Lines that are drawn; the scrollback itself is longer, and the engine bounds it.
const DRAWN_MAX: usize = 600;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lines: Rc<Lines>,
    /// Text after the last newline, such as the producer's `>`: it stands before what is typed.
    pub open_line: String,
    /// The command that the last click elsewhere stands for.
    pub echo: Option<String>,
    pub children: Html,
}

#[component]
pub fn Scroll(props: &Props) -> Html {
    let node = use_node_ref();
    let stuck = use_mut_ref(|| true);
    {
        let (node, stuck) = (node.clone(), stuck.clone());
        use_effect_with((props.lines.clone(), props.open_line.clone(), props.echo.clone()), move |_| {
            if let Some(element) = node.cast::<web_sys::Element>()
                && *stuck.borrow()
            {
                element.set_scroll_top(element.scroll_height());
            }
        });
    }
    let onscroll = {
        let node = node.clone();
        Callback::from(move |_: Event| {
            if let Some(element) = node.cast::<web_sys::Element>() {
                *stuck.borrow_mut() = element.scroll_height() - element.scroll_top() - element.client_height() < 24;
            }
        })
    };
    // A press in the empty part goes to the prompt, unless a text is being selected for copying.
    let onclick = {
        let node = node.clone();
        Callback::from(move |_: MouseEvent| {
            let selecting =
                gloo_utils::window().get_selection().ok().flatten().is_some_and(|range| !range.is_collapsed());
            let field =
                node.cast::<web_sys::Element>().and_then(|element| element.query_selector("input").ok().flatten());
            if !selecting
                && let Some(field) =
                    field.and_then(|field| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(field).ok())
            {
                let _ = field.focus();
            }
        })
    };
    let skipped = props.lines.len().saturating_sub(DRAWN_MAX);
    html! {
        <div class="tty" ref={node} {onscroll} {onclick}>
            <div role="log" aria-label="Output">
                if skipped > 0 { {el("div", "muted", format!("{skipped} earlier lines"))} }
                {for props.lines.values().skip(skipped).map(|line| html! { <Line key={line.number} line={line.clone()}/> })}
                if let Some(echo) = &props.echo {
                    <div class="l-echo">{el("b", "", "$ ")}{echo}{el("span", "muted", "  sent from the stage")}</div>
                }
            </div>
            <div class="prompt">{el("span", "open", props.open_line.clone())}{props.children.clone()}</div>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct LineProps {
    line: Rc<LineView>,
}

#[component]
fn Line(props: &LineProps) -> Html {
    let line = &props.line;
    match line.kind {
        LineKind::Command => html! { <div class="l-cmd">{el("b", "", "$ ")}{&line.text}</div> },
        LineKind::Typed => el("div", "l-typed", line.text.clone()),
        LineKind::Output => html! { <div>{if line.text.is_empty() { "\u{a0}" } else { &line.text }}</div> },
        LineKind::Exit => el("div", "l-exit", line.text.clone()),
        LineKind::Echo => {
            html! { <div class="l-echo">{el("b", "", "# ")}{&line.text}{el("span", "muted", "  from the page")}</div> }
        }
    }
}
