//! Markdown prose as the app's blocks: paragraphs, lists, quotes; strong, emphasis, code, links. Raw HTML is shown as
//! text, and a link may lead to https, mailto or a place of this page.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use wire::lesson::{Block, Span};

/// Blocks of a piece of Markdown without headings and fences.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut builder = Builder::default();
    for event in Parser::new_ext(text, Options::empty()) {
        builder.event(event);
    }
    builder.finish()
}

/// One paragraph's spans: for questions, options, hints and goals.
pub fn spans(text: &str) -> Vec<Span> {
    let mut all = Vec::new();
    for block in blocks(text) {
        if !all.is_empty() {
            all.push(Span::Text(" ".to_string()));
        }
        match block {
            Block::Paragraph(spans) | Block::Quote(spans) => all.extend(spans),
            Block::List(items) => all.extend(items.into_iter().flatten()),
            Block::Console { lines, .. } => all.extend(lines.into_iter().map(|line| Span::Code(line.text))),
        }
    }
    all
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Strong,
    Emphasis,
}

#[derive(Default)]
struct Builder {
    blocks: Vec<Block>,
    spans: Vec<Span>,
    items: Option<Vec<Vec<Span>>>,
    in_quote: bool,
    styles: Vec<Style>,
    /// Target and text of the link that is open.
    link: Option<(String, String)>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(code) => self.push(Span::Code(code.to_string())),
            Event::SoftBreak | Event::HardBreak => self.text(" "),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Strong => self.styles.push(Style::Strong),
            Tag::Emphasis => self.styles.push(Style::Emphasis),
            Tag::Link { dest_url, .. } => self.link = Some((dest_url.to_string(), String::new())),
            Tag::List(_) => self.items = Some(Vec::new()),
            Tag::BlockQuote(_) => self.in_quote = true,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong | TagEnd::Emphasis => {
                self.styles.pop();
            }
            TagEnd::Link => {
                if let Some((href, text)) = self.link.take() {
                    let allowed = ["https://", "mailto:", "#"].iter().any(|scheme| href.starts_with(scheme));
                    self.push(if allowed { Span::Link { text, href } } else { Span::Text(text) });
                }
            }
            TagEnd::Item => {
                let item = std::mem::take(&mut self.spans);
                self.items.get_or_insert_default().push(item);
            }
            TagEnd::List(_) => {
                let items = self.items.take().unwrap_or_default();
                self.blocks.push(Block::List(items));
            }
            TagEnd::Paragraph if self.items.is_none() => self.close_paragraph(),
            TagEnd::BlockQuote(_) => {
                self.close_paragraph();
                self.in_quote = false;
            }
            _ => {}
        }
    }

    fn close_paragraph(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        if !spans.is_empty() {
            self.blocks.push(if self.in_quote { Block::Quote(spans) } else { Block::Paragraph(spans) });
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, inner)) = &mut self.link {
            inner.push_str(text);
            return;
        }
        match (self.styles.last(), self.spans.last_mut()) {
            (Some(Style::Strong), Some(Span::Strong(last))) | (Some(Style::Emphasis), Some(Span::Emphasis(last))) => {
                last.push_str(text);
            }
            (Some(Style::Strong), _) => self.spans.push(Span::Strong(text.to_string())),
            (Some(Style::Emphasis), _) => self.spans.push(Span::Emphasis(text.to_string())),
            (_, Some(Span::Text(last))) => last.push_str(text),
            _ => self.spans.push(Span::Text(text.to_string())),
        }
    }

    fn push(&mut self, span: Span) {
        match (&mut self.link, span) {
            (Some((_, inner)), Span::Code(code)) => inner.push_str(&code),
            (_, span) => self.spans.push(span),
        }
    }

    fn finish(mut self) -> Vec<Block> {
        self.close_paragraph();
        self.blocks
    }
}
