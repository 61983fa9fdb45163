//! The fenced blocks that do things, read into a step.

use wire::lesson::{Block, ConsoleLine};

use crate::expr::Expr;
use crate::model::{Check, Clause, Cluster, Predict, PredictOption, Step, WrongPath};
use crate::parse::Mistake;
use crate::prose;
use crate::script::{self, Line};
use crate::vocabulary;

/// Virtual time that Check may let pass at most: longer than any timeout of Kafka's that a lesson waits for.
const WITHIN_MAX_US: u64 = 180_000_000;

/// A fenced block: its info string, its lines, and the number of the first of them.
pub struct Fence<'a> {
    pub info: &'a str,
    pub lines: &'a [&'a str],
    pub first_line: u32,
    /// What script lines can be done to.
    pub cluster: &'a Cluster,
}

/// Adds a block to its step. Blocks that do nothing known are a mistake, named with its line.
pub fn read(fence: &Fence<'_>, step: &mut Step, setup: &mut Vec<Line>, mistakes: &mut Vec<Mistake>) {
    let mut words = fence.info.split_whitespace();
    let kind = words.next().unwrap_or("");
    let text = fence.lines.join("\n");
    match kind {
        "console" => step.blocks.push(console(words.next().unwrap_or("t1"), fence, mistakes)),
        "predict" => step.predict = predict(fence, mistakes),
        "do" => step.goal = Some(prose::spans(&text)),
        "check" => step.check = Some(check(fence, mistakes)),
        "hint" => step.hints.push(prose::spans(&text)),
        "solution" => step.solution.extend(script_lines(fence, 0, mistakes)),
        "setup" => setup.extend(script_lines(fence, 0, mistakes)),
        "wrong" => step.wrong_paths.extend(wrong_path(fence, mistakes)),
        "focus" => focus(fence, step, mistakes),
        other => mistakes.push(Mistake::new(
            fence.first_line.saturating_sub(1),
            format!(
                "`{other}` is no block of a lesson: console, predict, do, check, hint, solution, setup, wrong, focus"
            ),
        )),
    }
}

/// `$ command`, `< text typed into it`, and `| what is shown`.
fn console(terminal: &str, fence: &Fence<'_>, mistakes: &mut Vec<Mistake>) -> Block {
    let (mut lines, mut output) = (Vec::new(), Vec::new());
    if !vocabulary::is_terminal(terminal) {
        mistakes.push(Mistake::new(fence.first_line - 1, format!("`{terminal}` is no terminal; they are t1 to t8")));
    }
    for (i, text) in fence.lines.iter().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        if let Some(line) = text.strip_prefix("$ ") {
            lines.push(ConsoleLine { text: line.to_string(), input: false });
        } else if let Some(line) = text.strip_prefix("< ") {
            lines.push(ConsoleLine { text: line.to_string(), input: true });
        } else if let Some(shown) = text.strip_prefix('|') {
            output.push(shown.strip_prefix(' ').unwrap_or(shown).to_string());
        } else {
            let words = "a console block has `$ command`, `< typed text` and `| shown` lines";
            mistakes.push(Mistake::new(fence.first_line + i as u32, words));
        }
    }
    Block::Console { terminal: terminal.to_string(), lines, output }
}

fn script_lines(fence: &Fence<'_>, skip: usize, mistakes: &mut Vec<Mistake>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (i, text) in fence.lines.iter().enumerate().skip(skip).filter(|(_, text)| !text.starts_with("says:")) {
        let read = script::line(text).and_then(|line| {
            line.as_ref().map_or(Ok(()), |line| script::check(line, fence.cluster))?;
            Ok(line)
        });
        match read {
            Ok(line) => lines.extend(line),
            Err(words) => mistakes.push(Mistake::new(fence.first_line + i as u32, words)),
        }
    }
    lines
}

