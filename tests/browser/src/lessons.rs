//! A lesson of the site taken from start to end, as a person does who knows its solution.

use std::fs;
use std::path::{Path, PathBuf};

use lesson::Lesson;

use crate::{Hands, Tab};

/// The lessons' files, in the order of the index.
pub fn files() -> Vec<String> {
    let index = fs::read_to_string(root().join("index.json")).expect("the index of lessons is there");
    index.split("\"file\": \"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lessons")
}

/// A lesson by its path inside the folder `lessons`.
pub fn read(file: &str) -> Lesson {
    let text = fs::read_to_string(root().join(file)).expect("the index names files that are there");
    lesson::parse(&text).unwrap_or_else(|mistakes| panic!("{file}: {mistakes:?}"))
}

/// Takes a lesson that the page at home lists. With `pictures` each step is kept under that name and its number.
pub async fn take(tab: &Tab, hands: Hands, lesson: &Lesson, pictures: Option<&str>) -> Result<(), String> {
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
