//! How quick the page is in Chromium: each figure beside its limit. Called by `oz bench`; ends with 1 if one is missed.

use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;

use oz_browser::{Frame, Hands, Options, Tab, frames, in_tab, lessons, parity};

/// Runs before anything of the page: notes when the first button can be pressed, and every long task.
const WATCH: &str = r#"
window.oz = { ready: null, long: [] };
new PerformanceObserver(list => { for (const e of list.getEntries()) oz.long.push([e.startTime, e.duration]); }).observe({ type: 'longtask', buffered: true });
const look = new MutationObserver(() => {
  if (document.querySelector('.home button, .app button')) { oz.ready = performance.now(); look.disconnect(); }
});
look.observe(document, { childList: true, subtree: true });
"#;

/// Steps back so many times, as quickly as a key that is held repeats: each from the click until the page says the new time.
/// Clicks that follow one another without a pause would each have to wait until the step before is painted.
const STEP_BACK: &str = r#"
(async times => {
  const clock = document.querySelector('.clock'), back = document.querySelector('[aria-label="Step back"]');
  const took = [], repeats = 33;
  // After a fault the page lets time run on for a while; what is measured is a page at rest.
  while (document.querySelector('[aria-label="Pause"]')) await new Promise(done => setTimeout(done, 100));
  await new Promise(done => setTimeout(done, 1000));
  for (let n = 0; n < times; n++) {
    const before = clock.textContent + document.querySelector('.evno')?.textContent;
    const start = performance.now();
    let moved = true;
    // Seen when it is there: asking again and again would add a browser's 4 ms between two timers.
    await new Promise(done => {
      const seen = new MutationObserver(() => {
        if (clock.textContent + document.querySelector('.evno')?.textContent === before) return;
        clearTimeout(late);
        seen.disconnect();
        done();
      });
      const late = setTimeout(() => { moved = false; seen.disconnect(); done(); }, 1000);
      seen.observe(document.body, { childList: true, characterData: true, subtree: true });
      back.click();
    });
    // At the beginning of history there is nothing to step back to.
    if (!moved) break;
    took.push(performance.now() - start);
    await new Promise(done => setTimeout(done, Math.max(0, start + repeats - performance.now())));
  }
  return took;
})(60)
"#;

/// The lesson whose frames are measured: a broker with all it leads dies in it.
const LESSON: &str = "02-cluster/01-a-leader-dies.md";

const LIMIT_READY_MS: f64 = 1_000.0;
const LIMIT_TASK_MS: f64 = 50.0;
const LIMIT_STEP_MS: f64 = 16.0;
const LIMIT_FRAME_MEDIAN_MS: f64 = 4.0;
const LIMIT_FRAME_P99_MS: f64 = 12.0;
/// How quick wasm is beside native, in per cent.
const LIMIT_WASM: f64 = 60.0;

/// So many of the dearest frames are shown with what they spent their time on.
const SHOWN: usize = 8;

/// Each work is done so often.
const ROUNDS: u32 = 5;
/// The works of the kind `speed`, by their numbers.
const WORKS: [&str; 5] = ["memory copy", "append", "read", "compaction", "produce-replicate-consume"];

