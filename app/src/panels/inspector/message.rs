//! The wire lens: a message under way, decoded field by field by the engine.

use wire::Command;
use wire::command::Question;
use wire::reply::{Answer, Cause};
use wire::view::FlightView;
use yew::prelude::*;

use super::head;
use crate::ctx::Handle;
use std::rc::Rc;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub id: u64,
    /// Nothing once it has arrived; what it said stays to be read.
    pub view: Option<Rc<FlightView>>,
    pub handle: Handle,
}

#[component]
pub fn Message(props: &Props) -> Html {
    let read = use_state(|| (String::new(), Vec::<Cause>::new()));
    {
        let (read, handle) = (read.clone(), props.handle.clone());
        use_effect_with(props.id, move |id| {
            handle.ask(Command::Why(Question::Flight { id: *id }), move |reply| {
                if let Answer::Why { question, causes } = &reply.answer {
                    read.set((question.clone(), causes.clone()));
                }
            });
        });
    }
    let (name, version) = read.0.split_once(", version ").unwrap_or((&read.0, ""));
    let way = props.view.as_ref().map_or("It has arrived.".to_owned(), |view| {
        let left = view.arrives_us - view.sent_us;
        format!("From {} to {}, {} µs on the wire.", view.from, view.to, left)
    });
    let row = |cause: &Cause| {
        let (name, value) = cause.text.split_once(": ").unwrap_or((&cause.text, ""));
        html! { <><dt>{name}</dt><dd class="wrap">{value}</dd></> }
    };
    html! {
        <>
            <div class="ihead pad">{head(&["Messages"], name, "message", &props.handle)}</div>
            <div class="ibody"><div class="isec"><p class="soft">{way}</p></div>
                <div class="isec"><dl class="kv"><dt>{"version"}</dt><dd>{version}</dd>{for read.1.iter().map(row)}</dl></div></div>
        </>
    }
}
