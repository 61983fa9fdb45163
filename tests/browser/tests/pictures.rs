//! The states of the design's pictures, so that page and picture can be laid side by side: `target/screenshots/picture-*.png`.
//! A state is waited for in the stage's own words: what is not in it is a failure and not another picture.

use oz_browser::{Hands, Options, Tab, Theme, in_tab};

const LESSON: &str = include_str!("../pictures/when-a-broker-dies.md");

/// The high watermark and the log ends of the three copies in pictures 02, 08, 09 and 10. Which of the followers is the
/// first hangs on how long the page was looked at before.
const CALM: [[&str; 3]; 2] = [
    [
        "orders-1 on broker 1, follower, epoch 0, high watermark 7, log end 7",
        "orders-1 on broker 2, leader, epoch 0, high watermark 7, log end 9",
        "orders-1 on broker 3, follower, epoch 0, high watermark 7, log end 8",
    ],
    [
        "orders-1 on broker 1, follower, epoch 0, high watermark 7, log end 8",
        "orders-1 on broker 2, leader, epoch 0, high watermark 7, log end 9",
        "orders-1 on broker 3, follower, epoch 0, high watermark 7, log end 7",
    ],
];

/// All that the stage says to those who cannot see it.
const SAID: &str = "[...document.querySelectorAll('#stage [aria-label]')].map(e => e.ariaLabel).join('\\n')";

/// Opens a lesson file as a person picks one.
async fn open(tab: &Tab, text: &str) -> Result<(), String> {
    tab.wait_for_text("#lessons", "Your first topic").await?;
    let give = format!(
        "(() => {{ const input = [...document.querySelectorAll('label')].find(e => e.innerText.includes('Open a lesson file')).querySelector('input'); \
         const files = new DataTransfer(); files.items.add(new File([{text:?}], 'picture.md')); input.files = files.files; \
         input.dispatchEvent(new Event('change', {{ bubbles: true }})); return true; }})()"
    );
    tab.evaluate::<bool>(&give).await?;
    tab.wait_for(".broker").await?;
    tab.rest().await
}

/// Steps back until the stage says all words of one of the states.
async fn back_to(tab: &Tab, states: &[[&str; 3]]) -> Result<(), String> {
    let mut said = String::new();
    for _ in 0..40 {
        said = tab.evaluate(SAID).await?;
        if states.iter().any(|words| words.iter().all(|words| said.contains(words))) {
            return Ok(());
        }
        tab.click("[aria-label='Step back']").await?;
        tab.rest().await?;
    }
    Err(format!("{states:?} are nowhere in the past; the stage says {said}"))
}

/// Three in sync; two records are with the leader, one of them with a follower, and a question is open.
async fn calm(tab: &Tab) -> Result<(), String> {
    open(tab, LESSON).await?;
    tab.click(".lfoot .btn:last-child").await?;
    tab.wait_for_text(".steptitle", "Set min to 3").await?;
    for _ in 0..8 {
        tab.press("]").await?;
    }
    tab.click(".runline").await?;
    tab.rest().await?;
    tab.press("Escape").await?;
    // Both lines at one moment, before time goes on.
    let both = "(() => { for (const word of ['gus', 'jon']) [...document.querySelectorAll('.runline')].find(e => e.textContent.includes(word)).click(); return true; })()";
    tab.evaluate::<bool>(both).await?;
    tab.rest().await?;
    tab.press("Escape").await?;
    back_to(tab, &CALM).await?;
    tab.click(".lfoot .btn:last-child").await?;
    tab.wait_for_text(".steptitle", "Broker 2 dies").await?;
    tab.click(".opts [role=radio]:nth-child(2)").await?;
    tab.rest().await
}

/// Broker 2 has lost power with a record that nobody else has; one client is refused, the other one is not.
async fn down(tab: &Tab) -> Result<(), String> {
    calm(tab).await?;
    tab.click("section[aria-label=Prediction] .pri").await?;
    tab.wait_for("section[aria-label='Your prediction'] .explain").await?;
    tab.rest().await?;
    tab.switch(Hands::Mouse, "kill", "b2").await?;
    tab.wait_for_text("#stage", "2 out").await?;
    tab.line(Hands::Keys, "t4", "jon:cake", true).await?;
    tab.press("Escape").await?;
    tab.press("Escape").await?;
    tab.press("Escape").await?;
    tab.rest().await?;
    let leader = "orders-1 on broker 3, leader, epoch 1, high watermark 7";
    let said: String = tab.evaluate(SAID).await?;
    let missing = [leader, "NOT_ENOUGH_REPLICAS", "In-sync replicas: 2 of 3", "orders-1 on broker 2, offline"];
    if let Some(words) = missing.into_iter().find(|words| !said.contains(words)) {
        return Err(format!("the stage does not say {words:?}: {said}"));
    }
    for words in ["HW 7 held", "offset 8 lived only here: cut on return", "was leader", "acks=all blocked"] {
        tab.wait_for_text("#stage", words).await?;
    }
    // What the loss changed is crossed out, and three causes of the refusal can be read without scrolling.
    tab.wait_for_text("#inspector .chg s", "2").await?;
    tab.wait_for_text("#inspector", "Why was the last send of checkout refused?").await?;
    let seen = "(w => w && w.getBoundingClientRect().bottom <= document.querySelector('#inspector').getBoundingClientRect().bottom)(document.querySelector('.why .w:nth-child(3)'))";
    tab.wait_until(seen, "the third cause is above the inspector's lower edge").await
}

