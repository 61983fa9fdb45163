//! Every lesson is proved both ways, and the authors' page says what is so.

use std::fs;
use std::path::{Path, PathBuf};

use lesson::Lesson;
use lesson::vocabulary::{FACTS, NAMES, Row};
use oz::lesson::{SEEDS, lessons, prove};
use serde_json::Value;
use wire::lesson::{Block, Span};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../lessons")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Name inside the folder, text, and the lesson.
fn all() -> Vec<(String, String, Lesson)> {
    let folder = folder();
    let files = lessons(&folder).unwrap();
    let read = |file: &PathBuf| {
        let text = read(file);
        let name = file.strip_prefix(&folder).unwrap().display().to_string();
        let lesson = lesson::parse(&text).unwrap_or_else(|mistakes| panic!("{name}: {mistakes:?}"));
        (name, text, lesson)
    };
    files.iter().map(read).collect()
}

fn authors() -> String {
    read(&folder().join("AUTHORS.md"))
}

/// What stands in the fence of four backticks.
fn example() -> String {
    let page = authors();
    let after = page.split_once("````markdown\n").expect("the page has an example").1;
    after.split_once("\n````\n").expect("the example is closed").0.to_owned()
}

/// The mistakes of a changed example, as `line: words`.
fn mistakes_after(change: &[(&str, &str)]) -> Vec<String> {
    let mut text = example();
    for (from, to) in change {
        assert!(text.contains(from), "the example has no {from}");
        text = text.replacen(from, to, 1);
    }
    let proof = prove(&text, &[], &mut |_| {});
    proof.findings.into_iter().map(|finding| format!("{}: {}", finding.line, finding.words)).collect()
}

