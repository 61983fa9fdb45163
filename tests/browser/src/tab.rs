//! What a person does in a tab, and sees.
//!
//! A *place* is a CSS selector, or `text=WORDS`: the smallest element whose visible text is exactly WORDS, or else contains them.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chromiumoxide::Page;
use chromiumoxide::cdp::browser_protocol::emulation::{MediaFeature, SetCpuThrottlingRateParams};
use chromiumoxide::cdp::browser_protocol::network::SetBypassServiceWorkerParams;
use chromiumoxide::cdp::browser_protocol::page::CaptureScreenshotFormat;
use chromiumoxide::cdp::browser_protocol::target::SetAutoAttachParams;
use chromiumoxide::layout::Point;
use chromiumoxide::page::ScreenshotParams;
use serde::de::DeserializeOwned;

use crate::keys;
use crate::launch::{Options, Theme, root};

/// How long something that should come is awaited: long, because a slow machine must not fail a test.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(40);

/// Finds the element of a place; put before every script that needs one.
const FIND: &str = r#"
const find = place => {
  if (!place.startsWith('text=')) return document.querySelector(place);
  const words = place.slice(5);
  const seen = [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && (e.textContent ?? '').includes(words));
  const smallest = list => list.filter(e => !list.some(other => other !== e && e.contains(other)))[0];
  return smallest(seen.filter(e => e.textContent.trim() === words)) ?? smallest(seen) ?? null;
};
const isSeen = e => { if (!e || !e.checkVisibility()) return false; const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0; };
"#;

/// A tab with the page in it.
pub struct Tab {
    page: Page,
    origin: String,
    cut: Arc<AtomicBool>,
}

impl Tab {
    /// Opens the page as the options say.
    pub(crate) async fn open(
        page: Page,
        origin: String,
        cut: Arc<AtomicBool>,
        options: &Options,
    ) -> Result<Tab, String> {
        let feature = |name: &str, value: &str| MediaFeature { name: name.to_owned(), value: value.to_owned() };
        let theme = if options.theme == Theme::Dark { "dark" } else { "light" };
        let motion = if options.reduced_motion { "reduce" } else { "no-preference" };
        let features = vec![feature("prefers-color-scheme", theme), feature("prefers-reduced-motion", motion)];
        page.emulate_media_features(features).await.map_err(words)?;
        if !options.before.is_empty() {
            page.evaluate_on_new_document(options.before.as_str()).await.map_err(words)?;
        }
        let tab = Tab { page, origin, cut };
        // A debugger that attaches to everything by itself keeps service workers waiting for a word that never comes, and a
        // page's requests with them.
        tab.page.execute(SetAutoAttachParams::new(false, false)).await.map_err(words)?;
        tab.bypass_service_workers(true).await?;
        tab.goto(&options.path).await?;
        Ok(tab)
    }

    /// The page of chromiumoxide, for what this type has no words for.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// Goes to an address of the page, given from the first slash on.
    pub async fn goto(&self, path: &str) -> Result<(), String> {
        self.page.goto(format!("{}{path}", self.origin)).await.map(drop).map_err(words)
    }

    /// From now on the page's requests go through its service worker, as everywhere; tests of other things do without.
    pub async fn let_service_workers_answer(&self) -> Result<(), String> {
        self.bypass_service_workers(false).await
    }

    async fn bypass_service_workers(&self, bypass: bool) -> Result<(), String> {
        self.page.execute(SetBypassServiceWorkerParams::new(bypass)).await.map(drop).map_err(words)
    }

    /// From now on the page's server answers nobody.
    pub fn cut_the_network(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }

    /// Loads the page again; what it stored stays.
    pub async fn reload(&self) -> Result<(), String> {
        self.page.reload().await.map(drop).map_err(words)
    }

    /// What an expression of JavaScript gives; promises are awaited.
    pub async fn evaluate<T: DeserializeOwned>(&self, expression: &str) -> Result<T, String> {
        let result = self.page.evaluate(expression).await.map_err(|error| format!("{expression}: {error}"))?;
        result.into_value().map_err(|error| format!("{expression}: {error}"))
    }

