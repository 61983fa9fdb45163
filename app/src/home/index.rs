//! The lessons the site has: `lessons/index.json`, read at run time, so that a lesson can be added without a build.

use serde::Deserialize;

/// One lesson, as the index lists it. The order of the list is the order of the chapters and of the lessons in them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Path inside the folder `lessons`.
    pub file: String,
    pub id: String,
    pub chapter: String,
    pub title: String,
    pub minutes: u32,
    /// A question to come back to once the lesson is finished.
    #[serde(default)]
    pub recall: Option<Question>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub question: String,
    pub options: Vec<String>,
    /// Which option is true, from 0.
    pub answer: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    pub name: String,
    pub lessons: Vec<Entry>,
}

pub fn parse(text: &str) -> Result<Vec<Chapter>, String> {
    let entries: Vec<Entry> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut chapters: Vec<Chapter> = vec![];
    for entry in entries {
        match chapters.iter_mut().find(|chapter| chapter.name == entry.chapter) {
            Some(chapter) => chapter.lessons.push(entry),
            None => chapters.push(Chapter { name: entry.chapter.clone(), lessons: vec![entry] }),
        }
    }
    Ok(chapters)
}

#[cfg(test)]
mod tests {
    #[test]
    fn lessons_gather_by_chapter_in_their_order() {
        let line = |file: &str, chapter: &str| {
            format!(r#"{{"file":"{file}","id":"x","chapter":"{chapter}","title":"t","minutes":5}}"#)
        };
        let text = format!("[{},{},{}]", line("a", "One"), line("b", "Two"), line("c", "One"));
        let chapters = super::parse(&text).unwrap();
        assert_eq!(chapters.len(), 2);
        assert_eq!(chapters[0].lessons[1].file, "c");
    }
}
