//! One lesson, proved both ways: what should pass passes, and what should fail fails, each with its own words.
//!
//! On every seed the lesson is taken from its first step to its last in one world. At each step copies of that world try
//! what a learner might do: nothing, the solution without one of its lines, each wrong path. Then the solution itself is
//! played and the next step begins.

use std::time::{Duration, Instant};

use lesson::script::{Line, only_waits};
use lesson::{Mistake, Step};
use session::player::play;
use session::{Player, Stage};
use wire::lesson::{Block, Verdict};

use crate::script::compare;
use crate::script::normalise::Normaliser;

/// Something that is not as the lesson says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Line of the file, from 1.
    pub line: u32,
    pub words: String,
}

/// What was tried and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    pub findings: Vec<Finding>,
    pub steps: usize,
    pub seeds: usize,
    pub solutions: usize,
    pub left_out: usize,
    pub wrong_paths: usize,
    pub predictions: usize,
    pub outputs: usize,
    /// The longest that Check or a prediction took to answer.
    pub slowest: Duration,
    /// Rows of the coverage list that the lesson names.
    pub covers: Vec<String>,
}

impl Proof {
    /// In one line.
    pub fn words(&self) -> String {
        format!(
            "{} steps on {} seeds: {} solutions, {} without a line, {} wrong paths, {} predictions, {} outputs; slowest answer {} ms; {} mistakes",
            self.steps,
            self.seeds,
            self.solutions,
            self.left_out,
            self.wrong_paths,
            self.predictions,
            self.outputs,
            self.slowest.as_millis(),
            self.findings.len()
        )
    }

    fn find(&mut self, line: u32, words: String) {
        let finding = Finding { line, words };
        // The same mistake on another seed is the same mistake.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

/// Proves a lesson on its own seed and on these. `doing` is told what is under way.
pub fn prove(text: &str, seeds: &[u64], doing: &mut dyn FnMut(&str)) -> Proof {
    let mut proof = Proof::default();
    let player = match Player::load("", text) {
        Ok(player) => player,
        Err(mistakes) => {
            let found = mistakes.into_iter().map(|Mistake { line, words }| Finding { line, words });
            proof.findings.extend(found);
            return proof;
        }
    };
    proof.steps = player.lesson().steps.len();
    proof.covers = player.lesson().covers.clone();
    for seed in std::iter::once(player.seed()).chain(seeds.iter().copied()) {
        doing(&format!("seed {seed}"));
        proof.seeds += 1;
        if let Err(finding) = take(player.clone(), seed, &mut proof) {
            proof.find(finding.line, format!("{} (seed {seed})", finding.words));
        }
    }
    proof.findings.sort_by_key(|finding| finding.line);
    proof
}

/// Takes the lesson once. `Err`: it cannot go on.
fn take(mut player: Player, seed: u64, proof: &mut Proof) -> Result<(), Finding> {
    let stuck = |line: u32, words: String| Finding { line, words };
    let mut stage = Stage::boot(&player.cluster(), seed).map_err(|words| stuck(1, words))?;
    player.set_up(&mut stage).map_err(|words| stuck(1, format!("the setup cannot be played: {words}")))?;
    let steps = player.lesson().steps.clone();
    for (number, step) in steps.iter().enumerate() {
        let at = |words: String| stuck(step.line, format!("step `{}`: {words}", step.title));
        player.step(number as u32, &mut stage).map_err(at)?;
        let mut bench = Bench { step, player: &player, stage: &stage, seed, proof };
        bench.outputs();
        bench.prediction();
        if step.check.is_none() {
            continue;
        }
        bench.unsolved();
        bench.without_each_line();
        bench.wrong_paths();
        proof.solutions += 1;
        play(&step.solution, &mut stage).map_err(|words| at(format!("the solution cannot be played: {words}")))?;
        match verdict(&mut player, &mut stage) {
            Ok(Verdict::Solved) => {}
            Ok(other) => return Err(at(format!("the solution does not solve it: {}", said(&other)))),
            Err(words) => return Err(at(words)),
        }
    }
    Ok(())
}

/// A step about to be tried, with the world in which it begins.
struct Bench<'a> {
    step: &'a Step,
    player: &'a Player,
    stage: &'a Stage,
    seed: u64,
    proof: &'a mut Proof,
}

impl Bench<'_> {
    fn find(&mut self, words: String) {
        let words = format!("step `{}`: {words} (seed {})", self.step.title, self.seed);
        self.proof.find(self.step.line, words);
    }

