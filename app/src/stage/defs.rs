//! Patterns and arrow heads that the style sheet names.

use yew::prelude::*;

pub fn defs() -> Html {
    let stripes = |id: &'static str, size: &'static str, inner: Html| {
        html! {
            <pattern {id} width={size} height={size} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">{inner}</pattern>
        }
    };
    let arrow = |id: &'static str, class: &'static str| {
        html! {
            <marker {id} viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                <path d="M0 .5 7 4 0 7.5z" {class}/></marker>
        }
    };
    html! {
        <defs>
            {stripes("stripeL", "6", html! { <><rect width="6" height="6" class="f-groove"/><rect width="3" height="6" class="f-broker"/></> })}
            {stripes("stripeF", "6", html! { <rect width="1.6" height="6" class="f-follow"/> })}
            {stripes("hatch", "8", html! { <rect width="2" height="8" class="f-line2"/> })}
            {stripes("redeliver", "5", html! { <rect width="2" height="5" class="f-cons"/> })}
            <pattern id="dots" width="24" height="24" patternUnits="userSpaceOnUse"><circle cx="1" cy="1" r="1" class="f-grid"/></pattern>
            {arrow("ac", "f-cons")}
        </defs>
    }
}