fn main() -> ExitCode {
    let kept = Rc::new(RefCell::new(true));
    let line = {
        let kept = Rc::clone(&kept);
        move |what: &str, value: f64, limit: f64| {
            let keeps = value <= limit;
            println!("  {value:>10.1} ms  {what} (limit {limit} ms){}", if keeps { "" } else { "  MISSED" });
            *kept.borrow_mut() &= keeps;
        }
    };
    let options = Options { before: WATCH.to_owned(), ..Options::default() };
    in_tab(options, async |tab| {
        tab.wait_for("text=New cluster").await?;
        line("from the address to the first button", tab.evaluate("oz.ready").await?, LIMIT_READY_MS);
        tab.click("text=New cluster").await?;
        tab.wait_for(".broker").await?;
        tab.evaluate::<bool>("(oz.long = [], true)").await?;
        let all = frames(tab, async || session(tab).await).await?;
        costs("a new cluster, its first topic, a dead broker", &all);
        let longest: f64 = tab.evaluate("oz.long.reduce((most, [, took]) => Math.max(most, took), 0)").await?;
        line("the longest task of the page's thread", longest, LIMIT_TASK_MS);
        let mut steps: Vec<f64> = tab.evaluate(STEP_BACK).await?;
        line(&format!("a step back, 95 of 100 ({} steps)", steps.len()), share(&mut steps, 95), LIMIT_STEP_MS);
        Ok(())
    });
    in_tab(Options::default(), async |tab| {
        let lesson = lessons::read(LESSON);
        let all = frames(tab, async || lessons::take(tab, Hands::Keys, &lesson, None).await).await?;
        let (median, most) = costs(&format!("the lesson {}", lesson.title), &all);
        line("a frame's processor time in a lesson, median", median, LIMIT_FRAME_MEDIAN_MS);
        line("a frame's processor time in a lesson, 99 of 100", most, LIMIT_FRAME_P99_MS);
        Ok(())
    });
    let kept = *kept.borrow() & engine();
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The engine in the tab beside the native one: the same work, events a second. True if wasm keeps its limit in each kind.
fn engine() -> bool {
    let works = parity::native(4).unwrap_or_else(|reason| panic!("{reason}"));
    let beside = vec![(parity::ADDRESS.to_owned(), parity::wasm().unwrap_or_else(|reason| panic!("{reason}")))];
    let mut kept = true;
    println!("The engine in Chromium (limit {LIMIT_WASM} % of native)");
    in_tab(Options { beside, ..Options::default() }, async |tab| {
        for kind in ["kernel", "lesson", "storm"] {
            let of_kind: Vec<&parity::Work> = works.iter().filter(|work| work.kind == kind).collect();
            let events: u64 = of_kind.iter().map(|work| work.events).sum();
            let native: u64 = of_kind.iter().map(|work| work.us).sum();
            // The browser compiles anew what turns out to be hot: the best of some rounds, as natively.
            let mut best = vec![f64::INFINITY; of_kind.len()];
            for _ in 0..ROUNDS {
                for (work, best) in of_kind.iter().zip(&mut best) {
                    *best = best.min(parity::in_tab(tab, work).await?.us);
                }
            }
            let wasm: f64 = best.iter().sum();
            let rate = |us: f64| events as f64 / us * 1e6;
            let (native, wasm) = (rate(native as f64), rate(wasm));
            let share = wasm / native * 100.0;
            let missed = if share < LIMIT_WASM { "  MISSED" } else { "" };
            println!("  {wasm:>10.0} events a second, {kind}; native {native:.0}: {share:.0} %{missed}");
            kept &= share >= LIMIT_WASM;
        }
        println!("  The log: records a second");
        for work in works.iter().filter(|work| work.kind == "speed") {
            let mut wasm = f64::INFINITY;
            for _ in 0..ROUNDS {
                wasm = wasm.min(parity::in_tab(tab, work).await?.us);
            }
            let name = WORKS.get(work.first as usize).unwrap_or(&"");
            let share = work.us as f64 / wasm * 100.0;
            let missed = if share < LIMIT_WASM { "  MISSED" } else { "" };
            let rate = |us: f64| work.events as f64 / us * 1e6;
            println!("  {:>10.0} {name}; native {:.0}: {share:.0} %{missed}", rate(wasm), rate(work.us as f64));
            kept &= share >= LIMIT_WASM;
        }
        Ok(())
    });
    kept
}

/// What frames cost: the median and what 99 of 100 do not pass, in milliseconds of processor time.
fn costs(of: &str, all: &[Frame]) -> (f64, f64) {
    let mut each: Vec<f64> = all.iter().map(Frame::cost).collect();
    let (median, most) = (share(&mut each, 50), share(&mut each, 99));
    println!("  {} frames of {of}: median {median:.1} ms, 99 of 100 {most:.1} ms", each.len());
    parts(all);
    (median, most)
}

/// Where the time of frames goes: of all of them together, and of the dearest with their places among all.
fn parts(all: &[Frame]) {
    let words = |parts: &[(String, f64)]| {
        let shown = parts.iter().take(6).map(|(name, ms)| format!("{name} {ms:.1}"));
        shown.collect::<Vec<_>>().join(", ")
    };
    let of_all = Frame::sum(all);
    let count = all.len().max(1) as f64;
    let mean: Vec<(String, f64)> = of_all.parts.iter().map(|(name, ms)| (name.clone(), ms / count)).collect();
    println!("              of it, in the mean: {}", words(&mean));
    let mut dearest: Vec<(usize, &Frame)> = all.iter().enumerate().collect();
    dearest.sort_by(|a, b| b.1.cost().total_cmp(&a.1.cost()));
    for (at, frame) in dearest.into_iter().take(SHOWN) {
        println!("              frame {at}, {:.1} ms: {}", frame.cost(), words(&frame.parts));
    }
}

/// A topic of 30 partitions, two records, and the death of a broker, watched at the speed the page starts with.
async fn session(tab: &Tab) -> Result<(), String> {
    tab.press("`").await?;
    tab.wait_for("input.line").await?;
    for line in [
        "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions 30 --replication-factor 3",
        "echo one | kafka-console-producer.sh --bootstrap-server b1:9092 --topic orders",
        "echo two | kafka-console-producer.sh --bootstrap-server b1:9092 --topic orders",
    ] {
        tab.type_text(line).await?;
        tab.press("Enter").await?;
        tab.wait_until("document.querySelector('.prompt .ps') !== null", "the line has ended").await?;
    }
    tab.press("Escape").await?;
    tab.click("g[aria-label='Broker 2'] .earnum").await?;
    tab.click("text=Kill").await?;
    tab.wait_for_text("#stage", "broker 2 is offline").await?;
    tab.wait_for_text("#inspector", "Fenced").await
}

/// The value that so many per cent of the values do not pass.
fn share(values: &mut [f64], per_cent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() * per_cent / 100).min(values.len().saturating_sub(1));
    values.get(at).copied().unwrap_or(f64::INFINITY)
}
