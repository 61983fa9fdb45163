//! "What is not real yet": the list the project keeps about itself, from `not-real.json`.

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::ctx::Handle;
use crate::fetch::fetch_text;
use crate::icons::{Icon, icon};
use crate::json::Json;
use crate::text::el;
use crate::ui::{Ask, Screen};

#[derive(Properties, PartialEq)]
pub struct Props {
    pub handle: Handle,
}

/// One thing that differs from a real Kafka.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    what: String,
    instead: String,
}

#[derive(Clone, Debug, PartialEq)]
struct Area {
    area: String,
    items: Vec<Item>,
}

#[component]
pub fn NotReal(props: &Props) -> Html {
    let areas = use_state(|| None::<Result<Vec<Area>, String>>);
    {
        let areas = areas.clone();
        use_effect_with((), move |()| {
            spawn_local(async move { areas.set(Some(load().await)) });
        });
    }
    let back = props.handle.ui.reform(|_: MouseEvent| Ask::Screen(Screen::Home));
    html! {
        <main class="paper">
            <button class="btn ghost sm" onclick={back}>{icon(Icon::StepBack)}{"Lessons"}</button>
            {el("h1", "", "What is not real yet")}
            {el("p", "prose", "The cluster in this tab follows Apache Kafka's own rules and prints its own words. Here is where it does not, or not yet.")}
            {match &*areas {
                None => html! { <p class="muted" role="status">{"Reading the list."}</p> },
                Some(Err(why)) => html! { <p class="muted" role="alert">{format!("The list could not be read: {why}. Reload the page to try again.")}</p> },
                Some(Ok(areas)) => html! { {for areas.iter().map(section)} },
            }}
        </main>
    }
}

fn section(area: &Area) -> Html {
    html! {
        <section>
            {el("h2", "", area.area.clone())}
            <dl class="notreal">{for area.items.iter().map(|item| html! { <>{el("dt", "", item.what.clone())}{el("dd", "", item.instead.clone())}</> })}</dl>
        </section>
    }
}

async fn load() -> Result<Vec<Area>, String> {
    let text = fetch_text("not-real.json").await?;
    let read = Json::read(&text).ok_or("not-real.json is not JSON")?;
    let item = |json: &Json| Item { what: json.get("what").text(), instead: json.get("instead").text() };
    let area = |json: &Json| Area {
        area: json.get("area").text(),
        items: json.get("items").items().iter().map(item).collect(),
    };
    Ok(read.items().iter().map(area).collect())
}