#[test]
fn a_calm_cluster() {
    in_tab(Options::default(), async |tab| {
        calm(tab).await?;
        tab.screenshot("picture-02").await?;
        tab.press("p").await?;
        tab.wait_for(".pz .broker").await?;
        for key in ["1", "1", "1", "2", "2", "3"] {
            tab.press(key).await?;
        }
        tab.rest().await?;
        tab.screenshot("picture-08").await
    });
}

#[test]
fn a_calm_cluster_in_the_light() {
    in_tab(Options { theme: Theme::Light, ..Options::default() }, async |tab| {
        calm(tab).await?;
        tab.screenshot("picture-09").await
    });
}

#[test]
fn a_broker_is_down() {
    in_tab(Options::default(), async |tab| {
        down(tab).await?;
        tab.screenshot("picture-03").await
    });
}

#[test]
fn a_calm_cluster_on_a_tablet() {
    in_tab(Options { size: (820, 1180), ..Options::default() }, async |tab| {
        calm(tab).await?;
        tab.screenshot("picture-10").await?;
        tab.press("p").await?;
        tab.wait_for(".pz .broker").await?;
        tab.rest().await?;
        tab.screenshot("picture-10-present").await
    });
}

#[test]
fn home_with_a_lesson_begun() {
    in_tab(Options::default(), async |tab| {
        tab.wait_for_text("#lessons", "Your first topic").await?;
        tab.click("#lessons button[aria-label^='A leader dies']").await?;
        tab.wait_for_text(".lhead", "A leader dies").await?;
        // It is kept a moment after the last change.
        tab.wait_until("(localStorage['oz.session.v1'] ?? '').includes('A leader dies')", "the session is kept")
            .await?;
        tab.rest().await?;
        tab.click(".top .brand").await?;
        tab.wait_for_text("#lessons", "you are here").await?;
        tab.wait_for_text(".lft", "Resume").await?;
        // As on the picture, nothing is left empty below: the lanes share what the clusters leave of the page.
        let void: f64 =
            tab.evaluate("innerHeight - document.querySelector('.tpls').getBoundingClientRect().bottom").await?;
        tab.screenshot("picture-01").await?;
        if void < 60.0 { Ok(()) } else { Err(format!("{void} px are empty below the clusters")) }
    });
}

#[test]
fn a_log_that_was_cleaned() {
    in_tab(Options::default(), async |tab| {
        tab.wait_for_text("#lessons", "Your first topic").await?;
        tab.click("text=Latest per key").await?;
        tab.wait_for(".broker").await?;
        tab.rest().await?;
        tab.click("text=Log").await?;
        tab.wait_for_text("#stage", "cleaned to 12").await?;
        tab.wait_for_text("#inspector", "CRC-32C, holds").await?;
        tab.wait_for_text("#stage", "LEO 18").await?;
        // What the cleaner read stands above what it wrote, with the map that it went by.
        for words in ["Before the cleaner passed", "On disk now", "Offset map"] {
            tab.wait_for_text("#stage", words).await?;
        }
        tab.rest().await?;
        let low: f64 = tab
            .evaluate("(r => r('.sframe').bottom - r('#stage .picture').bottom)(e => document.querySelector(e).getBoundingClientRect())")
            .await?;
        tab.screenshot("picture-04").await?;
        if low.abs() < 120.0 { Ok(()) } else { Err(format!("the picture ends {low} px above the stage's lower edge")) }
    });
}

#[test]
fn a_follower_that_hangs_beside_terminal_and_charts() {
    in_tab(Options::default(), async |tab| {
        tab.wait_for_text("#lessons", "Your first topic").await?;
        tab.click("text=A broker hangs").await?;
        tab.wait_for(".broker").await?;
        tab.rest().await?;
        let describe = "kafka-topics.sh --bootstrap-server b1:9092 --describe --topic orders";
        tab.line(Hands::Keys, "t4", describe, false).await?;
        tab.wait_for_text(".tty", "Isr:").await?;
        tab.type_text("kafka-topics.sh --bootstrap-server b1:9092 --describe --un").await?;
        tab.press("Tab").await?;
        tab.wait_for_text(".tt", "--under-replicated-partitions").await?;
        tab.wait_for_text(".plots", "Consumer lag").await?;
        // The list covers nothing that was printed.
        let clear = "document.querySelector('.comp').getBoundingClientRect().top >= document.querySelector('.tty [role=log]').getBoundingClientRect().bottom";
        tab.wait_until(clear, "the completions stand below the output").await?;
        tab.screenshot("picture-07").await
    });
}

/// The states of picture 11 that the page has at one moment: a focused and a chosen option, a verdict, a lamp that is out.
#[test]
fn the_states_of_the_parts() {
    in_tab(Options::default(), async |tab| {
        calm(tab).await?;
        tab.focus(".opts [role=radio]:nth-child(3)").await?;
        tab.press("ArrowDown").await?;
        tab.screenshot("picture-11-options").await?;
        tab.click("section[aria-label=Prediction] .pri").await?;
        tab.wait_for("section[aria-label='Your prediction'] .explain").await?;
        tab.rest().await?;
        tab.switch(Hands::Mouse, "kill", "b2").await?;
        tab.wait_for_text("#stage", "acks=all blocked").await?;
        tab.click("section[aria-label='Your turn'] .pri").await?;
        tab.wait_for_text(".verdict", "Not yet").await?;
        tab.wait_for(".clauses .mk.todo").await?;
        tab.rest().await?;
        tab.screenshot("picture-11").await
    });
}
