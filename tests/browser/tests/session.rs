//! A cluster of one's own in the tab: broken, rewound, forked, kept over a reload, shared; and what happens when the worker
//! dies or nothing can be kept.

use oz_browser::{Hands, Options, Tab, in_tab};

const CREATE: &str =
    "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions 3 --replication-factor 3";
const WRITE: &str = "echo mia:tea | kafka-console-producer.sh --bootstrap-server b1:9092 --topic orders --reader-property parse.key=true --reader-property key.separator=:";

/// A cluster with a topic and two records, time standing still.
async fn begin(tab: &Tab) -> Result<(), String> {
    tab.click("text=New cluster").await?;
    tab.wait_for(".broker").await?;
    tab.rest().await?;
    for _ in 0..8 {
        tab.press("]").await?;
    }
    for line in [CREATE, WRITE, WRITE] {
        tab.line(Hands::Keys, "t1", line, false).await?;
    }
    tab.wait_for_text(".tty", "Created topic orders.").await
}

async fn digest(tab: &Tab) -> Result<String, String> {
    tab.text(".top [title='Digest of the state shown']").await
}

async fn clock(tab: &Tab) -> Result<f64, String> {
    tab.evaluate("parseFloat(document.querySelector('.clock').textContent)").await
}

#[test]
fn kill_step_back_fork_and_reload() {
    in_tab(Options::default(), async |tab| {
        begin(tab).await?;
        tab.switch(Hands::Mouse, "kill", "b2").await?;
        tab.wait_for_text("#stage", "broker 2 is offline").await?;
        tab.wait_for_text("#stage", "2 of 3").await?;
        tab.wait_for_text("#terminal", "kill b2").await?;
        tab.screenshot("sandbox-broker-down").await?;
        let dead = digest(tab).await?;

        // Back by beats until broker 2 lives again, then forward: the same state to the bit.
        let end = clock(tab).await?;
        before_the_kill(tab).await?;
        tab.press("End").await?;
        tab.rest().await?;
        if (clock(tab).await? - end).abs() > 0.001 || digest(tab).await? != dead {
            return Err("the end of the history is not what it was".to_owned());
        }

        // Another path from the past: a branch of its own, and the old one is still there.
        before_the_kill(tab).await?;
        tab.switch(Hands::Keys, "kill", "b3").await?;
        tab.wait_for_text("#stage", "broker 3 is offline").await?;
        tab.click("[title=Branches]").await?;
        tab.click("[role=menuitemradio][aria-checked=false]").await?;
        tab.wait_for_text("#stage", "broker 2 is offline").await?;
        tab.rest().await?;

        // The session is written a moment after the last change, and offered where one stopped.
        let here = digest(tab).await?;
        tab.wait_until("localStorage.getItem('oz.session.v1') !== null", "the session is kept").await?;
        let_pass(tab, 1500).await?;
        tab.reload().await?;
        tab.click("text=Resume").await?;
        tab.wait_for_text("#stage", "broker 2 is offline").await?;
        tab.rest().await?;
        let again = digest(tab).await?;
        if again == here { Ok(()) } else { Err(format!("after the reload the digest is {again}, it was {here}")) }
    });
}

/// Back by beats until broker 2 lives.
async fn before_the_kill(tab: &Tab) -> Result<(), String> {
    for _ in 0..40 {
        tab.press("Shift+ArrowLeft").await?;
        tab.rest().await?;
        if !tab.text("#stage").await?.contains("broker 2 is offline") {
            return Ok(());
        }
    }
    Err("stepping back never comes to a living broker 2".to_owned())
}

/// Lets the page's own timers run.
async fn let_pass(tab: &Tab, ms: u32) -> Result<(), String> {
    tab.evaluate::<bool>(&format!("new Promise(done => setTimeout(() => done(true), {ms}))")).await.map(drop)
}

#[test]
fn undo_takes_back_the_last_act_and_redo_does_it_again() {
    in_tab(Options::default(), async |tab| {
        begin(tab).await?;
        tab.switch(Hands::Keys, "kill", "b1").await?;
        tab.wait_for_text("#stage", "broker 1 is offline").await?;
        tab.click("[aria-label=Undo]").await?;
        tab.wait_gone("text=broker 1 is offline").await?;
        tab.click("[aria-label=Redo]").await?;
        tab.wait_for_text("#stage", "broker 1 is offline").await
    });
}

