//! The line being typed: history, completion with reasons, Ctrl-C and Ctrl-D, several lines pasted at once.

use wire::Command;
use wire::reply::{Answer, Completion};
use wire::view::TerminalView;
use yew::prelude::*;

use crate::ctx::Handle;
use crate::home::storage;
use crate::text::el;
use std::rc::Rc;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub terminal: String,
    pub view: Option<Rc<TerminalView>>,
    pub handle: Handle,
}

/// What Tab found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    from: usize,
    items: Vec<Completion>,
    at: usize,
}

pub enum Msg {
    Text(String),
    Key(KeyboardEvent),
    Pasted(String),
    Offer(String, Offer),
    Take(usize),
}

pub struct Input {
    text: String,
    history: Vec<String>,
    /// Place in the history while one walks through it; its length is the line being typed.
    at: usize,
    /// The line that was being typed before walking through the history.
    kept: String,
    offer: Offer,
    /// While one looks back (Ctrl-R): the place of the line found, or the history's length.
    found: Option<usize>,
    field: NodeRef,
}

impl Component for Input {
    type Message = Msg;
    type Properties = Props;

    fn create(_: &Context<Self>) -> Self {
        let history = storage::history();
        Self {
            text: String::new(),
            at: history.len(),
            history,
            kept: String::new(),
            offer: Offer::default(),
            found: None,
            field: NodeRef::default(),
        }
    }

    fn rendered(&mut self, _: &Context<Self>, first: bool) {
        let Some(field) = self.field.cast::<web_sys::HtmlElement>() else { return };
        if first {
            let _ = field.focus();
        }
        // The list stands below the line, as in a real shell: what was printed moves up and is not covered.
        if !self.offer.items.is_empty()
            && let Some(tty) = field.closest(".tty").ok().flatten()
        {
            tty.set_scroll_top(tty.scroll_height());
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Text(text) => {
                self.text = text;
                self.offer = Offer::default();
                if self.found.is_some() {
                    self.look_back(self.history.len());
                }
            }
            Msg::Key(event) => return self.on_key(ctx, &event),
            Msg::Pasted(text) => self.on_paste(ctx, &text),
            Msg::Offer(line, offer) if line == self.text => self.on_offer(offer),
            // The line has changed since it was asked.
            Msg::Offer(..) => return false,
            Msg::Take(at) => self.take(at),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let view = ctx.props().view.as_ref();
        let running = view.is_some_and(|view| view.running.is_some());
        let hint =
            if view.is_some_and(|view| view.reads_input) { "type a line for this program, then Enter" } else { "" };
        let oninput = link.callback(|event: InputEvent| {
            Msg::Text(event.target_unchecked_into::<web_sys::HtmlInputElement>().value())
        });
        let onkeydown = link.batch_callback(|event: KeyboardEvent| {
            let ours = matches!(event.key().as_str(), "Enter" | "ArrowUp" | "ArrowDown" | "Tab" | "Escape")
                || event.ctrl_key();
            // Shift and Tab lead out again, as everywhere.
            (ours && !event.shift_key()).then_some(Msg::Key(event))
        });
        let onpaste = link.batch_callback(|event: Event| {
            let text = pasted(&event)?;
            // One line is left to the browser: it knows the cursor.
            text.trim_end_matches('\n').contains('\n').then(|| {
                event.prevent_default();
                Msg::Pasted(text)
            })
        });
        html! {
            <>
                if self.found.is_some() { {el("b", "ps", "reverse-i-search:")} }
                else if !running { <b class="ps" aria-hidden="true">{"$"}</b> }
                <input class="line" ref={self.field.clone()} value={self.text.clone()} placeholder={hint} {oninput} {onkeydown} {onpaste}
                    autocomplete="off" autocapitalize="off" spellcheck="false" aria-label={format!("Terminal {}", ctx.props().terminal)}
                    role="combobox" aria-expanded={(!self.offer.items.is_empty()).to_string()} aria-controls="completions"/>
                if let Some(line) = self.line_found() { <code class="clip" role="status">{line}</code> }
                {self.list(ctx)}
            </>
        }
    }
}

impl Input {
    fn list(&self, ctx: &Context<Self>) -> Html {
        if self.offer.items.is_empty() {
            return html! {};
        }
        let row = |(at, item): (usize, &Completion)| {
            let on = at == self.offer.at;
            let onmousedown = ctx.link().callback(move |event: MouseEvent| {
                event.prevent_default();
                Msg::Take(at)
            });
            html! { <li role="option" aria-selected={on.to_string()} class={classes!(on.then_some("on"))} {onmousedown}>{el("b", "", item.text.clone())}{el("span", "", item.reason.clone())}</li> }
        };
        html! { <><i/><ul class="comp" id="completions" role="listbox" aria-label="Completions">{for self.offer.items.iter().enumerate().map(row)}</ul></> }
    }

