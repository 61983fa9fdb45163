//! Settings with where each comes from; what differs from the default is bold.

use crate::text::el;
use wire::view::ConfigView;
use yew::prelude::*;

/// What the safety of a write hangs on, whether it was set or not.
const TELLING: [&str; 2] = ["min.insync.replicas", "unclean.leader.election.enable"];

/// The settings that were made, and those that tell most; all of them have a tab.
pub fn list(config: &[ConfigView]) -> Html {
    let tells = |entry: &&ConfigView| entry.source != "DEFAULT_CONFIG" || TELLING.contains(&entry.key.as_str());
    html! {
        <dl class="kv">{for config.iter().filter(tells).map(|entry| {
            let own = entry.source != "DEFAULT_CONFIG";
            html! {
                <><dt class="clip" title={entry.key.clone()}>{&entry.key}</dt>
                <dd class={if own { "" } else { "muted" }} title={entry.source.clone()}>
                    if own { {el("b", "", entry.value.clone())} } else { {&entry.value} }
                </dd></>
            }
        })}</dl>
    }
}

/// With the source spelled out, for the tab of its own.
pub fn table(config: &[ConfigView]) -> Html {
    html! {
        <table><thead><tr>{el("th", "", "Setting")}{el("th", "n", "Value")}</tr></thead><tbody>
            {for config.iter().map(|entry| html! {
                <tr><td>{el("span", "mono", entry.key.clone())}<br/>{el("span", "muted small", entry.source.clone())}</td>
                {el("td", "n", entry.value.clone())}</tr>
            })}
        </tbody></table>
    }
}