#[test]
fn every_lesson_is_sound_on_three_seeds() {
    let mut wrong = Vec::new();
    for (name, text, _) in all() {
        let proof = prove(&text, &SEEDS, &mut |_| {});
        assert_eq!(proof.seeds, 3);
        println!("{name}: {}", proof.words());
        wrong.extend(proof.findings.into_iter().map(|finding| format!("{name}:{}: {}", finding.line, finding.words)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_example_of_the_authors_page_is_sound() {
    let proof = prove(&example(), &SEEDS, &mut |_| {});
    assert_eq!(proof.findings, []);
    let tried = (proof.solutions, proof.left_out, proof.wrong_paths, proof.predictions, proof.outputs);
    assert_eq!(tried, (3, 6, 3, 3, 3));
}

#[test]
fn the_authors_page_lists_every_fact_and_every_name() {
    let page = authors();
    let fact = |row: &Row| format!("| `{}` | {} | {} |", row.path, row.kind.words(), row.words);
    let name = |(name, words): &(&str, &str)| format!("| `<{name}>` | {words} |");
    let known: Vec<String> = FACTS.iter().map(fact).chain(NAMES.iter().map(name)).collect();
    for row in &known {
        assert!(page.lines().any(|line| line == row), "the authors' page lacks the row\n{row}");
    }
    // Rows with a word in angle brackets are facts and names; none is left over from what was.
    let is_fact = |line: &&str| line.starts_with("| `") && line.contains('<') && line.contains('>');
    for line in page.lines().filter(is_fact) {
        assert!(known.iter().any(|row| row == line), "the authors' page has a row that is no fact: {line}");
    }
}

#[test]
fn a_lesson_that_proves_nothing_is_caught() {
    let cases: [(&[(&str, &str)], &str); 8] = [
        (&[("partitions_used == 2\n", "partitions_used >= 1\n")], "the future makes 2 options true: 1, 2"),
        (&[("| Created topic hello.", "| Created topic helo.")], "shows something else"),
        (
            &[(
                "$ echo hi | kafka-console-producer.sh --bootstrap-server b1:9092 --topic hello\n```\n\n```wrong",
                "```\n\n```wrong",
            )],
            "the solution does not solve it: Ran out of time: A record is in it",
        ),
        (&[("says: That topic", "says: This topic")], "a wrong path should hear"),
        (
            &[("topic.hello.partitions == 2 :: It has two", "topic.hello.exists :: It has two")],
            "it is solved without the line",
        ),
        (&[("topic.hello.exists ::", "topic.hello.exist ::")], "no fact is called `topic.hello.exist`"),
        (&[("produced.hello >= 1", "produced.hello >= true")], "they cannot be compared this way"),
        (&[("# Two partitions", "Two partitions")], "a lesson needs a step"),
    ];
    for (change, expected) in cases {
        let found = mistakes_after(change);
        assert!(found.iter().any(|words| words.contains(expected)), "{change:?}: {found:?}");
    }
    let harmless = [("partitions_used == 1\n", "partitions_used < 2\n")];
    assert_eq!(mistakes_after(&harmless), Vec::<String>::new(), "a change that harms nothing is no mistake");
}

#[test]
fn mistakes_of_a_broken_file_are_named_with_their_lines() {
    let lines = |text: &str, what: &str| text.lines().position(|line| line.contains(what)).unwrap() as u32 + 1;
    let text = example().replace("```do\n", "```dont\n").replace("t1", "t9").replace("show: brokers", "show: broker");
    let proof = prove(&text, &[], &mut |_| {});
    let found: Vec<(u32, &str)> =
        proof.findings.iter().map(|finding| (finding.line, finding.words.split(';').next().unwrap())).collect();
    assert_eq!(proof.seeds, 0, "nothing is played of a file with mistakes");
    assert!(
        found.contains(&(
            lines(&text, "```dont"),
            "`dont` is no block of a lesson: console, predict, do, check, hint, solution, setup, wrong, focus"
        )),
        "{found:?}"
    );
    assert!(found.contains(&(lines(&text, "console t9"), "`t9` is no terminal")), "{found:?}");
    assert!(found.contains(&(lines(&text, "show: broker"), "`broker` is no part of the stage")), "{found:?}");
    for text in ["", "---\n", "```\n", "---\nid: x\n---\n# a\n```check\n", "\u{0}\u{1}"] {
        assert!(!prove(text, &[], &mut |_| {}).findings.is_empty());
    }
}

#[test]
fn the_index_lists_every_lesson_as_it_calls_itself() {
    let index: Value = serde_json::from_str(&read(&folder().join("index.json"))).unwrap();
    let listed: Vec<(String, String, String, String, u64)> = index
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            (text("file"), text("id"), text("chapter"), text("title"), entry["minutes"].as_u64().unwrap_or(0))
        })
        .collect();
    let files: Vec<(String, String, String, String, u64)> = all()
        .into_iter()
        .map(|(name, _, lesson)| (name, lesson.id, lesson.chapter, lesson.title, lesson.minutes.into()))
        .collect();
    assert_eq!(listed, files);
}

#[test]
fn a_lesson_is_short_and_complete() {
    let lessons = all();
    for (name, _, lesson) in &lessons {
        assert!((5..=8).contains(&lesson.minutes), "{name} takes {} minutes", lesson.minutes);
        assert!(!lesson.misconception.is_empty() && !lesson.covers.is_empty(), "{name} says not what it is for");
        for need in &lesson.needs {
            assert!(lessons.iter().any(|(_, _, other)| other.id == *need), "{name} needs {need}, which is no lesson");
        }
        let predictions = lesson.steps.iter().filter(|step| step.predict.is_some()).count();
        let wrong_paths: usize = lesson.steps.iter().map(|step| step.wrong_paths.len()).sum();
        assert!(predictions >= 2 && wrong_paths >= 3, "{name}: {predictions} predictions, {wrong_paths} wrong paths");
        for step in &lesson.steps {
            let words = words_of(&step.blocks);
            assert!(words <= 60, "{name}, step `{}`: {words} words of prose", step.title);
            let rungs = step.hints.len() + usize::from(!step.solution.is_empty());
            assert!(step.goal.is_none() || rungs == 3, "{name}, step `{}`: {rungs} rungs of hints", step.title);
        }
    }
}

#[test]
fn what_no_lesson_teaches_is_told() {
    let taught: Vec<String> = all().into_iter().flat_map(|(_, _, lesson)| lesson.covers).collect();
    let rows: Vec<String> = (1..=95).map(|row| format!("T{row:02}")).collect();
    for id in &taught {
        assert!(rows.contains(id), "{id} is no row of the coverage list");
    }
    let open: Vec<&str> = rows.iter().filter(|row| !taught.contains(row)).map(String::as_str).collect();
    println!("{} of {} rows are taught; open: {}", rows.len() - open.len(), rows.len(), open.join(" "));
}

fn words_of(blocks: &[Block]) -> usize {
    let of_spans = |spans: &[Span]| -> usize {
        let text = |span: &Span| match span {
            Span::Text(text) | Span::Strong(text) | Span::Emphasis(text) | Span::Code(text) => text.clone(),
            Span::Link { text, .. } => text.clone(),
        };
        spans.iter().map(text).collect::<String>().split_whitespace().count()
    };
    let of_block = |block: &Block| match block {
        Block::Paragraph(spans) => of_spans(spans),
        Block::List(items) => items.iter().map(|item| of_spans(item)).sum(),
        // What was different in 2019 stands apart, and a console is not read.
        Block::Quote(_) | Block::Console { .. } => 0,
    };
    blocks.iter().map(of_block).sum()
}
