//! From a lesson's text to a [`Lesson`], or to the list of everything that is wrong with it.

use base::limits::{LESSON_BYTES_MAX, LESSON_STEPS_MAX};

use crate::expr::Expr;
use crate::fence::{self, Fence};
use crate::front;
use crate::model::{Cluster, Lesson, Step};
use crate::prose;
use crate::vocabulary;

/// Something wrong in a lesson file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// From 1.
    pub line: u32,
    pub words: String,
}

impl Mistake {
    pub fn new(line: u32, words: impl Into<String>) -> Mistake {
        Mistake { line, words: words.into() }
    }
}

/// Reads a whole lesson. All mistakes are found at once, so an author need not mend and reload one by one.
pub fn parse(text: &str) -> Result<Lesson, Vec<Mistake>> {
    if text.len() > LESSON_BYTES_MAX {
        let words = format!("a lesson may have {LESSON_BYTES_MAX} bytes; this one has {}", text.len());
        return Err(vec![Mistake::new(1, words)]);
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut mistakes = Vec::new();
    let front = front::parse(&lines, &mut mistakes);
    let mut reader =
        Reader { cluster: &front.cluster, steps: Vec::new(), prose: Vec::new(), setup: Vec::new(), mistakes };
    reader.read(&lines, front.lines);
    if reader.steps.is_empty() {
        reader
            .mistakes
            .push(Mistake::new(front.lines as u32 + 1, "a lesson needs a step: a heading such as `# Create a topic`"));
    }
    if reader.steps.len() > LESSON_STEPS_MAX {
        let words = format!("a lesson may have {LESSON_STEPS_MAX} steps; this one has {}", reader.steps.len());
        reader.mistakes.push(Mistake::new(front.lines as u32 + 1, words));
    }
    for step in &reader.steps {
        reader.mistakes.extend(mistakes_of(step));
        reader.mistakes.extend(unsound_clauses(step, &front.cluster));
    }
    if !reader.mistakes.is_empty() {
        base::ordered::sort_by_key(&mut reader.mistakes, |mistake| mistake.line);
        return Err(reader.mistakes);
    }
    Ok(Lesson {
        id: front.id,
        title: front.title,
        chapter: front.chapter,
        minutes: front.minutes,
        covers: front.covers,
        needs: front.needs,
        misconception: front.misconception,
        cluster: front.cluster.clone(),
        seed: front.seed,
        setup: reader.setup,
        steps: reader.steps,
    })
}

struct Reader<'a> {
    cluster: &'a Cluster,
    steps: Vec<Step>,
    /// Lines of Markdown not yet turned into blocks.
    prose: Vec<&'a str>,
    setup: Vec<crate::script::Line>,
    mistakes: Vec<Mistake>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, lines: &[&'a str], from: usize) {
        let mut at = from;
        while at < lines.len() {
            let line = lines[at];
            if let Some(info) = line.strip_prefix("```") {
                let Some(len) = lines[at + 1..].iter().position(|line| line.trim_end() == "```") else {
                    self.mistakes.push(Mistake::new(at as u32 + 1, "a block is not closed with ```"));
                    break;
                };
                self.flush();
                let body = &lines[at + 1..at + 1 + len];
                let fence = Fence { info: info.trim(), lines: body, first_line: at as u32 + 2, cluster: self.cluster };
                self.fence(&fence);
                at += len + 2;
                continue;
            }
            match line.strip_prefix("# ").or_else(|| line.strip_prefix("## ")) {
                Some(title) => {
                    self.flush();
                    self.steps.push(Step { title: title.trim().to_string(), line: at as u32 + 1, ..Step::default() });
                }
                None => self.prose.push(line),
            }
            at += 1;
        }
        self.flush();
    }

    fn fence(&mut self, fence: &Fence<'_>) {
        let mut before_steps = Step::default();
        let step = self.steps.last_mut().unwrap_or(&mut before_steps);
        fence::read(fence, step, &mut self.setup, &mut self.mistakes);
        if before_steps != Step::default() {
            self.mistakes.push(Mistake::new(fence.first_line, "only `setup` may stand before the first step"));
        }
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.prose).join("\n");
        if text.trim().is_empty() {
            return;
        }
        if let Some(step) = self.steps.last_mut() {
            step.blocks.extend(prose::blocks(&text));
        }
    }
}

/// A task without a check, or one that cannot be solved by its own solution, is no task.
fn mistakes_of(step: &Step) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut need = |is_wrong: bool, words: &str| {
        if is_wrong {
            mistakes.push(Mistake::new(step.line, format!("step `{}`: {words}", step.title)));
        }
    };
    need(step.goal.is_some() && step.check.is_none(), "a `do` block needs a `check` block");
    need(step.check.is_some() && step.goal.is_none(), "a `check` block needs a `do` block");
    need(step.check.is_some() && step.solution.is_empty(), "a `check` block needs a `solution` block");
    need(!step.wrong_paths.is_empty() && step.check.is_none(), "a `wrong` block needs a `check` block");
    mistakes
}

/// Clauses that ask for what no fact is, or that compare what cannot be compared.
fn unsound_clauses(step: &Step, cluster: &Cluster) -> Vec<Mistake> {
    let check = step.check.iter().flat_map(|check| check.clauses.iter().chain(&check.wrong));
    let options = step.predict.iter().flat_map(|predict| &predict.options);
    let clauses: Vec<(u32, &Expr)> = check
        .map(|clause| (clause.line, &clause.expr))
        .chain(options.map(|option| (option.line, &option.when)))
        .collect();
    let kind_of = |path: &[String]| vocabulary::check(path, cluster);
    clauses
        .into_iter()
        .filter_map(|(line, expr)| expr.check(&kind_of).err().map(|words| Mistake::new(line, words)))
        .collect()
}
