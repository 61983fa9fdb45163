//! Lessons from start to end in the browser: by clicking whatever can be clicked, and by typing.

use std::fs;

use lesson::Lesson;
use oz_browser::{Hands, Options, Tab, in_tab};

/// The lessons' files, in the order of the index.
fn files() -> Vec<String> {
    let index = fs::read_to_string(root().join("index.json")).expect("the index of lessons is there");
    index.split("\"file\": \"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lessons")
}

fn read(file: &str) -> Lesson {
    let text = fs::read_to_string(root().join(file)).expect("the index names files that are there");
    lesson::parse(&text).unwrap_or_else(|mistakes| panic!("{file}: {mistakes:?}"))
}

async fn take(tab: &Tab, hands: Hands, lesson: &Lesson, pictures: Option<&str>) -> Result<(), String> {
    tab.wait_for("#lessons").await?;
    tab.push(hands, &format!("#lessons button[aria-label^={:?}]", lesson.title)).await?;
    tab.wait_for_text(".lhead", &lesson.title).await?;
    tab.rest().await?;
    // Five times as fast as a real cluster: nobody has to watch, and what must be done within seconds can be.
    for _ in 0..8 {
        tab.press("]").await?;
    }
    tab.press("[").await?;
    for (number, step) in lesson.steps.iter().enumerate() {
        let named = |reason: String| format!("step {} `{}`: {reason}", number + 1, step.title);
        tab.wait_for_text(".steptitle", &step.title).await.map_err(named)?;
        if step.predict.is_some() {
            predict(tab, hands).await.map_err(named)?;
        }
        for line in &step.solution {
            tab.play(hands, line).await.map_err(|reason| named(format!("{line:?}: {reason}")))?;
        }
        if let Some(name) = pictures {
            tab.screenshot(&format!("{name}-{:02}", number + 1)).await?;
        }
        if step.check.is_some() {
            tab.push(hands, "section[aria-label='Your turn'] .pri").await.map_err(named)?;
            tab.wait_for_text(".verdict", "Solved").await.map_err(named)?;
            tab.rest().await.map_err(named)?;
        }
        tab.push(hands, ".lfoot .btn:last-child").await.map_err(named)?;
    }
    tab.wait_for_text("#lessons", "CURRENT-OFFSET").await?;
    tab.wait_for(&format!("#lessons button[aria-label^={:?}][aria-label$=', done']", lesson.title)).await
}

/// Answers with the first option; whether it was right is the engine's to say.
async fn predict(tab: &Tab, hands: Hands) -> Result<(), String> {
    match hands {
        Hands::Mouse => {
            tab.click(".opts [role=radio]").await?;
            tab.click("section[aria-label=Prediction] .pri").await?;
        }
        Hands::Keys => {
            tab.focus("#lesson").await?;
            tab.press("1").await?;
            tab.press("Enter").await?;
        }
    }
    tab.wait_for("section[aria-label='Your prediction'] .explain").await?;
    tab.rest().await
}

fn taken(file: &str, hands: Hands, pictures: Option<&str>) {
    let lesson = read(file);
    in_tab(Options::default(), async |tab| {
        take(tab, hands, &lesson, pictures).await.map_err(|reason| format!("{file}: {reason}"))
    });
}

#[test]
fn your_first_topic_by_clicking() {
    taken("01-quickstart/01-first-topic.md", Hands::Mouse, Some("first-topic"));
}

#[test]
fn a_leader_dies_by_clicking() {
    taken("02-cluster/01-a-leader-dies.md", Hands::Mouse, Some("leader-dies"));
}

/// Each of these lessons by typing alone, in a test of its own.
macro_rules! by_typing {
    ($($name:ident: $file:literal,)*) => {
        $(#[test] fn $name() { taken($file, Hands::Keys, None); })*

        #[test]
        fn every_lesson_of_the_index_is_taken() {
            assert_eq!(files(), [$($file),*]);
        }
    };
}

by_typing! {
    first_topic: "01-quickstart/01-first-topic.md",
    replay_the_past: "01-quickstart/02-replay-the-past.md",
    a_leader_dies: "02-cluster/01-a-leader-dies.md",
    you_are_the_leader: "02-cluster/02-you-are-the-leader.md",
    too_few_in_sync: "02-cluster/03-too-few-in-sync.md",
    preferred_leader: "02-cluster/04-preferred-leader.md",
    which_partition: "03-producers/01-which-partition.md",
    acks: "03-producers/02-acks.md",
    sent_twice: "03-producers/03-sent-twice.md",
    one_envelope: "03-producers/04-one-envelope.md",
    a_group: "04-consumers/01-a-group.md",
    the_bookmark: "04-consumers/02-the-bookmark.md",
    retention: "05-production/01-retention.md",
    a_broker_nobody_uses: "05-production/02-a-broker-nobody-uses.md",
    compaction: "05-production/03-compaction.md",
}
