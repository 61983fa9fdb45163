//! A session as a few hundred bytes: the share link, undo across reloads, the crash log, the bug report.
//!
//! The text is URL-safe base64 of a version byte and sections. Each section has a kind, a length, a CRC-32C and deflated
//! postcard, so damage is named part by part; nothing of a damaged link is ever applied. Decoding is bounded: by the
//! length of the text, by the inflated size, and by the counts inside.

use base::limits::{LESSON_STEPS_MAX, LINK_DECODED_MAX, LINK_ENCODED_MAX, SESSION_COMMANDS_MAX};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wire::command::ClusterSpec;

use crate::act::Act;

/// Everything that a session is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub cluster: ClusterPart,
    pub lesson: Option<LessonPart>,
    pub history: HistoryPart,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterPart {
    pub spec: ClusterSpec,
    pub seed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LessonPart {
    /// The lesson's file name, as the index of lessons has it.
    pub name: String,
    pub step: u32,
    /// One for every step of the lesson.
    pub marks: Vec<MarkPart>,
}

/// What became of one step of the lesson. A place is the number of a branch and where on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkPart {
    pub solved: bool,
    /// Hints that are open.
    pub hints: u32,
    /// What the learner chose, and what the engine said.
    pub predicted: Option<(u32, u32)>,
    pub begin: Option<(u32, Place)>,
    /// Where the solution began to be shown.
    pub shown: Option<(u32, Place)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryPart {
    pub branches: Vec<Branch>,
    pub current: u32,
    pub position: Place,
}

/// Kernel steps done, commands done, virtual microseconds.
pub type Place = (u64, u32, u64);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    pub name: String,
    pub parent: Option<u32>,
    pub fork: Place,
    /// Event index, virtual microseconds, act.
    pub commands: Vec<(u64, u64, Act)>,
    pub end: Place,
}

/// What a link holds and what of it could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub summary: Vec<String>,
    pub problems: Vec<String>,
}

/// Spare bits at the end are allowed, so that a link that lost its tail can still be read part by part.
const BASE64: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));
const VERSION: u8 = 1;
const CLUSTER: u8 = 1;
const LESSON: u8 = 2;
const HISTORY: u8 = 3;
const NAMES: [(u8, &str); 3] = [(CLUSTER, "the cluster"), (LESSON, "the lesson"), (HISTORY, "the history")];

/// The fragment of a link, or why the session is too long for one (it can still be saved as a file).
pub fn encode(link: &Link) -> Result<String, String> {
    let mut bytes = vec![VERSION];
    section(&mut bytes, CLUSTER, &link.cluster);
    if let Some(lesson) = &link.lesson {
        section(&mut bytes, LESSON, lesson);
    }
    section(&mut bytes, HISTORY, &link.history);
    let text = BASE64.encode(&bytes);
    if text.len() > LINK_ENCODED_MAX {
        let words = format!("this session takes {} characters; a link may have {LINK_ENCODED_MAX}", text.len());
        return Err(words);
    }
    Ok(text)
}

