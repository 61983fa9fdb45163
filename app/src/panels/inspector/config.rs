//! Settings with where each comes from; what differs from the default is bold.

use wire::view::ConfigView;
use yew::prelude::*;

pub fn list(config: &[ConfigView]) -> Html {
    html! {
        <dl class="kv">{for config.iter().map(|entry| {
            let own = entry.source != "DEFAULT_CONFIG";
            html! {
                <><dt class="clip" title={entry.key.clone()}>{&entry.key}</dt>
                <dd class={if own { "" } else { "muted" }} title={entry.source.clone()}>
                    if own { <b>{&entry.value}</b> } else { {&entry.value} }
                </dd></>
            }
        })}</dl>
    }
}

/// With the source spelled out, for the tab of its own.
pub fn table(config: &[ConfigView]) -> Html {
    html! {
        <table><thead><tr><th>{"Setting"}</th><th class="n">{"Value"}</th></tr></thead><tbody>
            {for config.iter().map(|entry| html! {
                <tr><td><span class="mono">{&entry.key}</span><br/><span class="muted small">{&entry.source}</span></td>
                <td class="n">{&entry.value}</td></tr>
            })}
        </tbody></table>
    }
}