/// `question:`, `option: text :: why :: clause`, `future:` and script lines.
fn predict(fence: &Fence<'_>, mistakes: &mut Vec<Mistake>) -> Option<Predict> {
    let mut question = String::new();
    let mut options = Vec::new();
    let mut future = Vec::new();
    for (i, line) in fence.lines.iter().enumerate() {
        let number = fence.first_line + i as u32;
        if let Some(text) = line.strip_prefix("question:") {
            question = text.trim().to_string();
        } else if let Some(text) = line.strip_prefix("option:") {
            match option(text, number) {
                Ok(option) => options.push(option),
                Err(words) => mistakes.push(Mistake::new(number, words)),
            }
        } else if line.trim() == "future:" {
            future = script_lines(fence, i + 1, mistakes);
            break;
        } else if !line.trim().is_empty() {
            mistakes.push(Mistake::new(number, "a predict block has `question:`, `option:` and `future:` lines"));
        }
    }
    if question.is_empty() || options.len() < 2 || future.is_empty() {
        mistakes.push(Mistake::new(
            fence.first_line,
            "a prediction needs a question, two options or more, and a future to run",
        ));
        return None;
    }
    Some(Predict { question: prose::spans(&question), options, future })
}

fn option(text: &str, line: u32) -> Result<PredictOption, String> {
    let parts: Vec<&str> = text.split(" :: ").map(str::trim).collect();
    let [text, why, when] = parts.as_slice() else {
        return Err("an option is `option: text :: why :: clause that holds if it comes true`".to_string());
    };
    Ok(PredictOption { text: prose::spans(text), why: prose::spans(why), when: Expr::parse(when)?, line })
}

/// `clause :: words`, `wrong: clause :: words`, and `within: 20s` before the clauses that may take that long.
fn check(fence: &Fence<'_>, mistakes: &mut Vec<Mistake>) -> Check {
    let mut check = Check { clauses: Vec::new(), wrong: Vec::new(), within_us: 0 };
    for (i, line) in fence.lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = fence.first_line + i as u32;
        let result = if let Some(span) = line.strip_prefix("within:") {
            within(span.trim()).map(|us| check.within_us = us)
        } else if let Some(text) = line.strip_prefix("wrong:") {
            clause(text, false, number).map(|clause| check.wrong.push(clause))
        } else {
            clause(line, check.within_us > 0, number).map(|clause| check.clauses.push(clause))
        };
        if let Err(words) = result {
            mistakes.push(Mistake::new(number, words));
        }
    }
    if check.clauses.is_empty() {
        mistakes.push(Mistake::new(fence.first_line, "a check needs a clause"));
    }
    check
}

fn within(span: &str) -> Result<u64, String> {
    match script::micros(span) {
        Some(us) if us > 0 && us <= WITHIN_MAX_US => Ok(us),
        Some(_) => Err(format!("Check can wait for {} s at most, and not for nothing", WITHIN_MAX_US / 1_000_000)),
        None => Err(format!("`{span}` is no span of time; write 500ms, 12s or 2m")),
    }
}

fn clause(text: &str, waits: bool, line: u32) -> Result<Clause, String> {
    let Some((expr, words)) = text.split_once(" :: ") else {
        return Err("a clause is `expression :: words for the learner`".to_string());
    };
    Ok(Clause { expr: Expr::parse(expr)?, words: words.trim().to_string(), waits, line })
}

fn wrong_path(fence: &Fence<'_>, mistakes: &mut Vec<Mistake>) -> Option<WrongPath> {
    let says = fence.lines.iter().find_map(|line| line.strip_prefix("says:")).map(|text| text.trim().to_string());
    let Some(says) = says.filter(|says| !says.is_empty()) else {
        mistakes.push(Mistake::new(fence.first_line, "a wrong path ends with `says: the words that Check answers`"));
        return None;
    };
    Some(WrongPath { lines: script_lines(fence, 0, mistakes), says })
}

fn focus(fence: &Fence<'_>, step: &mut Step, mistakes: &mut Vec<Mistake>) {
    for (i, line) in fence.lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = match line.split_once(':').map(|(key, value)| (key.trim(), value.trim())) {
            Some(("partition", value)) => {
                step.focus = Some(value.to_string());
                vocabulary::partition(value).is_none().then(|| format!("`{value}` is no partition, such as orders-0"))
            }
            Some(("show", value)) => {
                step.show = value.split(',').map(|part| part.trim().to_string()).collect();
                let unknown = step.show.iter().find(|part| !vocabulary::PARTS.contains(&part.as_str()));
                unknown
                    .map(|part| format!("`{part}` is no part of the stage; there are {}", vocabulary::PARTS.join(", ")))
            }
            _ => Some("a focus block has `partition:` and `show:` lines".to_string()),
        };
        mistakes.extend(wrong.map(|words| Mistake::new(fence.first_line + i as u32, words)));
    }
}