/// Reads a fragment. `Err` tells what could be read and what could not.
pub fn decode(text: &str) -> Result<(Link, Report), Report> {
    let mut report = Report::default();
    let parts = match sections(text) {
        Ok(parts) => parts,
        Err(problem) => {
            report.problems.push(problem);
            return Err(report);
        }
    };
    let cluster: Option<ClusterPart> = read(&parts, CLUSTER, &mut report);
    if let Some(part) = &cluster {
        let (brokers, controllers) = (part.spec.brokers, part.spec.controllers);
        report.summary.push(format!("Kafka {}, {brokers} brokers, {controllers} controller", part.spec.version));
        report.summary.push(format!("seed {}", part.seed));
    }
    let lesson: Option<LessonPart> =
        if parts.iter().any(|part| part.kind == LESSON) { read(&parts, LESSON, &mut report) } else { None };
    if let Some(part) = &lesson {
        let solved = part.marks.iter().filter(|mark| mark.solved).count();
        report.summary.push(format!("lesson {}, step {}, {solved} solved", part.name, part.step.saturating_add(1)));
        if part.marks.len() > LESSON_STEPS_MAX {
            let steps = part.marks.len();
            report.problems.push(format!("the lesson has {steps} steps; {LESSON_STEPS_MAX} are allowed"));
        }
    }
    let history: Option<HistoryPart> = read(&parts, HISTORY, &mut report);
    if let Some(part) = &history {
        let commands: usize = part.branches.iter().map(|branch| branch.commands.len()).sum();
        report.summary.push(format!("{commands} commands on {} branches", part.branches.len()));
        if commands > SESSION_COMMANDS_MAX {
            report.problems.push(format!("the history has {commands} commands; {SESSION_COMMANDS_MAX} are allowed"));
        }
    }
    match (cluster, history) {
        (Some(cluster), Some(history)) if report.problems.is_empty() => Ok((Link { cluster, lesson, history }, report)),
        _ => Err(report),
    }
}

struct Part<'a> {
    kind: u8,
    crc: u32,
    bytes: &'a [u8],
    /// The text ended before this part did.
    is_cut: bool,
}

fn section<T: Serialize>(out: &mut Vec<u8>, kind: u8, value: &T) {
    let plain = postcard::to_allocvec(value).expect("plain data has an encoding");
    let packed = deflate::deflate(&plain, 9);
    out.push(kind);
    out.extend((packed.len() as u32).to_le_bytes());
    out.extend(base::crc::crc32c(&packed).to_le_bytes());
    out.extend(packed);
}

fn sections_of(bytes: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let [kind, l0, l1, l2, l3, c0, c1, c2, c3, body @ ..] = rest {
        let len = u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize;
        let is_cut = len > body.len();
        let len = len.min(body.len());
        parts.push(Part { kind: *kind, crc: u32::from_le_bytes([*c0, *c1, *c2, *c3]), bytes: &body[..len], is_cut });
        rest = &body[len..];
    }
    parts
}

/// Owned sections of a text, or why there are none.
fn sections(text: &str) -> Result<Vec<OwnedPart>, String> {
    let text = text.trim().trim_start_matches('#');
    if text.len() > LINK_ENCODED_MAX {
        return Err(format!("the link has {} characters; {LINK_ENCODED_MAX} are allowed", text.len()));
    }
    // One character alone carries no byte; a cut may leave one.
    let whole = if text.len() % 4 == 1 && text.is_ascii() { &text[..text.len() - 1] } else { text };
    let bytes = BASE64
        .decode(whole)
        .map_err(|error| format!("the link holds a character that no link has, or lost its end ({error})"))?;
    match bytes.split_first() {
        Some((&VERSION, rest)) => Ok(sections_of(rest).into_iter().map(OwnedPart::from).collect()),
        Some((version, _)) => Err(format!("the link is of version {version}; this page reads version {VERSION}")),
        None => Err("the link is empty".to_string()),
    }
}

struct OwnedPart {
    kind: u8,
    crc: u32,
    bytes: Vec<u8>,
    is_cut: bool,
}

impl From<Part<'_>> for OwnedPart {
    fn from(part: Part<'_>) -> OwnedPart {
        OwnedPart { kind: part.kind, crc: part.crc, bytes: part.bytes.to_vec(), is_cut: part.is_cut }
    }
}

fn read<T: DeserializeOwned>(parts: &[OwnedPart], kind: u8, report: &mut Report) -> Option<T> {
    let name = NAMES.iter().find(|(k, _)| *k == kind).map_or("a part", |(_, name)| name);
    match read_part(parts, kind) {
        Ok(value) => Some(value),
        Err(why) => {
            report.problems.push(format!("{name} {why}"));
            None
        }
    }
}

