//! Indented source text.

/// Lines of Rust, indented as they are added so that the generated files can be read.
#[derive(Default)]
pub struct Source {
    text: String,
    depth: usize,
}

impl Source {
    pub fn line(&mut self, line: &str) {
        for _ in 0..self.depth {
            self.text.push_str("    ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A line that opens a block.
    pub fn open(&mut self, line: &str) {
        self.line(line);
        self.depth += 1;
    }

    /// A line that closes a block.
    pub fn close(&mut self, line: &str) {
        self.depth -= 1;
        self.line(line);
    }

    /// A line between two blocks, such as `} else {`.
    pub fn turn(&mut self, line: &str) {
        self.close(line);
        self.depth += 1;
    }

    /// Kafka's description of a field or API as a doc comment.
    pub fn doc(&mut self, about: &str) {
        // Angle brackets and square brackets would be markup to rustdoc.
        let about = about.replace('[', "(").replace(']', ")").replace('<', "(").replace('>', ")");
        for line in about.lines().map(str::trim).filter(|line| !line.is_empty()) {
            self.line(&format!("/// {line}"));
        }
    }

    pub fn finish(self) -> String {
        self.text
    }
}
