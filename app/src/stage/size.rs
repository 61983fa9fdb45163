//! How large a part of the page is, kept up to date as it changes.

use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, ResizeObserver};
use yew::prelude::*;

/// Width of an element in pixels, in the state given.
#[hook]
pub fn use_width(node: &NodeRef, width: &UseStateHandle<f64>) {
    let width = width.clone();
    use_observed(node, move |w, _| {
        if (*width - w).abs() > 0.5 && w > 0.0 {
            width.set(w);
        }
    });
}

/// Width and height of an element in pixels.
#[hook]
pub fn use_size(node: &NodeRef, size: &UseStateHandle<(f64, f64)>) {
    let size = size.clone();
    use_observed(node, move |w, h| {
        if (size.0 - w).abs() + (size.1 - h).abs() > 0.5 && w > 0.0 {
            size.set((w, h));
        }
    });
}

#[hook]
fn use_observed(node: &NodeRef, told: impl Fn(f64, f64) + 'static) {
    let node = node.clone();
    use_effect_with((), move |()| {
        let element = node.cast::<Element>();
        let watched = element.clone();
        let closure = Closure::<dyn FnMut(JsValue)>::new(move |_| {
            if let Some(element) = &watched {
                let rect = element.get_bounding_client_rect();
                told(rect.width(), rect.height());
            }
        });
        // Observing calls once at the start too, so the first measure needs no code of its own.
        let observer = ResizeObserver::new(closure.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, &element) {
            observer.observe(element);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(closure);
        }
    });
}
