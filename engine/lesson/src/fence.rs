//! The fenced blocks that do things, read into a step.

use wire::lesson::Block;

use crate::expr::Expr;
use crate::model::{Check, Clause, Predict, PredictOption, Step, WrongPath};
use crate::parse::Mistake;
use crate::prose;
use crate::script::{self, Line};

/// Virtual time that Check waits for its clauses, unless the block says `within:`.
const WITHIN_DEFAULT_US: u64 = 0;

/// A fenced block: its info string, its lines, and the number of the first of them.
pub struct Fence<'a> {
    pub info: &'a str,
    pub lines: &'a [&'a str],
    pub first_line: u32,
}

/// Adds a block to its step. Blocks that do nothing known are a mistake, named with its line.
pub fn read(fence: &Fence<'_>, step: &mut Step, setup: &mut Vec<Line>, mistakes: &mut Vec<Mistake>) {
    let mut words = fence.info.split_whitespace();
    let kind = words.next().unwrap_or("");
    let text = fence.lines.join("\n");
    match kind {
        "console" => step.blocks.push(console(words.next().unwrap_or("t1"), fence)),
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

fn console(terminal: &str, fence: &Fence<'_>) -> Block {
    let lines = fence.lines.iter().filter_map(|line| line.strip_prefix("$ ")).map(str::to_string).collect();
    let output = fence
        .lines
        .iter()
        .filter_map(|line| line.strip_prefix('|'))
        .map(|line| line.trim_start().to_string())
        .collect();
    Block::Console { terminal: terminal.to_string(), lines, output }
}

fn script_lines(fence: &Fence<'_>, skip: usize, mistakes: &mut Vec<Mistake>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (i, text) in fence.lines.iter().enumerate().skip(skip) {
        match script::line(text) {
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
            match option(text) {
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

fn option(text: &str) -> Result<PredictOption, String> {
    let parts: Vec<&str> = text.split(" :: ").map(str::trim).collect();
    let [text, why, when] = parts.as_slice() else {
        return Err("an option is `option: text :: why :: clause that holds if it comes true`".to_string());
    };
    Ok(PredictOption { text: prose::spans(text), why: prose::spans(why), when: Expr::parse(when)? })
}

/// `clause :: words`, `wrong: clause :: words`, `within: 20s`.
fn check(fence: &Fence<'_>, mistakes: &mut Vec<Mistake>) -> Check {
    let mut check = Check { clauses: Vec::new(), wrong: Vec::new(), within_us: WITHIN_DEFAULT_US };
    for (i, line) in fence.lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = fence.first_line + i as u32;
        let result = if let Some(span) = line.strip_prefix("within:") {
            match script::line(&format!("! wait {}", span.trim())) {
                Ok(Some(Line::Wait { us })) => {
                    check.within_us = us;
                    Ok(())
                }
                _ => Err(format!("`{}` is no span of time; write 500ms, 12s or 2m", span.trim())),
            }
        } else if let Some(text) = line.strip_prefix("wrong:") {
            clause(text).map(|clause| check.wrong.push(clause))
        } else {
            clause(line).map(|clause| check.clauses.push(clause))
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

fn clause(text: &str) -> Result<Clause, String> {
    let Some((expr, words)) = text.split_once(" :: ") else {
        return Err("a clause is `expression :: words for the learner`".to_string());
    };
    Ok(Clause { expr: Expr::parse(expr)?, words: words.trim().to_string() })
}

fn wrong_path(fence: &Fence<'_>, mistakes: &mut Vec<Mistake>) -> Option<WrongPath> {
    let says = fence.lines.iter().find_map(|line| line.strip_prefix("says:")).map(|text| text.trim().to_string());
    let Some(says) = says.filter(|says| !says.is_empty()) else {
        mistakes.push(Mistake::new(fence.first_line, "a wrong path ends with `says: the words that Check answers`"));
        return None;
    };
    let mut lines = Vec::new();
    for (i, text) in fence.lines.iter().enumerate().filter(|(_, line)| !line.starts_with("says:")) {
        match script::line(text) {
            Ok(line) => lines.extend(line),
            Err(words) => mistakes.push(Mistake::new(fence.first_line + i as u32, words)),
        }
    }
    Some(WrongPath { lines, says })
}

fn focus(fence: &Fence<'_>, step: &mut Step, mistakes: &mut Vec<Mistake>) {
    for (i, line) in fence.lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match line.split_once(':').map(|(key, value)| (key.trim(), value.trim())) {
            Some(("partition", value)) => step.focus = Some(value.to_string()),
            Some(("show", value)) => step.show = value.split(',').map(|part| part.trim().to_string()).collect(),
            _ => mistakes
                .push(Mistake::new(fence.first_line + i as u32, "a focus block has `partition:` and `show:` lines")),
        }
    }
}
