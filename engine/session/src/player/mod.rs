//! A lesson as it is taken: which step, what was answered, what is solved, and what Check says about the learner's world.
//!
//! The world is the learner's: the player looks at it, lets its time pass while Check waits, and acts in it only when the
//! learner asks to be shown the solution. Predictions are marked by running the future on a copy.

mod facts;
mod history;
mod place;
mod play;
mod show;

use lesson::{Check, Lesson, Mistake};
use sim::timeline::Position;
use wire::command::ClusterSpec;
use wire::lesson::Verdict;

use crate::link::{LessonPart, MarkPart};
use crate::stage::Stage;
use crate::view::Glance;
use facts::Seen;
use history::History;
pub use place::Place;
pub use play::{play, play_over};

/// How often Check looks at the world while it waits.
const LOOK: base::Micros = base::Micros::from_ms(200);

/// What became of one step.
#[derive(Clone, Debug, Default, PartialEq)]
struct Mark {
    /// Where the step began last.
    begin: Option<Place>,
    hints: u32,
    /// What the learner chose, and what the engine says.
    predicted: Option<(u32, u32)>,
    solved: bool,
    /// Where the solution began to be played: as long as that is behind, nothing counts.
    shown: Option<Place>,
    verdict: Option<Verdict>,
}

/// A lesson being taken.
#[derive(Clone, Debug)]
pub struct Player {
    name: String,
    lesson: Lesson,
    step: usize,
    marks: Vec<Mark>,
    all: History,
    since_step: History,
    /// Which clauses of the step held when they were last looked at.
    met: Vec<bool>,
    glance: Glance,
}

