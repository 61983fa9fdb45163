//! The timeline: transport, clock, what just happened in words, and the lanes that can be scrubbed.

mod lanes;
mod transport;

use std::rc::Rc;

use wire::reply::BranchView;
use yew::prelude::*;

use crate::ctx::Handle;
use crate::store::Events;

#[derive(Properties, PartialEq)]
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
    /// Titles of the lesson's steps that are still to come.
    pub to_come: Rc<Vec<String>>,
    /// Index into the player's speeds.
    pub speed: usize,
    pub handle: Handle,
}

#[component]
pub fn Timeline(props: &Props) -> Html {
    let current = props.events.at(props.index);
    html! {
        <section class="time" aria-label="Timeline">
            <transport::Transport now_us={props.now_us} ahead={props.index < props.end_index} event={current}
                branches={props.branches.clone()} playing={props.playing} locked={props.locked} speed={props.speed}
                handle={props.handle.clone()}/>
            <lanes::Lanes index={props.index} now_us={props.now_us} end_us={props.end_us} events={props.events.clone()}
                locked={props.locked && props.index >= props.end_index} low={props.low}
                to_come={props.to_come.clone()} handle={props.handle.clone()}/>
        </section>
    }
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
