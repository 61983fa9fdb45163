//! Clusters without a lesson: started by numbers of one's own, their metrics beside the terminal, and what a program that
//! waits says.

use oz_browser::{Hands, Options, Tab, in_tab};

/// Starts one of the clusters of the page at home and opens its terminal.
async fn start(tab: &Tab, name: &str) -> Result<(), String> {
    tab.wait_for_text("#lessons", "Your first topic").await?;
    tab.click(&format!("text={name}")).await?;
    tab.wait_for(".broker").await?;
    tab.rest().await?;
    tab.terminal(Hands::Mouse, "t1").await
}

async fn list(tab: &Tab, of: &str) -> Result<Vec<String>, String> {
    tab.evaluate(&format!("[...document.querySelectorAll({of:?})].map(e => e.textContent)")).await
}

#[test]
fn metrics_alerts_and_beans_are_a_click_apart() {
    in_tab(Options::default(), async |tab| {
        start(tab, "A broker hangs").await?;
        tab.wait_for_text(".plots", "Bytes in").await?;
        tab.click(".plots [role=tab]:nth-child(2)").await?;
        tab.wait_for_text(".plots", "Refused writes").await?;
        let alerts = list(tab, ".plots h3").await?;
        if alerts.iter().any(|title| title.contains("Bytes in")) || alerts.is_empty() {
            return Err(format!("what is wrong is shown as {alerts:?}"));
        }
        tab.click(".plots [role=tab]:nth-child(3)").await?;
        tab.wait_for_text(".plots table", "UnderReplicatedPartitions").await?;
        let beans = list(tab, ".plots td:first-child").await?;
        if beans.len() < 5 || tab.count(".plots .chart").await? > 0 {
            return Err(format!("the beans are {beans:?}"));
        }
        tab.click(".plots [role=tab]").await?;
        tab.wait_for_text(".plots", "Bytes in").await
    });
}

#[test]
fn a_cluster_has_the_numbers_that_were_asked_for() {
    in_tab(Options::default(), async |tab| {
        tab.wait_for(".own").await?;
        for (at, number) in [(1, "4"), (2, "2"), (3, "2"), (4, "0")] {
            tab.focus(&format!(".own label:nth-child({at}) input")).await?;
            tab.press("Control+a").await?;
            tab.type_text(number).await?;
        }
        tab.click("text=Start it").await?;
        tab.wait_for("g[aria-label='Broker 4']").await?;
        tab.rest().await?;
        tab.terminal(Hands::Mouse, "t1").await?;
        tab.wait_for_text(".tty", "--partitions 2 --replication-factor 2").await?;
        tab.line(Hands::Keys, "t1", "kafka-topics.sh --bootstrap-server b1:9092 --describe --topic orders", false)
            .await?;
        tab.wait_for_text(".tty", "PartitionCount: 2").await?;
        let brokers = tab.count("#stage .broker").await?;
        if brokers == 4 { Ok(()) } else { Err(format!("{brokers} brokers were started, not 4")) }
    });
}

#[test]
fn a_program_that_waits_says_that_time_stands_still_and_lets_it_run() {
    in_tab(Options::default(), async |tab| {
        start(tab, "Orders, calm").await?;
        tab.terminal(Hands::Mouse, "t3").await?;
        tab.wait_for_text(".still", "Time stands still.").await?;
        tab.wait_for_text(".still b", "kafka-console-consumer").await?;
        tab.click(".still button").await?;
        tab.wait_for("button[aria-label=Pause]").await?;
        tab.wait_gone(".still").await?;
        tab.press("Escape").await?;
        tab.click("button[aria-label=Pause]").await
    });
}