impl Player {
    /// Reads a lesson. `name` is its file's name, as the index of lessons has it.
    pub fn load(name: &str, text: &str) -> Result<Player, Vec<Mistake>> {
        let lesson = lesson::parse(text)?;
        let marks = vec![Mark::default(); lesson.steps.len()];
        let (all, since_step) = (History::new(None), History::new(None));
        let (met, glance) = (Vec::new(), Glance::default());
        let mut player = Player { name: name.to_string(), lesson, step: 0, marks, all, since_step, met, glance };
        player.enter(0);
        Ok(player)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn lesson(&self) -> &Lesson {
        &self.lesson
    }

    /// The cluster that the lesson plays on.
    pub fn cluster(&self) -> ClusterSpec {
        let cluster = &self.lesson.cluster;
        ClusterSpec {
            version: cluster.version.clone(),
            brokers: cluster.brokers,
            controllers: cluster.controllers,
            config: cluster.config.clone(),
        }
    }

    pub fn seed(&self) -> u64 {
        self.lesson.seed
    }

    /// The number of the step that is shown, from 0.
    pub fn current_step(&self) -> u32 {
        self.step as u32
    }

    pub fn is_solved(&self, step: u32) -> bool {
        self.marks.get(step as usize).is_some_and(|mark| mark.solved)
    }

    /// Plays the set-up of the lesson in its fresh cluster; the first step begins there.
    pub fn set_up(&mut self, stage: &mut Stage) -> Result<(), String> {
        play(&self.lesson.setup, stage)?;
        self.marks[0].begin = Some(Place::here(stage.timeline()));
        self.enter(0);
        Ok(())
    }

    /// Goes to a step. If it was there before in this line of history, the world goes to where it began; else it begins
    /// here, with what the learner has made so far.
    pub fn step(&mut self, step: u32, stage: &mut Stage) -> Result<(), String> {
        let wanted = step as usize;
        if wanted >= self.marks.len() {
            return Err(format!("this lesson has {} steps", self.marks.len()));
        }
        let is_back = wanted <= self.step;
        // Forward into a step that began on a path that was left: it begins anew on this one.
        match self.marks[wanted].begin.filter(|begin| is_back || begin.is_on_path(stage.timeline())) {
            Some(begin) => stage.go_to(begin.branch, begin.position)?,
            None => self.marks[wanted].begin = Some(Place::here(stage.timeline())),
        }
        self.enter(wanted);
        Ok(())
    }

    /// Commits to an option. The future runs on a copy of the learner's world; the outcome is the first option whose clause
    /// holds then.
    pub fn predict(&mut self, option: u32, stage: &Stage) -> Result<(), String> {
        let step = self.step;
        let Some(predict) = &self.lesson.steps[step].predict else { return Err("this step asks nothing".to_string()) };
        if option as usize >= predict.options.len() {
            return Err(format!("there are {} options", predict.options.len()));
        }
        if self.marks[step].predicted.is_some() {
            return Err("this question is answered".to_string());
        }
        let outcome = self.outcome(stage)?;
        let [holds] = outcome.as_slice() else {
            let words = if outcome.is_empty() { "none of the options" } else { "more than one option" };
            return Err(format!(
                "the future came out as {words}: a mistake of the lesson, or of a world changed by hand"
            ));
        };
        self.marks[step].predicted = Some((option, *holds));
        Ok(())
    }

    /// Every option of the step's question that comes true when its future is run from here. Of a sound lesson exactly one.
    pub fn outcome(&self, stage: &Stage) -> Result<Vec<u32>, String> {
        let Some(predict) = &self.lesson.steps[self.step].predict else { return Ok(Vec::new()) };
        let mut copy = stage.clone();
        play_over(&predict.future, &mut copy)?;
        let mut all = self.all.clone();
        all.catch_up(copy.timeline());
        // In the options `step.` counts from where the question was asked.
        let mut since = History::new(Some(Place::here(stage.timeline())));
        since.catch_up(copy.timeline());
        let view = Glance::default().of(copy.world());
        let seen = Seen { view: &view, timeline: copy.timeline(), all: &all, step: &since };
        let mut true_ones = Vec::new();
        for (at, option) in predict.options.iter().enumerate() {
            if option.when.holds(&seen)? {
                true_ones.push(at as u32);
            }
        }
        Ok(true_ones)
    }

    /// Looks whether the task is done. If not, known wrong ways are answered first; else the first open clause is named.
    /// Clauses that stand under `within:` are waited for, in virtual time, once all the others hold.
    pub fn check(&mut self, stage: &mut Stage) -> Result<(), String> {
        let Some(check) = self.lesson.steps[self.step].check.clone() else {
            return Err("this step has nothing to check".to_string());
        };
        let until = stage.now() + base::Micros(check.within_us);
        let mut found = self.look(&check, stage)?;
        while found.waits && stage.now() < until {
            stage.run_for(LOOK);
            found = self.look(&check, stage)?;
        }
        let verdict = match (found.wrong, found.open) {
            (_, None) => Verdict::Solved,
            (Some(words), _) => Verdict::WrongPath(words),
            (None, Some(words)) if found.waits => Verdict::RanOutOfTime(words),
            (None, Some(words)) => Verdict::NotYet(words),
        };
        let is_shown = self.marks[self.step].shown.is_some_and(|shown| shown.is_behind(stage.timeline()));
        let mark = &mut self.marks[self.step];
        mark.solved |= verdict == Verdict::Solved && !is_shown;
        mark.verdict = Some(if verdict == Verdict::Solved && is_shown { Verdict::Shown } else { verdict });
        Ok(())
    }

    /// Opens the next hint of the step.
    pub fn hint(&mut self) {
        let total = self.lesson.steps[self.step].hints.len() as u32;
        let mark = &mut self.marks[self.step];
        mark.hints = total.min(mark.hints + 1);
    }

    /// Plays the solution of the step in the learner's world, from where the step began: what the learner did since stays
    /// on its own branch. Never counts as solved.
    pub fn show_me(&mut self, stage: &mut Stage) -> Result<(), String> {
        let solution = self.lesson.steps[self.step].solution.clone();
        if solution.is_empty() {
            return Err("this step has no solution to show".to_string());
        }
        if let Some(begin) = self.marks[self.step].begin {
            let position = stage.timeline().position();
            let has_acted =
                begin.branch != place::current(stage.timeline()) || begin.position.commands != position.commands;
            if has_acted {
                stage.go_to(begin.branch, begin.position)?;
            }
        }
        let before = stage.timeline().position();
        play_over(&solution, stage)?;
        // The first command after `before` is what makes the difference, on whatever branch it came to be.
        let first = Position { commands: before.commands + 1, ..before };
        let mark = &mut self.marks[self.step];
        mark.shown = Some(Place { branch: place::current(stage.timeline()), position: first });
        mark.verdict = Some(Verdict::Shown);
        Ok(())
    }

    /// Looks at the clauses of the step again, for a page that shows them live. True if one has changed.
    pub fn observe(&mut self, stage: &Stage) -> bool {
        if self.lesson.steps[self.step].check.is_none() {
            return false;
        }
        let view = self.glance.of(stage.world());
        self.compare(&view, stage)
    }

    /// What a link or a file keeps of the lesson.
    pub fn part(&self) -> LessonPart {
        let place = |place: Place| (place.branch, (place.position.index, place.position.commands, place.position.at.0));
        let mark = |mark: &Mark| MarkPart {
            solved: mark.solved,
            hints: mark.hints,
            predicted: mark.predicted,
            begin: mark.begin.map(place),
            shown: mark.shown.map(place),
        };
        LessonPart { name: self.name.clone(), step: self.step as u32, marks: self.marks.iter().map(mark).collect() }
    }

    /// Takes over what a link or a file kept. Nothing is taken over if it does not fit the lesson. The history that goes
    /// with it is the caller's to restore.
    pub fn resume(&mut self, part: &LessonPart) -> Result<(), String> {
        if part.marks.len() != self.marks.len() || part.step as usize >= self.marks.len() {
            let (kept, steps) = (part.marks.len(), self.marks.len());
            return Err(format!("the progress is of a lesson with {kept} steps; this one has {steps}"));
        }
        let mut marks = Vec::new();
        for (kept, step) in part.marks.iter().zip(&self.lesson.steps) {
            let options = step.predict.as_ref().map_or(0, |predict| predict.options.len() as u32);
            let is_sound = kept.hints <= step.hints.len() as u32
                && kept.predicted.is_none_or(|(chosen, outcome)| chosen < options && outcome < options);
            if !is_sound {
                return Err(format!("the progress does not fit the step `{}`", step.title));
            }
            let place = |(branch, (index, commands, at)): (u32, (u64, u32, u64))| Place {
                branch,
                position: Position { index, commands, at: base::Micros(at) },
            };
            marks.push(Mark {
                begin: kept.begin.map(place),
                hints: kept.hints,
                predicted: kept.predicted,
                solved: kept.solved,
                shown: kept.shown.map(place),
                verdict: None,
            });
        }
        self.marks = marks;
        self.enter(part.step as usize);
        Ok(())
    }

    fn enter(&mut self, step: usize) {
        self.step = step;
        for mark in &mut self.marks {
            mark.verdict = None;
        }
        self.since_step = History::new(self.marks[step].begin);
        self.met = vec![false; self.lesson.steps[step].check.as_ref().map_or(0, |check| check.clauses.len())];
    }

    /// Notes which clauses hold. True if one has changed.
    fn compare(&mut self, view: &wire::View, stage: &Stage) -> bool {
        self.all.catch_up(stage.timeline());
        self.since_step.catch_up(stage.timeline());
        let seen = Seen { view, timeline: stage.timeline(), all: &self.all, step: &self.since_step };
        let clauses = self.lesson.steps[self.step].check.iter().flat_map(|check| &check.clauses);
        let met: Vec<bool> = clauses.map(|clause| clause.expr.holds(&seen) == Ok(true)).collect();
        std::mem::replace(&mut self.met, met) != self.met
    }

    fn look(&mut self, check: &Check, stage: &Stage) -> Result<Look, String> {
        let view = self.glance.of(stage.world());
        self.compare(&view, stage);
        let seen = Seen { view: &view, timeline: stage.timeline(), all: &self.all, step: &self.since_step };
        let mut wrong = None;
        for path in &check.wrong {
            if wrong.is_none() && path.expr.holds(&seen)? {
                wrong = Some(path.words.clone());
            }
        }
        let open = |waits: bool| {
            let clauses = check.clauses.iter().zip(&self.met).filter(|(clause, met)| !**met && clause.waits == waits);
            clauses.map(|(clause, _)| clause.words.clone()).next()
        };
        let (now, later) = (open(false), open(true));
        Ok(Look { wrong, waits: now.is_none() && later.is_some(), open: now.or(later) })
    }
}

/// What a look at the clauses found.
struct Look {
    /// A known wrong way was taken.
    wrong: Option<String>,
    /// The first clause that does not hold.
    open: Option<String>,
    /// All that must hold already does; the open one may come by itself.
    waits: bool,
}
