//! What a terminal shows: finished lines and the line that is still open (the producer's `>`).

use std::sync::Arc;

use base::limits::SCROLLBACK_MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// A command line at the shell's prompt.
    Command,
    /// Text typed into a running program, after what stood on the line.
    Typed,
    Output,
    /// `[exit 1]`: how a command ended that did not end well.
    Exit,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    pub kind: LineKind,
    pub text: Arc<str>,
}

/// The scrollback of one terminal. Lines keep their number when the oldest are dropped.
#[derive(Clone, Debug, Default, Hash)]
pub struct Screen {
    lines: Vec<Line>,
    dropped: u32,
    open: String,
}

impl Screen {
    /// Output as it came, newlines included.
    pub fn write(&mut self, text: &str) {
        let mut rest = text;
        while let Some(end) = rest.find('\n') {
            self.open.push_str(&rest[..end]);
            let line = std::mem::take(&mut self.open);
            self.push(LineKind::Output, &line);
            rest = &rest[end + 1..];
        }
        self.open.push_str(rest);
    }

    pub fn command(&mut self, line: &str) {
        self.end_line();
        self.push(LineKind::Command, line);
    }

    /// What a person typed into a program, shown after the program's own prompt.
    pub fn typed(&mut self, text: &str) {
        let line = format!("{}{text}", std::mem::take(&mut self.open));
        self.push(LineKind::Typed, &line);
    }

    pub fn exit(&mut self, status: i32) {
        self.end_line();
        if status != 0 {
            self.push(LineKind::Exit, &format!("[exit {status}]"));
        }
    }

    pub fn clear(&mut self) {
        self.dropped += self.lines.len() as u32;
        self.lines.clear();
        self.open.clear();
    }

    pub fn open_line(&self) -> &str {
        &self.open
    }

    /// Lines with their numbers, counted from the first ever shown.
    pub fn lines(&self) -> impl Iterator<Item = (u32, &Line)> {
        self.lines.iter().enumerate().map(|(i, line)| (self.dropped + i as u32, line))
    }

    fn end_line(&mut self) {
        if !self.open.is_empty() {
            let line = std::mem::take(&mut self.open);
            self.push(LineKind::Output, &line);
        }
    }

    fn push(&mut self, kind: LineKind, text: &str) {
        self.lines.push(Line { kind, text: Arc::from(text) });
        if self.lines.len() > SCROLLBACK_MAX {
            let surplus = self.lines.len() - SCROLLBACK_MAX;
            self.lines.drain(..surplus);
            self.dropped += surplus as u32;
        }
    }
}
