//! Keys as the browser wants to hear of them.

use chromiumoxide::cdp::browser_protocol::input::{DispatchKeyEventParams, DispatchKeyEventType};

/// What Chromium calls the modifiers, as bits.
const MODIFIERS: [(&str, i64); 4] = [("Alt", 1), ("Control", 2), ("Meta", 4), ("Shift", 8)];

/// Key names that are not the letter they write, with their place on the keyboard, their old number, and what they write.
const NAMED: [(&str, &str, i64, &str); 17] = [
    ("Enter", "Enter", 13, "\r"),
    ("Tab", "Tab", 9, ""),
    ("Escape", "Escape", 27, ""),
    ("Backspace", "Backspace", 8, ""),
    ("Delete", "Delete", 46, ""),
    ("Space", "Space", 32, " "),
    ("ArrowLeft", "ArrowLeft", 37, ""),
    ("ArrowUp", "ArrowUp", 38, ""),
    ("ArrowRight", "ArrowRight", 39, ""),
    ("ArrowDown", "ArrowDown", 40, ""),
    ("Home", "Home", 36, ""),
    ("End", "End", 35, ""),
    ("PageUp", "PageUp", 33, ""),
    ("PageDown", "PageDown", 34, ""),
    ("F1", "F1", 112, ""),
    ("F6", "F6", 117, ""),
    ("/", "Slash", 191, "/"),
];

/// The events of pressing and letting go of a key such as `Enter`, `Control+c` or `Shift+Tab`.
pub fn press(chord: &str) -> Result<[DispatchKeyEventParams; 2], String> {
    let mut words: Vec<&str> = if chord == "+" { vec!["+"] } else { chord.split('+').collect() };
    let key = words.pop().filter(|key| !key.is_empty()).ok_or("a key belongs here")?;
    let mut modifiers = 0;
    for word in words {
        modifiers +=
            MODIFIERS.iter().find(|(name, _)| *name == word).ok_or_else(|| format!("{word} is no modifier"))?.1;
    }
    let named = NAMED.iter().find(|(name, ..)| *name == key);
    let (place, number, text) = match (named, key.chars().next()) {
        (Some((_, place, number, text)), _) => ((*place).to_owned(), *number, (*text).to_owned()),
        (None, Some(letter)) if key.chars().count() == 1 => (place(letter), number(letter), key.to_owned()),
        _ => return Err(format!("{key} is no key")),
    };
    let key = if key == "Space" { " " } else { key };
    // With Control or Alt or Meta a key writes nothing.
    let text = if modifiers & 7 == 0 { text } else { String::new() };
    let event = |kind: DispatchKeyEventType, text: &str| {
        let event = DispatchKeyEventParams::builder()
            .r#type(kind)
            .modifiers(modifiers)
            .key(key)
            .code(place.clone())
            .windows_virtual_key_code(number)
            .native_virtual_key_code(number);
        if text.is_empty() { event.build() } else { event.text(text).build() }
    };
    let down = if text.is_empty() { DispatchKeyEventType::RawKeyDown } else { DispatchKeyEventType::KeyDown };
    Ok([event(down, &text)?, event(DispatchKeyEventType::KeyUp, "")?])
}

fn place(letter: char) -> String {
    match letter.to_ascii_uppercase() {
        upper @ 'A'..='Z' => format!("Key{upper}"),
        digit @ '0'..='9' => format!("Digit{digit}"),
        ' ' => "Space".to_owned(),
        _ => String::new(),
    }
}

fn number(letter: char) -> i64 {
    let upper = letter.to_ascii_uppercase();
    if upper.is_ascii_alphanumeric() || upper == ' ' { i64::from(u32::from(upper)) } else { 0 }
}
