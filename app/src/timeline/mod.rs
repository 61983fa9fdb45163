//! The timeline: transport, clock, what just happened in words, and the lanes that can be scrubbed.

pub mod axis;
pub mod lanes;
mod transport;

use std::rc::Rc;

use wire::EventView;
use wire::reply::BranchView;
use yew::prelude::*;

use crate::ctx::Handle;
use crate::store::{Events, Shown};
use crate::text::el;
use crate::ui::Said;

pub struct Props {
    pub index: u64,
    pub now_us: u64,
    pub end_index: u64,
    pub end_us: u64,
    pub events: Events,
    pub branches: Rc<Vec<BranchView>>,
    pub playing: bool,
    /// A prediction waits: the future is not told before it is answered.
    pub locked: bool,
    /// Little room: the terminal is open.
    pub low: bool,
    /// Number, beginning and title of the lesson's steps that have begun, and titles of those that are still to come.
    pub begun: Rc<Vec<(u32, u64, String)>>,
    pub to_come: Rc<Vec<String>>,
    /// Index into the player's speeds.
    pub speed: usize,
    pub said: Said,
    pub handle: Handle,
}

pub fn timeline(props: &Props) -> Html {
    let current = props.events.at(props.index);
    html! {
        <section class="time" aria-label="Timeline">
            {transport::transport(&transport::Props { now_us: props.now_us, ahead: props.index < props.end_index, event: current, shown: props.events.shown, branches: props.branches.clone(), playing: props.playing, locked: props.locked, speed: props.speed, said: props.said, handle: props.handle.clone() })}
            <lanes::Lanes index={props.index} now_us={props.now_us} end_us={props.end_us} events={props.events.clone()}
                locked={props.locked} low={props.low}
                begun={props.begun.clone()} to_come={props.to_come.clone()} handle={props.handle.clone()}/>
        </section>
    }
}

/// The first so many events in words, each with a time to jump to. What lies ahead of `index` is quiet.
pub fn event_list<'a>(
    events: impl Iterator<Item = &'a Rc<EventView>>,
    most: usize,
    index: u64,
    shown: Shown,
    handle: &Handle,
) -> Html {
    let row = |event: &Rc<EventView>| {
        let (handle, at) = (handle.clone(), event.index);
        let go = Callback::from(move |_: MouseEvent| handle.seek(at));
        let class = if event.index > index { "ev ahead" } else { "ev" };
        html! { <li {class}><button class="time" onclick={go}>{clock(event.at_us)}</button>{el("span", "", shown.words(event))}</li> }
    };
    html! { <ol class="evlist">{for events.filter(|event| shown.tells(event)).take(most).map(row)}</ol> }
}

/// `08.200`: seconds of the cluster with milliseconds.
pub fn clock(us: u64) -> String {
    format!("{:02}.{:03}", us / 1_000_000, us / 1_000 % 1_000)
}

#[cfg(test)]
mod tests {
    #[test]
    fn clock_shows_seconds_and_milliseconds() {
        assert_eq!(super::clock(8_200_000), "08.200");
        assert_eq!(super::clock(127_004_999), "127.004");
    }
}
