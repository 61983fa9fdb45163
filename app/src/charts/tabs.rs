//! Beside the terminal: the charts, those of what is wrong, or every bean with its value.

use yew::prelude::*;

use super::{Charts, Props};
use crate::store::Metrics;
use crate::text::{el, say};

#[derive(Properties, PartialEq)]
pub struct PlotsProps {
    pub charts: Props,
    /// All of Kafka's metrics that are counted, as they are now.
    pub metrics: Metrics,
}

#[component]
pub fn Plots(props: &PlotsProps) -> Html {
    let at = use_state(|| 0_usize);
    let tab = |(to, name): (usize, &&'static str)| {
        let on = to == *at;
        let at = at.clone();
        let onclick = Callback::from(move |_: MouseEvent| at.set(to));
        html! { <button role="tab" class={classes!(on.then_some("on"))} aria-selected={on.to_string()} {onclick}>{*name}</button> }
    };
    let row = |(name, value): (&String, &u64)| html! { <tr>{say("td", "mono", name)}{say("td", "n", value)}</tr> };
    html! {
        <section class="plots" aria-label="Metrics">
            <div class="ttabs">{el("h2", "sr", "Metrics")}<span class="row tight" role="tablist" aria-label="Which metrics">{for ["Metrics", "Alerts", "All beans"].iter().enumerate().map(tab)}</span>
                <span class="grow"/>{el("span", "muted small", "dashes = events")}</div>
            <div class="plotsin" tabindex="0" role="group" aria-label="Values">
                if *at < 2 { <Charts alerts={*at == 1} ..props.charts.clone()/> }
                else { <table><tbody>{for props.metrics.iter().map(row)}</tbody></table> }
            </div>
        </section>
    }
}
