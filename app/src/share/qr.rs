//! A session link as a QR code: how the phone in the last row gets this very moment.

use std::fmt::Write;

use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, Version};
use wire::Command;
use wire::reply::Answer;
use yew::prelude::*;

use super::address_of;
use crate::ctx::Handle;
use crate::svg::path;
use crate::text::el;

/// A longer link has modules too small for a camera at a few steps' distance.
const BYTES_MAX: usize = 1_400;
/// Light modules around, which a reader needs.
const QUIET: i32 = 4;

/// The code, as one path; nothing if the link is too long for one.
pub fn code(address: &str) -> Option<Html> {
    if address.len() > BYTES_MAX {
        return None;
    }
    let bytes = QrSegment::make_bytes(address.as_bytes());
    // One mask does: the others are for data of which half is the same, and a link is as good as random.
    let (least, most) = (Version::new(1), Version::new(40));
    let code =
        QrCode::encode_segments_advanced(&[bytes], QrCodeEcc::Low, least, most, Some(Mask::new(0)), false).ok()?;
    let size = code.size();
    let mut d = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let from = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            if x > from {
                // Writing into a string cannot fail.
                let _ = write!(d, "M{} {}h{}v1h-{}z", from + QUIET, y + QUIET, x - from, x - from);
            }
            x += 1;
        }
    }
    let whole = size + 2 * QUIET;
    Some(html! {
        <svg class="qr" viewBox={format!("0 0 {whole} {whole}")} role="img" aria-label="QR code of the link">
            <rect width="100%" height="100%"/>{path(d, "")}</svg>
    })
}

#[derive(Properties, PartialEq)]
pub struct Props {
    pub index: u64,
    pub playing: bool,
    pub handle: Handle,
}

/// The moment that is shown, as a code: made anew whenever time stands still.
#[component]
pub fn Moment(props: &Props) -> Html {
    let fragment = use_state(String::new);
    {
        let (fragment, handle) = (fragment.clone(), props.handle.clone());
        use_effect_with((props.index, props.playing), move |(_, playing)| {
            if !playing {
                handle.ask(Command::Export, move |reply| {
                    if let Answer::Link { fragment: made, .. } = &reply.answer {
                        fragment.set(made.clone());
                    }
                });
            }
        });
    }
    if fragment.is_empty() {
        return html! {};
    }
    html! {
        if let Some(code) = code(&address_of(&fragment)) {
            <div class="row scan">{code}{el("small", "", "Scan to get this exact moment on your device")}</div>
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_link_of_the_usual_length_has_a_code() {
        let link = format!("https://example.org/#{}", "Ab9-_".repeat(100));
        assert!(super::code(&link).is_some());
        assert!(super::code(&"x".repeat(3_000)).is_none());
    }
}
