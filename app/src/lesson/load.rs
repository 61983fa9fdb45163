//! Getting a lesson into the engine: from the site's own, or from a file of the person's.

use std::cell::Cell;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use wire::{Command, Tone};

use crate::ctx::Handle;
use crate::fetch::fetch_text;
use crate::home::storage;
use crate::ui::{Ask, Bar};

/// Longest lesson text that is read, in bytes: a lesson is a few pages, and anything may be dropped on the page.
const FILE_BYTES_MAX: f64 = 256.0 * 1024.0;

thread_local! {
    /// How many lessons of the site were asked for. Who clicks twice while the first text is on its way wants the second.
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

/// Opens a lesson of the site, a file of its own that is fetched now. `then` is the session to go on with, if there is one.
pub fn open(handle: &Handle, file: &str, then: Option<String>) {
    let asked = ASKED.get() + 1;
    ASKED.set(asked);
    let (handle, file) = (handle.clone(), file.to_owned());
    spawn_local(async move {
        let text = fetch_text(&format!("lessons/{file}")).await;
        if ASKED.get() != asked {
            return;
        }
        let text = match text {
            Ok(text) => text,
            Err(why) => {
                let details = vec![why, "Check the connection and take it again, or take another one.".into()];
                return complain(&handle, "This lesson could not be fetched.", details);
            }
        };
        storage::begin(&file);
        handle.send(Command::LoadLesson { name: file, text, seed: None });
        if let Some(fragment) = then {
            handle.send(Command::Import { fragment, preview: false });
        }
    });
}

/// Opens a lesson file that was dropped or picked.
pub fn open_file(handle: &Handle, file: web_sys::File) {
    let handle = handle.clone();
    spawn_local(async move {
        let name = file.name();
        if file.size() > FILE_BYTES_MAX {
            complain(
                &handle,
                "This file is too large for a lesson.",
                vec![format!("{name} has {} bytes; {} are allowed.", file.size() as u64, FILE_BYTES_MAX as u64)],
            );
            return;
        }
        let text =
            JsFuture::from(file.unchecked_ref::<web_sys::Blob>().text()).await.ok().and_then(|text| text.as_string());
        match text {
            Some(text) => handle.send(Command::LoadLesson { name, text, seed: None }),
            None => complain(&handle, "This file could not be read.", vec![format!("{name} is not text.")]),
        }
    });
}

fn complain(handle: &Handle, title: &str, details: Vec<String>) {
    handle.show(Ask::Bar(Bar { tone: Tone::Warn, title: title.into(), details, export: false }));
}
