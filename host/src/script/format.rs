//! Reading a script. Answers (lines with `|` and `[exit N]`) are skipped: they are what playing it writes again.

/// The cluster that a script is played on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// True for KRaft, false for ZooKeeper.
    pub kraft: bool,
    /// `2.3`, `3.9` or `4.3`.
    pub version: String,
    /// b1, b2, ... with node ids 1, 2, ...
    pub brokers: u32,
    /// KRaft controllers c1, ... with node ids 101, ...; 0: the first brokers are controllers too.
    pub controllers: u32,
    /// zk1, ...
    pub zookeepers: u32,
    /// Distributed Connect workers w1, ...
    pub connect: u32,
    /// Folders of connector plugins.
    pub plugins: Vec<String>,
    /// Whether every server answers JMX.
    pub jmx: bool,
    /// Server properties in the order of the file.
    pub config: Vec<ConfigLine>,
}

/// A server property of the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigLine {
    /// A node, `w` or `zk` for all of a kind, or empty for every broker.
    pub target: String,
    /// Kafka's name of the key.
    pub key: String,
    /// Its value, as it stands in the file.
    pub value: String,
}

impl Default for Header {
    fn default() -> Header {
        Header {
            kraft: true,
            version: "4.3".to_owned(),
            brokers: 1,
            controllers: 1,
            zookeepers: 1,
            connect: 0,
            plugins: Vec::new(),
            jmx: false,
            config: Vec::new(),
        }
    }
}

/// One line that is not an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The line as it stands in the file; a transcript repeats it.
    pub line: String,
    /// What it asks for.
    pub action: Action,
}

/// What a line of a script asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A comment or an empty line.
    Note,
    /// `$ line`: a command in a terminal.
    Command { terminal: String, text: String },
    /// `< text`: typed, with Enter.
    Type { terminal: String, text: String },
    /// `^C`.
    Interrupt { terminal: String },
    /// `^D`.
    EndOfInput { terminal: String },
    /// `! words`: a fault, a wait or an edit.
    Do { words: Vec<String> },
}

impl Action {
    /// The terminal that the line speaks to.
    pub fn terminal(&self) -> Option<&str> {
        match self {
            Action::Note | Action::Do { .. } => None,
            Action::Command { terminal, .. }
            | Action::Type { terminal, .. }
            | Action::Interrupt { terminal }
            | Action::EndOfInput { terminal } => Some(terminal),
        }
    }
}

/// A script without its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Everything above the line `---`, letter for letter.
    pub head: String,
    /// What the head says.
    pub header: Header,
    /// The lines below it.
    pub steps: Vec<Step>,
}

impl Script {
    /// Whether the command of a step is left running: the next line of its terminal types into it or interrupts it, or a
    /// line in between does something to the program in that terminal.
    pub fn is_held_open(&self, index: usize) -> bool {
        let Some(terminal) = self.steps[index].action.terminal() else { return false };
        for step in &self.steps[index + 1..] {
            match &step.action {
                Action::Do { words } if words.iter().skip(1).any(|word| word == terminal) => return true,
                action if action.terminal() == Some(terminal) => return !matches!(action, Action::Command { .. }),
                _ => {}
            }
        }
        false
    }
}

/// Reads a script; an error names the line that is none.
pub fn parse(text: &str) -> Result<Script, String> {
    let (head, body) = text.split_once("\n---\n").ok_or("a script begins with its header and a line ---")?;
    let header = parse_header(head)?;
    let mut steps = Vec::new();
    for (index, line) in body.lines().enumerate() {
        if is_answer(line) {
            continue;
        }
        let number = head.lines().count() + index + 2;
        let action = parse_line(line).ok_or_else(|| format!("line {number} is not a line of a script: {line}"))?;
        steps.push(Step { line: line.to_owned(), action });
    }
    while steps.last().is_some_and(|step| step.line.trim().is_empty()) {
        steps.pop();
    }
    Ok(Script { head: head.to_owned(), header, steps })
}

/// `tN` at the start of a line, if it is there, and the rest.
pub(crate) fn split_terminal(line: &str) -> (Option<&str>, &str) {
    let digits = line.strip_prefix('t').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if digits == 0 { (None, line) } else { (Some(&line[..=digits]), &line[digits + 1..]) }
}

