//! A picture of every screen, calm and with a dead broker, in both themes and three sizes: `target/screenshots/screen-*.png`. What can
//! be said without eyes is checked on the way: nothing runs out of the page, the stage is drawn, errors carry words, and the
//! presenter's buttons are within a tablet's page.

use oz_browser::{Hands, Options, Tab, Theme, in_tab};

const CREATE: &str =
    "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions 3 --replication-factor 3";
const WRITE: &str = "printf 'mia:tea\\nben:latte\\nzoe:mocha\\nmia:juice\\nleo:cake\\nben:soup\\n' | kafka-console-producer.sh --bootstrap-server b1:9092 --topic orders --reader-property parse.key=true --reader-property key.separator=:";
const READ: &str =
    "kafka-console-consumer.sh --bootstrap-server b1:9092 --topic orders --group billing --from-beginning";

/// Nothing stands out of the page to the right, and no text of the page's frame is cut at its lower edge.
async fn fits(tab: &Tab, screen: &str) -> Result<(), String> {
    let wide: i32 = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth").await?;
    if wide > 0 { Err(format!("{screen} is {wide} px wider than the page")) } else { Ok(()) }
}

async fn keep(tab: &Tab, name: &str) -> Result<(), String> {
    fits(tab, name).await?;
    tab.screenshot(&format!("screen-{name}")).await
}

/// Home, a sandbox calm and with a dead broker, the presenter's view, and both lessons calm and with a dead broker.
async fn all(tab: &Tab, name: &str, terminal: bool) -> Result<(), String> {
    tab.wait_for_text("#lessons", "Your first topic").await?;
    keep(tab, &format!("home-{name}")).await?;
    tab.click("text=New cluster").await?;
    tab.wait_for(".broker").await?;
    tab.rest().await?;
    for _ in 0..8 {
        tab.press("]").await?;
    }
    for (at, line) in [("t1", CREATE), ("t2", WRITE), ("t3", READ)] {
        tab.line(Hands::Mouse, at, line, false).await?;
    }
    keep(tab, &format!("terminal-{name}")).await?;
    if terminal {
        tab.press("Escape").await?;
    } else {
        tab.click(".stabs [role=tab]").await?;
    }
    tab.rest().await?;
    keep(tab, &format!("calm-{name}")).await?;
    tab.switch(Hands::Mouse, "kill", "b2").await?;
    tab.wait_for_text("#stage", "broker 2 is offline").await?;
    tab.wait_for_text("#stage", "2 out").await?;
    keep(tab, &format!("down-{name}")).await?;
    tab.press("p").await?;
    tab.wait_for(".pz .broker").await?;
    // The picture glides to its new size.
    tab.rest().await?;
    keep(tab, &format!("present-{name}")).await?;
    tab.press("Escape").await?;
    for (number, title) in ["Your first topic", "A leader dies"].into_iter().enumerate() {
        tab.click(".top .brand").await?;
        tab.click(&format!("#lessons button[aria-label^={title:?}]")).await?;
        tab.wait_for_text("#lesson", if number == 0 { "Ask a broker" } else { "leader" }).await?;
        tab.rest().await?;
        keep(tab, &format!("lesson-{}-{name}", number + 1)).await?;
        tab.switch(Hands::Mouse, "kill", "b2").await?;
        tab.wait_for_text("#stage", "broker 2 is offline").await?;
        if number == 1 {
            tab.wait_for_text("#stage", "was leader").await?;
        }
        keep(tab, &format!("lesson-{}-down-{name}", number + 1)).await?;
    }
    Ok(())
}

fn pictures(name: &'static str, size: (u32, u32), theme: Theme) {
    let options = Options { size, theme, ..Options::default() };
    in_tab(options, async |tab| all(tab, name, size.0 >= 900).await);
}

#[test]
fn a_desk_in_the_dark() {
    pictures("1440-dark", (1440, 900), Theme::Dark);
}

#[test]
fn a_desk_in_the_light() {
    pictures("1440-light", (1440, 900), Theme::Light);
}

#[test]
fn a_tablet() {
    pictures("tablet-dark", (834, 1194), Theme::Dark);
}

#[test]
fn a_room() {
    pictures("1920-dark", (1920, 1080), Theme::Dark);
}

#[test]
fn on_a_tablet_nothing_of_the_presenter_is_below_the_edge() {
    in_tab(Options { size: (820, 1180), ..Options::default() }, async |tab| {
        tab.wait_for_text("#lessons", "Your first topic").await?;
        tab.click("text=Orders, calm").await?;
        tab.wait_for(".broker").await?;
        tab.rest().await?;
        tab.click("[aria-label=Present]").await?;
        for place in [".nx .btn", ".scan .qr", ".pt .btn"] {
            tab.wait_for(place).await?;
            let inside = format!(
                "(r => r.top >= 0 && r.left >= 0 && r.bottom <= innerHeight && r.right <= innerWidth)(document.querySelector({place:?}).getBoundingClientRect())"
            );
            tab.wait_until(&inside, &format!("{place} is inside the page")).await?;
        }
        Ok(())
    });
}
