//! Why a value is what it is: the engine's chain of causes, newest first, each time stamp a jump.

use gloo_timers::callback::Timeout;
use wire::Command;
use wire::command::Question;
use wire::reply::{Answer, Cause};
use wire::view::PartitionView;
use yew::prelude::*;

use crate::ctx::Handle;
use crate::icons::{Icon, icon};
use crate::store::Shown;
use crate::timeline::clock;

/// How long the page is to be at rest before it asks, in milliseconds.
const REST_MS: u32 = 150;

#[derive(Properties, PartialEq)]
pub struct Props {
    /// What can be asked, one thing at least, each with a short name; the first is asked unless another one is picked.
    pub asks: Vec<(Question, &'static str)>,
    /// What the lesson has introduced.
    pub shown: Shown,
    pub index: u64,
    pub playing: bool,
    pub handle: Handle,
}

/// What can be asked of a partition, as far as the lesson has introduced it.
pub fn of_partition(
    view: &PartitionView,
    behind: Option<i32>,
    refused: Option<String>,
    shown: Shown,
) -> Vec<(Question, &'static str)> {
    let of = || (view.topic.clone(), view.partition);
    let ((topic, partition), mut asks) = (of(), vec![]);
    if let Some(client) = refused {
        asks.push((Question::Send { client }, "Refused write"));
    }
    if shown.hw {
        asks.push((Question::HighWatermark { topic, partition }, "HW"));
        let (topic, partition) = of();
        asks.extend(behind.map(|broker| (Question::LogEndOffset { topic, partition, broker }, "LEO")));
    }
    if shown.isr {
        let (topic, partition) = of();
        asks.push((Question::Isr { topic, partition }, "ISR"));
    }
    let (topic, partition) = of();
    asks.push((Question::Leader { topic, partition }, "Leader"));
    asks
}

/// What the engine answered: its wording of the question and the causes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Answered {
    question: String,
    causes: Vec<Cause>,
}

#[component]
pub fn WhyChain(props: &Props) -> Html {
    let asked = use_state(|| "");
    let shown = props.shown;
    let answered = use_state(Answered::default);
    let at = props.asks.iter().position(|(_, name)| *name == *asked).unwrap_or(0);
    let (question, about) = props.asks[at].clone();
    {
        let answered = answered.clone();
        let handle = props.handle.clone();
        // While time runs, or who looks goes from step to step, the answer would be old before it is read.
        use_effect_with((question, props.index, props.playing), move |(question, _, playing)| {
            let question = question.clone();
            let ask = move || {
                handle.ask(Command::Why(question), move |reply| {
                    if let Answer::Why { question, causes } = &reply.answer {
                        answered.set(Answered { question: question.clone(), causes: causes.clone() });
                    }
                })
            };
            let soon = (!*playing).then(|| Timeout::new(REST_MS, ask));
            move || drop(soon)
        });
    }
    let pick = |(_, name): &(Question, &'static str)| {
        let (asked, name) = (asked.clone(), *name);
        let on = about == name;
        let onclick = Callback::from(move |_: MouseEvent| asked.set(name));
        html! { <button class={classes!("tiny", on.then_some("on"))} aria-pressed={on.to_string()} {onclick}>{name}</button> }
    };
    html! {
        <div class="isec grow">
            <h3>{icon(Icon::Question)}<span class="grow">{if answered.question.is_empty() { "Why?".to_owned() } else { shown.plain(&answered.question) }}</span></h3>
            {chain(&answered.causes, shown, &props.handle)}
            if props.asks.len() > 1 { <div class="row tight whys" role="group" aria-label="Why">{for props.asks.iter().map(pick)}</div> }
        </div>
    }
}

pub fn chain(causes: &[Cause], shown: Shown, handle: &Handle) -> Html {
    let row = |(at, cause): (usize, &Cause)| {
        let jump = cause.index.map(|index| {
            let handle = handle.clone();
            Callback::from(move |_: MouseEvent| handle.seek(index))
        });
        html! {
            <li class={classes!("w", (at == 0).then_some("root"))}><i class="n"/><span>{shown.plain(&cause.text)}{" "}
                if let (Some(us), Some(onclick)) = (cause.at_us, jump) {
                    <button class="time" aria-label={format!("Go to {} seconds", clock(us))} {onclick}>{clock(us)}</button>
                }
            </span></li>
        }
    };
    html! { <ol class="why">{for causes.iter().filter(|cause| shown.knows(&shown.plain(&cause.text))).enumerate().map(row)}</ol> }
}