/// Whether the line is part of an answer: `t2| text` or `t2[exit 1]`.
pub fn is_answer(line: &str) -> bool {
    let rest = split_terminal(line).1;
    let exit = rest.strip_prefix("[exit ").and_then(|rest| rest.strip_suffix(']'));
    rest.starts_with('|') || exit.is_some_and(|code| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit()))
}

fn parse_line(line: &str) -> Option<Action> {
    if line.trim().is_empty() || line.starts_with('#') {
        return Some(Action::Note);
    }
    if let Some(rest) = line.strip_prefix("! ") {
        return Some(Action::Do { words: rest.split_whitespace().map(str::to_owned).collect() });
    }
    let (terminal, rest) = split_terminal(line);
    let terminal = terminal.unwrap_or("t1").to_owned();
    let (mark, text) = match rest.split_once(' ') {
        Some((mark, text)) => (mark, text.to_owned()),
        None => (rest, String::new()),
    };
    match mark {
        "$" => Some(Action::Command { terminal, text }),
        "<" => Some(Action::Type { terminal, text }),
        "^C" => Some(Action::Interrupt { terminal }),
        "^D" => Some(Action::EndOfInput { terminal }),
        _ => None,
    }
}

fn parse_header(head: &str) -> Result<Header, String> {
    let mut header = Header::default();
    for line in head.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let unknown = || format!("unknown header line: {line}");
        let (key, value) = line.split_once(':').ok_or_else(unknown)?;
        let (key, value) = (key.trim(), value.trim());
        let count = || value.parse::<u32>().map_err(|_| format!("a number belongs here: {line}"));
        match key {
            "cluster" => {
                header.kraft = match value {
                    "kraft" => true,
                    "zookeeper" => false,
                    _ => return Err(format!("a cluster is kraft or zookeeper: {line}")),
                }
            }
            "version" => header.version = value.to_owned(),
            "brokers" => header.brokers = count()?,
            "controllers" => header.controllers = count()?,
            "zookeepers" => header.zookeepers = count()?,
            "connect" => header.connect = count()?,
            "plugins" => header.plugins = value.split_whitespace().map(str::to_owned).collect(),
            "jmx" => header.jmx = value == "yes",
            _ => {
                let target = match key.split_once(' ') {
                    None if key == "config" => "",
                    Some(("config", target)) => target.trim(),
                    _ => return Err(unknown()),
                };
                let (key, value) = value.split_once('=').unwrap_or((value, ""));
                let (target, key, value) = (target.to_owned(), key.trim().to_owned(), value.trim().to_owned());
                header.config.push(ConfigLine { target, key, value });
            }
        }
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "# why\ncluster: kraft\nbrokers: 2\nconfig: a.b=c=d\nconfig b2: e=1\n---\n# note\n$ ls\n| x\nt2$ cat\nt2< hi there\nt2| hi there\n\
        t2^D\nt12[exit 3]\n! wait 2s\n\n";

    #[test]
    fn a_script_is_its_lines_without_the_answers() {
        let script = parse(SCRIPT).unwrap();
        assert_eq!((script.header.brokers, script.header.version.as_str()), (2, "4.3"));
        let config: Vec<_> =
            script.header.config.iter().map(|c| (c.target.as_str(), c.key.as_str(), c.value.as_str())).collect();
        assert_eq!(config, [("", "a.b", "c=d"), ("b2", "e", "1")]);
        let lines: Vec<_> = script.steps.iter().map(|step| step.line.as_str()).collect();
        assert_eq!(lines, ["# note", "$ ls", "t2$ cat", "t2< hi there", "t2^D", "! wait 2s"]);
    }

    #[test]
    fn a_command_that_is_typed_into_is_left_running() {
        let script = parse(SCRIPT).unwrap();
        assert!(script.is_held_open(2), "t2 is typed into");
        assert!(!script.is_held_open(1), "t1 is not");
        let script = parse("brokers: 1\n---\nt2$ cat\n! kill t2\n").unwrap();
        assert!(script.is_held_open(0), "the program in t2 is killed");
    }

    #[test]
    fn what_is_no_script_is_named() {
        assert!(parse("no header").unwrap_err().contains("---"));
        assert_eq!(parse("brokers: many\n---\n").unwrap_err(), "a number belongs here: brokers: many");
        assert_eq!(
            parse("brokers: 1\n---\n$ ls\nwhat is this\n").unwrap_err(),
            "line 4 is not a line of a script: what is this"
        );
        assert_eq!(parse("colour: red\n---\n").unwrap_err(), "unknown header line: colour: red");
    }
}