    /// Waits until an expression is true; `what` names it in the failure.
    pub async fn wait_until(&self, expression: &str, what: &str) -> Result<(), String> {
        let started = Instant::now();
        loop {
            // While the page is being replaced there is nowhere to evaluate; that is a reason to look again.
            if self.evaluate::<bool>(expression).await == Ok(true) {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("waited {} s in vain: {what}", PATIENCE.as_secs()));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until a place is there and can be seen.
    pub async fn wait_for(&self, place: &str) -> Result<(), String> {
        self.wait_until(&ask(place, "isSeen(e)"), &format!("{place} is seen")).await
    }

    /// Waits until a place is gone or hidden.
    pub async fn wait_gone(&self, place: &str) -> Result<(), String> {
        self.wait_until(&ask(place, "!isSeen(e)"), &format!("{place} is gone")).await
    }

    /// Waits until the text of a place contains some words.
    pub async fn wait_for_text(&self, place: &str, text: &str) -> Result<(), String> {
        let contains = format!("!!e && (e.innerText ?? e.textContent).includes({})", quoted(text));
        let waited = self.wait_until(&ask(place, &contains), &format!("{place} says {text:?}")).await;
        match waited {
            Ok(()) => Ok(()),
            Err(reason) => Err(format!("{reason}; it says {:?}", self.text(place).await.unwrap_or_default())),
        }
    }

    /// The visible text of a place.
    pub async fn text(&self, place: &str) -> Result<String, String> {
        let text: Option<String> = self.evaluate(&ask(place, "e ? (e.innerText ?? e.textContent) : null")).await?;
        text.ok_or_else(|| format!("there is no {place}"))
    }

    /// How many elements a selector matches.
    pub async fn count(&self, selector: &str) -> Result<usize, String> {
        self.evaluate(&format!("document.querySelectorAll({}).length", quoted(selector))).await
    }

    /// An attribute of a place.
    pub async fn attribute(&self, place: &str, name: &str) -> Result<Option<String>, String> {
        self.evaluate(&ask(place, &format!("e?.getAttribute({}) ?? null", quoted(name)))).await
    }

    /// Clicks the middle of a place with the mouse, once it is there, at rest and not covered by something else.
    pub async fn click(&self, place: &str) -> Result<(), String> {
        self.wait_for(place).await?;
        let started = Instant::now();
        let mut before = None;
        loop {
            let middle = "e.scrollIntoView({block: 'nearest', inline: 'nearest', behavior: 'instant'}), (r => [r.x + r.width / 2, r.y + r.height / 2])(e.getBoundingClientRect())";
            let at: [f64; 2] = self.evaluate(&ask(place, middle)).await?;
            let hit = format!(
                "(h => !!h && (e.contains(h) || h.contains(e)))(document.elementFromPoint({}, {}))",
                at[0], at[1]
            );
            if before == Some(at) && self.evaluate::<bool>(&ask(place, &hit)).await? {
                return self.page.click(Point { x: at[0], y: at[1] }).await.map(drop).map_err(words);
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("{place} never rests, or something covers it"));
            }
            before = Some(at);
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Types letter by letter into whatever has the focus. A line end is Enter.
    pub async fn type_text(&self, text: &str) -> Result<(), String> {
        for letter in text.chars() {
            match letter {
                '\n' => self.press("Enter").await?,
                _ => self.press(letter.encode_utf8(&mut [0; 4])).await?,
            }
        }
        Ok(())
    }

    /// Presses a key: `Enter`, `Control+c`, `Shift+Tab`, `a`.
    pub async fn press(&self, chord: &str) -> Result<(), String> {
        for event in keys::press(chord)? {
            self.page.execute(event).await.map_err(words)?;
        }
        Ok(())
    }

    /// What has the focus: its tag, id and accessible words, for messages and checks.
    pub async fn focused(&self) -> Result<String, String> {
        self.evaluate("(e => e ? `${e.tagName.toLowerCase()}#${e.id} ${e.getAttribute('aria-label') ?? e.innerText ?? ''}`.trim() : '')(document.activeElement)").await
    }

    /// Keeps a picture of the tab as `target/screenshots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> Result<(), String> {
        let folder = root().join("target/screenshots");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let params = ScreenshotParams::builder().format(CaptureScreenshotFormat::Png).build();
        let picture = self.page.screenshot(params).await.map_err(words)?;
        fs::write(folder.join(format!("{name}.png")), picture).map_err(|error| format!("{name}.png: {error}"))
    }

    /// Makes the page's processor this many times slower.
    pub async fn slow_down(&self, times: f64) -> Result<(), String> {
        self.page.execute(SetCpuThrottlingRateParams::new(times)).await.map(drop).map_err(words)
    }
}

/// An expression about the element `e` of a place.
fn ask(place: &str, expression: &str) -> String {
    format!("(() => {{ {FIND} const e = find({}); return ({expression}); }})()", quoted(place))
}

/// A text as a string of JavaScript.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n");
    format!("'{escaped}'")
}

fn words(error: chromiumoxide::error::CdpError) -> String {
    format!("the browser says: {error}")
}
