//! The lesson as the page shows it.

use lesson::Step;
use wire::lesson::{ClauseView, LessonView, PredictView, Span, StepView, TaskView};

use super::{Mark, Player};
use crate::stage::Stage;

impl Player {
    /// The whole lesson with what became of each step. Clauses are as they were last looked at.
    pub fn view(&self, stage: &Stage) -> LessonView {
        let steps = self.lesson.steps.iter().zip(&self.marks).enumerate();
        LessonView {
            id: self.lesson.id.clone(),
            title: self.lesson.title.clone(),
            chapter: self.lesson.chapter.clone(),
            minutes: self.lesson.minutes,
            step: self.step as u32,
            steps: steps.map(|(at, (step, mark))| self.step_view(at, step, mark, stage)).collect(),
            solved: (0..self.marks.len() as u32).filter(|step| self.is_solved(*step)).collect(),
        }
    }

    fn step_view(&self, at: usize, step: &Step, mark: &Mark, stage: &Stage) -> StepView {
        let begin = mark.begin.filter(|begin| begin.is_on_path(stage.timeline()));
        StepView {
            title: step.title.clone(),
            begin_us: begin.map(|begin| begin.position.at.0),
            blocks: step.blocks.clone(),
            task: self.task(at, step, mark),
            predict: predict(step, mark),
            hints: step.hints.iter().take(mark.hints as usize).cloned().collect(),
            hints_total: step.hints.len() as u32,
            has_solution: !step.solution.is_empty(),
            focus: step.focus.clone(),
            show: step.show.clone(),
            verdict: mark.verdict.clone(),
        }
    }

    fn task(&self, at: usize, step: &Step, mark: &Mark) -> Option<TaskView> {
        let (goal, check) = (step.goal.as_ref()?, step.check.as_ref()?);
        let clauses = check.clauses.iter().enumerate();
        let is_met = |number: usize| if at == self.step { self.met.get(number) == Some(&true) } else { mark.solved };
        Some(TaskView {
            goal: goal.clone(),
            clauses: clauses.map(|(n, clause)| ClauseView { text: clause.words.clone(), met: is_met(n) }).collect(),
        })
    }
}

fn predict(step: &Step, mark: &Mark) -> Option<PredictView> {
    let predict = step.predict.as_ref()?;
    Some(PredictView {
        question: predict.question.clone(),
        options: predict.options.iter().map(|option| option.text.clone()).collect(),
        chosen: mark.predicted.map(|(chosen, _)| chosen),
        outcome: mark.predicted.map(|(_, outcome)| outcome),
        explanation: mark.predicted.map_or(Vec::new(), |(chosen, outcome)| explanation(predict, chosen, outcome)),
    })
}

/// Why the chosen option is not what happens, if it is not, and then why that happens which does.
fn explanation(predict: &lesson::Predict, chosen: u32, outcome: u32) -> Vec<Span> {
    let why = |option: u32| predict.options.get(option as usize).map_or(Vec::new(), |option| option.why.clone());
    if chosen == outcome {
        return why(chosen);
    }
    let mut spans = why(chosen);
    spans.push(Span::Text(" ".to_string()));
    spans.extend(why(outcome));
    spans
}
