//! The wire lens: a message under way, decoded field by field by the engine.

use std::rc::Rc;

use wire::Command;
use wire::reply::{Answer, MessageView};
use wire::view::FlightView;
use yew::prelude::*;

use super::head;
use crate::ctx::Handle;
use crate::text::{el, say};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub id: u64,
    /// Nothing once it has arrived; what it said stays to be read.
    pub view: Option<Rc<FlightView>>,
    pub handle: Handle,
}

#[component]
pub fn Message(props: &Props) -> Html {
    let read = use_state(MessageView::default);
    {
        let (read, handle) = (read.clone(), props.handle.clone());
        use_effect_with(props.id, move |id| {
            handle.ask(Command::ReadFlight { id: *id }, move |reply| {
                if let Answer::Message(message) = &reply.answer {
                    read.set(message.clone());
                }
            });
        });
    }
    let way = props.view.as_ref().map_or("It has arrived.".to_owned(), |view| {
        let left = view.arrives_us - view.sent_us;
        format!("From {} to {}, {} µs on the wire.", view.from, view.to, left)
    });
    let row = |(name, value): &(String, String)| html! { <>{say("dt", "", name)}{say("dd", "wrap", value)}</> };
    html! {
        <>
            <div class="ihead pad">{head(&["Messages"], &read.name, "message", &props.handle)}</div>
            <div class="ibody"><div class="isec">{el("p", "soft", way)}</div>
                <div class="isec"><dl class="kv">{el("dt", "", "version")}{say("dd", "", read.version)}{for read.fields.iter().map(row)}</dl>
                    if read.left_out > 0 { {el("p", "muted", format!("{} more partitions or records", read.left_out))} }</div></div>
        </>
    }
}
