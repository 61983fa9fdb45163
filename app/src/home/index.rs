//! The lessons the site has: their list, `lessons/index.json`. Their texts are files of the site (`lesson/load.rs`).

use crate::json::Json;

/// One lesson, as the index lists it. The order of the list is the order of the chapters and of the lessons in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path inside the folder `lessons`.
    pub file: String,
    pub id: String,
    pub chapter: String,
    pub title: String,
    pub minutes: u32,
    /// A question to come back to once the lesson is finished.
    pub recall: Option<Question>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
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

pub fn chapters() -> Vec<Chapter> {
    let list = Json::read(include_str!("../../../lessons/index.json"));
    gather(list.iter().flat_map(|list| list.items()).map(|json| entry(&json)))
}

fn entry(json: &Json) -> Entry {
    let of = |name: &str| json.get(name).text();
    let recall = json.get("recall");
    let question = || Question {
        question: recall.get("question").text(),
        options: recall.get("options").items().iter().map(Json::text).collect(),
        answer: recall.get("answer").number() as usize,
    };
    Entry {
        file: of("file"),
        id: of("id"),
        chapter: of("chapter"),
        title: of("title"),
        minutes: json.get("minutes").number(),
        recall: recall.is_there().then(question),
    }
}

fn gather(entries: impl Iterator<Item = Entry>) -> Vec<Chapter> {
    let mut chapters: Vec<Chapter> = vec![];
    for entry in entries {
        match chapters.iter_mut().find(|chapter| chapter.name == entry.chapter) {
            Some(chapter) => chapter.lessons.push(entry),
            None => chapters.push(Chapter { name: entry.chapter.clone(), lessons: vec![entry] }),
        }
    }
    chapters
}

#[cfg(test)]
mod tests {
    #[test]
    fn lessons_gather_by_chapter_in_their_order() {
        let entry = |file: &str, chapter: &str| super::Entry {
            file: file.into(),
            id: "x".into(),
            chapter: chapter.into(),
            title: "t".into(),
            minutes: 5,
            recall: None,
        };
        let chapters = super::gather([entry("a", "One"), entry("b", "Two"), entry("c", "One")].into_iter());
        assert_eq!(chapters.len(), 2);
        assert_eq!(chapters[0].lessons[1].file, "c");
    }
}
