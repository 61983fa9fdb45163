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
    // At the highest speed nobody has to watch.
    for _ in 0..8 {
        tab.press("]").await?;
    }
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

#[test]
fn every_lesson_by_typing_alone() {
    let files = files();
    assert!(files.len() > 1, "the index names lessons");
    for file in files {
        taken(&file, Hands::Keys, None);
    }
}
