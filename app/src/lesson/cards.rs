//! The question, the task, the hints and the verdict of a step.

use wire::Command;
use wire::lesson::{PredictView, Span, StepView, TaskView, Verdict};
use yew::prelude::*;

use super::prose::spans;
use crate::ctx::Handle;
use crate::icons::{Mark, mark};
use crate::text::el;
use crate::ui::Ask;

/// A question that waits for its answer.
pub fn question(predict: &PredictView, marked: Option<u32>, handle: &Handle) -> Html {
    let option = |(at, text): (usize, &Vec<Span>)| {
        let on = marked == Some(at as u32);
        let onclick = handle.ui.reform(move |_: MouseEvent| Ask::Mark(Some(at as u32)));
        html! {
            <button type="button" role="radio" aria-checked={on.to_string()} class={classes!("opt", on.then_some("sel"))} {onclick}>
                <span class="k">{at + 1}</span><span>{spans(text)}</span></button>
        }
    };
    let commit = {
        let handle = handle.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(option) = marked {
                handle.send(Command::Predict { option });
                handle.show(Ask::Mark(None));
            }
        })
    };
    html! {
        <section class="q" aria-label="Prediction"><h2>{spans(&predict.question)}</h2>
            <div class="opts" role="radiogroup" aria-label="Options">{for predict.options.iter().enumerate().map(option)}</div>
            <div class="row qfoot"><button class="btn pri grow" disabled={marked.is_none()} onclick={commit}>{"Check my answer"}<kbd>{"↵"}</kbd></button></div>
        </section>
    }
}

/// The question once it is answered: what you said, what the engine's run of the future says, and why.
pub fn answered(predict: &PredictView) -> Html {
    let text = |at: u32| predict.options.get(at as usize).map(|option| spans(option)).unwrap_or_default();
    let (Some(chosen), outcome) = (predict.chosen, predict.outcome) else { return html! {} };
    let same = outcome == Some(chosen);
    html! {
        <section class="q" aria-label="Your prediction"><h2>{spans(&predict.question)}</h2>
            <div class="opts">
                if !same { <div class="opt yours"><span class="k">{chosen + 1}</span><span>{"You: "}{text(chosen)}</span></div> }
                if let Some(outcome) = outcome {
                    <div class="opt sel"><span class="k">{outcome + 1}</span><span><b>{if same { "You and the engine: " } else { "Engine: " }}{text(outcome)}</b></span></div>
                }
            </div>
            if !predict.explanation.is_empty() { <p class="soft explain" role="status">{spans(&predict.explanation)}</p> }
        </section>
    }
}

pub fn task(task: &TaskView, step: &StepView, handle: &Handle) -> Html {
    let first = task.clauses.iter().position(|clause| !clause.met);
    let failed = matches!(step.verdict, Some(Verdict::NotYet(_) | Verdict::WrongPath(_)));
    let check = send(handle, Command::Check);
    let clause = |(at, clause): (usize, &wire::lesson::ClauseView)| {
        let state = if clause.met { Mark::Ok } else { Mark::Open };
        let word = if clause.met { "met: " } else { "open: " };
        html! { <li class={classes!((failed && first == Some(at)).then_some("first"))}>{mark(state)}<span>{el("span", "sr", word)}{&clause.text}</span></li> }
    };
    html! {
        <section class="q" aria-label="Your turn"><h2>{spans(&task.goal)}</h2>
            <ul class="clauses">{for task.clauses.iter().enumerate().map(clause)}</ul>
            <div class="row qfoot"><button class={if step.verdict == Some(Verdict::Solved) { "btn grow" } else { "btn pri grow" }} onclick={check}>{"Check"}<kbd>{"↵"}</kbd></button></div>
        </section>
    }
}

/// Where to look, which rule, show me. Closed rungs say that they are there, not what they say.
pub fn hints(step: &StepView, handle: &Handle) -> Html {
    let open = step.hints.len() as u32;
    let rungs = step.hints_total + u32::from(step.has_solution);
    if rungs == 0 {
        return html! {};
    }
    let rung = |at: u32| match step.hints.get(at as usize) {
        Some(text) => html! { <li class="open"><span class="rung">{at + 1}</span><span>{spans(text)}</span></li> },
        None if at >= step.hints_total => {
            closed(at, "Show me (not counted as solved)", send(handle, Command::ShowMe), at == open)
        }
        None => {
            closed(at, if at == 0 { "Where to look" } else { "Next hint" }, send(handle, Command::Hint), at == open)
        }
    };
    html! {
        <section class="hint" aria-label="Hints">
            <div class="row">{el("span", "soft strong", "Hints")}<span class="grow"/>{el("span", "muted small", format!("{open} of {} open", step.hints_total))}</div>
            <ol class="ladder">{for (0..rungs).map(rung)}</ol>
        </section>
    }
}

fn closed(at: u32, words: &'static str, onclick: Callback<MouseEvent>, next: bool) -> Html {
    html! {
        <li><span class="rung">{at + 1}</span>
            if next { <button class="link" {onclick}>{words}</button> } else { {el("span", "", words)} }
        </li>
    }
}

/// Verdicts are never mixed: solved, not yet, out of time, shown.
pub fn verdict(verdict: &Verdict) -> Html {
    let (state, title, text) = match verdict {
        Verdict::Solved => (Mark::Ok, "Solved", String::new()),
        Verdict::NotYet(clause) => (Mark::Open, "Not yet", format!("First open: {clause}")),
        Verdict::WrongPath(words) => (Mark::Open, "Not yet", words.clone()),
        Verdict::RanOutOfTime(what) => (Mark::Warn, "Ran out of time", format!("Waited for: {what}")),
        Verdict::Shown => (
            Mark::Open,
            "Shown",
            "This was the solution. It does not count as solved; go back and do it your way.".to_owned(),
        ),
    };
    html! { <div class="verdict" role="status">{mark(state)}<div>{el("b", "", title)}if !text.is_empty() { {el("p", "soft", text)} }</div></div> }
}

pub fn send(handle: &Handle, command: Command) -> Callback<MouseEvent> {
    let handle = handle.clone();
    Callback::from(move |_: MouseEvent| handle.send(command.clone()))
}
