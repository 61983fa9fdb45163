//! Lines in, lines out: what all line-reading tools share.

use crate::process::Io;

use super::filters::Kind;

/// A tool that reads lines, from the files it was given or from standard input as it comes.
#[derive(Clone, Debug, Hash)]
pub struct Filter {
    pub(super) tool: &'static str,
    pub(super) kind: Kind,
    pub(super) files: Vec<String>,
    partial: String,
    failed: bool,
    /// Standard input, for a `-` among the files, as far as it has come.
    waiting: Option<String>,
    /// How many bytes longer what was read is as text.
    surplus: u64,
}

/// What a filter gives for a piece of input.
#[derive(Debug, Default)]
pub struct Out {
    pub text: String,
    pub errors: String,
    /// Set when the tool has seen enough (`head`), or at the end.
    pub done: Option<i32>,
}

impl Filter {
    pub(super) fn new(tool: &'static str, kind: Kind, files: Vec<String>) -> Filter {
        Filter { tool, kind, files, partial: String::new(), failed: false, waiting: None, surplus: 0 }
    }

    pub fn start(&mut self, io: &mut Io<'_, '_>) {
        if self.files.iter().any(|path| path == "-") {
            self.waiting = Some(String::new());
        } else if !self.files.is_empty() {
            self.read_files("", io);
        }
    }

    fn read_files(&mut self, standard_input: &str, io: &mut Io<'_, '_>) {
        let files = std::mem::take(&mut self.files);
        let several = files.len() > 1;
        for path in &files {
            let world = io.fx.surroundings();
            let contents = match path.as_str() {
                "-" => Ok(bytes::Bytes::copy_from_slice(standard_input.as_bytes())),
                path => io.files.read(world, path),
            };
            match contents {
                Ok(contents) => {
                    self.kind.next_file(path, several);
                    self.feed_bytes(&contents, io);
                    self.finish_line(io);
                    let mut out = Out::default();
                    self.kind.end_file(path, std::mem::take(&mut self.surplus), &mut out);
                    io.print(out.text);
                }
                Err(error) => {
                    let words = self.kind.no_file_words();
                    io.eprintln(format!("{}: {words}{path}: {}", self.tool, error.words()));
                    self.failed = true;
                }
            }
            if io.exit.is_some() {
                return;
            }
        }
        self.end(io);
    }

    /// A piece of input that may be no text.
    pub fn feed_bytes(&mut self, contents: &[u8], io: &mut Io<'_, '_>) {
        let text = String::from_utf8_lossy(contents).into_owned();
        self.feed(&text, io);
        self.surplus += (text.len() - contents.len().min(text.len())) as u64;
    }

    pub fn feed(&mut self, text: &str, io: &mut Io<'_, '_>) {
        if let Some(waiting) = &mut self.waiting {
            waiting.push_str(text);
            return;
        }
        self.partial.push_str(text);
        let mut out = Out::default();
        let partial = std::mem::take(&mut self.partial);
        let mut rest = partial.as_str();
        while out.done.is_none()
            && let Some(end) = rest.find('\n')
        {
            self.kind.line(&rest[..end], true, &mut out);
            rest = &rest[end + 1..];
        }
        self.partial = rest.to_string();
        io.print(out.text);
        if let Some(status) = out.done {
            io.exit(status);
        }
    }

    pub fn end(&mut self, io: &mut Io<'_, '_>) {
        if let Some(standard_input) = self.waiting.take() {
            return self.read_files(&standard_input, io);
        }
        self.finish_line(io);
        self.kind.surplus(self.surplus);
        let mut out = Out::default();
        self.kind.end(&mut out);
        io.print(out.text);
        if !out.errors.is_empty() {
            io.eprintln(out.errors.trim_end_matches('\n'));
        }
        let status = out.done.unwrap_or(0);
        io.exit(if self.failed { status.max(self.kind.failure_status()) } else { status });
    }

    /// A last line without its newline is a line too.
    fn finish_line(&mut self, io: &mut Io<'_, '_>) {
        if self.partial.is_empty() || io.exit.is_some() {
            return;
        }
        let mut out = Out::default();
        let line = std::mem::take(&mut self.partial);
        self.kind.line(&line, false, &mut out);
        io.print(out.text);
        if let Some(status) = out.done {
            io.exit(status);
        }
    }
}
