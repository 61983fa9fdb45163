//! What a frame costs the page's thread, from the browser's own trace: processor time, so that neither the wait for the
//! screen nor another program on this machine counts as the page's.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use chromiumoxide::cdp::browser_protocol::tracing::{
    EndParams, EventDataCollected, EventTracingComplete, StartParams, TraceConfig,
};
use futures_util::StreamExt;
use serde::Deserialize;

use crate::Tab;

/// How long the browser may take to hand over what it noted.
const PATIENCE: Duration = Duration::from_secs(60);
/// Tasks of each thread, and what of the page's work is done in them.
const CATEGORIES: [&str; 3] = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"];
/// What of the page's thread only asks for the next frame tells which thread it is.
const OF_A_PAGE: &str = "FireAnimationFrame";
/// A question of the test to the page, such as whether some words are there yet. The page itself evaluates nothing once it is
/// loaded; what the question makes it do (a layout, say) is counted, the asking is not.
const ASKED: &str = "EvaluateScript";
/// The last word of a frame: what was painted goes to the screen.
const LAST: &str = "Commit";

/// An entry of the trace, as far as it is of use here; times in microseconds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    name: String,
    ph: String,
    pid: u64,
    tid: u64,
    ts: f64,
    dur: f64,
    /// Processor time.
    tdur: f64,
}

impl Entry {
    fn is_task(&self) -> bool {
        self.name.ends_with("RunTask")
    }

    fn holds(&self, other: &Entry) -> bool {
        other.ts < self.ts + self.dur
    }
}

/// One frame: everything the page's thread did since the frame before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// Milliseconds of processor time by the browser's own names for what it does, each without what is done inside of it;
    /// those that took longest first.
    pub parts: Vec<(String, f64)>,
}

impl Frame {
    /// Milliseconds of processor time.
    pub fn cost(&self) -> f64 {
        self.parts.iter().map(|(_, ms)| ms).sum()
    }

    /// Several as one.
    pub fn sum(of: &[Frame]) -> Frame {
        let mut sum = Frame::default();
        for (name, ms) in of.iter().flat_map(|frame| &frame.parts) {
            sum.add(name, *ms);
        }
        sum.sorted()
    }

    fn add(&mut self, name: &str, ms: f64) {
        match self.parts.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += ms,
            None => self.parts.push((name.to_owned(), ms)),
        }
    }

    fn sorted(mut self) -> Frame {
        self.parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        self
    }
}

/// The frames that a tab draws while something is done in it.
pub async fn frames(tab: &Tab, work: impl AsyncFnOnce() -> Result<(), String>) -> Result<Vec<Frame>, String> {
    let page = tab.page();
    let words = |error: chromiumoxide::error::CdpError| error.to_string();
    let mut collected = page.event_listener::<EventDataCollected>().await.map_err(words)?;
    let mut complete = page.event_listener::<EventTracingComplete>().await.map_err(words)?;
    let entries: Rc<RefCell<Vec<Entry>>> = Rc::default();
    let kept = Rc::clone(&entries);
    let collecting = tokio::task::spawn_local(async move {
        while let Some(event) = collected.next().await {
            kept.borrow_mut().extend(event.value.iter().filter_map(|value| Entry::deserialize(value).ok()));
        }
    });
    let config =
        TraceConfig { included_categories: Some(CATEGORIES.map(str::to_owned).to_vec()), ..TraceConfig::default() };
    page.execute(StartParams::builder().trace_config(config).build()).await.map_err(words)?;
    let outcome = work().await;
    page.execute(EndParams::default()).await.map_err(words)?;
    let waited = tokio::time::timeout(PATIENCE, complete.next()).await;
    collecting.abort();
    outcome?;
    waited.map_err(|_| "the browser does not hand over its trace".to_owned())?;
    Ok(split(entries.take()))
}

/// A frame ends with the task that commits it; whatever was done since the one before belongs to it.
fn split(mut entries: Vec<Entry>) -> Vec<Frame> {
    entries.retain(|entry| entry.ph == "X");
    entries.sort_by(|a, b| a.ts.total_cmp(&b.ts).then(b.dur.total_cmp(&a.dur)));
    let page = entries.iter().find(|entry| entry.name == OF_A_PAGE).map(|entry| (entry.pid, entry.tid));
    entries.retain(|entry| Some((entry.pid, entry.tid)) == page);
    let mut all = vec![];
    let mut frame = Frame::default();
    let mut rest = entries.as_slice();
    while let Some((task, after)) = rest.split_first() {
        let inside = if task.is_task() { after.iter().take_while(|entry| task.holds(entry)).count() } else { 0 };
        if task.is_task() {
            own_times(&rest[..=inside], &mut frame);
        }
        if after[..inside].iter().any(|entry| entry.name == LAST) {
            all.push(std::mem::take(&mut frame).sorted());
        }
        rest = &after[inside..];
    }
    all
}

/// Adds what each entry of a task took by itself.
fn own_times(task: &[Entry], frame: &mut Frame) {
    let mut open: Vec<(&Entry, f64)> = vec![];
    let is_asked = task.iter().any(|entry| entry.name == ASKED);
    let mut close = |(entry, inner): (&Entry, f64)| {
        if !is_asked || !(entry.is_task() || entry.name == ASKED) {
            frame.add(&entry.name, ((entry.tdur - inner) / 1000.0).max(0.0));
        }
    };
    for entry in task {
        while open.last().is_some_and(|(outer, _)| !outer.holds(entry)) {
            open.pop().map(&mut close);
        }
        if let Some((_, inner)) = open.last_mut() {
            *inner += entry.tdur;
        }
        open.push((entry, 0.0));
    }
    open.into_iter().for_each(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, tid: u64, ts: f64, dur: f64, tdur: f64) -> Entry {
        Entry { name: name.to_owned(), ph: "X".to_owned(), pid: 1, tid, ts, dur, tdur }
    }

    #[test]
    fn a_frame_is_what_was_done_since_the_one_before_and_waiting_is_no_work() {
        let trace = vec![
            entry("RunTask", 7, 0.0, 4_000.0, 2_000.0),
            entry("FunctionCall", 7, 100.0, 3_000.0, 1_500.0),
            entry("RunTask", 7, 5_000.0, 9_000.0, 1_000.0),
            entry(OF_A_PAGE, 7, 5_100.0, 100.0, 100.0),
            entry(LAST, 7, 6_000.0, 7_000.0, 400.0),
            // Another thread's work is not the page's.
            entry("RunTask", 8, 5_000.0, 9_000.0, 9_000.0),
            entry("RunTask", 7, 20_000.0, 500.0, 500.0),
            entry(LAST, 7, 20_100.0, 100.0, 100.0),
            // A question of the test is not the page's work, but a layout that it needs is.
            entry("RunTask", 7, 21_000.0, 900.0, 900.0),
            entry(ASKED, 7, 21_100.0, 700.0, 700.0),
            entry("Layout", 7, 21_200.0, 200.0, 200.0),
            entry("RunTask", 7, 22_000.0, 500.0, 500.0),
            entry(LAST, 7, 22_100.0, 100.0, 100.0),
            // What comes after the last frame belongs to none.
            entry("RunTask", 7, 30_000.0, 500.0, 500.0),
        ];
        let all = split(trace);
        let costs: Vec<f64> = all.iter().map(|frame| (frame.cost() * 10.0).round() / 10.0).collect();
        assert_eq!(costs, [3.0, 0.5, 0.7]);
        assert_eq!(all[0].parts[0], ("FunctionCall".to_owned(), 1.5));
        assert_eq!(Frame::sum(&all).parts.len(), 5);
    }
}
