//! For everybody: every screen judged by axe-core in both themes, a lesson taken by the keyboard alone, and a page that stands
//! still for those who ask for it.

use oz_browser::{Hands, Options, Tab, Theme, axe, in_tab};

const CREATE: &str =
    "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions 3 --replication-factor 3";
const WRITE: &str = "printf 'mia:tea\\nben:latte\\nzoe:mocha\\n' | kafka-console-producer.sh --bootstrap-server b1:9092 --topic orders --reader-property parse.key=true --reader-property key.separator=:";
const READ: &str =
    "kafka-console-consumer.sh --bootstrap-server b1:9092 --topic orders --group billing --from-beginning";

/// A cluster with a topic, records and a reader, at the fastest speed.
async fn begin(tab: &Tab) -> Result<(), String> {
    tab.click("text=New cluster").await?;
    tab.wait_for(".broker").await?;
    tab.rest().await?;
    for _ in 0..8 {
        tab.press("]").await?;
    }
    for (at, line) in [("t1", CREATE), ("t2", WRITE), ("t3", READ)] {
        tab.line(Hands::Mouse, at, line, false).await?;
    }
    Ok(())
}

async fn screens(tab: &Tab) -> Result<(), String> {
    tab.wait_for_text("#lessons", "Your first topic").await?;
    axe::judge(tab, "home").await?;
    tab.click("text=What is not real yet").await?;
    tab.wait_for(".notreal").await?;
    axe::judge(tab, "what is not real").await?;
    tab.click("text=Lessons").await?;
    begin(tab).await?;
    tab.wait_for(".plots .chart svg").await?;
    axe::judge(tab, "the terminal").await?;
    tab.press("Escape").await?;
    tab.rest().await?;
    axe::judge(tab, "a sandbox").await?;
    tab.click("text=Metrics").await?;
    tab.wait_for("#inspector .chart svg").await?;
    axe::judge(tab, "metrics").await?;
    tab.click("[title=Branches]").await?;
    tab.click("text=What if").await?;
    tab.wait_for(".ifs").await?;
    axe::judge(tab, "what if").await?;
    tab.press("Escape").await?;
    for (zoom, sign) in [("Broker", ".broker"), ("Log", ".picture"), ("Bytes", ".bytes"), ("Cluster", ".broker")] {
        tab.click(&format!("text={zoom}")).await?;
        tab.wait_for(sign).await?;
        axe::judge(tab, zoom).await?;
    }
    for (key, name) in [("?", "the keyboard map"), ("p", "the presentation")] {
        tab.press(key).await?;
        axe::judge(tab, name).await?;
        tab.press("Escape").await?;
    }
    tab.click("text=Share").await?;
    tab.wait_for("[aria-label='Link to this session']").await?;
    axe::judge(tab, "sharing").await?;
    tab.press("Escape").await?;
    tab.switch(Hands::Mouse, "kill", "b2").await?;
    tab.wait_for_text("#stage", "broker 2 is offline").await?;
    axe::judge(tab, "a dead broker").await?;
    for title in ["Your first topic", "A leader dies"] {
        tab.click(".top .brand").await?;
        tab.click(&format!("#lessons button[aria-label^={title:?}]")).await?;
        tab.wait_for_text(".lhead", title).await?;
        tab.rest().await?;
        axe::judge(tab, title).await?;
    }
    Ok(())
}

#[test]
fn every_screen_in_the_dark() {
    in_tab(Options::default(), async |tab| screens(tab).await);
}

#[test]
fn every_screen_in_the_light() {
    in_tab(Options { theme: Theme::Light, ..Options::default() }, async |tab| screens(tab).await);
}

#[test]
fn who_wants_no_motion_sees_none() {
    let options = Options { reduced_motion: true, ..Options::default() };
    in_tab(options, async |tab| {
        begin(tab).await?;
        tab.press("Escape").await?;
        tab.click("g[aria-label='Broker 2'] .earnum").await?;
        // Looks in every frame from the click on whether something moves by itself.
        let watch = "(window.moved = [], window.look = () => { moved.push(...document.getAnimations().map(a => a.animationName ?? a.transitionProperty)); requestAnimationFrame(look); }, look(), true)";
        tab.evaluate::<bool>(watch).await?;
        tab.click("text=Kill").await?;
        tab.wait_for_text("#stage", "broker 2 is offline").await?;
        tab.rest().await?;
        tab.press("ArrowLeft").await?;
        tab.rest().await?;
        let moved: Vec<String> = tab.evaluate("[...new Set(moved)]").await?;
        if moved.is_empty() { Ok(()) } else { Err(format!("these moved: {moved:?}")) }
    });
}

/// The first step of the first lesson, from the address to the next step: Tab, Enter, letters.
#[test]
fn a_step_by_the_keyboard_alone() {
    in_tab(Options::default(), async |tab| {
        tab.wait_for_text("#lessons", "Your first topic").await?;
        tab.reach("#lessons button[aria-label^='Your first topic']").await?;
        tab.press("Enter").await?;
        tab.wait_for_text(".steptitle", "Ask a broker").await?;
        tab.rest().await?;
        for _ in 0..8 {
            tab.press("]").await?;
        }
        tab.reach(".runline").await?;
        tab.press("Enter").await?;
        tab.rest().await?;
        // The key of the map checks; the button is there for whoever cannot press it.
        tab.press("Escape").await?;
        tab.reach("section[aria-label='Your turn'] .pri").await?;
        tab.press("Enter").await?;
        tab.wait_for_text(".verdict", "Solved").await?;
        tab.reach(".lfoot .btn.pri").await?;
        tab.press("Enter").await?;
        tab.wait_until("document.querySelector('.steptitle').textContent !== 'Ask a broker'", "the next step is there")
            .await?;
        // The stage is one stop: arrows move between its objects, Enter opens the inspector.
        tab.reach("[data-obj][tabindex='0']").await?;
        tab.press("ArrowDown").await?;
        tab.press("Enter").await?;
        tab.wait_for(".insp h2").await
    });
}

#[test]
fn enter_marks_an_option_and_enter_again_gives_the_answer() {
    in_tab(Options::default(), async |tab| {
        tab.click("#lessons button[aria-label^='A leader dies']").await?;
        tab.rest().await?;
        tab.focus(".opts [role=radio]").await?;
        tab.press("Enter").await?;
        tab.wait_for(".opts [role=radio][aria-checked=true]").await?;
        tab.press("Enter").await?;
        tab.wait_for("section[aria-label='Your prediction'] .explain").await
    });
}
