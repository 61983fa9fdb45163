//! The prose of a lesson as the app's blocks: paragraphs, lists, quotes; strong, emphasis, code, links. It is the part of
//! Markdown that a lesson's page can show (CommonMark has much more, at 40 KB compressed). HTML is shown as text, and a
//! link may lead to https, mailto or a place of this page.

use wire::lesson::{Block, Span};

/// Blocks of a piece of Markdown without headings and fences.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(Kind, Vec<String>)> = None;
    for line in text.lines() {
        let line = line.trim();
        let starts = start_of(line);
        let goes_on = match (&open, starts) {
            (Some((Kind::Quote, _)), Some((Kind::Quote, _))) => true,
            (Some((Kind::List, _)), Some((Kind::List, _))) => true,
            (Some(_), None) => !line.is_empty(),
            _ => false,
        };
        if !goes_on {
            blocks.extend(open.take().map(close));
        }
        match (&mut open, starts) {
            (Some((Kind::List, items)), Some((_, rest))) => items.push(rest.to_string()),
            (Some((_, parts)), starts) => add(parts, starts.map_or(line, |(_, rest)| rest)),
            (None, Some((kind, rest))) => open = Some((kind, vec![rest.to_string()])),
            (None, None) if line.is_empty() => {}
            (None, None) => open = Some((Kind::Paragraph, vec![line.to_string()])),
        }
    }
    blocks.extend(open.map(close));
    blocks
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
enum Kind {
    Paragraph,
    List,
    Quote,
}

/// What a line that begins a list's item or a quote begins, and what stands behind its mark.
fn start_of(line: &str) -> Option<(Kind, &str)> {
    if let Some(rest) = line.strip_prefix('>') {
        return Some((Kind::Quote, rest.trim_start()));
    }
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = if numbered.len() < line.len() {
        numbered.strip_prefix(". ").or_else(|| numbered.strip_prefix(") "))
    } else {
        ["- ", "* ", "+ "].into_iter().find_map(|mark| line.strip_prefix(mark))
    };
    rest.map(|rest| (Kind::List, rest.trim_start()))
}

/// A line goes on where the last one ended: a line break in the file is a blank on the page.
fn add(parts: &mut [String], line: &str) {
    if let Some(last) = parts.last_mut() {
        last.push(' ');
        last.push_str(line);
    }
}

fn close((kind, parts): (Kind, Vec<String>)) -> Block {
    match kind {
        Kind::List => Block::List(parts.iter().map(|item| inline(item)).collect()),
        Kind::Quote => Block::Quote(inline(&parts.concat())),
        Kind::Paragraph => Block::Paragraph(inline(&parts.concat())),
    }
}

/// The spans of a line of text. A mark without its partner is a character like others.
fn inline(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let before = plain.chars().next_back();
        if let Some((span, after)) = span_at(rest, before) {
            if !plain.is_empty() {
                spans.push(Span::Text(std::mem::take(&mut plain)));
            }
            spans.push(span);
            rest = after;
            continue;
        }
        rest = &rest[first.len_utf8()..];
        match rest.chars().next() {
            Some(mark) if first == '\\' && mark.is_ascii_punctuation() => {
                plain.push(mark);
                rest = &rest[1..];
            }
            _ => plain.push(first),
        }
    }
    if !plain.is_empty() {
        spans.push(Span::Text(plain));
    }
    spans
}

