//! A session as a link: the dialog that makes one, and the preview of one that was followed here. Nothing of a link is
//! run before the person says so.

pub mod qr;

use gloo_events::EventListener;
use gloo_utils::{document, window};
use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use wire::reply::Answer;
use wire::{Command, Tone};
use yew::prelude::*;

use crate::ctx::Handle;
use crate::icons::{Mark, mark};
use crate::text::el;
use crate::ui::{Ask, Bar};

/// Longest file that is read as a session, in bytes.
const FILE_BYTES_MAX: f64 = 512.0 * 1024.0;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub handle: Handle,
}

/// The dialog behind Share: the link, a button that copies it, and the same as a file.
#[component]
pub fn ShareDialog(props: &Props) -> Html {
    let made = use_state(|| None::<Result<(String, u32), String>>);
    let copied = use_state(|| false);
    {
        let (made, handle) = (made.clone(), props.handle.clone());
        use_effect_with((), move |()| {
            handle.ask(Command::Export, move |reply| {
                made.set(Some(match (&reply.answer, &reply.problem) {
                    (Answer::Link { fragment, commands }, _) => Ok((fragment.clone(), *commands)),
                    (_, Some(problem)) => Err(format!("{} {}", problem.title, problem.details.join(" "))),
                    _ => Err("There is no session to share yet.".into()),
                }));
            });
        });
    }
    match &*made {
        None => html! { <p class="muted" role="status">{"Packing the session."}</p> },
        Some(Err(why)) => html! { <p role="alert">{why}</p> },
        Some(Ok((fragment, commands))) => {
            let address = address_of(fragment);
            let copy = {
                let (address, copied) = (address.clone(), copied.clone());
                Callback::from(move |_: MouseEvent| {
                    let (address, copied) = (address.clone(), copied.clone());
                    spawn_local(async move {
                        let done = JsFuture::from(window().navigator().clipboard().write_text(&address)).await;
                        copied.set(done.is_ok());
                    });
                })
            };
            let file = {
                let fragment = fragment.clone();
                Callback::from(move |_: MouseEvent| save("session.oz", &fragment))
            };
            html! {
                <div class="share">
                    {el("p", "soft", format!("The link holds the cluster, its seed and {commands} commands. Whoever opens it sees exactly this, and nothing leaves this page before you send it."))}
                    <input class="field mono" readonly=true value={address.clone()} aria-label="Link to this session"/>
                    {qr::code(&address).unwrap_or_else(|| el("p", "muted", "The link is too long for a QR code: copy it, or save the file."))}
                    <div class="row"><button class="btn pri" onclick={copy}>{if *copied { "Copied" } else { "Copy link" }}</button>
                        <button class="btn" onclick={file}>{"Save as a file"}</button></div>
                </div>
            }
        }
    }
}

fn address_of(fragment: &str) -> String {
    let location = window().location();
    format!("{}{}#{fragment}", location.origin().unwrap_or_default(), location.pathname().unwrap_or_default())
}

/// What a link holds, before anything of it is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub fragment: String,
    pub summary: Vec<String>,
    pub problems: Vec<String>,
}

/// Looks at the address when the page opens and when its fragment changes.
#[component]
pub fn Arrival(props: &Props) -> Html {
    let handle = props.handle.clone();
    use_effect_with((), move |()| {
        look(&handle);
        let listener = EventListener::new(&window(), "hashchange", move |_| look(&handle));
        move || drop(listener)
    });
    html! {}
}

fn look(handle: &Handle) {
    let hash = window().location().hash().unwrap_or_default();
    let fragment = hash.trim_start_matches('#');
    // Short fragments are the page's own anchors.
    if fragment.len() > 16 {
        preview(handle, fragment);
    }
}

