//! The lesson beside the stage: one idea, then one question or one task. The engine parses and marks; this lays it out.

mod cards;
pub mod load;
pub mod prose;

use std::rc::Rc;

use wire::Command;
use wire::lesson::{LessonView, StepView, Verdict};
use yew::prelude::*;

use crate::ctx::Handle;
use crate::home::storage;
use crate::lesson::prose::Part;
use crate::text::el;
use crate::ui::{Ask, Screen};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub lesson: Rc<LessonView>,
    /// The option marked and not yet committed to.
    pub marked: Option<u32>,
    pub handle: Handle,
}

#[component]
pub fn LessonPanel(props: &Props) -> Html {
    let lesson = &props.lesson;
    let Some(step) = lesson.steps.get(lesson.step as usize) else { return html! {} };
    let body = use_node_ref();
    {
        let (body, before) = (body.clone(), use_mut_ref(|| (u32::MAX, false)));
        let answered = step.predict.as_ref().is_some_and(|predict| predict.chosen.is_some());
        // A new step begins at its top. With the answer the task comes, and both are to be seen.
        use_effect_with((lesson.id.clone(), lesson.step, answered), move |&(_, step, answered)| {
            let before = before.replace((step, answered));
            let Some(body) = body.cast::<web_sys::Element>() else { return };
            let card = body.query_selector("[aria-label='Your prediction']").ok().flatten();
            let top = |element: &web_sys::Element| element.get_bounding_client_rect().top();
            body.set_scroll_top(match card.filter(|_| before == (step, false) && answered) {
                Some(card) => body.scroll_top() + (top(&card) - top(&body)) as i32 - 12,
                None => 0,
            });
        });
    }
    html! {
        <aside class="lesson" id="lesson" aria-label="Lesson" tabindex="-1">
            {head(lesson, &props.handle)}
            <div class="lbody" ref={body} tabindex="0" aria-label={format!("Step {}: {}", lesson.step + 1, step.title)}>
                {el("h2", "steptitle", step.title.clone())}
                {content(props, step)}
            </div>
            {foot(lesson, step, &props.handle)}
        </aside>
    }
}

fn head(lesson: &LessonView, handle: &Handle) -> Html {
    let (now, all) = (lesson.step as usize, lesson.steps.len());
    let bead = |(at, step): (usize, &StepView)| {
        let class =
            classes!((at == now).then_some("n"), (at < now || lesson.solved.contains(&(at as u32))).then_some("d"));
        // What was not reached yet is not a button: the future is no shortcut.
        let reached = at < now || lesson.solved.contains(&(at as u32));
        let onclick = cards::send(handle, Command::LessonStep { step: at as u32 });
        html! { <button {class} disabled={!reached} aria-label={format!("Step {}, {}", at + 1, step.title)} title={step.title.clone()} {onclick}/> }
    };
    html! {
        <div class="lhead">
            <div class="row">{el("span", "eyebrow", lesson.chapter.clone())}<span class="grow"/>
                {el("span", "eyebrow num", format!("Step {} of {all}", now + 1))}</div>
            {el("h1", "", lesson.title.clone())}
            <div class="steps">{for lesson.steps.iter().enumerate().map(bead)}</div>
        </div>
    }
}

fn content(props: &Props, step: &StepView) -> Html {
    let handle = &props.handle;
    let open_question = step.predict.as_ref().filter(|predict| predict.chosen.is_none());
    html! {
        <>
            {prose::blocks(&step.blocks, Part::Idea, handle)}
            {match (&step.predict, open_question) {
                (_, Some(predict)) => cards::question(predict, props.marked, handle),
                (Some(predict), None) => cards::answered(predict),
                (None, _) => html! {},
            }}
            // One question or one task: lines, task and hints wait until the question is answered; they would tell.
            if open_question.is_none() {
                {prose::blocks(&step.blocks, Part::Lines, handle)}
                if let Some(task) = &step.task { {cards::task(task, step, handle)} }
                if let Some(verdict) = &step.verdict { {cards::verdict(verdict)} }
            }
            if open_question.is_none() || step.task.is_none() { {cards::hints(step, handle)} }
            if open_question.is_none() { {prose::blocks(&step.blocks, Part::Notes, handle)} }
        </>
    }
}

fn foot(lesson: &LessonView, step: &StepView, handle: &Handle) -> Html {
    let now = lesson.step;
    let last = now as usize + 1 >= lesson.steps.len();
    let done = is_done(lesson, step);
    let back = cards::send(handle, Command::LessonStep { step: now.saturating_sub(1) });
    let next = {
        let (handle, id) = (handle.clone(), lesson.id.clone());
        let solved_all = done;
        Callback::from(move |_: MouseEvent| {
            if last {
                storage::finish(&id, solved_all);
                handle.show(Ask::Screen(Screen::Home));
            } else {
                handle.send(Command::LessonStep { step: now + 1 });
            }
        })
    };
    let word = if last { "Finish" } else { "Next" };
    html! {
        <div class="lfoot">
            <button class="btn ghost sm back" disabled={now == 0} onclick={back}>{"Back"}</button><span class="grow"/>
            if !done { <button class="btn ghost sm" onclick={next.clone()}>{if last { "Leave it open" } else { "I know this, skip" }}</button> }
            <button class={classes!("btn", "sm", if done { step_class(step) } else { "off" })} disabled={!done} onclick={next}>{word}</button>
        </div>
    }
}

/// Check is the primary button while there is something to check; then Next is.
fn step_class(step: &StepView) -> &'static str {
    let asks = step.predict.as_ref().is_some_and(|predict| predict.chosen.is_none()) || step.task.is_some();
    if asks && step.verdict != Some(Verdict::Solved) { "" } else { "pri" }
}

/// Nothing is left to answer or to do in this step.
pub fn is_done(lesson: &LessonView, step: &StepView) -> bool {
    let answered = step.predict.as_ref().is_none_or(|predict| predict.chosen.is_some());
    let solved = step.task.is_none() || lesson.solved.contains(&lesson.step) || step.verdict == Some(Verdict::Solved);
    answered && solved
}
