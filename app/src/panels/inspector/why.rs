//! Why a value is what it is: the engine's chain of causes, newest first, each time stamp a jump.

use std::rc::Rc;

use wire::Command;
use wire::command::Question;
use wire::reply::{Answer, Cause};
use wire::view::PartitionView;
use yew::prelude::*;

use crate::ctx::Handle;
use crate::icons::{Icon, icon};
use crate::store::Shown;
use crate::timeline::clock;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub view: Rc<PartitionView>,
    /// What the lesson has introduced: of nothing else can be asked.
    pub shown: Shown,
    pub index: u64,
    pub playing: bool,
    pub handle: Handle,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum About {
    HighWatermark,
    Isr,
    Leader,
}

impl About {
    fn question(self, view: &PartitionView) -> Question {
        let (topic, partition) = (view.topic.clone(), view.partition);
        match self {
            Self::HighWatermark => Question::HighWatermark { topic, partition },
            Self::Isr => Question::Isr { topic, partition },
            Self::Leader => Question::Leader { topic, partition },
        }
    }
}

const ABOUT: [(About, &str); 3] = [(About::HighWatermark, "HW"), (About::Isr, "ISR"), (About::Leader, "Leader")];

/// What the engine answered: its wording of the question and the causes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Answered {
    question: String,
    causes: Vec<Cause>,
}

#[component]
pub fn WhyChain(props: &Props) -> Html {
    let asked = use_state(|| About::HighWatermark);
    let shown = props.shown;
    let known = |about: About| match about {
        About::HighWatermark => shown.hw,
        About::Isr => shown.isr,
        About::Leader => true,
    };
    let about = if known(*asked) { *asked } else { About::Leader };
    let answered = use_state(Answered::default);
    {
        let answered = answered.clone();
        let (view, handle) = (props.view.clone(), props.handle.clone());
        let name = (view.topic.clone(), view.partition);
        // While time runs the answer would be old before it is read.
        use_effect_with((name, about, props.index, props.playing), move |(_, _, _, playing)| {
            if !*playing {
                handle.ask(Command::Why(about.question(&view)), move |reply| {
                    if let Answer::Why { question, causes } = &reply.answer {
                        answered.set(Answered { question: question.clone(), causes: causes.clone() });
                    }
                });
            }
        });
    }
    let pick = |(which, name): &(About, &'static str)| {
        let (asked, which) = (asked.clone(), *which);
        let on = about == which;
        let onclick = Callback::from(move |_: MouseEvent| asked.set(which));
        html! { <button class={classes!("tiny", on.then_some("on"))} aria-pressed={on.to_string()} {onclick}>{*name}</button> }
    };
    html! {
        <div class="isec grow">
            <h3>{icon(Icon::Question)}<span class="grow">{if answered.question.is_empty() { "Why?".to_owned() } else { shown.plain(&answered.question) }}</span></h3>
            <div class="row tight whys" role="group" aria-label="Why">{for ABOUT.iter().filter(|(which, _)| known(*which)).map(pick)}</div>
            {chain(&answered.causes, shown, &props.handle)}
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