    fn on_key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let (handle, terminal) = (&ctx.props().handle, ctx.props().terminal.clone());
        let offering = !self.offer.items.is_empty();
        match (event.key().as_str(), event.ctrl_key()) {
            ("c", true) if !selects() => {
                event.prevent_default();
                self.text.clear();
                self.found = None;
                handle.signal(&terminal, Command::Interrupt { terminal: terminal.clone() });
            }
            ("d", true) if self.text.is_empty() => {
                event.prevent_default();
                handle.signal(&terminal, Command::EndOfInput { terminal: terminal.clone() });
            }
            ("r", true) => {
                event.prevent_default();
                let before = self.found.unwrap_or_else(|| {
                    self.kept = std::mem::take(&mut self.text);
                    self.history.len()
                });
                self.look_back(before);
            }
            (_, true) => return false,
            ("Enter" | "Tab" | "Escape", _) if self.found.is_some() => {
                event.prevent_default();
                // Esc closes the search and not the terminal.
                event.stop_propagation();
                let (key, line) = (event.key(), self.line_found().cloned());
                self.found = None;
                self.text = line.filter(|_| key != "Escape").unwrap_or_else(|| self.kept.clone());
                if key == "Enter" {
                    self.enter(ctx);
                }
            }
            ("Enter", _) if offering => self.take(self.offer.at),
            ("Enter", _) => self.enter(ctx),
            ("Tab", _) => {
                event.prevent_default();
                if offering { self.take(self.offer.at) } else { self.complete(ctx) }
            }
            ("Escape", _) if offering => {
                event.stop_propagation();
                self.offer = Offer::default();
            }
            ("ArrowUp" | "ArrowDown", _) => {
                event.prevent_default();
                self.walk(event.key() == "ArrowUp");
            }
            _ => return false,
        }
        true
    }

    fn enter(&mut self, ctx: &Context<Self>) {
        let line = std::mem::take(&mut self.text);
        self.send(ctx, &line);
    }

    fn send(&mut self, ctx: &Context<Self>, line: &str) {
        if !line.trim().is_empty() && self.history.last().map(String::as_str) != Some(line) {
            self.history.push(line.to_owned());
            storage::keep_history(&self.history);
        }
        self.at = self.history.len();
        self.offer = Offer::default();
        let (handle, terminal) = (&ctx.props().handle, &ctx.props().terminal);
        let at_prompt = ctx.props().view.as_ref().is_none_or(|view| view.running.is_none());
        match super::fault::parse(line).filter(|_| at_prompt) {
            Some(fault) => handle.fault(fault),
            None => handle.type_line(terminal, line),
        }
    }

    /// Whole lines are entered one after the other; a rest without its newline stays to be typed on.
    fn on_paste(&mut self, ctx: &Context<Self>, text: &str) {
        let text = format!("{}{}", self.text, text.replace("\r\n", "\n"));
        self.text.clear();
        let mut parts: Vec<&str> = text.split('\n').collect();
        let rest = parts.pop().unwrap_or_default();
        for line in parts {
            self.send(ctx, line);
        }
        self.text = rest.to_owned();
    }

    /// The newest line before a place that has in it what is typed; what was found stays if there is none.
    fn look_back(&mut self, before: usize) {
        let older = self.history[..before].iter().rposition(|line| line.contains(&self.text));
        self.found = Some(older.or(self.found).unwrap_or(self.history.len()));
    }

    fn line_found(&self) -> Option<&String> {
        self.history.get(self.found?)
    }

    /// Up and down: through the offer if there is one, else through the history.
    fn walk(&mut self, up: bool) {
        let count = self.offer.items.len();
        if count > 0 {
            self.offer.at = (self.offer.at + if up { count - 1 } else { 1 }) % count;
            return;
        }
        if self.at == self.history.len() {
            self.kept = self.text.clone();
        }
        self.at = if up { self.at.saturating_sub(1) } else { (self.at + 1).min(self.history.len()) };
        self.text = self.history.get(self.at).cloned().unwrap_or_else(|| self.kept.clone());
    }

    fn complete(&self, ctx: &Context<Self>) {
        let field = self.field.cast::<web_sys::HtmlInputElement>();
        let units = field.and_then(|field| field.selection_start().ok().flatten()).unwrap_or(u32::MAX);
        let cursor = bytes_before(&self.text, units);
        let (line, link) = (self.text.clone(), ctx.link().clone());
        let command =
            Command::Complete { terminal: ctx.props().terminal.clone(), line: line.clone(), cursor: cursor as u32 };
        ctx.props().handle.ask(command, move |reply| {
            if let Answer::Completions { from, items } = &reply.answer {
                let offer = Offer { from: *from as usize, items: items.clone(), at: 0 };
                link.send_message(Msg::Offer(line.clone(), offer));
            }
        });
    }

    /// A single completion is taken at once.
    fn on_offer(&mut self, offer: Offer) {
        self.offer = offer;
        if self.offer.items.len() == 1 {
            self.take(0);
        }
    }

    fn take(&mut self, at: usize) {
        let offer = std::mem::take(&mut self.offer);
        if let Some(item) = offer.items.get(at)
            && self.text.is_char_boundary(offer.from.min(self.text.len()))
        {
            self.text.truncate(offer.from);
            self.text.push_str(&item.text);
            if !item.text.ends_with(['/', '=', ',', ':']) {
                self.text.push(' ');
            }
        }
    }
}

/// The browser counts a cursor in UTF-16 units, the engine in bytes.
fn bytes_before(text: &str, units: u32) -> usize {
    let mut seen = 0;
    for (at, c) in text.char_indices() {
        if seen >= units {
            return at;
        }
        seen += c.len_utf16() as u32;
    }
    text.len()
}

/// Ctrl-C copies while something is selected.
fn selects() -> bool {
    gloo_utils::window().get_selection().ok().flatten().is_some_and(|range| !range.is_collapsed())
}

fn pasted(event: &Event) -> Option<String> {
    let event = wasm_bindgen::JsCast::dyn_ref::<web_sys::ClipboardEvent>(event)?;
    event.clipboard_data()?.get_data("text").ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_cursor_in_utf16_becomes_one_in_bytes() {
        assert_eq!(super::bytes_before("añ𝄞b", 4), 7);
        assert_eq!(super::bytes_before("abc", 99), 3);
    }
}
