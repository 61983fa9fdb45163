//! Lines of a `.kafka` script, as lessons use them: `$ command`, `t2$ command`, `t2< text`, `t2^C`, `! kill b1`, `! wait 5s`.

use crate::model::Cluster;
use crate::vocabulary;

/// Virtual time that one `! wait` may let pass.
const WAIT_MAX_US: u64 = 3_600_000_000;

/// One thing that a script does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A command line typed into a terminal at its prompt.
    Command {
        terminal: String,
        line: String,
    },
    /// Text typed into the program that runs there, with Enter.
    Text {
        terminal: String,
        text: String,
    },
    Interrupt {
        terminal: String,
    },
    EndOfInput {
        terminal: String,
    },
    /// `kill`, `stop`, `start`, `pause`, `resume`, `wipe` of a server or a terminal's program.
    Fault {
        verb: String,
        target: String,
    },
    Config {
        target: String,
        key: String,
        value: String,
    },
    Wait {
        us: u64,
    },
}

/// The line of a script, or why it is none. Answers (`| ...`, `[exit 1]`), notes and empty lines are `Ok(None)`.
pub fn line(text: &str) -> Result<Option<Line>, String> {
    let text = text.trim_end();
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    if let Some(rest) = text.strip_prefix("! ") {
        return act(rest).map(Some);
    }
    let digits = text
        .strip_prefix('t')
        .map_or(0, |rest| rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len());
    let (terminal, rest) = if digits > 0 { text.split_at(1 + digits) } else { ("t1", text) };
    let terminal = terminal.to_string();
    let after = |mark: &str| rest.strip_prefix(mark).map(|words| words.strip_prefix(' ').unwrap_or(words).to_string());
    if rest.starts_with('|') || rest.starts_with("[exit ") {
        return Ok(None);
    }
    if let Some(line) = after("$") {
        return Ok(Some(Line::Command { terminal, line }));
    }
    if let Some(text) = after("<") {
        return Ok(Some(Line::Text { terminal, text }));
    }
    match rest {
        "^C" => Ok(Some(Line::Interrupt { terminal })),
        "^D" => Ok(Some(Line::EndOfInput { terminal })),
        _ => Err(format!("not a script line: {text}")),
    }
}

/// Whether the terminals and servers of a line are those of a lesson on this cluster.
pub fn check(line: &Line, cluster: &Cluster) -> Result<(), String> {
    match line {
        Line::Command { terminal, .. }
        | Line::Text { terminal, .. }
        | Line::Interrupt { terminal }
        | Line::EndOfInput { terminal } => {
            if vocabulary::is_terminal(terminal) {
                return Ok(());
            }
            Err(format!("`{terminal}` is no terminal; they are t1 to t8"))
        }
        Line::Fault { target, .. } | Line::Config { target, .. } => {
            if vocabulary::is_server(target, cluster) || vocabulary::is_terminal(target) {
                return Ok(());
            }
            let (brokers, controllers) = (cluster.brokers, cluster.controllers);
            Err(format!("there is no `{target}`: the cluster has {brokers} brokers and {controllers} controllers"))
        }
        Line::Wait { us } if *us > WAIT_MAX_US => Err(format!("a wait takes {} s at most", WAIT_MAX_US / 1_000_000)),
        Line::Wait { .. } => Ok(()),
    }
}

/// True for lines that change nothing but the clock: leaving one out need not make a solution fail.
pub fn only_waits(line: &Line) -> bool {
    matches!(line, Line::Wait { .. })
}

fn act(text: &str) -> Result<Line, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["wait", span] => {
            let us = micros(span).ok_or_else(|| format!("`{span}` is no span of time; write 500ms, 12s or 2m"))?;
            Ok(Line::Wait { us })
        }
        [verb @ ("kill" | "stop" | "start" | "pause" | "resume" | "wipe"), target] => {
            Ok(Line::Fault { verb: verb.to_string(), target: target.to_string() })
        }
        ["config", target, setting] => {
            let Some((key, value)) = setting.split_once('=') else {
                return Err(format!("`{setting}` is not KEY=VALUE"));
            };
            Ok(Line::Config { target: target.to_string(), key: key.to_string(), value: value.to_string() })
        }
        _ => Err(format!("not an act of a script: ! {text}")),
    }
}

/// `500ms`, `12s` or `2m` in microseconds.
pub(crate) fn micros(span: &str) -> Option<u64> {
    let (number, factor) = if let Some(number) = span.strip_suffix("ms") {
        (number, 1_000)
    } else if let Some(number) = span.strip_suffix('s') {
        (number, 1_000_000)
    } else {
        (span.strip_suffix('m')?, 60_000_000)
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}
