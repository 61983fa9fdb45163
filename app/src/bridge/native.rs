//! The browser's own worker object behind gloo's bridge.
//!
//! gloo keeps it to itself, yet two things need it: ending a worker that hangs, and hearing that its files could not be
//! loaded. boot.js collects every worker the page starts in `ozWorkers`; the last one is ours.

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// The worker started last, taken off the page's list.
pub fn take_last() -> Option<web_sys::Worker> {
    let list = Reflect::get(&js_sys::global(), &JsValue::from_str("ozWorkers")).ok()?;
    let list: Array = list.dyn_into().ok()?;
    list.pop().dyn_into().ok()
}
