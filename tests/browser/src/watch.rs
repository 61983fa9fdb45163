//! What a tab must not do: complain in its console, throw, miss a file, talk to another host.

use std::cell::RefCell;
use std::rc::Rc;

use chromiumoxide::Page;
use chromiumoxide::cdp::IntoEventKind;
use chromiumoxide::cdp::browser_protocol::log::{EventEntryAdded, LogEntryLevel};
use chromiumoxide::cdp::browser_protocol::network::{EnableParams, EventRequestWillBeSent};
use chromiumoxide::cdp::js_protocol::runtime::{ConsoleApiCalledType, EventConsoleApiCalled, EventExceptionThrown};
use futures_util::StreamExt;

/// The complaints of a tab, in the order they came.
#[derive(Clone, Default)]
pub struct Watch {
    complaints: Rc<RefCell<Vec<String>>>,
}

impl Watch {
    /// Listens to a page from now on. Must be called inside a `LocalSet`.
    pub async fn listen(page: &Page, origin: &str) -> Result<Watch, String> {
        let watch = Watch::default();
        page.execute(EnableParams::default()).await.map_err(|error| error.to_string())?;
        page.enable_log().await.map_err(|error| error.to_string())?;
        page.enable_runtime().await.map_err(|error| error.to_string())?;
        watch.each(page, |event: &EventConsoleApiCalled| console(event)).await?;
        watch.each(page, |event: &EventExceptionThrown| Some(exception(event))).await?;
        watch.each(page, |event: &EventEntryAdded| log_entry(event)).await?;
        let origin = origin.to_owned();
        watch.each(page, move |event: &EventRequestWillBeSent| foreign(&event.request.url, &origin)).await?;
        Ok(watch)
    }

    /// Takes the complaints but those that contain one of the expected words.
    pub fn take(&self, expected: &[String]) -> Vec<String> {
        let complaints = self.complaints.take();
        complaints
            .into_iter()
            .filter(|complaint| !expected.iter().any(|word| complaint.contains(word.as_str())))
            .collect()
    }

    async fn each<E>(&self, page: &Page, judge: impl Fn(&E) -> Option<String> + 'static) -> Result<(), String>
    where
        E: IntoEventKind + Unpin + 'static,
    {
        let mut events = page.event_listener::<E>().await.map_err(|error| error.to_string())?;
        let complaints = Rc::clone(&self.complaints);
        tokio::task::spawn_local(async move {
            while let Some(event) = events.next().await {
                complaints.borrow_mut().extend(judge(&event));
            }
        });
        Ok(())
    }
}

fn console(event: &EventConsoleApiCalled) -> Option<String> {
    let kind = match event.r#type {
        ConsoleApiCalledType::Error | ConsoleApiCalledType::Assert => "error",
        ConsoleApiCalledType::Warning => "warning",
        _ => return None,
    };
    let words: Vec<String> = event
        .args
        .iter()
        .map(|value| value.value.as_ref().map(ToString::to_string).or(value.description.clone()).unwrap_or_default())
        .collect();
    Some(format!("console {kind}: {}", words.join(" ")))
}

fn exception(event: &EventExceptionThrown) -> String {
    let details = &event.exception_details;
    let words =
        details.exception.as_ref().and_then(|exception| exception.description.as_deref()).unwrap_or(&details.text);
    format!("exception: {words}")
}

fn log_entry(event: &EventEntryAdded) -> Option<String> {
    let entry = &event.entry;
    let address = entry.url.as_deref().unwrap_or_default();
    matches!(entry.level, LogEntryLevel::Error | LogEntryLevel::Warning)
        .then(|| format!("{}: {} {address}", entry.level.as_ref(), entry.text))
}

fn foreign(url: &str, origin: &str) -> Option<String> {
    let own = url.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
    let inside = ["data:", "blob:"].iter().any(|scheme| url.starts_with(scheme));
    (!own && !inside).then(|| format!("a request to another host: {url}"))
}
