//! What the stage lets a person take up: messages on their way, the numbers of what just happened; and what it keeps back
//! until a lesson has introduced it.

use oz_browser::{Hands, Options, Tab, in_tab};

/// A cluster with a topic and one record that was just written.
async fn written(tab: &Tab) -> Result<(), String> {
    tab.click("text=New cluster").await?;
    tab.wait_for(".broker").await?;
    tab.rest().await?;
    let create = "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --replication-factor 3";
    tab.line(Hands::Mouse, "t1", create, false).await?;
    let write = "echo tea | kafka-console-producer.sh --bootstrap-server b1:9092 --topic orders";
    tab.line(Hands::Mouse, "t1", write, false).await?;
    tab.press("Escape").await?;
    tab.rest().await
}

#[test]
fn a_message_on_its_way_is_opened_and_each_step_has_its_numbers() {
    // Without motion a line is at its end at once, and one steps back to where it is interesting.
    in_tab(Options { reduced_motion: true, ..Options::default() }, async |tab| {
        written(tab).await?;
        let message = "[data-obj=message][aria-label^='Produce request']";
        for _ in 0..60 {
            if tab.count(message).await? > 0 {
                break;
            }
            tab.click("[aria-label='Step back']").await?;
            tab.rest().await?;
        }
        tab.click(message).await?;
        tab.wait_for_text("#inspector h2", "Produce request").await?;
        tab.wait_for_text("#inspector .kv", "timeoutMs").await?;
        tab.wait_for_text("#inspector .kv", "null = tea").await?;
        tab.screenshot("lens").await?;
        if tab.count(".badges [role=img]").await? > 0 {
            return Err("a step back has nothing that just happened".to_owned());
        }
        tab.click("[aria-label='Step forward']").await?;
        tab.rest().await?;
        tab.wait_for(".badges [aria-label^='1: ']").await?;
        // What it said stays to be read when it has arrived.
        tab.wait_for_text("#inspector", "timeoutMs").await?;
        tab.screenshot("badges").await
    });
}

#[test]
fn what_stands_beside_the_stage_follows_where_time_stands_still() {
    in_tab(Options::default(), async |tab| {
        written(tab).await?;
        let ones =
            "[...document.querySelectorAll('#inspector td.n')].filter(cell => cell.textContent.trim() === '1').length";
        tab.wait_until(&format!("{ones} > 0"), "the inspector counts the record").await?;
        for _ in 0..60 {
            if tab.count("#stage .cell").await? == 0 {
                break;
            }
            tab.click("[aria-label='Step back']").await?;
            tab.rest().await?;
        }
        tab.wait_until(&format!("{ones} === 0"), "the inspector tells of the time before the record").await
    });
}

#[test]
fn what_a_lesson_has_not_introduced_is_neither_drawn_nor_named() {
    in_tab(Options::default(), async |tab| {
        tab.click("#lessons button[aria-label^='A leader dies']").await?;
        tab.wait_for_text("#lesson", "One leads, two copy").await?;
        tab.rest().await?;
        let text = "[...document.querySelectorAll('#stage, #inspector, .time')].map(e => e.textContent).join(' ')";
        let said: String = tab.evaluate(text).await?;
        let early: Vec<&str> = ["ISR", "HW", "igh watermark", "epoch", "ontroller"]
            .into_iter()
            .filter(|word| said.contains(word))
            .collect();
        if early.is_empty() { Ok(()) } else { Err(format!("{early:?} too early in: {said}")) }
    });
}
