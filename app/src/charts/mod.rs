//! Kafka's metrics over time, on the axis of the timeline: what the engine noted while history was made, up to the time
//! that is shown. Plain paths of our own; nothing is asked of the engine while no chart is open.

mod drawing;
mod kinds;
mod lines;
mod tabs;

use std::rc::Rc;

use wire::Command;
use wire::reply::{Answer, SeriesView};
use yew::prelude::*;

use crate::ctx::Handle;
use crate::store::Events;

pub use tabs::Plots;

use kinds::{KINDS, known};

/// While time runs charts are drawn anew after so much cluster time, in microseconds.
const QUANTUM_US: u64 = 400_000;
/// Counts are shown as what was added in so much time; longer in a long history, whose samples stand farther apart.
const WINDOW_US: u64 = 1_000_000;
/// Narrower than this, charts stand one below the other.
const TWO: f64 = 400.0;

#[derive(Properties, Clone)]
pub struct Props {
    pub index: u64,
    pub now_us: u64,
    pub end_us: u64,
    pub playing: bool,
    pub events: Events,
    /// So many of the kinds, the first ones, each so high.
    pub most: usize,
    /// Only those that show that something is wrong.
    pub alerts: bool,
    pub height: f64,
    pub handle: Handle,
}

impl PartialEq for Props {
    /// While time runs a frame is no reason to draw charts.
    fn eq(&self, other: &Self) -> bool {
        let quantum = |props: &Self| (props.now_us / QUANTUM_US, props.most, props.alerts, props.height);
        self.playing == other.playing
            && if self.playing {
                quantum(self) == quantum(other)
            } else {
                (self.index, self.now_us, self.end_us, self.most, self.alerts, self.height)
                    == (other.index, other.now_us, other.end_us, other.most, other.alerts, other.height)
                    && self.events == other.events
            }
    }
}

#[component]
pub fn Charts(props: &Props) -> Html {
    let series = use_state(|| Rc::new(Vec::<SeriesView>::new()));
    let node = use_node_ref();
    let width = use_state(|| 280.0_f64);
    crate::stage::size::use_width(&node, &width);
    {
        let (series, handle) = (series.clone(), props.handle.clone());
        // What was noted grows at the end of history, and is another one on another branch.
        let end = if props.playing { props.now_us / QUANTUM_US } else { props.end_us };
        let events = (!props.playing).then(|| props.events.clone());
        use_effect_with((end, events), move |_| {
            handle.ask(Command::ReadMetrics, move |reply| {
                if let Answer::Metrics(all) = &reply.answer {
                    series.set(Rc::new(all.clone()));
                }
            });
        });
    }
    let two = *width >= TWO;
    let each = if two { (*width - 20.0) / 2.0 } else { *width };
    let kinds = KINDS.iter().filter(|kind| !props.alerts || kind.alerts()).take(props.most);
    let kinds = kinds.filter(|kind| known(kind, props.events.shown));
    html! {
        <div ref={node} class={if two { "charts two" } else { "charts" }}>
            {for kinds.map(|kind| drawing::chart(props, kind, &series, each))}
        </div>
    }
}
