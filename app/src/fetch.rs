//! The page's own files that are fetched when they are wanted: a lesson's text, the list of what is not real.

use gloo_utils::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The text of one of the page's own files, by its path from the page; or why there is none, in the browser's words.
pub async fn fetch_text(path: &str) -> Result<String, String> {
    let shown = |error: JsValue| String::from(js_sys::Object::from(error).to_string());
    let response = JsFuture::from(window().fetch_with_str(path)).await.map_err(shown)?;
    let response: web_sys::Response = response.dyn_into().map_err(shown)?;
    if !response.ok() {
        return Err(format!("{path}: {} {}", response.status(), response.status_text()));
    }
    let text = JsFuture::from(response.text().map_err(shown)?).await.map_err(shown)?;
    text.as_string().ok_or_else(|| format!("{path} is not text"))
}