fn read_part<T: DeserializeOwned>(parts: &[OwnedPart], kind: u8) -> Result<T, &'static str> {
    let part = parts.iter().find(|part| part.kind == kind).ok_or("is missing")?;
    if part.is_cut {
        return Err("is cut short");
    }
    if base::crc::crc32c(&part.bytes) != part.crc {
        return Err("is damaged: its checksum does not match");
    }
    let (plain, _) =
        deflate::inflate(&part.bytes, LINK_DECODED_MAX).ok_or("cannot be unpacked, or is larger than a link may be")?;
    match postcard::take_from_bytes(&plain) {
        Ok((value, [])) => Ok(value),
        _ => Err("does not read as what it should be"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks() -> Vec<MarkPart> {
        let begin = |step: u64| Some((0, (step * 1_000, step as u32, step * 700_000)));
        let done = MarkPart { solved: true, hints: 1, predicted: Some((2, 1)), begin: begin(1), shown: None };
        vec![done.clone(), done, MarkPart { begin: begin(3), ..MarkPart::default() }]
    }

    fn sample() -> Link {
        let spec = ClusterSpec { version: "4.3".into(), brokers: 3, controllers: 1, config: Vec::new() };
        let command =
            Act::Type { terminal: "t1".into(), line: "kafka-topics.sh --bootstrap-server b1:9092 --list".into() };
        let commands = (0..40).map(|i| (i * 100, i * 5_000, command.clone())).collect();
        let branch =
            Branch { name: "main".into(), parent: None, fork: (0, 0, 0), commands, end: (9_000, 40, 7_000_000) };
        Link {
            cluster: ClusterPart { spec, seed: 7 },
            lesson: Some(LessonPart { name: "01-quickstart/01-first-topic.md".into(), step: 2, marks: marks() }),
            history: HistoryPart { branches: vec![branch], current: 0, position: (9_000, 40, 7_000_000) },
        }
    }

    #[test]
    fn a_link_gives_back_what_went_in_and_is_short() {
        let text = encode(&sample()).unwrap();
        let (link, report) = decode(&text).unwrap();
        assert_eq!(link, sample());
        assert_eq!(report.summary[0], "Kafka 4.3, 3 brokers, 1 controller");
        assert!(text.len() < 650, "40 commands took {} characters", text.len());
    }

    #[test]
    fn damage_is_named_and_never_read_as_something_else() {
        let text = encode(&sample()).unwrap();
        for at in 0..text.len() {
            let mut damaged = text.clone().into_bytes();
            damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(damaged).unwrap();
            match decode(&damaged) {
                // The spare bits of the last character carry nothing, and a lesson's kind byte may turn into an unknown one.
                Ok((link, _)) => assert_eq!((link.cluster, link.history), (sample().cluster, sample().history)),
                Err(report) => assert!(!report.problems.is_empty()),
            }
            let report = decode(&text[..at]).unwrap_err();
            assert!(!report.problems.is_empty());
        }
    }

    #[test]
    fn what_can_be_read_of_a_damaged_link_is_said() {
        let text = encode(&sample()).unwrap();
        let report = decode(&text[..text.len() - 8]).unwrap_err();
        assert_eq!(report.summary.last().unwrap(), "lesson 01-quickstart/01-first-topic.md, step 3, 2 solved");
        assert_eq!(report.problems, ["the history is cut short"]);
    }

    #[test]
    fn a_bomb_is_refused_before_it_unpacks() {
        let packed = deflate::deflate(&vec![0u8; LINK_DECODED_MAX + 1], 9);
        let mut bytes = vec![VERSION, CLUSTER];
        bytes.extend((packed.len() as u32).to_le_bytes());
        bytes.extend(base::crc::crc32c(&packed).to_le_bytes());
        bytes.extend(packed);
        let report = decode(&BASE64.encode(bytes)).unwrap_err();
        assert_eq!(report.problems[0], "the cluster cannot be unpacked, or is larger than a link may be");
        let long = decode(&"A".repeat(LINK_ENCODED_MAX + 1)).unwrap_err();
        assert_eq!(
            long.problems,
            [format!("the link has {} characters; {LINK_ENCODED_MAX} are allowed", LINK_ENCODED_MAX + 1)]
        );
    }
}