#[test]
fn a_shared_link_is_shown_before_it_runs_and_a_damaged_one_is_named_part_by_part() {
    in_tab(Options::default(), async |tab| {
        begin(tab).await?;
        let here = digest(tab).await?;
        tab.click("text=Share").await?;
        tab.wait_for("[aria-label='Link to this session']").await?;
        let link: String =
            tab.evaluate("document.querySelector(\"[aria-label='Link to this session']\").value").await?;
        tab.screenshot("share").await?;
        let fragment = link.split('#').nth(1).ok_or("the link has no fragment")?.to_owned();
        tab.goto(&format!("/?followed#{fragment}")).await?;
        tab.wait_for_text("[role=dialog]", "Nothing of it runs before you say so").await?;
        tab.screenshot("link-preview").await?;
        tab.click("text=Run").await?;
        tab.wait_for(".broker").await?;
        tab.rest().await?;
        if digest(tab).await? != here {
            return Err("the link leads to another state".to_owned());
        }

        let middle = fragment.len() / 2;
        let letter = if &fragment[middle..=middle] == "A" { "B" } else { "A" };
        let damaged = format!("{}{letter}{}", &fragment[..middle], &fragment[middle + 1..]);
        tab.goto(&format!("/?damaged#{damaged}")).await?;
        tab.wait_for_text("[role=dialog]", "This link is damaged").await?;
        tab.screenshot("link-damaged").await?;
        if tab.count("[role=dialog] .err-line").await? == 0 {
            return Err("what is damaged is not named".to_owned());
        }
        Ok(())
    });
}

#[test]
fn a_worker_that_dies_is_replaced_and_nothing_is_lost() {
    let before = "const Native = Worker; window.started = []; \
                  window.Worker = class extends Native { constructor(...of) { super(...of); window.started.push(this); } };";
    let options = Options { before: before.to_owned(), ..Options::default() };
    in_tab(options, async |tab| {
        begin(tab).await?;
        let here = digest(tab).await?;
        tab.evaluate::<bool>("(started.at(-1).terminate(), true)").await?;
        tab.wait_for_text(".bars", "The engine stopped and was started again").await?;
        tab.rest().await?;
        tab.screenshot("engine-restarted").await?;
        let again = digest(tab).await?;
        if again == here { Ok(()) } else { Err(format!("the digest is {again}, it was {here}")) }
    });
}

#[test]
fn storage_that_is_full_is_said_once_and_the_work_goes_on() {
    let before = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };";
    let options = Options { before: before.to_owned(), ..Options::default() };
    in_tab(options, async |tab| {
        begin(tab).await?;
        tab.wait_for_text(".bars", "not being saved").await?;
        tab.screenshot("storage-full").await?;
        tab.line(Hands::Keys, "t1", WRITE, false).await?;
        if tab.count(".bar").await? == 1 { Ok(()) } else { Err("it is said more than once".to_owned()) }
    });
}

#[test]
fn mistakes_are_answered_in_kafkas_words() {
    in_tab(Options::default(), async |tab| {
        begin(tab).await?;
        for (line, answer) in [
            ("kafka-topic.sh --list", "command not found"),
            ("kafka-topics.sh --bootstrap-server b1:9092 --describe --topic nothing", "does not exist as expected"),
            (
                "kafka-topics.sh --bootstrap-server b1:9092 --create --topic wide --replication-factor 9",
                "Unable to replicate the partition 9 time(s)",
            ),
            ("kill b9", "there is no server b9"),
        ] {
            tab.line(Hands::Keys, "t2", line, false).await?;
            let place = if line.starts_with("kill") { ".bars" } else { ".tty" };
            tab.wait_for_text(place, answer).await?;
        }
        Ok(())
    });
}

#[test]
fn a_step_back_right_after_a_kill_goes_back() {
    in_tab(Options::default(), async |tab| {
        begin(tab).await?;
        tab.press("Escape").await?;
        tab.click("g[aria-label='Broker 2'] .earnum").await?;
        tab.click("text=Kill").await?;
        // Nobody waits for what follows from it: time still runs when the key is pressed.
        tab.press("ArrowLeft").await?;
        tab.rest().await?;
        let mut before = clock(tab).await?;
        for _ in 0..60 {
            tab.press("ArrowLeft").await?;
            tab.rest().await?;
            let now = clock(tab).await?;
            if now > before {
                return Err(format!("a step back went from {before} s to {now} s"));
            }
            before = now;
            if !tab.text("#stage").await?.contains("broker 2 is offline") {
                return Ok(());
            }
        }
        Err("stepping back never comes to a living broker 2".to_owned())
    });
}

#[test]
fn the_history_is_searched_as_in_a_shell() {
    in_tab(Options::default(), async |tab| {
        begin(tab).await?;
        tab.terminal(Hands::Mouse, "t1").await?;
        tab.line(Hands::Mouse, "t1", "echo first of all", false).await?;
        tab.line(Hands::Mouse, "t1", "echo second of all", false).await?;
        tab.type_text("half a").await?;
        tab.press("Control+r").await?;
        tab.wait_for_text(".prompt", "reverse-i-search").await?;
        tab.type_text("of all").await?;
        tab.wait_for_text(".prompt", "echo second of all").await?;
        tab.press("Control+r").await?;
        tab.wait_for_text(".prompt", "echo first of all").await?;
        // Esc gives back what was being typed, and leaves the terminal open.
        tab.press("Escape").await?;
        tab.wait_until("document.querySelector('input.line').value === 'half a'", "the line is as it was").await?;
        tab.press("Control+r").await?;
        tab.type_text("first").await?;
        tab.press("Enter").await?;
        tab.rest().await?;
        let told = "[...document.querySelectorAll('.tty [role=log] > div')].filter(e => e.textContent === 'first of all').length";
        if tab.evaluate::<usize>(told).await? == 2 { Ok(()) } else { Err("the line found was not run".to_owned()) }
    });
}

