//! The keyboard inside the stage: one Tab stop, arrows to the nearest object in that direction, Enter to the inspector,
//! Esc out. Down a column is the same offset on the next broker, because the picture is built that way.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, SvgElement};
use yew::prelude::*;

/// Handlers of a stage object that can be pressed: by pointer, Enter or Space.
pub fn press(act: Callback<()>) -> (Callback<MouseEvent>, Callback<KeyboardEvent>) {
    let by_key = act.clone();
    let onclick = Callback::from(move |_: MouseEvent| act.emit(()));
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") {
            event.prevent_default();
            event.stop_propagation();
            by_key.emit(());
        }
    });
    (onclick, onkeydown)
}

#[derive(Clone, Copy)]
enum Way {
    Left,
    Right,
    Up,
    Down,
}

pub fn on_key() -> Callback<KeyboardEvent> {
    Callback::from(|event: KeyboardEvent| {
        let way = match event.key().as_str() {
            "ArrowLeft" => Way::Left,
            "ArrowRight" => Way::Right,
            "ArrowUp" => Way::Up,
            "ArrowDown" => Way::Down,
            _ => return,
        };
        let Some(root) = event.current_target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        let Some(from) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        event.prevent_default();
        if let Some(next) = nearest(&root, &from, way) {
            focus(&root, &next);
        }
    })
}

/// The object whose middle is nearest in a direction; being off the line counts three times.
fn nearest(root: &Element, from: &Element, way: Way) -> Option<Element> {
    let all = root.query_selector_all("[data-obj]").ok()?;
    let (x, y) = middle(from);
    let mut best: Option<(f64, Element)> = None;
    for at in 0..all.length() {
        let Some(element) = all.item(at).and_then(|node| node.dyn_into::<Element>().ok()) else { continue };
        if element == *from {
            continue;
        }
        let (ex, ey) = middle(&element);
        let (ahead, aside) = match way {
            Way::Left => (x - ex, (y - ey).abs()),
            Way::Right => (ex - x, (y - ey).abs()),
            Way::Up => (y - ey, (x - ex).abs()),
            Way::Down => (ey - y, (x - ex).abs()),
        };
        let cost = ahead + 3.0 * aside;
        if ahead > 4.0 && best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, element));
        }
    }
    best.map(|(_, element)| element)
}

fn middle(element: &Element) -> (f64, f64) {
    let rect = element.get_bounding_client_rect();
    // Racks and lanes are wide: their place is where their label stands.
    let x = if rect.width() > 200.0 { rect.left() + 60.0 } else { rect.left() + rect.width() / 2.0 };
    let y = if rect.height() > 100.0 { rect.top() + 18.0 } else { rect.top() + rect.height() / 2.0 };
    (x, y)
}

/// Moves the focus, and the one Tab stop with it.
fn focus(root: &Element, next: &Element) {
    if let Ok(Some(stop)) = root.query_selector("[data-obj][tabindex='0']") {
        let _ = stop.set_attribute("tabindex", "-1");
    }
    let _ = next.set_attribute("tabindex", "0");
    let focused = next
        .dyn_ref::<SvgElement>()
        .map(SvgElement::focus)
        .or_else(|| next.dyn_ref::<HtmlElement>().map(HtmlElement::focus));
    // An element that cannot take the focus leaves it where it was.
    let _ = focused;
    next.scroll_into_view_with_scroll_into_view_options(&{
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        options
    });
}
