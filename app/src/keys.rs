//! The keyboard map: every key has a button somewhere, none is needed, and single keys never answer in a text field.

use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    StepBack,
    StepForward,
    BeatBack,
    BeatForward,
    PlayPause,
    Start,
    End,
    Slower,
    Faster,
    /// 0 for the first option.
    Option(u32),
    Check,
    Hint,
    NextStep,
    Undo,
    Redo,
    Fork,
    StopServer,
    StartServer,
    Why,
    Terminal,
    Close,
    Map,
    Present,
    Nearer,
    Farther,
}

/// What the map overlay prints: keys, and what they do.
pub const MAP: [(&str, &str); 21] = [
    ("Left, Right", "step back, forward"),
    ("Shift + Left, Right", "previous, next beat"),
    ("J, L", "step, also inside the stage"),
    ("Space", "play or pause"),
    ("Home, End", "start, last event"),
    ("[ and ]", "slower, faster"),
    ("1 to 9", "choose an option"),
    ("Enter", "check"),
    ("H", "next hint"),
    ("N", "next step"),
    ("Ctrl Z, Ctrl Shift Z", "undo, redo"),
    ("F", "fork here"),
    ("Delete, S", "stop, start the focused broker"),
    ("W", "why, for the focused partition"),
    ("+ and -", "nearer: broker, log, bytes; and back"),
    ("` (backtick)", "terminal"),
    ("Esc", "close the layer, back to the stage"),
    ("Arrows in the stage", "move between objects"),
    ("Enter in the stage", "open the inspector"),
    ("P", "present; then Right, R and 1 to 4"),
    ("?", "this map"),
];

/// The action of a key press, if it has one where it was pressed.
pub fn action(event: &KeyboardEvent, single_keys: bool) -> Option<Action> {
    let key = event.key();
    if event.ctrl_key() || event.meta_key() {
        let undo = key.eq_ignore_ascii_case("z") && !typing(event);
        return undo.then_some(if event.shift_key() { Action::Redo } else { Action::Undo });
    }
    if key == "Escape" {
        return Some(Action::Close);
    }
    if event.alt_key() || typing(event) || !single_keys || event.default_prevented() {
        return None;
    }
    let in_control = target(event).is_some_and(|element| {
        matches!(element.tag_name().as_str(), "BUTTON" | "A" | "SUMMARY")
            || has_role(&element, &["slider", "tab", "radio"])
    });
    // The option that is chosen already has nothing more to do with the key.
    let chosen = target(event).is_some_and(|element| {
        has_role(&element, &["radio"]) && element.get_attribute("aria-checked").as_deref() == Some("true")
    });
    let in_stage = target(event).is_some_and(|element| element.closest("[data-stage]").ok().flatten().is_some());
    match key.as_str() {
        "ArrowLeft" | "ArrowRight" if in_stage || in_control => None,
        "ArrowLeft" => Some(if event.shift_key() { Action::BeatBack } else { Action::StepBack }),
        "ArrowRight" => Some(if event.shift_key() { Action::BeatForward } else { Action::StepForward }),
        "Enter" if chosen => Some(Action::Check),
        " " | "Enter" | "Home" | "End" if in_control => None,
        "Enter" if in_stage => None,
        " " => Some(Action::PlayPause),
        "Enter" => Some(Action::Check),
        "Home" => Some(Action::Start),
        "End" => Some(Action::End),
        other => letter(other),
    }
}

fn letter(key: &str) -> Option<Action> {
    Some(match key {
        "j" | "J" => Action::StepBack,
        "l" | "L" => Action::StepForward,
        "[" => Action::Slower,
        "]" => Action::Faster,
        "h" | "H" => Action::Hint,
        "n" | "N" => Action::NextStep,
        "f" | "F" => Action::Fork,
        "Delete" => Action::StopServer,
        "s" | "S" => Action::StartServer,
        "w" | "W" => Action::Why,
        "p" | "P" => Action::Present,
        "`" => Action::Terminal,
        "?" => Action::Map,
        "+" | "=" => Action::Nearer,
        "-" => Action::Farther,
        digit => return digit.parse::<u32>().ok().filter(|n| (1..=9).contains(n)).map(|n| Action::Option(n - 1)),
    })
}

fn target(event: &KeyboardEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// True where letters are text.
fn typing(event: &KeyboardEvent) -> bool {
    target(event).is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") && !has_role(&element, &["slider"])
            || element.has_attribute("contenteditable")
    })
}

fn has_role(element: &Element, roles: &[&str]) -> bool {
    element.get_attribute("role").is_some_and(|role| roles.contains(&role.as_str()))
        || (element.tag_name() == "INPUT" && element.get_attribute("type").as_deref() == Some("range"))
}