#[test]
fn two_branches_stand_side_by_side_with_their_first_difference() {
    in_tab(Options { reduced_motion: true, ..Options::default() }, async |tab| {
        begin(tab).await?;
        // A fork before the act, another act, and the one beside the other.
        tab.line(Hands::Mouse, "t1", "echo one way", false).await?;
        tab.press("Escape").await?;
        // The first step is to the beat itself, the second to the one before it.
        for _ in 0..2 {
            tab.click("[aria-label='Previous beat']").await?;
            tab.rest().await?;
        }
        tab.line(Hands::Mouse, "t2", "echo another way", false).await?;
        tab.press("Escape").await?;
        tab.click("button[title=Branches]").await?;
        tab.click("text=Compare with main").await?;
        tab.wait_for(".twin").await?;
        tab.rest().await?;
        if tab.count(".twin .picture").await? != 2 {
            return Err("there are not two stages".to_owned());
        }
        tab.wait_for_text(".twin .pt", "First difference at").await?;
        tab.wait_for_text(".both section:first-child .parts", "echo another way").await?;
        // What main did next at that place was the record of before.
        tab.wait_for_text(".both section:last-child .parts", "sends 1 record").await?;
        // Both go to where they part, and change sides.
        tab.click("text=Go there").await?;
        tab.wait_for_text(".both section:last-child .parts", "echo another way").await?;
        tab.rest().await?;
        tab.screenshot("twin").await?;
        tab.press("Escape").await?;
        tab.wait_for(".app").await
    });
}

#[test]
fn charts_stand_on_the_axis_of_time_and_lead_back_in_it() {
    in_tab(Options::default(), async |tab| {
        begin(tab).await?;
        tab.switch(Hands::Keys, "kill", "b2").await?;
        tab.wait_for_text("#stage", "2 of 3").await?;
        tab.press("`").await?;
        tab.wait_for(".plots .chart svg").await?;
        let under = "[...document.querySelectorAll('.plots .chart')].find(c => c.innerText.includes('Under-replicated')).querySelector('h3 b').textContent";
        let partitions: String = tab.evaluate(under).await?;
        if partitions != "3" {
            return Err(format!("{partitions} partitions are under-replicated, not 3"));
        }
        // The end is where the last event is.
        tab.focus(".plots .chart svg").await?;
        tab.press("End").await?;
        tab.rest().await?;
        let (end, drawn): (f64, String) =
            (clock(tab).await?, tab.evaluate("document.querySelector('.plots .ch').getAttribute('d')").await?);
        // A click at a time goes there, and the same place in time is the same picture.
        tab.evaluate::<bool>("(document.querySelector('.plots .chart').dataset.test = 'here', true)").await?;
        tab.click("[data-test=here] svg").await?;
        tab.rest().await?;
        let back = clock(tab).await?;
        if back >= end {
            return Err(format!("a click on a chart leads to {back} s, not back from {end} s"));
        }
        tab.focus("[data-test=here] svg").await?;
        tab.press("End").await?;
        tab.rest().await?;
        let again: String = tab.evaluate("document.querySelector('.plots .ch').getAttribute('d')").await?;
        if again == drawn { Ok(()) } else { Err(format!("the line was {drawn} and is {again}")) }
    });
}

#[test]
fn what_if_plays_one_change_beside_none() {
    in_tab(Options::default(), async |tab| {
        begin(tab).await?;
        tab.press("Escape").await?;
        tab.click("[title=Branches]").await?;
        tab.click("text=What if").await?;
        tab.click("[aria-label='Broker 3 loses power']").await?;
        tab.wait_for_text(".twin .both section:last-child .stage", "broker 3 is offline").await?;
        tab.wait_for_text(".twin .pt", "First difference at").await?;
        tab.rest().await?;
        tab.screenshot("what-if").await?;
        let times: Vec<String> =
            tab.evaluate("[...document.querySelectorAll('.twin h2 .muted')].map(e => e.textContent)").await?;
        if times[0] != times[1] {
            return Err(format!("the two stand at different times: {times:?}"));
        }
        if tab.text(".twin .both section:first-child .stage").await?.contains("offline") {
            return Err("the branch without the change has it".to_owned());
        }
        tab.press("Escape").await?;
        tab.wait_for(".app .broker").await
    });
}

#[test]
fn a_session_can_be_taken_along_as_a_code() {
    in_tab(Options::default(), async |tab| {
        begin(tab).await?;
        tab.press("Escape").await?;
        tab.click("text=Share").await?;
        tab.wait_for(".share .qr path").await?;
        tab.screenshot("share-qr").await?;
        tab.press("Escape").await?;
        tab.press("p").await?;
        tab.wait_for(".scan .qr path").await?;
        tab.screenshot("present-qr").await
    });
}
