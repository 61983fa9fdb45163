//! The first screen: chapters as lanes, lessons as records.

pub mod storage;

use wire::Command;
use wire::command::ClusterSpec;
use yew::prelude::*;

use crate::ctx::Handle;
use crate::theme::Theme;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub handle: Handle,
    pub theme: Theme,
}

#[component]
pub fn Home(props: &Props) -> Html {
    let handle = props.handle.clone();
    let boot = Callback::from(move |_: MouseEvent| {
        let spec = ClusterSpec { version: "4.3".into(), brokers: 3, controllers: 1, config: vec![] };
        handle.send(Command::Boot { spec, seed: 1 });
    });
    html! { <main><h1>{"Learn Kafka from offset zero."}</h1><button class="btn" onclick={boot}>{"New cluster"}</button></main> }
}