    /// What console blocks say is shown is what is shown.
    fn outputs(&mut self) {
        let mut stage = self.stage.clone();
        let step = self.step;
        for block in &step.blocks {
            let Block::Console { terminal, lines, output } = block else { continue };
            stage.take_said(terminal);
            for line in lines {
                let (terminal, text) = (terminal.clone(), line.text.clone());
                let line =
                    if line.input { Line::Text { terminal, text } } else { Line::Command { terminal, line: text } };
                if let Err(words) = play(&[line], &mut stage) {
                    self.find(format!("a console line cannot be played: {words}"));
                }
            }
            let said = stage.take_said(terminal);
            let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            if output.is_empty() {
                if said.exit.is_some_and(|exit| exit != 0) {
                    self.find(format!("`{}` fails and its block does not show it: {}", lines.join("; "), said.text));
                }
                continue;
            }
            self.proof.outputs += 1;
            let mut shown = tidy(&said.text);
            shown.extend(said.exit.filter(|exit| *exit != 0).map(|exit| format!("[exit {exit}]")));
            let written = tidy(&output.join("\n"));
            if let Some(difference) = compare::first_difference(&written.join("\n"), &shown.join("\n")) {
                self.find(format!("`{}` shows something else:\n{difference}", lines.join("; ")));
            }
        }
    }

    fn prediction(&mut self) {
        if self.step.predict.is_none() {
            return;
        }
        self.proof.predictions += 1;
        let started = Instant::now();
        let outcome = self.player.outcome(self.stage);
        self.proof.slowest = self.proof.slowest.max(started.elapsed());
        match outcome {
            Ok(options) if options.len() == 1 => {}
            Ok(options) => {
                let numbers: Vec<String> = options.iter().map(|option| (option + 1).to_string()).collect();
                self.find(format!("the future makes {} options true: {}", options.len(), numbers.join(", ")));
            }
            Err(words) => self.find(format!("the future cannot be played: {words}")),
        }
    }

    fn unsolved(&mut self) {
        if let Ok(Verdict::Solved) = self.attempt(&[]) {
            self.find("it is solved before anything is done".to_owned());
        }
    }

    /// Every line of the solution is needed; a line that is not would teach that it is.
    fn without_each_line(&mut self) {
        let solution = &self.step.solution;
        for (at, left_out) in solution.iter().enumerate().filter(|(_, line)| !only_waits(line)) {
            self.proof.left_out += 1;
            let lines: Vec<Line> =
                solution.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, line)| line.clone()).collect();
            // What cannot be played without the line is not solved without it either.
            if let Ok(Verdict::Solved) = self.attempt(&lines) {
                self.find(format!("it is solved without the line {left_out:?}"));
            }
        }
    }

    fn wrong_paths(&mut self) {
        let step = self.step;
        for path in &step.wrong_paths {
            self.proof.wrong_paths += 1;
            match self.attempt(&path.lines) {
                Ok(verdict) if says(&verdict) == Some(path.says.as_str()) => {}
                Ok(verdict) => {
                    self.find(format!("a wrong path should hear `{}` and hears {}", path.says, said(&verdict)))
                }
                Err(words) => self.find(format!("a wrong path cannot be played: {words}")),
            }
        }
    }

    /// What Check answers to these lines, in a copy of the world.
    fn attempt(&mut self, lines: &[Line]) -> Result<Verdict, String> {
        let (mut player, mut stage) = (self.player.clone(), self.stage.clone());
        play(lines, &mut stage)?;
        let started = Instant::now();
        let verdict = verdict(&mut player, &mut stage);
        self.proof.slowest = self.proof.slowest.max(started.elapsed());
        verdict
    }
}

fn verdict(player: &mut Player, stage: &mut Stage) -> Result<Verdict, String> {
    player.check(stage)?;
    let view = player.view(stage);
    let step = &view.steps[view.step as usize];
    step.verdict.clone().ok_or_else(|| "Check says nothing".to_owned())
}

/// The words of a verdict that has words of its own.
fn says(verdict: &Verdict) -> Option<&str> {
    match verdict {
        Verdict::NotYet(words) | Verdict::WrongPath(words) | Verdict::RanOutOfTime(words) => Some(words),
        Verdict::Solved | Verdict::Shown => None,
    }
}

fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Solved => "Solved".to_owned(),
        Verdict::Shown => "Shown".to_owned(),
        Verdict::NotYet(words) => format!("Not yet: {words}"),
        Verdict::WrongPath(words) => format!("Not yet (a wrong path): {words}"),
        Verdict::RanOutOfTime(words) => format!("Ran out of time: {words}"),
    }
}

fn tidy(text: &str) -> Vec<String> {
    Normaliser::default().lines(text).iter().map(|line| line.trim_end().to_owned()).collect()
}
