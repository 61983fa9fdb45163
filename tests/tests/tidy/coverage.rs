//! The table of what is taught is compared with the lessons: it is read by people who choose what to build next.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{files, none, root};

#[test]
fn the_coverage_table_says_what_the_lessons_cover() {
    let table = fs::read_to_string(root().join("lessons/COVERAGE.md")).expect("lessons/COVERAGE.md is there");
    let mut said: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in table.lines().filter(|line| line.starts_with("| T")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let lessons = cells[3].split(", ").filter_map(|link| link.strip_prefix('[')?.split(']').next());
        said.insert(cells[1].to_string(), lessons.map(str::to_string).collect());
    }
    let mut true_ones: BTreeMap<String, BTreeSet<String>> =
        said.keys().map(|id| (id.clone(), BTreeSet::new())).collect();
    let mut wrong = Vec::new();
    for lesson in files().iter().filter_map(|file| Some((file.path.strip_prefix("lessons/")?, &file.text))) {
        let (path, text) = lesson;
        let Some(covers) = text.lines().find_map(|line| line.strip_prefix("covers: ")).filter(|_| path.contains('/'))
        else {
            continue;
        };
        for id in covers.split(", ") {
            match true_ones.get_mut(id) {
                Some(lessons) => drop(lessons.insert(path.to_string())),
                None => wrong.push(format!("{path} covers {id}, which is no row of the table")),
            }
        }
    }
    for (id, lessons) in &true_ones {
        if said[id] != *lessons {
            wrong.push(format!("{id}: the table says {:?}, the lessons say {lessons:?}", said[id]));
        }
    }
    let open: Vec<&str> =
        true_ones.iter().filter(|(_, lessons)| lessons.is_empty()).map(|(id, _)| id.as_str()).collect();
    println!("{} of {} rows are covered; not yet: {}", true_ones.len() - open.len(), true_ones.len(), open.join(" "));
    assert!(true_ones.len() > 90, "the table is not read as it is written");
    none(wrong);
}