/// The span that begins where `text` does, and what follows it.
fn span_at(text: &str, before: Option<char>) -> Option<(Span, &str)> {
    if text.starts_with('`') {
        let ticks = text.len() - text.trim_start_matches('`').len();
        let (code, after) = text[ticks..].split_once(&text[..ticks])?;
        let padded = code.starts_with(' ') && code.ends_with(' ') && !code.trim().is_empty();
        let code = if padded { &code[1..code.len() - 1] } else { code };
        return Some((Span::Code(code.to_string()), after));
    }
    if let Some(rest) = text.strip_prefix("**") {
        return marked(rest, "**").map(|(inner, after)| (Span::Strong(inner), after));
    }
    if let Some(rest) = text.strip_prefix('*') {
        return marked(rest, "*").map(|(inner, after)| (Span::Emphasis(inner), after));
    }
    if let Some(rest) = text.strip_prefix('_') {
        // Within a word an underscore is one of its letters.
        let (inner, after) = marked(rest, "_")?;
        // Beyond ASCII all are letters but the dashes and quotes: to tell exactly takes tables.
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '\u{c0}'..='\u{1fff}' | '\u{2c00}'..);
        let within = |c: Option<char>| c.is_some_and(is_letter);
        return (!within(before) && !within(after.chars().next())).then_some((Span::Emphasis(inner), after));
    }
    let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (href, after) = rest.split_once(')')?;
    let label = words(&inline(label));
    let allowed = ["https://", "mailto:", "#"].iter().any(|scheme| href.starts_with(scheme));
    Some((if allowed { Span::Link { text: label, href: href.to_string() } } else { Span::Text(label) }, after))
}

/// The text up to the mark that closes it; a mark beside a blank neither opens nor closes.
fn marked<'a>(text: &'a str, mark: &str) -> Option<(String, &'a str)> {
    let (inner, after) = text.split_once(mark)?;
    let tight = !inner.is_empty() && !inner.starts_with(' ') && !inner.ends_with(' ');
    tight.then(|| (words(&inline(inner)), after))
}

/// Spans as the text alone.
fn words(spans: &[Span]) -> String {
    let text = |span: &Span| match span {
        Span::Text(text) | Span::Strong(text) | Span::Emphasis(text) | Span::Code(text) => text.clone(),
        Span::Link { text, .. } => text.clone(),
    };
    spans.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &str) -> Span {
        Span::Text(words.to_string())
    }

    #[test]
    fn paragraphs_lists_and_quotes() {
        let prose = "One\ntwo.\n\n- a\n- b goes\n  on\n\n1. c\n2. d\n\n> said\n> so\nafter";
        assert_eq!(
            blocks(prose),
            [
                Block::Paragraph(vec![text("One two.")]),
                Block::List(vec![vec![text("a")], vec![text("b goes on")]]),
                Block::List(vec![vec![text("c")], vec![text("d")]]),
                Block::Quote(vec![text("said so after")]),
            ]
        );
        assert_eq!(
            blocks("2026 is a year\n-3 is a number"),
            [Block::Paragraph(vec![text("2026 is a year -3 is a number")])]
        );
        assert_eq!(blocks("\n \n"), []);
    }

    #[test]
    fn marks_within_a_line() {
        let (strong, emphasis, code) =
            (Span::Strong("b".into()), Span::Emphasis("c".into()), Span::Code("d*e*".into()));
        let spaced = [text("a "), strong, text(" "), emphasis.clone(), text(" "), code];
        assert_eq!(inline("a **b** *c* `d*e*`"), spaced);
        assert_eq!(inline("_c_"), [emphasis]);
        assert_eq!(inline("my_own_topic, 2 * 3 * 4, `open, \\*so\\*"), [text("my_own_topic, 2 * 3 * 4, `open, *so*")]);
        assert_eq!(inline("`` a`b ``"), [Span::Code("a`b".into())]);
        assert_eq!(inline("__consumer_offsets"), [text("__consumer_offsets")]);
    }

    #[test]
    fn links_lead_to_https_mail_and_this_page() {
        let link = |href: &str| Span::Link { text: "the docs".into(), href: href.into() };
        assert_eq!(inline("[the docs](https://kafka.apache.org)"), [link("https://kafka.apache.org")]);
        assert_eq!(inline("[the `docs`](#why)"), [link("#why")]);
        assert_eq!(inline("[x](javascript:alert)<b>"), [text("x"), text("<b>")]);
    }
}