/// Asks the engine what a link holds, and shows it.
pub fn preview(handle: &Handle, fragment: &str) {
    let fragment = fragment.rsplit('#').next().unwrap_or(fragment).to_owned();
    let shown = handle.clone();
    let kept = fragment.clone();
    handle.ask(Command::Import { fragment, preview: true }, move |reply| {
        if let Answer::Preview { summary, problems } = &reply.answer {
            let found = Found { fragment: kept.clone(), summary: summary.clone(), problems: problems.clone() };
            shown.show(Ask::Found(found));
        }
    });
}

pub struct FoundProps {
    pub found: Found,
    pub handle: Handle,
}

/// The preview: what is inside, what could not be read, and the button that runs it.
pub fn found_dialog(props: &FoundProps) -> Html {
    let found = &props.found;
    let whole = found.problems.is_empty();
    let run = {
        let (handle, fragment) = (props.handle.clone(), found.fragment.clone());
        let lesson = found
            .summary
            .iter()
            .find_map(|line| line.strip_prefix("lesson "))
            .and_then(|rest| rest.split(", step").next())
            .map(str::to_owned);
        Callback::from(move |_: MouseEvent| {
            handle.show(Ask::Overlay(None));
            // The address goes back to the plain page: a reload must not ask again.
            if let Ok(history) = window().history() {
                let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some("./"));
            }
            match &lesson {
                Some(file) => crate::lesson::load::open(&handle, file, Some(fragment.clone())),
                None => handle.send(Command::Import { fragment: fragment.clone(), preview: false }),
            }
        })
    };
    let close = props.handle.ui.reform(|_: MouseEvent| Ask::Overlay(None));
    html! {
        <div class="share">
            <p class="soft">{if whole { "Somebody shared a session. Nothing of it runs before you say so." } else { "This link is damaged. Nothing of it was applied." }}</p>
            <ul class="plain">{for found.summary.iter().map(|line| html! { <li>{mark(Mark::Ok)}{line}</li> })}
                {for found.problems.iter().map(|line| html! { <li class="err-line">{mark(Mark::Error)}{line}</li> })}</ul>
            <div class="row">
                if whole { <button class="btn pri" onclick={run}>{"Run"}</button> }
                <button class="btn" onclick={close}>{if whole { "Not now" } else { "Close" }}</button></div>
        </div>
    }
}

/// Hands a text to the person as a file.
pub fn save(name: &str, text: &str) {
    let parts = Array::of1(&text.into());
    let Ok(blob) = web_sys::Blob::new_with_str_sequence(&parts) else { return };
    let Ok(address) = web_sys::Url::create_object_url_with_blob(&blob) else { return };
    if let Ok(link) = document().create_element("a")
        && let Ok(link) = link.dyn_into::<web_sys::HtmlAnchorElement>()
    {
        link.set_href(&address);
        link.set_download(name);
        link.click();
    }
    // The browser has taken the bytes by now; an address that cannot be revoked only costs memory.
    let _ = web_sys::Url::revoke_object_url(&address);
}

pub fn read(handle: &Handle, file: web_sys::File, then: fn(&Handle, &str)) {
    read_then(handle, file, then);
}

/// Reads a picked file as text.
pub fn read_then(handle: &Handle, file: web_sys::File, then: impl Fn(&Handle, &str) + 'static) {
    let handle = handle.clone();
    spawn_local(async move {
        if file.size() > FILE_BYTES_MAX {
            say(
                &handle,
                format!(
                    "{} is too large: {} bytes, {} are allowed.",
                    file.name(),
                    file.size() as u64,
                    FILE_BYTES_MAX as u64
                ),
            );
            return;
        }
        let text =
            JsFuture::from(file.unchecked_ref::<web_sys::Blob>().text()).await.ok().and_then(|text| text.as_string());
        match text {
            Some(text) => then(&handle, &text),
            None => say(&handle, format!("{} could not be read as text.", file.name())),
        }
    });
}

pub fn say(handle: &Handle, title: String) {
    handle.show(Ask::Bar(Bar { tone: Tone::Plain, title, details: vec![], export: false }));
}
